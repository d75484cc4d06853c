//! Samplers as coefficient tables: per step a list of micro-operations over registers, run by one
//! interpreter here (f64 for exact fields, f32 for the CPU backend) and by one kernel (`shaders/integrate.wgsl`).
//!
//! Registers of a particle, each a point of the plane:
//! `STATE` (where the next evaluation looks, and what is recorded), `STEP_START`, `START` (where the whole
//! trajectory began), `OUT0..OUT3` (the last four network outputs, as `m_k = a x + b net`), `NOISE0`, `NOISE1`.
//!
//! `tableau` makes the tables of the explicit Runge-Kutta methods, `interpret` runs a table, and `dopri5` is the
//! one method that is not a table: it chooses its steps as it goes.

mod dopri5;
mod interpret;
mod learned;
mod tableau;

pub use dopri5::{Dopri5Error, EVALUATION_LIMIT, dopri5};
pub use interpret::{Real, Recorded, interpret};
pub use tableau::table;

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

/// One row of the table of samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplerRow {
    /// Which.
    pub sampler: Sampler,
    /// Name in files and on the command line.
    pub name: &'static str,
    /// Order of convergence: the error at the end falls as (step length)^order.
    pub order: u32,
    /// Field evaluations a solver step, per particle (dopri5: an accepted step after the first).
    pub evaluations: u32,
    /// One line of explanation.
    pub summary: &'static str,
}

/// Every sampler, in the order of the menus.
pub const SAMPLERS: [SamplerRow; 7] = [
    row(
        Sampler::Euler,
        "euler",
        1,
        1,
        "follows the slope at the start of each step",
    ),
    row(
        Sampler::Midpoint,
        "midpoint",
        2,
        2,
        "follows the slope found half a step ahead",
    ),
    row(
        Sampler::Heun,
        "heun",
        2,
        2,
        "follows the mean of the slopes at both ends of the step",
    ),
    row(
        Sampler::Ralston,
        "ralston",
        2,
        2,
        "order 2 with the least error bound: second slope at 2/3 of the step",
    ),
    row(
        Sampler::Rk2,
        "rk2",
        2,
        2,
        "order 2 with the second slope at a of the step (1/2 midpoint, 2/3 Ralston, 1 Heun)",
    ),
    row(Sampler::Rk4, "rk4", 4, 4, "the classical Runge-Kutta method of order 4"),
    row(
        Sampler::Dopri5,
        "dopri5",
        5,
        6,
        "adaptive Dormand-Prince 5(4): chooses its steps to meet a tolerance",
    ),
];

const fn row(sampler: Sampler, name: &'static str, order: u32, evaluations: u32, summary: &'static str) -> SamplerRow {
    SamplerRow {
        sampler,
        name,
        order,
        evaluations,
        summary,
    }
}

impl Sampler {
    /// This sampler's row of [`SAMPLERS`].
    pub fn row(self) -> SamplerRow {
        SAMPLERS[self as usize]
    }

    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sampler_finds_its_own_row_and_its_name_in_files() {
        for row in SAMPLERS {
            assert_eq!(row.sampler.row(), row);
            assert_eq!(serde_json::to_value(row.sampler).unwrap(), row.name);
        }
    }
}
