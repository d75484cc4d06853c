//! Studies: what a plot of a sampler's quality or of inversion needs. Each takes seconds, so it runs on a thread of its own, tells
//! of itself as it fills in, and can be stopped; the command line and the views run it in place.
//!
//! A study carries points in f64 along the exact field or along the learned one (`cpu/wide.rs`), whatever the backend: errors
//! down to 1e-10 are its subject.

mod inversion;
mod quality;
mod speed;
mod thread;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use inversion::{Inversion, InversionPoint, invert};
pub use quality::{Quality, QualityCurve, QualityPoint, slope};
pub use speed::Speeds;
pub(super) use thread::StudyThread;

use super::session::Session;
use super::{plan, span, truth};
use crate::backend::Fault;
use crate::cpu::wide::Wide;
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::exact::ExactField;
use crate::flow::path::narrower;
use crate::flow::prediction::{Output, Prediction};
use crate::flow::sampler::{Dopri5Error, Plan, Sampler, dopri5, interpret};
use crate::lab::{Experiment, Lens, Process, RunId, Sampling};

/// Which study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// End-point error and W2 against network evaluations.
    #[default]
    Quality,
    /// Data to noise to data.
    Inversion,
    /// Mean speed over flow time.
    Speed,
}

/// What a study is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// Which study.
    pub kind: Kind,
    /// Of which run.
    pub run: RunId,
    /// On the exact field rather than the learned one.
    pub exact: bool,
    /// Which samplers, in the order of their curves.
    pub samplers: Vec<Sampler>,
    /// Grid, seed and the parameter of the order-2 family.
    pub sampling: Sampling,
    /// Network evaluations a sampler may spend, fewest first; each takes as many steps as fit.
    pub evaluations: Vec<u32>,
}

/// Evaluations of a usual study.
pub const EVALUATIONS: [u32; 7] = [4, 8, 16, 32, 64, 128, 256];

/// How far a study is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// At work.
    #[default]
    Running,
    /// All there.
    Done,
    /// Stopped before its end.
    Stopped,
    /// Impossible, and why.
    Refused(String),
}

/// What a study has found so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Study {
    /// What was asked.
    pub ask: Ask,
    /// Its run's name and training step.
    pub of: (String, u64),
    /// Between which t everything was carried.
    pub ends: (f64, f64),
    /// How far it is.
    pub state: State,
    /// Work done, of how much.
    pub progress: (u64, u64),
    /// Filled where that was asked.
    pub quality: Quality,
    /// Filled where that was asked.
    pub inversion: Inversion,
    /// Filled where that was asked.
    pub speeds: Speeds,
}

/// A field that points are carried along.
#[derive(Clone, Debug)]
pub enum Along {
    /// The exact one.
    Exact(Arc<ExactField>),
    /// A network in f64, and what its output means.
    Learned(Arc<Wide>, Output),
}

impl Along {
    /// The velocity at each point, on the current rayon threads.
    pub fn field(&self, points: &[Point], t: f64, out: &mut [Point]) {
        match self {
            Self::Exact(field) => field.velocities_into(points, t, out),
            Self::Learned(net, output) => {
                let k = output.to(Prediction::Velocity, t);
                let scaled: Vec<Point> = points.iter().map(|x| x.map(|c| k.input * c)).collect();
                net.field(&scaled, k.time, out);
                for (v, x) in out.iter_mut().zip(points) {
                    *v = [0, 1].map(|c| k.x * x[c] + k.net * v[c]);
                }
            }
        }
    }
}

/// All that a study needs, away from the session.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is asked.
    pub ask: Ask,
    /// The run's settings.
    pub experiment: Experiment,
    /// Training step of the weights.
    pub step: u64,
    /// The field, or why there is none.
    pub along: Result<Along, String>,
    /// Between which t.
    pub ends: (f64, f64),
    /// Pairs of the run, where the study needs them.
    pub pairs: Arc<Vec<Pair>>,
}

impl Order {
    /// Carries points forward, or backward, with so many solver steps (dopri5: at the tolerance that stands for them); gives the
    /// ends and the evaluations spent. None where a solver finds no way.
    fn carry(&self, sampler: Sampler, steps: u32, start: &[Point], backward: bool) -> Option<(Vec<Point>, u32)> {
        let along = self.along.as_ref().ok()?;
        let (from, to) = if backward {
            (self.ends.1, self.ends.0)
        } else {
            self.ends
        };
        let sampling = Sampling {
            steps,
            ..along_ode(&self.ask.sampling, sampler)
        };
        let plan = Plan {
            from,
            to,
            ..plan(&self.experiment, &sampling)
        };
        let Some(table) = plan.table() else {
            // an adaptive method: the tolerance takes the place of the steps
            return self.carry_adaptively(10.0_f64.powi(-(steps as i32)), start, backward);
        };
        let done = interpret(&table, start, false, |points, t, out| {
            along.field(points, t, out);
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(done) = done;
        let ends: Vec<Point> = done
            .states
            .chunks_exact(done.times.len())
            .map(|c| c[c.len() - 1])
            .collect();
        Some((ends, table.evaluations))
    }

    /// The same by Dormand-Prince with this tolerance.
    fn carry_adaptively(&self, tolerance: f64, start: &[Point], backward: bool) -> Option<(Vec<Point>, u32)> {
        let along = self.along.as_ref().ok()?;
        let span = if backward {
            (self.ends.1, self.ends.0)
        } else {
            self.ends
        };
        let done: Result<_, Dopri5Error<std::convert::Infallible>> =
            dopri5(start, span, tolerance, false, |points, t, out| {
                along.field(points, t, out);
                Ok(())
            });
        let done = done.ok()?;
        let ends = done
            .states
            .chunks_exact(done.times.len())
            .map(|c| c[c.len() - 1])
            .collect();
        Some((ends, done.evaluations))
    }
}

/// Settings that stand for so many evaluations: solver steps, or for dopri5 the digits of its tolerance. None where a single
/// step costs more.
fn effort(sampler: Sampler, evaluations: u32, index: usize) -> Option<u32> {
    if sampler == Sampler::Dopri5 {
        return Some(1 + index as u32);
    }
    sampler.steps_for(evaluations).ok()
}

/// The same settings with another method of the flow's own equation, whatever lens the stage has: an error against its solution
/// makes sense there alone.
fn along_ode(sampling: &Sampling, sampler: Sampler) -> Sampling {
    Sampling {
        sampler,
        lens: Lens::FlowMatching,
        process: Process::Generate,
        ..*sampling
    }
}

/// Does an order here and now; `tell` hears of every point that is added.
pub fn study(order: &Order, stop: &AtomicBool, tell: &dyn Fn(&Study)) -> Study {
    let mut found = Study {
        ask: order.ask.clone(),
        of: (order.experiment.name.clone(), order.step),
        ends: order.ends,
        ..Study::default()
    };
    if let Err(why) = &order.along {
        found.state = State::Refused(why.clone());
        return found;
    }
    match order.ask.kind {
        Kind::Quality => quality::fill(order, stop, tell, &mut found),
        Kind::Inversion => inversion::fill(order, stop, tell, &mut found),
        Kind::Speed => speed::fill(order, stop, tell, &mut found),
    }
    if found.state == State::Running {
        found.state = if stop.load(Ordering::Relaxed) {
            State::Stopped
        } else {
            State::Done
        };
    }
    found
}

impl Session {
    /// All that a study needs of its run; None where there is no such run.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn order(&mut self, ask: &Ask) -> Result<Option<Order>, Fault> {
        let Some(at) = self.index(ask.run) else { return Ok(None) };
        let experiment = self.runs[at].experiment.clone();
        let (along, ends) = if ask.exact {
            match truth::of(&experiment) {
                Ok(truth) => {
                    let ends = narrower(truth.field.ends(), span(&experiment));
                    (Ok(Along::Exact(truth.field)), ends)
                }
                Err(why) => (Err(why), (0.0, 1.0)),
            }
        } else {
            let wide = self.wide(ask.run)?;
            let output = self.runs[at].job.output;
            let along = wide.map(|net| Along::Learned(net, output));
            let along = along.ok_or_else(|| "there is no such run".to_owned());
            (along, span(&experiment))
        };
        // one interval for all samplers, or their errors would not compare: where one works in lambda, its ends
        let ends = ask.samplers.iter().fold(ends, |ends, &sampler| {
            let plan = plan(&experiment, &along_ode(&ask.sampling, sampler));
            narrower(ends, (plan.from, plan.to))
        });
        let run = &self.runs[at];
        let pairs = if ask.kind == Kind::Speed && !run.lacks_pairs() {
            run.job.pairs.first(speed::PAIRS)
        } else {
            Arc::default()
        };
        Ok(Some(Order {
            pairs,
            ask: ask.clone(),
            step: self.runs[at].step,
            experiment,
            along,
            ends,
        }))
    }
}

#[cfg(test)]
mod tests;
