//! Samplers as coefficient tables: per step a list of micro-operations over registers, run by one
//! interpreter here (f64 for exact fields, f32 for the CPU backend) and by one kernel (`shaders/integrate.wgsl`).
//!
//! Registers of a particle, each a point of the plane:
//! `STATE` (where the next evaluation looks, and what is recorded), `STEP_START`, `START` (where the whole
//! trajectory began), `OUT0..OUT3` (the last four network outputs, as m_k = a x + b net), `NOISE0`, `NOISE1`.

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
    /// register[OUT0 + out] = a x + b field(x, t) with x = register[at]: one evaluation.
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
    /// register[into] = sum over i of coefficients[i] register[i].
    Combine {
        /// Which register is written.
        into: usize,
        /// One factor a register.
        coefficients: [f64; REGISTERS],
    },
    /// STATE is the next recorded point of the trajectory.
    Record,
}

/// A sampler's whole run as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The operations in order. START and STEP_START hold the start point when they begin, and the start point is
    /// already recorded as `times[0]`.
    pub ops: Vec<MicroOp>,
    /// The times of the recorded points, first to last: one more than there are `Record` operations.
    pub times: Vec<f64>,
    /// Field evaluations per particle.
    pub evaluations: u32,
}

/// The method that integrates an ordinary differential equation. A closed set; `SAMPLERS` is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampler {
    /// Order 1, one evaluation a step.
    Euler,
    /// Order 2, the slope at the middle.
    Midpoint,
    /// Order 2, the mean of the slopes at both ends.
    #[default]
    Heun,
    /// Order 2, least error bound (a = 2/3).
    Ralston,
    /// Order 2 with parameter a: b2 = 1/(2a), b1 = 1 - b2.
    Rk2,
    /// The classical order 4.
    Rk4,
    /// Adaptive Dormand-Prince 5(4): a host loop, not a table.
    Dopri5,
}

/// Where the solver steps lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grid {
    /// Even in t.
    #[default]
    Uniform,
}

/// The table of a sampler from `t_start` to `t_end` in `steps` steps; None for dopri5, which chooses its own steps
/// (see `dopri5`).
pub fn table(_sampler: Sampler, _rk2_a: f64, _grid: Grid, _steps: u32, _t_start: f64, _t_end: f64) -> Option<Table> {
    todo!("sampler helper")
}
