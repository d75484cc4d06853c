//! The tables of the explicit Runge-Kutta methods and of Adams-Bashforth 2: the first from their Butcher tableaus
//! (Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", section II.1).
//!
//! One solver step from t to t + h, with `k_i` the outputs:
//! `x_i = x + h sum_{j<i} a_ij k_j`, `k_i = field(x_i, t + c_i h)`, `x <- x + h sum_i b_i k_i`.

use super::maker::{Form, Maker};
use super::{Plan, Sampler, Table};

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
            _ => None,
        }
    }
}

/// The table of a Runge-Kutta method; None for any other.
pub(super) fn table(plan: &Plan) -> Option<Table> {
    let tableau = Tableau::of(plan.sampler, plan.rk2_a)?;
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        push_step(&mut maker, &tableau, t, t_next);
    }
    Some(maker.finish())
}

fn push_step(maker: &mut Maker, tableau: &Tableau, t: f64, t_next: f64) {
    let h = t_next - t;
    for i in 0..tableau.stages {
        if i > 0 {
            along(maker, h, &tableau.a[i][..i]);
        }
        // c = 1 means the end of the step itself, free of rounding
        let c = tableau.c[i];
        let at_time = if c == 1.0 { t_next } else { t + c * h };
        maker.eval(i, at_time, Form::Velocity);
    }
    along(maker, h, &tableau.b[..tableau.stages]);
    maker.end_step();
}

/// `STATE = STEP_START + h sum of weights[i] OUT_i`.
fn along(maker: &mut Maker, h: f64, weights: &[f64]) {
    let outputs: Vec<(usize, f64)> = weights.iter().map(|w| h * w).enumerate().collect();
    maker.state(1.0, &outputs);
}

/// Adams-Bashforth of order 2 for steps of any lengths, with w the ratio of this step to the one before:
/// `x' = x + h ((1 + w/2) v_n - (w/2) v_{n-1})`; the first step is Euler's.
pub(super) fn adams_bashforth(plan: &Plan) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let t = maker.times[k];
        let h = maker.times[k + 1] - t;
        maker.eval(k % 2, t, Form::Velocity);
        if k == 0 {
            maker.state(1.0, &[(0, h)]);
        } else {
            let half = 0.5 * h / (t - maker.times[k - 1]);
            maker.state(1.0, &[(k % 2, h * (1.0 + half)), ((k - 1) % 2, -h * half)]);
        }
        maker.end_step();
    }
    maker.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

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
