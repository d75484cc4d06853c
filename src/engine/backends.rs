//! Which backend a choice means on this machine.

use super::command::BackendChoice;
use crate::backend::{Backend, Fault};
use crate::cpu::CpuBackend;
use crate::gpu::{AdapterChoice, GpuBackend};

/// The backend for a choice, and whether it is a GPU. `Auto` takes a real GPU where there is one, else the CPU; a software
/// adapter counts as no GPU.
///
/// # Errors
/// Where a GPU or an adapter was asked for by name and cannot be used.
pub fn open(choice: &BackendChoice, threads: Option<usize>) -> Result<(Box<dyn Backend>, bool), Fault> {
    let adapter = match choice {
        BackendChoice::Cpu => return cpu(threads),
        BackendChoice::Auto if !may_have_gpu() => return cpu(threads),
        BackendChoice::Auto => AdapterChoice::Real,
        BackendChoice::Gpu => AdapterChoice::Any,
        BackendChoice::Adapter(name) => AdapterChoice::Named(name.clone()),
    };
    match GpuBackend::new(&adapter) {
        Ok(backend) => Ok((Box::new(backend), true)),
        Err(_) if *choice == BackendChoice::Auto => cpu(threads),
        Err(fault) => Err(fault),
    }
}

/// Whether it is worth asking the graphics drivers at all: on Linux every GPU has a device file, and loading Vulkan to learn
/// that there is only a software adapter costs a tenth of a second and some drivers' complaints on stderr.
fn may_have_gpu() -> bool {
    let device_files = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg", "/dev/kgsl-3d0", "/dev/mali0"];
    !cfg!(target_os = "linux") || device_files.iter().any(|file| std::path::Path::new(file).exists())
}

fn cpu(threads: Option<usize>) -> Result<(Box<dyn Backend>, bool), Fault> {
    Ok((Box::new(CpuBackend::new(threads)?), false))
}

/// Adapters by name, and whether each is software.
pub fn adapters() -> Vec<(String, bool)> {
    crate::gpu::adapters()
        .into_iter()
        .filter(|a| a.usable)
        .map(|a| (a.name, a.software))
        .collect()
}

/// Every adapter of this machine in one line for people: name, interface, driver, limits, and whether it can be used.
pub fn adapter_lines() -> Vec<String> {
    let line = |a: crate::gpu::AdapterDescription| {
        let kind = if a.software { "software" } else { "hardware" };
        let use_of = if a.usable {
            ""
        } else {
            "; below what the kernels need, not used"
        };
        format!(
            "{} ({}, {}, {kind}); buffers to {} MiB, workgroups to {} invocations and {} KiB{use_of}",
            a.name,
            a.backend,
            a.driver,
            a.max_binding_bytes >> 20,
            a.workgroup_invocations,
            a.workgroup_bytes >> 10,
        )
    };
    crate::gpu::adapters().into_iter().map(line).collect()
}
