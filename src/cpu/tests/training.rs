//! Whole steps: optimizers against `PyTorch` and by hand, faults, threads, slots.

use std::sync::Arc;

use super::{cases, checkpoint, feed, flat, job};
use crate::backend::{Backend, Fault, TrainJob, Weights};
use crate::cpu::CpuBackend;
use crate::cpu::batch;
use crate::cpu::reference::{self, Rows};
use crate::cpu::simd::Isa;
use crate::cpu::train::Run;
use crate::flow::close::{assert_close_f32, assert_close_points};
use crate::flow::coupling::PairStream;
use crate::flow::loss::Loss;
use crate::flow::sampler::{Grid, Plan, Sampler, interpret, table};
use crate::net::{Checkpoint, Optimizer, OptimizerKind, Schedule, Shape, TimeEmbedding};

const ADAM: Optimizer = Optimizer {
    kind: OptimizerKind::Adam,
    learning_rate: 0.01,
    schedule: Schedule::Constant,
    warmup_steps: 0,
    batch: 150,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
    momentum: 0.9,
    clip_norm: 0.0,
    ema_decay: 0.0,
};

fn small() -> Shape {
    Shape {
        hidden: vec![16, 24],
        ..Shape::default()
    }
}

fn loaded(threads: usize, shape: &Shape, optimizer: Optimizer) -> CpuBackend {
    let mut backend = CpuBackend::new(Some(threads)).unwrap();
    let start = Checkpoint::initial(shape, 2);
    backend.load(0, job(shape, Loss::Mse, optimizer), &start).unwrap();
    backend
}

/// The rows of a step, from the job's own tables, by the definition's formulas in f64.
fn rows_of(job: &TrainJob, step: u64) -> Rows {
    let size = job.optimizer.batch;
    let (block, first) = batch::place(step, size);
    let pairs = job.pairs.block(block, PairStream::block_len(size));
    let mut rows = Rows::default();
    for i in 0..size {
        let at = job.rows[crate::flow::random::time_row(job.seed, step, i, size) as usize];
        let [x0, y0, x1, y1] = pairs[first + i as usize].map(f64::from);
        let mix = |a: f32, p: f64, b: f32, q: f64| f64::from(a) * p + f64::from(b) * q;
        let mut input = vec![mix(at.alpha, x1, at.sigma, x0), mix(at.alpha, y1, at.sigma, y0)];
        let mut features = vec![0.0; job.shape.time_features()];
        job.shape.embed_time(at.t, &mut features);
        input.extend(features.into_iter().map(f64::from));
        rows.inputs.push(input);
        rows.targets.push([
            mix(at.target_x1, x1, at.target_x0, x0),
            mix(at.target_x1, y1, at.target_x0, y0),
        ]);
        rows.weights.push(f64::from(at.weight));
    }
    rows
}

/// Steps of the definition in f64: the optimizers again, in their textbook form.
fn plain_training(job: &TrainJob, start: &Checkpoint, steps: u64) -> (Vec<f64>, Checkpoint) {
    let wide = |v: &[f32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let (mut p, mut m, mut v, mut ema) = (
        wide(&start.params),
        wide(&start.first_moment),
        wide(&start.second_moment),
        wide(&start.ema),
    );
    let o = &job.optimizer;
    let mut losses = Vec::new();
    for step in start.step..start.step + steps {
        let (loss, mut g) = reference::loss_and_gradient(&job.shape, &p, &rows_of(job, step), job.loss);
        losses.push(loss);
        let norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
        if o.clip_norm > 0.0 && norm > o.clip_norm {
            for g in &mut g {
                *g *= o.clip_norm / norm;
            }
        }
        let rate = o.rate(step, job.planned_steps);
        let n = (step + 1) as i32;
        for i in 0..p.len() {
            let decayed = g[i] + o.weight_decay * p[i];
            match o.kind {
                OptimizerKind::Sgd => {
                    m[i] = o.momentum * m[i] + decayed;
                    p[i] -= rate * m[i];
                }
                kind => {
                    let g = if kind == OptimizerKind::Adam { decayed } else { g[i] };
                    if kind == OptimizerKind::Adamw {
                        p[i] *= 1.0 - rate * o.weight_decay;
                    }
                    m[i] = o.beta1 * m[i] + (1.0 - o.beta1) * g;
                    v[i] = o.beta2 * v[i] + (1.0 - o.beta2) * g * g;
                    let (m, v) = (m[i] / (1.0 - o.beta1.powi(n)), v[i] / (1.0 - o.beta2.powi(n)));
                    p[i] -= rate * m / (v.sqrt() + o.epsilon);
                }
            }
            ema[i] = o.ema_decay * ema[i] + (1.0 - o.ema_decay) * p[i];
        }
    }
    let narrow = |v: Vec<f64>| v.into_iter().map(|x| x as f32).collect();
    let end = Checkpoint {
        params: narrow(p),
        first_moment: narrow(m),
        second_moment: narrow(v),
        ema: narrow(ema),
        step: start.step + steps,
    };
    (losses, end)
}

#[test]
fn training_is_the_definition_step_for_step() {
    let fourier = Shape {
        time_embedding: TimeEmbedding::Fourier { frequencies: 3 },
        ..small()
    };
    for (shape, optimizer) in [
        (small(), Optimizer { ema_decay: 0.9, ..ADAM }),
        (
            fourier,
            Optimizer {
                weight_decay: 0.02,
                clip_norm: 0.5,
                schedule: Schedule::Cosine,
                warmup_steps: 3,
                ..ADAM
            },
        ),
        (
            small(),
            Optimizer {
                kind: OptimizerKind::Adamw,
                weight_decay: 0.1,
                ..ADAM
            },
        ),
        (
            small(),
            Optimizer {
                kind: OptimizerKind::Sgd,
                weight_decay: 0.01,
                clip_norm: 1.0,
                ema_decay: 0.5,
                ..ADAM
            },
        ),
    ] {
        let what = format!("{optimizer:?}");
        let job = job(&shape, Loss::PseudoHuber { c: 0.2 }, optimizer);
        let start = Checkpoint::initial(&shape, 2);
        let mut backend = CpuBackend::new(Some(2)).unwrap();
        backend.load(0, job.clone(), &start).unwrap();
        let report = backend.train(0, 8).unwrap();
        let (losses, end) = plain_training(&job, &start, 8);
        assert_eq!(report.step, 8);
        let losses: Vec<f32> = losses.iter().map(|&x| x as f32).collect();
        // f32 against f64 over eight steps of at most 0.01 an entry
        assert_close_f32(&report.losses, &losses, 1e-5, &what);
        let got = backend.checkpoint(0).unwrap();
        assert_close_f32(&got.params, &end.params, 2e-5, &what);
        assert_close_f32(&got.first_moment, &end.first_moment, 2e-5, &what);
        assert_close_f32(&got.second_moment, &end.second_moment, 2e-5, &what);
        assert_close_f32(&got.ema, &end.ema, 2e-5, &what);
        assert_eq!(got.step, 8);
    }
}

#[test]
fn momentum_by_hand() {
    // two steps on gradients 1 and then 2: b = 1, then 0.9 + 2
    let rule = crate::cpu::optimizer::Update::new(
        &Optimizer {
            kind: OptimizerKind::Sgd,
            learning_rate: 0.1,
            ..ADAM
        },
        0,
        10,
    );
    let (mut p, mut m, mut v, mut e) = ([5.0], [0.0], [0.0], [0.0]);
    rule.apply(&[1.0], &mut p, &mut m, &mut v, &mut e);
    rule.apply(&[2.0], &mut p, &mut m, &mut v, &mut e);
    // 5 - 0.1 - 0.29, three roundings of 5
    assert_close_f32(&p, &[4.61], 2e-6, "momentum");
}

#[test]
fn the_clip_binds_only_above_its_norm() {
    use crate::cpu::optimizer::clip_scale;
    assert_eq!(clip_scale(5.0, 0.0), 1.0);
    assert_eq!(clip_scale(5.0, 5.0), 1.0);
    assert_eq!(clip_scale(8.0, 2.0), 0.25);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let shape = Shape {
        hidden: vec![40, 70],
        ..Shape::default()
    };
    // more than one block a chunk, several chunks, several ranges of parameters
    let optimizer = Optimizer {
        batch: 1500,
        clip_norm: 0.7,
        ema_decay: 0.9,
        ..ADAM
    };
    let results: Vec<_> = [1, 2, 3, 8]
        .into_iter()
        .map(|threads| {
            let mut backend = loaded(threads, &shape, optimizer);
            let losses = backend.train(0, 6).unwrap().losses;
            let start = vec![[0.5, -0.2]; 700];
            let heun = table(Sampler::Heun, 0.5, Grid::Uniform, 4, 0.0, 1.0).unwrap();
            let ends = backend.integrate(0, Weights::Live, &heun, &start, true).unwrap();
            let noisy = Plan {
                sampler: Sampler::Ddpm,
                from: 0.01,
                to: 0.9,
                ..Plan::default()
            };
            let noisy = backend.integrate(0, Weights::Live, &noisy.table().unwrap(), &start, false);
            (losses, backend.checkpoint(0).unwrap(), ends, noisy.unwrap())
        })
        .collect();
    for other in &results[1..] {
        assert!(*other == results[0]);
    }
}

#[test]
fn steps_do_not_depend_on_how_they_are_asked_for() {
    let mut one = loaded(2, &small(), ADAM);
    let mut many = loaded(2, &small(), ADAM);
    let at_once = one.train(0, 7).unwrap().losses;
    let mut bit_by_bit = Vec::new();
    for n in [1, 0, 4, 2] {
        bit_by_bit.extend(many.train(0, n).unwrap().losses);
        // taken out and put back
        let state = many.checkpoint(0).unwrap();
        many.load(0, job(&small(), Loss::Mse, ADAM), &state).unwrap();
    }
    assert_eq!(at_once, bit_by_bit);
    assert_eq!(one.checkpoint(0), many.checkpoint(0));
}

#[test]
fn slots_are_independent() {
    let mut alone = loaded(1, &small(), ADAM);
    alone.train(0, 5).unwrap();
    let mut both = loaded(1, &small(), ADAM);
    let wide = Shape::default();
    both.load(7, job(&wide, Loss::Mse, ADAM), &Checkpoint::initial(&wide, 9))
        .unwrap();
    for _ in 0..5 {
        both.train(0, 1).unwrap();
        both.train(7, 2).unwrap();
    }
    assert_eq!(alone.checkpoint(0), both.checkpoint(0));
    assert_eq!(both.checkpoint(7).unwrap().step, 10);
    both.forget(0);
    assert!(both.train(0, 1).is_err());
    assert!(both.checkpoint(7).is_ok());
}

#[test]
fn a_fault_leaves_the_state_as_it_was() {
    let mut backend = loaded(2, &small(), ADAM);
    backend.train(0, 3).unwrap();
    let good = backend.checkpoint(0).unwrap();
    // momentum with an absurd rate: the parameters overflow within a few steps
    let wild = Optimizer {
        kind: OptimizerKind::Sgd,
        learning_rate: 1e3,
        ..ADAM
    };
    backend.load(0, job(&small(), Loss::Mse, wild), &good).unwrap();
    let Err(Fault::NonFinite { step }) = backend.train(0, 400) else {
        panic!("a rate of 1000 must overflow");
    };
    assert!((4..403).contains(&step), "{step}");
    assert_eq!(backend.checkpoint(0).unwrap(), good);
    // and training goes on from there
    backend.load(0, job(&small(), Loss::Mse, ADAM), &good).unwrap();
    assert!(backend.train(0, 2).unwrap().losses.iter().all(|l| l.is_finite()));
}

#[test]
fn a_job_that_does_not_fit_is_refused() {
    let mut backend = CpuBackend::new(Some(1)).unwrap();
    let mut short = Checkpoint::initial(&small(), 1);
    short.params.pop();
    assert!(backend.load(0, job(&small(), Loss::Mse, ADAM), &short).is_err());
    let bad = Optimizer { batch: 0, ..ADAM };
    let start = Checkpoint::initial(&small(), 1);
    assert!(backend.load(0, job(&small(), Loss::Mse, bad), &start).is_err());
    let mut job = TrainJob::clone(&job(&small(), Loss::Mse, ADAM));
    job.rows = Arc::new(Vec::new());
    assert!(backend.load(0, Arc::new(job), &start).is_err());
    assert!(backend.evaluate(0, Weights::Live, &[[0.0; 2]], &[0.0]).is_err());
}

#[test]
fn evaluation_and_integration_use_the_weights_asked_for() {
    let optimizer = Optimizer {
        ema_decay: 0.99,
        ..ADAM
    };
    let mut backend = loaded(2, &small(), optimizer);
    backend.train(0, 20).unwrap();
    let state = backend.checkpoint(0).unwrap();
    assert_ne!(state.ema, state.params);
    let points: Vec<[f32; 2]> = (0..600)
        .map(|i| [0.01 * i as f32 - 3.0, 1.0 - 0.003 * i as f32])
        .collect();
    let times: Vec<f32> = (0..600).map(|i| i as f32 / 600.0).collect();
    for (which, params) in [(Weights::Sampling, &state.ema), (Weights::Live, &state.params)] {
        let params: Vec<f64> = params.iter().map(|&x| f64::from(x)).collect();
        let plain = |p: [f64; 2], t: f64| {
            let z = reference::forward(&small(), &params, &[p[0], p[1], t]);
            [z[2][0], z[2][1]]
        };
        let want: Vec<[f64; 2]> = points
            .iter()
            .zip(&times)
            .map(|(p, &t)| plain(p.map(f64::from), f64::from(t)))
            .collect();
        let got = backend.evaluate(0, which, &points, &times).unwrap();
        // values of a few units in f32
        assert_close_points(&got, &want, 5e-6, "a time each");
        let want: Vec<[f64; 2]> = points.iter().map(|p| plain(p.map(f64::from), 0.25)).collect();
        let got = backend.evaluate(0, which, &points, &[0.25]).unwrap();
        assert_close_points(&got, &want, 5e-6, "one time");

        let heun = table(Sampler::Heun, 0.5, Grid::Uniform, 5, 0.0, 1.0).unwrap();
        let start: Vec<[f64; 2]> = points.iter().map(|p| p.map(f64::from)).collect();
        for record in [true, false] {
            let want = interpret::<f64, ()>(&heun, &start, record, |x, t, out| {
                for (o, x) in out.iter_mut().zip(x) {
                    *o = plain(*x, t);
                }
                Ok(())
            })
            .unwrap();
            let got = backend.integrate(0, which, &heun, &points, record).unwrap();
            assert_eq!(got.times, want.times);
            assert_eq!(got.evaluations, 10);
            assert_eq!(got.count(), 600);
            assert_close_points(&got.states, &want.states, 2e-5, "five steps");
        }
    }
}

#[test]
fn name_begins_with_cpu() {
    let name = CpuBackend::new(Some(2)).unwrap().name();
    assert!(name.starts_with("cpu, 2 threads, "), "{name}");
}

#[test]
fn ten_steps_of_adam_and_adamw_are_pytorchs() {
    for isa in Isa::available() {
        for case in cases() {
            for (name, kind, weight_decay) in [("adam", OptimizerKind::Adam, 0.0), ("adamw", OptimizerKind::Adamw, 0.1)]
            {
                let what = format!("{isa:?} {} {name}", case.json["activation"]);
                let optimizer = Optimizer {
                    kind,
                    weight_decay,
                    learning_rate: case.json[name]["lr"].as_f64().unwrap(),
                    schedule: Schedule::Constant,
                    batch: 16,
                    ..Optimizer::default()
                };
                let mut run = Run::new(
                    isa,
                    1,
                    job(&case.shape, Loss::Mse, optimizer),
                    &checkpoint(&case.params),
                );
                let mut losses: Vec<f64> = (0..10).map(|_| run.step_on(16, feed(&case.rows))).collect();
                losses.push(run.learn(16, feed(&case.rows)));
                let mut want = flat(&case.json[name]["losses"]);
                want.push(case.json[name]["final_loss"].as_f64().unwrap());
                assert_eq!(losses.len(), want.len(), "{what}");
                for (step, (got, want)) in losses.iter().zip(&want).enumerate() {
                    // f32 over ten steps, where Adam divides small moments
                    assert!(
                        (got - want).abs() <= 1e-5 * want,
                        "{what}, step {step}: {got} is not {want}"
                    );
                }
            }
        }
    }
}
