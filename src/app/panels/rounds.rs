//! The strip of rounds: the buttons that make child runs, and a card a run with a small live stage of the same particles. A lone
//! run has no card. What the buttons do is [`crate::app::rounds`]' business.

use eframe::egui::{Align, Button, Layout, Popup, PopupCloseBehavior, ScrollArea, Ui, vec2};
use rust_i18n::t;

use super::round_card::Small;
use super::{column, round_card};
use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::formula::formula;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::number::{Number, name_it};
use crate::app::widgets::row::{Words, number_row, row, text_or, whole_row};
use crate::flow::coupling::Coupling;
use crate::flow::sampler::{Family, SAMPLERS};
use crate::lab::Sampler;

/// Width of the column of buttons: that of the clocks above it.
const BUTTONS_WIDTH: f32 = 252.0;
/// Height of a card, and in a short window.
const CARD_HEIGHT: [f32; 2] = [96.0, 70.0];

/// What the strip keeps and is no part of the document.
#[derive(Default)]
pub struct RoundsView {
    /// A coupling chosen for a round, whose pairs are its parent's: a first round trains on it instead.
    pub first_round: Option<Coupling>,
    /// The sampler and steps from before a student was shown.
    pub before: Option<(Sampler, u32)>,
    pub(super) small: Vec<Small>,
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
                        round_card::ui(app, ui, &run, height);
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
            ui.spacing_mut().item_spacing.x = 4.0;
            for (command, key) in [
                (UiCommand::RoundsSideBySide, "rounds.side_by_side"),
                (UiCommand::Straightening, "rounds.straightening"),
            ] {
                let response = ui
                    .add(Button::new(t!(key)).small())
                    .on_hover_text(command.tooltip(&ctx));
                name_it(&response, &command.name());
                if response.clicked() {
                    app.run_command(&ctx, &command);
                }
            }
        }
    });
}

fn buttons(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let refusal = app.can_have_child().err();
    let times = app.lab.rounds.rounds;
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
    let parent = app.lab.run(app.run_id()).cloned();
    let s = &mut app.lab.rounds;
    let number = Number::whole(1024.0..=262_144.0, 64.0..=1_000_000.0).log();
    s.pairs.pairs = whole_row(ui, &Words::of("model_pairs"), &number, u64::from(s.pairs.pairs)) as u32;
    let words = Words::of("model_sampler");
    row(ui, &words, |ui| {
        ui.spacing_mut().item_spacing = vec2(3.0, 3.0);
        ui.horizontal_wrapped(|ui| {
            for sampler in SAMPLERS.iter().filter(|row| row.family == Family::RungeKutta) {
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
    row(ui, &Words::of("student_pairs"), |ui| {
        ui.selectable_value(&mut s.student_of_pairs, false, t!("rounds.of_ends"));
        ui.selectable_value(&mut s.student_of_pairs, true, t!("rounds.of_pairs"));
    });
    let number = Number::whole(500.0..=50_000.0, 1.0..=1e9).log();
    let before = parent.map_or(1, |parent| s.steps_after(&parent));
    let steps = whole_row(ui, &Words::of("child_steps"), &number, before);
    if steps != before {
        s.steps = Some(steps);
    }
    let number = Number::whole(2.0..=5.0, 1.0..=10.0);
    s.rounds = whole_row(ui, &Words::of("round_count"), &number, u64::from(s.rounds)) as u32;
}
