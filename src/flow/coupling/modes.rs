//! The modes of a distribution: its Gaussians where it has few, else the connected pieces of its shape.

use crate::flow::Point;
use crate::flow::distribution::Distribution;

/// Distributions of up to this many Gaussians have one mode for each.
const MOST_GAUSSIANS: usize = 64;
/// A shape is looked at through at most this many of its components.
const MOST_LOOKED_AT: usize = 1024;
/// Two components of a shape touch within this many times the distance of either to its nearest neighbor: along a curve
/// neighbors lie at 1, on a grid's diagonal at 1.41.
const TOUCHING: f64 = 1.3;
/// Scattered points touch within this many times the distance that 9 of 10 have to their nearest neighbor.
const SCATTERED: f64 = 3.0;

/// Points that stand for a distribution, and the mode each belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Modes {
    points: Vec<Point>,
    /// The mode of each of the points; counted from 0.
    mode: Vec<usize>,
    /// How many modes.
    count: usize,
}

impl Modes {
    /// Of any distribution.
    pub(super) fn of(target: &Distribution) -> Self {
        let components = target.components();
        let points: Vec<Point> = components.list.iter().map(|c| c.mean).collect();
        if matches!(target, Distribution::Points(_)) {
            Self::of_scattered(&points)
        } else if components.exact && points.len() <= MOST_GAUSSIANS {
            Self {
                mode: (0..points.len()).collect(),
                count: points.len(),
                points,
            }
        } else {
            let near = nearest_neighbors(&points);
            Self::connected(points, |i, j| TOUCHING * near[i].max(near[j]))
        }
    }

    /// Of a set of points, which may be any number.
    pub(super) fn of_scattered(points: &[Point]) -> Self {
        let every = points.len().div_ceil(MOST_LOOKED_AT).max(1);
        let points: Vec<Point> = points.iter().copied().step_by(every).collect();
        let mut near = nearest_neighbors(&points);
        near.sort_unstable_by(f64::total_cmp);
        let reach = SCATTERED * near.get(near.len() * 9 / 10).copied().unwrap_or_default();
        let mut modes = Self::connected(points, |_, _| reach);
        modes.absorb_stragglers();
        modes
    }

    /// Pieces of less than a fiftieth of the points join the nearest larger piece, where there is one.
    fn absorb_stragglers(&mut self) {
        let mut sizes = vec![0; self.count];
        self.mode.iter().for_each(|&mode| sizes[mode] += 1);
        let is_large: Vec<bool> = sizes.iter().map(|&size| 50 * size >= self.points.len()).collect();
        let kept: Vec<usize> = (0..self.count).filter(|&mode| is_large[mode]).collect();
        if kept.is_empty() {
            return;
        }
        let large: Vec<usize> = (0..self.points.len()).filter(|&i| is_large[self.mode[i]]).collect();
        let nearest = |p: Point| {
            let by_distance =
                |i: &&usize, j: &&usize| squared(p, self.points[**i]).total_cmp(&squared(p, self.points[**j]));
            large.iter().min_by(by_distance).map_or(0, |&i| self.mode[i])
        };
        let joined: Vec<usize> = self
            .points
            .iter()
            .zip(&self.mode)
            .map(|(p, &mode)| if is_large[mode] { mode } else { nearest(*p) })
            .collect();
        let renumbered = |mode| kept.binary_search(&mode).unwrap_or(0);
        self.mode = joined.into_iter().map(renumbered).collect();
        self.count = kept.len();
    }

    /// Connected pieces, where i and j touch within `reach(i, j)`.
    fn connected(points: Vec<Point>, reach: impl Fn(usize, usize) -> f64) -> Self {
        let mut mode = vec![usize::MAX; points.len()];
        let mut count = 0;
        let mut waiting = Vec::new();
        for first in 0..points.len() {
            if mode[first] != usize::MAX {
                continue;
            }
            mode[first] = count;
            waiting.push(first);
            while let Some(i) = waiting.pop() {
                for j in 0..points.len() {
                    if mode[j] == usize::MAX && squared(points[i], points[j]).sqrt() <= reach(i, j) {
                        mode[j] = count;
                        waiting.push(j);
                    }
                }
            }
            count += 1;
        }
        Self { points, mode, count }
    }

    /// How many modes there are.
    #[cfg(test)]
    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The mode of the nearest of the points.
    pub(super) fn mode_of(&self, p: Point) -> usize {
        let mut best = (f64::INFINITY, 0);
        for (q, &mode) in self.points.iter().zip(&self.mode) {
            let d = squared(p, *q);
            if d < best.0 {
                best = (d, mode);
            }
        }
        best.1
    }

    /// Squared distance to the nearest point of each mode.
    pub(super) fn squared_distances(&self, p: Point) -> Vec<f64> {
        let mut least = vec![f64::INFINITY; self.count];
        for (q, &mode) in self.points.iter().zip(&self.mode) {
            least[mode] = least[mode].min(squared(p, *q));
        }
        least
    }
}

fn nearest_neighbors(points: &[Point]) -> Vec<f64> {
    let of_one = |(i, p): (usize, &Point)| {
        let others = points.iter().enumerate().filter(|(j, _)| *j != i);
        others
            .map(|(_, q)| squared(*p, *q))
            .fold(f64::INFINITY, f64::min)
            .sqrt()
    };
    points.iter().enumerate().map(of_one).collect()
}

fn squared(p: Point, q: Point) -> f64 {
    let (x, y) = (p[0] - q[0], p[1] - q[1]);
    x * x + y * y
}
