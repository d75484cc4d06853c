//! What several tests of the command line need: the program in a folder and without a display, what it says where it must
//! succeed or fail, a run that takes no time.

#![allow(dead_code, reason = "each test file takes what it needs")]

use std::path::Path;
use std::process::{Command, Output};

/// The program with these arguments in `folder`, without a display; `path` replaces the variable PATH.
pub fn rectiflow_with(folder: &Path, arguments: &[&str], path: Option<&str>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rectiflow"));
    program
        .args(arguments)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET");
    if let Some(path) = path {
        program.env("PATH", path);
    }
    program.output().expect("the program starts")
}

/// The program with these arguments in `folder`, without a display.
pub fn rectiflow(folder: &Path, arguments: &[&str]) -> Output {
    rectiflow_with(folder, arguments, None)
}

/// Its output, where it must succeed.
pub fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = rectiflow(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Its one line on stderr, where it must refuse its input.
pub fn fail(folder: &Path, arguments: &[&str]) -> String {
    fail_with(folder, arguments, 2)
}

/// Its one line on stderr, where it must fail with this code.
pub fn fail_with(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = rectiflow(folder, arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{arguments:?} said: {said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// A run in the folder `out` that takes no time, with so many rounds: 80 particles, 4 solver steps.
pub fn small_run(folder: &Path, rounds: &str) {
    let mut arguments = vec![
        "run",
        "eight-gaussians",
        "--backend",
        "cpu",
        "--steps",
        "30",
        "--rounds",
        rounds,
    ];
    for set in ["network.hidden=[8]", "sampling.count=80", "sampling.steps=4"] {
        arguments.extend(["--set", set]);
    }
    arguments.extend(["--out", "out"]);
    succeed(folder, &arguments);
}

/// A Python that has this module: that of the variable `RECTIFLOW_PYTHON`, the first on the PATH, or the system's; None, loudly,
/// where none has.
pub fn python_with(module: &str) -> Option<String> {
    let given = std::env::var("RECTIFLOW_PYTHON").ok();
    let all = given.iter().map(String::as_str).chain(["python3", "/usr/bin/python3"]);
    let script = format!("import {module}");
    for python in all {
        let output = Command::new(python).args(["-c", &script]).output();
        if output.is_ok_and(|o| o.status.success()) {
            return Some(python.to_owned());
        }
    }
    eprintln!("SKIPPED: no Python with {module} (Debian: python3-numpy, python3-pil; or set RECTIFLOW_PYTHON)");
    None
}
