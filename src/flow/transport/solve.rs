//! One assignment problem from given column prices: an auction that comes close, prices that prove its pairs optimal, and
//! shortest augmenting paths for the rows where they do not.
//!
//! Throughout, v only falls. After `tighten`, `cost(i, j) - u[i] - v[j] >= 0` for all i and j, and 0 for matched pairs.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, VecDeque};

use super::lists::{List, Query, Tree};
use super::{TransportError, Watch, squared_distance};
use crate::flow::Point;

/// Not matched.
pub(super) const NONE: u32 = u32::MAX;

/// Candidates a row begins with.
const FIRST_CANDIDATES: usize = 16;

/// Times that a row is looked at again before it is set free.
const VISITS: u32 = 20;

/// Rows treated between two looks at the cancel flag.
pub(super) const ROWS_BETWEEN_CHECKS: usize = 64;

/// A problem being solved, and its solution.
pub(super) struct Problem {
    /// Row prices.
    pub(super) u: Vec<f64>,
    /// Column prices.
    pub(super) v: Vec<f64>,
    /// The column of each row.
    pub(super) column_of: Vec<u32>,
    pub(super) row_of: Vec<u32>,
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

pub(super) struct Solver<'a> {
    pub(super) rows: &'a [Point],
    pub(super) columns: &'a [Point],
    pub(super) lists: Vec<List>,
    pub(super) tree: Tree,
    pub(super) problem: Problem,
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
        tree: Tree::new(columns),
        problem: Problem {
            u: vec![0.0; n],
            v: prices,
            column_of: vec![NONE; n],
            row_of: vec![NONE; n],
        },
        search: Search::new(n),
    };
    solver.tree.set_prices(columns, &solver.problem.v);
    for i in 0..n {
        if i.is_multiple_of(ROWS_BETWEEN_CHECKS) {
            watch.check()?;
        }
        solver.find_candidates(i, FIRST_CANDIDATES);
    }
    solver.auction(watch)?;
    solver.tighten(watch)?;
    let free: Vec<u32> = (0..n as u32)
        .filter(|&i| solver.problem.column_of[i as usize] == NONE)
        .collect();
    for (done, &row) in free.iter().enumerate() {
        if done.is_multiple_of(ROWS_BETWEEN_CHECKS) {
            watch.check()?;
        }
        solver.augment(row);
    }
    Ok(solver.problem)
}

impl Solver<'_> {
    /// Takes a matched row and its column apart.
    pub(super) fn part(&mut self, row: u32) {
        let column = std::mem::replace(&mut self.problem.column_of[row as usize], NONE);
        self.problem.row_of[column as usize] = NONE;
    }

    pub(super) fn matched(&mut self, row: u32, column: u32) {
        self.problem.row_of[column as usize] = row;
        self.problem.column_of[row as usize] = column;
    }

    pub(super) fn find_candidates(&mut self, i: usize, wanted: usize) {
        let problem = &self.problem;
        let query = Query {
            row: i,
            point: self.rows[i],
            columns: self.columns,
            prices: &problem.v,
            is_taken: |j: usize| problem.row_of[j] != NONE,
            wanted,
        };
        self.tree.find(&mut self.lists[i], &query);
    }

    /// The least and second least cost less price of a row, with their columns; the second may be a bound (no column).
    pub(super) fn best_two(&self, i: usize) -> ((f64, u32), (f64, u32)) {
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

    /// Makes the matched pairs tight: a row's price becomes its column's cost less price, and prices of columns that now
    /// look too good to it fall, which passes the matter on to their rows. Where that goes round in a circle the
    /// matching is not optimal there, and the row is set free.
    fn tighten(&mut self, watch: Watch<'_>) -> Result<(), TransportError> {
        self.tree.set_prices(self.columns, &self.problem.v);
        let n = self.rows.len();
        let mut visits = vec![0_u32; n];
        let mut is_waiting = vec![true; n];
        let mut waiting: VecDeque<u32> = (0..n as u32).collect();
        let mut done = 0_usize;
        while let Some(row) = waiting.pop_front() {
            if done.is_multiple_of(ROWS_BETWEEN_CHECKS) {
                watch.check()?;
            }
            done += 1;
            let i = row as usize;
            is_waiting[i] = false;
            let column = self.problem.column_of[i];
            if column == NONE {
                continue;
            }
            let price = squared_distance(self.rows[i], self.columns[column as usize]) - self.problem.v[column as usize];
            while price > self.lists[i].bound {
                self.find_candidates(i, 2 * self.lists[i].entries.len());
            }
            visits[i] += 1;
            if visits[i] > VISITS {
                self.part(row);
                continue;
            }
            self.problem.u[i] = price;
            for &(cost, j) in &self.lists[i].entries {
                if cost - price < self.problem.v[j as usize] && j != column {
                    self.problem.v[j as usize] = cost - price;
                    let owner = self.problem.row_of[j as usize];
                    if owner != NONE && !is_waiting[owner as usize] {
                        is_waiting[owner as usize] = true;
                        waiting.push_back(owner);
                    }
                }
            }
        }
        for i in 0..n {
            if self.problem.column_of[i] == NONE {
                while self.best_two(i).0.0 > self.lists[i].bound {
                    self.find_candidates(i, self.lists[i].entries.len());
                }
                self.problem.u[i] = self.best_two(i).0.0;
            }
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
