//! Exact optimal transport between two equal point sets with squared Euclidean cost: the assignment problem.
//!
//! `solve` comes close by an auction with a falling step (Bertsekas, "Network Optimization", 1998, chapter 7), makes the
//! prices exact by label correction, and matches what is left by shortest augmenting paths (Jonker and Volgenant, "A
//! shortest augmenting path algorithm for dense and sparse linear assignment problems", Computing 38, 1987). All of it
//! works on candidate lists that grow only where the optimum needs it, so nothing of size n x n is stored. The prices it
//! starts from come from the same problem on a quarter of the points, and so on down: the c-transform carries prices to
//! points not yet seen (Peyré and Cuturi, "Computational Optimal Transport", 2019, section 5.3). `dense` solves small problems,
//! many in a row; `power` costs of other powers than 2; `sinkhorn` the entropic problem.

mod auction;
mod dense;
mod lists;
mod power;
mod prices;
mod sinkhorn;
mod solve;
mod wide;

use std::sync::atomic::{AtomicBool, Ordering};

use super::Point;
use super::random::{CounterRng, Stream};
use solve::Problem;

pub use dense::Dense;
pub use power::{POWER_LIMIT, assign_power, cost_of_power, is_proved};
pub use prices::Prices;
pub use sinkhorn::{PLAN_LIMIT, Plan, Scaling, sinkhorn};

/// Most points on a side: beyond it an exact assignment takes too long to be called a measure.
pub const POINT_LIMIT: usize = 8_192;

/// Up to this many points a dense matrix is quicker than candidate lists (measured: see the test `speed`).
const DENSE: usize = 1024;

/// Points of the coarsest problem, solved from nothing.
const COARSEST: usize = 48;

/// An optimal assignment and the prices that prove it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignment {
    /// Point i of the first set goes to point `permutation[i]` of the second.
    pub permutation: Vec<u32>,
    /// Price of each point of the first set, data units squared: `|a_i - b_j|^2 - u[i] - v[j] >= 0` for all i and j, and
    /// 0 for the assigned pairs, both up to rounding.
    pub u: Vec<f64>,
    /// Price of each point of the second set.
    pub v: Vec<f64>,
    /// Mean of `|a_i - b_permutation[i]|^2`: W2 squared of the two sets, data units squared.
    pub mean_cost: f64,
}

/// Why there is no assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The sets differ in size.
    SizesDiffer(usize, usize),
    /// More points than [`POINT_LIMIT`].
    TooMany(usize),
    /// A coordinate is not finite, or so large that its square is not.
    NotFinite,
    /// A plan is a dense matrix: more points than it may have.
    TooManyForPlan(usize),
    /// The costs of other powers than 2 are a dense matrix: more points than it may have.
    TooManyForPower(usize),
    /// The cancel flag was raised.
    Canceled,
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SizesDiffer(a, b) => write!(
                f,
                "an assignment needs two sets of one size, these have {a} and {b} points"
            ),
            Self::TooMany(n) => write!(f, "exact transport of {n} points is over the limit of {POINT_LIMIT}"),
            Self::TooManyForPlan(n) => {
                write!(
                    f,
                    "an entropic plan of {n} points is over the limit of {}",
                    sinkhorn::PLAN_LIMIT
                )
            }
            Self::TooManyForPower(n) => write!(
                f,
                "transport of {n} points is over the limit of {} for powers other than 2",
                power::POWER_LIMIT
            ),
            Self::NotFinite => write!(f, "a point is not finite, or too far out for its squared distance"),
            Self::Canceled => write!(f, "canceled"),
        }
    }
}

impl std::error::Error for TransportError {}

/// Lets the caller watch and stop a long assignment.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Raise it and the solver returns [`TransportError::Canceled`] within a few milliseconds.
    pub cancel: &'a AtomicBool,
    /// Told the share of the work done, 0 to 1, now and then.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

impl Watch<'_> {
    /// Nobody watches and nobody stops it.
    pub const fn unwatched() -> Watch<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Watch {
            cancel: &NEVER,
            progress: &|_| (),
        }
    }

    fn check(&self) -> Result<(), TransportError> {
        if self.cancel.load(Ordering::Relaxed) {
            Err(TransportError::Canceled)
        } else {
            Ok(())
        }
    }
}

/// The optimal assignment of `a` to `b`, squared Euclidean cost.
///
/// # Errors
/// Sets of different sizes or over [`POINT_LIMIT`] points; a coordinate that is not finite.
pub fn assign(a: &[Point], b: &[Point]) -> Result<Assignment, TransportError> {
    assign_watched(a, b, Watch::unwatched())
}

/// [`assign`], with progress, and able to stop.
///
/// # Errors
/// As [`assign`], and [`TransportError::Canceled`].
pub fn assign_watched(a: &[Point], b: &[Point], watch: Watch<'_>) -> Result<Assignment, TransportError> {
    assign_by(a, b, DENSE, watch)
}

/// [`assign_watched`], with dense matrices up to this many points.
fn assign_by(a: &[Point], b: &[Point], dense: usize, watch: Watch<'_>) -> Result<Assignment, TransportError> {
    check(a, b)?;
    if a.is_empty() {
        return Ok(Assignment::default());
    }
    // a shift of one set changes all assignments' costs by the same amount; without it the first prices fit better
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (order_a, order_b) = (shuffled(a.len(), 0), shuffled(b.len(), 1));
    let rows: Vec<Point> = order_a.iter().map(|&i| less(a[i as usize], mean_a)).collect();
    let columns: Vec<Point> = order_b.iter().map(|&j| less(b[j as usize], mean_b)).collect();
    let solved = solve_levels(&rows, &columns, dense, watch)?;

    let shift = less(mean_a, mean_b);
    let mut out = Assignment {
        permutation: vec![0; a.len()],
        u: vec![0.0; a.len()],
        v: vec![0.0; a.len()],
        mean_cost: 0.0,
    };
    for (j, &original) in order_b.iter().enumerate() {
        out.v[original as usize] = solved.v[j] - 2.0 * dot(shift, columns[j]);
    }
    for (i, &original) in order_a.iter().enumerate() {
        let to = order_b[solved.column_of[i] as usize];
        let (from, end) = (original as usize, to as usize);
        let cost = squared_distance(a[from], b[end]);
        out.permutation[from] = to;
        out.u[from] = cost - out.v[end];
    }
    out.mean_cost = a
        .iter()
        .zip(&out.permutation)
        .map(|(p, &j)| squared_distance(*p, b[j as usize]))
        .sum::<f64>()
        / a.len() as f64;
    Ok(out)
}

fn check(a: &[Point], b: &[Point]) -> Result<(), TransportError> {
    if a.len() != b.len() {
        return Err(TransportError::SizesDiffer(a.len(), b.len()));
    }
    if a.len() > POINT_LIMIT {
        return Err(TransportError::TooMany(a.len()));
    }
    // squares of differences and sums over all points stay finite
    let fits = |p: &Point| p.iter().all(|c| c.abs() < 1e150);
    if a.iter().chain(b).all(fits) {
        Ok(())
    } else {
        Err(TransportError::NotFinite)
    }
}

/// The column of each row, and the column prices.
struct Solved {
    column_of: Vec<u32>,
    v: Vec<f64>,
}

/// Solves the first points, then four times as many with the prices found, until all are in.
fn solve_levels(
    rows: &[Point],
    columns: &[Point],
    most_dense: usize,
    watch: Watch<'_>,
) -> Result<Solved, TransportError> {
    let n = rows.len();
    let mut size = n;
    while size > COARSEST {
        size = size.div_ceil(4);
    }
    let mut dense = Dense::default();
    let mut prices = Prices::default();
    loop {
        let share = (size as f64 / n as f64).powf(1.5);
        let progress = |done: f64| (watch.progress)(share * (0.25 + 0.75 * done));
        let level = Watch {
            cancel: watch.cancel,
            progress: &progress,
        };
        let (rows, columns) = (&rows[..size], &columns[..size]);
        let (u, solved) = if size <= most_dense {
            progress(0.0);
            let column_of = dense.assign_watched(&prices, rows, columns, level)?.to_vec();
            let (u, v) = dense.prices();
            (
                u.to_vec(),
                Solved {
                    column_of,
                    v: v.to_vec(),
                },
            )
        } else {
            let Problem { u, v, column_of, .. } = solve::solve(rows, columns, prices.of_columns(columns), level)?;
            (u, Solved { column_of, v })
        };
        if size == n {
            return Ok(solved);
        }
        prices = Prices::new(rows, &u);
        size = (size * 4).min(n);
    }
}

/// 0..n in an order that has nothing to do with how the points are listed.
fn shuffled(n: usize, which: u64) -> Vec<u32> {
    let mut rng = CounterRng::new(which, Stream::Shuffle, n as u64);
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, rng.below(i + 1));
    }
    order
}

fn mean(points: &[Point]) -> Point {
    let n = points.len() as f64;
    [0, 1].map(|c| points.iter().map(|p| p[c] / n).sum())
}

fn less(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

pub(super) fn squared_distance(a: Point, b: Point) -> f64 {
    let [x, y] = less(a, b);
    x * x + y * y
}

#[cfg(test)]
mod tests;
