//! The strip under stages that stand side by side: how far their particles are from those of stage a at each flow time, in law,
//! beside the floor of two sets of the same law. What lies on the floor has the same marginals, whatever its paths.

use eframe::egui::{self, Align2, Color32, FontId, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::surface;
use crate::app::App;
use crate::app::paint::color32;
use crate::app::stages::letter;
use crate::app::theme::{self, text};
use crate::app::widgets::chart::place;
use crate::app::widgets::loss_chart::ticks_log;
use crate::app::widgets::measured;
use crate::engine::marginals::MarginalReport;
use crate::picture::straightening::other_color;

/// Height of the strip, and in a short window.
const HEIGHT: [f32; 2] = [92.0, 66.0];

/// What the strip takes; nothing where it is folded away.
pub fn height(app: &App, ui: &Ui) -> f32 {
    if !shown(app) {
        return 0.0;
    }
    HEIGHT[usize::from(ui.ctx().content_rect().height() < theme::SHORT_WINDOW)]
}

/// Whether there is a strip: side by side, and not folded away.
pub fn shown(app: &App) -> bool {
    app.lab.compare.on && app.lab.compare.marginals && app.lab.stages.len() > 1
}

/// Curves with their letters and colors; the floor last.
fn curves<'a>(ui: &Ui, report: &'a MarginalReport) -> Vec<(String, &'a [Option<f64>], Color32)> {
    let theme = surface(ui);
    let others = report.others.iter().enumerate();
    let named = others.map(|(i, curve)| {
        let color = color32(other_color(theme, i));
        (letter(i + 1).to_string(), curve.as_slice(), color)
    });
    let floor = (
        t!("measure.floor").into_owned(),
        report.floor.as_slice(),
        theme::current(ui).floor,
    );
    named.chain([floor]).collect()
}

/// The strip in `rect`.
pub fn ui(app: &App, ui: &Ui, rect: Rect) {
    let colors = theme::current(ui);
    let response = ui.interact(rect, ui.scope_id().with("marginals"), Sense::hover());
    ui.painter()
        .hline(rect.x_range(), rect.top() + 0.5, Stroke::new(1.0, colors.line));
    let report = app.snapshot.marginals.clone().unwrap_or_default();
    let fits = report.others.len() + 1 == app.lab.stages.len() && !report.times.is_empty();
    let spoken = if fits {
        spoken(&report)
    } else {
        t!("marginals.not_yet").into_owned()
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    let small = FontId::proportional(text::SMALL);
    if !fits {
        let middle = rect.center();
        ui.painter()
            .text(middle, Align2::CENTER_CENTER, &spoken, small, colors.weak);
        return;
    }
    let plot = Rect::from_min_max(rect.min + vec2(52.0, 9.0), rect.max - vec2(58.0, 9.0));
    let curves = curves(ui, &report);
    let Some(bounds) = bounds_of(&curves) else { return };
    axes(ui, plot, bounds);
    let x = place(plot, bounds, [app.clock.t, 0.0]).x;
    ui.painter()
        .vline(x, plot.y_range(), Stroke::new(1.5, colors.text.gamma_multiply(0.7)));
    for (i, (_, curve, color)) in curves.iter().enumerate() {
        let is_floor = i + 1 == curves.len();
        line(ui, plot, bounds, &report.times, curve, *color, is_floor);
    }
    names(ui, plot, bounds, &curves);
    let title = ui
        .painter()
        .layout_no_wrap(t!("marginals.title").into_owned(), small, colors.weak);
    let at = Align2::CENTER_TOP.anchor_size(pos2(plot.center().x, plot.top() - 6.0), title.size());
    ui.painter()
        .rect_filled(at.expand2(vec2(5.0, 0.0)), 3.0, colors.stage.gamma_multiply(0.8));
    ui.painter().galley(at.min, title, colors.weak);
    hover(&response, plot, bounds, &report);
}

fn spoken(report: &MarginalReport) -> String {
    let last = |curve: &[Option<f64>]| {
        curve
            .last()
            .copied()
            .flatten()
            .map_or_else(|| "\u{2013}".into(), measured)
    };
    let others = report.others.iter().enumerate();
    let list: Vec<String> = others
        .map(|(i, curve)| format!("{} {}", letter(i + 1), last(curve)))
        .collect();
    t!("marginals.spoken", list = list.join(", "), floor = last(&report.floor)).into_owned()
}

/// t from 0 to 1, log10 of the least and greatest value.
fn bounds_of(curves: &[(String, &[Option<f64>], Color32)]) -> Option<[f64; 4]> {
    let values = curves.iter().flat_map(|c| c.1.iter().copied().flatten());
    let logs = values.filter(|v| *v > 0.0).map(f64::log10);
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let pad = (0.1 * (high - low)).max(0.12);
    (low <= high).then_some([0.0, low - pad, 1.0, high + pad])
}

fn axes(ui: &Ui, plot: Rect, bounds: [f64; 4]) {
    let colors = theme::current(ui);
    let most = (plot.height() / 16.0) as usize;
    for value in ticks_log(bounds[1], bounds[3], most) {
        let y = place(plot, bounds, [0.0, value.log10()]).y;
        ui.painter()
            .hline(plot.x_range(), y, Stroke::new(1.0, colors.line.gamma_multiply(0.6)));
        let font = FontId::proportional(text::SMALL);
        let at = pos2(plot.left() - 6.0, y);
        ui.painter()
            .text(at, Align2::RIGHT_CENTER, measured(value), font, colors.weak);
    }
}

fn line(ui: &Ui, plot: Rect, bounds: [f64; 4], times: &[f64], curve: &[Option<f64>], color: Color32, dashed: bool) {
    let known = times.iter().zip(curve);
    let points: Vec<egui::Pos2> = known
        .filter_map(|(&t, value)| {
            let value = value.filter(|v| *v > 0.0)?;
            Some(place(plot, bounds, [t, value.log10()]))
        })
        .collect();
    let stroke = Stroke::new(2.0, color);
    if dashed {
        ui.painter().extend(Shape::dashed_line(&points, stroke, 7.0, 4.0));
    } else {
        ui.painter().add(Shape::line(points, stroke));
    }
}

/// Each curve's name at its right end, moved apart where they would touch.
fn names(ui: &Ui, plot: Rect, bounds: [f64; 4], curves: &[(String, &[Option<f64>], Color32)]) {
    let end = |curve: &[Option<f64>]| curve.iter().rev().copied().flatten().find(|v| *v > 0.0);
    let mut named: Vec<(f32, &str, Color32)> = curves
        .iter()
        .filter_map(|(name, curve, color)| {
            let y = place(plot, bounds, [1.0, end(curve)?.log10()]).y;
            Some((y, name.as_str(), *color))
        })
        .collect();
    named.sort_by(|a, b| a.0.total_cmp(&b.0));
    let apart = text::SMALL * 1.05;
    for i in 1..named.len() {
        named[i].0 = named[i].0.max(named[i - 1].0 + apart);
    }
    let mut lowest = plot.bottom() + 5.0;
    for name in named.iter_mut().rev() {
        name.0 = name.0.min(lowest);
        lowest = name.0 - apart;
    }
    for (y, name, color) in named {
        let font = FontId::proportional(text::BODY);
        let at = pos2(plot.right() + 7.0, y);
        ui.painter().text(at, Align2::LEFT_CENTER, name, font, color);
    }
}

/// The values near the pointer.
fn hover(response: &egui::Response, plot: Rect, bounds: [f64; 4], report: &MarginalReport) {
    let Some(at) = response.hover_pos() else { return };
    let t = f64::from((at.x - plot.left()) / plot.width()).clamp(bounds[0], bounds[2]);
    let k = (t * (report.times.len() - 1) as f64).round() as usize;
    let said = |curve: &[Option<f64>]| {
        curve
            .get(k)
            .copied()
            .flatten()
            .map_or_else(|| "\u{2013}".into(), measured)
    };
    let mut lines = vec![format!("t = {:.2}", report.times[k])];
    for (i, curve) in report.others.iter().enumerate() {
        lines.push(t!("marginals.between", stage = letter(i + 1), value = said(curve)).into_owned());
    }
    lines.push(t!("marginals.floor", value = said(&report.floor), points = report.points).into_owned());
    lines.push(t!("marginals.hint").into_owned());
    response.clone().on_hover_text_at_pointer(lines.join("\n"));
}
