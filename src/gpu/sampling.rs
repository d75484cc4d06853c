//! Evaluation of the network at points, and integration of particles through a sampler's table.

use super::backend::{EMA, GpuBackend, PARAMS, Run, activation_code, unknown};
use super::buffers::{self, numbers};
use super::context::Context;
use super::kernel::{self, Pipeline};
use super::uniforms::SampleUniforms;
use crate::backend::{Fault, Slot, Trajectories, Weights};
use crate::flow::sampler::{MicroOp, REGISTERS, STATE, Table};

/// Multiply-adds of one submission: some 8 ms of work. Measured: lavapipe on 2 cores does 2 to 5 thousand million a second;
/// a small GPU a hundred times that.
const fn budget(software: bool) -> u64 {
    if software { 30_000_000 } else { 1_000_000_000 }
}

/// Recorded states on the device at a time, and noises, bytes.
const STATES_BYTES: u64 = 32 << 20;

impl Run {
    fn weights(&self, which: Weights) -> &wgpu::Buffer {
        let index = if which == Weights::Sampling && self.job.optimizer.ema_decay > 0.0 {
            EMA
        } else {
            PARAMS
        };
        &self.state.buffers[index]
    }

    fn told(&self, count: u32) -> SampleUniforms {
        SampleUniforms {
            layer: self.layout.table,
            layers: self.layout.len(),
            frequencies: self.layout.frequencies,
            count,
            groups: count.div_ceil(self.rows).min(self.scratch_groups),
            scratch_len: self.layout.scratch_len,
            output: self.layout.output,
            ..SampleUniforms::default()
        }
    }
}

fn dispatch(context: &Context, pipeline: &Pipeline, group: &wgpu::BindGroup, workgroups: u32) -> wgpu::CommandEncoder {
    let mut encoder = context
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, group, &[0]);
        pass.dispatch_workgroups(workgroups, 1, 1);
    }
    encoder
}

/// See [`crate::backend::Backend::evaluate`].
pub fn evaluate(
    gpu: &mut GpuBackend,
    slot: Slot,
    weights: Weights,
    points: &[[f32; 2]],
    times: &[f32],
) -> Result<Vec<[f32; 2]>, Fault> {
    let GpuBackend {
        context,
        pipelines,
        runs,
    } = gpu;
    let run = runs.get(&slot).ok_or_else(|| unknown(slot))?;
    context.check()?;
    if times.len() != 1 && times.len() != points.len() {
        return Err(Fault::Unavailable(format!(
            "{} times for {} points: give one, or one a point",
            times.len(),
            points.len()
        )));
    }
    if points.is_empty() {
        return Ok(Vec::new());
    }
    let pipeline = pipelines.get(
        context,
        kernel::EVALUATE,
        &context.tiling,
        activation_code(run.job.shape.activation),
    )?;
    let fitting = budget(context.adapter.software) / run.layout.multiply_adds();
    let chunk = (fitting as usize).clamp(512, 65_536).min(points.len());
    let input = buffers::storage(context, "points", chunk as u64 * 16)?;
    let values = buffers::storage(context, "values", chunk as u64 * 8)?;
    let uniforms = buffers::uniform(context, "evaluate", 512)?;
    let bound = [&uniforms, run.weights(weights), &input, &run.scratch, &values];
    let group = pipeline.bind(context, &bound);
    let mut out = Vec::with_capacity(points.len());
    for (c, part) in points.chunks(chunk).enumerate() {
        let rows: Vec<[f32; 4]> = part
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let t = if times.len() == 1 {
                    times[0]
                } else {
                    times[c * chunk + i]
                };
                [p[0], p[1], t, 0.0]
            })
            .collect();
        let count = part.len() as u32;
        context.queue.write_buffer(&input, 0, bytemuck::cast_slice(&rows));
        let told = run.told(count);
        context.queue.write_buffer(&uniforms, 0, bytemuck::bytes_of(&told));
        let encoder = dispatch(context, &pipeline, &group, told.groups);
        context.queue.submit([encoder.finish()]);
        let bytes = buffers::read(context, &[(&values, u64::from(count) * 8)])?;
        out.extend(numbers::<[f32; 2]>(&bytes[0]));
    }
    Ok(out)
}

/// A micro-operation as `shaders/integrate.wgsl` reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Op {
    /// 0 evaluate, 1 combine, 2 record, 3 noise.
    pub kind: u32,
    /// Which output or register is written.
    pub into: u32,
    /// Which register is looked at; which record is written; which draw is read.
    pub at: u32,
    /// Padding.
    pub unused: u32,
    /// t, a, b, 0.
    pub evaluation: [f32; 4],
    /// Factors of registers 0 to 8, then zeros.
    pub factors: [f32; 12],
}

/// The table's operations; records only if wanted. With each, its evaluations (0 or 1).
fn encode(table: &Table, record: bool) -> Vec<Op> {
    let mut records = 0;
    let mut ops = Vec::with_capacity(table.ops.len());
    for op in &table.ops {
        match *op {
            MicroOp::Eval { out, at, t, a, b } => ops.push(Op {
                kind: 0,
                into: out as u32,
                at: at as u32,
                evaluation: [t as f32, a as f32, b as f32, 0.0],
                ..Op::default()
            }),
            MicroOp::Combine { into, ref coefficients } => {
                let mut factors = [0.0; 12];
                for (f, c) in factors.iter_mut().zip(coefficients) {
                    *f = *c as f32;
                }
                ops.push(Op {
                    kind: 1,
                    into: into as u32,
                    factors,
                    ..Op::default()
                });
            }
            MicroOp::Noise { into, draw } => ops.push(Op {
                kind: 3,
                into: into as u32,
                at: draw as u32,
                ..Op::default()
            }),
            MicroOp::Record => {
                if record {
                    ops.push(Op {
                        kind: 2,
                        at: records,
                        ..Op::default()
                    });
                }
                records += 1;
            }
        }
    }
    ops
}

/// Ranges of operations, each with at most `evaluations` evaluations (at least one).
fn stretches(ops: &[Op], evaluations: u64) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let (mut from, mut used) = (0, 0);
    for (i, op) in ops.iter().enumerate() {
        if op.kind == 0 {
            if used >= evaluations.max(1) {
                ranges.push(from..i);
                (from, used) = (i, 0);
            }
            used += 1;
        }
    }
    if from < ops.len() {
        ranges.push(from..ops.len());
    }
    ranges
}

/// See [`crate::backend::Backend::integrate`].
pub fn integrate(
    gpu: &mut GpuBackend,
    slot: Slot,
    weights: Weights,
    table: &Table,
    start: &[[f32; 2]],
    record: bool,
) -> Result<Trajectories, Fault> {
    let GpuBackend {
        context,
        pipelines,
        runs,
    } = gpu;
    let run = runs.get(&slot).ok_or_else(|| unknown(slot))?;
    context.check()?;
    let times = if record {
        table.times.clone()
    } else {
        table
            .times
            .first()
            .into_iter()
            .chain(table.times.last())
            .copied()
            .collect()
    };
    let mut done = Trajectories {
        states: vec![[0.0; 2]; start.len() * times.len()],
        times,
        evaluations: table.evaluations,
    };
    let ops = encode(table, record);
    if start.is_empty() || done.times.is_empty() {
        return Ok(done);
    }
    let pipeline = pipelines.get(
        context,
        kernel::INTEGRATE,
        &context.tiling,
        activation_code(run.job.shape.activation),
    )?;
    let records = ops.iter().filter(|op| op.kind == 2).count() as u64;
    let noises = table.noises.len() as u64;
    let chunk = (STATES_BYTES / (8 * records.max(noises).max(1))).clamp(64, 8_192) as usize;
    let chunk = chunk.min(start.len());
    let device = Device {
        ops: buffers::filled(context, "operations", &ops)?,
        registers: buffers::storage(context, "registers", (REGISTERS * chunk * 8) as u64)?,
        states: buffers::storage(context, "states", records * chunk as u64 * 8)?,
        noises: buffers::storage(context, "noises", noises * chunk as u64 * 8)?,
        uniforms: buffers::uniform(context, "integrate", 512)?,
    };
    let bound = [
        &device.uniforms,
        run.weights(weights),
        &device.ops,
        &run.scratch,
        &device.registers,
        &device.states,
        &device.noises,
    ];
    let stream = table.noise();
    let group = pipeline.bind(context, &bound);
    let kept = done.times.len();
    let parts = start.chunks(chunk).zip(done.states.chunks_mut(chunk * kept));
    for (i, (part, states)) in parts.enumerate() {
        let drawn = stream.block(i * chunk, part.len(), |z| z.map(|c| c as f32));
        device.begin(context, part, &drawn);
        let fitting = budget(context.adapter.software) / (run.layout.multiply_adds() * part.len() as u64).max(1);
        for range in stretches(&ops, fitting) {
            let mut told = run.told(part.len() as u32);
            told.first_op = range.start as u32;
            told.ops = range.len() as u32;
            context
                .queue
                .write_buffer(&device.uniforms, 0, bytemuck::bytes_of(&told));
            let encoder = dispatch(context, &pipeline, &group, told.groups);
            let submission = context.queue.submit([encoder.finish()]);
            context.wait(Some(&submission))?;
        }
        device.read(context, part, records as usize, record, states)?;
    }
    Ok(done)
}

/// The buffers of one integration.
struct Device {
    ops: wgpu::Buffer,
    registers: wgpu::Buffer,
    states: wgpu::Buffer,
    noises: wgpu::Buffer,
    uniforms: wgpu::Buffer,
}

impl Device {
    /// Gives these particles their noises (draw-major) and sets their registers: STATE, `STEP_START` and START to where they start, the rest to zero.
    fn begin(&self, context: &Context, part: &[[f32; 2]], noises: &[[f32; 2]]) {
        let mut registers = part.repeat(3);
        registers.resize(REGISTERS * part.len(), [0.0; 2]);
        context
            .queue
            .write_buffer(&self.registers, 0, bytemuck::cast_slice(&registers));
        if !noises.is_empty() {
            context
                .queue
                .write_buffer(&self.noises, 0, bytemuck::cast_slice(noises));
        }
    }

    /// Reads what was recorded into `states`, particle-major.
    fn read(
        &self,
        context: &Context,
        part: &[[f32; 2]],
        records: usize,
        record: bool,
        states: &mut [[f32; 2]],
    ) -> Result<(), Fault> {
        let n = part.len();
        let kept = states.len() / n;
        let (source, count) = if record {
            (&self.states, records)
        } else {
            (&self.registers, STATE + 1)
        };
        let bytes = buffers::read(context, &[(source, (count * n * 8) as u64)])?;
        let values: Vec<[f32; 2]> = numbers(&bytes[0]);
        for (p, states) in states.chunks_exact_mut(kept).enumerate() {
            states[0] = part[p];
            for (k, state) in states.iter_mut().enumerate().skip(1) {
                *state = values[(k - 1) * n + p];
            }
        }
        Ok(())
    }
}
