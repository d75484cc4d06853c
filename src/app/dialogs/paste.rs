//! A share string is pasted here and opens.

use eframe::egui::{Key, ScrollArea, TextEdit, Ui, ViewportCommand, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::keep::Next;
use crate::app::theme;
use crate::app::widgets::number::name_it;
use crate::lab;

/// The dialog's state.
#[derive(Clone, Debug, Default)]
pub struct Paste {
    text: String,
    fault: Option<String>,
    /// Frames since it opened, as far as they matter.
    frames: u8,
    /// What lies on the clipboard was asked for and is not here yet.
    awaits: bool,
}

/// Heights that stay as they are, whatever is pasted or said: else the button goes away from under the pointer.
const TEXT_HEIGHT: f32 = 150.0;
const FAULT_HEIGHT: f32 = 44.0;

impl Paste {
    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        let ctx = ui.ctx().clone();
        ui.set_width(560.0);
        ui.heading(t!("share.open_title"));
        ui.label(t!("share.open_note"));
        ui.add_space(theme::GAP * 0.5);
        let entered = ui.input_mut(|i| i.consume_key(eframe::egui::Modifiers::NONE, Key::Enter));
        let response = ScrollArea::vertical()
            .auto_shrink([false, false])
            .max_height(TEXT_HEIGHT)
            .min_scrolled_height(TEXT_HEIGHT)
            .show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.text).hint_text("rectiflow1:…");
                ui.add(edit.desired_rows(6).desired_width(f32::INFINITY))
            })
            .inner;
        name_it(&response, &t!("share.string"));
        match self.frames {
            0 => response.request_focus(),
            1 if self.text.is_empty() => {
                // the field has the focus now: what was copied before is there at once
                ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
                self.awaits = true;
            }
            _ => {}
        }
        self.frames = self.frames.saturating_add(1);
        if response.changed() {
            self.fault = None;
            if std::mem::take(&mut self.awaits) && !lab::is_share_string(&self.text) {
                self.text.clear();
            }
        }
        ui.allocate_ui(vec2(ui.available_width(), FAULT_HEIGHT), |ui| {
            ui.set_min_height(FAULT_HEIGHT);
            if let Some(fault) = &self.fault {
                ui.colored_label(theme::current(ui).fault, fault);
            }
        });
        ui.add_space(theme::GAP * 0.5);
        let mut done = false;
        ui.horizontal(|ui| {
            if ui.button(theme::strong(t!("file.open"))).clicked() || entered {
                done = self.go(app, &ctx);
            }
            done |= ui.button(t!("file.cancel")).clicked();
        });
        done
    }

    fn go(&mut self, app: &mut App, ctx: &eframe::egui::Context) -> bool {
        match lab::parse_share_string(&self.text) {
            Ok(mut lab) => {
                lab.look = app.lab.look;
                app.leave(ctx, Next::Show(Box::new(lab)));
                true
            }
            Err(why) => {
                self.fault = Some(why.to_string());
                self.frames = 0;
                false
            }
        }
    }
}
