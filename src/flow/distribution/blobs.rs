//! Kinds made of Gaussians.

use serde::{Deserialize, Serialize};

use super::component::Component;
use super::kinds::{FAR, Kind, NEAR, point_within, size_within};
use super::law::{Law, circle_points};
use crate::flow::Point;
use crate::flow::table::{count_within, within};

/// Most components of a mixture, and most Gaussians in a grid.
const MOST: usize = 1024;

/// N(mean, std^2 I), or N(mean, covariance) where a covariance is given.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gaussian {
    /// Mean, data units.
    pub mean: Point,
    /// Standard deviation of each coordinate; ignored where a covariance is given.
    pub std: f64,
    /// Symmetric positive definite matrix, data units squared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covariance: Option<[[f64; 2]; 2]>,
}

impl Default for Gaussian {
    fn default() -> Self {
        Self {
            mean: [0.0; 2],
            std: 1.0,
            covariance: None,
        }
    }
}

impl Kind for Gaussian {
    fn law(&self) -> Law {
        let mut one = Component::round(1.0, self.mean, self.std);
        if let Some([[xx, xy], [_, yy]]) = self.covariance {
            one.cov = [xx, xy, yy];
        }
        Law::gaussians(vec![one])
    }

    fn validate(&self) -> Result<(), String> {
        point_within("mean", self.mean)?;
        let Some([[xx, xy], [yx, yy]]) = self.covariance else {
            return size_within("std", self.std, 1.0);
        };
        for x in [xx, yy] {
            within("covariance", x, NEAR * NEAR, FAR * FAR, 1.0)?;
        }
        if xy == yx && xx * yy - xy * xy > 1e-12 * xx * yy {
            Ok(())
        } else {
            Err(format!(
                "covariance [[{xx}, {xy}], [{yx}, {yy}]] is not symmetric and positive definite; \
                 make its corners equal and smaller than the root of the product of its diagonal, such as [[1, 0.5], [0.5, 1]]"
            ))
        }
    }
}

/// A weighted sum of round Gaussians; weights are positive and are normalized when used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mixture {
    /// One positive weight a component.
    pub weights: Vec<f64>,
    /// One mean a component, data units.
    pub means: Vec<Point>,
    /// One standard deviation a component, data units.
    pub stds: Vec<f64>,
}

impl Default for Mixture {
    fn default() -> Self {
        Self {
            weights: vec![0.5, 0.3, 0.2],
            means: vec![[-2.5, -1.0], [2.5, -1.0], [0.0, 2.5]],
            stds: vec![0.5, 0.7, 0.3],
        }
    }
}

impl Kind for Mixture {
    fn law(&self) -> Law {
        let total: f64 = self.weights.iter().sum();
        Law::gaussians(
            self.weights
                .iter()
                .zip(&self.means)
                .zip(&self.stds)
                .map(|((w, m), s)| Component::round(w / total, *m, *s))
                .collect(),
        )
    }

    fn validate(&self) -> Result<(), String> {
        let (w, m, s) = (self.weights.len(), self.means.len(), self.stds.len());
        if w == 0 {
            return Err("weights is empty; give one positive weight for each component".into());
        }
        if w != m || w != s {
            return Err(format!(
                "weights, means and stds have {w}, {m} and {s} entries; give each one entry for every component"
            ));
        }
        if w > MOST {
            return Err(format!("weights has {w} entries; use at most {MOST} components"));
        }
        for k in 0..w {
            within(&format!("weights[{k}]"), self.weights[k], NEAR, 1e6, 1.0)?;
            point_within(&format!("means[{k}]"), self.means[k])?;
            size_within(&format!("stds[{k}]"), self.stds[k], 0.5)?;
        }
        Ok(())
    }
}

/// Eight equal round Gaussians evenly on a circle, the first at angle 0. torchcfm's: radius 5, variance 0.1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EightGaussians {
    /// Radius of the circle, data units.
    pub radius: f64,
    /// Standard deviation of each, data units.
    pub std: f64,
}

impl Default for EightGaussians {
    fn default() -> Self {
        Self { radius: 5.0, std: 0.3 }
    }
}

impl Kind for EightGaussians {
    fn law(&self) -> Law {
        equal(circle_points(8, self.radius).collect::<Vec<_>>().into_iter(), self.std)
    }

    fn validate(&self) -> Result<(), String> {
        size_within("radius", self.radius, 5.0)?;
        size_within("std", self.std, 0.3)
    }
}

/// Two equal round Gaussians above each other, at (x, gap/2) and (x, -gap/2): with one such pair on the left and one on
/// the right, independent pairs cross.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoClusters {
    /// Where both lie; its sign decides the side, data units.
    pub x: f64,
    /// Vertical distance between the two, data units.
    pub gap: f64,
    /// Standard deviation of each, data units.
    pub std: f64,
}

impl Default for TwoClusters {
    fn default() -> Self {
        Self {
            x: -4.0,
            gap: 4.0,
            std: 0.4,
        }
    }
}

impl Kind for TwoClusters {
    fn law(&self) -> Law {
        let high = 0.5 * self.gap;
        equal([[self.x, high], [self.x, -high]].into_iter(), self.std)
    }

    fn validate(&self) -> Result<(), String> {
        within("x", self.x, -FAR, FAR, -4.0)?;
        within("gap", self.gap, 0.0, FAR, 4.0)?;
        size_within("std", self.std, 0.4)
    }
}

/// Equal round Gaussians on a square grid about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GridOfGaussians {
    /// Gaussians a side.
    pub count: u32,
    /// Distance between neighbors, data units.
    pub spacing: f64,
    /// Standard deviation of each, data units.
    pub std: f64,
}

impl Default for GridOfGaussians {
    fn default() -> Self {
        Self {
            count: 5,
            spacing: 2.0,
            std: 0.2,
        }
    }
}

impl Kind for GridOfGaussians {
    fn law(&self) -> Law {
        let n = self.count;
        let at = |k: u32| self.spacing * (f64::from(k) - 0.5 * f64::from(n - 1));
        let means: Vec<Point> = (0..n * n).map(|k| [at(k % n), at(k / n)]).collect();
        equal(means.into_iter(), self.std)
    }

    fn validate(&self) -> Result<(), String> {
        count_within("count", self.count, 1, (MOST as u32).isqrt(), 5)?;
        size_within("spacing", self.spacing, 2.0)?;
        size_within("std", self.std, 0.2)
    }
}

fn equal(means: impl ExactSizeIterator<Item = Point>, std: f64) -> Law {
    let weight = 1.0 / means.len() as f64;
    Law::gaussians(means.map(|m| Component::round(weight, m, std)).collect())
}
