//! Forward-mode derivatives: how the output moves when the input moves along one direction,
//! `dh_0 = direction`, `dh_{l+1} = act'(z_l) (W_l dh_l)`, `d output = W_last dh_last`, over the kernels of `simd`.

use super::{Block, Buffer, Net, Product, ROWS, Scratch, Start, padded, product, stride, two_dots};
use crate::net::Shape;

/// Room for the derivatives of a block of rows along one direction.
pub struct Tangents {
    /// dh of every layer, laid out as the h of [`Scratch`]; the first is the direction.
    h: Vec<Buffer>,
    /// d output.
    pub output: Vec<[f32; 2]>,
}

impl Tangents {
    /// Buffers for this shape.
    pub fn new(shape: &Shape) -> Self {
        let strides = shape.layers().into_iter().map(|l| stride(l.inputs));
        Self {
            h: strides.map(|s| Buffer::new(ROWS * s)).collect(),
            output: vec![[0.0; 2]; ROWS],
        }
    }

    /// The directions, one a row, padded as the inputs are.
    pub fn directions(&mut self) -> &mut [f32] {
        &mut self.h[0]
    }
}

impl Net<'_> {
    /// `tangents.output` from the directions of the first `rows` rows; `scratch` is what [`Self::forward`] with `train`
    /// left of the same rows.
    pub fn tangent(&self, scratch: &mut Scratch, tangents: &mut Tangents, rows: usize) {
        let last = self.layout.layers.len() - 1;
        for (l, p) in self.layout.layers.iter().take(last).enumerate() {
            let (weights, b_row) = if l == 0 {
                (&self.params[p.weight..], p.stride)
            } else {
                (&self.transposed[p.transposed..], p.transposed_stride)
            };
            let c_row = scratch.strides[l + 1];
            let (before, after) = tangents.h.split_at_mut(l + 1);
            let out = &mut after[0];
            out[..rows * c_row].copy_from_slice(&scratch.slopes[l + 1][..rows * c_row]);
            product(
                self.isa,
                &mut Product {
                    a: &before[l],
                    a_row: scratch.strides[l],
                    a_step: 1,
                    b: weights,
                    b_row,
                    c: out,
                    c_row,
                    size: [rows, padded(p.flat.outputs), p.flat.inputs],
                    start: Start::Zero,
                    times: true,
                },
            );
        }
        let p = &self.layout.layers[last];
        let block = Block {
            rows,
            columns: padded(p.flat.inputs),
            stride: scratch.strides[last],
        };
        let weights = &self.params[p.weight..];
        two_dots(
            self.isa,
            block,
            &tangents.h[last],
            weights,
            p.stride,
            [0.0; 2],
            &mut tangents.output,
        );
    }
}
