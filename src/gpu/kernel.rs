//! The table of kernels and the pipelines made from it.

use std::collections::HashMap;

use super::context::Context;
use super::tile;
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

/// What a kernel needs of [`tile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tiles {
    None,
    /// The forward pass, over a scratch buffer that the kernel declares.
    Forward,
    /// Both passes; the scratch is declared here, in workgroup memory or a buffer.
    Both,
}

/// One kernel: `shaders/NAME.wgsl` with what it includes, entry point `main`.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its name and file stem.
    pub name: &'static str,
    /// The files it is made of, included ones first, without the generated header.
    pub parts: &'static [&'static str],
    /// Binding i of group 0; the last one of `train` only where its scratch is a buffer.
    bindings: &'static [Binding],
    tiles: Tiles,
}

impl Kernel {
    /// The whole source: constants, files, then what is written for the tiling.
    pub fn source(&self, tiling: &Tiling) -> String {
        let mut all = uniforms::header(tiling);
        for part in self.parts {
            all.push_str(part);
        }
        if self.tiles != Tiles::None {
            all.push_str(&tile::forward(tiling));
        }
        if self.tiles == Tiles::Both {
            all.push_str(&tile::backward(tiling));
            all.push_str(&tile::gradient(tiling));
        }
        all.push_str(&self.scratch(tiling));
        all
    }

    /// Where activations lie, and the barrier between those who write and those who read them.
    fn scratch(&self, tiling: &Tiling) -> String {
        let buffer = "fn scratch_barrier() { storageBarrier(); }\n";
        match self.tiles {
            Tiles::None => String::new(),
            Tiles::Forward => buffer.to_owned(),
            Tiles::Both if tiling.chip_len > 0 => format!(
                "var<workgroup> scratch: array<vec4f, {}>;\nfn scratch_base(group: u32) -> u32 {{ return 0u; }}\n\
                 fn scratch_barrier() {{ workgroupBarrier(); }}\n",
                tiling.chip_len
            ),
            Tiles::Both => format!(
                "@group(0) @binding({}) var<storage, read_write> scratch: array<vec4f>;\n\
                 fn scratch_base(group: u32) -> u32 {{ return group * u.scratch_len; }}\n{buffer}",
                self.bindings.len() - 1
            ),
        }
    }

    /// Binding i of group 0.
    pub fn bindings(&self, tiling: &Tiling) -> &'static [Binding] {
        let fewer = usize::from(self.tiles == Tiles::Both && tiling.chip_len > 0);
        &self.bindings[..self.bindings.len() - fewer]
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
            tiles: Tiles::Both,
        },
        Kernel {
            name: "reduce",
            parts: &[UNIFORMS, include_str!("../../shaders/reduce.wgsl")],
            bindings: &[TRAIN_UNIFORMS, Write, Write],
            tiles: Tiles::None,
        },
        Kernel {
            name: "optimizer",
            parts: &[UNIFORMS, include_str!("../../shaders/optimizer.wgsl")],
            bindings: &[TRAIN_UNIFORMS, Read, Read, Write, Write, Write, Write, Write, Write],
            tiles: Tiles::None,
        },
        Kernel {
            name: "evaluate",
            parts: &[UNIFORMS, NET, include_str!("../../shaders/evaluate.wgsl")],
            bindings: &[SAMPLE_UNIFORMS, Read, Read, Write, Write],
            tiles: Tiles::Forward,
        },
        Kernel {
            name: "integrate",
            parts: &[UNIFORMS, NET, include_str!("../../shaders/integrate.wgsl")],
            bindings: &[SAMPLE_UNIFORMS, Read, Read, Write, Write, Write, Read],
            tiles: Tiles::Forward,
        },
        Kernel {
            name: "draw",
            parts: &[UNIFORMS, RANDOM, include_str!("../../shaders/draw.wgsl")],
            bindings: &[
                Binding::Uniform(size_of::<uniforms::DrawUniforms>() as u64),
                Write,
                Write,
            ],
            tiles: Tiles::None,
        },
    ]
};

/// A pipeline and the layout of its one bind group.
pub struct Pipeline {
    /// The pipeline.
    pub pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    kernel: &'static Kernel,
    bindings: &'static [Binding],
}

impl Pipeline {
    fn new(
        context: &Context,
        kernel: &'static Kernel,
        tiling: &Tiling,
        constants: &[(&str, f64)],
    ) -> Result<Self, Fault> {
        let device = &context.device;
        let bindings = kernel.bindings(tiling);
        let entries: Vec<wgpu::BindGroupLayoutEntry> = bindings
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
            source: wgpu::ShaderSource::Wgsl(kernel.source(tiling).into()),
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
            bindings,
        })
    }

    /// The kernel's name.
    pub const fn name(&self) -> &'static str {
        self.kernel.name
    }

    /// A bind group of these buffers, in the order of the bindings.
    pub fn bind(&self, context: &Context, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let entries: Vec<wgpu::BindGroupEntry<'_>> = buffers
            .iter()
            .zip(self.bindings)
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

/// The pipelines made so far: one a kernel, tiling and pipeline constant, made when first needed.
#[derive(Default)]
pub struct Pipelines {
    made: HashMap<(usize, Tiling, u32), std::sync::Arc<Pipeline>>,
}

impl Pipelines {
    /// The pipeline of kernel `ALL[index]` with its constant: the activation's code for those with a network, whether to
    /// clip (0, 1) for the optimizer, 0 for the rest.
    ///
    /// # Errors
    /// What the device says of the kernel.
    pub fn get(
        &mut self,
        context: &Context,
        index: usize,
        tiling: &Tiling,
        constant: u32,
    ) -> Result<std::sync::Arc<Pipeline>, Fault> {
        if let Some(made) = self.made.get(&(index, *tiling, constant)) {
            return Ok(made.clone());
        }
        let value = f64::from(constant);
        let constants: &[(&str, f64)] = match index {
            TRAIN | EVALUATE | INTEGRATE => &[("ACTIVATION", value)],
            OPTIMIZER => &[("CLIP", value)],
            _ => &[],
        };
        let made = std::sync::Arc::new(Pipeline::new(context, &ALL[index], tiling, constants)?);
        self.made.insert((index, *tiling, constant), made.clone());
        Ok(made)
    }
}
