//! Restart from the start point (Lee, Lin, Fanti 2024, arXiv 2405.20320): each step goes back to where the trajectory began
//! and from there to the new t along the chord to the present estimate of the data,
//! `x <- sigma(t') x0_start + alpha(t') x1hat`. It helps a straight (reflowed) flow at few steps and is wrong on a curved
//! one, where its error grows with the number of steps.
//!
//! The start point is a state at `t_start`, `x_start = alpha_s x1 + sigma_s x0`; what it tells of x0, given x1hat, is used.
//! Backward, from data to noise, the two change places: the data point is kept and the noise estimate moves.

use super::maker::{Form, Maker};
use super::{OUT0, Plan, REGISTERS, START, STATE, Table};

/// Restart; with `heun` the mean of the estimates at both ends of the step.
pub(super) fn table(plan: &Plan, heun: bool) -> Table {
    let mut maker = Maker::new(plan);
    let start = plan.path.at(plan.from);
    let forward = plan.to > plan.from;
    let form = if forward { Form::Data } else { Form::Noise };
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let end = plan.path.at(t_next);
        let (kept, moved) = if forward {
            let kept = end.sigma / start.sigma;
            (kept, end.alpha - kept * start.alpha)
        } else {
            let kept = end.alpha / start.alpha;
            (kept, end.sigma - kept * start.sigma)
        };
        maker.eval(0, t, form);
        let mut coefficients = [0.0; REGISTERS];
        coefficients[START] = kept;
        coefficients[OUT0] = moved;
        maker.combine(STATE, coefficients);
        if heun {
            maker.eval(1, t_next, form);
            (coefficients[OUT0], coefficients[OUT0 + 1]) = (moved / 2.0, moved / 2.0);
            maker.combine(STATE, coefficients);
        }
        maker.end_step();
    }
    maker.finish()
}
