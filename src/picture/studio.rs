//! A [`Studio`] is where views get what they draw: a session whose runs are trained, asked for stages at any flow time and for
//! measures. It needs no window and no GPU; the window opens one on a thread of its own to export a figure.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::backend::{Fault, Trajectories};
use crate::engine::command::{BackendChoice, Command};
use crate::engine::marginals::MarginalReport;
use crate::engine::measures::Measures;
use crate::engine::session::Session;
use crate::engine::snapshot::StageSnapshot;
use crate::engine::study::{self, Study};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::lab::{Lab, LabRun, RunId, Sampling, Stage};
use crate::net::Checkpoint;

/// What a studio is busy with, for a bar of progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// A run's name.
    pub run: String,
    /// What is done to it.
    pub work: Work,
    /// How much is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// What can take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Pairs of a parent's flow.
    Pairs,
    /// Training steps.
    Training,
    /// Measures; 0 of 1 until they are there.
    Measures,
    /// Points of a study.
    Study,
    /// Frames of an animation.
    Frames,
}

/// Why a studio did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum StudioError {
    /// The backend's fault.
    Fault(Fault),
    /// Whoever watches the progress wants no more of it.
    Canceled,
    /// In words.
    Said(String),
}

impl std::fmt::Display for StudioError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Canceled => f.write_str("canceled"),
            Self::Said(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for StudioError {}

impl From<Fault> for StudioError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Is told of progress; false cancels.
pub type Watch<'a> = &'a mut dyn FnMut(&Progress) -> bool;

/// See the module.
pub struct Studio {
    session: Session,
    lab: Lab,
    measures: BTreeMap<RunId, Arc<Measures>>,
}

/// Faults that a training outlives, each continued from the last good parameters.
const MOST_RECOVERIES: u32 = 3;

impl Studio {
    /// A studio on this lab. `measures` are those that are known already.
    ///
    /// # Errors
    /// A backend that cannot be used.
    pub fn open(
        lab: &Lab,
        choice: BackendChoice,
        measures: BTreeMap<RunId, Arc<Measures>>,
    ) -> Result<Self, StudioError> {
        let mut session = Session::new(choice, None)?;
        session.apply(&Arc::new(lab.clone()));
        let mut lab = lab.clone();
        for run in &mut lab.runs {
            run.record = None;
        }
        Ok(Self { session, lab, measures })
    }

    /// Takes measures that were taken elsewhere, so that they need not be taken again.
    pub fn know(&mut self, measures: BTreeMap<RunId, Arc<Measures>>) {
        self.measures.extend(measures);
    }

    /// What is drawn.
    pub const fn lab(&self) -> &Lab {
        &self.lab
    }

    /// Where it evaluates.
    pub fn backend_name(&self) -> &str {
        self.session.backend_name()
    }

    /// The lab with everything that its runs have become.
    pub fn trained_lab(&mut self) -> Lab {
        self.session.apply(&Arc::new(self.lab.clone()));
        self.session.command(Command::Collect(1));
        let saved = self.session.snapshot().saved.clone();
        saved.map_or_else(|| self.lab.clone(), |(_, lab)| Lab::clone(&lab))
    }

    /// The run of this id; the first stage's where None.
    pub fn run(&self, id: Option<RunId>) -> Option<&LabRun> {
        let id = id.or(self.lab.stages.first().map(|s| s.run));
        id.and_then(|id| self.lab.run(id)).or(self.lab.runs.first())
    }

    /// Training steps that a run has taken.
    pub fn step(&mut self, id: RunId) -> u64 {
        self.session.checkpoint(id).map_or(0, |c| c.step)
    }

    /// The names of runs that nothing has been learned in yet.
    pub fn untrained(&mut self) -> Vec<RunId> {
        let runs: Vec<(RunId, u64)> = self.lab.runs.iter().map(|r| (r.id, r.experiment.steps)).collect();
        let untrained = runs.into_iter().filter(|&(id, steps)| steps > 0 && self.step(id) == 0);
        untrained.map(|(id, _)| id).collect()
    }

    /// Trains every run that has not begun, parents before children; true where anything was trained.
    ///
    /// # Errors
    /// A backend's fault, a loss that is no number, or that the watcher wants no more.
    pub fn train_untrained(&mut self, watch: Watch) -> Result<bool, StudioError> {
        let untrained = self.untrained();
        for &id in &untrained {
            self.make_pairs(id, watch)?;
            self.train(id, u64::MAX, watch)?;
        }
        Ok(!untrained.is_empty())
    }

    /// Makes the pairs that a run waits for, where it does.
    ///
    /// # Errors
    /// As [`Self::train_untrained`].
    pub fn make_pairs(&mut self, id: RunId, watch: Watch) -> Result<(), StudioError> {
        let name = self.name(id);
        while self.session.lacks_pairs(id) {
            if !self.session.advance_pairing()? {
                return Err(StudioError::Said(format!(
                    "\"{name}\" has no pairs: the flow of its parent run makes none; train that run first"
                )));
            }
            let snapshot = self.session.snapshot();
            let pairing = snapshot.runs.iter().find(|r| r.id == id).and_then(|r| r.pairing);
            let Some(pairing) = pairing else { continue };
            let progress = Progress {
                run: name.clone(),
                work: Work::Pairs,
                done: pairing.done,
                total: pairing.total,
            };
            if !watch(&progress) {
                return Err(StudioError::Canceled);
            }
        }
        Ok(())
    }

    /// Trains a run to its planned end, or to step `until` if that comes first.
    ///
    /// # Errors
    /// As [`Self::train_untrained`].
    pub fn train(&mut self, id: RunId, until: u64, watch: Watch) -> Result<(), StudioError> {
        let name = self.name(id);
        let planned = self.lab.run(id).map_or(0, |r| r.experiment.steps);
        let total = planned.min(until);
        let (mut step, mut slice, mut recoveries) = (self.step(id), 16, 0);
        while step < total {
            let began = std::time::Instant::now();
            match self.session.train(id, slice.min(total - step) as u32) {
                Ok(report) => step = report.step,
                Err(fault @ Fault::NonFinite { .. }) => return Err(fault.into()),
                Err(_) if recoveries < MOST_RECOVERIES => {
                    recoveries += 1;
                    step = self.step(id);
                }
                Err(fault) => return Err(fault.into()),
            }
            // about twenty slices a second: often enough to look alive and to be canceled
            let spent = began.elapsed().as_secs_f64().max(1e-6);
            slice = ((slice as f64 * 0.05 / spent) as u64).clamp(1, 4 * slice.min(4096));
            let progress = Progress {
                run: name.clone(),
                work: Work::Training,
                done: step,
                total: planned,
            };
            if !watch(&progress) {
                return Err(StudioError::Canceled);
            }
        }
        self.measures.remove(&id);
        Ok(())
    }

    /// Back to an untrained run.
    pub fn reset(&mut self, id: RunId) {
        self.session.command(Command::Reset(id));
        self.measures.remove(&id);
    }

    fn name(&self, id: RunId) -> String {
        self.lab.run(id).map_or_else(String::new, |r| r.experiment.name.clone())
    }

    /// Lays open the solver steps of this particle from now on.
    pub fn pick(&mut self, particle: u32) {
        self.lab.anatomy.particle = particle;
    }

    /// All that a stage shows at flow time t.
    pub fn stage(&mut self, stage: &Stage, t: f64) -> StageSnapshot {
        let lab = Lab {
            stages: vec![stage.clone()],
            ..self.lab.clone()
        };
        self.session.apply(&Arc::new(lab));
        self.session.command(Command::FlowTime(t));
        // each round does what the one before made due; three are enough, and a fault must not loop
        for _ in 0..8 {
            if !self.session.refresh_stages() {
                break;
            }
        }
        self.session.snapshot().stages.first().cloned().unwrap_or_default()
    }

    /// Where a sampling carries its particles along a run's learned field, every solver state.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn trajectories(&mut self, id: RunId, sampling: &Sampling) -> Result<Trajectories, StudioError> {
        Ok(self.session.sample(id, sampling, None, true)?)
    }

    /// The first `count` pairs that a run trains on.
    ///
    /// # Errors
    /// As [`Self::make_pairs`].
    pub fn pairs(&mut self, id: RunId, count: usize, watch: Watch) -> Result<Arc<Vec<Pair>>, StudioError> {
        self.make_pairs(id, watch)?;
        Ok(self.session.pairs(id, count))
    }

    /// The learned velocity of a run at each point, data units per unit t.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn velocity(&mut self, id: RunId, points: &[[f32; 2]], t: f64) -> Result<Vec<Point>, StudioError> {
        Ok(self.session.velocity(id, points, t)?)
    }

    /// All that a run's training has changed; None where there is no such run.
    pub fn checkpoint(&mut self, id: RunId) -> Option<Checkpoint> {
        self.session.checkpoint(id)
    }

    /// How far the laws of the lab's stages are apart; without times where there are fewer than two, or one has no flow yet.
    pub fn marginals(&mut self) -> MarginalReport {
        self.session.apply(&Arc::new(self.lab.clone()));
        for _ in 0..8 {
            if !self.session.refresh_stages() {
                break;
            }
        }
        self.session.marginals()
    }

    /// A study of a run, here and now.
    ///
    /// # Errors
    /// The backend's fault, or that the watcher wants no more.
    pub fn study(&mut self, ask: &study::Ask, watch: Watch) -> Result<Study, StudioError> {
        let run = self.name(ask.run);
        let Some(order) = self.session.order(ask)? else {
            return Ok(Study::default());
        };
        let (stop, watch) = (AtomicBool::new(false), RefCell::new(watch));
        let found = study::study(&order, &stop, &|found| {
            let progress = Progress {
                run: run.clone(),
                work: Work::Study,
                done: found.progress.0,
                total: found.progress.1,
            };
            if !(watch.borrow_mut())(&progress) {
                stop.store(true, Ordering::Relaxed);
            }
        });
        if stop.load(Ordering::Relaxed) {
            return Err(StudioError::Canceled);
        }
        Ok(found)
    }

    /// The measures of a run at full effort, taken once. Of a child whose parent is not here to make its pairs, nothing is
    /// known: its loss, its budget and its costs are those of these pairs.
    ///
    /// # Errors
    /// The backend's fault, or that the watcher wants no more.
    pub fn measures(&mut self, id: RunId, sampling: &Sampling, watch: Watch) -> Result<Arc<Measures>, StudioError> {
        if let Some(known) = self.measures.get(&id) {
            return Ok(Arc::clone(known));
        }
        match self.make_pairs(id, watch) {
            Ok(()) => {}
            Err(StudioError::Said(_)) => return Ok(Arc::default()),
            Err(error) => return Err(error),
        }
        let mut progress = Progress {
            run: self.name(id),
            work: Work::Measures,
            done: 0,
            total: 1,
        };
        if !watch(&progress) {
            return Err(StudioError::Canceled);
        }
        let measured = Arc::new(self.session.measures(id, sampling)?);
        self.measures.insert(id, Arc::clone(&measured));
        progress.done = 1;
        if watch(&progress) {
            Ok(measured)
        } else {
            Err(StudioError::Canceled)
        }
    }

    /// The measures of a run, where they were taken.
    pub fn known_measures(&self, id: RunId) -> Option<Arc<Measures>> {
        self.measures.get(&id).cloned()
    }

    /// How often a run's settings were changed while it trained.
    pub fn edits(&mut self, id: RunId) -> usize {
        let snapshot = self.session.snapshot();
        snapshot.runs.iter().find(|r| r.id == id).map_or(0, |r| r.edits.len())
    }

    /// What is known of a run's training: its loss curve.
    pub fn losses(&mut self, id: RunId) -> Arc<Vec<[f64; 2]>> {
        let snapshot = self.session.snapshot();
        let run = snapshot.runs.iter().find(|r| r.id == id);
        run.map(|r| Arc::clone(&r.losses)).unwrap_or_default()
    }
}
