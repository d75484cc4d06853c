//! Slow measures on a thread of their own: the engine's thread evaluates the network and hands over plain points, the job
//! takes distances between them. The command line does the same inline.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use super::floors::{Floors, FloorsOf};
use super::learned;
use super::measures::{Effort, FreshPairs, Ledger, Measures, POWERS, mean_and_error, squared};
use super::pacing::Throttle;
use super::sampling::{points_f64, to_start};
use super::session::Session;
use super::snapshot::RunState;
use super::truth;
use super::worker::Message;
use rayon::prelude::*;

use crate::backend::{Fault, TrainJob, Trajectories};
use crate::flow::Point;
use crate::flow::exact::Worth;
use crate::flow::loss::Loss;
use crate::flow::measure;
use crate::flow::prediction::Prediction;
use crate::flow::random::Stream;
use crate::lab::{Experiment, Grid, Lens, Origin, Process, RunId, Sampler, Sampling};

/// How the budget's flow is integrated.
const fn fine_sampling(shown: &Sampling, effort: Effort) -> Sampling {
    Sampling {
        lens: Lens::FlowMatching,
        process: Process::Generate,
        exact: false,
        sampler: Sampler::Heun,
        steps: effort.budget_steps,
        grid: Grid::Uniform,
        ..*shown
    }
}

/// Sets of points, one a draw.
type Draws = Vec<Vec<Point>>;

/// Euler steps after which W2 is reported.
const FEW_STEPS: [u32; 5] = [1, 2, 4, 8, 100];

/// Of the points that distances are taken between: the same for every run, so that rounds and runs are compared on the same
/// draws, whatever their own seeds.
pub(super) const MEASURE_SEED: u64 = 0;

/// Points that a measure needs, taken from the network; [`MeasureJob::finish`] needs no backend.
pub struct MeasureJob {
    run: RunId,
    version: u64,
    step: u64,
    effort: Effort,
    experiment: Experiment,
    job: Arc<TrainJob>,
    pairs: FreshPairs,
    learned: Vec<Point>,
    trajectories: Arc<Trajectories>,
    ends: Draws,
    /// Ends of the same starts after so many Euler steps.
    few: Vec<(u32, Draws)>,
    /// Whether it trains at every t (a distilled student does not).
    fits_all_t: bool,
    /// Fresh particles on a fine grid, where the budget holds.
    fine: Option<Trajectories>,
    ledger: Ledger,
    floors: Option<Arc<Floors>>,
}

/// What a job found.
pub struct JobDone {
    run: RunId,
    version: u64,
    effort: Effort,
    measures: Measures,
    floors: Arc<Floors>,
}

impl MeasureJob {
    /// Takes the distances; heavy on one thread for a second or so, spread over rayon's threads where it runs on a pool.
    pub fn finish(self) -> JobDone {
        let experiment = &self.experiment;
        let floors = match &self.floors {
            Some(floors) => Arc::clone(floors),
            None => Arc::new(Floors::of(experiment, &self.job)),
        };
        let errors = self.learned.iter().zip(&self.pairs.u).map(|(&v, &u)| squared(v, u));
        let (loss, loss_error) = mean_and_error(errors);
        let field_rms = truth::of(experiment)
            .ok()
            .map(|truth| truth.field_rms(&self.pairs, &self.learned));
        let flow = measure::carried(&self.trajectories.times, &points_f64(&self.trajectories.states));
        let targets: Vec<Vec<Point>> = (0..self.ends.len())
            .map(|draw| fresh_targets(experiment, Stream::MeasureTarget, draw, self.effort.points))
            .collect();
        let mean = |distance: fn(&[Point], &[Point]) -> Option<f64>| mean_distance(&self.ends, &targets, distance);
        let known_floor = floors.loss.as_ref().map(|f| f.mean);
        let estimable = self.fits_all_t && experiment.loss == Loss::Mse;
        let by_sizes = estimable.then(|| self.floor_by_sizes(|_| 1.0));
        let floor = known_floor.or(by_sizes);
        let curve_floor = floors
            .curve
            .as_ref()
            .map(|f| f.mean)
            .or_else(|| estimable.then(|| self.floor_by_sizes(|group| self.pairs.weights[group])));
        let exact = floors.loss_kind == Some(Worth::Exact.name());
        let budget = self.fine.as_ref().zip(floor).and_then(|(fine, floor)| {
            let chords = picked(&self.pairs.u, self.effort);
            super::budget::of(
                self.pairs.cost,
                &chords,
                (floor, !exact),
                &fine.times,
                &points_f64(&fine.states),
            )
        });
        let energy = budget.map_or(flow.path_energy, |b| b.bends + b.carried);
        let npe = floors.transport.and_then(|least| finite((energy - least) / least));
        let measures = Measures {
            transport_optimum: floors.transport,
            npe,
            loss: finite(loss),
            loss_standard_error: finite(loss_error),
            loss_floor: floor,
            loss_floor_standard_error: floors.loss.as_ref().map(|f| f.standard_error),
            loss_floor_kind: floors
                .loss_kind
                .or(by_sizes.map(|_| Worth::Estimated.name()))
                .map(str::to_owned),
            curve_floor: curve_floor.and_then(finite),
            field_rms: field_rms.and_then(finite),
            w2_squared: mean(w2_squared),
            w2_squared_floor: floors.w2_squared,
            sliced_w2_squared: mean(|a, b| Some(measure::sliced_w2_squared(a, b))),
            energy_distance: mean(|a, b| Some(measure::energy_distance(a, b))),
            straightness: finite(flow.straightness),
            path_energy: finite(flow.path_energy),
            transport_cost_p1: finite(flow.transport_cost_p1),
            transport_cost_p2: finite(flow.transport_cost_p2),
            path_length: finite(flow.path_length),
            evaluations: Some(self.trajectories.evaluations),
            coupling_cost: finite(self.pairs.cost),
            transport_costs: Some(transport_costs(self.fine.as_ref().unwrap_or(&self.trajectories))),
            coupling_costs: Some((1..).zip(self.pairs.costs).collect()),
            chord_crossings: Some(crossings(&self.trajectories)),
            w2_squared_at_steps: (!self.few.is_empty()).then(|| {
                let at = |(n, ends): &(u32, Draws)| Some((*n, mean_distance(ends, &targets, w2_squared)?));
                self.few.iter().filter_map(at).collect()
            }),
            evaluations_ledger: Some(self.ledger),
            budget,
            step: self.step,
        };
        JobDone {
            run: self.run,
            version: self.version,
            effort: self.effort,
            measures,
            floors,
        }
    }
}

/// E|z1 - z0|^p for the powers p that are reported.
fn transport_costs(flow: &Trajectories) -> BTreeMap<u32, f64> {
    let states = points_f64(&flow.states);
    let cost = |p: u32| measure::transport_cost(&flow.times, &states, f64::from(p));
    let costs = (1..=POWERS).map(|p| (p, cost(p)));
    costs.filter(|(_, cost)| cost.is_finite()).collect()
}

impl MeasureJob {
    /// E w (|u|^2 - |v|^2) over the fresh pairs, w by group of t: the floor of the loss so weighted where the learned v is
    /// the conditional mean of u. No floor lies above a loss that was reached.
    fn floor_by_sizes(&self, weight: impl Fn(usize) -> f64) -> f64 {
        let per_group = self.pairs.per_group().max(1);
        let (mut spread, mut loss) = (0.0, 0.0);
        for (i, (&u, &v)) in self.pairs.u.iter().zip(&self.learned).enumerate() {
            let w = weight(i / per_group);
            spread += w * (squared(u, [0.0; 2]) - squared(v, [0.0; 2]));
            loss += w * squared(u, v);
        }
        spread.clamp(0.0, loss.max(0.0)) / self.pairs.u.len().max(1) as f64
    }
}

/// The mean over draws of a distance between two sets of points, the draws side by side on rayon's threads; None where one has
/// none.
fn mean_distance(a: &Draws, b: &Draws, distance: fn(&[Point], &[Point]) -> Option<f64>) -> Option<f64> {
    // collected in order, so that the sum does not depend on the threads
    let each: Vec<f64> = a
        .par_iter()
        .zip(b)
        .map(|(a, b)| distance(a, b))
        .collect::<Option<_>>()?;
    finite(each.iter().sum::<f64>() / each.len().max(1) as f64)
}

/// Those of the fresh pairs that the budget's particles start from: some at every t.
fn picked<T: Clone>(all: &[T], effort: Effort) -> Vec<T> {
    all.iter()
        .step_by(all.len().div_ceil(effort.budget_particles).max(1))
        .cloned()
        .collect()
}

/// Crossings among the chords of the first particles.
fn crossings(trajectories: &Trajectories) -> u64 {
    let shown = trajectories.count().min(1000);
    let stride = trajectories.times.len().max(1);
    let starts: Vec<[f32; 2]> = trajectories
        .states
        .iter()
        .step_by(stride)
        .copied()
        .take(shown)
        .collect();
    measure::chord_crossings(&points_f64(&starts), &points_f64(&trajectories.ends()[..shown]))
}

/// None where it is not a number: a file then says null.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// W2 squared by exact assignment; None where a point is not finite.
pub(super) fn w2_squared(a: &[Point], b: &[Point]) -> Option<f64> {
    let all_finite = a.iter().chain(b).all(|p| p[0].is_finite() && p[1].is_finite());
    if all_finite {
        measure::w2_squared(a, b).ok()
    } else {
        None
    }
}

/// Fresh points of the target, draw `draw`.
pub(super) fn fresh_targets(experiment: &Experiment, stream: Stream, draw: usize, points: usize) -> Vec<Point> {
    points_f64(
        &experiment
            .target
            .samples(MEASURE_SEED ^ (draw as u64) << 32, stream, points),
    )
}

impl Session {
    /// All measures of a run at full effort, here and now: a few seconds.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn measures(&mut self, id: RunId, sampling: &Sampling) -> Result<Measures, Fault> {
        self.measures_with(id, sampling, Effort::FULL)
    }

    /// The measures of a run at a chosen effort, here and now.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn measures_with(&mut self, id: RunId, sampling: &Sampling, effort: Effort) -> Result<Measures, Fault> {
        let Some(at) = self.index(id) else {
            return Ok(Measures::default());
        };
        let trajectories = Arc::new(self.sample(id, sampling, None, true)?);
        let done = self.measure_job(at, sampling, effort, trajectories)?.finish();
        Ok(done.measures)
    }

    /// The learned velocity of a run at each point, at one flow time; data units per unit t.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn velocity(&mut self, id: RunId, points: &[[f32; 2]], t: f64) -> Result<Vec<Point>, Fault> {
        let Some(at) = self.index(id) else {
            return Ok(Vec::new());
        };
        let (slot, job) = (self.runs[at].slot, Arc::clone(&self.runs[at].job));
        self.velocities(slot, &job, points, &[t as f32])
    }

    /// Evaluates the network for a measure of run number `at`.
    pub(super) fn measure_job(
        &mut self,
        at: usize,
        sampling: &Sampling,
        effort: Effort,
        trajectories: Arc<Trajectories>,
    ) -> Result<MeasureJob, Fault> {
        let run = &self.runs[at];
        let (id, slot, version, step) = (run.id, run.slot, run.version, run.step);
        let (experiment, job) = (run.experiment.clone(), Arc::clone(&run.job));
        let floors = run.floors.clone().filter(|f| f.key == FloorsOf::new(&experiment));
        // lengths, crossings and bends are those of the flow; with noise on the way they would be the noise's
        let shown = sampling.shown_for(&experiment);
        let sampling = &Sampling {
            process: Process::Generate,
            exact: false,
            ..shown
        };
        let trajectories = if shown.lens == Lens::Sde || shown.exact {
            Arc::new(self.sample(id, &sampling.through(Lens::FlowMatching), None, true)?)
        } else {
            trajectories
        };
        let pairs = FreshPairs::draw(&experiment, &job, effort.pairs);
        let learned = self.velocities(slot, &job, &pairs.x, &pairs.t)?;
        let count = effort.draws * effort.points;
        let mut starts = experiment.source.samples(MEASURE_SEED, Stream::MeasureSource, count);
        to_start(&mut starts, experiment.path);
        let draws = |ends: Trajectories| -> Draws {
            points_f64(&ends.ends())
                .chunks(effort.points)
                .map(<[Point]>::to_vec)
                .collect()
        };
        // a distilled student sees t = 0 only, and no budget holds for it
        let fits_all_t = !matches!(self.runs[at].origin, Origin::Distilled { .. });
        let budgeted = experiment.budget_holds() && fits_all_t;
        let fine = if budgeted {
            // from where pairs start, so that their noise is the budget's
            let (x, t, u) = (
                picked(&pairs.x, effort),
                picked(&pairs.t, effort),
                picked(&pairs.u, effort),
            );
            let start = |((x, &t), u): ((&[f32; 2], &f32), &Point)| [0, 1].map(|i| x[i] - t * u[i] as f32);
            let some = x.iter().zip(&t).zip(&u).map(start).collect();
            Some(self.sample(id, &fine_sampling(sampling, effort), Some(some), true)?)
        } else {
            None
        };
        let ends = draws(self.sample(id, sampling, Some(starts.clone()), false)?);
        let mut few = Vec::new();
        for steps in FEW_STEPS.into_iter().filter(|_| effort.few_steps) {
            let euler = Sampling {
                sampler: Sampler::Euler,
                steps,
                grid: sampling.grid,
                ..fine_sampling(sampling, effort)
            };
            few.push((steps, draws(self.sample(id, &euler, Some(starts.clone()), false)?)));
        }
        let mut ledger = self.runs[at].ledger;
        ledger.sampling = u64::from(trajectories.evaluations) * trajectories.count() as u64;
        Ok(MeasureJob {
            run: id,
            version,
            step,
            effort,
            experiment,
            job,
            pairs,
            learned,
            trajectories,
            ends,
            few,
            fits_all_t,
            fine,
            ledger,
            floors,
        })
    }

    /// The learned velocity at points with times of their own.
    pub(super) fn velocities(
        &mut self,
        slot: u32,
        job: &TrainJob,
        x: &[[f32; 2]],
        t: &[f32],
    ) -> Result<Vec<Point>, Fault> {
        let out = learned::predictions(self.backend.as_mut(), slot, &job.output, Prediction::Velocity, x, t);
        match &out {
            Ok(out) => self.evaluations += out.len() as u64,
            Err(fault) => self.recover(fault, None),
        }
        out
    }
}

/// The thread of slow measures and its turn-taking.
pub struct JobThread {
    send: Sender<MeasureJob>,
    busy: bool,
    throttle: Throttle,
    quick: Throttle,
}

impl JobThread {
    /// Starts the thread; it ends when this is dropped.
    pub(super) fn start(back: Sender<Message>) -> Self {
        let (send, inbox) = channel::<MeasureJob>();
        let spawned = std::thread::Builder::new()
            .name("rectiflow measures".into())
            .spawn(move || {
                // one thread of its own: the cores belong to training and the window
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
                while let Ok(job) = inbox.recv() {
                    let done = match &pool {
                        Ok(pool) => pool.install(|| job.finish()),
                        Err(_) => job.finish(),
                    };
                    if back.send(Message::Job(Box::new(done))).is_err() {
                        return;
                    }
                }
            });
        Self {
            send,
            // without a thread nothing is ever asked of it
            busy: spawned.is_err(),
            throttle: Throttle::new(1, Duration::from_millis(700)),
            quick: Throttle::new(20, Duration::from_millis(250)),
        }
    }
}

impl Session {
    /// Starts measures that are due; true where something was done.
    pub(super) fn refresh_measures(&mut self, jobs: &mut JobThread) -> bool {
        let now = Instant::now();
        let mut worked = false;
        for i in 0..self.stages.len() {
            let (id, sampling) = (self.stages[i].stage.run, self.stages[i].stage.sampling);
            if self.stages[..i].iter().any(|s| s.stage.run == id) {
                continue;
            }
            let Some(at) = self.index(id) else { continue };
            if self.runs[at].lacks_pairs() {
                continue;
            }
            let trajectories = Arc::clone(&self.stages[i].snapshot.trajectories);
            let training = self.runs[at].state() == RunState::Training;
            if training && jobs.quick.is_due(now) {
                worked |= self.refresh_loss_by_t(at);
                jobs.quick.done(Instant::now(), now.elapsed());
            }
            let effort = if training { Effort::LIVE } else { Effort::FULL };
            let wanted = (self.runs[at].version, sampling, effort);
            let due = !training || jobs.throttle.is_due(now);
            if jobs.busy || !due || trajectories.times.is_empty() || self.runs[at].measured == Some(wanted) {
                continue;
            }
            if !training {
                self.refresh_loss_by_t(at);
            }
            self.runs[at].measured = Some(wanted);
            if let Ok(job) = self.measure_job(at, &sampling, effort, trajectories)
                && jobs.send.send(job).is_ok()
            {
                jobs.busy = true;
                self.measuring = Some(id);
            }
            worked = true;
        }
        worked
    }

    fn refresh_loss_by_t(&mut self, at: usize) -> bool {
        const BINS: usize = 32;
        let run = &self.runs[at];
        let (slot, job) = (run.slot, Arc::clone(&run.job));
        let pairs = FreshPairs::draw(&run.experiment, &job, 4096);
        let Ok(learned) = self.velocities(slot, &job, &pairs.x, &pairs.t) else {
            return false;
        };
        let mut bins = [(0.0, 0_u32); BINS];
        for ((&v, &u), &t) in learned.iter().zip(&pairs.u).zip(&pairs.t) {
            let bin = &mut bins[((f64::from(t) * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + squared(v, u), bin.1 + 1);
        }
        let curve = bins.iter().enumerate().filter(|(_, b)| b.1 > 0);
        let curve = curve.map(|(i, b)| [(i as f64 + 0.5) / BINS as f64, b.0 / f64::from(b.1)]);
        self.runs[at].loss_by_t = Arc::new(curve.collect());
        true
    }

    /// Takes what a job found, unless the run has changed its experiment meanwhile.
    pub(super) fn take_job(&mut self, done: JobDone, jobs: &mut JobThread) {
        jobs.busy = false;
        jobs.throttle.done(Instant::now(), Duration::ZERO);
        self.measuring = None;
        let Some(at) = self.index(done.run) else { return };
        let run = &mut self.runs[at];
        if done.floors.key == FloorsOf::new(&run.experiment) {
            run.floors = Some(done.floors);
            run.measures = Arc::new(done.measures);
        }
        // a run that has come to rest since is measured once more, at full effort
        if run.version != done.version && done.effort == Effort::FULL {
            run.measured = None;
        }
    }
}
