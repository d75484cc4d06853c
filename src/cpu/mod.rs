//! The reference and the fallback: the arithmetic of training in plain Rust, vectorized, on rayon's threads over fixed
//! chunks of rows. Read `reference` first: it is the method, in plain loops. The rest of the room is the same
//! arithmetic made fast, and is tested against it.

mod activate;
mod backend;
pub mod batch;
pub mod buffer;
pub mod integrate;
pub mod layout;
pub mod loss;
pub mod net;
pub mod optimizer;
pub mod reference;
pub mod simd;
pub mod train;
pub mod wide;

pub use backend::CpuBackend;

#[cfg(test)]
mod tests;
