//! The window's line to the engine: commands go out, snapshots come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use eframe::egui;

use crate::engine::command::{BackendChoice, Command};
use crate::engine::snapshot::Snapshot;
use crate::engine::worker::Worker;
use crate::lab::Lab;

/// To a worker, or to nobody: tests show a snapshot and look at what would have been sent.
pub enum Link {
    /// A worker's thread, and the milliseconds between frames that its snapshots may ask for.
    Live(Worker, Arc<AtomicU32>),
    /// Nobody.
    Still {
        /// What is shown.
        latest: Arc<Snapshot>,
        /// What would have been sent.
        sent: Vec<Command>,
    },
}

impl Link {
    /// Starts the engine's thread.
    pub fn start(lab: &Lab, choice: BackendChoice, ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        let pace = Arc::new(AtomicU32::new(16));
        let asked = Arc::clone(&pace);
        let wake = move || ctx.request_repaint_after(Duration::from_millis(asked.load(Relaxed).into()));
        Self::Live(Worker::start(Arc::new(lab.clone()), choice, wake), pace)
    }

    /// To nobody.
    pub fn still(snapshot: Snapshot) -> Self {
        Self::Still {
            latest: Arc::new(snapshot),
            sent: Vec::new(),
        }
    }

    /// No frame sooner than this after a snapshot.
    pub fn set_pace(&self, between_frames: Duration) {
        if let Self::Live(_, pace) = self {
            pace.store(between_frames.as_millis() as u32, Relaxed);
        }
    }

    /// What the engine last said.
    pub fn latest(&self) -> Arc<Snapshot> {
        match self {
            Self::Live(worker, _) => worker.latest(),
            Self::Still { latest, .. } => Arc::clone(latest),
        }
    }

    /// Whether there is an engine.
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live(..))
    }

    /// What a still window shows from now on.
    pub fn show(&mut self, snapshot: Snapshot) {
        if let Self::Still { latest, .. } = self {
            *latest = Arc::new(snapshot);
        }
    }

    /// Tells the engine.
    pub fn send(&mut self, command: Command) {
        match self {
            Self::Live(worker, _) => worker.send(command),
            Self::Still { sent, .. } => sent.push(command),
        }
    }

    /// Whether nobody is there.
    pub const fn is_still(&self) -> bool {
        matches!(self, Self::Still { .. })
    }

    /// What would have been sent; empty with a worker.
    pub fn sent(&self) -> &[Command] {
        match self {
            Self::Live(..) => &[],
            Self::Still { sent, .. } => sent,
        }
    }
}
