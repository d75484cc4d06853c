//! Training steps: many a submission, each submission 4 to 8 ms of work, the losses read back once a call.

use std::collections::VecDeque;
use std::time::Instant;

use super::backend::Run;
use super::buffers::{self, numbers};
use super::context::Context;
use super::uniforms::{RULE_ADAM, RULE_ADAMW, RULE_SGD, STEP_STRIDE, TrainUniforms};
use crate::backend::{Fault, Loss, TrainReport};
use crate::flow::coupling::{Pair, PairStream};
use crate::net::OptimizerKind;

/// Steps whose constants and losses the device holds at a time; a longer call reads back in between.
pub const LOSS_SLOTS: usize = 512;
/// What one submission should take.
const SUBMIT_SECS: f64 = 0.006;
/// Submissions in flight: the device works on one while the next is prepared.
const IN_FLIGHT: usize = 2;

/// Multiply-adds of one dispatch of `train`: well below a second on anything, so that no watchdog bites.
const DISPATCH_MULTIPLY_ADDS: u64 = 4_000_000_000;

/// Tiles of rows of one dispatch of `train`, and how many dispatches take the whole batch.
fn parts(run: &Run) -> (u32, u32) {
    let tiles = run.job.optimizer.batch.div_ceil(run.tiling.rows).max(1);
    let tile = 3 * run.layout.multiply_adds() * u64::from(run.tiling.rows);
    let fitting = (DISPATCH_MULTIPLY_ADDS / tile).min(u64::from(tiles)) as u32;
    let each = fitting.div_ceil(run.groups).clamp(1, run.most_tiles);
    let some = each * run.groups;
    (some, tiles.div_ceil(some))
}

/// The constants of step `step` (counted from the run's start), whose loss goes to `slot`; for the whole batch.
fn uniforms(run: &Run, step: u64, slot: u32) -> TrainUniforms {
    let (job, layout, o) = (&run.job, &run.training, &run.job.optimizer);
    let batch = o.batch.max(1);
    let per_block = u64::from(PairStream::steps_per_block(batch));
    let first = step.wrapping_mul(u64::from(batch));
    let n = step as f64 + 1.0;
    let rate = o.rate(step, job.planned_steps);
    let beta1 = if o.kind == OptimizerKind::Sgd {
        o.momentum
    } else {
        o.beta1
    };
    let (loss_kind, huber) = match job.loss {
        Loss::Mse => (0, 0.0),
        Loss::PseudoHuber { c } => (1, c as f32),
    };
    TrainUniforms {
        layer: layout.table,
        layers: layout.len(),
        frequencies: layout.frequencies,
        batch,
        groups: run.groups,
        scratch_len: layout.scratch_len,
        output: layout.output,
        goal: layout.goal,
        params_len: layout.params_len,
        draw_low: first as u32,
        draw_high: (first >> 32) as u32,
        seed_low: job.seed as u32,
        seed_high: (job.seed >> 32) as u32,
        first_pair: if run.held { 0 } else { (step % per_block) as u32 * batch },
        slot,
        loss_kind,
        huber,
        rule: match o.kind {
            OptimizerKind::Adam => RULE_ADAM,
            OptimizerKind::Adamw => RULE_ADAMW,
            OptimizerKind::Sgd => RULE_SGD,
        },
        rate: rate as f32,
        decay: o.weight_decay as f32,
        beta1: beta1 as f32,
        beta2: o.beta2 as f32,
        one_less_beta1: (1.0 - beta1) as f32,
        one_less_beta2: (1.0 - o.beta2) as f32,
        step_size: (rate / (1.0 - beta1.powf(n))) as f32,
        root_scale: (1.0 / (1.0 - o.beta2.powf(n)).sqrt()) as f32,
        epsilon: o.epsilon as f32,
        clip_norm: o.clip_norm as f32,
        ema: o.ema_decay as f32,
        one_less_ema: (1.0 - o.ema_decay) as f32,
        first_tile: 0,
        end_tile: batch.div_ceil(run.tiling.rows),
        unused: 0,
    }
}

fn write_uniforms(context: &Context, run: &Run, first: u64, count: usize) {
    let (tiles, parts) = parts(run);
    let mut bytes = vec![0u8; count * parts as usize * STEP_STRIDE as usize];
    for (i, place) in bytes.chunks_exact_mut(STEP_STRIDE as usize).enumerate() {
        let (slot, part) = (i as u32 / parts, i as u32 % parts);
        let mut told = uniforms(run, first + u64::from(slot), slot);
        told.first_tile = part * tiles;
        told.end_tile = told.end_tile.min(told.first_tile + tiles);
        place[..size_of::<TrainUniforms>()].copy_from_slice(bytemuck::bytes_of(&told));
    }
    context.queue.write_buffer(&run.uniforms, 0, &bytes);
}

/// Uploads what the next step needs, and its uniforms from slot 0 on.
pub fn bring_step(context: &Context, run: &mut Run) {
    let per_block = u64::from(PairStream::steps_per_block(run.job.optimizer.batch.max(1)));
    write_uniforms(context, run, run.step, 1);
    bring_block(context, run, run.step / per_block);
}

/// Dispatches of kernel `index` of [`Run::passes`] in one step.
pub fn dispatches(run: &Run, index: usize) -> u32 {
    if index == 0 { parts(run).1 } else { 1 }
}

/// Takes `steps` training steps; on a fault of the numbers the parameters are those before the call.
pub fn train(context: &Context, run: &mut Run, steps: u32) -> Result<TrainReport, Fault> {
    context.check()?;
    let begun = run.step;
    run.before.copy_from(context, &run.state);
    let slots = (LOSS_SLOTS / parts(run).1 as usize).max(1);
    let mut losses = Vec::with_capacity(steps as usize);
    while losses.len() < steps as usize {
        let count = (steps as usize - losses.len()).min(slots);
        let first = run.step;
        match stretch(context, run, count) {
            Ok(mut part) => losses.append(&mut part),
            Err(fault) => {
                run.state.copy_from(context, &run.before);
                run.step = begun;
                return Err(fault);
            }
        }
        run.step = first + count as u64;
    }
    Ok(TrainReport { step: run.step, losses })
}

/// `count` steps (at most [`LOSS_SLOTS`]) and their losses.
fn stretch(context: &Context, run: &mut Run, count: usize) -> Result<Vec<f32>, Fault> {
    let begun = run.step;
    write_uniforms(context, run, begun, count);
    context.queue.write_buffer(&run.broken, 0, &u32::MAX.to_le_bytes());
    let per_block = u64::from(PairStream::steps_per_block(run.job.optimizer.batch.max(1)));
    let mut flying: VecDeque<(wgpu::SubmissionIndex, usize)> = VecDeque::new();
    let mut clock = Instant::now();
    let mut done = 0;
    while done < count {
        let step = begun + done as u64;
        bring_block(context, run, step / per_block);
        let left_in_block = (per_block - step % per_block) as usize;
        let wanted = run.steps_per_submit as usize;
        let some = wanted.clamp(1, left_in_block.min(count - done));
        flying.push_back((submit(context, run, done, some), some));
        done += some;
        if flying.len() >= IN_FLIGHT {
            land(context, run, &mut flying, &mut clock)?;
        }
    }
    while !flying.is_empty() {
        land(context, run, &mut flying, &mut clock)?;
    }
    let parts = buffers::read(context, &[(&run.losses, count as u64 * 4), (&run.broken, 4)])?;
    let losses: Vec<f32> = numbers(&parts[0]);
    let bad_loss = losses.iter().position(|l| !l.is_finite());
    let bad_params = numbers::<u32>(&parts[1])
        .first()
        .map(|&slot| slot as usize)
        .filter(|&slot| slot < count);
    match [bad_loss, bad_params].into_iter().flatten().min() {
        Some(slot) => Err(Fault::NonFinite {
            step: begun + slot as u64,
        }),
        None => Ok(losses),
    }
}

/// Uploads the block of pairs, if it is not the one there.
fn bring_block(context: &Context, run: &mut Run, block: u64) {
    if run.held || run.block == Some(block) {
        return;
    }
    let len = PairStream::block_len(run.job.optimizer.batch.max(1));
    let pairs = run.ahead.block(&run.job.pairs, block, len);
    context
        .queue
        .write_buffer(&run.pairs, 0, bytemuck::cast_slice(pairs.as_slice()));
    run.block = Some(block);
}

/// Submits `some` steps from slot `first` on. Where a step takes several dispatches of `train`, each is submitted alone.
fn submit(context: &Context, run: &Run, first: usize, some: usize) -> wgpu::SubmissionIndex {
    let parts = parts(run).1;
    let all = first as u32 * parts..(first + some) as u32 * parts;
    if parts == 1 {
        return submit_range(context, run, all, 1);
    }
    let mut last = None;
    for index in all.clone() {
        last = Some(submit_range(context, run, index..index + 1, parts));
    }
    last.unwrap_or_else(|| submit_range(context, run, all, parts))
}

/// Submits the dispatches of these uniforms; the update follows the last part of a step.
fn submit_range(context: &Context, run: &Run, range: std::ops::Range<u32>, parts: u32) -> wgpu::SubmissionIndex {
    let mut encoder = context
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        for index in range {
            let passes = if index % parts + 1 == parts {
                &run.passes[..]
            } else {
                &run.passes[..1]
            };
            for one in passes {
                pass.set_pipeline(&one.pipeline.pipeline);
                pass.set_bind_group(0, &one.group, &[index * STEP_STRIDE as u32]);
                pass.dispatch_workgroups(one.workgroups, 1, 1);
            }
        }
    }
    context.queue.submit([encoder.finish()])
}

/// Waits for the oldest submission and learns from how long it took.
fn land(
    context: &Context,
    run: &mut Run,
    flying: &mut VecDeque<(wgpu::SubmissionIndex, usize)>,
    clock: &mut Instant,
) -> Result<(), Fault> {
    if let Some((submission, steps)) = flying.pop_front() {
        context.wait(Some(&submission))?;
        let secs = clock.elapsed().as_secs_f64().max(1e-6);
        *clock = Instant::now();
        let fitting = steps as f64 * SUBMIT_SECS / secs;
        // grows at most twofold at a time: one quick submission proves little
        run.steps_per_submit = fitting.clamp(1.0, (2.0 * run.steps_per_submit).min(LOSS_SLOTS as f64));
    }
    Ok(())
}

/// See [`super::GpuBackend::gradient`].
pub fn gradient(context: &Context, run: &mut Run, pairs: &[Pair], step: u64) -> Result<(f32, Vec<f32>), Fault> {
    let mut told = uniforms(run, step, 0);
    told.first_pair = 0;
    context.queue.write_buffer(&run.uniforms, 0, bytemuck::bytes_of(&told));
    context.queue.write_buffer(&run.pairs, 0, bytemuck::cast_slice(pairs));
    run.block = None;
    let mut encoder = context
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&run.passes[0].pipeline.pipeline);
        pass.set_bind_group(0, &run.passes[0].group, &[0]);
        pass.dispatch_workgroups(run.passes[0].workgroups, 1, 1);
    }
    context.queue.submit([encoder.finish()]);
    let stride = run.layout.params_len as usize + 1;
    let bytes = stride as u64 * 16 * u64::from(run.groups);
    let parts: Vec<f32> = numbers(&buffers::read(context, &[(&run.partial, bytes)])?[0]);
    let mut sum = vec![0.0f32; stride * 4];
    for part in parts.chunks_exact(stride * 4) {
        for (s, p) in sum.iter_mut().zip(part) {
            *s += p;
        }
    }
    Ok((sum[stride * 4 - 4], run.layout.unpack(&sum)))
}
