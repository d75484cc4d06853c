//! The parameters of the couplings that have any, their defaults and their limits.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::PairF64;
use crate::flow::sampler::Sampler;
use crate::flow::table::{count_within, within};
use crate::flow::transport::POINT_LIMIT;

/// Most pairs that are read from a file or drawn by hand.
pub const MOST_PAIRS: usize = 1_000_000;
/// Largest coordinate of a given pair, data units: beyond it f32 keeps fewer than two decimals.
const FAR: f64 = 1e5;

/// Exact optimal transport of one pool of points, which training then reads again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExactOt {
    /// Points on each side.
    pub pool: u32,
}

/// Exact optimal transport within groups of fresh points (Tong et al. 2024, "Improving and generalizing flow-based
/// generative models with minibatch optimal transport", section 3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MinibatchOt {
    /// Pairs in a group; independent of the optimizer's batch.
    pub batch: u32,
}

/// Entropic transport within groups of fresh points, pairs drawn from its plan (Cuturi 2013).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sinkhorn {
    /// Weight of the plan's entropy, data units squared: towards 0 it is optimal transport, large it is independent.
    pub epsilon: f64,
    /// Pairs in a group.
    pub batch: u32,
}

/// The dearest assignment within groups of fresh points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AntiOptimal {
    /// Pairs in a group.
    pub batch: u32,
}

/// Both sides sorted along one direction, within groups of fresh points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sorted {
    /// The direction: 0 is along x, 90 along y.
    pub angle_degrees: f64,
    /// Pairs in a group.
    pub batch: u32,
}

/// Both sides sorted by their angle about their law's mean, within groups of fresh points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolarAngle {
    /// Pairs in a group.
    pub batch: u32,
}

/// Each x0 to the nearest mode of the target that still has room, within groups of fresh points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NearestMode {
    /// Pairs in a group.
    pub batch: u32,
}

/// Pairs drawn by hand. None yet: training goes on with independent pairs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HandPairs {
    /// x0, y0, x1, y1 of each, data units.
    pub pairs: Arc<Vec<PairF64>>,
    /// What becomes of the points that no drawn pair has.
    pub undrawn: Undrawn,
}

/// What becomes of the points that no pair drawn by hand has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undrawn {
    /// Each follows the drawn pair that begins nearest to it, as far as the target has room: both laws are kept.
    #[default]
    Follow,
    /// They are left out: training reads the drawn pairs and no others.
    Leave,
}

impl Undrawn {
    /// Every member.
    pub const ALL: [Self; 2] = [Self::Follow, Self::Leave];

    /// Name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Follow => "follow",
            Self::Leave => "leave",
        }
    }
}

/// The pairs of a file. Reading it is not this room's business: [`super::Coupling::with_file`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FilePairs {
    /// The file's name, CSV or NPY, four columns.
    pub file: String,
    /// What it held; empty until it is read.
    #[serde(skip)]
    pub pairs: Arc<Vec<PairF64>>,
}

/// Pairs that another run's flow makes: reflow (x0, Flow(x0)) (Liu, Gong, Liu 2022, algorithm 1), or the same backwards
/// from the target's points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPairs {
    /// How many are made, once.
    pub pairs: u32,
    /// How the parent's flow is integrated.
    pub sampler: Sampler,
    /// In how many solver steps.
    pub steps: u32,
    /// Share of the pairs made the other way around: from real target points, through the inverse flow (0 to 1).
    pub real_fraction: f64,
}

impl Default for ExactOt {
    fn default() -> Self {
        Self { pool: 2048 }
    }
}

impl Default for MinibatchOt {
    fn default() -> Self {
        Self { batch: 64 }
    }
}

impl Default for Sinkhorn {
    fn default() -> Self {
        Self {
            epsilon: 0.5,
            batch: 64,
        }
    }
}

impl Default for AntiOptimal {
    fn default() -> Self {
        Self { batch: 64 }
    }
}

impl Default for Sorted {
    fn default() -> Self {
        Self {
            angle_degrees: 0.0,
            batch: 4096,
        }
    }
}

impl Default for PolarAngle {
    fn default() -> Self {
        Self { batch: 4096 }
    }
}

impl Default for NearestMode {
    fn default() -> Self {
        Self { batch: 256 }
    }
}

impl Default for ModelPairs {
    fn default() -> Self {
        Self {
            pairs: 131_072,
            sampler: Sampler::Heun,
            steps: 32,
            real_fraction: 0.0,
        }
    }
}

impl PartialEq for HandPairs {
    /// The same buffer is equal without a look at its contents: undo compares labs every frame.
    fn eq(&self, other: &Self) -> bool {
        self.undrawn == other.undrawn && (Arc::ptr_eq(&self.pairs, &other.pairs) || self.pairs == other.pairs)
    }
}

impl PartialEq for FilePairs {
    /// As [`HandPairs`].
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && (Arc::ptr_eq(&self.pairs, &other.pairs) || self.pairs == other.pairs)
    }
}

/// A group that is paired by assignment.
pub(super) fn assigned_batch(batch: u32) -> Result<(), String> {
    count_within("batch", batch, 1, 1024, 64)
}

/// A group that is paired by sorting.
pub(super) fn sorted_batch(batch: u32) -> Result<(), String> {
    count_within("batch", batch, 1, 65_536, 4096)
}

impl ExactOt {
    pub(super) fn validate(self) -> Result<(), String> {
        count_within("pool", self.pool, 1, POINT_LIMIT as u32, 2048)
    }
}

impl Sinkhorn {
    pub(super) fn validate(self) -> Result<(), String> {
        within("epsilon", self.epsilon, 1e-3, 1e6, 0.5)?;
        // the plan is a dense matrix, made anew for every group
        count_within("batch", self.batch, 1, 512, 64)
    }
}

impl Sorted {
    pub(super) fn validate(self) -> Result<(), String> {
        within("angle_degrees", self.angle_degrees, -360.0, 360.0, 0.0)?;
        sorted_batch(self.batch)
    }
}

impl ModelPairs {
    pub(super) fn validate(self) -> Result<(), String> {
        count_within("pairs", self.pairs, 1, MOST_PAIRS as u32, 131_072)?;
        count_within("steps", self.steps, 1, 10_000, 32)?;
        within("real_fraction", self.real_fraction, 0.0, 1.0, 0.0)
    }
}

/// Given pairs: not too many, finite, not too far out. Rows count from 0.
pub(super) fn given(name: &str, pairs: &[PairF64]) -> Result<(), String> {
    if pairs.len() > MOST_PAIRS {
        return Err(format!("{name} has {} pairs; use at most {MOST_PAIRS}", pairs.len()));
    }
    let fits = |p: &PairF64| p.iter().all(|x| x.abs() <= FAR);
    match pairs.iter().position(|p| !fits(p)) {
        None => Ok(()),
        Some(row) => Err(format!(
            "{name} row {row} is {:?}; use finite numbers up to {FAR}",
            pairs[row]
        )),
    }
}
