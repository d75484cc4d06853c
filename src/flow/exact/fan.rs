//! The pairs that pass through one point at one flow time, each with its conditional velocity: what the marginal velocity
//! v* = E[u | X_t = x] is the mean of.

use crate::flow::Point;
use crate::flow::path::PathAt;

/// One pair of a fan.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Strand {
    /// Source point, data units.
    pub x0: Point,
    /// Target point.
    pub x1: Point,
    /// Conditional velocity u = alpha' x1 + sigma' x0, data units per unit t.
    pub u: Point,
    /// Its share of the posterior weight: all pairs have 1 together.
    pub weight: f64,
}

/// What is known of the pairs that pass through x at t, and some of these pairs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fan {
    /// E[u | X_t = x], data units per unit t.
    pub velocity: Point,
    /// Cov[u | X_t = x] (xx, xy, yy); its trace is the floor of the loss here.
    pub covariance: [f64; 3],
    /// Some of the pairs, the weightiest first where they differ.
    pub strands: Vec<Strand>,
    /// The part of the posterior weight that the strands have together, up to 1.
    pub share: f64,
    /// How near pairs pass: 1 and above where one or more do, towards 0 where none comes near. Infinite for a density
    /// that is known.
    pub presence: f64,
}

impl Fan {
    /// Trace of the covariance: E|u - v*|^2 at this x and t, what the squared loss cannot go below.
    pub fn variance(&self) -> f64 {
        self.covariance[0] + self.covariance[2]
    }
}

/// The pair of x = alpha x1 + sigma x0 with velocity u = alpha' x1 + sigma' x0: (x0, x1).
pub(super) fn pair_of(path: PathAt, x: Point, u: Point) -> (Point, Point) {
    let PathAt {
        alpha,
        sigma,
        d_alpha,
        d_sigma,
    } = path;
    let determinant = alpha * d_sigma - d_alpha * sigma;
    let solve = |p: f64, q: f64, r: f64, s: f64| [0, 1].map(|c| (p * u[c] + q * x[c]) / (r * s));
    (
        solve(alpha, -d_alpha, determinant, 1.0),
        solve(-sigma, d_sigma, determinant, 1.0),
    )
}
