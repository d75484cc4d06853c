//! Runs a loop over f64 columns as compiled for the widest vectors of this processor. There is no arithmetic here and none
//! changes: the same operations in the same order, so the same bits, only more of them at a time.
#![allow(unsafe_code)]
// a function is compiled for an instruction set only where it is inlined into a `#[target_feature]` function
#![allow(clippy::inline_always)]

/// Work to be done wide.
pub(super) trait Work {
    /// What it yields.
    type Out;
    /// The loops; `#[inline(always)]`, as everything must be that it calls and that shall be wide.
    fn run(self) -> Self::Out;
}

/// An instruction set that work is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// What every processor of the target has.
    Portable,
    /// 4 lanes of f64.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 8 lanes of f64, and masks.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Width {
    /// All that this processor runs, the widest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let found = [
            (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512dq"))
            .then_some(Self::Avx512),
            is_x86_feature_detected!("avx2").then_some(Self::Avx2),
            Some(Self::Portable),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let found = [Some(Self::Portable)];
        found.into_iter().flatten()
    }
}

impl Default for Width {
    /// The widest that this processor runs.
    fn default() -> Self {
        Self::available().next().unwrap_or(Self::Portable)
    }
}

/// Does the work; `width` must be of [`Width::available`].
#[inline]
pub(super) fn run<W: Work>(width: Width, work: W) -> W::Out {
    match width {
        // SAFETY: a width is made by detection only, or is the portable one
        #[cfg(target_arch = "x86_64")]
        Width::Avx512 => unsafe { avx512(work) },
        // SAFETY: as above
        #[cfg(target_arch = "x86_64")]
        Width::Avx2 => unsafe { avx2(work) },
        Width::Portable => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq")]
fn avx512<W: Work>(work: W) -> W::Out {
    work.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<W: Work>(work: W) -> W::Out {
    work.run()
}
