//! The method in plain loops, in f64: the definition that the fast path (and the GPU) is tested against. Nothing here
//! is fast; everything is meant to be read.
//!
//! A multilayer perceptron with layers l = 0..L, each a matrix W `[out][in]` and a bias b `[out]`:
//! ```text
//! h_0 = (x, y, time features)              z_l = W_l h_l + b_l            [out]
//! h_{l+1} = act(z_l) for l < L-1           output = z_{L-1}               [2]
//! ```
//! Backward (the chain rule from the last layer to the first), with `delta_l = d loss / d z_l`:
//! ```text
//! dW_l[o][i] = sum over rows  delta_l[o] h_l[i]          db_l[o] = sum over rows  delta_l[o]
//! delta_{l-1}[i] = act'(z_{l-1}[i]) sum over o of  W_l[o][i] delta_l[o]
//! ```

use crate::flow::loss::Loss;
use crate::net::Shape;

/// Training rows in f64, as the definition reads them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Network inputs, `[rows][Shape::inputs]`.
    pub inputs: Vec<Vec<f64>>,
    /// Regression targets, one a row.
    pub targets: Vec<[f64; 2]>,
    /// Loss weights, one a row.
    pub weights: Vec<f64>,
}

/// z of every layer for one input row; the last one is the output.
pub fn forward(shape: &Shape, params: &[f64], input: &[f64]) -> Vec<Vec<f64>> {
    let layers = shape.layers();
    let mut h = input.to_vec();
    let mut all = Vec::with_capacity(layers.len());
    for layer in &layers {
        let z: Vec<f64> = (0..layer.outputs)
            .map(|o| {
                let row = &params[layer.weight + o * layer.inputs..][..layer.inputs];
                let sum: f64 = row.iter().zip(&h).map(|(w, x)| w * x).sum();
                params[layer.bias + o] + sum
            })
            .collect();
        h = z.iter().map(|&z| shape.activation.value(z)).collect();
        all.push(z);
    }
    all
}

/// l(e) and dl/de, see `cpu/loss.rs`.
pub fn row_loss(loss: Loss, e: [f64; 2]) -> (f64, [f64; 2]) {
    let square = e[0] * e[0] + e[1] * e[1];
    match loss {
        Loss::Mse => (square, [2.0 * e[0], 2.0 * e[1]]),
        Loss::PseudoHuber { c } => {
            let root = (square + c * c).sqrt();
            if root == 0.0 {
                return (0.0, [0.0, 0.0]);
            }
            (root - c, [e[0] / root, e[1] / root])
        }
    }
}

/// The batch loss (mean over rows of weight x loss) and its gradient, in the shape's flat layout.
pub fn loss_and_gradient(shape: &Shape, params: &[f64], rows: &Rows, loss: Loss) -> (f64, Vec<f64>) {
    let layers = shape.layers();
    let mut gradient = vec![0.0; params.len()];
    let mut total = 0.0;
    let count = rows.inputs.len() as f64;
    for ((input, target), weight) in rows.inputs.iter().zip(&rows.targets).zip(&rows.weights) {
        let z = forward(shape, params, input);
        let output = &z[z.len() - 1];
        let (value, slope) = row_loss(loss, [output[0] - target[0], output[1] - target[1]]);
        total += weight * value / count;
        let mut delta: Vec<f64> = slope.iter().map(|s| weight * s / count).collect();
        for (l, layer) in layers.iter().enumerate().rev() {
            let h: Vec<f64> = match l {
                0 => input.clone(),
                _ => z[l - 1].iter().map(|&z| shape.activation.value(z)).collect(),
            };
            for o in 0..layer.outputs {
                for i in 0..layer.inputs {
                    gradient[layer.weight + o * layer.inputs + i] += delta[o] * h[i];
                }
                gradient[layer.bias + o] += delta[o];
            }
            if l > 0 {
                delta = (0..layer.inputs)
                    .map(|i| {
                        let back: f64 = (0..layer.outputs)
                            .map(|o| params[layer.weight + o * layer.inputs + i] * delta[o])
                            .sum();
                        back * shape.activation.slope(z[l - 1][i])
                    })
                    .collect();
            }
        }
    }
    (total, gradient)
}
