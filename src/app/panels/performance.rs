//! How fast the window and the engine are: a band beneath the clocks that covers nothing. Frame times as a histogram and one
//! by one, training, evaluations, kernels, memory, the snapshot's age.

use std::time::Duration;

use eframe::egui::{self, Align2, FontId, Pos2, Rect, RichText, Sense, Shape, Stroke, Ui, Vec2, pos2, vec2};
use eframe::egui_wgpu::RenderState;
use rust_i18n::t;

use crate::app::App;
use crate::app::frames::{BIN_ENDS_MS, FrameTimes};
use crate::app::theme::{self, Theme, text};
use crate::app::widgets::{grouped, measured};
use crate::engine::memory;

/// Height of the charts.
const HEIGHT: f32 = 58.0;
/// Height of the numbers under and over them.
const LABEL: f32 = 15.0;
/// Of a bin of the histogram.
const BIN_WIDTH: f32 = 21.0;
/// Frames of the line, and points a frame.
const SHOWN: usize = 120;
const FRAME_WIDTH: f32 = 1.5;
/// A frame of a 60 Hz screen, and the longest that is no hitch, milliseconds.
const SMOOTH_MS: f64 = 1000.0 / 60.0;
const HITCH_MS: f64 = 50.0;
/// Memory is asked for so often, seconds.
const MEMORY_SECS: f64 = 0.5;
/// A snapshot older than this says nothing of the speed now.
const STALE: Duration = Duration::from_millis(1500);

/// What the band keeps.
#[derive(Default)]
pub struct Performance {
    /// Whether it is shown.
    pub open: bool,
    /// The last frames.
    pub frames: FrameTimes,
    /// The window's graphics adapter.
    pub adapter: Option<String>,
    memory: Option<u64>,
    asked_at: Option<f64>,
}

impl Performance {
    /// For a window that this renderer draws.
    pub fn on(renderer: Option<&RenderState>) -> Self {
        let about = renderer.map(|state| state.adapter.get_info());
        Self {
            adapter: about.map(|about| format!("{}, {}", about.backend, about.name)),
            ..Self::default()
        }
    }

    fn refresh_memory(&mut self, now: f64) {
        if self.asked_at.is_none_or(|at| now - at > MEMORY_SECS) {
            (self.memory, self.asked_at) = (memory::resident(), Some(now));
        }
    }
}

/// The band.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let now = ui.input(|i| i.time);
    app.screen.performance.refresh_memory(now);
    let colors = theme::current(ui);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let frames = &app.screen.performance.frames;
        histogram(ui, frames, colors);
        line(ui, frames, colors);
        let figures = figures(app);
        grid(ui, &figures, colors);
    });
}

/// What is said in figures: name, value, hint.
fn figures(app: &App) -> Vec<(&'static str, String)> {
    let performance = &app.screen.performance;
    let snapshot = &app.snapshot;
    let age = snapshot.made.map(|made| made.elapsed());
    let work = snapshot.work;
    let fresh = age.is_none_or(|age| age < STALE);
    let rate = |per_sec: f64| if fresh { per_sec } else { 0.0 };
    let steps: f64 = snapshot.runs.iter().map(|r| r.steps_per_sec).sum();
    let q = performance.frames.quantiles();
    let none = || "\u{2013}".to_owned();
    vec![
        (
            "performance.frames",
            format!("{} / {} / {} ms", one(q.p50), one(q.p95), one(q.max)),
        ),
        ("performance.steps", grouped(rate(steps).round() as u64)),
        ("performance.evaluations", large(rate(work.evaluations_per_sec))),
        (
            "performance.dispatches",
            if work.dispatches > 0 {
                work.dispatches.to_string()
            } else {
                none()
            },
        ),
        (
            "performance.memory",
            performance
                .memory
                .map_or_else(none, |bytes| format!("{:.0} MB", bytes as f64 / 1e6)),
        ),
        (
            "performance.age",
            age.map_or_else(none, |age| format!("{} ms", grouped(age.as_millis() as u64))),
        ),
        ("performance.backend", snapshot.backend.name.clone()),
        ("performance.adapter", performance.adapter.clone().unwrap_or_else(none)),
    ]
}

/// Milliseconds with one decimal where they are few.
fn one(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1}")
    } else {
        format!("{ms:.0}")
    }
}

/// 8.4 million rather than seven digits.
fn large(x: f64) -> String {
    if x >= 1e6 {
        t!("performance.millions", count = format!("{:.1}", x / 1e6)).into_owned()
    } else {
        measured(x)
    }
}

/// Figures in columns of two; long ones come last and are cut, not wrapped.
fn grid(ui: &mut Ui, figures: &[(&'static str, String)], colors: &Theme) {
    let width = ui.available_width();
    let columns = figures.len().div_ceil(2);
    let weights = [1.25, 1.1, 0.85, 1.5];
    let sum: f32 = weights.iter().take(columns).sum();
    for (k, pair) in figures.chunks(2).enumerate() {
        let own = (width - 18.0 * (columns - 1) as f32) * weights[k.min(weights.len() - 1)] / sum;
        super::column(ui, own.max(40.0), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (key, value) in pair {
                let name = t!(*key);
                let label = egui::Label::new(RichText::new(&*name).size(text::SMALL).color(colors.weak)).truncate();
                ui.add(label);
                let words = RichText::new(value).size(text::BODY).color(colors.text);
                let response = ui.add(egui::Label::new(words).truncate());
                let response = response.on_hover_text(t!(format!("{key}_hint")));
                let spoken = format!("{name}: {value}");
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &spoken));
            }
        });
    }
}

/// A chart's title and its rectangle.
fn chart(ui: &mut Ui, width: f32, key: &str, spoken: &str, colors: &Theme) -> Rect {
    let (rect, response) = ui.allocate_exact_size(vec2(width, LABEL + HEIGHT), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, spoken));
    response.on_hover_text(t!(format!("{key}_hint")));
    let font = FontId::proportional(text::SMALL);
    ui.painter()
        .text(rect.left_top(), Align2::LEFT_TOP, t!(key), font, colors.weak);
    rect.with_min_y(rect.top() + LABEL)
}

/// The color of a frame that took so long: it is also told by the place, so a color is help, not the message.
fn color_of(ms: f64, colors: &Theme) -> egui::Color32 {
    if ms <= SMOOTH_MS {
        colors.learned
    } else if ms <= HITCH_MS {
        colors.warn
    } else {
        colors.fault
    }
}

/// Frames by how long they took.
fn histogram(ui: &mut Ui, frames: &FrameTimes, colors: &Theme) {
    let bins = frames.histogram();
    let q = frames.quantiles();
    let spoken = t!(
        "performance.spoken",
        count = frames.secs().len(),
        median = one(q.p50),
        longest = one(q.max)
    );
    let width = BIN_WIDTH * bins.len() as f32 + 12.0;
    let rect = chart(ui, width, "performance.histogram", &spoken, colors);
    let floor = rect.bottom() - LABEL;
    let most = bins.iter().copied().max().unwrap_or(0).max(1) as f32;
    let painter = ui.painter();
    let font = FontId::proportional(text::SMALL - 1.0);
    for (k, count) in bins.iter().enumerate() {
        let left = rect.left() + BIN_WIDTH * k as f32;
        if *count > 0 {
            // one slow frame among hundreds must be seen
            let height = ((floor - rect.top()) * *count as f32 / most).max(3.0);
            let bar = Rect::from_min_max(pos2(left + 1.0, floor - height), pos2(left + BIN_WIDTH - 1.0, floor));
            let ms = if k == 0 { 0.0 } else { BIN_ENDS_MS[k - 1] + 0.5 };
            painter.rect_filled(bar, 1.0, color_of(ms, colors));
        }
        if let Some(end) = BIN_ENDS_MS.get(k) {
            let at = pos2(left + BIN_WIDTH, floor + 1.0);
            painter.text(at, Align2::CENTER_TOP, format!("{end:.0}"), font.clone(), colors.weak);
        }
    }
    let ends = [
        pos2(rect.left(), floor),
        pos2(rect.left() + BIN_WIDTH * bins.len() as f32, floor),
    ];
    painter.line_segment(ends, Stroke::new(1.0, colors.line));
}

/// The last frames, one by one, the newest to the right, over the line of a smooth frame.
fn line(ui: &mut Ui, frames: &FrameTimes, colors: &Theme) {
    let secs = frames.secs();
    let last = &secs[secs.len().saturating_sub(SHOWN)..];
    let spoken = t!("performance.line");
    let rect = chart(ui, SHOWN as f32 * FRAME_WIDTH, "performance.line", &spoken, colors);
    let longest = last.iter().fold(0.0_f64, |a, b| a.max(b * 1e3));
    let scale = longest.max(1.25 * SMOOTH_MS);
    let y = |ms: f64| rect.bottom() - (rect.height() * (ms / scale) as f32).max(1.0);
    let painter = ui.painter();
    let smooth = [pos2(rect.left(), y(SMOOTH_MS)), pos2(rect.right(), y(SMOOTH_MS))];
    painter.extend(Shape::dashed_line(&smooth, Stroke::new(1.0, colors.weak), 4.0, 3.0));
    for (k, secs) in last.iter().enumerate() {
        let x = rect.right() - FRAME_WIDTH * (last.len() - k) as f32;
        let bar = Rect::from_min_max(pos2(x, y(secs * 1e3)), pos2(x + FRAME_WIDTH, rect.bottom()));
        painter.rect_filled(bar, 0.0, color_of(secs * 1e3, colors));
    }
    let ends: [Pos2; 2] = [rect.left_bottom(), rect.right_bottom()];
    painter.line_segment(ends, Stroke::new(1.0, colors.line));
    let font = FontId::proportional(text::SMALL - 1.0);
    let at = Pos2::new(rect.left(), y(SMOOTH_MS)) + Vec2::new(0.0, -1.0);
    painter.text(at, Align2::LEFT_BOTTOM, "16.7 ms", font, colors.weak);
}
