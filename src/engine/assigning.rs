//! Exact transport of a run's pool on a thread of its own: a window stays alive while thousands of points are assigned, hears
//! how far it is, and ends it by another choice. The command line assigns here and now (`run::train_job`), to the same pairs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::Sender;

use super::run::ActiveRun;
use super::session::Session;
use super::snapshot::PairProgress;
use super::worker::Message;
use crate::flow::coupling::{Coupling, Pair, finite_pairs};
use crate::flow::transport::{TransportError, Watch};
use crate::lab::{Experiment, RunId};

/// Parts of the work that are counted.
const PARTS: f64 = 1000.0;

/// What the two threads share.
#[derive(Debug, Default)]
struct Shared {
    cancel: AtomicBool,
    parts: AtomicU64,
}

/// An assignment under way. When nobody holds it any more, it ends.
#[derive(Debug)]
pub struct Assigning {
    shared: Arc<Shared>,
    pool: u32,
}

impl Drop for Assigning {
    fn drop(&mut self) {
        self.shared.cancel.store(true, Relaxed);
    }
}

/// Pairs that have been assigned.
pub struct Assigned {
    run: RunId,
    shared: Arc<Shared>,
    pairs: Result<Option<Arc<Vec<Pair>>>, TransportError>,
}

/// The points of a coupling that is the exact transport of a pool.
pub const fn pool_of(coupling: &Coupling) -> Option<u32> {
    match coupling {
        Coupling::ExactOt(exact) => Some(exact.pool),
        _ => None,
    }
}

impl Assigning {
    /// Begins; None where the coupling has no pool, or there is no thread to be had.
    fn start(run: RunId, experiment: &Experiment, back: Sender<Message>) -> Option<Arc<Self>> {
        let pool = pool_of(&experiment.coupling)?;
        let shared = Arc::new(Shared::default());
        let (theirs, experiment) = (Arc::clone(&shared), experiment.clone());
        let work = move || {
            let watch = Watch {
                cancel: &theirs.cancel,
                progress: &|part| theirs.parts.store((part * PARTS) as u64, Relaxed),
            };
            let (e, seed) = (&experiment, experiment.seed);
            let pairs = finite_pairs(&e.source, &e.target, &e.coupling, seed, watch);
            let shared = Arc::clone(&theirs);
            let _ = back.send(Message::Assigned(Box::new(Assigned { run, shared, pairs })));
        };
        let thread = std::thread::Builder::new().name("rectiflow pairs".into());
        thread.spawn(work).ok()?;
        Some(Arc::new(Self { shared, pool }))
    }

    /// How far it is.
    pub fn progress(&self) -> PairProgress {
        let part = (self.shared.parts.load(Relaxed) as f64 / PARTS).min(1.0);
        PairProgress {
            done: (part * f64::from(self.pool)) as u64,
            total: u64::from(self.pool),
            assigned: true,
        }
    }
}

impl Session {
    /// Exact transport is assigned on threads of its own from now on; they answer there.
    pub(super) fn assign_aside(&mut self, back: Sender<Message>) {
        self.assigner = Some(back);
    }

    /// Whether one is under way.
    pub(super) fn is_assigning(&self) -> bool {
        self.runs.iter().any(|run| run.assigning.is_some())
    }

    /// Begins the assignments that runs wait for.
    pub(super) fn begin_assigning(&mut self) {
        let Some(back) = self.assigner.clone() else { return };
        for at in 0..self.runs.len() {
            let run = &mut self.runs[at];
            if !run.awaits_pool() || run.assigning.is_some() || run.faulted {
                continue;
            }
            run.assigning = Assigning::start(run.id, &run.experiment, back.clone());
            if run.assigning.is_none() {
                run.faulted = true;
                self.notice(
                    true,
                    "There is no thread to be had for the transport of the pool.".into(),
                );
            }
        }
    }

    /// Takes the pairs in; those of another choice are left.
    pub(super) fn take_assigned(&mut self, done: Assigned) {
        let waits = |run: &ActiveRun| {
            let own = run.assigning.as_ref();
            run.id == done.run && own.is_some_and(|own| Arc::ptr_eq(&own.shared, &done.shared))
        };
        let Some(at) = self.runs.iter().position(waits) else {
            return;
        };
        self.with_run(at, |session, run| {
            run.assigning = None;
            match done.pairs {
                Ok(pairs) => {
                    session.keep_checkpoint(run);
                    run.pairs = pairs;
                    run.rebuild_job();
                    session.load(run);
                }
                Err(why) => {
                    run.faulted = true;
                    session.notice(
                        true,
                        format!("{:?}: the pool could not be paired: {why}.", run.experiment.name),
                    );
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::engine::command::{BackendChoice, Command};
    use crate::flow::coupling::ExactOt;
    use crate::lab::{Lab, RunFile};

    fn lab(coupling: Coupling) -> Arc<Lab> {
        let mut file = RunFile::default();
        file.experiment.coupling = coupling;
        file.experiment.optimizer.batch = 64;
        Arc::new(Lab::of(file))
    }

    fn exact(pool: u32) -> Arc<Lab> {
        lab(Coupling::ExactOt(ExactOt { pool }))
    }

    fn opened(lab: &Arc<Lab>, back: Option<Sender<Message>>) -> Session {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).expect("the processor");
        if let Some(back) = back {
            session.assign_aside(back);
        }
        session.apply(lab);
        session.command(Command::Play(1));
        session
    }

    fn answer(inbox: &Receiver<Message>) -> Assigned {
        match inbox.recv().expect("the thread answers") {
            Message::Assigned(done) => *done,
            _ => panic!("nothing else was begun"),
        }
    }

    #[test]
    fn pairs_made_aside_are_those_made_here_and_now() {
        let (back, inbox) = channel();
        let mut session = opened(&exact(300), Some(back));
        assert!(!session.advance(), "it waits");
        let waits = session.snapshot().runs[0].pairing.expect("progress");
        assert!(waits.assigned && waits.total == 300 && waits.done <= 300);
        assert!(session.pairs(1, 300).is_empty());
        session.take_assigned(answer(&inbox));
        assert_eq!(session.pairs(1, 300), opened(&exact(300), None).pairs(1, 300));
        assert!(session.advance(), "it trains");
        assert!(session.snapshot().runs[0].pairing.is_none() && session.snapshot().runs[0].step > 0);
    }

    #[test]
    fn another_choice_ends_it_and_its_answer_is_left() {
        let (back, inbox) = channel();
        let mut session = opened(&exact(4096), Some(back));
        session.advance();
        session.apply(&lab(Coupling::Independent));
        assert!(session.advance(), "independent pairs are there at once");
        let late = answer(&inbox);
        // it was told to end long before so many points are assigned
        assert_eq!(late.pairs, Err(TransportError::Canceled));
        session.take_assigned(late);
        assert!(session.pairs(1, 64).len() == 64 && !session.is_assigning());
        assert!(session.snapshot().notices.is_empty());
        // back again it is begun anew
        session.apply(&exact(100));
        session.advance();
        session.take_assigned(answer(&inbox));
        assert_eq!(session.pairs(1, 100), opened(&exact(100), None).pairs(1, 100));
    }
}
