//! Adaptive Dormand-Prince 5(4): a host loop of accepted and rejected steps, one step length for the whole batch.
//!
//! Coefficients: Dormand and Prince, "A family of embedded Runge-Kutta formulae", J. Comput. Appl. Math. 6 (1980);
//! first step length and PI controller: Hairer, Norsett, Wanner, "Solving Ordinary Differential Equations I", II.4.
//! The last slope of an accepted step is the first of the next, so a step costs six evaluations.

use super::interpret::{Real, Recorded, keep, kept_times};

/// Evaluations per particle after which [`dopri5`] gives up.
pub const EVALUATION_LIMIT: u32 = 100_000;

const STAGES: usize = 7;

const C: [f64; STAGES] = [0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0];

/// Row i: weights of the slopes before stage i; the last row is the order-5 result itself.
static A: [[f64; 6]; STAGES] = [
    [0.0; 6],
    [1.0 / 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0 / 40.0, 9.0 / 40.0, 0.0, 0.0, 0.0, 0.0],
    [44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0, 0.0, 0.0, 0.0],
    [
        19372.0 / 6561.0,
        -25360.0 / 2187.0,
        64448.0 / 6561.0,
        -212.0 / 729.0,
        0.0,
        0.0,
    ],
    [
        9017.0 / 3168.0,
        -355.0 / 33.0,
        46732.0 / 5247.0,
        49.0 / 176.0,
        -5103.0 / 18656.0,
        0.0,
    ],
    [
        35.0 / 384.0,
        0.0,
        500.0 / 1113.0,
        125.0 / 192.0,
        -2187.0 / 6784.0,
        11.0 / 84.0,
    ],
];

/// Order 5 less order 4: the error of a step.
const E: [f64; STAGES] = [
    71.0 / 57600.0,
    0.0,
    -71.0 / 16695.0,
    71.0 / 1920.0,
    -17253.0 / 339200.0,
    22.0 / 525.0,
    -1.0 / 40.0,
];

/// The stages after the first of one step: where in the step the slope is taken, and the weights of the slopes before it in the
/// point where it is taken; the last one's point is the result of order 5.
pub(super) fn stages() -> [(f64, &'static [f64]); STAGES - 1] {
    std::array::from_fn(|i| (C[i + 1], &A[i + 1][..=i]))
}

/// Why [`dopri5`] stopped before the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Dopri5Error<Fault> {
    /// The field failed.
    Field(Fault),
    /// [`EVALUATION_LIMIT`] was reached at this flow time.
    TooManyEvaluations {
        /// Flow time reached.
        t: f64,
    },
    /// No step, however short, meets the tolerance at this flow time: the field is not finite or jumps there.
    StepTooShort {
        /// Flow time reached.
        t: f64,
    },
}

impl<Fault: std::fmt::Display> std::fmt::Display for Dopri5Error<Fault> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Field(fault) => fault.fmt(f),
            Self::TooManyEvaluations { t } => write!(
                f,
                "dopri5 used {EVALUATION_LIMIT} evaluations and got to t = {t:.4} only; use a larger tolerance"
            ),
            Self::StepTooShort { t } => write!(
                f,
                "dopri5 found no step short enough at t = {t:.4}: the field jumps or is not finite there; \
                 use a larger tolerance or an earlier end"
            ),
        }
    }
}

impl<Fault: std::fmt::Debug + std::fmt::Display> std::error::Error for Dopri5Error<Fault> {}

/// Carries `start` from `t_start` to `t_end` (either may be the later one) so that each step's error estimate stays
/// within `tolerance` (1 + |x|), in the largest of all particles and coordinates. `field` is as in
/// [`super::interpret`]. With `record` every accepted step is kept with its time, else the first and last state.
/// A tolerance below four roundings of `T` is raised to that: smaller differences are noise.
///
/// # Errors
/// The first error of `field`; more than [`EVALUATION_LIMIT`] evaluations; a step length that shrinks to nothing.
pub fn dopri5<T: Real, Fault>(
    start: &[[T; 2]],
    (t_start, t_end): (f64, f64),
    tolerance: f64,
    record: bool,
    field: impl FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), Fault>,
) -> Result<Recorded<T>, Dopri5Error<Fault>> {
    let mut solver = Solver::new(start, tolerance.max(4.0 * T::EPSILON), field);
    let mut times = vec![t_start];
    let mut history = vec![start.to_vec()];
    if t_start != t_end {
        solver.run(t_start, t_end, |t, points| {
            if record || times.len() == 1 {
                times.push(t);
                history.push(points.to_vec());
            } else {
                times[1] = t;
                history[1].copy_from_slice(points);
            }
        })?;
    }
    let times = kept_times(&times, record);
    let mut states = vec![[T::ZERO; 2]; start.len() * times.len()];
    for (k, points) in history.iter().enumerate() {
        keep(&mut states, times.len(), k, points);
    }
    Ok(Recorded {
        times,
        states,
        evaluations: solver.evaluations,
    })
}

struct Solver<T, F> {
    field: F,
    tolerance: f64,
    evaluations: u32,
    /// Current points.
    x: Vec<[T; 2]>,
    /// Points of the stage; after a step those of the order-5 result.
    next: Vec<[T; 2]>,
    slopes: [Vec<[T; 2]>; STAGES],
}

impl<T: Real, F> Solver<T, F> {
    fn new(start: &[[T; 2]], tolerance: f64, field: F) -> Self {
        Self {
            field,
            tolerance,
            evaluations: 0,
            x: start.to_vec(),
            next: start.to_vec(),
            slopes: std::array::from_fn(|_| vec![[T::ZERO; 2]; start.len()]),
        }
    }

    fn run<Fault>(
        &mut self,
        t_start: f64,
        t_end: f64,
        mut accepted: impl FnMut(f64, &[[T; 2]]),
    ) -> Result<(), Dopri5Error<Fault>>
    where
        F: FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), Fault>,
    {
        let mut t = t_start;
        self.slope_of_x(t)?;
        let mut h = self.first_step(t, t_end)?;
        let mut previous_error: f64 = 1e-4;
        let mut was_rejected = false;
        loop {
            if self.evaluations + 6 > EVALUATION_LIMIT {
                return Err(Dopri5Error::TooManyEvaluations { t });
            }
            // a last step that would leave a sliver is stretched to the end
            let is_last = 1.01 * h.abs() >= (t_end - t).abs();
            let step = if is_last { t_end - t } else { h };
            let t_next = if is_last { t_end } else { t + step };
            if t_next == t {
                return Err(Dopri5Error::StepTooShort { t });
            }
            self.try_step(t, step, t_next)?;
            let error = self.error(step);
            if error <= 1.0 {
                t = t_next;
                std::mem::swap(&mut self.x, &mut self.next);
                self.slopes.swap(0, STAGES - 1);
                accepted(t, &self.x);
                if is_last {
                    return Ok(());
                }
                let most = if was_rejected { 1.0 } else { 10.0 };
                let factor = 0.9 * error.max(1e-10).powf(-0.17) * previous_error.powf(0.04);
                h = step * factor.clamp(0.2, most);
                previous_error = error.max(1e-4);
                was_rejected = false;
            } else {
                // also where the error is not a number
                let factor = 0.9 * error.powf(-0.2);
                h = step * if factor > 0.1 { factor } else { 0.1 };
                was_rejected = true;
            }
        }
    }

    fn slope_of_x<Fault>(&mut self, t: f64) -> Result<(), Dopri5Error<Fault>>
    where
        F: FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), Fault>,
    {
        self.evaluations += 1;
        (self.field)(&self.x, t, &mut self.slopes[0]).map_err(Dopri5Error::Field)
    }

    /// Hairer's first step length, from the sizes of x, of its slope, and of the slope's change over a tiny step.
    fn first_step<Fault>(&mut self, t: f64, t_end: f64) -> Result<f64, Dopri5Error<Fault>>
    where
        F: FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), Fault>,
    {
        let span = t_end - t;
        let size = self.largest(|x, _| x);
        let slope = self.largest(|_, slope| slope);
        let guess = if size < 1e-5 || slope < 1e-5 {
            1e-6
        } else {
            0.01 * size / slope
        };
        let h = guess.min(span.abs()).copysign(span);
        self.advance(1, h, &[1.0]);
        self.evaluations += 1;
        (self.field)(&self.next, t + h, &mut self.slopes[1]).map_err(Dopri5Error::Field)?;
        let mut bend: f64 = 0.0;
        for ((x, before), after) in self.x.iter().zip(&self.slopes[0]).zip(&self.slopes[1]) {
            for c in 0..2 {
                let scale = self.tolerance * (1.0 + x[c].to_f64().abs());
                bend = bend.max((after[c].to_f64() - before[c].to_f64()).abs() / scale);
            }
        }
        let steepest = slope.max(bend / h.abs());
        let wanted = if steepest <= 1e-15 {
            (h.abs() * 1e-3).max(1e-6)
        } else {
            (0.01 / steepest).powf(0.2)
        };
        Ok(wanted.min(100.0 * h.abs()).min(span.abs()).copysign(span))
    }

    /// The largest of a quantity over particles and coordinates, in units of the tolerated error.
    fn largest(&self, of: impl Fn(f64, f64) -> f64) -> f64 {
        let mut most: f64 = 0.0;
        for (x, slope) in self.x.iter().zip(&self.slopes[0]) {
            for c in 0..2 {
                let (x, slope) = (x[c].to_f64(), slope[c].to_f64());
                most = most.max(of(x, slope).abs() / (self.tolerance * (1.0 + x.abs())));
            }
        }
        most
    }

    fn try_step<Fault>(&mut self, t: f64, h: f64, t_next: f64) -> Result<(), Dopri5Error<Fault>>
    where
        F: FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), Fault>,
    {
        for i in 1..STAGES {
            self.advance(i, h, &A[i][..i]);
            let at_time = if C[i] == 1.0 { t_next } else { t + C[i] * h };
            self.evaluations += 1;
            (self.field)(&self.next, at_time, &mut self.slopes[i]).map_err(Dopri5Error::Field)?;
        }
        Ok(())
    }

    /// next = x + h sum of the weighted first `count` slopes.
    fn advance(&mut self, count: usize, h: f64, weights: &[f64]) {
        let weights: [T; STAGES] = std::array::from_fn(|j| T::from_f64(h * weights.get(j).unwrap_or(&0.0)));
        for (p, (next, x)) in self.next.iter_mut().zip(&self.x).enumerate() {
            let mut sum = [T::ZERO; 2];
            for (slopes, &w) in self.slopes[..count].iter().zip(&weights) {
                sum = [sum[0] + w * slopes[p][0], sum[1] + w * slopes[p][1]];
            }
            *next = [x[0] + sum[0], x[1] + sum[1]];
        }
    }

    /// The largest error estimate in units of what is tolerated; NaN where anything is not finite.
    fn error(&self, h: f64) -> f64 {
        let mut most: f64 = 0.0;
        for (p, (x, next)) in self.x.iter().zip(&self.next).enumerate() {
            for c in 0..2 {
                let sum: f64 = self
                    .slopes
                    .iter()
                    .zip(E)
                    .map(|(slopes, e)| e * slopes[p][c].to_f64())
                    .sum();
                let scale = 1.0 + x[c].to_f64().abs().max(next[c].to_f64().abs());
                let error = (h * sum).abs() / (self.tolerance * scale);
                // max would drop a NaN
                if error.is_nan() {
                    return f64::NAN;
                }
                most = most.max(error);
            }
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Slow far from t = 1/2, fast near it: x(t) = x(0) exp(atan(40 (t - 1/2)) - atan(-20)).
    #[allow(clippy::unnecessary_wraps)]
    fn burst<T: Real>(points: &[[T; 2]], t: f64, out: &mut [[T; 2]]) -> Result<(), Infallible> {
        let rate = T::from_f64(40.0 / (1.0 + (40.0 * (t - 0.5)).powi(2)));
        for (o, p) in out.iter_mut().zip(points) {
            *o = [rate * p[0], rate * p[1]];
        }
        Ok(())
    }

    #[test]
    fn the_tableau_is_consistent() {
        for i in 0..STAGES {
            assert!((A[i].iter().sum::<f64>() - C[i]).abs() < 1e-14);
        }
        assert!(E.iter().sum::<f64>().abs() < 1e-16);
    }

    #[test]
    fn a_smaller_tolerance_gives_a_smaller_error_both_ways() {
        let right = (2.0 * 20.0_f64.atan()).exp();
        for tolerance in [1e-5, 1e-8, 1e-11] {
            let there = dopri5(&[[1.0, -0.5]], (0.0, 1.0), tolerance, true, burst).unwrap();
            let end = *there.states.last().unwrap();
            // global error: a few tens of steps, grown by a factor of up to e^3
            assert!(
                (end[0] - right).abs() < 500.0 * tolerance,
                "{tolerance}: {}",
                end[0] - right
            );
            assert!(there.times.windows(2).all(|w| w[0] < w[1]));
            assert_eq!((there.times[0], *there.times.last().unwrap()), (0.0, 1.0));
            assert_eq!(there.states.len(), there.times.len());
            let back = dopri5(&[end], (1.0, 0.0), tolerance, false, burst).unwrap();
            assert_eq!(back.times, [1.0, 0.0]);
            assert!((back.states[1][0] - 1.0).abs() < 500.0 * tolerance);
        }
    }

    #[test]
    fn steps_are_short_only_where_the_field_is_fast() {
        let run = dopri5(&[[1.0, -0.5]], (0.0, 1.0), 1e-8, true, burst).unwrap();
        let longest = run.times.windows(2).map(|w| w[1] - w[0]).fold(0.0, f64::max);
        let shortest = run.times.windows(2).map(|w| w[1] - w[0]).fold(1.0, f64::min);
        assert!(longest > 5.0 * shortest, "{longest} {shortest}");
        // two to start, six a step, few rejected
        let steps = run.times.len() as u32 - 1;
        assert!(run.evaluations >= 2 + 6 * steps && run.evaluations < 2 + 8 * steps);
    }

    #[test]
    fn single_precision_does_not_chase_its_own_rounding() {
        let run = dopri5(&[[1.0_f32, -0.5]], (0.0, 1.0), 1e-12, true, burst).unwrap();
        assert!(run.evaluations < 2_000, "{}", run.evaluations);
    }

    #[test]
    fn a_field_that_is_not_finite_is_an_error_not_a_loop() {
        let run = dopri5(&[[1.0, 0.0]], (0.0, 1.0), 1e-6, true, |_, t, out: &mut [[f64; 2]]| {
            out[0] = [if t > 0.5 { f64::NAN } else { 1.0 }, 0.0];
            Ok::<(), Infallible>(())
        });
        assert!(
            matches!(run, Err(Dopri5Error::StepTooShort { t }) if t <= 0.5 && t > 0.49),
            "{run:?}"
        );
    }

    #[test]
    fn too_hard_a_field_is_given_up_with_words() {
        let run = dopri5(&[[1.0, 0.0]], (0.0, 1.0), 1e-10, false, |_, t, out: &mut [[f64; 2]]| {
            out[0] = [(1e6 * t).sin(), 0.0];
            Ok::<(), Infallible>(())
        });
        assert!(matches!(run, Err(Dopri5Error::TooManyEvaluations { .. })), "{run:?}");
    }

    #[test]
    fn nothing_to_do_is_done() {
        let run = dopri5(&[[1.0, 0.0]], (0.5, 0.5), 1e-6, true, burst).unwrap();
        assert_eq!(
            (run.times, run.states, run.evaluations),
            (vec![0.5], vec![[1.0, 0.0]], 0)
        );
        assert!(
            dopri5::<f64, _>(&[], (0.0, 1.0), 1e-6, true, burst)
                .unwrap()
                .states
                .is_empty()
        );
    }
}
