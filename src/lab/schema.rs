//! What a file may say: which keys and kinds there are, and how a file is laid over the defaults.
//!
//! The types' own serde forms are the schema: an object's keys are those of its default value, a kind's parameters are
//! those of the kind's default value, and the names of a closed set are those that serde lists when it refuses a name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::bad_input::suggestion;
use super::stage::{Arrangement, Grid, Language, Lens, NoiseSchedule, Process, Sampler, ThemeChoice};
use super::{BadInput, Origin, samplers_of};
use crate::flow::coupling::{COUPLINGS, Coupling, Undrawn};
use crate::flow::distribution::{DISTRIBUTIONS, Distribution};
use crate::flow::loss::Loss;
use crate::flow::path::{PATHS, Path};
use crate::flow::prediction::Prediction;
use crate::flow::table::{Entry, Form};
use crate::flow::time_density::{LOSS_WEIGHTS, LossWeight, TIME_DENSITIES, TimeDensity};
use crate::net::{Activation, OptimizerKind, Schedule, TIME_EMBEDDINGS, TimeEmbedding};

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
    let Value::Object(mut laid) = defaults else {
        return Err(BadInput::new(format!("\"{shown}\" cannot be set")));
    };
    let entry = table_of(slot).and_then(|table| Entry::find(table, kind));
    for (key, value) in given {
        let place = join(shown, key);
        let base = laid.get(key).cloned();
        let form = entry.and_then(|e| e.parameter(key)).map(|p| p.form);
        let value = match (form, base) {
            (None | Some(Form::Name), Some(base)) => lay_over(&base, value, &join(slot, key), &place)?,
            (Some(form), _) => parameter(form, value, &place)?,
            (None, None) => {
                let keys = keys_of(&laid, entry);
                let hint = suggestion(key, &keys);
                return Err(BadInput::new(format!(
                    "unknown key \"{place}\" of kind \"{kind}\"{hint}"
                )));
            }
        };
        laid.insert(key.clone(), value);
    }
    Ok(Value::Object(laid))
}

/// The keys of a kind: those that its defaults have, and those (such as a covariance) that are left out by default.
fn keys_of(defaults: &Map<String, Value>, entry: Option<&Entry>) -> Vec<String> {
    let mut keys: Vec<String> = defaults.keys().cloned().collect();
    for parameter in entry.map_or(&[][..], |e| e.parameters) {
        if !defaults.contains_key(parameter.name) {
            keys.push(parameter.name.into());
        }
    }
    keys
}

/// The table of the kinds of a place, where there is one.
fn table_of(slot: &str) -> Option<&'static [Entry]> {
    match slot {
        "source" | "target" => Some(&DISTRIBUTIONS),
        "coupling" => Some(&COUPLINGS),
        "path" => Some(&PATHS),
        "time" => Some(&TIME_DENSITIES),
        "weight" => Some(&LOSS_WEIGHTS),
        "network.time_embedding" => Some(&TIME_EMBEDDINGS),
        _ => None,
    }
}

/// A parameter's value in the form that its table asks for.
fn parameter(form: Form, given: &Value, shown: &str) -> Result<Value, BadInput> {
    let zero = json!(0.0);
    let list = |wanted: &str, of: &Value, len: Option<usize>| -> Result<Value, BadInput> {
        match given.as_array() {
            Some(items) if len.is_none_or(|n| n == items.len()) => {
                lay_over(&Value::Array(vec![of.clone()]), given, "", shown)
            }
            _ => Err(wrong_type(shown, wanted, given)),
        }
    };
    let pair = json!([0.0]);
    let value = match form {
        Form::Number { .. } => lay_over(&zero, given, "", shown)?,
        Form::Count { .. } => {
            let count = lay_over(&json!(0), given, "", shown)?;
            if count.as_u64().is_none_or(|n| n > u64::from(u32::MAX)) {
                return Err(BadInput::new(format!("\"{shown}\" is {given}; it is far too large")));
            }
            count
        }
        Form::NumberOrPoint { .. } if !given.is_array() => lay_over(&zero, given, "", shown)?,
        Form::Point { .. } | Form::NumberOrPoint { .. } => list("a point [x, y]", &zero, Some(2))?,
        Form::Matrix if given.is_null() => Value::Null,
        Form::Matrix => list("a matrix [[xx, xy], [xy, yy]] or null", &pair, Some(2))?,
        Form::Numbers => list("a list of numbers", &zero, None)?,
        Form::Points => list("a list of points [[x, y], …]", &pair, None)?,
        Form::Pairs => list("a list of pairs [[x0, y0, x1, y1], …]", &pair, None)?,
        Form::File | Form::Name if given.is_string() => given.clone(),
        Form::Name => return Err(wrong_type(shown, "a name in quotes", given)),
        Form::File => return Err(wrong_type(shown, "a file's name in quotes", given)),
    };
    // rows of points and matrices have two numbers each, those of pairs four
    let (columns, wanted) = if form == Form::Pairs { (4, "four") } else { (2, "two") };
    let uneven = |rows: &[Value]| {
        rows.iter()
            .position(|row| row.as_array().is_some_and(|r| r.len() != columns))
    };
    if let Some(at) = value.as_array().and_then(|rows| uneven(rows)) {
        return Err(BadInput::new(format!(
            "\"{shown}[{at}]\" must have {wanted} numbers, not {}",
            value[at]
        )));
    }
    Ok(value)
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
const PARAMETERS: [(&str, &str, f64); 1] = [("pseudo-huber", "c", 0.1)];

fn default_of<T: Serialize + DeserializeOwned>(kind: &str) -> Option<Value> {
    let mut full = json!({ "kind": kind });
    for (_, key, value) in PARAMETERS.iter().filter(|(k, _, _)| *k == kind) {
        full[*key] = json!(value);
    }
    serde_json::to_value(serde_json::from_value::<T>(full).ok()?).ok()
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
        // pairs are made by a map: the same start leads to the same end
        "coupling.sampler" | "rounds.pairs.sampler" => {
            samplers_of(Lens::FlowMatching).map(|s| s.name().to_owned()).collect()
        }
        "sampling.noise_schedule" => names::<NoiseSchedule>(),
        "sampling.process" => names::<Process>(),
        "coupling.undrawn" => names::<Undrawn>(),
        "sampling.grid" => names::<Grid>(),
        "compare.arrangement" => names::<Arrangement>(),
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
