//! What a session can be told. Edits of the lab are one command; the last one wins.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::study::Ask;
use crate::lab::{Lab, RunId};

/// Which backend is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendChoice {
    /// A real GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU, software adapters included.
    Gpu,
    /// The adapter of this name.
    Adapter(String),
}

/// What a session can be told.
#[derive(Clone, Debug)]
pub enum Command {
    /// The lab as edited. Costs what `Experiment::change_from` says.
    Apply(Arc<Lab>),
    /// Another lab: its runs begin as it says, with its records where it has such; those before are kept for undo alone.
    Begin(Arc<Lab>),
    /// Let a run train.
    Play(RunId),
    /// Let it rest; its parameters stay.
    Pause(RunId),
    /// Take so many training steps, then rest.
    Step(RunId, u32),
    /// Back to its untrained parameters.
    Reset(RunId),
    /// The flow time t that velocity fields are evaluated at, in [0, 1].
    FlowTime(f64),
    /// Stop the search for the cheapest pairs of the couplings view (false), or begin it again (true).
    SeekOptima(bool),
    /// Compare the marginals of so many of the first stages; fewer than two are none.
    CompareMarginals(usize),
    /// Begin this study in place of the one before.
    Study(Ask),
    /// Stop the study that is under way.
    StopStudy,
    /// Train on another backend, from the parameters as they are.
    UseBackend(BackendChoice),
    /// Fill every run's record into this lab and hand it to `Snapshot::saved`, stamped with this number.
    Collect(u64),
    /// End the worker.
    Quit,
}
