//! The window, driven through its accessibility tree, from snapshots made by hand: no engine, no display.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, Role, Vec2};
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use rectiflow::app::App;
use rectiflow::app::ui_command::COMMANDS;
use rectiflow::backend::Trajectories;
use rectiflow::engine::command::{BackendChoice, Command};
use rectiflow::engine::measures::Measures;
use rectiflow::engine::snapshot::{BackendStatus, Notice, RunSnapshot, RunState, Snapshot, StageSnapshot, Work};
use rectiflow::flow::coupling::Coupling;
use rectiflow::flow::path::Path;
use rectiflow::flow::random::Stream;
use rectiflow::gpu::{AdapterChoice, GpuBackend};
use rectiflow::lab::{self, Lab, Lens, ThemeChoice};

fn moons() -> Lab {
    let file = lab::preset("gaussian-to-moons").and_then(lab::Preset::run_file);
    Lab::of(file.expect("the preset is part of the program"))
}

/// Particles on straight chords, a falling loss with a floor and a live edit, measures, a notice.
fn scene(lab: &Lab) -> Snapshot {
    let (run, experiment) = (lab.runs[0].id, &lab.runs[0].experiment);
    let count = 300;
    let source = Arc::new(experiment.source.samples(1, Stream::Particles, count));
    let target = Arc::new(experiment.target.samples(1, Stream::Shown, count));
    let times: Vec<f64> = (0..=8).map(|k| f64::from(k) / 8.0).collect();
    let at = |p: usize, t: f64| [0, 1].map(|i| source[p][i] + t as f32 * (target[p][i] - source[p][i]));
    let states = (0..count)
        .flat_map(|p| times.iter().map(move |&t| at(p, t)).collect::<Vec<_>>())
        .collect();
    Snapshot {
        sequence: 1,
        backend: BackendStatus {
            name: "cpu, 2 threads, test".into(),
            ..BackendStatus::default()
        },
        runs: vec![RunSnapshot {
            id: run,
            step: 1234,
            planned_steps: experiment.steps,
            state: RunState::Training,
            steps_per_sec: 987.0,
            losses: Arc::new(
                (1..200)
                    .map(|k| [f64::from(k) * 6.0, 2.0 + 3.0 / f64::from(k)])
                    .collect(),
            ),
            loss_by_t: Arc::new((0..32).map(|k| [(f64::from(k) + 0.5) / 32.0, 1.0]).collect()),
            edits: Arc::new(vec![(600, "learning rate 0.001".into())]),
            measures: Arc::new(Measures {
                loss: Some(1.97),
                loss_floor: Some(1.86),
                curve_floor: Some(1.86),
                step: 1200,
                ..Measures::default()
            }),
            pairing: None,
            measuring: false,
        }],
        stages: vec![StageSnapshot {
            run,
            step: 1234,
            bounds: [-3.5, -3.5, 3.5, 3.5],
            source: source.clone(),
            target: target.clone(),
            pairs: Arc::default(),
            path: Path::Linear,
            trajectories: Arc::new(Trajectories {
                times,
                states,
                evaluations: 16,
            }),
            ..StageSnapshot::default()
        }],
        made: None,
        work: Work {
            evaluations_per_sec: 2.5e6,
            dispatches: 2,
        },
        study: Arc::default(),
        notices: Arc::new(vec![Notice {
            number: 1,
            is_fault: true,
            text: "the loss stopped being a finite number at step 7".into(),
        }]),
        marginals: None,
        saved: None,
    }
}

fn open(lab: Lab, snapshot: Snapshot, size: [f32; 2]) -> Harness<'static, App> {
    let mut app = App::still(lab, snapshot);
    app.clock.playing = false;
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(3);
    harness
}

fn usual() -> Harness<'static, App> {
    let lab = moons();
    let snapshot = scene(&lab);
    open(lab, snapshot, [1440.0, 900.0])
}

/// Presses keys and lets the window answer.
fn press(harness: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

#[test]
fn it_shows_any_snapshot_at_any_size_in_both_themes() {
    for size in [[1024.0, 640.0], [1440.0, 900.0], [3840.0, 2160.0]] {
        for theme in [ThemeChoice::Dark, ThemeChoice::Light] {
            let mut lab = moons();
            lab.look.theme = theme;
            open(lab.clone(), Snapshot::default(), size);
            open(lab.clone(), scene(&lab), size);
        }
    }
}

#[test]
fn what_the_snapshot_says_is_on_screen() {
    let harness = usual();
    for label in [
        "Loss: 1.97, floor 1.86",
        "Trains on cpu, 2 threads, test",
        "1,234",
        "Source: Gaussian",
        "Target: two moons",
    ] {
        assert!(
            harness.query_all_by_label(label).next().is_some(),
            "{label} is not there"
        );
    }
    harness.get_by_label_contains("the loss stopped being a finite number at step 7");
}

#[test]
fn lenses_switch_and_say_where_they_do_not_apply() {
    let mut harness = usual();
    let disabled = |harness: &Harness<'static, App>| harness.get_by_label("New noise").accesskit_node().is_disabled();
    assert!(disabled(&harness), "an ODE has no noise");
    harness.get_by_label("Probability-flow ODE").click();
    harness.run_steps(2);
    let sampling = harness.state().lab.stages[0].sampling;
    assert_eq!((sampling.lens, sampling.sampler), (Lens::PfOde, lab::Sampler::Heun));
    harness.get_by_label("SDE").click();
    harness.run_steps(2);
    let sampling = harness.state().lab.stages[0].sampling;
    assert_eq!((sampling.lens, sampling.sampler), (Lens::Sde, lab::Sampler::Ddpm));
    harness.get_by_label("New noise").click();
    harness.run_steps(2);
    let after = harness.state().lab.stages[0].sampling;
    assert_eq!((after.noise_seed, after.seed), (sampling.noise_seed + 1, sampling.seed));
    assert!(harness.query_by_label_contains("does not apply").is_none());
    harness.state_mut().lab.runs[0].experiment.coupling = Coupling::default_of("minibatch-ot").unwrap();
    harness.run_steps(2);
    harness.get_by_label_contains("SDE does not apply");
    assert!(disabled(&harness), "what is shown has no noise");
}

#[test]
fn every_process_of_the_sde_lens_has_its_own_rows() {
    let mut harness = usual();
    harness.get_by_label("SDE").click();
    harness.run_steps(3);
    let has = |harness: &Harness<'static, App>, label: &str| harness.query_all_by_label_contains(label).count() > 0;
    for row in ["Noise level", "Schedule", "Sampler", "Follow the exact field"] {
        assert!(has(&harness, row), "{row}");
    }
    harness.state_mut().lab.stages[0].sampling.process = lab::Process::Noising;
    harness.run_steps(3);
    assert!(has(&harness, "data becomes noise"));
    for row in ["Noise level", "Sampler:", "Follow the exact field"] {
        assert!(!has(&harness, row), "{row} does nothing here");
    }
    harness.state_mut().lab.stages[0].sampling.process = lab::Process::Langevin;
    harness.run_steps(3);
    assert!(has(&harness, "the clock shows τ"));
    assert!(has(&harness, "Follow the exact field") && !has(&harness, "Noise level"));
    assert!(!harness.get_by_label("New noise").accesskit_node().is_disabled());
}

#[test]
fn the_panel_warns_where_settings_end_badly() {
    let mut harness = usual();
    let has = |harness: &Harness<'static, App>, label: &str| harness.query_all_by_label_contains(label).count() > 0;
    assert!(!has(&harness, "Only for a straight"));
    harness.state_mut().lab.stages[0].sampling.sampler = lab::Sampler::Restart;
    harness.run_steps(3);
    assert!(has(&harness, "Only for a straight (reflowed) flow"));
    // one evaluation is not "1 evaluations"
    harness.state_mut().lab.stages[0].sampling.steps = 1;
    harness.run_steps(3);
    assert!(has(&harness, "1 evaluation of the network") && !has(&harness, "1 evaluations"));
    assert!(!has(&harness, "Take the grid"));
    harness.state_mut().lab.runs[0].experiment.path = Path::default_of("ou").expect("a path");
    harness.run_steps(3);
    harness.get_by_label_contains("Take the grid").click();
    harness.run_steps(3);
    assert_eq!(harness.state().lab.stages[0].sampling.grid, lab::Grid::Quadratic);
    assert!(!has(&harness, "Take the grid"));
}

#[test]
fn particles_follow_the_exact_field_where_there_is_one_and_the_panel_says_where_there_is_none() {
    let mut harness = usual();
    harness.get_by_label("Follow the exact field").click();
    harness.run_steps(3);
    assert!(harness.state().lab.stages[0].sampling.exact);
    assert!(
        harness
            .query_all_by_label_contains("of the exact field per particle")
            .count()
            > 0
    );
    let lab = moons();
    let mut shown = scene(&lab);
    shown.stages[0].no_exact = Some("the coupling is not independent".into());
    let mut harness = open(lab, shown, [1440.0, 900.0]);
    let switch = harness.get_by_label("Follow the exact field");
    assert!(switch.accesskit_node().is_disabled());
    assert!(
        harness
            .query_all_by_label_contains("the coupling is not independent")
            .count()
            > 0
    );
    // opened with it on: it can be taken off, and what is shown instead is said
    harness.state_mut().lab.stages[0].sampling.exact = true;
    harness.run_steps(3);
    assert!(
        harness
            .query_all_by_label_contains("follow the learned field meanwhile")
            .count()
            > 0
    );
    harness.get_by_label("Follow the exact field").click();
    harness.run_steps(3);
    assert!(!harness.state().lab.stages[0].sampling.exact);
}

#[test]
fn pressing_the_clocks_sends_commands_and_moves_flow_time() {
    let mut harness = usual();
    press(&mut harness, Modifiers::NONE, Key::Space);
    assert!(matches!(harness.state().sent().last(), Some(Command::Pause(1))));
    press(&mut harness, Modifiers::NONE, Key::Period);
    assert!(matches!(harness.state().sent().last(), Some(Command::Step(1, 1))));
    press(&mut harness, Modifiers::NONE, Key::R);
    assert!(matches!(harness.state().sent().last(), Some(Command::Reset(1))));
    harness.get_by_label("Train / pause").click();
    harness.run_steps(2);
    assert!(matches!(harness.state().sent().last(), Some(Command::Pause(1))));
    press(&mut harness, Modifiers::NONE, Key::End);
    assert_eq!(harness.state().clock.t, 1.0);
    press(&mut harness, Modifiers::NONE, Key::ArrowLeft);
    assert!((harness.state().clock.t - 0.99).abs() < 1e-9);
    press(&mut harness, Modifiers::NONE, Key::Home);
    assert_eq!(harness.state().clock.t, 0.0);
    press(&mut harness, Modifiers::SHIFT, Key::Space);
    assert!(harness.state().clock.playing);
}

#[test]
fn an_edit_is_applied_and_undone_and_redone() {
    let mut harness = usual();
    let before = harness.state().lab.clone();
    harness.run_steps(8);
    harness.get_by_label("states").click();
    harness.run_steps(2);
    assert!(harness.state().lab.stages[0].layers.states);
    let sent = harness.state().sent().iter().rev().find_map(|c| match c {
        Command::Apply(lab) => Some(lab.clone()),
        _ => None,
    });
    assert!(
        sent.is_some_and(|lab| lab.stages[0].layers.states),
        "the edit was not sent"
    );
    harness.run_steps(8);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab, before);
    press(&mut harness, Modifiers::COMMAND, Key::Y);
    assert!(harness.state().lab.stages[0].layers.states);
}

#[test]
fn the_gallery_changes_the_target() {
    let mut harness = usual();
    harness.get_by_role_and_label(Role::Button, "Target: two moons").click();
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Button, "pinwheel").click();
    harness.run_steps(2);
    assert_eq!(harness.state().lab.runs[0].experiment.target.kind(), "pinwheel");
    harness.get_by_role_and_label(Role::Button, "Target: pinwheel");
}

#[test]
fn the_palette_finds_and_runs_a_preset() {
    let mut harness = usual();
    press(&mut harness, Modifiers::COMMAND, Key::K);
    harness.get_by_label("Find a command").type_text("checkerb");
    harness.run_steps(2);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert_eq!(harness.state().lab.runs[0].experiment.target.kind(), "checkerboard");
    assert!(harness.state().sent().iter().any(|c| matches!(c, Command::Play(1))));
    assert!(
        harness.query_by_label("Find a command").is_none(),
        "the palette stayed open"
    );
}

#[test]
fn panels_fold_and_come_back() {
    let mut harness = usual();
    let shows = |harness: &Harness<'static, App>, label| harness.query_all_by_label(label).next().is_some();
    assert!(shows(&harness, "Sampler"));
    press(&mut harness, Modifiers::NONE, Key::F);
    assert!(!shows(&harness, "Sampler"));
    press(&mut harness, Modifiers::NONE, Key::F);
    assert!(shows(&harness, "Sampler"));
    press(&mut harness, Modifiers::NONE, Key::F2);
    assert!(!shows(&harness, "Coupling") && shows(&harness, "Sampler"));
}

#[test]
fn the_badge_switches_the_backend() {
    let mut harness = usual();
    harness.get_by_label("Trains on cpu, 2 threads, test").click();
    harness.run_steps(2);
    harness.get_by_label("CPU").click();
    harness.run_steps(2);
    assert!(matches!(
        harness.state().sent().last(),
        Some(Command::UseBackend(BackendChoice::Cpu))
    ));
}

#[test]
fn every_key_of_the_table_is_on_the_sheet() {
    let mut harness = usual();
    press(&mut harness, Modifiers::NONE, Key::F1);
    for row in &COMMANDS {
        let name = row.command.name();
        assert!(
            harness.query_all_by_label(&name).next().is_some(),
            "{name} is not on the sheet"
        );
    }
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Escape closes this sheet.").is_none());
}

#[test]
fn every_text_has_its_key() {
    let harness = usual();
    let mut missing = Vec::new();
    let mut stack = vec![harness.root().accesskit_node()];
    while let Some(node) = stack.pop() {
        for text in [node.label(), node.value()].into_iter().flatten() {
            if text.starts_with("en.") || text.starts_with("control.") || text.starts_with("command.") {
                missing.push(text);
            }
        }
        stack.extend(node.children());
    }
    assert!(missing.is_empty(), "no text for {missing:?}");
}

#[test]
fn a_lab_that_cannot_be_opened_says_why_and_changes_nothing() {
    let mut harness = usual();
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join("broken.json");
    std::fs::write(&path, "{ \"seed\": -1 }").expect("a file of our own");
    let before = harness.state().lab.clone();
    let why = harness.state_mut().open_from(&path).expect_err("a negative seed");
    assert!(why.contains("seed"), "{why}");
    assert_eq!(harness.state().lab, before);
    assert!(harness.state_mut().open_from(&folder.path().join("none.json")).is_err());
}

#[test]
fn a_saved_lab_opens_to_the_same_settings() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join("lab.json");
    let mut lab = moons();
    lab.stages[0].layers.density = true;
    std::fs::write(&path, lab::lab_text(&lab)).expect("a file of our own");
    let mut harness = usual();
    harness.state_mut().open_from(&path).expect("the program's own file");
    assert_eq!(harness.state().lab, lab);
}

/// Small images of the stage and of the clocks, compared with those in `assets/snapshots`. To make them anew after a wanted
/// change: `UPDATE_SNAPSHOTS=1 cargo test --release --test window`, and look at them.
#[test]
fn the_stage_and_the_clocks_look_as_they_did() {
    if let Err(fault) = GpuBackend::new(&AdapterChoice::Any) {
        let required = std::env::var_os("RECTIFLOW_REQUIRE_GPU").is_some_and(|v| v == "1");
        assert!(!required, "RECTIFLOW_REQUIRE_GPU=1, but: {fault}");
        eprintln!("SKIPPED, no image was compared: {fault}");
        return;
    }
    let mut results = SnapshotResults::new();
    for (name, theme, clocks, size) in [
        ("stage-dark", ThemeChoice::Dark, false, [560.0, 420.0]),
        ("clocks-light", ThemeChoice::Light, true, [1000.0, 470.0]),
    ] {
        let mut lab = moons();
        lab.look.theme = theme;
        (lab.look.left_open, lab.look.right_open, lab.look.bottom_open) = (false, false, clocks);
        lab.stages[0].layers.states = true;
        let mut app = App::still(lab.clone(), scene(&lab));
        app.clock.scrub(0.5);
        // letters differ by a shade between drivers: a pixel may, 200 of them may more
        let options = SnapshotOptions::new()
            .output_path("assets/snapshots")
            .threshold(2.0)
            .max_failed_pixels(200);
        let mut harness = Harness::builder()
            .with_size(Vec2::from(size))
            .wgpu()
            .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
        harness.run_steps(4);
        results.add(harness.try_snapshot_options(name, &options));
    }
}

#[test]
fn the_performance_band_tells_what_the_snapshot_says_and_covers_nothing() {
    for size in [[1024.0, 640.0], [1440.0, 900.0]] {
        let lab = moons();
        let snapshot = scene(&lab);
        let mut harness = open(lab, snapshot, size);
        let stage = "The stage: source, target and particles at flow time t";
        let before = harness.get_by_label(stage).rect();
        assert!(harness.query_by_label_contains("Dispatches a step").is_none());
        press(&mut harness, Modifiers::NONE, Key::F6);
        for label in [
            "Training steps a second: 987",
            "Evaluations a second: 2.5 million",
            "Dispatches a step: 2",
            "Trains on: cpu, 2 threads, test",
            "Drawn by: \u{2013}",
        ] {
            harness.get_by_label(label);
        }
        let band = harness.get_by_label("Dispatches a step: 2").rect();
        let after = harness.get_by_label(stage).rect();
        assert!(after.bottom() < band.top(), "{after:?} {band:?}");
        assert!(
            after.height() > 120.0 && after.width() > 0.9 * before.width(),
            "{after:?} {before:?}"
        );
        press(&mut harness, Modifiers::NONE, Key::F6);
        assert_eq!(harness.get_by_label(stage).rect(), before);
    }
}
