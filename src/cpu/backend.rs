//! [`CpuBackend`]: the slots, the steps of a training, evaluation and integration on rayon's threads.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::optimizer::{Update, clip_scale};
use super::reference::{self, Rows};
use super::{batch, integrate};
use crate::backend::{Backend, Fault, Slot, TrainJob, TrainReport, Trajectories, Weights};
use crate::flow::coupling::{Pair, PairStream};
use crate::flow::sampler::Table;
use crate::net::{Checkpoint, Shape};

/// Points that one task evaluates.
const CHUNK: usize = 256;

/// One network in training.
struct Run {
    job: Arc<TrainJob>,
    state: Checkpoint,
    block: Option<(u64, Arc<Vec<Pair>>)>,
}

/// Trains and evaluates on the processor: the definition of every number, and the fallback where there is no GPU.
pub struct CpuBackend {
    pool: rayon::ThreadPool,
    runs: HashMap<Slot, Run>,
}

impl CpuBackend {
    /// A backend with its own threads: as many as given, or one a core.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where the system refuses the threads.
    pub fn new(threads: Option<usize>) -> Result<Self, Fault> {
        let count = threads
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
            .unwrap_or(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count.max(1))
            .thread_name(|i| format!("cpu {i}"))
            .build()
            .map_err(|e| Fault::Unavailable(format!("no threads for training: {e}")))?;
        Ok(Self {
            pool,
            runs: HashMap::new(),
        })
    }

    fn run(&mut self, slot: Slot) -> Result<&mut Run, Fault> {
        self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))
    }
}

fn unknown(slot: Slot) -> Fault {
    Fault::Unavailable(format!("nothing is loaded in slot {slot}"))
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

impl Run {
    /// The weights that a caller asks for.
    fn weights(&self, which: Weights) -> Vec<f64> {
        match which {
            Weights::Sampling if self.job.optimizer.ema_decay > 0.0 => wide(&self.state.ema),
            _ => wide(&self.state.params),
        }
    }

    /// The pairs of block `number`.
    fn pairs(&mut self, number: u64) -> Arc<Vec<Pair>> {
        match &self.block {
            Some((n, pairs)) if *n == number => pairs.clone(),
            _ => {
                let len = PairStream::block_len(self.job.optimizer.batch);
                let pairs = self.job.pairs.block(number, len);
                self.block = Some((number, pairs.clone()));
                pairs
            }
        }
    }

    /// One training step; its loss, or None where it is not finite (nothing is changed then).
    fn step(&mut self) -> Option<f32> {
        let job = self.job.clone();
        let size = job.optimizer.batch;
        let step = self.state.step;
        let (block, first) = batch::place(step, size);
        let pairs = self.pairs(block);
        let mut rows = Rows::default();
        let mut input = vec![0.0; job.shape.inputs()];
        for i in 0..size {
            let goal = batch::row(&job, step, i, pairs[first + i as usize], &mut input);
            rows.inputs.push(wide(&input));
            rows.targets.push(goal.target.map(f64::from));
            rows.weights.push(f64::from(goal.weight));
        }
        let (loss, gradient) = reference::loss_and_gradient(&job.shape, &wide(&self.state.params), &rows, job.loss);
        if !loss.is_finite() {
            return None;
        }
        let mut update = Update::new(&job.optimizer, step, job.planned_steps);
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        update.gradient_scale = clip_scale(norm, job.optimizer.clip_norm);
        let gradient: Vec<f32> = gradient.iter().map(|&g| g as f32).collect();
        let s = &mut self.state;
        update.apply(
            &gradient,
            &mut s.params,
            &mut s.first_moment,
            &mut s.second_moment,
            &mut s.ema,
        );
        s.step += 1;
        Some(loss as f32)
    }
}

/// The network's output at points that share one time.
fn field(shape: &Shape, params: &[f64], points: &[[f32; 2]], t: f32, out: &mut [[f32; 2]]) {
    let mut input = vec![0.0f32; shape.inputs()];
    shape.embed_time(t, &mut input[2..]);
    let mut input = wide(&input);
    for (p, o) in points.iter().zip(out) {
        input[0] = f64::from(p[0]);
        input[1] = f64::from(p[1]);
        let z = reference::forward(shape, params, &input);
        let last = &z[z.len() - 1];
        *o = [last[0] as f32, last[1] as f32];
    }
}

impl Backend for CpuBackend {
    fn name(&self) -> String {
        let n = self.pool.current_num_threads();
        format!("cpu, {n} thread{}", if n == 1 { "" } else { "s" })
    }

    fn load(&mut self, slot: Slot, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Result<(), Fault> {
        self.runs.insert(
            slot,
            Run {
                job,
                state: checkpoint.clone(),
                block: None,
            },
        );
        Ok(())
    }

    fn train(&mut self, slot: Slot, steps: u32) -> Result<TrainReport, Fault> {
        let Self { pool, runs } = self;
        let run = runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        let before = run.state.clone();
        let losses = pool.install(|| {
            let mut losses = Vec::with_capacity(steps as usize);
            for _ in 0..steps {
                losses.push(run.step().ok_or(run.state.step)?);
            }
            if run.state.is_finite() {
                Ok(losses)
            } else {
                Err(run.state.step.saturating_sub(1))
            }
        });
        match losses {
            Ok(losses) => Ok(TrainReport {
                step: run.state.step,
                losses,
            }),
            Err(step) => {
                run.state = before;
                Err(Fault::NonFinite { step })
            }
        }
    }

    fn evaluate(
        &mut self,
        slot: Slot,
        weights: Weights,
        points: &[[f32; 2]],
        times: &[f32],
    ) -> Result<Vec<[f32; 2]>, Fault> {
        let run = self.run(slot)?;
        let shape = run.job.shape.clone();
        let params = run.weights(weights);
        let mut out = vec![[0.0; 2]; points.len()];
        self.pool.install(|| {
            out.par_chunks_mut(CHUNK)
                .zip(points.par_chunks(CHUNK))
                .enumerate()
                .for_each(|(c, (out, points))| {
                    if times.len() == 1 {
                        field(&shape, &params, points, times[0], out);
                    } else {
                        for (i, (o, p)) in out.chunks_mut(1).zip(points.chunks(1)).enumerate() {
                            field(&shape, &params, p, times[c * CHUNK + i], o);
                        }
                    }
                });
        });
        Ok(out)
    }

    fn integrate(
        &mut self,
        slot: Slot,
        weights: Weights,
        table: &Table,
        start: &[[f32; 2]],
        record: bool,
    ) -> Result<Trajectories, Fault> {
        let run = self.run(slot)?;
        let shape = run.job.shape.clone();
        let params = run.weights(weights);
        Ok(self
            .pool
            .install(|| integrate::run(table, start, record, |x, t, out| field(&shape, &params, x, t, out))))
    }

    fn checkpoint(&mut self, slot: Slot) -> Result<Checkpoint, Fault> {
        let run = self.run(slot)?;
        let mut state = run.state.clone();
        if run.job.optimizer.ema_decay <= 0.0 {
            state.ema.clone_from(&state.params);
        }
        Ok(state)
    }

    fn forget(&mut self, slot: Slot) {
        self.runs.remove(&slot);
    }
}
