//! Initial parameters and the checkpoint: all that training changes.

use super::Shape;
use crate::flow::random::{CounterRng, Stream};

/// All that training changes. Buffers have `Shape::params_len` entries in the shape's layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// The parameters.
    pub params: Vec<f32>,
    /// Adam's first moment, or sgd's momentum buffer.
    pub first_moment: Vec<f32>,
    /// Adam's second moment.
    pub second_moment: Vec<f32>,
    /// Exponential moving average of the parameters; equal to `params` where the average is off.
    pub ema: Vec<f32>,
    /// Training steps taken.
    pub step: u64,
}

impl Checkpoint {
    /// Untrained: weights and biases uniform in +-1/sqrt(inputs) (`PyTorch`'s default for a linear layer), drawn from `seed`.
    pub fn initial(shape: &Shape, seed: u64) -> Self {
        let len = shape.params_len();
        let mut params = vec![0.0; len];
        for layer in shape.layers() {
            let bound = 1.0 / (layer.inputs as f64).sqrt();
            for (i, p) in params
                .iter_mut()
                .enumerate()
                .take(layer.bias + layer.outputs)
                .skip(layer.weight)
            {
                let u = CounterRng::new(seed, Stream::Init, i as u64).uniform();
                *p = ((2.0 * u - 1.0) * bound) as f32;
            }
        }
        Self {
            ema: params.clone(),
            params,
            first_moment: vec![0.0; len],
            second_moment: vec![0.0; len],
            step: 0,
        }
    }

    /// Whether every number is finite.
    pub fn is_finite(&self) -> bool {
        [&self.params, &self.first_moment, &self.second_moment, &self.ema]
            .iter()
            .all(|v| v.iter().all(|x| x.is_finite()))
    }
}
