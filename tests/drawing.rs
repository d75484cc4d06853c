//! Pairs drawn by hand and pairs from files in the window, driven through its accessibility tree and its pointer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{DroppedFile, Event, Key, Modifiers, PointerButton, Pos2, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::Command;
use rectiflow::engine::coupling::{CouplingReport, Optimum, PowerCost};
use rectiflow::engine::snapshot::{PairProgress, RunSnapshot, Snapshot, StageSnapshot};
use rectiflow::export::weights;
use rectiflow::flow::coupling::{COUPLINGS, Coupling, PairF64, Undrawn};
use rectiflow::lab::Lab;
use rectiflow::net::{Checkpoint, Shape};

const SOURCE: [[f32; 2]; 2] = [[-2.0, 1.0], [-2.0, -1.0]];
const TARGET: [[f32; 2]; 2] = [[2.0, 1.0], [2.0, -1.0]];

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
            source: Arc::new(SOURCE.to_vec()),
            target: Arc::new(TARGET.to_vec()),
            ..StageSnapshot::default()
        }],
        ..Snapshot::default()
    }
}

fn open_with(snapshot: Snapshot, lab: Lab) -> Harness<'static, App> {
    let mut app = App::still(lab, snapshot);
    app.clock.playing = false;
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1440.0, 900.0))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(8);
    harness
}

fn open() -> Harness<'static, App> {
    open_with(snapshot(), Lab::default())
}

fn key(harness: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

fn drag(harness: &mut Harness<'static, App>, along: &[Pos2]) {
    let event = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    harness.event(Event::PointerMoved(along[0]));
    harness.run_steps(2);
    harness.event(event(along[0], true));
    harness.run_steps(2);
    for &at in &along[1..] {
        harness.event(Event::PointerMoved(at));
        harness.run_steps(2);
    }
    harness.event(event(along[along.len() - 1], false));
    harness.run_steps(4);
}

/// Where a point of the data lies on screen: the probe tells the data units under two places.
struct Map {
    at: [Pos2; 2],
    data: [[f32; 2]; 2],
}

impl Map {
    fn of(harness: &mut Harness<'static, App>) -> Self {
        let stage = harness.get_by_label("The stage: source, target and particles at flow time t");
        let middle = stage.rect().center();
        let at = [middle - Vec2::splat(100.0), middle + Vec2::splat(100.0)];
        key(harness, Modifiers::NONE, Key::P);
        let data = at.map(|at| {
            drag(harness, &[at]);
            harness.state().lab.probe.at.expect("it was put there")
        });
        key(harness, Modifiers::NONE, Key::P);
        Self { at, data }
    }

    fn screen(&self, p: [f32; 2]) -> Pos2 {
        let along = |c: usize, a: f32, b: f32| {
            let part = (p[c] - self.data[0][c]) / (self.data[1][c] - self.data[0][c]);
            a + part * (b - a)
        };
        Pos2::new(
            along(0, self.at[0].x, self.at[1].x),
            along(1, self.at[0].y, self.at[1].y),
        )
    }
}

fn drawn(harness: &Harness<'static, App>) -> Vec<PairF64> {
    match &harness.state().lab.runs[0].experiment.coupling {
        Coupling::Hand(hand) => hand.pairs.to_vec(),
        other => panic!("{}", other.name()),
    }
}

/// The pairs that the engine was last told of.
fn sent(harness: &Harness<'static, App>) -> usize {
    let applied = harness.state().sent().iter().rev().find_map(|c| match c {
        Command::Apply(lab) => match &lab.runs[0].experiment.coupling {
            Coupling::Hand(hand) => Some(hand.pairs.len()),
            _ => None,
        },
        _ => None,
    });
    applied.expect("a hand coupling was sent")
}

#[test]
fn a_pair_is_drawn_moved_deleted_undone_and_redone() {
    let mut harness = open();
    let map = Map::of(&mut harness);
    let stage = |h: &Harness<'static, App>| {
        h.get_by_label("The stage: source, target and particles at flow time t")
            .rect()
    };
    let before = stage(&harness);
    key(&mut harness, Modifiers::NONE, Key::H);
    assert!(drawn(&harness).is_empty());
    harness.run_steps(10);
    assert_eq!(stage(&harness), before, "the panels take no more room than before");
    harness.get_by_label("Drag from a source point to a target point");
    harness.get_by_label_contains("No pair yet");
    let near = |p: [f32; 2]| map.screen(p) + Vec2::new(5.0, -4.0);
    // ends snap to the points they are near
    drag(
        &mut harness,
        &[near(SOURCE[0]), map.screen([0.0, 0.0]), near(TARGET[1])],
    );
    assert_eq!(drawn(&harness), [[-2.0, 1.0, 2.0, -1.0]]);
    harness.get_by_label("1 pair");
    drag(
        &mut harness,
        &[near(SOURCE[1]), map.screen([0.0, 0.3]), near(TARGET[0])],
    );
    let both = [[-2.0, 1.0, 2.0, -1.0], [-2.0, -1.0, 2.0, 1.0]];
    assert_eq!(drawn(&harness), both);
    assert_eq!(sent(&harness), 2);
    harness.get_by_label("2 pairs");
    assert!(
        !harness.state().sent().iter().any(|c| matches!(c, Command::Reset(_))),
        "training goes on"
    );
    // the view has stayed, and each pair is a step of undo
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness), both[..1]);
    assert_eq!(sent(&harness), 1);
    key(&mut harness, Modifiers::COMMAND, Key::Y);
    assert_eq!(drawn(&harness), both);
    // a whole drag within one frame
    harness.event(Event::PointerMoved(map.screen([-1.0, 2.0])));
    for (pos, pressed) in [([-1.0, 2.0], true), ([1.0, -2.0], false)] {
        let pos = map.screen(pos);
        harness.event(Event::PointerMoved(pos));
        harness.event(Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    harness.run_steps(4);
    let quick = drawn(&harness)[2];
    assert!(
        quick
            .iter()
            .zip([-1.0, 2.0, 1.0, -2.0])
            .all(|(a, b)| (a - b).abs() < 0.02),
        "{quick:?}"
    );
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    // an end that is dragged to a free place
    drag(
        &mut harness,
        &[map.screen(TARGET[0]), map.screen([1.5, 1.5]), map.screen([1.0, 2.0])],
    );
    let moved = drawn(&harness)[1];
    assert!(
        (moved[2] - 1.0).abs() < 0.02 && (moved[3] - 2.0).abs() < 0.02 && moved[..2] == [-2.0, -1.0],
        "{moved:?}"
    );
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness), both);
    // a click chooses the first, and Delete takes it
    drag(&mut harness, &[map.screen([-1.0, 0.5])]);
    key(&mut harness, Modifiers::NONE, Key::Delete);
    assert_eq!(drawn(&harness), both[1..]);
    harness.get_by_label("Clear all pairs").click();
    harness.run_steps(4);
    assert!(drawn(&harness).is_empty());
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(drawn(&harness), both[1..]);
}

#[test]
fn escape_gives_the_button_back_and_other_couplings_keep_the_pairs() {
    let mut harness = open();
    let map = Map::of(&mut harness);
    key(&mut harness, Modifiers::NONE, Key::H);
    drag(&mut harness, &[map.screen(SOURCE[0]), map.screen(TARGET[0])]);
    assert_eq!(drawn(&harness).len(), 1);
    key(&mut harness, Modifiers::NONE, Key::Escape);
    drag(&mut harness, &[map.screen(SOURCE[1]), map.screen([0.0, -2.0])]);
    assert_eq!(drawn(&harness).len(), 1, "this was a pan");
    choose(&mut harness, "anti-optimal");
    assert_eq!(harness.state().lab.runs[0].experiment.coupling.name(), "anti-optimal");
    choose(&mut harness, "drawn by hand");
    assert_eq!(drawn(&harness).len(), 1, "they are back");
    harness.get_by_label_contains("Drag the next pair");
    // what the rest does is chosen beside them
    harness.get_by_role_and_label(Role::ComboBox, "Other points").click();
    harness.run_steps(4);
    harness.get_by_label("left out").click();
    harness.run_steps(4);
    let coupling = &harness.state().lab.runs[0].experiment.coupling;
    assert!(matches!(coupling, Coupling::Hand(hand) if hand.undrawn == Undrawn::Leave));
    harness.get_by_label_contains("Only the drawn pairs are learned");
}

fn choose(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_role_and_label(Role::ComboBox, "Coupling").click();
    harness.run_steps(4);
    harness.get_by_label(name).click();
    harness.run_steps(6);
}

#[test]
fn every_kind_can_be_chosen_or_says_why_not() {
    let names = [
        "independent",
        "exact transport of a pool",
        "minibatch transport",
        "Sinkhorn",
        "anti-optimal",
        "sorted",
        "by polar angle",
        "nearest mode",
        "drawn by hand",
    ];
    let mut harness = open();
    for (name, entry) in names.into_iter().zip(&COUPLINGS).rev() {
        choose(&mut harness, name);
        let coupling = &harness.state().lab.runs[0].experiment.coupling;
        assert_eq!(coupling.name(), entry.name);
        coupling.validate().expect("its defaults work");
    }
    let resets = harness.state().sent().iter().filter(|c| matches!(c, Command::Reset(_)));
    assert_eq!(resets.count(), 0, "no choice starts over");
    // a file must be named, and a run without a parent has no model pairs
    choose(&mut harness, "model (reflow)");
    assert_eq!(harness.state().lab.runs[0].experiment.coupling.name(), "independent");
    key(&mut harness, Modifiers::NONE, Key::Escape);
    choose(&mut harness, "from a file");
    harness.get_by_label("Pairs from a file");
    harness.get_by_label("Load").click();
    harness.run_steps(4);
    harness.get_by_label("Type the path of a file.");
}

/// A file as a desktop drops it.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

#[test]
fn files_are_taken_by_what_they_hold() {
    let folder = std::env::temp_dir().join(format!("rectiflow-drops-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file for the test");
        path
    };
    let drop = |harness: &mut Harness<'static, App>, path: PathBuf| {
        harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
        harness.run_steps(4);
    };
    let mut harness = open();
    let first = harness.state().lab.clone();
    drop(&mut harness, file("pairs.csv", "x0,y0,x1,y1\n0,1,2,3\n4,5,6,7\n"));
    assert_eq!(harness.state().lab, first, "it is asked first");
    harness.get_by_label_contains("2 rows of four columns");
    key(&mut harness, Modifiers::NONE, Key::Enter);
    let Coupling::File(pairs) = &harness.state().lab.runs[0].experiment.coupling else {
        panic!("four columns are pairs");
    };
    assert_eq!(*pairs.pairs, [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    harness.get_by_label("pairs.csv, 2 pairs");
    let paired = harness.state().lab.clone();
    let kinds = |harness: &Harness<'static, App>| {
        let experiment = &harness.state().lab.runs[0].experiment;
        [&experiment.source, &experiment.target].map(|d| d.kind().to_owned())
    };
    // two files at once are asked about one after the other: Enter takes the target, a press the source, Escape none
    harness
        .input_mut()
        .dropped_files
        .push(Arc::new(Dropped(file("a.csv", "0,1\n2,3\n"))));
    drop(&mut harness, file("b.csv", "0,1\n2,3\n4,5\n"));
    harness.get_by_label_contains("2 rows of two columns");
    key(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(kinds(&harness), ["gaussian", "points"]);
    harness.get_by_label_contains("3 rows of two columns");
    harness.get_by_label("As source").click();
    harness.run_steps(4);
    assert_eq!(kinds(&harness), ["points", "points"]);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(kinds(&harness), ["gaussian", "points"]);
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab, paired);
    drop(&mut harness, file("a.csv", "0,1\n2,3\n"));
    key(&mut harness, Modifiers::NONE, Key::Escape);
    assert_eq!(harness.state().lab, paired);
    assert!(harness.query_all_by_label("As source").next().is_none());
    for (name, text, why) in [
        ("three.csv", "1,2,3\n", "neither four columns (pairs) nor two (points)"),
        ("ragged.csv", "1,2,3,4\n1,2,3\n", "row 2 has 3 columns"),
        ("word.csv", "1,2,3,4\n1,2,x,4\n", "\"x\" is not a number"),
    ] {
        drop(&mut harness, file(name, text));
        harness.get_by_label_contains(why);
        assert_eq!(harness.state().lab.runs[0].experiment.coupling.name(), "file");
    }
    std::fs::remove_dir_all(&folder).expect("its own folder");
}

#[test]
fn weights_go_into_a_run_with_the_same_network_and_undo_brings_back_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = open();
    let before = harness.state().lab.clone();
    let run = before.runs[0].clone();
    let drop = |harness: &mut Harness<'static, App>, path: PathBuf| {
        harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
        harness.run_steps(4);
    };
    let params = Checkpoint::initial(&run.experiment.network, 77).params;
    let path = folder.path().join("good.safetensors");
    weights::write(&path, &run.experiment.network, &params, &[]).unwrap();
    drop(&mut harness, path.clone());
    key(&mut harness, Modifiers::NONE, Key::Enter);
    let lab = harness.state().lab.clone();
    assert_eq!((lab.runs.len(), lab.runs[0].id, lab.stages[0].run), (1, 2, 2));
    assert_eq!(lab.runs[0].experiment, run.experiment);
    let sent = harness.state().sent().iter().rev().find_map(|c| match c {
        Command::Apply(lab) => Some(lab.runs[0].record.clone()),
        _ => None,
    });
    assert_eq!(sent.flatten().unwrap().checkpoint.params, params, "the engine has them");
    key(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab, before);
    key(&mut harness, Modifiers::COMMAND, Key::Y);
    assert_eq!(harness.state().lab, lab);
    drop(&mut harness, path);
    harness.get_by_label("As a new run").click();
    harness.run_steps(4);
    let lab = harness.state().lab.clone();
    assert_eq!(lab.runs.iter().map(|r| r.id).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(lab.runs[1].experiment.name, "good");
    // another network: a line of words, and nothing to press but Cancel
    let other = Shape {
        hidden: vec![5],
        ..Shape::default()
    };
    let path = folder.path().join("other.safetensors");
    weights::write(&path, &other, &Checkpoint::initial(&other, 1).params, &[]).unwrap();
    drop(&mut harness, path);
    harness.get_by_label_contains("do not fit the network");
    key(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(harness.state().lab, lab);
    harness.get_by_label("Cancel").click();
    harness.run_steps(4);
    assert_eq!(harness.state().lab, lab);
}

#[test]
fn the_panel_of_the_pairs_tells_costs_and_stops_the_search() {
    let mut shot = snapshot();
    let pairs = Arc::new(vec![[-2.0, 1.0, 2.0, -1.0], [-2.0, -1.0, 2.0, 1.0]]);
    let cost = |power: f64, optimum| PowerCost {
        power,
        cost: 20f64.powf(power / 2.0),
        optimum,
    };
    shot.stages[0].pairs = pairs.clone();
    shot.stages[0].coupling = Some(Arc::new(CouplingReport {
        pairs,
        power: 4.0,
        lengths: Arc::new(vec![20f64.sqrt(); 2]),
        crossings: 1,
        costs: [
            cost(1.0, Optimum::Sought(0.25)),
            cost(2.0, Optimum::Waiting),
            cost(4.0, Optimum::Stopped),
        ],
    }));
    let mut lab = Lab::default();
    lab.stages[0].layers.pairs = true;
    let mut harness = open_with(shot.clone(), lab.clone());
    for words in [
        "crossings, of 1 possible",
        "Lengths of 2 chords, 4.47 on average",
        "4.47",
        "20.0",
        "400",
    ] {
        harness.get_by_label(words);
    }
    harness.get_by_label("searching, 25 %");
    harness.get_by_label("Search again").click();
    harness.run_steps(3);
    assert!(matches!(harness.state().sent().last(), Some(Command::SeekOptima(true))));
    let report = shot.stages[0].coupling.as_ref().expect("it was put there");
    let mut report = CouplingReport::clone(report);
    report.costs[2].optimum = Optimum::Waiting;
    shot.stages[0].coupling = Some(Arc::new(report));
    let mut harness = open_with(shot.clone(), lab.clone());
    harness.get_by_label("Stop the search").click();
    harness.run_steps(3);
    assert!(matches!(
        harness.state().sent().last(),
        Some(Command::SeekOptima(false))
    ));
    // while a parent's flow makes the pairs there are none
    (shot.stages[0].pairs, shot.stages[0].coupling) = (Arc::default(), None);
    shot.runs[0].pairing = Some(PairProgress {
        done: 0,
        total: 10,
        assigned: false,
    });
    let harness = open_with(shot, lab);
    harness.get_by_label("There are no pairs yet.");
}
