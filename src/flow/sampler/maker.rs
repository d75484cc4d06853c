//! What the makers of tables share: the form of the network's output, and the operations of a step.

use super::{MicroOp, NOISE0, NoiseDraw, OUT0, Plan, REGISTERS, STATE, STEP_START, Table};
use crate::flow::path::{Path, PathAt};

/// What a sampler makes of the field's velocity v at (x, t).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// v itself.
    Velocity,
    /// The noise E[x0 | x].
    Noise,
    /// The data E[x1 | x].
    Data,
    /// The score, -noise / sigma: for a standard normal source and the independent coupling.
    Score,
    /// The drift of the reverse SDE, v + w^2 score / 2.
    Drift {
        /// w^2, per unit t.
        w_squared: f64,
    },
}

impl Form {
    /// (a, b) with output = a x + b v, from v = alpha' x1 + sigma' x0 and x = alpha x1 + sigma x0
    /// (MATHS.md, "One network, five names").
    pub(super) fn factors(self, path: PathAt) -> (f64, f64) {
        let PathAt {
            alpha,
            sigma,
            d_alpha,
            d_sigma,
        } = path;
        let determinant = alpha * d_sigma - d_alpha * sigma;
        match self {
            Self::Velocity => (0.0, 1.0),
            Self::Noise => (-d_alpha / determinant, alpha / determinant),
            Self::Data => (d_sigma / determinant, -sigma / determinant),
            Self::Score => (d_alpha / (determinant * sigma), -alpha / (determinant * sigma)),
            Self::Drift { w_squared } => {
                let (a, b) = Self::Score.factors(path);
                (0.5 * w_squared * a, 1.0 + 0.5 * w_squared * b)
            }
        }
    }
}

/// A table in the making. Outputs are numbered by evaluation of a kind of memory: `slot` of the four.
pub(super) struct Maker {
    pub(super) path: Path,
    pub(super) times: Vec<f64>,
    ops: Vec<MicroOp>,
    evaluations: u32,
    noises: Vec<NoiseDraw>,
    noise_seed: u64,
}

impl Maker {
    pub(super) fn new(plan: &Plan) -> Self {
        let steps = plan.steps.max(1);
        Self {
            path: plan.path,
            times: plan.grid.times(plan.path, plan.from, plan.to, steps),
            ops: Vec::with_capacity(steps as usize * 6),
            evaluations: 0,
            noises: Vec::new(),
            noise_seed: plan.noise_seed,
        }
    }

    /// Number of solver steps.
    pub(super) fn steps(&self) -> usize {
        self.times.len() - 1
    }

    /// One evaluation at STATE, time t, kept in output `slot`.
    pub(super) fn eval(&mut self, slot: usize, t: f64, form: Form) {
        let (a, b) = match form {
            // free of the path, whose sigma' may be infinite at an end
            Form::Velocity => (0.0, 1.0),
            form => form.factors(self.path.at(t)),
        };
        self.evaluations += 1;
        self.ops.push(MicroOp::Eval {
            out: slot,
            at: STATE,
            t,
            a,
            b,
        });
    }

    /// STATE = `lead` `STEP_START` + sum of factors x outputs; a slot may come more than once.
    pub(super) fn state(&mut self, lead: f64, outputs: &[(usize, f64)]) {
        self.noisy_state(lead, outputs, 0.0);
    }

    /// [`Self::state`] + `spread` NOISE0.
    pub(super) fn noisy_state(&mut self, lead: f64, outputs: &[(usize, f64)], spread: f64) {
        let mut coefficients = [0.0; REGISTERS];
        coefficients[STEP_START] = lead;
        coefficients[NOISE0] = spread;
        for (slot, factor) in outputs {
            coefficients[OUT0 + slot] += factor;
        }
        self.combine(STATE, coefficients);
    }

    /// Noise register `into` = a fresh draw: the increment of a particle's path number `lane` from t to `t_next`, of unit variance.
    pub(super) fn noise(&mut self, into: usize, t: f64, t_next: f64, lane: u32) {
        let draw = self.noises.len();
        self.noises.push(NoiseDraw {
            from: t,
            to: t_next,
            lane,
        });
        self.ops.push(MicroOp::Noise { into, draw });
    }

    /// `register[into]` = sum of coefficients x registers.
    pub(super) fn combine(&mut self, into: usize, coefficients: [f64; REGISTERS]) {
        self.ops.push(MicroOp::Combine { into, coefficients });
    }

    /// STATE is where the step ends and the next begins.
    pub(super) fn end_step(&mut self) {
        let mut copy = [0.0; REGISTERS];
        copy[STATE] = 1.0;
        self.combine(STEP_START, copy);
        self.ops.push(MicroOp::Record);
    }

    pub(super) fn finish(self) -> Table {
        Table {
            ops: self.ops,
            times: self.times,
            evaluations: self.evaluations,
            noises: self.noises,
            noise_seed: self.noise_seed,
        }
    }
}
