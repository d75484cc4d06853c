//! `run`: trains an experiment, samples it, measures it, and writes the results.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::arguments::RunOptions;
use super::failure::Failure;
use super::lab_source::lab_of_file;
use super::print;
use super::run_dir::{RunDir, draft_of_file, metrics_text};
use crate::backend::Fault;
use crate::engine::measures::Measures;
use crate::engine::session::Session;
use crate::export::lab_within::{self, is_exported};
use crate::lab::{BadInput, Draft, Lab, RunFile, RunId, preset, read_bytes};

/// The one run of the command line's lab.
pub const ONLY_RUN: u32 = 1;

/// Faults that a training outlives, each continued from the last good parameters, before the command gives up.
const MOST_RECOVERIES: u32 = 3;

/// What a training leaves behind.
pub struct Trained {
    /// The batch loss of each step.
    losses: Vec<f32>,
    /// Wall time from the first step to the last.
    spent: Duration,
    /// Why it ended early.
    fault: Option<Fault>,
}

/// Does what `rectiflow run` says.
///
/// # Errors
/// Input that cannot be used; a folder that cannot be written; a training that fails (what there is, is written first).
pub fn run(options: &RunOptions) -> Result<(), Failure> {
    let (mut draft, name) = draft_of(&options.what)?;
    if let Some(steps) = &options.steps {
        draft.set("steps", steps)?;
    }
    if let Some(seed) = &options.seed {
        draft.set("seed", seed)?;
        draft.set("sampling.seed", seed)?;
    }
    for (path, value) in &options.set {
        draft.set(path, value)?;
    }
    let file = draft.finish()?;
    let folder = options.out.clone().unwrap_or_else(|| PathBuf::from("out").join(name));
    let rounds = rounds_of(options, &file)?;

    let mut session = Session::new(options.backend.into(), None)?;
    if rounds > 1 || options.distill.is_some() {
        let metrics = super::rounds::run(&file, &folder, &mut session, rounds, options.distill)?;
        if options.json {
            print(&format!("{:#}", Value::Array(metrics)));
        }
        return Ok(());
    }
    let dir = RunDir::create(&folder)?;
    session.apply(&Arc::new(Lab::of(file.clone())));
    let trained = train(&mut session, ONLY_RUN, file.experiment.steps);
    let metrics = write(&dir, &file, &mut session, ONLY_RUN, trained)?;
    if options.json {
        print(&metrics_text(&metrics));
    } else {
        print(&metrics_text_of(&file, &metrics, &folder));
    }
    Ok(())
}

/// How many rounds are asked for.
fn rounds_of(options: &RunOptions, file: &RunFile) -> Result<u32, BadInput> {
    const MOST: u32 = 16;
    let wrong = |given: &str| BadInput::new(format!("--rounds {given}: give a whole number from 1 to {MOST}"));
    let rounds = match &options.rounds {
        None => 1,
        Some(given) => given
            .parse()
            .ok()
            .filter(|n| (1..=MOST).contains(n))
            .ok_or_else(|| wrong(given))?,
    };
    if let Some(kind) = file
        .experiment
        .coupling
        .model()
        .map(|_| file.experiment.coupling.name())
    {
        return Err(BadInput::new(format!(
            "coupling \"{kind}\": its pairs are made by a parent run's flow; start from another coupling and give --rounds 2"
        )));
    }
    if (rounds > 1 || options.distill.is_some()) && file.experiment.steps == 0 {
        return Err(BadInput::new(
            "--rounds needs a trained first round; give --steps 1 or more",
        ));
    }
    Ok(rounds)
}

/// The draft that a preset's or a file's name means, and a name for its folder.
pub fn draft_of(what: &str) -> Result<(Draft, String), Failure> {
    let path = Path::new(what);
    let is_preset = crate::lab::PRESETS.iter().any(|p| p.name == what);
    if !is_preset && (path.exists() || path.extension().is_some() || what.contains(std::path::is_separator)) {
        let stem = path
            .file_stem()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        // an experiment alone may leave keys out that others then set; a lab is read whole
        let bytes = read_bytes(path)?;
        let is_lab = is_exported(&bytes) || lab_within::beside(path).is_file() || has_runs(&bytes);
        let draft = if is_lab {
            first_round_of(&lab_of_file(path)?, what)
        } else {
            draft_of_file(path)?
        };
        return Ok((draft, stem));
    }
    let preset = preset(what)?;
    Ok((preset.draft()?, preset.name.into()))
}

/// Whether a text is a lab's rather than an experiment's.
fn has_runs(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Map<String, Value>>(bytes).is_ok_and(|given| given.contains_key("runs"))
}

/// The experiment of the run that a lab shows, or, where that learns from another's flow, of the first round that it descends from;
/// says so, because `run` trains one line of rounds and not a lab.
fn first_round_of(lab: &Lab, what: &str) -> Draft {
    let stage = &lab.stages[lab.focus()];
    let shown = lab.run(stage.run).unwrap_or(&lab.runs[0]);
    let mut first = shown;
    // a file may hold a cycle of parents
    for _ in 0..lab.runs.len() {
        match first.origin.parent().and_then(|parent| lab.run(parent)) {
            Some(parent) => first = parent,
            None => break,
        }
    }
    if lab.runs.len() > 1 {
        let name = &first.experiment.name;
        let rounds = if first.id == shown.id {
            ""
        } else {
            "; --rounds 2 trains reflows of it"
        };
        eprintln!(
            "rectiflow: {what} is a lab of {} runs; this trains \"{name}\" anew{rounds}. `rectiflow render {what} --out lab.png` trains all of them.",
            lab.runs.len()
        );
    }
    Draft::of(&RunFile {
        experiment: first.experiment.clone(),
        sampling: stage.sampling,
    })
}

/// Trains to the planned number of steps, with a progress bar on a terminal.
pub fn train(session: &mut Session, id: RunId, planned: u64) -> Trained {
    let bar = ProgressBar::new(planned);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} steps  {per_sec}  {eta} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut losses: Vec<f32> = Vec::new();
    let mut fault = None;
    let mut recoveries = 0;
    let mut slice = 16;
    let began = Instant::now();
    while (losses.len() as u64) < planned {
        let left = planned - losses.len() as u64;
        let slice_began = Instant::now();
        match session.train(id, slice.min(left) as u32) {
            Ok(report) => {
                // after a recovery some steps are taken a second time
                losses.truncate((report.step as usize).saturating_sub(report.losses.len()));
                losses.extend(&report.losses);
                bar.set_position(losses.len() as u64);
                if let Some(loss) = losses.last() {
                    bar.set_message(format!("loss {loss:.4}"));
                }
                // about ten slices a second: often enough to look alive, seldom enough to cost nothing
                let spent = slice_began.elapsed().as_secs_f64().max(1e-6);
                slice = ((slice as f64 * 0.1 / spent) as u64).clamp(1, 4 * slice.min(4096));
            }
            Err(Fault::NonFinite { step }) => {
                fault = Some(Fault::NonFinite { step });
                break;
            }
            Err(other) if recoveries < MOST_RECOVERIES => {
                recoveries += 1;
                bar.suspend(|| {
                    eprintln!(
                        "rectiflow: {other}; training goes on from the last good parameters on {}",
                        session.backend_name()
                    );
                });
            }
            Err(other) => {
                fault = Some(other);
                break;
            }
        }
    }
    let spent = began.elapsed();
    bar.finish_and_clear();
    Trained { losses, spent, fault }
}

/// Writes everything that there is; the metrics as written.
pub fn write(
    dir: &RunDir,
    file: &RunFile,
    session: &mut Session,
    id: RunId,
    trained: Trained,
) -> Result<Map<String, Value>, Failure> {
    let steps = trained.losses.len();
    let own = dir.write_experiment(file)?;
    dir.write_losses(&trained.losses)?;
    if let Some(checkpoint) = session.checkpoint(id) {
        dir.write_weights(&own, &checkpoint)?;
    }
    if let Some(fault) = trained.fault {
        dir.write_metrics(&metrics_of(
            &Measures::default(),
            steps,
            trained.spent,
            session.backend_name(),
        ))?;
        return Err(fault.into());
    }
    dir.write_trajectories(&session.sample(id, &file.sampling, None, true)?)?;
    let measures = if steps == 0 {
        Measures::default()
    } else {
        session.measures(id, &file.sampling)?
    };
    let metrics = metrics_of(&measures, steps, trained.spent, session.backend_name());
    dir.write_metrics(&metrics)?;
    Ok(metrics)
}

/// The content of `metrics.json`.
fn metrics_of(measures: &Measures, steps: usize, spent: Duration, backend: &str) -> Map<String, Value> {
    let mut metrics = match serde_json::to_value(measures) {
        Ok(Value::Object(metrics)) => metrics,
        _ => Map::new(),
    };
    metrics.shift_remove("step");
    let seconds = spent.as_secs_f64();
    metrics.insert("steps".into(), json!(steps));
    metrics.insert("seconds".into(), json!(seconds));
    let speed = (steps > 0).then(|| steps as f64 / seconds);
    metrics.insert("steps_per_sec".into(), json!(speed));
    metrics.insert("backend".into(), json!(backend));
    metrics
}

/// What a person reads at the end.
pub fn metrics_text_of(file: &RunFile, metrics: &Map<String, Value>, folder: &Path) -> String {
    let number = |key: &str| metrics.get(key).and_then(Value::as_f64);
    // writing to a String cannot fail
    let mut text = format!(
        "{}: {} steps in {:.1} s ({:.0} steps/s) on {}\n",
        file.experiment.name,
        metrics["steps"],
        number("seconds").unwrap_or_default(),
        number("steps_per_sec").unwrap_or_default(),
        metrics["backend"].as_str().unwrap_or_default(),
    );
    for (key, other, label, word) in [
        ("loss", "loss_floor", "loss", "floor"),
        ("w2_squared", "w2_squared_floor", "W2 squared", "floor"),
        ("straightness", "", "straightness", ""),
        // both are taken from a few thousand points, so that the first may be a little below the second
        ("transport_cost_p2", "transport_optimum", "transport cost", "optimum"),
        ("npe", "", "NPE", ""),
    ] {
        if let Some(value) = number(key) {
            let beside = number(other).map_or(String::new(), |f| format!("   {word} {f:.4}"));
            let _ = writeln!(text, "  {label:<15} {value:.4}{beside}");
        }
    }
    let _ = writeln!(text, "written to {}", folder.display());
    text
}
