//! The anatomy of a step in the window, driven through its accessibility tree: its switch and key, a press that picks a particle,
//! the steps before and after, the close look, undo.

use std::sync::Arc;

use eframe::egui::{Event, Key, Modifiers, PointerButton, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::{BackendChoice, Command};
use rectiflow::engine::session::Session;
use rectiflow::engine::snapshot::Snapshot;
use rectiflow::lab::{Lab, RunFile};

/// A lab of few particles on the exact field of its flow, and what the engine shows of it.
fn scene(particle: u32) -> (Lab, Snapshot) {
    let mut file = RunFile::default();
    file.experiment.network.hidden = vec![8];
    (file.sampling.count, file.sampling.steps, file.sampling.exact) = (40, 5, true);
    let mut lab = Lab::of(file);
    lab.stages[0].layers.anatomy = true;
    lab.anatomy.particle = particle;
    let mut session = Session::new(BackendChoice::Cpu, Some(1)).expect("the CPU");
    session.apply(&Arc::new(lab.clone()));
    session.command(Command::FlowTime(0.5));
    while session.refresh_stages() {}
    (lab, (*session.snapshot()).clone())
}

fn open(particle: u32, size: [f32; 2]) -> Harness<'static, App> {
    let (lab, snapshot) = scene(particle);
    let mut app = App::still(lab, snapshot);
    app.clock.playing = false;
    app.clock.scrub(0.5);
    let mut harness = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    harness.run_steps(6);
    harness
}

fn press(harness: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

const STAGE: &str = "The stage: source, target and particles at flow time t";

#[test]
fn the_table_says_what_the_step_does_and_the_keys_go_on() {
    for size in [[1440.0, 900.0], [1024.0, 640.0]] {
        let mut harness = open(3, size);
        // 0.5 lies within the third of five steps, as on the plot for those who do not see it
        assert!(
            harness
                .query_all_by_label_contains("step 3 of 5, t = 0.400 to 0.600")
                .count()
                >= 2
        );
        for said in [
            "x′ = x + 0.2 k1",
            "x + 0.1 k1 + 0.1 k2",
            "velocity at x′",
            "local error",
        ] {
            assert!(harness.query_all_by_label_contains(said).count() > 0, "{said}");
        }
        press(&mut harness, Modifiers::SHIFT, Key::ArrowRight);
        assert!((harness.state().clock.t - 0.7).abs() < 1e-9);
        assert!(harness.query_all_by_label_contains("step 4 of 5").count() > 0);
        harness.get_by_label("Previous step").click();
        harness.run_steps(4);
        assert!((harness.state().clock.t - 0.5).abs() < 1e-9);
        for _ in 0..9 {
            press(&mut harness, Modifiers::SHIFT, Key::ArrowLeft);
        }
        assert!(
            (harness.state().clock.t - 0.1).abs() < 1e-9,
            "the first step is the first"
        );
    }
}

#[test]
fn a_press_picks_the_nearest_particle_and_undo_takes_it_back() {
    let mut harness = open(3, [1440.0, 900.0]);
    let now = scene(3).1.stages[0].trajectories.at(0.5);
    let at = harness.get_by_label(STAGE).rect().center();
    harness.event(Event::PointerMoved(at));
    harness.run_steps(2);
    for pressed in [true, false] {
        harness.event(Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.run_steps(3);
    }
    let picked = harness.state().lab.anatomy.particle;
    assert_ne!(picked, 3);
    // nearer to the middle of the data than any other
    let [x0, y0, x1, y1] = scene(3).1.stages[0].bounds;
    let middle = [x0.midpoint(x1), y0.midpoint(y1)];
    let off = |p: &[f32; 2]| (p[0] - middle[0]).hypot(p[1] - middle[1]);
    let least = now.iter().map(off).fold(f32::INFINITY, f32::min);
    // the plot's middle is that of the data within a few points of the screen
    assert!(off(&now[picked as usize]) < least + 0.1);
    harness.run_steps(90);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().lab.anatomy.particle, 3);
}

#[test]
fn the_key_turns_it_on_and_the_close_look_goes_where_the_step_is() {
    let mut harness = open(3, [1440.0, 900.0]);
    press(&mut harness, Modifiers::NONE, Key::A);
    assert!(!harness.state().lab.stages[0].layers.anatomy);
    assert_eq!(harness.query_all_by_label_contains("step 3 of 5").count(), 0);
    press(&mut harness, Modifiers::SHIFT, Key::A);
    assert!(
        harness.state().lab.stages[0].layers.anatomy,
        "looking closely turns it on"
    );
    // close by there is room for the words of the plot's points, which are part of what is spoken
    assert!(harness.query_all_by_label_contains("Anatomy of step 3 of 5").count() > 0);
    press(&mut harness, Modifiers::NONE, Key::V);
    press(&mut harness, Modifiers::NONE, Key::A);
    assert!(!harness.state().lab.stages[0].layers.anatomy);
}
