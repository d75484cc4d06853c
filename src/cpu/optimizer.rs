//! The update rules, entry by entry. Twin: `shaders/optimizer.wgsl`.
//!
//! With g the (clipped) gradient, p the parameter, n the number of this update (1 first) and r the learning rate:
//! ```text
//! adam   g += decay p                     m = b1 m + (1-b1) g    v = b2 v + (1-b2) g^2
//! adamw  p -= r decay p                   the same m and v
//!        both: p -= r / (1-b1^n) m / (sqrt(v / (1-b2^n)) + epsilon)
//! sgd    g += decay p                     m = momentum m + g     p -= r m
//! ema    e = d e + (1-d) p
//! ```
//! Adam: Kingma & Ba 2015, algorithm 1; `AdamW`: Loshchilov & Hutter 2019, algorithm 2; sgd as `PyTorch` writes it.

use crate::net::{Optimizer, OptimizerKind};

/// The numbers of one update, worked out once a step in f64.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// Which rule.
    pub kind: OptimizerKind,
    /// Factor of every gradient entry: the clip.
    pub gradient_scale: f32,
    /// Learning rate r.
    pub rate: f32,
    /// Weight decay.
    pub decay: f32,
    /// b1 of Adam, momentum of sgd.
    pub beta1: f32,
    /// b2.
    pub beta2: f32,
    /// 1 - b1, from f64: 1 - 0.999 loses four digits in f32.
    pub one_less_beta1: f32,
    /// 1 - b2.
    pub one_less_beta2: f32,
    /// r / (1 - b1^n).
    pub step_size: f32,
    /// 1 / sqrt(1 - b2^n).
    pub root_scale: f32,
    /// epsilon.
    pub epsilon: f32,
    /// Decay d of the moving average; 0: there is none.
    pub ema: f32,
    /// 1 - d.
    pub one_less_ema: f32,
}

impl Update {
    /// The update of step `step` (0 first) of `planned`.
    pub fn new(o: &Optimizer, step: u64, planned: u64) -> Self {
        let n = step as f64 + 1.0;
        let rate = o.rate(step, planned);
        let beta1 = if o.kind == OptimizerKind::Sgd {
            o.momentum
        } else {
            o.beta1
        };
        Self {
            kind: o.kind,
            gradient_scale: 1.0,
            rate: rate as f32,
            decay: o.weight_decay as f32,
            beta1: beta1 as f32,
            beta2: o.beta2 as f32,
            one_less_beta1: (1.0 - beta1) as f32,
            one_less_beta2: (1.0 - o.beta2) as f32,
            step_size: (rate / (1.0 - beta1.powf(n))) as f32,
            root_scale: (1.0 / (1.0 - o.beta2.powf(n)).sqrt()) as f32,
            epsilon: o.epsilon as f32,
            ema: o.ema_decay as f32,
            one_less_ema: (1.0 - o.ema_decay) as f32,
        }
    }

    /// Applies the rule to slices of equal length.
    pub fn apply(&self, gradient: &[f32], params: &mut [f32], first: &mut [f32], second: &mut [f32], ema: &mut [f32]) {
        let n = params.len();
        let (gradient, first, second, ema) = (&gradient[..n], &mut first[..n], &mut second[..n], &mut ema[..n]);
        match self.kind {
            OptimizerKind::Adam => {
                for i in 0..n {
                    let g = gradient[i] * self.gradient_scale + self.decay * params[i];
                    self.adam(g, &mut params[i], &mut first[i], &mut second[i]);
                }
            }
            OptimizerKind::Adamw => {
                for i in 0..n {
                    params[i] -= self.rate * self.decay * params[i];
                    let g = gradient[i] * self.gradient_scale;
                    self.adam(g, &mut params[i], &mut first[i], &mut second[i]);
                }
            }
            OptimizerKind::Sgd => {
                for i in 0..n {
                    let g = gradient[i] * self.gradient_scale + self.decay * params[i];
                    first[i] = self.beta1 * first[i] + g;
                    params[i] -= self.rate * first[i];
                }
            }
        }
        if self.ema > 0.0 {
            for i in 0..n {
                ema[i] = self.ema * ema[i] + self.one_less_ema * params[i];
            }
        }
    }

    #[inline]
    fn adam(&self, g: f32, p: &mut f32, m: &mut f32, v: &mut f32) {
        *m = self.beta1 * *m + self.one_less_beta1 * g;
        *v = self.beta2 * *v + self.one_less_beta2 * (g * g);
        *p -= self.step_size * *m / (v.sqrt() * self.root_scale + self.epsilon);
    }
}

/// The factor that brings a gradient of 2-norm `norm` down to at most `clip` (0: never).
pub fn clip_scale(norm: f64, clip: f64) -> f32 {
    if clip > 0.0 && norm > clip {
        (clip / norm) as f32
    } else {
        1.0
    }
}
