//! AVX-512F: 16 lanes, 32 registers.

// half a hundred intrinsics, all prefixed
#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

use super::{Kernel, Lanes};

/// AVX-512F.
#[derive(Clone, Copy)]
pub(super) struct Z(__m512);

// SAFETY (all calls of intrinsics here): reached only from functions that enable the instruction set.
impl Lanes for Z {
    const LANES: usize = 16;
    const MANY: bool = true;
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

/// Runs a kernel.
///
/// # Safety
/// As [`Kernel::run`].
#[target_feature(enable = "avx512f,fma")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) {
    // SAFETY: the caller's, and the instruction set is enabled here
    unsafe { kernel.run::<Z>() }
}
