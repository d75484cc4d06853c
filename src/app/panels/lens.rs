//! The lens: which equation carries the particles, how it is solved, and the measures.

use eframe::egui::{Button, RichText, Ui, vec2};
use rust_i18n::t;

use super::{budget, couplings, measures};
use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::formula::formula;
use crate::app::widgets::number::Number;
use crate::app::widgets::row::{Choice, Words, choice_row, number_row, section, text_or, whole_row};
use crate::flow::sampler::{Family, GRIDS, SAMPLERS};
use crate::lab::{Grid, Sampler, Stage};

/// The whole panel.
pub fn ui(app: &mut App, ui: &mut Ui) {
    couplings::ui(app, ui);
    section(ui, "section.lens");
    equation(ui);
    let mut stage = app.stage().clone();
    sampling(ui, &mut stage);
    if stage != *app.stage() {
        *app.stage_mut() = stage;
    }
    buttons(app, ui);
    budget::ui(app, ui);
    section(ui, "section.measures");
    measures::ui(app, ui);
}

fn equation(ui: &mut Ui) {
    ui.vertical_centered(|ui| {
        let color = theme::current(ui).text;
        let response = formula(
            ui,
            r"\frac{dx}{dt} = v(x, t)",
            text::EQUATION,
            color,
            &t!("lens.equation_spoken"),
        );
        response.on_hover_text(t!("lens.equation_hint"));
        ui.label(RichText::new(t!("lens.equation_note")).color(theme::current(ui).weak));
    });
    ui.add_space(4.0);
}

fn sampling(ui: &mut Ui, stage: &mut Stage) {
    let s = &mut stage.sampling;
    let samplers: Vec<Choice<Sampler>> = SAMPLERS
        .iter()
        .map(|row| {
            let key = format!("option.sampler.{}", row.name);
            let summary = text_or(&format!("{key}.hint"), row.summary);
            let words = if row.family == Family::Restart {
                "lens.restart_hint"
            } else {
                "lens.sampler_hint"
            };
            let hint = t!(
                words,
                order = row.order,
                evaluations = row.evaluations,
                summary = summary
            );
            (
                row.sampler,
                text_or(&format!("{key}.name"), row.name),
                hint.into_owned(),
            )
        })
        .collect();
    choice_row(ui, &Words::of("sampler"), &mut s.sampler, &samplers);
    match s.sampler {
        Sampler::Dopri5 => {
            let number = Number::real(1e-8..=1e-2).within(1e-13..=1.0).log().scientific();
            number_row(ui, &Words::of("tolerance"), &number, &mut s.tolerance);
        }
        sampler => {
            if sampler == Sampler::Rk2 {
                let number = Number::real(0.25..=1.0).within(0.01..=10.0);
                number_row(ui, &Words::of("rk2_a"), &number, &mut s.rk2_a);
            }
            let number = Number::whole(1.0..=128.0, 1.0..=10_000.0).log();
            s.steps = whole_row(ui, &Words::of("solver_steps"), &number, u64::from(s.steps)) as u32;
            let grids: Vec<Choice<Grid>> = GRIDS
                .iter()
                .map(|(grid, name, summary)| {
                    let words = text_or(&format!("option.grid.{name}.name"), name);
                    (*grid, words, (*summary).to_owned())
                })
                .collect();
            choice_row(ui, &Words::of("grid"), &mut s.grid, &grids);
            cost(ui, sampler, s.steps);
        }
    }
    let number = Number::whole(64.0..=8192.0, 1.0..=200_000.0).log();
    s.count = whole_row(ui, &Words::of("particles"), &number, u64::from(s.count)) as u32;
    let shown = &mut stage.layers.trajectories_shown;
    let number = Number::whole(10.0..=2000.0, 0.0..=100_000.0).log();
    *shown = whole_row(ui, &Words::of("shown"), &number, u64::from(*shown)) as u32;
}

/// What a particle costs, and the warning of a method that is wrong on most flows.
fn cost(ui: &mut Ui, sampler: Sampler, steps: u32) {
    let row = sampler.row();
    let colors = theme::current(ui);
    let evaluations = steps.saturating_mul(row.evaluations);
    ui.label(RichText::new(t!("lens.evaluations", evaluations = evaluations)).color(colors.weak));
    if row.family == Family::Restart {
        ui.label(RichText::new(t!("lens.restart_warning")).color(colors.fault));
    }
}

fn buttons(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    ui.horizontal(|ui| {
        let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        let size = vec2(width, 30.0);
        let command = UiCommand::NewParticles;
        let response = ui
            .add(Button::new(command.name()).min_size(size))
            .on_hover_text(command.tooltip(&ctx));
        if response.clicked() {
            app.run_command(&ctx, &command);
        }
        ui.add_enabled(false, Button::new(t!("lens.new_noise")).min_size(size))
            .on_disabled_hover_text(t!("lens.new_noise_why"));
    });
}
