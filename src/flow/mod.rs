//! The mathematics of flows between two distributions in the plane: no GPU, no window, no files.
//!
//! Conventions of the whole crate: `t = 0` is the source, `t = 1` the target;
//! `X_t = alpha(t) x1 + sigma(t) x0`; maths is done in f64 on `[f64; 2]` ([`Point`]), buffers that reach
//! a backend or the screen hold f32 (`[f32; 2]`).

pub mod angle;
pub mod close;
pub mod coupling;
pub mod distribution;
pub mod exact;
pub mod lens;
pub mod likelihood;
pub mod loss;
pub mod measure;
pub mod normal;
pub mod path;
pub mod prediction;
pub mod quadrature;
pub mod quantity;
pub mod random;
pub mod sampler;
pub mod table;
pub mod time_density;
pub mod transport;

/// A point or a vector of the plane, data units.
pub type Point = [f64; 2];
