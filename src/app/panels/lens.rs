//! The lens: which equation carries the particles, how it is solved, and the measures.

use eframe::egui::{Button, Checkbox, RichText, Ui, vec2};
use rust_i18n::t;

use super::{anatomy, budget, couplings, map, measures};
use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::formula::formula;
use crate::app::widgets::number::Number;
use crate::app::widgets::row::{Choice, Words, choice_row, number_row, section, text_or, whole_row, with_tip};
use crate::flow::lens::Unfit;
use crate::flow::path::Path;
use crate::flow::sampler::{Family, GRIDS, MOST_NOISE, NOISE_SCHEDULES, PROCESSES, SAMPLERS};
use crate::lab::{Grid, Lens, Misfit, NoiseSchedule, Process, Sampler, Sampling, Stage, suits, usual_grid};
use crate::picture::words::counted;

/// The whole panel.
pub fn ui(app: &mut App, ui: &mut Ui) {
    anatomy::ui(app, ui);
    couplings::ui(app, ui);
    // first, where no fold hides it: what a reflow changes is seen there
    let has_budget = budget::holds(app);
    if has_budget {
        budget::ui(app, ui);
    }
    section(ui, "section.lens");
    let experiment = app.experiment();
    let shown = app.stage().clone();
    let misfit = match shown.sampling.fits(&experiment) {
        Err(Misfit::Lens(_, unfit)) => Some(unfit),
        _ => None,
    };
    let short = ui.clip_rect().height() < SHORT;
    equation(ui, &shown.sampling, short);
    if short {
        // no fold hides the map from a small window
        map::ui(app, ui);
    }
    if let Some(unfit) = misfit {
        does_not_apply(ui, shown.sampling.lens, unfit);
    }
    let mut stage = app.stage().clone();
    let no_exact = app.stage_snapshot().no_exact;
    sampling(ui, &mut stage, experiment.path, no_exact.as_deref());
    if stage != *app.stage() {
        *app.stage_mut() = stage;
    }
    buttons(app, ui, misfit.is_none());
    if !short {
        map::ui(app, ui);
    }
    section(ui, "section.measures");
    measures::ui(app, ui);
    if !has_budget {
        budget::ui(app, ui);
    }
}

/// Panels lower than this have no room for the note under the equation, and the map before the sampler.
const SHORT: f32 = 440.0;

/// The equation of what is shown, and its key in the locale file.
const fn equation_of(sampling: &Sampling) -> (&'static str, &'static str) {
    match (sampling.lens, sampling.process) {
        (Lens::FlowMatching, _) => (r"\frac{dx}{dt} = v(x, t)", "flow_matching"),
        (Lens::PfOde, _) => (r"\frac{dx}{ds} = f x − \frac{g^2}{2} ∇ \text{log} p_t(x)", "pf_ode"),
        (Lens::Sde, Process::Generate) => (r"dx = (v + \frac{w^2}{2} ∇ \text{log} p_t) dt + w dW", "sde"),
        (Lens::Sde, Process::Noising) => ("dx = f x ds + g dW", "noising"),
        (Lens::Sde, Process::Langevin) => (r"dx = \frac{1}{2} ∇ \text{log} p_t(x) dτ + dW", "langevin"),
    }
}

fn equation(ui: &mut Ui, sampling: &Sampling, short: bool) {
    let (tex, key) = equation_of(sampling);
    ui.vertical_centered(|ui| {
        let color = theme::current(ui).text;
        let spoken = t!(format!("lens.{key}.spoken"));
        let size = if sampling.lens == Lens::FlowMatching && !short {
            text::EQUATION
        } else {
            text::LONG_EQUATION
        };
        let response = formula(ui, tex, size, color, &spoken);
        response.on_hover_text(t!(format!("lens.{key}.hint")));
        if !short {
            ui.label(RichText::new(t!(format!("lens.{key}.note"))).color(theme::current(ui).weak));
        }
    });
    ui.add_space(4.0);
}

/// Why a lens does not apply, and what would make it apply.
fn does_not_apply(ui: &mut Ui, lens: Lens, unfit: Unfit) {
    let colors = theme::current(ui);
    let name = t!(format!("command.lens-{}.name", lens.name()));
    ui.label(theme::strong(t!("lens.does_not_apply", lens = name)).color(colors.fault));
    ui.label(t!(format!("lens.unfit.{}", unfit.key())));
    ui.label(RichText::new(t!("lens.shows_flow_matching")).color(colors.weak));
    ui.add_space(4.0);
}

/// The processes of the SDE lens and its noise.
fn noise(ui: &mut Ui, s: &mut Sampling) {
    let named = |kind: &str, name: &str| text_or(&format!("option.{kind}.{name}.name"), name);
    let processes: Vec<Choice<Process>> = PROCESSES
        .iter()
        .map(|(process, name, summary)| (*process, named("process", name), (*summary).to_owned()))
        .collect();
    choice_row(ui, &Words::of("process"), &mut s.process, &processes);
    match s.process {
        Process::Generate => {
            let number = Number::real(0.0..=MOST_NOISE).within(0.0..=MOST_NOISE);
            number_row(ui, &Words::of("noise_level"), &number, &mut s.noise_level);
            let schedules: Vec<Choice<NoiseSchedule>> = NOISE_SCHEDULES
                .iter()
                .map(|(schedule, name, summary)| (*schedule, named("noise_schedule", name), (*summary).to_owned()))
                .collect();
            choice_row(ui, &Words::of("noise_schedule"), &mut s.noise_schedule, &schedules);
        }
        Process::Noising => {}
        Process::Langevin => {
            let number = Number::real(0.001..=0.999).within(0.001..=0.999);
            number_row(ui, &Words::of("langevin_t"), &number, &mut s.langevin_t);
            let number = Number::real(0.1..=50.0).within(1e-3..=1e4).log();
            number_row(ui, &Words::of("langevin_time"), &number, &mut s.langevin_time);
        }
    }
}

fn sampling(ui: &mut Ui, stage: &mut Stage, path: Path, no_exact: Option<&str>) {
    let s = &mut stage.sampling;
    if s.lens == Lens::Sde {
        noise(ui, s);
    }
    if s.process != Process::Generate {
        let number = Number::whole(8.0..=1024.0, 1.0..=10_000.0).log();
        s.steps = whole_row(ui, &Words::of("solver_steps"), &number, u64::from(s.steps)) as u32;
        if s.process == Process::Langevin {
            exact(ui, s, no_exact);
        }
        shown(ui, stage);
        return;
    }
    let lens = s.lens;
    let samplers: Vec<Choice<Sampler>> = SAMPLERS
        .iter()
        .filter(|row| suits(lens, row.sampler))
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
                evaluations = counted("evaluation", u64::from(row.evaluations)),
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
            better_grid(ui, s, path);
            cost(ui, sampler, s.steps, s.exact && no_exact.is_none());
        }
    }
    exact(ui, s, no_exact);
    shown(ui, stage);
}

/// Another grid, on a path where even steps end badly.
fn better_grid(ui: &mut Ui, s: &mut Sampling, path: Path) {
    let better = usual_grid(path);
    if s.grid != Grid::Uniform || better == Grid::Uniform {
        return;
    }
    let grid = text_or(&format!("option.grid.{}.name", better.name()), better.name());
    ui.label(RichText::new(t!("lens.better_grid", grid = grid)).color(theme::current(ui).warn));
    if ui.button(t!("lens.take_grid", grid = grid)).clicked() {
        s.grid = better;
    }
}

/// Whether particles follow the exact field; where there is none, why.
fn exact(ui: &mut Ui, s: &mut Sampling, no_exact: Option<&str>) {
    let words = Words::of("exact_particles");
    let possible = no_exact.is_none() || s.exact;
    let response = ui.add_enabled(possible, Checkbox::new(&mut s.exact, words.name.as_str()));
    with_tip(response, &words);
    if let Some(why) = no_exact {
        let colors = theme::current(ui);
        let ink = if s.exact { colors.fault } else { colors.weak };
        ui.label(RichText::new(t!("lens.no_exact", why = why)).color(ink));
        if s.exact {
            ui.label(RichText::new(t!("lens.shows_learned")).color(colors.weak));
        }
    }
}

/// How many particles there are, and how many trajectories are drawn.
fn shown(ui: &mut Ui, stage: &mut Stage) {
    let s = &mut stage.sampling;
    let number = Number::whole(64.0..=8192.0, 1.0..=200_000.0).log();
    s.count = whole_row(ui, &Words::of("particles"), &number, u64::from(s.count)) as u32;
    let shown = &mut stage.layers.trajectories_shown;
    let number = Number::whole(10.0..=2000.0, 0.0..=100_000.0).log();
    *shown = whole_row(ui, &Words::of("shown"), &number, u64::from(*shown)) as u32;
}

/// What a particle costs, and the warning of a method that is wrong on most flows.
fn cost(ui: &mut Ui, sampler: Sampler, steps: u32, exact: bool) {
    let row = sampler.row();
    let colors = theme::current(ui);
    let evaluations = counted("evaluation", u64::from(steps) * u64::from(row.evaluations));
    let words = if exact {
        t!("lens.evaluations_exact", evaluations = evaluations)
    } else {
        t!("lens.evaluations", evaluations = evaluations)
    };
    ui.label(RichText::new(words).color(colors.weak));
    if row.family == Family::Restart {
        ui.label(RichText::new(t!("lens.restart_warning")).color(colors.fault));
    }
}

fn buttons(app: &mut App, ui: &mut Ui, applies: bool) {
    let ctx = ui.ctx().clone();
    ui.horizontal(|ui| {
        let width = (ui.available_width() - ui.spacing().item_spacing.x) / 2.0;
        let size = vec2(width, 30.0);
        let noisy = applies && app.stage().sampling.lens == Lens::Sde;
        for (command, enabled) in [(UiCommand::NewParticles, true), (UiCommand::NewNoise, noisy)] {
            let response = ui
                .add_enabled(enabled, Button::new(command.name()).min_size(size))
                .on_hover_text(command.tooltip(&ctx))
                .on_disabled_hover_text(t!("lens.new_noise_why"));
            if response.clicked() {
                app.run_command(&ctx, &command);
            }
        }
    });
}
