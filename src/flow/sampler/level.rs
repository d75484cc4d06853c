//! How much noise a stochastic sampler adds: w(t) = eta(t) g(t), with g that of the path's forward equation, so that
//! eta = 1 is the classical reverse SDE and eta = 0 the ODE. Whatever eta(t) is, the marginals are the same.

use crate::flow::path::Path;

/// How the noise level changes with t. A closed set; [`NOISE_SCHEDULES`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseSchedule {
    /// The same all the way.
    #[default]
    Constant,
    /// In proportion to sigma(t): full at the start, least near the data.
    Sigma,
    /// Off in the last quarter.
    OffNearData,
    /// On and off by turns, an eighth each.
    OnOff,
}

/// Every schedule: which, name in files, one line of explanation.
pub const NOISE_SCHEDULES: [(NoiseSchedule, &str, &str); 4] = [
    (NoiseSchedule::Constant, "constant", "w = eta g all the way"),
    (
        NoiseSchedule::Sigma,
        "sigma",
        "w = eta g sigma(t) / sigma(0): least near the data",
    ),
    (
        NoiseSchedule::OffNearData,
        "off-near-data",
        "w = eta g up to t = 3/4, then none: the last quarter is the ODE",
    ),
    (
        NoiseSchedule::OnOff,
        "on-off",
        "w = eta g and none by turns, an eighth of t each",
    ),
];

/// The largest noise level.
pub const MOST_NOISE: f64 = 2.0;

/// A noise level and its schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseLevel {
    /// eta, from 0 (the ODE) to [`MOST_NOISE`]; 1 is the classical reverse SDE.
    pub eta: f64,
    /// How it changes with t.
    pub schedule: NoiseSchedule,
}

impl Default for NoiseLevel {
    fn default() -> Self {
        Self {
            eta: 1.0,
            schedule: NoiseSchedule::Constant,
        }
    }
}

impl NoiseSchedule {
    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        NOISE_SCHEDULES[self as usize].1
    }
}

impl NoiseLevel {
    /// eta(t).
    pub fn at(self, path: Path, t: f64) -> f64 {
        let share = match self.schedule {
            NoiseSchedule::Constant => 1.0,
            NoiseSchedule::Sigma => path.at(t).sigma / path.at(0.0).sigma,
            NoiseSchedule::OffNearData => f64::from(u8::from(t < 0.75)),
            NoiseSchedule::OnOff => f64::from(u8::from(((8.0 * t) as u64).is_multiple_of(2))),
        };
        self.eta * share
    }

    /// w(t)^2 = eta(t)^2 g(t)^2, per unit t.
    pub fn w_squared(self, path: Path, t: f64) -> f64 {
        self.at(path, t).powi(2) * path.g_squared(t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_have_their_names_and_lie_between_none_and_eta() {
        let vp = Path::default_of("vp").unwrap();
        for (schedule, name, _) in NOISE_SCHEDULES {
            assert_eq!(schedule.name(), name);
            assert_eq!(serde_json::to_value(schedule).unwrap(), name);
            let level = NoiseLevel { eta: 1.5, schedule };
            for k in 0..=64 {
                let t = f64::from(k) / 64.0;
                assert!((0.0..=1.5).contains(&level.at(vp, t)), "{name} at {t}");
            }
            assert!((level.at(vp, 0.0) - 1.5).abs() < 1e-9, "{name}");
            // all but the constant one have changed by then
            assert_eq!(level.at(vp, 0.9) == 1.5, schedule == NoiseSchedule::Constant, "{name}");
        }
    }
}
