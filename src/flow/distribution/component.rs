//! What the exact fields read of a distribution: a weighted sum of Gaussians ([`Components`]), and its moments.

use crate::flow::Point;

/// One Gaussian of a weighted sum; an atom where the covariance is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Component {
    /// Share of the whole; the weights of a distribution sum to 1.
    pub weight: f64,
    /// Mean, data units.
    pub mean: Point,
    /// Covariance (xx, xy, yy), data units squared; positive semidefinite.
    pub cov: [f64; 3],
}

/// A distribution as a weighted sum of Gaussians and atoms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Components {
    /// The terms; weights sum to 1.
    pub list: Vec<Component>,
    /// Whether the sum is the distribution itself, or a close stand-in (a quadrature along a curve, a grid over a square).
    pub exact: bool,
}

/// Mean and covariance.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Mean, data units.
    pub mean: Point,
    /// Covariance matrix, data units squared.
    pub covariance: [[f64; 2]; 2],
}

/// An axis-aligned rectangle, data units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extent {
    /// Least x and y.
    pub min: Point,
    /// Greatest x and y.
    pub max: Point,
}

impl Component {
    /// A round Gaussian: covariance std^2 I.
    pub const fn round(weight: f64, mean: Point, std: f64) -> Self {
        Self {
            weight,
            mean,
            cov: [std * std, 0.0, std * std],
        }
    }

    /// The lower triangle (a, b, c) of a square root of the covariance: a normal pair (n, m) becomes (a n, b n + c m).
    pub fn factor(&self) -> [f64; 3] {
        let [xx, xy, yy] = self.cov;
        let a = xx.max(0.0).sqrt();
        let b = if a > 0.0 { xy / a } else { 0.0 };
        [a, b, (yy - b * b).max(0.0).sqrt()]
    }
}

impl Moments {
    /// Mean and covariance of a weighted sum of Gaussians (law of total covariance); weights sum to 1.
    pub fn of(list: &[Component]) -> Self {
        let mut mean = [0.0; 2];
        for c in list {
            mean[0] += c.weight * c.mean[0];
            mean[1] += c.weight * c.mean[1];
        }
        let [mut xx, mut xy, mut yy] = [0.0; 3];
        for c in list {
            let [dx, dy] = [c.mean[0] - mean[0], c.mean[1] - mean[1]];
            xx += c.weight * (c.cov[0] + dx * dx);
            xy += c.weight * (c.cov[1] + dx * dy);
            yy += c.weight * (c.cov[2] + dy * dy);
        }
        Self {
            mean,
            covariance: [[xx, xy], [xy, yy]],
        }
    }
}

impl Extent {
    /// The rectangle that holds every component out to `stds` standard deviations along each axis.
    pub fn of(list: &[Component], stds: f64) -> Self {
        let mut extent = Self {
            min: [f64::INFINITY; 2],
            max: [f64::NEG_INFINITY; 2],
        };
        for c in list {
            for (axis, variance) in [c.cov[0], c.cov[2]].into_iter().enumerate() {
                let reach = stds * variance.max(0.0).sqrt();
                extent.min[axis] = extent.min[axis].min(c.mean[axis] - reach);
                extent.max[axis] = extent.max[axis].max(c.mean[axis] + reach);
            }
        }
        extent
    }
}
