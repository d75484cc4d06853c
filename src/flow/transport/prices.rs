//! Prices of some points, carried to others of the same laws: a good start for a problem not yet solved.
// what is not inlined is not compiled for wide vectors
#![allow(clippy::inline_always)]

use super::dense::Dense;
use super::wide::{Width, Work, run};
use crate::flow::Point;

/// Column prices for groups of points of the same two laws: those of one group, carried to other points by the
/// c-transform `v(y) = min over x of |x - y|^2 - u(x)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// x, y, u of each point.
    pub(super) rows: Vec<[f64; 3]>,
}

impl Prices {
    /// From one group of each.
    pub fn of(a: &[Point], b: &[Point]) -> Self {
        let mut dense = Dense::default();
        dense.assign(a, b);
        Self::new(a, dense.prices().0)
    }

    /// From row prices.
    pub(super) fn new(a: &[Point], u: &[f64]) -> Self {
        Self {
            rows: a.iter().zip(u).map(|(p, u)| [p[0], p[1], *u]).collect(),
        }
    }

    /// The prices of these columns; 0 where there are no prices yet.
    pub(super) fn of_columns(&self, columns: &[Point]) -> Vec<f64> {
        let places = [0, 1].map(|axis| columns.iter().map(|q| q[axis]).collect());
        let mut prices = vec![0.0; columns.len()];
        if !self.rows.is_empty() {
            run(Width::default(), At(self, &places, &mut prices));
        }
        prices
    }

    /// The prices of the columns at these places.
    #[inline(always)]
    pub(super) fn at(&self, [x, y]: &[Vec<f64>; 2], prices: &mut [f64]) {
        prices.fill(f64::INFINITY);
        for [px, py, u] in &self.rows {
            for ((price, x), y) in prices.iter_mut().zip(x).zip(y) {
                let (dx, dy) = (px - x, py - y);
                *price = least(dx * dx + dy * dy - u, *price);
            }
        }
    }
}

/// Finds the prices at some places.
struct At<'a>(&'a Prices, &'a [Vec<f64>; 2], &'a mut [f64]);

impl Work for At<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        self.0.at(self.1, self.2);
    }
}

/// Compiles to one instruction, unlike `f64::min`.
#[inline(always)]
pub(super) const fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
