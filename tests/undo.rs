//! Undo and redo over everything that the user can set: every control of the window and every command is tried. What it changes
//! in the lab is undone and redone; what changes nothing in the lab stands in a list with its reason, so that a control whose
//! setting is kept elsewhere, out of undo's reach, is found here.

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::Vec2;
use eframe::egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use rectiflow::app::App;
use rectiflow::app::ui_command::{COMMANDS, UiCommand};
use rectiflow::engine::snapshot::{RunSnapshot, RunState, Snapshot, StageSnapshot};
use rectiflow::flow::coupling::{Coupling, HandPairs};
use rectiflow::lab::{self, Lab, Lens, Map};

type Window = Harness<'static, App>;

/// Two rounds on two stages side by side, trained; with layers that have settings of their own.
fn lab() -> Lab {
    let text = r#"{"runs": [{"id": 1, "experiment": {"target": "eight-gaussians"}},
        {"id": 2, "experiment": {"target": "eight-gaussians", "coupling": {"kind": "model"}, "name": "2-RF"},
         "origin": {"kind": "reflow", "parent": 1}}],
        "stages": [{"run": 1}, {"run": 2}], "compare": {"on": true}}"#;
    lab::parse_lab(text, std::path::Path::new("")).expect("a lab")
}

fn snapshot(lab: &Lab) -> Snapshot {
    let run = |id| RunSnapshot {
        id,
        step: 8000,
        planned_steps: 8000,
        state: RunState::Done,
        ..RunSnapshot::default()
    };
    let stage = |run| StageSnapshot {
        run,
        bounds: [-3.0, -3.0, 3.0, 3.0],
        pairs: Arc::new(vec![[-1.0, 0.0, 1.0, 0.0], [-1.0, 1.0, 1.0, 1.0]]),
        ..StageSnapshot::default()
    };
    Snapshot {
        sequence: 1,
        runs: lab.runs.iter().map(|r| run(r.id)).collect(),
        stages: lab.stages.iter().map(|s| stage(s.run)).collect(),
        ..Snapshot::default()
    }
}

fn open(lab: &Lab) -> Window {
    let mut app = App::still(lab.clone(), snapshot(lab));
    app.clock.playing = false;
    let mut window = Harness::builder()
        .with_size(Vec2::new(1600.0, 1400.0))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    window.run_steps(4);
    window
}

/// What can be pressed or moved.
const ROLES: [Role; 8] = [
    Role::Button,
    Role::CheckBox,
    Role::RadioButton,
    Role::ComboBox,
    Role::Slider,
    Role::SpinButton,
    Role::Link,
    Role::TextInput,
];

/// A control: its role, its name, and which of those with the same name it is.
type Control = (Role, String, usize);

fn controls(window: &Window) -> Vec<Control> {
    let mut seen = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    let mut stack = vec![window.root().accesskit_node()];
    while let Some(node) = stack.pop() {
        stack.extend(node.children().rev());
        let role = node.role();
        if ROLES.contains(&role) && !node.is_disabled() && !node.is_hidden() {
            let name = node.label().or_else(|| node.value()).unwrap_or_default();
            let count = seen.entry((format!("{role:?}"), name.clone())).or_insert(0);
            found.push((role, name, *count));
            *count += 1;
        }
    }
    found
}

/// Uses a control: presses it, or moves it by a step. False where it is not there.
fn act(window: &mut Window, (role, name, index): &Control) -> bool {
    let fits = |node: &egui_kittest::kittest::AccessKitNode<'_>| {
        node.role() == *role
            && node.label().or_else(|| node.value()).unwrap_or_default() == *name
            && !node.is_disabled()
    };
    let all: Vec<_> = window.query_all_by(|node| fits(node)).collect();
    let Some(node) = all.get(*index) else { return false };
    match role {
        Role::Slider | Role::SpinButton => {
            let value = node.accesskit_node().numeric_value().unwrap_or_default();
            drop(all);
            let before = window.state().lab.clone();
            // down, or up where there is no room below; some are shares, some whole numbers
            for by in [-1.0, 0.25, 1.0] {
                if let Some(node) = window.query_all_by(|node| fits(node)).nth(*index) {
                    node.set_value_accesskit(value + by);
                }
                window.run_steps(4);
                if window.state().lab != before {
                    break;
                }
            }
            return true;
        }
        Role::TextInput => {
            node.focus();
            node.type_text("x");
        }
        _ => node.click_accesskit(),
    }
    drop(all);
    // a typed text is one step when it rests for a second: four frames
    window.run_steps(if *role == Role::TextInput { 10 } else { 4 });
    true
}

/// Whether trying it leaves no file behind in the folder of the tests.
fn safe((_, name, _): &Control) -> bool {
    !name.contains("Picture of the window")
}

/// Undoes and redoes what made `after` of `before`.
fn goes_back_and_forth(window: &mut Window, before: &Lab, what: &str) {
    // an edit that is still under way, such as a typed text, is over after a second of rest
    window.run_steps(2);
    let after = window.state().lab.clone();
    let ctx = window.ctx.clone();
    window.state_mut().run_command(&ctx, &UiCommand::Undo);
    window.run_steps(3);
    assert!(
        window.state().lab == *before,
        "{what}: undo does not bring back the lab"
    );
    window.state_mut().run_command(&ctx, &UiCommand::Redo);
    window.run_steps(3);
    assert!(window.state().lab == after, "{what}: redo does not bring it back again");
}

/// Commands that change nothing in the lab, and what they do instead.
const COMMANDS_OUTSIDE: [(&str, &[&str]); 5] = [
    (
        "dialogs and files",
        &[
            "open-lab",
            "presets",
            "import",
            "save-lab",
            "save-lab-as",
            "copy-share",
            "open-share",
            "export",
            "copy-image",
            "copy-caption",
            "save-window",
            "quit",
            "palette",
            "shortcuts",
        ],
    ),
    ("undo itself", &["undo", "redo"]),
    // what training did is no setting; an edit that starts a run over is undone with its parameters (`engine/tests.rs`)
    (
        "training goes on or begins anew",
        &["play-training", "step-training", "reset-training"],
    ),
    (
        "where flow time is",
        &[
            "play-flow",
            "flow-back",
            "flow-forward",
            "flow-start",
            "flow-end",
            "next-step",
            "previous-step",
        ],
    ),
    (
        "how the window looks at the lab",
        &[
            "reset-view",
            "fullscreen",
            "studies",
            "straightening",
            "performance",
            "zoom-reset",
        ],
    ),
];

#[test]
fn every_command_is_undone_or_changes_nothing_in_the_lab() {
    let mut drawn = lab();
    drawn.compare.on = false;
    drawn.runs[0].experiment.coupling = Coupling::Hand(HandPairs {
        pairs: Arc::new(vec![[-1.0, 0.0, 1.0, 0.0], [-1.0, 1.0, 1.0, 1.0]]),
        ..HandPairs::default()
    });
    let mut through = lab();
    through.stages[0].sampling = through.stages[0].sampling.through(Lens::Sde);
    through.stages[0].layers.map = Map::Energy;
    let mut alone = lab();
    alone.compare.on = false;
    alone.stages.truncate(1);
    let labs = [lab(), drawn, through, alone];
    let mut outside: Vec<String> = Vec::new();
    for row in &COMMANDS {
        let id = row.command.id();
        let mut changed = 0;
        for lab in &labs {
            // the last one would write into the folder of the tests
            if ["undo", "redo", "quit", "save-window"].contains(&id.as_str()) {
                continue;
            }
            let mut window = open(lab);
            let before = window.state().lab.clone();
            let ctx = window.ctx.clone();
            window.state_mut().run_command(&ctx, &row.command);
            window.run_steps(4);
            if window.state().lab != before {
                changed += 1;
                goes_back_and_forth(&mut window, &before, &id);
            }
        }
        if changed == 0 {
            outside.push(id);
        }
    }
    let mut listed: Vec<&str> = COMMANDS_OUTSIDE.iter().flat_map(|r| r.1.iter().copied()).collect();
    listed.sort_unstable();
    outside.sort_unstable();
    assert_eq!(
        outside, listed,
        "left: commands that changed no lab; right: those that are known to"
    );
}

/// Begins of names of controls that change nothing in the lab, and why.
const OUTSIDE: [(&str, &[&str]); 8] = [
    (
        "what is chosen already",
        &[
            "Button Flow matching",
            "Activation > Button SiLU",
            "Coupling > Button independent",
            "Grid > Button even in t",
            "How a round is made > Button Heun",
            "How a round is made > Button from its parent",
            "How a round is made > Button its ends",
            "Language > Button English",
            "Law of t > Button uniform",
            "Loss > Button squared",
            "Map > Button no map",
            "Path > Button linear",
            "Rule > Button Adam",
            "Run of stage a: 1-RF > Button 1-RF",
            "Sampler > Button Heun",
            "Sampler of stage a: Heun 32 > Button Heun",
            "Schedule > Button cosine",
            "Source: Gaussian > Button Gaussian",
            "Speed of flow time > Button 1",
            "Stages side by side > Button as large as fits",
            "Target: eight Gaussians > Button eight Gaussians",
            "Time input > Button t as it is",
            "View > Button Flow matching",
            "Weight > Button uniform",
            "Button Run 1-RF",
            "View > Button Usual size",
        ],
    ),
    (
        "dialogs and files",
        &[
            "Coupling > Button from a file",
            "File > Button",
            "Help > Button",
            "Presets > ",
            "Source: Gaussian > Button Load",
            "Source: Gaussian > TextInput",
            "Target: eight Gaussians > Button Load",
            "Target: eight Gaussians > TextInput",
            "Button Messages",
        ],
    ),
    (
        "what training did is no setting",
        &[
            "Button One training step",
            "Button Start training over",
            "Button Train / pause",
            "Run > Button One training step",
            "Run > Button Start training over",
            "Run > Button Train / pause",
        ],
    ),
    (
        "where flow time is, and whether it runs",
        &[
            "Button Play / pause flow time",
            "Slider Flow time t",
            "Run > Button Flow time",
            "Run > Button Play / pause",
            "Run > Button To the",
            "View > Button Next step",
            "View > Button Previous step",
        ],
    ),
    (
        "how the window looks at the lab",
        &[
            "Button Show everything",
            "View > Button Full screen",
            "View > Button Show everything",
            "View > Button Straightening",
            "View > Button Performance",
            "Straightening > Button",
        ],
    ),
    (
        "a study asks, and what it is asked is its window's",
        &["Samplers under study > ", "View > Button Samplers under study"],
    ),
    ("the machine's, not the lab's", &["Trains on "]),
    (
        "there is nothing of it in this lab",
        &[
            "Edit > Button Clear all pairs",
            "Edit > Button Delete pair",
            "Button 1-RF: The budget",
        ],
    ),
];

#[test]
fn every_control_is_undone_or_changes_nothing_in_the_lab() {
    let lab = lab();
    let mut window = open(&lab);
    let before = window.state().lab.clone();
    let first = controls(&window);
    let (mut changed, mut outside) = (0, BTreeSet::new());
    for control in &first {
        if !safe(control) {
            continue;
        }
        window = open(&lab);
        let what = format!("{control:?}");
        if !act(&mut window, control) {
            continue;
        }
        if window.state().lab != before {
            changed += 1;
            goes_back_and_forth(&mut window, &before, &what);
            continue;
        }
        // what it opened
        let inside: Vec<Control> = controls(&window).into_iter().filter(|c| !first.contains(c)).collect();
        if inside.is_empty() {
            outside.insert(format!("{:?} {}", control.0, control.1));
        }
        for inner in inside {
            if !safe(&inner) {
                continue;
            }
            window = open(&lab);
            act(&mut window, control);
            if !act(&mut window, &inner) {
                continue;
            }
            if window.state().lab == before {
                outside.insert(format!("{} > {:?} {}", control.1, inner.0, inner.1));
            } else {
                changed += 1;
                goes_back_and_forth(&mut window, &before, &format!("{what} > {inner:?}"));
            }
        }
    }
    println!("{changed} controls change the lab");
    for name in &outside {
        println!("OUTSIDE {name}");
    }
    let known = |name: &String| OUTSIDE.iter().any(|r| r.1.iter().any(|begin| name.starts_with(begin)));
    let unknown: Vec<&String> = outside.iter().filter(|name| !known(name)).collect();
    assert!(
        unknown.is_empty(),
        "{} controls change no lab and are not listed",
        unknown.len()
    );
    assert!(changed > 100, "only {changed} controls change the lab");
}
