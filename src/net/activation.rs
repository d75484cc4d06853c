//! The activation functions: names, formulas, values and slopes in f64 (the definition; `cpu/simd` and
//! `shaders/shared/net.wgsl` compute the same in f32).

use serde::{Deserialize, Serialize};

use crate::flow::table::Entry;

/// Activation after each hidden layer. A closed set; [`ACTIVATIONS`] is its table.
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

const fn entry(name: &'static str, formula: &'static str, summary: &'static str) -> Entry {
    Entry {
        name,
        formula,
        summary,
        parameters: &[],
    }
}

/// One row an activation, in the order of [`Activation::ALL`].
pub const ACTIVATIONS: [Entry; 6] = [
    entry("relu", "max(0, z)", "straight pieces: the learned field has creases"),
    entry("tanh", "tanh z", "smooth and bounded"),
    entry("silu", "z σ(z)", "smooth, a good first choice"),
    entry(
        "selu",
        "λ z for z > 0, else λ α (e^z - 1)",
        "keeps mean 0 and variance 1 from layer to layer (Klambauer et al. 2017)",
    ),
    entry("gelu", "z Φ(z)", "smooth, with the exact normal distribution function"),
    entry("softplus", "ln(1 + e^z)", "a smooth relu, never 0"),
];

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

    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        ACTIVATIONS[self as usize].name
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for (activation, entry) in Activation::ALL.into_iter().zip(ACTIVATIONS) {
            assert_eq!(activation.name(), entry.name);
            assert_eq!(serde_json::to_value(activation).unwrap(), entry.name);
        }
    }

    #[test]
    fn values_are_those_of_tables() {
        // Abramowitz & Stegun, table 26.1: Phi(1), Phi(2), Phi(-1); the rest from their formulas by hand
        for (activation, z, want) in [
            (Activation::Gelu, 1.0, 0.8413447460685429),
            (Activation::Gelu, 2.0, 2.0 * 0.9772498680518208),
            (Activation::Gelu, -1.0, -0.15865525393145707),
            (Activation::Gelu, -30.0, 0.0),
            (Activation::Silu, 0.0, 0.0),
            (Activation::Silu, 1.0, 1.0 / (1.0 + (-1.0f64).exp())),
            (Activation::Softplus, 0.0, 2.0f64.ln()),
            (Activation::Softplus, 800.0, 800.0),
            (Activation::Selu, 2.0, 2.0 * SELU_SCALE),
            (Activation::Selu, -800.0, -SELU_SCALE * SELU_ALPHA),
            (Activation::Relu, -2.0, 0.0),
            (Activation::Tanh, 0.5, 0.46211715726000976),
        ] {
            let got = activation.value(z);
            assert!(
                (got - want).abs() <= 1e-14 * want.abs().max(1.0),
                "{activation:?}({z}): {got}"
            );
        }
    }

    #[test]
    fn slopes_are_central_differences() {
        for activation in Activation::ALL {
            for i in -40..=40 {
                let z = 0.2 * f64::from(i) + 0.05; // not at relu's and selu's corner
                let h = 1e-5;
                let slope = (activation.value(z + h) - activation.value(z - h)) / (2.0 * h);
                // truncation h^2, rounding 1e-16 |value| / h
                assert!(
                    (slope - activation.slope(z)).abs() < 2e-9,
                    "{activation:?} at {z}: {slope}"
                );
            }
        }
    }
}
