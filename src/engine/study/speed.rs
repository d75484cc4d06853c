//! Mean speeds over flow time: of pairs on their way, of the exact and of the learned velocity where the pairs are. The exact
//! field is the mean of the pairs' velocities, so its mean speed lies below theirs: by how much, at which t, is what averaging
//! takes away.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Along, Order, State, Study};
use crate::engine::truth;
use crate::flow::Point;

/// Times, evenly spaced.
const TIMES: usize = 41;
/// Pairs: their mean is known to about a percent.
pub(super) const PAIRS: usize = 2048;
/// Component evaluations that the exact curve may cost.
const BUDGET: usize = 40_000_000;

/// Means over the same pairs at each time, data units per unit t.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speeds {
    /// Flow times.
    pub times: Vec<f64>,
    /// E|u|, of pairs on their way.
    pub pairs: Vec<f64>,
    /// E|v| of the learned velocity at the same places.
    pub learned: Vec<f64>,
    /// E|v*| of the exact one, where it is known.
    pub exact: Option<Vec<f64>>,
}

fn mean_speed(velocities: &[Point]) -> f64 {
    velocities.iter().map(|v| v[0].hypot(v[1])).sum::<f64>() / velocities.len().max(1) as f64
}

fn at_each(along: &Along, points: &[Point], t: f64) -> f64 {
    let mut velocities = vec![[0.0; 2]; points.len()];
    along.field(points, t, &mut velocities);
    mean_speed(&velocities)
}

pub(super) fn fill(order: &Order, stop: &AtomicBool, tell: &dyn Fn(&Study), found: &mut Study) {
    let (Ok(along), false) = (&order.along, order.pairs.is_empty()) else {
        found.state = State::Refused("there are no pairs yet: the parent's flow makes them when it trains".into());
        return;
    };
    let truth = truth::of(&order.experiment).ok();
    let few = truth
        .as_ref()
        .map_or(PAIRS, |t| BUDGET / TIMES / t.components().max(1))
        .clamp(64, order.pairs.len().max(64))
        .min(order.pairs.len());
    let exact = truth.map(|t| Along::Exact(t.field));
    let (from, to) = order.ends;
    found.progress = (0, TIMES as u64);
    for k in 0..TIMES {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let t = from + (to - from) * k as f64 / (TIMES - 1) as f64;
        let path = order.experiment.path.at(t);
        let both = |a: f64, b: f64| -> Vec<Point> {
            let of = |p: &[f32; 4]| {
                let [x0, y0, x1, y1] = p.map(f64::from);
                [a * x1 + b * x0, a * y1 + b * y0]
            };
            order.pairs.iter().map(of).collect()
        };
        let places = both(path.alpha, path.sigma);
        let speeds = &mut found.speeds;
        speeds.times.push(t);
        speeds.pairs.push(mean_speed(&both(path.d_alpha, path.d_sigma)));
        speeds.learned.push(at_each(along, &places, t));
        if let Some(exact) = &exact {
            let mean = at_each(exact, &places[..few], t);
            speeds.exact.get_or_insert_default().push(mean);
        }
        found.progress.0 += 1;
        if k % 8 == 0 {
            tell(found);
        }
    }
}
