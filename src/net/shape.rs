//! Layers, activation, time embedding, and where each weight lies in the flat parameter buffer.
//!
//! Layout: layer by layer, the weight matrix `[out][in]` row-major, then the bias `[out]`; no padding.
//! The input of layer 0 is (x, y, time features); the activation follows every layer but the last.

use serde::{Deserialize, Serialize};

use super::Activation;

/// How t enters the network.
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
            for k in 0..frequencies as usize {
                let angle = std::f32::consts::PI * (k + 1) as f32 * t;
                out[1 + 2 * k] = angle.sin();
                out[2 + 2 * k] = angle.cos();
            }
        }
    }
}
