//! The table of the solver step that the stage with the focus takes apart, while that layer is on: every evaluation and update in
//! order, the local error, the way to the steps before and after, and the particle.

use eframe::egui::{Align, Button, Layout, RichText, Ui, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::number::Number;
use crate::app::widgets::row::{Words, section, whole_row};
use crate::engine::anatomy::Dissected;
use crate::picture::anatomy::{Row, heading, local_error, rows, step_at};

/// Parts of a row: name, t, evaluations; the update takes the rest.
const PARTS: [f32; 3] = [0.24, 0.15, 0.09];

impl App {
    /// The step before or after, or close by.
    pub(in crate::app) fn anatomy_command(&mut self, command: &UiCommand) {
        if *command == UiCommand::LookAtStep {
            let stages = &mut self.screen.stages;
            stages.close_up = !stages.close_up;
            if stages.close_up && !self.stage().layers.anatomy {
                self.set_layer(|l| &mut l.anatomy, true);
            }
            return;
        }
        let Some(made) = self.stage_snapshot().anatomy else {
            return;
        };
        let Some((index, _)) = step_at(&made, self.clock.t) else {
            return;
        };
        let next = if *command == UiCommand::NextStep {
            index + 1
        } else {
            index.wrapping_sub(1)
        };
        if let Some(step) = made.found.steps.get(next) {
            self.clock.scrub(step.from.midpoint(step.to));
        }
    }
}

/// The section; nothing while the layer is off.
pub fn ui(app: &mut App, ui: &mut Ui) {
    if !app.stage().layers.anatomy {
        return;
    }
    section(ui, "section.anatomy");
    let t = app.clock.t;
    let made = app.stage_snapshot().anatomy.filter(|m| !m.found.steps.is_empty());
    let weak = theme::current(ui).weak;
    if let Some(made) = &made {
        ui.label(theme::strong(heading(made, t)).color(theme::current(ui).text));
        steps(app, ui);
        table(ui, made, t);
        ui.label(RichText::new(local_error(made, t)).color(theme::current(ui).text));
        ui.label(RichText::new(t!("anatomy.symbols")).color(weak).size(text::SMALL));
    } else {
        ui.label(RichText::new(t!("anatomy.no_steps")).color(weak));
    }
    ui.label(RichText::new(t!("anatomy.pick")).color(weak));
    let last = app.stage().sampling.count.saturating_sub(1);
    let number = Number::whole(0.0..=f64::from(last), 0.0..=f64::from(last));
    let particle = u64::from(app.lab.anatomy.particle.min(last));
    let picked = whole_row(ui, &Words::of("picked_particle"), &number, particle) as u32;
    if u64::from(picked) != particle {
        app.lab.anatomy.particle = picked;
    }
}

/// Before, after, close up.
fn steps(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    ui.horizontal(|ui| {
        let width = (ui.available_width() - 2.0 * ui.spacing().item_spacing.x) / 3.0;
        for (command, key) in [
            (UiCommand::PreviousStep, "anatomy.previous"),
            (UiCommand::NextStep, "anatomy.following"),
            (UiCommand::LookAtStep, "anatomy.look"),
        ] {
            let on = command == UiCommand::LookAtStep && app.screen.stages.close_up;
            let button = Button::new(t!(key)).selected(on).min_size(vec2(width, 26.0));
            if ui.add(button).on_hover_text(command.tooltip(&ctx)).clicked() {
                app.run_command(&ctx, &command);
            }
        }
    });
}

fn table(ui: &mut Ui, made: &Dissected, t: f64) {
    let head = Row {
        name: t!("anatomy.column_stage").into_owned(),
        t: t!("anatomy.column_t").into_owned(),
        evaluations: t!("anatomy.column_evaluations_short").into_owned(),
        what: t!("anatomy.column_what").into_owned(),
    };
    let colors = theme::current(ui);
    ui.add_space(4.0);
    line(ui, &head, colors.weak);
    for row in rows(made, t) {
        line(ui, &row, colors.text);
    }
    ui.add_space(4.0);
}

/// One line; an update that is too long goes on beneath itself.
fn line(ui: &mut Ui, row: &Row, ink: eframe::egui::Color32) {
    let full = ui.available_width();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (words, part) in [&row.name, &row.t, &row.evaluations].into_iter().zip(PARTS) {
            let size = vec2(part * full - 4.0, 18.0);
            ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Min), |ui| {
                ui.set_min_size(size);
                ui.label(RichText::new(words).color(ink).size(text::BODY));
            });
        }
        ui.vertical(|ui| ui.label(RichText::new(&row.what).color(ink).size(text::BODY)));
    });
}
