//! Two clocks, visibly different: training steps with the loss, and flow time t with its rail.

use eframe::egui::{Align, Button, ComboBox, Layout, RichText, Ui, vec2};
use rust_i18n::t;

use super::column;
use crate::app::App;
use crate::app::clock::SPEEDS;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::chart::curve;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::loss_chart::{LossChart, loss_by_t};
use crate::app::widgets::number::name_it;
use crate::app::widgets::scrub::scrub;
use crate::app::widgets::{grouped, measured};
use crate::engine::snapshot::{RunSnapshot, RunState};

/// Width of a clock's own column.
const CLOCK_WIDTH: f32 = 252.0;
/// Width of the loss by t.
const BY_T_WIDTH: f32 = 232.0;

/// Both.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let short = ui.ctx().content_rect().height() < theme::SHORT_WINDOW;
    let height = if short {
        theme::LOSS_CHART_HEIGHT * 0.78
    } else {
        theme::LOSS_CHART_HEIGHT
    };
    ui.horizontal(|ui| training(app, ui, height));
    ui.horizontal(|ui| flow(app, ui));
    super::rounds::ui(app, ui);
}

fn title(ui: &mut Ui, key: &str) {
    let weak = theme::current(ui).weak;
    ui.label(
        theme::strong(t!(key).to_uppercase())
            .size(text::SECTION)
            .color(weak)
            .extra_letter_spacing(0.9),
    );
}

fn command_button(app: &mut App, ui: &mut Ui, icon: Icon, command: &UiCommand, on: bool) {
    let ctx = ui.ctx().clone();
    if icon_button(ui, icon, &command.name(), on)
        .on_hover_text(command.tooltip(&ctx))
        .clicked()
    {
        app.run_command(&ctx, command);
    }
}

fn training(app: &mut App, ui: &mut Ui, height: f32) {
    let run = app.run_snapshot();
    let planned = app.experiment().steps;
    column(ui, CLOCK_WIDTH, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.horizontal(|ui| {
            title(ui, "clock.training");
            if run.state != RunState::Training {
                ui.label(RichText::new(state_of(&run)).color(state_color(ui, &run)));
            }
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            let training = run.state == RunState::Training;
            command_button(app, ui, Icon::Reset, &UiCommand::ResetTraining, false);
            let icon = if training { Icon::Pause } else { Icon::Play };
            command_button(app, ui, icon, &UiCommand::PlayTraining, training);
            command_button(app, ui, Icon::Step, &UiCommand::StepTraining, false);
            ui.add_space(6.0);
            let weak = theme::current(ui).weak;
            ui.label(RichText::new(speed_of(&run)).color(weak))
                .on_hover_text(t!("clock.speed_hint"));
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.label(RichText::new(grouped(run.step)).size(text::CLOCK));
            let weak = theme::current(ui).weak;
            ui.label(RichText::new(t!("clock.of_steps", planned = grouped(planned))).color(weak));
        });
    });
    let by_t = if ui.available_width() > 760.0 {
        BY_T_WIDTH
    } else {
        BY_T_WIDTH * 0.72
    };
    let chart = LossChart {
        losses: &run.losses,
        floor: run.measures.curve_floor,
        floor_estimated: run.measures.loss_floor_kind.as_deref() == Some("estimated"),
        edits: &run.edits,
        planned_steps: planned,
    };
    let width = (ui.available_width() - by_t - ui.spacing().item_spacing.x).max(120.0);
    chart.ui(ui, vec2(width, height));
    let law = app.experiment().time;
    loss_by_t(
        ui,
        vec2(ui.available_width(), height),
        &run.loss_by_t,
        &curve(0.01, 0.99, 80, |t| law.density(t)),
    );
}

fn speed_of(run: &RunSnapshot) -> String {
    let speed = if run.steps_per_sec > 0.0 {
        grouped(run.steps_per_sec.round() as u64)
    } else {
        "0".into()
    };
    t!("clock.speed", speed = speed).into_owned()
}

fn state_of(run: &RunSnapshot) -> String {
    t!(match run.state {
        RunState::Paused => "clock.paused",
        RunState::Training => "clock.running",
        RunState::Done => "clock.done",
        RunState::Faulted => "clock.faulted",
    })
    .into_owned()
}

fn state_color(ui: &Ui, run: &RunSnapshot) -> eframe::egui::Color32 {
    let colors = theme::current(ui);
    match run.state {
        RunState::Faulted => colors.fault,
        RunState::Training => colors.text,
        RunState::Paused | RunState::Done => colors.weak,
    }
}

fn flow(app: &mut App, ui: &mut Ui) {
    column(ui, CLOCK_WIDTH, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 5.0;
            let playing = app.clock.playing;
            let icon = if playing { Icon::Pause } else { Icon::Play };
            command_button(app, ui, icon, &UiCommand::PlayFlow, playing);
            command_button(app, ui, Icon::Loop, &UiCommand::LoopFlow, app.lab.clock.looping);
            ui.add_space(4.0);
            title(ui, "clock.flow");
            ui.label(RichText::new(format!("t = {:.2}", app.clock.t)).size(text::CLOCK));
        });
    });
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        speed(app, ui);
        let ticks = app.stage_snapshot().trajectories.times.clone();
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let (moved, response) = scrub(ui, app.clock.t, &ticks, 34.0, &t!("clock.scrub"));
            if let Some(t) = moved {
                app.clock.scrub(t);
            }
            response.on_hover_text(t!("clock.scrub_hint"));
        });
    });
}

fn speed(app: &mut App, ui: &mut Ui) {
    let combo = ComboBox::from_id_salt("speed")
        .width(64.0)
        .selected_text(format!("{}\u{d7}", plain(app.lab.clock.speed)))
        .show_ui(ui, |ui| {
            for speed in SPEEDS {
                let selected = speed == app.lab.clock.speed;
                if ui
                    .add(Button::selectable(selected, format!("{}\u{d7}", plain(speed))))
                    .clicked()
                {
                    app.lab.clock.speed = speed;
                }
            }
        });
    name_it(&combo.response, &t!("clock.flow_speed"));
    combo.response.on_hover_text(t!("clock.flow_speed_hint"));
}

fn plain(speed: f64) -> String {
    if speed >= 1.0 {
        format!("{speed}")
    } else {
        measured(speed).trim_end_matches('0').to_owned()
    }
}
