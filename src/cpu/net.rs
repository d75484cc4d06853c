//! Forward and backward of the network for a block of rows, layer by layer over the kernels of `simd`.
//! Twin: `shaders/shared/net.wgsl`; the same in plain loops: `reference.rs`.
//!
//! Shapes, for R <= [`ROWS`] rows: `h_l [R][in of l]`, `slopes_l = act'(z_{l-1}) [R][in of l]`, all rows padded.
//! In the backward pass the slopes' buffer becomes `delta_{l-1} = slopes (delta_l W_l)` in place.

mod tangent;

use super::buffer::Buffer;
use super::layout::{Layout, stride};
use super::loss;
use super::simd::{Block, Isa, Product, Start, activate, column_sums, padded, product, two_dots};
use crate::flow::loss::Loss;
use crate::net::{Activation, Shape};

pub use tangent::Tangents;

/// Rows that go through the network together: their activations and one layer's weights fit the first cache.
pub const ROWS: usize = 64;

/// The weights of one network, ready for the kernels.
#[derive(Clone, Copy)]
pub struct Net<'a> {
    /// Which instructions.
    pub isa: Isa,
    /// The activation.
    pub activation: Activation,
    /// Where everything lies.
    pub layout: &'a Layout,
    /// Padded parameters.
    pub params: &'a [f32],
    /// [`Layout::transpose`] of them.
    pub transposed: &'a [f32],
}

/// Everything a block of rows needs while it goes through; made once, used for every block.
pub struct Scratch {
    /// h of every layer, `[ROWS][stride of its width]`; the first is the input.
    h: Vec<Buffer>,
    /// act' of every hidden layer, laid out as its h.
    slopes: Vec<Buffer>,
    strides: Vec<usize>,
    /// The output, and its delta in the backward pass.
    pub output: Vec<[f32; 2]>,
}

impl Scratch {
    /// Buffers for this shape; `train`: with the slopes.
    pub fn new(shape: &Shape, train: bool) -> Self {
        let widths: Vec<usize> = shape.layers().iter().map(|l| l.inputs).collect();
        let strides: Vec<usize> = widths.iter().map(|&w| stride(w)).collect();
        let buffers = |on: bool| {
            let len = |stride| if on { ROWS * stride } else { 0 };
            strides.iter().map(|&s| Buffer::new(len(s))).collect()
        };
        Self {
            h: buffers(true),
            slopes: buffers(train),
            output: vec![[0.0; 2]; ROWS],
            strides,
        }
    }

    /// The input rows, padded, and how far apart they are.
    pub fn inputs(&mut self) -> (&mut [f32], usize) {
        (&mut self.h[0], self.strides[0])
    }
}

impl Net<'_> {
    /// `scratch.output` from the first `rows` rows of the input; keeps the slopes if `train`.
    pub fn forward(&self, scratch: &mut Scratch, rows: usize, train: bool) {
        let last = self.layout.layers.len() - 1;
        for (l, p) in self.layout.layers.iter().take(last).enumerate() {
            let (weights, b_row) = if l == 0 {
                (&self.params[p.weight..], p.stride)
            } else {
                (&self.transposed[p.transposed..], p.transposed_stride)
            };
            let columns = padded(p.flat.outputs);
            let (before, after) = scratch.h.split_at_mut(l + 1);
            let z = &mut after[0];
            let c_row = scratch.strides[l + 1];
            product(
                self.isa,
                &mut Product {
                    a: &before[l],
                    a_row: scratch.strides[l],
                    a_step: 1,
                    b: weights,
                    b_row,
                    c: z,
                    c_row,
                    size: [rows, columns, p.flat.inputs],
                    start: Start::Bias(&self.params[p.bias..][..columns]),
                    times: false,
                },
            );
            let block = Block {
                rows,
                columns,
                stride: c_row,
            };
            let slopes = train.then_some(&mut scratch.slopes[l + 1][..]);
            activate(self.isa, self.activation, block, z, slopes);
            if columns > p.flat.outputs {
                // softplus(0) is not 0, and padding must be
                for row in z.chunks_mut(c_row).take(rows) {
                    row[p.flat.outputs..columns].fill(0.0);
                }
            }
        }
        let p = &self.layout.layers[last];
        let block = Block {
            rows,
            columns: padded(p.flat.inputs),
            stride: scratch.strides[last],
        };
        let bias = [self.params[p.bias], self.params[p.bias + 1]];
        two_dots(
            self.isa,
            block,
            &scratch.h[last],
            &self.params[p.weight..],
            p.stride,
            bias,
            &mut scratch.output,
        );
    }

    /// Adds the gradient of the rows to `gradient` (padded layout), or writes it there if not `add`.
    /// `scratch.output` holds d loss / d output of every row.
    pub fn backward(&self, scratch: &mut Scratch, rows: usize, gradient: &mut [f32], add: bool) {
        let last = self.layout.layers.len() - 1;
        let start = || if add { Start::Sum } else { Start::Zero };
        for (l, p) in self.layout.layers.iter().enumerate().rev() {
            let h_row = scratch.strides[l];
            let (before, after) = scratch.slopes.split_at_mut(l + 1);
            // delta of this layer's z
            let (delta, delta_row) = if l == last {
                (scratch.output.as_flattened(), 2)
            } else {
                (&after[0][..], scratch.strides[l + 1])
            };
            let (weight, bias) = gradient[p.weight..].split_at_mut(p.bias - p.weight);
            if l == last {
                let mut sums = [0.0; 2];
                for d in &scratch.output[..rows] {
                    sums[0] += d[0];
                    sums[1] += d[1];
                }
                for (b, s) in bias.iter_mut().zip(sums) {
                    *b = if add { *b + s } else { s };
                }
            } else {
                let block = Block {
                    rows,
                    columns: padded(p.flat.outputs),
                    stride: delta_row,
                };
                column_sums(self.isa, block, delta, bias, add);
            }
            // [out][in] = delta^T h, or for layer 0 [in][out] = h^T delta
            let h = &scratch.h[l][..];
            let (a, a_step, b, b_row, m, n) = if l == 0 {
                (h, h_row, delta, delta_row, p.flat.inputs, padded(p.flat.outputs))
            } else {
                (delta, delta_row, h, h_row, p.flat.outputs, padded(p.flat.inputs))
            };
            product(
                self.isa,
                &mut Product {
                    a,
                    a_row: 1,
                    a_step,
                    b,
                    b_row,
                    c: weight,
                    c_row: p.stride,
                    size: [m, n, rows],
                    start: start(),
                    times: false,
                },
            );
            if l > 0 {
                product(
                    self.isa,
                    &mut Product {
                        a: delta,
                        a_row: delta_row,
                        a_step: 1,
                        b: &self.params[p.weight..],
                        b_row: p.stride,
                        c: &mut before[l],
                        c_row: h_row,
                        size: [rows, padded(p.flat.inputs), p.flat.outputs],
                        start: Start::Zero,
                        times: true,
                    },
                );
            }
        }
    }

    /// Loss and gradient of a block: `goals(r)` gives row r's target and weight; the mean is over `batch` rows.
    /// Returns the block's part of the mean; `gradient` as in [`Self::backward`].
    pub fn learn(
        &self,
        scratch: &mut Scratch,
        goals: &[super::batch::Goal],
        loss: Loss,
        batch: usize,
        gradient: &mut [f32],
        add: bool,
    ) -> f64 {
        let rows = goals.len();
        self.forward(scratch, rows, true);
        let mut total = 0.0f64;
        let mean = 1.0 / batch as f32;
        for (goal, out) in goals.iter().zip(&mut scratch.output) {
            let (value, slope) = loss::row(loss, [out[0] - goal.target[0], out[1] - goal.target[1]]);
            total += f64::from(goal.weight) * f64::from(value);
            let w = goal.weight * mean;
            *out = [w * slope[0], w * slope[1]];
        }
        self.backward(scratch, rows, gradient, add);
        total / batch as f64
    }
}
