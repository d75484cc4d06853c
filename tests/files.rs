//! New, open, save, autosave and restore in the window, driven through its accessibility tree.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{Event, Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::{App, keep};
use rectiflow::engine::command::Command;
use rectiflow::engine::snapshot::{RunSnapshot, Snapshot};
use rectiflow::lab::{Lab, RunRecord, lab_text, parse_lab, share_string};
use rectiflow::net::Checkpoint;

type Window = Harness<'static, App>;

fn window(app: App) -> Window {
    let mut window = Harness::builder()
        .with_size(Vec2::new(1280.0, 800.0))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    window.run_steps(3);
    window
}

fn fresh() -> App {
    let mut app = App::still(Lab::default(), Snapshot::default());
    app.clock.playing = false;
    app
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(2);
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(2);
}

fn shows(window: &Window, label: &str) -> bool {
    window.query_all_by_label_contains(label).next().is_some()
}

fn edit(window: &mut Window, seed: u64) {
    window.state_mut().lab.runs[0].experiment.seed = seed;
    window.run_steps(2);
}

/// What the engine would answer to the latest request for parameters: those of step `step`.
fn answer(window: &mut Window, step: u64) {
    let asked = window.state().sent().iter().rev().find_map(|c| match c {
        Command::Collect(number) => Some(*number),
        _ => None,
    });
    let mut lab = window.state().lab.clone();
    for run in &mut lab.runs {
        let mut checkpoint = Checkpoint::initial(&run.experiment.network, run.experiment.seed);
        checkpoint.step = step;
        run.record = Some(Arc::new(RunRecord {
            checkpoint,
            ..RunRecord::default()
        }));
    }
    let runs = lab.runs.iter().map(|r| RunSnapshot {
        id: r.id,
        step,
        ..RunSnapshot::default()
    });
    window.state_mut().show(Snapshot {
        runs: runs.collect(),
        saved: Some((asked.expect("it asked for the parameters"), Arc::new(lab))),
        ..Snapshot::default()
    });
    window.run_steps(1);
}

/// Lets the thread that writes files end its work.
fn wait_for(window: &mut Window, what: &str, done: impl Fn(&Window) -> bool) {
    let begun = Instant::now();
    while !done(window) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what} does not come");
        std::thread::sleep(Duration::from_millis(5));
        window.step();
    }
}

fn collects(window: &Window) -> usize {
    let sent = window.state().sent().iter();
    sent.filter(|c| matches!(c, Command::Collect(_))).count()
}

fn seed_in(path: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(parse_lab(&text, Path::new("")).ok()?.runs[0].experiment.seed)
}

#[test]
fn an_untouched_lab_is_left_without_a_question() {
    let mut window = window(fresh());
    press(&mut window, Modifiers::COMMAND, Key::N);
    assert!(!shows(&window, "Save the changes?"));
    press(&mut window, Modifiers::COMMAND, Key::O);
    assert!(shows(&window, "Open a lab"));
}

#[test]
fn changes_are_asked_about_and_can_be_kept_or_lost() {
    let mut window = window(fresh());
    edit(&mut window, 42);
    press(&mut window, Modifiers::COMMAND, Key::N);
    assert!(shows(&window, "Save the changes?"));
    click(&mut window, "Cancel");
    assert_eq!(window.state().lab.runs[0].experiment.seed, 42);
    press(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, Modifiers::NONE, Key::Escape);
    assert_eq!(window.state().lab.runs[0].experiment.seed, 42);
    assert!(!shows(&window, "Save the changes?"));
    press(&mut window, Modifiers::COMMAND, Key::N);
    click(&mut window, "Do not save");
    assert_eq!(window.state().lab.runs[0].experiment.seed, 1);
    // looks alone are no change
    press(&mut window, Modifiers::COMMAND, Key::T);
    press(&mut window, Modifiers::COMMAND, Key::N);
    assert!(!shows(&window, "Save the changes?"));
}

#[test]
fn saving_before_going_on_asks_for_a_path_and_goes_on_when_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join("mine.json");
    let mut window = window(fresh());
    edit(&mut window, 42);
    press(&mut window, Modifiers::COMMAND, Key::N);
    press(&mut window, Modifiers::NONE, Key::Enter);
    window.get_by_label("Path of the file").focus();
    window.run_steps(1);
    press(&mut window, Modifiers::COMMAND, Key::A);
    window
        .get_by_label("Path of the file")
        .type_text(&path.display().to_string());
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    answer(&mut window, 7);
    wait_for(&mut window, "the file", |_| seed_in(&path) == Some(42));
    wait_for(&mut window, "the new lab", |w| {
        w.state().lab.runs[0].experiment.seed == 1
    });
    let text = std::fs::read_to_string(&path).expect("it was written");
    let saved = parse_lab(&text, Path::new("")).expect("our own file");
    assert_eq!(
        saved.runs[0].record.as_ref().expect("its parameters").checkpoint.step,
        7
    );
}

#[test]
fn a_saved_lab_is_asked_about_again_after_the_next_change() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join("lab.json");
    std::fs::write(&path, lab_text(&Lab::default())).expect("a file of our own");
    let mut window = window(fresh());
    window.state_mut().open_from(&path).expect("the program's own file");
    window.run_steps(2);
    edit(&mut window, 42);
    press(&mut window, Modifiers::COMMAND, Key::S);
    answer(&mut window, 9);
    wait_for(&mut window, "the file", |_| seed_in(&path) == Some(42));
    wait_for(&mut window, "the word", |w| shows(w, "Saved"));
    press(&mut window, Modifiers::COMMAND, Key::O);
    assert!(shows(&window, "Open a lab"));
    press(&mut window, Modifiers::NONE, Key::Escape);
    // a lab with a file is expected to be as in the file: layers count
    window.state_mut().lab.stages[0].layers.density = true;
    window.run_steps(2);
    press(&mut window, Modifiers::COMMAND, Key::O);
    assert!(shows(&window, "Save the changes?"));
}

#[test]
fn a_killed_window_is_restored_and_can_be_discarded() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let mut first = fresh();
    first.keep_files(Some(folder.path()), None, None);
    let mut window = window(first);
    window.run_steps(40);
    assert_eq!(collects(&window), 0, "nothing changed, nothing is written");
    edit(&mut window, 42);
    // frames are a quarter of a second apart
    window.run_steps(8);
    assert_eq!(collects(&window), 0, "the edit may go on");
    window.run_steps(8);
    assert_eq!(collects(&window), 1);
    answer(&mut window, 5);
    let file = folder.path().join("autosave/1.json");
    wait_for(&mut window, "the autosave", |_| file.exists());
    window.run_steps(40);
    assert_eq!(collects(&window), 1, "at rest nothing is written");
    // the window goes without being closed
    drop(window);
    let (left, said) = keep::left_behind(folder.path());
    let (slot, autosave) = left.expect("the autosave");
    assert!(said.is_empty());
    assert_eq!(autosave.lab.runs[0].experiment.seed, 42);
    assert_eq!(
        autosave.lab.runs[0]
            .record
            .as_ref()
            .expect("its parameters")
            .checkpoint
            .step,
        5
    );
    let mut second = App::still(autosave.lab.clone(), Snapshot::default());
    second.keep_files(Some(folder.path()), None, Some((slot, autosave.path)));
    let mut window = self::window(second);
    assert!(shows(&window, "Restored"));
    press(&mut window, Modifiers::COMMAND, Key::N);
    assert!(shows(&window, "Save the changes?"), "it is in no file yet");
    click(&mut window, "Cancel");
    click(&mut window, "Discard");
    assert_eq!(window.state().lab.runs[0].experiment.seed, 1);
    assert!(!shows(&window, "Restored"));
    wait_for(&mut window, "the end of the autosave", |_| !file.exists());
    drop(window);
    assert!(keep::left_behind(folder.path()).0.is_none());
}

#[test]
fn an_autosave_that_cannot_be_read_is_put_aside_and_named() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let autosaves = folder.path().join(keep::AUTOSAVES);
    std::fs::create_dir_all(&autosaves).expect("a folder of our own");
    std::fs::write(autosaves.join("1.lock"), "").expect("a file of our own");
    std::fs::write(autosaves.join("1.json"), "{\"rectiflow_autosave\":1}\n{\"steps\":").expect("a file of our own");
    let (left, said) = keep::left_behind(folder.path());
    assert!(left.is_none());
    assert!(said[0].contains("1.unreadable.json"), "{said:?}");
    assert!(keep::left_behind(folder.path()).1.is_empty(), "it is said once");
}

#[test]
fn a_pasted_share_string_opens() {
    let mut window = window(fresh());
    let mut lab = Lab::default();
    lab.runs[0].experiment.seed = 77;
    let text = share_string(&lab).expect("no files in it");
    window.event(Event::Paste(text.clone()));
    window.run_steps(2);
    assert_eq!(window.state().lab.runs[0].experiment.seed, 77);
    window.event(Event::Paste(text[..text.len() - 8].to_owned()));
    window.run_steps(2);
    assert!(shows(&window, "damaged"));
    // and by the dialog, over an edit
    edit(&mut window, 3);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    window.get_by_label("Share string").type_text("hello");
    window.run_steps(2);
    click(&mut window, "Open");
    assert!(shows(&window, "this is no share string"));
    press(&mut window, Modifiers::COMMAND, Key::A);
    window.event(Event::Paste(text));
    // the dialog comes to rest: without the fault's line it is lower
    window.run_steps(6);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(shows(&window, "Save the changes?"));
    click(&mut window, "Do not save");
    assert_eq!(window.state().lab.runs[0].experiment.seed, 77);
}
