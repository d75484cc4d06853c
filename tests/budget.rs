//! The budget after training: what the coupling costs is the floor of the loss, what the flow bends and what it carries
//! (MATHS.md, "the budget"). It closes only where the network is near its floor and everything is measured well enough,
//! so this is a test of the presets' trainings as much as of the measures.

use std::sync::Arc;

use rectiflow::engine::command::BackendChoice;
use rectiflow::engine::measures::{Budget, Effort};
use rectiflow::engine::session::Session;
use rectiflow::lab::{Lab, PRESETS, Preset};

/// How far from the cost the three parts may end (issue "Couplings, crossings, reflow": 2 %).
const OFF: f64 = 0.02;

/// The budget of a preset after its planned training, and the floor beside it; None where no budget holds.
fn budget_of(preset: &Preset) -> Option<(Budget, Option<f64>)> {
    let file = preset.run_file().expect("presets parse");
    if !file.experiment.budget_holds() {
        return None;
    }
    let steps = file.experiment.steps;
    let mut session = Session::new(BackendChoice::Cpu, None).expect("a processor");
    session.apply(&Arc::new(Lab::of(file.clone())));
    let mut done = 0;
    while done < steps {
        let slice = (steps - done).min(1000);
        session.train(1, slice as u32).expect("a training that stays finite");
        done += slice;
    }
    // the budget at full effort; the distances between point sets are other tests' business
    let effort = Effort {
        draws: 1,
        points: 100,
        few_steps: false,
        ..Effort::FULL
    };
    let measures = session.measures_with(1, &file.sampling, effort).expect("measures");
    Some((measures.budget.expect("it holds here"), measures.loss_floor))
}

#[test]
fn the_budget_closes_to_two_percent_on_every_preset() {
    let mut wrong = Vec::new();
    let mut seen = Vec::new();
    for preset in &PRESETS {
        // those made to fail do
        if preset.fails {
            continue;
        }
        let mut experiment = preset.run_file().expect("presets parse").experiment;
        experiment.name.clear();
        if seen.contains(&experiment) {
            continue;
        }
        seen.push(experiment);
        let Some((b, loss_floor)) = budget_of(preset) else {
            continue;
        };
        let off = (b.floor + b.bends + b.carried) / b.coupling_cost - 1.0;
        println!("{}: {b:?}, off by {:.2} %", preset.name, 100.0 * off);
        assert_eq!(Some(b.floor), loss_floor, "{}: one floor in chart and bar", preset.name);
        if off.is_nan() || off.abs() > OFF {
            wrong.push(format!("{} is off by {:.2} %: {b:?}", preset.name, 100.0 * off));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
