//! Stages side by side in the window, driven through its accessibility tree: Compare, the focus, close, swap, the links, undo.

use eframe::egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::Command;
use rectiflow::engine::marginals::MarginalReport;
use rectiflow::engine::snapshot::{RunSnapshot, RunState, Snapshot, StageSnapshot};
use rectiflow::lab::{self, Lab, RunId};

fn lab() -> Lab {
    let file = lab::preset("gaussian-to-moons").and_then(lab::Preset::run_file);
    Lab::of(file.expect("the preset is part of the program"))
}

/// What an engine would say of one trained run.
fn snapshot() -> Snapshot {
    Snapshot {
        sequence: 1,
        runs: vec![RunSnapshot {
            id: 1,
            step: 8000,
            planned_steps: 8000,
            state: RunState::Done,
            ..RunSnapshot::default()
        }],
        ..Snapshot::default()
    }
}

fn open(lab: Lab, size: [f32; 2]) -> Harness<'static, App> {
    let mut app = App::still(lab, snapshot());
    app.clock.playing = false;
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(10);
    harness
}

fn press(harness: &mut Harness<'static, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(6);
}

fn key(harness: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

/// The runs and steps of the stages that the engine was last told of.
fn sent(harness: &Harness<'static, App>) -> Vec<(RunId, u32)> {
    let applied = harness.state().sent().iter().rev().find_map(|c| match c {
        Command::Apply(lab) => Some(lab.stages.iter().map(|s| (s.run, s.sampling.steps)).collect()),
        _ => None,
    });
    applied.expect("a lab was sent")
}

#[test]
fn compare_adds_a_stage_and_goes_back_to_the_one_with_the_focus() {
    let mut harness = open(lab(), [1440.0, 900.0]);
    let before = harness.state().lab.clone();
    press(&mut harness, "Compare");
    assert_eq!(
        sent(&harness),
        [(1, 32), (1, 1)],
        "the same run after one step, for want of another"
    );
    harness.get_by_label("Stage a 1-RF: source, target and particles at flow time t");
    harness.get_by_label("Stage b 1-RF: source, target and particles at flow time t");
    assert_eq!(harness.state().lab.compare.focus, 1, "the new stage has the focus");
    press(&mut harness, "Compare");
    assert_eq!(sent(&harness), [(1, 1)], "what is not shown costs nothing");
    assert_eq!(harness.state().lab.stages.len(), 2, "but it stays in the lab");
    harness.run_steps(10);
    for _ in 0..2 {
        key(&mut harness, Modifiers::COMMAND, Key::Z);
    }
    assert_eq!(harness.state().lab, before, "undo takes it all back");
}

#[test]
fn the_panels_edit_the_stage_with_the_focus() {
    let mut harness = open(lab(), [1440.0, 900.0]);
    press(&mut harness, "Compare");
    harness
        .get_by_label("Stage a 1-RF: source, target and particles at flow time t")
        .click();
    harness.run_steps(4);
    assert_eq!(harness.state().lab.compare.focus, 0);
    // layers are linked until they are not
    key(&mut harness, Modifiers::NONE, Key::Num5);
    let states = |h: &Harness<'static, App>| h.state().lab.stages.iter().map(|s| s.layers.states).collect::<Vec<_>>();
    assert_eq!(states(&harness), [true, true]);
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    key(&mut harness, Modifiers::NONE, Key::Num5);
    assert_eq!(states(&harness), [false, true]);
    // the same particles on all
    key(&mut harness, Modifiers::NONE, Key::N);
    let seeds: Vec<u64> = harness.state().lab.stages.iter().map(|s| s.sampling.seed).collect();
    assert_eq!(seeds, [1, 1]);
    // and the same sampler where that is linked
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::M);
    assert_eq!(sent(&harness), [(1, 32), (1, 32)]);
}

#[test]
fn stages_are_closed_swapped_and_no_more_than_four() {
    let mut harness = open(lab(), [1024.0, 640.0]);
    for _ in 0..6 {
        key(&mut harness, Modifiers::NONE, Key::Insert);
    }
    assert_eq!(harness.state().lab.stages.len(), 4);
    key(&mut harness, Modifiers::NONE, Key::PageDown);
    assert_eq!(harness.state().lab.compare.focus, 0, "around the end");
    key(&mut harness, Modifiers::NONE, Key::X);
    assert_eq!(sent(&harness), [(1, 1), (1, 32), (1, 1), (1, 1)]);
    assert_eq!(harness.state().lab.compare.focus, 1, "the focus goes with its stage");
    press(&mut harness, "Close stage a");
    assert_eq!(sent(&harness), [(1, 32), (1, 1), (1, 1)]);
    assert_eq!(harness.state().lab.compare.focus, 0);
    key(&mut harness, Modifiers::COMMAND, Key::W);
    key(&mut harness, Modifiers::COMMAND, Key::W);
    assert!(!harness.state().lab.compare.on, "one stage alone fills the window");
    key(&mut harness, Modifiers::COMMAND, Key::W);
    assert_eq!(harness.state().lab.stages.len(), 1, "the last one stays");
}

#[test]
fn rounds_stand_side_by_side_under_one_sampler() {
    let mut harness = open(lab(), [1920.0, 1080.0]);
    key(&mut harness, Modifiers::NONE, Key::B);
    assert_eq!(harness.state().lab.stages.len(), 1, "one round is none beside another");
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::R);
    key(&mut harness, Modifiers::COMMAND, Key::D);
    key(&mut harness, Modifiers::NONE, Key::B);
    let lab = &harness.state().lab;
    let runs: Vec<RunId> = lab.stages.iter().map(|s| s.run).collect();
    assert_eq!(runs, [1, 2, 3], "no student");
    assert!(lab.compare.on && lab.compare.link_sampler);
    let focus = harness.state().lab.compare.focus;
    assert_eq!(focus, 1, "the run that had the focus keeps it");
    harness.state_mut().lab.stages[focus].sampling.steps = 1;
    key(&mut harness, Modifiers::NONE, Key::Home);
    assert_eq!(&sent(&harness)[..3], [(1, 1), (2, 1), (3, 1)]);
    // a run that goes takes its stage with it
    key(&mut harness, Modifiers::NONE, Key::PageDown);
    key(&mut harness, Modifiers::COMMAND, Key::Delete);
    assert_eq!(harness.state().lab.stages.len(), 2);
}

#[test]
fn a_title_changes_run_and_sampler() {
    let mut harness = open(lab(), [1440.0, 900.0]);
    key(&mut harness, Modifiers::COMMAND, Key::R);
    press(&mut harness, "Compare");
    press(&mut harness, "Sampler of stage a: Heun 32");
    press(&mut harness, "Euler");
    assert_eq!(harness.state().lab.compare.focus, 0);
    assert_eq!(harness.state().lab.stages[0].sampling.sampler, lab::Sampler::Euler);
    key(&mut harness, Modifiers::NONE, Key::Escape);
    let before = harness.state().lab.stages[1].run;
    press(&mut harness, &format!("Run of stage b: {before}-RF"));
    let other = if before == 1 {
        "2-RF   2-RF"
    } else {
        "1-RF   gaussian to two moons"
    };
    press(&mut harness, other);
    assert_eq!(harness.state().lab.stages[1].run, 3 - before);
}

#[test]
fn a_stage_with_several_beside_it_shows_any_snapshot_at_any_size() {
    for size in [[1024.0, 640.0], [1440.0, 900.0], [3840.0, 2160.0]] {
        for count in 1..=4 {
            let mut lab = lab();
            lab.compare.on = count > 1;
            let mut stage = lab.stages[0].clone();
            (stage.layers.interpolation, stage.layers.one_step) = (true, true);
            stage.caption = "heading\na sentence of the user's own".into();
            lab.stages = vec![stage; count];
            let mut harness = open(lab, size);
            // the engine may be a frame behind, with other stages than the lab's
            let wrong = Snapshot {
                stages: vec![StageSnapshot::default(); 2],
                ..snapshot()
            };
            *harness.state_mut() = App::still(harness.state().lab.clone(), wrong);
            harness.run_steps(3);
        }
    }
}

#[test]
fn a_preset_may_hold_several_stages_and_lets_every_run_begin() {
    let mut harness = open(lab(), [1440.0, 900.0]);
    press(&mut harness, "Presets");
    harness.get_by_label("Find a preset").type_text("chords that cross");
    harness.run_steps(3);
    key(&mut harness, Modifiers::NONE, Key::Enter);
    let runs: Vec<RunId> = harness.state().lab.stages.iter().map(|s| s.run).collect();
    assert_eq!(runs, [1, 1, 2]);
    assert!(harness.state().lab.compare.on);
    let sent = harness.state().sent();
    let begun = sent
        .iter()
        .position(|c| matches!(c, Command::Begin(_)))
        .expect("it begins");
    let played = |run| sent[begun..].iter().any(|c| matches!(c, Command::Play(r) if *r == run));
    assert!(played(1) && played(2), "the second round follows without another click");
    harness.get_by_label("Stage c 2-RF: source, target and particles at flow time t");
    harness.run_steps(10);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab.stages.len(), 1, "undo brings the lab back");
}

#[test]
fn a_strip_beneath_compares_the_marginals_and_folds_away() {
    let mut harness = open(lab(), [1440.0, 900.0]);
    let compared = |h: &Harness<'static, App>| {
        let sent = h.state().sent().iter().rev();
        sent.clone().find_map(|c| match c {
            Command::CompareMarginals(stages) => Some(*stages),
            _ => None,
        })
    };
    assert_eq!(compared(&harness), None, "one stage alone is compared with nothing");
    press(&mut harness, "Compare");
    assert_eq!(compared(&harness), Some(2));
    harness.get_by_label("The marginals are compared as soon as all stages have particles.");
    let report = MarginalReport {
        times: vec![0.0, 0.5, 1.0],
        points: 512,
        floor: vec![Some(0.05), Some(0.06), Some(0.25)],
        others: vec![vec![Some(0.05), Some(0.5), Some(24.7)]],
    };
    let known = Snapshot {
        marginals: Some(std::sync::Arc::new(report)),
        ..snapshot()
    };
    let lab = harness.state().lab.clone();
    *harness.state_mut() = App::still(lab, known);
    harness.run_steps(3);
    harness.get_by_label("W₂² to stage a at t = 1: b 24.7, floor 0.250");
    key(&mut harness, Modifiers::NONE, Key::D);
    assert_eq!(compared(&harness), Some(0), "what is not shown costs nothing");
    assert!(harness.query_by_label_contains("W₂² to stage a").is_none());
}
