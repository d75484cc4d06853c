//! One assignment problem from given column prices: greedy start, augmenting row reduction, shortest augmenting paths.
//!
//! Throughout, `cost(i, j) - u[i] - v[j] >= 0` for all i and j, 0 for matched pairs, and v only falls.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::lists::{Finder, List};
use super::{TransportError, Watch};
use crate::flow::Point;

/// Not matched.
const NONE: u32 = u32::MAX;

/// Candidates a row begins with.
const FIRST_CANDIDATES: usize = 12;

/// Rows treated between two looks at the cancel flag.
const ROWS_BETWEEN_CHECKS: usize = 64;

/// A problem being solved, and its solution.
pub(super) struct Problem {
    /// Row prices.
    pub(super) u: Vec<f64>,
    /// Column prices.
    pub(super) v: Vec<f64>,
    /// The column of each row.
    pub(super) column_of: Vec<u32>,
    row_of: Vec<u32>,
}

/// Something to do at a distance: look at a column (0..n), or at columns beyond the list of a row (n..2n).
#[derive(Clone, Copy)]
struct Event {
    distance: f64,
    what: u32,
}

impl Ord for Event {
    /// The nearest is the greatest; among equals rows first, since their lists may hold a free column at no distance.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .distance
            .total_cmp(&self.distance)
            .then(self.what.cmp(&other.what))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

struct Solver<'a> {
    rows: &'a [Point],
    columns: &'a [Point],
    lists: Vec<List>,
    finder: Finder,
    problem: Problem,
    search: Search,
}

/// The tree of shortest paths from one free row.
struct Search {
    events: BinaryHeap<Event>,
    /// Distance of each column, infinite where not yet seen.
    distance: Vec<f64>,
    /// The row from which each column was reached.
    reached_from: Vec<u32>,
    is_final: Vec<bool>,
    /// Columns whose entries above are in use.
    seen: Vec<u32>,
    /// Rows in the tree, with their distances.
    tree: Vec<(u32, f64)>,
    /// Distance of a row in the tree.
    row_distance: Vec<f64>,
    nearest_free: f64,
    free_column: u32,
}

/// Solves the problem of equally many rows and columns from these column prices.
pub(super) fn solve(
    rows: &[Point],
    columns: &[Point],
    prices: Vec<f64>,
    watch: Watch<'_>,
) -> Result<Problem, TransportError> {
    let n = rows.len();
    let mut solver = Solver {
        rows,
        columns,
        lists: vec![List::default(); n],
        finder: Finder::new(),
        problem: Problem {
            u: vec![0.0; n],
            v: prices,
            column_of: vec![NONE; n],
            row_of: vec![NONE; n],
        },
        search: Search::new(n),
    };
    solver.start(watch)?;
    solver.reduce_rows(watch)?;
    let free: Vec<u32> = (0..n as u32)
        .filter(|&i| solver.problem.column_of[i as usize] == NONE)
        .collect();
    for (done, &row) in free.iter().enumerate() {
        if done % ROWS_BETWEEN_CHECKS == 0 {
            watch.check()?;
            (watch.progress)(done as f64 / free.len() as f64);
        }
        solver.augment(row);
    }
    Ok(solver.problem)
}

impl Solver<'_> {
    /// Candidate lists and row prices; each row takes its best column where that is free.
    fn start(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
        for i in 0..self.rows.len() {
            if i % ROWS_BETWEEN_CHECKS == 0 {
                watch.check()?;
            }
            self.find_candidates(i, FIRST_CANDIDATES);
            let (least, column) = self.best_two(i).0;
            self.problem.u[i] = least;
            if self.problem.row_of[column as usize] == NONE {
                self.matched(i as u32, column);
            }
        }
        Ok(())
    }

    fn matched(&mut self, row: u32, column: u32) {
        self.problem.row_of[column as usize] = row;
        self.problem.column_of[row as usize] = column;
    }

    fn find_candidates(&mut self, i: usize, wanted: usize) {
        let problem = &self.problem;
        // an odd multiple spreads the starts over the columns
        let first = i.wrapping_mul(40_503) % self.columns.len();
        self.finder.find(
            &mut self.lists[i],
            self.rows[i],
            (self.columns, &problem.v),
            |j| problem.row_of[j] != NONE,
            (wanted, first),
        );
    }

    /// The least and second least cost less price of a row, with their columns; the second may be a bound (no column).
    fn best_two(&self, i: usize) -> ((f64, u32), (f64, u32)) {
        let (mut best, mut second) = ((f64::INFINITY, NONE), (self.lists[i].bound, NONE));
        for &(cost, j) in &self.lists[i].entries {
            let reduced = cost - self.problem.v[j as usize];
            if reduced < best.0 {
                if best.0 < second.0 {
                    second = best;
                }
                best = (reduced, j);
            } else if reduced < second.0 {
                second = (reduced, j);
            }
        }
        (best, second)
    }

    /// Jonker and Volgenant's augmenting row reduction: a free row takes its best column from whoever has it, and lowers
    /// that column's price to where its second best is as good.
    fn reduce_rows(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
        let n = self.rows.len();
        let mut free: Vec<u32> = (0..n as u32)
            .filter(|&i| self.problem.column_of[i as usize] == NONE)
            .collect();
        for _ in 0..REDUCTION_PASSES {
            let mut left = Vec::new();
            let mut steps = 0;
            free.reverse();
            while let Some(row) = free.pop() {
                if steps % ROWS_BETWEEN_CHECKS == 0 {
                    watch.check()?;
                }
                steps += 1;
                let i = row as usize;
                let (mut best, mut second) = self.best_two(i);
                if best.0 > self.lists[i].bound {
                    // a column outside the list may be better
                    self.find_candidates(i, self.lists[i].entries.len());
                    (best, second) = self.best_two(i);
                }
                self.problem.u[i] = second.0.min(self.lists[i].bound).max(best.0);
                let gain = if second.0.is_finite() {
                    (second.0 - best.0).max(0.0)
                } else {
                    0.0
                };
                if !second.0.is_finite() {
                    self.problem.u[i] = best.0;
                }
                let mut column = best.1;
                if gain > 0.0 {
                    self.problem.v[column as usize] -= gain;
                } else if self.problem.row_of[column as usize] != NONE && second.1 != NONE {
                    column = second.1;
                }
                let before = self.problem.row_of[column as usize];
                self.matched(row, column);
                if before != NONE {
                    self.problem.column_of[before as usize] = NONE;
                    if gain > 0.0 && steps < STEPS_PER_ROW * n {
                        free.push(before);
                    } else {
                        left.push(before);
                    }
                }
            }
            free = left;
        }
        Ok(())
    }

    /// Matches a free row along a shortest augmenting path.
    fn augment(&mut self, root: u32) {
        self.search.clear();
        self.enter(root, 0.0);
        while let Some(event) = self.search.events.pop() {
            if event.distance >= self.search.nearest_free {
                break;
            }
            let n = self.columns.len() as u32;
            if event.what >= n {
                self.look_further((event.what - n) as usize);
                continue;
            }
            let j = event.what as usize;
            if self.search.is_final[j] || event.distance > self.search.distance[j] {
                continue;
            }
            self.search.is_final[j] = true;
            self.enter(self.problem.row_of[j], event.distance);
        }
        self.update_prices();
        self.follow_back(root);
    }

    /// A row joins the tree.
    fn enter(&mut self, row: u32, distance: f64) {
        self.search.tree.push((row, distance));
        self.search.row_distance[row as usize] = distance;
        self.relax(row as usize);
    }

    /// Looks at the candidates of a row in the tree.
    fn relax(&mut self, i: usize) {
        let (search, problem, list) = (&mut self.search, &self.problem, &self.lists[i]);
        let base = search.row_distance[i];
        let u = problem.u[i];
        for &(cost, column) in &list.entries {
            let j = column as usize;
            // rounding may leave -1e-16
            let distance = base + (cost - u - problem.v[j]).max(0.0);
            if distance >= search.nearest_free || distance >= search.distance[j] {
                continue;
            }
            if search.distance[j] == f64::INFINITY {
                search.seen.push(column);
            }
            search.distance[j] = distance;
            search.reached_from[j] = i as u32;
            if problem.row_of[j] == NONE {
                search.nearest_free = distance;
                search.free_column = column;
            } else {
                search.events.push(Event { distance, what: column });
            }
        }
        let beyond = base + (list.bound - u).max(0.0);
        if beyond < search.nearest_free {
            let what = (self.columns.len() + i) as u32;
            search.events.push(Event { distance: beyond, what });
        }
    }

    /// The path has come as far as the columns outside a row's list: a longer list.
    fn look_further(&mut self, i: usize) {
        self.find_candidates(i, 2 * self.lists[i].entries.len());
        self.relax(i);
    }

    fn update_prices(&mut self) {
        let (search, problem) = (&self.search, &mut self.problem);
        let length = search.nearest_free;
        for &(row, distance) in &search.tree {
            problem.u[row as usize] += length - distance;
        }
        for &column in &search.seen {
            let j = column as usize;
            if search.is_final[j] {
                problem.v[j] += search.distance[j] - length;
            }
        }
    }

    fn follow_back(&mut self, root: u32) {
        let mut column = self.search.free_column;
        loop {
            let row = self.search.reached_from[column as usize];
            let next = self.problem.column_of[row as usize];
            self.matched(row, column);
            if row == root {
                return;
            }
            column = next;
        }
    }
}

const REDUCTION_PASSES: usize = 2;
const STEPS_PER_ROW: usize = 4;

impl Search {
    fn new(n: usize) -> Self {
        Self {
            events: BinaryHeap::new(),
            distance: vec![f64::INFINITY; n],
            reached_from: vec![NONE; n],
            is_final: vec![false; n],
            seen: Vec::new(),
            tree: Vec::new(),
            row_distance: vec![0.0; n],
            nearest_free: f64::INFINITY,
            free_column: NONE,
        }
    }

    fn clear(&mut self) {
        for &column in &self.seen {
            self.distance[column as usize] = f64::INFINITY;
            self.is_final[column as usize] = false;
        }
        self.seen.clear();
        self.events.clear();
        self.tree.clear();
        self.nearest_free = f64::INFINITY;
        self.free_column = NONE;
    }
}
