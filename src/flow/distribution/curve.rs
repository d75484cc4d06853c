//! Plane curves along which several distributions lie: arcs of circles and Archimedean spirals.

use std::f64::consts::{PI, TAU};

use super::component::Component;
use crate::flow::Point;
use crate::flow::angle::sin_cos;
use crate::flow::quadrature::gauss_legendre;

/// A curve with a law along it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Curve {
    /// center + radius (cos a, sin a), the angle a uniform between `from` and `to`.
    Arc {
        center: Point,
        radius: f64,
        from: f64,
        to: f64,
    },
    /// growth a (cos(a + turn), sin(a + turn)), a between `from` and `to`, uniform, or with density proportional to a
    /// (`even`), which is nearly uniform along the curve's length.
    Spiral {
        growth: f64,
        turn: f64,
        from: f64,
        to: f64,
        even: bool,
    },
}

/// One node of a quadrature along a curve.
#[derive(Clone, Copy, Debug)]
struct Node {
    weight: f64,
    at: Point,
    /// Displacement along the curve from this node to the next, about.
    step: Point,
}

impl Curve {
    /// A full circle about the origin.
    pub(super) const fn circle(radius: f64) -> Self {
        Self::Arc {
            center: [0.0; 2],
            radius,
            from: 0.0,
            to: TAU,
        }
    }

    /// The point below which a share `u` of the curve's law lies, u in [0, 1].
    #[inline]
    pub(super) fn at(&self, u: f64) -> Point {
        self.at_angle(self.angle(u))
    }

    #[inline]
    fn angle(&self, u: f64) -> f64 {
        match *self {
            Self::Spiral { from, to, even, .. } if even => (from * from + u * (to * to - from * from)).sqrt(),
            Self::Arc { from, to, .. } | Self::Spiral { from, to, .. } => from + u * (to - from),
        }
    }

    #[inline]
    fn at_angle(&self, a: f64) -> Point {
        match *self {
            Self::Arc { center, radius, .. } => {
                let (sin, cos) = sin_cos(a);
                [center[0] + radius * cos, center[1] + radius * sin]
            }
            Self::Spiral { growth, turn, .. } => {
                let (sin, cos) = sin_cos(a + turn);
                [growth * a * cos, growth * a * sin]
            }
        }
    }

    /// d at(u) / du at an angle above 0.
    fn slope(&self, a: f64) -> Point {
        match *self {
            Self::Arc { radius, from, to, .. } => {
                let (sin, cos) = a.sin_cos();
                [-radius * sin, radius * cos].map(|d| d * (to - from))
            }
            Self::Spiral {
                growth,
                turn,
                from,
                to,
                even,
            } => {
                let (sin, cos) = (a + turn).sin_cos();
                let rate = if even { (to + from) / (2.0 * a) } else { 1.0 };
                [cos - a * sin, sin + a * cos].map(|d| growth * rate * (to - from) * d)
            }
        }
    }

    const fn ends(&self) -> (f64, f64) {
        match *self {
            Self::Arc { from, to, .. } | Self::Spiral { from, to, .. } => (from, to),
        }
    }

    fn closed(&self) -> bool {
        matches!(*self, Self::Arc { from, to, .. } if (to - from - TAU).abs() < 1e-12)
    }

    /// A quadrature of the law along the curve: evenly spaced on a closed curve, Gauss-Legendre on an open one, both
    /// spectrally accurate (save for the start of an even spiral at the origin, where the error falls with the cube of n).
    /// Weights sum to 1.
    fn nodes(&self, n: usize) -> Vec<Node> {
        let rule = if self.closed() {
            (0..n).map(|k| ((k as f64 + 0.5) / n as f64, 1.0 / n as f64)).collect()
        } else {
            gauss_legendre(n)
        };
        rule.into_iter()
            .map(|(u, weight)| {
                let a = self.angle(u);
                Node {
                    weight,
                    at: self.at_angle(a),
                    step: self.slope(a).map(|d| d * weight),
                }
            })
            .collect()
    }

    /// Nodes that resolve the curve's own bends: 64 a half turn are good to 1e-8 for its moments.
    fn bends(&self) -> usize {
        let (from, to) = self.ends();
        64 * ((to - from).abs() / PI).ceil().max(1.0) as usize
    }

    /// Points close together along the curve, both ends and every multiple of a quarter turn of an arc among them.
    pub(super) fn outline(&self) -> impl Iterator<Item = Point> {
        let (from, to) = self.ends();
        let n = 24 * ((to - from).abs() / (0.5 * PI)).ceil().max(1.0) as u32;
        let curve = *self;
        (0..=n).map(move |k| curve.at_angle(from + (to - from) * f64::from(k) / f64::from(n)))
    }

    /// Round Gaussians of std `noise` along the curve, enough of them for its moments; weights sum to `weight`.
    pub(super) fn dense(&self, weight: f64, noise: f64) -> Vec<Component> {
        self.nodes(self.bends())
            .iter()
            .map(|node| Component::round(weight * node.weight, node.at, noise))
            .collect()
    }

    /// How many nodes show no bumps at this noise: spaced by at most one standard deviation of it, where a sum of
    /// Gaussians differs from a line of them by 2 exp(-2 pi^2), 5e-9.
    pub(super) fn wanted(&self, noise: f64) -> f64 {
        let n = 64;
        let widest = self
            .nodes(n)
            .iter()
            .map(|node| node.step[0].hypot(node.step[1]))
            .fold(0.0, f64::max);
        (n as f64 * widest / noise).ceil().max(24.0)
    }

    /// `n` Gaussians along the curve, of std `noise` across it; along it too, unless the nodes are too far apart for that:
    /// then each is drawn out to 0.6 spacings, which keeps bumps under 0.2 %.
    pub(super) fn components(&self, weight: f64, noise: f64, n: usize) -> Vec<Component> {
        let square = noise * noise;
        self.nodes(n)
            .iter()
            .map(|node| {
                let [x, y] = node.step;
                let spacing = x * x + y * y;
                let extra = (0.36 - square / spacing).max(0.0);
                Component {
                    weight: weight * node.weight,
                    mean: node.at,
                    cov: [square + extra * x * x, extra * x * y, square + extra * y * y],
                }
            })
            .collect()
    }
}
