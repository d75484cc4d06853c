//! The closed set of samplers and its table.

/// The method that integrates a lens's equation. A closed set; [`SAMPLERS`] is its table.
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
    /// Adams-Bashforth 2; its first step is Euler's.
    Ab2,
    /// Restart from the start point (Lee, Lin, Fanti 2024).
    Restart,
    /// The same with the mean of two data estimates.
    RestartHeun,
    /// DDIM, the exponential method of order 1.
    Ddim,
    /// DPM-Solver 1, noise form.
    #[serde(rename = "dpm-solver-1")]
    DpmSolver1,
    /// DPM-Solver 2, singlestep.
    #[serde(rename = "dpm-solver-2s")]
    DpmSolver2s,
    /// DPM-Solver 2, multistep.
    #[serde(rename = "dpm-solver-2m")]
    DpmSolver2m,
    /// DPM-Solver 3, singlestep.
    #[serde(rename = "dpm-solver-3s")]
    DpmSolver3s,
    /// DPM-Solver 3, multistep.
    #[serde(rename = "dpm-solver-3m")]
    DpmSolver3m,
    /// DPM-Solver++ 1, data form.
    #[serde(rename = "dpm-solver++-1")]
    DpmSolverPp1,
    /// DPM-Solver++ 2, singlestep.
    #[serde(rename = "dpm-solver++-2s")]
    DpmSolverPp2s,
    /// DPM-Solver++ 2, multistep.
    #[serde(rename = "dpm-solver++-2m")]
    DpmSolverPp2m,
    /// DPM-Solver++ 3, singlestep.
    #[serde(rename = "dpm-solver++-3s")]
    DpmSolverPp3s,
    /// DPM-Solver++ 3, multistep.
    #[serde(rename = "dpm-solver++-3m")]
    DpmSolverPp3m,
    /// `UniPC` 2 with B(h) = h (Zhao et al. 2023).
    #[serde(rename = "unipc-bh1-2")]
    UnipcBh12,
    /// `UniPC` 3 with B(h) = h (Zhao et al. 2023).
    #[serde(rename = "unipc-bh1-3")]
    UnipcBh13,
    /// `UniPC` 2 with B(h) = e^h - 1 (Zhao et al. 2023).
    #[serde(rename = "unipc-bh2-2")]
    UnipcBh22,
    /// `UniPC` 3 with B(h) = e^h - 1 (Zhao et al. 2023).
    #[serde(rename = "unipc-bh2-3")]
    UnipcBh23,
    /// Euler-Maruyama.
    EulerMaruyama,
    /// Euler ancestral (DDIM with eta).
    EulerAncestral,
    /// Heun with additive noise.
    StochasticHeun,
    /// DDPM ancestral.
    Ddpm,
    /// SDE-DPM-Solver++ 2M.
    #[serde(rename = "sde-dpm-solver++-2m")]
    SdeDpmSolverPp2m,
    /// Ancestral predictor, Langevin corrector.
    PredictorCorrector,
}

/// What a sampler is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Any ordinary differential equation, from its velocity.
    RungeKutta,
    /// Straight flows.
    Restart,
    /// The diffusion ODE, whose linear part they solve exactly in lambda.
    Exponential,
    /// The reverse SDE.
    Stochastic,
}

/// One row of the table of samplers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplerRow {
    /// Which.
    pub sampler: Sampler,
    /// Name in files and on the command line.
    pub name: &'static str,
    /// What it is made for.
    pub family: Family,
    /// Order of convergence: the error at the end falls as (step length)^order. 0: it does not converge on a curved flow.
    /// Of a stochastic one, the order of the error of the law at the end.
    pub order: u32,
    /// Field evaluations a solver step, per particle (dopri5: an accepted step after the first).
    pub evaluations: u32,
    /// One line of explanation.
    pub summary: &'static str,
}

/// Every sampler, in the order of the menus.
pub const SAMPLERS: [SamplerRow; 31] = [
    row(
        Sampler::Euler,
        "euler",
        Family::RungeKutta,
        1,
        1,
        "follows the slope at the start of each step",
    ),
    row(
        Sampler::Midpoint,
        "midpoint",
        Family::RungeKutta,
        2,
        2,
        "follows the slope found half a step ahead",
    ),
    row(
        Sampler::Heun,
        "heun",
        Family::RungeKutta,
        2,
        2,
        "follows the mean of the slopes at both ends of the step",
    ),
    row(
        Sampler::Ralston,
        "ralston",
        Family::RungeKutta,
        2,
        2,
        "order 2 with the least error bound: second slope at 2/3 of the step",
    ),
    row(
        Sampler::Rk2,
        "rk2",
        Family::RungeKutta,
        2,
        2,
        "order 2 with the second slope at a of the step (1/2 midpoint, 2/3 Ralston, 1 Heun)",
    ),
    row(
        Sampler::Rk4,
        "rk4",
        Family::RungeKutta,
        4,
        4,
        "the classical Runge-Kutta method of order 4",
    ),
    row(
        Sampler::Dopri5,
        "dopri5",
        Family::RungeKutta,
        5,
        6,
        "adaptive Dormand-Prince 5(4): chooses its steps to meet a tolerance",
    ),
    row(
        Sampler::Ab2,
        "ab2",
        Family::RungeKutta,
        2,
        1,
        "Adams-Bashforth: order 2 from one evaluation a step, with the slope before",
    ),
    row(
        Sampler::Restart,
        "restart",
        Family::Restart,
        0,
        1,
        "each step returns to the start point and follows the chord to the data estimate; for straight flows only",
    ),
    row(
        Sampler::RestartHeun,
        "restart-heun",
        Family::Restart,
        0,
        2,
        "restart with the mean of the data estimates at both ends of the step; for straight flows only",
    ),
    row(
        Sampler::Ddim,
        "ddim",
        Family::Exponential,
        1,
        1,
        "keeps the data and noise estimates through the step (Song, Meng, Ermon 2021); Euler on the linear path",
    ),
    row(
        Sampler::DpmSolver1,
        "dpm-solver-1",
        Family::Exponential,
        1,
        1,
        "DPM-Solver of order 1 in the noise form: DDIM",
    ),
    row(
        Sampler::DpmSolver2s,
        "dpm-solver-2s",
        Family::Exponential,
        2,
        2,
        "DPM-Solver of order 2, singlestep: 2 evaluations within each step, noise form",
    ),
    row(
        Sampler::DpmSolver2m,
        "dpm-solver-2m",
        Family::Exponential,
        2,
        1,
        "DPM-Solver of order 2, multistep: one evaluation a step, noise form",
    ),
    row(
        Sampler::DpmSolver3s,
        "dpm-solver-3s",
        Family::Exponential,
        3,
        3,
        "DPM-Solver of order 3, singlestep: 3 evaluations within each step, noise form",
    ),
    row(
        Sampler::DpmSolver3m,
        "dpm-solver-3m",
        Family::Exponential,
        2,
        1,
        "DPM-Solver of three points, multistep: one evaluation a step, noise form; its first step, of order 1, caps it at order 2",
    ),
    row(
        Sampler::DpmSolverPp1,
        "dpm-solver++-1",
        Family::Exponential,
        1,
        1,
        "DPM-Solver++ of order 1 in the data form: DDIM",
    ),
    row(
        Sampler::DpmSolverPp2s,
        "dpm-solver++-2s",
        Family::Exponential,
        2,
        2,
        "DPM-Solver++ of order 2, singlestep: 2 evaluations within each step, data form",
    ),
    row(
        Sampler::DpmSolverPp2m,
        "dpm-solver++-2m",
        Family::Exponential,
        2,
        1,
        "DPM-Solver++ of order 2, multistep: one evaluation a step, data form",
    ),
    row(
        Sampler::DpmSolverPp3s,
        "dpm-solver++-3s",
        Family::Exponential,
        3,
        3,
        "DPM-Solver++ of order 3, singlestep: 3 evaluations within each step, data form",
    ),
    row(
        Sampler::DpmSolverPp3m,
        "dpm-solver++-3m",
        Family::Exponential,
        2,
        1,
        "DPM-Solver++ of three points, multistep: one evaluation a step, data form; its first step, of order 1, caps it at order 2",
    ),
    row(
        Sampler::UnipcBh12,
        "unipc-bh1-2",
        Family::Exponential,
        3,
        1,
        "UniPC of order 2, B(h) = h: predicts, corrects with the value found there, one evaluation a step",
    ),
    row(
        Sampler::UnipcBh13,
        "unipc-bh1-3",
        Family::Exponential,
        3,
        1,
        "UniPC of order 3, B(h) = h: predicts, corrects with the value found there, one evaluation a step",
    ),
    row(
        Sampler::UnipcBh22,
        "unipc-bh2-2",
        Family::Exponential,
        3,
        1,
        "UniPC of order 2, B(h) = e^h - 1: predicts, corrects with the value found there, one evaluation a step",
    ),
    row(
        Sampler::UnipcBh23,
        "unipc-bh2-3",
        Family::Exponential,
        3,
        1,
        "UniPC of order 3, B(h) = e^h - 1: predicts, corrects with the value found there, one evaluation a step",
    ),
    row(
        Sampler::EulerMaruyama,
        "euler-maruyama",
        Family::Stochastic,
        1,
        1,
        "the SDE by its own drift and noise over each step",
    ),
    row(
        Sampler::EulerAncestral,
        "euler-ancestral",
        Family::Stochastic,
        1,
        1,
        "DDIM that takes out some noise and puts as much back anew",
    ),
    row(
        Sampler::StochasticHeun,
        "stochastic-heun",
        Family::Stochastic,
        1,
        2,
        "the mean of the drifts at both ends of the step, with the same noise",
    ),
    row(
        Sampler::Ddpm,
        "ddpm",
        Family::Stochastic,
        1,
        1,
        "the ancestral step: draws from the posterior of the next state (Ho et al. 2020), for any noise level",
    ),
    row(
        Sampler::SdeDpmSolverPp2m,
        "sde-dpm-solver++-2m",
        Family::Stochastic,
        1,
        1,
        "the ancestral step with the data estimate moved along its last difference (Lu et al. 2022)",
    ),
    row(
        Sampler::PredictorCorrector,
        "predictor-corrector",
        Family::Stochastic,
        1,
        2,
        "the ancestral step, then a Langevin step at the new t (Song et al. 2021)",
    ),
];

const fn row(
    sampler: Sampler,
    name: &'static str,
    family: Family,
    order: u32,
    evaluations: u32,
    summary: &'static str,
) -> SamplerRow {
    SamplerRow {
        sampler,
        name,
        family,
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

    /// Whether it works in lambda = log(alpha / sigma), which must then be finite at both ends.
    pub fn needs_lambda(self) -> bool {
        matches!(self.row().family, Family::Exponential | Family::Stochastic)
    }

    /// Solver steps for so many evaluations, rounded down.
    ///
    /// # Errors
    /// In words: fewer evaluations than one step takes; dopri5, which chooses its steps.
    pub fn steps_for(self, evaluations: u32) -> Result<u32, String> {
        let row = self.row();
        if self == Self::Dopri5 {
            return Err("dopri5 chooses its steps to meet a tolerance: set the tolerance, not the evaluations".into());
        }
        if evaluations < row.evaluations {
            return Err(format!(
                "one step of {} takes {} evaluations, {evaluations} are too few",
                row.name, row.evaluations
            ));
        }
        Ok(evaluations / row.evaluations)
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

    #[test]
    fn evaluations_become_whole_steps() {
        assert_eq!(Sampler::DpmSolver3s.steps_for(17), Ok(5));
        assert_eq!(Sampler::UnipcBh23.steps_for(17), Ok(17));
        assert!(Sampler::Rk4.steps_for(3).unwrap_err().contains("4 evaluations"));
        assert!(Sampler::Dopri5.steps_for(30).unwrap_err().contains("tolerance"));
    }
}
