//! The measures of a run, and the floors beside them.

use serde::{Deserialize, Serialize};

/// Everything `metrics.json` reports that is measured; a measure that has not been taken, or has no meaning for the run, is None.
/// Units: data units, squared where the name says so. Definitions: MATHS.md "Measures".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Mean squared velocity error summed over coordinates, 65,536 fresh pairs under the run's law of t.
    pub loss: Option<f64>,
    /// Standard error of `loss`.
    pub loss_standard_error: Option<f64>,
    /// The least that `loss` can be.
    pub loss_floor: Option<f64>,
    /// Its standard error.
    pub loss_floor_standard_error: Option<f64>,
    /// "exact" (exact field, Monte Carlo over pairs) or "estimated" (components stand in for a target without a closed form).
    pub loss_floor_kind: Option<String>,
    /// Relative RMS distance of the learned velocity from the exact one.
    pub field_rms: Option<f64>,
    /// W2 squared between samples and fresh target points, by exact assignment.
    pub w2_squared: Option<f64>,
    /// The same between two fresh sets of target points.
    pub w2_squared_floor: Option<f64>,
    /// Mean over directions of 1-D W2 squared.
    pub sliced_w2_squared: Option<f64>,
    /// 2 E|a-b| - E|a-a'| - E|b-b'|.
    pub energy_distance: Option<f64>,
    /// Mean over segments of |velocity of the segment - (z1 - z0)|^2.
    pub straightness: Option<f64>,
    /// Mean over segments of |velocity of the segment|^2.
    pub path_energy: Option<f64>,
    /// E|z1 - z0|.
    pub transport_cost_p1: Option<f64>,
    /// E|z1 - z0|^2.
    pub transport_cost_p2: Option<f64>,
    /// Mean length of the trajectories.
    pub path_length: Option<f64>,
    /// Field evaluations per particle.
    pub evaluations: Option<u32>,
    /// Training steps at which these were taken.
    pub step: u64,
}
