//! Versions of the file format. What an older version said is rewritten, one version after the other, before anything reads it;
//! a newer version is refused. `tests/labs/vN.json` is a file of each version, as it was written then.
//!
//! | version | what changed in it |
//! |---|---|
//! | 1 | the first |
//! | 2 | `stages` are those that the user set; the small stages of the rounds' cards are made anew and no longer written |
//! | 3 | how the next round is made (`rounds`) and how flow time plays (`clock`) are part of the lab |
//!
//! A key that is new and has a default needs no version of its own, unless an older program should say that it is too old for the
//! file rather than that it does not know the key.

use serde_json::{Value, json};

use super::{BadInput, SCHEMA_VERSION};

/// `MIGRATIONS[v - 1]` rewrites a whole file of version v (a lab, or an experiment alone) as version v + 1 says it.
const MIGRATIONS: [fn(&mut Value); SCHEMA_VERSION as usize - 1] = [drop_cards, take_defaults];

/// Rewrites a file, or an experiment within one, as the present version says it. A file without a version is of the present one.
///
/// # Errors
/// A newer version, and what is no version.
pub(super) fn migrate(value: &mut Value) -> Result<(), BadInput> {
    let version = match value.get("schema_version") {
        None => return Ok(()),
        Some(given) => match given.as_u64() {
            Some(version) if (1..=u64::from(SCHEMA_VERSION)).contains(&version) => version as usize,
            Some(version) if version > u64::from(SCHEMA_VERSION) => {
                return Err(BadInput::new(format!(
                    "this was written by a newer Rectiflow (schema_version {version}; this one reads up to {SCHEMA_VERSION}): update Rectiflow to open it"
                )));
            }
            _ => {
                return Err(BadInput::new(format!(
                    "schema_version is {given}; it must be a whole number from 1 to {SCHEMA_VERSION}"
                )));
            }
        },
    };
    for migration in &MIGRATIONS[version - 1..] {
        migration(value);
    }
    value["schema_version"] = json!(SCHEMA_VERSION);
    Ok(())
}

/// 1 to 2: files from before Compare also hold the stages of the rounds' cards, one a run in the runs' order.
fn drop_cards(file: &mut Value) {
    let Some(runs) = file.get("runs").and_then(Value::as_array) else {
        return;
    };
    // ids that are left out are 1, 2, …; stages without one show the first run
    let ids: Vec<Value> = runs
        .iter()
        .enumerate()
        .map(|(i, run)| run.get("id").cloned().unwrap_or_else(|| json!(i + 1)))
        .collect();
    if ids.len() < 2 || file.get("compare").is_some() {
        return;
    }
    if let Some(stages) = file.get_mut("stages").and_then(Value::as_array_mut) {
        let shown = |stage: &Value| stage.get("run").cloned().unwrap_or_else(|| ids[0].clone());
        if stages.iter().skip(1).map(shown).eq(ids.iter().cloned()) {
            stages.truncate(1);
        }
    }
}

/// 2 to 3: the settings that were the window's alone were not kept, and begin with their defaults as they did then.
fn take_defaults(file: &mut Value) {
    if let Some(lab) = file.as_object_mut().filter(|f| f.contains_key("runs")) {
        for key in ["rounds", "clock"] {
            lab.entry(key).or_insert_with(|| json!({}));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_and_nonsense_are_refused() {
        let said = |version: Value| {
            migrate(&mut json!({"schema_version": version}))
                .unwrap_err()
                .to_string()
        };
        assert!(said(json!(SCHEMA_VERSION + 1)).contains("newer Rectiflow"));
        for nonsense in [json!(0), json!(-1), json!(1.5), json!("1"), json!(null), json!([1])] {
            assert!(said(nonsense).contains("from 1 to"));
        }
        assert!(migrate(&mut json!({})).is_ok());
    }

    #[test]
    fn cards_go_from_the_first_version_alone() {
        let old = json!({"schema_version": 1, "runs": [{"id": 5}, {"id": 7}], "stages": [{"run": 7}, {}, {"run": 7}]});
        let stages = |mut file: Value| {
            migrate(&mut file).unwrap();
            assert_eq!(file["schema_version"], json!(SCHEMA_VERSION));
            file["stages"].as_array().unwrap().len()
        };
        assert_eq!(stages(old.clone()), 1);
        let mut others = old.clone();
        others["stages"][2]["run"] = json!(5);
        assert_eq!(stages(others), 3, "these are the user's own");
        let mut new = old;
        new["schema_version"] = json!(SCHEMA_VERSION);
        assert_eq!(stages(new), 3);
    }
}
