//! What the couplings view says of the pairs it shows: how long their chords are, how often they cross, what they cost for
//! |.|, |.|^2 and a power of the user's choice, and the least that each could cost on the same points. The optima are sought
//! on a thread of their own, with progress, and given up as soon as nobody wants them any longer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::session::Session;
use super::worker::Message;
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::measure::{chord_crossings, chord_lengths, mean_power};
use crate::flow::transport::{POWER_LIMIT, TransportError, Watch, assign_power, is_proved};

/// The most pairs that are shown: as many as can be assigned for any power.
pub const MOST_SHOWN: usize = POWER_LIMIT;

/// Progress is told no oftener than this.
const TELL_EVERY: Duration = Duration::from_millis(60);

/// What is said of one set of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct CouplingReport {
    /// The pairs.
    pub pairs: Arc<Vec<Pair>>,
    /// The user's power.
    pub power: f64,
    /// Length of each chord, data units.
    pub lengths: Arc<Vec<f64>>,
    /// Pairs of chords that properly cross.
    pub crossings: u64,
    /// For |.|, |.|^2 and the user's power.
    pub costs: [PowerCost; 3],
}

/// The cost of pairs for one power.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerCost {
    /// p.
    pub power: f64,
    /// Mean of |x1 - x0|^p, data units to the power p.
    pub cost: f64,
    /// The least that other pairs of the same points could have.
    pub optimum: Optimum,
}

/// How far the search for the least cost is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Optimum {
    /// It has not begun.
    #[default]
    Waiting,
    /// It has come this far, 0 to 1.
    Sought(f32),
    /// It is found, and proved by its prices.
    Proved(Arc<Best>),
    /// It was stopped.
    Stopped,
    /// There is none, for this reason.
    Refused(String),
}

/// The cheapest pairs of the same points.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Their cost, data units to the power p.
    pub cost: f64,
    /// x0 of pair i goes with x1 of pair `permutation[i]`.
    pub permutation: Vec<u32>,
    /// Lengths of their chords, data units.
    pub lengths: Vec<f64>,
}

impl Optimum {
    /// The cheapest pairs, where they are known.
    pub fn best(&self) -> Option<&Best> {
        match self {
            Self::Proved(best) => Some(best),
            _ => None,
        }
    }
}

/// Makes the whole report, here and now, and tells every step of it.
pub fn report(
    pairs: &Arc<Vec<Pair>>,
    power: f64,
    cancel: &AtomicBool,
    tell: &(dyn Fn(&CouplingReport) + Sync),
) -> CouplingReport {
    let end = |first: usize| -> Vec<Point> { pairs.iter().map(|p| [p[first], p[first + 1]].map(f64::from)).collect() };
    let (starts, ends) = (end(0), end(2));
    let lengths = chord_lengths(&starts, &ends);
    let cost = |power: f64| PowerCost {
        power,
        cost: mean_power(&lengths, power),
        optimum: Optimum::Waiting,
    };
    let mut report = CouplingReport {
        pairs: Arc::clone(pairs),
        power,
        crossings: chord_crossings(&starts, &ends),
        costs: [1.0, 2.0, power].map(cost),
        lengths: Arc::new(lengths),
    };
    tell(&report);
    for k in 0..report.costs.len() {
        let known = report.costs[..k].iter().find(|c| c.power == report.costs[k].power);
        report.costs[k].optimum = match known {
            Some(same) => same.optimum.clone(),
            None => seek(&mut report, k, (&starts, &ends), cancel, tell),
        };
        tell(&report);
    }
    report
}

/// The optimum of cost number `k`.
fn seek(
    report: &mut CouplingReport,
    k: usize,
    (starts, ends): (&[Point], &[Point]),
    cancel: &AtomicBool,
    tell: &(dyn Fn(&CouplingReport) + Sync),
) -> Optimum {
    let power = report.costs[k].power;
    let told = Mutex::new((Instant::now(), report.clone()));
    let progress = |share: f64| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.0.elapsed() >= TELL_EVERY {
            told.0 = Instant::now();
            told.1.costs[k].optimum = Optimum::Sought(share as f32);
            tell(&told.1);
        }
    };
    let watch = Watch {
        cancel,
        progress: &progress,
    };
    match assign_power(starts, ends, power, watch) {
        Ok(best) if is_proved(starts, ends, power, &best) => {
            let to: Vec<Point> = best.permutation.iter().map(|&j| ends[j as usize]).collect();
            Optimum::Proved(Arc::new(Best {
                cost: best.mean_cost,
                lengths: chord_lengths(starts, &to),
                permutation: best.permutation,
            }))
        }
        Ok(_) => Optimum::Refused("the cheapest pairs found are not proved to be so; choose a smaller power".into()),
        Err(TransportError::Canceled) => Optimum::Stopped,
        Err(why) => Optimum::Refused(why.to_string()),
    }
}

/// Pairs, a power, and what stops the search.
type Order = (Arc<Vec<Pair>>, f64, Arc<AtomicBool>);

/// One set of pairs that was handed to the thread.
struct Asked {
    pairs: Arc<Vec<Pair>>,
    power: f64,
    cancel: Arc<AtomicBool>,
}

impl Asked {
    fn is(&self, pairs: &Arc<Vec<Pair>>, power: f64) -> bool {
        Arc::ptr_eq(&self.pairs, pairs) && self.power == power
    }
}

/// The thread that seeks optima, and what it was asked.
pub(super) struct CouplingThread {
    send: Sender<Order>,
    asked: Vec<Asked>,
}

impl CouplingThread {
    /// Starts the thread; it ends when this is dropped. None where it cannot.
    pub(super) fn start(back: Sender<Message>) -> Option<Self> {
        let (send, inbox) = channel();
        let spawned = std::thread::Builder::new()
            .name("rectiflow couplings".into())
            .spawn(move || serve(&inbox, &back));
        spawned.is_ok().then_some(Self {
            send,
            asked: Vec::new(),
        })
    }

    /// Wants reports of these sets and of no others.
    fn want(&mut self, wanted: &[(Arc<Vec<Pair>>, f64)]) {
        self.asked.retain(|asked| {
            let keep = wanted.iter().any(|(pairs, power)| asked.is(pairs, *power));
            if !keep {
                asked.cancel.store(true, Ordering::Relaxed);
            }
            keep
        });
        for (pairs, power) in wanted {
            if !self.asked.iter().any(|asked| asked.is(pairs, *power)) {
                let cancel = Arc::new(AtomicBool::new(false));
                if self.send.send((Arc::clone(pairs), *power, Arc::clone(&cancel))).is_ok() {
                    self.asked.push(Asked {
                        pairs: Arc::clone(pairs),
                        power: *power,
                        cancel,
                    });
                }
            }
        }
    }

    /// Stops all searches, or begins those again that were stopped.
    fn stop_or_go(&mut self, go: bool) {
        if go {
            self.asked.retain(|asked| !asked.cancel.load(Ordering::Relaxed));
        } else {
            self.asked
                .iter()
                .for_each(|asked| asked.cancel.store(true, Ordering::Relaxed));
        }
    }
}

impl Drop for CouplingThread {
    fn drop(&mut self) {
        self.stop_or_go(false);
    }
}

fn serve(inbox: &Receiver<Order>, back: &Sender<Message>) {
    while let Ok((pairs, power, cancel)) = inbox.recv() {
        report(&pairs, power, &cancel, &|report| {
            // after the end of the session nobody listens
            let _ = back.send(Message::Coupling(Box::new(report.clone())));
        });
    }
}

impl Session {
    /// Lets couplings be reported from now on.
    pub(super) fn report_couplings(&mut self, back: Sender<Message>) {
        self.couplings = CouplingThread::start(back);
    }

    /// Asks for the reports of what the stages show.
    pub(super) fn refresh_couplings(&mut self) {
        let Some(thread) = &mut self.couplings else { return };
        let mut wanted: Vec<(Arc<Vec<Pair>>, f64)> = Vec::new();
        for stage in &mut self.stages {
            let (shot, layers) = (&mut stage.snapshot, &stage.stage.layers);
            let same = |r: &Arc<CouplingReport>| Arc::ptr_eq(&r.pairs, &shot.pairs) && r.power == layers.pairs_power;
            if !shot.coupling.as_ref().is_some_and(same) {
                shot.coupling = None;
            }
            if layers.pairs && !shot.pairs.is_empty() {
                let is_new = !wanted
                    .iter()
                    .any(|(pairs, power)| Arc::ptr_eq(pairs, &shot.pairs) && *power == layers.pairs_power);
                if is_new {
                    wanted.push((Arc::clone(&shot.pairs), layers.pairs_power));
                }
            }
        }
        thread.want(&wanted);
    }

    /// Takes what the thread says, where it is still wanted.
    pub(super) fn take_coupling(&mut self, report: CouplingReport) {
        let report = Arc::new(report);
        for stage in &mut self.stages {
            if Arc::ptr_eq(&stage.snapshot.pairs, &report.pairs) && stage.stage.layers.pairs_power == report.power {
                stage.snapshot.coupling = Some(Arc::clone(&report));
            }
        }
    }

    /// Stops the search for optima, or takes it up again.
    pub(super) fn seek_optima(&mut self, go: bool) {
        if let Some(thread) = &mut self.couplings {
            thread.stop_or_go(go);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::random::{CounterRng, Stream};

    fn pairs(n: u64) -> Arc<Vec<Pair>> {
        let pair = |i| {
            let mut rng = CounterRng::new(2, Stream::Test, i);
            [0; 4].map(|_| rng.normal() as f32)
        };
        Arc::new((0..n).map(pair).collect())
    }

    #[test]
    fn a_report_has_costs_and_optima_below_them() {
        let told = Mutex::new(Vec::new());
        let tell = |r: &CouplingReport| told.lock().expect("one thread").push(r.clone());
        let pairs = pairs(200);
        let got = report(&pairs, 3.0, &AtomicBool::new(false), &tell);
        assert_eq!(got.costs.each_ref().map(|c| c.power), [1.0, 2.0, 3.0]);
        for cost in &got.costs {
            let best = cost.optimum.best().expect("a proof");
            assert!(best.cost < 0.6 * cost.cost, "{} of {}", best.cost, cost.cost);
            let again = mean_power(&best.lengths, cost.power);
            assert!(
                (again - best.cost).abs() < 1e-12 * best.cost,
                "its lengths have its cost"
            );
        }
        assert!(got.crossings > 0);
        let told = told.into_inner().expect("no panic");
        assert_eq!(
            told[0].costs.each_ref().map(|c| &c.optimum),
            [&Optimum::Waiting; 3],
            "costs come at once"
        );
        assert_eq!(told.last(), Some(&got));
        // the powers that are always shown are not sought twice
        let squared = report(&pairs, 2.0, &AtomicBool::new(false), &|_| ());
        assert_eq!(squared.costs[1], squared.costs[2]);
    }

    #[test]
    fn a_search_that_is_stopped_or_impossible_says_so() {
        let stopped = report(&pairs(200), 3.0, &AtomicBool::new(true), &|_| ());
        assert!(
            stopped
                .costs
                .iter()
                .all(|c| c.optimum == Optimum::Stopped && c.cost > 0.0)
        );
        let many = report(&pairs(MOST_SHOWN as u64 + 1), 0.5, &AtomicBool::new(true), &|_| ());
        assert!(
            matches!(&many.costs[2].optimum, Optimum::Refused(why) if why.contains("2048")),
            "{:?}",
            many.costs[2]
        );
        let far = report(
            &Arc::new(vec![[0.0, 0.0, 1e30, 0.0]]),
            20.0,
            &AtomicBool::new(false),
            &|_| (),
        );
        assert!(
            matches!(far.costs[2].optimum, Optimum::Refused(_)),
            "{:?}",
            far.costs[2]
        );
    }

    #[test]
    fn only_what_is_wanted_goes_on() {
        let (back, inbox) = channel();
        let mut thread = CouplingThread::start(back).expect("a thread");
        let (large, small) = (pairs(2000), pairs(50));
        thread.want(&[(Arc::clone(&large), 1.5)]);
        thread.want(&[(Arc::clone(&small), 1.5)]);
        let mut last = None;
        while let Ok(Message::Coupling(r)) = inbox.recv_timeout(Duration::from_secs(20)) {
            let done = Arc::ptr_eq(&r.pairs, &small) && r.costs[2].optimum.best().is_some();
            assert!(
                !Arc::ptr_eq(&r.pairs, &large) || r.costs[2].optimum.best().is_none(),
                "it was not given up"
            );
            last = Some(r);
            if done {
                break;
            }
        }
        assert!(last.is_some_and(|r| Arc::ptr_eq(&r.pairs, &small)));
        // stopped, it is not begun again until that is wanted
        thread.stop_or_go(false);
        thread.want(&[(Arc::clone(&small), 1.5)]);
        assert!(inbox.recv_timeout(Duration::from_millis(50)).is_err());
        thread.stop_or_go(true);
        thread.want(&[(small, 1.5)]);
        assert!(inbox.recv_timeout(Duration::from_secs(20)).is_ok());
    }
}
