//! Forward-mode derivatives against central differences of the plain twin.

use crate::cpu::reference;
use crate::cpu::simd::Isa;
use crate::cpu::train::Frozen;
use crate::flow::quantity::Derivatives;
use crate::flow::random::{CounterRng, Stream};
use crate::net::{Activation, Shape, TimeEmbedding};

/// The plain twin's output at (x, y, t), its time features in f64.
fn plain(shape: &Shape, params: &[f64], [x, y, t]: [f64; 3]) -> [f64; 2] {
    let mut input = vec![x, y, t];
    if let TimeEmbedding::Fourier { frequencies } = shape.time_embedding {
        for k in 1..=frequencies {
            let angle = std::f64::consts::PI * f64::from(k) * t;
            input.extend([angle.sin(), angle.cos()]);
        }
    }
    let z = reference::forward(shape, params, &input);
    let last = &z[z.len() - 1];
    [last[0], last[1]]
}

fn shapes() -> Vec<Shape> {
    let embeddings = [TimeEmbedding::Raw, TimeEmbedding::Fourier { frequencies: 3 }];
    let mut all = Vec::new();
    for activation in Activation::ALL {
        for time_embedding in embeddings {
            all.push(Shape {
                // widths that are no multiples of a register
                hidden: vec![24, 17, 40],
                activation,
                time_embedding,
            });
        }
    }
    all
}

fn assert_near(got: [f64; 2], want: [f64; 2], tol: f64, what: &str) {
    for c in 0..2 {
        assert!((got[c] - want[c]).abs() <= tol, "{what}: {got:?} is not {want:?}");
    }
}

#[test]
fn derivatives_are_central_differences_of_the_plain_twin() {
    for shape in shapes() {
        let mut rng = CounterRng::new(3, Stream::Test, 0);
        let params: Vec<f32> = (0..shape.params_len()).map(|_| 0.35 * rng.normal() as f32).collect();
        let wide: Vec<f64> = params.iter().map(|p| f64::from(*p)).collect();
        // more than a block of rows, and a part of one
        let points: Vec<[f32; 2]> = (0..100).map(|_| [rng.normal() as f32, rng.normal() as f32]).collect();
        let times: Vec<f32> = (0..100).map(|_| rng.uniform() as f32).collect();
        for isa in Isa::available() {
            let frozen = Frozen::new(isa, &shape, &params);
            let found = frozen.derivatives(&points, &times);
            let one_time: Vec<Derivatives> = frozen.derivatives(&points, &times[..1]);
            for (r, got) in found.iter().enumerate() {
                let at = [points[r][0], points[r][1], times[r]].map(f64::from);
                let what = format!("{shape:?} row {r}");
                // f32 sums of some ten terms through four layers, values of order 1
                let tol = 3e-5;
                assert_near(got.velocity, plain(&shape, &wide, at), tol, &what);
                let one = [at[0], at[1], f64::from(times[0])];
                assert_near(one_time[r].velocity, plain(&shape, &wide, one), tol, &what);
                let parts = [got.jacobian.by_x, got.jacobian.by_y, got.by_t];
                for (axis, part) in parts.into_iter().enumerate() {
                    let h = 1e-5;
                    let moved = |d: f64| {
                        let mut at = at;
                        at[axis] += d;
                        plain(&shape, &wide, at)
                    };
                    let (a, b) = (moved(h), moved(-h));
                    let want = [0, 1].map(|c| (a[c] - b[c]) / (2.0 * h));
                    let (wide, narrow) = (moved(10.0 * h), moved(-10.0 * h));
                    let coarse = [0, 1].map(|c| (wide[c] - narrow[c]) / (20.0 * h));
                    // a corner of relu or selu within reach: both sides are right there
                    let smooth = (0..2).all(|c| (want[c] - coarse[c]).abs() < 1e-4 * want[c].abs().max(1.0));
                    if smooth {
                        assert_near(
                            part,
                            want,
                            2e-4 * want[0].hypot(want[1]).max(1.0),
                            &format!("{what} axis {axis}"),
                        );
                    }
                }
            }
        }
    }
}
