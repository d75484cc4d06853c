//! Open and save: a typed path, the paths used before, and the lab files beside them.

use std::path::{Path, PathBuf};

use eframe::egui::{Key, ScrollArea, TextEdit, Ui};
use rust_i18n::t;

use crate::app::App;
use crate::app::keep::Keep;
use crate::app::theme;
use crate::app::widgets::number::name_it;

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A lab to open.
    Open,
    /// Where to save the lab.
    Save,
    /// Points, pairs, weights to import.
    Import,
}

/// The dialog's state.
#[derive(Clone, Debug)]
pub struct FileDialog {
    purpose: Purpose,
    path: String,
    /// Files offered below: used before, then those in the folder.
    offered: Vec<PathBuf>,
    fault: Option<String>,
    focused: bool,
    /// The path that exists and would be replaced; pressed once more, it is.
    confirmed: Option<String>,
}

impl FileDialog {
    /// A dialog that starts at the current file.
    pub fn new(keep: &Keep, purpose: Purpose) -> Self {
        let fallback = if purpose == Purpose::Save { "lab.json" } else { "" };
        let path = keep
            .current
            .as_ref()
            .map_or_else(|| fallback.to_owned(), |p| p.display().to_string());
        let folder = keep
            .current
            .as_deref()
            .and_then(Path::parent)
            .filter(|p| !p.as_os_str().is_empty());
        let mut offered = keep.recent.paths();
        let endings: &[&str] = match purpose {
            Purpose::Import => &["csv", "npy", "safetensors", "json"],
            _ => &["json"],
        };
        for file in files_in(folder.unwrap_or(Path::new(".")), endings) {
            if !offered.contains(&file) {
                offered.push(file);
            }
        }
        Self {
            purpose,
            path,
            offered,
            fault: None,
            focused: false,
            confirmed: None,
        }
    }

    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        ui.set_width(560.0);
        let (title, note, go) = match self.purpose {
            Purpose::Open => ("file.open_title", "file.open_note", "file.open"),
            Purpose::Save => ("file.save_title", "file.save_note", "file.save"),
            Purpose::Import => ("import.title", "import.note", "import.go"),
        };
        ui.heading(t!(title));
        ui.label(t!(note));
        ui.add_space(theme::GAP * 0.5);
        let response = ui.add(TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY));
        name_it(&response, &t!("file.path"));
        if !self.focused {
            response.request_focus();
            self.focused = true;
        }
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        ScrollArea::vertical().max_height(220.0).show(ui, |ui| {
            for path in &self.offered {
                if ui.selectable_label(false, path.display().to_string()).clicked() {
                    self.path = path.display().to_string();
                }
            }
        });
        if let Some(fault) = &self.fault {
            ui.colored_label(theme::current(ui).fault, fault);
        }
        ui.add_space(theme::GAP * 0.5);
        let mut done = false;
        ui.horizontal(|ui| {
            if ui.button(theme::strong(t!(go))).clicked() || entered {
                done = self.go(app);
            }
            if ui.button(t!("file.cancel")).clicked() {
                app.forget_next();
                done = true;
            }
        });
        done
    }

    fn go(&mut self, app: &mut App) -> bool {
        let text = self.path.trim().to_owned();
        if text.is_empty() {
            self.fault = Some(t!("file.no_path").into_owned());
            return false;
        }
        let path = expand_home(&text);
        if self.purpose != Purpose::Save {
            let taken = match self.purpose {
                Purpose::Open => app.open_from(&path),
                _ => app.take_file(&path),
            };
            return match taken {
                Ok(()) => true,
                Err(why) => {
                    self.fault = Some(why);
                    false
                }
            };
        }
        let known = app.screen.keep.current.as_ref() == Some(&path);
        if path.exists() && !known && self.confirmed.as_ref() != Some(&text) {
            self.fault = Some(t!("file.replace", path = text).into_owned());
            self.confirmed = Some(text);
            return false;
        }
        app.save_to(&path);
        true
    }
}

/// `~/x` as the shell reads it.
pub fn expand_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(text),
    }
}

/// Files of a folder with these endings, by name; none where it cannot be read.
fn files_in(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|e| endings.iter().any(|ending| e == *ending))
        })
        .take(200)
        .map(|path| path.strip_prefix("./").map(Path::to_path_buf).unwrap_or(path))
        .collect();
    files.sort();
    files
}
