//! One network in training: its buffers, and the step.
//!
//! A step: every chunk of rows forms its batch rows, goes forward and backward, and leaves its own gradient; then the
//! chunks' gradients are summed in order and the update is applied, range by range. Which rows form a chunk and which
//! entries a range depends on the batch and the shape alone, so the numbers do not depend on the number of threads.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::batch::{self, Goal};
use super::layout::Layout;
use super::net::{Net, ROWS, Scratch};
use super::optimizer::{Update, clip_scale};
use super::simd::{Buffers, Isa, update};
use crate::backend::{TrainJob, Weights};
use crate::flow::coupling::{Pair, PairStream};
use crate::net::{Checkpoint, Optimizer, Shape};

/// A step has at most this many chunks, each with a gradient of its own.
const CHUNKS: usize = 16;
/// Entries of the parameter buffer that one task sums and updates.
const RANGE: usize = 4096;

/// Rows in a chunk, for a batch: whole blocks of [`ROWS`].
const fn chunk_rows(batch: usize) -> usize {
    batch.div_ceil(CHUNKS).div_ceil(ROWS) * ROWS
}

/// What training changes, in the padded layout.
#[derive(Clone, Default)]
struct State {
    params: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    ema: Vec<f32>,
    step: u64,
}

impl State {
    fn copy_from(&mut self, other: &Self) {
        self.params.clone_from(&other.params);
        self.first.clone_from(&other.first);
        self.second.clone_from(&other.second);
        self.ema.clone_from(&other.ema);
        self.step = other.step;
    }

    fn is_finite(&self) -> bool {
        [&self.params, &self.first, &self.second, &self.ema]
            .into_iter()
            .all(|v| v.iter().all(|x| x.is_finite()))
    }
}

/// The part of a step that one task does.
struct Chunk {
    gradient: Vec<f32>,
    loss: f64,
}

/// A thread's own buffers.
struct Bench {
    scratch: Scratch,
    goals: Vec<Goal>,
}

/// One network in training.
pub struct Run {
    isa: Isa,
    job: Arc<TrainJob>,
    layout: Layout,
    state: State,
    transposed: Vec<f32>,
    /// The state at the start of the present call of `train`.
    before: State,
    chunks: Vec<Chunk>,
    benches: Vec<Mutex<Bench>>,
    /// Sum of the chunks' gradients.
    gradient: Vec<f32>,
    /// Sum of squares of each range of it.
    squares: Vec<f64>,
    block: Option<(u64, Arc<Vec<Pair>>)>,
}

/// A copy of a network's weights for evaluation.
pub struct Frozen {
    isa: Isa,
    shape: Shape,
    layout: Layout,
    params: Vec<f32>,
    transposed: Vec<f32>,
}

impl Frozen {
    /// From parameters in the flat layout.
    pub fn new(isa: Isa, shape: &Shape, flat: &[f32]) -> Self {
        let layout = Layout::new(shape);
        let params = layout.pack(flat);
        Self::packed(isa, shape, &layout, &params)
    }

    fn packed(isa: Isa, shape: &Shape, layout: &Layout, params: &[f32]) -> Self {
        let mut transposed = vec![0.0; layout.transposed_len];
        layout.transpose(params, &mut transposed);
        Self {
            isa,
            shape: shape.clone(),
            layout: layout.clone(),
            params: params.to_vec(),
            transposed,
        }
    }

    /// Buffers for [`Self::field`].
    pub fn scratch(&self) -> Scratch {
        Scratch::new(&self.shape, false)
    }

    /// The output at every point; `times` one for all or one a point.
    pub fn field(&self, scratch: &mut Scratch, points: &[[f32; 2]], times: &[f32], out: &mut [[f32; 2]]) {
        let net = Net {
            isa: self.isa,
            activation: self.shape.activation,
            layout: &self.layout,
            params: &self.params,
            transposed: &self.transposed,
        };
        let inputs = self.shape.inputs();
        for (c, (points, out)) in points.chunks(ROWS).zip(out.chunks_mut(ROWS)).enumerate() {
            if let [t] = *times {
                let mut features = [0.0; 64];
                let features = &mut features[..inputs - 2];
                self.shape.embed_time(t, features);
                for (r, p) in points.iter().enumerate() {
                    let row = scratch.input(r);
                    row[..2].copy_from_slice(p);
                    row[2..inputs].copy_from_slice(features);
                }
            } else {
                for (r, p) in points.iter().enumerate() {
                    let row = scratch.input(r);
                    row[..2].copy_from_slice(p);
                    self.shape.embed_time(times[c * ROWS + r], &mut row[2..inputs]);
                }
            }
            net.forward(scratch, points.len(), false);
            out.copy_from_slice(&scratch.output[..points.len()]);
        }
    }
}

impl Run {
    /// A run from a checkpoint, for up to `threads` threads.
    pub fn new(isa: Isa, threads: usize, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Self {
        let layout = Layout::new(&job.shape);
        let chunks = Self::chunks(&job.optimizer, &layout);
        let mut run = Self {
            isa,
            state: State::default(),
            transposed: vec![0.0; layout.transposed_len],
            before: State::default(),
            chunks,
            benches: (0..threads.max(1))
                .map(|_| {
                    Mutex::new(Bench {
                        scratch: Scratch::new(&job.shape, true),
                        goals: vec![Goal::default(); ROWS],
                    })
                })
                .collect(),
            gradient: vec![0.0; layout.len],
            squares: vec![0.0; layout.len.div_ceil(RANGE)],
            block: None,
            layout,
            job,
        };
        run.set_state(checkpoint);
        run
    }

    fn chunks(o: &Optimizer, layout: &Layout) -> Vec<Chunk> {
        (0..(o.batch as usize).div_ceil(chunk_rows(o.batch as usize)))
            .map(|_| Chunk {
                gradient: vec![0.0; layout.len],
                loss: 0.0,
            })
            .collect()
    }

    fn set_state(&mut self, c: &Checkpoint) {
        self.state = State {
            params: self.layout.pack(&c.params),
            first: self.layout.pack(&c.first_moment),
            second: self.layout.pack(&c.second_moment),
            ema: self.layout.pack(&c.ema),
            step: c.step,
        };
        self.layout.transpose(&self.state.params, &mut self.transposed);
    }

    /// Takes another job and checkpoint for the same shape, keeping what still fits: the block of pairs, the buffers.
    pub fn reload(&mut self, job: Arc<TrainJob>, checkpoint: &Checkpoint) {
        let (old, new) = (&self.job, &job);
        if old.optimizer.batch != new.optimizer.batch {
            self.chunks = Self::chunks(&new.optimizer, &self.layout);
            self.block = None;
        }
        if old.pairs != new.pairs {
            self.block = None;
        }
        self.job = job;
        self.set_state(checkpoint);
    }

    /// The network's shape.
    pub fn shape(&self) -> &Shape {
        &self.job.shape
    }

    /// Steps taken.
    pub fn step_count(&self) -> u64 {
        self.state.step
    }

    /// A copy of the weights that a caller asks for.
    pub fn frozen(&self, which: Weights) -> Frozen {
        let params = match which {
            Weights::Sampling if self.job.optimizer.ema_decay > 0.0 => &self.state.ema,
            _ => &self.state.params,
        };
        Frozen::packed(self.isa, &self.job.shape, &self.layout, params)
    }

    /// All that training has changed, in the flat layout.
    pub fn checkpoint(&self) -> Checkpoint {
        let params = self.layout.unpack(&self.state.params);
        Checkpoint {
            first_moment: self.layout.unpack(&self.state.first),
            second_moment: self.layout.unpack(&self.state.second),
            ema: if self.job.optimizer.ema_decay > 0.0 {
                self.layout.unpack(&self.state.ema)
            } else {
                params.clone()
            },
            params,
            step: self.state.step,
        }
    }

    /// Takes `steps` steps on the current rayon threads and returns their losses.
    ///
    /// # Errors
    /// The step at which the loss or a parameter stopped being finite; the state is then what it was before.
    pub fn train(&mut self, steps: u32) -> Result<Vec<f32>, u64> {
        self.before.copy_from(&self.state);
        let mut losses = Vec::with_capacity(steps as usize);
        for _ in 0..steps {
            let loss = self.gradient();
            if !loss.is_finite() {
                return Err(self.undo());
            }
            self.update();
            losses.push(loss as f32);
        }
        if !self.state.is_finite() {
            self.state.step = self.state.step.saturating_sub(1);
            return Err(self.undo());
        }
        Ok(losses)
    }

    fn undo(&mut self) -> u64 {
        let step = self.state.step;
        self.state.copy_from(&self.before);
        self.layout.transpose(&self.state.params, &mut self.transposed);
        step
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

    /// The batch loss of the next step; every chunk is left with its part of the gradient.
    fn gradient(&mut self) -> f64 {
        let job = self.job.clone();
        let step = self.state.step;
        let (number, first) = batch::place(step, job.optimizer.batch);
        let pairs = self.pairs(number);
        self.learn(job.optimizer.batch as usize, |row, input| {
            batch::row(&job, step, row as u32, pairs[first + row], input)
        })
    }

    /// Loss and gradient of `count` rows; `fill(row, input)` writes a row's input and gives its goal.
    pub(super) fn learn(&mut self, count: usize, fill: impl Fn(usize, &mut [f32]) -> Goal + Sync) -> f64 {
        let net = Net {
            isa: self.isa,
            activation: self.job.shape.activation,
            layout: &self.layout,
            params: &self.state.params,
            transposed: &self.transposed,
        };
        let (benches, loss) = (&self.benches, self.job.loss);
        let per_chunk = chunk_rows(count);
        self.chunks
            .par_iter_mut()
            .with_max_len(1)
            .enumerate()
            .for_each(|(c, chunk)| {
                let mine = rayon::current_thread_index().unwrap_or(0) % benches.len();
                let mut bench = benches[mine].lock().unwrap_or_else(PoisonError::into_inner);
                let Bench { scratch, goals } = &mut *bench;
                chunk.loss = 0.0;
                let (begin, end) = (c * per_chunk, count.min((c + 1) * per_chunk));
                for row in (begin..end).step_by(ROWS) {
                    let rows = ROWS.min(end - row);
                    for r in 0..rows {
                        goals[r] = fill(row + r, scratch.input(r));
                    }
                    chunk.loss += net.learn(scratch, &goals[..rows], loss, count, &mut chunk.gradient, row > begin);
                }
            });
        self.chunks.iter().map(|c| c.loss).sum()
    }

    /// Sums the chunks' gradients and applies the update.
    fn update(&mut self) {
        let o = &self.job.optimizer;
        let mut rule = Update::new(o, self.state.step, self.job.planned_steps);
        let isa = self.isa;
        let chunks = &self.chunks;
        let sum = |at: usize, gradient: &mut [f32]| {
            let range = at..at + gradient.len();
            gradient.copy_from_slice(&chunks[0].gradient[range.clone()]);
            for chunk in &chunks[1..] {
                for (g, x) in gradient.iter_mut().zip(&chunk.gradient[range.clone()]) {
                    *g += x;
                }
            }
        };
        if o.clip_norm > 0.0 {
            self.gradient
                .par_chunks_mut(RANGE)
                .zip(&mut self.squares)
                .enumerate()
                .for_each(|(r, (gradient, squares))| {
                    sum(r * RANGE, gradient);
                    *squares = gradient.iter().map(|&g| f64::from(g) * f64::from(g)).sum();
                });
            rule.gradient_scale = clip_scale(self.squares.iter().sum::<f64>().sqrt(), o.clip_norm);
        }
        let summed = o.clip_norm > 0.0;
        let s = &mut self.state;
        self.gradient
            .par_chunks_mut(RANGE)
            .zip(s.params.par_chunks_mut(RANGE))
            .zip(s.first.par_chunks_mut(RANGE).zip(s.second.par_chunks_mut(RANGE)))
            .zip(s.ema.par_chunks_mut(RANGE))
            .enumerate()
            .for_each(|(r, (((gradient, params), (first, second)), ema))| {
                if !summed {
                    sum(r * RANGE, gradient);
                }
                update(
                    isa,
                    &rule,
                    &mut Buffers {
                        gradient,
                        params,
                        first,
                        second,
                        ema,
                    },
                );
            });
        s.step += 1;
        self.layout.transpose(&s.params, &mut self.transposed);
    }

    /// The summed gradient of the last [`Self::learn`], in the flat layout.
    #[cfg(test)]
    pub(super) fn flat_gradient(&self) -> Vec<f32> {
        let mut sum = vec![0.0; self.layout.len];
        for chunk in &self.chunks {
            for (s, g) in sum.iter_mut().zip(&chunk.gradient) {
                *s += g;
            }
        }
        self.layout.unpack(&sum)
    }

    /// One step on the given rows instead of the pair stream's; its loss.
    #[cfg(test)]
    pub(super) fn step_on(&mut self, count: usize, fill: impl Fn(usize, &mut [f32]) -> Goal + Sync) -> f64 {
        let loss = self.learn(count, fill);
        self.update();
        loss
    }
}
