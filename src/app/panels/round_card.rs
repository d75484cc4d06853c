//! A card of the strip: one run, its small live stage with the same particles as the big one, its progress, its straightness, and the
//! menu of a right click.

use std::sync::Arc;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Layout, Rect, Response, RichText, Role, Sense, Stroke, StrokeKind,
    TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use crate::app::App;
use crate::app::paint::PicturePainter;
use crate::app::rounds::{cards, further};
use crate::app::stages::card_index;
use crate::app::theme::{self, text};
use crate::app::widgets::number::name_it;
use crate::app::widgets::{grouped, measured};
use crate::engine::snapshot::{Points, RunSnapshot, RunState};
use crate::lab::{LabRun, RunId};
use crate::picture::stage::{StageCache, StageInput, stage_picture};
use crate::picture::{Bounds, Transform, color};

/// Width of a card's words.
const WORDS_WIDTH: f32 = 138.0;
/// How much smaller dots and lines are on a small stage.
const SMALLER: f32 = 0.62;
/// Points of the target on a small stage.
const TARGET_SHOWN: usize = 400;

/// A small stage's own caches.
pub struct Small {
    /// Whose.
    pub run: RunId,
    cache: StageCache,
    /// Some of the target's points, and of which.
    target: (Points, Points),
    painter: PicturePainter,
}

/// The card of a run: its small stage, its progress, its straightness. A click shows the run.
pub fn ui(app: &mut App, ui: &mut Ui, run: &LabRun, height: f32) {
    let size = vec2(height + WORDS_WIDTH, height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let shown = app.run_id() == run.id;
    let tag = app.lab.tag_of(run.id);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, shown, t!("rounds.card", run = tag)));
    let state = app.snapshot.runs.iter().find(|r| r.id == run.id).cloned();
    let state = state.unwrap_or_else(|| RunSnapshot {
        planned_steps: run.experiment.steps,
        ..RunSnapshot::default()
    });
    if ui.is_rect_visible(rect) {
        let colors = theme::current(ui);
        let edge = match (shown, response.hovered()) {
            (true, _) => Stroke::new(2.0, colors.accent),
            (false, true) => Stroke::new(1.0, colors.accent),
            (false, false) => Stroke::new(1.0, colors.line),
        };
        let radius = f32::from(theme::RADIUS);
        ui.painter()
            .rect_filled(rect, radius, colors.control.gamma_multiply(0.5));
        let small = Rect::from_min_size(rect.min, vec2(height, height)).shrink(3.0);
        ui.painter().rect_filled(small, radius - 1.0, colors.stage);
        small_stage(app, ui, small, run.id);
        ui.painter().rect_stroke(rect, radius, edge, StrokeKind::Inside);
        let words = Rect::from_min_max(pos2(small.right() + 8.0, rect.top() + 5.0), rect.max - vec2(8.0, 5.0));
        card_words(app, ui, words, run, &tag, &state);
    }
    if state.pairing.is_some_and(|p| !p.assigned) {
        cancel(app, ui, rect, run.id, &tag);
    }
    if response.clicked() {
        app.show_run(run.id);
    }
    response.context_menu(|ui| menu(app, ui, run));
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(&run.experiment.name));
        ui.label(card_tip(&state));
        ui.label(t!("rounds.card_hint"));
    });
}

fn card_tip(state: &RunSnapshot) -> String {
    let m = &state.measures;
    let mut lines = vec![state_words(state)];
    if let Some(straightness) = m.budget.map(|b| b.bends).or(m.straightness) {
        lines.push(
            t!(
                "measure.spoken",
                name = t!("measure.straightness.name"),
                now = measured(straightness)
            )
            .into_owned(),
        );
    }
    if let Some(w2) = m.w2_squared {
        lines.push(t!("measure.spoken", name = t!("measure.w2.name"), now = measured(w2)).into_owned());
    }
    if let Some(at) = m.w2_squared_at_steps.as_ref().filter(|a| !a.is_empty()) {
        let each: Vec<String> = at.iter().map(|(n, w2)| format!("{n}: {}", measured(*w2))).collect();
        lines.push(t!("rounds.w2_at_steps", list = each.join("   ")).into_owned());
    }
    if let Some(ledger) = &m.evaluations_ledger {
        lines.push(
            t!(
                "rounds.ledger",
                pairs = grouped(ledger.pairs),
                training = grouped(ledger.training_forward + ledger.training_backward)
            )
            .into_owned(),
        );
    }
    lines.join("\n")
}

fn state_words(state: &RunSnapshot) -> String {
    match state.pairing {
        Some(p) if p.assigned => t!("rounds.assigned", done = grouped(p.done), total = grouped(p.total)).into_owned(),
        Some(p) if p.done == 0 => t!("rounds.waits").into_owned(),
        Some(p) => t!("rounds.pairs", done = grouped(p.done), total = grouped(p.total)).into_owned(),
        None => t!(
            "rounds.steps",
            done = grouped(state.step),
            total = grouped(state.planned_steps)
        )
        .into_owned(),
    }
}

/// Tag, progress, straightness.
fn card_words(app: &App, ui: &Ui, rect: Rect, run: &LabRun, tag: &str, state: &RunSnapshot) {
    let colors = theme::current(ui);
    let painter = ui.painter_at(rect);
    let write = |y: f32, words: String, size: f32, ink: Color32| {
        let mut job = LayoutJob::simple_singleline(words, FontId::proportional(size), ink);
        job.wrap = TextWrapping::truncate_at_width(rect.width());
        let galley = ui.painter().layout_job(job);
        let at = Rect::from_min_size(pos2(rect.left(), y), galley.size());
        painter.galley(at.min, galley, ink);
        at
    };
    let mut y = write(rect.top(), tag.to_owned(), text::NUMBER * 0.9, colors.text).bottom();
    let roomy = rect.height() > 80.0;
    let own_name = app.lab.runs.len() > 1 && run.experiment.name != tag;
    if roomy && own_name && state.pairing.is_none() {
        y = write(y, run.experiment.name.clone(), text::SMALL, colors.weak).bottom();
    }
    let small = write(y, state_words(state), text::SMALL, colors.weak);
    let done = match state.pairing {
        Some(p) => Some((p.done as f64 / p.total.max(1) as f64, colors.warn)),
        None if state.state == RunState::Training => {
            let part = state.step as f64 / state.planned_steps.max(1) as f64;
            Some((part, colors.learned))
        }
        None => None,
    };
    if let Some((part, ink)) = done {
        let bar = Rect::from_min_size(pos2(rect.left(), small.bottom() + 2.0), vec2(rect.width(), 3.0));
        painter.rect_filled(bar, 1.5, colors.control_hovered);
        let filled = bar.with_max_x(bar.left() + bar.width() * part.clamp(0.0, 1.0) as f32);
        painter.rect_filled(filled, 1.5, ink);
    }
    let m = &state.measures;
    let Some(straightness) = m.budget.map(|b| b.bends).or(m.straightness) else {
        return;
    };
    let number = painter.text(
        rect.right_bottom() + vec2(0.0, 2.0),
        Align2::RIGHT_BOTTOM,
        measured(straightness),
        FontId::proportional(text::BODY),
        colors.text,
    );
    // the number whole, the word as far as there is room
    let name = t!("rounds.straightness").into_owned();
    let mut job = LayoutJob::simple_singleline(name, FontId::proportional(text::SMALL), colors.weak);
    job.wrap = TextWrapping::truncate_at_width((number.left() - 8.0 - rect.left()).max(0.0));
    let galley = ui.painter().layout_job(job);
    painter.galley(pos2(rect.left(), rect.bottom() - galley.size().y), galley, colors.weak);
}

/// A cross in the card's corner while its pairs are made.
fn cancel(app: &mut App, ui: &Ui, card: Rect, run: RunId, tag: &str) {
    let rect = Rect::from_center_size(card.right_top() + vec2(-13.0, 13.0), vec2(20.0, 20.0));
    let response: Response = ui.interact(rect, ui.scope_id().with(("cancel", run)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, t!("rounds.cancel", run = tag)));
    let colors = theme::current(ui);
    let ink = if response.hovered() { colors.fault } else { colors.weak };
    let r = rect.shrink(6.0);
    for ends in [[r.left_top(), r.right_bottom()], [r.left_bottom(), r.right_top()]] {
        ui.painter().line_segment(ends, Stroke::new(1.8, ink));
    }
    if response.on_hover_text(t!("rounds.cancel_hint")).clicked() {
        app.remove_run(run);
    }
}

fn menu(app: &mut App, ui: &mut Ui, run: &LabRun) {
    ui.set_min_width(230.0);
    let mut name = run.experiment.name.clone();
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.label(RichText::new(t!("rounds.rename")).color(theme::current(ui).weak));
        let response = ui.add(TextEdit::singleline(&mut name).char_limit(80));
        name_it(&response, &t!("rounds.rename"));
    });
    if name != run.experiment.name
        && let Some(run) = app.lab.run_mut(run.id)
    {
        run.experiment.name = name;
    }
    let more = further(run.experiment.steps) - run.experiment.steps;
    if ui
        .button(t!("rounds.further", steps = grouped(more)))
        .on_hover_text(t!("command.train-further.hint"))
        .clicked()
    {
        app.train_further(run.id);
        ui.close();
    }
    let alone = app.lab.runs.len() < 2;
    if ui
        .add_enabled(!alone, Button::new(t!("command.remove-run.name")))
        .on_hover_text(t!("command.remove-run.hint"))
        .clicked()
    {
        app.remove_run(run.id);
        ui.close();
    }
}

/// The run's own small stage, at the flow time of the big one.
fn small_stage(app: &mut App, ui: &mut Ui, rect: Rect, run: RunId) {
    let stage = cards(&app.lab).into_iter().find(|s| s.run == run);
    let shot = card_index(&app.lab, run).and_then(|at| app.snapshot.stages.get(at));
    let Some((stage, shot)) = stage.zip(shot.filter(|s| s.run == run)) else {
        return;
    };
    let small = &mut app.screen.rounds.small;
    let index = small.iter().position(|s| s.run == run).unwrap_or_else(|| {
        small.push(Small {
            run,
            cache: StageCache::default(),
            target: (Points::default(), Points::default()),
            painter: PicturePainter::new(None),
        });
        small.len() - 1
    });
    let small = &mut small[index];
    if !Arc::ptr_eq(&small.target.0, &shot.target) {
        let some = shot.target.iter().take(TARGET_SHOWN).copied().collect();
        small.target = (Arc::clone(&shot.target), Arc::new(some));
    }
    let dark = theme::current(ui).dark;
    let input = StageInput {
        source: &shot.source,
        target: &small.target.1,
        trajectories: &shot.trajectories,
        pairs: &shot.pairs,
        path: shot.path,
        split: false,
        field: None,
        exact_field: None,
        exact_is_estimate: false,
        map: None,
        probe: None,
        layers: &stage.layers,
        t: app.clock.t,
        theme: if dark { color::Theme::Dark } else { color::Theme::Light },
        bounds: shot.bounds,
    };
    let mut picture = stage_picture(&input, &mut small.cache);
    picture.thin(SMALLER);
    let inner = rect.shrink(4.0);
    let [min, max] = [inner.min, inner.max].map(|p| [p.x, p.y]);
    small
        .painter
        .paint(ui, rect, Transform::fit(Bounds::of(shot.bounds), min, max), &picture);
}
