//! Candidate lists: for each row the columns of least cost less price, and a bound on all the others.

use super::squared_distance;
use crate::flow::Point;

/// Columns looked at together.
const BLOCK: usize = 64;

/// The candidates of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// (cost, column), in no order.
    pub(super) entries: Vec<(f64, u32)>,
    /// No column outside the list has cost less price below this, now or later: prices only fall.
    pub(super) bound: f64,
}

/// Finds the columns of least cost less price.
pub(super) struct Finder {
    kept: Vec<Found>,
}

#[derive(Clone, Copy)]
struct Found {
    reduced: f64,
    is_taken: bool,
    column: u32,
}

impl Found {
    /// By reduced cost; among equals a free column first, so that ties do not hide it.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.reduced
            .total_cmp(&other.reduced)
            .then(self.is_taken.cmp(&other.is_taken))
    }
}

impl Finder {
    pub(super) const fn new() -> Self {
        Self { kept: Vec::new() }
    }

    /// Fills `list` with the `wanted` columns of least cost less price. Columns are looked at from `first` on, round
    /// and round, so that rows among equal columns do not all choose the same ones.
    pub(super) fn find(
        &mut self,
        list: &mut List,
        point: Point,
        (columns, prices): (&[Point], &[f64]),
        is_taken: impl Fn(usize) -> bool,
        (wanted, first): (usize, usize),
    ) {
        let n = columns.len();
        let keep = wanted + 1;
        let room = 4 * keep + BLOCK;
        self.kept.clear();
        let mut limit = f64::INFINITY;
        for range in [first..n, 0..first] {
            let mut at = range.start;
            while at < range.end {
                let end = (at + BLOCK).min(range.end);
                let mut reduced = [0.0; BLOCK];
                let mut least = f64::INFINITY;
                for ((r, b), v) in reduced.iter_mut().zip(&columns[at..end]).zip(&prices[at..end]) {
                    let (x, y) = (point[0] - b[0], point[1] - b[1]);
                    *r = x * x + y * y - v;
                    least = if *r < least { *r } else { least };
                }
                if least <= limit {
                    for (offset, &reduced) in reduced[..end - at].iter().enumerate() {
                        if reduced <= limit {
                            let column = at + offset;
                            self.kept.push(Found {
                                reduced,
                                is_taken: is_taken(column),
                                column: column as u32,
                            });
                        }
                    }
                    if self.kept.len() + BLOCK > room {
                        self.kept.select_nth_unstable_by(keep - 1, Found::order);
                        self.kept.truncate(keep);
                        limit = self.kept[keep - 1].reduced;
                    }
                }
                at = end;
            }
        }
        list.bound = f64::INFINITY;
        if self.kept.len() > wanted {
            self.kept.select_nth_unstable_by(wanted, Found::order);
            list.bound = self.kept[wanted].reduced;
            self.kept.truncate(wanted);
        }
        list.entries.clear();
        list.entries.extend(self.kept.iter().map(|found| {
            let cost = squared_distance(point, columns[found.column as usize]);
            (cost, found.column)
        }));
    }
}
