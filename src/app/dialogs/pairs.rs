//! Pairs from a file whose path is typed; the same file may be dropped on the window (`app/drops.rs`).

use eframe::egui::{Key, TextEdit, Ui};
use rust_i18n::t;

use super::files::expand_home;
use crate::app::App;
use crate::app::theme;
use crate::app::widgets::number::name_it;
use crate::flow::coupling::Coupling;

/// The dialog's state.
#[derive(Clone, Debug, Default)]
pub struct PairsDialog {
    path: String,
    fault: Option<String>,
    focused: bool,
}

impl PairsDialog {
    /// Begins with the file of the present coupling.
    pub fn of(coupling: &Coupling) -> Self {
        Self {
            path: match coupling {
                Coupling::File(file) => file.file.clone(),
                _ => String::new(),
            },
            ..Self::default()
        }
    }

    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        ui.set_width(520.0);
        ui.heading(t!("pairs_file.title"));
        ui.label(t!("pairs_file.note"));
        ui.add_space(theme::GAP * 0.5);
        let edit = TextEdit::singleline(&mut self.path)
            .hint_text("pairs.csv")
            .desired_width(f32::INFINITY);
        let response = ui.add(edit);
        name_it(&response, &t!("pairs_file.path"));
        if !self.focused {
            response.request_focus();
            self.focused = true;
        }
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if let Some(fault) = &self.fault {
            ui.colored_label(theme::current(ui).fault, fault);
        }
        ui.add_space(theme::GAP * 0.5);
        let mut done = false;
        ui.horizontal(|ui| {
            if ui.button(theme::strong(t!("gallery.load"))).clicked() || entered {
                done = self.go(app);
            }
            done |= ui.button(t!("file.cancel")).clicked();
        });
        done
    }

    fn go(&mut self, app: &mut App) -> bool {
        let text = self.path.trim();
        if text.is_empty() {
            self.fault = Some(t!("file.no_path").into_owned());
            return false;
        }
        match app.take_pairs_from(&expand_home(text)) {
            Ok(()) => true,
            Err(why) => {
                self.fault = Some(why);
                false
            }
        }
    }
}
