//! The export dialog, driven through its accessibility tree on a window without an engine: what it previews, what it writes, what
//! it refuses.

use std::path::Path;
use std::time::Duration;

use eframe::egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::snapshot::Snapshot;
use rectiflow::export::lab_within;
use rectiflow::lab::{Lab, parse_run_file};
use tempfile::TempDir;

fn open(folder: &Path) -> Harness<'static, App> {
    let text = r#"{"name":"a small one","network":{"hidden":[8]},"steps":4,"sampling":{"count":60,"steps":4}}"#;
    let lab = Lab::of(parse_run_file(text, folder).unwrap());
    let mut app = App::still(lab, Snapshot::default());
    app.clock.playing = false;
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1440.0, 900.0))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(3);
    harness
}

fn has(harness: &Harness<'static, App>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

/// Waits for what another thread does.
fn until(harness: &mut Harness<'static, App>, what: &str, done: impl Fn(&Harness<'static, App>) -> bool) {
    for _ in 0..1200 {
        harness.run_steps(1);
        if done(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} does not come");
}

fn type_path(harness: &mut Harness<'static, App>, path: &Path) {
    let field = harness.get_by_label("File path");
    field.focus();
    harness.run_steps(1);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(1);
    harness.get_by_label("File path").type_text(&path.display().to_string());
    harness.run_steps(2);
}

#[test]
fn a_figure_is_previewed_and_written_with_its_lab() {
    let folder = TempDir::new().unwrap();
    let mut harness = open(folder.path());
    until(&mut harness, "the preview", |h| has(h, "1200 × 900 pixels"));
    // the caption is that of the run
    assert!(has(&harness, "two moons"));
    let path = folder.path().join("a.png");
    type_path(&mut harness, &path);
    harness.get_by_label("Write").click();
    until(&mut harness, "the file", |h| has(h, "Written:"));
    let lab = lab_within::open_lab(&std::fs::read(&path).unwrap(), folder.path()).unwrap();
    assert_eq!(lab.runs[0].experiment.name, "a small one");
    // what is there is replaced at the second press only
    let before = std::fs::metadata(&path).unwrap().modified().unwrap();
    harness.get_by_label("Write").click();
    harness.run_steps(2);
    assert!(has(&harness, "Press Write once more"));
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), before);
    harness.get_by_label("Write").click();
    until(&mut harness, "the file", |h| has(h, "Written:"));
    until(&mut harness, "rest", |h| !has(h, "Cancel"));
    // a name of another kind of file is refused
    type_path(&mut harness, &folder.path().join("a.svg"));
    harness.get_by_label("Write").click();
    harness.run_steps(2);
    assert!(has(&harness, "must end in png"));
    assert!(!folder.path().join("a.svg").exists());
}

#[test]
fn animations_and_data_are_written_too() {
    let folder = TempDir::new().unwrap();
    let mut harness = open(folder.path());
    harness.get_by_label("Animation").click();
    until(&mut harness, "the preview", |h| has(h, "pixels"));
    for (kind, name) in [("Animation", "a.gif"), ("Data", "a.csv")] {
        harness.get_by_label(kind).click();
        harness.run_steps(2);
        type_path(&mut harness, &folder.path().join(name));
        harness.get_by_label("Write").click();
        until(&mut harness, name, |h| has(h, &format!("{name}.")));
    }
    assert!(
        std::fs::read(folder.path().join("a.gif"))
            .unwrap()
            .starts_with(b"GIF89a")
    );
    assert!(
        std::fs::read(folder.path().join("a.csv"))
            .unwrap()
            .starts_with(b"particle,t,x,y\n")
    );
    // and the lab beside the table
    assert!(folder.path().join("a.csv.lab.json").exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn an_animation_can_be_canceled() {
    let folder = TempDir::new().unwrap();
    let mut harness = open(folder.path());
    harness.get_by_label("Animation").click();
    harness.run_steps(2);
    type_path(&mut harness, &folder.path().join("a.gif"));
    harness.get_by_label("Write").click();
    until(&mut harness, "a frame", |h| has(h, "Frame "));
    harness.get_by_label("Cancel").click();
    until(&mut harness, "the end", |h| has(h, "Canceled"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_caption_is_that_of_the_stage() {
    let folder = TempDir::new().unwrap();
    let harness = open(folder.path());
    let caption = harness.state().caption();
    assert!(
        caption.contains("two moons") && caption.contains("Made with Rectiflow"),
        "{caption}"
    );
}
