//! The order of the rooms: a room uses the rooms above it in `src/lib.rs`'s list, never those below, and outside crates
//! enter in their own rooms. Reads the source text, so that a breach fails here and not in a reader's head.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, top to bottom, as `src/lib.rs` lists them.
const ROOMS: [&str; 11] = [
    "flow", "net", "lab", "backend", "cpu", "gpu", "engine", "picture", "export", "app", "cli",
];

/// Pairs of rooms that do not see each other although one is above the other.
const STRANGERS: [(&str, &str); 5] = [
    ("gpu", "cpu"),
    ("app", "cpu"),
    ("app", "gpu"),
    ("cli", "cpu"),
    ("cli", "gpu"),
];

/// Outside crates that enter in some rooms only.
const GUESTS: [(&str, &[&str]); 22] = [
    ("wgpu", &["gpu", "app"]),
    ("naga", &["gpu"]),
    ("pollster", &["gpu", "app"]),
    ("eframe", &["app"]),
    ("egui", &["app"]),
    ("egui_plot", &["app"]),
    ("rfd", &["app"]),
    ("dirs", &["app"]),
    ("tiny_skia", &["export"]),
    ("ab_glyph", &["export"]),
    ("png", &["export"]),
    ("krilla", &["export"]),
    ("subsetter", &["export"]),
    ("write_fonts", &["export"]),
    ("safetensors", &["export"]),
    ("zip", &["export"]),
    ("gif", &["export"]),
    ("csv", &["lab", "export"]),
    ("base64", &["lab", "export"]),
    ("flate2", &["lab", "export"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
];

/// Every Rust file below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// The code of a line, without what follows `//`.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Names that follow `crate::` in the text, grouped imports (`use crate::{a, b}`) included.
fn rooms_named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut is_first = true;
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        names.push(std::mem::take(&mut word));
                        is_first = true;
                    }
                    ':' => is_first = false,
                    c if depth == 0 && is_first && (c.is_alphanumeric() || c == '_') => word.push(c),
                    _ => {}
                }
            }
            names.push(word);
        } else {
            names.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// What is wrong with a file of `room`.
fn breaches(room: &str, text: &str) -> Vec<String> {
    let text: Vec<&str> = text.lines().map(code).collect();
    let text = text.join("\n");
    let own = ROOMS.iter().position(|r| *r == room).expect("a room of the list");
    let mut found = Vec::new();
    for name in rooms_named(&text) {
        let Some(other) = ROOMS.iter().position(|r| *r == name) else {
            continue;
        };
        let stranger = STRANGERS.contains(&(room, name.as_str())) || STRANGERS.contains(&(name.as_str(), room));
        if other > own || stranger {
            found.push(format!("uses crate::{name}"));
        }
    }
    for (guest, rooms) in GUESTS {
        let enters = text.match_indices(&format!("{guest}::")).any(|(at, _)| {
            let before = &text[..at];
            let alone = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
            // `super::csv::` and `crate::export::csv::` are our own, `eframe::wgpu::` comes through eframe
            alone && !before.ends_with("::")
        });
        if enters && !rooms.contains(&room) {
            found.push(format!("uses the crate {guest}"));
        }
    }
    found
}

#[test]
fn rooms_use_only_rooms_above_and_their_own_guests() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut read = 0;
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let first = inside.iter().next().unwrap().to_str().unwrap();
        let room = first.strip_suffix(".rs").unwrap_or(first);
        if room == "lib" || room == "main" {
            continue;
        }
        assert!(ROOMS.contains(&room), "{} is in no room of the list", inside.display());
        read += 1;
        // tests may look at what a room made with the eyes of another crate
        let is_test = inside.iter().any(|part| part == "tests.rs" || part == "tests");
        for breach in breaches(room, &fs::read_to_string(&path).unwrap()) {
            if is_test && breach.contains("the crate") {
                continue;
            }
            wrong.push(format!("{}: {breach}", inside.display()));
        }
    }
    assert!(read > 30, "only {read} files were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_list_is_that_of_the_map() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut last = 0;
    for room in ROOMS {
        let at = map
            .find(&format!("//! {room}"))
            .unwrap_or_else(|| panic!("src/lib.rs does not list {room}"));
        assert!(at > last, "{room} stands elsewhere in src/lib.rs");
        last = at;
    }
}

#[test]
fn a_breach_is_seen() {
    for (room, text) in [
        ("flow", "use crate::net::Shape;"),
        ("flow", "use crate::{flow::Point, lab::Lab};"),
        ("cpu", "let x = crate::gpu::thing();"),
        ("app", "use crate::cpu::CpuBackend;"),
        ("cli", "use crate::gpu;"),
        ("lab", "use clap::Parser;"),
        ("engine", "fn f(c: egui::Color32) {}"),
        ("app", "use tiny_skia::Pixmap;"),
    ] {
        assert!(!breaches(room, text).is_empty(), "{room}: {text}");
    }
    for (room, text) in [
        ("cli", "use crate::app;"),
        ("net", "use crate::flow::Point;"),
        ("flow", "// use crate::net::Shape;"),
        ("cli", "use crate::export::{csv, npy};"),
        ("engine", "use crate::{flow::Point, lab::{Lab, RunId}};"),
    ] {
        assert_eq!(breaches(room, text), Vec::<String>::new(), "{room}: {text}");
    }
}
