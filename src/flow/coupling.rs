//! Which source point goes with which target point, and the numbered blocks of pairs that training reads.
//!
//! Block n of a stream is made from (seed, n) alone and used for a fixed number of steps, so a run repeats.

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::random::{CounterRng, Stream};
use super::table::Entry;

/// A pair (x0, y0, x1, y1) as training reads it.
pub type Pair = [f32; 4];

/// How x0 and x1 are paired. A closed set; [`COUPLINGS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Coupling {
    /// x0 and x1 drawn independently.
    #[default]
    Independent,
}

/// The table of the couplings.
pub const COUPLINGS: [Entry; 1] = [Entry {
    name: "independent",
    formula: "π = p₀ ⊗ p₁",
    summary: "every source point may go with every target point",
    parameters: &[],
}];

impl Coupling {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Independent => "independent",
        }
    }
}

/// Pairs drawn on one thread between two visits to the scheduler.
const CHUNK: usize = 4096;

/// The endless stream of training pairs of one run, in numbered blocks.
#[derive(Clone, Debug, PartialEq)]
pub struct PairStream {
    /// The law of x0.
    pub source: Arc<Distribution>,
    /// The law of x1.
    pub target: Arc<Distribution>,
    /// How they are paired.
    pub coupling: Coupling,
    /// The run's seed.
    pub seed: u64,
}

impl PairStream {
    /// Pairs in a block, for a batch of `batch`: the largest multiple of `batch` up to 65,536 (one batch where it is larger).
    pub const fn block_len(batch: u32) -> u32 {
        if batch >= 65_536 { batch } else { 65_536 / batch * batch }
    }

    /// Training steps that one block serves: each pair is used once.
    pub const fn steps_per_block(batch: u32) -> u32 {
        Self::block_len(batch) / batch
    }

    /// Block `number`, `len` pairs; row i of step k of the block is pair `k * batch + i`.
    /// Drawn in parallel on rayon's threads; the same pairs on any number of them. Data units.
    pub fn block(&self, number: u64, len: u32) -> Arc<Vec<Pair>> {
        let first = number * u64::from(len);
        let (source, target) = (self.source.law(), self.target.law());
        let pair = |i: u32| -> Pair {
            let index = first + u64::from(i);
            let [x0, y0] = source.draw(&mut CounterRng::new(self.seed, Stream::Source, index));
            let [x1, y1] = match self.coupling {
                Coupling::Independent => target.draw(&mut CounterRng::new(self.seed, Stream::Target, index)),
            };
            [x0 as f32, y0 as f32, x1 as f32, y1 as f32]
        };
        Arc::new((0..len).into_par_iter().with_min_len(CHUNK).map(pair).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;

    fn stream() -> PairStream {
        PairStream {
            source: Arc::new(Distribution::default()),
            target: Arc::new(Distribution::default_of("two-moons").unwrap()),
            coupling: Coupling::Independent,
            seed: 7,
        }
    }

    #[test]
    fn the_table_names_every_coupling() {
        assert_eq!(COUPLINGS.map(|e| e.name), [Coupling::Independent.name()]);
        let file = serde_json::json!({"kind": "independent"});
        assert_eq!(serde_json::from_value::<Coupling>(file).unwrap(), Coupling::Independent);
    }

    #[test]
    fn blocks_are_whole_batches() {
        for (batch, len) in [
            (512, 65_536),
            (500, 65_500),
            (65_536, 65_536),
            (70_000, 70_000),
            (1, 65_536),
        ] {
            assert_eq!(PairStream::block_len(batch), len);
            assert_eq!(PairStream::steps_per_block(batch), len / batch);
        }
    }

    #[test]
    fn a_block_is_the_same_on_any_number_of_threads() {
        let want = stream().block(3, 20_000);
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| stream().block(3, 20_000)), want, "{threads} threads");
        }
        assert_ne!(stream().block(2, 20_000), want);
        let other = PairStream { seed: 8, ..stream() };
        assert_ne!(other.block(3, 20_000), want);
    }

    #[test]
    fn pair_i_of_block_n_is_draw_n_len_plus_i() {
        let pairs = stream().block(2, 1000);
        let source = stream().source.samples(7, Stream::Source, 3000);
        let target = stream().target.samples(7, Stream::Target, 3000);
        for (i, p) in pairs.iter().enumerate() {
            assert_eq!([[p[0], p[1]], [p[2], p[3]]], [source[2000 + i], target[2000 + i]]);
        }
    }

    /// Every coupling keeps both marginals; the independent one has no covariance between the two besides.
    #[test]
    fn the_marginals_are_kept_and_the_sides_are_uncorrelated() {
        let pairs = stream().block(0, 65_536);
        let n = pairs.len() as f64;
        let (source, target) = (stream().source.moments(), stream().target.moments());
        let mean = [source.mean[0], source.mean[1], target.mean[0], target.mean[1]];
        let (s, t) = (source.covariance, target.covariance);
        let want = |j: usize, k: usize| match (j / 2, k / 2) {
            (0, 0) => s[j][k],
            (1, 1) => t[j - 2][k - 2],
            _ => 0.0,
        };
        for j in 0..4 {
            let got = pairs.iter().map(|p| f64::from(p[j])).sum::<f64>() / n;
            // 5 standard errors
            let tolerance = 5.0 * (want(j, j) / n).sqrt();
            assert_close(&[got], &[mean[j]], tolerance, &format!("mean {j}"));
            for k in 0..4 {
                let product = |p: &Pair| (f64::from(p[j]) - mean[j]) * (f64::from(p[k]) - mean[k]);
                let got = pairs.iter().map(product).sum::<f64>() / n;
                // a product of two such coordinates varies by at most sqrt(3 var var) (kurtosis of a normal law, or less)
                let tolerance = 5.0 * (3.0 * want(j, j) * want(k, k) / n).sqrt();
                assert_close(&[got], &[want(j, k)], tolerance, &format!("covariance {j} {k}"));
            }
        }
    }
}
