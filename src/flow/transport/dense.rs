//! The assignment problem on a small dense cost matrix, for groups of pairs: prices, augmenting row reduction and shortest
//! augmenting paths after Jonker and Volgenant ("A shortest augmenting path algorithm for dense and sparse linear
//! assignment problems", Computing 38, 1987). Buffers are kept from one problem to the next, and scans run over whole
//! padded rows without branches, four columns at a time. Good first prices save most of the work ([`Prices`]).
//!
//! Throughout, `cost(i, j) - u[i] - v[j] >= 0` for all i and j, 0 for matched pairs, and v only falls.

use super::sinkhorn::Costs;
use super::{TransportError, Watch, squared_distance};
use crate::flow::Point;

/// Not matched.
const NONE: u32 = u32::MAX;
/// Row reductions of a pass end after this many for each row: ties could go round and round.
const STEPS_PER_ROW: usize = 2;
/// Columns looked at together.
const LANES: usize = 4;
/// Rows treated between two looks at the cancel flag.
const ROWS_BETWEEN_CHECKS: usize = 16;

/// A small problem and its solution; used again and again without new memory.
#[derive(Clone, Debug, Default)]
pub struct Dense {
    n: usize,
    /// `n` padded to whole lanes; padding costs infinity.
    stride: usize,
    /// Row by row.
    cost: Vec<f64>,
    /// Row prices.
    u: Vec<f64>,
    /// Column prices, padded.
    v: Vec<f64>,
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    free: Vec<u32>,
    /// `v`, or minus infinity where a column's distance is final.
    open: Vec<f64>,
    /// Distance of each column that is not final; infinity where it is.
    distance: Vec<f64>,
    /// The row from which each column was reached.
    reached_from: Vec<u64>,
    /// Final columns and their distances.
    finished: Vec<(u32, f64)>,
}

/// Column prices for groups of points of the same two laws: those of one group, carried to other points by the
/// c-transform `v(y) = min over x of |x - y|^2 - u(x)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    points: Vec<Point>,
    u: Vec<f64>,
}

impl Prices {
    /// From one group of each.
    pub fn of(a: &[Point], b: &[Point]) -> Self {
        let mut dense = Dense::default();
        dense.assign(a, b);
        Self {
            points: a.to_vec(),
            u: dense.u,
        }
    }

    fn at(&self, b: &[Point], prices: &mut Vec<f64>) {
        prices.clear();
        prices.resize(b.len(), f64::INFINITY);
        for (p, u) in self.points.iter().zip(&self.u) {
            for (price, q) in prices.iter_mut().zip(b) {
                let (x, y) = (p[0] - q[0], p[1] - q[1]);
                *price = least(x * x + y * y - u, *price);
            }
        }
    }
}

/// Compiles to one instruction, unlike `f64::min`.
#[inline]
const fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

#[inline]
const fn greatest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl Dense {
    /// Pairs `a` with `b` (as many) at the least sum of squared distances: point i goes to the i-th entry.
    pub fn assign(&mut self, a: &[Point], b: &[Point]) -> &[u32] {
        self.solve(a.len().min(b.len()), |i, j| squared_distance(a[i], b[j]))
    }

    /// [`Dense::assign`] from first prices; the same pairs, sooner.
    pub fn assign_from(&mut self, prices: &Prices, a: &[Point], b: &[Point]) -> &[u32] {
        self.fill(a.len().min(b.len()), |i, j| squared_distance(a[i], b[j]));
        if self.n > 0 && !prices.points.is_empty() {
            prices.at(&b[..self.n], &mut self.v);
            self.v.resize(self.stride, 0.0);
        }
        self.match_all()
    }

    /// Solves the problem of these n x n costs, all finite: row i goes to the column in the i-th entry.
    pub fn solve(&mut self, n: usize, cost: impl Fn(usize, usize) -> f64) -> &[u32] {
        self.fill(n, cost);
        self.match_all()
    }

    /// [`Dense::solve`], with progress, and able to stop.
    ///
    /// # Errors
    /// [`TransportError::Canceled`].
    pub fn solve_watched(
        &mut self,
        n: usize,
        cost: impl Fn(usize, usize) -> f64,
        watch: Watch<'_>,
    ) -> Result<&[u32], TransportError> {
        self.fill(n, cost);
        self.match_watched(watch)?;
        Ok(&self.column_of)
    }

    /// The matrix of the costs.
    pub(super) fn costs(&self) -> Costs<'_> {
        Costs {
            values: &self.cost,
            stride: self.stride,
        }
    }

    /// The prices that prove the last solution optimal: of the rows, of the columns.
    pub fn prices(&self) -> (&[f64], &[f64]) {
        (&self.u, &self.v[..self.n])
    }

    /// The matrix, and each column's least cost as its price.
    fn fill(&mut self, n: usize, cost: impl Fn(usize, usize) -> f64) {
        self.n = n;
        self.stride = n.next_multiple_of(LANES);
        self.cost.clear();
        self.v.clear();
        self.v.resize(self.stride, f64::INFINITY);
        for i in 0..n {
            self.cost.extend((0..n).map(|j| cost(i, j)));
            self.cost.resize((i + 1) * self.stride, f64::INFINITY);
            for (v, c) in self.v.iter_mut().zip(&self.cost[i * self.stride..]) {
                *v = least(*c, *v);
            }
        }
        // infinity less infinity is no number
        self.v[n..].fill(0.0);
    }

    fn match_all(&mut self) -> &[u32] {
        // nobody stops it
        let _ = self.match_watched(Watch::unwatched());
        &self.column_of
    }

    fn match_watched(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
        let n = self.n;
        for of in [&mut self.column_of, &mut self.row_of] {
            of.clear();
            of.resize(n, NONE);
        }
        self.free.clear();
        for i in 0..n {
            let at = self.best_two(i).0;
            if self.row_of[at] == NONE {
                self.row_of[at] = i as u32;
                self.column_of[i] = at as u32;
            } else {
                self.free.push(i as u32);
            }
        }
        self.reduce_rows();
        self.reduce_rows();
        for at in 0..self.free.len() {
            if at.is_multiple_of(ROWS_BETWEEN_CHECKS) {
                watch.check()?;
                (watch.progress)(at as f64 / self.free.len() as f64);
            }
            self.augment(self.free[at]);
        }
        self.u.clear();
        for i in 0..n {
            let j = self.column_of[i] as usize;
            self.u.push(self.cost[i * self.stride + j] - self.v[j]);
        }
        Ok(())
    }

    /// The column of least cost less price of a row, that cost, and the second least.
    fn best_two(&self, i: usize) -> (usize, f64, f64) {
        let row = self.cost[i * self.stride..(i + 1) * self.stride].as_chunks::<LANES>().0;
        let prices = self.v.as_chunks::<LANES>().0;
        let mut first = [f64::INFINITY; LANES];
        let mut second = [f64::INFINITY; LANES];
        for (c, v) in row.iter().zip(prices) {
            for k in 0..LANES {
                let reduced = c[k] - v[k];
                second[k] = least(greatest(reduced, first[k]), second[k]);
                first[k] = least(reduced, first[k]);
            }
        }
        let (mut best, mut next) = (f64::INFINITY, f64::INFINITY);
        for k in 0..LANES {
            next = least(least(greatest(first[k], best), next), second[k]);
            best = least(first[k], best);
        }
        let all = self.cost[i * self.stride..].iter().zip(&self.v);
        let at = all.take(self.n).position(|(c, v)| c - v == best).unwrap_or(0);
        (at, best, next)
    }

    /// A free row takes its best column from whoever has it, and lowers that column's price to where its second best is as
    /// good.
    fn reduce_rows(&mut self) {
        let mut waiting = std::mem::take(&mut self.free);
        let mut next = 0;
        let mut steps = 0;
        while next < waiting.len() {
            let row = waiting[next];
            next += 1;
            steps += 1;
            let (column, best, second) = self.best_two(row as usize);
            let gain = if second.is_finite() { second - best } else { 0.0 };
            let before = self.row_of[column];
            if gain > 0.0 {
                self.v[column] -= gain;
            } else if before != NONE {
                // a tie: nothing to gain by taking it
                self.free.push(row);
                continue;
            }
            self.row_of[column] = row;
            self.column_of[row as usize] = column as u32;
            if before != NONE {
                self.column_of[before as usize] = NONE;
                if steps < STEPS_PER_ROW * self.n {
                    next -= 1;
                    waiting[next] = before;
                } else {
                    self.free.push(before);
                }
            }
        }
    }

    /// Matches a free row along a shortest augmenting path (Dijkstra's algorithm on the reduced costs).
    fn augment(&mut self, root: u32) {
        self.open.clone_from(&self.v);
        self.distance.clear();
        self.distance.resize(self.stride, f64::INFINITY);
        self.reached_from.clear();
        self.reached_from.resize(self.stride, u64::from(root));
        self.finished.clear();
        let (mut row, mut offset) = (root, 0.0);
        let (end, length) = loop {
            let (j, distance) = self.relax(row as usize, offset);
            row = self.row_of[j];
            if row == NONE {
                break (j, distance);
            }
            self.finished.push((j as u32, distance));
            self.distance[j] = f64::INFINITY;
            self.open[j] = f64::NEG_INFINITY;
            offset = distance - (self.cost[row as usize * self.stride + j] - self.v[j]);
        };
        for &(j, distance) in &self.finished {
            self.v[j as usize] += distance - length;
        }
        self.follow_back(root, end as u32);
    }

    /// Looks at all columns from a row whose reduced costs begin at `offset`; the nearest column that is not final.
    fn relax(&mut self, i: usize, offset: f64) -> (usize, f64) {
        let row = self.cost[i * self.stride..(i + 1) * self.stride].as_chunks::<LANES>().0;
        let open = self.open.as_chunks::<LANES>().0;
        let distances = self.distance.as_chunks_mut::<LANES>().0;
        let from = self.reached_from.as_chunks_mut::<LANES>().0;
        let mut nearest = [f64::INFINITY; LANES];
        for (((c, v), d), f) in row.iter().zip(open).zip(distances).zip(from) {
            for k in 0..LANES {
                let through = c[k] - v[k] + offset;
                let nearer = through < d[k];
                d[k] = if nearer { through } else { d[k] };
                f[k] = if nearer { i as u64 } else { f[k] };
                nearest[k] = least(d[k], nearest[k]);
            }
        }
        let nearest = least(least(nearest[0], nearest[1]), least(nearest[2], nearest[3]));
        let at = self.distance[..self.n].iter().position(|d| *d == nearest);
        (at.unwrap_or(0), nearest)
    }

    fn follow_back(&mut self, root: u32, end: u32) {
        let mut column = end;
        loop {
            let row = self.reached_from[column as usize] as u32;
            self.row_of[column as usize] = row;
            let next = std::mem::replace(&mut self.column_of[row as usize], column);
            if row == root {
                return;
            }
            column = next;
        }
    }
}
