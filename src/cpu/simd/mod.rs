//! The kernels: matrix products in register tiles (`product`), activations, sums and dots (`passes`), the optimizer
//! (`update`), written once over `Lanes` and compiled for each instruction set: a file each, of the register type and of one
//! function that runs any kernel there. `unsafe` is here and in `flow/transport/wide.rs`, nowhere else.
//!
//! Why it is sound: every public function checks that all indices it will reach lie within its slices, then picks the
//! copy of the kernel for an instruction set that [`Isa::best`] found at run time. Kernels never grow or keep slices.
#![allow(unsafe_code)]
// a kernel is compiled for an instruction set only where it is inlined into the `#[target_feature]` function
#![allow(clippy::inline_always)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod passes;
mod portable;
mod product;
mod update;

pub use passes::{Block, activate, column_sums, two_dots};
pub use product::{Product, Start, product};
pub use update::{Buffers, update};

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
    /// 4 lanes, 32 registers, fused multiply-add.
    #[cfg(target_arch = "aarch64")]
    Neon,
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
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            all.push(Self::Neon);
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
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }
}

/// A register of f32 lanes. Its functions may run only where the instruction set was detected: the trait and its
/// types are private to `cpu`, and only the instruction set's own file names its type.
pub(super) trait Lanes: Copy {
    /// Lanes in a register.
    const LANES: usize;
    /// Whether there are 32 registers, not 16.
    const MANY: bool;
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

/// A loop over registers of any kind.
trait Kernel {
    /// Does it; `#[inline(always)]`, as everything must be that it calls.
    ///
    /// # Safety
    /// What it reaches lies within its slices; the instruction set of `V` is there.
    unsafe fn run<V: Lanes>(self);
}

/// Runs a kernel as compiled for an instruction set.
///
/// # Safety
/// As [`Kernel::run`]; `isa` is one of [`Isa::available`].
unsafe fn run<K: Kernel>(isa: Isa, kernel: K) {
    // SAFETY: the caller's
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => avx512::run(kernel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::run(kernel),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => neon::run(kernel),
            Isa::Portable => portable::run(kernel),
        }
    }
}
