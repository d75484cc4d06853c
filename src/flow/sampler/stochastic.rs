//! Samplers of the reverse SDE `dx = (v + w^2 score / 2) dt + w dW`, w = eta g (MATHS.md, "Three dynamics"), and the two
//! processes beside it: the forward one from data to noise, and Langevin dynamics at a fixed t.
//!
//! In terms of the data estimate x1hat and h = lambda' - lambda, with eta held over the step, the SDE's linear part is solved
//! exactly by
//! `x' = (sigma'/sigma) e^(-eta^2 h) x + alpha' (1 - e^(-(1 + eta^2) h)) x1hat + sigma' sqrt(1 - e^(-2 eta^2 h)) z`
//! (Xue et al. 2023, SA-Solver, order 1; at eta = 1 DDPM's posterior, Ho et al. 2020, and the first order of SDE-DPM-Solver++,
//! Lu et al. 2022; at eta = 0 DDIM).

use super::maker::{Form, Maker};
use super::{NOISE0, OUT0, Plan, REGISTERS, STATE, Table};
use crate::flow::path::Path;

/// Signal-to-noise ratio r of the corrector's Langevin step (Song et al. 2021 use 0.16 for VP).
const CORRECTOR_RATIO: f64 = 0.16;

/// The lane of the steps' own noise.
const STEPS: u32 = 0;
/// Of the corrector's.
const CORRECTOR: u32 = 1;
/// Of the forward process.
const FORWARD: u32 = 2;
/// Of Langevin dynamics.
const LANGEVIN: u32 = 3;

/// `x' = x + (v + w^2 score / 2) h + w sqrt(h) z` (Maruyama 1955).
pub(super) fn euler_maruyama(plan: &Plan) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let w2 = plan.noise.w_squared(plan.path, t);
        maker.eval(0, t, Form::Drift { w_squared: w2 });
        maker.noise(0, t, t_next, STEPS);
        maker.noisy_state(1.0, &[(0, t_next - t)], (w2 * (t_next - t)).sqrt());
        maker.end_step();
    }
    maker.finish()
}

/// Heun's method with the same noise in predictor and corrector; the noise does not depend on x, so that Ito and
/// Stratonovich agree. Its variance over a step is the trapezoid of w^2.
pub(super) fn heun(plan: &Plan) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let h = t_next - t;
        let [now, then] = [t, t_next].map(|t| plan.noise.w_squared(plan.path, t));
        let spread = (0.5 * (now + then) * h).sqrt();
        maker.eval(0, t, Form::Drift { w_squared: now });
        maker.noise(0, t, t_next, STEPS);
        maker.noisy_state(1.0, &[(0, h)], spread);
        maker.eval(1, t_next, Form::Drift { w_squared: then });
        maker.noisy_state(1.0, &[(0, 0.5 * h), (1, 0.5 * h)], spread);
        maker.end_step();
    }
    maker.finish()
}

/// Factors of x, x1hat and z over one step, as at the head of this file.
fn exact_leap(plan: &Plan, t: f64, t_next: f64) -> (f64, f64, f64) {
    let (from, to) = (plan.path.at(t), plan.path.at(t_next));
    let h = plan.path.lambda(t_next) - plan.path.lambda(t);
    let eta2 = plan.noise.at(plan.path, t).powi(2);
    (
        to.sigma / from.sigma * (-eta2 * h).exp(),
        -to.alpha * (-(1.0 + eta2) * h).exp_m1(),
        to.sigma * (-(-2.0 * eta2 * h).exp_m1()).max(0.0).sqrt(),
    )
}

/// DDPM's ancestral step; `corrected` adds a Langevin step at the new t (the predictor-corrector sampler of Song et al. 2021,
/// algorithm 3, with the step size 2 r^2 sigma^2 in place of a ratio of norms).
pub(super) fn ancestral(plan: &Plan, corrected: bool) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let (lead, data, noise) = exact_leap(plan, t, t_next);
        maker.eval(0, t, Form::Data);
        maker.noise(0, t, t_next, STEPS);
        maker.noisy_state(lead, &[(0, data)], noise);
        if corrected {
            let step = 2.0 * (CORRECTOR_RATIO * plan.path.at(t_next).sigma).powi(2);
            maker.eval(1, t_next, Form::Score);
            maker.noise(1, t, t_next, CORRECTOR);
            langevin_step(&mut maker, 1, 1, step);
        }
        maker.end_step();
    }
    maker.finish()
}

/// `STATE += step OUT_slot + sqrt(2 step) NOISE_j`.
fn langevin_step(maker: &mut Maker, slot: usize, noise: usize, step: f64) {
    let mut coefficients = [0.0; REGISTERS];
    coefficients[STATE] = 1.0;
    coefficients[OUT0 + slot] = step;
    coefficients[NOISE0 + noise] = (2.0 * step).sqrt();
    maker.combine(STATE, coefficients);
}

/// Euler's ancestral step (Crowson's k-diffusion; DDIM with eta, Song, Meng, Ermon 2021, equation 16): new noise of variance
/// `eta^2 sigma'^2 (1 - e^(-2h))`, at most sigma'^2, and so much less of the old one.
pub(super) fn euler_ancestral(plan: &Plan) -> Table {
    let mut maker = Maker::new(plan);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let (from, to) = (plan.path.at(t), plan.path.at(t_next));
        let h = plan.path.lambda(t_next) - plan.path.lambda(t);
        let fresh = (-plan.noise.at(plan.path, t).powi(2) * (-2.0 * h).exp_m1()).clamp(0.0, 1.0);
        let kept = to.sigma * (1.0 - fresh).sqrt();
        maker.eval(0, t, Form::Data);
        maker.noise(0, t, t_next, STEPS);
        let lead = kept / from.sigma;
        maker.noisy_state(lead, &[(0, to.alpha - lead * from.alpha)], to.sigma * fresh.sqrt());
        maker.end_step();
    }
    maker.finish()
}

/// SDE-DPM-Solver++ 2M (Lu et al. 2022, arXiv 2211.01095, appendix; midpoint form), for any eta: the ancestral step with the
/// data estimate moved half a step along its last difference.
pub(super) fn sde_dpm_solver_2m(plan: &Plan) -> Table {
    let mut maker = Maker::new(plan);
    let lambdas: Vec<f64> = maker.times.iter().map(|&t| plan.path.lambda(t)).collect();
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let (lead, data, noise) = exact_leap(plan, t, t_next);
        maker.eval(k % 2, t, Form::Data);
        maker.noise(0, t, t_next, STEPS);
        if k == 0 {
            maker.noisy_state(lead, &[(0, data)], noise);
        } else {
            let r = (lambdas[k] - lambdas[k - 1]) / (lambdas[k + 1] - lambdas[k]);
            let half = 0.5 * data / r;
            maker.noisy_state(lead, &[(k % 2, data + half), ((k - 1) % 2, -half)], noise);
        }
        maker.end_step();
    }
    maker.finish()
}

/// The forward process from data at t = 1 to noise at `to`: exact Gaussian transitions
/// `x' = (alpha'/alpha) x + sqrt(sigma'^2 - (alpha'/alpha)^2 sigma^2) z`, no field. The last of its times is `to`.
pub fn noising(path: Path, steps: u32, to: f64, seed: u64) -> Table {
    let plan = Plan {
        path,
        steps,
        from: 1.0,
        to,
        noise_seed: seed,
        ..Plan::default()
    };
    let mut maker = Maker::new(&plan);
    // the data itself: no noise yet, on every path
    let mut before = (path.at(1.0).alpha, 0.0);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let now = path.at(t_next);
        let lead = now.alpha / before.0;
        let spread = (now.sigma.powi(2) - (lead * before.1).powi(2)).max(0.0).sqrt();
        maker.noise(0, t, t_next, FORWARD);
        maker.noisy_state(lead, &[], spread);
        maker.end_step();
        before = (now.alpha, now.sigma);
    }
    maker.finish()
}

/// Langevin dynamics `dx = score(x, t) / 2 dtau + dW` at a fixed t from tau = 0 to `duration`, by Euler-Maruyama in `steps`
/// steps. The table's times are tau / duration.
pub fn langevin(path: Path, t: f64, duration: f64, steps: u32, seed: u64) -> Table {
    let plan = Plan {
        path,
        steps,
        noise_seed: seed,
        ..Plan::default()
    };
    let mut maker = Maker::new(&plan);
    let step = 0.5 * duration / f64::from(steps.max(1));
    for k in 0..maker.steps() {
        let (tau, next) = (maker.times[k], maker.times[k + 1]);
        maker.eval(0, t, Form::Score);
        maker.noise(0, tau, next, LANGEVIN);
        langevin_step(&mut maker, 0, 0, step);
        maker.end_step();
    }
    maker.finish()
}
