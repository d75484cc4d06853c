//! The sheet of all keys.

use eframe::egui::{Grid, RichText, ScrollArea, Ui};
use rust_i18n::t;

use crate::app::theme;
use crate::app::ui_command::{COMMANDS, Menu};

/// Draws it; it is done only by Escape or a click beside it.
pub fn ui(ui: &mut Ui) -> bool {
    let ctx = ui.ctx().clone();
    ui.set_width(720.0);
    ui.heading(t!("shortcuts.title"));
    ui.add_space(theme::GAP);
    let height = (ui.ctx().content_rect().height() - 160.0).max(200.0);
    ScrollArea::vertical().max_height(height).show(ui, |ui| {
        ui.columns(2, |columns| {
            for (i, menu) in [Menu::Run, Menu::File, Menu::Edit, Menu::Help, Menu::View, Menu::Compare]
                .into_iter()
                .enumerate()
            {
                let ui = &mut columns[usize::from(i >= 4)];
                ui.label(theme::strong(t!(menu.key())));
                Grid::new(("keys", i))
                    .num_columns(2)
                    .spacing([18.0, 5.0])
                    .show(ui, |ui| {
                        for row in COMMANDS.iter().filter(|row| row.menu == menu) {
                            let accent = theme::current(ui).accent;
                            ui.label(RichText::new(row.command.keys_text(&ctx)).color(accent));
                            ui.label(row.command.name());
                            ui.end_row();
                        }
                    });
                ui.add_space(theme::GAP);
            }
        });
    });
    ui.label(t!("shortcuts.close"));
    false
}
