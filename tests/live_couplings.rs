//! A coupling chosen while a network trains: the next steps learn it, without a new start, for every kind and every parameter.

use std::sync::Arc;

use rectiflow::engine::command::BackendChoice;
use rectiflow::engine::session::Session;
use rectiflow::flow::coupling::{COUPLINGS, Coupling, HandPairs, ModelPairs, Pair, Undrawn};
use rectiflow::lab::{Experiment, Lab, Origin, RunFile, Sampling};

fn lab() -> Lab {
    let mut file = RunFile {
        experiment: Experiment {
            steps: 100_000,
            ..Experiment::default()
        },
        sampling: Sampling {
            count: 16,
            steps: 2,
            ..Sampling::default()
        },
    };
    file.experiment.network.hidden = vec![8];
    file.experiment.optimizer.batch = 64;
    let mut lab = Lab::of(file);
    lab.stages[0].layers.pairs = true;
    lab
}

/// Chooses a coupling, takes some steps, and tells which pairs the stage shows.
fn learn(session: &mut Session, lab: &mut Lab, run: usize, coupling: Coupling) -> Arc<Vec<Pair>> {
    let name = coupling.name();
    let id = lab.runs[run].id;
    let before = session.checkpoint(id).expect("the run is there");
    let step = before.step;
    lab.runs[run].experiment.coupling = coupling;
    session.apply(&Arc::new(lab.clone()));
    session.finish_pairing(|_| ()).expect("no fault");
    let after = session.checkpoint(id).expect("the run is there");
    assert_eq!(
        (after.step, &after.params),
        (step, &before.params),
        "{name} started over"
    );
    session.train(id, 3).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let after = session.checkpoint(id).expect("the run is there");
    assert_eq!(after.step, step + 3, "{name}");
    assert!(after.params.iter().all(|p| p.is_finite()) && after.params != before.params);
    session.refresh_stages();
    let snapshot = session.snapshot();
    assert!(snapshot.notices.iter().all(|n| !n.is_fault), "{:?}", snapshot.notices);
    let shot = snapshot.stages.iter().find(|s| s.run == id).expect("it is shown");
    assert!(!shot.pairs.is_empty(), "{name} shows no pairs");
    Arc::clone(&shot.pairs)
}

fn parsed(text: &str) -> Coupling {
    serde_json::from_str(text).expect("a coupling")
}

#[test]
fn every_kind_and_every_parameter_is_learned_at_once() {
    let mut session = Session::new(BackendChoice::Cpu, Some(1)).expect("the CPU is there");
    let mut lab = lab();
    session.apply(&Arc::new(lab.clone()));
    session.train(1, 3).expect("no fault");
    let drawn = r#"{"kind":"hand","pairs":[[0,0,1,1],[1,0,-1,0.5]]"#;
    let given = Arc::new(vec![[0.0, 0.0, 1.0, 1.0], [1.0, 0.0, -1.0, 0.5]]);
    let choices = [
        parsed(r#"{"kind":"exact-ot","pool":256}"#),
        parsed(r#"{"kind":"exact-ot","pool":300}"#),
        parsed(r#"{"kind":"minibatch-ot","batch":64}"#),
        parsed(r#"{"kind":"minibatch-ot","batch":8}"#),
        parsed(r#"{"kind":"sinkhorn","epsilon":0.5}"#),
        parsed(r#"{"kind":"sinkhorn","epsilon":5}"#),
        parsed(r#"{"kind":"sinkhorn","epsilon":5,"batch":32}"#),
        parsed(r#"{"kind":"anti-optimal","batch":64}"#),
        parsed(r#"{"kind":"anti-optimal","batch":16}"#),
        parsed(r#"{"kind":"sorted","angle_degrees":0}"#),
        parsed(r#"{"kind":"sorted","angle_degrees":90}"#),
        parsed(r#"{"kind":"sorted","angle_degrees":90,"batch":100}"#),
        parsed(r#"{"kind":"polar-angle"}"#),
        parsed(r#"{"kind":"polar-angle","batch":100}"#),
        parsed(r#"{"kind":"nearest-mode"}"#),
        parsed(r#"{"kind":"nearest-mode","batch":64}"#),
        parsed(&format!(r#"{drawn},"undrawn":"follow"}}"#)),
        parsed(&format!(r#"{drawn},"undrawn":"leave"}}"#)),
        Coupling::with_file("pairs.csv", Arc::new(vec![[0.0, 0.5, 1.0, 1.5]; 3])),
        Coupling::Independent,
        Coupling::Hand(HandPairs {
            pairs: given,
            undrawn: Undrawn::Follow,
        }),
    ];
    let mut seen: Vec<(String, Arc<Vec<Pair>>)> = Vec::new();
    for coupling in choices {
        let text = serde_json::to_string(&coupling).expect("plain data");
        let pairs = learn(&mut session, &mut lab, 0, coupling);
        let before = seen.last();
        assert!(before.is_none_or(|(_, old)| *old != pairs), "{text} changed nothing");
        seen.push((text, pairs));
    }
    let tried = |name: &str| {
        seen.iter()
            .any(|(text, _)| text.contains(&format!("\"kind\":\"{name}\"")))
    };
    for entry in COUPLINGS
        .iter()
        .filter(|e| !["model", "inverse-model"].contains(&e.name))
    {
        assert!(tried(entry.name), "{} was not tried", entry.name);
    }
}

#[test]
fn a_round_of_reflow_changes_its_pairs_at_once() {
    let mut session = Session::new(BackendChoice::Cpu, Some(1)).expect("the CPU is there");
    let mut lab = lab();
    let model = ModelPairs {
        pairs: 1200,
        steps: 4,
        ..ModelPairs::default()
    };
    let mut child = lab.runs[0].clone();
    (child.id, child.experiment.coupling) = (2, Coupling::Model(model));
    child.origin = Origin::Reflow {
        parent: 1,
        from_parent: true,
    };
    lab.runs.push(child);
    lab.stages[0].run = 2;
    session.apply(&Arc::new(lab.clone()));
    session.train(1, 3).expect("no fault");
    session.finish_pairing(|_| ()).expect("no fault");
    session.train(2, 3).expect("no fault");
    let mut old = Arc::default();
    for coupling in [
        Coupling::Model(ModelPairs { steps: 2, ..model }),
        Coupling::InverseModel(model),
        Coupling::Model(ModelPairs {
            real_fraction: 0.5,
            ..model
        }),
        Coupling::Independent,
        Coupling::Model(model),
    ] {
        let pairs = learn(&mut session, &mut lab, 1, coupling);
        assert_ne!(old, pairs);
        old = pairs;
    }
}
