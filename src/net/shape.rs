//! Layers, activation, time embedding, and where each weight lies in the flat parameter buffer.
//!
//! Layout: layer by layer, the weight matrix `[out][in]` row-major, then the bias `[out]`; no padding.
//! The input of layer 0 is (x, y, time features); the activation follows every layer but the last.

use serde::{Deserialize, Serialize};

use super::Activation;
use crate::flow::table::{Entry, Form, Parameter, count_within};

/// Fewest and most units in a hidden layer.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 8..=256;
/// Most hidden layers; the fewest is 1.
pub const MAX_HIDDEN_LAYERS: usize = 6;
/// Most Fourier frequencies; the fewest is 1.
pub const MAX_FREQUENCIES: u32 = 16;

/// How t enters the network. A closed set; [`TIME_EMBEDDINGS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeEmbedding {
    /// One feature: t.
    #[default]
    Raw,
    /// 1 + 2 `frequencies` features: t, then sin(pi k t), cos(pi k t) for k = 1..=frequencies.
    Fourier {
        /// How many frequencies, 1 to 16.
        #[serde(default = "four")]
        frequencies: u32,
    },
}

/// One row a time embedding.
pub const TIME_EMBEDDINGS: [Entry; 2] = [
    Entry {
        name: "raw",
        formula: "t",
        summary: "t as it is",
        parameters: &[],
    },
    Entry {
        name: "fourier",
        formula: "t, sin πkt, cos πkt for k = 1 … K",
        summary: "waves over t beside it: the field may change faster with t",
        parameters: &[Parameter {
            name: "frequencies",
            symbol: "K",
            meaning: "how many waves",
            form: Form::Count {
                low: 1,
                high: MAX_FREQUENCIES,
            },
        }],
    },
];

impl TimeEmbedding {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Fourier { .. } => "fourier",
        }
    }
}

const fn four() -> u32 {
    4
}

/// The shape of a multilayer perceptron (x, y, time features) -> 2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shape {
    /// Widths of the hidden layers, first to last.
    pub hidden: Vec<u32>,
    /// The activation after each of them.
    pub activation: Activation,
    /// How t enters.
    pub time_embedding: TimeEmbedding,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            hidden: vec![64, 64, 64],
            activation: Activation::Silu,
            time_embedding: TimeEmbedding::Raw,
        }
    }
}

/// One linear layer within the flat parameter buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Inputs.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Index of weight `[0][0]`.
    pub weight: usize,
    /// Index of bias `[0]`.
    pub bias: usize,
}

impl Shape {
    /// Whether this network can be made; the message names the key and a value that works.
    ///
    /// # Errors
    /// Where there are too few or too many layers, units or frequencies.
    pub fn validate(&self) -> Result<(), String> {
        if self.hidden.is_empty() || self.hidden.len() > MAX_HIDDEN_LAYERS {
            return Err(format!(
                "network.hidden has {} layers; use 1 to {MAX_HIDDEN_LAYERS}, such as [64, 64, 64]",
                self.hidden.len()
            ));
        }
        for &width in &self.hidden {
            count_within("network.hidden", width, *WIDTHS.start(), *WIDTHS.end(), 64)?;
        }
        match self.time_embedding {
            TimeEmbedding::Raw => Ok(()),
            TimeEmbedding::Fourier { frequencies } => {
                count_within("network.time_embedding.frequencies", frequencies, 1, MAX_FREQUENCIES, 4)
            }
        }
    }

    /// How many time features follow x and y.
    pub const fn time_features(&self) -> usize {
        match self.time_embedding {
            TimeEmbedding::Raw => 1,
            TimeEmbedding::Fourier { frequencies } => 1 + 2 * frequencies as usize,
        }
    }

    /// Inputs of layer 0.
    pub const fn inputs(&self) -> usize {
        2 + self.time_features()
    }

    /// The linear layers, first to last.
    pub fn layers(&self) -> Vec<Layer> {
        let mut at = 0;
        let mut inputs = self.inputs();
        let widths = self.hidden.iter().map(|&w| w as usize).chain([2]);
        widths
            .map(|outputs| {
                let layer = Layer {
                    inputs,
                    outputs,
                    weight: at,
                    bias: at + inputs * outputs,
                };
                at = layer.bias + outputs;
                inputs = outputs;
                layer
            })
            .collect()
    }

    /// Length of the flat parameter buffer.
    pub fn params_len(&self) -> usize {
        self.layers().last().map_or(0, |l| l.bias + l.outputs)
    }

    /// Writes the time features of t into `out` (length `time_features`). Twin: `time_features` in `shaders/shared/net.wgsl`.
    pub fn embed_time(&self, t: f32, out: &mut [f32]) {
        out[0] = t;
        if let TimeEmbedding::Fourier { frequencies } = self.time_embedding {
            // sin and cos of pi t once, the multiples by turning: in f64, so that the sixteenth is exact to f32
            let (sin, cos) = (std::f64::consts::PI * f64::from(t)).sin_cos();
            let (mut s, mut c) = (sin, cos);
            for k in 0..frequencies as usize {
                out[1 + 2 * k] = s as f32;
                out[2 + 2 * k] = c as f32;
                (s, c) = (s * cos + c * sin, c * cos - s * sin);
            }
        }
    }
}

impl Shape {
    /// The derivatives by t of what [`Self::embed_time`] writes.
    pub fn embed_time_slope(&self, t: f32, out: &mut [f32]) {
        self.embed_time(t, out);
        out[0] = 1.0;
        for (pair, k) in out[1..].chunks_exact_mut(2).zip(1..) {
            let turn = std::f32::consts::PI * k as f32;
            (pair[0], pair[1]) = (turn * pair[1], -turn * pair[0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_fill_the_buffer_without_gaps() {
        let shape = Shape {
            hidden: vec![8, 17],
            time_embedding: TimeEmbedding::Fourier { frequencies: 2 },
            ..Shape::default()
        };
        let layers = shape.layers();
        assert_eq!(
            layers.iter().map(|l| (l.inputs, l.outputs)).collect::<Vec<_>>(),
            [(7, 8), (8, 17), (17, 2)]
        );
        let mut at = 0;
        for l in layers {
            assert_eq!((l.weight, l.bias), (at, at + l.inputs * l.outputs));
            at = l.bias + l.outputs;
        }
        assert_eq!(shape.params_len(), at);
    }

    #[test]
    fn time_features_are_sines_and_cosines() {
        let shape = Shape {
            time_embedding: TimeEmbedding::Fourier { frequencies: 16 },
            ..Shape::default()
        };
        let mut out = [0.0; 33];
        for i in 0..=64 {
            let t = i as f32 / 64.0;
            shape.embed_time(t, &mut out);
            assert_eq!(out[0], t);
            for k in 1..=16u32 {
                let angle = std::f64::consts::PI * f64::from(k) * f64::from(t);
                let at = 2 * k as usize - 1;
                // one rounding to f32
                assert!((f64::from(out[at]) - angle.sin()).abs() <= 6e-8, "sin {k} {t}");
                assert!((f64::from(out[at + 1]) - angle.cos()).abs() <= 6e-8, "cos {k} {t}");
            }
        }
    }

    #[test]
    fn slopes_of_time_features_are_central_differences() {
        let shape = Shape {
            time_embedding: TimeEmbedding::Fourier { frequencies: 4 },
            ..Shape::default()
        };
        let (mut slope, mut a, mut b) = ([0.0; 9], [0.0; 9], [0.0; 9]);
        for t in [0.0, 0.3, 0.77] {
            let h = 1e-3;
            shape.embed_time_slope(t, &mut slope);
            shape.embed_time(t + h, &mut a);
            shape.embed_time(t - h, &mut b);
            for i in 0..9 {
                let want = (a[i] - b[i]) / (2.0 * h);
                // truncation h^2 (4 pi)^3 / 6 = 3e-4, rounding 6e-8 / h
                assert!((slope[i] - want).abs() < 6e-4, "{i} at {t}: {} {want}", slope[i]);
            }
        }
    }

    #[test]
    fn files_may_leave_out_the_frequencies() {
        let read: TimeEmbedding = serde_json::from_str(r#"{"kind": "fourier"}"#).unwrap();
        assert_eq!(read, TimeEmbedding::Fourier { frequencies: 4 });
        for (embedding, entry) in [TimeEmbedding::Raw, read].into_iter().zip(TIME_EMBEDDINGS) {
            assert_eq!(embedding.name(), entry.name);
            assert_eq!(serde_json::to_value(embedding).unwrap()["kind"], entry.name);
        }
    }

    #[test]
    fn bad_shapes_are_named() {
        assert_eq!(Shape::default().validate(), Ok(()));
        let hidden = |hidden: &[u32]| Shape {
            hidden: hidden.to_vec(),
            ..Shape::default()
        };
        let fourier = |frequencies| Shape {
            time_embedding: TimeEmbedding::Fourier { frequencies },
            ..Shape::default()
        };
        for (key, bad) in [
            ("network.hidden", hidden(&[])),
            ("network.hidden", hidden(&[64; 7])),
            ("network.hidden", hidden(&[7])),
            ("network.hidden", hidden(&[64, 257])),
            ("network.time_embedding.frequencies", fourier(0)),
            ("network.time_embedding.frequencies", fourier(17)),
        ] {
            let message = bad.validate().expect_err(key);
            assert!(message.starts_with(key) && message.contains("such as"), "{message}");
        }
    }
}
