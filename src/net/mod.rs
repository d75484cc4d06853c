//! The network: its shape and flat parameter layout (the one definition that both backends read), its
//! optimizer's settings, and the checkpoint that holds all that training changes.

mod activation;
mod optimizer;
mod params;
mod shape;

pub use activation::{ACTIVATIONS, Activation, SELU_ALPHA, SELU_SCALE};
pub use optimizer::{OPTIMIZERS, Optimizer, OptimizerKind, SCHEDULES, Schedule};
pub use params::Checkpoint;
pub use shape::{Layer, MAX_FREQUENCIES, MAX_HIDDEN_LAYERS, Shape, TIME_EMBEDDINGS, TimeEmbedding, WIDTHS};
