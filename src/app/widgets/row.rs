//! One row of a panel: a label with its tooltip on the left, the control on the right. A control's texts are
//! `control.<id>.name`, `.symbol` (a formula, may be empty) and `.hint` (what it does).

use eframe::egui::{self, Align, ComboBox, Layout, Response, RichText, Ui, vec2};
use rust_i18n::t;

use super::formula::formula;
use super::number::{Number, name_it};
use crate::app::theme::{self, text};

/// What a control is called, its formula, and what it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Its label, and its name in the accessibility tree.
    pub name: String,
    /// A formula for the tooltip; may be empty.
    pub symbol: String,
    /// What it does, in a sentence or two.
    pub hint: String,
}

impl Words {
    /// Those of the control `id` in the locale file.
    pub fn of(id: &str) -> Self {
        Self {
            name: t!(format!("control.{id}.name")).into_owned(),
            symbol: text_or(&format!("control.{id}.symbol"), ""),
            hint: t!(format!("control.{id}.hint")).into_owned(),
        }
    }
}

/// The text of a key, or `fallback` where the locale file has none: tables of flow carry their own English words.
pub fn text_or(key: &str, fallback: &str) -> String {
    let text = t!(key).into_owned();
    if text.ends_with(key) { fallback.to_owned() } else { text }
}

/// Adds the tooltip of a control.
pub fn with_tip(response: Response, words: &Words) -> Response {
    response
        .on_hover_ui(|ui| tip_ui(ui, words))
        .on_disabled_hover_ui(|ui| tip_ui(ui, words))
}

fn tip_ui(ui: &mut Ui, words: &Words) {
    ui.set_max_width(ui.spacing().tooltip_width);
    ui.label(theme::strong(&words.name));
    if !words.symbol.is_empty() {
        let color = theme::current(ui).text;
        formula(ui, &words.symbol, text::FORMULA, color, &words.symbol);
    }
    ui.label(&words.hint);
}

/// A labeled row; `add` fills what is left of it.
pub fn row<R>(ui: &mut Ui, words: &Words, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let size = vec2(theme::LABEL_WIDTH, ui.spacing().interact_size.y);
        let label = ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            let weak = theme::current(ui).weak;
            ui.add(egui::Label::new(RichText::new(&words.name).color(weak)).truncate())
        });
        with_tip(label.inner, words);
        add(ui)
    })
    .inner
}

/// A row with a slider. Whether it changed.
pub fn number_row(ui: &mut Ui, words: &Words, number: &Number, value: &mut f64) -> bool {
    let before = *value;
    row(ui, words, |ui| with_tip(number.ui(ui, value, &words.name), words));
    *value != before
}

/// [`number_row`] for a whole number.
pub fn whole_row(ui: &mut Ui, words: &Words, number: &Number, value: u64) -> u64 {
    let mut edited = value as f64;
    number_row(ui, words, number, &mut edited);
    edited.round().max(0.0) as u64
}

/// One value of a choice: itself, its name and a sentence about it.
pub type Choice<T> = (T, String, String);

/// A row with a choice among names. Whether it changed.
pub fn choice_row<T: Clone + PartialEq>(ui: &mut Ui, words: &Words, value: &mut T, choices: &[Choice<T>]) -> bool {
    row(ui, words, |ui| choice(ui, words, value, choices))
}

/// The combo box of [`choice_row`], as wide as what is left.
pub fn choice<T: Clone + PartialEq>(ui: &mut Ui, words: &Words, value: &mut T, choices: &[Choice<T>]) -> bool {
    let mut changed = false;
    let selected = choices.iter().find(|o| o.0 == *value).map_or("", |o| o.1.as_str());
    let combo = ComboBox::from_id_salt(&words.name)
        .width(ui.available_width())
        .selected_text(selected.to_owned())
        .show_ui(ui, |ui| {
            for (option, name, hint) in choices {
                let response = ui.selectable_label(option == value, name.as_str());
                let response = if hint.is_empty() {
                    response
                } else {
                    response.on_hover_text(hint)
                };
                if response.clicked() && option != value {
                    *value = option.clone();
                    changed = true;
                }
            }
        });
    name_it(&combo.response, &words.name);
    with_tip(combo.response, words);
    changed
}

/// A section's title, in small capitals, with a thin line.
pub fn section(ui: &mut Ui, key: &str) {
    ui.add_space(theme::GAP * 0.6);
    ui.horizontal(|ui| {
        let weak = theme::current(ui).weak;
        let title = t!(key).to_uppercase();
        ui.label(
            theme::strong(title)
                .size(text::SECTION)
                .color(weak)
                .extra_letter_spacing(0.9),
        );
        let rect = ui.available_rect_before_wrap();
        let line = theme::current(ui).line;
        ui.painter()
            .hline(rect.x_range(), rect.center().y, egui::Stroke::new(1.0, line));
    });
    ui.add_space(1.0);
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder)
            .expect("the sources are there in a test")
            .flatten();
        entries
            .flat_map(|e| {
                if e.path().is_dir() {
                    sources(&e.path())
                } else {
                    vec![e.path()]
                }
            })
            .filter(|p| p.extension().is_some_and(|e| e == "rs"))
            .collect()
    }

    /// What stands between `before` and the next quote, each time.
    fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
        text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn every_key_in_the_sources_has_a_text() {
        let mut keys = Vec::new();
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/app")) {
            let text = std::fs::read_to_string(&path).expect("a source is text");
            keys.extend(quoted(&text, concat!("t!", "(\"")).map(str::to_owned));
            let controls = quoted(&text, concat!("Words::", "of(\""));
            keys.extend(controls.flat_map(|id| ["name", "hint"].map(|part| format!("control.{id}.{part}"))));
        }
        keys.retain(|key| key.contains('.') && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
        assert!(keys.len() > 100, "only {} keys were found", keys.len());
        let missing: Vec<_> = keys.iter().filter(|key| text_or(key, "").is_empty()).collect();
        assert!(missing.is_empty(), "no text for {missing:?}");
    }
}
