//! Distributions of the plane: to be filled.

mod component;

use serde::{Deserialize, Serialize};

pub use component::{Component, Components, Extent, Moments};

/// A distribution of the plane, usable as source and as target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Distribution {
    /// N(mean, std^2 I).
    Gaussian {
        /// Mean.
        #[serde(default)]
        mean: [f64; 2],
        /// Standard deviation of each coordinate.
        #[serde(default = "one")]
        std: f64,
    },
}

fn one() -> f64 {
    1.0
}
