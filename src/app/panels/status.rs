//! The line at the bottom: the latest message, and all of them in a popup.

use std::sync::Arc;

use eframe::egui::{self, Align, Button, Label, Layout, Popup, PopupCloseBehavior, RichText, ScrollArea, Ui, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::engine::snapshot::Notice;

/// Height of the line.
const HEIGHT: f32 = 20.0;
/// How many messages are kept.
const KEPT: usize = 50;

/// Messages: the engine's and the window's own, in the order they came.
#[derive(Default)]
pub struct Status {
    messages: Vec<(bool, String)>,
    seen: u64,
}

impl Status {
    /// A message of the window's own. The same one twice in a row is said once.
    pub fn say(&mut self, is_fault: bool, text: String) {
        let message = (is_fault, text);
        if self.messages.last() != Some(&message) {
            self.messages.push(message);
        }
        let extra = self.messages.len().saturating_sub(KEPT);
        self.messages.drain(..extra);
    }

    fn take(&mut self, notices: &Arc<Vec<Notice>>) {
        let newest = notices.last().map_or(self.seen, |n| n.number);
        let seen = self.seen;
        for notice in notices.iter().filter(|n| n.number > seen) {
            self.say(notice.is_fault, notice.text.clone());
        }
        self.seen = self.seen.max(newest);
    }
}

/// The line.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let notices = Arc::clone(&app.snapshot.notices);
    app.screen.status.take(&notices);
    let colors = theme::current(ui);
    let layout = Layout::right_to_left(Align::Center);
    ui.allocate_ui_with_layout(vec2(ui.available_width(), HEIGHT), layout, |ui| {
        let words = RichText::new(t!("status.history")).size(text::SMALL);
        let button = ui
            .add(Button::new(words).small())
            .on_hover_text(t!("status.history_hint"));
        Popup::menu(&button)
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
            .show(|ui| {
                history(app, ui);
            });
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            match app.screen.status.messages.last() {
                Some((is_fault, message)) => {
                    let color = if *is_fault { colors.fault } else { colors.weak };
                    let first = message.lines().next().unwrap_or_default();
                    let words = if *is_fault {
                        t!("status.fault", what = first).into_owned()
                    } else {
                        first.to_owned()
                    };
                    ui.add(Label::new(RichText::new(words).color(color)).truncate());
                }
                None => {
                    ui.add(Label::new(RichText::new(t!("status.ready")).color(colors.weak)).truncate());
                }
            }
        });
    });
}

fn history(app: &App, ui: &mut Ui) {
    ui.set_width(460.0);
    ui.label(theme::strong(t!("status.history")));
    let colors = theme::current(ui);
    ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
        if app.screen.status.messages.is_empty() {
            ui.label(RichText::new(t!("status.none")).color(colors.weak));
        }
        for (is_fault, message) in app.screen.status.messages.iter().rev() {
            let color = if *is_fault { colors.fault } else { colors.text };
            ui.add(
                Label::new(RichText::new(message).color(color).size(text::BODY)).wrap_mode(egui::TextWrapMode::Wrap),
            );
        }
    });
}
