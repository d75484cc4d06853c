//! A network in f64: for what f32 cannot show, the error of a sampler far below 1e-6 and a solution to 1e-10. The weights are the
//! same f32 numbers; only the arithmetic is wider. Slower than `net.rs` by about twenty, and nothing trains on it.

use rayon::prelude::*;

use crate::flow::Point;
use crate::net::{Activation, Shape, TimeEmbedding};

/// Points that go through the network side by side: one cache line of f64 a unit.
const LANES: usize = 8;
/// Points of one task.
const CHUNK: usize = 32;

/// One layer, its weights `[out][in]`.
#[derive(Clone, Debug)]
struct WideLayer {
    inputs: usize,
    weights: Vec<f64>,
    bias: Vec<f64>,
}

/// The network of one set of parameters, ready to be evaluated anywhere.
#[derive(Clone, Debug)]
pub struct Wide {
    shape: Shape,
    layers: Vec<WideLayer>,
}

impl Wide {
    /// From parameters in the flat layout.
    pub fn new(shape: &Shape, flat: &[f32]) -> Self {
        let wide = |range: std::ops::Range<usize>| flat[range].iter().map(|w| f64::from(*w)).collect();
        let layers = shape.layers().into_iter().map(|l| WideLayer {
            inputs: l.inputs,
            weights: wide(l.weight..l.bias),
            bias: wide(l.bias..l.bias + l.outputs),
        });
        Self {
            layers: layers.collect(),
            shape: shape.clone(),
        }
    }

    /// The output at each point at flow time t, on the current rayon threads; `out` is as long as `points`.
    pub fn field(&self, points: &[Point], t: f64, out: &mut [Point]) {
        let features = self.time_features(t);
        points
            .par_chunks(CHUNK)
            .zip(out.par_chunks_mut(CHUNK))
            .for_each(|(points, out)| {
                let (mut h, mut z) = (Vec::new(), Vec::new());
                for (points, out) in points.chunks(LANES).zip(out.chunks_mut(LANES)) {
                    self.lanes(&features, points, out, &mut h, &mut z);
                }
            });
    }

    /// Up to [`LANES`] points.
    fn lanes(
        &self,
        features: &[f64],
        points: &[Point],
        out: &mut [Point],
        h: &mut Vec<[f64; LANES]>,
        z: &mut Vec<[f64; LANES]>,
    ) {
        h.clear();
        for c in 0..2 {
            h.push(std::array::from_fn(|p| points.get(p).map_or(0.0, |x| x[c])));
        }
        h.extend(features.iter().map(|f| [*f; LANES]));
        for (l, layer) in self.layers.iter().enumerate() {
            z.clear();
            for (row, bias) in layer.weights.chunks_exact(layer.inputs).zip(&layer.bias) {
                let mut sum = [*bias; LANES];
                for (w, x) in row.iter().zip(h.iter()) {
                    for p in 0..LANES {
                        sum[p] += w * x[p];
                    }
                }
                z.push(sum);
            }
            if l + 1 < self.layers.len() {
                let activation: Activation = self.shape.activation;
                for unit in z.iter_mut() {
                    *unit = unit.map(|z| activation.value(z));
                }
            }
            std::mem::swap(h, z);
        }
        for (p, o) in out.iter_mut().enumerate() {
            *o = [h[0][p], h[1][p]];
        }
    }

    fn time_features(&self, t: f64) -> Vec<f64> {
        let mut features = vec![t];
        if let TimeEmbedding::Fourier { frequencies } = self.shape.time_embedding {
            for k in 1..=frequencies {
                let (sin, cos) = (std::f64::consts::PI * f64::from(k) * t).sin_cos();
                features.extend([sin, cos]);
            }
        }
        features
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::reference;
    use crate::flow::random::{CounterRng, Stream};

    #[test]
    fn it_is_the_plain_twin() {
        for time_embedding in [TimeEmbedding::Raw, TimeEmbedding::Fourier { frequencies: 2 }] {
            let shape = Shape {
                hidden: vec![20, 9],
                activation: Activation::Gelu,
                time_embedding,
            };
            let mut rng = CounterRng::new(7, Stream::Test, 0);
            let params: Vec<f32> = (0..shape.params_len()).map(|_| 0.4 * rng.normal() as f32).collect();
            let points: Vec<Point> = (0..77).map(|_| [rng.normal(), rng.normal()]).collect();
            let wide = Wide::new(&shape, &params);
            let mut out = vec![[0.0; 2]; points.len()];
            let t = 0.37;
            wide.field(&points, t, &mut out);
            let flat: Vec<f64> = params.iter().map(|p| f64::from(*p)).collect();
            for (x, got) in points.iter().zip(&out) {
                let input: Vec<f64> = x.iter().copied().chain(wide.time_features(t)).collect();
                let z = reference::forward(&shape, &flat, &input);
                let want = &z[z.len() - 1];
                // two orders of the same f64 sums
                assert!(
                    (got[0] - want[0]).abs() < 1e-13 && (got[1] - want[1]).abs() < 1e-13,
                    "{got:?} {want:?}"
                );
            }
        }
    }
}
