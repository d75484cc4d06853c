//! Which source point goes with which target point, and the numbered blocks of pairs that training reads.
//!
//! Block n of a stream is made from (seed, n) alone and used for a fixed number of steps, so a run repeats.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::distribution::Distribution;

/// A pair (x0, y0, x1, y1) as training reads it.
pub type Pair = [f32; 4];

/// How x0 and x1 are paired. A closed set; `COUPLINGS` is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Coupling {
    /// x0 and x1 drawn independently.
    #[default]
    Independent,
}

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
    /// Drawn in parallel on rayon's threads; the same pairs on any number of them.
    pub fn block(&self, _number: u64, _len: u32) -> Arc<Vec<Pair>> {
        todo!("flow helper")
    }
}
