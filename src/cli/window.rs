//! The window: without a command, or `open`.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::arguments::{BackendName, OpenOptions};
use super::failure::Failure;
use super::lab_source::{self, lab_of_file};
use super::print;
use super::run_dir::text_of_file;
use crate::app::Opened;
use crate::lab::{BadInput, Lab, PRESETS, is_share_string, nearest, parse_share_string, preset};

/// What to do where no window can be opened.
const HEADLESS: &str = "without a window, run: rectiflow run gaussian-to-moons --out out";

/// Names that people may have meant as a command.
const COMMANDS: [&str; 13] = [
    "run", "sample", "field", "data", "couple", "render", "export", "open", "share", "list", "doctor", "bench", "help",
];

/// The most letters of a share string from stdin.
const MOST_LETTERS: u64 = 1 << 20;

/// Opens the window with a preset, a file, or the default lab, and returns when it is closed.
///
/// # Errors
/// No such preset or file; no display; a window that cannot be opened.
pub fn open(what: Option<&str>, backend: BackendName) -> Result<(), Failure> {
    open_lab(what.map(opened).transpose()?, backend)
}

/// The default lab, to be timed; see [`crate::app::run_and_tell`].
///
/// # Errors
/// No display; a window that cannot be opened.
pub fn tell_startup(backend: BackendName) -> Result<(), Failure> {
    crate::app::run_and_tell(backend.into()).map_err(Failure::Machine)
}

/// `open`: as [`open`], with folders that `run` wrote, and share strings from stdin.
///
/// # Errors
/// As [`open`].
pub fn open_named(options: &OpenOptions) -> Result<(), Failure> {
    // an unquoted share string that was wrapped comes in pieces
    let mut what = options.what.join(" ");
    if what == "-" {
        what.clear();
        let read = std::io::stdin().take(MOST_LETTERS).read_to_string(&mut what);
        read.map_err(|e| {
            Failure::Input(BadInput::new(format!(
                "stdin cannot be read ({e}); give the string itself"
            )))
        })?;
    }
    let lab = if Path::new(&what).is_dir() {
        lab_source::lab_of(&what)?.lab
    } else {
        lab_of(&what)?
    };
    if options.check {
        let mut names = String::new();
        for run in &lab.runs {
            let _ = writeln!(names, "{}", run.experiment.name);
        }
        print(&names);
        return Ok(());
    }
    let path = path_of(&what);
    open_lab(Some(Opened { lab, path }), options.backend)
}

/// The lab that `what` means, with its file.
fn opened(what: &str) -> Result<Opened, BadInput> {
    Ok(Opened {
        lab: lab_of(what)?,
        path: path_of(what),
    })
}

/// The file that Save writes: a lab's own. What `run` or the user wrote as an experiment alone is not replaced by a lab.
fn path_of(what: &str) -> Option<PathBuf> {
    let is_preset = PRESETS.iter().any(|p| p.name == what);
    let path = Path::new(what);
    let is_lab = || text_of_file(path).is_ok_and(|text| text.contains("\"runs\""));
    (!is_preset && path.is_file() && is_lab()).then(|| path.to_path_buf())
}

fn open_lab(opened: Option<Opened>, backend: BackendName) -> Result<(), Failure> {
    if let Some(missing) = missing_display() {
        return Err(Failure::Machine(format!("{missing}; {HEADLESS}")));
    }
    crate::app::run(opened, backend.into()).map_err(|why| Failure::Machine(format!("{why}; {HEADLESS}")))
}

fn lab_of(what: &str) -> Result<Lab, BadInput> {
    if is_share_string(what) {
        return parse_share_string(what);
    }
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
pub fn missing_display() -> Option<&'static str> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_unix = cfg!(all(unix, not(target_os = "macos")));
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set);
    (is_unix && !has_display).then_some("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")
}
