//! Lab files (Ctrl+S, Ctrl+O): all of a [`Lab`] as JSON, and beside each run what it has become. Buffers are base64 of
//! little-endian f32, so that a file opens to the same bits.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::file::{check_states, experiment_of, parse_json, resolve_file, to_value, typed};
use super::migrate::migrate;
use super::presets::own_file;
use super::{
    BadInput, ClockSettings, Compare, Experiment, Lab, LabRun, Layers, Look, MOST_CAPTION, MOST_STAGES, Origin,
    PickedParticle, Probe, RoundSettings, RunRecord, SCHEMA_VERSION, Sampling, Stage, limits, schema,
};
use crate::net::{Checkpoint, Shape};

/// The most runs of one lab.
const MOST_RUNS: usize = 64;

/// The text of a lab's file, records included.
pub fn lab_text(lab: &Lab) -> String {
    let mut value = to_value(lab);
    for (run, slot) in lab.runs.iter().zip(value["runs"].as_array_mut().into_iter().flatten()) {
        for end in ["source", "target"] {
            make_absolute(&mut slot["experiment"][end]);
        }
        if let (Some(record), Value::Object(slot)) = (&run.record, slot) {
            slot.insert("record".into(), record_value(record));
        }
    }
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// A lab may be saved in any folder: the files of points that it names stay where they are.
fn make_absolute(distribution: &mut Value) {
    if let Some(file) = distribution.get_mut("file")
        && let Some(name) = file.as_str()
        && own_file(name).is_none()
        && let Ok(whole) = std::path::absolute(name)
    {
        *file = Value::String(whole.to_string_lossy().into_owned());
    }
}

/// Reads a lab file; an experiment file opens as a lab of one run. Files of points lie relative to `base_dir`.
///
/// # Errors
/// Everything that an experiment file is refused for, runs and stages that do not fit together, damaged records.
pub fn parse_lab(text: &str, base_dir: &Path) -> Result<Lab, BadInput> {
    let mut given = parse_json(text)?;
    migrate(&mut given)?;
    let Some(given) = given.as_object().filter(|g| g.contains_key("runs")) else {
        return super::parse_run_file(text, base_dir).map(Lab::of);
    };
    known_keys(
        given,
        &[
            "schema_version",
            "runs",
            "stages",
            "compare",
            "probe",
            "anatomy",
            "rounds",
            "clock",
            "look",
        ],
        "",
    )?;
    let runs: Result<Vec<LabRun>, BadInput> = list(given, "runs")?
        .iter()
        .enumerate()
        .map(|(i, v)| run_of(v, i, base_dir))
        .collect();
    let runs = runs?;
    for (i, run) in runs.iter().enumerate() {
        if runs[..i].iter().any(|r| r.id == run.id) {
            return Err(BadInput::new(format!(
                "\"runs[{i}].id\" is {} for a second time",
                run.id
            )));
        }
    }
    let no_stage = [json!({})];
    let stages = if given.contains_key("stages") {
        list(given, "stages")?
    } else {
        &no_stage[..]
    };
    let stages: Result<Vec<Stage>, BadInput> = stages.iter().enumerate().map(|(i, v)| stage_of(v, i, &runs)).collect();
    let stages = stages?;
    if stages.len() > MOST_STAGES {
        return Err(BadInput::new(format!(
            "\"stages\" has {} entries; it must have from 1 to {MOST_STAGES}",
            stages.len()
        )));
    }
    let part = |key: &str| given.get(key).cloned().unwrap_or_else(|| json!({}));
    let compare: Compare = laid(&Compare::default(), &part("compare"), "compare", "compare")?;
    if compare.focus >= stages.len() {
        return Err(BadInput::new(format!(
            "\"compare.focus\" is {}, but the stages are numbered from 0 to {}",
            compare.focus,
            stages.len() - 1
        )));
    }
    Ok(Lab {
        schema_version: SCHEMA_VERSION,
        runs,
        stages,
        compare,
        probe: laid(&Probe::default(), &part("probe"), "probe", "probe")?,
        anatomy: laid(&PickedParticle::default(), &part("anatomy"), "anatomy", "anatomy")?,
        rounds: laid(&RoundSettings::default(), &part("rounds"), "rounds", "rounds")?,
        clock: laid(&ClockSettings::default(), &part("clock"), "clock", "clock")?,
        look: laid(&Look::default(), &part("look"), "look", "look")?,
    })
}

/// The list under `key`, with at least one and not too many entries.
fn list<'a>(given: &'a Map<String, Value>, key: &str) -> Result<&'a [Value], BadInput> {
    match given.get(key) {
        Some(Value::Array(items)) if (1..=MOST_RUNS).contains(&items.len()) => Ok(items),
        Some(Value::Array(items)) => Err(BadInput::new(format!(
            "\"{key}\" has {} entries; it must have from 1 to {MOST_RUNS}",
            items.len()
        ))),
        _ => Err(BadInput::new(format!("\"{key}\" must be a list in brackets"))),
    }
}

fn known_keys(given: &Map<String, Value>, keys: &[&str], shown: &str) -> Result<(), BadInput> {
    let Some(wrong) = given.keys().find(|k| !keys.contains(&k.as_str())) else {
        return Ok(());
    };
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    let hint = super::bad_input::suggestion(wrong, &keys);
    Err(BadInput::new(format!(
        "unknown key \"{}\"{hint}",
        schema::join(shown, wrong)
    )))
}

fn object<'a>(value: &'a Value, shown: &str) -> Result<&'a Map<String, Value>, BadInput> {
    value
        .as_object()
        .ok_or_else(|| BadInput::new(format!("\"{shown}\" must be an object in braces")))
}

/// Lays `given` over a default, checks its numbers and types it.
fn laid<T: serde::Serialize + serde::de::DeserializeOwned>(
    default: &T,
    given: &Value,
    slot: &str,
    shown: &str,
) -> Result<T, BadInput> {
    let value = schema::lay_over(&to_value(default), given, slot, shown)?;
    limits::check(&value, slot, shown)?;
    typed(&value, shown)
}

fn run_of(given: &Value, i: usize, base_dir: &Path) -> Result<LabRun, BadInput> {
    let shown = format!("runs[{i}]");
    let given = object(given, &shown)?;
    known_keys(given, &["id", "experiment", "origin", "record"], &shown)?;
    let id = match given.get("id") {
        Some(id) => typed(id, &format!("{shown}.id"))?,
        None => i as u32 + 1,
    };
    let mut own = given.get("experiment").cloned().unwrap_or_else(|| json!({}));
    for slot in ["source", "target", "coupling"] {
        resolve_file(&mut own, slot, base_dir);
    }
    let place = format!("{shown}.experiment");
    migrate(&mut own).map_err(|e| e.within(&place))?;
    let value = schema::lay_over(&to_value(&Experiment::default()), &own, "", &place)?;
    limits::check(&value, "", &place)?;
    let experiment = experiment_of(&value, &place)?;
    let origin = match given.get("origin") {
        // a parent has no default, so there is nothing to lay it over
        Some(origin) => typed(origin, &format!("{shown}.origin"))?,
        None => Origin::default(),
    };
    let record = match given.get("record") {
        None | Some(Value::Null) => None,
        Some(record) => {
            let place = format!("{shown}.record");
            Some(Arc::new(record_of(
                object(record, &place)?,
                &experiment.network,
                &place,
            )?))
        }
    };
    Ok(LabRun {
        id,
        experiment,
        origin,
        record,
    })
}

fn stage_of(given: &Value, i: usize, runs: &[LabRun]) -> Result<Stage, BadInput> {
    let shown = format!("stages[{i}]");
    let given = object(given, &shown)?;
    known_keys(given, &["run", "sampling", "layers", "caption"], &shown)?;
    let run = match given.get("run") {
        Some(run) => typed(run, &format!("{shown}.run"))?,
        None => runs[0].id,
    };
    if !runs.iter().any(|r| r.id == run) {
        return Err(BadInput::new(format!(
            "\"{shown}.run\" is {run}, but no run has that id"
        )));
    }
    let empty = json!({});
    let part = |key: &str| given.get(key).unwrap_or(&empty);
    let place = format!("{shown}.sampling");
    let sampling = laid(&Sampling::default(), part("sampling"), "sampling", &place)?;
    check_states(&sampling, &place)?;
    let layers = laid(&Layers::default(), part("layers"), "layers", &format!("{shown}.layers"))?;
    let caption: String = match given.get("caption") {
        Some(caption) => typed(caption, &format!("{shown}.caption"))?,
        None => String::new(),
    };
    if caption.chars().count() > MOST_CAPTION {
        return Err(BadInput::new(format!(
            "\"{shown}.caption\" has more than {MOST_CAPTION} letters"
        )));
    }
    Ok(Stage {
        run,
        sampling,
        layers,
        caption,
    })
}

fn record_value(record: &RunRecord) -> Value {
    let text = |buffer: &[f32]| {
        let bytes: Vec<u8> = buffer.iter().flat_map(|v| v.to_le_bytes()).collect();
        BASE64.encode(bytes)
    };
    let checkpoint = &record.checkpoint;
    json!({
        "step": checkpoint.step,
        "params": text(&checkpoint.params),
        "first_moment": text(&checkpoint.first_moment),
        "second_moment": text(&checkpoint.second_moment),
        "ema": text(&checkpoint.ema),
        // a loss that is not finite has no place in JSON, and none in a curve
        "losses": record.losses.iter().filter(|(_, loss)| loss.is_finite()).collect::<Vec<_>>(),
        "edits": record.edits,
    })
}

fn record_of(given: &Map<String, Value>, shape: &Shape, shown: &str) -> Result<RunRecord, BadInput> {
    let buffers = ["params", "first_moment", "second_moment", "ema"];
    known_keys(
        given,
        &[
            "step",
            "params",
            "first_moment",
            "second_moment",
            "ema",
            "losses",
            "edits",
        ],
        shown,
    )?;
    let wanted = shape.params_len();
    let buffer = |key: &str| -> Result<Vec<f32>, BadInput> {
        let place = format!("\"{shown}.{key}\"");
        let text = given.get(key).and_then(Value::as_str);
        let text = text.ok_or_else(|| BadInput::new(format!("{place} is missing; the file is damaged")))?;
        let bytes = BASE64
            .decode(text)
            .map_err(|e| BadInput::new(format!("{place} is not base64 ({e})")))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if numbers.len() != wanted || !rest.is_empty() {
            return Err(BadInput::new(format!(
                "{place} holds {} bytes, where the network has {wanted} parameters of 4 bytes",
                bytes.len()
            )));
        }
        let values: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        if values.iter().any(|v| !v.is_finite()) {
            return Err(BadInput::new(format!(
                "{place} holds a number that is not finite; the file is damaged"
            )));
        }
        Ok(values)
    };
    let [params, first_moment, second_moment, ema] = buffers.map(buffer);
    let part = |key: &str, empty: Value| given.get(key).cloned().unwrap_or(empty);
    Ok(RunRecord {
        checkpoint: Checkpoint {
            params: params?,
            first_moment: first_moment?,
            second_moment: second_moment?,
            ema: ema?,
            step: typed(&part("step", json!(0)), &format!("{shown}.step"))?,
        },
        losses: typed(&part("losses", json!([])), &format!("{shown}.losses"))?,
        edits: typed(&part("edits", json!([])), &format!("{shown}.edits"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab() -> Lab {
        let mut lab = Lab::default();
        let experiment = &lab.runs[0].experiment;
        let mut checkpoint = Checkpoint::initial(&experiment.network, experiment.seed);
        checkpoint.step = 12;
        checkpoint.first_moment[3] = -1.5e-30;
        lab.runs[0].record = Some(Arc::new(RunRecord {
            checkpoint,
            losses: vec![(0, 2.5), (10, 0.1)],
            edits: vec![(4, "learning rate 0.003 to 0.001".into())],
        }));
        lab
    }

    #[test]
    fn a_lab_comes_back_with_its_records() {
        let lab = lab();
        let back = parse_lab(&lab_text(&lab), Path::new("")).unwrap();
        assert_eq!(back.runs[0].record.as_deref(), lab.runs[0].record.as_deref());
        assert_eq!((&back.stages, back.look), (&lab.stages, lab.look));
        assert_eq!(back.runs[0].experiment, lab.runs[0].experiment);
    }

    #[test]
    fn children_come_back_with_their_parents() {
        let mut lab = lab();
        for (id, origin) in [
            (
                2,
                Origin::Reflow {
                    parent: 1,
                    from_parent: true,
                },
            ),
            (
                3,
                Origin::Distilled {
                    parent: 2,
                    from_parent: false,
                },
            ),
        ] {
            let mut run = lab.runs[0].clone();
            (run.id, run.origin) = (id, origin);
            lab.runs.push(run);
        }
        let back = parse_lab(&lab_text(&lab), Path::new("")).unwrap();
        assert!(back.runs.iter().zip(&lab.runs).all(|(a, b)| a.origin == b.origin));
    }

    #[test]
    fn stages_side_by_side_come_back_and_the_cards_of_older_files_go() {
        let mut lab = lab();
        let mut second = lab.runs[0].clone();
        second.id = 2;
        lab.runs.push(second);
        let mut stage = lab.stages[0].clone();
        (stage.run, stage.sampling.steps, stage.caption) = (2, 1, "one step\nand no more".into());
        lab.stages.push(stage);
        (lab.compare.on, lab.compare.focus, lab.compare.link_sampler) = (true, 1, true);
        let text = lab_text(&lab);
        let back = parse_lab(&text, Path::new("")).unwrap();
        assert_eq!((&back.stages, back.compare), (&lab.stages, lab.compare));
        // an older file: the large stage, then one a run
        let mut old: Value = serde_json::from_str(&text).unwrap();
        let small = old["stages"][0].clone();
        old["stages"] = json!([{"run": 2}, small, old["stages"][1]]);
        old.as_object_mut().unwrap().remove("compare");
        old["schema_version"] = json!(1);
        let back = parse_lab(&old.to_string(), Path::new("")).unwrap();
        assert_eq!(back.stages.len(), 1);
        assert_eq!((back.stages[0].run, back.compare), (2, Compare::default()));
    }

    #[test]
    fn damage_is_named() {
        let good = to_value(&serde_json::from_str::<Value>(&lab_text(&lab())).unwrap());
        let fault = |pointer: &str, value: Value| {
            let mut wrong = good.clone();
            *wrong.pointer_mut(pointer).unwrap() = value;
            parse_lab(&wrong.to_string(), Path::new("")).unwrap_err().to_string()
        };
        assert!(fault("/runs/0/record/params", json!("AAAA")).contains("runs[0].record.params"));
        assert!(fault("/runs/0/record/ema", json!("%")).contains("base64"));
        assert!(fault("/runs/0/experiment/steps", json!(-1)).contains("runs[0].experiment.steps"));
        assert!(fault("/stages/0/run", json!(9)).contains("stages[0].run"));
        assert!(fault("/stages", json!([])).contains("stages"));
        assert!(fault("/stages", json!([{}, {}, {}, {}, {}])).contains("from 1 to 4"));
        assert!(fault("/compare/focus", json!(1)).contains("compare.focus"));
        assert!(fault("/compare/arrangement", json!("rows")).contains("row"));
        assert!(fault("/rounds/rounds", json!(99)).contains("rounds.rounds"));
        assert!(fault("/rounds/pairs/sampler", json!("heum")).contains("heun"));
        assert!(fault("/rounds/steps", json!(-3)).contains("rounds.steps"));
        assert!(fault("/clock/speed", json!(0)).contains("clock.speed"));
        assert!(fault("/look/theme", json!("drak")).contains("dark"));
        assert!(fault("/schema_version", json!(SCHEMA_VERSION + 1)).contains("newer"));
    }
}
