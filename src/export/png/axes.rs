//! Quiet axes: faint grid lines at round numbers, their labels below and to the left.

use tiny_skia::{Stroke, Transform as Matrix};

use super::letters::{Anchor, write};
use super::{Canvas, Page, marks};
use crate::picture::Transform;
use crate::picture::color::Theme;

/// Pixels between labels, at least, on an axis of this length: some nine labels on a large one.
fn apart(length: f32) -> f32 {
    (length / 9.0).clamp(48.0, 120.0)
}

/// The multiples of 1, 2 or 5 times a power of ten within [low, high], at most `most` or so, and their number of decimals.
pub(super) fn ticks(low: f32, high: f32, most: f32) -> (Vec<f32>, usize) {
    let span = f64::from(high) - f64::from(low);
    if !(span.is_finite() && span > 0.0 && most >= 1.0) {
        return (Vec::new(), 0);
    }
    let rough = span / f64::from(most);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|s| *s >= rough)
        .unwrap_or(10.0 * power);
    let first = (f64::from(low) / step).ceil() as i64;
    let last = (f64::from(high) / step).floor() as i64;
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    ((first..=last).map(|k| (k as f64 * step) as f32).collect(), decimals)
}

fn both(page: &Page, transform: &Transform) -> [(Vec<f32>, usize); 2] {
    let low = transform.invert([page.plot.min[0], page.plot.max[1]]);
    let high = transform.invert([page.plot.max[0], page.plot.min[1]]);
    // equal scales and equal steps: the grid's cells are squares
    let size = [page.plot.max[0] - page.plot.min[0], page.plot.max[1] - page.plot.min[1]];
    let longer = usize::from(size[1] > size[0]);
    let (_, decimals) = ticks(low[longer], high[longer], size[longer] / apart(size[longer]));
    let step = |t: &[f32]| if t.len() > 1 { t[1] - t[0] } else { f32::INFINITY };
    let all = [0, 1].map(|i| {
        ticks(
            low[i],
            high[i],
            size[longer] / apart(size[longer]) * (high[i] - low[i]) / (high[longer] - low[longer]),
        )
    });
    let same = step(&all[0].0).max(step(&all[1].0));
    if same.is_finite() && step(&all[0].0) != step(&all[1].0) {
        return [0, 1].map(|i| (multiples(low[i], high[i], same), decimals));
    }
    all
}

fn multiples(low: f32, high: f32, step: f32) -> Vec<f32> {
    ((low / step).ceil() as i64..=(high / step).floor() as i64)
        .map(|k| k as f32 * step)
        .collect()
}

/// Grid lines, under the marks.
pub(super) fn grid(canvas: &mut Canvas, theme: Theme, page: &Page, transform: &Transform) {
    let palette = theme.palette();
    let [x0, y0] = page.plot.min;
    let [x1, y1] = page.plot.max;
    if x0 == 0.0 {
        return;
    }
    let [xs, ys] = both(page, transform);
    let snap = |v: f32| ((v * canvas.scale).floor() + 0.5) / canvas.scale;
    let vertical =
        xs.0.iter()
            .map(|x| snap(transform.apply([*x, 0.0])[0]))
            .map(|x| [[x, y0], [x, y1]]);
    let horizontal =
        ys.0.iter()
            .map(|y| snap(transform.apply([0.0, *y])[1]))
            .map(|y| [[x0, y], [x1, y]]);
    let lines: Vec<_> = vertical.chain(horizontal).collect();
    let matrix = Matrix::from_scale(canvas.scale, canvas.scale);
    let stroke = Stroke {
        width: 1.0,
        ..Stroke::default()
    };
    for line in lines {
        if let Some(path) = marks::line_path(&line) {
            canvas
                .pixmap
                .stroke_path(&path, &marks::paint(palette.grid), &stroke, matrix, None);
        }
    }
}

/// Labels, outside the plot.
pub(super) fn labels(canvas: &mut Canvas, theme: Theme, page: &Page, transform: &Transform) {
    if page.plot.min[0] == 0.0 {
        return;
    }
    let color = theme.palette().text_quiet;
    let [xs, ys] = both(page, transform);
    let text = |v: f32, decimals: usize| format!("{:.*}", decimals, v + 0.0).replace('-', "\u{2212}");
    let bottom = page.plot.max[1];
    for x in &xs.0 {
        let at = [transform.apply([*x, 0.0])[0], bottom + 16.0];
        write(canvas, &text(*x, xs.1), at, 13.0, Anchor::Middle, color);
    }
    for y in &ys.0 {
        let at = [page.plot.min[0] - 10.0, transform.apply([0.0, *y])[1]];
        write(canvas, &text(*y, ys.1), at, 13.0, Anchor::Right, color);
    }
    let corner = [page.plot.min[0] + 2.0, page.plot.min[1] - 10.0];
    write(canvas, "y", corner, 13.0, Anchor::Left, color);
    let corner = [page.plot.max[0] + 6.0, bottom + 16.0];
    write(canvas, "x", corner, 13.0, Anchor::Left, color);
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
        assert!(ticks(f32::NAN, 1.0, 5.0).0.is_empty());
    }
}
