//! The strip of rounds: the buttons that make child runs, and a card a run with a small live stage of the same particles. A lone
//! run has no card. What the buttons do is [`crate::app::rounds`]' business.

use std::sync::Arc;

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align, Align2, Button, Color32, FontId, Layout, Popup, PopupCloseBehavior, Rect, Response, RichText, Role,
    ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::column;
use crate::app::App;
use crate::app::paint::PicturePainter;
use crate::app::rounds::{ReflowSettings, further, tag_of};
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::formula::formula;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::number::{Number, name_it};
use crate::app::widgets::row::{Words, number_row, row, text_or, whole_row};
use crate::app::widgets::{grouped, measured};
use crate::engine::snapshot::{Points, RunSnapshot, RunState};
use crate::flow::sampler::SAMPLERS;
use crate::lab::{LabRun, RunId, Sampler};
use crate::picture::stage::{StageCache, StageInput, stage_picture};
use crate::picture::{Bounds, Mark, Transform, color};

/// Width of the column of buttons: that of the clocks above it.
const BUTTONS_WIDTH: f32 = 252.0;
/// Height of a card, and in a short window.
const CARD_HEIGHT: [f32; 2] = [96.0, 70.0];
/// Width of a card's words.
const WORDS_WIDTH: f32 = 122.0;
/// How much smaller dots and lines are on a small stage.
const SMALLER: f32 = 0.62;
/// Points of the target on a small stage.
const TARGET_SHOWN: usize = 400;

/// What the strip keeps and is no part of the document.
#[derive(Default)]
pub struct RoundsView {
    /// How the next child is made.
    pub settings: ReflowSettings,
    /// The sampler and steps from before a student was shown.
    pub before: Option<(Sampler, u32)>,
    small: Vec<Small>,
}

/// A small stage's own caches.
struct Small {
    run: RunId,
    cache: StageCache,
    /// Some of the target's points, and of which.
    target: (Points, Points),
    painter: PicturePainter,
}

/// Whether there are cards: a lone run has none, and they can be folded away.
pub fn shows_cards(app: &App) -> bool {
    app.lab.runs.len() > 1 && app.lab.look.rounds_open
}

/// The strip.
pub fn ui(app: &mut App, ui: &mut Ui) {
    if !shows_cards(app) {
        ui.horizontal(|ui| {
            title(app, ui);
            buttons(app, ui);
        });
        return;
    }
    let short = ui.ctx().content_rect().height() < theme::SHORT_WINDOW;
    let height = CARD_HEIGHT[usize::from(short)];
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Min), |ui| {
        ui.set_height(height);
        column(ui, BUTTONS_WIDTH, |ui| {
            title(app, ui);
            ui.spacing_mut().item_spacing.x = 5.0;
            ui.horizontal_wrapped(|ui| buttons(app, ui));
        });
        ScrollArea::horizontal()
            .auto_shrink([false, false])
            .max_height(height)
            .show(ui, |ui| {
                ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                    for run in app.lab.runs.clone() {
                        card(app, ui, &run, height);
                    }
                });
            });
    });
    let runs = &app.lab.runs;
    let small = &mut app.screen.rounds.small;
    small.retain(|s| runs.iter().any(|r| r.id == s.run));
}

fn title(app: &mut App, ui: &mut Ui) {
    let weak = theme::current(ui).weak;
    let words = theme::strong(t!("section.rounds").to_uppercase())
        .size(text::SECTION)
        .color(weak)
        .extra_letter_spacing(0.9);
    ui.horizontal(|ui| {
        ui.label(words);
        if app.lab.runs.len() > 1 {
            let ctx = ui.ctx().clone();
            let fold = UiCommand::FoldRounds;
            let sign = if app.lab.look.rounds_open { "\u{2212}" } else { "+" };
            let response = ui.add(Button::new(sign).small()).on_hover_text(fold.tooltip(&ctx));
            name_it(&response, &fold.name());
            if response.clicked() {
                app.run_command(&ctx, &fold);
            }
        }
    });
}

fn buttons(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let refusal = app.can_have_child().err();
    let times = app.screen.rounds.settings.rounds;
    for (command, words, tex) in [
        (
            UiCommand::Reflow,
            t!("rounds.reflow").into_owned(),
            "rounds.reflow_formula",
        ),
        (
            UiCommand::ReflowTimes,
            t!("rounds.reflow_times", times = times).into_owned(),
            "rounds.reflow_formula",
        ),
        (
            UiCommand::Distill,
            t!("rounds.distill").into_owned(),
            "rounds.distill_formula",
        ),
    ] {
        let response = ui.add_enabled(refusal.is_none(), Button::new(words));
        let response = response.on_hover_ui(|ui| {
            ui.label(theme::strong(command.name()));
            let (tex, ink) = (t!(tex), theme::current(ui).text);
            formula(ui, &tex, text::FORMULA, ink, &tex);
            ui.label(command.tooltip(&ctx));
        });
        let response = match refusal {
            Some(why) => response.on_disabled_hover_text(t!(why)),
            None => response,
        };
        if response.clicked() {
            app.run_command(&ctx, &command);
        }
    }
    let button =
        icon_button(ui, Icon::Settings, &t!("rounds.settings"), false).on_hover_text(t!("rounds.settings_hint"));
    Popup::menu(&button)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| settings_ui(app, ui));
}

/// How the next child is made.
fn settings_ui(app: &mut App, ui: &mut Ui) {
    ui.set_width(330.0);
    ui.label(theme::strong(t!("rounds.settings")));
    let planned = app.experiment().steps;
    let s = &mut app.screen.rounds.settings;
    let number = Number::whole(1024.0..=262_144.0, 64.0..=1_000_000.0).log();
    s.pairs.pairs = whole_row(ui, &Words::of("model_pairs"), &number, u64::from(s.pairs.pairs)) as u32;
    let words = Words::of("model_sampler");
    row(ui, &words, |ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        ui.horizontal_wrapped(|ui| {
            for sampler in &SAMPLERS {
                let name = text_or(&format!("option.sampler.{}.name", sampler.name), sampler.name);
                ui.selectable_value(&mut s.pairs.sampler, sampler.sampler, name);
            }
        });
    });
    if s.pairs.sampler != Sampler::Dopri5 {
        let number = Number::whole(1.0..=128.0, 1.0..=10_000.0).log();
        s.pairs.steps = whole_row(ui, &Words::of("model_steps"), &number, u64::from(s.pairs.steps)) as u32;
    }
    let number = Number::real(0.0..=1.0).within(0.0..=1.0);
    number_row(ui, &Words::of("real_fraction"), &number, &mut s.pairs.real_fraction);
    row(ui, &Words::of("from_parent"), |ui| {
        ui.selectable_value(&mut s.from_parent, true, t!("rounds.from_parent"));
        ui.selectable_value(&mut s.from_parent, false, t!("rounds.afresh"));
    });
    let number = Number::whole(500.0..=50_000.0, 1.0..=1e9).log();
    let before = s.steps.unwrap_or(planned);
    let steps = whole_row(ui, &Words::of("child_steps"), &number, before);
    if steps != before {
        s.steps = Some(steps);
    }
    let number = Number::whole(2.0..=5.0, 1.0..=10.0);
    s.rounds = whole_row(ui, &Words::of("round_count"), &number, u64::from(s.rounds)) as u32;
}

fn card(app: &mut App, ui: &mut Ui, run: &LabRun, height: f32) {
    let size = vec2(height + WORDS_WIDTH, height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let shown = app.run_id() == run.id;
    let tag = tag_of(&app.lab, run.id);
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
    if state.pairing.is_some() {
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
    let bottom = pos2(rect.left(), rect.bottom());
    let label = painter.text(
        bottom,
        Align2::LEFT_BOTTOM,
        t!("rounds.straightness"),
        FontId::proportional(text::SMALL),
        colors.weak,
    );
    painter.text(
        pos2(rect.right(), label.bottom() + 2.0),
        Align2::RIGHT_BOTTOM,
        measured(straightness),
        FontId::proportional(text::BODY),
        colors.text,
    );
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
    let at = app.lab.stages.iter().skip(1).position(|s| s.run == run);
    let Some((stage, shot)) = at.and_then(|i| app.lab.stages.get(i + 1).zip(app.snapshot.stages.get(i + 1))) else {
        return;
    };
    if shot.run != run {
        return;
    }
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
        field: None,
        exact_field: None,
        layers: &stage.layers,
        t: app.clock.t,
        theme: if dark { color::Theme::Dark } else { color::Theme::Light },
        bounds: shot.bounds,
    };
    let mut picture = stage_picture(&input, &mut small.cache);
    for mark in &mut picture.marks {
        match mark {
            Mark::Points { radius_px: size, .. } | Mark::Lines { width_px: size, .. } => *size *= SMALLER,
            _ => {}
        }
    }
    let inner = rect.shrink(4.0);
    let [min, max] = [inner.min, inner.max].map(|p| [p.x, p.y]);
    small
        .painter
        .paint(ui, rect, Transform::fit(Bounds::of(shot.bounds), min, max), &picture);
}
