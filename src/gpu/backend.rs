//! [`GpuBackend`]: the slots on the device, and trait Backend.

use std::collections::HashMap;
use std::sync::Arc;

use super::buffers::{self, numbers};
use super::context::{AdapterChoice, AdapterDescription, Context};
use super::kernel::{self, Pipeline, Pipelines};
use super::layout::{Layout, MOST_TURNS};
use super::profile;
use super::sampling;
use super::training::{self, LOSS_SLOTS};
use super::uniforms::{DrawUniforms, STEP_STRIDE, Tiling};
use crate::backend::{Backend, Fault, KernelCost, PairsAhead, Slot, TrainJob, TrainReport, Trajectories, Weights};
use crate::flow::coupling::{Pair, PairStream};
use crate::flow::random::Stream;
use crate::flow::sampler::Table;
use crate::net::{Activation, Checkpoint};

/// What training changes, on the device, packed: parameters, first moment, second moment, moving average.
pub(super) struct State {
    pub buffers: [wgpu::Buffer; 4],
}

/// Index of the parameters in [`State`].
pub(super) const PARAMS: usize = 0;
/// Index of the moving average.
pub(super) const EMA: usize = 3;

impl State {
    fn new(context: &Context, layout: &Layout) -> Result<Self, Fault> {
        let bytes = u64::from(layout.params_len) * 16;
        let make = |label| buffers::storage(context, label, bytes);
        Ok(Self {
            buffers: [
                make("params")?,
                make("first moment")?,
                make("second moment")?,
                make("moving average")?,
            ],
        })
    }

    /// Queues a copy of all of `from` into this.
    pub fn copy_from(&self, context: &Context, from: &Self) {
        let mut encoder = context
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (to, from) in self.buffers.iter().zip(&from.buffers) {
            encoder.copy_buffer_to_buffer(from, 0, to, 0, Some(from.size()));
        }
        context.queue.submit([encoder.finish()]);
    }
}

/// One network in training.
pub(super) struct Run {
    pub job: Arc<TrainJob>,
    /// For evaluation and integration.
    pub layout: Layout,
    /// How its training is cut, and where the activations then lie; the weights lie as in `layout`.
    pub tiling: Tiling,
    pub training: Layout,
    pub state: State,
    /// The state before the current call of `train`.
    pub before: State,
    pub step: u64,
    pub pairs: wgpu::Buffer,
    pub times: wgpu::Buffer,
    /// The block of pairs on the device.
    pub block: Option<u64>,
    /// The next one, made while the device works on this one.
    pub ahead: PairsAhead,
    /// Pairs that every step reads instead of the stream's (tests).
    pub held: bool,
    pub scratch: wgpu::Buffer,
    pub partial: wgpu::Buffer,
    pub losses: wgpu::Buffer,
    pub broken: wgpu::Buffer,
    pub uniforms: wgpu::Buffer,
    pub groups: u32,
    /// Rows of a tile in evaluation and integration.
    pub rows: u32,
    /// The most tiles of rows that one workgroup of `train` may take in one dispatch.
    pub most_tiles: u32,
    pub scratch_groups: u32,
    pub passes: Vec<Pass>,
    /// Steps of the next submission: measured, not known.
    pub steps_per_submit: f64,
}

/// One dispatch of a step.
pub(super) struct Pass {
    pub pipeline: Arc<Pipeline>,
    pub group: wgpu::BindGroup,
    pub workgroups: u32,
}

/// Trains and evaluates on a wgpu device of its own.
pub struct GpuBackend {
    pub(super) context: Context,
    pub(super) pipelines: Pipelines,
    pub(super) runs: HashMap<Slot, Run>,
}

pub(super) fn unknown(slot: Slot) -> Fault {
    Fault::Unavailable(format!("nothing is loaded in slot {slot}"))
}

pub(super) fn activation_code(activation: Activation) -> u32 {
    Activation::ALL.iter().position(|&a| a == activation).unwrap_or(0) as u32
}

impl GpuBackend {
    /// Opens a device.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where no adapter fits the choice or it refuses a device.
    pub fn new(which: &AdapterChoice) -> Result<Self, Fault> {
        Self::open(which, None)
    }

    /// As [`GpuBackend::new`], with work cut in a given way: a test of a real GPU's cut on a software adapter.
    ///
    /// # Errors
    /// As [`GpuBackend::new`].
    #[doc(hidden)]
    pub fn with_tiling(which: &AdapterChoice, tiling: Tiling) -> Result<Self, Fault> {
        Self::open(which, Some(tiling))
    }

    fn open(which: &AdapterChoice, tiling: Option<Tiling>) -> Result<Self, Fault> {
        Ok(Self {
            context: Context::new(which, tiling)?,
            pipelines: Pipelines::default(),
            runs: HashMap::new(),
        })
    }

    /// The adapter in use.
    pub const fn adapter(&self) -> &AdapterDescription {
        &self.context.adapter
    }

    /// Makes the device go away, as a pulled cable would: every later call answers [`Fault::DeviceLost`].
    pub fn lose_device(&self) {
        self.context.lose();
    }

    /// Dispatches of one training step of this slot: 2, or 3 where gradients are clipped. 0 for an unknown slot.
    pub fn dispatches_per_step(&self, slot: Slot) -> usize {
        self.runs.get(&slot).map_or(0, |run| run.passes.len())
    }

    fn make_run(&mut self, slot: Slot, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Result<Run, Fault> {
        let context = &self.context;
        let layout = Layout::new(&job.shape, &context.tiling)?;
        let tiling = context.training_tiling(&job.shape)?;
        let training = Layout::new(&job.shape, &tiling)?;
        let batch = job.optimizer.batch.max(1);
        let groups = batch.div_ceil(tiling.rows).min(tiling.groups);
        let scratch_groups = context.tiling.groups;
        let stride = u64::from(layout.params_len) + 1;
        let most_tiles = if context.adapter.software {
            (MOST_TURNS / training.turns(&tiling)).max(1)
        } else {
            u32::MAX
        };
        let state = State::new(context, &layout)?;
        let run_clip = job.optimizer.clip_norm > 0.0;
        let workgroups = (stride as u32).div_ceil(tiling.lanes);
        let known = self.runs.get(&slot);
        let (pairs, block) = match known {
            // the same pairs: a learning rate that moves must not draw them anew
            Some(run) if !run.held && run.job.pairs == job.pairs && run.job.optimizer.batch == job.optimizer.batch => {
                (run.pairs.clone(), run.block)
            }
            _ => {
                let bytes = u64::from(PairStream::block_len(batch)) * 16;
                (buffers::storage(context, "pairs", bytes)?, None)
            }
        };
        let times = match known {
            Some(run) if Arc::ptr_eq(&run.job.rows, &job.rows) => run.times.clone(),
            _ => buffers::filled(context, "times", job.rows.as_slice())?,
        };
        let on_chip = tiling.chip_len > 0;
        let in_buffer = if on_chip { 0 } else { training.scratch_len };
        let scratch_bytes = u64::from(layout.scratch_len.max(in_buffer)) * 16 * u64::from(scratch_groups);
        let scratch = buffers::storage(context, "scratch", scratch_bytes)?;
        let partial = buffers::storage(context, "gradient parts", stride * 16 * u64::from(groups))?;
        let squares = buffers::storage(context, "squares", u64::from(workgroups) * 4)?;
        let losses = buffers::storage(context, "losses", LOSS_SLOTS as u64 * 4)?;
        let broken = buffers::storage(context, "broken", 4)?;
        let uniforms = buffers::uniform(context, "steps", LOSS_SLOTS as u64 * STEP_STRIDE)?;
        let code = activation_code(job.shape.activation);
        let train = self.pipelines.get(context, kernel::TRAIN, &tiling, code)?;
        let optimizer = self
            .pipelines
            .get(context, kernel::OPTIMIZER, &tiling, u32::from(run_clip))?;
        let [params, first, second, ema] = &state.buffers;
        let mut passes = vec![Pass {
            group: train.bind(context, &[&uniforms, params, &pairs, &times, &partial, &scratch]),
            pipeline: train,
            workgroups: groups,
        }];
        if run_clip {
            let reduce = self.pipelines.get(context, kernel::REDUCE, &tiling, 0)?;
            passes.push(Pass {
                group: reduce.bind(context, &[&uniforms, &partial, &squares]),
                pipeline: reduce,
                workgroups,
            });
        }
        let all = [
            &uniforms, &partial, &squares, params, first, second, ema, &losses, &broken,
        ];
        passes.push(Pass {
            group: optimizer.bind(context, &all),
            pipeline: optimizer,
            workgroups,
        });
        let run = Run {
            before: State::new(context, &layout)?,
            state,
            step: checkpoint.step,
            pairs,
            times,
            block,
            ahead: PairsAhead::default(),
            held: false,
            scratch,
            partial,
            losses,
            broken,
            uniforms,
            groups,
            tiling,
            training,
            rows: context.tiling.rows,
            most_tiles,
            scratch_groups,
            passes,
            steps_per_submit: 1.0,
            layout,
            job,
        };
        let parts = [
            &checkpoint.params,
            &checkpoint.first_moment,
            &checkpoint.second_moment,
            &checkpoint.ema,
        ];
        for (buffer, part) in run.state.buffers.iter().zip(parts) {
            let packed = run.layout.pack(part);
            context.queue.write_buffer(buffer, 0, bytemuck::cast_slice(&packed));
        }
        context.check()?;
        Ok(run)
    }

    /// The loss and its gradient (flat layout, before clipping) at the parameters of `slot` for these `batch` pairs, with
    /// the time rows of step `step`. For tests and self-checks.
    ///
    /// # Errors
    /// An unknown slot, or trouble of the device.
    #[doc(hidden)]
    pub fn gradient(&mut self, slot: Slot, pairs: &[Pair], step: u64) -> Result<(f32, Vec<f32>), Fault> {
        let run = self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        training::gradient(&self.context, run, pairs, step)
    }

    /// From now on every step of `slot` reads these pairs (`batch` of them) instead of the stream's. For tests.
    ///
    /// # Errors
    /// An unknown slot.
    #[doc(hidden)]
    pub fn hold_pairs(&mut self, slot: Slot, pairs: &[Pair]) -> Result<(), Fault> {
        let run = self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        self.context
            .queue
            .write_buffer(&run.pairs, 0, bytemuck::cast_slice(pairs));
        run.held = true;
        Ok(())
    }

    /// The device's random bits of indices `first..first + count` of a stream, and the time rows of a batch of `count`
    /// whose first index is `first`. For the test that they are Rust's.
    ///
    /// # Errors
    /// Trouble of the device.
    #[doc(hidden)]
    pub fn draw(
        &mut self,
        seed: u64,
        stream: Stream,
        first: u64,
        count: u32,
    ) -> Result<(Vec<[u32; 4]>, Vec<u32>), Fault> {
        let context = &self.context;
        let pipeline = self.pipelines.get(context, kernel::DRAW, &context.tiling, 0)?;
        let told = DrawUniforms {
            seed_low: seed as u32,
            seed_high: (seed >> 32) as u32,
            draw_low: first as u32,
            draw_high: (first >> 32) as u32,
            stream: stream as u32,
            count,
            ..DrawUniforms::default()
        };
        let uniforms = buffers::uniform(context, "draw", 256)?;
        context.queue.write_buffer(&uniforms, 0, bytemuck::bytes_of(&told));
        let words = buffers::storage(context, "words", u64::from(count) * 16)?;
        let rows = buffers::storage(context, "rows", u64::from(count) * 4)?;
        let group = pipeline.bind(context, &[&uniforms, &words, &rows]);
        let mut encoder = context
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipeline.pipeline);
            pass.set_bind_group(0, &group, &[0]);
            pass.dispatch_workgroups(count.div_ceil(context.tiling.lanes), 1, 1);
        }
        context.queue.submit([encoder.finish()]);
        let parts = buffers::read(
            context,
            &[(&words, u64::from(count) * 16), (&rows, u64::from(count) * 4)],
        )?;
        Ok((numbers(&parts[0]), numbers(&parts[1])))
    }
}

impl Backend for GpuBackend {
    fn name(&self) -> String {
        format!("gpu, {}", self.context.adapter.name)
    }

    fn dispatches(&self, slot: Slot) -> u32 {
        let of = |run: &Run| (0..run.passes.len()).map(|k| training::dispatches(run, k)).sum();
        self.runs.get(&slot).map_or(0, of)
    }

    fn load(&mut self, slot: Slot, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Result<(), Fault> {
        self.context.check()?;
        job.check(checkpoint)?;
        let run = self.make_run(slot, job, checkpoint)?;
        self.runs.insert(slot, run);
        Ok(())
    }

    fn train(&mut self, slot: Slot, steps: u32) -> Result<TrainReport, Fault> {
        let run = self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        training::train(&self.context, run, steps)
    }

    fn profile(&mut self, slot: Slot, steps: u32) -> Result<Vec<KernelCost>, Fault> {
        let run = self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        profile::profile(&self.context, run, steps)
    }

    fn evaluate(
        &mut self,
        slot: Slot,
        weights: Weights,
        points: &[[f32; 2]],
        times: &[f32],
    ) -> Result<Vec<[f32; 2]>, Fault> {
        sampling::evaluate(self, slot, weights, points, times)
    }

    fn integrate(
        &mut self,
        slot: Slot,
        weights: Weights,
        table: &Table,
        start: &[[f32; 2]],
        record: bool,
    ) -> Result<Trajectories, Fault> {
        sampling::integrate(self, slot, weights, table, start, record)
    }

    fn checkpoint(&mut self, slot: Slot) -> Result<Checkpoint, Fault> {
        let run = self.runs.get(&slot).ok_or_else(|| unknown(slot))?;
        let bytes = u64::from(run.layout.params_len) * 16;
        let sources: Vec<(&wgpu::Buffer, u64)> = run.state.buffers.iter().map(|b| (b, bytes)).collect();
        let mut parts = buffers::read(&self.context, &sources)?
            .into_iter()
            .map(|part| run.layout.unpack(&numbers(&part)));
        let mut next = || parts.next().unwrap_or_default();
        let (params, first_moment, second_moment, ema) = (next(), next(), next(), next());
        Ok(Checkpoint {
            ema: if run.job.optimizer.ema_decay > 0.0 {
                ema
            } else {
                params.clone()
            },
            params,
            first_moment,
            second_moment,
            step: run.step,
        })
    }

    fn forget(&mut self, slot: Slot) {
        self.runs.remove(&slot);
    }
}
