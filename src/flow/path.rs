//! Paths between a source point and a target point: `X_t = alpha(t) x1 + sigma(t) x0`, MATHS.md "Time, pairs, paths".

use serde::{Deserialize, Serialize};

/// A path: its two coefficients and their derivatives. A closed set; [`PATHS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Path {
    /// alpha = t, sigma = 1 - t (rectified flow; Liu, Gong, Liu 2023; the "OT path" of Lipman et al. 2023).
    #[default]
    Linear,
}

/// One row of the table of paths: name in files, symbol, one line of explanation.
pub const PATHS: [(&str, &str, &str); 1] = [(
    "linear",
    "x_t = t x1 + (1-t) x0",
    "straight chords at constant speed (rectified flow)",
)];

/// alpha, sigma and their derivatives by t at one t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathAt {
    /// Factor of x1.
    pub alpha: f64,
    /// Factor of x0.
    pub sigma: f64,
    /// d alpha / dt.
    pub d_alpha: f64,
    /// d sigma / dt.
    pub d_sigma: f64,
}

impl Path {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
        }
    }

    /// The coefficients at t in [0, 1].
    pub const fn at(self, t: f64) -> PathAt {
        match self {
            Self::Linear => PathAt {
                alpha: t,
                sigma: 1.0 - t,
                d_alpha: 1.0,
                d_sigma: -1.0,
            },
        }
    }
}
