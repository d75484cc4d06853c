//! What people name on the command line where a lab is wanted: a folder that `run` wrote (one run, or rounds), a lab or an
//! experiment file, or a preset.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::run_dir::{RunDir, text_of_file};
use crate::engine::measures::Measures;
use crate::export::lab_within::open_lab_of;
use crate::flow::coupling::Coupling;
use crate::lab::{
    BadInput, Lab, LabRun, Origin, PRESETS, RunId, RunRecord, is_share_string, parse_share_string, preset, read_bytes,
};

/// A lab, and the measures that are written beside it.
pub struct Source {
    /// The lab; runs that are trained carry their records.
    pub lab: Lab,
    /// A name for files made of it.
    pub name: String,
    /// Measures of its runs.
    pub measures: Vec<(RunId, Measures)>,
}

/// The lab that `what` means.
///
/// # Errors
/// No such folder, file or preset; what a file is refused for.
pub fn lab_of(what: &str) -> Result<Source, BadInput> {
    if is_share_string(what) {
        return Ok(Source {
            lab: parse_share_string(what)?,
            name: "shared".into(),
            measures: Vec::new(),
        });
    }
    let path = Path::new(what);
    let is_preset = PRESETS.iter().any(|p| p.name == what);
    if is_preset || !looks_like_a_path(what) {
        let preset = preset(what)?;
        return Ok(Source {
            lab: preset.lab()?,
            name: preset.name.into(),
            measures: Vec::new(),
        });
    }
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    if path.is_dir() {
        let (lab, measures) = of_folder(path)?;
        return Ok(Source {
            lab,
            name: stem.into_owned(),
            measures,
        });
    }
    Ok(Source {
        lab: lab_of_file(path)?,
        name: stem.into_owned(),
        measures: Vec::new(),
    })
}

/// The lab of a file: a lab or an experiment, or an exported figure or data.
///
/// # Errors
/// Unreadable, without a lab, or refused; the file is named.
pub fn lab_of_file(path: &Path) -> Result<Lab, BadInput> {
    open_lab_of(path)
}

/// Whether a name is that of a file or folder rather than of a preset.
pub fn looks_like_a_path(what: &str) -> bool {
    let path = Path::new(what);
    path.exists() || path.extension().is_some() || what.contains(std::path::is_separator)
}

/// A folder that `run` wrote: one run, or rounds in folders of their own.
fn of_folder(path: &Path) -> Result<(Lab, Vec<(RunId, Measures)>), BadInput> {
    if path.join("experiment.json").is_file() || !path.join("round-1").is_dir() {
        let (lab, measures) = of_run(path)?;
        return Ok((lab, measures.into_iter().map(|m| (1, m)).collect()));
    }
    let mut lab: Option<Lab> = None;
    let mut all = Vec::new();
    let rounds = (1..)
        .map(|k| path.join(format!("round-{k}")))
        .take_while(|p| p.is_dir());
    let student = Some(path.join("distilled")).filter(|p| p.is_dir());
    let students_from = rounds.clone().count();
    for (i, folder) in rounds.chain(student).enumerate() {
        let id = i as RunId + 1;
        let (one, measures) = of_run(&folder)?;
        let mut run = one.runs.into_iter().next().unwrap_or_else(|| blank(id));
        run.id = id;
        if run.experiment.coupling.model().is_some() && id > 1 {
            let parent = id - 1;
            run.origin = if i >= students_from {
                Origin::Distilled {
                    parent,
                    from_parent: true,
                }
            } else {
                Origin::Reflow {
                    parent,
                    from_parent: false,
                }
            };
        }
        all.extend(measures.map(|m| (id, m)));
        match &mut lab {
            Some(lab) => lab.runs.push(run),
            None => {
                lab = Some(Lab {
                    runs: vec![run],
                    stages: one.stages,
                    ..Lab::default()
                });
            }
        }
    }
    Ok((lab.unwrap_or_default(), all))
}

fn blank(id: RunId) -> LabRun {
    LabRun {
        id,
        experiment: crate::lab::Experiment::default(),
        origin: Origin::Fresh,
        record: None,
    }
}

/// One run's folder: its experiment, weights, loss curve and measures.
fn of_run(path: &Path) -> Result<(Lab, Option<Measures>), BadInput> {
    let dir = RunDir::open(path)?;
    let file = dir
        .draft()?
        .finish()
        .map_err(|e| e.within(dir.file("experiment.json").display()))?;
    // pairs that a parent made are not in the folder; what was trained on them is
    let made_elsewhere = matches!(file.experiment.coupling, Coupling::Model(_) | Coupling::InverseModel(_));
    let mut lab = dir.lab(file)?;
    let losses = losses_of(&dir);
    let steps = losses.last().map_or(u64::from(made_elsewhere), |l| l.0);
    if let Some(record) = lab.runs[0].record.take() {
        let mut record = RunRecord::clone(&record);
        record.checkpoint.step = steps;
        record.losses = losses;
        lab.runs[0].record = Some(Arc::new(record));
    }
    Ok((lab, measures_of(&dir)))
}

/// (step, loss) of `loss.csv`; empty where it is missing or damaged: it is only looked at.
fn losses_of(dir: &RunDir) -> Vec<(u64, f32)> {
    let Ok(text) = text_of_file(&dir.file("loss.csv")) else {
        return Vec::new();
    };
    let row = |line: &str| {
        let (step, loss) = line.split_once(',')?;
        Some((step.parse().ok()?, loss.parse().ok()?))
    };
    let rows: Vec<(u64, f32)> = text.lines().filter_map(row).collect();
    // as many as the window's own curve keeps, each the mean of its neighbors
    let every = rows.len().div_ceil(2000).max(1);
    let mean = |chunk: &[(u64, f32)]| {
        let sum: f64 = chunk.iter().map(|r| f64::from(r.1)).sum();
        Some((chunk.last()?.0, (sum / chunk.len() as f64) as f32))
    };
    rows.chunks(every).filter_map(mean).collect()
}

/// `metrics.json`, where it is there.
fn measures_of(dir: &RunDir) -> Option<Measures> {
    let mut value: Value = serde_json::from_slice(&read_bytes(&dir.file("metrics.json")).ok()?).ok()?;
    let steps = value.get("steps").cloned().unwrap_or_default();
    value.as_object_mut()?.insert("step".into(), steps);
    serde_json::from_value(value).ok()
}
