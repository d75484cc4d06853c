//! The tables of the explicit Runge-Kutta methods, from their Butcher tableaus
//! (Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", section II.1).
//!
//! One solver step from t to t + h, with `k_i` the outputs:
//! `x_i = x + h sum_{j<i} a_ij k_j`, `k_i = field(x_i, t + c_i h)`, `x <- x + h sum_i b_i k_i`.

use super::{Grid, MicroOp, OUT0, REGISTERS, STATE, STEP_START, Sampler, Table};

/// An explicit tableau of up to four stages; unused entries are 0.
#[derive(Clone, Copy, Debug)]
struct Tableau {
    stages: usize,
    a: [[f64; 4]; 4],
    b: [f64; 4],
    c: [f64; 4],
}

impl Tableau {
    const EULER: Self = Self {
        stages: 1,
        a: [[0.0; 4]; 4],
        b: [1.0, 0.0, 0.0, 0.0],
        c: [0.0; 4],
    };

    const RK4: Self = Self {
        stages: 4,
        a: [
            [0.0; 4],
            [0.5, 0.0, 0.0, 0.0],
            [0.0, 0.5, 0.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
        ],
        b: [1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
        c: [0.0, 0.5, 0.5, 1.0],
    };

    /// The order-2 family: second stage at a of the step, b2 = 1/(2a), b1 = 1 - b2.
    fn rk2(a: f64) -> Self {
        let mut tableau = Self::EULER;
        tableau.stages = 2;
        tableau.a[1][0] = a;
        tableau.b[1] = 0.5 / a;
        tableau.b[0] = 1.0 - tableau.b[1];
        tableau.c[1] = a;
        tableau
    }

    fn of(sampler: Sampler, rk2_a: f64) -> Option<Self> {
        match sampler {
            Sampler::Euler => Some(Self::EULER),
            Sampler::Midpoint => Some(Self::rk2(0.5)),
            Sampler::Heun => Some(Self::rk2(1.0)),
            Sampler::Ralston => Some(Self::rk2(2.0 / 3.0)),
            Sampler::Rk2 => Some(Self::rk2(rk2_a)),
            Sampler::Rk4 => Some(Self::RK4),
            Sampler::Dopri5 => None,
        }
    }
}

/// The table of a sampler from `t_start` to `t_end` in `steps` steps (0 counts as 1); None for dopri5, which chooses
/// its own steps (see [`super::dopri5`]). `rk2_a` is read by `rk2` alone and must be finite and not 0: 1/2 is
/// midpoint, 2/3 Ralston, 1 Heun.
pub fn table(sampler: Sampler, rk2_a: f64, grid: Grid, steps: u32, t_start: f64, t_end: f64) -> Option<Table> {
    let tableau = Tableau::of(sampler, rk2_a)?;
    let times = times(grid, steps.max(1), t_start, t_end);
    let mut ops = Vec::with_capacity((times.len() - 1) * (2 * tableau.stages + 2));
    for step in times.windows(2) {
        push_step(&mut ops, &tableau, step[0], step[1]);
    }
    Some(Table {
        ops,
        evaluations: tableau.stages as u32 * steps.max(1),
        times,
    })
}

/// The solver's times, `steps + 1` of them; both ends are met exactly.
fn times(grid: Grid, steps: u32, t_start: f64, t_end: f64) -> Vec<f64> {
    match grid {
        Grid::Uniform => (0..=steps)
            .map(|k| {
                if k == steps {
                    t_end
                } else {
                    t_start + (t_end - t_start) * f64::from(k) / f64::from(steps)
                }
            })
            .collect(),
    }
}

fn push_step(ops: &mut Vec<MicroOp>, tableau: &Tableau, t: f64, t_next: f64) {
    let h = t_next - t;
    for i in 0..tableau.stages {
        if i > 0 {
            ops.push(along(h, &tableau.a[i][..i]));
        }
        // c = 1 means the end of the step itself, free of rounding
        let c = tableau.c[i];
        let at_time = if c == 1.0 { t_next } else { t + c * h };
        ops.push(MicroOp::Eval {
            out: i,
            at: STATE,
            t: at_time,
            a: 0.0,
            b: 1.0,
        });
    }
    ops.push(along(h, &tableau.b[..tableau.stages]));
    let mut copy = [0.0; REGISTERS];
    copy[STATE] = 1.0;
    ops.push(MicroOp::Combine {
        into: STEP_START,
        coefficients: copy,
    });
    ops.push(MicroOp::Record);
}

/// `STATE = STEP_START + h sum of weights[i] OUT_i`.
fn along(h: f64, weights: &[f64]) -> MicroOp {
    let mut coefficients = [0.0; REGISTERS];
    coefficients[STEP_START] = 1.0;
    for (i, weight) in weights.iter().enumerate() {
        coefficients[OUT0 + i] = h * weight;
    }
    MicroOp::Combine {
        into: STATE,
        coefficients,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_count_their_evaluations_and_records() {
        for row in super::super::SAMPLERS {
            let Some(table) = table(row.sampler, 0.5, Grid::Uniform, 7, 0.25, 0.999) else {
                assert_eq!(row.sampler, Sampler::Dopri5);
                continue;
            };
            let evals = table.ops.iter().filter(|op| matches!(op, MicroOp::Eval { .. })).count();
            let records = table.ops.iter().filter(|op| matches!(op, MicroOp::Record)).count();
            assert_eq!(evals as u32, table.evaluations, "{}", row.name);
            assert_eq!(table.evaluations, 7 * row.evaluations, "{}", row.name);
            assert_eq!(records + 1, table.times.len(), "{}", row.name);
            assert_eq!((table.times[0], table.times[7]), (0.25, 0.999));
        }
    }

    #[test]
    fn tableaus_meet_the_order_conditions() {
        for (sampler, a) in [
            (Sampler::Midpoint, 0.0),
            (Sampler::Heun, 0.0),
            (Sampler::Ralston, 0.0),
            (Sampler::Rk2, 0.3),
            (Sampler::Rk4, 0.0),
        ] {
            let tableau = Tableau::of(sampler, a).unwrap();
            let sum: f64 = tableau.b.iter().sum();
            let second: f64 = tableau.b.iter().zip(tableau.c).map(|(b, c)| b * c).sum();
            // a few roundings of numbers near 1
            assert!((sum - 1.0).abs() < 1e-15 && (second - 0.5).abs() < 1e-15, "{sampler:?}");
            for i in 0..4 {
                assert!((tableau.a[i].iter().sum::<f64>() - tableau.c[i]).abs() < 1e-15);
            }
        }
    }
}
