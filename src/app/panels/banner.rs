//! The line under the bar that says what was restored.

use eframe::egui::{Align, Label, Layout, Ui};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme;

/// Whether there is something to say.
pub fn is_shown(app: &App) -> bool {
    app.screen.keep.restored.is_some()
}

/// The line.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let Some(secs) = app.screen.keep.restored else { return };
    let ctx = ui.ctx().clone();
    let ago = match secs {
        0..=119 => t!("keep.just_now"),
        120..=7199 => t!("keep.minutes", count = secs / 60),
        7200..=172_799 => t!("keep.hours", count = secs / 3600),
        _ => t!("keep.days", count = secs / 86400),
    };
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let discard = ui.button(t!("keep.discard")).on_hover_text(t!("keep.discard_hint"));
        if discard.clicked() {
            app.discard_restored(&ctx);
        }
        let keep = ui
            .button(theme::strong(t!("keep.keep")))
            .on_hover_text(t!("keep.keep_hint"));
        if keep.clicked() {
            app.screen.keep.restored = None;
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            ui.add(Label::new(t!("keep.restored", ago = ago)).wrap());
        });
    });
}
