//! Tiny charts inside controls: the curve that a control chooses, and nothing else.

use eframe::egui::{self, Color32, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::app::theme;

/// Samples `f` on [a, b] as a curve of `n` points.
pub fn curve(a: f64, b: f64, n: usize, f: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
    (0..n)
        .map(|i| {
            let x = a + (b - a) * i as f64 / (n - 1).max(1) as f64;
            [x, f(x)]
        })
        .collect()
}

/// The smallest rectangle [min x, min y, max x, max y] around the finite points; None where there is none.
pub fn extent(points: &[[f64; 2]]) -> Option<[f64; 4]> {
    let mut e = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for p in points.iter().filter(|p| p[0].is_finite() && p[1].is_finite()) {
        e = [e[0].min(p[0]), e[1].min(p[1]), e[2].max(p[0]), e[3].max(p[1])];
    }
    (e[0] <= e[2]).then_some(e)
}

/// Where data point `p` lies in `rect` when `bounds` fills it; y upwards. Degenerate bounds give the middle.
pub fn place(rect: Rect, bounds: [f64; 4], p: [f64; 2]) -> egui::Pos2 {
    let fraction = |v: f64, a: f64, b: f64| {
        if b > a {
            ((v - a) / (b - a)).clamp(-10.0, 11.0) as f32
        } else {
            0.5
        }
    };
    pos2(
        rect.left() + rect.width() * fraction(p[0], bounds[0], bounds[2]),
        rect.bottom() - rect.height() * fraction(p[1], bounds[1], bounds[3]),
    )
}

/// A tiny curve, filled down to zero. `include_zero` keeps the zero line in view.
pub fn tiny(
    ui: &mut Ui,
    size: Vec2,
    points: &[[f64; 2]],
    color: Color32,
    include_zero: bool,
    spoken: &str,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), spoken));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let colors = theme::current(ui);
    ui.painter().rect_filled(rect, 4.0, colors.stage);
    let Some(mut bounds) = extent(points) else {
        return response;
    };
    if include_zero {
        bounds[1] = bounds[1].min(0.0);
        bounds[3] = bounds[3].max(0.0);
    }
    if bounds[3] - bounds[1] < 1e-12 {
        bounds[3] += 1.0;
    }
    let inner = rect.shrink2(Vec2::new(5.0, 5.0));
    let line: Vec<_> = points.iter().map(|&p| place(inner, bounds, p)).collect();
    let base = place(inner, bounds, [bounds[0], 0.0_f64.clamp(bounds[1], bounds[3])]).y;
    ui.painter().hline(inner.x_range(), base, Stroke::new(1.0, colors.line));
    ui.painter().add(Shape::line(line, Stroke::new(1.8, color)));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_placed_with_y_upwards() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 50.0));
        let at = place(rect, [0.0, 0.0, 2.0, 1.0], [1.0, 1.0]);
        assert_eq!((at.x, at.y), (50.0, 0.0));
        assert_eq!(extent(&[[0.0, f64::NAN]]), None);
        assert_eq!(extent(&[[0.0, 1.0], [2.0, -1.0]]), Some([0.0, -1.0, 2.0, 1.0]));
    }
}
