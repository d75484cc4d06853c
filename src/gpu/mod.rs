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
//! tile      the inner products, written out for a tile size
//! training  many steps a submit, the losses read back once a call
//! profile   what each kernel costs
//! sampling  evaluation and integration
//! ```
//!
//! A training step is 2 dispatches (`train`, `optimizer`), 3 where gradients are clipped (`reduce` between them). What
//! bounds each kernel is said at its top; how the work is cut, and why differently for a GPU and for an adapter that
//! computes on the processor, at [`uniforms::Tiling`]. `rectiflow bench` prints each kernel's time, dispatches and bytes.
//!
//! # What bounds training
//! - A GPU with a small network (64 x 3, batch 256): latency. 16 workgroups of 128 invocations cannot fill it; the step is
//!   the chain of layers, 8 outputs an invocation and layer, plus two passes between dispatches. Larger batches cost
//!   nothing more until the workgroups fill the chip.
//! - A GPU with a large batch: loads from workgroup memory (see train.wgsl), then `partial`, whose 64 parts are written and
//!   read once a step.
//! - A wide network (activations in a buffer): multiply-adds, from the second level cache.
//! - `optimizer`: bytes. It reads the parts of the gradient and reads and writes parameters and moments once, with a few
//!   operations each; on lavapipe 2.6 to 3.9 GB/s at every size, 3 % of a step at 64 x 3, 0.3 % at 256 x 3. `reduce` is the
//!   same for the parts alone.
//! - A software adapter: loads. llvmpipe of Mesa 22.3 takes some 70 cycles for a vec4f load of 8 invocations and 1.5 for
//!   their multiply-add.

mod backend;
mod buffers;
mod context;
pub mod kernel;
mod layout;
mod profile;
mod sampling;
mod tile;
mod training;
pub mod uniforms;

pub use backend::GpuBackend;
pub use context::{AdapterChoice, AdapterDescription, adapters};
