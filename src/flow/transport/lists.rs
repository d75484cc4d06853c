//! Candidate lists: for each row the columns of least cost less price, and a bound on all the others.
//!
//! They are found in a k-d tree. Cost less price is `|x|^2 - 2 x.y + g` with `g = |y|^2 - v` for a row at x and a column
//! at y of price v. Far from the optimum cost and price both vary steeply, near it they cancel; so each node keeps a plane
//! fitted to g, `g >= least + slope.(y - center)` for all its columns, and the plane less `2 x.y` is bounded over the
//! node's rectangle.

use std::collections::BinaryHeap;

use super::squared_distance;
use crate::flow::Point;

/// Most columns in a leaf.
const LEAF: usize = 8;

/// The candidates of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// (cost, column), in no order.
    pub(super) entries: Vec<(f64, u32)>,
    /// No column outside the list has cost less price below this, now or later: prices only fall.
    pub(super) bound: f64,
}

/// A k-d tree over the columns: node k has the children 2k + 1 and 2k + 2, and the middle of its range parts them.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Columns in the order of the leaves.
    order: Vec<u32>,
    found: BinaryHeap<Found>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    /// The rectangle around the columns below.
    center: Point,
    half: Point,
    /// Of the plane below g.
    slope: Point,
    least: f64,
}

/// Sums over the columns of a node: count, y, y y^T, g, g y.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    y: Point,
    yy: [f64; 3],
    g: f64,
    gy: Point,
}

/// A column and its cost less price; the greatest of a heap is the one to drop first.
#[derive(Clone, Copy, PartialEq)]
struct Found {
    reduced: f64,
    /// Among equals free columns stay, so that ties do not hide them.
    is_taken: bool,
    column: u32,
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let by_cost = self.reduced.total_cmp(&other.reduced);
        by_cost.then(self.is_taken.cmp(&other.is_taken))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Found {}

/// What is looked for: the `wanted` columns of least cost less price.
pub(super) struct Query<'a, F> {
    pub(super) row: usize,
    pub(super) point: Point,
    pub(super) columns: &'a [Point],
    pub(super) prices: &'a [f64],
    pub(super) is_taken: F,
    pub(super) wanted: usize,
}

impl Tree {
    /// The tree of these columns; prices come by [`Self::set_prices`].
    pub(super) fn new(columns: &[Point]) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            order: (0..columns.len() as u32).collect(),
            found: BinaryHeap::new(),
        };
        tree.build(0, 0, columns.len(), columns);
        tree
    }

    fn build(&mut self, node: usize, from: usize, to: usize, columns: &[Point]) {
        let (mut min, mut max) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for &j in &self.order[from..to] {
            for axis in 0..2 {
                min[axis] = min[axis].min(columns[j as usize][axis]);
                max[axis] = max[axis].max(columns[j as usize][axis]);
            }
        }
        if self.nodes.len() <= node {
            self.nodes.resize(node + 1, Node::default());
        }
        self.nodes[node] = Node {
            center: [0, 1].map(|c| f64::midpoint(min[c], max[c])),
            half: [0, 1].map(|c| 0.5 * (max[c] - min[c])),
            ..Node::default()
        };
        if to - from <= LEAF {
            return;
        }
        let axis = usize::from(max[1] - min[1] > max[0] - min[0]);
        let middle = from + (to - from) / 2;
        let by_place = |a: &u32, b: &u32| columns[*a as usize][axis].total_cmp(&columns[*b as usize][axis]);
        self.order[from..to].select_nth_unstable_by(middle - from, by_place);
        self.build(2 * node + 1, from, middle, columns);
        self.build(2 * node + 2, middle, to, columns);
    }

    /// Learns the prices anew. Without it the tree stays right as prices fall, and becomes slower.
    pub(super) fn set_prices(&mut self, columns: &[Point], prices: &[f64]) {
        let lifted: Vec<[f64; 3]> = self
            .order
            .iter()
            .map(|&j| {
                let y = columns[j as usize];
                [y[0], y[1], y[0] * y[0] + y[1] * y[1] - prices[j as usize]]
            })
            .collect();
        self.fit(0, &lifted);
    }

    /// Fits the planes of a node and of those below it.
    fn fit(&mut self, node: usize, lifted: &[[f64; 3]]) -> Sums {
        let sums = if lifted.len() <= LEAF {
            lifted.iter().fold(Sums::default(), |sums, p| sums.and(&Sums::of(*p)))
        } else {
            let (left, right) = lifted.split_at(lifted.len() / 2);
            let left = self.fit(2 * node + 1, left);
            left.and(&self.fit(2 * node + 2, right))
        };
        let slope = sums.slope();
        let center = self.nodes[node].center;
        let above = |p: &[f64; 3]| p[2] - slope[0] * (p[0] - center[0]) - slope[1] * (p[1] - center[1]);
        self.nodes[node].slope = slope;
        self.nodes[node].least = lifted.iter().map(above).fold(f64::INFINITY, f64::min);
        sums
    }

    /// Fills `list` with the columns asked for.
    pub(super) fn find<F: Fn(usize) -> bool>(&mut self, list: &mut List, query: &Query<'_, F>) {
        self.found.clear();
        // the one too many is the bound on the rest
        self.search(0, 0, self.order.len(), 0, query);
        list.bound = f64::INFINITY;
        if self.found.len() > query.wanted {
            list.bound = self.found.pop().map_or(f64::INFINITY, |found| found.reduced);
        }
        list.entries.clear();
        list.entries.extend(self.found.drain().map(|found| {
            let cost = squared_distance(query.point, query.columns[found.column as usize]);
            (cost, found.column)
        }));
    }

    fn search<F: Fn(usize) -> bool>(&mut self, node: usize, from: usize, to: usize, depth: u32, query: &Query<'_, F>) {
        if to - from <= LEAF {
            for at in from..to {
                let column = self.order[at];
                let j = column as usize;
                let reduced = squared_distance(query.point, query.columns[j]) - query.prices[j];
                self.offer(
                    Found {
                        reduced,
                        is_taken: (query.is_taken)(j),
                        column,
                    },
                    query.wanted + 1,
                );
            }
            return;
        }
        let middle = from + (to - from) / 2;
        let (left, right) = (2 * node + 1, 2 * node + 2);
        let (bound_left, bound_right) = (self.bound(left, query.point), self.bound(right, query.point));
        // where nothing tells the children apart, different rows begin with different ones
        let right_first = bound_right < bound_left || (bound_right == bound_left && query.row >> depth & 1 == 1);
        let mut children = [(bound_left, left, from, middle), (bound_right, right, middle, to)];
        if right_first {
            children.swap(0, 1);
        }
        for (bound, child, from, to) in children {
            if bound <= self.limit(query.wanted + 1) {
                self.search(child, from, to, depth + 1, query);
            }
        }
    }

    /// The least that cost less price can be below a node.
    fn bound(&self, node: usize, point: Point) -> f64 {
        let Node {
            center,
            half,
            slope,
            least,
        } = self.nodes[node];
        let at = |c: usize| point[c] * (point[c] - 2.0 * center[c]) - (slope[c] - 2.0 * point[c]).abs() * half[c];
        least + at(0) + at(1)
    }

    /// What a column must not exceed to be kept.
    fn limit(&self, keep: usize) -> f64 {
        if self.found.len() < keep {
            f64::INFINITY
        } else {
            self.found.peek().map_or(f64::INFINITY, |f| f.reduced)
        }
    }

    fn offer(&mut self, found: Found, keep: usize) {
        if self.found.len() < keep {
            self.found.push(found);
        } else if let Some(mut worst) = self.found.peek_mut()
            && found < *worst
        {
            *worst = found;
        }
    }
}

impl Sums {
    fn of([x, y, g]: [f64; 3]) -> Self {
        Self {
            count: 1.0,
            y: [x, y],
            yy: [x * x, x * y, y * y],
            g,
            gy: [g * x, g * y],
        }
    }

    fn and(&self, b: &Self) -> Self {
        Self {
            count: self.count + b.count,
            y: [0, 1].map(|c| self.y[c] + b.y[c]),
            yy: [0, 1, 2].map(|c| self.yy[c] + b.yy[c]),
            g: self.g + b.g,
            gy: [0, 1].map(|c| self.gy[c] + b.gy[c]),
        }
    }

    /// The gradient of g by least squares, drawn a little towards 0 so that columns on a line have one too. Any slope
    /// gives a right bound, the best one a tight bound.
    fn slope(&self) -> Point {
        let Self { count, y, yy, g, gy } = self;
        let xx = yy[0] - y[0] * y[0] / count;
        let xy = yy[1] - y[0] * y[1] / count;
        let y_y = yy[2] - y[1] * y[1] / count;
        let (gx, g_y) = (gy[0] - g * y[0] / count, gy[1] - g * y[1] / count);
        let ridge = 1e-6 * (xx + y_y);
        let determinant = (xx + ridge) * (y_y + ridge) - xy * xy;
        if determinant > 0.0 {
            [
                ((y_y + ridge) * gx - xy * g_y) / determinant,
                ((xx + ridge) * g_y - xy * gx) / determinant,
            ]
        } else {
            [0.0; 2]
        }
    }
}
