//! The legend: a column beside the plot of a wide picture, rows below that of a tall one.

use std::f32::consts::TAU;

use tiny_skia::{
    FillRule, GradientStop, LineCap, LinearGradient, Paint, Point, Rect, SpreadMode, Stroke, StrokeDash,
    Transform as Matrix,
};

use super::letters::{self, Anchor, write};
use super::{Canvas, Page, marks, skia};
use crate::picture::color::Theme;
use crate::picture::{LegendEntry, Rgba, Shape, Swatch, short};

/// Height of a row.
pub(super) const ROW: f32 = 24.0;
const SWATCH: f32 = 30.0;
const GAP: f32 = 10.0;
const SIZE: f32 = 14.0;

/// The second line of a ramp, or of nothing.
fn range(entry: &LegendEntry) -> Option<String> {
    match &entry.swatch {
        Swatch::Ramp { low, high, .. } => Some(format!("{} – {}", short(*low), short(*high))),
        Swatch::Counted { count, of, .. } => Some(format!("{count} of {of}")),
        _ => None,
    }
}

fn words(entry: &LegendEntry) -> String {
    range(entry).map_or_else(|| entry.text.to_owned(), |r| format!("{}  {r}", entry.text))
}

fn entry_width(entry: &LegendEntry) -> f32 {
    SWATCH + GAP + letters::width(&words(entry), SIZE)
}

/// Width as a column.
pub(super) fn width(entries: &[LegendEntry]) -> f32 {
    entries.iter().map(entry_width).fold(0.0, f32::max)
}

/// Rows that entries need side by side in this width.
pub(super) fn rows(entries: &[LegendEntry], width: f32) -> usize {
    places(entries, [0.0, 0.0], width)
        .last()
        .map_or(0, |p| (p[1] / ROW) as usize + 1)
}

/// The left middle of every entry, wrapped.
fn places(entries: &[LegendEntry], corner: [f32; 2], width: f32) -> Vec<[f32; 2]> {
    let (mut x, mut y) = (0.0, 0.5 * ROW);
    entries
        .iter()
        .map(|e| {
            let w = entry_width(e);
            if x > 0.0 && x + w > width {
                (x, y) = (0.0, y + ROW);
            }
            let at = [corner[0] + x, corner[1] + y];
            x += w + 2.4 * GAP;
            at
        })
        .collect()
}

pub(super) fn draw(canvas: &mut Canvas, theme: Theme, page: &Page, entries: &[LegendEntry]) {
    let area = page.legend;
    if area.max[0] <= area.min[0] {
        return;
    }
    let beside = area.min[0] >= page.plot.max[0];
    let width = if beside { 0.0 } else { area.max[0] - area.min[0] };
    for (entry, at) in entries.iter().zip(places(entries, area.min, width)) {
        swatch(canvas, [at[0] + 0.5 * SWATCH, at[1]], &entry.swatch);
        let place = [at[0] + SWATCH + GAP, at[1]];
        write(canvas, &words(entry), place, SIZE, Anchor::Left, theme.palette().text);
    }
}

fn swatch(canvas: &mut Canvas, at: [f32; 2], swatch: &Swatch) {
    match swatch {
        Swatch::Counted { color, shape, .. } => point(canvas, at, *color, *shape),
        Swatch::Point(c, shape) => point(canvas, at, *c, *shape),
        Swatch::Line(c, dashed) => line(canvas, at, 0.0, *c, *dashed),
        Swatch::Arrow(c, dashed) => {
            line(canvas, at, 7.0, *c, *dashed);
            let tip = [at[0] + 0.5 * SWATCH, at[1]];
            fill(
                canvas,
                &[tip, [tip[0] - 9.0, tip[1] - 4.0], [tip[0] - 9.0, tip[1] + 4.0]],
                *c,
            );
        }
        Swatch::Ramp { colors, .. } => ramp(canvas, at, colors),
        Swatch::Wheel(colors) => {
            let n = colors.len().max(1) as f32;
            for (i, c) in colors.iter().enumerate() {
                let on = |r: f32, k: f32| {
                    let angle = (i as f32 + k) / n * TAU;
                    [at[0] + r * angle.cos(), at[1] - r * angle.sin()]
                };
                fill(
                    canvas,
                    &[on(4.0, -0.55), on(8.5, -0.55), on(8.5, 0.55), on(4.0, 0.55)],
                    *c,
                );
            }
        }
    }
}

/// A bar of colors without seams.
fn ramp(canvas: &mut Canvas, at: [f32; 2], colors: &[Rgba]) {
    let n = colors.len();
    let [left, right] = [-0.5, 0.5].map(|f| Point::from_xy(at[0] + f * SWATCH, at[1]));
    let stop = |(i, c): (usize, &Rgba)| GradientStop::new(i as f32 / (n - 1).max(1) as f32, skia(*c));
    let stops = colors.iter().enumerate().map(stop).collect();
    let gradient = LinearGradient::new(left, right, stops, SpreadMode::Pad, Matrix::identity());
    let Some((shader, bar)) = gradient.zip(Rect::from_xywh(left.x, at[1] - 5.0, SWATCH, 10.0)) else {
        return;
    };
    let paint = Paint {
        shader,
        ..Paint::default()
    };
    let matrix = Matrix::from_scale(canvas.scale, canvas.scale);
    canvas.pixmap.fill_rect(bar, &paint, matrix, None);
}

fn point(canvas: &mut Canvas, at: [f32; 2], color: Rgba, shape: Shape) {
    let matrix = Matrix::from_scale(canvas.scale, canvas.scale);
    let Some((path, ring)) = marks::point_path(at, 4.6, shape) else {
        return;
    };
    if let Some(width) = ring {
        let stroke = Stroke {
            width,
            ..Stroke::default()
        };
        canvas
            .pixmap
            .stroke_path(&path, &marks::paint(color), &stroke, matrix, None);
    } else {
        canvas
            .pixmap
            .fill_path(&path, &marks::paint(color), FillRule::Winding, matrix, None);
    }
}

fn line(canvas: &mut Canvas, at: [f32; 2], shorter: f32, color: Rgba, dashed: bool) {
    let ends = [[at[0] - 0.5 * SWATCH, at[1]], [at[0] + 0.5 * SWATCH - shorter, at[1]]];
    let stroke = Stroke {
        width: 2.0,
        line_cap: LineCap::Butt,
        dash: if dashed {
            StrokeDash::new(vec![5.0, 3.5], 0.0)
        } else {
            None
        },
        ..Stroke::default()
    };
    let matrix = Matrix::from_scale(canvas.scale, canvas.scale);
    if let Some(path) = marks::line_path(&ends) {
        canvas
            .pixmap
            .stroke_path(&path, &marks::paint(color), &stroke, matrix, None);
    }
}

fn fill(canvas: &mut Canvas, corners: &[[f32; 2]], color: Rgba) {
    let matrix = Matrix::from_scale(canvas.scale, canvas.scale);
    if let Some(path) = marks::polygon(corners) {
        canvas
            .pixmap
            .fill_path(&path, &marks::paint(color), FillRule::Winding, matrix, None);
    }
}
