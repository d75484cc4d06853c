//! One network in training: its buffers, and the step.
//!
//! A step: every chunk of rows forms its batch rows, goes forward and backward, and leaves its own gradient; then the
//! chunks' gradients are summed in order and the update is applied, range by range. Which rows form a chunk and which
//! entries a range depends on the batch and the shape alone, so the numbers do not depend on the number of threads.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::batch::{self, Goal};
use super::buffer::Buffer;
use super::layout::Layout;
use super::net::{Net, ROWS, Scratch, Tangents};
use super::optimizer::{Update, clip_scale};
use super::simd::{Block, Buffers, Isa, column_sums, update};
use crate::backend::{PairsAhead, TrainJob, Weights};
use crate::flow::coupling::{Pair, PairStream};
use crate::flow::quantity::Derivatives;
use crate::net::{Checkpoint, Shape};

/// A step has at most this many chunks, each with a gradient of its own.
const CHUNKS: usize = 16;
/// Entries of the parameter buffer that one task sums and updates.
const RANGE: usize = 4096;

/// Most time features of a network.
pub const MAX_FEATURES: usize = 64;

/// Rows in a chunk, for a batch: whole blocks of [`ROWS`].
const fn chunk_rows(batch: usize) -> usize {
    batch.div_ceil(CHUNKS).div_ceil(ROWS) * ROWS
}

/// What training changes, in the padded layout.
#[derive(Default)]
struct State {
    params: Buffer,
    first: Buffer,
    second: Buffer,
    ema: Buffer,
    step: u64,
}

impl State {
    fn copy_from(&mut self, other: &Self) {
        self.params.copy_from(&other.params);
        self.first.copy_from(&other.first);
        self.second.copy_from(&other.second);
        self.ema.copy_from(&other.ema);
        self.step = other.step;
    }

    fn is_finite(&self) -> bool {
        [&self.params, &self.first, &self.second, &self.ema]
            .into_iter()
            .all(|v| v.iter().all(|x| x.is_finite()))
    }
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
    transposed: Buffer,
    /// The state at the start of the present call of `train`.
    before: State,
    /// The gradient of every chunk, one after the other, and its part of the loss.
    gradients: Buffer,
    losses: Vec<f64>,
    benches: Vec<Mutex<Bench>>,
    /// Sum of the chunks' gradients.
    gradient: Buffer,
    /// Sum of squares of each range of it.
    squares: Vec<f64>,
    pairs: PairsAhead,
}

/// A copy of a network's weights for evaluation.
pub struct Frozen {
    isa: Isa,
    shape: Shape,
    layout: Layout,
    params: Buffer,
    transposed: Buffer,
}

impl Frozen {
    /// From parameters in the flat layout.
    pub fn new(isa: Isa, shape: &Shape, flat: &[f32]) -> Self {
        let layout = Layout::new(shape);
        let params = layout.pack(flat);
        Self::packed(isa, shape, &layout, &params)
    }

    fn packed(isa: Isa, shape: &Shape, layout: &Layout, params: &[f32]) -> Self {
        let mut transposed = Buffer::new(layout.transposed_len);
        layout.transpose(params, &mut transposed);
        let mut own = Buffer::new(layout.len);
        own.copy_from_slice(params);
        Self {
            isa,
            shape: shape.clone(),
            layout: layout.clone(),
            params: own,
            transposed,
        }
    }

    /// Buffers for [`Self::field`].
    pub fn scratch(&self) -> Scratch {
        Scratch::new(&self.shape, false)
    }

    fn net(&self) -> Net<'_> {
        Net {
            isa: self.isa,
            activation: self.shape.activation,
            layout: &self.layout,
            params: &self.params,
            transposed: &self.transposed,
        }
    }

    /// Writes the inputs of a block of rows; `times` one for all or one a point.
    fn fill(&self, scratch: &mut Scratch, points: &[[f32; 2]], times: &[f32]) {
        let inputs = self.shape.inputs();
        let (rows, stride) = scratch.inputs();
        let mut features = [0.0; MAX_FEATURES];
        let features = &mut features[..inputs - 2];
        if let [t] = *times {
            self.shape.embed_time(t, features);
        }
        for (r, (p, row)) in points.iter().zip(rows.chunks_mut(stride)).enumerate() {
            if times.len() > 1 {
                self.shape.embed_time(times[r], features);
            }
            row[..2].copy_from_slice(p);
            row[2..inputs].copy_from_slice(features);
        }
    }

    /// The output at every point; `times` one for all or one a point.
    pub fn field(&self, scratch: &mut Scratch, points: &[[f32; 2]], times: &[f32], out: &mut [[f32; 2]]) {
        for (c, (points, out)) in points.chunks(ROWS).zip(out.chunks_mut(ROWS)).enumerate() {
            self.fill(scratch, points, times_of(times, c, points.len()));
            self.net().forward(scratch, points.len(), false);
            out.copy_from_slice(&scratch.output[..points.len()]);
        }
    }

    /// Output and derivatives at every point on the current rayon threads; `times` one for all or one a point.
    pub fn derivatives(&self, points: &[[f32; 2]], times: &[f32]) -> Vec<Derivatives> {
        let mut out = vec![Derivatives::default(); points.len()];
        out.par_chunks_mut(ROWS)
            .zip(points.par_chunks(ROWS))
            .enumerate()
            .for_each_init(
                || (Scratch::new(&self.shape, true), Tangents::new(&self.shape)),
                |(scratch, tangents), (c, (out, points))| {
                    let times = times_of(times, c, points.len());
                    self.fill(scratch, points, times);
                    self.net().forward(scratch, points.len(), true);
                    for (o, value) in out.iter_mut().zip(&scratch.output) {
                        o.velocity = value.map(f64::from);
                    }
                    self.tangents(scratch, tangents, times, out);
                },
            );
        out
    }

    /// The derivatives along x, y and t of the rows that went through `scratch`.
    fn tangents(&self, scratch: &mut Scratch, tangents: &mut Tangents, times: &[f32], out: &mut [Derivatives]) {
        let inputs = self.shape.inputs();
        for axis in 0..3 {
            let (_, stride) = scratch.inputs();
            let rows = tangents.directions().chunks_mut(stride).take(out.len());
            for (r, row) in rows.enumerate() {
                row[..inputs].fill(0.0);
                if axis < 2 {
                    row[axis] = 1.0;
                } else {
                    let t = times[r.min(times.len() - 1)];
                    self.shape.embed_time_slope(t, &mut row[2..inputs]);
                }
            }
            self.net().tangent(scratch, tangents, out.len());
            for (o, d) in out.iter_mut().zip(&tangents.output) {
                let part = [&mut o.jacobian.by_x, &mut o.jacobian.by_y, &mut o.by_t];
                *part[axis] = d.map(f64::from);
            }
        }
    }
}

/// The times of block `c`, which has `rows` rows.
fn times_of(times: &[f32], c: usize, rows: usize) -> &[f32] {
    if times.len() == 1 {
        times
    } else {
        &times[c * ROWS..][..rows]
    }
}

impl Run {
    /// A run from a checkpoint, for up to `threads` threads.
    pub fn new(isa: Isa, threads: usize, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Self {
        let layout = Layout::new(&job.shape);
        let mut run = Self {
            isa,
            state: State::default(),
            transposed: Buffer::new(layout.transposed_len),
            before: State::default(),
            gradients: Buffer::default(),
            losses: Vec::new(),
            benches: (0..threads.max(1))
                .map(|_| {
                    Mutex::new(Bench {
                        scratch: Scratch::new(&job.shape, true),
                        goals: vec![Goal::default(); ROWS],
                    })
                })
                .collect(),
            gradient: Buffer::new(layout.len),
            squares: vec![0.0; layout.len.div_ceil(RANGE)],
            pairs: PairsAhead::default(),
            layout,
            job,
        };
        run.make_chunks();
        run.set_state(checkpoint);
        run
    }

    /// Room for the chunks of the job's batch.
    fn make_chunks(&mut self) {
        let batch = self.job.optimizer.batch as usize;
        let count = batch.div_ceil(chunk_rows(batch));
        self.gradients = Buffer::new(count * self.layout.len);
        self.losses = vec![0.0; count];
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
        let old = std::mem::replace(&mut self.job, job);
        if old.optimizer.batch != self.job.optimizer.batch {
            self.make_chunks();
            self.pairs.clear();
        }
        if old.pairs != self.job.pairs {
            self.pairs.clear();
        }
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
        let len = PairStream::block_len(self.job.optimizer.batch);
        self.pairs.block(&self.job.pairs, number, len)
    }

    /// The batch loss of the next step; every chunk is left with its part of the gradient.
    fn gradient(&mut self) -> f64 {
        let job = self.job.clone();
        let step = self.state.step;
        let (number, first) = batch::place(step, job.optimizer.batch);
        let pairs = self.pairs(number);
        self.learn(job.optimizer.batch as usize, |row, inputs, stride, goals| {
            let pairs = &pairs[first + row..][..goals.len()];
            batch::fill(&job, step, row, pairs, inputs, stride, goals);
        })
    }

    /// Loss and gradient of `count` rows; `fill(row, inputs, stride, goals)` writes the inputs and goals of the rows
    /// from `row` on, as many as there are goals.
    pub(super) fn learn(&mut self, count: usize, fill: impl Fn(usize, &mut [f32], usize, &mut [Goal]) + Sync) -> f64 {
        let net = Net {
            isa: self.isa,
            activation: self.job.shape.activation,
            layout: &self.layout,
            params: &self.state.params,
            transposed: &self.transposed,
        };
        let (benches, loss) = (&self.benches, self.job.loss);
        let per_chunk = chunk_rows(count);
        self.gradients
            .par_chunks_mut(self.layout.len)
            .zip(&mut self.losses)
            .with_max_len(1)
            .enumerate()
            .for_each(|(c, (gradient, part))| {
                let mine = rayon::current_thread_index().unwrap_or(0) % benches.len();
                let mut bench = benches[mine].lock().unwrap_or_else(PoisonError::into_inner);
                let Bench { scratch, goals } = &mut *bench;
                *part = 0.0;
                let (begin, end) = (c * per_chunk, count.min((c + 1) * per_chunk));
                for row in (begin..end).step_by(ROWS) {
                    let rows = ROWS.min(end - row);
                    let (inputs, stride) = scratch.inputs();
                    fill(row, inputs, stride, &mut goals[..rows]);
                    *part += net.learn(scratch, &goals[..rows], loss, count, gradient, row > begin);
                }
            });
        self.losses.iter().sum()
    }

    /// Sums the chunks' gradients and applies the update.
    fn update(&mut self) {
        let o = &self.job.optimizer;
        let mut rule = Update::new(o, self.state.step, self.job.planned_steps);
        let isa = self.isa;
        let (gradients, stride, chunks) = (&self.gradients[..], self.layout.len, self.losses.len());
        let sum = |at: usize, gradient: &mut [f32]| {
            let block = Block {
                rows: chunks,
                columns: gradient.len(),
                stride,
            };
            column_sums(isa, block, &gradients[at..], gradient, false);
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
        for chunk in self.gradients.chunks(self.layout.len) {
            for (s, g) in sum.iter_mut().zip(chunk) {
                *s += g;
            }
        }
        self.layout.unpack(&sum)
    }

    /// One step on the given rows instead of the pair stream's; its loss.
    #[cfg(test)]
    pub(super) fn step_on(&mut self, count: usize, fill: impl Fn(usize, &mut [f32], usize, &mut [Goal]) + Sync) -> f64 {
        let loss = self.learn(count, fill);
        self.update();
        loss
    }
}
