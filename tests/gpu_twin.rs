//! The GPU against its twins on the processor: the same numbers within rounding, and not the same when a weight is nudged.
//! Without an adapter these tests say so and pass; with `RECTIFLOW_REQUIRE_GPU=1` they fail.

use std::sync::Arc;

use rectiflow::backend::{Backend, Fault, Loss, TrainJob, Weights};
use rectiflow::cpu::{CpuBackend, batch, reference};
use rectiflow::flow::close::assert_close_f32;
use rectiflow::flow::coupling::{Coupling, Pair, PairStream};
use rectiflow::flow::distribution::{Distribution, Gaussian};
use rectiflow::flow::path::Path;
use rectiflow::flow::prediction::{Output, Prediction};
use rectiflow::flow::random::{Stream, bits, time_row};
use rectiflow::flow::sampler::{Grid, Plan, SAMPLERS, Sampler, table};
use rectiflow::flow::time_density::{LossWeight, TIME_ROWS, TimeDensity, TimeRow, time_rows};
use rectiflow::gpu::uniforms::Tiling;
use rectiflow::gpu::{AdapterChoice, GpuBackend};
use rectiflow::net::{Activation, Checkpoint, Optimizer, OptimizerKind, Schedule, Shape, TimeEmbedding};

fn gpu() -> Option<GpuBackend> {
    match GpuBackend::new(&AdapterChoice::Any) {
        Ok(gpu) => Some(gpu),
        Err(fault) => {
            let required = std::env::var_os("RECTIFLOW_REQUIRE_GPU").is_some_and(|v| v == "1");
            assert!(!required, "RECTIFLOW_REQUIRE_GPU=1, but: {fault}");
            eprintln!("SKIPPED, nothing was compared: {fault}");
            None
        }
    }
}

fn shape(hidden: &[u32], activation: Activation, time_embedding: TimeEmbedding) -> Shape {
    Shape {
        hidden: hidden.to_vec(),
        activation,
        time_embedding,
    }
}

fn job(shape: &Shape, optimizer: Optimizer, loss: Loss, density: TimeDensity, weight: LossWeight) -> Arc<TrainJob> {
    let gaussian = |mean, std| {
        Arc::new(Distribution::Gaussian(Gaussian {
            mean,
            std,
            covariance: None,
        }))
    };
    Arc::new(TrainJob {
        shape: shape.clone(),
        output: Output::plain(Path::Linear),
        law: Arc::default(),
        rows: Arc::new(time_rows(density, weight, &Output::plain(Path::Linear))),
        loss,
        optimizer,
        planned_steps: 1000,
        seed: 7 | 3 << 40,
        pairs: Arc::new(PairStream {
            source: gaussian([0.0, 0.0], 1.0),
            target: gaussian([2.0, -1.0], 0.5),
            coupling: Coupling::Independent,
            seed: 7,
            finite: None,
        }),
    })
}

fn plain(shape: &Shape, batch: u32) -> Arc<TrainJob> {
    let optimizer = Optimizer {
        batch,
        ..Optimizer::default()
    };
    job(shape, optimizer, Loss::Mse, TimeDensity::Uniform, LossWeight::Uniform)
}

/// Loss and gradient by the definition, in f64.
fn definition(job: &TrainJob, params: &[f32], pairs: &[Pair], step: u64) -> (f64, Vec<f64>) {
    let mut rows = reference::Rows::default();
    let mut input = vec![0.0f32; job.shape.inputs()];
    for (i, &pair) in pairs.iter().enumerate() {
        let goal = batch::row(job, step, i as u32, pair, &mut input);
        rows.inputs.push(input.iter().map(|&x| f64::from(x)).collect());
        rows.targets.push(goal.target.map(f64::from));
        rows.weights.push(f64::from(goal.weight));
    }
    let params: Vec<f64> = params.iter().map(|&p| f64::from(p)).collect();
    reference::loss_and_gradient(&job.shape, &params, &rows, job.loss)
}

/// Largest difference of the gradients, in units of the largest entry, and the relative difference of the losses.
fn gradient_gap(gpu: &mut GpuBackend, job: &Arc<TrainJob>, nudge: f32) -> (f64, f64) {
    let checkpoint = Checkpoint::initial(&job.shape, 11);
    let pairs = job.pairs.block(0, job.optimizer.batch);
    let mut nudged = checkpoint.clone();
    let index = job.shape.layers()[0].weight;
    nudged.params[index] += nudge;
    gpu.load(0, job.clone(), &nudged).unwrap();
    let (loss, got) = gpu.gradient(0, &pairs, 5).unwrap();
    let (want_loss, want) = definition(job, &checkpoint.params, &pairs, 5);
    assert_eq!(got.len(), want.len());
    let top = want.iter().fold(0.0f64, |a, b| a.max(b.abs()));
    let gap = got.iter().zip(&want).map(|(g, w)| (f64::from(*g) - w).abs() / top);
    // NaN must not hide behind max
    let gap = gap.fold(0.0, |a: f64, b| if b <= a { a } else { b });
    (gap, (f64::from(loss) - want_loss).abs() / want_loss)
}

/// f32 sums of at most some thousand terms in another order, and polynomials for exp and erf of error 2e-7: seen on
/// lavapipe at most 2e-7 of the largest entry; WGSL lets exp be some 20 times less exact than that.
const GRADIENT_TOLERANCE: f64 = 5e-6;

#[track_caller]
fn check_gradient(gpu: &mut GpuBackend, job: &Arc<TrainJob>, what: &str) {
    let (gap, loss) = gradient_gap(gpu, job, 0.0);
    eprintln!("{what}: gradient {gap:.1e}, loss {loss:.1e}");
    assert!(gap <= GRADIENT_TOLERANCE, "{what}: gradient off by {gap}");
    assert!(loss <= GRADIENT_TOLERANCE, "{what}: loss off by {loss}");
    let (gap, _) = gradient_gap(gpu, job, 0.05);
    assert!(
        gap > GRADIENT_TOLERANCE,
        "{what}: a nudged weight was not noticed ({gap})"
    );
}

#[test]
fn random_bits_and_time_rows_are_those_of_rust() {
    let Some(mut gpu) = gpu() else { return };
    let seed = 0x1234_5678_9abc_def0;
    // the index crosses from the low word into the high one
    let (first, count) = ((5 << 32) - 100, 300);
    let (words, rows) = gpu.draw(seed, Stream::BatchTime, first, count).unwrap();
    for i in 0..100u64 {
        assert_eq!(words[i as usize], bits(seed, Stream::BatchTime, first + i), "index {i}");
    }
    // a batch of 300 whose first index is step * 300
    let step = 14_316_558u64;
    let (_, straight) = gpu.draw(seed, Stream::BatchTime, step * 300, count).unwrap();
    for i in 0..count {
        assert_eq!(straight[i as usize], time_row(seed, step, i, count), "row {i}");
    }
    assert_ne!(rows, straight);
}

#[test]
fn gradients_of_every_activation() {
    let Some(mut gpu) = gpu() else { return };
    for activation in Activation::ALL {
        let shape = shape(&[24, 16], activation, TimeEmbedding::Raw);
        check_gradient(&mut gpu, &plain(&shape, 100), activation.name());
    }
}

#[test]
fn gradients_of_odd_shapes_embeddings_and_batches() {
    let Some(mut gpu) = gpu() else { return };
    let fourier = |frequencies| TimeEmbedding::Fourier { frequencies };
    let cases = [
        (shape(&[8], Activation::Silu, TimeEmbedding::Raw), 1),
        (shape(&[9, 17, 33], Activation::Silu, fourier(3)), 70),
        (shape(&[8; 6], Activation::Silu, fourier(16)), 64),
        (shape(&[256, 10], Activation::Silu, fourier(1)), 40),
        (shape(&[64, 64, 64], Activation::Silu, TimeEmbedding::Raw), 1100),
    ];
    for (shape, batch) in &cases {
        check_gradient(&mut gpu, &plain(shape, *batch), &format!("{shape:?} batch {batch}"));
    }
}

#[test]
fn gradients_of_losses_weights_and_densities() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[16, 16], Activation::Silu, TimeEmbedding::Raw);
    let optimizer = Optimizer {
        batch: 130,
        ..Optimizer::default()
    };
    for loss in [Loss::Mse, Loss::PseudoHuber { c: 0.3 }] {
        let job = job(
            &shape,
            optimizer,
            loss,
            TimeDensity::Cosmap,
            LossWeight::InverseT { max: 5.0 },
        );
        check_gradient(&mut gpu, &job, &format!("{loss:?}"));
    }
}

/// 50 steps on both backends; returns the losses and the checkpoints.
fn race(gpu: &mut GpuBackend, job: &Arc<TrainJob>, nudge: f32) -> ([Vec<f32>; 2], [Checkpoint; 2]) {
    let mut cpu = CpuBackend::new(None).unwrap();
    let checkpoint = Checkpoint::initial(&job.shape, 3);
    let mut nudged = checkpoint.clone();
    nudged.params[0] += nudge;
    cpu.load(0, job.clone(), &checkpoint).unwrap();
    gpu.load(0, job.clone(), &nudged).unwrap();
    let losses = [cpu.train(0, 50).unwrap().losses, gpu.train(0, 50).unwrap().losses];
    (losses, [cpu.checkpoint(0).unwrap(), gpu.checkpoint(0).unwrap()])
}

#[test]
fn fifty_steps_of_every_optimizer_as_on_the_processor() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[16, 16], Activation::Silu, TimeEmbedding::Raw);
    for (kind, clip_norm, ema_decay) in [
        (OptimizerKind::Adam, 0.0, 0.0),
        (OptimizerKind::Adamw, 0.5, 0.9),
        (OptimizerKind::Sgd, 0.0, 0.99),
    ] {
        let optimizer = Optimizer {
            kind,
            clip_norm,
            ema_decay,
            batch: 96,
            weight_decay: 0.01,
            learning_rate: 0.01,
            ..Optimizer::default()
        };
        let job = job(&shape, optimizer, Loss::Mse, TimeDensity::Uniform, LossWeight::Uniform);
        let ([cpu, gpu_losses], [a, b]) = race(&mut gpu, &job, 0.0);
        // rounding differs by 1e-6 a step and Adam's early steps amplify it where a gradient is near zero
        assert_close_f32(&gpu_losses, &cpu, 1e-4 * f64::from(cpu[0]), "losses");
        assert_close_f32(&b.params, &a.params, 2e-4, "params");
        assert_close_f32(&b.ema, &a.ema, 2e-4, "ema");
        assert_close_f32(&b.first_moment, &a.first_moment, 2e-4, "first moment");
        assert_eq!((a.step, b.step), (50, 50));
        let ([cpu, gpu_losses], _) = race(&mut gpu, &job, 0.05);
        let gap = cpu
            .iter()
            .zip(&gpu_losses)
            .fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
        assert!(gap > 1e-4 * cpu[0], "a nudged weight was not noticed");
    }
}

#[test]
fn a_run_repeats_bit_for_bit_and_in_pieces() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[20, 12], Activation::Silu, TimeEmbedding::Raw);
    let job = plain(&shape, 200);
    let mut train = |pieces: &[u32]| {
        gpu.load(0, job.clone(), &Checkpoint::initial(&shape, 1)).unwrap();
        let mut losses = Vec::new();
        for &n in pieces {
            losses.extend(gpu.train(0, n).unwrap().losses);
        }
        (losses, gpu.checkpoint(0).unwrap())
    };
    // 200 rows: a block lasts 327 steps, so the second block is entered too
    let whole = train(&[340]);
    assert_eq!(whole, train(&[340]));
    assert_eq!(whole, train(&[1, 300, 39]));
}

#[test]
fn evaluation_is_the_processors() {
    let Some(mut gpu) = gpu() else { return };
    let mut cpu = CpuBackend::new(None).unwrap();
    for (hidden, embedding) in [
        (vec![64, 64, 64], TimeEmbedding::Raw),
        (vec![13, 9], TimeEmbedding::Fourier { frequencies: 5 }),
    ] {
        let shape = shape(&hidden, Activation::Silu, embedding);
        let job = plain(&shape, 64);
        let checkpoint = Checkpoint::initial(&shape, 2);
        let points: Vec<[f32; 2]> = (0..777)
            .map(|i| [i as f32 * 0.01 - 4.0, 3.0 - i as f32 * 0.007])
            .collect();
        let times: Vec<f32> = (0..777).map(|i| i as f32 / 776.0).collect();
        cpu.load(0, job.clone(), &checkpoint).unwrap();
        gpu.load(0, job.clone(), &checkpoint).unwrap();
        for times in [&times[..], &times[300..301]] {
            let want = cpu.evaluate(0, Weights::Sampling, &points, times).unwrap();
            let got = gpu.evaluate(0, Weights::Sampling, &points, times).unwrap();
            // outputs are below 2; f32 sums of 64 terms through four layers
            assert_close_f32(got.as_flattened(), want.as_flattened(), 3e-6, "outputs");
        }
        let mut nudged = checkpoint.clone();
        nudged.params[0] += 0.01;
        gpu.load(0, job.clone(), &nudged).unwrap();
        let want = cpu.evaluate(0, Weights::Sampling, &points, &times).unwrap();
        let got = gpu.evaluate(0, Weights::Sampling, &points, &times).unwrap();
        let gap = got
            .as_flattened()
            .iter()
            .zip(want.as_flattened())
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(gap > 3e-6, "a nudged weight was not noticed");
    }
}

#[test]
fn integration_is_the_processors_with_every_table() {
    let Some(mut gpu) = gpu() else { return };
    let mut cpu = CpuBackend::new(None).unwrap();
    let shape = shape(&[32, 32], Activation::Silu, TimeEmbedding::Raw);
    let job = plain(&shape, 64);
    let checkpoint = Checkpoint::initial(&shape, 4);
    cpu.load(0, job.clone(), &checkpoint).unwrap();
    gpu.load(0, job, &checkpoint).unwrap();
    let start: Vec<[f32; 2]> = (0..150).map(|i| [(i as f32).sin() * 2.0, (i as f32).cos()]).collect();
    let diffusion = Path::default_of("vp").expect("a path of the table");
    for row in SAMPLERS {
        let plan = Plan {
            sampler: row.sampler,
            rk2_a: 0.7,
            steps: 12,
            path: diffusion,
            from: 0.2,
            to: 0.9,
            noise_seed: 8,
            ..Plan::default()
        };
        let Some(plain) = plan.table() else { continue };
        // a network of scaled input and output: the point goes through the register that the evaluation writes
        let scaled = plain.through(&Output::new(diffusion, Prediction::Noise, 2.0));
        for (table, record) in [(&plain, true), (&plain, false), (&scaled, true)] {
            let want = cpu.integrate(0, Weights::Live, table, &start, record).unwrap();
            let got = gpu.integrate(0, Weights::Live, table, &start, record).unwrap();
            assert_eq!((&got.times, got.evaluations), (&want.times, want.evaluations));
            // some 50 operations of relative error 1e-7 each; an untrained field may drive the states far out
            let largest = want.states.as_flattened().iter().fold(1.0_f32, |m, v| m.max(v.abs()));
            assert!(largest.is_finite(), "{}", row.name);
            assert_close_f32(
                got.states.as_flattened(),
                want.states.as_flattened(),
                2e-5 * f64::from(largest),
                row.name,
            );
        }
        if !plain.noises.is_empty() {
            let other = Plan { noise_seed: 9, ..plan }.table().unwrap();
            let (want, got) = (
                cpu.integrate(0, Weights::Live, &plain, &start, false).unwrap(),
                gpu.integrate(0, Weights::Live, &other, &start, false).unwrap(),
            );
            let pairs = want.states.as_flattened().iter().zip(got.states.as_flattened());
            let gap = pairs.fold(0.0_f32, |m, (a, b)| m.max((a - b).abs()));
            assert!(gap > 0.1, "{}: another noise was not noticed", row.name);
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_restores_the_parameters() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[16], Activation::Silu, TimeEmbedding::Raw);
    let optimizer = Optimizer {
        kind: OptimizerKind::Sgd,
        learning_rate: 1000.0,
        batch: 64,
        ..Optimizer::default()
    };
    let job = job(&shape, optimizer, Loss::Mse, TimeDensity::Uniform, LossWeight::Uniform);
    let checkpoint = Checkpoint::initial(&shape, 4);
    gpu.load(0, job, &checkpoint).unwrap();
    let fault = gpu.train(0, 100).unwrap_err();
    assert!(matches!(fault, Fault::NonFinite { step } if step < 100), "{fault}");
    assert_eq!(gpu.checkpoint(0).unwrap(), checkpoint);
}

#[test]
fn a_lost_device_is_a_fault_and_not_a_panic() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[16], Activation::Silu, TimeEmbedding::Raw);
    let checkpoint = Checkpoint::initial(&shape, 4);
    gpu.load(0, plain(&shape, 64), &checkpoint).unwrap();
    gpu.train(0, 5).unwrap();
    gpu.lose_device();
    for _ in 0..2 {
        assert!(matches!(gpu.train(0, 5), Err(Fault::DeviceLost(_))));
        assert!(matches!(gpu.checkpoint(0), Err(Fault::DeviceLost(_))));
        let answer = gpu.evaluate(0, Weights::Live, &[[0.0, 0.0]], &[0.5]);
        assert!(matches!(answer, Err(Fault::DeviceLost(_))));
        assert!(matches!(
            gpu.load(1, plain(&shape, 64), &checkpoint),
            Err(Fault::DeviceLost(_))
        ));
    }
}

/// The figures of `tests/reference/mlp.json` (from `PyTorch` in f64) as a job: row i has time `t_i`, x0 = (x, y), x1 = the target.
/// Row i of 16 is given one of the 4,096 time rows of its slice, so a table that is constant on slices gives it any t.
fn reference_job(case: &serde_json::Value, loss: Loss, kind: OptimizerKind) -> (Arc<TrainJob>, Vec<Pair>, Vec<f32>) {
    let numbers =
        |v: &serde_json::Value| -> Vec<f64> { v.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let inputs: Vec<Vec<f64>> = case["input"].as_array().unwrap().iter().map(numbers).collect();
    let targets: Vec<Vec<f64>> = case["target"].as_array().unwrap().iter().map(numbers).collect();
    let batch = inputs.len() as u32;
    let rows = (0..TIME_ROWS as u32)
        .map(|r| TimeRow {
            t: inputs[((r * batch) >> 16) as usize][2] as f32,
            sigma: 1.0,
            weight: 1.0,
            target_x1: 1.0,
            ..TimeRow::default()
        })
        .collect();
    let pair = |(x, y): (&Vec<f64>, &Vec<f64>)| [x[0] as f32, x[1] as f32, y[0] as f32, y[1] as f32];
    let pairs = inputs.iter().zip(&targets).map(pair).collect();
    let name = case["activation"].as_str().unwrap();
    let activation = Activation::ALL
        .into_iter()
        .find(|a| a.name() == name)
        .expect("a known activation");
    let layers = numbers(&case["layers"]);
    let hidden: Vec<u32> = layers[1..layers.len() - 1].iter().map(|&w| w as u32).collect();
    let optimizer = Optimizer {
        kind,
        batch,
        learning_rate: 0.01,
        schedule: Schedule::Constant,
        weight_decay: if kind == OptimizerKind::Adamw { 0.1 } else { 0.0 },
        ..Optimizer::default()
    };
    let shape = shape(&hidden, activation, TimeEmbedding::Raw);
    let mut job = (*job(&shape, optimizer, loss, TimeDensity::Uniform, LossWeight::Uniform)).clone();
    job.rows = Arc::new(rows);
    (Arc::new(job), pairs, flat(&case["weights"]))
}

/// All numbers of nested arrays, in order.
fn flat(value: &serde_json::Value) -> Vec<f32> {
    match value {
        serde_json::Value::Array(items) => items.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap() as f32],
    }
}

#[test]
fn reference_figures_of_the_network() {
    let Some(mut gpu) = gpu() else { return };
    let text = std::fs::read_to_string("tests/reference/mlp.json").unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    for case in all["cases"].as_array().unwrap() {
        let name = case["activation"].as_str().unwrap();
        for (key, loss) in [("mse", Loss::Mse), ("pseudo_huber", Loss::PseudoHuber { c: 0.3 })] {
            let (job, pairs, params) = reference_job(case, loss, OptimizerKind::Adam);
            let mut checkpoint = Checkpoint::initial(&job.shape, 0);
            checkpoint.params = params;
            gpu.load(0, job, &checkpoint).unwrap();
            let (value, gradient) = gpu.gradient(0, &pairs, 0).unwrap();
            let want = case[key]["loss"].as_f64().unwrap() as f32;
            // the issue asks for 1e-4; f32 does 1e-5
            assert_close_f32(&[value], &[want], 1e-5 * f64::from(want), name);
            let want = flat(&case[key]["gradients"]);
            let top = want.iter().fold(0.0f32, |a, b| a.max(b.abs()));
            assert_close_f32(&gradient, &want, 1e-5 * f64::from(top), name);
        }
        for (key, kind) in [("adam", OptimizerKind::Adam), ("adamw", OptimizerKind::Adamw)] {
            let (job, pairs, params) = reference_job(case, Loss::Mse, kind);
            let mut checkpoint = Checkpoint::initial(&job.shape, 0);
            checkpoint.ema.clone_from(&params);
            checkpoint.params = params;
            gpu.load(0, job, &checkpoint).unwrap();
            gpu.hold_pairs(0, &pairs).unwrap();
            // the loss of step 11 is the loss after ten updates
            let losses = gpu.train(0, 11).unwrap().losses;
            let mut want = flat(&case[key]["losses"]);
            want.push(case[key]["final_loss"].as_f64().unwrap() as f32);
            assert_close_f32(&losses, &want, 2e-5 * f64::from(want[0]), &format!("{name}, {key}"));
        }
    }
}

#[test]
fn the_cuts_for_a_real_gpu_give_the_same_numbers() {
    let Some(_) = gpu() else { return };
    let fourier = TimeEmbedding::Fourier { frequencies: 2 };
    for tiling in [Tiling::STORAGE, Tiling::on_chip(16, 32_768), Tiling::on_chip(8, 16_384)] {
        let mut gpu = GpuBackend::with_tiling(&AdapterChoice::Any, tiling).unwrap();
        // more tiles than workgroups, the last one with unused rows
        check_gradient(
            &mut gpu,
            &plain(&shape(&[24, 16], Activation::Silu, fourier), 2550),
            &format!("{tiling:?}"),
        );
        let wide = shape(&[64, 64, 64], Activation::Silu, TimeEmbedding::Raw);
        check_gradient(&mut gpu, &plain(&wide, 256), &format!("{tiling:?}"));
        let clipped = Optimizer {
            batch: 200,
            clip_norm: 0.5,
            ..Optimizer::default()
        };
        let job = job(&wide, clipped, Loss::Mse, TimeDensity::Uniform, LossWeight::Uniform);
        let ([cpu, losses], [a, b]) = race(&mut gpu, &job, 0.0);
        assert_close_f32(&losses, &cpu, 1e-4 * f64::from(cpu[0]), "losses");
        assert_close_f32(&b.params, &a.params, 2e-4, "params");
        let ([_, again], _) = race(&mut gpu, &job, 0.0);
        assert_eq!(losses, again, "a run repeats");
    }
}

#[test]
fn sampling_with_the_cut_for_a_real_gpu() {
    let Some(_) = gpu() else { return };
    let mut gpu = GpuBackend::with_tiling(&AdapterChoice::Any, Tiling::on_chip(16, 32_768)).unwrap();
    let shape = shape(&[24, 16], Activation::Silu, TimeEmbedding::Fourier { frequencies: 2 });
    let job = plain(&shape, 64);
    let mut cpu = CpuBackend::new(None).unwrap();
    let checkpoint = Checkpoint::initial(&shape, 4);
    cpu.load(0, job.clone(), &checkpoint).unwrap();
    gpu.load(0, job, &checkpoint).unwrap();
    let table = table(Sampler::Heun, 0.5, Grid::Uniform, 5, 0.0, 1.0).expect("a table sampler");
    let start: Vec<[f32; 2]> = (0..100).map(|i| [(i as f32).sin(), (i as f32).cos()]).collect();
    let want = cpu.integrate(0, Weights::Live, &table, &start, true).unwrap();
    let got = gpu.integrate(0, Weights::Live, &table, &start, true).unwrap();
    assert_close_f32(got.states.as_flattened(), want.states.as_flattened(), 1e-5, "states");
}

#[test]
fn a_profile_names_every_kernel_and_leaves_the_run_as_it_is() {
    let Some(mut gpu) = gpu() else { return };
    let shape = shape(&[16, 16], Activation::Silu, TimeEmbedding::Raw);
    let optimizer = Optimizer {
        batch: 96,
        clip_norm: 1.0,
        ..Optimizer::default()
    };
    let job = job(&shape, optimizer, Loss::Mse, TimeDensity::Uniform, LossWeight::Uniform);
    let checkpoint = Checkpoint::initial(&shape, 4);
    gpu.load(0, job.clone(), &checkpoint).unwrap();
    let want = gpu.train(0, 20).unwrap().losses;
    gpu.load(0, job, &checkpoint).unwrap();
    let mut losses = gpu.train(0, 10).unwrap().losses;
    let costs = gpu.profile(0, 20).unwrap();
    let names: Vec<&str> = costs.iter().map(|c| c.name).collect();
    assert_eq!(names, ["train", "reduce", "optimizer"]);
    for cost in &costs {
        // a dispatch of this size takes some tenths of a millisecond; a clock in the wrong unit is off by 1,000
        assert!(cost.secs > 1e-7 && cost.secs < 1.0, "{cost:?}");
        assert!(cost.bytes > 0 && cost.workgroups > 0, "{cost:?}");
        assert!(
            cost.each.len() > 1 && cost.each.is_sorted() && cost.each.contains(&cost.secs),
            "{cost:?}"
        );
    }
    // 16 x 8 + 16 x 16 + 8 x 16 multiply-adds a row, three times
    assert_eq!(costs[0].multiply_adds, 3 * 96 * 512);
    losses.extend(gpu.train(0, 10).unwrap().losses);
    assert_eq!(losses, want);
}

#[test]
fn a_huge_batch_in_several_dispatches_is_one_step() {
    let Some(mut gpu) = gpu() else { return };
    // lavapipe leaves loops early where one dispatch takes it all: 1,024 tiles in 8 workgroups, some 600 turns each
    let shape = shape(&[8; 6], Activation::Silu, TimeEmbedding::Raw);
    let job = plain(&shape, 65_535);
    let (checkpoint, mut cpu) = (Checkpoint::initial(&shape, 4), CpuBackend::new(None).unwrap());
    cpu.load(0, job.clone(), &checkpoint).unwrap();
    gpu.load(0, job, &checkpoint).unwrap();
    let want = cpu.train(0, 2).unwrap().losses;
    let got = gpu.train(0, 2).unwrap().losses;
    // f32 sums of 8,000 terms a workgroup
    assert_close_f32(&got, &want, 1e-5 * f64::from(want[0]), "losses");
}
