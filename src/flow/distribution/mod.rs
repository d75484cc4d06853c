//! Distributions of the plane, each usable as source and as target. Every kind has its parameters and its formula in
//! `blobs.rs`, `bands.rs`, `fields.rs` or `pinwheel.rs`, one row in the table [`DISTRIBUTIONS`], and reduces to one of the few
//! normal forms of `law.rs`, from which draws, moments, extent and components follow. No file is read here.

mod bands;
mod blobs;
mod component;
mod curve;
mod fields;
mod kinds;
mod law;
mod pinwheel;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Point;
use super::random::{CounterRng, Stream};
use kinds::Kind;

pub use bands::{Ring, Rings, SCurve, Shift, SwissRoll, TwoMoons, TwoSpirals};
pub use blobs::{EightGaussians, Gaussian, GridOfGaussians, Mixture, TwoClusters};
pub use component::{Component, Components, Extent, Moments};
pub use fields::{Checkerboard, Points, UniformSquare};
pub use law::Law;
pub use pinwheel::Pinwheel;
pub use table::DISTRIBUTIONS;

/// A distribution of the plane, usable as source and as target. A closed set; [`DISTRIBUTIONS`] is its table.
/// In files `{"kind": "two-moons", "noise": 0.05}`: every parameter has a default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Distribution {
    /// One Gaussian.
    Gaussian(Gaussian),
    /// A weighted sum of round Gaussians.
    Mixture(Mixture),
    /// Eight Gaussians on a circle.
    EightGaussians(EightGaussians),
    /// Two half circles.
    TwoMoons(TwoMoons),
    /// Concentric circles.
    Rings(Rings),
    /// Two spirals.
    TwoSpirals(TwoSpirals),
    /// Bent arms.
    Pinwheel(Pinwheel),
    /// Every other field of a board.
    Checkerboard(Checkerboard),
    /// Two three-quarter circles.
    SCurve(SCurve),
    /// A rolled sheet seen from the end.
    SwissRoll(SwissRoll),
    /// A square.
    UniformSquare(UniformSquare),
    /// A circle.
    Ring(Ring),
    /// Two Gaussians above each other.
    TwoClusters(TwoClusters),
    /// Gaussians on a grid.
    GridOfGaussians(GridOfGaussians),
    /// The points of a file.
    Points(Points),
}

/// Draws on one thread between two visits to the scheduler.
const CHUNK: usize = 4096;

impl Distribution {
    /// N(mean, std^2 I).
    pub const fn gaussian(mean: Point, std: f64) -> Self {
        Self::Gaussian(Gaussian {
            mean,
            std,
            covariance: None,
        })
    }

    /// These points, all equally likely, as if read from a file of this name.
    pub fn with_points(file: impl Into<String>, points: Arc<Vec<Point>>) -> Self {
        Self::Points(Points {
            file: file.into(),
            points,
        })
    }

    /// The kind of this name with its default parameters (`points`: none loaded).
    pub fn default_of(kind: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": kind })).ok()
    }

    /// Name in files and on the command line.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Gaussian(_) => "gaussian",
            Self::Mixture(_) => "mixture",
            Self::EightGaussians(_) => "eight-gaussians",
            Self::TwoMoons(_) => "two-moons",
            Self::Rings(_) => "rings",
            Self::TwoSpirals(_) => "two-spirals",
            Self::Pinwheel(_) => "pinwheel",
            Self::Checkerboard(_) => "checkerboard",
            Self::SCurve(_) => "s-curve",
            Self::SwissRoll(_) => "swiss-roll",
            Self::UniformSquare(_) => "uniform-square",
            Self::Ring(_) => "ring",
            Self::TwoClusters(_) => "two-clusters",
            Self::GridOfGaussians(_) => "grid-of-gaussians",
            Self::Points(_) => "points",
        }
    }

    fn as_kind(&self) -> &dyn Kind {
        match self {
            Self::Gaussian(kind) => kind,
            Self::Mixture(kind) => kind,
            Self::EightGaussians(kind) => kind,
            Self::TwoMoons(kind) => kind,
            Self::Rings(kind) => kind,
            Self::TwoSpirals(kind) => kind,
            Self::Pinwheel(kind) => kind,
            Self::Checkerboard(kind) => kind,
            Self::SCurve(kind) => kind,
            Self::SwissRoll(kind) => kind,
            Self::UniformSquare(kind) => kind,
            Self::Ring(kind) => kind,
            Self::TwoClusters(kind) => kind,
            Self::GridOfGaussians(kind) => kind,
            Self::Points(kind) => kind,
        }
    }

    /// Ready to draw from; everything else here expects valid parameters too.
    pub fn law(&self) -> Law {
        self.as_kind().law()
    }

    /// One draw, data units. For many, [`Self::samples`] or [`Self::law`] prepares once.
    pub fn sample(&self, rng: &mut CounterRng) -> Point {
        self.law().draw(rng)
    }

    /// `count` draws in parallel: draw i depends on (seed, stream, i) alone. Data units, f64.
    pub fn samples_f64(&self, seed: u64, stream: Stream, count: usize) -> Vec<Point> {
        let law = self.law();
        (0..count)
            .into_par_iter()
            .with_min_len(CHUNK)
            .map(|i| law.draw(&mut CounterRng::new(seed, stream, i as u64)))
            .collect()
    }

    /// [`Self::samples_f64`], each coordinate rounded to f32.
    pub fn samples(&self, seed: u64, stream: Stream, count: usize) -> Vec<[f32; 2]> {
        let law = self.law();
        (0..count)
            .into_par_iter()
            .with_min_len(CHUNK)
            .map(|i| law.draw(&mut CounterRng::new(seed, stream, i as u64)).map(|x| x as f32))
            .collect()
    }

    /// Whether its parameters make a distribution.
    ///
    /// # Errors
    /// One line that begins with the parameter's name and says which values work.
    pub fn validate(&self) -> Result<(), String> {
        self.as_kind().validate()
    }

    /// Mean and covariance: closed form where there is one, else a quadrature good to 1e-8.
    pub fn moments(&self) -> Moments {
        self.law().moments()
    }

    /// What a view must show: 3.5 standard deviations of the noise around the shape (99.9 % of the draws), or all points.
    pub fn bounds(&self) -> Extent {
        self.law().extent()
    }

    /// As a weighted sum of Gaussians, for the exact fields. Exact for every kind made of Gaussians, and for points (atoms, one
    /// each). Otherwise at most about 512 components: along curves a spectrally accurate quadrature (its relative error of the
    /// density is about 1e-8 until the budget is spent, where the noise is small against the length); a square is cut into
    /// tiles of the same mean and covariance; the arms of a pinwheel into straight slices.
    pub fn components(&self) -> Components {
        self.law().components()
    }
}

impl Default for Distribution {
    /// The standard normal law.
    fn default() -> Self {
        Self::gaussian([0.0; 2], 1.0)
    }
}
