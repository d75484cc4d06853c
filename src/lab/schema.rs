//! What a file may say: which keys and kinds there are, and how a file is laid over the defaults.
//!
//! The types' own serde forms are the schema: an object's keys are those of its default value, a kind's parameters are
//! those of the kind's default value, and the names of a closed set are those that serde lists when it refuses a name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::bad_input::suggestion;
use super::stage::{Grid, Language, Lens, Sampler, ThemeChoice};
use super::{BadInput, Origin};
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;
use crate::flow::loss::Loss;
use crate::flow::path::Path;
use crate::flow::time_density::{LossWeight, Prediction, TimeDensity};
use crate::net::{Activation, OptimizerKind, Schedule, TimeEmbedding};

/// Lays `given` over `base`. `slot` is the place within an experiment file (`optimizer.batch`), which decides what is
/// meant; `shown` is the place that messages name.
pub fn lay_over(base: &Value, given: &Value, slot: &str, shown: &str) -> Result<Value, BadInput> {
    if kinds_of(slot).is_some() {
        return lay_kind_over(base, given, slot, shown);
    }
    match base {
        Value::Object(base) => {
            let Value::Object(given) = given else {
                return Err(wrong_type(shown, "an object in braces", given));
            };
            lay_object_over(base, given, slot, shown)
        }
        Value::Array(items) => {
            let Value::Array(given) = given else {
                return Err(wrong_type(shown, "a list in brackets", given));
            };
            let like = items.first().unwrap_or(&Value::Null);
            let each = given.iter().enumerate();
            let laid: Result<Vec<Value>, BadInput> = each
                .map(|(i, v)| lay_over(like, v, "", &format!("{shown}[{i}]")))
                .collect();
            Ok(Value::Array(laid?))
        }
        Value::String(_) => name(given, slot, shown),
        Value::Number(base) => number(base, given, shown),
        Value::Bool(_) if !given.is_boolean() => Err(wrong_type(shown, "true or false", given)),
        Value::Bool(_) | Value::Null => Ok(given.clone()),
    }
}

fn lay_object_over(
    base: &Map<String, Value>,
    given: &Map<String, Value>,
    slot: &str,
    shown: &str,
) -> Result<Value, BadInput> {
    let mut laid = base.clone();
    for (key, value) in given {
        let shown = join(shown, key);
        let Some(base) = base.get(key) else {
            let keys: Vec<String> = base.keys().cloned().collect();
            return Err(BadInput::new(format!(
                "unknown key \"{shown}\"{}",
                suggestion(key, &keys)
            )));
        };
        laid.insert(key.clone(), lay_over(base, value, &join(slot, key), &shown)?);
    }
    Ok(Value::Object(laid))
}

/// A tagged object: over the present one where the kind stays, else over the defaults of the new kind.
fn lay_kind_over(base: &Value, given: &Value, slot: &str, shown: &str) -> Result<Value, BadInput> {
    let shorthand = match given {
        // "path": "linear" is what people write first
        Value::String(kind) => json!({ "kind": kind }),
        other => other.clone(),
    };
    let Value::Object(given) = &shorthand else {
        return Err(wrong_type(shown, "an object such as {\"kind\": …}", given));
    };
    let present = base.get("kind").and_then(Value::as_str).unwrap_or_default();
    let kind = match given.get("kind") {
        None => present,
        Some(Value::String(kind)) => kind,
        Some(other) => return Err(wrong_type(&join(shown, "kind"), "a name in quotes", other)),
    };
    let defaults = if kind == present {
        base.clone()
    } else {
        kind_defaults(slot, kind, shown)?
    };
    let Value::Object(defaults) = &defaults else {
        return Err(BadInput::new(format!("\"{shown}\" cannot be set")));
    };
    for key in given.keys() {
        if !defaults.contains_key(key) {
            let keys: Vec<String> = defaults.keys().cloned().collect();
            let shown = join(shown, key);
            let hint = suggestion(key, &keys);
            return Err(BadInput::new(format!(
                "unknown key \"{shown}\" of kind \"{kind}\"{hint}"
            )));
        }
    }
    lay_object_over(defaults, given, "", shown)
}

/// The defaults of a kind, as JSON.
///
/// # Errors
/// An unknown kind, with the nearest right one.
pub fn kind_defaults(slot: &str, kind: &str, shown: &str) -> Result<Value, BadInput> {
    let defaults = match slot {
        "source" | "target" => default_of::<Distribution>(kind),
        "coupling" => default_of::<Coupling>(kind),
        "path" => default_of::<Path>(kind),
        "loss" => default_of::<Loss>(kind),
        "weight" => default_of::<LossWeight>(kind),
        "time" => default_of::<TimeDensity>(kind),
        "network.time_embedding" => default_of::<TimeEmbedding>(kind),
        _ => default_of::<Origin>(kind),
    };
    defaults.ok_or_else(|| {
        let kinds = kinds_of(slot).unwrap_or_default();
        let shown = join(shown, "kind");
        BadInput::new(format!(
            "unknown kind \"{kind}\" in \"{shown}\"{}",
            suggestion(kind, &kinds)
        ))
    })
}

/// Parameters that have no default of their own in the types: what a kind starts with when only its name is given.
const PARAMETERS: [(&str, &str); 8] = [
    ("points", r#"{"file":""}"#),
    ("pseudo-huber", r#"{"c":0.1}"#),
    ("snr", r#"{"max":100.0}"#),
    ("min-snr", r#"{"gamma":5.0}"#),
    ("inverse-t", r#"{"max":100.0}"#),
    ("logit-normal", r#"{"mean":0.0,"std":1.0}"#),
    ("u-shaped", r#"{"a":4.0}"#),
    ("mode", r#"{"scale":1.29}"#),
];

fn default_of<T: Serialize + DeserializeOwned>(kind: &str) -> Option<Value> {
    let plain = json!({ "kind": kind });
    let parameters = PARAMETERS.iter().find(|(k, _)| *k == kind).map(|(_, p)| *p);
    let parameters = if kind == "fourier" {
        Some(r#"{"frequencies":4}"#)
    } else {
        parameters
    };
    let full = parameters.and_then(|p| {
        let mut full: Map<String, Value> = serde_json::from_str(p).ok()?;
        full.shift_insert(0, "kind".into(), kind.into());
        Some(Value::Object(full))
    });
    let value: T = serde_json::from_value(plain)
        .or_else(|e| full.map_or(Err(e), serde_json::from_value))
        .ok()?;
    serde_json::to_value(value).ok()
}

/// The kinds that a place holds; None where it does not hold a tagged object.
pub fn kinds_of(slot: &str) -> Option<Vec<String>> {
    Some(match slot {
        "source" | "target" => kinds::<Distribution>(),
        "coupling" => kinds::<Coupling>(),
        "path" => kinds::<Path>(),
        "loss" => kinds::<Loss>(),
        "weight" => kinds::<LossWeight>(),
        "time" => kinds::<TimeDensity>(),
        "network.time_embedding" => kinds::<TimeEmbedding>(),
        "origin" => kinds::<Origin>(),
        _ => return None,
    })
}

/// The names that a place holds; None where any text will do.
pub fn names_of(slot: &str) -> Option<Vec<String>> {
    Some(match slot {
        "prediction" => names::<Prediction>(),
        "network.activation" => names::<Activation>(),
        "optimizer.kind" => names::<OptimizerKind>(),
        "optimizer.schedule" => names::<Schedule>(),
        "sampling.lens" => names::<Lens>(),
        "sampling.sampler" => names::<Sampler>(),
        "sampling.grid" => names::<Grid>(),
        "look.theme" => names::<ThemeChoice>(),
        "look.language" => names::<Language>(),
        _ => return None,
    })
}

/// The kinds of a tagged enum, in its order.
fn kinds<T: DeserializeOwned>() -> Vec<String> {
    refused(serde_json::from_value::<T>(json!({ "kind": "?" })))
}

/// The names of a plain enum, in its order.
fn names<T: DeserializeOwned>() -> Vec<String> {
    refused(serde_json::from_value::<T>(json!("?")))
}

/// Serde refuses "?" with "unknown variant `?`, expected one of `a`, `b`": the names stand between backticks.
fn refused<T>(result: Result<T, serde_json::Error>) -> Vec<String> {
    let text = result.err().map(|e| e.to_string()).unwrap_or_default();
    text.split('`').skip(3).step_by(2).map(String::from).collect()
}

fn name(given: &Value, slot: &str, shown: &str) -> Result<Value, BadInput> {
    let Value::String(text) = given else {
        return Err(wrong_type(shown, "text in quotes", given));
    };
    if let Some(names) = names_of(slot)
        && !names.contains(text)
    {
        let hint = suggestion(text, &names);
        return Err(BadInput::new(format!("unknown name \"{text}\" for \"{shown}\"{hint}")));
    }
    Ok(given.clone())
}

/// A whole number where the default is whole, else any number.
fn number(base: &serde_json::Number, given: &Value, shown: &str) -> Result<Value, BadInput> {
    let Value::Number(number) = given else {
        return Err(wrong_type(shown, "a number", given));
    };
    let value = number.as_f64().unwrap_or(f64::NAN);
    if base.is_f64() {
        return Ok(json!(value));
    }
    if number.is_u64() {
        return Ok(given.clone());
    }
    if value < 0.0 {
        return Err(BadInput::new(format!(
            "\"{shown}\" is {number}; it must not be negative"
        )));
    }
    // 1e4 and 512.0 are whole numbers too
    if value.fract() == 0.0 && value < 9e15 {
        return Ok(json!(value as u64));
    }
    Err(BadInput::new(format!(
        "\"{shown}\" is {number}; it must be a whole number"
    )))
}

fn wrong_type(shown: &str, wanted: &str, given: &Value) -> BadInput {
    let mut text: String = given.to_string().chars().take(60).collect();
    if text.is_empty() {
        text = "empty".into();
    }
    let place = if shown.is_empty() {
        "the file".to_string()
    } else {
        format!("\"{shown}\"")
    };
    BadInput::new(format!("{place} must be {wanted}, not {text}"))
}

/// `a.b` from `a` and `b`.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_string()
    } else {
        format!("{path}.{key}")
    }
}
