//! NEON (Advanced SIMD) of 64-bit Arm: 4 lanes, 32 registers, fused multiply-add.

// half a hundred intrinsics, all prefixed
#[allow(clippy::wildcard_imports)]
use std::arch::aarch64::*;

use super::{Kernel, Lanes};

/// Advanced SIMD.
#[derive(Clone, Copy)]
pub(super) struct Q(float32x4_t);

// SAFETY (all calls of intrinsics here): reached only from functions that enable the instruction set.
impl Lanes for Q {
    const LANES: usize = 4;
    const MANY: bool = true;
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(unsafe { vdupq_n_f32(x) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    fn fma(self, b: Self, c: Self) -> Self {
        // the sum comes first
        Self(unsafe { vfmaq_f32(c.0, self.0, b.0) })
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self(unsafe { vaddq_f32(self.0, b.0) })
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self(unsafe { vsubq_f32(self.0, b.0) })
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self(unsafe { vmulq_f32(self.0, b.0) })
    }
    #[inline(always)]
    fn max(self, b: Self) -> Self {
        // not `vmaxq_f32`: that gives a NaN for a NaN on either side
        self.where_greater(b, self, b)
    }
    #[inline(always)]
    fn min(self, b: Self) -> Self {
        b.where_greater(self, self, b)
    }
    #[inline(always)]
    fn where_greater(self, b: Self, yes: Self, no: Self) -> Self {
        Self(unsafe { vbslq_f32(vcgtq_f32(self.0, b.0), yes.0, no.0) })
    }
    #[inline(always)]
    fn round(self) -> Self {
        Self(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    fn scale(self, n: Self) -> Self {
        unsafe {
            let biased = vaddq_s32(vcvtnq_s32_f32(n.0), vdupq_n_s32(127));
            Self(vmulq_f32(self.0, vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased))))
        }
    }
    #[inline(always)]
    fn recip(self) -> Self {
        Self(unsafe { vdivq_f32(vdupq_n_f32(1.0), self.0) })
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(unsafe { vsqrtq_f32(self.0) })
    }
    #[inline(always)]
    fn sum(self) -> f32 {
        unsafe { vaddvq_f32(self.0) }
    }
}

/// Runs a kernel.
///
/// # Safety
/// As [`Kernel::run`].
#[target_feature(enable = "neon")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) {
    // SAFETY: the caller's, and the instruction set is enabled here
    unsafe { kernel.run::<Q>() }
}
