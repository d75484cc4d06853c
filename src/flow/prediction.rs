//! What a network predicts, and the one table by which it becomes anything else (MATHS.md, "One network, five names for its
//! output").
//!
//! Each of the five is a fixed combination of the pair, `y = c1 x1 + c0 x0`, and so is `x = alpha x1 + sigma x0`: two
//! equations, from which any third combination follows ([`Prediction::to`]). What the network itself puts out is a sixth:
//! on all but the linear path with velocity, it sees x and its target at unit size whatever the path's own sizes
//! ([`Output`]), by known coefficients that live in the tables of training rows and of micro-operations.

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use super::lens::Lens;
use super::path::{Path, PathAt};
use super::table::Entry;

/// What the network predicts. A closed set; [`PREDICTIONS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// v(x, t) = E[alpha' x1 + sigma' x0 | x].
    #[default]
    Velocity,
    /// E[x0 | x].
    Noise,
    /// E[x1 | x].
    Data,
    /// `grad log p_t(x)` = -E[x0 | x] / sigma, for a standard normal source and the independent coupling.
    Score,
    /// E[alpha x0 - sigma x1 | x] (Salimans, Ho 2022).
    V,
}

/// The table of predictions, in the order of the menus.
pub const PREDICTIONS: [Entry; 5] = [
    entry("velocity", "v = α' x1 + σ' x0", "the velocity v(x, t)"),
    entry(
        "noise",
        "x0",
        "the noise x0: denoising score matching, as in DDPM (Ho et al. 2020)",
    ),
    entry("data", "x1", "the data x1: a denoiser (Karras et al. 2022)"),
    entry(
        "score",
        "∇ log p_t(x) = -x0 / σ",
        "the score, its loss weighted by σ² (Song et al. 2021); needs a standard normal source and the independent coupling",
    ),
    entry(
        "v",
        "α x0 - σ x1",
        "Salimans and Ho's v, noise early and data late (2022)",
    ),
];

const fn entry(name: &'static str, formula: &'static str, summary: &'static str) -> Entry {
    Entry {
        name,
        formula,
        summary,
        parameters: &[],
    }
}

/// Something known at x as another thing: `x_factor x + factor given`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// Factor of x.
    pub x: f64,
    /// Factor of what is given.
    pub given: f64,
}

impl Conversion {
    /// Applied to one point x and what is given there.
    pub fn apply(self, x: [f64; 2], given: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|c| self.x * x[c] + self.given * given[c])
    }
}

impl Prediction {
    /// Every prediction, in the order of [`PREDICTIONS`].
    pub const ALL: [Self; 5] = [Self::Velocity, Self::Noise, Self::Data, Self::Score, Self::V];

    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        PREDICTIONS[self as usize].name
    }

    /// The factors of x1 and x0.
    pub fn of_pair(self, at: PathAt) -> [f64; 2] {
        match self {
            Self::Velocity => [at.d_alpha, at.d_sigma],
            Self::Noise => [0.0, 1.0],
            Self::Data => [1.0, 0.0],
            Self::Score => [0.0, -1.0 / at.sigma],
            Self::V => [-at.sigma, at.alpha],
        }
    }

    /// This prediction as `wanted`: the table of all pairs. Infinite where the path does not tell them from each other (noise
    /// as velocity where alpha = 0, data where sigma = 0).
    pub fn to(self, wanted: Self, at: PathAt) -> Conversion {
        if self == wanted {
            return Conversion { x: 0.0, given: 1.0 };
        }
        let ([c1, c0], [d1, d0]) = (self.of_pair(at), wanted.of_pair(at));
        let determinant = at.alpha * c0 - at.sigma * c1;
        Conversion {
            x: (d1 * c0 - d0 * c1) / determinant,
            given: (at.alpha * d0 - at.sigma * d1) / determinant,
        }
    }

    /// The weight that belongs to its loss: sigma^2 for the score, whose errors are 1 / sigma those of the noise
    /// (denoising score matching, Song et al. 2021, equation 7).
    pub fn loss_weight(self, at: PathAt) -> f64 {
        if self == Self::Score { at.sigma * at.sigma } else { 1.0 }
    }
}

/// What a network's raw output means.
///
/// Scaled, the network N sees `x / n` with `n^2 = alpha^2 s^2 + sigma^2`, s the root mean square of the target's
/// coordinates, and regresses what the best linear guess from x leaves of the pair, at unit size:
/// `N = (sigma x1 / s - alpha s x0) / n` (Karras et al. 2022, equation 7, for any path). Then, for every prediction
/// `y = c1 x1 + c0 x0`, with k = c1 sigma - c0 alpha:  `y = (c1 alpha s^2 + c0 sigma) / n^2 x + k s / n N`.
/// So its error counts (k s / n)^2 times that of N in the loss of y, and nothing is ever 0/0. The time it is told is the
/// angle, `tan(pi time / 2) = alpha s / sigma`: with it, `x / n = sin(pi time / 2) x1 / s + cos(pi time / 2) x0`, and every
/// path asks the same of the network (Lu, Song 2024, section 3). A path that does nearly all of its work in a small part
/// of t, as OU does, would leave it a time in which everything happens at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    path: Path,
    prediction: Prediction,
    /// s, data units; None where the network sees x and puts out the prediction as they are.
    data_size: Option<f64>,
}

/// How a raw output at one t becomes something: `x_factor x + factor N(input x, time)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputAt {
    /// What x is multiplied by before the network sees it.
    pub input: f64,
    /// The time that the network is told.
    pub time: f64,
    /// Factor of x.
    pub x: f64,
    /// Factor of the raw output.
    pub net: f64,
}

/// One training row: what the pair is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowFactors {
    /// Of x1 and x0 in the network's input.
    pub input: [f64; 2],
    /// Of x1 and x0 in the regression target.
    pub target: [f64; 2],
    /// The squared error of the prediction over that of the raw output, times the weight of the prediction's loss.
    pub weight: f64,
}

impl Output {
    /// The output of a run: scaled, except where the path is linear and the velocity predicted. `data_size`: the root mean
    /// square of the target's coordinates.
    pub fn new(path: Path, prediction: Prediction, data_size: f64) -> Self {
        let plain = path == Path::Linear && prediction == Prediction::Velocity;
        Self {
            path,
            prediction,
            data_size: (!plain).then_some(data_size.max(1e-6)),
        }
    }

    /// A network that sees x and puts out the velocity, as they are.
    pub const fn plain(path: Path) -> Self {
        Self {
            path,
            prediction: Prediction::Velocity,
            data_size: None,
        }
    }

    /// The path.
    pub const fn path(&self) -> Path {
        self.path
    }

    /// s, the root mean square of the target's coordinates by which input and output are scaled; None where they are not.
    pub const fn data_size(&self) -> Option<f64> {
        self.data_size
    }

    /// Whether raw input and output are x and the velocity themselves.
    pub const fn is_plain(&self) -> bool {
        self.data_size.is_none()
    }

    /// The raw output as `wanted`, at t. Beyond the path's ends of integration it is that of the nearest end, where all is
    /// finite (VP's velocity is infinite at t = 1).
    pub fn to(&self, wanted: Prediction, t: f64) -> OutputAt {
        let lens = if wanted == Prediction::Score {
            Lens::PfOde
        } else {
            Lens::FlowMatching
        };
        let (from, to) = self.path.ends(lens, false);
        let at = self.path.at(t.clamp(from, to));
        match self.data_size {
            None => {
                let Conversion { x, given } = self.prediction.to(wanted, at);
                OutputAt {
                    input: 1.0,
                    time: t,
                    x,
                    net: given,
                }
            }
            Some(s) => {
                let [c1, c0] = wanted.of_pair(at);
                let n = (at.alpha * s).hypot(at.sigma);
                OutputAt {
                    input: 1.0 / n,
                    time: (at.alpha * s).atan2(at.sigma) / FRAC_PI_2,
                    x: (c1 * at.alpha * s * s + c0 * at.sigma) / (n * n),
                    net: (c1 * at.sigma - c0 * at.alpha) * s / n,
                }
            }
        }
    }

    /// The factors of a training row at t.
    pub fn row(&self, t: f64) -> RowFactors {
        let at = self.path.at(t);
        let natural = self.prediction.loss_weight(at);
        let [c1, c0] = self.prediction.of_pair(at);
        match self.data_size {
            None => RowFactors {
                input: [at.alpha, at.sigma],
                target: [c1, c0],
                weight: natural,
            },
            Some(s) => {
                let n = (at.alpha * s).hypot(at.sigma);
                // sigma score, so that the score's weight and its size do not make 0 times infinity at sigma = 0
                let (c1, c0, natural) = if self.prediction == Prediction::Score {
                    (0.0, -1.0, 1.0)
                } else {
                    (c1, c0, natural)
                };
                let net = (c1 * at.sigma - c0 * at.alpha) * s / n;
                RowFactors {
                    input: [at.alpha / n, at.sigma / n],
                    target: [at.sigma / (s * n), -at.alpha * s / n],
                    weight: natural * net * net,
                }
            }
        }
    }

    /// E|y|^2 over E|v|^2 given x: the squared factor by which errors of the velocity become errors of the prediction,
    /// times the weight of its loss. What turns the floor of the velocity's loss into that of the run's.
    pub fn loss_per_velocity(&self, t: f64) -> f64 {
        let at = self.path.at(t);
        let (loss, weight) = if self.prediction == Prediction::Score {
            (Prediction::Noise, 1.0)
        } else {
            (self.prediction, self.prediction.loss_weight(at))
        };
        weight * Prediction::Velocity.to(loss, at).given.powi(2)
    }
}

#[cfg(test)]
mod tests;
