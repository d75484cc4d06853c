//! The choice of the coupling with its parameters: all kinds, each with what it needs (pairs drawn on the stage, a file, a
//! parent run), and what it does with them.

use eframe::egui::{self, Align, Button, ComboBox, Layout, ProgressBar, RichText, Ui};
use rust_i18n::t;

use super::member;
use crate::app::App;
use crate::app::dialogs::Dialog;
use crate::app::theme;
use crate::app::ui_command::UiCommand;
use crate::app::widgets::grouped;
use crate::app::widgets::number::name_it;
use crate::app::widgets::row::{Choice, Words, choice_row, row, text_or, with_tip};
use crate::flow::coupling::{COUPLINGS, Coupling, FilePairs, HandPairs, Undrawn};
use crate::flow::sampler::SAMPLERS;
use crate::flow::table::Entry;
use crate::lab::{Origin, Sampler};

/// The kinds whose parameters have rows of their own.
const OWN_ROWS: [&str; 2] = ["hand", "file"];

/// The choice and its parameters.
pub fn ui(app: &mut App, ui: &mut Ui, coupling: &mut Coupling) {
    choice(app, ui, coupling);
    assigning(app, ui, coupling);
    let refusal = match coupling {
        Coupling::Hand(hand) => {
            hand_ui(app, ui, hand);
            None
        }
        Coupling::File(file) => {
            file_ui(app, ui, file);
            None
        }
        _ => parameters(ui, coupling),
    };
    if let Some(why) = refusal {
        app.screen.status.say(false, t!("ui.refused", why = why).into_owned());
    }
}

/// How far the transport of the pool is; stopped, the pairs are drawn independently.
fn assigning(app: &App, ui: &mut Ui, coupling: &mut Coupling) {
    let Some(progress) = app.run_snapshot().pairing.filter(|p| p.assigned) else {
        return;
    };
    if !matches!(coupling, Coupling::ExactOt(_)) {
        return;
    }
    ui.horizontal(|ui| {
        let part = progress.done as f32 / progress.total.max(1) as f32;
        let (done, total) = (grouped(progress.done), grouped(progress.total));
        let stop = Button::new(t!("couplings.assign_stop"));
        let width = (ui.available_width() - 64.0).max(80.0);
        ui.add(
            ProgressBar::new(part)
                .desired_width(width)
                .text(t!("rounds.assigned", done = done, total = total)),
        );
        if ui.add(stop).on_hover_text(t!("couplings.assign_stop_hint")).clicked() {
            *coupling = Coupling::Independent;
        }
    });
}

/// All kinds; those that cannot be chosen here say why.
fn choice(app: &mut App, ui: &mut Ui, coupling: &mut Coupling) {
    let words = Words::of("coupling");
    let run = app.run_id();
    let has_parent = app.lab.run(run).is_some_and(|r| r.origin.parent().is_some());
    let is_round =
        matches!(app.lab.run(run).map(|r| r.origin), Some(Origin::Reflow { .. })) && coupling.model().is_some();
    let choices = member::choices("coupling", &COUPLINGS);
    let name = choices.iter().find(|(id, ..)| id == coupling.name());
    let name = name.map_or_else(String::new, |(_, name, _)| name.clone());
    let mut chosen = None;
    row(ui, &words, |ui| {
        let combo = ComboBox::from_id_salt("coupling")
            .width(ui.available_width())
            .selected_text(name)
            .show_ui(ui, |ui| {
                for (id, name, hint) in &choices {
                    let needs_parent = ["model", "inverse-model"].contains(&id.as_str());
                    let enabled = has_parent || !needs_parent;
                    let option = Button::selectable(id == coupling.name(), name.as_str());
                    let response = ui
                        .add_enabled(enabled, option)
                        .on_hover_text(hint)
                        .on_disabled_hover_text(t!("couplings.needs_parent"));
                    if response.clicked() {
                        chosen = Some(id.clone());
                    }
                }
            });
        name_it(&combo.response, &words.name);
        with_tip(combo.response, &words);
    });
    match chosen.as_deref() {
        None => {}
        // a file must be named first: the coupling changes when its pairs are here
        Some("file") => app.screen.dialog = Some(Dialog::pairs(coupling)),
        Some(id) if id == coupling.name() => {}
        Some("hand") => {
            *coupling = app.hand_coupling(run);
            app.screen.later.push(UiCommand::DrawPairs);
        }
        Some(id) => {
            app.keep_drawn();
            match Coupling::default_of(id) {
                // a round is what its parent's flow made it: another coupling is another first round
                Some(new) if is_round && new.model().is_none() => app.screen.rounds.first_round = Some(new),
                Some(new) => *coupling = new,
                None => {}
            }
        }
    }
}

/// The rows of a kind's parameters. Why a value was not taken, if one was not.
fn parameters(ui: &mut Ui, coupling: &mut Coupling) -> Option<String> {
    let entry =
        Entry::find(&COUPLINGS, coupling.name()).filter(|e| !e.parameters.is_empty() && !OWN_ROWS.contains(&e.name))?;
    if let Coupling::Model(model) | Coupling::InverseModel(model) = coupling {
        sampler(ui, &mut model.sampler);
    }
    let check = |c: &Coupling| c.validate();
    ui.push_id("coupling", |ui| member::parameters_ui(ui, coupling, entry, check))
        .inner
}

fn sampler(ui: &mut Ui, sampler: &mut Sampler) {
    let choices: Vec<Choice<Sampler>> = SAMPLERS
        .iter()
        .map(|row| {
            let key = format!("option.sampler.{}", row.name);
            let hint = text_or(&format!("{key}.hint"), row.summary);
            (row.sampler, text_or(&format!("{key}.name"), row.name), hint)
        })
        .collect();
    choice_row(ui, &Words::of("model_sampler"), sampler, &choices);
}

/// Pairs drawn by hand: how many, the tool, and what the other points do.
fn hand_ui(app: &mut App, ui: &mut Ui, hand: &mut HandPairs) {
    let ctx = ui.ctx().clone();
    let on = app.draws_on(app.lab.focus());
    row(ui, &Words::of("hand_pairs"), |ui| {
        let count = hand.pairs.len() as u64;
        let words = if count == 1 {
            t!("hand.one").into_owned()
        } else {
            t!("hand.count", count = grouped(count)).into_owned()
        };
        ui.label(words);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let draw = UiCommand::DrawPairs;
            let button = Button::selectable(on, draw.name());
            if ui.add(button).on_hover_text(draw.tooltip(&ctx)).clicked() {
                app.screen.later.push(draw);
            }
        });
    });
    let choices: Vec<Choice<Undrawn>> = Undrawn::ALL
        .iter()
        .map(|&u| {
            let key = format!("option.undrawn.{}", u.name());
            (
                u,
                text_or(&format!("{key}.name"), u.name()),
                text_or(&format!("{key}.hint"), ""),
            )
        })
        .collect();
    choice_row(ui, &Words::of("undrawn"), &mut hand.undrawn, &choices);
    if hand.pairs.is_empty() {
        let key = if on { "hand.empty" } else { "hand.empty_off" };
        note(ui, &t!(key));
        return;
    }
    ui.horizontal(|ui| {
        for command in [UiCommand::DeletePair, UiCommand::ClearPairs] {
            let button = ui.button(command.name()).on_hover_text(command.tooltip(&ctx));
            if button.clicked() {
                app.screen.later.push(command);
            }
        }
    });
    if hand.undrawn == Undrawn::Leave {
        note(ui, &t!("hand.left_out"));
    }
}

/// Pairs of a file: its name, how many, and another one.
fn file_ui(app: &mut App, ui: &mut Ui, file: &FilePairs) {
    row(ui, &Words::of("pairs_file"), |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button(t!("pairs_file.choose")).clicked() {
                app.screen.dialog = Some(Dialog::pairs(&Coupling::File(file.clone())));
            }
            let words = t!(
                "pairs_file.holds",
                file = std::path::Path::new(&file.file)
                    .file_name()
                    .map_or_else(|| file.file.clone(), |n| n.to_string_lossy().into_owned()),
                count = grouped(file.pairs.len() as u64)
            );
            ui.add(egui::Label::new(words.into_owned()).truncate())
                .on_hover_text(&file.file);
        });
    });
    note(ui, &t!("pairs_file.alone"));
}

fn note(ui: &mut Ui, words: &str) {
    let colors = theme::current(ui);
    ui.label(RichText::new(words).color(colors.weak));
}
