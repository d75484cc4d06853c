//! Kinds that lie along curves, with noise around them.

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::curve::Curve;
use super::kinds::{Kind, noise_within, point_within, size_within};
use super::law::Law;
use crate::flow::Point;
use crate::flow::table::{count_within, within};

/// Two half circles that interlock, as in scikit-learn's `make_moons`: the upper (cos a, sin a), the lower
/// (1 - cos a, 1/2 - sin a), a uniform on [0, pi]; plus noise; then times `scale`, plus `shift`.
/// torchcfm's: scale 3, shift -1, noise 0.2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoMoons {
    /// Standard deviation of the noise, before scaling.
    pub noise: f64,
    /// Factor of everything.
    pub scale: f64,
    /// Added last.
    pub shift: Shift,
}

impl Default for TwoMoons {
    fn default() -> Self {
        Self {
            noise: 0.05,
            scale: 1.0,
            shift: Shift::default(),
        }
    }
}

impl Kind for TwoMoons {
    fn law(&self) -> Law {
        let (k, [sx, sy]) = (self.scale, self.shift.0);
        let half = |x: f64, y: f64, from: f64, to: f64| Curve::Arc {
            center: [k * x + sx, k * y + sy],
            radius: k,
            from,
            to,
        };
        // 1 - cos a, 1/2 - sin a is the half circle from pi to 2 pi about (1, 1/2)
        let moons = vec![(0.5, half(0.0, 0.0, 0.0, PI)), (0.5, half(1.0, 0.5, PI, TAU))];
        Law::curves(moons, k * self.noise)
    }

    fn validate(&self) -> Result<(), String> {
        noise_within("noise", self.noise, 0.05)?;
        size_within("scale", self.scale, 1.0)?;
        point_within("shift", self.shift.0)
    }
}

/// A number for both coordinates, or a point: how far a shape is moved, data units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "ShiftFile", into = "ShiftFile")]
pub struct Shift(pub Point);

impl From<ShiftFile> for Shift {
    fn from(file: ShiftFile) -> Self {
        match file {
            ShiftFile::Both(x) => Self([x, x]),
            ShiftFile::Each(p) => Self(p),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or a pair [x, y]")]
enum ShiftFile {
    Both(f64),
    Each(Point),
}

impl From<Shift> for ShiftFile {
    fn from(Shift(p): Shift) -> Self {
        if p[0] == p[1] { Self::Both(p[0]) } else { Self::Each(p) }
    }
}

/// Circles about one center, evenly spaced, as many points on each.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rings {
    /// How many circles.
    pub count: u32,
    /// Radius of the largest, data units.
    pub radius: f64,
    /// Standard deviation of the noise, data units.
    pub noise: f64,
}

impl Default for Rings {
    fn default() -> Self {
        Self {
            count: 3,
            radius: 4.0,
            noise: 0.1,
        }
    }
}

impl Kind for Rings {
    fn law(&self) -> Law {
        let n = f64::from(self.count);
        let radius = |k: u32| self.radius * f64::from(k) / n;
        Law::curves(
            (1..=self.count).map(|k| (1.0 / n, Curve::circle(radius(k)))).collect(),
            self.noise,
        )
    }

    fn validate(&self) -> Result<(), String> {
        count_within("count", self.count, 1, 16, 3)?;
        size_within("radius", self.radius, 4.0)?;
        noise_within("noise", self.noise, 0.1)
    }
}

/// A circle about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ring {
    /// Its radius, data units.
    pub radius: f64,
    /// Standard deviation of the noise, data units.
    pub noise: f64,
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            radius: 3.0,
            noise: 0.1,
        }
    }
}

impl Kind for Ring {
    fn law(&self) -> Law {
        Law::curves(vec![(1.0, Curve::circle(self.radius))], self.noise)
    }

    fn validate(&self) -> Result<(), String> {
        size_within("radius", self.radius, 3.0)?;
        noise_within("noise", self.noise, 0.1)
    }
}

/// Two Archimedean spirals from the origin, half a turn apart, with nearly even density along them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwoSpirals {
    /// How often each winds around the origin.
    pub turns: f64,
    /// Radius at the outer end, data units.
    pub radius: f64,
    /// Standard deviation of the noise, data units.
    pub noise: f64,
}

impl Default for TwoSpirals {
    fn default() -> Self {
        Self {
            turns: 1.5,
            radius: 4.0,
            noise: 0.1,
        }
    }
}

impl Kind for TwoSpirals {
    fn law(&self) -> Law {
        let to = TAU * self.turns;
        let arm = |turn: f64| Curve::Spiral {
            growth: self.radius / to,
            turn,
            from: 0.0,
            to,
            even: true,
        };
        Law::curves(vec![(0.5, arm(0.0)), (0.5, arm(PI))], self.noise)
    }

    fn validate(&self) -> Result<(), String> {
        within("turns", self.turns, 0.1, 8.0, 1.5)?;
        size_within("radius", self.radius, 4.0)?;
        noise_within("noise", self.noise, 0.1)
    }
}

/// The x and z of scikit-learn's `make_s_curve`: (sin a, sign(a) (cos a - 1)), a uniform on [-3 pi/2, 3 pi/2]; plus noise; then times `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SCurve {
    /// Standard deviation of the noise, before scaling.
    pub noise: f64,
    /// Factor of everything.
    pub scale: f64,
}

impl Default for SCurve {
    fn default() -> Self {
        Self {
            noise: 0.05,
            scale: 2.0,
        }
    }
}

impl Kind for SCurve {
    fn law(&self) -> Law {
        let k = self.scale;
        // a > 0: (sin a, cos a - 1) is the circle about (0, -1) from its top, clockwise; a < 0: its image in the origin
        let half = |y: f64, from: f64, to: f64| Curve::Arc {
            center: [0.0, k * y],
            radius: k,
            from,
            to,
        };
        let halves = vec![(0.5, half(-1.0, -PI, 0.5 * PI)), (0.5, half(1.0, 0.0, 1.5 * PI))];
        Law::curves(halves, k * self.noise)
    }

    fn validate(&self) -> Result<(), String> {
        noise_within("noise", self.noise, 0.05)?;
        size_within("scale", self.scale, 2.0)
    }
}

/// The x and z of scikit-learn's `make_swiss_roll`: a (cos a, sin a), a uniform on [3 pi/2, 9 pi/2]; plus noise; then times `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwissRoll {
    /// Standard deviation of the noise, before scaling.
    pub noise: f64,
    /// Factor of everything.
    pub scale: f64,
}

impl Default for SwissRoll {
    fn default() -> Self {
        Self { noise: 0.3, scale: 0.3 }
    }
}

impl Kind for SwissRoll {
    fn law(&self) -> Law {
        let roll = Curve::Spiral {
            growth: self.scale,
            turn: 0.0,
            from: 1.5 * PI,
            to: 4.5 * PI,
            even: false,
        };
        Law::curves(vec![(1.0, roll)], self.scale * self.noise)
    }

    fn validate(&self) -> Result<(), String> {
        noise_within("noise", self.noise, 0.3)?;
        size_within("scale", self.scale, 0.3)
    }
}
