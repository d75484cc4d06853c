//! Distances between two point sets.

use rayon::prelude::*;

use super::less;
use crate::flow::Point;
use crate::flow::transport::{TransportError, assign};

/// Directions of [`sliced_w2_squared`], at angles k pi / 64.
pub const SLICES: usize = 64;

/// W2 squared of two equally large sets by exact assignment, data units squared. Two samples of one law are not at 0: see
/// the finite-sample floor beside it.
///
/// # Errors
/// As [`assign`].
pub fn w2_squared(a: &[Point], b: &[Point]) -> Result<f64, TransportError> {
    assign(a, b).map(|assignment| assignment.mean_cost)
}

/// Mean over [`SLICES`] directions of the squared W2 distance of the sets' projections, data units squared (Bonneel et al.,
/// "Sliced and Radon Wasserstein barycenters of measures", 2015). The sets may differ in size; NaN where one is empty.
pub fn sliced_w2_squared(a: &[Point], b: &[Point]) -> f64 {
    let of_slice = |k: usize| {
        let (s, c) = (k as f64 * std::f64::consts::PI / SLICES as f64).sin_cos();
        let project = |points: &[Point]| {
            let mut line: Vec<f64> = points.iter().map(|p| c * p[0] + s * p[1]).collect();
            line.sort_unstable_by(f64::total_cmp);
            line
        };
        line_w2_squared(&project(a), &project(b))
    };
    // collected in order, so that the sum does not depend on the threads
    let slices: Vec<f64> = (0..SLICES).into_par_iter().map(of_slice).collect();
    slices.iter().sum::<f64>() / SLICES as f64
}

/// The integral over q of the squared difference of the two quantile functions; both sorted.
fn line_w2_squared(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len(), b.len());
    if n == 0 || m == 0 {
        return f64::NAN;
    }
    // quantile q in units of 1 / (n m): whole numbers, so that the two step functions meet exactly
    let (mut i, mut j, mut at, mut sum) = (0, 0, 0, 0.0);
    while i < n && j < m {
        let (next_a, next_b) = ((i + 1) * m, (j + 1) * n);
        let next = next_a.min(next_b);
        sum += (next - at) as f64 * (a[i] - b[j]).powi(2);
        at = next;
        i += usize::from(next == next_a);
        j += usize::from(next == next_b);
    }
    sum / (n * m) as f64
}

/// The energy distance 2 E|a - b| - E|a - a'| - E|b - b'| as a V-statistic (all pairs, a point with itself included), data
/// units (Szekely and Rizzo, "Energy statistics", 2013). O(n^2), on rayon's threads; NaN where a set is empty.
pub fn energy_distance(a: &[Point], b: &[Point]) -> f64 {
    2.0 * mean_distance(a, b) - mean_distance(a, a) - mean_distance(b, b)
}

fn mean_distance(a: &[Point], b: &[Point]) -> f64 {
    let from = |p: &Point| b.iter().map(|q| less(*p, *q).length()).sum::<f64>();
    let sums: Vec<f64> = a.par_iter().map(from).collect();
    sums.iter().sum::<f64>() / (a.len() * b.len()) as f64
}
