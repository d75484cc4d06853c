//! The one trait between the engine and the arithmetic, and the plain types it takes and gives.

mod ahead;

use std::sync::Arc;

use crate::flow::coupling::PairStream;
pub use crate::flow::loss::Loss;
use crate::flow::prediction::Output;
use crate::flow::sampler::Table;
use crate::flow::time_density::{TIME_ROWS, TimeRow};
use crate::net::{Checkpoint, Optimizer, Shape};

pub use ahead::PairsAhead;

/// Which of several networks held by a backend.
pub type Slot = u32;

/// All that a training needs, as tables. One step: take `batch` pairs in order from the current block, give row i the
/// time row [`crate::flow::random::time_row`]`(seed, step, i, batch)`, form X_t and the regression target, take the
/// mean over rows of weight x loss, and update.
#[derive(Clone, Debug)]
pub struct TrainJob {
    /// The network.
    pub shape: Shape,
    /// What its output means; a backend gives the output as it is, the engine converts (`engine/learned`).
    pub output: Output,
    /// The table of times, `TIME_ROWS` long.
    pub rows: Arc<Vec<TimeRow>>,
    /// The times by the run's own law of t, for measures: the same, unless training rows lie denser where they weigh more.
    pub law: Arc<Vec<TimeRow>>,
    /// The loss.
    pub loss: Loss,
    /// The update rule; its learning rate at a step is `optimizer.rate(step, planned_steps)`.
    pub optimizer: Optimizer,
    /// Length of the schedule.
    pub planned_steps: u64,
    /// The run's seed, for the time rows.
    pub seed: u64,
    /// Where pairs come from: step s reads block `s / steps_per_block`, rows from `(s % steps_per_block) * batch`.
    pub pairs: Arc<PairStream>,
}

impl TrainJob {
    /// Whether the settings are in range and the tables fit each other: a backend takes plain data, which may come from a file.
    ///
    /// # Errors
    /// [`Fault::Unavailable`], in words for people.
    pub fn check(&self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        self.shape
            .validate()
            .and_then(|()| self.optimizer.validate())
            .map_err(Fault::Unavailable)?;
        self.check_tables(checkpoint)
    }

    /// Whether the tables fit each other, whatever the settings.
    ///
    /// # Errors
    /// [`Fault::Unavailable`], in words for people.
    pub fn check_tables(&self, checkpoint: &Checkpoint) -> Result<(), Fault> {
        let len = self.shape.params_len();
        let c = checkpoint;
        let found = [&c.params, &c.first_moment, &c.second_moment, &c.ema].map(Vec::len);
        if found != [len; 4] {
            return Err(Fault::Unavailable(format!(
                "the checkpoint holds {found:?} numbers, the network takes {len}"
            )));
        }
        if self.rows.len() != TIME_ROWS {
            return Err(Fault::Unavailable(format!(
                "the table of times has {} rows, not {TIME_ROWS}",
                self.rows.len()
            )));
        }
        Ok(())
    }
}

/// Which weights to evaluate with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// The moving average where the run keeps one, else the parameters.
    #[default]
    Sampling,
    /// The parameters as they are.
    Live,
}

/// What a call of `train` reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainReport {
    /// Steps taken since the run began, after this call.
    pub step: u64,
    /// The batch loss (weighted) of each step of this call, in order.
    pub losses: Vec<f32>,
}

/// Recorded states of particles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectories {
    /// Times of the recorded states, first to last.
    pub times: Vec<f64>,
    /// Particle-major: state k of particle p is `states[p * times.len() + k]`, data units.
    pub states: Vec<[f32; 2]>,
    /// Field evaluations per particle.
    pub evaluations: u32,
}

impl Trajectories {
    /// Number of particles.
    pub fn count(&self) -> usize {
        self.states.len().checked_div(self.times.len()).unwrap_or(0)
    }

    /// The states of particle `p`, first to last.
    pub fn particle(&self, p: usize) -> &[[f32; 2]] {
        &self.states[p * self.times.len()..(p + 1) * self.times.len()]
    }

    /// The last state of every particle.
    pub fn ends(&self) -> Vec<[f32; 2]> {
        let n = self.times.len().max(1);
        self.states.chunks_exact(n).map(|c| c[n - 1]).collect()
    }

    /// Where every particle is at time t, on the straight pieces between solver states (clamped to the ends).
    pub fn at(&self, t: f64) -> Vec<[f32; 2]> {
        let n = self.times.len();
        if n < 2 {
            return self.states.clone();
        }
        let k = self.times.partition_point(|&x| x <= t).clamp(1, n - 1);
        let (a, b) = (self.times[k - 1], self.times[k]);
        let f = (((t - a) / (b - a)).clamp(0.0, 1.0)) as f32;
        self.states
            .chunks_exact(n)
            .map(|c| {
                [
                    c[k - 1][0] + f * (c[k][0] - c[k - 1][0]),
                    c[k - 1][1] + f * (c[k][1] - c[k - 1][1]),
                ]
            })
            .collect()
    }
}

/// What told a [`KernelCost`]'s time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The device's own timestamps.
    Timestamps,
    /// The wall clock around a submission of several: launching is included.
    Wall,
}

/// What one kernel of a training step costs.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelCost {
    /// Its name, the stem of its file in `shaders/`.
    pub name: &'static str,
    /// Median time of a step's dispatches of it, seconds.
    pub secs: f64,
    /// Every such time that was taken, shortest first.
    pub each: Vec<f64>,
    /// Workgroups of one dispatch.
    pub workgroups: u32,
    /// Bytes that it has to read and write in buffers.
    pub bytes: u64,
    /// Its multiply-adds.
    pub multiply_adds: u64,
    /// How it was timed.
    pub clock: Clock,
}

/// Why a backend could not do what it was asked. Its parameters before the call are those of the last good checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The loss or a parameter stopped being finite at this step (counted from the run's start).
    NonFinite {
        /// The step.
        step: u64,
    },
    /// The device went away.
    DeviceLost(String),
    /// Not enough memory on the device.
    OutOfMemory(String),
    /// No such adapter, or it lacks something.
    Unavailable(String),
    /// A solver that could not reach its end; the backend itself is well.
    Solver(String),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NonFinite { step } => write!(f, "the loss stopped being a finite number at step {step}"),
            Self::DeviceLost(why) => write!(f, "the graphics device was lost: {why}"),
            Self::OutOfMemory(why) => write!(f, "the graphics device ran out of memory: {why}"),
            Self::Solver(why) => f.write_str(why),
            Self::Unavailable(why) => write!(f, "no usable graphics device: {why}"),
        }
    }
}

impl std::error::Error for Fault {}

/// Trains and evaluates networks. Two implementations: [`crate::cpu::CpuBackend`], the definition, and the GPU's.
pub trait Backend: Send {
    /// For people: "cpu, 2 threads, avx512" or "gpu, llvmpipe (…)"; begins with cpu or gpu.
    fn name(&self) -> String;

    /// Makes `slot` hold this job and these parameters; also the way to change a job while keeping its parameters.
    ///
    /// # Errors
    /// Settings out of range, tables that do not fit each other, or trouble of the device.
    fn load(&mut self, slot: Slot, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Result<(), Fault>;

    /// Takes `steps` training steps.
    ///
    /// # Errors
    /// [`Fault::NonFinite`] where the loss or a parameter stops being finite (the parameters are then those before the call), an
    /// unknown slot, or trouble of the device.
    fn train(&mut self, slot: Slot, steps: u32) -> Result<TrainReport, Fault>;

    /// Dispatches of one training step of this slot; 0 where there are none, or nothing is loaded.
    fn dispatches(&self, slot: Slot) -> u32 {
        let _ = slot;
        0
    }

    /// What each kernel of a training step costs, measured over `steps` steps that leave the run as it is; nothing where
    /// there are no kernels.
    ///
    /// # Errors
    /// An unknown slot, or trouble of the device.
    fn profile(&mut self, slot: Slot, steps: u32) -> Result<Vec<KernelCost>, Fault> {
        let _ = (slot, steps);
        Ok(Vec::new())
    }

    /// The network's output at each point, `times` one for all or one a point.
    ///
    /// # Errors
    /// An unknown slot, a wrong number of times, or trouble of the device.
    fn evaluate(
        &mut self,
        slot: Slot,
        weights: Weights,
        points: &[[f32; 2]],
        times: &[f32],
    ) -> Result<Vec<[f32; 2]>, Fault>;

    /// Carries the start points through a sampler's table, recording as it says; with `record` false only the first and last state are kept.
    ///
    /// # Errors
    /// An unknown slot, or trouble of the device.
    fn integrate(
        &mut self,
        slot: Slot,
        weights: Weights,
        table: &Table,
        start: &[[f32; 2]],
        record: bool,
    ) -> Result<Trajectories, Fault>;

    /// All that training has changed.
    ///
    /// # Errors
    /// An unknown slot, or trouble of the device.
    fn checkpoint(&mut self, slot: Slot) -> Result<Checkpoint, Fault>;

    /// Forgets a slot; an unknown one is no error.
    fn forget(&mut self, slot: Slot);
}
