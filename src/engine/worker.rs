//! The engine's thread in the window: commands in by a channel, snapshots out by a slot where the latest wins.
//!
//! At rest it blocks on the channel: 0 % CPU.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::assigning::Assigned;
use super::command::{BackendChoice, Command};
use super::coupling::CouplingReport;
use super::jobs::{JobDone, JobThread};
use super::marginals::MarginalReport;
use super::session::Session;
use super::snapshot::Snapshot;
use super::study::{Study, StudyThread};
use crate::lab::{Lab, RunId};

/// Snapshots follow each other no faster than this.
const FRAME: Duration = Duration::from_millis(16);

/// How often it is told how far an assignment is.
const TELL: Duration = Duration::from_millis(60);

/// What reaches the engine's thread.
pub(super) enum Message {
    /// From the window.
    Command(Command),
    /// From the thread of slow measures.
    Job(Box<JobDone>),
    /// From the thread of couplings.
    Coupling(Box<CouplingReport>),
    /// From the thread of marginals.
    Marginals(Box<MarginalReport>),
    /// From the thread of studies.
    Study(Box<Study>),
    /// From a thread that assigns a pool.
    Assigned(Box<Assigned>),
}

/// A session on its own thread.
pub struct Worker {
    commands: Sender<Message>,
    latest: Arc<Mutex<Arc<Snapshot>>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts the thread with this lab, the runs of [`begins`] playing. `wake` is called after each new snapshot. A GPU that was
    /// asked for and cannot be used gives a notice, and the CPU.
    pub fn start(lab: Arc<Lab>, choice: BackendChoice, wake: impl Fn() + Send + 'static) -> Self {
        let (commands, inbox) = channel();
        let latest = Arc::new(Mutex::new(Arc::new(Snapshot::default())));
        let slot = Arc::clone(&latest);
        let back = commands.clone();
        let thread = std::thread::Builder::new()
            .name("rectiflow engine".into())
            .spawn(move || serve(&lab, choice, &inbox, back, &slot, &wake))
            .ok();
        Self {
            commands,
            latest,
            thread,
        }
    }

    /// Sends a command; after the thread has ended this does nothing.
    pub fn send(&self, command: Command) {
        let _ = self.commands.send(Message::Command(command));
    }

    /// The latest snapshot.
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.send(Command::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn open_session(choice: BackendChoice) -> Option<Session> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // one core is the window's
    let threads = Some(cores.saturating_sub(1).max(1));
    match Session::new(choice, threads) {
        Ok(session) => Some(session),
        Err(fault) => {
            let mut session = Session::new(BackendChoice::Cpu, threads).ok()?;
            let name = session.backend_name().to_owned();
            session.notice(true, format!("{fault}. Training runs on {name}."));
            Some(session)
        }
    }
}

/// The runs that train as soon as a lab is there: all of one that is untrained, else the first, where it has steps left.
pub fn begins(lab: &Lab) -> Vec<RunId> {
    let untrained = lab.runs.iter().all(|run| run.record.is_none());
    let some = if untrained { lab.runs.len() } else { 1 };
    lab.runs.iter().take(some).map(|run| run.id).collect()
}

fn serve(
    lab: &Arc<Lab>,
    choice: BackendChoice,
    inbox: &Receiver<Message>,
    back: Sender<Message>,
    slot: &Mutex<Arc<Snapshot>>,
    wake: &dyn Fn(),
) {
    let Some(mut session) = open_session(choice) else {
        return;
    };
    session.assign_aside(back.clone());
    session.report_couplings(back.clone());
    session.report_marginals(back.clone());
    session.studies = StudyThread::start(back.clone());
    let mut jobs = JobThread::start(back);
    session.apply(lab);
    for run in begins(lab) {
        session.command(Command::Play(run));
    }
    let mut published = None::<Instant>;
    let mut looked_for_adapters = false;
    loop {
        let worked = session.advance();
        let drew = session.refresh_stages() | session.refresh_measures(&mut jobs);
        session.refresh_couplings();
        session.refresh_marginals();
        let due = published.is_none_or(|at| at.elapsed() >= FRAME);
        if due || (!worked && !drew) {
            let snapshot = session.snapshot();
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = snapshot;
            published = Some(Instant::now());
            wake();
        }
        // the adapters are for a menu: look for them once the first pictures are out
        if !looked_for_adapters && session.has_drawn() {
            looked_for_adapters = true;
            session.look_for_adapters();
        }
        let mut wait = !worked && !drew && looked_for_adapters;
        loop {
            let message = if wait {
                // an assignment tells how far it is, and its thread wakes nobody for that
                let most = if session.is_assigning() { TELL } else { Duration::MAX };
                match inbox.recv_timeout(most) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                match inbox.recv_timeout(Duration::ZERO) {
                    Ok(message) => message,
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            };
            wait = false;
            match message {
                Message::Command(Command::Quit) => return,
                Message::Command(command) => session.command(command),
                Message::Job(done) => session.take_job(*done, &mut jobs),
                Message::Coupling(report) => session.take_coupling(*report),
                Message::Marginals(report) => session.take_marginals(*report),
                Message::Study(study) => session.take_study(*study),
                Message::Assigned(done) => session.take_assigned(*done),
            }
        }
    }
}
