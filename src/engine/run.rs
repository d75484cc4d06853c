//! A run as the engine holds it: its experiment, the job a backend trains, its last good checkpoint and its history.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::assigning::{Assigning, pool_of};
use super::curve::LossCurve;
use super::floors::Floors;
use super::measures::{Effort, Ledger, Measures};
use super::pacing::SpeedMeter;
use super::pairing::{Pairing, model_pairs};
use super::snapshot::{PairProgress, RunState};
use crate::backend::{Slot, TrainJob};
use crate::flow::coupling::{Pair, PairStream, finite_pairs};
use crate::flow::prediction::Output;
use crate::flow::time_density::{TIME_ROWS, TimeRow, time_rows, training_rows};
use crate::flow::transport::Watch;
use crate::lab::{Change, Experiment, LabRun, Origin, RunId, RunRecord, Sampling};
use crate::net::Checkpoint;

/// Builds the tables a backend trains from. `pairs`: those that a parent's flow made. `before`: a job whose table of times is
/// taken over where it still holds. `aside`: the exact transport of a pool is made elsewhere (`assigning`) and comes as `pairs`.
pub fn train_job(
    experiment: &Experiment,
    origin: Origin,
    pairs: Option<Arc<Vec<Pair>>>,
    before: Option<(&Experiment, &TrainJob)>,
    aside: bool,
) -> TrainJob {
    let distilled = matches!(origin, Origin::Distilled { .. });
    let output = if distilled {
        Output::plain(experiment.path)
    } else {
        experiment.output()
    };
    let (law, rows) = match before {
        _ if distilled => {
            // a one-step student sees nothing but the start, and one Euler step from there is to reach x1
            let scale = experiment.path.start_scale();
            let row = TimeRow {
                t: 0.0,
                alpha: 0.0,
                sigma: scale as f32,
                weight: 1.0,
                target_x0: -scale as f32,
                target_x1: 1.0,
                flow_time: 0.0,
                velocity_net: 1.0,
            };
            let rows = Arc::new(vec![row; TIME_ROWS]);
            (Arc::clone(&rows), rows)
        }
        Some((old, job)) if old.time == experiment.time && old.weight == experiment.weight && job.output == output => {
            (Arc::clone(&job.law), Arc::clone(&job.rows))
        }
        _ => {
            let law = Arc::new(time_rows(experiment.time, experiment.weight, &output));
            let rows = if output.is_plain() {
                Arc::clone(&law)
            } else {
                Arc::new(training_rows(&law, experiment.time, experiment.weight, &output))
            };
            (law, rows)
        }
    };
    TrainJob {
        shape: experiment.network.clone(),
        output,
        rows,
        law,
        loss: experiment.loss,
        optimizer: experiment.optimizer,
        planned_steps: experiment.steps,
        seed: experiment.seed,
        pairs: Arc::new(PairStream {
            source: Arc::clone(&experiment.source),
            target: Arc::clone(&experiment.target),
            coupling: experiment.coupling.clone(),
            seed: experiment.seed,
            finite: pairs.or_else(|| {
                let later = aside && pool_of(&experiment.coupling).is_some();
                if later { None } else { given_pairs(experiment, before) }
            }),
        }),
    }
}

/// The pairs of a coupling that is a finite set (drawn by hand, of a file, the exact transport of a pool); None for every other.
fn given_pairs(experiment: &Experiment, before: Option<(&Experiment, &TrainJob)>) -> Option<Arc<Vec<Pair>>> {
    if let Some((old, job)) = before
        && old.coupling == experiment.coupling
        && old.source == experiment.source
        && old.target == experiment.target
        && old.seed == experiment.seed
    {
        // a transport of 8,192 points takes seconds; a turn of another knob must not
        return job.pairs.finite.clone();
    }
    let watch = Watch {
        cancel: &AtomicBool::new(false),
        progress: &|_| (),
    };
    // an experiment has been validated before it comes here, so its points are not too far out for an assignment
    finite_pairs(
        &experiment.source,
        &experiment.target,
        &experiment.coupling,
        experiment.seed,
        watch,
    )
    .ok()
    .flatten()
}

/// One run in a session.
#[derive(Clone, Debug)]
pub struct ActiveRun {
    /// Its id in the lab.
    pub id: RunId,
    /// Where it comes from.
    pub origin: Origin,
    /// The pairs that its parent's flow made for it, or that were assigned aside.
    pub pairs: Option<Arc<Vec<Pair>>>,
    /// Whether the exact transport of a pool is made on a thread of its own.
    pub aside: bool,
    /// Such an assignment under way.
    pub assigning: Option<Arc<Assigning>>,
    /// Those pairs while they are being made.
    pub pairing: Option<Pairing>,
    /// Evaluations spent so far.
    pub ledger: Ledger,
    /// Where its parameters live in the backend.
    pub slot: Slot,
    /// What it trains.
    pub experiment: Experiment,
    /// The tables made from it.
    pub job: Arc<TrainJob>,
    /// The last parameters known to be good.
    pub checkpoint: Checkpoint,
    /// Later parameters that have yet to prove themselves by the losses they lead to.
    pub candidate: Option<Checkpoint>,
    /// Training steps taken (the checkpoint may lie a little behind).
    pub step: u64,
    /// Whether the user lets it train.
    pub playing: bool,
    /// Steps left of a `Command::Step`.
    pub steps_left: Option<u32>,
    /// Set by a fault until the user plays or edits.
    pub faulted: bool,
    /// Counts changes of the parameters or of what they are compared with.
    pub version: u64,
    /// The loss curve.
    pub curve: LossCurve,
    /// Live edits.
    pub edits: Arc<Vec<(u64, String)>>,
    /// Its speed.
    pub speed: SpeedMeter,
    /// Its measures so far.
    pub measures: Arc<Measures>,
    /// What these measures cannot go below.
    pub floors: Option<Arc<Floors>>,
    /// Mean loss of the last slice of training, and the least such mean under these settings.
    pub losses: Option<(f64, f64)>,
    /// For what the last measures were asked: version, sampling, effort.
    pub measured: Option<(u64, Sampling, Effort)>,
    /// (t, mean loss) bins.
    pub loss_by_t: Arc<Vec<[f64; 2]>>,
    /// The record it was opened from, to see a new one by its pointer.
    pub opened: Option<Arc<RunRecord>>,
}

impl ActiveRun {
    /// A run as the lab has it: from its record where there is one, else untrained.
    pub fn new(run: &LabRun, slot: Slot, aside: bool) -> Self {
        let mut active = Self {
            id: run.id,
            origin: run.origin,
            pairs: None,
            aside,
            assigning: None,
            pairing: None,
            ledger: Ledger::default(),
            slot,
            experiment: run.experiment.clone(),
            job: Arc::new(train_job(&run.experiment, run.origin, None, None, aside)),
            checkpoint: Checkpoint::initial(&run.experiment.network, run.experiment.seed),
            candidate: None,
            step: 0,
            playing: false,
            steps_left: None,
            faulted: false,
            version: 0,
            curve: LossCurve::default(),
            edits: Arc::default(),
            speed: SpeedMeter::default(),
            measures: Arc::default(),
            floors: None,
            losses: None,
            measured: None,
            loss_by_t: Arc::default(),
            opened: None,
        };
        active.open(run);
        active
    }

    /// Takes the record of a lab that was just opened; true where there was a new one.
    pub fn open(&mut self, run: &LabRun) -> bool {
        let Some(record) = &run.record else { return false };
        if self.opened.as_ref().is_some_and(|o| Arc::ptr_eq(o, record)) {
            return false;
        }
        self.opened = Some(Arc::clone(record));
        if record.checkpoint.params.len() != self.experiment.network.params_len() {
            return false;
        }
        self.checkpoint = record.checkpoint.clone();
        self.step = self.checkpoint.step;
        self.curve = LossCurve::from_record(&record.losses);
        self.edits = Arc::new(record.edits.clone());
        self.version += 1;
        true
    }

    /// What a file keeps of it.
    pub fn record(&self) -> RunRecord {
        RunRecord {
            checkpoint: self.checkpoint.clone(),
            losses: self.curve.record(),
            edits: self.edits.to_vec(),
        }
    }

    /// Back to untrained parameters.
    pub fn reset(&mut self) {
        self.checkpoint = Checkpoint::initial(&self.experiment.network, self.experiment.seed);
        self.clear_history();
        self.edits = Arc::default();
    }

    /// Step 0 with no past; the checkpoint's parameters stay.
    pub fn clear_history(&mut self) {
        let len = self.checkpoint.params.len();
        self.checkpoint.step = 0;
        self.checkpoint.first_moment = vec![0.0; len];
        self.checkpoint.second_moment = vec![0.0; len];
        self.step = 0;
        self.curve = LossCurve::default();
        self.speed.clear();
        self.faulted = false;
        self.losses = None;
        self.version += 1;
    }

    /// Takes note of the losses of a slice of training.
    pub fn note_losses(&mut self, losses: &[f32]) {
        if !losses.is_empty() {
            let mean = losses.iter().map(|&l| f64::from(l)).sum::<f64>() / losses.len() as f64;
            self.losses = Some((mean, self.losses.map_or(mean, |(_, least)| least.min(mean))));
        }
    }

    /// Whether the parameters are worth keeping as the last good ones: a loss far above the least one seen is a training
    /// that is blowing up, which ends in numbers that are not finite a few steps later.
    pub fn looks_well(&self) -> bool {
        self.losses.is_none_or(|(last, least)| last <= 10.0 * least)
    }

    /// Takes an edited experiment; the caller has put the newest parameters into `checkpoint`. Says what it cost.
    pub fn edit(&mut self, experiment: &Experiment) -> Change {
        let change = experiment.change_from(&self.experiment);
        if change == Change::Nothing {
            self.experiment = experiment.clone();
            return change;
        }
        let what = difference(&self.experiment, experiment);
        let was_done = self.step >= self.experiment.steps;
        let remade = experiment.coupling != self.experiment.coupling
            || experiment.source != self.experiment.source
            || experiment.target != self.experiment.target
            || experiment.seed != self.experiment.seed;
        if remade {
            (self.pairs, self.pairing, self.assigning) = (None, None, None);
        }
        let before = Some((&self.experiment, self.job.as_ref()));
        self.job = Arc::new(train_job(
            experiment,
            self.origin,
            self.pairs.clone(),
            before,
            self.aside,
        ));
        self.experiment = experiment.clone();
        self.faulted = false;
        self.losses = None;
        if change == Change::StartOver {
            self.reset();
            return change;
        }
        if was_done && change == Change::PairAnew {
            // the schedule is over: learn the new pairs from these parameters, with a schedule of their own
            self.clear_history();
            self.playing = true;
        } else if was_done && self.step < experiment.steps {
            self.playing = true;
        }
        self.version += 1;
        self.note_edit(what);
        change
    }

    /// Marks the curve; edits of the same thing within a few steps (a slider being dragged) become one mark.
    fn note_edit(&mut self, what: String) {
        let edits = Arc::make_mut(&mut self.edits);
        let key = |text: &str| text.split(' ').next().map(str::to_owned);
        if let Some(last) = edits.last_mut()
            && key(&last.1) == key(&what)
            && self.step.saturating_sub(last.0) < 500
        {
            let from = last.1.split(" → ").next().unwrap_or_default().to_owned();
            let to = what.split(" → ").nth(1).unwrap_or_default();
            last.1 = format!("{from} → {to}");
            return;
        }
        edits.push((self.step, what));
    }

    /// How it is doing.
    pub const fn state(&self) -> RunState {
        if self.faulted {
            RunState::Faulted
        } else if self.step >= self.experiment.steps && self.steps_left.is_none() {
            RunState::Done
        } else if self.playing || self.steps_left.is_some() {
            RunState::Training
        } else {
            RunState::Paused
        }
    }

    /// Puts the pairs that were made into the job.
    pub fn rebuild_job(&mut self) {
        let before = Some((&self.experiment, self.job.as_ref()));
        self.job = Arc::new(train_job(
            &self.experiment,
            self.origin,
            self.pairs.clone(),
            before,
            self.aside,
        ));
        self.version += 1;
    }

    /// How far its pairs are, while it waits for them.
    pub fn pair_progress(&self) -> Option<PairProgress> {
        if self.awaits_pool() {
            let total = u64::from(pool_of(&self.experiment.coupling)?);
            let waiting = PairProgress {
                done: 0,
                total,
                assigned: true,
            };
            return Some(self.assigning.as_ref().map_or(waiting, |a| a.progress()));
        }
        let (settings, _) = model_pairs(&self.experiment.coupling)?;
        let waiting = PairProgress {
            done: 0,
            total: u64::from(settings.pairs),
            assigned: false,
        };
        self.lacks_pairs()
            .then(|| self.pairing.as_ref().map_or(waiting, Pairing::progress))
    }

    /// Whether it cannot train before its pairs are made.
    pub fn lacks_pairs(&self) -> bool {
        self.awaits_parent() || self.awaits_pool()
    }

    /// Whether its parent's flow has yet to make its pairs.
    pub fn awaits_parent(&self) -> bool {
        self.pairs.is_none() && model_pairs(&self.experiment.coupling).is_some()
    }

    /// Whether its pool has yet to be assigned, on a thread of its own.
    pub fn awaits_pool(&self) -> bool {
        self.aside && self.pairs.is_none() && pool_of(&self.experiment.coupling).is_some()
    }

    /// Steps it may take now, at most `wanted`.
    pub fn allowance(&self, wanted: u32) -> u32 {
        if self.lacks_pairs() {
            return 0;
        }
        match (self.state(), self.steps_left) {
            (RunState::Training, Some(left)) => wanted.min(left),
            (RunState::Training, None) => {
                wanted.min(u32::try_from(self.experiment.steps - self.step).unwrap_or(u32::MAX))
            }
            _ => 0,
        }
    }
}

/// What was changed, as "`optimizer.learning_rate` 0.003 → 0.01"; several changes are counted.
fn difference(old: &Experiment, new: &Experiment) -> String {
    let (Ok(old), Ok(new)) = (serde_json::to_value(old), serde_json::to_value(new)) else {
        return "settings".into();
    };
    let mut found = Vec::new();
    compare(&old, &new, "", &mut found);
    match found.as_slice() {
        [] => "settings".into(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

fn compare(old: &serde_json::Value, new: &serde_json::Value, path: &str, found: &mut Vec<String>) {
    use serde_json::Value::Object;
    match (old, new) {
        (Object(a), Object(b)) if a.get("kind") == b.get("kind") => {
            let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for key in keys {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let null = serde_json::Value::Null;
                compare(a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), &path, found);
            }
        }
        _ if old == new => {}
        _ => {
            let show = |v: &serde_json::Value| match v {
                // a list of points or pairs says nothing in full
                serde_json::Value::Array(rows)
                    if rows.iter().chain(others(old, new)).any(serde_json::Value::is_array) =>
                {
                    rows.len().to_string()
                }
                _ => v.get("kind").unwrap_or(v).to_string().replace('"', ""),
            };
            found.push(format!("{path} {} → {}", show(old), show(new)));
        }
    }
}

/// The entries of both, where they are lists: an empty list is told by its neighbor.
fn others<'a>(old: &'a serde_json::Value, new: &'a serde_json::Value) -> impl Iterator<Item = &'a serde_json::Value> {
    [old, new].into_iter().filter_map(serde_json::Value::as_array).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_named() {
        let old = Experiment::default();
        let mut new = old.clone();
        new.optimizer.learning_rate = 0.01;
        assert_eq!(difference(&old, &new), "optimizer.learning_rate 0.003 → 0.01");
        new.steps = 9;
        assert_eq!(
            difference(&old, &new),
            "optimizer.learning_rate 0.003 → 0.01 and 1 more"
        );
        let drawn = |count: usize| Experiment {
            coupling: crate::flow::coupling::Coupling::Hand(crate::flow::coupling::HandPairs {
                pairs: Arc::new(vec![[0.0, 1.0, 2.0, 3.0]; count]),
                ..Default::default()
            }),
            ..Experiment::default()
        };
        assert_eq!(difference(&drawn(0), &drawn(1)), "coupling.pairs 0 → 1");
        assert_eq!(difference(&drawn(7), &drawn(8)), "coupling.pairs 7 → 8");
    }

    #[test]
    fn what_an_edit_costs() {
        let old = Experiment::default();
        let cost = |edit: &dyn Fn(&mut Experiment)| {
            let mut new = old.clone();
            edit(&mut new);
            new.change_from(&old)
        };
        assert_eq!(cost(&|_| ()), Change::Nothing);
        assert_eq!(cost(&|e| e.name = "other".into()), Change::Nothing);
        assert_eq!(cost(&|e| e.optimizer.learning_rate = 1.0), Change::KeepTraining);
        assert_eq!(cost(&|e| e.steps = 10), Change::KeepTraining);
        assert_eq!(cost(&|e| e.target = Arc::clone(&e.source)), Change::PairAnew);
        assert_eq!(cost(&|e| e.seed = 2), Change::StartOver);
        assert_eq!(cost(&|e| e.network.hidden = vec![32]), Change::StartOver);
    }
}
