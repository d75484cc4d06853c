//! Big marks on the window's own GPU device: instanced lines and points (`shaders/paint.wgsl`). Buffers stay on the device
//! and are written only when a mark's `Arc` changes; a frame otherwise writes one small uniform a mark. The render pass is
//! egui's: one sample a pixel, no depth buffer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytemuck::{Pod, Zeroable};
use eframe::egui::epaint::{PaintCallback, PaintCallbackInfo, ViewportInPixels};
use eframe::egui::{Rect, Vec2};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, RenderState, ScreenDescriptor};
use eframe::wgpu;

use super::mesh::Scene;
use super::{BIG, sprite};
use crate::picture::{Colors, Mark, Shape, Transform};

/// Which buffers a painter's marks use.
pub(super) struct Slots {
    painter: u64,
    format: wgpu::TextureFormat,
    most_bytes: u64,
    /// Marks of more segments or points are drawn here.
    pub big: usize,
}

impl Slots {
    /// None where the device cannot read storage buffers in vertex shaders (OpenGL).
    pub fn new(state: &RenderState) -> Option<Self> {
        static PAINTERS: AtomicU64 = AtomicU64::new(0);
        let flags = state.adapter.get_downlevel_capabilities().flags;
        let limits = state.device.limits();
        let able =
            flags.contains(wgpu::DownlevelFlags::VERTEX_STORAGE) && limits.max_storage_buffers_per_shader_stage >= 2;
        able.then(|| Self {
            painter: PAINTERS.fetch_add(1, Ordering::Relaxed),
            format: state.target_format,
            most_bytes: limits.max_storage_buffer_binding_size,
            big: BIG,
        })
    }

    /// How the GPU draws this mark, if it is big enough to go there.
    pub fn callback(&self, rect: Rect, scene: &Scene, index: usize, mark: &Mark) -> Option<PaintCallback> {
        let (places, colors, form) = match mark {
            Mark::Points {
                at,
                colors,
                radius_px,
                shape,
            } => (at, colors, Form::points(at.len(), *radius_px, *shape)),
            Mark::Lines {
                points,
                stride,
                shown,
                colors,
                width_px,
                dashed: false,
            } if *stride >= 2 => (points, colors, Form::lines(points.len(), *stride, *shown, *width_px)),
            _ => return None,
        };
        let len = form.stride * form.count;
        let enough_colors = match colors {
            Colors::One(_) => true,
            Colors::Each(all) => all.len() >= form.count,
        };
        if len <= self.big || len as u64 * 8 > self.most_bytes || !enough_colors {
            return None;
        }
        let draw = Draw {
            key: (self.painter, index),
            format: self.format,
            places: places.clone(),
            colors: colors.clone(),
            form,
            rect,
            screen_from_data: scene.screen_from_data,
        };
        Some(Callback::new_paint_callback(rect, draw))
    }
}

/// What is drawn, in egui points.
#[derive(Clone, Copy, Debug)]
struct Form {
    is_lines: bool,
    /// Points an instance.
    stride: usize,
    /// Instances.
    count: usize,
    /// A line's width or a point's diameter.
    width: f32,
    shape: Shape,
}

impl Form {
    fn points(count: usize, radius: f32, shape: Shape) -> Self {
        Self {
            is_lines: false,
            stride: 1,
            count,
            width: 2.0 * radius,
            shape,
        }
    }

    fn lines(len: usize, stride: usize, shown: usize, width: f32) -> Self {
        Self {
            is_lines: true,
            stride,
            count: shown.min(len / stride),
            width,
            shape: Shape::Disk,
        }
    }
}

/// One mark of one frame.
struct Draw {
    key: (u64, usize),
    format: wgpu::TextureFormat,
    places: Arc<Vec<[f32; 2]>>,
    colors: Colors,
    form: Form,
    rect: Rect,
    screen_from_data: Transform,
}

/// `Uniforms` of `shaders/paint.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Uniforms {
    pixels_from_data: [f32; 4],
    width: f32,
    height: f32,
    half: f32,
    ring: f32,
    fade: f32,
    stride: u32,
    shape: u32,
    one_color: u32,
    linear_target: u32,
    pad: [u32; 3],
}

impl Draw {
    fn uniforms(&self, screen: &ScreenDescriptor) -> Uniforms {
        let ppp = screen.pixels_per_point;
        let view = ViewportInPixels::from_points(&self.rect, ppp, screen.size_in_pixels);
        let corner = Vec2::new(view.left_px as f32, view.top_px as f32);
        let Transform { scale, offset } = self.screen_from_data;
        let width = self.form.width * ppp;
        let half = 0.5 * width.max(1.0);
        Uniforms {
            pixels_from_data: [
                scale[0] * ppp,
                scale[1] * ppp,
                offset[0] * ppp - corner.x,
                offset[1] * ppp - corner.y,
            ],
            width: view.width_px.max(1) as f32,
            height: view.height_px.max(1) as f32,
            half,
            ring: sprite::ring_width(half),
            fade: width.clamp(0.0, 1.0),
            stride: self.form.stride as u32,
            shape: match self.form.shape {
                Shape::Disk => 0,
                Shape::Ring => 1,
                Shape::Square => 2,
            },
            one_color: u32::from(matches!(self.colors, Colors::One(_))),
            linear_target: u32::from(self.format.is_srgb()),
            pad: [0; 3],
        }
    }
}

impl CallbackTrait for Draw {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let store = resources
            .entry::<Store>()
            .or_insert_with(|| Store::new(device, self.format));
        store.clock += 1;
        let slot = store
            .slots
            .entry(self.key)
            .or_insert_with(|| Slot::new(device, &store.layout));
        slot.used = store.clock;
        slot.hold(device, queue, &store.layout, self);
        queue.write_buffer(&slot.uniforms, 0, bytemuck::bytes_of(&self.uniforms(screen)));
        store.forget_unused();
        Vec::new()
    }

    fn paint(&self, _: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(store) = resources.get::<Store>() else { return };
        let Some(slot) = store.slots.get(&self.key) else { return };
        let (pipeline, vertices) = if self.form.is_lines {
            (&store.lines, 2 * self.form.stride as u32)
        } else {
            (&store.points, 4)
        };
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &slot.group, &[]);
        pass.draw(0..vertices, 0..self.form.count as u32);
    }
}

/// All that stays on the device, shared by all painters of a window.
struct Store {
    lines: wgpu::RenderPipeline,
    points: wgpu::RenderPipeline,
    layout: wgpu::BindGroupLayout,
    slots: HashMap<(u64, usize), Slot>,
    /// Counts marks drawn.
    clock: u64,
}

/// A slot goes after this many marks were drawn without it: some seconds of frames.
const KEPT: u64 = 1000;

impl Store {
    fn new(device: &wgpu::Device, format: wgpu::TextureFormat) -> Self {
        let entry = |binding, ty| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty: wgpu::BindingType::Buffer {
                ty,
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        };
        let storage = wgpu::BufferBindingType::Storage { read_only: true };
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("paint"),
            entries: &[
                entry(0, wgpu::BufferBindingType::Uniform),
                wgpu::BindGroupLayoutEntry {
                    visibility: wgpu::ShaderStages::VERTEX,
                    ..entry(1, storage)
                },
                wgpu::BindGroupLayoutEntry {
                    visibility: wgpu::ShaderStages::VERTEX,
                    ..entry(2, storage)
                },
            ],
        });
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("paint"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/paint.wgsl").into()),
        });
        let make = |vertex, fragment| pipeline(device, &module, &layout, format, vertex, fragment);
        Self {
            lines: make("lines", "line_color"),
            points: make("points", "point_color"),
            layout,
            slots: HashMap::new(),
            clock: 0,
        }
    }

    fn forget_unused(&mut self) {
        let clock = self.clock;
        self.slots.retain(|_, slot| slot.used + KEPT > clock);
    }
}

fn pipeline(
    device: &wgpu::Device,
    module: &wgpu::ShaderModule,
    layout: &wgpu::BindGroupLayout,
    format: wgpu::TextureFormat,
    vertex: &str,
    fragment: &str,
) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("paint"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(vertex),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module,
            entry_point: Some(vertex),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState {
            topology: wgpu::PrimitiveTopology::TriangleStrip,
            ..wgpu::PrimitiveState::default()
        },
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module,
            entry_point: Some(fragment),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState {
                format,
                blend: Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING),
                write_mask: wgpu::ColorWrites::ALL,
            })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// The points, how many of them, and the colors that buffers were written from.
type Held = (Arc<Vec<[f32; 2]>>, usize, Colors);

/// The buffers of one mark.
struct Slot {
    uniforms: wgpu::Buffer,
    places: wgpu::Buffer,
    colors: wgpu::Buffer,
    group: wgpu::BindGroup,
    /// What the buffers hold; held, so that no other `Arc` can take its address.
    held: Option<Held>,
    used: u64,
}

impl Slot {
    fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout) -> Self {
        let uniform = wgpu::BufferUsages::UNIFORM;
        let uniforms = buffer(device, size_of::<Uniforms>() as u64, uniform);
        let [places, colors] = [8, 4].map(|bytes| buffer(device, bytes, wgpu::BufferUsages::STORAGE));
        let group = group(device, layout, [&uniforms, &places, &colors]);
        Self {
            uniforms,
            places,
            colors,
            group,
            held: None,
            used: 0,
        }
    }

    /// Makes the buffers hold a mark's points and colors; does nothing when they do.
    fn hold(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, layout: &wgpu::BindGroupLayout, draw: &Draw) {
        let len = draw.form.stride * draw.form.count;
        let (mut new_places, mut new_colors) = (true, true);
        if let Some((places, held_len, colors)) = &self.held {
            new_places = !Arc::ptr_eq(places, &draw.places) || *held_len != len;
            new_colors = *held_len != len
                || match (colors, &draw.colors) {
                    (Colors::One(a), Colors::One(b)) => a != b,
                    (Colors::Each(a), Colors::Each(b)) => !Arc::ptr_eq(a, b),
                    _ => true,
                };
        }
        let mut grown = false;
        if new_places {
            grown |= write(
                device,
                queue,
                &mut self.places,
                bytemuck::cast_slice(&draw.places[..len]),
            );
        }
        if new_colors {
            grown |= match &draw.colors {
                Colors::One(c) => write(device, queue, &mut self.colors, c),
                Colors::Each(all) => write(
                    device,
                    queue,
                    &mut self.colors,
                    bytemuck::cast_slice(&all[..draw.form.count]),
                ),
            };
        }
        if grown {
            self.group = group(device, layout, [&self.uniforms, &self.places, &self.colors]);
        }
        if new_places || new_colors {
            self.held = Some((draw.places.clone(), len, draw.colors.clone()));
        }
    }
}

/// Writes into a buffer, a larger one where needed; says whether it is another buffer now.
fn write(device: &wgpu::Device, queue: &wgpu::Queue, into: &mut wgpu::Buffer, bytes: &[u8]) -> bool {
    let grow = into.size() < bytes.len() as u64;
    if grow {
        *into = buffer(device, bytes.len() as u64, wgpu::BufferUsages::STORAGE);
    }
    queue.write_buffer(into, 0, bytes);
    grow
}

fn buffer(device: &wgpu::Device, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("paint"),
        size,
        usage: usage | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn group(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, buffers: [&wgpu::Buffer; 3]) -> wgpu::BindGroup {
    let entry = |binding: usize| wgpu::BindGroupEntry {
        binding: binding as u32,
        resource: buffers[binding].as_entire_binding(),
    };
    device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("paint"),
        layout,
        entries: &[entry(0), entry(1), entry(2)],
    })
}
