//! How the next round of reflow or the next student is made, and how flow time plays: settings of the lab that belong to no run
//! and no stage.

use serde::{Deserialize, Serialize};

use super::{LabRun, Origin};
use crate::flow::coupling::ModelPairs;

/// How the next child run is made: what the popover beside the buttons edits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoundSettings {
    /// How its pairs are made.
    pub pairs: ModelPairs,
    /// Whether it starts from its parent's parameters or afresh.
    pub from_parent: bool,
    /// Its training steps; where None those of [`RoundSettings::steps_after`].
    pub steps: Option<u64>,
    /// Rounds that one press of "Reflow x k" adds.
    pub rounds: u32,
    /// Whether a student learns its teacher's own training pairs instead of where its flow ends. Random pairs have no one
    /// end for a start, so one step can only learn their mean.
    pub student_of_pairs: bool,
}

impl Default for RoundSettings {
    fn default() -> Self {
        Self {
            pairs: ModelPairs {
                pairs: 32_768,
                ..ModelPairs::default()
            },
            from_parent: true,
            steps: None,
            rounds: 2,
            student_of_pairs: false,
        }
    }
}

impl RoundSettings {
    /// The training steps of a child of `parent`: as many as it has, or half of a first round's where the child goes on from
    /// its parameters and has only to unlearn its bends.
    pub fn steps_after(&self, parent: &LabRun) -> u64 {
        let planned = parent.experiment.steps;
        let half = self.from_parent && parent.origin == Origin::Fresh;
        self.steps.unwrap_or(if half { planned.div_ceil(2) } else { planned })
    }
}

/// How flow time plays; where it is and whether it runs is the window's alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClockSettings {
    /// How fast: 1 is the usual pass of four seconds.
    pub speed: f64,
    /// Whether it begins again after the end.
    pub looping: bool,
}

impl Default for ClockSettings {
    fn default() -> Self {
        Self {
            speed: 1.0,
            looping: true,
        }
    }
}
