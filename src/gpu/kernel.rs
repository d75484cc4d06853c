//! The table of kernels and the pipelines made from it.

use std::collections::HashMap;

use super::context::Context;
use super::uniforms::{self, Tiling};
use crate::backend::Fault;

/// How a kernel sees a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// A uniform struct of this many bytes, at a dynamic offset.
    Uniform(u64),
    /// Storage that is only read.
    Read,
    /// Storage that is read and written.
    Write,
}

/// One kernel: `shaders/NAME.wgsl` with what it includes, entry point `main`.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its name and file stem.
    pub name: &'static str,
    /// The files it is made of, included ones first, without the generated header.
    pub parts: &'static [&'static str],
    /// Binding i of group 0.
    pub bindings: &'static [Binding],
}

impl Kernel {
    /// The whole source.
    pub fn source(&self, tiling: &Tiling) -> String {
        let mut all = uniforms::header(tiling);
        for part in self.parts {
            all.push_str(part);
        }
        all
    }
}

const UNIFORMS: &str = include_str!("../../shaders/shared/uniforms.wgsl");
const RANDOM: &str = include_str!("../../shaders/shared/random.wgsl");
const NET: &str = include_str!("../../shaders/shared/net.wgsl");
const TRAIN_UNIFORMS: Binding = Binding::Uniform(size_of::<uniforms::TrainUniforms>() as u64);
const SAMPLE_UNIFORMS: Binding = Binding::Uniform(size_of::<uniforms::SampleUniforms>() as u64);

/// The batch, forward, backward.
pub const TRAIN: usize = 0;
/// Sum of the gradient over groups, and its norm.
pub const REDUCE: usize = 1;
/// The update.
pub const OPTIMIZER: usize = 2;
/// The network at points.
pub const EVALUATE: usize = 3;
/// Particles through a sampler's table.
pub const INTEGRATE: usize = 4;
/// Random bits, for the test.
pub const DRAW: usize = 5;

/// Every kernel.
pub const ALL: [Kernel; 6] = {
    use Binding::{Read, Write};
    [
        Kernel {
            name: "train",
            parts: &[UNIFORMS, RANDOM, NET, include_str!("../../shaders/train.wgsl")],
            bindings: &[TRAIN_UNIFORMS, Read, Read, Read, Write, Write],
        },
        Kernel {
            name: "reduce",
            parts: &[UNIFORMS, include_str!("../../shaders/reduce.wgsl")],
            bindings: &[TRAIN_UNIFORMS, Write, Write],
        },
        Kernel {
            name: "optimizer",
            parts: &[UNIFORMS, include_str!("../../shaders/optimizer.wgsl")],
            bindings: &[TRAIN_UNIFORMS, Read, Read, Write, Write, Write, Write, Write, Write],
        },
        Kernel {
            name: "evaluate",
            parts: &[UNIFORMS, NET, include_str!("../../shaders/evaluate.wgsl")],
            bindings: &[SAMPLE_UNIFORMS, Read, Read, Write, Write],
        },
        Kernel {
            name: "integrate",
            parts: &[UNIFORMS, NET, include_str!("../../shaders/integrate.wgsl")],
            bindings: &[SAMPLE_UNIFORMS, Read, Read, Write, Write, Write],
        },
        Kernel {
            name: "draw",
            parts: &[UNIFORMS, RANDOM, include_str!("../../shaders/draw.wgsl")],
            bindings: &[
                Binding::Uniform(size_of::<uniforms::DrawUniforms>() as u64),
                Write,
                Write,
            ],
        },
    ]
};

/// A pipeline and the layout of its one bind group.
pub struct Pipeline {
    /// The pipeline.
    pub pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    kernel: &'static Kernel,
}

impl Pipeline {
    fn new(context: &Context, kernel: &'static Kernel, constants: &[(&str, f64)]) -> Result<Self, Fault> {
        let device = &context.device;
        let entries: Vec<wgpu::BindGroupLayoutEntry> = kernel
            .bindings
            .iter()
            .enumerate()
            .map(|(i, &binding)| wgpu::BindGroupLayoutEntry {
                binding: i as u32,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: match binding {
                        Binding::Uniform(_) => wgpu::BufferBindingType::Uniform,
                        Binding::Read => wgpu::BufferBindingType::Storage { read_only: true },
                        Binding::Write => wgpu::BufferBindingType::Storage { read_only: false },
                    },
                    has_dynamic_offset: matches!(binding, Binding::Uniform(_)),
                    min_binding_size: match binding {
                        Binding::Uniform(size) => std::num::NonZeroU64::new(size),
                        _ => None,
                    },
                },
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(kernel.name),
            entries: &entries,
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(kernel.name),
            source: wgpu::ShaderSource::Wgsl(kernel.source(&context.tiling).into()),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(kernel.name),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(kernel.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants,
                // every kernel writes its workgroup memory before it reads it
                zero_initialize_workgroup_memory: false,
            },
            cache: None,
        });
        context.check()?;
        Ok(Self {
            pipeline,
            layout,
            kernel,
        })
    }

    /// A bind group of these buffers, in the order of the bindings.
    pub fn bind(&self, context: &Context, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .iter()
            .zip(self.kernel.bindings)
            .enumerate()
            .map(|(i, (buffer, binding))| wgpu::BindGroupEntry {
                binding: i as u32,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer,
                    offset: 0,
                    size: match binding {
                        Binding::Uniform(size) => std::num::NonZeroU64::new(*size),
                        _ => None,
                    },
                }),
            })
            .collect();
        context.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(self.kernel.name),
            layout: &self.layout,
            entries: &entries,
        })
    }
}

/// The pipelines made so far: one a kernel and pipeline constant, made when first needed.
#[derive(Default)]
pub struct Pipelines {
    made: HashMap<(usize, u32), std::sync::Arc<Pipeline>>,
}

impl Pipelines {
    /// The pipeline of kernel `ALL[index]` with its constant: the activation's code for those with a network, whether to
    /// clip (0, 1) for the optimizer, 0 for the rest.
    ///
    /// # Errors
    /// What the device says of the kernel.
    pub fn get(&mut self, context: &Context, index: usize, constant: u32) -> Result<std::sync::Arc<Pipeline>, Fault> {
        if let Some(made) = self.made.get(&(index, constant)) {
            return Ok(made.clone());
        }
        let value = f64::from(constant);
        let constants: &[(&str, f64)] = match index {
            TRAIN | EVALUATE | INTEGRATE => &[("ACTIVATION", value)],
            OPTIMIZER => &[("CLIP", value)],
            _ => &[],
        };
        let made = std::sync::Arc::new(Pipeline::new(context, &ALL[index], constants)?);
        self.made.insert((index, constant), made.clone());
        Ok(made)
    }
}
