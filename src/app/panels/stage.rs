//! The stage: axes of equal scale, pan and zoom, the picture, its legend, the layers' switches beneath.

use eframe::egui::{self, Align2, Button, FontId, Rect, RichText, Ui, Vec2, pos2, vec2};
use egui_plot::{AxisHints, GridInput, GridMark, Plot, PlotBounds, PlotTransform};
use rust_i18n::t;

use crate::app::App;
use crate::app::paint::paint_legend;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::grouped;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::loss_chart::nice_step;
use crate::app::widgets::row::text_or;
use crate::engine::snapshot::StageSnapshot;
use crate::lab::Layers;
use crate::picture::stage::{StageCache, StageInput, stage_picture};
use crate::picture::{LegendEntry, Swatch, Transform, color};

/// Space between what must be seen and the edges of the stage, as a part of its size.
const MARGIN: f64 = 0.06;
/// How much a point of scrolling zooms, logarithmic.
const ZOOM_PER_POINT: f32 = 0.004;
/// Stages narrower than this have no room for a legend; the switches name the layers.
const LEGEND_FROM: f32 = 520.0;
/// Height of the row of switches.
const SWITCHES_HEIGHT: f32 = 42.0;
/// Stages narrower than this have their switches in two rows, and how high these are.
const TWO_ROWS_BELOW: f32 = 570.0;
const TWO_ROWS_HEIGHT: f32 = 62.0;

/// Where the stage looks.
#[derive(Default)]
pub struct StageView {
    cache: StageCache,
    /// The user has moved the view: it no longer follows the data.
    moved: bool,
}

impl StageView {
    /// Shows everything again.
    pub fn reset(&mut self) {
        self.moved = false;
    }
}

/// The layers with the commands that switch them, in their order on screen.
pub fn layers_of(layers: &mut Layers) -> [(UiCommand, &mut bool); 10] {
    [
        (UiCommand::LayerSource, &mut layers.source),
        (UiCommand::LayerTarget, &mut layers.target),
        (UiCommand::LayerParticles, &mut layers.particles),
        (UiCommand::LayerTrajectories, &mut layers.trajectories),
        (UiCommand::LayerStates, &mut layers.states),
        (UiCommand::LayerVelocity, &mut layers.velocity),
        (UiCommand::LayerDensity, &mut layers.density),
        (UiCommand::LayerExact, &mut layers.exact),
        (UiCommand::LayerPairs, &mut layers.pairs),
        (UiCommand::LayerBend, &mut layers.bend),
    ]
}

/// The stage and its switches.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let full = ui.available_rect_before_wrap();
    let two_rows = full.width() < TWO_ROWS_BELOW;
    let height = if two_rows { TWO_ROWS_HEIGHT } else { SWITCHES_HEIGHT };
    let plot_rect = Rect::from_min_max(full.min, pos2(full.right(), full.bottom() - height));
    let mut plot_ui = ui.new_child(egui::UiBuilder::new().max_rect(plot_rect).id_salt("plot"));
    plot(app, &mut plot_ui);
    let top = plot_rect.bottom() + if two_rows { 3.0 } else { 0.0 };
    let row = Rect::from_min_max(pos2(full.left() + 10.0, top), full.max - vec2(10.0, 0.0));
    let align = if two_rows {
        egui::Align::Min
    } else {
        egui::Align::Center
    };
    let layout = egui::Layout::left_to_right(align).with_main_wrap(two_rows);
    let mut row_ui = ui.new_child(egui::UiBuilder::new().max_rect(row).layout(layout).id_salt("layers"));
    switches(app, &mut row_ui);
    ui.advance_cursor_after_rect(full);
}

fn plot(app: &mut App, ui: &mut Ui) {
    let colors = theme::current(ui);
    let stage = app.stage_snapshot();
    let wanted = wanted_bounds(&stage);
    let follow = !app.screen.stage.moved;
    let scroll = ui.input(|i| i.smooth_scroll_delta.y);
    let axis = |hints: AxisHints<'static>| {
        hints
            .label_spacing(egui::Rangef::new(24.0, 32.0))
            .tick_label_color(colors.weak)
            .tick_label_font(FontId::proportional(text::SMALL))
            .formatter(|mark, _| number_of(mark))
    };
    let response = Plot::new("stage")
        .custom_x_axes(vec![axis(AxisHints::new_x())])
        .custom_y_axes(vec![axis(AxisHints::new_y())])
        .x_grid_spacer(marks)
        .y_grid_spacer(marks)
        .allow_scroll(false)
        .data_aspect(1.0)
        .show_background(false)
        .show_crosshair(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .grid_color(colors.line.gamma_multiply(0.55))
        .grid_spacing(egui::Rangef::new(54.0, 120.0))
        .grid_fade(0.0)
        .label_formatter(|_| None)
        .show(ui, |plot_ui| {
            if follow {
                plot_ui.set_plot_bounds(wanted);
            }
            if scroll != 0.0 && plot_ui.response().hovered() {
                plot_ui.zoom_bounds_around_hovered(Vec2::splat((scroll * ZOOM_PER_POINT).exp()));
            }
        });
    let rect = *response.transform.frame();
    let zoomed = response.response.hovered() && ui.input(|i| i.smooth_scroll_delta.y != 0.0 || i.zoom_delta() != 1.0);
    if response.response.dragged() || zoomed {
        app.screen.stage.moved = true;
    }
    if response.response.double_clicked() {
        app.screen.stage.reset();
    }
    response
        .response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, t!("stage.spoken")));
    let transform = transform_of(&response.transform);
    let surface = if colors.dark {
        color::Theme::Dark
    } else {
        color::Theme::Light
    };
    let input = StageInput {
        source: &stage.source,
        target: &stage.target,
        trajectories: &stage.trajectories,
        pairs: &stage.pairs,
        field: stage.field.as_ref(),
        exact_field: stage.exact_field.as_ref(),
        exact_is_estimate: stage.exact_is_estimate,
        probe: None,
        layers: &app.lab.stages[0].layers,
        t: app.clock.t,
        theme: surface,
        bounds: stage.bounds,
    };
    let picture = stage_picture(&input, &mut app.screen.stage.cache);
    app.screen.painter.paint(ui, rect, transform, &picture);
    let painter = ui.painter_at(rect);
    let legend_fits = rect.width() > LEGEND_FROM;
    let legend = if legend_fits { picture.legend.as_slice() } else { &[] };
    paint_legend(&painter, rect, surface, legend, legend_text);
    caption(app, ui, rect);
    if stage.source.is_empty() && stage.target.is_empty() {
        let font = FontId::proportional(text::HEADING);
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            t!("stage.waiting"),
            font,
            colors.weak,
        );
    }
    if let Some(at) = response.response.hover_pos() {
        let [x, y] = transform.invert([at.x, at.y]);
        let words = format!("x = {x:.2}   y = {y:.2}").replace('-', "\u{2212}");
        let font = FontId::proportional(text::BODY);
        let place = rect.left_bottom() + vec2(14.0, -12.0);
        label(&painter, place, Align2::LEFT_BOTTOM, words, font, colors);
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

/// Flow time, large, in the corner: what everything on the stage belongs to.
fn caption(app: &App, ui: &Ui, rect: Rect) {
    let colors = theme::current(ui);
    let words = format!("t = {:.2}", app.clock.t);
    let font = FontId::proportional(text::EQUATION);
    let at = rect.left_top() + vec2(16.0, 10.0);
    label(&ui.painter_at(rect), at, Align2::LEFT_TOP, words, font, colors);
}

/// Words on the stage, on a ground of their own so that they are read over any layer.
fn label(painter: &egui::Painter, at: egui::Pos2, align: Align2, words: String, font: FontId, colors: &theme::Theme) {
    let galley = painter.layout_no_wrap(words, font, colors.text);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(6.0, 2.0)), 4.0, colors.stage.gamma_multiply(0.82));
    painter.galley(rect.min, galley, colors.text);
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

/// The bounds of the data with a margin; the unit square before there are any.
fn wanted_bounds(stage: &StageSnapshot) -> PlotBounds {
    let [x0, y0, x1, y1] = stage.bounds.map(f64::from);
    if !(x0 < x1 && y0 < y1) {
        return PlotBounds::from_min_max([-3.0, -3.0], [3.0, 3.0]);
    }
    let pad = MARGIN * (x1 - x0).max(y1 - y0);
    PlotBounds::from_min_max([x0 - pad, y0 - pad], [x1 + pad, y1 + pad])
}

fn transform_of(plot: &PlotTransform) -> Transform {
    let [sx, sy] = plot.dpos_dvalue().map(|s| s as f32);
    let zero = plot.position_from_point(&egui_plot::PlotPoint::new(0.0, 0.0));
    Transform {
        scale: [sx, sy],
        offset: [zero.x, zero.y],
    }
}

fn switches(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let reset = UiCommand::ResetView;
    if icon_button(ui, Icon::Frame, &reset.name(), false)
        .on_hover_text(reset.tooltip(&ctx))
        .clicked()
    {
        app.run_command(&ctx, &reset);
    }
    let colors = theme::current(ui);
    let tight = ui.available_width() < 640.0;
    if tight {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.spacing_mut().button_padding.x = 4.0;
        ui.spacing_mut().item_spacing.y = 2.0;
    }
    let mut layers = app.stage().layers;
    for (command, on) in layers_of(&mut layers) {
        let ink = if *on { colors.text } else { colors.weak };
        let size = if tight { text::SMALL } else { text::BODY };
        let button = Button::selectable(*on, RichText::new(command.name()).color(ink).size(size));
        if ui.add(button).on_hover_text(command.tooltip(&ctx)).clicked() {
            *on = !*on;
        }
    }
    app.stage_mut().layers = layers;
}
