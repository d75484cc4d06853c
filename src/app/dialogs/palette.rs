//! The palette: every command and preset, found by typing parts of its name.

use eframe::egui::{Button, Key, ScrollArea, TextEdit, Ui};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme;
use crate::app::ui_command::{COMMANDS, UiCommand};
use crate::app::widgets::number::name_it;
use crate::lab::PRESETS;

/// The palette's state.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    query: String,
    selected: usize,
}

/// The commands whose names hold every typed word, in the table's order.
fn found(query: &str) -> Vec<UiCommand> {
    let words: Vec<String> = query.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let presets = PRESETS.iter().map(|p| UiCommand::Preset(p.name.to_owned()));
    COMMANDS
        .iter()
        .map(|row| row.command.clone())
        .chain(presets)
        .filter(|command| *command != UiCommand::Palette)
        .filter(|command| {
            let name = command.name().to_lowercase();
            words.iter().all(|w| name.contains(w))
        })
        .collect()
}

impl Palette {
    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        let ctx = ui.ctx().clone();
        ui.set_width(520.0);
        let edit = TextEdit::singleline(&mut self.query)
            .hint_text(t!("palette.hint"))
            .desired_width(f32::INFINITY);
        let response = ui.add(edit.font(eframe::egui::TextStyle::Heading));
        name_it(&response, &t!("palette.title"));
        if !response.has_focus() && !response.lost_focus() {
            response.request_focus();
        }
        if response.changed() {
            self.selected = 0;
        }
        let commands = found(&self.query);
        let (down, up, enter) = ui.input(|i| {
            (
                i.key_pressed(Key::ArrowDown),
                i.key_pressed(Key::ArrowUp),
                i.key_pressed(Key::Enter),
            )
        });
        let last = commands.len().saturating_sub(1);
        self.selected = (self.selected + usize::from(down))
            .saturating_sub(usize::from(up))
            .min(last);
        let mut chosen = enter.then(|| commands.get(self.selected).cloned()).flatten();
        ui.add_space(theme::GAP * 0.5);
        ScrollArea::vertical()
            .max_height(380.0)
            .auto_shrink([false, true])
            .show(ui, |ui| {
                for (i, command) in commands.iter().enumerate() {
                    let button = Button::selectable(i == self.selected, command.name())
                        .shortcut_text(command.keys_text(&ctx))
                        .min_size(eframe::egui::vec2(ui.available_width(), 0.0));
                    let response = ui.add(button);
                    if i == self.selected && (down || up) {
                        response.scroll_to_me(None);
                    }
                    if response.on_hover_text(command.hint()).clicked() {
                        chosen = Some(command.clone());
                    }
                }
                if commands.is_empty() {
                    ui.label(t!("palette.nothing"));
                }
            });
        if let Some(command) = chosen {
            app.run_command(&ctx, &command);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_names_are_found_and_nonsense_is_not() {
        assert!(found("SAVE").contains(&UiCommand::SaveLab));
        assert!(found("moons").iter().any(|c| matches!(c, UiCommand::Preset(_))));
        assert!(found("qqq").is_empty());
    }
}
