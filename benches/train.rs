//! Training steps, evaluation and integration on the CPU: `cargo bench --bench train`.
//! One element is one training step, one point, one particle; 6 x batch x parameters floating-point operations a step.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rectiflow::backend::{Backend, Loss, TrainJob, Weights};
use rectiflow::cpu::CpuBackend;
use rectiflow::flow::coupling::{Coupling, PairStream};
use rectiflow::flow::distribution::Distribution;
use rectiflow::flow::path::Path;
use rectiflow::flow::prediction::Output;
use rectiflow::flow::sampler::{Grid, Sampler, table};
use rectiflow::flow::time_density::{LossWeight, TimeDensity, time_rows};
use rectiflow::net::{Activation, Checkpoint, Optimizer, Shape};

/// A standard normal to two moons, as the preset has it.
fn job(shape: &Shape, batch: u32) -> Arc<TrainJob> {
    let target = Distribution::default_of("two-moons").expect("a distribution of the table");
    Arc::new(TrainJob {
        shape: shape.clone(),
        output: Output::plain(Path::Linear),
        law: Arc::default(),
        rows: Arc::new(time_rows(
            TimeDensity::Uniform,
            LossWeight::Uniform,
            &Output::plain(Path::Linear),
        )),
        loss: Loss::Mse,
        optimizer: Optimizer {
            batch,
            ..Optimizer::default()
        },
        planned_steps: 1_000_000,
        seed: 1,
        pairs: Arc::new(PairStream {
            source: Arc::new(Distribution::gaussian([0.0; 2], 1.0)),
            target: Arc::new(target),
            coupling: Coupling::Independent,
            seed: 1,
            finite: None,
        }),
    })
}

fn loaded(shape: &Shape, batch: u32) -> CpuBackend {
    let mut backend = CpuBackend::new(None).expect("threads");
    backend
        .load(0, job(shape, batch), &Checkpoint::initial(shape, 1))
        .expect("a job that fits");
    backend
}

/// Batches drawn included: every call takes a whole block of pairs' worth of steps, or 16.
fn train(c: &mut Criterion) {
    let mut group = c.benchmark_group("train");
    group.sample_size(20);
    for (width, batch) in [(64, 256), (64, 512), (128, 1024), (256, 4096)] {
        let shape = Shape {
            hidden: vec![width; 3],
            ..Shape::default()
        };
        let steps = PairStream::steps_per_block(batch);
        let mut backend = loaded(&shape, batch);
        group.throughput(Throughput::Elements(u64::from(steps)));
        group.bench_function(format!("{width}x3 silu, batch {batch}"), |b| {
            b.iter(|| black_box(backend.train(0, steps).expect("finite")));
        });
    }
    // silu is among the shapes above
    for activation in Activation::ALL.into_iter().filter(|&a| a != Activation::Silu) {
        let shape = Shape {
            activation,
            ..Shape::default()
        };
        let steps = PairStream::steps_per_block(512);
        let mut backend = loaded(&shape, 512);
        group.throughput(Throughput::Elements(u64::from(steps)));
        group.bench_function(format!("64x3 {}, batch 512", activation.name()), |b| {
            b.iter(|| black_box(backend.train(0, steps).expect("finite")));
        });
    }
    group.finish();
}

fn sample(c: &mut Criterion) {
    let mut group = c.benchmark_group("sample");
    group.sample_size(10);
    let mut backend = loaded(&Shape::default(), 512);
    let points: Vec<[f32; 2]> = (0..100_000).map(|i| [i as f32 * 1e-5, 0.3]).collect();
    group.throughput(Throughput::Elements(points.len() as u64));
    group.bench_function("evaluate 100,000 points", |b| {
        b.iter(|| {
            black_box(
                backend
                    .evaluate(0, Weights::Sampling, &points, &[0.5])
                    .expect("a loaded slot"),
            )
        });
    });
    let heun = table(Sampler::Heun, 0.5, Grid::Uniform, 32, 0.0, 1.0).expect("heun is a table");
    for record in [false, true] {
        group.bench_function(format!("32 heun steps of 100,000 particles, record {record}"), |b| {
            b.iter(|| {
                black_box(
                    backend
                        .integrate(0, Weights::Sampling, &heun, &points, record)
                        .expect("a loaded slot"),
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, train, sample);
criterion_main!(benches);
