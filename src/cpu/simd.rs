//! The kernels: matrix products in register tiles, activations, column sums, written once over `Lanes` and compiled
//! for AVX-512, for AVX2 with FMA, and for any processor. `unsafe` is here and in `flow/transport/wide.rs`, nowhere else.
//!
//! Why it is sound: every public function checks that all indices it will reach lie within its slices, then picks the
//! copy of the kernel for an instruction set that [`Isa::best`] found at run time. Kernels never grow or keep slices.
#![allow(unsafe_code)]
// a kernel is compiled for an instruction set only where it is inlined into the `#[target_feature]` function
#![allow(clippy::inline_always)]

use super::activate;
use super::optimizer::Update;
use crate::net::{Activation, OptimizerKind};

/// Rows of buffers hold a multiple of this many floats, so that no kernel needs a remainder in its columns.
pub const PAD: usize = 16;

/// `n` rounded up to a multiple of [`PAD`].
pub const fn padded(n: usize) -> usize {
    n.div_ceil(PAD) * PAD
}

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// 16 lanes, 32 registers.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 lanes, 16 registers, fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the compiler makes of 4 lanes.
    Portable,
}

impl Isa {
    /// All that this processor runs, the fastest first.
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }

    /// The fastest that this processor runs.
    pub fn best() -> Self {
        Self::available()[0]
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

/// A register of f32 lanes. Its functions may run only where the instruction set was detected: the trait and its
/// types are private to `cpu`, and only kernels in this file name the types.
pub(super) trait Lanes: Copy {
    /// Lanes in a register.
    const LANES: usize;
    /// Every lane x.
    fn splat(x: f32) -> Self;
    /// # Safety
    /// `LANES` floats must be readable at `from`.
    unsafe fn load(from: *const f32) -> Self;
    /// # Safety
    /// `LANES` floats must be writable at `to`.
    unsafe fn store(self, to: *mut f32);
    /// self b + c, rounded once where the processor can.
    fn fma(self, b: Self, c: Self) -> Self;
    /// Sum.
    fn add(self, b: Self) -> Self;
    /// Difference.
    fn sub(self, b: Self) -> Self;
    /// Product.
    fn mul(self, b: Self) -> Self;
    /// self where self > b, else b: a NaN in `b` stays.
    fn max(self, b: Self) -> Self;
    /// self where self < b, else b: a NaN in `b` stays.
    fn min(self, b: Self) -> Self;
    /// yes where self > b, else no.
    fn where_greater(self, b: Self, yes: Self, no: Self) -> Self;
    /// The nearest integer.
    fn round(self) -> Self;
    /// self 2^n for a whole n in -126..=127.
    fn scale(self, n: Self) -> Self;
    /// 1 / self to about 2^-23, for 1e-37 < |self| < 1e37.
    fn recip(self) -> Self;
    /// Square root to about 2^-23; what is below 1e-37 may come out smaller.
    fn sqrt(self) -> Self;
    /// Sum of all lanes, in an order that depends on the register's width only.
    fn sum(self) -> f32;
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    // half a hundred intrinsics, all prefixed
    #[allow(clippy::wildcard_imports)]
    use std::arch::x86_64::*;

    /// AVX-512F.
    #[derive(Clone, Copy)]
    pub struct Z(__m512);

    // SAFETY (all calls of intrinsics here and in `Y`): reached only from functions that enable the instruction set.
    impl Lanes for Z {
        const LANES: usize = 16;
        #[inline(always)]
        fn splat(x: f32) -> Self {
            Self(unsafe { _mm512_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm512_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm512_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Self(unsafe { _mm512_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            Self(unsafe { _mm512_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            Self(unsafe { _mm512_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn max(self, b: Self) -> Self {
            Self(unsafe { _mm512_max_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn min(self, b: Self) -> Self {
            Self(unsafe { _mm512_min_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn where_greater(self, b: Self, yes: Self, no: Self) -> Self {
            Self(unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, b.0), no.0, yes.0) })
        }
        #[inline(always)]
        fn round(self) -> Self {
            Self(unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
        }
        #[inline(always)]
        fn scale(self, n: Self) -> Self {
            Self(unsafe { _mm512_scalef_ps(self.0, n.0) })
        }
        #[inline(always)]
        fn recip(self) -> Self {
            // 14 bits, then one Newton step
            unsafe {
                let y = _mm512_rcp14_ps(self.0);
                let off = _mm512_fnmadd_ps(self.0, y, _mm512_set1_ps(1.0));
                Self(_mm512_fmadd_ps(y, off, y))
            }
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            // the instruction takes as long as this whole update: 14 bits of 1 / root, then one Newton step
            unsafe {
                let y = _mm512_rsqrt14_ps(_mm512_max_ps(_mm512_set1_ps(1e-37), self.0));
                let root = _mm512_mul_ps(self.0, y);
                let off = _mm512_fnmadd_ps(root, root, self.0);
                Self(_mm512_fmadd_ps(_mm512_mul_ps(y, _mm512_set1_ps(0.5)), off, root))
            }
        }
        #[inline(always)]
        fn sum(self) -> f32 {
            unsafe { _mm512_reduce_add_ps(self.0) }
        }
    }

    /// AVX2 with FMA.
    #[derive(Clone, Copy)]
    pub struct Y(__m256);

    impl Lanes for Y {
        const LANES: usize = 8;
        #[inline(always)]
        fn splat(x: f32) -> Self {
            Self(unsafe { _mm256_set1_ps(x) })
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            Self(unsafe { _mm256_loadu_ps(from) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm256_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        fn fma(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm256_fmadd_ps(self.0, b.0, c.0) })
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            Self(unsafe { _mm256_add_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            Self(unsafe { _mm256_sub_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            Self(unsafe { _mm256_mul_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn max(self, b: Self) -> Self {
            Self(unsafe { _mm256_max_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn min(self, b: Self) -> Self {
            Self(unsafe { _mm256_min_ps(self.0, b.0) })
        }
        #[inline(always)]
        fn where_greater(self, b: Self, yes: Self, no: Self) -> Self {
            Self(unsafe { _mm256_blendv_ps(no.0, yes.0, _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, b.0)) })
        }
        #[inline(always)]
        fn round(self) -> Self {
            Self(unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0) })
        }
        #[inline(always)]
        fn scale(self, n: Self) -> Self {
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n.0), _mm256_set1_epi32(127));
                Self(_mm256_mul_ps(
                    self.0,
                    _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)),
                ))
            }
        }
        #[inline(always)]
        fn recip(self) -> Self {
            Self(unsafe { _mm256_div_ps(_mm256_set1_ps(1.0), self.0) })
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(unsafe { _mm256_sqrt_ps(self.0) })
        }
        #[inline(always)]
        fn sum(self) -> f32 {
            unsafe {
                let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
                let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
                _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
            }
        }
    }
}
#[cfg(target_arch = "x86_64")]
use x86::{Y, Z};

/// Four lanes that any compiler turns into its own vectors.
#[derive(Clone, Copy)]
pub(super) struct Four([f32; 4]);

impl Four {
    #[inline(always)]
    fn zip(self, b: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let (a, b) = (self.0, b.0);
        Self([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

impl Lanes for Four {
    const LANES: usize = 4;
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        self.mul(b).add(c)
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        self.zip(b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        self.zip(b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        self.zip(b, |a, b| a * b)
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        self.zip(b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        self.zip(b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn where_greater(self, b: Self, yes: Self, no: Self) -> Self {
        let mut out = no.0;
        for i in 0..4 {
            if self.0[i] > b.0[i] {
                out[i] = yes.0[i];
            }
        }
        Self(out)
    }
    #[inline(always)]
    fn round(self) -> Self {
        // adding 1.5 2^23 pushes the fraction out; right for |x| < 2^22
        self.zip(self, |x, _| (x + 12_582_912.0) - 12_582_912.0)
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        self.zip(n, |x, n| x * f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
    #[inline(always)]
    fn recip(self) -> Self {
        self.zip(self, |x, _| 1.0 / x)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.zip(self, |x, _| x.sqrt())
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }
}

/// What the entries of C begin with.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// 0.
    Zero,
    /// C itself.
    Sum,
    /// One value a column.
    Bias(&'a [f32]),
}

/// C = start + A B, or C = C (A B) entry by entry (`times`), for
/// A(i, k) = `a[i a_row + k a_step]`, `[m][k]`; B `[k][n]` with rows `b_row` apart; C `[m][n]` with rows `c_row` apart.
pub struct Product<'a> {
    /// A.
    pub a: &'a [f32],
    /// From one row of A to the next.
    pub a_row: usize,
    /// From one column of A to the next.
    pub a_step: usize,
    /// B.
    pub b: &'a [f32],
    /// From one row of B to the next.
    pub b_row: usize,
    /// C.
    pub c: &'a mut [f32],
    /// From one row of C to the next.
    pub c_row: usize,
    /// Rows, columns (a multiple of [`PAD`]), summands.
    pub size: [usize; 3],
    /// What C begins with.
    pub start: Start<'a>,
    /// Multiply the product by what C held; `start` is then zero.
    pub times: bool,
}

impl Product<'_> {
    fn check(&self) {
        let [m, n, k] = self.size;
        assert!(m > 0 && n > 0 && k > 0 && n.is_multiple_of(PAD));
        assert!(self.a.len() > (m - 1) * self.a_row + (k - 1) * self.a_step);
        assert!(self.b.len() >= (k - 1) * self.b_row + n);
        assert!(self.c.len() >= (m - 1) * self.c_row + n);
        if let Start::Bias(bias) = self.start {
            assert!(bias.len() >= n);
        }
    }
}

/// Computes a [`Product`].
pub fn product(isa: Isa, p: &mut Product<'_>) {
    p.check();
    // SAFETY: checked sizes, detected instruction set
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { product_avx512(p) },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { product_avx2(p) },
        Isa::Portable => unsafe { product_any::<Four>(p) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
unsafe fn product_avx512(p: &mut Product<'_>) {
    unsafe { product_any::<Z>(p) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn product_avx2(p: &mut Product<'_>) {
    unsafe { product_any::<Y>(p) }
}

/// Columns in tiles of four registers (of two with 16 registers), rows in tiles of six: 24 (12) sums in registers, and
/// each loaded row of B serves six rows of C.
#[inline(always)]
unsafe fn product_any<V: Lanes>(p: &mut Product<'_>) {
    let mut j = 0;
    while j < p.size[1] {
        let left = (p.size[1] - j) / V::LANES;
        unsafe {
            match left {
                5.. | 4 if V::LANES == 16 && left != 5 => {
                    rows::<V, 4>(p, j);
                    j += 4 * V::LANES;
                }
                3.. if V::LANES == 16 => {
                    rows::<V, 3>(p, j);
                    j += 3 * V::LANES;
                }
                2.. => {
                    rows::<V, 2>(p, j);
                    j += 2 * V::LANES;
                }
                _ => {
                    rows::<V, 1>(p, j);
                    j += V::LANES;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn rows<V: Lanes, const N: usize>(p: &mut Product<'_>, j: usize) {
    let m = p.size[0];
    let mut i = 0;
    unsafe {
        while i + 6 <= m {
            tile::<V, 6, N>(p, i, j);
            i += 6;
        }
        match m - i {
            5 => tile::<V, 5, N>(p, i, j),
            4 => tile::<V, 4, N>(p, i, j),
            3 => tile::<V, 3, N>(p, i, j),
            2 => tile::<V, 2, N>(p, i, j),
            1 => tile::<V, 1, N>(p, i, j),
            _ => {}
        }
    }
}

/// M x N registers of C at row `i`, column `j`.
#[inline(always)]
unsafe fn tile<V: Lanes, const M: usize, const N: usize>(p: &mut Product<'_>, i: usize, j: usize) {
    // SAFETY: `Product::check` covers the largest index of every operand
    unsafe {
        let c = p.c.as_mut_ptr().add(i * p.c_row + j);
        let mut sum = [[V::splat(0.0); N]; M];
        match p.start {
            Start::Zero => {}
            Start::Sum => {
                for r in 0..M {
                    for s in 0..N {
                        sum[r][s] = V::load(c.add(r * p.c_row + s * V::LANES));
                    }
                }
            }
            Start::Bias(bias) => {
                for s in 0..N {
                    let b = V::load(bias.as_ptr().add(j + s * V::LANES));
                    for r in 0..M {
                        sum[r][s] = b;
                    }
                }
            }
        }
        let (a_row, a_step, b_row) = (p.a_row, p.a_step, p.b_row);
        let mut a = p.a.as_ptr().add(i * a_row);
        let mut b = p.b.as_ptr().add(j);
        for k in 0..p.size[2] {
            if k > 0 {
                a = a.add(a_step);
                b = b.add(b_row);
            }
            let mut bs = [V::splat(0.0); N];
            for s in 0..N {
                bs[s] = V::load(b.add(s * V::LANES));
            }
            for r in 0..M {
                let x = V::splat(*a.add(r * a_row));
                for s in 0..N {
                    sum[r][s] = x.fma(bs[s], sum[r][s]);
                }
            }
        }
        for r in 0..M {
            for s in 0..N {
                let to = c.add(r * p.c_row + s * V::LANES);
                let v = if p.times { sum[r][s].mul(V::load(to)) } else { sum[r][s] };
                v.store(to);
            }
        }
    }
}

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

/// z becomes act(z) in place; with `slopes` (laid out as z), act'(z) is written there.
pub fn activate(isa: Isa, activation: Activation, block: Block, z: &mut [f32], slopes: Option<&mut [f32]>) {
    block.check(z.len());
    let slopes = slopes.map(|s| {
        block.check(s.len());
        s.as_mut_ptr()
    });
    // SAFETY: checked sizes, detected instruction set
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => activate_avx512(activation, block, z.as_mut_ptr(), slopes),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => activate_avx2(activation, block, z.as_mut_ptr(), slopes),
            Isa::Portable => activate_any::<Four>(activation, block, z.as_mut_ptr(), slopes),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
unsafe fn activate_avx512(activation: Activation, block: Block, z: *mut f32, slopes: Option<*mut f32>) {
    unsafe { activate_any::<Z>(activation, block, z, slopes) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn activate_avx2(activation: Activation, block: Block, z: *mut f32, slopes: Option<*mut f32>) {
    unsafe { activate_any::<Y>(activation, block, z, slopes) }
}

#[inline(always)]
unsafe fn activate_any<V: Lanes>(activation: Activation, block: Block, z: *mut f32, slopes: Option<*mut f32>) {
    unsafe {
        match activation {
            Activation::Relu => pass::<V, activate::Relu>(block, z, slopes),
            Activation::Tanh => pass::<V, activate::Tanh>(block, z, slopes),
            Activation::Silu => pass::<V, activate::Silu>(block, z, slopes),
            Activation::Selu => pass::<V, activate::Selu>(block, z, slopes),
            Activation::Gelu => pass::<V, activate::Gelu>(block, z, slopes),
            Activation::Softplus => pass::<V, activate::Softplus>(block, z, slopes),
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

/// `out[r] = bias + (w[0] . h[r], w[1] . h[r])` for the rows of `h`: the output layer, two rows of weights `w_row` apart.
pub fn two_dots(isa: Isa, block: Block, h: &[f32], w: &[f32], w_row: usize, bias: [f32; 2], out: &mut [[f32; 2]]) {
    block.check(h.len());
    assert!(w.len() >= w_row + block.columns && out.len() >= block.rows);
    // SAFETY: checked sizes, detected instruction set
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { two_dots_avx512(block, h, w, w_row, bias, out) },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { two_dots_avx2(block, h, w, w_row, bias, out) },
        Isa::Portable => unsafe { two_dots_any::<Four>(block, h, w, w_row, bias, out) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
unsafe fn two_dots_avx512(block: Block, h: &[f32], w: &[f32], w_row: usize, bias: [f32; 2], out: &mut [[f32; 2]]) {
    unsafe { two_dots_any::<Z>(block, h, w, w_row, bias, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn two_dots_avx2(block: Block, h: &[f32], w: &[f32], w_row: usize, bias: [f32; 2], out: &mut [[f32; 2]]) {
    unsafe { two_dots_any::<Y>(block, h, w, w_row, bias, out) }
}

#[inline(always)]
unsafe fn two_dots_any<V: Lanes>(
    block: Block,
    h: &[f32],
    w: &[f32],
    w_row: usize,
    bias: [f32; 2],
    out: &mut [[f32; 2]],
) {
    for r in 0..block.rows {
        let mut sum = [V::splat(0.0); 2];
        for c in (0..block.columns).step_by(V::LANES) {
            // SAFETY: checked in `two_dots`
            unsafe {
                let x = V::load(h.as_ptr().add(r * block.stride + c));
                sum[0] = x.fma(V::load(w.as_ptr().add(c)), sum[0]);
                sum[1] = x.fma(V::load(w.as_ptr().add(w_row + c)), sum[1]);
            }
        }
        out[r] = [bias[0] + sum[0].sum(), bias[1] + sum[1].sum()];
    }
}

/// `sums[c] (+)= sum over rows of x[r][c]`.
pub fn column_sums(isa: Isa, block: Block, x: &[f32], sums: &mut [f32], add: bool) {
    block.check(x.len());
    assert!(sums.len() >= block.columns);
    // SAFETY: checked sizes, detected instruction set
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { column_sums_avx512(block, x, sums, add) },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { column_sums_avx2(block, x, sums, add) },
        Isa::Portable => unsafe { column_sums_any::<Four>(block, x, sums, add) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
unsafe fn column_sums_avx512(block: Block, x: &[f32], sums: &mut [f32], add: bool) {
    unsafe { column_sums_any::<Z>(block, x, sums, add) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn column_sums_avx2(block: Block, x: &[f32], sums: &mut [f32], add: bool) {
    unsafe { column_sums_any::<Y>(block, x, sums, add) }
}

#[inline(always)]
unsafe fn column_sums_any<V: Lanes>(block: Block, x: &[f32], sums: &mut [f32], add: bool) {
    for c in (0..block.columns).step_by(V::LANES) {
        // SAFETY: checked in `column_sums`
        unsafe {
            let to = sums.as_mut_ptr().add(c);
            let mut sum = if add { V::load(to) } else { V::splat(0.0) };
            for r in 0..block.rows {
                sum = sum.add(V::load(x.as_ptr().add(r * block.stride + c)));
            }
            sum.store(to);
        }
    }
}

/// Buffers of one update, all as long as `params`.
pub struct Buffers<'a> {
    /// Gradient.
    pub gradient: &'a [f32],
    /// Parameters.
    pub params: &'a mut [f32],
    /// First moments.
    pub first: &'a mut [f32],
    /// Second moments.
    pub second: &'a mut [f32],
    /// Moving average.
    pub ema: &'a mut [f32],
}

/// [`Update::apply`] for lengths that are multiples of [`PAD`].
pub fn update(isa: Isa, u: &Update, b: &mut Buffers<'_>) {
    let n = b.params.len();
    assert!(n.is_multiple_of(PAD));
    assert!([b.gradient.len(), b.first.len(), b.second.len(), b.ema.len()] == [n; 4]);
    // SAFETY: checked sizes, detected instruction set
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { update_avx512(u, b) },
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { update_avx2(u, b) },
        Isa::Portable => u.apply(b.gradient, b.params, b.first, b.second, b.ema),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
unsafe fn update_avx512(u: &Update, b: &mut Buffers<'_>) {
    unsafe { update_any::<Z>(u, b) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn update_avx2(u: &Update, b: &mut Buffers<'_>) {
    unsafe { update_any::<Y>(u, b) }
}

/// The formulas of `optimizer.rs`, with the division as a product with the reciprocal.
#[inline(always)]
unsafe fn update_any<V: Lanes>(u: &Update, b: &mut Buffers<'_>) {
    if u.kind == OptimizerKind::Sgd {
        return u.apply(b.gradient, b.params, b.first, b.second, b.ema);
    }
    let (into_gradient, shrink) = match u.kind {
        OptimizerKind::Adamw => (0.0, 1.0 - u.rate * u.decay),
        _ => (u.decay, 1.0),
    };
    for i in (0..b.params.len()).step_by(V::LANES) {
        // SAFETY: checked in `update`
        unsafe {
            let (at_p, at_m, at_v) = (
                b.params.as_mut_ptr().add(i),
                b.first.as_mut_ptr().add(i),
                b.second.as_mut_ptr().add(i),
            );
            let p = V::load(at_p);
            let g = V::load(b.gradient.as_ptr().add(i));
            let g = g.mul(V::splat(u.gradient_scale));
            let g = p.fma(V::splat(into_gradient), g);
            let m = V::load(at_m).mul(V::splat(u.beta1));
            let m = g.fma(V::splat(u.one_less_beta1), m);
            let v = V::load(at_v).mul(V::splat(u.beta2));
            let v = g.mul(g).fma(V::splat(u.one_less_beta2), v);
            let below = v.sqrt().fma(V::splat(u.root_scale), V::splat(u.epsilon));
            let p = p.mul(V::splat(shrink));
            let p = m.mul(below.recip()).fma(V::splat(-u.step_size), p);
            m.store(at_m);
            v.store(at_v);
            p.store(at_p);
            if u.ema > 0.0 {
                let at_e = b.ema.as_mut_ptr().add(i);
                let e = V::load(at_e).mul(V::splat(u.ema));
                p.fma(V::splat(u.one_less_ema), e).store(at_e);
            }
        }
    }
}
