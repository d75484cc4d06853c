//! The measures of a run, and the floors beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backend::TrainJob;
use crate::flow::Point;
use crate::flow::coupling::{Coupling, Pair, PairStream};
use crate::flow::time_density::TIME_ROWS;
use crate::lab::Experiment;

/// Network evaluations spent on a run, a particle or a row each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// On making its pairs (by its parent's network).
    pub pairs: u64,
    /// On training, forward.
    pub training_forward: u64,
    /// On training, backward.
    pub training_backward: u64,
    /// On carrying the particles once.
    pub sampling: u64,
}

/// E|X1-X0|^2 = floor + bends + carried (MATHS.md, "the budget"), data units squared. The flow is integrated finely whatever
/// the sampler shown: with one Euler step nothing bends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// E|X1 - X0|^2 over the training pairs.
    pub coupling_cost: f64,
    /// The least that the loss can be: `Measures::loss_floor`.
    pub floor: f64,
    /// Whether the floor is estimated.
    pub floor_estimated: bool,
    /// Straightness of the flow: what bending costs.
    pub bends: f64,
    /// E|z1 - z0|^2: what is carried.
    pub carried: f64,
}

/// Everything `metrics.json` reports that is measured; a measure that has not been taken, or has no meaning for the run, is None.
/// Units: data units, squared where the name says so. Definitions: MATHS.md "Measures".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Mean squared velocity error summed over coordinates, 65,536 fresh pairs under the run's law of t.
    pub loss: Option<f64>,
    /// Standard error of `loss`.
    pub loss_standard_error: Option<f64>,
    /// The least that `loss` can be.
    pub loss_floor: Option<f64>,
    /// Its standard error.
    pub loss_floor_standard_error: Option<f64>,
    /// "exact" (exact field, Monte Carlo over pairs) or "estimated": components stand in for laws without a closed form, or,
    /// where the coupling has no exact field, E|u|^2 - E|v|^2 of the learned v over the same rows.
    pub loss_floor_kind: Option<String>,
    /// The least that the training curve can come to: the run's own, weighted loss of what its network predicts, where that
    /// is a squared one.
    pub curve_floor: Option<f64>,
    /// Relative RMS distance of the learned velocity from the exact one.
    pub field_rms: Option<f64>,
    /// W2 squared between samples and fresh target points, by exact assignment.
    pub w2_squared: Option<f64>,
    /// The same between two fresh sets of target points.
    pub w2_squared_floor: Option<f64>,
    /// Mean over directions of 1-D W2 squared.
    pub sliced_w2_squared: Option<f64>,
    /// 2 E|a-b| - E|a-a'| - E|b-b'|.
    pub energy_distance: Option<f64>,
    /// Mean over segments of |velocity of the segment - (z1 - z0)|^2.
    pub straightness: Option<f64>,
    /// Mean over segments of |velocity of the segment|^2.
    pub path_energy: Option<f64>,
    /// E|z1 - z0|.
    pub transport_cost_p1: Option<f64>,
    /// E|z1 - z0|^2.
    pub transport_cost_p2: Option<f64>,
    /// Mean length of the trajectories.
    pub path_length: Option<f64>,
    /// Field evaluations per particle.
    pub evaluations: Option<u32>,
    /// E|X1 - X0|^2 over the training pairs: what the coupling would carry along straight chords.
    pub coupling_cost: Option<f64>,
    /// The least that a flow from the source to the target can carry, and the least energy of its paths: W2 squared between
    /// the two (Benamou, Brenier 2000), by exact assignment of fresh points.
    #[serde(default)]
    pub transport_optimum: Option<f64>,
    /// Normalized path energy, (path energy - W2^2) / W2^2 (Tong et al. 2024), signed: finely integrated where a budget
    /// holds; 0 for a dynamic transport.
    #[serde(default)]
    pub npe: Option<f64>,
    /// E|z1 - z0|^p of the flow for p = 1 to 4 (the keys), finely integrated where a budget holds: data units to the power p.
    pub transport_costs: Option<BTreeMap<u32, f64>>,
    /// E|X1 - X0|^p over the training pairs, the same powers.
    pub coupling_costs: Option<BTreeMap<u32, f64>>,
    /// Pairs of chords from start to end that properly cross, among the first 1,000 particles.
    pub chord_crossings: Option<u64>,
    /// W2 squared after so many Euler steps (keys: 1, 2, 4, 8, 100), against the same floor.
    pub w2_squared_at_steps: Option<BTreeMap<u32, f64>>,
    /// Network evaluations spent.
    pub evaluations_ledger: Option<Ledger>,
    /// Where the coupling's cost goes; None where the law of the budget does not hold.
    pub budget: Option<Budget>,
    /// Training steps at which these were taken.
    pub step: u64,
}

/// How much is measured: more where nothing else waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Fresh pairs for the loss: a multiple of `GROUPS`.
    pub pairs: usize,
    /// Draws of samples and targets that W2 and the other distances are averaged over.
    pub draws: usize,
    /// Points in each draw.
    pub points: usize,
    /// Whether W2 is also taken after a few Euler steps.
    pub few_steps: bool,
    /// Particles that the budget is taken from.
    pub budget_particles: usize,
    /// Heun steps that carry them: the velocity is averaged over each, and what bends within one is not seen.
    pub budget_steps: u32,
}

impl Effort {
    /// What the command line reports, and the window at rest.
    pub const FULL: Self = Self {
        pairs: 65_536,
        draws: 5,
        points: 1000,
        few_steps: true,
        // two moons to eight Gaussians: a standard error of 0.4 % of the cost, and 0.1 % of it bends within a step
        budget_particles: 8192,
        budget_steps: 64,
    };
    /// While a run trains.
    pub const LIVE: Self = Self {
        pairs: 8192,
        draws: 1,
        points: 1000,
        few_steps: false,
        budget_particles: 2048,
        budget_steps: 32,
    };
}

/// Fresh pairs share this many values of t, evenly spaced quantiles of the run's law: exact fields work on one t at a time.
const GROUPS: usize = 1024;

/// Costs are taken for the powers 1 to this.
pub const POWERS: u32 = 4;

/// Fresh pairs at their times, grouped by t.
pub struct FreshPairs {
    /// One t a group.
    pub times: Vec<f64>,
    /// X_t, group by group.
    pub x: Vec<[f32; 2]>,
    /// The time of each.
    pub t: Vec<f32>,
    /// The conditional velocity of each.
    pub u: Vec<Point>,
    /// What a squared error of the velocity counts in the run's own loss, one a group.
    pub weights: Vec<f64>,
    /// E|X1 - X0|^2 of the coupling: the mean over the pairs, or over every x0 with every x1 where they are independent, which
    /// is known several times better.
    pub cost: f64,
    /// Mean distance to the powers 1 to [`POWERS`].
    pub costs: [f64; POWERS as usize],
}

impl FreshPairs {
    /// `count` pairs (at least one a group) that training never sees: their seed is another.
    pub fn draw(experiment: &Experiment, job: &TrainJob, count: usize) -> Self {
        let per_group = (count / GROUPS).max(1);
        let stream = PairStream {
            seed: experiment.seed ^ 0x9e37_79b9_7f4a_7c15,
            ..(*job.pairs).clone()
        };
        let pairs = stream.block(0, (per_group * GROUPS) as u32);
        let mut fresh = Self {
            times: Vec::new(),
            x: Vec::new(),
            t: Vec::new(),
            u: Vec::new(),
            weights: Vec::new(),
            cost: 0.0,
            costs: [0.0; POWERS as usize],
        };
        for (group, pairs) in pairs.chunks_exact(per_group).enumerate() {
            let row = job.law[(2 * group + 1) * TIME_ROWS / (2 * GROUPS)];
            let t = f64::from(row.flow_time);
            let at = experiment.path.at(t);
            fresh.times.push(t);
            fresh
                .weights
                .push(f64::from(row.weight) / f64::from(row.velocity_net).powi(2));
            for p in pairs {
                let [x0, y0, x1, y1] = p.map(f64::from);
                let far = squared([x0, y0], [x1, y1]);
                for (p, cost) in (1..).zip(&mut fresh.costs) {
                    *cost += far.sqrt().powi(p);
                }
                fresh.x.push([
                    (at.alpha * x1 + at.sigma * x0) as f32,
                    (at.alpha * y1 + at.sigma * y0) as f32,
                ]);
                fresh.t.push(row.flow_time);
                fresh
                    .u
                    .push([at.d_alpha * x1 + at.d_sigma * x0, at.d_alpha * y1 + at.d_sigma * y0]);
            }
        }
        let count = fresh.x.len().max(1) as f64;
        fresh.costs = fresh.costs.map(|cost| cost / count);
        fresh.cost = coupling_cost(&pairs, experiment.coupling == Coupling::Independent);
        fresh
    }

    /// Pairs a group.
    pub fn per_group(&self) -> usize {
        self.x.len() / self.times.len().max(1)
    }
}

/// The mean of |x1 - x0|^2 over the pairs; with `independent` over every x0 with every x1 of them, which is
/// E|x0|^2 + E|x1|^2 - 2 E x0 . E x1 and lacks the noise of who met whom. NaN of no pairs.
fn coupling_cost(pairs: &[Pair], independent: bool) -> f64 {
    let n = pairs.len() as f64;
    let (mut within, mut sizes, mut sums) = (0.0, 0.0, [0.0; 4]);
    for p in pairs {
        let p = p.map(f64::from);
        within += squared([p[0], p[1]], [p[2], p[3]]);
        sizes += p.iter().map(|c| c * c).sum::<f64>();
        for (sum, c) in sums.iter_mut().zip(p) {
            *sum += c;
        }
    }
    if independent {
        (sizes - 2.0 * (sums[0] * sums[2] + sums[1] * sums[3]) / n) / n
    } else {
        within / n
    }
}

/// Mean and its standard error.
pub(super) fn mean_and_error(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

/// |a - b|^2.
pub(super) fn squared(a: Point, b: Point) -> f64 {
    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_independent_pairs_is_that_of_all_with_all() {
        let pairs: [Pair; 3] = [[0.0, 1.0, 3.0, 4.0], [1.0, -1.0, 2.0, 0.5], [2.0, 0.0, -1.0, 1.0]];
        let of = |i: usize, j: usize| {
            let (a, b) = (pairs[i].map(f64::from), pairs[j].map(f64::from));
            squared([a[0], a[1]], [b[2], b[3]])
        };
        let all = (0..9).map(|k| of(k / 3, k % 3)).sum::<f64>() / 9.0;
        let own = (0..3).map(|k| of(k, k)).sum::<f64>() / 3.0;
        assert!((coupling_cost(&pairs, true) - all).abs() < 1e-12);
        assert!((coupling_cost(&pairs, false) - own).abs() < 1e-12);
        assert!((all - own).abs() > 0.1, "the two differ here");
    }
}
