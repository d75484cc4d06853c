//! The probe in the window, driven through its accessibility tree: its switch, presses and drags on the stage, the view that
//! stays where it is, undo.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Pos2, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::Command;
use rectiflow::engine::probe::Learned;
use rectiflow::engine::snapshot::{RunSnapshot, Snapshot, StageSnapshot};
use rectiflow::flow::coupling::Pair;
use rectiflow::flow::exact::Conditional;
use rectiflow::flow::path::Path;
use rectiflow::lab::{Lab, ThemeChoice};

/// Half of the chords go up, half go down; all cross the middle at t = 1/2.
fn crossing() -> Arc<Vec<Pair>> {
    let pair = |k: u16| {
        let (side, off) = (if k.is_multiple_of(2) { 2.0 } else { -2.0 }, 0.01 * f32::from(k / 2));
        [-2.0, side + off, 2.0, off - side]
    };
    Arc::new((0..40).map(pair).collect())
}

fn snapshot() -> Snapshot {
    Snapshot {
        sequence: 1,
        runs: vec![RunSnapshot {
            id: 1,
            step: 10,
            ..RunSnapshot::default()
        }],
        stages: vec![StageSnapshot {
            run: 1,
            bounds: [-3.0, -3.0, 3.0, 3.0],
            source: Arc::new(vec![[-2.0, 2.0], [-2.0, -2.0]]),
            target: Arc::new(vec![[2.0, 2.0], [2.0, -2.0]]),
            conditional: Conditional::of_pairs(crossing(), Path::Linear).map(Arc::new),
            learned: Some(Learned {
                at: [0.0, 0.0],
                t: 0.5,
                velocity: [3.5, 0.25],
            }),
            ..StageSnapshot::default()
        }],
        ..Snapshot::default()
    }
}

fn open(lab: Lab, size: [f32; 2]) -> Harness<'static, App> {
    let mut app = App::still(lab, snapshot());
    app.clock.playing = false;
    app.clock.scrub(0.5);
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(6);
    harness
}

/// Presses a button at each of the places in turn, and lets it go at the last.
fn drag(harness: &mut Harness<'static, App>, button: PointerButton, along: &[Pos2]) {
    let event = |pos, pressed| Event::PointerButton {
        pos,
        button,
        pressed,
        modifiers: Modifiers::NONE,
    };
    let last = along.len() - 1;
    harness.event(Event::PointerMoved(along[0]));
    harness.run_steps(2);
    harness.event(event(along[0], true));
    harness.run_steps(2);
    for &at in &along[1..] {
        harness.event(Event::PointerMoved(at));
        harness.run_steps(2);
    }
    harness.event(event(along[last], false));
    harness.run_steps(4);
}

fn probe(harness: &Harness<'static, App>) -> [f32; 2] {
    harness.state().lab.probe.at.expect("it was put somewhere")
}

fn on_stage(harness: &Harness<'static, App>) -> Pos2 {
    let stage = "The stage: source, target and particles at flow time t";
    harness.get_by_label(stage).rect().center() + eframe::egui::vec2(-60.0, -40.0)
}

#[test]
fn its_switch_shows_the_pairs_through_the_middle() {
    let mut harness = open(Lab::default(), [1440.0, 900.0]);
    assert!(harness.query_by_label_contains("Probe at").is_none());
    harness.get_by_label("probe").click();
    harness.run_steps(6);
    assert!(harness.state().lab.stages[0].layers.probe);
    let sent = harness.state().sent();
    assert!(
        sent.iter().any(|c| matches!(c, Command::FlowTime(t) if *t == 0.5)),
        "the engine must know t"
    );
    // velocities (4, +-4) with equal weight: the mean goes straight on, the spread is 16
    let words = harness
        .get_by_label_contains("Probe at x = (0.00, 0.00), t = 0.50")
        .rect();
    assert!(words.is_positive());
    for part in ["v* = (4.00, 0.00)", "v = (3.50, 0.25)", "= 16.0"] {
        harness.get_by_label_contains(part);
    }
    harness.key_press_modifiers(Modifiers::NONE, Key::P);
    harness.run_steps(4);
    assert!(!harness.state().lab.stages[0].layers.probe, "its key switches it too");
    assert!(harness.query_by_label_contains("Probe at").is_none());
}

#[test]
fn the_primary_button_moves_it_and_the_secondary_moves_the_view() {
    let mut lab = Lab::default();
    lab.stages[0].layers.probe = true;
    let mut harness = open(lab, [1440.0, 900.0]);
    let at = on_stage(&harness);
    drag(&mut harness, PointerButton::Primary, &[at]);
    let first = probe(&harness);
    assert!(
        first[0] < 0.0 && first[1] > 0.0,
        "left of the middle and above: {first:?}"
    );
    let right = |x: f32| pos2(at.x + x, at.y);
    drag(
        &mut harness,
        PointerButton::Primary,
        &[at, right(30.0), right(60.0), right(90.0)],
    );
    let second = probe(&harness);
    let moved = second[0] - first[0];
    assert!(moved > 0.2 && (second[1] - first[1]).abs() < 1e-4, "{second:?}");
    // the view has not moved with it: the same place is the same point
    drag(&mut harness, PointerButton::Primary, &[at]);
    let again = probe(&harness);
    assert!(
        (0..2).all(|c| (again[c] - first[c]).abs() < 1e-4),
        "{again:?}, {first:?}"
    );
    // a double click is two presses of the probe, no reset of the view; the other button pans by what it is dragged
    drag(
        &mut harness,
        PointerButton::Secondary,
        &[at, right(30.0), right(60.0), right(90.0)],
    );
    assert_eq!(probe(&harness), again, "the secondary button leaves it");
    drag(&mut harness, PointerButton::Primary, &[at]);
    let panned = again[0] - probe(&harness)[0];
    assert!((panned - moved).abs() < 0.05 * moved, "{panned} for {moved}");
}

#[test]
fn without_it_the_primary_button_pans_and_undo_brings_it_back() {
    let mut harness = open(Lab::default(), [1440.0, 900.0]);
    let at = on_stage(&harness);
    drag(&mut harness, PointerButton::Primary, &[at, at + Vec2::splat(50.0)]);
    assert_eq!(harness.state().lab.probe.at, None);
    harness.key_press_modifiers(Modifiers::NONE, Key::P);
    harness.run_steps(4);
    drag(&mut harness, PointerButton::Primary, &[at]);
    assert!(harness.state().lab.probe.at.is_some());
    for _ in 0..3 {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run_steps(3);
    }
    let lab = &harness.state().lab;
    assert!(lab.probe.at.is_none() && !lab.stages[0].layers.probe);
}

#[test]
fn it_is_drawn_at_any_size_over_any_snapshot() {
    for size in [[1024.0, 640.0], [1920.0, 1080.0]] {
        for theme in [ThemeChoice::Dark, ThemeChoice::Light] {
            let mut lab = Lab::default();
            (lab.look.theme, lab.stages[0].layers.probe) = (theme, true);
            // far from every pair
            lab.probe.at = Some([40.0, 2.0]);
            let harness = open(lab.clone(), size);
            harness.get_by_label_contains("No pair passes near");
            let mut app = App::still(lab, Snapshot::default());
            app.clock.playing = false;
            let mut harness = Harness::builder()
                .with_size(Vec2::from(size))
                .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
            harness.run_steps(4);
            harness.get_by_label_contains("There are no pairs yet");
        }
    }
}
