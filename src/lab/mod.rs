//! The one document: everything the user can set, as plain data; loading, saving, comparing, presets.

mod bad_input;
pub mod experiment;
pub mod figure;
mod file;
mod fit;
mod lab_file;
mod limits;
mod map;
mod migrate;
mod npy;
mod points;
mod presets;
mod rounds;
mod schema;
mod settings;
mod share;
mod stage;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use bad_input::{BadInput, nearest};
pub use experiment::{Change, Experiment, RunFile};
pub use figure::{FIGURE_THEMES, FigureOptions, FigureSize, FigureTheme, Unit};
pub use file::{Draft, coupling, distribution, parse_run_file, run_file_text};
pub use fit::{Misfit, exact_lack, samplers_of, suits, usual_grid, usual_paths, usual_sampler};
pub use lab_file::{lab_text, parse_lab};
pub use limits::{MOST_PARTICLES, MOST_STATES, MOST_STEPS};
pub use map::{MAPS, Map};
pub use npy::{Array, decode as decode_npy};
pub use points::{MOST_POINTS, pairs_from_bytes, points_from_bytes, read_bytes, read_pairs, read_points};
pub use presets::{PRESETS, Preset, preset, preset_picture, preset_text};
pub use schema::{kind_defaults, kinds_of, names_of};
pub use settings::{ClockSettings, RoundSettings};
pub use share::{is_share_string, parse_share_string, share_string};
pub use stage::{
    ARRANGEMENTS, Arrangement, Compare, Grid, Language, Layers, Lens, Look, MOST_CAPTION, MOST_STAGES, NoiseSchedule,
    PickedParticle, Probe, Process, Sampler, Sampling, Stage, ThemeChoice,
};

use crate::net::Checkpoint;

/// Identifies a run within a lab; never reused within one.
pub type RunId = u32;

/// Where a run comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// Trained from its distributions.
    #[default]
    Fresh,
    /// Trained on pairs that the parent's flow makes: one round of reflow (Liu, Gong, Liu 2023).
    Reflow {
        /// The run whose flow makes the pairs.
        parent: RunId,
        /// Whether training starts from the parent's parameters (where the networks agree) or afresh.
        #[serde(default)]
        from_parent: bool,
    },
    /// A one-step student: min E|x1 - x0 - v(x0, 0)|^2 on pairs that the parent's flow makes, then one Euler step.
    Distilled {
        /// The teacher.
        parent: RunId,
        /// See `Reflow`.
        #[serde(default)]
        from_parent: bool,
    },
}

impl Origin {
    /// The run that this one comes from.
    pub const fn parent(self) -> Option<RunId> {
        match self {
            Self::Fresh => None,
            Self::Reflow { parent, .. } | Self::Distilled { parent, .. } => Some(parent),
        }
    }

    /// The same from another parent, where it is of the parent `was`.
    pub const fn with_parent(mut self, was: RunId, is: RunId) -> Self {
        match &mut self {
            Self::Fresh => {}
            Self::Reflow { parent, .. } | Self::Distilled { parent, .. } => {
                if *parent == was {
                    *parent = is;
                }
            }
        }
        self
    }

    /// Whether training starts from the parent's parameters.
    pub const fn starts_from_parent(self) -> bool {
        matches!(
            self,
            Self::Reflow { from_parent: true, .. } | Self::Distilled { from_parent: true, .. }
        )
    }
}

/// What a run has become, kept in a Lab file beside its settings: the parameters, the loss curve, the log of live edits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunRecord {
    /// The parameters and moments.
    pub checkpoint: Checkpoint,
    /// (step, batch loss smoothed over the interval) points of the loss curve.
    pub losses: Vec<(u64, f32)>,
    /// (step, what was changed) live edits.
    pub edits: Vec<(u64, String)>,
}

/// One run of a lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LabRun {
    /// Its identity.
    pub id: RunId,
    /// What decides its training; `experiment.name` is the run's name.
    pub experiment: Experiment,
    /// Where it comes from.
    #[serde(default)]
    pub origin: Origin,
    /// What it has become; only in a lab that is about to be saved or was just opened, None while it is edited.
    /// The file's form of it is `lab/file.rs`'s business.
    #[serde(skip)]
    pub record: Option<Arc<RunRecord>>,
}

impl PartialEq for LabRun {
    /// Records compare by pointer: undo compares labs every frame.
    fn eq(&self, other: &Self) -> bool {
        let same_record = match (&self.record, &other.record) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        self.id == other.id && self.experiment == other.experiment && self.origin == other.origin && same_record
    }
}

/// All that the user can set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lab {
    /// Version of this file format.
    pub schema_version: u32,
    /// The runs, in the order of their tabs.
    pub runs: Vec<LabRun>,
    /// The plots, one to [`MOST_STAGES`].
    pub stages: Vec<Stage>,
    /// How they stand side by side, and which of them has the focus.
    #[serde(default)]
    pub compare: Compare,
    /// Where the stages are probed.
    #[serde(default)]
    pub probe: Probe,
    /// Whose solver steps are laid open.
    #[serde(default)]
    pub anatomy: PickedParticle,
    /// How the next round is made.
    #[serde(default)]
    pub rounds: RoundSettings,
    /// How flow time plays.
    #[serde(default)]
    pub clock: ClockSettings,
    /// Theme, language, panels.
    pub look: Look,
}

/// The version that this program writes; older ones are read (`lab/migrate.rs`).
pub const SCHEMA_VERSION: u32 = 3;

impl Lab {
    /// A lab of one run on one stage.
    pub fn of(file: RunFile) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            runs: vec![LabRun {
                id: 1,
                experiment: file.experiment,
                origin: Origin::Fresh,
                record: None,
            }],
            stages: vec![Stage {
                run: 1,
                sampling: file.sampling,
                ..Stage::default()
            }],
            compare: Compare::default(),
            probe: Probe::default(),
            anatomy: PickedParticle::default(),
            rounds: RoundSettings::default(),
            clock: ClockSettings::default(),
            look: Look::default(),
        }
    }

    /// The index of the stage with the focus; 0 where there is none of the index that is written down.
    pub const fn focus(&self) -> usize {
        if self.compare.focus < self.stages.len() {
            self.compare.focus
        } else {
            0
        }
    }

    /// The indices of the stages that are shown: all under Compare, else the one with the focus.
    pub fn shown(&self) -> std::ops::Range<usize> {
        if self.compare.on {
            0..self.stages.len()
        } else {
            self.focus()..(self.focus() + 1).min(self.stages.len())
        }
    }

    /// The run with this id.
    pub fn run(&self, id: RunId) -> Option<&LabRun> {
        self.runs.iter().find(|r| r.id == id)
    }

    /// The run with this id, to edit.
    pub fn run_mut(&mut self, id: RunId) -> Option<&mut LabRun> {
        self.runs.iter_mut().find(|r| r.id == id)
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::of(RunFile::default())
    }
}
