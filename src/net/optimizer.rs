//! Optimizer settings and the learning rate at a step.

use serde::{Deserialize, Serialize};

/// Which update rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerKind {
    /// Adam (Kingma & Ba 2015), weight decay added to the gradient (0 by default).
    #[default]
    Adam,
    /// AdamW (Loshchilov & Hutter 2019): decoupled weight decay, p -= lr weight_decay p before the Adam step.
    Adamw,
    /// Stochastic gradient descent with heavy-ball momentum (PyTorch's form: b = momentum b + g; p -= lr b).
    Sgd,
}

/// How the learning rate changes over the planned steps.
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
}
