//! The pinwheel: arms that bend more the farther out they reach.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::component::{Component, Moments};
use super::kinds::{Kind, size_within};
use super::law::{Form, Law};
use crate::flow::Point;
use crate::flow::angle::sin_cos;
use crate::flow::random::CounterRng;
use crate::flow::table::{count_within, within};

/// Bent arms (Johnson et al. 2016, the pinwheel data of "Composing graphical models with neural networks").
/// With r = 1 + `radial_std` n and s = `tangential_std` m (n, m standard normal), the point is scale (r, s) turned by
/// the arm's angle + rate exp(r).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pinwheel {
    /// Number of arms.
    pub arms: u32,
    /// Standard deviation along an arm, before scaling.
    pub radial_std: f64,
    /// Standard deviation across an arm, before scaling.
    pub tangential_std: f64,
    /// How much the arms bend.
    pub rate: f64,
    /// Distance of the arms' middles from the origin, data units.
    pub scale: f64,
}

impl Default for Pinwheel {
    fn default() -> Self {
        Self {
            arms: 5,
            radial_std: 0.3,
            tangential_std: 0.1,
            rate: 0.25,
            scale: 2.0,
        }
    }
}

impl Kind for Pinwheel {
    fn law(&self) -> Law {
        Law(Form::Pinwheel(*self))
    }

    fn validate(&self) -> Result<(), String> {
        count_within("arms", self.arms, 1, 16, 5)?;
        // farther out the arms wind so fast that the components no longer follow them
        within("radial_std", self.radial_std, 1e-3, 0.5, 0.3)?;
        within("tangential_std", self.tangential_std, 1e-3, 1.0, 0.1)?;
        within("rate", self.rate, -1.0, 1.0, 0.25)?;
        size_within("scale", self.scale, 2.0)
    }
}

impl Pinwheel {
    pub(super) fn draw(&self, rng: &mut CounterRng) -> Point {
        let arm = rng.below(self.arms as usize) as u32;
        let r = 1.0 + self.radial_std * rng.normal();
        let s = self.tangential_std * rng.normal();
        let (sin, cos) = sin_cos(self.angle(arm, r));
        [self.scale * (r * cos - s * sin), self.scale * (r * sin + s * cos)]
    }

    fn angle(&self, arm: u32, r: f64) -> f64 {
        TAU * f64::from(arm) / f64::from(self.arms) + self.rate * r.exp()
    }

    /// Given r the law is Gaussian, on the line across the arm; r is summed evenly out to 8 standard deviations, which is
    /// spectrally accurate.
    pub(super) fn moments(&self) -> Moments {
        Moments::of(&self.slices(self.radial_std, 0.0, 8.0, 400))
    }

    /// The normal law of r is a sum of narrow normal laws of std `fine`, and within each the arm is taken as straight:
    /// off by (fine rate e^r)^2 / 2 of the radius.
    pub(super) fn components(&self, budget: usize) -> Vec<Component> {
        let slices = (budget / self.arms as usize).max(8);
        // out to 4.5 standard deviations, 7e-6 of the law is left out; spacing = std of a slice shows no bumps
        let reach = 4.5;
        let fine = 2.0 * reach * self.radial_std / slices as f64;
        let coarse = (self.radial_std * self.radial_std - fine * fine).max(0.0).sqrt();
        self.slices(coarse, fine, reach, slices)
    }

    fn slices(&self, coarse: f64, fine: f64, reach: f64, n: usize) -> Vec<Component> {
        let z = |k: usize| reach * ((2 * k + 1) as f64 / n as f64 - 1.0);
        let total: f64 = (0..n).map(|k| (-0.5 * z(k) * z(k)).exp()).sum();
        let (along, across) = (self.scale * fine, self.scale * self.tangential_std);
        let mut list = Vec::with_capacity(n * self.arms as usize);
        for arm in 0..self.arms {
            for k in 0..n {
                let r = 1.0 + coarse * z(k);
                let (sin, cos) = sin_cos(self.angle(arm, r));
                let turn = r * self.rate * r.exp();
                // d(point)/dr, and the direction across the arm
                let slope = [cos - turn * sin, sin + turn * cos].map(|d| along * d);
                let side = [-across * sin, across * cos];
                list.push(Component {
                    weight: (-0.5 * z(k) * z(k)).exp() / total / f64::from(self.arms),
                    mean: [self.scale * r * cos, self.scale * r * sin],
                    cov: [
                        slope[0] * slope[0] + side[0] * side[0],
                        slope[0] * slope[1] + side[0] * side[1],
                        slope[1] * slope[1] + side[1] * side[1],
                    ],
                });
            }
        }
        list
    }
}
