//! The question before unsaved changes would be lost.

use eframe::egui::{Key, RichText, Ui};
use rust_i18n::t;

use crate::app::App;
use crate::app::keep::Next;
use crate::app::theme;

/// Draws it; true when it is answered.
pub fn ui(app: &mut App, ui: &mut Ui, next: &Next) -> bool {
    let ctx = ui.ctx().clone();
    ui.set_width(460.0);
    ui.heading(t!("unsaved.title"));
    ui.add_space(theme::GAP * 0.5);
    let name = match &app.screen.keep.current {
        Some(path) => path.display().to_string(),
        None => t!("unsaved.untitled").into_owned(),
    };
    ui.label(t!("unsaved.note", name = name));
    ui.add_space(theme::GAP);
    let entered = ui.input(|i| i.key_pressed(Key::Enter));
    let mut answered = false;
    ui.horizontal(|ui| {
        let save = ui.button(theme::strong(t!("unsaved.save")));
        if save.clicked() || (entered && !ui.memory(|m| m.focused().is_some_and(|id| id != save.id))) {
            app.save_then(&ctx, Some(next.clone()));
            answered = true;
        }
        if ui.button(t!("unsaved.lose")).clicked() {
            app.go_on(&ctx, next.clone());
            answered = true;
        }
        if ui.button(t!("unsaved.cancel")).clicked() {
            app.forget_next();
            answered = true;
        }
    });
    ui.add_space(theme::GAP * 0.5);
    let keys = RichText::new(t!("unsaved.keys")).size(theme::text::SMALL);
    ui.label(keys.color(theme::current(ui).weak));
    answered
}
