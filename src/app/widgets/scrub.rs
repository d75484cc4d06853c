//! The rail of flow time: a long slider with its ends marked and the solver's times as ticks.

use eframe::egui::{Key, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::app::theme::{self, text};

/// A slider over [0, 1]; returns the new time when it was moved.
pub fn scrub(ui: &mut Ui, t: f64, ticks: &[f64], height: f32, name: &str) -> (Option<f64>, Response) {
    let size = Vec2::new(ui.available_width().max(80.0), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), t, name));
    let colors = theme::current(ui);
    let (left, right) = (rect.left() + 12.0, rect.right() - 12.0);
    let y = rect.center().y - 3.0;
    let x_of = |t: f64| left + (right - left) * t as f32;
    let painter = ui.painter();
    painter.line_segment(
        [pos2(left, y), pos2(right, y)],
        Stroke::new(5.0, colors.control_hovered),
    );
    painter.line_segment([pos2(left, y), pos2(x_of(t), y)], Stroke::new(5.0, colors.accent));
    if ticks.len() <= 160 {
        for &tick in ticks {
            let x = x_of(tick);
            painter.line_segment([pos2(x, y + 8.0), pos2(x, y + 12.0)], Stroke::new(1.0, colors.weak));
        }
    }
    let radius = if response.hovered() || response.dragged() {
        10.0
    } else {
        8.5
    };
    painter.circle(pos2(x_of(t), y), radius, colors.accent, Stroke::new(2.5, colors.panel));
    if response.has_focus() {
        painter.circle_stroke(pos2(x_of(t), y), radius + 3.0, Stroke::new(1.5, colors.text));
    }
    let font = eframe::egui::FontId::proportional(text::SMALL);
    for (at, word, align) in [
        (left, "0", eframe::egui::Align2::CENTER_BOTTOM),
        (right, "1", eframe::egui::Align2::CENTER_BOTTOM),
    ] {
        painter.text(pos2(at, y - 7.0), align, word, font.clone(), colors.weak);
    }
    let mut moved = None;
    if (response.dragged() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        moved = Some(f64::from((at.x - left) / (right - left)).clamp(0.0, 1.0));
    }
    if response.has_focus() {
        let nudge = ui.input(|i| {
            f64::from(i.num_presses(Key::ArrowRight) as u32) - f64::from(i.num_presses(Key::ArrowLeft) as u32)
        });
        if nudge != 0.0 {
            moved = Some((t + 0.01 * nudge).clamp(0.0, 1.0));
        }
    }
    (moved, response)
}
