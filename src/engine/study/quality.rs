//! End-point error and W2 against network evaluations. The error is the root mean square distance from the end points of a
//! solution of the same field to 1e-10; W2 is that between the end points and fresh points of the target, with its floor.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Order, State, Study, effort};
use crate::engine::jobs::{fresh_targets, w2_squared};
use crate::engine::sampling::points_f64;
use crate::engine::start_points;
use crate::flow::Point;
use crate::flow::random::Stream;
use crate::flow::sampler::Sampler;
use crate::lab::Sampling;

/// Particles: W2's floor is below a hundredth of the distances of a first step.
const COUNT: usize = 512;
/// The tolerance of the solution that errors are taken against.
const TOLERANCE: f64 = 1e-10;
/// Errors nearer to that than this are not used for a slope.
const TRUSTED: f64 = 1e-9;

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quality {
    /// One a sampler, in the order asked.
    pub curves: Vec<QualityCurve>,
    /// W2 squared between two sets of fresh target points of the same size.
    pub w2_floor: Option<f64>,
    /// W2 squared of the solution itself.
    pub w2_solution: Option<f64>,
    /// Particles.
    pub count: usize,
}

/// One sampler.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityCurve {
    /// Which.
    pub sampler: Sampler,
    /// Fewest evaluations first.
    pub points: Vec<QualityPoint>,
    /// The order that shows: minus the slope of log error over log evaluations at its fine end; None before there are three
    /// points.
    pub order: Option<f64>,
}

/// One run of a sampler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityPoint {
    /// Network evaluations a particle.
    pub evaluations: u32,
    /// Root mean square distance from the solution's end points, data units.
    pub error: f64,
    /// To fresh target points.
    pub w2_squared: Option<f64>,
}

/// The least squares slope of log y over log x; None for fewer than three points.
pub fn slope(points: &[[f64; 2]]) -> Option<f64> {
    if points.len() < 3 {
        return None;
    }
    let logs: Vec<[f64; 2]> = points.iter().map(|p| p.map(f64::ln)).collect();
    let n = logs.len() as f64;
    let mean = [0, 1].map(|c| logs.iter().map(|p| p[c]).sum::<f64>() / n);
    let spread: f64 = logs.iter().map(|p| (p[0] - mean[0]).powi(2)).sum();
    let both: f64 = logs.iter().map(|p| (p[0] - mean[0]) * (p[1] - mean[1])).sum();
    (spread > 0.0).then(|| both / spread)
}

/// The order that a curve shows: over its last four points that the solution can still judge.
fn order_of(points: &[QualityPoint]) -> Option<f64> {
    let trusted: Vec<[f64; 2]> = points
        .iter()
        .filter(|p| p.error.is_finite() && p.error > TRUSTED)
        .map(|p| [f64::from(p.evaluations), p.error])
        .collect();
    let last = trusted.len().saturating_sub(4);
    slope(&trusted[last..]).map(|s| -s)
}

pub(super) fn rms_distance(a: &[Point], b: &[Point]) -> f64 {
    let sum: f64 = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2))
        .sum();
    (sum / a.len().max(1) as f64).sqrt()
}

pub(super) fn fill(order: &Order, stop: &AtomicBool, tell: &dyn Fn(&Study), found: &mut Study) {
    let ask = &order.ask;
    let count = match order.along {
        Ok(super::Along::Learned(..)) => COUNT / 2,
        _ => COUNT,
    };
    let sampling = Sampling {
        count: count as u32,
        ..ask.sampling
    };
    let start = points_f64(&start_points(&order.experiment, &sampling));
    let targets = fresh_targets(&order.experiment, Stream::MeasureTarget, 0, count);
    let others = fresh_targets(&order.experiment, Stream::MeasureFloor, 0, count);
    found.quality.count = count;
    found.progress = (0, (ask.samplers.len() * ask.evaluations.len()) as u64 + 1);
    tell(found);
    let Some((right, _)) = order.carry_adaptively(TOLERANCE, &start, false) else {
        found.state = State::Refused(format!(
            "no solution to {TOLERANCE:e} was found: the field is too steep"
        ));
        return;
    };
    found.quality.w2_floor = w2_squared(&targets, &others);
    found.quality.w2_solution = w2_squared(&targets, &right);
    found.quality.curves = ask
        .samplers
        .iter()
        .map(|&sampler| QualityCurve {
            sampler,
            points: Vec::new(),
            order: None,
        })
        .collect();
    found.progress.0 = 1;
    // few evaluations first, for all: the whole picture appears at once and sharpens to the right
    for (index, &evaluations) in ask.evaluations.iter().enumerate() {
        for (curve, &sampler) in ask.samplers.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let point = effort(sampler, evaluations, index)
                .and_then(|steps| order.carry(sampler, steps, &start, false))
                .map(|(ends, evaluations)| QualityPoint {
                    evaluations,
                    error: rms_distance(&ends, &right),
                    w2_squared: w2_squared(&targets, &ends),
                });
            let curve = &mut found.quality.curves[curve];
            curve.points.extend(point.filter(|p| p.error.is_finite()));
            curve.order = order_of(&curve.points);
            found.progress.0 += 1;
            tell(found);
        }
    }
}
