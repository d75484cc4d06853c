//! Which map lies behind the particles, at most one; and the way to the samplers under study.

use eframe::egui::{Button, Ui, vec2};

use crate::app::App;
use crate::app::ui_command::UiCommand;
use crate::app::widgets::row::{Choice, Words, choice_row, text_or};
use crate::lab::{MAPS, Map};
use crate::picture::words::name_of;

/// The map's row, whose field it is of, and the button.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let choices: Vec<Choice<Map>> = MAPS
        .iter()
        .map(|(map, name, summary)| {
            let hint = text_or(&format!("set.map.{name}.hint"), summary);
            (*map, name_of("map", name), hint)
        })
        .collect();
    let mut map = app.stage().layers.map;
    if choice_row(ui, &Words::of("map"), &mut map, &choices) {
        app.set_map(map);
    }
    if map.of_either() {
        let mut exact = app.stage().layers.map_exact;
        let response = ui.checkbox(&mut exact, UiCommand::MapExact.name());
        if response.on_hover_text(UiCommand::MapExact.tooltip(&ctx)).changed() {
            app.set_layer(|l| &mut l.map_exact, exact);
        }
    }
    let command = UiCommand::Studies;
    let button = Button::new(command.name()).min_size(vec2(ui.available_width(), 26.0));
    if ui.add(button).on_hover_text(command.tooltip(&ctx)).clicked() {
        app.run_command(&ctx, &command);
    }
}
