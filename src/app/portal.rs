//! File dialogs of the platform: the desktop portal on Linux, the system's own elsewhere. They run on a thread of their own; the
//! window goes on. Where there is none, the dialog in which a path is typed takes their place.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use eframe::egui;
use rust_i18n::t;

use super::App;
use super::dialogs::{Dialog, Purpose};

/// Nobody says no this fast: the dialog could not be shown.
const TOO_FAST: Duration = Duration::from_millis(400);

/// A dialog of the platform that is open.
pub struct Asked {
    purpose: Purpose,
    answer: Receiver<Answer>,
}

/// A path, or None; and how long it took.
type Answer = (Option<PathBuf>, Duration);

/// Whether the platform has file dialogs.
fn is_there() -> bool {
    if cfg!(not(all(unix, not(target_os = "macos")))) {
        return true;
    }
    let variable = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
    let runtime = variable("XDG_RUNTIME_DIR").map(PathBuf::from);
    let has_bus = variable("DBUS_SESSION_BUS_ADDRESS").is_some() || runtime.is_some_and(|r| r.join("bus").exists());
    let folders = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let folders: Vec<PathBuf> = std::env::split_paths(&folders).collect();
    has_portal(has_bus, &folders)
}

/// The portal is started by the session bus, by this file (the D-Bus specification, "service activation").
fn has_portal(has_bus: bool, data_folders: &[PathBuf]) -> bool {
    let service = Path::new("dbus-1/services/org.freedesktop.portal.Desktop.service");
    has_bus && data_folders.iter().any(|folder| folder.join(service).exists())
}

fn dialog(purpose: Purpose, current: Option<&Path>) -> rfd::FileDialog {
    let dialog = rfd::FileDialog::new();
    let dialog = match purpose {
        Purpose::Open => dialog
            .set_title(t!("file.open_title"))
            .add_filter(t!("file.labs"), &["json"]),
        Purpose::Save => dialog
            .set_title(t!("file.save_title"))
            .add_filter(t!("file.labs"), &["json"]),
        Purpose::Import => dialog
            .set_title(t!("import.title"))
            .add_filter(t!("import.kinds"), &["csv", "npy", "safetensors", "json"]),
    };
    let dialog = dialog.add_filter(t!("file.all"), &["*"]);
    let folder = current.and_then(Path::parent).filter(|p| p.is_dir());
    let dialog = match folder {
        Some(folder) => dialog.set_directory(folder),
        None => dialog,
    };
    if purpose == Purpose::Save {
        let name = current
            .and_then(Path::file_name)
            .map_or("lab.json".into(), |n| n.to_string_lossy());
        return dialog.set_file_name(name);
    }
    dialog
}

impl App {
    /// Asks for a path: by the platform's dialog where it has one, else by ours.
    pub(super) fn ask_file(&mut self, ctx: &egui::Context, purpose: Purpose) {
        if self.screen.asked.is_some() {
            return;
        }
        if !self.link.is_live() || !is_there() {
            self.screen.dialog = Some(Dialog::file(&self.screen.keep, purpose));
            return;
        }
        let (send, answer) = channel();
        let current = self.screen.keep.current.clone();
        let ctx = ctx.clone();
        let ask = move || {
            let begun = Instant::now();
            let dialog = dialog(purpose, current.as_deref());
            let path = match purpose {
                Purpose::Save => dialog.save_file(),
                Purpose::Open | Purpose::Import => dialog.pick_file(),
            };
            // the window may have gone meanwhile
            let _ = send.send((path, begun.elapsed()));
            ctx.request_repaint();
        };
        if std::thread::Builder::new()
            .name("rectiflow dialog".into())
            .spawn(ask)
            .is_ok()
        {
            self.screen.asked = Some(Asked { purpose, answer });
        }
    }

    /// Goes on with the answer of the platform's dialog.
    pub(super) fn take_answer(&mut self) {
        let Some(Asked { purpose, answer }) = &self.screen.asked else {
            return;
        };
        let purpose = *purpose;
        let answer = match answer.try_recv() {
            Ok(answer) => answer,
            Err(std::sync::mpsc::TryRecvError::Empty) => return,
            // the thread ended without an answer: as if it could not be shown
            Err(std::sync::mpsc::TryRecvError::Disconnected) => (None, Duration::ZERO),
        };
        self.screen.asked = None;
        let taken = match answer {
            (Some(path), _) => match purpose {
                Purpose::Open => self.open_from(&path),
                Purpose::Import => self.take_file(&path),
                Purpose::Save => {
                    self.save_to(&path);
                    Ok(())
                }
            },
            (None, took) if took < TOO_FAST => {
                self.screen.dialog = Some(Dialog::file(&self.screen.keep, purpose));
                Ok(())
            }
            (None, _) => {
                self.forget_next();
                Ok(())
            }
        };
        if let Err(why) = taken {
            self.screen.status.say(true, why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_needs_a_bus_and_its_service() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().join("none"), folder.path().to_path_buf()];
        assert!(!has_portal(true, &folders));
        let services = folder.path().join("dbus-1/services");
        std::fs::create_dir_all(&services).unwrap();
        std::fs::write(services.join("org.freedesktop.portal.Desktop.service"), "").unwrap();
        assert!(has_portal(true, &folders));
        assert!(!has_portal(false, &folders));
    }
}
