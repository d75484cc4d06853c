//! Samplers as coefficient tables: per step a list of micro-operations over registers, run by one
//! interpreter here (f64 for exact fields, f32 for the CPU backend) and by one kernel (`shaders/integrate.wgsl`).
//!
//! Registers of a particle, each a point of the plane:
//! `STATE` (where the next evaluation looks, and what is recorded), `STEP_START`, `START` (where the whole
//! trajectory began), `OUT0..OUT3` (the last four network outputs, as `m_k = a x + b net`), `NOISE0`, `NOISE1`.
//!
//! A [`Plan`] says all that a table depends on; `tableau`, `restart`, `exponential`, `unipc` and `stochastic` make the tables of their
//! families, `interpret` runs a table, and `dopri5` is the one method that is not a table: it chooses its steps as it goes.
//! `anatomy` reads a table a second way, for one particle, and keeps what happens within each step.
//! `kinds` is the closed set of samplers, `grid` that of time grids, `level` the noise level
//! and its schedules, `noise` the Brownian paths that the noise registers are filled from.

pub mod anatomy;
mod dopri5;
mod exponential;
mod grid;
mod interpret;
mod kinds;
mod learned;
mod level;
mod maker;
mod noise;
mod plan;
mod process;
mod restart;
mod stochastic;
mod tableau;
#[cfg(test)]
mod tests;
mod unipc;

pub use dopri5::{Dopri5Error, EVALUATION_LIMIT, dopri5};
pub use grid::{GRIDS, Grid, GridRow};
pub use interpret::{Real, Recorded, interpret, interpret_from};
pub use kinds::{Family, SAMPLERS, Sampler, SamplerRow};
pub use level::{MOST_NOISE, NOISE_SCHEDULES, NoiseLevel, NoiseSchedule};
pub use noise::{NoiseDraw, NoiseStream};
pub use plan::{Plan, table};
pub use process::{PROCESSES, Process};
pub use stochastic::{langevin, noising};

/// Number of registers.
pub const REGISTERS: usize = 9;
/// The current point.
pub const STATE: usize = 0;
/// The point at the start of the current solver step.
pub const STEP_START: usize = 1;
/// The point at the start of the trajectory.
pub const START: usize = 2;
/// The first of four outputs.
pub const OUT0: usize = 3;
/// The first of two noises.
pub const NOISE0: usize = 7;

/// One micro-operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MicroOp {
    /// `register[OUT0 + out] = a x + b field(x, t)` with `x = register[at]`: one evaluation.
    Eval {
        /// Which of the four outputs is written, 0..4.
        out: usize,
        /// Which register is looked at.
        at: usize,
        /// Time.
        t: f64,
        /// Factor of x.
        a: f64,
        /// Factor of the field's value.
        b: f64,
    },
    /// `register[into]` = sum over i of `coefficients[i] register[i]`.
    Combine {
        /// Which register is written.
        into: usize,
        /// One factor a register.
        coefficients: [f64; REGISTERS],
    },
    /// `register[NOISE0 + into]` = draw `draw` of the table's noises, each particle its own.
    Noise {
        /// Which of the two noises is written, 0 or 1.
        into: usize,
        /// Which of [`Table::noises`].
        draw: usize,
    },
    /// STATE is the next recorded point of the trajectory.
    Record,
}

/// A sampler's whole run as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The operations in order. START and `STEP_START` hold the start point when they begin, and the start point is
    /// already recorded as `times[0]`.
    pub ops: Vec<MicroOp>,
    /// The times of the recorded points, first to last: one more than there are `Record` operations.
    pub times: Vec<f64>,
    /// Field evaluations per particle.
    pub evaluations: u32,
    /// The draws that noise operations name; none for an ODE.
    pub noises: Vec<NoiseDraw>,
    /// Of the particles' Brownian paths.
    pub noise_seed: u64,
}

impl Table {
    /// The draws of its noises.
    pub fn noise(&self) -> NoiseStream {
        NoiseStream::new(self.noise_seed, &self.noises)
    }
}
