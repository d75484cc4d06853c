//! The adapter and the engine's own device, what went wrong with it, and waiting for it with a time limit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::layout::Layout;
use super::uniforms::Tiling;
use crate::backend::Fault;
use crate::net::Shape;

/// How long one submission may take before the device counts as lost. Only a software adapter with a huge batch comes near.
const PATIENCE: Duration = Duration::from_mins(2);

/// Workgroup memory that training asks for where the adapter has it: more would leave room for one workgroup a core.
pub const MOST_WORKGROUP_BYTES: u32 = 32_768;

/// One graphics adapter, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdapterDescription {
    /// Its name.
    pub name: String,
    /// The interface it is reached through: vulkan, metal, dx12, gl.
    pub backend: String,
    /// Driver and its version.
    pub driver: String,
    /// Whether it computes on the processor.
    pub software: bool,
    /// Whether it can run the kernels.
    pub usable: bool,
    /// Largest buffer that a kernel can see, bytes.
    pub max_binding_bytes: u64,
    /// Workgroup memory, bytes.
    pub workgroup_bytes: u32,
    /// Invocations of a workgroup.
    pub workgroup_invocations: u32,
}

/// Which adapter to use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AdapterChoice {
    /// The first that is a real GPU (discrete before integrated).
    #[default]
    Real,
    /// A real GPU where there is one, else a software adapter.
    Any,
    /// The first whose name contains this, ignoring case.
    Named(String),
}

fn instance() -> wgpu::Instance {
    wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    })
}

fn describe(adapter: &wgpu::Adapter) -> AdapterDescription {
    let about = adapter.get_info();
    let limits = adapter.limits();
    AdapterDescription {
        name: about.name,
        backend: about.backend.to_string(),
        driver: format!("{} {}", about.driver, about.driver_info).trim().to_owned(),
        software: about.device_type == wgpu::DeviceType::Cpu,
        usable: wgpu::Limits::default().check_limits(&limits),
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        workgroup_bytes: limits.max_compute_workgroup_storage_size,
        workgroup_invocations: limits.max_compute_invocations_per_workgroup,
    }
}

/// Every adapter of this machine, real GPUs first.
pub fn adapters() -> Vec<AdapterDescription> {
    found(&instance()).iter().map(describe).collect()
}

fn found(instance: &wgpu::Instance) -> Vec<wgpu::Adapter> {
    let mut all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    all.sort_by_key(|a| match a.get_info().device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    all
}

/// What the device's callbacks have seen.
#[derive(Default)]
struct Trouble {
    lost: AtomicBool,
    first: Mutex<Option<Fault>>,
}

impl Trouble {
    fn note(&self, fault: Fault) {
        if let Ok(mut first) = self.first.lock() {
            first.get_or_insert(fault);
        }
    }
}

/// A device and its queue. Every error that wgpu reports is kept for the next [`Context::check`]; none panics.
pub struct Context {
    /// The adapter, for people.
    pub adapter: AdapterDescription,
    /// How evaluation and integration are cut for it.
    pub tiling: Tiling,
    /// How training is cut, where a test says so.
    forced: Option<Tiling>,
    /// Whether the device can say when a pass began and ended.
    pub timestamps: bool,
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    trouble: Arc<Trouble>,
}

impl Context {
    /// Opens a device; work is cut as given, else as suits the adapter.
    pub fn new(which: &AdapterChoice, tiling: Option<Tiling>) -> Result<Self, Fault> {
        let all = found(&instance());
        let adapter = all
            .iter()
            .find(|a| {
                let about = describe(a);
                about.usable
                    && match which {
                        AdapterChoice::Real => !about.software,
                        AdapterChoice::Any => true,
                        AdapterChoice::Named(part) => about.name.to_lowercase().contains(&part.to_lowercase()),
                    }
            })
            .ok_or_else(|| Fault::Unavailable(missing(which, &all)))?;
        let (device, queue) = pollster::block_on(
            adapter.request_device(&wgpu::DeviceDescriptor {
                label: Some("rectiflow engine"),
                required_features: adapter.features() & wgpu::Features::TIMESTAMP_QUERY,
                required_limits: wgpu::Limits {
                    // activations of training, see `training_tiling`
                    max_compute_workgroup_storage_size: adapter
                        .limits()
                        .max_compute_workgroup_storage_size
                        .min(MOST_WORKGROUP_BYTES),
                    ..wgpu::Limits::default()
                },
                experimental_features: wgpu::ExperimentalFeatures::disabled(),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                trace: wgpu::Trace::Off,
            }),
        )
        .map_err(|e| Fault::Unavailable(e.to_string()))?;
        let trouble = Arc::new(Trouble::default());
        let seen = trouble.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            seen.note(match error {
                wgpu::Error::OutOfMemory { source } => Fault::OutOfMemory(source.to_string()),
                wgpu::Error::Validation { description, .. } | wgpu::Error::Internal { description, .. } => {
                    Fault::Unavailable(description)
                }
            });
        }));
        let seen = trouble.clone();
        device.set_device_lost_callback(move |reason, message| {
            seen.lost.store(true, Ordering::SeqCst);
            seen.note(Fault::DeviceLost(format!("{reason:?} {message}")));
        });
        Ok(Self {
            tiling: match tiling {
                Some(forced) if forced.chip_len == 0 => forced,
                None if describe(adapter).software => Tiling::SOFTWARE,
                _ => Tiling::STORAGE,
            },
            forced: tiling,
            adapter: describe(adapter),
            timestamps: device.features().contains(wgpu::Features::TIMESTAMP_QUERY),
            device,
            queue,
            trouble,
        })
    }

    /// How the training of a network is cut: on a real GPU with the activations of 16 or 8 rows in workgroup memory, as many
    /// as fit, else in a storage buffer: fewer rows would not pay for a pass over the gradient. With 3 hidden layers, 72
    /// columns fit 16 KiB and 152 fit 32 KiB.
    pub fn training_tiling(&self, shape: &Shape) -> Result<Tiling, Fault> {
        let bytes = self.adapter.workgroup_bytes.min(MOST_WORKGROUP_BYTES);
        let on_chip = [16, 8].map(|rows| Tiling::on_chip(rows, bytes));
        let candidates = match &self.forced {
            Some(forced) => std::slice::from_ref(forced),
            None if self.adapter.software => &[],
            None => &on_chip[..],
        };
        for tiling in candidates {
            if tiling.chip_len > 0 && Layout::new(shape, tiling)?.scratch_len <= tiling.chip_len {
                return Ok(*tiling);
            }
        }
        Ok(self.tiling)
    }

    /// The trouble seen so far, if any. A lost device stays lost; other trouble is reported once.
    pub fn check(&self) -> Result<(), Fault> {
        let mut first = self
            .trouble
            .first
            .lock()
            .map_err(|_| Fault::DeviceLost("an error callback panicked".to_owned()))?;
        let fault = if self.trouble.lost.load(Ordering::SeqCst) {
            match first.as_ref() {
                Some(fault @ Fault::DeviceLost(_)) => Some(fault.clone()),
                _ => Some(Fault::DeviceLost("the device is gone".to_owned())),
            }
        } else {
            first.take()
        };
        fault.map_or(Ok(()), Err)
    }

    /// Waits for one submission (or the latest), and reports what went wrong meanwhile.
    pub fn wait(&self, submission: Option<&wgpu::SubmissionIndex>) -> Result<(), Fault> {
        let begun = Instant::now();
        loop {
            let answer = self.device.poll(wgpu::PollType::Wait {
                submission_index: submission.cloned(),
                timeout: Some(Duration::from_secs(1)),
            });
            self.check()?;
            match answer {
                Ok(_) => return Ok(()),
                Err(wgpu::PollError::Timeout) if begun.elapsed() < PATIENCE => {}
                Err(e) => return Err(Fault::DeviceLost(e.to_string())),
            }
        }
    }

    /// Makes the device go away, as a pulled cable would.
    pub fn lose(&self) {
        self.device.destroy();
        // runs the device-lost callback
        let _ = self.device.poll(wgpu::PollType::Poll);
    }
}

fn missing(which: &AdapterChoice, all: &[wgpu::Adapter]) -> String {
    let names: Vec<String> = all.iter().map(|a| a.get_info().name).collect();
    let here = if names.is_empty() {
        "no adapter was found".to_owned()
    } else {
        format!("found {}", names.join(", "))
    };
    match which {
        AdapterChoice::Real => format!("there is no real GPU here ({here})"),
        AdapterChoice::Any => format!("no adapter has what the kernels need ({here})"),
        AdapterChoice::Named(part) => format!("no usable adapter is called '{part}' ({here})"),
    }
}
