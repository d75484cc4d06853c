//! A share string is pasted here and opens.

use eframe::egui::{Key, ScrollArea, TextEdit, Ui, ViewportCommand};
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
    asked: bool,
}

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
            .max_height(180.0)
            .show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.text).hint_text("rectiflow1:…");
                ui.add(edit.desired_rows(6).desired_width(f32::INFINITY))
            })
            .inner;
        name_it(&response, &t!("share.string"));
        if !self.asked {
            self.asked = true;
            response.request_focus();
        } else if self.text.is_empty() && response.gained_focus() {
            // what was copied before is there at once
            ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
        }
        if response.changed() {
            self.fault = None;
        }
        if let Some(fault) = &self.fault {
            ui.colored_label(theme::current(ui).fault, fault);
        }
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
                self.asked = false;
                false
            }
        }
    }
}
