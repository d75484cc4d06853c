//! Which source point goes with which target point, and the numbered blocks of pairs that training reads. Every kind has
//! one row in the table [`COUPLINGS`]; its parameters are in `kinds.rs`. Kinds that pair fresh points do so within groups of
//! a block; kinds that are a finite set of pairs are in `finite.rs`. No file is read here.
//!
//! Block n of a stream is made from (seed, n) alone and used for a fixed number of steps, so a run repeats.

mod finite;
mod kinds;
mod table;

use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::random::{CounterRng, Stream};

pub use finite::finite_pairs;
pub use kinds::{
    AntiOptimal, ExactOt, FilePairs, HandPairs, MOST_PAIRS, MinibatchOt, ModelPairs, NearestMode, PolarAngle, Sinkhorn,
    Sorted,
};
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
    /// Drawn in parallel on rayon's threads; the same pairs on any number of them. Data units.
    pub fn block(&self, number: u64, len: u32) -> Arc<Vec<Pair>> {
        if let Some(pairs) = self.finite.as_ref().filter(|pairs| !pairs.is_empty()) {
            return Arc::new(finite::block(pairs, self.seed, number, len));
        }
        let first = number * u64::from(len);
        let (source, target) = (self.source.law(), self.target.law());
        let pair = |i: u32| -> Pair {
            let index = first + u64::from(i);
            let [x0, y0] = source.draw(&mut CounterRng::new(self.seed, Stream::Source, index));
            let [x1, y1] = target.draw(&mut CounterRng::new(self.seed, Stream::Target, index));
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
            finite: None,
        }
    }

    #[test]
    fn the_table_names_every_coupling() {
        for entry in &COUPLINGS {
            let coupling = Coupling::default_of(entry.name).unwrap_or_else(|| panic!("{}", entry.name));
            assert_eq!(coupling.name(), entry.name);
            let json = serde_json::to_value(&coupling).unwrap();
            let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
            let parameters = entry.parameters.iter().map(|p| p.name);
            assert_eq!(keys, std::iter::once("kind").chain(parameters).collect::<Vec<_>>());
            assert_eq!(coupling.validate().is_ok(), entry.name != "file", "{}", entry.name);
        }
        assert!(serde_json::from_value::<Coupling>(serde_json::json!({"kind": "hand", "pool": 3})).is_err());
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
