//! Rounds in the window, driven through its accessibility tree: reflow adds a run and its small stage, undo takes them away.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::Command;
use rectiflow::engine::measures::{Budget, Measures};
use rectiflow::engine::snapshot::{PairProgress, RunSnapshot, RunState, Snapshot};
use rectiflow::flow::coupling::Coupling;
use rectiflow::lab::{self, Lab, Origin, RunId};

fn moons() -> Lab {
    let file = lab::preset("moons-to-eight-gaussians").and_then(lab::Preset::run_file);
    Lab::of(file.expect("the preset is part of the program"))
}

/// What an engine would say of these runs, at rest after training; without stages.
fn snapshot(runs: &[(RunId, Option<PairProgress>, Option<Budget>)]) -> Snapshot {
    let of = |&(id, pairing, budget): &(RunId, Option<PairProgress>, Option<Budget>)| RunSnapshot {
        id,
        step: if pairing.is_some() { 0 } else { 8000 },
        planned_steps: 8000,
        state: RunState::Done,
        pairing,
        measures: Arc::new(Measures {
            budget,
            ..Measures::default()
        }),
        ..RunSnapshot::default()
    };
    Snapshot {
        sequence: 1,
        runs: runs.iter().map(of).collect(),
        ..Snapshot::default()
    }
}

fn open(lab: Lab, snapshot: Snapshot, size: [f32; 2]) -> Harness<'static, App> {
    let mut app = App::still(lab, snapshot);
    app.clock.playing = false;
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(10);
    harness
}

fn trained() -> Harness<'static, App> {
    open(moons(), snapshot(&[(1, None, None)]), [1440.0, 900.0])
}

fn press(harness: &mut Harness<'static, App>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(6);
}

fn key(harness: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

fn stages_of(lab: &Lab) -> Vec<RunId> {
    lab.stages.iter().map(|s| s.run).collect()
}

/// The runs of the stages that the engine was last told of: the shown ones, then the cards.
fn sent_stages(harness: &Harness<'static, App>) -> Vec<RunId> {
    let applied = harness.state().sent().iter().rev().find_map(|c| match c {
        Command::Apply(lab) => Some(stages_of(lab)),
        _ => None,
    });
    applied.expect("a lab was sent")
}

#[test]
fn reflow_adds_a_run_shows_it_and_lets_it_train_and_undo_takes_it_back() {
    let mut harness = trained();
    let before = harness.state().lab.clone();
    assert_eq!(stages_of(&before), [1]);
    press(&mut harness, "Reflow");
    let lab = &harness.state().lab;
    assert_eq!(lab.runs.len(), 2);
    assert_eq!(stages_of(lab), [2], "the child fills the window");
    assert_eq!(sent_stages(&harness), [2, 1, 2], "each run has a small stage");
    let lab = &harness.state().lab;
    assert!(matches!(lab.runs[1].origin, Origin::Reflow { parent: 1, .. }));
    assert!(matches!(lab.runs[1].experiment.coupling, Coupling::Model(_)));
    assert_eq!(lab.runs[1].experiment.name, "2-RF");
    // the engine must know the run before it is told to train it
    let sent = harness.state().sent();
    let played = sent
        .iter()
        .position(|c| matches!(c, Command::Play(2)))
        .expect("it is played");
    assert!(
        sent[..played]
            .iter()
            .any(|c| matches!(c, Command::Apply(lab) if lab.run(2).is_some()))
    );
    harness.run_steps(8);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab, before);
}

#[test]
fn several_rounds_each_come_from_the_one_before() {
    let mut harness = trained();
    key(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::R);
    let lab = &harness.state().lab;
    let parents: Vec<_> = lab.runs.iter().map(|r| r.origin.parent()).collect();
    assert_eq!(parents, [None, Some(1), Some(2)]);
    assert_eq!(sent_stages(&harness), [2, 1, 2, 3]);
    for label in ["Run 1-RF", "Run 2-RF", "Run 3-RF"] {
        harness.get_by_label(label);
    }
}

#[test]
fn an_untrained_run_has_nothing_to_teach() {
    let mut lab = moons();
    lab.runs[0].experiment.steps = 10;
    let mut harness = open(lab, Snapshot::default(), [1440.0, 900.0]);
    key(&mut harness, Modifiers::COMMAND, Key::R);
    assert_eq!(harness.state().lab.runs.len(), 1);
}

#[test]
fn a_card_is_clicked_and_its_run_fills_the_window() {
    let mut harness = trained();
    press(&mut harness, "Reflow");
    press(&mut harness, "Run 1-RF");
    assert_eq!(sent_stages(&harness), [1, 1, 2]);
    key(&mut harness, Modifiers::NONE, Key::CloseBracket);
    assert_eq!(sent_stages(&harness), [2, 1, 2]);
    key(&mut harness, Modifiers::NONE, Key::CloseBracket);
    assert_eq!(sent_stages(&harness), [1, 1, 2]);
}

#[test]
fn a_student_is_shown_after_one_step_and_its_teacher_as_before() {
    let mut harness = trained();
    let steps = |harness: &Harness<'static, App>| harness.state().lab.stages[0].sampling.steps;
    let before = steps(&harness);
    press(&mut harness, "Distill");
    assert_eq!(steps(&harness), 1);
    press(&mut harness, "Run 1-RF");
    assert_eq!(steps(&harness), before);
    press(&mut harness, "Run 1-RF+D");
    assert_eq!(steps(&harness), 1);
}

#[test]
fn cancel_removes_the_run_and_those_that_wait_for_it() {
    let mut lab = moons();
    let settings = [(1, 1), (2, 2)];
    for (parent, number) in settings {
        let mut child = lab.runs[0].clone();
        child.id = number + 1;
        child.origin = Origin::Reflow {
            parent,
            from_parent: true,
        };
        lab.runs.push(child);
    }
    lab.stages[0].run = 3;
    let waits = Some(PairProgress {
        done: 0,
        total: 1024,
        assigned: false,
    });
    let made = Some(PairProgress {
        done: 512,
        total: 1024,
        assigned: false,
    });
    let shot = snapshot(&[(1, None, None), (2, made, None), (3, waits, None)]);
    let mut harness = open(lab, shot, [1440.0, 900.0]);
    press(&mut harness, "Cancel 2-RF");
    let lab = &harness.state().lab;
    assert_eq!(lab.runs.iter().map(|r| r.id).collect::<Vec<_>>(), [1]);
    assert_eq!(stages_of(lab), [1]);
}

#[test]
fn the_budget_says_its_parts_or_why_there_are_none() {
    let budget = Budget {
        coupling_cost: 246.0,
        floor: 134.0,
        floor_estimated: true,
        bends: 74.0,
        carried: 38.0,
    };
    let harness = open(moons(), snapshot(&[(1, None, Some(budget))]), [1024.0, 640.0]);
    harness.get_by_label("1-RF: coupling cost 246 = floor 134 + bends 74.0 + carried 38.0");
    let mut lab = moons();
    lab.runs[0].experiment.loss = rectiflow::flow::loss::Loss::PseudoHuber { c: 0.1 };
    let harness = open(lab, snapshot(&[(1, None, None)]), [1024.0, 640.0]);
    harness.get_by_label_contains("1-RF: The budget holds for the linear path");
}

#[test]
fn rounds_show_at_any_size_folded_or_not() {
    for size in [[1024.0, 640.0], [1440.0, 900.0], [3840.0, 2160.0]] {
        let mut harness = open(moons(), snapshot(&[(1, None, None)]), size);
        for _ in 0..5 {
            key(&mut harness, Modifiers::COMMAND, Key::R);
            // a child that the engine has not spoken of yet is untrained
            key(&mut harness, Modifiers::NONE, Key::OpenBracket);
        }
        key(&mut harness, Modifiers::NONE, Key::F5);
        assert!(!harness.state().lab.look.rounds_open);
        key(&mut harness, Modifiers::COMMAND, Key::Delete);
        assert!(harness.state().lab.runs.len() < 6);
    }
}

#[test]
fn the_straightening_view_takes_the_stages_place_and_gives_it_back() {
    let budget = |bends| {
        Some(Budget {
            coupling_cost: 246.0,
            floor: 134.0,
            floor_estimated: true,
            bends,
            carried: 38.0,
        })
    };
    let mut lab = moons();
    let mut child = lab.runs[0].clone();
    (child.id, child.experiment.name) = (2, "2-RF".into());
    child.origin = Origin::Reflow {
        parent: 1,
        from_parent: true,
    };
    lab.runs.push(child);
    for size in [[1024.0, 640.0], [1920.0, 1080.0]] {
        let shot = snapshot(&[(1, None, budget(74.0)), (2, None, budget(0.03))]);
        let mut harness = open(lab.clone(), shot, size);
        key(&mut harness, Modifiers::NONE, Key::S);
        harness.get_by_label("Straightening: 1-RF 74.0, 2-RF 0.0300");
        assert!(harness.query_by_label_contains("The stage:").is_none());
        press(&mut harness, "Back to the stages");
        harness.get_by_label_contains("The stage:");
    }
}
