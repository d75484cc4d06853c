//! The parameters of a member of a closed set (a distribution, a law of t, a weight), from flow's tables: whoever adds one
//! there finds it here.

use eframe::egui::{TextEdit, Ui};
use rust_i18n::t;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::theme;
use crate::app::widgets::number::Number;
use crate::app::widgets::row::{Choice, Words, number_row, row, text_or, with_tip};
use crate::flow::table::{Entry, Form, Parameter, numbers_of, with_numbers};

/// The choices of a table. `set` names it in the locale file: `set.<set>.<name>.name` and `.summary`.
pub fn choices(set: &str, table: &[Entry]) -> Vec<Choice<String>> {
    table
        .iter()
        .map(|e| {
            (
                e.name.to_owned(),
                name_of(set, e),
                format!("{}\n{}", e.formula, summary_of(set, e)),
            )
        })
        .collect()
}

/// A member's name on screen.
pub fn name_of(set: &str, entry: &Entry) -> String {
    text_or(&format!("set.{set}.{}.name", entry.name), &entry.name.replace('-', " "))
}

/// A member's sentence on screen.
pub fn summary_of(set: &str, entry: &Entry) -> String {
    text_or(&format!("set.{set}.{}.summary", entry.name), entry.summary)
}

fn words_of(parameter: &Parameter) -> Words {
    Words {
        name: text_or(
            &format!("parameter.{}", parameter.name),
            &parameter.name.replace('_', " "),
        ),
        symbol: parameter.symbol.to_owned(),
        hint: text_or(&format!("parameter.{}.hint", parameter.name), parameter.meaning),
    }
}

/// Rows for every parameter of `member`. `check` says why a changed member makes no sense; such a change is not taken,
/// and the reason is returned.
pub fn parameters_ui<T: Clone + PartialEq + Serialize + DeserializeOwned>(
    ui: &mut Ui,
    member: &mut T,
    entry: &Entry,
    check: impl Fn(&T) -> Result<(), String>,
) -> Option<String> {
    let mut refusal = None;
    for parameter in entry.parameters {
        let edited = ui
            .push_id(parameter.name, |ui| parameter_ui(ui, member, parameter))
            .inner;
        if let Some(edited) = edited.filter(|e| e != member) {
            match check(&edited) {
                Ok(()) => *member = edited,
                Err(why) => refusal = Some(why),
            }
        }
    }
    refusal
}

fn parameter_ui<T: Serialize + DeserializeOwned>(ui: &mut Ui, member: &T, parameter: &Parameter) -> Option<T> {
    let words = words_of(parameter);
    let name = parameter.name;
    match parameter.form {
        Form::Number { low, high } => {
            let mut value = *numbers_of(member, name)?.first()?;
            number_row(ui, &words, &wide(Number::real(low..=high)), &mut value)
                .then(|| with_numbers(member, name, &[value]))?
        }
        Form::Count { low, high } => {
            let mut value = *numbers_of(member, name)?.first()?;
            let number = wide(Number::whole(f64::from(low)..=f64::from(high), 0.0..=1e6));
            number_row(ui, &words, &number, &mut value).then(|| with_numbers(member, name, &[value]))?
        }
        Form::Point { low, high } | Form::NumberOrPoint { low, high } => {
            let mut values = numbers_of(member, name)?;
            let before = values.clone();
            point_row(ui, &words, &Number::real(low..=high), &mut values);
            (values != before).then(|| with_numbers(member, name, &values))?
        }
        Form::Matrix | Form::Numbers | Form::Points | Form::File | Form::Pairs => json_row(ui, &words, member, name),
        // one of a table's names: its caller has a choice for it
        Form::Name => None,
    }
}

/// A logarithmic slider where the range covers more than a decade and a half: all of it can then be reached.
fn wide(number: Number) -> Number {
    let (low, high) = (*number.usual.start(), *number.usual.end());
    if low > 0.0 && high > 32.0 * low {
        number.log()
    } else {
        number
    }
}

fn point_row(ui: &mut Ui, words: &Words, number: &Number, values: &mut [f64]) {
    row(ui, words, |ui| {
        for (value, axis) in values.iter_mut().zip(["x", "y"]) {
            let unusual = number.is_unusual(*value);
            let mut edited = *value;
            let response = number.value_ui(ui, &mut edited, &format!("{} {axis}", words.name), unusual);
            with_tip(response, words);
            if edited.is_finite() {
                *value = edited;
            }
        }
    });
}

/// Lists, matrices and files as their text; taken when it can be read and the field is left.
fn json_row<T: Serialize + DeserializeOwned>(ui: &mut Ui, words: &Words, member: &T, name: &str) -> Option<T> {
    let json = serde_json::to_value(member).ok()?;
    let shown = match json.get(name)? {
        serde_json::Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let id = ui.scope_id().with(("json", name));
    let kept = ui
        .data(|d| d.get_temp::<(String, String)>(id))
        .filter(|kept| kept.0 == shown);
    let mut text = kept.map_or_else(|| shown.clone(), |kept| kept.1);
    let parsed = |text: &str| -> Option<T> {
        let mut json = json.clone();
        let value = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.to_owned()));
        *json.get_mut(name)? = value;
        serde_json::from_value(json).ok()
    };
    let readable = parsed(&text).is_some();
    let response = row(ui, words, |ui| {
        let edit = TextEdit::singleline(&mut text).desired_width(ui.available_width());
        let color = if readable {
            theme::current(ui).text
        } else {
            theme::current(ui).fault
        };
        ui.add(edit.text_color(color))
    });
    crate::app::widgets::number::name_it(&response, &words.name);
    let left = response.lost_focus();
    let response = with_tip(response, words);
    if !readable {
        response.on_hover_text(t!("ui.unreadable"));
    }
    ui.data_mut(|d| d.insert_temp(id, (shown.clone(), text.clone())));
    if left && text != shown { parsed(&text) } else { None }
}
