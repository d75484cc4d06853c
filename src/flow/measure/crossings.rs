//! How many chords cross.

use glam::DVec2;
use rayon::prelude::*;

use super::less;
use crate::flow::Point;

/// Pairs of chords (from `starts[i]` to `ends[i]`) that properly intersect: they meet in one point that is an end of
/// neither. Touching, overlapping along a line, or sharing an end up to rounding does not count. O(n^2), on rayon's
/// threads.
pub fn chord_crossings(starts: &[Point], ends: &[Point]) -> u64 {
    let chords: Vec<(Point, Point)> = starts.iter().copied().zip(ends.iter().copied()).collect();
    let of_one = |(i, chord): (usize, &(Point, Point))| -> u64 {
        chords[i + 1..].iter().filter(|other| cross(*chord, **other)).count() as u64
    };
    chords.par_iter().enumerate().map(of_one).sum()
}

/// Crossings of chords.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossings {
    /// How many there are.
    pub count: u64,
    /// Where some of them are, data units.
    pub points: Vec<Point>,
}

/// Where the chords cross that [`chord_crossings`] counts, in the order of the chords; of more than `most` every k-th.
/// O(n^2), on rayon's threads.
pub fn crossing_points(starts: &[Point], ends: &[Point], most: usize) -> Crossings {
    let chords: Vec<(Point, Point)> = starts.iter().copied().zip(ends.iter().copied()).collect();
    let of_one = |(i, p): (usize, &(Point, Point))| -> Vec<u32> {
        let later = (i + 1..chords.len()).filter(|&k| cross(*p, chords[k]));
        later.map(|k| k as u32).collect()
    };
    let found: Vec<Vec<u32>> = chords.par_iter().enumerate().map(of_one).collect();
    let count = found.iter().map(Vec::len).sum::<usize>();
    let every = count.div_ceil(most.max(1)).max(1);
    let both = found
        .iter()
        .enumerate()
        .flat_map(|(i, crossed)| crossed.iter().map(move |&k| (i, k as usize)));
    let place = |(i, k): (usize, usize)| {
        let (p, q) = (chords[i], chords[k]);
        let (along, other, to) = (less(p.1, p.0), less(q.1, q.0), less(q.0, p.0));
        let part = to.perp_dot(other) / along.perp_dot(other);
        (DVec2::from(p.0) + part * along).into()
    };
    Crossings {
        count: count as u64,
        points: both.step_by(every).map(place).collect(),
    }
}

fn cross(p: (Point, Point), q: (Point, Point)) -> bool {
    let overlap = |axis: usize| {
        let (a, b) = (p.0[axis], p.1[axis]);
        let (c, d) = (q.0[axis], q.1[axis]);
        a.min(b) <= c.max(d) && c.min(d) <= a.max(b)
    };
    overlap(0) && overlap(1) && parts(p, q) && parts(q, p)
}

/// Whether the line through `p` has the ends of `q` strictly on different sides, beyond the rounding of the sides.
fn parts(p: (Point, Point), q: (Point, Point)) -> bool {
    let along = less(p.1, p.0);
    let side = |x: Point| {
        let to = less(x, p.0);
        let (l, r) = (along[0] * to[1], along[1] * to[0]);
        let area = l - r;
        // Shewchuk's bound for the sign of a difference of two products of differences
        if area.abs() > 4.0 * f64::EPSILON * (l.abs() + r.abs()) {
            area
        } else {
            0.0
        }
    };
    // not a product, which may underflow
    let (a, b) = (side(q.0), side(q.1));
    (a > 0.0 && b < 0.0) || (a < 0.0 && b > 0.0)
}
