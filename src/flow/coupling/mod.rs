//! Which source point goes with which target point, and the numbered blocks of pairs that training reads. Every kind has
//! one row in the table [`COUPLINGS`]; its parameters are in `kinds.rs`. Kinds that pair fresh points do so within groups of
//! a block; kinds that are a finite set of pairs are in `finite.rs`. No file is read here.
//!
//! Block n of a stream is made from (seed, n) alone and used for a fixed number of steps, so a run repeats.

mod drawn;
mod finite;
mod groups;
mod kinds;
mod modes;
mod sets;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Point;
use super::distribution::{Distribution, Law};
use super::random::{CounterRng, Stream};
use super::transport::Watch;
use groups::Rule;

pub use finite::finite_pairs;
pub(crate) use groups::Bench;
pub use kinds::{
    AntiOptimal, ExactOt, FilePairs, HandPairs, MOST_PAIRS, MinibatchOt, ModelPairs, NearestMode, PolarAngle, Sinkhorn,
    Sorted, Undrawn,
};
pub use sets::{PairedSets, pair_sets};
pub use table::COUPLINGS;

/// A pair (x0, y0, x1, y1) as training reads it.
pub type Pair = [f32; 4];

/// A pair (x0, y0, x1, y1) as it is given and assigned, data units.
pub type PairF64 = [f64; 4];

/// How x0 and x1 are paired; every kind keeps both marginals. A closed set; [`COUPLINGS`] is its table.
/// In files `{"kind": "minibatch-ot", "batch": 64}`: every parameter has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Coupling {
    /// x0 and x1 drawn independently.
    #[default]
    Independent,
    /// Optimal transport of one pool.
    ExactOt(ExactOt),
    /// Optimal transport within groups.
    MinibatchOt(MinibatchOt),
    /// Entropic transport within groups.
    Sinkhorn(Sinkhorn),
    /// The dearest assignment within groups.
    AntiOptimal(AntiOptimal),
    /// Sorted along a direction.
    Sorted(Sorted),
    /// Sorted by polar angle.
    PolarAngle(PolarAngle),
    /// To the nearest mode with room.
    NearestMode(NearestMode),
    /// Drawn by hand.
    Hand(HandPairs),
    /// Read from a file.
    File(FilePairs),
    /// Reflow: another run's (x0, Flow(x0)).
    Model(ModelPairs),
    /// Another run's flow backwards: (Flow^-1(x1), x1).
    InverseModel(ModelPairs),
}

impl Coupling {
    /// Name in files and on the command line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::ExactOt(_) => "exact-ot",
            Self::MinibatchOt(_) => "minibatch-ot",
            Self::Sinkhorn(_) => "sinkhorn",
            Self::AntiOptimal(_) => "anti-optimal",
            Self::Sorted(_) => "sorted",
            Self::PolarAngle(_) => "polar-angle",
            Self::NearestMode(_) => "nearest-mode",
            Self::Hand(_) => "hand",
            Self::File(_) => "file",
            Self::Model(_) => "model",
            Self::InverseModel(_) => "inverse-model",
        }
    }

    /// The kind of this name with its default parameters (`hand`, `file`: no pairs).
    pub fn default_of(kind: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": kind })).ok()
    }

    /// These pairs, as if read from a file of this name.
    pub fn with_file(file: impl Into<String>, pairs: Arc<Vec<PairF64>>) -> Self {
        Self::File(FilePairs {
            file: file.into(),
            pairs,
        })
    }

    /// The parameters of reflow, forward or inverse; None for every other kind.
    pub const fn model(&self) -> Option<&ModelPairs> {
        match self {
            Self::Model(model) | Self::InverseModel(model) => Some(model),
            _ => None,
        }
    }

    /// Whether its parameters make a coupling.
    ///
    /// # Errors
    /// One line that begins with the parameter's name and says which values work.
    pub fn validate(&self) -> Result<(), String> {
        match self {
            Self::Independent => Ok(()),
            Self::ExactOt(exact) => exact.validate(),
            Self::MinibatchOt(MinibatchOt { batch })
            | Self::AntiOptimal(AntiOptimal { batch })
            | Self::NearestMode(NearestMode { batch }) => kinds::assigned_batch(*batch),
            Self::Sinkhorn(sinkhorn) => sinkhorn.validate(),
            Self::Sorted(sorted) => sorted.validate(),
            Self::PolarAngle(PolarAngle { batch }) => kinds::sorted_batch(*batch),
            Self::Hand(hand) => kinds::given("pairs", &hand.pairs),
            Self::File(file) if file.pairs.is_empty() => Err(format!(
                "file \"{}\" gave no pairs; name a CSV or NPY file with the columns x0, y0, x1, y1",
                file.file
            )),
            Self::File(file) => kinds::given("file", &file.pairs),
            Self::Model(model) | Self::InverseModel(model) => model.validate(),
        }
    }
}

/// Pairs drawn on one thread between two visits to the scheduler.
const CHUNK: usize = 4096;

/// The endless stream of training pairs of one run, in numbered blocks.
#[derive(Clone, Debug)]
pub struct PairStream {
    /// The law of x0.
    pub source: Arc<Distribution>,
    /// The law of x1.
    pub target: Arc<Distribution>,
    /// How they are paired.
    pub coupling: Coupling,
    /// The run's seed.
    pub seed: u64,
    /// The pairs themselves where they are a finite set ([`finite_pairs`], or made by an engine): each block then takes
    /// the next of them, pass after pass, shuffled anew each time. None: drawn fresh.
    pub finite: Option<Arc<Vec<Pair>>>,
}

impl PartialEq for PairStream {
    /// The same buffer is equal without a look at its contents.
    fn eq(&self, other: &Self) -> bool {
        let same_finite = match (&self.finite, &other.finite) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
            _ => false,
        };
        self.seed == other.seed
            && self.source == other.source
            && self.target == other.target
            && self.coupling == other.coupling
            && same_finite
    }
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
    /// Made in parallel on rayon's threads; the same pairs on any number of them. Data units.
    pub fn block(&self, number: u64, len: u32) -> Arc<Vec<Pair>> {
        let parts = self.parts(number, len);
        let mut pairs = vec![[0.0; 4]; len as usize];
        pairs
            .par_chunks_mut(parts.len_each())
            .enumerate()
            .for_each_init(Bench::default, |bench, (part, out)| parts.make(part, out, bench));
        Arc::new(pairs)
    }

    /// The first `count` pairs that training reads, groups as it pairs them. A finite set of no more pairs comes whole and in
    /// its own order.
    pub fn first(&self, count: usize) -> Arc<Vec<Pair>> {
        if let Some(finite) = self.finite.as_ref().filter(|pairs| !pairs.is_empty()) {
            if finite.len() <= count {
                return Arc::clone(finite);
            }
            return Arc::new(finite::block(finite, self.seed, 0, count as u32));
        }
        // whole groups, the last of which is cut afterwards: a smaller group would be paired otherwise
        let parts = self.parts(0, 1);
        let whole = parts.rule.as_ref().map_or(1, |_| parts.len_each());
        let mut pairs = self.block(0, count.next_multiple_of(whole) as u32);
        Arc::make_mut(&mut pairs).truncate(count);
        pairs
    }

    /// The same block to be made in parts, in any order and on any thread.
    pub(crate) fn parts(&self, number: u64, len: u32) -> Parts {
        let finite = self.finite.clone().filter(|pairs| !pairs.is_empty());
        let rule = match &finite {
            None => Rule::of(&self.coupling, &self.source, &self.target),
            Some(_) => None,
        };
        let each = match (&finite, &rule) {
            (Some(_), _) => len as usize,
            (None, None) => CHUNK,
            // whole groups
            (None, Some((_, batch))) => (PART / *batch as usize).max(1) * *batch as usize,
        };
        Parts {
            seed: self.seed,
            laws: (self.source.law(), self.target.law()),
            finite,
            rule,
            number,
            len,
            each,
        }
    }
}

/// Pairs of a part that is paired by groups, where a group is not longer.
const PART: usize = 1024;

/// A block of pairs that is made in parts.
pub(crate) struct Parts {
    seed: u64,
    laws: (Law, Law),
    finite: Option<Arc<Vec<Pair>>>,
    rule: Option<(Rule, u32)>,
    number: u64,
    len: u32,
    each: usize,
}

impl Parts {
    /// How many parts there are.
    pub(crate) const fn count(&self) -> usize {
        (self.len as usize).div_ceil(self.each)
    }

    /// Pairs in part `part`.
    pub(crate) fn len_of(&self, part: usize) -> usize {
        self.each.min(self.len as usize - part * self.each)
    }

    /// Pairs in a part; the last may have fewer.
    pub(crate) const fn len_each(&self) -> usize {
        self.each
    }

    /// Writes part `part` to `out`, as long as the part.
    pub(crate) fn make(&self, part: usize, out: &mut [Pair], bench: &mut Bench) {
        if let Some(pairs) = &self.finite {
            out.copy_from_slice(&finite::block(pairs, self.seed, self.number, self.len));
            return;
        }
        let first = self.number * u64::from(self.len) + (part * self.each) as u64;
        let Some((rule, batch)) = &self.rule else {
            for (index, pair) in (first..).zip(out) {
                let ([x0, y0], [x1, y1]) = self.draw(index);
                *pair = [x0, y0, x1, y1].map(|x| x as f32);
            }
            return;
        };
        let batch = *batch as usize;
        let (mut a, mut b, mut to) = (Vec::new(), Vec::new(), Vec::new());
        for (group, out) in out.chunks_mut(batch).enumerate() {
            let first = first + (group * batch) as u64;
            a.clear();
            b.clear();
            for index in first..first + out.len() as u64 {
                let (x0, x1) = self.draw(index);
                a.push(x0);
                b.push(x1);
            }
            let mut rng = CounterRng::new(self.seed, Stream::Coupling, first);
            let done = rule.pair((&a, &b), &mut rng, bench, &mut to, Watch::unwatched());
            if done.is_err() {
                // points too far out for squared distances: they go as they come
                to.clear();
                to.extend(0..out.len() as u32);
            }
            for ((pair, x0), &j) in out.iter_mut().zip(&a).zip(&to) {
                let x1 = b[j as usize];
                *pair = [x0[0], x0[1], x1[0], x1[1]].map(|x| x as f32);
            }
        }
    }

    fn draw(&self, index: u64) -> (Point, Point) {
        let seed = self.seed;
        (
            self.laws.0.draw(&mut CounterRng::new(seed, Stream::Source, index)),
            self.laws.1.draw(&mut CounterRng::new(seed, Stream::Target, index)),
        )
    }
}
