//! Inversion: fresh data is carried back to noise and forward again. What does not come back is the solver's error (the flow
//! itself is invertible), and what the noise should look like is known: |x0|^2 of a standard Gaussian follows the chi-squared law
//! with 2 degrees of freedom, `P(|x0|^2 <= r) = 1 - exp(-r / 2)`.

use std::sync::atomic::{AtomicBool, Ordering};

use super::quality::{rms_distance, slope};
use super::{Order, State, Study, effort};
use crate::engine::jobs::fresh_targets;
use crate::flow::Point;
use crate::flow::distribution::Distribution;
use crate::flow::random::Stream;
use crate::flow::sampler::Sampler;

/// Data points.
const COUNT: usize = 512;
/// Tolerance of the inversion that the law of the noise is taken from.
const TOLERANCE: f64 = 1e-8;

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inversion {
    /// One a sampler: evaluations there and back, and the mean squared error of what comes back.
    pub curves: Vec<(Sampler, Vec<InversionPoint>)>,
    /// |x0|^2 of every data point, ascending, by a fine inversion.
    pub radii: Vec<f64>,
    /// The greatest distance of their distribution function from the chi-squared law's (Kolmogorov 1933), and the distance that
    /// as many true draws exceed once in a hundred times; None where the source is no standard Gaussian.
    pub distance: Option<(f64, f64)>,
    /// Data points.
    pub count: usize,
}

/// There and back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InversionPoint {
    /// Network evaluations a particle, both ways together.
    pub evaluations: u32,
    /// Mean of |x1' - x1|^2, data units squared.
    pub squared_error: f64,
}

/// Carries points back and forth; None where a solver finds no way.
pub fn invert(order: &Order, sampler: Sampler, steps: u32, data: &[Point]) -> Option<InversionPoint> {
    let (noise, back) = order.carry(sampler, steps, data, true)?;
    let (again, forth) = order.carry(sampler, steps, &noise, false)?;
    Some(InversionPoint {
        evaluations: back + forth,
        squared_error: rms_distance(&again, data).powi(2),
    })
}

/// Whether the source is N(0, I).
fn is_standard(source: &Distribution) -> bool {
    let components = source.components();
    let [one] = &components.list[..] else { return false };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    components.exact
        && one.mean.iter().all(|m| near(*m, 0.0))
        && near(one.cov[0], 1.0)
        && near(one.cov[1], 0.0)
        && near(one.cov[2], 1.0)
}

/// The greatest distance between the steps of ascending values and `1 - exp(-r / 2)`.
pub(super) fn chi_squared_distance(radii: &[f64]) -> f64 {
    let n = radii.len().max(1) as f64;
    let far = |(i, r): (usize, &f64)| {
        let law = -(-0.5 * r).exp_m1();
        (law - i as f64 / n).abs().max((law - (i + 1) as f64 / n).abs())
    };
    radii.iter().enumerate().map(far).fold(0.0, f64::max)
}

/// The distance that n true draws exceed once in a hundred times, for large n (Kolmogorov's law: 1.628 / sqrt n).
pub(super) fn exceeded_once_in_100(n: usize) -> f64 {
    1.628 / (n.max(1) as f64).sqrt()
}

pub(super) fn fill(order: &Order, stop: &AtomicBool, tell: &dyn Fn(&Study), found: &mut Study) {
    let ask = &order.ask;
    let count = match order.along {
        Ok(super::Along::Learned(..)) => COUNT / 2,
        _ => COUNT,
    };
    let data = fresh_targets(&order.experiment, Stream::MeasureTarget, 1, count);
    found.inversion.count = count;
    found.progress = (0, (ask.samplers.len() * ask.evaluations.len()) as u64 + 1);
    tell(found);
    let Some((noise, _)) = order.carry_adaptively(TOLERANCE, &data, true) else {
        found.state = State::Refused("no way back was found: the field is too steep".into());
        return;
    };
    // VE's particles start at sigma(0) x0
    let scale = order.experiment.path.start_scale().powi(2);
    let mut radii: Vec<f64> = noise.iter().map(|x| (x[0] * x[0] + x[1] * x[1]) / scale).collect();
    radii.sort_unstable_by(f64::total_cmp);
    let standard = is_standard(&order.experiment.source);
    found.inversion.distance = standard.then(|| (chi_squared_distance(&radii), exceeded_once_in_100(count)));
    found.inversion.radii = radii;
    found.inversion.curves = ask.samplers.iter().map(|&sampler| (sampler, Vec::new())).collect();
    found.progress.0 = 1;
    for (index, &evaluations) in ask.evaluations.iter().enumerate() {
        for (curve, &sampler) in ask.samplers.iter().enumerate() {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // half of the evaluations each way
            let point = effort(sampler, evaluations / 2, index).and_then(|steps| invert(order, sampler, steps, &data));
            found.inversion.curves[curve]
                .1
                .extend(point.filter(|p| p.squared_error.is_finite()));
            found.progress.0 += 1;
            tell(found);
        }
    }
}

impl Inversion {
    /// The order that a curve shows: minus the slope of the log of the root mean squared error over log evaluations.
    pub fn order(&self, curve: usize) -> Option<f64> {
        let (_, points) = self.curves.get(curve)?;
        let trusted: Vec<[f64; 2]> = points
            .iter()
            .filter(|p| p.squared_error > 1e-20)
            .map(|p| [f64::from(p.evaluations), p.squared_error.sqrt()])
            .collect();
        slope(&trusted[trusted.len().saturating_sub(4)..]).map(|s| -s)
    }
}
