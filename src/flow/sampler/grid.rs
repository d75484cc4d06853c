//! Where the solver's steps lie: even in t, or even in a variable that suits the path better.

use super::super::path::Path;

/// Where the solver steps lie. A closed set; [`GRIDS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grid {
    /// Even in t.
    #[default]
    Uniform,
    /// Even in lambda = log(alpha / sigma) (Lu et al. 2022).
    LogSnr,
    /// Even in sqrt(s), s = 1 - t.
    Quadratic,
    /// Even in (sigma / alpha)^(1/7), the noise-to-signal ratio that Karras et al. 2022 call sigma (it is sigma itself
    /// on the VE path), with their rho = 7.
    Karras,
}

/// One row of the table of grids: which, name in files, one line of explanation.
pub type GridRow = (Grid, &'static str, &'static str);

/// Every grid, in the order of the menus.
pub const GRIDS: [GridRow; 4] = [
    (Grid::Uniform, "uniform", "solver steps even in t"),
    (
        Grid::LogSnr,
        "log-snr",
        "even in lambda = log(alpha / sigma): equal factors of signal to noise",
    ),
    (
        Grid::Quadratic,
        "quadratic",
        "even in sqrt(1 - t): shorter steps near the data",
    ),
    (
        Grid::Karras,
        "karras",
        "even in (sigma / alpha)^(1/7): shorter steps at low noise (Karras et al. 2022)",
    ),
];

/// Karras's rho.
const RHO: f64 = 7.0;

impl Grid {
    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        GRIDS[self as usize].1
    }

    /// Whether it is even in a function of lambda, which must then be finite at both ends.
    pub const fn needs_lambda(self) -> bool {
        matches!(self, Self::LogSnr | Self::Karras)
    }

    /// The variable in which the steps are even.
    fn variable(self, path: Path, t: f64) -> f64 {
        match self {
            Self::Uniform => t,
            Self::LogSnr => path.lambda(t),
            Self::Quadratic => (1.0 - t).max(0.0).sqrt(),
            Self::Karras => (-path.lambda(t) / RHO).exp(),
        }
    }

    /// The t at which the variable has this value.
    fn time(self, path: Path, variable: f64) -> f64 {
        match self {
            Self::Uniform => variable,
            Self::LogSnr => path.t_of_lambda(variable),
            Self::Quadratic => 1.0 - variable * variable,
            Self::Karras => path.t_of_lambda(-RHO * variable.ln()),
        }
    }

    /// `intervals + 1` times from `from` to `to` (either may be the later one); both ends are met exactly.
    pub fn times(self, path: Path, from: f64, to: f64, intervals: u32) -> Vec<f64> {
        let (first, last) = (self.variable(path, from), self.variable(path, to));
        (0..=intervals)
            .map(|k| match k {
                0 => from,
                k if k == intervals => to,
                k => self.time(path, first + (last - first) * f64::from(k) / f64::from(intervals)),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_even_in_the_grids_own_variable_and_meet_the_ends() {
        for (grid, name, _) in GRIDS {
            assert_eq!(grid.name(), name);
            assert_eq!(serde_json::to_value(grid).unwrap(), name);
            for path in [Path::default(), Path::default_of("vp").unwrap()] {
                for (from, to) in [(0.001, 0.999), (0.9, 0.1)] {
                    let times = grid.times(path, from, to, 9);
                    assert_eq!((times.len(), times[0], times[9]), (10, from, to));
                    let u: Vec<f64> = times.iter().map(|&t| grid.variable(path, t)).collect();
                    for w in u.windows(2) {
                        let even = (u[9] - u[0]) / 9.0;
                        // roundings of the inverse
                        assert!((w[1] - w[0] - even).abs() < 1e-9 * (1.0 + even.abs()), "{name}: {u:?}");
                    }
                    assert!(times.windows(2).all(|w| (w[1] > w[0]) == (to > from)));
                }
            }
        }
    }
}
