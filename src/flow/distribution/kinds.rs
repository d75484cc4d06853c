//! The parameters of each kind, their defaults, their limits, and the normal form to which each reduces.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::component::Component;
use super::curve::Curve;
use super::law::{Form, Law, circle_points};
use super::pinwheel::Pinwheel;
use crate::flow::Point;
use crate::flow::table::{count_within, within};

/// Largest coordinate, radius or standard deviation, data units.
const FAR: f64 = 1000.0;
/// Smallest standard deviation or size, data units.
const NEAR: f64 = 1e-6;
/// Most components of a mixture, and most Gaussians in a grid.
const MOST: usize = 1024;
/// Most points of a cloud.
const MOST_POINTS: usize = 4_000_000;

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

/// Eight equal round Gaussians evenly on a circle, the first at angle 0. torchcfm's: radius 5, variance 0.1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EightGaussians {
    /// Radius of the circle, data units.
    pub radius: f64,
    /// Standard deviation of each, data units.
    pub std: f64,
}

/// A number for both coordinates, or a point: how far a shape is moved, data units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "ShiftFile", into = "ShiftFile")]
pub struct Shift(pub Point);

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number or a pair [x, y]")]
enum ShiftFile {
    Both(f64),
    Each(Point),
}

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

/// Uniform on every other field of a board about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checkerboard {
    /// Fields a side.
    pub cells: u32,
    /// Length of the board's side, data units.
    pub side: f64,
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

/// The x and z of scikit-learn's `make_swiss_roll`: a (cos a, sin a), a uniform on [3 pi/2, 9 pi/2]; plus noise; then times `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SwissRoll {
    /// Standard deviation of the noise, before scaling.
    pub noise: f64,
    /// Factor of everything.
    pub scale: f64,
}

/// Uniform on a square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UniformSquare {
    /// Its center, data units.
    pub mean: Point,
    /// Length of its side, data units.
    pub side: f64,
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

/// The points of a file, all equally likely. Reading it is not this room's business: [`super::Distribution::with_points`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Points {
    /// The file's name, CSV or NPY.
    pub file: String,
    /// What it held; empty until it is read.
    #[serde(skip)]
    pub points: Arc<Vec<Point>>,
}

impl PartialEq for Points {
    /// The same buffer is equal without a look at its contents: undo compares labs every frame.
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && (Arc::ptr_eq(&self.points, &other.points) || self.points == other.points)
    }
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

impl Default for Mixture {
    fn default() -> Self {
        Self {
            weights: vec![0.5, 0.3, 0.2],
            means: vec![[-2.5, -1.0], [2.5, -1.0], [0.0, 2.5]],
            stds: vec![0.5, 0.7, 0.3],
        }
    }
}

impl Default for EightGaussians {
    fn default() -> Self {
        Self { radius: 5.0, std: 0.3 }
    }
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

impl Default for Rings {
    fn default() -> Self {
        Self {
            count: 3,
            radius: 4.0,
            noise: 0.1,
        }
    }
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

impl Default for Checkerboard {
    fn default() -> Self {
        Self { cells: 4, side: 8.0 }
    }
}

impl Default for SCurve {
    fn default() -> Self {
        Self {
            noise: 0.05,
            scale: 2.0,
        }
    }
}

impl Default for SwissRoll {
    fn default() -> Self {
        Self { noise: 0.3, scale: 0.3 }
    }
}

impl Default for UniformSquare {
    fn default() -> Self {
        Self {
            mean: [0.0; 2],
            side: 4.0,
        }
    }
}

impl Default for Ring {
    fn default() -> Self {
        Self {
            radius: 3.0,
            noise: 0.1,
        }
    }
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

impl Default for GridOfGaussians {
    fn default() -> Self {
        Self {
            count: 5,
            spacing: 2.0,
            std: 0.2,
        }
    }
}

impl From<ShiftFile> for Shift {
    fn from(file: ShiftFile) -> Self {
        match file {
            ShiftFile::Both(x) => Self([x, x]),
            ShiftFile::Each(p) => Self(p),
        }
    }
}

impl From<Shift> for ShiftFile {
    fn from(Shift(p): Shift) -> Self {
        if p[0] == p[1] { Self::Both(p[0]) } else { Self::Each(p) }
    }
}

/// What a kind must say of itself.
pub(super) trait Kind {
    /// Its normal form; parameters are valid.
    fn law(&self) -> Law;
    /// Whether its parameters make a distribution; the message begins with the parameter's name.
    fn validate(&self) -> Result<(), String>;
}

fn equal(means: impl ExactSizeIterator<Item = Point>, std: f64) -> Law {
    let weight = 1.0 / means.len() as f64;
    Law::gaussians(means.map(|m| Component::round(weight, m, std)).collect())
}

fn point_within(name: &str, p: Point) -> Result<(), String> {
    within(name, p[0], -FAR, FAR, 0.0).and_then(|()| within(name, p[1], -FAR, FAR, 0.0))
}

fn size_within(name: &str, size: f64, example: f64) -> Result<(), String> {
    within(name, size, NEAR, FAR, example)
}

/// Noise may be 0.
fn noise_within(name: &str, noise: f64, example: f64) -> Result<(), String> {
    within(name, noise, 0.0, FAR, example)
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

impl Kind for EightGaussians {
    fn law(&self) -> Law {
        equal(circle_points(8, self.radius).collect::<Vec<_>>().into_iter(), self.std)
    }

    fn validate(&self) -> Result<(), String> {
        size_within("radius", self.radius, 5.0)?;
        size_within("std", self.std, 0.3)
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

impl Kind for Checkerboard {
    fn law(&self) -> Law {
        let (n, side) = (self.cells, self.side / f64::from(self.cells));
        let edge = |k: u32| side * f64::from(k) - 0.5 * self.side;
        let fields = (0..n * n).filter(|k| (k % n + k / n) % 2 == 0);
        Law(Form::Squares {
            corners: fields.map(|k| [edge(k % n), edge(k / n)]).collect(),
            side,
        })
    }

    fn validate(&self) -> Result<(), String> {
        count_within("cells", self.cells, 2, 16, 4)?;
        size_within("side", self.side, 8.0)
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

impl Kind for UniformSquare {
    fn law(&self) -> Law {
        Law(Form::Squares {
            corners: vec![self.mean.map(|m| m - 0.5 * self.side)],
            side: self.side,
        })
    }

    fn validate(&self) -> Result<(), String> {
        point_within("mean", self.mean)?;
        size_within("side", self.side, 4.0)
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

impl Kind for Points {
    fn law(&self) -> Law {
        Law(Form::Points(self.points.clone()))
    }

    fn validate(&self) -> Result<(), String> {
        let n = self.points.len();
        if n == 0 {
            return Err(if self.file.is_empty() {
                "file is empty; name a CSV or NPY file of points".into()
            } else {
                format!(
                    "file {} gave no points; name a CSV or NPY file with at least one",
                    self.file
                )
            });
        }
        if n > MOST_POINTS {
            return Err(format!(
                "file {} holds {n} points; use at most {MOST_POINTS}",
                self.file
            ));
        }
        let far = |p: &Point| !p.iter().all(|x| x.abs() <= FAR);
        match self.points.iter().position(far) {
            None => Ok(()),
            Some(k) => Err(format!(
                "file {}: point {} is ({}, {}); use finite coordinates from -{FAR} to {FAR}",
                self.file,
                k + 1,
                self.points[k][0],
                self.points[k][1]
            )),
        }
    }
}
