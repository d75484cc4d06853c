//! The floor of the loss: E|u - v*(X_t, t)|^2, the part of the squared loss that no network can remove.

use rayon::prelude::*;

use super::ExactField;
use crate::flow::Point;
use crate::flow::distribution::Component;
use crate::flow::measure::Estimate;
use crate::flow::random::{CounterRng, Stream};
use crate::flow::time_density::TimeRow;

/// A floor in data units squared (summed over the two coordinates), with its standard error.
pub type Floor = Estimate;

/// The floor of `field`'s loss under the law of t (and, with `weighted`, as the weighted loss of what the network puts out) that `rows` hold, from about
/// `count` draws: at each of up to 512 strata of t one time and some X_t, and at each of these the conditional variance
/// in closed form (so only x and t are sampled, not u). Not finite where the weight is not.
pub fn floor(field: &ExactField, rows: &[TimeRow], weighted: bool, seed: u64, count: usize) -> Floor {
    let strata = 512.min(rows.len()).min(count.div_ceil(2)).max(1);
    let each = (count / strata).max(2);
    if rows.is_empty() || field.source.is_empty() || field.target.is_empty() {
        return Floor::default();
    }
    let (source, target) = (Draw::new(&field.source), Draw::new(&field.target));
    let of_stratum = |s: usize| -> (f64, f64) {
        let mut rng = CounterRng::new(seed, Stream::MeasurePairs, s as u64);
        let (from, to) = (s * rows.len() / strata, (s + 1) * rows.len() / strata);
        let row = rows[from + rng.below(to - from)];
        let t = f64::from(row.flow_time);
        let (at, path) = (field.at(t), field.path.at(t));
        // the row weighs errors of the raw output, of which the velocity's are velocity_net times as large
        let weight = if weighted {
            f64::from(row.weight) / f64::from(row.velocity_net).powi(2)
        } else {
            1.0
        };
        let (mut sum, mut square) = (0.0, 0.0);
        for _ in 0..each {
            let (x0, x1) = (source.point(&mut rng), target.point(&mut rng));
            let x = [0, 1].map(|c| path.alpha * x1[c] + path.sigma * x0[c]);
            let variance = weight * at.posterior(x).variance;
            sum += variance;
            square += variance * variance;
        }
        let mean = sum / each as f64;
        let spread = (square / each as f64 - mean * mean).max(0.0) * each as f64 / (each - 1) as f64;
        (mean, spread / each as f64)
    };
    // collected in order, so that the sum does not depend on the threads
    let parts: Vec<(f64, f64)> = (0..strata).into_par_iter().map(of_stratum).collect();
    let n = strata as f64;
    Floor {
        mean: parts.iter().map(|p| p.0).sum::<f64>() / n,
        standard_error: parts.iter().map(|p| p.1).sum::<f64>().sqrt() / n,
    }
}

/// Draws points of a weighted sum of Gaussians.
struct Draw<'a> {
    list: &'a [Component],
    /// Running sums of the weights.
    upto: Vec<f64>,
}

impl<'a> Draw<'a> {
    fn new(list: &'a [Component]) -> Self {
        let mut sum = 0.0;
        let upto = list
            .iter()
            .map(|c| {
                sum += c.weight;
                sum
            })
            .collect();
        Self { list, upto }
    }

    fn point(&self, rng: &mut CounterRng) -> Point {
        let total = self.upto.last().copied().unwrap_or_default();
        let u = rng.uniform() * total;
        let index = self.upto.partition_point(|&s| s <= u).min(self.list.len() - 1);
        let component = &self.list[index];
        let [a, b, c] = component.factor();
        let (n, m) = (rng.normal(), rng.normal());
        [component.mean[0] + a * n, component.mean[1] + b * n + c * m]
    }
}
