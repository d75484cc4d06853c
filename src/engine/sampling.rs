//! Carrying particles through a run's learned field, with a stage's sampler.

use std::sync::Arc;

use super::learned;
use super::session::Session;
use crate::backend::{Backend, Fault, Slot, Trajectories, Weights};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::distribution::Distribution;
use crate::flow::exact::ATOM_MARGIN;
use crate::flow::lens::Lens;
use crate::flow::path::{Path, narrower};
use crate::flow::prediction::{Output, Prediction};
use crate::flow::random::Stream;
use crate::flow::sampler::{Dopri5Error, Plan, dopri5};
use crate::lab::{Experiment, RunId, Sampling};

/// Points in f64.
pub(super) fn points_f64(points: &[[f32; 2]]) -> Vec<Point> {
    points.iter().map(|p| p.map(f64::from)).collect()
}

/// Between which t a flow is integrated: the path's named ends; a target of atoms ends at 1 - 1e-3 on every path, since
/// the exact velocity is infinite at t = 1 there (MATHS.md).
pub fn span(experiment: &Experiment) -> (f64, f64) {
    let ends = experiment.path.ends(Lens::FlowMatching, false);
    if matches!(*experiment.target, Distribution::Points { .. }) {
        narrower(ends, (0.0, 1.0 - ATOM_MARGIN))
    } else {
        ends
    }
}

/// What is integrated under these settings: the method and its grid on the experiment's path, between the path's named ends
/// (nearer to each other where the method or the grid works in lambda).
pub fn plan(experiment: &Experiment, sampling: &Sampling) -> Plan {
    let in_lambda = sampling.sampler.needs_lambda() || sampling.grid.needs_lambda();
    let ends = narrower(experiment.path.ends(Lens::FlowMatching, in_lambda), span(experiment));
    Plan {
        sampler: sampling.sampler,
        rk2_a: sampling.rk2_a,
        grid: sampling.grid,
        steps: sampling.steps,
        path: experiment.path,
        from: ends.0,
        to: ends.1,
    }
}

/// Where the particles of a stage start: source points, on the scale of the path's start (VE: sigma(0) x0).
pub fn start_points(experiment: &Experiment, sampling: &Sampling) -> Vec<[f32; 2]> {
    let mut points = experiment
        .source
        .samples(sampling.seed, Stream::Particles, sampling.count as usize);
    to_start(&mut points, experiment.path);
    points
}

/// Source points moved to where particles start.
pub(super) fn to_start(points: &mut [[f32; 2]], path: Path) {
    let scale = path.start_scale();
    if scale != 1.0 {
        for c in points.iter_mut().flatten() {
            *c = (f64::from(*c) * scale) as f32;
        }
    }
}

impl Session {
    /// The first `count` pairs that a run trains on (a finite set of fewer comes whole); empty where a parent's flow has yet
    /// to make them.
    pub fn pairs(&self, id: RunId, count: usize) -> Arc<Vec<Pair>> {
        match self.index(id).map(|at| &self.runs[at]) {
            Some(run) if !run.lacks_pairs() => run.job.pairs.first(count),
            _ => Arc::default(),
        }
    }

    /// Carries `start` (or the stage's own start points) through the learned field. With `record` false only the first and
    /// the last state are kept.
    ///
    /// # Errors
    /// The backend's fault (the session has then recovered from it and may be asked again); dopri5 that needs too many
    /// evaluations.
    pub fn sample(
        &mut self,
        id: RunId,
        sampling: &Sampling,
        start: Option<Vec<[f32; 2]>>,
        record: bool,
    ) -> Result<Trajectories, Fault> {
        let Some(at) = self.index(id) else {
            return Ok(Trajectories::default());
        };
        let (slot, experiment) = (self.runs[at].slot, &self.runs[at].experiment);
        let output = self.runs[at].job.output;
        let start = start.unwrap_or_else(|| start_points(experiment, sampling));
        let plan = plan(experiment, sampling);
        let backend = &mut self.backend;
        let done = if let Some(table) = plan.table() {
            backend.integrate(slot, Weights::Sampling, &table.through(&output), &start, record)
        } else {
            let ends = (plan.from, plan.to);
            adaptive(backend.as_mut(), slot, &output, sampling, &start, ends, record)
        };
        if let Err(fault) = &done {
            self.recover(fault, None);
        }
        done
    }
}

/// dopri5: its own steps, through `evaluate`.
pub(super) fn adaptive(
    backend: &mut dyn Backend,
    slot: Slot,
    output: &Output,
    sampling: &Sampling,
    start: &[[f32; 2]],
    span: (f64, f64),
    record: bool,
) -> Result<Trajectories, Fault> {
    let field = |points: &[[f32; 2]], t: f64, out: &mut [[f32; 2]]| {
        let learned = learned::predictions(backend, slot, output, Prediction::Velocity, points, &[t as f32])?;
        for (out, v) in out.iter_mut().zip(learned) {
            *out = v.map(|c| c as f32);
        }
        Ok(())
    };
    match dopri5(start, span, sampling.tolerance, record, field) {
        Ok(r) => Ok(Trajectories {
            times: r.times,
            states: r.states,
            evaluations: r.evaluations,
        }),
        Err(Dopri5Error::Field(fault)) => Err(fault),
        Err(error) => Err(Fault::Solver(error.to_string())),
    }
}
