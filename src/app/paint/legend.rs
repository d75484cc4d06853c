//! The legend: a quiet list in a corner of the stage, one row an entry.

use eframe::egui::{self, Align2, CornerRadius, FontId, Pos2, Rect, Shape as Drawn, Stroke, Vec2, pos2, vec2};

use super::color32;
use crate::picture::color::{Theme, with_alpha};
use crate::picture::{LegendEntry, Rgba, Shape, Swatch, short};

const ROW: f32 = 18.0;
const SWATCH: f32 = 34.0;
const MARGIN: f32 = 8.0;

/// Draws the legend with its corner at `rect`'s upper right and gives back what it covers; `text` translates
/// (`|e| e.text.to_owned()` for English).
pub fn paint_legend(
    painter: &egui::Painter,
    rect: Rect,
    theme: Theme,
    entries: &[LegendEntry],
    text: impl Fn(&LegendEntry) -> String,
) -> Rect {
    if entries.is_empty() {
        return Rect::NOTHING;
    }
    let palette = theme.palette();
    let color = color32(palette.text);
    let rows: Vec<_> = entries
        .iter()
        .map(|e| {
            let words = match &e.swatch {
                Swatch::Ramp { low, high, .. } => format!("{}  {} – {}", text(e), short(*low), short(*high)),
                _ => text(e),
            };
            painter.layout_no_wrap(words, FontId::proportional(12.5), color)
        })
        .collect();
    let widest = rows.iter().map(|r| r.size().x).fold(0.0, f32::max);
    let size = vec2(widest + SWATCH + 3.0 * MARGIN, ROW * rows.len() as f32 + 1.5 * MARGIN);
    let frame = Align2::RIGHT_TOP.anchor_size(rect.right_top() + vec2(-MARGIN, MARGIN), size);
    let ground = with_alpha(palette.background, 0.8);
    painter.rect_filled(frame, CornerRadius::same(5), color32(ground));
    for (i, (entry, row)) in entries.iter().zip(rows).enumerate() {
        let y = frame.top() + 0.75 * MARGIN + ROW * (i as f32 + 0.5);
        let place = Rect::from_center_size(pos2(frame.left() + MARGIN + 0.5 * SWATCH, y), vec2(SWATCH, ROW));
        paint_swatch(painter, place, &entry.swatch);
        let at = pos2(frame.left() + 2.0 * MARGIN + SWATCH, y - 0.5 * row.size().y);
        painter.galley(at, row, color);
    }
    frame
}

/// Draws what stands before a line of a legend, in the middle of `place`.
pub fn paint_swatch(painter: &egui::Painter, place: Rect, swatch: &Swatch) {
    let middle = place.center();
    let ends = [pos2(place.left() + 4.0, middle.y), pos2(place.right() - 4.0, middle.y)];
    match swatch {
        Swatch::Counted { color, shape, .. } => paint_swatch(painter, place, &Swatch::Point(*color, *shape)),
        Swatch::Point(c, Shape::Disk) => _ = painter.circle_filled(middle, 4.0, color32(*c)),
        Swatch::Point(c, Shape::Ring) => _ = painter.circle_stroke(middle, 3.6, Stroke::new(1.6, color32(*c))),
        Swatch::Point(c, Shape::Square) => {
            painter.rect_filled(
                Rect::from_center_size(middle, Vec2::splat(6.5)),
                CornerRadius::ZERO,
                color32(*c),
            );
        }
        Swatch::Line(c, dashed) => paint_line(painter, ends, *c, *dashed),
        Swatch::Arrow(c, dashed) => {
            paint_line(painter, [ends[0], ends[1] - vec2(6.0, 0.0)], *c, *dashed);
            let head = vec![ends[1], ends[1] + vec2(-8.0, -3.6), ends[1] + vec2(-8.0, 3.6)];
            painter.add(Drawn::convex_polygon(head, color32(*c), Stroke::NONE));
        }
        Swatch::Ramp { colors, .. } => {
            let bar = Rect::from_center_size(middle, vec2(place.width(), 8.0));
            let mut mesh = egui::Mesh::default();
            for (i, c) in colors.iter().enumerate() {
                let x = bar.left() + bar.width() * i as f32 / (colors.len() - 1).max(1) as f32;
                mesh.colored_vertex(pos2(x, bar.top()), color32(*c));
                mesh.colored_vertex(pos2(x, bar.bottom()), color32(*c));
            }
            for i in 0..(colors.len() as u32).saturating_sub(1) * 2 {
                mesh.add_triangle(i, i + 1, i + 2);
            }
            painter.add(mesh);
        }
        Swatch::Wheel(colors) => paint_wheel(painter, middle, colors),
    }
}

fn paint_line(painter: &egui::Painter, ends: [Pos2; 2], c: Rgba, dashed: bool) {
    let stroke = Stroke::new(1.8, color32(c));
    if dashed {
        painter.extend(Drawn::dashed_line(&ends, stroke, 5.0, 3.5));
    } else {
        painter.line_segment(ends, stroke);
    }
}

fn paint_wheel(painter: &egui::Painter, middle: Pos2, colors: &[Rgba]) {
    let n = colors.len().max(1) as f32;
    for (i, c) in colors.iter().enumerate() {
        // screen y points down, angles run counterclockwise; pieces overlap a little, or seams show
        let on = |k: f32| {
            let angle = (i as f32 + k) / n * std::f32::consts::TAU;
            middle + 5.4 * vec2(angle.cos(), -angle.sin())
        };
        painter.line_segment([on(-0.75), on(0.75)], Stroke::new(3.2, color32(*c)));
    }
}
