//! The regression loss.

use serde::{Deserialize, Serialize};

/// The regression loss of one row with error e (two coordinates).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// |e|^2, summed over the coordinates.
    #[default]
    Mse,
    /// sqrt(|e|^2 + c^2) - c (Lee, Lin, Fanti 2024).
    PseudoHuber {
        /// Where it turns from quadratic to linear, data units.
        c: f64,
    },
}
