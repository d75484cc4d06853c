//! The few normal forms to which every kind reduces, and all that is computed from them: draws, moments, extent, components.

use std::f64::consts::TAU;
use std::sync::Arc;

use super::component::{Component, Components, Extent, Moments};
use super::curve::Curve;
use super::pinwheel::Pinwheel;
use crate::flow::Point;
use crate::flow::random::CounterRng;

/// At most about this many components stand in for a distribution that is not a sum of Gaussians.
const COMPONENT_BUDGET: usize = 512;

/// Standard deviations that the view shows: 99.95 % of a normal coordinate.
const SHOWN_STDS: f64 = 3.5;

/// A distribution made ready to draw from: what depends on the parameters alone is computed once.
#[derive(Clone, Debug)]
pub struct Law(pub(super) Form);

#[derive(Clone, Debug)]
pub(super) enum Form {
    /// A weighted sum of Gaussians.
    Gaussians {
        list: Vec<Component>,
        /// A square root of each covariance, lower triangle.
        factors: Vec<[f64; 3]>,
        pick: Pick,
    },
    /// A point of one of these curves, plus noise of this std on both coordinates.
    Curves {
        list: Vec<(f64, Curve)>,
        pick: Pick,
        noise: f64,
    },
    /// Uniform on squares of this side, all equally likely, given by their lower left corners.
    Squares { corners: Vec<Point>, side: f64 },
    /// See [`Pinwheel`].
    Pinwheel(Pinwheel),
    /// Atoms, all equally likely.
    Points(Arc<Vec<Point>>),
}

/// Draws an index with given weights.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    /// Upper end of each index's share of [0, 1], without the last.
    cumulative: Vec<f64>,
    /// Lower end of each share, and 1 / its width.
    shares: Vec<[f64; 2]>,
}

impl Pick {
    fn new(weights: impl Iterator<Item = f64>) -> Self {
        let (mut cumulative, mut shares, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for w in weights {
            shares.push([sum, 1.0 / w]);
            sum += w;
            cumulative.push(sum);
        }
        // the last entry is never compared with, so rounding of the sum does no harm
        cumulative.pop();
        Self { cumulative, shares }
    }

    /// An index, and a uniform number in [0, 1) independent of it: where in the index's share the draw fell.
    #[inline]
    fn draw(&self, rng: &mut CounterRng) -> (usize, f64) {
        let u = rng.uniform();
        // counted, not searched for: no branch depends on the draw
        let few = self.cumulative.len() <= 16;
        let k = if few {
            self.cumulative.iter().map(|&c| usize::from(c <= u)).sum()
        } else {
            self.cumulative.partition_point(|&c| c <= u)
        };
        let [start, scale] = self.shares[k];
        (k, ((u - start) * scale).clamp(0.0, 1.0))
    }
}

impl Law {
    /// Weights sum to 1.
    pub(super) fn gaussians(list: Vec<Component>) -> Self {
        Self(Form::Gaussians {
            factors: list.iter().map(Component::factor).collect(),
            pick: Pick::new(list.iter().map(|c| c.weight)),
            list,
        })
    }

    /// Weights sum to 1.
    pub(super) fn curves(list: Vec<(f64, Curve)>, noise: f64) -> Self {
        Self(Form::Curves {
            pick: Pick::new(list.iter().map(|c| c.0)),
            list,
            noise,
        })
    }

    /// One draw, data units.
    #[inline]
    pub fn draw(&self, rng: &mut CounterRng) -> Point {
        match &self.0 {
            Form::Gaussians { list, factors, pick } => {
                let k = if list.len() == 1 { 0 } else { pick.draw(rng).0 };
                let ([x, y], [a, b, c]) = (list[k].mean, factors[k]);
                let (n, m) = (rng.normal(), rng.normal());
                [x + a * n, y + b * n + c * m]
            }
            Form::Curves { list, pick, noise } => {
                let (k, u) = pick.draw(rng);
                let [x, y] = list[k].1.at(u);
                [x + noise * rng.normal(), y + noise * rng.normal()]
            }
            Form::Squares { corners, side } => {
                let [x, y] = corners[rng.below(corners.len())];
                [x + side * rng.uniform(), y + side * rng.uniform()]
            }
            Form::Pinwheel(pinwheel) => pinwheel.draw(rng),
            Form::Points(points) if points.is_empty() => [0.0; 2],
            Form::Points(points) => points[rng.below(points.len())],
        }
    }

    pub(super) fn moments(&self) -> Moments {
        match &self.0 {
            Form::Gaussians { list, .. } => Moments::of(list),
            Form::Curves { list, noise, .. } => {
                let dense = |(weight, curve): &(f64, Curve)| curve.dense(*weight, *noise);
                Moments::of(&list.iter().flat_map(dense).collect::<Vec<_>>())
            }
            Form::Squares { corners, side } => Moments::of(&tiles(corners, *side, 1)),
            Form::Pinwheel(pinwheel) => pinwheel.moments(),
            Form::Points(points) => Moments::of(&atoms(points)),
        }
    }

    pub(super) fn extent(&self) -> Extent {
        match &self.0 {
            Form::Gaussians { list, .. } => Extent::of(list, SHOWN_STDS),
            Form::Curves { list, noise, .. } => {
                let points = list.iter().flat_map(|(_, curve)| curve.outline());
                let around: Vec<_> = points.map(|p| Component::round(1.0, p, *noise)).collect();
                Extent::of(&around, SHOWN_STDS)
            }
            // half a side is 1.732 standard deviations of a uniform law
            Form::Squares { corners, side } => Extent::of(&tiles(corners, *side, 1), 3.0_f64.sqrt()),
            Form::Pinwheel(pinwheel) => Extent::of(&pinwheel.components(COMPONENT_BUDGET), SHOWN_STDS),
            Form::Points(points) => Extent::of(&atoms(points), 0.0),
        }
    }

    pub(super) fn components(&self) -> Components {
        let (list, exact) = match &self.0 {
            Form::Gaussians { list, .. } => (list.clone(), true),
            Form::Curves { list, noise, .. } => (along(list, *noise), false),
            Form::Squares { corners, side } => {
                let cuts = (COMPONENT_BUDGET / corners.len()).isqrt().max(1);
                (tiles(corners, *side, cuts), false)
            }
            Form::Pinwheel(pinwheel) => (pinwheel.components(COMPONENT_BUDGET), false),
            Form::Points(points) => (atoms(points), true),
        };
        Components { list, exact }
    }
}

/// The budget is shared among the curves in proportion to what each would want.
fn along(list: &[(f64, Curve)], noise: f64) -> Vec<Component> {
    // a noise of 0 wants infinitely many; any tiny one gets the whole budget just as well
    let wanted: Vec<f64> = list.iter().map(|(_, curve)| curve.wanted(noise.max(1e-9))).collect();
    let share = (COMPONENT_BUDGET as f64 / wanted.iter().sum::<f64>()).min(1.0);
    list.iter()
        .zip(&wanted)
        .flat_map(|((weight, curve), wanted)| curve.components(*weight, noise, (share * wanted).max(1.0) as usize))
        .collect()
}

/// Every square cut into `cuts` x `cuts` tiles, each a Gaussian with the tile's mean and covariance (side^2 / 12), so that
/// the moments of the whole are kept.
fn tiles(corners: &[Point], side: f64, cuts: usize) -> Vec<Component> {
    let small = side / cuts as f64;
    let weight = 1.0 / (corners.len() * cuts * cuts) as f64;
    let middle = |corner: f64, k: usize| corner + small * (k as f64 + 0.5);
    corners
        .iter()
        .flat_map(|&[x, y]| {
            (0..cuts * cuts).map(move |k| {
                Component::round(
                    weight,
                    [middle(x, k % cuts), middle(y, k / cuts)],
                    small / 12.0_f64.sqrt(),
                )
            })
        })
        .collect()
}

fn atoms(points: &[Point]) -> Vec<Component> {
    let weight = 1.0 / points.len().max(1) as f64;
    points.iter().map(|&p| Component::round(weight, p, 0.0)).collect()
}

/// `n` points evenly on a circle about the origin, the first at angle 0.
pub(super) fn circle_points(n: u32, radius: f64) -> impl Iterator<Item = Point> {
    (0..n).map(move |k| {
        let (sin, cos) = (TAU * f64::from(k) / f64::from(n)).sin_cos();
        [radius * cos, radius * sin]
    })
}
