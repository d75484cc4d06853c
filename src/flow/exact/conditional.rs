//! What is known of the pairs through a point, for any coupling: the exact posterior where there is one, else the kernel
//! estimate over pairs of the coupling.

use std::sync::Arc;

use super::kernel::usual_bandwidth;
use super::{ExactField, Fan, FieldAt, KernelAt, KernelField, Worth};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::path::Path;

/// The conditional law of pairs given X_t = x.
#[derive(Clone, Debug)]
pub enum Conditional {
    /// The independent coupling of two weighted sums of Gaussians.
    Exact {
        /// Its field.
        field: Arc<ExactField>,
        /// Whether the sums are the distributions themselves or close stand-ins.
        worth: Worth,
    },
    /// Smoothed pairs.
    Kernel(Arc<KernelField>),
}

/// The same at one flow time.
#[derive(Clone, Debug)]
pub enum ConditionalAt {
    /// See [`Conditional::Exact`].
    Exact(Box<FieldAt>),
    /// See [`Conditional::Kernel`].
    Kernel(Box<KernelAt>),
}

impl Conditional {
    /// The estimate over these pairs with a usual bandwidth; None where there are none.
    pub fn of_pairs(pairs: Arc<Vec<Pair>>, path: Path) -> Option<Self> {
        let bandwidth = usual_bandwidth(&pairs);
        let some = !pairs.is_empty() && bandwidth.is_finite();
        some.then(|| Self::Kernel(Arc::new(KernelField::new(pairs, path, bandwidth))))
    }

    /// Whether it is the law itself, not an estimate or a stand-in.
    pub const fn is_exact(&self) -> bool {
        matches!(
            self,
            Self::Exact {
                worth: Worth::Exact,
                ..
            }
        )
    }

    /// Whether it has a field in closed form (be it of stand-ins), not an estimate from pairs.
    pub const fn is_field(&self) -> bool {
        matches!(self, Self::Exact { .. })
    }

    /// How its pairs are joined.
    pub fn path(&self) -> Path {
        match self {
            Self::Exact { field, .. } => field.path(),
            Self::Kernel(field) => field.path(),
        }
    }

    /// The bandwidth of an estimate from pairs, data units.
    pub fn bandwidth(&self) -> Option<f64> {
        match self {
            Self::Exact { .. } => None,
            Self::Kernel(field) => Some(field.bandwidth()),
        }
    }

    /// At t in [0, 1], ready for many points.
    pub fn at(&self, t: f64) -> ConditionalAt {
        match self {
            Self::Exact { field, .. } => ConditionalAt::Exact(Box::new(field.at(t))),
            Self::Kernel(field) => ConditionalAt::Kernel(Box::new(field.at(t))),
        }
    }

    /// The velocity at each point at t, data units per unit t; NaN where no pair of a finite set comes near.
    pub fn velocities(&self, points: &[Point], t: f64) -> Vec<Point> {
        match self {
            Self::Exact { field, .. } => field.velocities(points, t),
            Self::Kernel(field) => field.at(t).velocities(points),
        }
    }
}

impl ConditionalAt {
    /// The fan at x, with up to `count` pairs.
    pub fn fan(&self, x: Point, count: usize) -> Fan {
        match self {
            Self::Exact(at) => at.fan(x, count),
            Self::Kernel(at) => at.fan(x, count),
        }
    }
}
