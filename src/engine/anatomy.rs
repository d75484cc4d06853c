//! The anatomy of a stage's solver steps: one of its particles carried once more, in f64, with all kept that its sampler does
//! (`flow/sampler/anatomy`), on the field that the stage's particles follow, beside the solution of the same equation.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pacing::Throttle;
use super::run::ActiveRun;
use super::sampling::{start_points, table_of};
use super::session::Session;
use super::snapshot::RunState;
use super::stage::ActiveStage;
use super::study::Along;
use super::truth;
use crate::flow::Point;
use crate::flow::sampler::anatomy::{Anatomy, dissect, dissect_dopri5, has_solution, solve};
use crate::lab::{Experiment, Process, Sampling};

/// Sums that the solutions of all single steps may cost: a few tenths of a second on one core.
const BUDGET: usize = 40_000_000;
/// Evaluations that the solution of one step takes, about.
const OF_ONE_STEP: usize = 120;

/// A particle's way as a stage shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dissected {
    /// Which particle.
    pub particle: u32,
    /// Of how many.
    pub of: u32,
    /// Along the exact field, not the learned one.
    pub exact: bool,
    /// How it was carried: settings that do not fit are those shown instead.
    pub sampling: Sampling,
    /// All that happened.
    pub found: Anatomy,
    /// Whether there is a solution to compare with at all (where not, the sampler or the process has none).
    pub has_solution: bool,
}

/// What it was made from: the run's version, the sampling, the particle and where it starts, and dopri5's number of steps.
type Of = (u64, Sampling, u32, [f32; 2], usize);

/// What a stage keeps of it.
#[derive(Clone, Debug)]
pub(super) struct AnatomyState {
    of: Option<Of>,
    throttle: Throttle,
}

impl Default for AnatomyState {
    fn default() -> Self {
        Self {
            of: None,
            throttle: Throttle::new(4, Duration::from_millis(150)),
        }
    }
}

/// Carries particle number `particle` from `start`; `times`: those of the trajectories, which dopri5's steps are taken from.
/// `cost`: sums that one evaluation of the field costs.
pub(super) fn dissected(
    experiment: &Experiment,
    sampling: &Sampling,
    (along, ends, cost): (&Along, (f64, f64), usize),
    (particle, start): (u32, Point),
    times: &[f64],
) -> Dissected {
    let shown = sampling.shown_for(experiment);
    let (plan, table) = table_of(experiment, sampling, ends);
    let field = |x: Point, t: f64| {
        let mut out = [[0.0; 2]];
        along.field(&[x], t, &mut out);
        out[0]
    };
    let (path, noise, index) = (experiment.path, plan.noise, particle as usize);
    let mut found = match table {
        Some(table) => dissect(&table, (path, noise), index, start, field),
        None => dissect_dopri5(times, start, field),
    };
    let solvable = shown.process == Process::Generate && has_solution(&plan);
    if solvable {
        let each = found.steps.len() * OF_ONE_STEP * cost.max(1) <= BUDGET;
        solve(&mut found, &plan, index, each, field);
    }
    Dissected {
        particle,
        of: shown.count,
        exact: matches!(along, Along::Exact(_)),
        sampling: shown,
        found,
        has_solution: solvable,
    }
}

impl Session {
    /// The anatomy, where its layer is on.
    pub(super) fn refresh_anatomy(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        if !stage.stage.layers.anatomy {
            (stage.anatomy.of, stage.snapshot.anatomy) = (None, None);
            return false;
        }
        let run = &self.runs[at];
        let shown = stage.stage.sampling.shown_for(&run.experiment);
        let particle = self.lab.anatomy.particle.min(shown.count.saturating_sub(1));
        let Some(start) = start_of(stage, run, &shown, particle) else {
            return false;
        };
        let times = Arc::clone(&stage.snapshot.trajectories);
        let key = (run.version, shown, particle, start, times.times.len());
        let same = |old: &Of| (old.1, old.2, old.3, old.4) == (key.1, key.2, key.3, key.4);
        let (version, moved) = match &stage.anatomy.of {
            None => (None, true),
            Some(old) => (Some(old.0), !same(old)),
        };
        let now = Instant::now();
        // another particle or sampler at once; a trained network when it is its turn
        let waits = run.state() == RunState::Training && !stage.anatomy.throttle.is_due(now);
        if !moved && (version == Some(key.0) || waits) {
            return false;
        }
        stage.anatomy.of = Some(key);
        let (id, experiment, output) = (run.id, run.experiment.clone(), run.job.output);
        let truth = if shown.exact { truth::of(&experiment).ok() } else { None };
        let (along, ends, cost) = if let Some(truth) = truth {
            let (ends, cost) = (truth.field.ends(), truth.components());
            (Along::Exact(truth.field), ends, cost)
        } else {
            let Ok(Some(net)) = self.wide(id) else {
                return false;
            };
            let weights = self.runs[at].job.shape.params_len();
            (Along::Learned(net, output), (0.0, 1.0), weights / 8)
        };
        let start = start.map(f64::from);
        let made = dissected(
            &experiment,
            &stage.stage.sampling,
            (&along, ends, cost),
            (particle, start),
            &times.times,
        );
        stage.snapshot.anatomy = Some(Arc::new(made));
        stage.anatomy.throttle.done(Instant::now(), now.elapsed());
        true
    }
}

/// Where a particle of a stage starts.
fn start_of(stage: &ActiveStage, run: &ActiveRun, shown: &Sampling, particle: u32) -> Option<[f32; 2]> {
    if shown.process == Process::Noising {
        let part = Sampling {
            count: particle + 1,
            ..*shown
        };
        return start_points(&run.experiment, &part).pop();
    }
    stage.snapshot.source.get(particle as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::BackendChoice;
    use crate::engine::exact_trajectories;
    use crate::engine::sampling::points_f64;
    use crate::flow::close::assert_close_points;
    use crate::flow::path::Path;
    use crate::flow::sampler::SAMPLERS;
    use crate::lab::{Lab, Lens, RunFile, suits};

    fn lab(path: &str) -> Lab {
        let mut file = RunFile::default();
        file.experiment.path = Path::default_of(path).expect(path);
        file.experiment.network.hidden = vec![16];
        file.sampling.count = 24;
        file.sampling.steps = 5;
        let mut lab = Lab::of(file);
        lab.stages[0].layers.anatomy = true;
        lab.anatomy.particle = 7;
        lab
    }

    fn shown(session: &mut Session, lab: &Lab) -> crate::engine::snapshot::StageSnapshot {
        session.apply(&Arc::new(lab.clone()));
        while session.refresh_stages() {}
        session.snapshot().stages[0].clone()
    }

    #[test]
    fn the_stages_particle_is_dissected_on_the_field_it_follows() {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
        for path in ["linear", "vp"] {
            let mut lab = lab(path);
            for lens in [Lens::FlowMatching, Lens::PfOde, Lens::Sde] {
                for row in SAMPLERS.iter().filter(|row| suits(lens, row.sampler)) {
                    for exact in [false, true] {
                        let s = &mut lab.stages[0].sampling;
                        (s.lens, s.sampler, s.exact) = (lens, row.sampler, exact);
                        let shot = shown(&mut session, &lab);
                        let made = shot.anatomy.expect("the layer is on");
                        assert_eq!((made.particle, made.exact), (7, exact), "{}", row.name);
                        let drawn: Vec<Point> = points_f64(shot.trajectories.particle(7));
                        let size = drawn.iter().flatten().fold(1.0_f64, |m, c| m.max(c.abs()));
                        // exact ones were rounded once; a network's were carried in single precision, whose rounding the
                        // noise form magnifies by alpha' / alpha, thousands at the start of a path
                        let near = if exact { 1e-6 } else { 2e-2 };
                        assert_close_points(&made.found.states(), &drawn, near * size, row.name);
                        if exact {
                            let (run, sampling) = (&lab.runs[0], &lab.stages[0].sampling);
                            let run = exact_trajectories(&run.experiment, sampling, None, true).unwrap();
                            let n = run.times.len();
                            let right = &run.states[7 * n..8 * n];
                            assert_close_points(&made.found.states(), right, 1e-9, row.name);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn another_particle_another_process_and_off() {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
        let mut lab = lab("vp");
        let before = shown(&mut session, &lab).anatomy.expect("on");
        lab.anatomy.particle = 1_000_000;
        let last = shown(&mut session, &lab).anatomy.expect("on");
        assert_eq!(last.particle, 23, "there are 24");
        assert_ne!(before.found, last.found);
        // the forward process goes from data to noise and asks no field
        let s = &mut lab.stages[0].sampling;
        (s.lens, s.process) = (Lens::Sde, Process::Noising);
        let shot = shown(&mut session, &lab);
        let noised = shot.anatomy.expect("on");
        assert!(noised.found.evaluations.is_empty() && !noised.has_solution);
        assert!(noised.found.steps[0].from > noised.found.steps[0].to);
        let mut drawn: Vec<Point> = points_f64(shot.trajectories.particle(23));
        drawn.reverse();
        assert_close_points(&noised.found.states(), &drawn, 1e-5, "noising");
        lab.stages[0].sampling.process = Process::Langevin;
        let shot = shown(&mut session, &lab);
        let drawn: Vec<Point> = points_f64(shot.trajectories.particle(23));
        assert_close_points(&shot.anatomy.expect("on").found.states(), &drawn, 1e-3, "langevin");
        lab.stages[0].layers.anatomy = false;
        assert!(shown(&mut session, &lab).anatomy.is_none());
    }
}
