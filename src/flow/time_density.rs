//! The law of t during training, the weight of the loss over t, and the table of 65,536 quantiles
//! ([`TimeRow`]) through which both reach a backend.

use std::f64::consts::{FRAC_PI_2, PI};

use serde::{Deserialize, Serialize};

use super::lens::Lens;
use super::normal;
use super::path::Path;
use super::prediction::{Output, Prediction, RowFactors};
use super::table::{Entry, Form, Parameter, within};

/// How many rows a table of times has: row r is the quantile (r + 1/2) / 65,536 of the law of t.
pub const TIME_ROWS: usize = 65_536;

/// The law of t during training. A closed set; [`TIME_DENSITIES`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TimeDensity {
    /// Every t equally often.
    #[default]
    Uniform,
    /// t = sigmoid(mean + std n), n standard normal (Esser et al. 2024).
    LogitNormal {
        /// Mean of logit t.
        #[serde(default)]
        mean: f64,
        /// Standard deviation of logit t.
        #[serde(default = "one")]
        std: f64,
    },
    /// Density proportional to e^{a t} + e^{a (1-t)} (Lee, Lin, Fanti 2024; a = 4).
    UShaped {
        /// How strongly the ends are preferred.
        #[serde(default = "four")]
        a: f64,
    },
    /// t = 1 - u - s (cos^2(pi u / 2) - 1 + u) (Esser et al. 2024).
    Mode {
        /// Scale s in [-1, 2 / (pi - 2)], where the map stays monotone.
        #[serde(default = "mode_scale")]
        scale: f64,
    },
    /// Density 2 / (pi (1 - 2t + 2t^2)) (Esser et al. 2024).
    Cosmap,
}

/// A weight w(t) on the loss, separate from the law of t. Weights are used as they are, not normalized to mean 1: a weight of
/// mean 20 makes the loss 20 times as large. The unbounded ones are cut at `max`, because on the linear path alpha^2 / sigma^2
/// grows without limit towards t = 1, and 1 / t towards t = 0. The table is [`LOSS_WEIGHTS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LossWeight {
    /// w = 1.
    #[default]
    Uniform,
    /// w = alpha^2 / sigma^2, the signal-to-noise ratio, cut at `max`.
    Snr {
        /// The largest weight.
        #[serde(default = "cap")]
        max: f64,
    },
    /// w = min(snr, gamma) (Hang et al. 2023).
    MinSnr {
        /// The cut.
        #[serde(default = "five")]
        gamma: f64,
    },
    /// w = 1 / t, cut at `max`.
    InverseT {
        /// The largest weight.
        #[serde(default = "cap")]
        max: f64,
    },
}

const fn one() -> f64 {
    1.0
}

const fn four() -> f64 {
    4.0
}

const fn five() -> f64 {
    5.0
}

/// The scale that Esser et al. 2024 found best of the mode laws.
const fn mode_scale() -> f64 {
    1.29
}

/// Where unbounded weights are cut unless asked otherwise.
const fn cap() -> f64 {
    100.0
}

/// One row of the table of times: all that a training row needs to know about its t.
/// The network's input is (alpha x1 + sigma x0, t), its regression target `target_x1 x1 + target_x0 x0`. For a plain
/// [`Output`] these are `X_t` and the velocity; else alpha, sigma, target and weight hold the output's scaling too.
#[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct TimeRow {
    /// The time that the network is told, in [0, 1]: t for a plain output.
    pub t: f32,
    /// Factor of x1 in the input.
    pub alpha: f32,
    /// Factor of x0 in the input.
    pub sigma: f32,
    /// Weight of this row's loss.
    pub weight: f32,
    /// Factor of x0 in the regression target.
    pub target_x0: f32,
    /// Factor of x1 in the regression target.
    pub target_x1: f32,
    /// t itself, in [0, 1]: which time of the flow the row is of.
    pub flow_time: f32,
    /// How many times an error of the output the error of the velocity is.
    pub velocity_net: f32,
}

/// The table of the laws of t.
pub const TIME_DENSITIES: [Entry; 5] = [
    Entry {
        name: "uniform",
        formula: "p(t) = 1",
        summary: "every t equally often",
        parameters: &[],
    },
    Entry {
        name: "logit-normal",
        formula: "t = sigmoid(m + s n), n ~ N(0, 1)",
        summary: "prefers the middle, leaves out the very ends (Esser et al. 2024)",
        parameters: &[
            Parameter {
                name: "mean",
                symbol: "m",
                meaning: "mean of logit t; above 0 prefers the target's end",
                form: Form::Number { low: -2.0, high: 2.0 },
            },
            Parameter {
                name: "std",
                symbol: "s",
                meaning: "standard deviation of logit t",
                form: Form::Number { low: 0.2, high: 2.5 },
            },
        ],
    },
    Entry {
        name: "u-shaped",
        formula: "p(t) ∝ exp(a t) + exp(a (1-t))",
        summary: "prefers both ends; made for reflow (Lee, Lin, Fanti 2024)",
        parameters: &[Parameter {
            name: "a",
            symbol: "a",
            meaning: "how strongly the ends are preferred; 0 is uniform",
            form: Form::Number { low: 0.0, high: 8.0 },
        }],
    },
    Entry {
        name: "mode",
        formula: "t = 1 - u - s (cos²(π u / 2) - 1 + u), u uniform",
        summary: "prefers the middle (s > 0) or the ends (s < 0), never leaves out any t (Esser et al. 2024)",
        parameters: &[Parameter {
            name: "scale",
            symbol: "s",
            meaning: "from -1 to 2 / (π - 2) = 1.75; 0 is uniform",
            form: Form::Number { low: -1.0, high: 1.75 },
        }],
    },
    Entry {
        name: "cosmap",
        formula: "p(t) = 2 / (π (1 - 2t + 2t²))",
        summary: "prefers the middle a little: the cosine path's signal-to-noise ratio on the linear path (Esser et al. 2024)",
        parameters: &[],
    },
];

/// The table of the loss weights.
pub const LOSS_WEIGHTS: [Entry; 4] = [
    Entry {
        name: "uniform",
        formula: "w(t) = 1",
        summary: "every t counts the same",
        parameters: &[],
    },
    Entry {
        name: "snr",
        formula: "w(t) = min(α² / σ², max)",
        summary: "the signal-to-noise ratio: late t count more; cut at max",
        parameters: &[Parameter {
            name: "max",
            symbol: "max",
            meaning: "the largest weight",
            form: Form::Number { low: 1.0, high: 1000.0 },
        }],
    },
    Entry {
        name: "min-snr",
        formula: "w(t) = min(α² / σ², γ)",
        summary: "the signal-to-noise ratio, cut early (Hang et al. 2023)",
        parameters: &[Parameter {
            name: "gamma",
            symbol: "γ",
            meaning: "the cut; 5 in the paper",
            form: Form::Number { low: 0.5, high: 20.0 },
        }],
    },
    Entry {
        name: "inverse-t",
        formula: "w(t) = min(1 / t, max)",
        summary: "early t count more; cut at max",
        parameters: &[Parameter {
            name: "max",
            symbol: "max",
            meaning: "the largest weight",
            form: Form::Number { low: 1.0, high: 1000.0 },
        }],
    },
];

impl TimeDensity {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::LogitNormal { .. } => "logit-normal",
            Self::UShaped { .. } => "u-shaped",
            Self::Mode { .. } => "mode",
            Self::Cosmap => "cosmap",
        }
    }

    /// The law of this name with its default parameters.
    pub fn default_of(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": name })).ok()
    }

    /// The t below which a share `u` of the law lies, u in (0, 1); closed form for every law, in f64.
    pub fn quantile(self, u: f64) -> f64 {
        match self {
            Self::Uniform => u,
            Self::LogitNormal { mean, std } => sigmoid(mean + std * normal::quantile(u)),
            // F(t) = 1/2 + sinh(a (t - 1/2)) / (2 sinh(a / 2)); the law of -a is that of a
            Self::UShaped { a } if a.abs() < TINY => u,
            Self::UShaped { a } => 0.5 + ((2.0 * u - 1.0) * (0.5 * a).sinh()).asinh() / a,
            Self::Mode { scale } => mode_quantile(scale, u),
            Self::Cosmap => 0.5 + 0.5 * (FRAC_PI_2 * (u - 0.5)).tan(),
        }
    }

    /// The probability density at t in [0, 1]; may be infinite at the ends (mode with scale -1).
    pub fn density(self, t: f64) -> f64 {
        if !(0.0..=1.0).contains(&t) {
            return 0.0;
        }
        match self {
            Self::Uniform => 1.0,
            Self::LogitNormal { .. } if t == 0.0 || t == 1.0 => 0.0,
            Self::LogitNormal { mean, std } => {
                let z = ((t / (1.0 - t)).ln() - mean) / std;
                (-0.5 * z * z).exp() / (std * (2.0 * PI).sqrt() * t * (1.0 - t))
            }
            Self::UShaped { a } if a.abs() < TINY => 1.0,
            Self::UShaped { a } => 0.5 * a * (a * (t - 0.5)).cosh() / (0.5 * a).sinh(),
            Self::Mode { scale } => {
                let u = bisect(|u| mode_quantile(scale, u), t);
                1.0 / (1.0 + scale - scale * FRAC_PI_2 * (PI * u).sin())
            }
            Self::Cosmap => 2.0 / (PI * (1.0 - 2.0 * t + 2.0 * t * t)),
        }
    }

    /// Whether its parameters make a law of t that stays inside (0, 1) in f64; the message names the parameter and a value that works.
    ///
    /// # Errors
    /// Where a parameter is not finite or outside its range.
    pub fn validate(self) -> Result<(), String> {
        match self {
            Self::LogitNormal { mean, std } => {
                within("time.mean", mean, -10.0, 10.0, 0.0)?;
                within("time.std", std, 1e-3, 5.0, 1.0)
            }
            Self::UShaped { a } => within("time.a", a, -50.0, 50.0, 4.0),
            Self::Mode { scale } => within("time.scale", scale, -1.0, MODE_SCALE_MAX, 1.29),
            Self::Uniform | Self::Cosmap => Ok(()),
        }
    }
}

impl LossWeight {
    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Snr { .. } => "snr",
            Self::MinSnr { .. } => "min-snr",
            Self::InverseT { .. } => "inverse-t",
        }
    }

    /// The weight of this name with its default parameters.
    pub fn default_of(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::json!({ "kind": name })).ok()
    }

    /// The weight at t in [0, 1] on this path: raw, finite, at least 0.
    pub fn at(self, path: Path, t: f64) -> f64 {
        let snr = || {
            let p = path.at(t);
            // sigma = 0 gives infinity, which the cut turns into the cut
            (p.alpha / p.sigma).powi(2)
        };
        match self {
            Self::Uniform => 1.0,
            Self::Snr { max } => snr().min(max),
            Self::MinSnr { gamma } => snr().min(gamma),
            Self::InverseT { max } => (1.0 / t).min(max),
        }
    }

    /// Whether its parameters make a weight; the message names the parameter and a value that works.
    ///
    /// # Errors
    /// Where a parameter is not finite or outside its range.
    pub fn validate(self) -> Result<(), String> {
        match self {
            Self::Uniform => Ok(()),
            Self::Snr { max } | Self::InverseT { max } => within("weight.max", max, 1e-6, 1e6, 100.0),
            Self::MinSnr { gamma } => within("weight.gamma", gamma, 1e-6, 1e6, 5.0),
        }
    }
}

/// Below this |a| the U-shaped law differs from the uniform one by less than a rounding error (a^2 / 24).
const TINY: f64 = 1e-8;

/// 2 / (pi - 2): the largest scale at which the mode law's map is monotone.
const MODE_SCALE_MAX: f64 = 2.0 / (PI - 2.0);

/// Esser et al. 2024, equation 20, with u turned around so that it increases.
fn mode_quantile(scale: f64, u: f64) -> f64 {
    u - scale * ((FRAC_PI_2 * u).sin().powi(2) - u)
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// The u in [0, 1] with f(u) = t for an increasing f.
fn bisect(f: impl Fn(f64) -> f64, t: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // 60 halvings reach the last bit
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if f(middle) < t {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The table of times of a run: `TIME_ROWS` quantiles in increasing order, computed in f64 and rounded once.
/// Times beyond the ends between which the path is integrated are those ends: nobody looks beyond, and VP's velocity grows
/// without limit there. Each of t, alpha and sigma is rounded on its own, so sigma stays exact where t is within a rounding error of 1.
pub fn time_rows(density: TimeDensity, weight: LossWeight, output: &Output) -> Vec<TimeRow> {
    (0..TIME_ROWS)
        .map(|r| row_at(density, weight, output, (r as f64 + 0.5) / TIME_ROWS as f64))
        .collect()
}

/// The row of the quantile u.
fn row_at(density: TimeDensity, weight: LossWeight, output: &Output, u: f64) -> TimeRow {
    let (from, to) = output.path().ends(Lens::FlowMatching, false);
    let t = density.quantile(u).clamp(from, to);
    let RowFactors {
        input,
        target,
        weight: own,
    } = output.row(t);
    let velocity = output.to(Prediction::Velocity, t);
    TimeRow {
        t: velocity.time as f32,
        alpha: input[0] as f32,
        sigma: input[1] as f32,
        weight: (own * weight.at(output.path(), t)) as f32,
        target_x0: target[1] as f32,
        target_x1: target[0] as f32,
        flow_time: t as f32,
        velocity_net: velocity.net as f32,
    }
}

/// The rows to train with, from those of the law of t: the same where the output is plain. Else half of them lie as the law
/// says and half in proportion to their weight, and each is weighted by what it lies too dense: the same loss on average, with
/// far less noise where few rows carry most of the weight (the velocity near the data of VP and OU, E w^2 = 6,000 against
/// (E w)^2 = 200).
pub fn training_rows(law: &[TimeRow], density: TimeDensity, weight: LossWeight, output: &Output) -> Vec<TimeRow> {
    let mean = law.iter().map(|r| f64::from(r.weight)).sum::<f64>() / law.len().max(1) as f64;
    if output.is_plain() || !(mean > 0.0 && mean.is_finite()) {
        return law.to_vec();
    }
    let denser = |w: f64| 0.5 + 0.5 * w / mean;
    let (mut rows, mut upto, mut i) = (Vec::with_capacity(law.len()), 0.0, 0);
    for r in 0..law.len() {
        let wanted = r as f64 + 0.5;
        // the part of the law's row i that the share `wanted` falls in
        let mut here = denser(f64::from(law[i].weight));
        while upto + here <= wanted && i + 1 < law.len() {
            upto += here;
            i += 1;
            here = denser(f64::from(law[i].weight));
        }
        let within = ((wanted - upto) / here).clamp(0.0, 1.0);
        let mut row = row_at(density, weight, output, (i as f64 + within) / law.len() as f64);
        row.weight = (f64::from(row.weight) / denser(f64::from(row.weight))) as f32;
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;
    use crate::flow::quadrature::gauss_legendre;

    fn laws() -> Vec<TimeDensity> {
        let mut all: Vec<_> = TIME_DENSITIES
            .iter()
            .map(|e| TimeDensity::default_of(e.name).expect(e.name))
            .collect();
        all.extend([
            TimeDensity::LogitNormal { mean: -1.0, std: 0.4 },
            TimeDensity::LogitNormal { mean: 0.5, std: 2.5 },
            TimeDensity::UShaped { a: 0.0 },
            TimeDensity::UShaped { a: 1e-6 },
            TimeDensity::UShaped { a: -4.0 },
            TimeDensity::UShaped { a: 30.0 },
            TimeDensity::Mode { scale: -0.9 },
            TimeDensity::Mode { scale: 0.0 },
        ]);
        all
    }

    /// The integral of f over [a, b]: Gauss-Legendre with 8 points on 64 pieces.
    fn integral(f: impl Fn(f64) -> f64, a: f64, b: f64) -> f64 {
        let rule = gauss_legendre(8);
        let h = (b - a) / 64.0;
        let piece = |k: u32| {
            let start = a + f64::from(k) * h;
            rule.iter().map(|(x, w)| h * w * f(start + h * x)).sum::<f64>()
        };
        (0..64).map(piece).sum()
    }

    #[test]
    fn quantiles_increase_within_the_open_interval() {
        for law in laws() {
            let q: Vec<f64> = (0..TIME_ROWS)
                .map(|r| law.quantile((r as f64 + 0.5) / TIME_ROWS as f64))
                .collect();
            assert!(q.windows(2).all(|w| w[0] < w[1]), "{law:?} is not increasing");
            assert!(q[0] > 0.0 && q[TIME_ROWS - 1] < 1.0, "{law:?} leaves (0, 1)");
        }
    }

    #[test]
    fn the_density_between_two_quantiles_integrates_to_their_difference() {
        for law in laws() {
            let edges = [0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999];
            for pair in edges.windows(2) {
                let got = integral(|t| law.density(t), law.quantile(pair[0]), law.quantile(pair[1]));
                // 64 pieces of order 16 leave rounding errors only
                assert_close(&[got], &[pair[1] - pair[0]], 1e-9, &format!("{law:?} {pair:?}"));
            }
        }
    }

    #[test]
    fn symmetric_laws_have_their_middle_at_one_half() {
        for law in laws() {
            if !matches!(law, TimeDensity::LogitNormal { mean, .. } if mean != 0.0) {
                assert_close(&[law.quantile(0.5)], &[0.5], 1e-15, &format!("{law:?}"));
                let both = law.quantile(0.2) + law.quantile(0.8);
                assert_close(&[both], &[1.0], 1e-14, &format!("{law:?}"));
            }
        }
    }

    #[test]
    fn rows_hold_the_linear_path_and_its_velocity() {
        let weight = LossWeight::MinSnr { gamma: 5.0 };
        let law = TimeDensity::default_of("logit-normal").unwrap();
        let rows = time_rows(law, weight, &Output::plain(Path::Linear));
        assert_eq!(rows.len(), TIME_ROWS);
        for (r, row) in rows.iter().enumerate() {
            let t = law.quantile((r as f64 + 0.5) / 65_536.0);
            let snr = (t / (1.0 - t)).powi(2);
            let got = [row.t, row.alpha, row.sigma, row.target_x0, row.target_x1].map(f64::from);
            // one rounding to f32
            assert_close(&got, &[t, t, 1.0 - t, -1.0, 1.0], 6e-8, &format!("row {r}"));
            assert_close(&[f64::from(row.weight)], &[snr.min(5.0)], 5e-7, &format!("weight {r}"));
            assert_eq!((row.flow_time, row.velocity_net), (row.t, 1.0));
        }
    }

    #[test]
    fn training_rows_weigh_in_all_as_the_law_does() {
        let moment = |rows: &[TimeRow], f: fn(f64) -> f64| {
            let sum: f64 = rows
                .iter()
                .map(|r| f64::from(r.weight) * f(f64::from(r.flow_time)))
                .sum();
            sum / rows.len() as f64
        };
        for name in ["vp", "ou", "ve", "cosine"] {
            let output = Output::new(Path::default_of(name).unwrap(), Prediction::Velocity, 2.0);
            for law in ["uniform", "u-shaped"] {
                let law = TimeDensity::default_of(law).unwrap();
                let rows = time_rows(law, LossWeight::Uniform, &output);
                let denser = training_rows(&rows, law, LossWeight::Uniform, &output);
                assert_eq!(denser.len(), TIME_ROWS);
                assert!(denser.windows(2).all(|w| w[0].flow_time <= w[1].flow_time));
                for f in [|_| 1.0, |t: f64| t, |t: f64| (9.0 * t).sin()] {
                    let (got, want) = (moment(&denser, f), moment(&rows, f));
                    // both are midpoint rules; the steepest part, near t = 1, has few rows in the law
                    assert_close(&[got], &[want], 2e-3 * moment(&rows, |_| 1.0), name);
                }
                let square = |rows: &[TimeRow]| {
                    moment(rows, |_| 1.0).recip().powi(2) * {
                        let sum: f64 = rows.iter().map(|r| f64::from(r.weight).powi(2)).sum();
                        sum / rows.len() as f64
                    }
                };
                // w / (1/2 + w / (2 E w)) is at most 2 E w
                assert!(
                    square(&denser) <= 2.0 && square(&denser) <= square(&rows) + 1e-9,
                    "{name}"
                );
            }
        }
        let plain = Output::plain(Path::Linear);
        let rows = time_rows(TimeDensity::Uniform, LossWeight::Uniform, &plain);
        assert_eq!(
            training_rows(&rows, TimeDensity::Uniform, LossWeight::Uniform, &plain),
            rows
        );
    }

    #[test]
    fn weights_are_cut_and_finite_at_the_ends() {
        for entry in &LOSS_WEIGHTS {
            let weight = LossWeight::default_of(entry.name).expect(entry.name);
            assert_eq!(weight.name(), entry.name);
            weight.validate().unwrap();
            for t in [0.0, 1e-300, 0.5, 1.0 - 1e-16, 1.0] {
                let w = weight.at(Path::Linear, t);
                assert!(w.is_finite() && w >= 0.0, "{weight:?} at {t}: {w}");
            }
        }
        assert_eq!(LossWeight::Snr { max: 9.0 }.at(Path::Linear, 0.5), 1.0);
        assert_eq!(LossWeight::Snr { max: 9.0 }.at(Path::Linear, 1.0), 9.0);
        assert_eq!(LossWeight::InverseT { max: 9.0 }.at(Path::Linear, 0.25), 4.0);
        assert_eq!(LossWeight::InverseT { max: 9.0 }.at(Path::Linear, 0.0), 9.0);
    }

    #[test]
    fn names_parameters_and_defaults_agree_with_the_tables() {
        for entry in &TIME_DENSITIES {
            let law = TimeDensity::default_of(entry.name).expect(entry.name);
            assert_eq!(law.name(), entry.name);
            law.validate().unwrap();
            let json = serde_json::to_value(law).unwrap();
            assert_eq!(serde_json::from_value::<TimeDensity>(json.clone()).unwrap(), law);
            let mut keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
            keys.retain(|k| *k != "kind");
            let names: Vec<&str> = entry.parameters.iter().map(|p| p.name).collect();
            assert_eq!(keys, names, "{}", entry.name);
        }
        assert!(TimeDensity::default_of("no-such-law").is_none());
    }

    #[test]
    fn bad_parameters_are_refused_by_name() {
        for law in [
            TimeDensity::LogitNormal {
                mean: f64::NAN,
                std: 1.0,
            },
            TimeDensity::LogitNormal { mean: 0.0, std: 0.0 },
            TimeDensity::UShaped { a: f64::INFINITY },
            TimeDensity::Mode { scale: 1.8 },
            TimeDensity::Mode { scale: -1.01 },
        ] {
            let message = law.validate().unwrap_err();
            assert!(message.starts_with("time."), "{message}");
        }
        for weight in [LossWeight::Snr { max: -1.0 }, LossWeight::MinSnr { gamma: f64::NAN }] {
            assert!(weight.validate().unwrap_err().starts_with("weight."));
        }
    }
}
