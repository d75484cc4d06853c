//! The assignment problem on a small dense cost matrix, for groups of pairs: prices, augmenting row reduction and shortest
//! augmenting paths after Jonker and Volgenant ("A shortest augmenting path algorithm for dense and sparse linear
//! assignment problems", Computing 38, 1987). Buffers are kept from one problem to the next, and scans run over whole
//! padded rows without branches, eight columns at a time (`wide.rs`). Good first prices save most of the work (`prices.rs`).
//!
//! Throughout, `cost(i, j) - u[i] - v[j] >= 0` for all i and j, 0 for matched pairs, and v only falls.
// what is not inlined is not compiled for wide vectors
#![allow(clippy::inline_always)]

use super::prices::{Prices, least};
use super::sinkhorn::Costs;
use super::wide::{Width, Work, run};
use super::{TransportError, Watch};
use crate::flow::Point;

/// Not matched.
const NONE: u32 = u32::MAX;
/// Row reductions of a pass end after this many for each row: ties could go round and round.
const STEPS_PER_ROW: usize = 2;
/// Columns looked at together.
const LANES: usize = 8;
/// Rows treated between two looks at the cancel flag.
const ROWS_BETWEEN_CHECKS: usize = 16;

/// A small problem and its solution; used again and again without new memory.
#[derive(Clone, Debug, Default)]
pub struct Dense {
    width: Width,
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
    /// Final columns and their distances.
    finished: Vec<(u32, f64)>,
    /// Rows looked from, and where their reduced costs began.
    looked: Vec<(u32, f64)>,
    /// Coordinates of the columns' points, padded.
    places: [Vec<f64>; 2],
}

#[inline(always)]
const fn greatest(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// Matches the rows of the matrix.
struct MatchAll<'a>(&'a mut Dense, Watch<'a>);

impl Work for MatchAll<'_> {
    type Out = Result<(), TransportError>;
    #[inline(always)]
    fn run(self) -> Self::Out {
        self.0.match_all(self.1)
    }
}

/// Fills the matrix with squared distances, and the first prices.
struct Fill<'a>(&'a mut Dense, &'a [Point], Option<&'a Prices>);

impl Work for Fill<'_> {
    type Out = ();
    #[inline(always)]
    fn run(self) {
        let Self(dense, a, prices) = self;
        dense.fill_distances(a);
        if let Some(prices) = prices {
            prices.at(&dense.places, &mut dense.v);
        }
        // infinity less infinity is no number
        dense.v[dense.n..].fill(0.0);
    }
}

impl Dense {
    /// For the instructions of one width, where tests compare them.
    #[cfg(test)]
    pub(super) fn of_width(width: Width) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Pairs `a` with `b` (as many) at the least sum of squared distances: point i goes to the i-th entry.
    pub fn assign(&mut self, a: &[Point], b: &[Point]) -> &[u32] {
        self.assign_from(&Prices::default(), a, b)
    }

    /// [`Dense::assign`] from first prices; the same pairs, sooner.
    pub fn assign_from(&mut self, prices: &Prices, a: &[Point], b: &[Point]) -> &[u32] {
        // nobody cancels it
        let _done = self.assign_watched(prices, a, b, Watch::unwatched());
        &self.column_of
    }

    /// [`Dense::assign_from`], able to stop.
    ///
    /// # Errors
    /// Canceled.
    pub(super) fn assign_watched(
        &mut self,
        prices: &Prices,
        a: &[Point],
        b: &[Point],
        watch: Watch<'_>,
    ) -> Result<&[u32], TransportError> {
        let n = a.len().min(b.len());
        self.resize(n);
        for (axis, places) in self.places.iter_mut().enumerate() {
            places.clear();
            places.extend(b[..n].iter().map(|q| q[axis]));
            // so far out that padding costs infinity
            places.resize(self.stride, f64::INFINITY);
        }
        let prices = (!prices.rows.is_empty()).then_some(prices);
        run(self.width, Fill(self, a, prices));
        run(self.width, MatchAll(self, watch))?;
        Ok(&self.column_of)
    }

    /// Solves the problem of these n x n costs, all finite: row i goes to the column in the i-th entry.
    pub fn solve(&mut self, n: usize, cost: impl Fn(usize, usize) -> f64) -> &[u32] {
        // nobody cancels it
        let _done = self.solve_watched(n, cost, Watch::unwatched());
        &self.column_of
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
        self.resize(n);
        self.v.fill(f64::INFINITY);
        for (i, row) in self.cost.chunks_exact_mut(self.stride.max(1)).enumerate() {
            for (j, (c, v)) in row.iter_mut().zip(&mut self.v).enumerate() {
                *c = if j < n { cost(i, j) } else { f64::INFINITY };
                *v = least(*c, *v);
            }
        }
        self.v[n..].fill(0.0);
        run(self.width, MatchAll(self, watch))?;
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

    fn resize(&mut self, n: usize) {
        self.n = n;
        self.stride = n.next_multiple_of(LANES);
        self.cost.resize(n * self.stride, 0.0);
        self.v.resize(self.stride, 0.0);
    }

    /// The matrix, and each column's least cost as its price.
    #[inline(always)]
    fn fill_distances(&mut self, a: &[Point]) {
        self.v.fill(f64::INFINITY);
        let [x, y] = &self.places;
        for (row, p) in self.cost.chunks_exact_mut(self.stride.max(1)).zip(a) {
            for (((c, v), x), y) in row.iter_mut().zip(&mut self.v).zip(x).zip(y) {
                let (dx, dy) = (p[0] - x, p[1] - y);
                *c = dx * dx + dy * dy;
                *v = least(*c, *v);
            }
        }
    }

    #[inline(always)]
    fn match_all(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
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
        for _ in 0..2 {
            self.reduce_rows();
        }
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
    #[inline(always)]
    fn best_two(&self, i: usize) -> (usize, f64, f64) {
        let row = self.cost[i * self.stride..(i + 1) * self.stride].as_chunks::<LANES>().0;
        let prices = self.v.as_chunks::<LANES>().0;
        let mut first = [f64::INFINITY; LANES];
        let mut second = [f64::INFINITY; LANES];
        let mut at = [0_u64; LANES];
        let mut column: [u64; LANES] = std::array::from_fn(|k| k as u64);
        for (c, v) in row.iter().zip(prices) {
            for k in 0..LANES {
                let reduced = c[k] - v[k];
                at[k] = if reduced < first[k] { column[k] } else { at[k] };
                second[k] = least(greatest(reduced, first[k]), second[k]);
                first[k] = least(reduced, first[k]);
                column[k] += LANES as u64;
            }
        }
        let (mut best_at, mut best, mut next) = (at[0], first[0], second[0]);
        for k in 1..LANES {
            best_at = if first[k] < best { at[k] } else { best_at };
            next = least(least(greatest(first[k], best), second[k]), next);
            best = least(first[k], best);
        }
        (best_at as usize, best, next)
    }

    /// A free row takes its best column from whoever has it, and lowers that column's price to where its second best is as
    /// good.
    #[inline(always)]
    fn reduce_rows(&mut self) {
        let mut waiting = std::mem::take(&mut self.free);
        let mut next = 0;
        let mut kept = 0;
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
                waiting[kept] = row;
                kept += 1;
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
                    waiting[kept] = before;
                    kept += 1;
                }
            }
        }
        waiting.truncate(kept);
        self.free = waiting;
    }

    /// Matches a free row along a shortest augmenting path (Dijkstra's algorithm on the reduced costs).
    #[inline(always)]
    fn augment(&mut self, root: u32) {
        self.open.clone_from(&self.v);
        self.distance.clear();
        self.distance.resize(self.stride, f64::INFINITY);
        self.finished.clear();
        self.looked.clear();
        let (mut row, mut offset) = (root, 0.0);
        let (end, length) = loop {
            self.looked.push((row, offset));
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
        self.follow_back(end, length);
        for &(j, distance) in &self.finished {
            self.v[j as usize] += distance - length;
        }
    }

    /// Looks at all columns from a row whose reduced costs begin at `offset`; the nearest column that is not final.
    #[inline(always)]
    fn relax(&mut self, i: usize, offset: f64) -> (usize, f64) {
        let row = self.cost[i * self.stride..(i + 1) * self.stride].as_chunks::<LANES>().0;
        let open = self.open.as_chunks::<LANES>().0;
        let distances = self.distance.as_chunks_mut::<LANES>().0;
        let mut nearest = [f64::INFINITY; LANES];
        let mut at = [0_u64; LANES];
        let mut column: [u64; LANES] = std::array::from_fn(|k| k as u64);
        for ((c, v), d) in row.iter().zip(open).zip(distances) {
            // a copy, or the compiler goes lane by lane
            let mut far = [0.0; LANES];
            for k in 0..LANES {
                far[k] = least(c[k] - v[k] + offset, d[k]);
            }
            *d = far;
            for k in 0..LANES {
                at[k] = if far[k] < nearest[k] { column[k] } else { at[k] };
                nearest[k] = least(far[k], nearest[k]);
                column[k] += LANES as u64;
            }
        }
        let (mut least_at, mut least_of_all) = (at[0], nearest[0]);
        for k in 1..LANES {
            least_at = if nearest[k] < least_of_all { at[k] } else { least_at };
            least_of_all = least(nearest[k], least_of_all);
        }
        (least_at as usize, least_of_all)
    }

    /// Goes back from a free column at this distance to the root, and matches along the way. A column was reached from the
    /// first row to give it its distance, which the same arithmetic on the same numbers gives again.
    #[inline(always)]
    fn follow_back(&mut self, end: usize, length: f64) {
        let (mut column, mut distance) = (end, length);
        loop {
            let gave = |&&(i, offset): &&(u32, f64)| {
                self.cost[i as usize * self.stride + column] - self.v[column] + offset == distance
            };
            // the root, if rounding were ever to differ: still a matching
            let row = self.looked.iter().find(gave).map_or(self.looked[0].0, |l| l.0);
            self.row_of[column] = row;
            let next = std::mem::replace(&mut self.column_of[row as usize], column as u32);
            if next == NONE {
                return;
            }
            column = next as usize;
            distance = self.finished.iter().find(|f| f.0 == next).map_or(length, |f| f.1);
        }
    }
}
