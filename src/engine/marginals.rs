//! Stages side by side, compared by what they must share: the distance between the laws of their particles at each flow time.
//! It is W2 squared between the particles of the first stage and those of each other one, two sets that started apart, beside
//! its floor: the same distance between two such sets of the first stage's own (the mean of a few ways to split them). Where
//! a curve lies on the floor the marginals are the same, however different the paths. Taken on a thread of its own, a time
//! after the other.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use super::pacing::Throttle;
use super::sampling::points_f64;
use super::session::Session;
use super::snapshot::RunState;
use super::worker::Message;
use crate::backend::Trajectories;
use crate::flow::Point;
use crate::flow::coupling::PairStream;
use crate::flow::measure;
use crate::flow::path::Path;

/// Points of a set, at rest and while a run trains.
const POINTS: [usize; 2] = [512, 256];
/// Times from 0 to 1, at rest and while a run trains.
const TIMES: [usize; 2] = [21, 11];
/// Splits of a stage's particles in two sets that each distance is the mean of, at rest and while a run trains: the distance
/// between two sets of a clustered target turns on how many of each fell in each cluster.
const SPLITS: [usize; 2] = [4, 1];
/// Fewer points than this say nothing.
const LEAST: usize = 32;

/// What a stage's particles are.
#[derive(Clone, Debug)]
pub enum Marginal {
    /// Carried by a flow.
    Flow(Arc<Trajectories>),
    /// The pairs on their way (where a stage shows these): X_t on its path from x0 to x1.
    Pairs(Arc<PairStream>, Path),
}

impl Marginal {
    /// Whether both are the same points, without a look at them.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Flow(a), Self::Flow(b)) => Arc::ptr_eq(a, b),
            (Self::Pairs(a, p), Self::Pairs(b, q)) => Arc::ptr_eq(a, b) && p == q,
            _ => false,
        }
    }

    /// How many there are, at most `most`.
    fn count(&self, most: usize) -> usize {
        match self {
            Self::Flow(flow) => flow.count().min(most),
            Self::Pairs(..) => most,
        }
    }

    /// The first `count` of them at each time.
    fn at(&self, times: &[f64], count: usize) -> Vec<Vec<Point>> {
        match self {
            Self::Flow(flow) => {
                let first = Trajectories {
                    states: flow.states[..(count * flow.times.len()).min(flow.states.len())].to_vec(),
                    ..Trajectories::clone(flow)
                };
                times.iter().map(|&t| points_f64(&first.at(t))).collect()
            }
            Self::Pairs(stream, path) => {
                let pairs = stream.first(count);
                let at = |t: f64| {
                    let c = path.at(t);
                    let x = |p: &[f32; 4], i: usize| c.alpha * f64::from(p[i + 2]) + c.sigma * f64::from(p[i]);
                    pairs.iter().take(count).map(|p| [x(p, 0), x(p, 1)]).collect()
                };
                times.iter().map(|&t| at(t)).collect()
            }
        }
    }
}

/// What is known of the stages' marginals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarginalReport {
    /// All times at which they are compared.
    pub times: Vec<f64>,
    /// Points of each set.
    pub points: usize,
    /// W2 squared between two sets of the first stage, at the times so far; None where a point is not finite.
    pub floor: Vec<Option<f64>>,
    /// The same between the first stage and each other one, in their order.
    pub others: Vec<Vec<Option<f64>>>,
}

impl MarginalReport {
    /// Whether every time is there.
    pub const fn is_done(&self) -> bool {
        self.floor.len() == self.times.len()
    }
}

/// Which of the two sets particle `i` of `2 points` belongs to in a split: the first and the second half, then every other
/// particle, every other pair of them, and so on.
const fn second(split: usize, i: usize, points: usize) -> bool {
    if split == 0 {
        i >= points
    } else {
        (i >> (split - 1)) & 1 == 1
    }
}

/// The two sets of a split; the second may be one shorter.
fn halves(cloud: &[Point], split: usize, points: usize) -> [Vec<Point>; 2] {
    let mut sets = [Vec::with_capacity(points), Vec::with_capacity(points)];
    for (i, &p) in cloud.iter().enumerate() {
        sets[usize::from(second(split, i, points))].push(p);
    }
    sets
}

/// The mean over `splits` of W2 squared between the first set of `a` and the second of `b`; None where a point is not finite.
fn distance(a: &[Point], b: &[Point], points: usize, splits: usize) -> Option<f64> {
    let of = |split| {
        let ([mut first, _], [_, mut other]) = (halves(a, split, points), halves(b, split, points));
        // an odd number of pairs or quadruples leaves a few over
        let even = first.len().min(other.len());
        first.truncate(even);
        other.truncate(even);
        let finite = first.iter().chain(&other).flatten().all(|c| c.is_finite());
        if finite && even > 0 {
            measure::w2_squared(&first, &other).ok()
        } else {
            None
        }
    };
    let each: Option<Vec<f64>> = (0..splits.max(1)).map(of).collect();
    each.map(|each| each.iter().sum::<f64>() / each.len() as f64)
}

/// Compares them here and now; `tell` is given what there is after each time, and ends it all by false.
pub fn compare(
    laws: &[Marginal],
    points: usize,
    times: usize,
    splits: usize,
    tell: &mut dyn FnMut(&MarginalReport) -> bool,
) -> MarginalReport {
    let times: Vec<f64> = (0..times).map(|k| k as f64 / (times.max(2) - 1) as f64).collect();
    // as many as the smallest has in either half
    let points = laws.iter().map(|law| law.count(2 * points) / 2).min().unwrap_or(0);
    let mut report = MarginalReport {
        points,
        floor: Vec::new(),
        others: vec![Vec::new(); laws.len().saturating_sub(1)],
        times,
    };
    if points < LEAST || laws.len() < 2 {
        report.times.clear();
        return report;
    }
    let clouds: Vec<Vec<Vec<Point>>> = laws.iter().map(|law| law.at(&report.times, 2 * points)).collect();
    for k in 0..report.times.len() {
        let distance = |cloud: &[Vec<Point>]| distance(&clouds[0][k], &cloud[k], points, splits);
        report.floor.push(distance(&clouds[0]));
        for (other, cloud) in report.others.iter_mut().zip(&clouds[1..]) {
            other.push(distance(cloud));
        }
        if !tell(&report) {
            break;
        }
    }
    report
}

/// Laws and how much of them is compared.
struct Order {
    laws: Vec<Marginal>,
    resting: bool,
}

/// The thread that compares, and what it was asked last.
pub(super) struct MarginalThread {
    send: Sender<Order>,
    busy: bool,
    asked: Option<(Vec<Marginal>, bool)>,
    throttle: Throttle,
    /// How many of the first stages are compared; 0 for none.
    stages: usize,
    /// What is known.
    report: Option<Arc<MarginalReport>>,
}

impl MarginalThread {
    /// Starts the thread; it ends when this is dropped. None where it cannot.
    fn start(back: Sender<Message>) -> Option<Self> {
        let (send, inbox) = channel();
        let spawned = std::thread::Builder::new()
            .name("rectiflow marginals".into())
            .spawn(move || serve(&inbox, &back));
        spawned.is_ok().then(|| Self {
            send,
            busy: false,
            asked: None,
            throttle: Throttle::new(3, Duration::from_millis(200)),
            stages: 0,
            report: None,
        })
    }
}

fn serve(inbox: &Receiver<Order>, back: &Sender<Message>) {
    // one thread of its own: the cores belong to training and the window
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    while let Ok(order) = inbox.recv() {
        let depth = usize::from(!order.resting);
        let mut tell = |report: &MarginalReport| {
            // while it trains the next one comes soon: a whole one is worth more than a growing one
            let told = report.is_done() || order.resting;
            !told || back.send(Message::Marginals(Box::new(report.clone()))).is_ok()
        };
        let mut work = || compare(&order.laws, POINTS[depth], TIMES[depth], SPLITS[depth], &mut tell);
        let report = match &pool {
            Ok(pool) => pool.install(&mut work),
            Err(_) => work(),
        };
        if report.times.is_empty() && back.send(Message::Marginals(Box::new(report))).is_err() {
            return;
        }
    }
}

impl Session {
    /// Lets marginals be compared from now on.
    pub(super) fn report_marginals(&mut self, back: Sender<Message>) {
        self.marginals = MarginalThread::start(back);
    }

    /// Compares the first `stages` stages; fewer than two are none.
    pub(super) fn compare_marginals(&mut self, stages: usize) {
        if let Some(thread) = &mut self.marginals
            && thread.stages != stages
        {
            (thread.stages, thread.asked, thread.report) = (stages, None, None);
        }
    }

    /// Forgets what is known of the stages before.
    pub(super) fn forget_marginals(&mut self) {
        if let Some(thread) = &mut self.marginals {
            (thread.asked, thread.report) = (None, None);
        }
    }

    /// What is known of them.
    pub(super) fn marginal_report(&self) -> Option<Arc<MarginalReport>> {
        self.marginals.as_ref()?.report.clone()
    }

    /// Asks for a comparison where the stages have changed and the thread is free.
    pub(super) fn refresh_marginals(&mut self) {
        let Some((laws, resting)) = self.marginals_now() else {
            return;
        };
        let Some(thread) = &mut self.marginals else { return };
        let same = |asked: &(Vec<Marginal>, bool)| {
            let each = asked.0.iter().zip(&laws).all(|(a, b)| a.is(b));
            each && asked.0.len() == laws.len() && asked.1 == resting
        };
        // at rest nothing would come that asks again
        let due = resting || thread.throttle.is_due(Instant::now());
        if thread.busy || thread.asked.as_ref().is_some_and(same) || !due {
            return;
        }
        if thread.asked.as_ref().is_some_and(|asked| asked.0.len() != laws.len()) {
            thread.report = None;
        }
        thread.asked = Some((laws.clone(), resting));
        thread.busy = thread.send.send(Order { laws, resting }).is_ok();
    }

    /// The marginals of the compared stages, and whether nothing trains; None while one has nothing to show.
    fn marginals_now(&self) -> Option<(Vec<Marginal>, bool)> {
        self.laws_of(self.marginals.as_ref()?.stages)
    }

    /// The same of so many of the first stages, whether that was asked for or not.
    fn laws_of(&self, stages: usize) -> Option<(Vec<Marginal>, bool)> {
        if stages < 2 || stages > self.stages.len() {
            return None;
        }
        let mut resting = true;
        let mut laws = Vec::new();
        for stage in &self.stages[..stages] {
            let run = &self.runs[self.index(stage.stage.run)?];
            resting &= run.state() != RunState::Training;
            // a run that was trained and opened again has a flow before its pairs are made anew
            let needs_pairs = run.step == 0 || stage.stage.layers.interpolation;
            if (needs_pairs && run.lacks_pairs()) || stage.snapshot.trajectories.times.is_empty() {
                return None;
            }
            laws.push(if stage.stage.layers.interpolation {
                Marginal::Pairs(Arc::clone(&run.job.pairs), run.experiment.path)
            } else {
                Marginal::Flow(Arc::clone(&stage.snapshot.trajectories))
            });
        }
        Some((laws, resting))
    }

    /// Compares all stages here and now, at full effort (the command line); without times where that cannot be done.
    pub fn marginals(&self) -> MarginalReport {
        let laws = self.laws_of(self.stages.len());
        laws.map(|(laws, _)| compare(&laws, POINTS[0], TIMES[0], SPLITS[0], &mut |_| true))
            .unwrap_or_default()
    }

    /// Takes what the thread says.
    pub(super) fn take_marginals(&mut self, report: MarginalReport) {
        let Some(thread) = &mut self.marginals else { return };
        if report.is_done() {
            thread.busy = false;
            thread.throttle.done(Instant::now(), Duration::ZERO);
        }
        if report.others.len() + 1 == thread.stages {
            thread.report = Some(Arc::new(report));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::random::{CounterRng, Stream};

    /// Normal points that turn about the origin by `angle` and move by `shift` until t = 1: straight where there is no angle.
    fn flow(count: u64, angle: f64, shift: f64) -> Marginal {
        let times: Vec<f64> = (0..=16).map(|k| f64::from(k) / 16.0).collect();
        let states = (0..count)
            .flat_map(|i| {
                let mut rng = CounterRng::new(5, Stream::Test, i);
                let [x, y] = [rng.normal(), rng.normal()];
                times.iter().map(move |t| {
                    let (s, c) = (angle * t).sin_cos();
                    [(c * x - s * y + shift * t) as f32, (s * x + c * y) as f32]
                })
            })
            .collect();
        Marginal::Flow(Arc::new(Trajectories {
            times,
            states,
            evaluations: 0,
        }))
    }

    #[test]
    fn the_same_marginals_lie_on_the_floor_whatever_the_paths_and_others_do_not() {
        // a turn leaves the law as it is, though no particle stays
        let laws = [flow(1024, 0.0, 0.0), flow(1024, 3.0, 0.0), flow(1024, 0.0, 2.0)];
        let mut told = 0;
        let report = compare(&laws, 512, 5, 1, &mut |_| {
            told += 1;
            true
        });
        assert_eq!((report.points, told, report.is_done()), (512, 5, true));
        for k in 0..5 {
            let floor = report.floor[k].expect("finite");
            let (turned, moved) = (
                report.others[0][k].expect("finite"),
                report.others[1][k].expect("finite"),
            );
            assert!(floor > 0.005 && turned < 2.5 * floor, "{turned} beside {floor}");
            let shift = 2.0 * report.times[k];
            assert!(
                (moved - shift * shift).abs() < 0.1 + 0.2 * shift * shift,
                "{moved} for {shift}"
            );
        }
    }

    #[test]
    fn more_splits_steady_the_floor_of_a_clustered_law() {
        // two clusters 10 apart: W2 squared of a split is ruled by how many of each it put where
        let cloud = |draw: u64| -> Vec<Point> {
            (0..128)
                .map(|i| {
                    let mut rng = CounterRng::new(draw, Stream::Test, i);
                    let side = if rng.below(2) == 0 { 5.0 } else { -5.0 };
                    [side + rng.normal(), rng.normal()]
                })
                .collect()
        };
        let spread = |splits| {
            let floors: Vec<f64> = (0..300)
                .map(|draw| distance(&cloud(draw), &cloud(draw), 64, splits).expect("finite"))
                .collect();
            let mean = floors.iter().sum::<f64>() / 300.0;
            (floors.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / 299.0).sqrt()
        };
        let (one, four) = (spread(1), spread(4));
        // measured 1.73 and 3.51: a mean of four nearly independent splits has half the spread
        assert!(four < 0.75 * one, "{four} with four splits, {one} with one");
    }

    #[test]
    fn each_split_takes_every_particle_once() {
        let cloud: Vec<Point> = (0..200).map(|i| [f64::from(i), 0.0]).collect();
        for split in 0..4 {
            let [a, b] = halves(&cloud, split, 100);
            assert_eq!(a.len() + b.len(), 200);
            assert!(
                a.len().abs_diff(b.len()) <= 4,
                "split {split}: {} and {}",
                a.len(),
                b.len()
            );
        }
    }

    #[test]
    fn what_cannot_be_compared_is_left_out() {
        let few = compare(&[flow(20, 0.0, 0.0), flow(1024, 0.0, 0.0)], 512, 5, 4, &mut |_| true);
        assert!(few.times.is_empty() && few.is_done());
        let lost = compare(&[flow(200, 0.0, 0.0), flow(200, 0.0, f64::NAN)], 512, 3, 4, &mut |_| {
            true
        });
        assert!(lost.floor.iter().all(Option::is_some));
        assert!(lost.others[0].iter().all(Option::is_none));
        let stopped = compare(&[flow(200, 0.0, 0.0), flow(200, 0.0, 0.0)], 512, 3, 4, &mut |_| false);
        assert_eq!(stopped.floor.len(), 1);
    }
}
