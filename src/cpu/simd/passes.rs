//! Passes over a block of rows: activations, the output layer's dots, sums of columns.

use super::{Isa, Kernel, Lanes, PAD, run};
use crate::cpu::activate;
use crate::net::Activation;

/// A block of rows: `rows` rows, `columns` columns (a multiple of [`PAD`]), rows `stride` apart.
#[derive(Clone, Copy)]
pub struct Block {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// From one row to the next.
    pub stride: usize,
}

impl Block {
    fn check(self, len: usize) {
        assert!(self.rows > 0 && self.columns.is_multiple_of(PAD));
        assert!(len >= (self.rows - 1) * self.stride + self.columns);
    }
}

struct Activate {
    activation: Activation,
    block: Block,
    z: *mut f32,
    slopes: Option<*mut f32>,
}

/// z becomes act(z) in place; with `slopes` (laid out as z), act'(z) is written there.
pub fn activate(isa: Isa, activation: Activation, block: Block, z: &mut [f32], slopes: Option<&mut [f32]>) {
    block.check(z.len());
    let slopes = slopes.map(|s| {
        block.check(s.len());
        s.as_mut_ptr()
    });
    let kernel = Activate {
        activation,
        block,
        z: z.as_mut_ptr(),
        slopes,
    };
    // SAFETY: checked sizes, detected instruction set
    unsafe { run(isa, kernel) }
}

impl Kernel for Activate {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let (block, z, slopes) = (self.block, self.z, self.slopes);
        // SAFETY: checked in `activate`
        unsafe {
            match self.activation {
                Activation::Relu => pass::<V, activate::Relu>(block, z, slopes),
                Activation::Tanh => pass::<V, activate::Tanh>(block, z, slopes),
                Activation::Silu => pass::<V, activate::Silu>(block, z, slopes),
                Activation::Selu => pass::<V, activate::Selu>(block, z, slopes),
                Activation::Gelu => pass::<V, activate::Gelu>(block, z, slopes),
                Activation::Softplus => pass::<V, activate::Softplus>(block, z, slopes),
            }
        }
    }
}

#[inline(always)]
unsafe fn pass<V: Lanes, A: activate::Function>(block: Block, z: *mut f32, slopes: Option<*mut f32>) {
    for r in 0..block.rows {
        for c in (0..block.columns).step_by(V::LANES) {
            let at = r * block.stride + c;
            // SAFETY: `Block::check`
            unsafe {
                let (h, d) = A::value_and_slope(V::load(z.add(at)));
                h.store(z.add(at));
                if let Some(slopes) = slopes {
                    d.store(slopes.add(at));
                }
            }
        }
    }
}

struct TwoDots<'a> {
    block: Block,
    h: &'a [f32],
    w: &'a [f32],
    w_row: usize,
    bias: [f32; 2],
    out: &'a mut [[f32; 2]],
}

/// `out[r] = bias + (w[0] . h[r], w[1] . h[r])` for the rows of `h`: the output layer, two rows of weights `w_row` apart.
pub fn two_dots(isa: Isa, block: Block, h: &[f32], w: &[f32], w_row: usize, bias: [f32; 2], out: &mut [[f32; 2]]) {
    block.check(h.len());
    assert!(w.len() >= w_row + block.columns && out.len() >= block.rows);
    let kernel = TwoDots {
        block,
        h,
        w,
        w_row,
        bias,
        out,
    };
    // SAFETY: checked sizes, detected instruction set
    unsafe { run(isa, kernel) }
}

impl Kernel for TwoDots<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let (block, h, w) = (self.block, self.h, self.w);
        for r in 0..block.rows {
            let mut sum = [V::splat(0.0); 2];
            for c in (0..block.columns).step_by(V::LANES) {
                // SAFETY: checked in `two_dots`
                unsafe {
                    let x = V::load(h.as_ptr().add(r * block.stride + c));
                    sum[0] = x.fma(V::load(w.as_ptr().add(c)), sum[0]);
                    sum[1] = x.fma(V::load(w.as_ptr().add(self.w_row + c)), sum[1]);
                }
            }
            self.out[r] = [self.bias[0] + sum[0].sum(), self.bias[1] + sum[1].sum()];
        }
    }
}

struct ColumnSums<'a> {
    block: Block,
    x: &'a [f32],
    sums: &'a mut [f32],
    add: bool,
}

/// `sums[c] (+)= sum over rows of x[r][c]`.
pub fn column_sums(isa: Isa, block: Block, x: &[f32], sums: &mut [f32], add: bool) {
    block.check(x.len());
    assert!(sums.len() >= block.columns);
    // SAFETY: checked sizes, detected instruction set
    unsafe { run(isa, ColumnSums { block, x, sums, add }) }
}

impl Kernel for ColumnSums<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let (block, x) = (self.block, self.x);
        for c in (0..block.columns).step_by(V::LANES) {
            // SAFETY: checked in `column_sums`
            unsafe {
                let to = self.sums.as_mut_ptr().add(c);
                let mut sum = if self.add { V::load(to) } else { V::splat(0.0) };
                for r in 0..block.rows {
                    sum = sum.add(V::load(x.as_ptr().add(r * block.stride + c)));
                }
                sum.store(to);
            }
        }
    }
}
