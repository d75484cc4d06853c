//! The loss curve: logarithmic, with its floor dashed (dotted where it is estimated) and a mark at every live change of a knob. And the loss by t beside
//! the law of t.

use eframe::egui::{Align2, Color32, FontId, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::chart::{extent, place};
use super::{grouped, measured};
use crate::app::theme::{self, Theme, text};

/// What the loss curve shows.
#[derive(Clone, Copy, Debug)]
pub struct LossChart<'a> {
    /// (step, loss).
    pub losses: &'a [[f64; 2]],
    /// The least the loss can be.
    pub floor: Option<f64>,
    /// Whether that floor is estimated: it is then dotted, as in the budget.
    pub floor_estimated: bool,
    /// Live changes: (step, what).
    pub edits: &'a [(u64, String)],
    /// Where the axis ends at least.
    pub planned_steps: u64,
}

impl LossChart<'_> {
    /// Draws it into what is left of the width.
    pub fn ui(&self, ui: &mut Ui, size: Vec2) {
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        let spoken = self.spoken();
        response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), &spoken));
        let colors = theme::current(ui);
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), colors.stage);
        let plot = Rect::from_min_max(rect.min + vec2(44.0, 8.0), rect.max - vec2(12.0, 22.0));
        let Some((bounds, points)) = self.log_points() else {
            let font = FontId::proportional(text::BODY);
            ui.painter().text(
                rect.center(),
                Align2::CENTER_CENTER,
                t!("training.no_loss"),
                font,
                colors.weak,
            );
            return;
        };
        Self::axes(ui, plot, bounds, colors);
        self.marks(ui, plot, bounds, colors);
        let line = points.iter().map(|&p| place(plot, bounds, p)).collect();
        ui.painter()
            .with_clip_rect(plot.expand(2.0))
            .add(Shape::line(line, Stroke::new(2.0, colors.learned)));
        if let Some(floor) = self.floor.filter(|f| *f > 0.0) {
            let y = place(plot, bounds, [0.0, floor.log10()]).y;
            let line = [pos2(plot.left(), y), pos2(plot.right(), y)];
            if self.floor_estimated {
                ui.painter().extend(Shape::dotted_line(&line, colors.floor, 5.0, 1.2));
            } else {
                dashed(ui, line, colors.floor);
            }
            let font = FontId::proportional(text::SMALL);
            let label = t!("training.floor", value = measured(floor)).into_owned();
            let galley = ui.painter().layout_no_wrap(label, font, colors.floor);
            let place = Align2::RIGHT_BOTTOM.anchor_size(pos2(plot.right(), y - 2.0), galley.size());
            ui.painter()
                .rect_filled(place.expand2(vec2(4.0, 0.0)), 2.0, colors.stage);
            ui.painter().galley(place.min, galley, colors.floor);
        }
        if let Some(at) = response.hover_pos().filter(|p| plot.contains(*p)) {
            self.hover(ui, plot, bounds, at, colors);
        }
    }

    fn spoken(&self) -> String {
        match self.losses.last() {
            Some(last) => t!("training.loss_spoken", value = measured(last[1]), step = last[0] as u64).into_owned(),
            None => t!("training.no_loss").into_owned(),
        }
    }

    /// The curve with log10 of the loss, and bounds around it and the floor.
    fn log_points(&self) -> Option<([f64; 4], Vec<[f64; 2]>)> {
        let usable = self.losses.iter().filter(|p| p[1] > 0.0 && p[1].is_finite());
        let points: Vec<[f64; 2]> = usable.map(|p| [p[0], p[1].log10()]).collect();
        let mut e = extent(&points)?;
        if let Some(floor) = self.floor.filter(|f| *f > 0.0) {
            e[1] = e[1].min(floor.log10());
        }
        let pad = ((e[3] - e[1]) * 0.08).max(0.03);
        let end = e[2].max(self.planned_steps as f64).max(1.0);
        Some(([0.0, e[1] - pad, end, e[3] + pad], points))
    }

    fn axes(ui: &Ui, plot: Rect, bounds: [f64; 4], colors: &Theme) {
        let font = FontId::proportional(text::SMALL);
        let most = (plot.height() / 17.0) as usize;
        for value in ticks_log(bounds[1], bounds[3], most) {
            let y = place(plot, bounds, [0.0, value.log10()]).y;
            ui.painter()
                .hline(plot.x_range(), y, Stroke::new(1.0, colors.line.gamma_multiply(0.7)));
            ui.painter().text(
                pos2(plot.left() - 6.0, y),
                Align2::RIGHT_CENTER,
                short(value),
                font.clone(),
                colors.weak,
            );
        }
        let every = nice_step(bounds[2] / (f64::from(plot.width()) / 110.0).max(1.0));
        let mut step = 0.0;
        while step <= bounds[2] * 1.0001 {
            let x = place(plot, bounds, [step, 0.0]).x;
            ui.painter()
                .vline(x, plot.bottom()..=plot.bottom() + 4.0, Stroke::new(1.0, colors.weak));
            let align = if step == 0.0 {
                Align2::LEFT_TOP
            } else {
                Align2::CENTER_TOP
            };
            let inside = x < plot.right() - 14.0 || step == 0.0;
            let align = if inside { align } else { Align2::RIGHT_TOP };
            let x = if inside { x } else { plot.right() + 8.0 };
            ui.painter().text(
                pos2(x, plot.bottom() + 4.0),
                align,
                grouped(step as u64),
                font.clone(),
                colors.weak,
            );
            step += every;
        }
    }

    fn marks(&self, ui: &Ui, plot: Rect, bounds: [f64; 4], colors: &Theme) {
        for (step, _) in self.edits {
            let x = place(plot, bounds, [*step as f64, 0.0]).x;
            ui.painter()
                .vline(x, plot.y_range(), Stroke::new(1.0, colors.weak.gamma_multiply(0.6)));
            let top = pos2(x, plot.top() + 6.0);
            let flag = vec![pos2(x - 5.0, plot.top() - 3.0), pos2(x + 5.0, plot.top() - 3.0), top];
            ui.painter().add(Shape::convex_polygon(flag, colors.text, Stroke::NONE));
        }
    }

    fn hover(&self, ui: &Ui, plot: Rect, bounds: [f64; 4], at: eframe::egui::Pos2, colors: &Theme) {
        let step = bounds[2] * f64::from((at.x - plot.left()) / plot.width());
        let near = self
            .losses
            .iter()
            .min_by(|a, b| (a[0] - step).abs().total_cmp(&(b[0] - step).abs()));
        let Some(near) = near else { return };
        let on = place(plot, bounds, [near[0], near[1].max(1e-300).log10()]);
        ui.painter()
            .circle(on, 4.5, colors.learned, Stroke::new(1.5, colors.text));
        let mut label = t!(
            "training.at_step",
            step = grouped(near[0] as u64),
            value = measured(near[1])
        )
        .into_owned();
        let reach = bounds[2] * 8.0 / f64::from(plot.width());
        for (_, what) in self.edits.iter().filter(|e| (e.0 as f64 - step).abs() < reach) {
            label.push('\n');
            label.push_str(what);
        }
        let galley = ui
            .painter()
            .layout_no_wrap(label, FontId::proportional(text::BODY), colors.text);
        let x = (on.x + 10.0).min(plot.right() - galley.size().x - 8.0).max(plot.left());
        let rect = Rect::from_min_size(pos2(x, plot.top()), galley.size()).expand(5.0);
        ui.painter().rect_filled(rect, 4.0, colors.panel.gamma_multiply(0.94));
        ui.painter().galley(rect.min + Vec2::splat(5.0), galley, colors.text);
    }
}

fn dashed(ui: &Ui, line: [eframe::egui::Pos2; 2], color: Color32) {
    ui.painter()
        .extend(Shape::dashed_line(&line, Stroke::new(2.0, color), 8.0, 5.0));
}

/// 1, 2 or 5 times a power of ten, at least `raw`.
pub fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.max(1e-300).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|&s| s >= raw * 0.999)
        .unwrap_or(10.0 * power)
}

/// Round values between 10^low and 10^high, at most `most`, and at least one.
pub fn ticks_log(low: f64, high: f64, most: usize) -> Vec<f64> {
    let all = |mantissas: &[f64]| -> Vec<f64> {
        (low.floor() as i32..=high.ceil() as i32)
            .flat_map(|p| mantissas.iter().map(move |m| m * 10f64.powi(p)))
            .filter(|v| (low..=high).contains(&v.log10()))
            .collect()
    };
    let fine = [
        1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
    ];
    let choices: [&[f64]; 6] = [
        &fine,
        &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
        &[1.0, 2.0, 3.0, 5.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 3.0],
        &[1.0],
    ];
    let ticks = choices
        .iter()
        .map(|m| all(m))
        .find(|t| t.len() <= most && !t.is_empty())
        .unwrap_or_default();
    if ticks.is_empty() {
        vec![10f64.powf(low.midpoint(high))]
    } else {
        ticks
    }
}

fn short(value: f64) -> String {
    if (1e-3..1e4).contains(&value) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.0e}")
    }
}

/// The loss by t as bars, the law of t as a line over it, both scaled to their greatest value.
pub fn loss_by_t(ui: &mut Ui, size: Vec2, losses: &[[f64; 2]], density: &[[f64; 2]]) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, ui.is_enabled(), t!("training.loss_by_t")));
    let colors = theme::current(ui);
    ui.painter().rect_filled(rect, f32::from(theme::RADIUS), colors.stage);
    let plot = Rect::from_min_max(rect.min + vec2(12.0, 24.0), rect.max - vec2(12.0, 22.0));
    let font = FontId::proportional(text::SMALL);
    let highest = losses
        .iter()
        .map(|p| p[1])
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    let width = plot.width() / losses.len().max(1) as f32;
    for p in losses {
        let top = place(plot, [0.0, 0.0, 1.0, highest], *p);
        let bar = Rect::from_min_max(
            pos2(top.x - width * 0.42, top.y),
            pos2(top.x + width * 0.42, plot.bottom()),
        );
        ui.painter().rect_filled(bar, 1.0, colors.learned);
    }
    let most = density
        .iter()
        .map(|p| p[1])
        .filter(|v| v.is_finite())
        .fold(0.0, f64::max);
    if most > 0.0 {
        let line = density
            .iter()
            .map(|&p| place(plot, [0.0, 0.0, 1.0, most * 1.05], p))
            .collect();
        ui.painter().add(Shape::line(line, Stroke::new(1.8, colors.text)));
    }
    ui.painter()
        .hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.weak));
    for (x, word, align) in [
        (plot.left(), "0", Align2::LEFT_TOP),
        (plot.center().x, "t", Align2::CENTER_TOP),
        (plot.right(), "1", Align2::RIGHT_TOP),
    ] {
        ui.painter()
            .text(pos2(x, plot.bottom() + 4.0), align, word, font.clone(), colors.weak);
    }
    let at = rect.left_top() + vec2(10.0, 5.0);
    let drawn = ui.painter().text(
        at,
        Align2::LEFT_TOP,
        t!("training.loss_by_t_short"),
        font.clone(),
        colors.learned,
    );
    let at = rect.right_top() + vec2(-10.0, 5.0);
    if drawn.right() + 60.0 < at.x {
        ui.painter()
            .text(at, Align2::RIGHT_TOP, t!("training.density_short"), font, colors.text);
    }
    response.on_hover_text(t!("training.loss_by_t_hint"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(nice_step(0.7), 1.0);
        assert_eq!(nice_step(1800.0), 2000.0);
        for (low, high) in [(0.3, 0.6), (-3.0, 2.0), (0.0, 0.01), (-0.2, 0.9)] {
            let ticks = ticks_log(low, high, 6);
            assert!(!ticks.is_empty() && ticks.len() <= 6, "{low} {high}: {ticks:?}");
        }
    }

    #[test]
    fn the_floor_is_always_in_view() {
        let chart = LossChart {
            losses: &[[0.0, 4.0], [10.0, 2.0]],
            floor: Some(1.0),
            floor_estimated: false,
            edits: &[],
            planned_steps: 100,
        };
        let (bounds, points) = chart.log_points().expect("two losses");
        assert!(bounds[1] < 0.0 && bounds[2] == 100.0);
        assert_eq!(points.len(), 2);
    }
}
