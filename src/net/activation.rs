//! The activation functions: names, formulas, values and slopes in f64 (the definition; `cpu/simd.rs` and
//! `shaders/shared/net.wgsl` compute the same in f32).

use serde::{Deserialize, Serialize};

/// Activation after each hidden layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(0, z).
    Relu,
    /// tanh z.
    Tanh,
    /// z sigmoid(z).
    #[default]
    Silu,
    /// Self-normalizing exponential unit (Klambauer et al. 2017).
    Selu,
    /// z Phi(z), the exact form with erf.
    Gelu,
    /// ln(1 + e^z).
    Softplus,
}

/// Scale lambda of selu (Klambauer et al. 2017, eq. 2).
pub const SELU_SCALE: f64 = 1.0507009873554805;
/// alpha of selu.
pub const SELU_ALPHA: f64 = 1.6732632423543772;

impl Activation {
    /// All, in the order of their GPU codes (0, 1, …).
    pub const ALL: [Self; 6] = [
        Self::Relu,
        Self::Tanh,
        Self::Silu,
        Self::Selu,
        Self::Gelu,
        Self::Softplus,
    ];

    /// Name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Tanh => "tanh",
            Self::Silu => "silu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::Softplus => "softplus",
        }
    }

    /// act(z).
    pub fn value(self, z: f64) -> f64 {
        match self {
            // written so that NaN stays NaN: training must notice it
            Self::Relu if z < 0.0 => 0.0,
            Self::Relu => z,
            Self::Tanh => z.tanh(),
            Self::Silu => z * sigmoid(z),
            Self::Selu if z > 0.0 => SELU_SCALE * z,
            Self::Selu => SELU_SCALE * SELU_ALPHA * z.exp_m1(),
            Self::Gelu => z * normal_cdf(z),
            Self::Softplus => 0.5 * (z + z.abs()) + (-z.abs()).exp().ln_1p(),
        }
    }

    /// act'(z); relu's slope at 0 is 0.
    pub fn slope(self, z: f64) -> f64 {
        match self {
            Self::Relu => f64::from(u8::from(z > 0.0)),
            Self::Tanh => 1.0 - z.tanh() * z.tanh(),
            Self::Silu => {
                let s = sigmoid(z);
                s + z * s * (1.0 - s)
            }
            Self::Selu if z > 0.0 => SELU_SCALE,
            Self::Selu => SELU_SCALE * SELU_ALPHA * z.exp(),
            Self::Gelu => normal_cdf(z) + z * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Self::Softplus => sigmoid(z),
        }
    }
}

/// 1 / (1 + e^-z).
fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Phi(z) = (1 + erf(z / sqrt 2)) / 2, with
/// Phi(z) = 1/2 + phi(z) (z + z^3/3 + z^5/(3 5) + …) (all terms of one sign: no cancellation; Abramowitz & Stegun 26.2.11).
fn normal_cdf(z: f64) -> f64 {
    if z.abs() > 9.0 {
        return f64::from(u8::from(z > 0.0)); // the tail is below 1e-18
    }
    let (mut term, mut sum, mut odd) = (z, z, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= z * z / odd;
        sum += term;
    }
    0.5 + sum * (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}
