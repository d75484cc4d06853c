//! Exact assignment and the pairing of training's groups: `cargo bench --bench transport`.
//! One element is one point, or one group.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rectiflow::flow::Point;
use rectiflow::flow::distribution::Distribution;
use rectiflow::flow::random::Stream;
use rectiflow::flow::transport::{Dense, Prices, assign};

/// Groups that one measurement goes through: one alone may be easy.
const GROUPS: usize = 64;

fn drawn(kind: &str, seed: u64, count: usize) -> Vec<Point> {
    let law = Distribution::default_of(kind).expect("a distribution of the table");
    law.samples_f64(seed, Stream::Test, count)
}

fn sets(c: &mut Criterion) {
    let mut group = c.benchmark_group("assign");
    group.sample_size(10);
    for count in [512, 2048, 8192] {
        let (a, b) = (drawn("gaussian", 1, count), drawn("eight-gaussians", 2, count));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} points"), |bench| {
            bench.iter(|| black_box(assign(&a, &b).expect("an assignment")));
        });
    }
    group.finish();
}

/// As `minibatch-ot` pairs them: first prices from another group of the same laws.
fn groups(c: &mut Criterion) {
    let mut group = c.benchmark_group("groups");
    group.throughput(Throughput::Elements(GROUPS as u64));
    for (from, to) in [("gaussian", "eight-gaussians"), ("two-moons", "eight-gaussians")] {
        for size in [32, 64, 128, 256] {
            let (a, b) = (drawn(from, 1, GROUPS * size), drawn(to, 2, GROUPS * size));
            let prices = Prices::of(&drawn(from, 3, 128), &drawn(to, 4, 128));
            let mut dense = Dense::default();
            group.bench_function(format!("{from} to {to}, {size} points"), |bench| {
                bench.iter(|| {
                    for (a, b) in a.chunks(size).zip(b.chunks(size)) {
                        black_box(dense.assign_from(&prices, a, b));
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, sets, groups);
criterion_main!(benches);
