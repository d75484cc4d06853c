//! Paths between a source point and a target point: `X_t = alpha(t) x1 + sigma(t) x0`, MATHS.md "Time, pairs, paths".
//!
//! Every path is a pair of closed forms; what samplers, lenses and grids ask of one (log-SNR and its inverse, the forward
//! equation, where integration may start and end) is in `schedule`. Diffusion time is s = 1 - t; the three
//! variance-preserving ones are written by q(s) = -log alpha, which keeps its digits where alpha is near 1.

mod schedule;

use std::f64::consts::FRAC_PI_2;

use serde::{Deserialize, Serialize};

use super::table::{Entry, Form, Parameter, within};

pub use schedule::{END_MARGIN, narrower};

/// A path: two coefficients of t. A closed set; [`PATHS`] is its table.
/// In files `{"kind": "vp", "beta0": 0.1, "beta1": 20}`: every parameter has a default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Path {
    /// alpha = t, sigma = 1 - t (rectified flow; Liu, Gong, Liu 2023; the "OT path" of Lipman et al. 2023).
    #[default]
    Linear,
    /// alpha = sin(pi t / 2), sigma = cos(pi t / 2): variance preserving, at constant angular speed.
    Cosine,
    /// alpha = exp(-s^2 (beta1 - beta0) / 4 - s beta0 / 2), sigma = sqrt(1 - alpha^2) (Song et al. 2021, DDPM's limit).
    Vp {
        /// Noise rate at the data, s = 0.
        #[serde(default = "beta0")]
        beta0: f64,
        /// Noise rate at the noise, s = 1.
        #[serde(default = "beta1")]
        beta1: f64,
    },
    /// VP's alpha, sigma = 1 - alpha^2 (Song et al. 2021).
    SubVp {
        /// Noise rate at the data, s = 0.
        #[serde(default = "beta0")]
        beta0: f64,
        /// Noise rate at the noise, s = 1.
        #[serde(default = "beta1")]
        beta1: f64,
    },
    /// alpha = 1, sigma = smin (smax / smin)^s (Song et al. 2021).
    Ve {
        /// Standard deviation of the noise at the data, s = 0.
        #[serde(default = "smin")]
        smin: f64,
        /// Standard deviation of the noise at the start, s = 1.
        #[serde(default = "smax")]
        smax: f64,
    },
    /// alpha = exp(-theta s), sigma = sqrt(1 - alpha^2): an Ornstein-Uhlenbeck process, VP of a constant rate.
    Ou {
        /// How fast the data is forgotten.
        #[serde(default = "theta")]
        theta: f64,
    },
}

const fn beta0() -> f64 {
    0.1
}

const fn beta1() -> f64 {
    20.0
}

const fn smin() -> f64 {
    0.01
}

const fn smax() -> f64 {
    20.0
}

const fn theta() -> f64 {
    5.0
}

/// The two rates of VP and sub-VP.
const BETAS: [Parameter; 2] = [
    Parameter {
        name: "beta0",
        symbol: "β₀",
        meaning: "noise rate at the data (t = 1)",
        form: Form::Number { low: 0.01, high: 5.0 },
    },
    Parameter {
        name: "beta1",
        symbol: "β₁",
        meaning: "noise rate at the noise (t = 0); too small leaves some data in the start",
        form: Form::Number { low: 5.0, high: 40.0 },
    },
];

/// The table of paths, in the order of the menus.
pub const PATHS: [Entry; 6] = [
    Entry {
        name: "linear",
        formula: "x_t = t x1 + (1-t) x0",
        summary: "straight chords at constant speed (rectified flow)",
        parameters: &[],
    },
    Entry {
        name: "cosine",
        formula: "x_t = sin(π t / 2) x1 + cos(π t / 2) x0",
        summary: "variance preserving, a quarter turn at constant speed",
        parameters: &[],
    },
    Entry {
        name: "vp",
        formula: "α = exp(-s² (β₁-β₀) / 4 - s β₀ / 2), σ² = 1 - α², s = 1 - t",
        summary: "variance-preserving diffusion, the limit of DDPM (Ho et al. 2020, Song et al. 2021)",
        parameters: &BETAS,
    },
    Entry {
        name: "sub-vp",
        formula: "α = exp(-s² (β₁-β₀) / 4 - s β₀ / 2), σ = 1 - α², s = 1 - t",
        summary: "VP with less noise on the way (Song et al. 2021)",
        parameters: &BETAS,
    },
    Entry {
        name: "ve",
        formula: "α = 1, σ = σmin (σmax / σmin)^s, s = 1 - t",
        summary: "variance-exploding diffusion: data stays, noise grows; starts at σmax x0 (Song et al. 2021)",
        parameters: &[
            Parameter {
                name: "smin",
                symbol: "σmin",
                meaning: "standard deviation of the noise at the data (t = 1)",
                form: Form::Number { low: 0.001, high: 0.5 },
            },
            Parameter {
                name: "smax",
                symbol: "σmax",
                meaning: "standard deviation of the noise at the start (t = 0)",
                form: Form::Number { low: 5.0, high: 50.0 },
            },
        ],
    },
    Entry {
        name: "ou",
        formula: "α = exp(-θ s), σ² = 1 - α², s = 1 - t",
        summary: "an Ornstein-Uhlenbeck process: VP of a constant rate",
        parameters: &[Parameter {
            name: "theta",
            symbol: "θ",
            meaning: "how fast the data is forgotten; too small leaves some data in the start",
            form: Form::Number { low: 1.0, high: 10.0 },
        }],
    },
];

/// alpha, sigma and their derivatives by t at one t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathAt {
    /// Factor of x1.
    pub alpha: f64,
    /// Factor of x0.
    pub sigma: f64,
    /// d alpha / dt.
    pub d_alpha: f64,
    /// d sigma / dt; -infinity at t = 1 for VP and OU.
    pub d_sigma: f64,
}

impl Path {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cosine => "cosine",
            Self::Vp { .. } => "vp",
            Self::SubVp { .. } => "sub-vp",
            Self::Ve { .. } => "ve",
            Self::Ou { .. } => "ou",
        }
    }

    /// The path of this name with its default parameters.
    pub fn default_of(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": name })).ok()
    }

    /// Whether its parameters make a path; the message names the parameter and a value that works.
    ///
    /// # Errors
    /// Where a parameter is not finite or outside its range.
    pub fn validate(self) -> Result<(), String> {
        match self {
            Self::Linear | Self::Cosine => Ok(()),
            Self::Vp { beta0, beta1 } | Self::SubVp { beta0, beta1 } => {
                within("path.beta0", beta0, 1e-3, 50.0, 0.1)?;
                within("path.beta1", beta1, 0.1, 200.0, 20.0)?;
                rising("path.beta1", beta1, "beta0", beta0)
            }
            Self::Ve { smin, smax } => {
                within("path.smin", smin, 1e-4, 10.0, 0.01)?;
                within("path.smax", smax, 0.1, 1000.0, 20.0)?;
                rising("path.smax", smax, "smin", smin)
            }
            Self::Ou { theta } => within("path.theta", theta, 0.1, 50.0, 5.0),
        }
    }

    /// The coefficients at t in [0, 1].
    pub fn at(self, t: f64) -> PathAt {
        let s = 1.0 - t;
        match self {
            Self::Linear => PathAt {
                alpha: t,
                sigma: s,
                d_alpha: 1.0,
                d_sigma: -1.0,
            },
            Self::Cosine => {
                // each sine by its own small angle, so that sigma(1) and alpha(0) are 0 exactly
                let (alpha, sigma) = ((FRAC_PI_2 * t).sin(), (FRAC_PI_2 * s).sin());
                PathAt {
                    alpha,
                    sigma,
                    d_alpha: FRAC_PI_2 * sigma,
                    d_sigma: -FRAC_PI_2 * alpha,
                }
            }
            Self::Ve { smin, smax } => {
                let growth = (smax / smin).ln();
                let sigma = smin * (growth * s).exp();
                PathAt {
                    alpha: 1.0,
                    sigma,
                    d_alpha: 0.0,
                    d_sigma: -growth * sigma,
                }
            }
            Self::Vp { .. } | Self::SubVp { .. } | Self::Ou { .. } => {
                let (q, rate) = (self.decay(s), self.decay_rate(s));
                // 1 - alpha^2
                let lost = -(-2.0 * q).exp_m1();
                let alpha = (-q).exp();
                let d_alpha = rate * alpha;
                let (sigma, d_sigma) = if matches!(self, Self::SubVp { .. }) {
                    (lost, -2.0 * alpha * d_alpha)
                } else {
                    let sigma = lost.sqrt();
                    (sigma, -alpha * d_alpha / sigma)
                };
                PathAt {
                    alpha,
                    sigma,
                    d_alpha,
                    d_sigma,
                }
            }
        }
    }

    /// q(s) = -log alpha of the variance-preserving paths; 0 for the others.
    fn decay(self, s: f64) -> f64 {
        match self {
            Self::Vp { beta0, beta1 } | Self::SubVp { beta0, beta1 } => s * (0.25 * (beta1 - beta0) * s + 0.5 * beta0),
            Self::Ou { theta } => theta * s,
            Self::Linear | Self::Cosine | Self::Ve { .. } => 0.0,
        }
    }

    /// dq/ds.
    fn decay_rate(self, s: f64) -> f64 {
        match self {
            Self::Vp { beta0, beta1 } | Self::SubVp { beta0, beta1 } => 0.5 * ((beta1 - beta0) * s + beta0),
            Self::Ou { theta } => theta,
            Self::Linear | Self::Cosine | Self::Ve { .. } => 0.0,
        }
    }
}

fn rising(name: &str, value: f64, other: &str, least: f64) -> Result<(), String> {
    if value > least {
        Ok(())
    } else {
        Err(format!(
            "{name} is {value}; it must be larger than {other}, which is {least}"
        ))
    }
}

#[cfg(test)]
mod tests;
