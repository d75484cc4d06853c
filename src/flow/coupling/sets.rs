//! Any coupling applied to two given sets of points: the command `couple`, and pictures of a coupling.

use super::drawn::{self, Drawn};
use super::groups::{Bench, Rule};
use super::modes::Modes;
use super::{Coupling, PairF64, Undrawn};
use crate::flow::Point;
use crate::flow::random::{CounterRng, Stream};
use crate::flow::transport::{PLAN_LIMIT, Prices, TransportError, Watch, assign_watched, sinkhorn};

/// Two sets of points, paired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairedSets {
    /// x0, y0, x1, y1: x0 in the order of the first set.
    pub pairs: Vec<PairF64>,
    /// Mean of |x1 - x0|^2 under the entropic plan that the pairs were drawn from; `sinkhorn` on one group only.
    pub plan_cost: Option<f64>,
    /// Whether the entropic plans converged; `sinkhorn` only.
    pub converged: Option<bool>,
}

/// Largest group of `nearest-mode` and `hand`: their matrix of costs is dense.
const MODES_LIMIT: usize = 1024;

/// Pairs the points of `a` with those of `b`. Where `whole`, the sets are one group as far as the kind can take them
/// together; else they are cut into groups of the coupling's `batch`, in their order. `None`: the coupling does not pair
/// given points (pairs of a file, drawn pairs alone, model pairs).
///
/// # Errors
/// Sets of different sizes or too large for one assignment, coordinates that are not finite, cancel.
pub fn pair_sets(
    coupling: &Coupling,
    (a, b): (&[Point], &[Point]),
    whole: bool,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Option<PairedSets>, TransportError> {
    let n = a.len();
    if n != b.len() {
        return Err(TransportError::SizesDiffer(n, b.len()));
    }
    let mut rng = CounterRng::new(seed, Stream::Coupling, 0);
    let to: Vec<u32> = match coupling {
        Coupling::Independent => {
            let mut order: Vec<u32> = (0..n as u32).collect();
            for i in (1..n).rev() {
                order.swap(i, rng.below(i + 1));
            }
            order
        }
        Coupling::ExactOt(_) => assign_watched(a, b, watch)?.permutation,
        Coupling::Sinkhorn(kind) if whole && n <= PLAN_LIMIT => {
            let plan = sinkhorn(a, b, kind.epsilon, watch)?;
            return Ok(Some(PairedSets {
                pairs: joined(a, b, &plan.draw(&mut rng)),
                plan_cost: Some(plan.mean_cost),
                converged: Some(plan.converged),
            }));
        }
        _ => return in_groups(coupling, (a, b), whole, seed, watch),
    };
    Ok(Some(PairedSets {
        pairs: joined(a, b, &to),
        ..PairedSets::default()
    }))
}

fn joined(a: &[Point], b: &[Point], to: &[u32]) -> Vec<PairF64> {
    let pair = |(p, &j): (&Point, &u32)| [p[0], p[1], b[j as usize][0], b[j as usize][1]];
    a.iter().zip(to).map(pair).collect()
}

fn in_groups(
    coupling: &Coupling,
    (a, b): (&[Point], &[Point]),
    whole: bool,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Option<PairedSets>, TransportError> {
    let Some((rule, batch)) = Rule::of_sets(coupling, a, b) else {
        return Ok(None);
    };
    let batch = match rule {
        Rule::ToModes(_) | Rule::AsDrawn(_) if whole => MODES_LIMIT,
        // too many for one plan
        Rule::Plan(..) => batch as usize,
        _ if whole => a.len().max(1),
        _ => batch as usize,
    };
    let (mut bench, mut to) = (Bench::default(), Vec::new());
    let mut pairs = Vec::with_capacity(a.len());
    let mut converged = true;
    for (group, (a_group, b_group)) in a.chunks(batch).zip(b.chunks(batch)).enumerate() {
        if watch.cancel.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(TransportError::Canceled);
        }
        let mut rng = CounterRng::new(seed, Stream::Coupling, (group * batch) as u64);
        let sets = (a_group, b_group);
        converged &= rule.pair(sets, &mut rng, &mut bench, &mut to, watch)?;
        pairs.extend(joined(a_group, b_group, &to));
        (watch.progress)(pairs.len() as f64 / a.len() as f64);
    }
    Ok(Some(PairedSets {
        pairs,
        plan_cost: None,
        converged: matches!(rule, Rule::Plan(..)).then_some(converged),
    }))
}

impl Rule {
    /// As [`Rule::of`], where all that is known of the two laws is a set of points each.
    fn of_sets(coupling: &Coupling, a: &[Point], b: &[Point]) -> Option<(Self, u32)> {
        let mean = |points: &[Point]| {
            let n = points.len().max(1) as f64;
            [0, 1].map(|c| points.iter().map(|p| p[c] / n).sum())
        };
        match coupling {
            Coupling::MinibatchOt(kind) => Some((Self::Nearest(Prices::default()), kind.batch)),
            Coupling::AntiOptimal(kind) => Some((Self::Farthest(Prices::default()), kind.batch)),
            Coupling::Sinkhorn(kind) => Some((Self::Plan(kind.epsilon, Prices::default()), kind.batch)),
            Coupling::PolarAngle(kind) => Some((Self::Around([mean(a), mean(b)]), kind.batch)),
            Coupling::NearestMode(kind) => Some((Self::ToModes(Modes::of_scattered(b)), kind.batch)),
            Coupling::Hand(hand) if hand.undrawn == Undrawn::Follow && !hand.pairs.is_empty() => {
                let mean: Point = mean(a);
                let trace = a
                    .iter()
                    .map(|p| (p[0] - mean[0]).powi(2) + (p[1] - mean[1]).powi(2))
                    .sum::<f64>()
                    / a.len().max(1) as f64;
                Some((Self::AsDrawn(Drawn::new(&hand.pairs, trace)), drawn::BATCH))
            }
            other => {
                // needs neither law
                let any = crate::flow::distribution::Distribution::default();
                Self::of(other, &any, &any)
            }
        }
    }
}
