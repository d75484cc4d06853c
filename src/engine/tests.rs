//! A session as the window and the command line use it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{BackendChoice, Command};
use super::session::Session;
use super::snapshot::RunState;
use super::worker::Worker;
use crate::backend::Fault;
use crate::flow::coupling::{Coupling, ModelPairs};
use crate::flow::distribution::Distribution;
use crate::lab::{Experiment, Lab, Origin, RunFile, Sampling};

fn small(edit: impl FnOnce(&mut Experiment)) -> Arc<Lab> {
    let mut file = RunFile::default();
    file.experiment.network.hidden = vec![16, 16];
    file.experiment.optimizer.batch = 64;
    file.experiment.steps = 400;
    file.sampling = Sampling {
        count: 64,
        steps: 4,
        ..Sampling::default()
    };
    edit(&mut file.experiment);
    Arc::new(Lab::of(file))
}

fn edited(lab: &Arc<Lab>, edit: impl FnOnce(&mut Experiment)) -> Arc<Lab> {
    let mut lab = Lab::clone(lab);
    edit(&mut lab.runs[0].experiment);
    Arc::new(lab)
}

fn session(lab: &Arc<Lab>) -> Session {
    let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
    session.apply(lab);
    session
}

fn params(session: &mut Session) -> Vec<f32> {
    session.checkpoint(1).unwrap().params
}

fn state(session: &mut Session) -> RunState {
    session.snapshot().runs[0].state
}

#[test]
fn the_same_experiment_repeats_bit_for_bit_however_it_is_sliced() {
    let lab = small(|_| ());
    let (mut a, mut b) = (session(&lab), session(&lab));
    a.train(1, 100).unwrap();
    for steps in [1, 9, 40, 50] {
        b.train(1, steps).unwrap();
    }
    assert_eq!(params(&mut a), params(&mut b));
    // and it can differ
    b.train(1, 1).unwrap();
    assert_ne!(params(&mut a), params(&mut b));
}

#[test]
fn playing_ends_at_the_planned_steps_and_pausing_keeps_the_parameters() {
    let lab = small(|_| ());
    let mut session = session(&lab);
    assert!(!session.advance(), "nothing trains before play");
    session.command(Command::Play(1));
    assert!(session.advance());
    session.command(Command::Pause(1));
    assert_eq!(state(&mut session), RunState::Paused);
    let kept = params(&mut session);
    assert!(!session.advance());
    assert_eq!(kept, params(&mut session));
    session.command(Command::Play(1));
    while session.advance() {}
    let shot = session.snapshot();
    assert_eq!((shot.runs[0].state, shot.runs[0].step), (RunState::Done, 400));
    let mut whole = self::session(&lab);
    whole.train(1, 400).unwrap();
    assert_eq!(params(&mut session), params(&mut whole));
}

#[test]
fn stepping_takes_as_many_steps_as_asked() {
    let mut session = session(&small(|_| ()));
    session.command(Command::Step(1, 3));
    while session.advance() {}
    assert_eq!(session.snapshot().runs[0].step, 3);
    assert_eq!(state(&mut session), RunState::Paused);
}

#[test]
fn knobs_turn_while_it_trains() {
    let lab = small(|_| ());
    let mut session = session(&lab);
    session.train(1, 50).unwrap();
    let before = params(&mut session);
    session.apply(&edited(&lab, |e| e.optimizer.learning_rate = 0.01));
    assert_eq!(params(&mut session), before, "a new rate keeps the parameters");
    let edits = Arc::clone(&session.snapshot().runs[0].edits);
    assert_eq!(*edits, vec![(50, "optimizer.learning_rate 0.003 → 0.01".to_owned())]);
    session.apply(&edited(&lab, |e| e.target = Arc::clone(&e.source)));
    assert_eq!(params(&mut session), before, "new pairs keep the parameters");
    assert_eq!(session.snapshot().runs[0].step, 50);
}

#[test]
fn undoing_an_edit_that_started_over_brings_the_parameters_back() {
    let lab = small(|_| ());
    let mut session = session(&lab);
    session.train(1, 50).unwrap();
    let before = params(&mut session);
    session.apply(&edited(&lab, |e| e.network.hidden = vec![8]));
    assert_eq!(session.snapshot().runs[0].step, 0);
    session.train(1, 10).unwrap();
    session.apply(&lab);
    assert_eq!(params(&mut session), before);
    assert_eq!(session.snapshot().runs[0].step, 50);
}

#[test]
fn a_done_run_learns_new_pairs_from_where_it_is() {
    let lab = small(|e| e.steps = 20);
    let mut session = session(&lab);
    session.command(Command::Play(1));
    while session.advance() {}
    let before = params(&mut session);
    session.apply(&edited(&lab, |e| {
        e.target = Arc::new(Distribution::default_of("ring").unwrap());
    }));
    assert_eq!(params(&mut session), before);
    assert_eq!(state(&mut session), RunState::Training);
}

#[test]
fn a_loss_that_explodes_keeps_the_last_good_parameters_and_says_why() {
    let lab = small(|e| {
        e.optimizer.learning_rate = 1e30;
        e.optimizer.schedule = crate::net::Schedule::Constant;
        e.network.activation = crate::net::Activation::Relu;
    });
    let mut session = session(&lab);
    session.command(Command::Play(1));
    while session.advance() {}
    assert_eq!(state(&mut session), RunState::Faulted);
    assert!(params(&mut session).iter().all(|p| p.is_finite()));
    let shot = session.snapshot();
    let notice = shot.notices.last().unwrap();
    assert!(
        notice.is_fault && notice.text.contains("step") && notice.text.contains("learning rate"),
        "{notice:?}"
    );
    // a lower rate mends it
    session.apply(&small(|e| e.network.activation = crate::net::Activation::Relu));
    session.command(Command::Play(1));
    assert!(session.advance());
    assert_eq!(state(&mut session), RunState::Training);
}

#[test]
fn a_collected_lab_opens_with_its_parameters() {
    let lab = small(|_| ());
    let mut session = session(&lab);
    session.train(1, 30).unwrap();
    session.command(Command::Collect(7));
    let shot = session.snapshot();
    let (number, saved) = shot.saved.clone().unwrap();
    assert_eq!(number, 7);
    let mut other = self::session(&saved);
    assert_eq!(params(&mut other), params(&mut session));
    assert_eq!(other.snapshot().runs[0].step, 30);
}

#[test]
fn dopri5_that_cannot_finish_says_so() {
    let mut session = session(&small(|_| ()));
    let sampling = Sampling {
        sampler: crate::lab::Sampler::Dopri5,
        tolerance: 1e-3,
        count: 8,
        ..Sampling::default()
    };
    let out = session.sample(1, &sampling, None, true).unwrap();
    assert_eq!((out.count(), out.times[0], *out.times.last().unwrap()), (8, 0.0, 1.0));
    let bad = vec![[f32::NAN; 2]; 8];
    assert!(matches!(
        session.sample(1, &sampling, Some(bad), true),
        Err(Fault::Solver(_))
    ));
}

#[test]
fn the_worker_trains_draws_measures_and_then_rests() {
    let lab = small(|e| e.steps = 200);
    let worker = Worker::start(lab, BackendChoice::Cpu, || ());
    let deadline = Instant::now() + Duration::from_mins(1);
    let ended = loop {
        let shot = worker.latest();
        let measured = shot
            .runs
            .first()
            .is_some_and(|r| r.state == RunState::Done && !r.measuring && r.measures.step == 200);
        if measured && shot.stages[0].step == 200 {
            break shot;
        }
        assert!(Instant::now() < deadline, "the worker did not come to rest: {shot:?}");
        std::thread::sleep(Duration::from_millis(20));
    };
    let measures = &ended.runs[0].measures;
    assert!(measures.w2_squared.is_some() && measures.w2_squared_floor.is_some() && measures.loss.is_some());
    assert_eq!(ended.stages[0].trajectories.count(), 64);
    // at rest nothing is published
    std::thread::sleep(Duration::from_millis(300));
    let first = worker.latest().sequence;
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(worker.latest().sequence, first);
}

/// A backend whose device goes away at a given call of `train`.
struct Failing {
    inner: crate::cpu::CpuBackend,
    calls_left: u32,
}

impl crate::backend::Backend for Failing {
    fn name(&self) -> String {
        "gpu, failing".into()
    }
    fn load(
        &mut self,
        slot: u32,
        job: Arc<crate::backend::TrainJob>,
        checkpoint: &crate::net::Checkpoint,
    ) -> Result<(), Fault> {
        self.inner.load(slot, job, checkpoint)
    }
    fn train(&mut self, slot: u32, steps: u32) -> Result<crate::backend::TrainReport, Fault> {
        self.calls_left -= 1;
        if self.calls_left == 0 {
            return Err(Fault::DeviceLost("unplugged".into()));
        }
        self.inner.train(slot, steps)
    }
    fn evaluate(
        &mut self,
        slot: u32,
        weights: crate::backend::Weights,
        points: &[[f32; 2]],
        times: &[f32],
    ) -> Result<Vec<[f32; 2]>, Fault> {
        self.inner.evaluate(slot, weights, points, times)
    }
    fn integrate(
        &mut self,
        slot: u32,
        weights: crate::backend::Weights,
        table: &crate::flow::sampler::Table,
        start: &[[f32; 2]],
        record: bool,
    ) -> Result<crate::backend::Trajectories, Fault> {
        self.inner.integrate(slot, weights, table, start, record)
    }
    fn checkpoint(&mut self, slot: u32) -> Result<crate::net::Checkpoint, Fault> {
        self.inner.checkpoint(slot)
    }
    fn forget(&mut self, slot: u32) {
        self.inner.forget(slot);
    }
}

#[test]
fn a_lost_device_costs_nothing_but_the_last_moments() {
    let lab = small(|_| ());
    let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
    session.backend = Box::new(Failing {
        inner: crate::cpu::CpuBackend::new(Some(1)).unwrap(),
        calls_left: 3,
    });
    session.apply(&lab);
    session.train(1, 20).unwrap();
    let kept = params(&mut session);
    session.train(1, 20).unwrap();
    assert!(matches!(session.train(1, 20), Err(Fault::DeviceLost(_))));
    assert_eq!(
        params(&mut session),
        kept,
        "back at the last checkpoint, on another device"
    );
    assert_eq!(session.snapshot().runs[0].step, 20);
    let shot = session.snapshot();
    assert!(
        shot.notices[0].is_fault && shot.notices[0].text.contains("unplugged"),
        "{:?}",
        shot.notices
    );
    // and it goes on as if nothing had happened
    session.train(1, 380).unwrap();
    let mut whole = self::session(&lab);
    whole.train(1, 400).unwrap();
    assert_eq!(params(&mut session), params(&mut whole));
}

fn with_child(lab: &Arc<Lab>, origin: Origin, pairs: ModelPairs) -> Arc<Lab> {
    let mut lab = Lab::clone(lab);
    let mut child = lab.runs[0].clone();
    (child.id, child.origin) = (2, origin);
    child.experiment.coupling = Coupling::Model(pairs);
    lab.runs.push(child);
    Arc::new(lab)
}

fn parent_of_reflow() -> (Arc<Lab>, Session, ModelPairs) {
    let lab = small(|e| {
        e.network.hidden = vec![32, 32];
        e.optimizer.batch = 128;
        e.optimizer.learning_rate = 0.01;
        e.steps = 500;
    });
    let mut session = session(&lab);
    session.train(1, 500).unwrap();
    (
        lab,
        session,
        ModelPairs {
            pairs: 5000,
            steps: 8,
            ..ModelPairs::default()
        },
    )
}

#[test]
fn a_reflow_straightens_and_its_pairs_are_the_parents_flow() {
    let (lab, mut session, settings) = parent_of_reflow();
    session.apply(&with_child(
        &lab,
        Origin::Reflow {
            parent: 1,
            from_parent: false,
        },
        settings,
    ));
    let waiting = session.snapshot().runs[1].pairing.unwrap();
    assert_eq!((waiting.done, waiting.total), (0, 5000));
    session.finish_pairing(|_| ()).unwrap();
    let pairs = session.made_pairs(2).unwrap();
    assert_eq!(pairs.len(), 5000);
    let starts: Vec<[f32; 2]> = pairs.iter().take(50).map(|p| [p[0], p[1]]).collect();
    let sampling = Sampling {
        steps: 8,
        ..Sampling::default()
    };
    let ends = session
        .sample(1, &sampling, Some(starts.clone()), false)
        .unwrap()
        .ends();
    for (pair, end) in pairs.iter().zip(&ends) {
        assert_eq!([pair[2], pair[3]], *end);
    }
    session.train(2, 500).unwrap();
    let sampling = Sampling { count: 512, ..sampling };
    let first = session.measures(1, &sampling).unwrap();
    let second = session.measures(2, &sampling).unwrap();
    let (before, after) = (first.straightness.unwrap(), second.straightness.unwrap());
    // two orders of magnitude in a long training; a tenth after 500 steps of a small network leaves room
    assert!(after < before / 10.0, "straightness {before} -> {after}");
    let ledger = second.evaluations_ledger.unwrap();
    assert_eq!((ledger.pairs, ledger.training_forward), (5000 * 16, 500 * 128));
    // the budget: what the coupling costs is floor + bends + carried, and the loss is its floor after training
    let spent = first.loss_floor.unwrap() + first.path_energy.unwrap();
    let cost = first.coupling_cost.unwrap();
    assert!((spent - cost).abs() < 0.1 * cost, "budget {spent} of {cost}");
}

#[test]
fn a_distilled_student_learns_the_one_step_map() {
    let (lab, mut session, settings) = parent_of_reflow();
    session.apply(&with_child(
        &lab,
        Origin::Distilled {
            parent: 1,
            from_parent: true,
        },
        settings,
    ));
    session.finish_pairing(|_| ()).unwrap();
    session.train(2, 500).unwrap();
    let starts: Vec<[f32; 2]> = session.made_pairs(2).unwrap().iter().map(|p| [p[0], p[1]]).collect();
    let one = Sampling {
        sampler: crate::lab::Sampler::Euler,
        steps: 1,
        ..Sampling::default()
    };
    let teacher = session
        .sample(
            1,
            &Sampling {
                steps: 8,
                ..Sampling::default()
            },
            Some(starts.clone()),
            false,
        )
        .unwrap();
    let mut miss = |id| {
        let ends = session.sample(id, &one, Some(starts.clone()), false).unwrap().ends();
        let squares = ends
            .iter()
            .zip(teacher.ends())
            .map(|(a, b)| f64::from((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)));
        squares.sum::<f64>() / starts.len() as f64
    };
    let (raw, distilled) = (miss(1), miss(2));
    assert!(
        distilled < raw / 5.0,
        "one Euler step misses by {raw} raw, {distilled} distilled"
    );
}

#[test]
fn a_child_waits_for_its_parent_and_goes_with_its_run() {
    let lab = small(|e| e.steps = 100);
    let mut session = session(&lab);
    session.command(Command::Play(1));
    session.apply(&with_child(
        &lab,
        Origin::Reflow {
            parent: 1,
            from_parent: false,
        },
        ModelPairs {
            pairs: 2000,
            ..ModelPairs::default()
        },
    ));
    session.command(Command::Play(2));
    assert!(session.advance());
    assert_eq!(
        session.snapshot().runs[1].pairing.unwrap().done,
        0,
        "the parent still trains"
    );
    while session.advance() {}
    let shot = session.snapshot();
    assert_eq!(
        (shot.runs[0].step, shot.runs[1].step, shot.runs[1].pairing),
        (100, 100, None)
    );
    session.apply(&lab);
    assert_eq!(session.snapshot().runs.len(), 1);
    // a child without its parent says so and rests
    let mut orphan = Lab::clone(&with_child(
        &lab,
        Origin::Reflow {
            parent: 9,
            from_parent: false,
        },
        ModelPairs::default(),
    ));
    orphan.runs.remove(0);
    session.apply(&Arc::new(orphan));
    session.command(Command::Play(2));
    while session.advance() {}
    assert!(
        session
            .snapshot()
            .notices
            .iter()
            .any(|n| n.is_fault && n.text.contains("gone"))
    );
}

#[test]
fn the_worker_reports_the_coupling_that_is_shown() {
    let mut lab = Lab::clone(&small(|_| ()));
    (lab.stages[0].layers.pairs, lab.stages[0].layers.pairs_shown) = (true, 60);
    let worker = Worker::start(Arc::new(lab.clone()), BackendChoice::Cpu, || ());
    let reported = |wanted: &str| {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            let shot = worker.latest();
            let report = shot.stages.first().and_then(|s| s.coupling.clone());
            if let Some(report) = report.filter(|r| r.costs.iter().all(|c| c.optimum.best().is_some())) {
                return report;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("{wanted} was never reported");
    };
    let independent = reported("the independent coupling");
    assert_eq!((independent.pairs.len(), independent.power), (60, 4.0));
    // another coupling on the same stage: new pairs, and the optimum is reached
    lab.runs[0].experiment.coupling = Coupling::default_of("minibatch-ot").unwrap();
    lab.stages[0].layers.pairs_shown = 64;
    lab.stages[0].layers.pairs_power = 1.5;
    worker.send(Command::Apply(Arc::new(lab)));
    let began = Instant::now();
    let optimal = loop {
        let report = reported("minibatch transport");
        if report.power == 1.5 {
            break report;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the old report stayed");
    };
    let squares = &optimal.costs[1];
    let best = squares.optimum.best().unwrap().cost;
    // one group of 64 is paired optimally already; its points are rounded to f32
    assert!((squares.cost - best).abs() < 1e-6 * best, "{} {best}", squares.cost);
    assert!(optimal.crossings < independent.crossings / 2);
}

#[test]
fn settings_that_nothing_can_train_rest_with_a_notice() {
    let lab = small(|e| e.network.hidden = vec![]);
    let mut session = session(&lab);
    session.command(Command::Play(1));
    for _ in 0..5 {
        session.advance();
        session.refresh_stages();
    }
    let shot = session.snapshot();
    assert_eq!(shot.runs[0].state, RunState::Faulted);
    assert!(
        shot.notices
            .iter()
            .any(|n| n.is_fault && n.text.contains("cannot be trained")),
        "{:?}",
        shot.notices
    );
    // an edit mends it
    session.apply(&small(|_| ()));
    session.command(Command::Play(1));
    assert!(session.advance());
    assert_eq!(session.snapshot().runs[0].state, RunState::Training);
}
