//! What becomes of a file of points, pairs or weights that was dropped on the window or chosen in a dialog: it is asked, and
//! Enter takes the usual answer. What a file is, its columns say: two are points, four are pairs.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Button, Key, RichText, Ui};
use rust_i18n::t;

use super::Side;
use crate::app::App;
use crate::app::keep::Next;
use crate::app::theme::{self, text};
use crate::app::widgets::grouped;
use crate::export::lab_within;

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Found {
    /// Rows of two columns.
    Points(usize),
    /// Rows of four columns.
    Pairs(usize),
    /// A network's weights.
    Weights {
        /// The parameters, or why they fit no network of the run with the focus.
        params: Result<Arc<Vec<f32>>, String>,
        /// Training steps of the run that they are of, where its lab says so.
        step: Option<u64>,
        /// Whether the lab that made them is within.
        has_lab: bool,
    },
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Target,
    Source,
    Pairs,
    ThisRun,
    NewRun,
    Lab,
}

impl Use {
    const fn key(self) -> &'static str {
        match self {
            Self::Target => "import.as_target",
            Self::Source => "import.as_source",
            Self::Pairs => "import.as_pairs",
            Self::ThisRun => "import.into_run",
            Self::NewRun => "import.as_run",
            Self::Lab => "import.lab",
        }
    }
}

/// The dialog's state: the file in question, and those that wait behind it.
#[derive(Clone, Debug)]
pub struct ImportDialog {
    path: PathBuf,
    found: Found,
    waiting: VecDeque<(PathBuf, Found)>,
    fault: Option<String>,
}

impl ImportDialog {
    /// Asks about this file.
    pub const fn new(path: PathBuf, found: Found) -> Self {
        Self {
            path,
            found,
            waiting: VecDeque::new(),
            fault: None,
        }
    }

    /// Asks about this file too, when the others are done.
    pub fn then(&mut self, path: PathBuf, found: Found) {
        self.waiting.push_back((path, found));
    }

    /// The answers, the usual one first, and whether each fits the file.
    fn uses(&self) -> Vec<(Use, bool)> {
        let rows = |mut uses: Vec<(Use, bool)>| {
            if lab_within::beside(&self.path).is_file() {
                uses.push((Use::Lab, true));
            }
            uses
        };
        match &self.found {
            Found::Points(_) => rows(vec![(Use::Target, true), (Use::Source, true), (Use::Pairs, false)]),
            Found::Pairs(_) => rows(vec![(Use::Pairs, true), (Use::Target, false), (Use::Source, false)]),
            Found::Weights { params, has_lab, .. } => {
                let mut uses = vec![(Use::ThisRun, params.is_ok()), (Use::NewRun, params.is_ok())];
                if *has_lab {
                    uses.push((Use::Lab, true));
                }
                // what cannot be answered does not stand first
                uses.sort_by_key(|u| !u.1);
                uses
            }
        }
    }

    /// What the file is and how that was told.
    fn note(&self) -> String {
        match &self.found {
            Found::Points(rows) => t!("import.points", rows = grouped(*rows as u64)),
            Found::Pairs(rows) => t!("import.pairs", rows = grouped(*rows as u64)),
            Found::Weights { params: Ok(params), .. } => {
                t!("import.weights", count = grouped(params.len() as u64))
            }
            Found::Weights { params: Err(why), .. } => t!("import.misfit", why = why),
        }
        .into_owned()
    }

    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        ui.set_width(560.0);
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        ui.heading(t!("import.question", name = name));
        ui.label(self.note());
        if let Some(fault) = &self.fault {
            ui.colored_label(theme::current(ui).fault, fault);
        }
        ui.add_space(theme::GAP);
        let mut chosen = None;
        let mut closed = false;
        let focused = ui.memory(|m| m.focused().is_some());
        let entered = !focused && ui.input(|i| i.key_pressed(Key::Enter));
        ui.horizontal_wrapped(|ui| {
            for (i, (answer, fits)) in self.uses().into_iter().enumerate() {
                let words = t!(answer.key());
                let words = if i == 0 {
                    theme::strong(words)
                } else {
                    RichText::new(words)
                };
                let response = ui.add_enabled(fits, Button::new(words));
                let response = match self.found {
                    Found::Weights { .. } => response,
                    _ => response.on_disabled_hover_text(t!("import.columns")),
                };
                if fits && (response.clicked() || (i == 0 && entered)) {
                    chosen = Some(answer);
                }
            }
            closed = ui.button(t!("file.cancel")).clicked();
        });
        ui.add_space(theme::GAP * 0.5);
        let keys = RichText::new(t!("import.keys")).size(text::SMALL);
        ui.label(keys.color(theme::current(ui).weak));
        if let Some(answer) = chosen {
            match self.take(app, ui, answer) {
                Ok(()) => closed = true,
                Err(why) => self.fault = Some(why),
            }
        }
        if closed && let Some((path, found)) = self.waiting.pop_front() {
            (self.path, self.found, self.fault) = (path, found, None);
            return false;
        }
        closed
    }

    fn take(&self, app: &mut App, ui: &Ui, answer: Use) -> Result<(), String> {
        match (answer, &self.found) {
            (Use::Target, _) => app.take_points_from(&self.path, Side::Target),
            (Use::Source, _) => app.take_points_from(&self.path, Side::Source),
            (Use::Pairs, _) => app.take_pairs_from(&self.path),
            (Use::Lab, _) => {
                app.leave(ui.ctx(), Next::Open(self.path.clone()));
                Ok(())
            }
            (
                Use::ThisRun | Use::NewRun,
                Found::Weights {
                    params: Ok(params),
                    step,
                    ..
                },
            ) => app.take_weights(&self.path, params, *step, answer == Use::NewRun),
            (Use::ThisRun | Use::NewRun, _) => Ok(()),
        }
    }
}
