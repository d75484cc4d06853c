//! Carrying particles through a run's learned field, with a stage's sampler.

use std::sync::Arc;

use super::learned;
use super::session::Session;
use crate::backend::{Backend, Fault, Slot, Trajectories, Weights};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::distribution::Distribution;
use crate::flow::exact::ATOM_MARGIN;
use crate::flow::path::{Path, narrower};
use crate::flow::prediction::{Output, Prediction};
use crate::flow::random::Stream;
use crate::flow::sampler::{Dopri5Error, NoiseLevel, Plan, Recorded, Table, dopri5, langevin, noising};
use crate::lab::{Experiment, Lens, Process, RunId, Sampling};

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
/// (nearer to each other where the lens, the method or the grid needs it). Settings that do not fit are those shown instead.
pub fn plan(experiment: &Experiment, sampling: &Sampling) -> Plan {
    let sampling = sampling.shown_for(experiment);
    let in_lambda = sampling.sampler.needs_lambda() || sampling.grid.needs_lambda();
    let ends = narrower(experiment.path.ends(sampling.lens, in_lambda), span(experiment));
    Plan {
        sampler: sampling.sampler,
        rk2_a: sampling.rk2_a,
        grid: sampling.grid,
        steps: sampling.steps,
        path: experiment.path,
        from: ends.0,
        to: ends.1,
        noise: NoiseLevel {
            eta: sampling.noise_level,
            schedule: sampling.noise_schedule,
        },
        noise_seed: sampling.noise_seed,
    }
}

/// The table of what these settings show; None for dopri5. `ends`: those of the field itself, where it has narrower ones.
pub(super) fn table_of(experiment: &Experiment, sampling: &Sampling, ends: (f64, f64)) -> (Plan, Option<Table>) {
    let mut plan = plan(experiment, sampling);
    (plan.from, plan.to) = narrower(ends, (plan.from, plan.to));
    let (path, steps, seed) = (experiment.path, sampling.steps, sampling.noise_seed);
    let table = match sampling.shown_for(experiment).process {
        Process::Generate => plan.table(),
        Process::Noising => Some(noising(path, steps, plan.from, seed)),
        Process::Langevin => Some(langevin(
            path,
            sampling.langevin_t.clamp(plan.from, plan.to),
            sampling.langevin_time,
            steps,
            seed,
        )),
    };
    (plan, table)
}

/// Where the particles of a stage start: source points, on the scale of the path's start (VE: sigma(0) x0); real data where
/// it is noised.
pub fn start_points(experiment: &Experiment, sampling: &Sampling) -> Vec<[f32; 2]> {
    let count = sampling.count as usize;
    if sampling.shown_for(experiment).process == Process::Noising {
        return experiment.target.samples(sampling.seed, Stream::Particles, count);
    }
    let mut points = experiment.source.samples(sampling.seed, Stream::Particles, count);
    to_start(&mut points, experiment.path);
    points
}

/// Carries `start` (or the stage's own start points) along the exact field, in f64. States are in the order of time that the
/// process has.
///
/// # Errors
/// In words: an experiment without an exact field; a tolerance that dopri5 cannot meet.
pub fn exact_trajectories(
    experiment: &Experiment,
    sampling: &Sampling,
    start: Option<Vec<Point>>,
    record: bool,
) -> Result<Recorded<f64>, String> {
    let field = super::truth::of(experiment)?.field;
    let start = start.unwrap_or_else(|| points_f64(&start_points(experiment, sampling)));
    let (plan, table) = table_of(experiment, sampling, field.ends());
    if let Some(table) = table {
        return Ok(field.integrate(&table, &start, record));
    }
    let ends = (plan.from, plan.to);
    let run = field.integrate_adaptively(ends, sampling.tolerance, &start, record);
    run.map_err(|e| e.to_string())
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

    /// Carries `start` (or the stage's own start points) through the learned field, or through the exact one where that is asked
    /// for and there is one; times ascend, also where data is noised. With `record` false only the first and
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
        let shown = sampling.shown_for(experiment);
        let (plan, table) = table_of(experiment, sampling, (0.0, 1.0));
        if shown.exact
            && let Ok(run) = exact_trajectories(experiment, sampling, Some(points_f64(&start)), record)
        {
            let narrow = |p: &Point| p.map(|c| c as f32);
            return Ok(ascending(Trajectories {
                times: run.times,
                states: run.states.iter().map(narrow).collect(),
                evaluations: run.evaluations,
            }));
        }
        let backend = &mut self.backend;
        let done = if let Some(table) = table {
            backend
                .integrate(slot, Weights::Sampling, &table.through(&output), &start, record)
                .map(ascending)
        } else {
            let ends = (plan.from, plan.to);
            adaptive(backend.as_mut(), slot, &output, sampling, &start, ends, record)
        };
        match &done {
            Ok(run) => self.evaluations += u64::from(run.evaluations) * run.count() as u64,
            Err(fault) => self.recover(fault, None),
        }
        done
    }
}

/// What goes from data to noise, read from noise to data: the clock runs one way.
fn ascending(mut run: Trajectories) -> Trajectories {
    if let [first, .., last] = run.times[..]
        && first > last
    {
        let stride = run.times.len();
        run.times.reverse();
        run.states.chunks_exact_mut(stride).for_each(<[_]>::reverse);
    }
    run
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
