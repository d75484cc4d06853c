//! One counter-based generator for the whole program, keyed by (seed, stream, index).
//!
//! Draw `i` of a stream does not depend on how many draws were asked for, nor on the number of threads:
//! particle 7 starts at the same point whether 10 or 10,000 particles are shown. The hash is `pcg4d`
//! (Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020), 32-bit operations only, so
//! that `shaders/shared/random.wgsl` gives the same bits.

use std::convert::Infallible;

use rand::TryRng;

/// What a stream of random numbers is for; two streams of one seed are independent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Source points of training pairs.
    Source = 1,
    /// Target points of training pairs.
    Target = 2,
    /// Initial weights.
    Init = 3,
    /// The time row of each row of a batch.
    BatchTime = 4,
    /// Start points of the particles on a stage and of `sample`.
    Particles = 5,
    /// Target points shown on a stage.
    Shown = 6,
    /// Fresh pairs for the loss and its floor.
    MeasurePairs = 7,
    /// Fresh target points for W2 and other distances; its floor uses `MeasureFloor`.
    MeasureTarget = 8,
    /// A second, independent set of target points, for the finite-sample floors.
    MeasureFloor = 9,
    /// Start points for measures.
    MeasureSource = 10,
    /// The command `data`.
    Data = 11,
    /// Which pairs of a finite set go where.
    Shuffle = 12,
    /// Minibatch and other pairings that draw.
    Coupling = 13,
    /// The Brownian paths of stochastic samplers.
    Brownian = 14,
    /// Tests.
    Test = 99,
}

/// `pcg4d`: four u32 in, four u32 out, every output bit depends on every input bit.
#[inline]
pub const fn pcg4d(mut v: [u32; 4]) -> [u32; 4] {
    let mut i = 0;
    while i < 4 {
        v[i] = v[i].wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i += 1;
    }
    v = mix(v);
    i = 0;
    while i < 4 {
        v[i] ^= v[i] >> 16;
        i += 1;
    }
    mix(v)
}

#[inline]
const fn mix(mut v: [u32; 4]) -> [u32; 4] {
    v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[3]));
    v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
    v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
    v[3] = v[3].wrapping_add(v[1].wrapping_mul(v[2]));
    v
}

/// The random bits of (seed, stream, index): the definition that the shaders repeat.
#[inline]
pub const fn bits(seed: u64, stream: Stream, index: u64) -> [u32; 4] {
    // the low words go straight in; the high words are spread so that nearby seeds differ everywhere
    pcg4d([
        seed as u32,
        (seed >> 32) as u32 ^ (index >> 32) as u32,
        stream as u32,
        index as u32,
    ])
}

/// A generator for one index of one stream; as many numbers as wanted, always the same ones.
#[derive(Clone, Debug)]
pub struct CounterRng {
    key: [u32; 4],
    block: u32,
    left: u32,
    out: [u32; 4],
}

impl CounterRng {
    /// The generator of (seed, stream, index).
    #[inline]
    pub const fn new(seed: u64, stream: Stream, index: u64) -> Self {
        Self {
            key: bits(seed, stream, index),
            block: 0,
            left: 0,
            out: [0; 4],
        }
    }

    #[inline]
    fn next(&mut self) -> u32 {
        if self.left == 0 {
            let k = self.key;
            self.out = pcg4d([k[0] ^ self.block, k[1], k[2], k[3].wrapping_add(self.block)]);
            self.block = self.block.wrapping_add(1);
            self.left = 4;
        }
        self.left -= 1;
        self.out[self.left as usize]
    }

    /// Uniform on [0, 1), 53 bits.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        let hi = u64::from(self.next());
        let lo = u64::from(self.next());
        ((hi << 32 | lo) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Standard normal (ziggurat, `rand_distr`).
    #[inline]
    pub fn normal(&mut self) -> f64 {
        rand_distr::Distribution::sample(&rand_distr::StandardNormal, self)
    }

    /// Uniform on `0..n`.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        // multiply-shift: the bias is n / 2^32, far below anything measurable here
        ((u64::from(self.next()) * n as u64) >> 32) as usize
    }
}

impl TryRng for CounterRng {
    type Error = Infallible;
    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next())
    }
    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.next()) << 32 | u64::from(self.next()))
    }
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for chunk in dst.chunks_mut(4) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

/// The time row of row `row` of a batch of `batch`, at training step `step`: stratified, so that each batch
/// covers the law of t evenly (one row in each of `batch` slices of the 65,536 quantiles). Twin of
/// `time_row` in `shaders/shared/random.wgsl`.
pub const fn time_row(seed: u64, step: u64, row: u32, batch: u32) -> u32 {
    let hash = bits(seed, Stream::BatchTime, step * batch as u64 + row as u64)[0];
    (row << 16 | hash >> 16) / batch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uniform_has_the_moments_of_a_uniform() {
        let n = 200_000;
        let (mut sum, mut square, mut lag) = (0.0, 0.0, 0.0);
        let mut before = 0.5;
        for i in 0..n {
            let u = CounterRng::new(3, Stream::Test, i).uniform() - 0.5;
            sum += u;
            square += u * u;
            lag += u * before;
            before = u;
        }
        let n = n as f64;
        // 5 standard errors: 1/sqrt(12 n), sqrt(1/180 n), 1/(12 sqrt n)
        assert!((sum / n).abs() < 5.0 * (1.0 / (12.0 * n)).sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 5.0 * (1.0 / (180.0 * n)).sqrt());
        assert!((lag / n).abs() < 5.0 / (12.0 * n.sqrt()));
    }

    #[test]
    fn time_rows_cover_every_slice_once() {
        for batch in [1, 7, 512, 65_535] {
            for row in 0..batch {
                let r = time_row(9, 4, row, batch);
                assert!(r < 65_536);
                let slice = (u64::from(r) * u64::from(batch)) >> 16;
                assert!(slice <= u64::from(row) && u64::from(row) <= slice + 1);
            }
        }
    }

    #[test]
    fn seeds_streams_and_indices_differ() {
        let a = bits(1, Stream::Source, 0);
        assert_ne!(a, bits(2, Stream::Source, 0));
        assert_ne!(a, bits(1, Stream::Target, 0));
        assert_ne!(a, bits(1, Stream::Source, 1));
        assert_ne!(a, bits(1 << 32 | 1, Stream::Source, 0));
        assert_eq!(a, bits(1, Stream::Source, 0));
    }
}
