//! What samplers, lenses and grids ask of a path: its log-SNR and the inverses, its forward equation, and the named ends of
//! integration (MATHS.md, "Time, pairs, paths" and "Three dynamics").

use std::f64::consts::{FRAC_PI_2, PI};

use super::Path;
use crate::flow::lens::Lens;

/// How near integration comes to an end where something is 0/0 or infinite.
pub const END_MARGIN: f64 = 1e-3;

impl Path {
    /// lambda = log(alpha / sigma), half the log of the signal-to-noise ratio; increases with t. -infinity at t = 0 where
    /// alpha is 0 there, infinity at t = 1 where sigma is.
    pub fn lambda(self, t: f64) -> f64 {
        let s = 1.0 - t;
        match self {
            Self::Linear => t.ln() - s.ln(),
            Self::Cosine => (FRAC_PI_2 * t).sin().ln() - (FRAC_PI_2 * s).sin().ln(),
            Self::Ve { smin, smax } => -(smin.ln() + s * (smax / smin).ln()),
            Self::Vp { .. } | Self::Ou { .. } => {
                let q = self.decay(s);
                -q - 0.5 * (-(-2.0 * q).exp_m1()).ln()
            }
            Self::SubVp { .. } => {
                let q = self.decay(s);
                -q - (-(-2.0 * q).exp_m1()).ln()
            }
        }
    }

    /// The t whose [`Self::lambda`] this is; outside [0, 1] where no t of the path has it.
    pub fn t_of_lambda(self, lambda: f64) -> f64 {
        match self {
            Self::Linear => 1.0 / (1.0 + (-lambda).exp()),
            Self::Cosine => lambda.exp().atan() / FRAC_PI_2,
            Self::Ve { smin, smax } => 1.0 - (-lambda - smin.ln()) / (smax / smin).ln(),
            // alpha^2 / (1 - alpha^2) = e^(2 lambda)
            Self::Vp { .. } | Self::Ou { .. } => 1.0 - self.s_of_decay(0.5 * softplus(-2.0 * lambda)),
            // alpha / (1 - alpha^2) = e^lambda, that is 2 sinh q = e^-lambda
            Self::SubVp { .. } => 1.0 - self.s_of_decay((0.5 * (-lambda).exp()).asinh()),
        }
    }

    /// The t whose sigma(t) this is; NaN where the path has no such sigma.
    pub fn t_of_sigma(self, sigma: f64) -> f64 {
        match self {
            Self::Linear => 1.0 - sigma,
            Self::Cosine => 1.0 - sigma.asin() / FRAC_PI_2,
            Self::Ve { .. } => self.t_of_lambda(-sigma.ln()),
            Self::Vp { .. } | Self::Ou { .. } => 1.0 - self.s_of_decay(-0.5 * (-sigma * sigma).ln_1p()),
            Self::SubVp { .. } => 1.0 - self.s_of_decay(-0.5 * (-sigma).ln_1p()),
        }
    }

    /// The s whose q(s) this is.
    fn s_of_decay(self, q: f64) -> f64 {
        match self {
            // the root of (beta1 - beta0) s^2 / 4 + beta0 s / 2 = q that loses no digits
            Self::Vp { beta0, beta1 } | Self::SubVp { beta0, beta1 } => {
                let half = 0.5 * beta0;
                2.0 * q / (half + (half * half + (beta1 - beta0) * q).sqrt())
            }
            Self::Ou { theta } => q / theta,
            Self::Linear | Self::Cosine | Self::Ve { .. } => f64::NAN,
        }
    }

    /// The rate f of the forward equation `dx = f x ds + g dW` from data to noise, per unit of diffusion time s = 1 - t:
    /// d(log alpha)/ds.
    pub fn forward_drift(self, t: f64) -> f64 {
        match self {
            Self::Linear => -1.0 / t,
            Self::Cosine => -FRAC_PI_2 * cotangent(t),
            Self::Ve { .. } => 0.0,
            Self::Vp { .. } | Self::SubVp { .. } | Self::Ou { .. } => -self.decay_rate(1.0 - t),
        }
    }

    /// g^2 of the forward equation, per unit time, for x0 of unit variance: d(sigma^2)/ds - 2 d(log alpha)/ds sigma^2.
    /// The velocity is `-forward_drift x + g_squared score / 2` (Song et al. 2021, equation 13, in t).
    pub fn g_squared(self, t: f64) -> f64 {
        let s = 1.0 - t;
        match self {
            Self::Linear => 2.0 * s / t,
            Self::Cosine => PI * cotangent(t),
            Self::Ve { smin, smax } => 2.0 * self.at(t).sigma.powi(2) * (smax / smin).ln(),
            Self::Vp { .. } | Self::Ou { .. } => 2.0 * self.decay_rate(s),
            // beta (1 - alpha^4)
            Self::SubVp { .. } => -2.0 * self.decay_rate(s) * (-4.0 * self.decay(s)).exp_m1(),
        }
    }

    /// Between which t a lens integrates on this path; `in_lambda` for methods written in the log-SNR (DDIM, the
    /// DPM-Solvers, `UniPC`). A target of atoms ends at 1 - [`END_MARGIN`] besides ([`narrower`] with the exact field's ends).
    pub const fn ends(self, lens: Lens, in_lambda: bool) -> (f64, f64) {
        match self {
            Self::Linear | Self::Cosine if matches!(lens, Lens::FlowMatching) && !in_lambda => (0.0, 1.0),
            Self::Linear | Self::Cosine => (END_MARGIN, 1.0 - END_MARGIN),
            Self::Vp { .. } | Self::SubVp { .. } | Self::Ou { .. } => (0.0, 1.0 - END_MARGIN),
            Self::Ve { .. } => (0.0, 1.0),
        }
    }

    /// What a source point is multiplied by to be where a particle starts: sigma(0) = smax for VE. The others start from
    /// the source itself, though alpha(0) of VP and OU is not 0 (see [`Self::left_at_start`]).
    pub const fn start_scale(self) -> f64 {
        match self {
            Self::Ve { smax, .. } => smax,
            Self::Linear | Self::Cosine | Self::Vp { .. } | Self::SubVp { .. } | Self::Ou { .. } => 1.0,
        }
    }

    /// How much of the data is left at the start, where the sampler pretends that there is only noise: alpha(0) / sigma(0).
    pub fn left_at_start(self) -> f64 {
        let at = self.at(0.0);
        at.alpha / at.sigma
    }

    /// Whether the path is defined for a standard normal source only (MATHS.md's table).
    pub const fn needs_normal_source(self) -> bool {
        !matches!(self, Self::Linear)
    }
}

/// The part that two intervals share.
pub const fn narrower(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.max(b.0), a.1.min(b.1))
}

/// cot(pi t / 2), each sine by its own small angle.
fn cotangent(t: f64) -> f64 {
    (FRAC_PI_2 * (1.0 - t)).sin() / (FRAC_PI_2 * t).sin()
}

/// log(1 + e^x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
