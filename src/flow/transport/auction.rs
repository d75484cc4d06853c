//! Bertsekas' auction with a falling step: cheap, and close to the optimum, but not exact.

use std::collections::VecDeque;

use super::solve::{NONE, ROWS_BETWEEN_CHECKS, Solver};
use super::{TransportError, Watch, squared_distance};

/// The auction's first step, as a share of how much a row's candidates differ. A smaller one is slower: prices then come
/// down to where they belong in too many bids.
const FIRST_STEP: f64 = 4.0;

/// Each round of the auction has this share of the step of the round before.
const STEP_FACTOR: f64 = 0.1;

/// Rounds of the auction: the last step is so small that what they leave is nearly always the optimum.
const ROUNDS: u32 = 8;

/// Bids a row, on average, after which the auction gives up: many equal points make its steps endless.
const BIDS_PER_ROW: usize = 60;

impl Solver<'_> {
    /// Bertsekas' auction with a falling step ("A distributed algorithm for the assignment problem", 1979; "Network
    /// Optimization", 1998, chapter 7): a free row takes its best column from whoever has it and lowers the column's
    /// price until its second best is better by the step. Cheap, but not exact: what it leaves is matched within the
    /// last step of the optimum.
    pub(super) fn auction(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
        let n = self.rows.len();
        // how much the candidates of a row differ: the scale on which prices are wrong at first
        let spread = |i: usize| (self.lists[i].bound - self.best_two(i).0.0).max(0.0);
        let mut step = (0..n).map(spread).filter(|s| s.is_finite()).sum::<f64>() / n as f64 * FIRST_STEP;
        if step <= 0.0 {
            return Ok(());
        }
        let mut free: VecDeque<u32> = (0..n as u32).collect();
        for round in 0..ROUNDS {
            (watch.progress)(f64::from(round) / f64::from(ROUNDS));
            if !self.round(&mut free, step, watch)? {
                return Ok(());
            }
            step *= STEP_FACTOR;
            if round + 1 < ROUNDS {
                self.free_the_unhappy(&mut free, step);
            }
        }
        Ok(())
    }

    /// Free rows bid until none is left; false where that does not end.
    fn round(&mut self, free: &mut VecDeque<u32>, step: f64, watch: Watch<'_>) -> Result<bool, TransportError> {
        let n = self.rows.len();
        for bids in 0..BIDS_PER_ROW * n {
            if bids.is_multiple_of(ROWS_BETWEEN_CHECKS) {
                watch.check()?;
            }
            if bids.is_multiple_of(n) {
                self.tree.set_prices(self.columns, &self.problem.v);
            }
            let Some(row) = free.pop_front() else { return Ok(true) };
            free.extend(self.bid(row, step));
        }
        Ok(free.is_empty())
    }

    /// Sets the rows free that could do better by more than the step.
    fn free_the_unhappy(&mut self, free: &mut VecDeque<u32>, step: f64) {
        for row in 0..self.rows.len() as u32 {
            if self.excess(row) > step {
                self.part(row);
                free.push_back(row);
            }
        }
    }

    /// A free row bids; the row that loses its column is returned.
    fn bid(&mut self, row: u32, step: f64) -> Option<u32> {
        let i = row as usize;
        let (mut best, mut second) = self.best_two(i);
        if second.1 == NONE && self.lists[i].bound < f64::INFINITY {
            // prices have fallen so far that a column outside the list may be as good
            self.find_candidates(i, self.lists[i].entries.len());
            (best, second) = self.best_two(i);
        }
        let gain = if second.0 < f64::INFINITY {
            second.0 - best.0
        } else {
            0.0
        };
        self.problem.v[best.1 as usize] -= gain + step;
        let before = self.problem.row_of[best.1 as usize];
        self.matched(row, best.1);
        if before == NONE {
            return None;
        }
        self.problem.column_of[before as usize] = NONE;
        Some(before)
    }

    /// How much cheaper, at these prices, a matched row could be elsewhere among its candidates.
    fn excess(&self, row: u32) -> f64 {
        let (i, j) = (row as usize, self.problem.column_of[row as usize] as usize);
        squared_distance(self.rows[i], self.columns[j]) - self.problem.v[j] - self.best_two(i).0.0
    }
}
