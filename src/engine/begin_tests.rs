//! A lab that is opened whole: which of its runs begin, what a child waits for, what stays of the lab before.

use std::sync::Arc;

use super::command::{BackendChoice, Command};
use super::session::Session;
use super::worker::begins;
use crate::flow::coupling::{Coupling, ModelPairs};
use crate::flow::path::Path;
use crate::lab::{Lab, Lens, Origin, RunFile, RunRecord, Sampler, Sampling};
use crate::net::Checkpoint;

/// Two rounds, short ones.
fn two_rounds() -> Lab {
    let mut file = RunFile::default();
    file.experiment.network.hidden = vec![16, 16];
    file.experiment.optimizer.batch = 64;
    file.experiment.steps = 60;
    (file.sampling.count, file.sampling.steps) = (64, 4);
    let mut lab = Lab::of(file);
    let mut child = lab.runs[0].clone();
    (child.id, child.experiment.seed) = (2, 2);
    child.origin = Origin::Reflow {
        parent: 1,
        from_parent: false,
    };
    child.experiment.coupling = Coupling::Model(ModelPairs {
        pairs: 1024,
        steps: 4,
        ..ModelPairs::default()
    });
    lab.runs.push(child);
    lab
}

fn session() -> Session {
    Session::new(BackendChoice::Cpu, Some(1)).expect("the CPU is always there")
}

#[test]
fn a_child_waits_for_a_parent_that_has_not_begun() {
    let mut session = session();
    session.begin(&Arc::new(two_rounds()));
    session.command(Command::Play(2));
    assert!(!session.advance(), "an untrained flow makes no pairs");
    session.command(Command::Play(1));
    while session.advance() {}
    let steps: Vec<u64> = session.snapshot().runs.iter().map(|r| r.step).collect();
    assert_eq!(steps, [60, 60]);
}

#[test]
fn a_lab_that_begins_takes_nothing_of_the_one_before_and_undo_brings_that_back() {
    let lab = Arc::new(two_rounds());
    let mut session = session();
    session.begin(&lab);
    for run in begins(&lab) {
        session.command(Command::Play(run));
    }
    while session.advance() {}
    let trained = session.checkpoint(2).expect("it is there").params;
    session.begin(&Arc::new(Lab::clone(&lab)));
    let shot = session.snapshot();
    assert_eq!(shot.runs.iter().map(|r| r.step).collect::<Vec<_>>(), [0, 0]);
    assert!(session.lacks_pairs(2), "the pairs of the round before are not its own");
    // undo of opening another lab
    let mut other = two_rounds();
    other.runs.truncate(1);
    other.runs[0].experiment.seed = 9;
    session.begin(&lab);
    for run in begins(&lab) {
        session.command(Command::Play(run));
    }
    while session.advance() {}
    session.begin(&Arc::new(other));
    session.apply(&Arc::new(Lab::clone(&lab)));
    assert_eq!(session.checkpoint(2).expect("it is back").params, trained);
}

#[test]
fn a_run_that_was_removed_or_whose_weights_were_replaced_comes_back_trained() {
    let mut lab = two_rounds();
    lab.runs.truncate(1);
    let (first, mut session) = (Arc::new(lab), session());
    session.begin(&first);
    session.command(Command::Play(1));
    while session.advance() {}
    let params = |session: &mut Session, id| session.checkpoint(id).expect("it is there").params;
    let trained = params(&mut session, 1);
    // weights from a file take its place under an id of their own, twice
    let imported = |id: u32, seed| {
        let mut lab = Lab::clone(&first);
        let checkpoint = Checkpoint::initial(&lab.runs[0].experiment.network, seed);
        lab.runs[0].id = id;
        lab.stages[0].run = id;
        lab.runs[0].record = Some(Arc::new(RunRecord {
            checkpoint: checkpoint.clone(),
            ..RunRecord::default()
        }));
        (lab, checkpoint.params)
    };
    let ((second, of_second), (third, of_third)) = (imported(2, 77), imported(3, 78));
    session.apply(&Arc::new(second.clone()));
    assert_eq!(params(&mut session, 2), of_second);
    session.apply(&Arc::new(third));
    assert_eq!(params(&mut session, 3), of_third);
    // undo, undo, redo: the document keeps no records
    let bare = |mut lab: Lab| {
        lab.runs[0].record = None;
        Arc::new(lab)
    };
    session.apply(&bare(second.clone()));
    assert_eq!(params(&mut session, 2), of_second);
    session.apply(&Arc::new(Lab::clone(&first)));
    assert_eq!(params(&mut session, 1), trained);
    session.apply(&bare(second));
    assert_eq!(params(&mut session, 2), of_second);
}

#[test]
fn all_runs_of_an_untrained_lab_begin_and_one_of_a_trained_lab() {
    let mut lab = two_rounds();
    assert_eq!(begins(&lab), [1, 2]);
    lab.runs[1].record = Some(Arc::new(RunRecord::default()));
    assert_eq!(begins(&lab), [1]);
}

#[test]
fn a_reflow_of_a_ve_diffusion_pairs_unit_noise_with_the_ends_of_its_probability_flow() {
    let mut lab = two_rounds();
    let parent = &mut lab.runs[0].experiment;
    parent.path = Path::default_of("ve").expect("a path");
    parent.steps = 400;
    let made = ModelPairs {
        pairs: 256,
        steps: 24,
        ..ModelPairs::default()
    };
    lab.runs[1].experiment = lab.runs[0].experiment.clone().on_pairs_of_a_flow(made);
    lab.runs[1].experiment.steps = 400;
    let mut session = session();
    session.begin(&Arc::new(lab));
    for run in [1, 2] {
        session.command(Command::Play(run));
    }
    while session.advance() {}
    let pairs = session.pairs(2, 256);
    assert_eq!(pairs.len(), 256);
    // the child's source is the plain one: of unit variance, whatever sigma the parent starts at
    let square = pairs.iter().map(|p| p[0] * p[0] + p[1] * p[1]).sum::<f32>() / 256.0;
    // |x0|^2 has mean 2 and standard deviation 2: three standard errors
    assert!((square - 2.0).abs() < 3.0 * 2.0 / 16.0, "{square}");
    // and each goes where the parent's probability-flow ODE takes it from sigma(0) x0
    let scale = Path::default_of("ve").expect("a path").start_scale() as f32;
    assert!(scale > 10.0);
    let start = pairs.iter().map(|p| [scale * p[0], scale * p[1]]).collect();
    let along = Sampling {
        lens: Lens::PfOde,
        sampler: made.sampler,
        steps: made.steps,
        count: 256,
        ..Sampling::default()
    };
    let ends = session
        .sample(1, &along, Some(start), false)
        .expect("it is trained")
        .ends();
    for (pair, end) in pairs.iter().zip(&ends) {
        for c in 0..2 {
            let off = (pair[2 + c] - end[c]).abs();
            assert!(off <= 1e-4 * (1.0 + end[c].abs()), "{pair:?} {end:?}");
        }
    }
    // the child has learned straight ways to them: one Euler step of it lands nearer its own pairs than their mean
    let starts = pairs.iter().map(|p| [p[0], p[1]]).collect();
    let euler = Sampling {
        sampler: Sampler::Euler,
        steps: 1,
        count: 256,
        ..Sampling::default()
    };
    let child = session
        .sample(2, &euler, Some(starts), false)
        .expect("it is trained")
        .ends();
    let mean = [2, 3].map(|c| pairs.iter().map(|p| p[c]).sum::<f32>() / 256.0);
    let off = |at: &dyn Fn(usize) -> [f32; 2]| {
        let one = |i: usize| (at(i)[0] - pairs[i][2]).powi(2) + (at(i)[1] - pairs[i][3]).powi(2);
        (0..256).map(one).sum::<f32>() / 256.0
    };
    let (learned, constant) = (off(&|i| child[i]), off(&|_| mean));
    assert!(learned < 0.5 * constant, "{learned} {constant}");
}
