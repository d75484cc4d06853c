//! The exact field at one flow time: everything that does not depend on x is computed once.

mod fan;
mod local;

use super::exp::{LANES, exp_of_negative};
use crate::flow::Point;
use crate::flow::distribution::Component;
use crate::flow::path::{Path, PathAt};

pub use local::Local;

/// Eight product components, one a lane.
///
/// Component p = (j, k) of source and target has X_t | p ~ N(m, C), and given X_t = x its velocity has the mean
/// `offset + slope (x - m)` and the covariance `spread`.
#[derive(Clone, Debug)]
struct Block {
    /// log(weight / sqrt(det C)).
    log_weight: [f64; LANES],
    mean: [[f64; LANES]; 2],
    /// Inverse of C: (xx, 2 xy, yy).
    precision: [[f64; LANES]; 3],
    offset: [[f64; LANES]; 2],
    /// (xx, xy, yx, yy).
    slope: [[f64; LANES]; 4],
    /// (xx, xy, yy).
    spread: [[f64; LANES]; 3],
    /// Mean of x1 given x: `offset1 + slope1 (x - m)`.
    offset1: [[f64; LANES]; 2],
    slope1: [[f64; LANES]; 4],
}

/// The exact field at one flow time.
#[derive(Clone, Debug)]
pub struct FieldAt {
    path: PathAt,
    blocks: Vec<Block>,
    /// Logarithm of the sum of all products' weights: 0 where both sides' weights add up to 1.
    log_mass: f64,
}

/// What is known of a pair given X_t = x.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Posterior {
    /// E[u | X_t = x], u = alpha' x1 + sigma' x0.
    pub velocity: Point,
    /// E[x1 | X_t = x], the data prediction.
    pub data: Point,
    /// E[x0 | X_t = x], the noise prediction of a standard Gaussian source.
    pub source: Point,
    /// Trace of Cov[u | X_t = x]: what the squared loss cannot go below, at this x and t.
    pub variance: f64,
    /// Cov[u | X_t = x] (xx, xy, yy).
    pub covariance: [f64; 3],
}

impl FieldAt {
    /// The field of the independent coupling at t.
    pub(super) fn new(source: &[Component], target: &[Component], path: Path, t: f64) -> Self {
        let path = path.at(t);
        let count = source.len() * target.len();
        let mut blocks = vec![Block::EMPTY; count.div_ceil(LANES)];
        let pairs = source.iter().flat_map(|j| target.iter().map(move |k| (j, k)));
        for (index, (j, k)) in pairs.enumerate() {
            blocks[index / LANES].set(index % LANES, j, k, path);
        }
        let mass = |list: &[Component]| list.iter().map(|c| c.weight).sum::<f64>();
        Self {
            path,
            blocks,
            log_mass: (mass(source) * mass(target)).ln(),
        }
    }

    /// E[u | X_t = x].
    pub fn velocity(&self, x: Point) -> Point {
        self.velocity_with(x, &mut Vec::new())
    }

    /// [`Self::velocity`] with room for the weights that the caller keeps between points.
    pub(super) fn velocity_with(&self, x: Point, weights: &mut Vec<[f64; LANES]>) -> Point {
        let total = self.weigh(x, weights);
        let mut sum = [[0.0; LANES]; 2];
        for (block, w) in self.blocks.iter().zip(weights.iter()) {
            let u = block.affine(x, &block.offset, &block.slope);
            for lane in 0..LANES {
                sum[0][lane] += w[lane] * u[0][lane];
                sum[1][lane] += w[lane] * u[1][lane];
            }
        }
        [total_of(sum[0]) / total, total_of(sum[1]) / total]
    }

    /// All that is known of the pair given X_t = x.
    pub fn posterior(&self, x: Point) -> Posterior {
        let mut weights = Vec::new();
        let velocity = self.velocity_with(x, &mut weights);
        let total: f64 = weights.iter().map(|w| total_of(*w)).sum();
        let mut data = [0.0; 2];
        let mut covariance = [0.0; 3];
        for (block, w) in self.blocks.iter().zip(&weights) {
            let u = block.affine(x, &block.offset, &block.slope);
            let x1 = block.affine(x, &block.offset1, &block.slope1);
            for lane in 0..LANES {
                // around the mean, so that nothing cancels
                let (dx, dy) = (u[0][lane] - velocity[0], u[1][lane] - velocity[1]);
                for (sum, (own, d)) in covariance
                    .iter_mut()
                    .zip(block.spread.iter().zip([dx * dx, dx * dy, dy * dy]))
                {
                    *sum += w[lane] * (own[lane] + d);
                }
                data[0] += w[lane] * x1[0][lane];
                data[1] += w[lane] * x1[1][lane];
            }
        }
        let data = data.map(|d| d / total);
        let covariance = covariance.map(|c| c / total);
        // x = alpha x1 + sigma x0 and v = alpha' x1 + sigma' x0: the source point solves both
        let PathAt {
            alpha,
            sigma,
            d_alpha,
            d_sigma,
        } = self.path;
        let determinant = alpha * d_sigma - d_alpha * sigma;
        let source = [0, 1].map(|c| (alpha * velocity[c] - d_alpha * x[c]) / determinant);
        Posterior {
            velocity,
            data,
            source,
            variance: covariance[0] + covariance[2],
            covariance,
        }
    }

    /// Fills `weights` with every component's responsibility up to a common factor (the largest is 1); returns their sum.
    fn weigh(&self, x: Point, weights: &mut Vec<[f64; LANES]>) -> f64 {
        weights.clear();
        let mut most = [f64::NEG_INFINITY; LANES];
        for block in &self.blocks {
            let log = block.log_density(x);
            for lane in 0..LANES {
                most[lane] = if log[lane] > most[lane] { log[lane] } else { most[lane] };
            }
            weights.push(log);
        }
        let top = most.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let mut total = [0.0; LANES];
        for log in weights.iter_mut() {
            *log = exp_of_negative(log.map(|l| l - top));
            for lane in 0..LANES {
                total[lane] += log[lane];
            }
        }
        total_of(total)
    }
}

impl Block {
    /// No components: weights of 0.
    const EMPTY: Self = Self {
        log_weight: [-1e300; LANES],
        mean: [[0.0; LANES]; 2],
        precision: [[0.0; LANES]; 3],
        offset: [[0.0; LANES]; 2],
        slope: [[0.0; LANES]; 4],
        spread: [[0.0; LANES]; 3],
        offset1: [[0.0; LANES]; 2],
        slope1: [[0.0; LANES]; 4],
    };

    fn set(&mut self, lane: usize, j: &Component, k: &Component, path: PathAt) {
        let PathAt {
            alpha,
            sigma,
            d_alpha,
            d_sigma,
        } = path;
        let mix = |a: f64, b: f64| -> [f64; 3] { [0, 1, 2].map(|i| a * k.cov[i] + b * j.cov[i]) };
        let c = mix(alpha * alpha, sigma * sigma);
        let determinant = determinant_of_sum(alpha * alpha, &k.cov, sigma * sigma, &j.cov);
        let precision = [c[2] / determinant, -c[1] / determinant, c[0] / determinant];
        // covariance of u with X_t, and of u with itself
        let cross = mix(d_alpha * alpha, d_sigma * sigma);
        let own = mix(d_alpha * d_alpha, d_sigma * d_sigma);
        let slope = product(&cross, &precision);
        let explained = [
            slope[0] * cross[0] + slope[1] * cross[1],
            slope[0] * cross[1] + slope[1] * cross[2],
            slope[2] * cross[1] + slope[3] * cross[2],
        ];
        let slope1 = product(&k.cov.map(|v| alpha * v), &precision);
        self.log_weight[lane] = (j.weight * k.weight).ln() - 0.5 * determinant.ln();
        for (i, p) in [precision[0], 2.0 * precision[1], precision[2]].into_iter().enumerate() {
            self.precision[i][lane] = p;
        }
        for i in 0..4 {
            self.slope[i][lane] = slope[i];
            self.slope1[i][lane] = slope1[i];
        }
        for i in 0..2 {
            self.mean[i][lane] = alpha * k.mean[i] + sigma * j.mean[i];
            self.offset[i][lane] = d_alpha * k.mean[i] + d_sigma * j.mean[i];
            self.offset1[i][lane] = k.mean[i];
        }
        // rounding may leave a little below 0
        self.spread[0][lane] = (own[0] - explained[0]).max(0.0);
        self.spread[1][lane] = own[1] - explained[1];
        self.spread[2][lane] = (own[2] - explained[2]).max(0.0);
    }

    fn log_density(&self, x: Point) -> [f64; LANES] {
        std::array::from_fn(|l| {
            let (dx, dy) = (x[0] - self.mean[0][l], x[1] - self.mean[1][l]);
            let p = &self.precision;
            self.log_weight[l] - 0.5 * ((p[0][l] * dx + p[1][l] * dy) * dx + p[2][l] * dy * dy)
        })
    }

    fn affine(&self, x: Point, offset: &[[f64; LANES]; 2], slope: &[[f64; LANES]; 4]) -> [[f64; LANES]; 2] {
        let mut out = *offset;
        for l in 0..LANES {
            let (dx, dy) = (x[0] - self.mean[0][l], x[1] - self.mean[1][l]);
            out[0][l] += slope[0][l] * dx + slope[1][l] * dy;
            out[1][l] += slope[2][l] * dx + slope[3][l] * dy;
        }
        out
    }
}

fn total_of(lanes: [f64; LANES]) -> f64 {
    lanes.iter().sum()
}

/// det(a A + b B) for covariances: a sum of terms that are not negative, so nothing cancels when one of them is an atom.
fn determinant_of_sum(a: f64, x: &[f64; 3], b: f64, y: &[f64; 3]) -> f64 {
    let own = |m: &[f64; 3]| (m[0] * m[2] - m[1] * m[1]).max(0.0);
    let mixed = (x[0] * y[2] + x[2] * y[0] - 2.0 * x[1] * y[1]).max(0.0);
    a * a * own(x) + b * b * own(y) + a * b * mixed
}

/// The product of two symmetric matrices (xx, xy, yy): (xx, xy, yx, yy).
fn product(a: &[f64; 3], b: &[f64; 3]) -> [f64; 4] {
    [
        a[0] * b[0] + a[1] * b[1],
        a[0] * b[1] + a[1] * b[2],
        a[1] * b[0] + a[2] * b[1],
        a[1] * b[1] + a[2] * b[2],
    ]
}
