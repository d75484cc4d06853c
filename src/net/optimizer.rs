//! Optimizer settings and the learning rate at a step.

use serde::{Deserialize, Serialize};

use crate::flow::table::{Entry, count_within, within};

/// Which update rule. A closed set; [`OPTIMIZERS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam (Kingma & Ba 2015), weight decay added to the gradient (0 by default).
    #[default]
    Adam,
    /// `AdamW` (Loshchilov & Hutter 2019): decoupled weight decay, p -= lr `weight_decay` p before the Adam step.
    Adamw,
    /// Stochastic gradient descent with heavy-ball momentum (`PyTorch`'s form: b = momentum b + g; p -= lr b).
    Sgd,
}

/// How the learning rate changes over the planned steps. A closed set; [`SCHEDULES`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// Linear from 0 over `warmup_steps`, then constant.
    Warmup,
    /// Linear warm-up over `warmup_steps`, then half a cosine down to 0 at the last planned step.
    #[default]
    Cosine,
}

const fn entry(name: &'static str, formula: &'static str, summary: &'static str) -> Entry {
    Entry {
        name,
        formula,
        summary,
        parameters: &[],
    }
}

/// One row an update rule.
pub const OPTIMIZERS: [Entry; 3] = [
    entry(
        "adam",
        "p -= r m̂ / (√v̂ + ε)",
        "steps scaled by the gradient's own history (Kingma & Ba 2015)",
    ),
    entry(
        "adamw",
        "p -= r λ p, then adam",
        "adam with the weights drawn to 0 apart from the gradient (Loshchilov & Hutter 2019)",
    ),
    entry(
        "sgd",
        "b = μ b + g, p -= r b",
        "gradient descent with heavy-ball momentum",
    ),
];

/// One row a schedule.
pub const SCHEDULES: [Entry; 3] = [
    entry("constant", "r(n) = r", "the same rate throughout"),
    entry(
        "warmup",
        "r(n) = r min(1, (n + 1) / w)",
        "rises over w steps, then stays",
    ),
    entry(
        "cosine",
        "r(n) = r (1 + cos(π (n - w) / (N - w))) / 2",
        "rises over w steps, then falls along half a cosine to 0 at the last of N steps",
    ),
];

impl OptimizerKind {
    /// All, in the order of [`OPTIMIZERS`].
    pub const ALL: [Self; 3] = [Self::Adam, Self::Adamw, Self::Sgd];

    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        OPTIMIZERS[self as usize].name
    }
}

impl Schedule {
    /// All, in the order of [`SCHEDULES`].
    pub const ALL: [Self; 3] = [Self::Constant, Self::Warmup, Self::Cosine];

    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        SCHEDULES[self as usize].name
    }
}

/// All that decides how gradients change the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Optimizer {
    /// Update rule.
    pub kind: OptimizerKind,
    /// Largest learning rate.
    pub learning_rate: f64,
    /// Its course.
    pub schedule: Schedule,
    /// Steps of linear warm-up (schedules warmup and cosine).
    pub warmup_steps: u64,
    /// Rows in a batch.
    pub batch: u32,
    /// Adam's beta1.
    pub beta1: f64,
    /// Adam's beta2.
    pub beta2: f64,
    /// Adam's epsilon.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Momentum of sgd.
    pub momentum: f64,
    /// Gradients are scaled down to at most this global 2-norm; 0 is off.
    pub clip_norm: f64,
    /// Decay of the exponential moving average of the weights that sampling uses; 0 is off (sampling uses the weights themselves).
    pub ema_decay: f64,
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            kind: OptimizerKind::Adam,
            learning_rate: 0.003,
            schedule: Schedule::Cosine,
            warmup_steps: 0,
            batch: 512,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.0,
            momentum: 0.9,
            clip_norm: 0.0,
            ema_decay: 0.0,
        }
    }
}

impl Optimizer {
    /// The learning rate of step `step` (0 first) of `planned`.
    pub fn rate(&self, step: u64, planned: u64) -> f64 {
        let warm = if self.schedule != Schedule::Constant && step < self.warmup_steps {
            (step + 1) as f64 / self.warmup_steps as f64
        } else {
            1.0
        };
        let course = if self.schedule == Schedule::Cosine && step >= self.warmup_steps {
            let span = planned.saturating_sub(self.warmup_steps).max(1) as f64;
            let done = ((step - self.warmup_steps) as f64 / span).min(1.0);
            0.5 * (1.0 + (std::f64::consts::PI * done).cos())
        } else {
            1.0
        };
        self.learning_rate * warm * course
    }
    /// Whether every setting can be trained with; the message names the key and a value that works.
    ///
    /// # Errors
    /// Where a number is not finite or outside its range.
    pub fn validate(&self) -> Result<(), String> {
        within("optimizer.learning_rate", self.learning_rate, 1e-12, 1e3, 0.003)?;
        count_within("optimizer.batch", self.batch, 1, 65_535, 512)?;
        // the rate's course is computed in f64, where larger counts of steps stop being exact
        if self.warmup_steps > 1_000_000_000 {
            return Err(format!(
                "optimizer.warmup_steps is {}; use a whole number from 0 to 1000000000, such as 100",
                self.warmup_steps
            ));
        }
        // beta = 1 would divide by 0 in the bias correction
        within("optimizer.beta1", self.beta1, 0.0, 0.9999, 0.9)?;
        within("optimizer.beta2", self.beta2, 0.0, 0.999_999, 0.999)?;
        // far below this the root of the second moment leaves f32's range before epsilon matters
        within("optimizer.epsilon", self.epsilon, 1e-15, 1.0, 1e-8)?;
        within("optimizer.weight_decay", self.weight_decay, 0.0, 100.0, 0.01)?;
        within("optimizer.momentum", self.momentum, 0.0, 0.9999, 0.9)?;
        within("optimizer.clip_norm", self.clip_norm, 0.0, 1e9, 1.0)?;
        within("optimizer.ema_decay", self.ema_decay, 0.0, 0.999_999, 0.999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_files() {
        for (kind, entry) in OptimizerKind::ALL.into_iter().zip(OPTIMIZERS) {
            assert_eq!(serde_json::to_value(kind).unwrap(), entry.name);
        }
        for (schedule, entry) in Schedule::ALL.into_iter().zip(SCHEDULES) {
            assert_eq!(serde_json::to_value(schedule).unwrap(), entry.name);
        }
    }

    #[test]
    fn schedules_have_the_values_of_their_formulas() {
        let with = |schedule| Optimizer {
            schedule,
            learning_rate: 0.2,
            warmup_steps: 4,
            ..Optimizer::default()
        };
        for (schedule, step, want) in [
            (Schedule::Constant, 0, 0.2),
            (Schedule::Constant, 500, 0.2),
            (Schedule::Warmup, 0, 0.05),
            (Schedule::Warmup, 3, 0.2),
            (Schedule::Warmup, 900, 0.2),
            (Schedule::Cosine, 1, 0.1),
            (Schedule::Cosine, 4, 0.2),
            // a quarter, half and all of the way from 4 to 104
            (Schedule::Cosine, 29, 0.1 * (1.0 + 0.5f64.sqrt())),
            (Schedule::Cosine, 54, 0.1),
            (Schedule::Cosine, 104, 0.0),
            (Schedule::Cosine, 1000, 0.0),
        ] {
            let got = with(schedule).rate(step, 104);
            assert!(
                (got - want).abs() < 1e-15,
                "{schedule:?} at {step}: {got} is not {want}"
            );
        }
        let no_steps = with(Schedule::Cosine).rate(0, 0);
        assert!(no_steps.is_finite());
    }

    #[test]
    fn bad_settings_are_named() {
        let good = Optimizer::default();
        assert_eq!(good.validate(), Ok(()));
        for (key, bad) in [
            (
                "learning_rate",
                Optimizer {
                    learning_rate: f64::NAN,
                    ..good
                },
            ),
            (
                "learning_rate",
                Optimizer {
                    learning_rate: 0.0,
                    ..good
                },
            ),
            ("batch", Optimizer { batch: 0, ..good }),
            ("batch", Optimizer { batch: 70_000, ..good }),
            (
                "warmup_steps",
                Optimizer {
                    warmup_steps: u64::MAX,
                    ..good
                },
            ),
            ("beta1", Optimizer { beta1: 1.0, ..good }),
            ("beta2", Optimizer { beta2: -0.1, ..good }),
            ("epsilon", Optimizer { epsilon: 0.0, ..good }),
            (
                "weight_decay",
                Optimizer {
                    weight_decay: f64::INFINITY,
                    ..good
                },
            ),
            ("momentum", Optimizer { momentum: 1.0, ..good }),
            (
                "clip_norm",
                Optimizer {
                    clip_norm: -1.0,
                    ..good
                },
            ),
            ("ema_decay", Optimizer { ema_decay: 1.0, ..good }),
        ] {
            let message = bad.validate().expect_err(key);
            assert!(message.starts_with(&format!("optimizer.{key} is ")), "{message}");
            assert!(message.contains("such as"), "{message}");
        }
    }
}
