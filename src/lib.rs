//! Rectiflow: a desktop laboratory for rectified flow in two dimensions.
//!
//! # The house
//! ```text
//! flow/      THE MATHS: no GPU, no egui, no threads of its own, no files
//! net/       the network's shape and flat parameter layout, optimizer settings, checkpoints
//! lab/       Experiment, Stage, Look, Lab, presets: plain data, loading, saving, comparing
//! backend    trait Backend and the plain types it takes and gives
//! cpu/       THE REFERENCE AND THE FALLBACK: file names are the shaders' file names
//! gpu/       the same arithmetic in WGSL, on a wgpu device of its own
//! engine/    session, snapshot, command, jobs, pacing, the worker thread
//! picture/   Picture and its marks, color maps; the table of views, each a Figure of pictures, charts and bars
//! export/    files: npy, csv, safetensors; figures as png, svg, pdf
//! app/       the window
//! cli/       the command line
//! ```
//! A room may use the rooms above it in this list, never those below; `cpu` and `gpu` do not see each
//! other; `app` and `cli` name neither (a session makes its backend). `tests/house.rs` reads the
//! `use crate::` lines and fails on a breach.
//!
//! # Data flow
//! ```text
//!   Lab (runs, stages, look)  -- edited by panels, presets, command line; undone, saved
//!      | Command                                                ^ Arc<Snapshot> (the latest wins)
//!      v                                                        |
//!   engine thread: Worker -> Session::advance(a few ms) -> Backend { CpuBackend | GpuBackend }
//!   screen: picture::view(&Snapshot, &Look, t) -> Picture -> egui | PNG | SVG | PDF
//! ```

rust_i18n::i18n!("assets/locales", fallback = "en");

pub mod app;
pub mod backend;
pub mod cli;
pub mod cpu;
pub mod engine;
pub mod export;
pub mod flow;
pub mod gpu;
pub mod lab;
pub mod net;
pub mod picture;
