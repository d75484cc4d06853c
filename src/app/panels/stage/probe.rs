//! The probe in the window: a press or a drag of the primary button puts it anywhere on a stage; the pairs through it are
//! drawn by `picture/probe.rs`, and their numbers stand on a card in the corner, large enough for the last row.
//!
//! While it is on, the primary button is the probe's; the view is moved with the other buttons (`pointer.rs`).

use std::sync::Arc;

use eframe::egui::{
    self, Align2, Color32, FontId, Galley, PointerButton, Pos2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::label;
use super::pointer::StageFrame;
use crate::app::App;
use crate::app::paint::{color32, paint_swatch};
use crate::app::theme::{self, text};
use crate::app::widgets::measured;
use crate::engine::snapshot::StageSnapshot;
use crate::flow::exact::{Conditional, ConditionalAt, Fan};
use crate::flow::path::Path;
use crate::picture::color;
use crate::picture::probe::{ProbeInput, REACH, STRANDS};
use crate::picture::{LegendEntry, Shape, Swatch};

/// Plots narrower than this have a card of numbers alone.
const NOTES_FROM: f32 = 520.0;
/// Plots narrower than this have no card: its words are still spoken.
const CARD_FROM: f32 = 190.0;
/// Width of a swatch, space around the rows.
const SWATCH: f32 = 34.0;
const MARGIN: f32 = 10.0;

/// What is kept from frame to frame: the law at t, and the fan at a place of it.
#[derive(Default)]
pub struct ProbeView {
    law: Option<(Arc<Conditional>, u64, ConditionalAt)>,
    fan: Option<([f32; 2], Arc<Fan>)>,
}

impl ProbeView {
    /// The pairs through a place at flow time t; None where the law of the run's pairs is not there (yet).
    fn fan(&mut self, law: Option<&Arc<Conditional>>, at: [f32; 2], t: f64) -> Option<Arc<Fan>> {
        let law = law?;
        let same =
            |(old, when, _): &(Arc<Conditional>, u64, ConditionalAt)| Arc::ptr_eq(old, law) && *when == t.to_bits();
        if !self.law.as_ref().is_some_and(same) {
            self.law = Some((Arc::clone(law), t.to_bits(), law.at(t)));
            self.fan = None;
        }
        let (_, _, law_at) = self.law.as_ref()?;
        if self.fan.as_ref().is_none_or(|(place, _)| *place != at) {
            self.fan = Some((at, Arc::new(law_at.fan(at.map(f64::from), STRANDS))));
        }
        self.fan.as_ref().map(|(_, fan)| Arc::clone(fan))
    }
}

/// The probe of one stage in this frame.
pub struct Probe {
    /// Where, data units.
    pub at: [f32; 2],
    fan: Option<Arc<Fan>>,
}

impl Probe {
    /// Of a stage; None where it is off.
    pub fn of(app: &mut App, index: usize, shot: &StageSnapshot) -> Option<Self> {
        if !app.lab.stages[index].layers.probe {
            return None;
        }
        let at = app.lab.probe.place(shot.bounds);
        let t = app.clock.t;
        let view = &mut app.screen.stages.each[index].probe;
        let fan = view.fan(shot.conditional.as_ref(), at, t);
        Some(Self { at, fan })
    }

    /// As a picture takes it.
    pub fn input(&self, shot: &StageSnapshot) -> Option<ProbeInput<'_>> {
        ProbeInput::of(shot, self.at, self.fan.as_deref()?)
    }
}

/// The primary button puts the probe under the pointer.
pub fn touch(app: &mut App, ui: &Ui, frame: &StageFrame) {
    let response = &frame.response;
    let held = response.is_pointer_button_down_on() && ui.input(|i| i.pointer.primary_down());
    let moved = held || response.clicked() || response.dragged_by(PointerButton::Primary);
    if let Some(at) = response.interact_pointer_pos().filter(|_| moved) {
        let inside = at.clamp(frame.rect.min, frame.rect.max);
        app.lab.probe.at = Some(frame.data_at(inside));
        ui.ctx().request_repaint();
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    }
}

/// Whether an entry of the legend is said by the card already.
pub fn is_on_card(entry: &LegendEntry) -> bool {
    ["legend.through", "legend.mean", "legend.learned", "legend.spread"].contains(&entry.key)
}

/// One row of the card.
struct Row {
    swatch: Swatch,
    /// Its formula with its number.
    value: String,
    /// What that is.
    note: String,
    ink: Color32,
}

/// The card and the letters at the arrows' tips.
pub fn paint(ui: &Ui, frame: &StageFrame, probe: &Probe, shot: &StageSnapshot, t: f64, surface: color::Theme) {
    let input = probe.input(shot);
    if let Some(input) = &input {
        tips(ui, frame, input, surface);
    }
    let place = t!(
        "probe.place",
        x = signed(f64::from(probe.at[0])),
        y = signed(f64::from(probe.at[1])),
        t = format!("{t:.2}")
    )
    .into_owned();
    let rows = input.as_ref().map_or_else(Vec::new, |input| rows(input, surface));
    let wide = frame.rect.width() >= NOTES_FROM;
    let note = match &input {
        None => Some(t!("probe.no_pairs").into_owned()),
        Some(input) if !input.is_known() && !wide => Some(t!("probe.nothing_near_short").into_owned()),
        Some(input) if !input.is_known() => Some(t!("probe.nothing_near").into_owned()),
        Some(input) => input
            .bandwidth
            .map(|h| t!("probe.estimate", radius = measured(h)).into_owned()),
    };
    speak(ui, frame, &place, &rows, note.as_deref());
    if frame.rect.width() >= CARD_FROM {
        card(ui, frame, screen(frame, probe.at), &place, &rows, note);
    }
}

/// The numbers, one row each.
fn rows(input: &ProbeInput, surface: color::Theme) -> Vec<Row> {
    let palette = surface.palette();
    let row = |swatch, value: String, note: &str, ink| Row {
        swatch,
        value,
        note: t!(note).into_owned(),
        ink: color32(ink),
    };
    let mut rows = Vec::new();
    if input.is_known() {
        rows.push(row(
            Swatch::Arrow(palette.text_quiet, false),
            if input.path == Path::Linear {
                t!("probe.each").into_owned()
            } else {
                t!("probe.each_on_a_path").into_owned()
            },
            "probe.each_note",
            palette.text,
        ));
        rows.push(row(
            Swatch::Arrow(palette.exact, true),
            format!("v* = {}", vector(input.fan.velocity)),
            "probe.mean_note",
            palette.exact,
        ));
    }
    if let Some(v) = input.learned.filter(|v| v.iter().all(|c| c.is_finite())) {
        rows.push(row(
            Swatch::Arrow(palette.learned, false),
            format!("v = {}", vector(v.map(f64::from))),
            "probe.learned_note",
            palette.learned,
        ));
    }
    if input.is_known() {
        rows.push(row(
            Swatch::Point(palette.floor, Shape::Ring),
            format!("E|u \u{2212} v*|² = {}", measured(input.fan.variance())),
            "probe.spread_note",
            palette.floor,
        ));
    }
    rows
}

/// "(3.21, −0.42)".
fn vector([x, y]: [f64; 2]) -> String {
    format!("({}, {})", signed(x), signed(y))
}

/// Two places, a true minus, and no minus before zero.
fn signed(x: f64) -> String {
    let x = if x.abs() < 0.005 { 0.0 } else { x };
    format!("{x:.2}").replace('-', "\u{2212}")
}

/// The same for those who do not see it.
fn speak(ui: &Ui, frame: &StageFrame, place: &str, rows: &[Row], note: Option<&str>) {
    let mut words = vec![t!("probe.spoken", place = place).into_owned()];
    words.extend(rows.iter().map(|r| format!("{}: {}", r.note, r.value)));
    words.extend(note.map(str::to_owned));
    let spoken = words.join("; ");
    let corner = Rect::from_min_size(frame.rect.left_bottom() - vec2(0.0, 1.0), vec2(1.0, 1.0));
    let id = ui.scope_id().with(("probe", frame.index));
    ui.interact(corner, id, Sense::hover())
        .widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
}

/// Where a card of this size goes: above the line that tells the pointer's place, else in another corner, where the probe is
/// not; a plot too small for that has it at the end where the probe is not.
fn corner(frame: &StageFrame, probe: Pos2, size: egui::Vec2) -> Rect {
    let plot = frame.rect;
    // beneath the clock
    let top = plot.top() + 48.0;
    let bottom = plot.bottom() - 34.0;
    let corners = [
        Align2::LEFT_BOTTOM.anchor_size(pos2(plot.left() + MARGIN, bottom), size),
        Align2::RIGHT_BOTTOM.anchor_size(pos2(plot.right() - MARGIN, bottom), size),
        Align2::LEFT_TOP.anchor_size(pos2(plot.left() + MARGIN, top), size),
    ];
    let free = corners.iter().find(|c| !c.expand(24.0).contains(probe));
    let far = if probe.y > plot.center().y {
        corners[2]
    } else {
        corners[0]
    };
    free.copied().unwrap_or(far)
}

fn card(ui: &Ui, frame: &StageFrame, at: Pos2, place: &str, rows: &[Row], note: Option<String>) {
    let colors = theme::current(ui);
    let painter = ui.painter_at(frame.rect);
    let wide = frame.rect.width() >= NOTES_FROM;
    let size = if wide { text::NUMBER } else { text::BODY };
    let small = if wide { text::BODY } else { text::SMALL };
    let lay = |words: String, size: f32, ink| painter.layout_no_wrap(words, FontId::proportional(size), ink);
    // a small plot has room for the figures alone
    let head = lay(if wide { place.to_owned() } else { String::new() }, small, colors.weak);
    let (rows, note) = if wide {
        (rows, note)
    } else {
        let figures = rows.len().min(1);
        (
            rows.get(figures..).filter(|r| !r.is_empty()).unwrap_or(rows),
            note.filter(|_| rows.len() < 3),
        )
    };
    let room = (frame.rect.width() - 4.0 * MARGIN).max(60.0);
    let note = note.map(|words| painter.layout(words, FontId::proportional(small), colors.weak, room.min(330.0)));
    let lines: Vec<(Arc<Galley>, Option<Arc<Galley>>)> = rows
        .iter()
        .map(|r| {
            let words = wide.then(|| lay(r.note.clone(), small, colors.weak));
            (lay(r.value.clone(), size, r.ink), words)
        })
        .collect();
    let height = size * 1.4;
    let value_width = lines.iter().map(|(v, _)| v.size().x).fold(0.0, f32::max);
    let note_width = lines
        .iter()
        .filter_map(|(_, n)| n.as_ref())
        .map(|n| n.size().x + MARGIN)
        .fold(0.0, f32::max);
    let width = (SWATCH + MARGIN + value_width + note_width)
        .max(head.size().x)
        .max(note.as_ref().map_or(0.0, |n| n.size().x));
    let foot = note.as_ref().map_or(0.0, |n| n.size().y + 3.0);
    let head_height = if wide { head.size().y + 4.0 } else { 0.0 };
    let inner = vec2(width, head_height + height * lines.len() as f32 + foot);
    let rect = corner(frame, at, inner + vec2(2.0 * MARGIN, 1.4 * MARGIN));
    painter.rect_filled(rect, 5.0, colors.stage.gamma_multiply(0.88));
    let left = rect.left() + MARGIN;
    let mut y = rect.top() + 0.7 * MARGIN;
    painter.galley(pos2(left, y), head.clone(), colors.weak);
    y += head_height;
    for ((value, words), row) in lines.into_iter().zip(rows) {
        let middle = y + height / 2.0;
        let swatch = Rect::from_center_size(pos2(left + SWATCH / 2.0, middle), vec2(SWATCH, height));
        paint_swatch(&painter, swatch, &row.swatch);
        let beside = |galley: &Galley, x: f32| pos2(x, middle - galley.size().y / 2.0);
        let x = left + SWATCH + MARGIN;
        painter.galley(beside(&value, x), value.clone(), row.ink);
        if let Some(words) = words {
            painter.galley(beside(&words, x + value_width + MARGIN), words.clone(), colors.weak);
        }
        y += height;
    }
    if let Some(note) = note {
        painter.galley(pos2(left, y + 3.0), note, colors.weak);
    }
}

/// "v*" and "v" at the tips of their arrows, on opposite sides so that both are read where the arrows agree.
fn tips(ui: &Ui, frame: &StageFrame, input: &ProbeInput, surface: color::Theme) {
    let palette = surface.palette();
    let painter = ui.painter_at(frame.rect);
    let colors = theme::current(ui);
    let size = if frame.rect.width() >= NOTES_FROM {
        text::HEADING
    } else {
        text::BODY
    };
    let from = screen(frame, input.at);
    let write = |velocity: [f32; 2], words: &str, ink: [u8; 4], side: f32| {
        let tip = screen(frame, [0, 1].map(|c| input.at[c] + REACH * velocity[c]));
        let along = (tip - from).normalized();
        let across = if along.is_finite() && along.length() > 0.5 {
            vec2(-along.y, along.x)
        } else {
            vec2(0.0, 1.0)
        };
        let at = tip + (0.55 * along + side * across) * size;
        let theme = theme::Theme {
            text: color32(ink),
            ..*colors
        };
        label(
            &painter,
            at,
            Align2::CENTER_CENTER,
            words.to_owned(),
            FontId::new(size, theme::formula_family()),
            &theme,
        );
    };
    // the upper side of an arrow that points to the right
    let up = -1.0;
    if input.is_known() {
        write(input.fan.velocity.map(|c| c as f32), "v*", palette.exact, up);
    }
    if let Some(v) = input.learned.filter(|v| v.iter().all(|c| c.is_finite())) {
        write(v, "v", palette.learned, -up);
    }
}

fn screen(frame: &StageFrame, at: [f32; 2]) -> Pos2 {
    let [x, y] = frame.screen_from_data.apply(at);
    pos2(x, y)
}
