//! Names and numbers as people read them, in figures and captions.

use rust_i18n::t;
use serde::Serialize;
use serde_json::Value;

use super::short;
use crate::lab::{Stage, kind_defaults};

/// The text of a key, or `fallback` where the locale file has none: tables of flow carry their own English words.
pub fn text_or(key: &str, fallback: &str) -> String {
    let text = t!(key).into_owned();
    if text.ends_with(key) { fallback.to_owned() } else { text }
}

/// The name of a kind or of a plain name as files spell it: `set` is its place in the locale file.
pub fn name_of(set: &str, id: &str) -> String {
    let spelled = id.replace('-', " ");
    let own = text_or(&format!("set.{set}.{id}.name"), &spelled);
    text_or(&format!("option.{set}.{id}.name"), &own)
}

/// The heading and the sentence of a stage's caption: those of its id in the locale file, else its first line and the rest;
/// None where it has none.
pub fn caption_of_stage(stage: &Stage) -> Option<(String, String)> {
    let id = stage.caption.trim();
    if id.is_empty() {
        return None;
    }
    let (first, rest) = id.split_once('\n').unwrap_or((id, ""));
    Some((
        text_or(&format!("scene.{id}.heading"), first),
        text_or(&format!("scene.{id}.sentence"), rest),
    ))
}

/// The id that serde gives: a plain name, or the kind of a tagged object.
pub fn id_of(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let id = value.get("kind").unwrap_or(&value);
    id.as_str().unwrap_or_default().to_owned()
}

/// `two moons (noise 0.1)`: a kind with the parameters that are not its defaults.
pub fn described(set: &str, slot: &str, value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let id = id_of(&value);
    let name = name_of(set, &id);
    let defaults = kind_defaults(slot, &id, slot).unwrap_or_default();
    let own: Vec<String> = value
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| *key != "kind" && defaults.get(key) != Some(value))
        .filter_map(|(key, value)| Some(format!("{} {}", key.replace('_', " "), parameter(value)?)))
        .collect();
    if own.is_empty() {
        name
    } else {
        format!("{name} ({})", own.join(", "))
    }
}

/// A parameter in few words; None where it is too long for a line.
fn parameter(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(short(number.as_f64()? as f32)),
        Value::String(text) => Some(file_name(text)),
        Value::Array(items) if items.len() <= 2 && items.iter().all(Value::is_number) => {
            let numbers: Option<Vec<String>> = items.iter().map(parameter).collect();
            Some(format!("({})", numbers?.join(", ")))
        }
        Value::Array(items) => Some(format!("of {}", items.len())),
        _ => None,
    }
}

/// The last part of a path: where a file lies is nobody's business in a caption.
fn file_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

/// `1 evaluation`, `2,048 steps`: `count.<what>` with its number.
pub fn counted(what: &str, n: u64) -> String {
    let form = if n == 1 { "one" } else { "many" };
    rust_i18n::t!(format!("count.{what}.{form}"), n = grouped(n)).into_owned()
}

/// With commas between thousands.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::distribution::{Distribution, TwoMoons};

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted("evaluation", 1), "1 evaluation");
        assert_eq!(counted("step", 2048), "2,048 steps");
    }

    #[test]
    fn a_stage_says_what_it_shows_in_its_own_words() {
        let said = |caption: &str| {
            caption_of_stage(&Stage {
                caption: caption.into(),
                ..Stage::default()
            })
        };
        assert_eq!(said("  "), None);
        assert_eq!(said("one\ntwo three"), Some(("one".into(), "two three".into())));
        let known = said("crossing-pairs").expect("it comes with the program");
        assert!(!known.0.contains("scene") && known.1.len() > 10, "{known:?}");
    }

    #[test]
    fn kinds_are_named_with_what_is_not_usual() {
        let moons = Distribution::TwoMoons(TwoMoons::default());
        assert_eq!(described("distribution", "target", &moons), "two moons");
        let value = serde_json::json!({"kind": "two-moons", "noise": 0.2, "shift": [1.0, 0.0]});
        assert_eq!(
            described("distribution", "target", &value),
            "two moons (noise 0.2, shift (1, 0))"
        );
        let points = serde_json::json!({"kind": "points", "file": "/home/me/cloud.csv"});
        assert_eq!(described("distribution", "target", &points), "points (file cloud.csv)");
        assert_eq!(name_of("sampler", "heun"), "Heun");
        assert_eq!(name_of("sampler", "some-new-one"), "some new one");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(12), "12");
    }
}
