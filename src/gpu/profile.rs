//! What each kernel of a training step costs: time by timestamp queries where the adapter has them, by the wall clock
//! elsewhere, with the bytes that have to move and the multiply-adds. The run trains on from where it was.

use std::time::Instant;

use super::backend::Run;
use super::buffers::{self, numbers};
use super::context::Context;
use super::training;
use super::uniforms::STEP_STRIDE;
use crate::backend::{Clock, Fault, KernelCost};

/// Steps of one submission: short of any watchdog, long enough for the wall clock.
const STEPS_PER_SUBMIT: u32 = 8;

/// See [`crate::backend::Backend::profile`].
pub fn profile(context: &Context, run: &mut Run, steps: u32) -> Result<Vec<KernelCost>, Fault> {
    context.check()?;
    run.before.copy_from(context, &run.state);
    training::bring_step(context, run);
    let submissions = steps.div_ceil(STEPS_PER_SUBMIT).max(1);
    let timed = if context.timestamps {
        by_timestamps(context, run, submissions)
    } else {
        by_wall(context, run, submissions)
    };
    run.state.copy_from(context, &run.before);
    let clock = if context.timestamps {
        Clock::Timestamps
    } else {
        Clock::Wall
    };
    Ok(timed?
        .into_iter()
        .enumerate()
        .map(|(index, mut secs)| {
            secs.sort_unstable_by(f64::total_cmp);
            let (bytes, multiply_adds) = work(run, index);
            KernelCost {
                name: run.passes[index].pipeline.name(),
                secs: secs[secs.len() / 2],
                each: secs,
                workgroups: run.passes[index].workgroups,
                bytes,
                multiply_adds,
                clock,
            }
        })
        .collect())
}

/// Seconds of every dispatch of every kernel. A step's kernels take turns, as in training.
fn by_timestamps(context: &Context, run: &Run, submissions: u32) -> Result<Vec<Vec<f64>>, Fault> {
    let kernels = run.passes.len() as u32;
    let count = 2 * kernels * STEPS_PER_SUBMIT;
    let queries = context.device.create_query_set(&wgpu::QuerySetDescriptor {
        label: Some("profile"),
        ty: wgpu::QueryType::Timestamp,
        count,
    });
    let resolved = context.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("timestamps"),
        size: u64::from(count) * 8,
        usage: wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC,
        mapped_at_creation: false,
    });
    let tick = f64::from(context.queue.get_timestamp_period()) * 1e-9;
    let mut secs = vec![Vec::new(); kernels as usize];
    for _ in 0..submissions {
        let mut encoder = context
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for dispatch in 0..kernels * STEPS_PER_SUBMIT {
            let writes = wgpu::ComputePassTimestampWrites {
                query_set: &queries,
                beginning_of_pass_write_index: Some(2 * dispatch),
                end_of_pass_write_index: Some(2 * dispatch + 1),
            };
            record(run, &mut encoder, dispatch % kernels, 1, Some(writes));
        }
        encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
        context.queue.submit([encoder.finish()]);
        let parts = buffers::read(context, &[(&resolved, u64::from(count) * 8)])?;
        for (dispatch, pair) in numbers::<[u64; 2]>(&parts[0]).into_iter().enumerate() {
            let ticks = pair[1].saturating_sub(pair[0]);
            secs[dispatch % kernels as usize].push(ticks as f64 * tick);
        }
    }
    Ok(secs)
}

/// As [`by_timestamps`], from submissions that repeat one kernel; each is one sample.
fn by_wall(context: &Context, run: &Run, submissions: u32) -> Result<Vec<Vec<f64>>, Fault> {
    let mut secs = vec![Vec::new(); run.passes.len()];
    for _ in 0..submissions {
        for (kernel, secs) in secs.iter_mut().enumerate() {
            let mut encoder = context
                .device
                .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            record(run, &mut encoder, kernel as u32, STEPS_PER_SUBMIT, None);
            let commands = encoder.finish();
            context.wait(None)?;
            let begun = Instant::now();
            let submission = context.queue.submit([commands]);
            context.wait(Some(&submission))?;
            secs.push(begun.elapsed().as_secs_f64() / f64::from(STEPS_PER_SUBMIT));
        }
    }
    Ok(secs)
}

fn record(
    run: &Run,
    encoder: &mut wgpu::CommandEncoder,
    kernel: u32,
    times: u32,
    timestamp_writes: Option<wgpu::ComputePassTimestampWrites<'_>>,
) {
    let one = &run.passes[kernel as usize];
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
        label: None,
        timestamp_writes,
    });
    pass.set_pipeline(&one.pipeline.pipeline);
    // only `train` is split, and its first dispatch is as long as any; the uniforms of the last one serve the rest
    for _ in 0..times {
        for part in 0..training::dispatches(run, kernel as usize) {
            pass.set_bind_group(0, &one.group, &[part * STEP_STRIDE as u32]);
            pass.dispatch_workgroups(one.workgroups, 1, 1);
        }
    }
}

/// Bytes of buffers that a kernel has to read and write at least (each operand once a workgroup), and its multiply-adds.
fn work(run: &Run, kernel: usize) -> (u64, u64) {
    let params = u64::from(run.training.params_len) * 16;
    let groups = u64::from(run.groups);
    let batch = u64::from(run.job.optimizer.batch);
    let optimizer = run.passes.len() - 1;
    // parameters, moments and the average, read and written
    let kept = if run.job.optimizer.ema_decay > 0.0 { 8 } else { 6 };
    if kernel == 0 {
        let tiles = batch.div_ceil(u64::from(run.tiling.rows));
        let again = 2 * tiles.saturating_sub(groups);
        let row = 16
            + 32
            + if run.tiling.chip_len > 0 {
                0
            } else {
                3 * u64::from(run.training.scratch_len) * 16 / u64::from(run.tiling.rows)
            };
        (
            groups * params + batch * row + (groups + again) * (params + 16),
            3 * batch * run.training.multiply_adds(),
        )
    } else if kernel == optimizer {
        let parts = if run.passes.len() == 2 { groups } else { 1 };
        (parts * (params + 16) + kept * params, 0)
    } else {
        ((groups + 1) * (params + 16), 0)
    }
}
