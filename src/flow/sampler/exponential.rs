//! Exponential integrators of the diffusion ODE in lambda = log(alpha / sigma): DDIM, DPM-Solver (noise form; Lu et al.
//! 2022, arXiv 2206.00927) and DPM-Solver++ (data form; Lu et al. 2022, arXiv 2211.01095), single- and multistep.
//!
//! From t to t', h = lambda' - lambda, the two forms are one formula: with m the network's noise, `lead = alpha' / alpha`,
//! `factor = sigma'`, z = h; with m its data, `lead = sigma' / sigma`, `factor = alpha'`, z = -h;
//! `x' = lead x - factor (psi1(z) m + psi2(z) m^(1) + psi3(z) m^(2))`, where m^(k) is h^k times the k-th derivative of m by
//! lambda in units of a full step, estimated from differences.

use super::maker::{Form, Maker};
use super::{Plan, Table};
use crate::flow::path::Path;

/// e^z - 1.
pub(super) fn psi1(z: f64) -> f64 {
    z.exp_m1()
}

/// psi1(z) / z - 1.
pub(super) fn psi2(z: f64) -> f64 {
    psi1(z) / z - 1.0
}

/// psi2(z) / z - 1/2.
pub(super) fn psi3(z: f64) -> f64 {
    psi2(z) / z - 0.5
}

/// The coefficients of one step in lambda.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leap {
    /// Factor of x.
    pub(super) lead: f64,
    /// What the outputs' weights are multiplied by, with a minus.
    pub(super) factor: f64,
    /// h in the noise form, -h in the data form.
    pub(super) z: f64,
}

impl Leap {
    pub(super) fn new(form: Form, path: Path, t: f64, t_next: f64) -> Self {
        let (from, to) = (path.at(t), path.at(t_next));
        let h = path.lambda(t_next) - path.lambda(t);
        match form {
            Form::Noise => Self {
                lead: to.alpha / from.alpha,
                factor: to.sigma,
                z: h,
            },
            _ => Self {
                lead: to.sigma / from.sigma,
                factor: to.alpha,
                z: -h,
            },
        }
    }
}

/// Singlestep DPM-Solver(++) of this order, 1 to 3: inner nodes even in the grid's own variable, general r1 and r2.
pub(super) fn singlestep(plan: &Plan, form: Form, order: u32) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let nodes = plan.grid.times(plan.path, t, t_next, order);
        let leaps: Vec<Leap> = nodes[1..]
            .iter()
            .map(|&node| Leap::new(form, plan.path, t, node))
            .collect();
        let whole = leaps[leaps.len() - 1];
        let r: Vec<f64> = leaps.iter().map(|leap| leap.z / whole.z).collect();
        maker.eval(0, t, form);
        // to the first node, or in order 1 to the end
        let first = leaps[0];
        maker.state(first.lead, &[(0, -first.factor * psi1(first.z))]);
        if order == 2 {
            maker.eval(1, nodes[1], form);
            let (m, d) = (psi1(whole.z), psi1(whole.z) / (2.0 * r[0]));
            maker.state(whole.lead, &scaled(-whole.factor, &[(0, m - d), (1, d)]));
        } else if order == 3 {
            maker.eval(1, nodes[1], form);
            let second = leaps[1];
            let (m, d) = (psi1(second.z), r[1] / r[0] * psi2(second.z));
            maker.state(second.lead, &scaled(-second.factor, &[(0, m - d), (1, d)]));
            maker.eval(2, nodes[2], form);
            let (m, d) = (psi1(whole.z), psi2(whole.z) / r[1]);
            maker.state(whole.lead, &scaled(-whole.factor, &[(0, m - d), (2, d)]));
        }
        maker.end_step();
    }
    maker.finish()
}

fn scaled(factor: f64, weights: &[(usize, f64)]) -> Vec<(usize, f64)> {
    weights.iter().map(|(slot, w)| (*slot, factor * w)).collect()
}

/// Multistep DPM-Solver(++) of this order, 1 to 3; the first steps have lower orders, the last one has not.
pub(super) fn multistep(plan: &Plan, form: Form, order: u32) -> Table {
    let mut maker = Maker::new(plan);
    let lambdas: Vec<f64> = maker.times.iter().map(|&t| plan.path.lambda(t)).collect();
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        maker.eval(k % 4, t, form);
        let leap = Leap::new(form, plan.path, t, t_next);
        // lengths of the steps before this one, in units of this one
        let r = |back: usize| (lambdas[k + 1 - back] - lambdas[k - back]) / (lambdas[k + 1] - lambdas[k]);
        let weights = match order.min(k as u32 + 1) {
            1 => vec![psi1(leap.z)],
            2 => {
                let d = psi1(leap.z) / (2.0 * r(1));
                vec![psi1(leap.z) + d, -d]
            }
            _ => {
                let (r0, r1) = (r(1), r(2));
                let (first, second) = (psi2(leap.z), psi3(leap.z) / (r0 + r1));
                let q = r0 / (r0 + r1);
                // of D0 = (m0 - m1) / r0 and D1 = (m1 - m2) / r1
                let d0 = (first * (1.0 + q) + second) / r0;
                let d1 = -(first * q + second) / r1;
                vec![psi1(leap.z) + d0, d1 - d0, -d1]
            }
        };
        let outputs: Vec<(usize, f64)> = weights
            .iter()
            .enumerate()
            .map(|(back, w)| ((k - back) % 4, -leap.factor * w))
            .collect();
        maker.state(leap.lead, &outputs);
        maker.end_step();
    }
    maker.finish()
}
