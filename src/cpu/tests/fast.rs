//! The fast path against the plain twin, for every instruction set that this processor has.

use super::{LOSSES, assert_tensors, cases, checkpoint, feed, flat, job};
use crate::cpu::reference::{self, Rows};
use crate::cpu::simd::{Block, Isa, activate};
use crate::cpu::train::{Frozen, Run};
use crate::flow::random::{CounterRng, Stream};
use crate::net::{Activation, Checkpoint, Optimizer, Shape, TimeEmbedding};

/// Rows with everything drawn.
fn drawn(shape: &Shape, count: usize) -> Rows {
    let mut rows = Rows::default();
    for r in 0..count {
        let mut rng = CounterRng::new(11, Stream::Test, r as u64);
        let mut input = vec![0.0f32; shape.inputs()];
        input[0] = 2.0 * rng.normal() as f32;
        input[1] = 2.0 * rng.normal() as f32;
        shape.embed_time(rng.uniform() as f32, &mut input[2..]);
        rows.inputs.push(input.iter().map(|&x| f64::from(x)).collect());
        rows.targets.push([rng.normal(), rng.normal()]);
        rows.weights.push(0.5 + rng.uniform());
    }
    rows
}

#[test]
fn activations_keep_their_stated_error() {
    let zs: Vec<f32> = (-400_000..400_000)
        .map(|i| i as f32 * 1e-4)
        .chain([-1e30, 1e30])
        .collect();
    let n = zs.len().next_multiple_of(16);
    for isa in Isa::available() {
        for act in Activation::ALL {
            let mut h = zs.clone();
            h.resize(n, 0.0);
            let mut d = vec![0.0; n];
            let block = Block {
                rows: 1,
                columns: n,
                stride: n,
            };
            activate(isa, act, block, &mut h, Some(&mut d));
            for (i, &z) in zs.iter().enumerate().filter(|(_, z)| z.abs() > 1e-9) {
                let z = f64::from(z);
                for (got, want) in [(h[i], act.value(z)), (d[i], act.slope(z))] {
                    let off = (f64::from(got) - want).abs() / want.abs().max(1.0);
                    assert!(off <= 4e-7, "{isa:?} {act:?} at {z}: {got} is not {want} ({off:e})");
                }
            }
        }
    }
}

#[test]
fn activations_pass_nan_on() {
    for isa in Isa::available() {
        for act in Activation::ALL {
            let mut h = [f32::NAN; 16];
            let block = Block {
                rows: 1,
                columns: 16,
                stride: 16,
            };
            activate(isa, act, block, &mut h, None);
            assert!(h.iter().all(|x| x.is_nan()), "{isa:?} {act:?}");
        }
    }
}

#[test]
fn the_fast_path_gives_pytorchs_losses_and_gradients() {
    for isa in Isa::available() {
        for case in cases() {
            for (name, loss) in LOSSES {
                let what = format!("{isa:?} {} {name}", case.json["activation"]);
                let optimizer = Optimizer {
                    batch: 16,
                    ..Optimizer::default()
                };
                let mut run = Run::new(isa, 1, job(&case.shape, loss, optimizer), &checkpoint(&case.params));
                let value = run.learn(16, feed(&case.rows));
                let want = case.json[name]["loss"].as_f64().unwrap();
                assert!((value - want).abs() <= 2e-6 * want, "{what}: {value} {want}");
                let gradient: Vec<f64> = run.flat_gradient().iter().map(|&x| f64::from(x)).collect();
                // f32: 16 rows and up to 8 summands of rounding 6e-8, relative to the tensor's largest entry
                assert_tensors(
                    &case.shape,
                    &gradient,
                    &flat(&case.json[name]["gradients"]),
                    5e-6,
                    &what,
                );
            }
        }
    }
}

/// Widths around registers and tiles, one to six layers, both embeddings, batches that fill no block.
fn shapes() -> Vec<(Shape, u32)> {
    let shape = |hidden: &[u32], activation, time_embedding| Shape {
        hidden: hidden.to_vec(),
        activation,
        time_embedding,
    };
    let fourier = |frequencies| TimeEmbedding::Fourier { frequencies };
    vec![
        (shape(&[64, 64, 64], Activation::Silu, TimeEmbedding::Raw), 200),
        (shape(&[8], Activation::Tanh, TimeEmbedding::Raw), 1),
        (shape(&[17, 33], Activation::Softplus, fourier(4)), 65),
        (shape(&[80, 9, 50], Activation::Gelu, fourier(16)), 130),
        (shape(&[128, 70], Activation::Selu, TimeEmbedding::Raw), 70),
        (shape(&[12, 20, 31, 8, 15, 16], Activation::Silu, fourier(1)), 66),
        (shape(&[256, 130], Activation::Relu, TimeEmbedding::Raw), 67),
    ]
}

#[test]
fn the_fast_path_is_the_plain_twin_for_all_widths() {
    for isa in Isa::available() {
        for (shape, batch) in shapes() {
            let what = format!("{isa:?} {shape:?}");
            let start = Checkpoint::initial(&shape, 3);
            let params: Vec<f64> = start.params.iter().map(|&x| f64::from(x)).collect();
            let rows = drawn(&shape, batch as usize);
            let optimizer = Optimizer {
                batch,
                ..Optimizer::default()
            };
            let loss = LOSSES[1].1;
            let mut run = Run::new(isa, 1, job(&shape, loss, optimizer), &start);
            // twice: the second time over used buffers
            run.learn(batch as usize, feed(&rows));
            let value = run.learn(batch as usize, feed(&rows));
            let (want, gradient) = reference::loss_and_gradient(&shape, &params, &rows, loss);
            assert!((value - want).abs() <= 2e-6 * want, "{what}: {value} {want}");
            let got: Vec<f64> = run.flat_gradient().iter().map(|&x| f64::from(x)).collect();
            // f32 sums of up to 256 terms with cancellation between rows
            assert_tensors(&shape, &got, &gradient, 3e-5, &what);

            let net = Frozen::new(isa, &shape, &start.params);
            let points: Vec<[f32; 2]> = rows.inputs.iter().map(|x| [x[0] as f32, x[1] as f32]).collect();
            let times: Vec<f32> = rows.inputs.iter().map(|x| x[2] as f32).collect();
            let mut out = vec![[0.0; 2]; points.len()];
            net.field(&mut net.scratch(), &points, &times, &mut out);
            for (input, out) in rows.inputs.iter().zip(&out) {
                let z = reference::forward(&shape, &params, input);
                for (got, want) in out.iter().zip(&z[z.len() - 1]) {
                    assert!((f64::from(*got) - want).abs() <= 2e-6, "{what}: {got} {want}");
                }
            }
        }
    }
}

/// The comparison itself must notice one wrong weight.
#[test]
#[should_panic(expected = "layer")]
fn a_nudged_weight_is_noticed() {
    let case = &cases()[2];
    let optimizer = Optimizer {
        batch: 16,
        ..Optimizer::default()
    };
    let mut nudged = case.params.clone();
    nudged[40] += 1e-3;
    let mut run = Run::new(
        Isa::best(),
        1,
        job(&case.shape, LOSSES[0].1, optimizer),
        &checkpoint(&nudged),
    );
    run.learn(16, feed(&case.rows));
    let gradient: Vec<f64> = run.flat_gradient().iter().map(|&x| f64::from(x)).collect();
    assert_tensors(
        &case.shape,
        &gradient,
        &flat(&case.json["mse"]["gradients"]),
        5e-6,
        "nudged",
    );
}
