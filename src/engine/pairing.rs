//! Pairs that a parent's flow makes: (x0, Flow(x0)) for reflow and distillation (Liu, Gong, Liu 2023), slice by slice, so
//! that a window stays alive and the work can be canceled by removing the run.

use std::sync::Arc;

use super::run::ActiveRun;
use super::sampling::plan;
use super::session::Session;
use super::snapshot::{PairProgress, RunState};
use crate::backend::{Fault, Slot, Trajectories, Weights};
use crate::flow::coupling::{Coupling, ModelPairs, Pair};
use crate::flow::prediction::Output;
use crate::flow::random::Stream;
use crate::flow::sampler::Plan;
use crate::lab::{Lens, RunId, Sampling};

/// Particles carried at a time, so that one slice takes some milliseconds.
const SLICE: usize = 1024;

/// Pairs being made for a child run.
#[derive(Clone, Debug)]
pub struct Pairing {
    /// The parent's parameters as they were when the pairing began, in a slot of their own.
    slot: Slot,
    settings: ModelPairs,
    inverse: bool,
    pairs: Vec<Pair>,
    /// Field evaluations spent.
    evaluations: u64,
    /// How it is carried, forward.
    plan: Plan,
    /// What the parent's network puts out.
    output: Output,
    /// What a source point is multiplied by to be where the parent's flow starts.
    scale: f64,
}

impl Pairing {
    /// How far it is.
    pub fn progress(&self) -> PairProgress {
        PairProgress {
            done: self.pairs.len() as u64,
            total: u64::from(self.settings.pairs),
            assigned: false,
        }
    }
}

/// The settings of a coupling that a parent's flow makes, and whether it runs backward.
pub fn model_pairs(coupling: &Coupling) -> Option<(ModelPairs, bool)> {
    coupling
        .model()
        .map(|settings| (*settings, matches!(coupling, Coupling::InverseModel(_))))
}

impl Session {
    /// Begins the pairing of a run whose coupling needs its parent's flow; the parent may train on meanwhile.
    pub(super) fn begin_pairing(&mut self, run: &mut ActiveRun) {
        let Some((settings, inverse)) = model_pairs(&run.experiment.coupling) else {
            return;
        };
        let Some(parent) = run.origin.parent() else {
            run.faulted = true;
            self.notice(
                true,
                format!(
                    "{:?} has the coupling \"{}\" but no parent run to take its pairs from; choose another coupling, or press Reflow on a trained run.",
                    run.experiment.name,
                    run.experiment.coupling.name()
                ),
            );
            return;
        };
        let Some(at) = self.index(parent) else {
            run.faulted = true;
            self.notice(
                true,
                format!(
                    "{:?}: the run that it was to take its pairs from is gone.",
                    run.experiment.name
                ),
            );
            return;
        };
        self.with_run(at, Self::keep_checkpoint);
        let parent = &self.runs[at];
        let (job, checkpoint) = (Arc::clone(&parent.job), parent.checkpoint.clone());
        let sampling = Sampling {
            lens: Lens::FlowMatching,
            sampler: settings.sampler,
            steps: settings.steps,
            ..Sampling::default()
        };
        let plan = plan(&parent.experiment, &sampling);
        let scale = parent.experiment.path.start_scale();
        let alike = checkpoint.params.len() == run.checkpoint.params.len() && job.output == run.job.output;
        if run.origin.starts_from_parent() && run.step == 0 && alike {
            run.checkpoint.params.clone_from(&checkpoint.ema);
            run.checkpoint.ema.clone_from(&checkpoint.ema);
            // what it starts from is seen while its pairs are made
            self.load(run);
            run.version += 1;
        }
        let slot = self.take_slot();
        let output = job.output;
        match self.backend.load(slot, job, &checkpoint) {
            Ok(()) => {
                run.pairing = Some(Pairing {
                    slot,
                    settings,
                    inverse,
                    pairs: Vec::new(),
                    evaluations: 0,
                    plan,
                    output,
                    scale,
                });
            }
            Err(fault) => self.recover(&fault, Some(run)),
        }
    }

    /// Makes a few milliseconds' worth of pairs where a run waits for them; false where none does.
    ///
    /// # Errors
    /// The backend's fault; the pairing then begins again.
    pub fn advance_pairing(&mut self) -> Result<bool, Fault> {
        if !self.runs.iter().any(|r| r.pairing.is_some()) {
            // a parent that trains, or waits for pairs itself, or has not begun, is waited for
            let ready = self.runs.iter().position(|run| {
                let parent = run
                    .origin
                    .parent()
                    .and_then(|id| self.index(id))
                    .map(|at| &self.runs[at]);
                let busy = parent.is_some_and(|p| {
                    let begun = p.step > 0 || p.state() != RunState::Paused;
                    p.lacks_pairs() || p.state() == RunState::Training || !begun
                });
                run.awaits_parent() && !run.faulted && !busy
            });
            let Some(ready) = ready else { return Ok(false) };
            self.with_run(ready, Self::begin_pairing);
        }
        let Some(at) = self.runs.iter().position(|r| r.pairing.is_some()) else {
            return Ok(false);
        };
        let outcome = self.with_run(at, Self::pair_slice);
        if let Err(fault) = &outcome {
            self.runs[at].pairing = None;
            self.recover(fault, None);
            if matches!(fault, Fault::Solver(_) | Fault::NonFinite { .. }) {
                self.runs[at].faulted = true;
                self.notice(true, format!("The pairs could not be made: {fault}"));
            } else {
                self.with_run(at, Self::begin_pairing);
            }
        }
        outcome.map(|()| true)
    }

    fn pair_slice(&mut self, run: &mut ActiveRun) -> Result<(), Fault> {
        let Some(mut pairing) = run.pairing.take() else {
            return Ok(());
        };
        let total = pairing.settings.pairs as usize;
        let first = pairing.pairs.len();
        // the real pairs come last, made backward from points of the target
        let forward = if pairing.inverse {
            0
        } else {
            total - (pairing.settings.real_fraction * total as f64) as usize
        };
        let backward = first >= forward;
        let count = SLICE.min(if backward { total } else { forward } - first);
        let experiment = &run.experiment;
        let (law, stream) = if backward {
            (&experiment.target, Stream::Target)
        } else {
            (&experiment.source, Stream::Source)
        };
        let law = law.law();
        let known: Vec<[f32; 2]> = (first..first + count)
            .map(|i| {
                let mut rng = crate::flow::random::CounterRng::new(experiment.seed, stream, i as u64);
                law.draw(&mut rng).map(|c| c as f32)
            })
            .collect();
        let scaled = |points: &[[f32; 2]], by: f64| -> Vec<[f32; 2]> {
            points.iter().map(|p| p.map(|c| (f64::from(c) * by) as f32)).collect()
        };
        let start = scaled(&known, if backward { 1.0 } else { pairing.scale });
        let made = self.carry(&pairing, backward, &start)?;
        let spent = u64::from(made.evaluations) * count as u64;
        pairing.evaluations += spent;
        self.evaluations += spent;
        let ends = scaled(&made.ends(), if backward { 1.0 / pairing.scale } else { 1.0 });
        if ends.iter().any(|p| !(p[0].is_finite() && p[1].is_finite())) {
            return Err(Fault::Solver(
                "the parent's flow leads to points that are not finite; train it first".into(),
            ));
        }
        pairing.pairs.extend(known.iter().zip(&ends).map(|(a, b)| {
            let (x0, x1) = if backward { (b, a) } else { (a, b) };
            [x0[0], x0[1], x1[0], x1[1]]
        }));
        if pairing.pairs.len() < total {
            run.pairing = Some(pairing);
            return Ok(());
        }
        self.backend.forget(pairing.slot);
        run.ledger.pairs += pairing.evaluations;
        run.pairs = Some(Arc::new(pairing.pairs));
        run.rebuild_job();
        self.load(run);
        Ok(())
    }

    fn carry(&mut self, pairing: &Pairing, backward: bool, start: &[[f32; 2]]) -> Result<Trajectories, Fault> {
        let mut plan = pairing.plan;
        if backward {
            (plan.from, plan.to) = (plan.to, plan.from);
        }
        let (backend, slot, output) = (self.backend.as_mut(), pairing.slot, &pairing.output);
        if let Some(table) = plan.table() {
            return backend.integrate(slot, Weights::Sampling, &table.through(output), start, false);
        }
        let (ends, sampling) = ((plan.from, plan.to), Sampling::default());
        super::sampling::adaptive(backend, slot, output, &sampling, start, ends, false)
    }

    /// Makes all pairs that runs wait for, here and now (the command line).
    ///
    /// # Errors
    /// The backend's fault.
    pub fn finish_pairing(&mut self, mut progress: impl FnMut(PairProgress)) -> Result<(), Fault> {
        while self.advance_pairing()? {
            if let Some(pairing) = self.runs.iter().find_map(|r| r.pairing.as_ref()) {
                progress(pairing.progress());
            }
        }
        Ok(())
    }

    /// Whether a run still waits for pairs that its parent's flow is to make.
    pub fn lacks_pairs(&self, id: RunId) -> bool {
        self.index(id).is_some_and(|at| self.runs[at].lacks_pairs())
    }

    /// The pairs that a run's parent made for it, where it has such.
    pub fn made_pairs(&self, id: RunId) -> Option<Arc<Vec<Pair>>> {
        self.index(id).and_then(|at| self.runs[at].pairs.clone())
    }
}
