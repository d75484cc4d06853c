//! Quiet axes of a plane: faint grid lines at round numbers, their labels below and to the left.

use super::Ink;
use crate::export::sheet::{Anchor, Area, Item, Pen};
use crate::picture::Transform;

/// Room for labels, left and below.
pub(super) fn margins(ink: &Ink) -> [f32; 2] {
    if ink.axes && !ink.bare {
        [2.9 * ink.em, 1.9 * ink.em]
    } else {
        [0.0, 0.0]
    }
}

/// Size of the labels, in em.
const LABEL: f32 = 0.88;

/// The multiples of 1, 2 or 5 times a power of ten within [low, high], at most `most` or so, and their number of decimals.
pub(super) fn ticks(low: f64, high: f64, most: f64) -> (Vec<f64>, usize) {
    let span = high - low;
    if !(span.is_finite() && span > 0.0 && most >= 1.0) {
        return (Vec::new(), 0);
    }
    let rough = span / most;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|s| *s >= rough)
        .unwrap_or(10.0 * power);
    (multiples(low, high, step), decimals_of(step))
}

fn decimals_of(step: f64) -> usize {
    (-step.log10().floor()).clamp(0.0, 9.0) as usize
}

fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    // a hair of rounding must not lose the ends
    let slack = 1e-9 * (high - low);
    let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
    // far from zero a step is lost in rounding, and a plot has no thousand labels
    if last - first >= 1000.0 || !(last - first).is_finite() {
        return Vec::new();
    }
    (first as i64..=last as i64).map(|k| k as f64 * step).collect()
}

/// Labels of x and y, with equal steps: the grid's cells are squares.
fn both(ink: &Ink, plot: Area, transform: &Transform) -> [(Vec<f64>, usize); 2] {
    let low = transform.invert([plot.min[0], plot.max[1]]).map(f64::from);
    let high = transform.invert([plot.max[0], plot.min[1]]).map(f64::from);
    let size = plot.size();
    let longer = usize::from(size[1] > size[0]);
    let apart = (size[longer] / 9.0).clamp(4.0 * ink.em, 9.0 * ink.em);
    let (marks, decimals) = ticks(low[longer], high[longer], f64::from(size[longer] / apart).max(1.0));
    match marks.as_slice() {
        [a, b, ..] => [0, 1].map(|i| (multiples(low[i], high[i], b - a), decimals)),
        _ => [0, 1].map(|_| (Vec::new(), 0)),
    }
}

/// A number with a true minus sign.
pub(super) fn label(value: f64, decimals: usize) -> String {
    // -0 has no sign
    format!("{:.decimals$}", value + 0.0).replace('-', "\u{2212}")
}

/// Grid lines, under the marks.
pub(super) fn grid(ink: &Ink, plot: Area, transform: &Transform) -> Vec<Item> {
    let [xs, ys] = both(ink, plot, transform);
    let pen = Pen::solid(ink.palette.grid, 1.0);
    let line = |points: Vec<[f32; 2]>| Item::Line { points, pen };
    let vertical = xs.0.iter().map(|x| transform.apply([*x as f32, 0.0])[0]);
    let horizontal = ys.0.iter().map(|y| transform.apply([0.0, *y as f32])[1]);
    vertical
        .map(|x| line(vec![[x, plot.min[1]], [x, plot.max[1]]]))
        .chain(horizontal.map(|y| line(vec![[plot.min[0], y], [plot.max[0], y]])))
        .collect()
}

/// Labels, outside the plot.
pub(super) fn labels(ink: &Ink, plot: Area, transform: &Transform) -> Vec<Item> {
    let [xs, ys] = both(ink, plot, transform);
    let mut items = Vec::new();
    for x in &xs.0 {
        let at = [transform.apply([*x as f32, 0.0])[0], plot.max[1] + 1.1 * ink.em];
        items.push(Item::Text(ink.quiet(at, Anchor::Middle, LABEL, label(*x, xs.1))));
    }
    for y in &ys.0 {
        let at = [plot.min[0] - 0.6 * ink.em, transform.apply([0.0, *y as f32])[1]];
        items.push(Item::Text(ink.quiet(at, Anchor::Right, LABEL, label(*y, ys.1))));
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(-1.1, 2.2, 4.0), (vec![-1.0, 0.0, 1.0, 2.0], 0));
        assert_eq!(ticks(0.0, 1.0, 4.0), (vec![0.0, 0.5, 1.0], 1));
        assert_eq!(ticks(0.03, 0.21, 10.0).1, 2);
        assert_eq!(ticks(-3000.0, 9000.0, 3.0), (vec![0.0, 5000.0], 0));
        assert!(ticks(1.0, 1.0, 5.0).0.is_empty());
        assert!(ticks(f64::NAN, 1.0, 5.0).0.is_empty());
        assert!(ticks(1e30, 1.1e30, 5.0).0.len() < 20);
        assert!(multiples(0.0, 1e9, 1.0).is_empty());
        assert_eq!(label(-0.0, 1), "0.0");
        assert_eq!(label(-1.5, 1), "\u{2212}1.5");
    }
}
