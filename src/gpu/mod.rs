//! The same arithmetic as `cpu/` in WGSL, on a wgpu device of its own (the window has another: sharing one makes each
//! wait for the other).
//!
//! ```text
//! context   adapters, the device, its errors and its loss, waiting with a time limit
//! kernel    the table of kernels: name, source, bindings; pipelines
//! uniforms  the structs that kernels read, and the constants they are compiled with
//! layout    where every weight and activation lies on the device
//! buffers   making, filling and reading buffers
//! backend   GpuBackend: the slots and trait Backend
//! training  many steps a submit, the losses read back once a call
//! sampling  evaluation and integration
//! ```
//!
//! A training step is 2 dispatches (`train`, `optimizer`), 3 where gradients are clipped (`reduce` between them). What
//! bounds each kernel is said at its top.

mod backend;
mod buffers;
mod context;
pub mod kernel;
mod layout;
mod sampling;
mod training;
pub mod uniforms;

pub use backend::GpuBackend;
pub use context::{AdapterChoice, AdapterDescription, adapters};
