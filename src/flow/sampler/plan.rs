//! All that a sampler's table depends on.

use super::exponential::{multistep, singlestep};
use super::maker::Form;
use super::unipc::Variant;
use super::{Grid, NoiseLevel, Sampler, Table, restart, stochastic, tableau, unipc};
use crate::flow::path::Path;

/// What to make a table of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// The method.
    pub sampler: Sampler,
    /// The parameter of `rk2`, read by it alone: finite and not 0; 1/2 is midpoint, 2/3 Ralston, 1 Heun.
    pub rk2_a: f64,
    /// Where the steps lie.
    pub grid: Grid,
    /// Solver steps; 0 counts as 1.
    pub steps: u32,
    /// The path of the field: methods of the exponential family and grids in lambda need it.
    pub path: Path,
    /// t of the start points.
    pub from: f64,
    /// t of the last state; not `from`, but it may be the earlier of the two.
    pub to: f64,
    /// How much noise the stochastic methods add.
    pub noise: NoiseLevel,
    /// Which noise.
    pub noise_seed: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            sampler: Sampler::default(),
            rk2_a: 0.5,
            grid: Grid::Uniform,
            steps: 32,
            path: Path::default(),
            from: 0.0,
            to: 1.0,
            noise: NoiseLevel::default(),
            noise_seed: 0,
        }
    }
}

impl Plan {
    /// The table; None for dopri5, which chooses its own steps (see [`super::dopri5`]). A method or grid that needs lambda
    /// ([`Sampler::needs_lambda`], [`Grid::needs_lambda`]) needs both ends where the path's alpha and sigma are not 0. The stochastic
    /// methods go forward in t only, and need a standard normal source and the independent coupling.
    pub fn table(&self) -> Option<Table> {
        Some(match self.sampler {
            Sampler::Dopri5 => return None,
            Sampler::Euler | Sampler::Midpoint | Sampler::Heun | Sampler::Ralston | Sampler::Rk2 | Sampler::Rk4 => {
                tableau::table(self)?
            }
            Sampler::Ab2 => tableau::adams_bashforth(self),
            Sampler::Restart => restart::table(self, false),
            Sampler::RestartHeun => restart::table(self, true),
            Sampler::Ddim | Sampler::DpmSolverPp1 => multistep(self, Form::Data, 1),
            Sampler::DpmSolver1 => multistep(self, Form::Noise, 1),
            Sampler::DpmSolver2s => singlestep(self, Form::Noise, 2),
            Sampler::DpmSolver2m => multistep(self, Form::Noise, 2),
            Sampler::DpmSolver3s => singlestep(self, Form::Noise, 3),
            Sampler::DpmSolver3m => multistep(self, Form::Noise, 3),
            Sampler::DpmSolverPp2s => singlestep(self, Form::Data, 2),
            Sampler::DpmSolverPp2m => multistep(self, Form::Data, 2),
            Sampler::DpmSolverPp3s => singlestep(self, Form::Data, 3),
            Sampler::DpmSolverPp3m => multistep(self, Form::Data, 3),
            Sampler::UnipcBh12 => unipc::table(self, Variant::Bh1, 2),
            Sampler::UnipcBh13 => unipc::table(self, Variant::Bh1, 3),
            Sampler::UnipcBh22 => unipc::table(self, Variant::Bh2, 2),
            Sampler::UnipcBh23 => unipc::table(self, Variant::Bh2, 3),
            Sampler::EulerMaruyama => stochastic::euler_maruyama(self),
            Sampler::EulerAncestral => stochastic::euler_ancestral(self),
            Sampler::StochasticHeun => stochastic::heun(self),
            Sampler::Ddpm => stochastic::ancestral(self, false),
            Sampler::SdeDpmSolverPp2m => stochastic::sde_dpm_solver_2m(self),
            Sampler::PredictorCorrector => stochastic::ancestral(self, true),
        })
    }
}

/// The table of a sampler on the linear path from `t_start` to `t_end`: [`Plan::table`] in one line.
pub fn table(sampler: Sampler, rk2_a: f64, grid: Grid, steps: u32, t_start: f64, t_end: f64) -> Option<Table> {
    let plan = Plan {
        sampler,
        rk2_a,
        grid,
        steps,
        path: Path::Linear,
        from: t_start,
        to: t_end,
        ..Plan::default()
    };
    plan.table()
}
