//! Which backend a choice means on this machine.

use super::command::BackendChoice;
use crate::backend::{Backend, Fault};
use crate::cpu::CpuBackend;

/// The backend for a choice, and whether it is a GPU. `Auto` takes a real GPU where there is one, else the CPU; a software
/// adapter counts as no GPU.
///
/// # Errors
/// Where a GPU or an adapter was asked for by name and cannot be used.
pub fn open(choice: &BackendChoice, threads: Option<usize>) -> Result<(Box<dyn Backend>, bool), Fault> {
    match choice {
        BackendChoice::Auto | BackendChoice::Cpu => Ok((Box::new(CpuBackend::new(threads)?), false)),
        BackendChoice::Gpu | BackendChoice::Adapter(_) => Err(Fault::Unavailable("not built yet".into())),
    }
}

/// Adapters by name, and whether each is software.
pub fn adapters() -> Vec<(String, bool)> {
    Vec::new()
}
