//! Scratch: timing.
use super::job;
use crate::cpu::integrate;
use crate::cpu::simd::Isa;
use crate::cpu::train::{Frozen, Run};
use crate::flow::coupling::PairStream;
use crate::flow::loss::Loss;
use crate::flow::random::{CounterRng, Stream};
use crate::net::{Activation, Checkpoint, Optimizer, Shape};

#[test]
#[ignore = "a measurement"]
fn measure() {
    let isas = Isa::available();
    for (width, batch, act) in [
        (64, 512, Activation::Silu),
        (64, 512, Activation::Relu),
        (64, 256, Activation::Silu),
        (128, 1024, Activation::Silu),
        (256, 4096, Activation::Silu),
    ] {
        for threads in [1, 2] {
            for &isa in &isas[..if std::env::var("ALL").is_ok() { 3 } else { 1 }] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let shape = Shape {
                    hidden: vec![width; 3],
                    activation: act,
                    ..Shape::default()
                };
                let o = Optimizer {
                    batch,
                    learning_rate: 1e-4,
                    ..Optimizer::default()
                };
                let mut run = Run::new(isa, threads, job(&shape, Loss::Mse, o), &Checkpoint::initial(&shape, 1));
                let len = PairStream::block_len(batch);
                run.preload(
                    (0..len)
                        .map(|i| {
                            let mut r = CounterRng::new(1, Stream::Test, i as u64);
                            std::array::from_fn(|_| r.normal() as f32)
                        })
                        .collect(),
                );
                let per = (PairStream::steps_per_block(batch)).min(100);
                let mut best = f64::MAX;
                let mut all = vec![];
                for rep in 0..(if width < 256 { 40 } else { 3 }) {
                    let t = std::time::Instant::now();
                    pool.install(|| run.train(per)).unwrap();
                    let s = t.elapsed().as_secs_f64() / f64::from(per);
                    best = best.min(s);
                    all.push(s);
                    run.rewind();
                    let _ = rep;
                }
                all.sort_by(f64::total_cmp);
                let med = all[all.len() / 2];
                let flops = 6.0 * f64::from(batch) * shape.params_len() as f64;
                println!(
                    "{width}x3 b{batch} {act:?} {isa:?} threads {threads}: best {:.0} us {:.0}/s {:.0} GF, median {:.0} us {:.0} GF",
                    best * 1e6,
                    1.0 / best,
                    flops / best / 1e9,
                    med * 1e6,
                    flops / med / 1e9
                );
            }
        }
    }
    let shape = Shape::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    let net = Frozen::new(isas[0], &shape, &Checkpoint::initial(&shape, 1).params);
    let table = crate::flow::sampler::table(
        crate::flow::sampler::Sampler::Heun,
        0.5,
        crate::flow::sampler::Grid::Uniform,
        32,
        0.0,
        1.0,
    )
    .unwrap();
    let start = vec![[0.3, 0.4]; 100_000];
    for record in [false, true] {
        let t = std::time::Instant::now();
        let out = pool.install(|| integrate::run(&table, &start, record, &net));
        println!(
            "integrate 100k x 32 heun record {record}: {:.3} s {}",
            t.elapsed().as_secs_f64(),
            out.states.len()
        );
    }
}
