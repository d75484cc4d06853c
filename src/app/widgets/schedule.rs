//! A path's schedule, drawn small: alpha, sigma, and the log-SNR on its own scale.

use eframe::egui::{Align2, Color32, FontId, Pos2, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2};
use rust_i18n::t;

use super::chart::{curve, place};
use crate::app::theme::{self, text};
use crate::flow::path::Path;

/// Points of each curve.
const POINTS: usize = 96;
/// The log-SNR, log(alpha^2 / sigma^2), is drawn within plus and minus this.
const LOG_SNR: f64 = 12.0;

/// The chart; alpha in the target's color, sigma in the source's (over its largest value where that is above 1), the log-SNR
/// dashed. Says the values under the pointer.
pub fn schedule(ui: &mut Ui, size: Vec2, path: Path) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), t!("path.schedule").as_ref()));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let colors = theme::current(ui);
    ui.painter().rect_filled(rect, 4.0, colors.stage);
    let inner = rect.shrink2(Vec2::new(5.0, 6.0));
    // curves in the plot's middle may hide each other's names, so these stand at the right
    let plot = inner.with_max_x(inner.right() - 34.0);
    let largest = largest_sigma(path);
    let bounds = [0.0, 0.0, 1.0, 1.0];
    let line = |f: &dyn Fn(f64) -> f64| -> Vec<Pos2> {
        curve(0.0, 1.0, POINTS, f)
            .iter()
            .map(|&p| place(plot, bounds, p))
            .collect()
    };
    let height = |t: f64| 0.5 + 0.5 * (2.0 * path.lambda(t) / LOG_SNR).clamp(-1.0, 1.0);
    ui.painter()
        .hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.line));
    ui.painter().extend(Shape::dashed_line(
        &line(&height),
        Stroke::new(1.4, colors.weak),
        4.0,
        3.0,
    ));
    ui.painter().add(Shape::line(
        line(&|t| path.at(t).alpha),
        Stroke::new(1.8, colors.target),
    ));
    ui.painter().add(Shape::line(
        line(&|t| path.at(t).sigma / largest),
        Stroke::new(1.8, colors.source),
    ));
    let sigma = if largest > 1.0 {
        format!("σ/{}", (10.0 * largest).round() / 10.0)
    } else {
        "σ".to_owned()
    };
    let names: [(&str, Color32); 3] = [("α", colors.target), (&sigma, colors.source), ("SNR", colors.weak)];
    for (i, (name, color)) in names.into_iter().enumerate() {
        let at = pos2(inner.right(), inner.top() + (i as f32 + 0.5) * inner.height() / 3.0);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, name, FontId::proportional(text::SMALL), color);
    }
    let Some(pointer) = response.hover_pos() else {
        return response;
    };
    let t = f64::from(((pointer.x - plot.left()) / plot.width()).clamp(0.0, 1.0));
    let x = place(plot, bounds, [t, 0.0]).x;
    ui.painter().vline(x, plot.y_range(), Stroke::new(1.0, colors.line));
    response.on_hover_text_at_pointer(values_at(path, t))
}

/// "t = 0.40: alpha 0.23, …" and what the curves are.
fn values_at(path: Path, t: f64) -> String {
    let at = path.at(t);
    t!(
        "path.values",
        t = format!("{t:.2}"),
        alpha = format!("{:.3}", at.alpha),
        sigma = format!("{:.3}", at.sigma),
        snr = format!("{:.1}", 2.0 * path.lambda(t))
    )
    .into_owned()
}

/// sigma falls with t on every path; 1 where it never is larger.
fn largest_sigma(path: Path) -> f64 {
    path.at(0.0).sigma.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::path::PATHS;

    #[test]
    fn both_coefficients_stay_within_the_chart() {
        for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
            let largest = largest_sigma(path);
            for [_, y] in curve(0.0, 1.0, POINTS, |t| path.at(t).sigma / largest) {
                assert!((0.0..=1.0).contains(&y), "{path:?} {y}");
            }
            assert!(values_at(path, 0.5).contains("0.50"));
        }
    }
}
