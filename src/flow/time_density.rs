//! The law of t during training, the weight of the loss over t, and the table of 65,536 quantiles
//! ([`TimeRow`]) through which both reach a backend.

use serde::{Deserialize, Serialize};

use super::path::Path;

/// How many rows a table of times has: row r is the quantile (r + 1/2) / 65,536 of the law of t.
pub const TIME_ROWS: usize = 65_536;

/// The law of t during training. A closed set; `TIME_DENSITIES` is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeDensity {
    /// Every t equally often.
    #[default]
    Uniform,
    /// t = sigmoid(mean + std n), n standard normal (Esser et al. 2024).
    LogitNormal {
        /// Mean of logit t.
        mean: f64,
        /// Standard deviation of logit t.
        std: f64,
    },
    /// Density proportional to e^{a t} + e^{a (1-t)} (Lee, Lin, Fanti 2024; a = 4).
    UShaped {
        /// How strongly the ends are preferred.
        a: f64,
    },
    /// t = 1 - u - s (cos^2(pi u / 2) - 1 + u) (Esser et al. 2024).
    Mode {
        /// Scale s in [-1, 2 / (pi - 2)], where the map stays monotone.
        scale: f64,
    },
    /// Density 2 / (pi (1 - 2t + 2t^2)) (Esser et al. 2024).
    Cosmap,
}

/// A weight w(t) on the loss, separate from the law of t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossWeight {
    /// w = 1.
    #[default]
    Uniform,
    /// w = alpha^2 / sigma^2, the signal-to-noise ratio, cut at `max`.
    Snr {
        /// The largest weight.
        max: f64,
    },
    /// w = min(snr, gamma) (Hang et al. 2023).
    MinSnr {
        /// The cut.
        gamma: f64,
    },
    /// w = 1 / t, cut at `max`.
    InverseT {
        /// The largest weight.
        max: f64,
    },
}

/// What the network predicts. The others come with the diffusion lenses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// The velocity v(x, t).
    #[default]
    Velocity,
}

/// One row of the table of times: all that a training row needs to know about its t.
/// The training input is (alpha x1 + sigma x0, t), the training target target_x1 x1 + target_x0 x0.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct TimeRow {
    /// t in [0, 1].
    pub t: f32,
    /// Factor of x1 in X_t.
    pub alpha: f32,
    /// Factor of x0 in X_t.
    pub sigma: f32,
    /// Weight of this row's loss.
    pub weight: f32,
    /// Factor of x0 in the regression target.
    pub target_x0: f32,
    /// Factor of x1 in the regression target.
    pub target_x1: f32,
    /// Velocity = velocity_x X_t + velocity_net output: the conversion of the output.
    pub velocity_x: f32,
    /// See `velocity_x`.
    pub velocity_net: f32,
}

/// The table of times of a run: `TIME_ROWS` quantiles, computed in f64.
pub fn time_rows(_density: TimeDensity, _weight: LossWeight, _path: Path, _prediction: Prediction) -> Vec<TimeRow> {
    todo!("flow helper")
}
