//! How all other points follow pairs that were drawn by hand: each x0 belongs to the drawn pair (a, b) that begins nearest
//! to it, and the nearer it lies to a, the dearer it is to end far from b:
//!
//! `cost(x0, x1) = |x1 - b|^2 / (1 + |x0 - a|^2 / s^2)`, s half the source's standard deviation per coordinate.
//!
//! Within a group the cheapest assignment pairs them, so that both laws are kept: who comes late takes what is left.

use std::sync::Arc;

use super::PairF64;
use crate::flow::Point;

/// Pairs in a group: many enough that a few drawn pairs have their own neighbors in it, few enough for a dense assignment.
pub(super) const BATCH: u32 = 128;

/// Drawn pairs, at least one, and what near means.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pairs: Arc<Vec<PairF64>>,
    /// s^2, data units squared.
    near: f64,
}

/// What one source point wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Followed {
    to: Point,
    weight: f64,
}

impl Drawn {
    /// These pairs (at least one) in a source whose covariance has this trace.
    pub(super) fn new(pairs: &Arc<Vec<PairF64>>, trace: f64) -> Self {
        Self {
            pairs: Arc::clone(pairs),
            // a point mass is near to itself alone
            near: (0.125 * trace).max(1e-12),
        }
    }

    /// The end that a source point wants, and how much.
    pub(super) fn followed(&self, x: Point) -> Followed {
        let off = |p: &PairF64| (p[0] - x[0]).powi(2) + (p[1] - x[1]).powi(2);
        let nearest = self
            .pairs
            .iter()
            .map(|p| (off(p), p))
            .min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map_or(
            Followed {
                to: [0.0; 2],
                weight: 0.0,
            },
            |(off, p)| Followed {
                to: [p[2], p[3]],
                weight: 1.0 / (1.0 + off / self.near),
            },
        )
    }
}

impl Followed {
    /// What it costs to end at x1 instead, data units squared.
    pub(super) fn cost(&self, x1: Point) -> f64 {
        self.weight * ((x1[0] - self.to[0]).powi(2) + (x1[1] - self.to[1]).powi(2))
    }
}
