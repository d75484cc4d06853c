//! Any processor: four lanes that the compiler makes its own vectors of.

use super::{Kernel, Lanes};

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
    const MANY: bool = false;
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

/// Runs a kernel.
///
/// # Safety
/// As [`Kernel::run`].
pub(super) unsafe fn run<K: Kernel>(kernel: K) {
    // SAFETY: the caller's; every processor has what this is compiled for
    unsafe { kernel.run::<Four>() }
}
