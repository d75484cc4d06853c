//! What `render` and `export` have in common: settings of what is not trained yet, rounds that are still to be made, the run
//! that is meant, a bar of progress.

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::FirstOptions;
use super::failure::Failure;
use super::lab_source::Source;
use crate::flow::coupling::ModelPairs;
use crate::lab::{BadInput, Draft, Lab, LabRun, Origin, RunFile, RunId};
use crate::picture::studio::{Progress, StudioError, Work};

/// Rounds of reflow that `--rounds` may ask for.
const MOST_ROUNDS: u64 = 16;

/// Sets keys of an experiment that is yet to be trained, and adds rounds.
///
/// # Errors
/// Keys and values that the experiment refuses; keys of what is trained already.
pub fn change(source: &mut Source, what: &str, options: &FirstOptions) -> Result<(), BadInput> {
    let settings = options.set.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let steps = options.steps.iter().map(|s| ("steps", s.as_str()));
    let seed = options
        .seed
        .iter()
        .flat_map(|s| [("seed", s.as_str()), ("sampling.seed", s.as_str())]);
    let all: Vec<(&str, &str)> = steps.chain(seed).chain(settings).collect();
    if !all.is_empty() {
        let (run, stage) = (&source.lab.runs[0], &source.lab.stages[0]);
        let mut draft = Draft::of(&RunFile {
            experiment: run.experiment.clone(),
            sampling: stage.sampling,
        });
        for (key, value) in all {
            draft.set(key, value)?;
        }
        let file = draft.finish()?;
        if run.record.is_some() && file.experiment != run.experiment {
            return Err(BadInput::new(format!(
                "{what} is trained: only sampling.* can be set; give a preset or an experiment file to train another"
            )));
        }
        source.lab.runs[0].experiment = file.experiment;
        source.lab.stages[0].sampling = file.sampling;
    }
    if let Some(rounds) = &options.rounds {
        let rounds = super::arguments::whole("rounds", rounds, 1, MOST_ROUNDS)?;
        add_rounds(&mut source.lab, rounds);
    }
    Ok(())
}

/// Reflows of the first run until there are so many rounds.
fn add_rounds(lab: &mut Lab, rounds: u64) {
    let sampling = lab.stages[0].sampling;
    let mut parent = lab.runs[0].id;
    for _ in 1..rounds {
        let child = |run: &&LabRun| matches!(run.origin, Origin::Reflow { parent: p, .. } if p == parent);
        if let Some(child) = lab.runs.iter().find(child) {
            parent = child.id;
            continue;
        }
        let id: RunId = lab.runs.iter().map(|r| r.id).max().unwrap_or(0).saturating_add(1);
        let of = lab.run(parent).map(|r| r.experiment.clone()).unwrap_or_default();
        let mut experiment = of.on_pairs_of_a_flow(ModelPairs {
            sampler: sampling.sampler,
            steps: sampling.steps,
            ..ModelPairs::default()
        });
        experiment.seed = experiment.seed.wrapping_add(1);
        lab.runs.push(LabRun {
            id,
            experiment,
            origin: Origin::Reflow {
                parent,
                from_parent: true,
            },
            record: None,
        });
        parent = id;
    }
}

/// The run that `--run` names.
///
/// # Errors
/// No such run, with those there are.
pub fn run_asked(run: Option<&str>, lab: &Lab) -> Result<Option<RunId>, BadInput> {
    let Some(run) = run else { return Ok(None) };
    let id = super::arguments::whole("run", run, 0, u64::from(RunId::MAX))? as RunId;
    if lab.run(id).is_none() {
        let ids: Vec<String> = lab.runs.iter().map(|r| r.id.to_string()).collect();
        return Err(BadInput::new(format!(
            "--run is {id}; the lab's runs are {}",
            ids.join(", ")
        )));
    }
    Ok(Some(id))
}

/// A bar on a terminal; says once what it is that takes time.
#[derive(Default)]
pub struct Bar {
    bar: Option<(String, ProgressBar)>,
}

impl Bar {
    /// Shows progress; true, because nobody cancels at a terminal but by Ctrl+C.
    pub fn show(&mut self, progress: &Progress) -> bool {
        let what = match progress.work {
            Work::Training => format!("training {:?} first, {} steps", progress.run, progress.total),
            Work::Pairs => format!("making {} pairs for {:?}", progress.total, progress.run),
            Work::Measures => format!("measuring {:?}", progress.run),
            Work::Study => format!("running samplers of {:?}, {} of them", progress.run, progress.total),
            Work::Frames => format!("drawing {} frames", progress.total),
        };
        if self.bar.as_ref().is_none_or(|(said, _)| *said != what) {
            self.clear();
            eprintln!("rectiflow: {what}");
            let bar = ProgressBar::new(progress.total);
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some((what, bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_position(progress.done);
        }
        true
    }

    /// Takes the bar away.
    pub fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl From<StudioError> for Failure {
    fn from(error: StudioError) -> Self {
        match error {
            StudioError::Fault(fault) => fault.into(),
            other => Self::Machine(other.to_string()),
        }
    }
}
