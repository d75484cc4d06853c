//! The window's line to the engine: commands go out, snapshots come in.

use std::sync::Arc;

use eframe::egui;

use crate::engine::command::{BackendChoice, Command};
use crate::engine::snapshot::Snapshot;
use crate::engine::worker::Worker;
use crate::lab::Lab;

/// To a worker, or to nobody: tests show a snapshot and look at what would have been sent.
pub enum Link {
    /// A worker's thread.
    Live(Worker),
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
        Self::Live(Worker::start(Arc::new(lab.clone()), choice, move || {
            ctx.request_repaint();
        }))
    }

    /// To nobody.
    pub fn still(snapshot: Snapshot) -> Self {
        Self::Still {
            latest: Arc::new(snapshot),
            sent: Vec::new(),
        }
    }

    /// What the engine last said.
    pub fn latest(&self) -> Arc<Snapshot> {
        match self {
            Self::Live(worker) => worker.latest(),
            Self::Still { latest, .. } => Arc::clone(latest),
        }
    }

    /// Tells the engine.
    pub fn send(&mut self, command: Command) {
        match self {
            Self::Live(worker) => worker.send(command),
            Self::Still { sent, .. } => sent.push(command),
        }
    }

    /// What would have been sent; empty with a worker.
    pub fn sent(&self) -> &[Command] {
        match self {
            Self::Live(_) => &[],
            Self::Still { sent, .. } => sent,
        }
    }
}
