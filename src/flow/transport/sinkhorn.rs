//! Entropic transport between two equal point sets: `min <P, C> - epsilon H(P)` over plans P with uniform marginals, C the
//! squared distances (Cuturi, "Sinkhorn distances", 2013).
//!
//! `P_ij = exp((f_i + g_j - C_ij) / epsilon) / n`. The potentials start as the dual prices of the exact assignment, which
//! keeps every exponent at or below 0 with a 0 in each row and column; the remaining scalings are iterated as numbers and
//! absorbed into the potentials before they grow large (Schmitzer, "Stabilized sparse scaling algorithms for entropy
//! regularized transport problems", 2019, algorithm 2): the log domain's range at the price of a product a plan entry.

use super::{Dense, TransportError, Watch, assign_watched, check, squared_distance};
use crate::flow::Point;
use crate::flow::random::CounterRng;

/// Most points on a side: a plan of 2,048 points is 32 MB.
pub const PLAN_LIMIT: usize = 2048;

/// Scalings are absorbed beyond this factor.
const LARGEST_SCALING: f64 = 1e30;
/// Iterations between two looks at the scalings and the cancel flag.
const BETWEEN_CHECKS: usize = 16;
/// Plan entries that one call of [`sinkhorn`] may visit: about ten seconds.
const BUDGET: usize = 10_000_000_000;
/// The error at which [`sinkhorn`] stops.
const TOLERANCE: f64 = 1e-9;

/// A plan between two sets of n points.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Mass that goes from point i to point j, row by row; rows and columns sum to 1/n.
    pub mass: Vec<f64>,
    /// `<P, C>`, data units squared.
    pub mean_cost: f64,
    /// Iterations taken.
    pub iterations: usize,
    /// Sum over the first set of |mass that leaves the point - 1/n|; the second set's masses are right up to rounding.
    pub error: f64,
    /// Whether `error` came below 1e-9.
    pub converged: bool,
}

/// The entropic plan from `a` to `b`; `epsilon` in data units squared, above 0.
///
/// # Errors
/// Sets of different sizes or over [`PLAN_LIMIT`] points, coordinates that are not finite, cancel.
pub fn sinkhorn(a: &[Point], b: &[Point], epsilon: f64, watch: Watch<'_>) -> Result<Plan, TransportError> {
    check(a, b)?;
    let n = a.len();
    if n > PLAN_LIMIT {
        return Err(TransportError::TooManyForPlan(n));
    }
    let prices = assign_watched(a, b, watch)?;
    let cost: Vec<f64> = a
        .iter()
        .flat_map(|p| b.iter().map(|q| squared_distance(*p, *q)))
        .collect();
    let most = (BUDGET / (n * n).max(1)).clamp(1000, 100_000);
    let cost = Costs {
        values: &cost,
        stride: n,
    };
    let mut scaling = Scaling::default();
    scaling.begin(cost, &prices.u, &prices.v, epsilon);
    while scaling.error > TOLERANCE && scaling.iterations < most {
        watch.check()?;
        scaling.iterate(cost, epsilon, TOLERANCE, BETWEEN_CHECKS);
    }
    let (error, iterations) = (scaling.error, scaling.iterations);
    let mass: Vec<f64> = (0..n).flat_map(|i| scaling.row(i)).collect();
    Ok(Plan {
        mean_cost: mass.iter().zip(cost.values).map(|(p, c)| p * c).sum(),
        mass,
        iterations,
        error,
        converged: error <= TOLERANCE,
    })
}

impl Plan {
    /// One target for each source point, drawn from its row of the plan: every source point is used once, every target
    /// point once on average.
    pub fn draw(&self, rng: &mut CounterRng) -> Vec<u32> {
        let n = self.mass.len().isqrt();
        self.mass
            .chunks_exact(n.max(1))
            .map(|row| draw(row.iter().copied(), rng))
            .collect()
    }
}

/// Index drawn with these weights.
fn draw(row: impl Iterator<Item = f64> + Clone, rng: &mut CounterRng) -> u32 {
    let mut left = rng.uniform() * row.clone().sum::<f64>();
    let mut last = 0;
    for (j, mass) in row.enumerate() {
        if mass > 0.0 {
            last = j as u32;
            left -= mass;
            if left < 0.0 {
                break;
            }
        }
    }
    last
}

/// A matrix of costs, row by row; rows may be padded.
#[derive(Clone, Copy)]
pub(super) struct Costs<'a> {
    pub(super) values: &'a [f64],
    pub(super) stride: usize,
}

/// The iteration's state: `P_ij = row_scaling_i K_ij column_scaling_j`, `K_ij = exp((f_i + g_j - C_ij) / epsilon)`. Used
/// again and again without new memory.
#[derive(Clone, Debug, Default)]
pub struct Scaling {
    n: usize,
    kernel: Vec<f64>,
    f: Vec<f64>,
    g: Vec<f64>,
    rows: Vec<f64>,
    columns: Vec<f64>,
    sums: Vec<f64>,
    /// Sum over rows of |mass - 1/n| when last looked at.
    error: f64,
    iterations: usize,
}

impl Scaling {
    /// Draws one target for each point of `a` from the entropic plan of a small group, solved until the marginal error is
    /// below `tolerance` or for `most` iterations. `dense` holds the group's exact solution. Whether it converged.
    pub fn draw_group(
        &mut self,
        dense: &Dense,
        epsilon: f64,
        (tolerance, most): (f64, usize),
        rng: &mut CounterRng,
        to: &mut Vec<u32>,
    ) -> bool {
        let (u, v) = dense.prices();
        let cost = dense.costs();
        self.begin(cost, u, v, epsilon);
        while self.error > tolerance && self.iterations < most {
            self.iterate(cost, epsilon, tolerance, BETWEEN_CHECKS);
        }
        to.clear();
        to.extend((0..self.n).map(|i| draw(self.row(i), rng)));
        self.error <= tolerance
    }

    fn begin(&mut self, cost: Costs<'_>, u: &[f64], v: &[f64], epsilon: f64) {
        self.n = u.len();
        self.f.clear();
        self.f.extend_from_slice(u);
        self.g.clear();
        self.g.extend_from_slice(v);
        self.iterations = 0;
        self.error = if self.n == 0 { 0.0 } else { f64::INFINITY };
        self.fill(cost, epsilon);
        let even = (1.0 / self.n.max(1) as f64).sqrt();
        self.rows.fill(even);
        self.columns.fill(even);
    }

    /// The kernel of the present potentials, scalings 1.
    fn fill(&mut self, cost: Costs<'_>, epsilon: f64) {
        let n = self.n;
        self.kernel.clear();
        for (i, f) in self.f.iter().enumerate() {
            let entry = |(c, g): (&f64, &f64)| ((f + g - c) / epsilon).exp();
            let row = &cost.values[i * cost.stride..][..n];
            self.kernel.extend(row.iter().zip(&self.g).map(entry));
        }
        for scaling in [&mut self.rows, &mut self.columns] {
            scaling.clear();
            scaling.resize(n, 1.0);
        }
        self.sums.resize(n, 0.0);
    }

    /// At most `count` iterations: rows, then columns.
    fn iterate(&mut self, cost: Costs<'_>, epsilon: f64, tolerance: f64, count: usize) {
        let share = 1.0 / self.n as f64;
        for step in 0..count {
            self.sums.fill(0.0);
            let mut error = 0.0;
            for (row, scaling) in self.kernel.chunks_exact(self.n).zip(&mut self.rows) {
                let sum = dot(row, &self.columns);
                error += (*scaling * sum - share).abs();
                *scaling = share / sum;
                for (s, k) in self.sums.iter_mut().zip(row) {
                    *s += *scaling * k;
                }
            }
            for (scaling, sum) in self.columns.iter_mut().zip(&self.sums) {
                *scaling = share / sum;
            }
            self.iterations += 1;
            // the first look is at the scalings it began with
            if step > 0 || self.iterations > 1 {
                self.error = error;
            }
            if self.error <= tolerance {
                return;
            }
        }
        let largest = |s: &[f64]| s.iter().fold(1.0f64, |m, x| m.max(*x).max(1.0 / x));
        if largest(&self.rows).max(largest(&self.columns)) > LARGEST_SCALING {
            for (f, r) in self.f.iter_mut().zip(&self.rows) {
                *f += epsilon * r.ln();
            }
            for (g, c) in self.g.iter_mut().zip(&self.columns) {
                *g += epsilon * c.ln();
            }
            self.fill(cost, epsilon);
        }
    }

    /// Row i of the plan.
    fn row(&self, i: usize) -> impl Iterator<Item = f64> + Clone {
        let row = &self.kernel[i * self.n..(i + 1) * self.n];
        let scaling = self.rows[i];
        row.iter().zip(&self.columns).map(move |(k, c)| scaling * k * c)
    }
}

/// Four sums at a time: the compiler may not reorder one.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a4, a1), (b4, b1)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (x, y) in a4.iter().zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = a1.iter().zip(b1).map(|(x, y)| x * y).sum();
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}
