//! One stage's plot: axes of equal scale, the picture, its legend, the inset, the clock, and what the stage waits for.

use eframe::egui::{self, Align2, FontId, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, Plot, PlotBounds, PlotTransform};
use rust_i18n::t;

use super::pointer::{self, StageFrame};
use super::probe::{self, Probe};
use super::view::fitted;
use super::{anatomy, draw, label};
use crate::app::App;
use crate::app::paint::paint_legend;
use crate::app::stages::inset_index;
use crate::app::theme::{self, text};
use crate::app::widgets::grouped;
use crate::app::widgets::loss_chart::nice_step;
use crate::app::widgets::row::text_or;
use crate::engine::anatomy::Dissected;
use crate::engine::snapshot::StageSnapshot;
use crate::lab::{Layers, Map, Stage};
use crate::picture::anatomy::{anatomy_legend, anatomy_marks};
use crate::picture::maps::lacking;
use crate::picture::stage::{StageInput, stage_picture};
use crate::picture::{Bounds, LegendEntry, Swatch, Transform, color};

/// Plots narrower than this have no room for a legend; the switches name the layers.
const LEGEND_FROM: f32 = 520.0;
/// Plots narrower than this side by side have no numbers along their axes.
const AXES_FROM: f32 = 380.0;
/// Plots lower than this have no room beside the data for the clock, which is about so large.
const LOW: f32 = 460.0;
const CLOCK: egui::Vec2 = vec2(120.0, 34.0);
/// Plots with a smaller side than this have smaller dots and thinner lines.
const FULL_MARKS: f32 = 460.0;
/// An inset's part of the plot's smaller side, and its least and greatest side.
const INSET: (f32, f32, f32) = (0.3, 64.0, 190.0);

/// The plot of stage `index` in `rect`.
pub fn ui(app: &mut App, ui: &mut Ui, index: usize, rect: Rect) {
    let shot = app.shot(index);
    let bounds = bounds_of(app, index, &shot);
    let alone = !app.lab.compare.on;
    let numbered = alone || rect.width() >= AXES_FROM;
    let (response, transform) = axes(ui, index, bounds, numbered);
    let frame = StageFrame {
        index,
        rect: *transform.frame(),
        screen_from_data: transform_of(&transform),
        response,
    };
    app.screen.stages.each[index].size = frame.rect.size();
    let spoken = if alone {
        t!("stage.spoken").into_owned()
    } else {
        t!("stage.spoken_of", stage = app.stage_name(index)).into_owned()
    };
    frame
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
    let probe = Probe::of(app, index, &shot);
    let made = anatomy::of(app, index, &shot);
    let legend = paint(app, ui, &frame, &shot, probe.as_ref(), made.as_deref());
    if frame.rect.width() > LEGEND_FROM {
        paint_legend(
            &ui.painter_at(frame.rect),
            frame.rect,
            surface(ui),
            &legend,
            legend_text,
        );
    }
    inset(app, ui, &frame);
    if alone || index == app.lab.shown().start {
        clock(app, ui, frame.rect, alone);
    }
    waiting(app, ui, &frame, &shot);
    if let Some(probe) = &probe {
        probe::paint(ui, &frame, probe, &shot, app.clock.t, surface(ui));
    }
    if let Some(made) = &made {
        anatomy::paint(ui, &frame, made, app.clock.t, surface(ui));
    }
    draw::paint(app, ui, &frame, &shot);
    pointer::ui(app, ui, &frame, &shot);
}

/// Where the plot looks: at the user's place, else at all of the data; linked stages at the data of all.
fn bounds_of(app: &App, index: usize, shot: &StageSnapshot) -> PlotBounds {
    let views = &app.screen.stages;
    let linked = app.lab.compare.on && app.lab.compare.link_view;
    let own = &views.each[index];
    if let Some(close) = anatomy::looks_at(app, index) {
        return fitted(std::iter::once(close));
    }
    match if app.lab.compare.link_view {
        views.linked
    } else {
        own.view
    } {
        Some(view) => view.bounds(own.size),
        None if linked => under_the_clock(fitted(app.lab.shown().map(|i| app.shot(i).bounds)), own.size),
        None => under_the_clock(fitted(std::iter::once(shot.bounds)), own.size),
    }
}

/// A low plot leaves room above the data, so that the clock does not lie on it.
fn under_the_clock(bounds: PlotBounds, size: egui::Vec2) -> PlotBounds {
    if size.y <= CLOCK.y || size.y >= LOW {
        return bounds;
    }
    let (min, mut max) = (bounds.min(), bounds.max());
    let data_width = f64::from(size.y) * (max[0] - min[0]) / (max[1] - min[1]).max(1e-9);
    if f64::from(size.x) - data_width > f64::from(2.0 * CLOCK.x) {
        // there is room beside it
        return bounds;
    }
    let part = f64::from(CLOCK.y / size.y);
    max[1] += (max[1] - min[1]) * part / (1.0 - part);
    PlotBounds::from_min_max(min, max)
}

fn axes(ui: &mut Ui, index: usize, bounds: PlotBounds, numbered: bool) -> (egui::Response, PlotTransform) {
    let colors = theme::current(ui);
    let axis = |hints: AxisHints<'static>| {
        hints
            .label_spacing(egui::Rangef::new(24.0, 32.0))
            .tick_label_color(colors.weak)
            .tick_label_font(FontId::proportional(text::SMALL))
            .formatter(|mark, _| number_of(mark))
    };
    let shown = Plot::new(("stage", index))
        .custom_x_axes(vec![axis(AxisHints::new_x())])
        .custom_y_axes(vec![axis(AxisHints::new_y())])
        .show_axes(numbered)
        .x_grid_spacer(marks)
        .y_grid_spacer(marks)
        // the pointer is `pointer.rs`'s business
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .data_aspect(1.0)
        .show_background(false)
        .show_crosshair(false)
        .grid_color(colors.line.gamma_multiply(0.55))
        .grid_spacing(egui::Rangef::new(54.0, 120.0))
        .grid_fade(0.0)
        .label_formatter(|_| None)
        .show(ui, |plot_ui| plot_ui.set_plot_bounds(bounds));
    (shown.response, shown.transform)
}

/// The pictures' theme that `ui` is drawn in.
pub(super) fn surface(ui: &Ui) -> color::Theme {
    if theme::current(ui).dark {
        color::Theme::Dark
    } else {
        color::Theme::Light
    }
}

/// What a stage is drawn from.
fn input_of<'a>(app: &App, stage: &'a Stage, shot: &'a StageSnapshot, surface: color::Theme) -> StageInput<'a> {
    StageInput {
        source: &shot.source,
        target: &shot.target,
        trajectories: &shot.trajectories,
        pairs: &shot.pairs,
        path: shot.path,
        split: shot.split,
        field: shot.field.as_ref(),
        exact_field: shot.exact_field.as_ref(),
        exact_is_estimate: shot.exact_is_estimate,
        map: shot.map.as_ref(),
        probe: None,
        layers: &stage.layers,
        t: app.clock.t,
        theme: surface,
        bounds: shot.bounds,
    }
}

/// Draws the picture; gives its legend back.
fn paint(
    app: &mut App,
    ui: &mut Ui,
    frame: &StageFrame,
    shot: &StageSnapshot,
    probe: Option<&Probe>,
    made: Option<&Dissected>,
) -> Vec<LegendEntry> {
    let mut stage = app.lab.stages[frame.index].clone();
    if waits(app, &stage) || app.draws_on(frame.index) {
        // what an untrained network does is no flow; and where pairs are drawn, points and chords must be seen
        (stage.layers.particles, stage.layers.trajectories, stage.layers.states) = (false, false, false);
    }
    let input = StageInput {
        probe: probe.and_then(|p| p.input(shot)),
        ..input_of(app, &stage, shot, surface(ui))
    };
    let view = &mut app.screen.stages.each[frame.index];
    let mut picture = stage_picture(&input, &mut view.cache);
    picture.legend.retain(|entry| !probe::is_on_card(entry));
    if let Some(made) = made {
        let scale = frame.screen_from_data.scale[0].abs();
        for (name, mark) in anatomy_marks(made, app.clock.t, surface(ui), picture.bounds, scale) {
            picture.add(name, mark);
        }
        picture.legend = anatomy_legend(made, app.clock.t, surface(ui));
    }
    picture.thin((frame.rect.size().min_elem() / FULL_MARKS).clamp(0.55, 1.0));
    view.painter.paint(ui, frame.rect, frame.screen_from_data, &picture);
    picture.legend
}

/// Whether the run still waits for the pairs that its parent's flow makes.
fn waits(app: &App, stage: &Stage) -> bool {
    let found = app.snapshot.runs.iter().find(|r| r.id == stage.run);
    found.is_some_and(|r| r.pairing.is_some() && r.step == 0)
}

/// The particles after one Euler step, small, in the lower right corner.
fn inset(app: &mut App, ui: &mut Ui, frame: &StageFrame) {
    let stage = &app.lab.stages[frame.index];
    let shot = inset_index(&app.lab, frame.index).and_then(|at| app.snapshot.stages.get(at));
    let Some(shot) = shot.filter(|s| s.run == stage.run && !waits(app, stage)).cloned() else {
        return;
    };
    let (part, least, most) = INSET;
    let side = (part * frame.rect.size().min_elem()).clamp(least, most);
    let corner = frame.rect.right_bottom() - vec2(8.0, 8.0);
    let rect = Rect::from_min_max(corner - vec2(side, side), corner);
    let colors = theme::current(ui);
    ui.painter().rect_filled(rect, 3.0, colors.stage);
    ui.painter().rect_stroke(
        rect,
        3.0,
        Stroke::new(1.0, colors.weak.gamma_multiply(0.7)),
        StrokeKind::Inside,
    );
    let shown = Stage {
        layers: Layers {
            source: false,
            target: true,
            trajectories: false,
            ..Layers::default()
        },
        ..stage.clone()
    };
    let input = StageInput {
        // its particles have arrived, whatever the clock says
        t: 1.0,
        ..input_of(app, &shown, &shot, surface(ui))
    };
    let view = &mut app.screen.stages.each[frame.index].inset;
    let mut picture = stage_picture(&input, &mut view.cache);
    picture.thin(0.55);
    let title = FontId::proportional(text::SMALL);
    let words = ui
        .painter()
        .layout_no_wrap(t!("stage.one_step").into_owned(), title, colors.weak);
    let inner = Rect::from_min_max(rect.min + vec2(3.0, words.size().y + 1.0), rect.max - vec2(3.0, 3.0));
    let [min, max] = [inner.min, inner.max].map(|p| [p.x, p.y]);
    let fit = Transform::fit(Bounds::of(shot.bounds), min, max);
    view.painter.paint(ui, inner, fit, &picture);
    let at = pos2(rect.center().x - words.size().x / 2.0, rect.top() + 2.0);
    ui.painter_at(rect).galley(at, words, colors.weak);
}

/// Flow time, large, in the corner: what everything on the stages belongs to.
fn clock(app: &App, ui: &Ui, rect: Rect, alone: bool) {
    let size = if alone { text::EQUATION } else { text::NUMBER };
    let words = format!("t = {:.2}", app.clock.t);
    let at = rect.left_top() + vec2(14.0, 9.0);
    let font = FontId::proportional(size);
    label(
        &ui.painter_at(rect),
        at,
        Align2::LEFT_TOP,
        words,
        font,
        theme::current(ui),
    );
}

/// Why a stage is empty, in its middle.
fn waiting(app: &App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot) {
    let colors = theme::current(ui);
    let stage = &app.lab.stages[frame.index];
    let run = app.snapshot.runs.iter().find(|r| r.id == stage.run);
    let pairing = run.filter(|r| r.step == 0).and_then(|r| r.pairing);
    let words = match pairing {
        Some(p) if p.assigned => t!("rounds.assigned", done = grouped(p.done), total = grouped(p.total)).into_owned(),
        Some(p) if p.done == 0 => t!("stage.waits_for_parent").into_owned(),
        Some(p) => t!("rounds.pairs", done = grouped(p.done), total = grouped(p.total)).into_owned(),
        None if shot.source.is_empty() && shot.target.is_empty() => t!("stage.waiting").into_owned(),
        None => match shot.map.as_ref().and_then(|m| m.lacks.as_ref()) {
            Some(lack) if stage.layers.map != Map::None => lacking(lack),
            _ => return,
        },
    };
    let painter = ui.painter_at(frame.rect);
    let font = FontId::proportional(text::BODY);
    // narrow stages need several lines
    let most = (frame.rect.width() - 20.0).max(60.0);
    let galley = painter.layout(words, font, colors.text, most);
    let place = Align2::CENTER_CENTER.anchor_size(frame.rect.center(), galley.size());
    painter.rect_filled(place.expand2(vec2(6.0, 2.0)), 4.0, colors.stage.gamma_multiply(0.82));
    painter.galley(place.min, galley, colors.text);
    if let Some(p) = pairing.filter(|p| p.done > 0) {
        let bar = Rect::from_center_size(
            pos2(frame.rect.center().x, place.bottom() + 12.0),
            vec2(most.min(150.0), 4.0),
        );
        let part = (p.done as f64 / p.total.max(1) as f64).clamp(0.0, 1.0) as f32;
        painter.rect_filled(bar, 2.0, colors.control_hovered);
        painter.rect_filled(bar.with_max_x(bar.left() + bar.width() * part), 2.0, colors.warn);
    }
}

/// A legend entry's words.
fn legend_text(entry: &LegendEntry) -> String {
    match entry.swatch {
        Swatch::Counted { count, of, .. } => t!(
            "legend.counted",
            what = text_or(entry.key, entry.text),
            count = grouped(count),
            of = grouped(of)
        )
        .into_owned(),
        _ => text_or(entry.key, entry.text),
    }
}

/// Grid lines at round steps.
#[expect(clippy::needless_pass_by_value, reason = "the signature that egui_plot calls")]
fn marks(input: GridInput) -> Vec<GridMark> {
    let step = nice_step(input.base_step_size);
    let (first, last) = (
        (input.bounds.0 / step).ceil() as i64,
        (input.bounds.1 / step).floor() as i64,
    );
    if !step.is_finite() || step <= 0.0 || last - first > 400 {
        return Vec::new();
    }
    (first..=last)
        .map(|k| GridMark {
            value: k as f64 * step,
            step_size: step,
        })
        .collect()
}

fn number_of(mark: GridMark) -> String {
    let places = (-mark.step_size.log10().floor()).clamp(0.0, 9.0) as usize;
    let value = if mark.value == 0.0 { 0.0 } else { mark.value };
    format!("{value:.places$}").replace('-', "\u{2212}")
}

fn transform_of(plot: &PlotTransform) -> Transform {
    let [sx, sy] = plot.dpos_dvalue().map(|s| s as f32);
    let zero = plot.position_from_point(&egui_plot::PlotPoint::new(0.0, 0.0));
    Transform {
        scale: [sx, sy],
        offset: [zero.x, zero.y],
    }
}
