//! No command: the window.

use std::path::Path;

use super::arguments::BackendName;
use super::failure::Failure;
use super::lab_source::lab_of_file;
use crate::lab::{BadInput, Lab, PRESETS, nearest, preset};

/// What to do where no window can be opened.
const HEADLESS: &str = "without a window, run: rectiflow run gaussian-to-moons --out out";

/// Names that people may have meant as a command.
const COMMANDS: [&str; 11] = [
    "run", "sample", "field", "data", "couple", "render", "export", "list", "doctor", "bench", "help",
];

/// Opens the window with a preset, a file, or the default lab, and returns when it is closed.
///
/// # Errors
/// No such preset or file; no display; a window that cannot be opened.
pub fn open(what: Option<&str>, backend: BackendName) -> Result<(), Failure> {
    let lab = match what {
        None => Lab::default(),
        Some(what) => lab_of(what)?,
    };
    if let Some(missing) = missing_display() {
        return Err(Failure::Machine(format!("{missing}; {HEADLESS}")));
    }
    crate::app::run(lab, backend.into()).map_err(|why| Failure::Machine(format!("{why}; {HEADLESS}")))
}

fn lab_of(what: &str) -> Result<Lab, BadInput> {
    let path = Path::new(what);
    if !path.exists() || PRESETS.iter().any(|p| p.name == what) {
        let command = nearest(what, COMMANDS).map_or(String::new(), |c| format!("; did you mean the command \"{c}\"?"));
        let preset = match preset(what) {
            Ok(preset) => preset,
            Err(_) if !command.is_empty() => {
                return Err(BadInput::new(format!(
                    "there is no command, preset or file \"{what}\"{command}"
                )));
            }
            Err(error) => return Err(error),
        };
        return preset.lab();
    }
    lab_of_file(path)
}

/// Why there is no display, where that can be known beforehand.
fn missing_display() -> Option<&'static str> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_unix = cfg!(all(unix, not(target_os = "macos")));
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set);
    (is_unix && !has_display).then_some("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
}
