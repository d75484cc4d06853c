//! Parameters as the kernels want them: every matrix row padded with zeros to whole registers, the first layer stored
//! by input (its rows are then as long as the layer is wide), a transposed copy of the others for the forward pass.
//!
//! Padding entries are 0 and stay 0: their gradients are 0 (activations of padding columns are 0), so every update
//! rule leaves them alone.

use super::buffer::Buffer;
use super::simd::{PAD, padded};
use crate::net::{Layer, Shape};

/// One layer within the padded buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its place in the flat layout.
    pub flat: Layer,
    /// Index of the matrix.
    pub weight: usize,
    /// From one row of the matrix to the next. Layer 0: `[in][out]`, the others `[out][in]`.
    pub stride: usize,
    /// Index of the bias, `padded(outputs)` long.
    pub bias: usize,
    /// Index of the `[in][out]` copy in the transposed buffer (inner layers only).
    pub transposed: usize,
    /// From one row of that copy to the next.
    pub transposed_stride: usize,
}

/// Where everything lies in the padded buffers of one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The layers, first to last.
    pub layers: Vec<Packed>,
    /// Length of a padded parameter buffer (params, moments, gradients).
    pub len: usize,
    /// Length of the transposed buffer.
    pub transposed_len: usize,
}

/// The stride of rows of `n` floats: whole registers, and an odd number of cache lines where rows are longer than one
/// tile, so that a column of tiles does not fall on a few sets of the cache.
pub const fn stride(n: usize) -> usize {
    let wide = padded(n);
    if wide > 64 && (wide / PAD).is_multiple_of(2) {
        wide + PAD
    } else {
        wide
    }
}

impl Layout {
    /// The layout of a shape.
    pub fn new(shape: &Shape) -> Self {
        let flat = shape.layers();
        let (mut at, mut transposed) = (0, 0);
        let layers = flat
            .iter()
            .enumerate()
            .map(|(l, &flat)| {
                let (rows, columns) = if l == 0 {
                    (flat.inputs, flat.outputs)
                } else {
                    (flat.outputs, flat.inputs)
                };
                let packed = Packed {
                    flat,
                    weight: at,
                    stride: stride(columns),
                    bias: at + rows * stride(columns),
                    transposed,
                    transposed_stride: stride(flat.outputs),
                };
                at = packed.bias + padded(flat.outputs);
                transposed += flat.inputs * packed.transposed_stride;
                packed
            })
            .collect();
        Self {
            layers,
            len: at,
            transposed_len: transposed,
        }
    }

    /// Calls `f(flat index, padded index)` for every parameter.
    fn each(&self, mut f: impl FnMut(usize, usize)) {
        for (l, p) in self.layers.iter().enumerate() {
            for o in 0..p.flat.outputs {
                for i in 0..p.flat.inputs {
                    let at = if l == 0 { i * p.stride + o } else { o * p.stride + i };
                    f(p.flat.weight + o * p.flat.inputs + i, p.weight + at);
                }
                f(p.flat.bias + o, p.bias + o);
            }
        }
    }

    /// A padded copy of a flat buffer.
    pub fn pack(&self, flat: &[f32]) -> Buffer {
        let mut out = Buffer::new(self.len);
        self.each(|from, to| out[to] = flat[from]);
        out
    }

    /// A flat copy of a padded buffer.
    pub fn unpack(&self, packed: &[f32]) -> Vec<f32> {
        let len = self.layers.last().map_or(0, |p| p.flat.bias + p.flat.outputs);
        let mut out = vec![0.0; len];
        self.each(|to, from| out[to] = packed[from]);
        out
    }

    /// Writes the `[in][out]` copies of the inner layers' matrices.
    pub fn transpose(&self, packed: &[f32], transposed: &mut [f32]) {
        let last = self.layers.len() - 1;
        for p in self.layers.iter().take(last).skip(1) {
            let (ins, outs) = (p.flat.inputs, p.flat.outputs);
            let from = &packed[p.weight..];
            let to = &mut transposed[p.transposed..];
            // squares of 4 x 4, which compilers keep in registers; then what is left over
            let (ins4, outs4) = (ins / 4 * 4, outs / 4 * 4);
            for o in (0..outs4).step_by(4) {
                let rows: [&[f32]; 4] = std::array::from_fn(|k| &from[(o + k) * p.stride..][..ins4]);
                for i in (0..ins4).step_by(4) {
                    for j in 0..4 {
                        let column = [rows[0][i + j], rows[1][i + j], rows[2][i + j], rows[3][i + j]];
                        to[(i + j) * p.transposed_stride + o..][..4].copy_from_slice(&column);
                    }
                }
            }
            for o in 0..outs {
                let done = if o < outs4 { ins4 } else { 0 };
                for i in done..ins {
                    to[i * p.transposed_stride + o] = from[o * p.stride + i];
                }
            }
        }
    }
}
