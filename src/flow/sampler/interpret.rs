//! Runs a sampler's table over a batch of particles: f64 for exact fields, f32 for networks.
//! Twin of `shaders/integrate.wgsl`.

use std::ops::{Add, Mul, Sub};

use super::{MicroOp, NOISE0, OUT0, REGISTERS, START, STATE, STEP_START, Table};

/// The two kinds of number that particles are made of.
pub trait Real:
    Copy + PartialOrd + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + 'static
{
    /// 0.
    const ZERO: Self;
    /// Distance from 1 to the next number.
    const EPSILON: f64;
    /// Rounded to this kind.
    fn from_f64(x: f64) -> Self;
    /// Exactly the same number.
    fn to_f64(self) -> f64;
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const EPSILON: f64 = f32::EPSILON as f64;
    fn from_f64(x: f64) -> Self {
        x as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const EPSILON: f64 = f64::EPSILON;
    fn from_f64(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
}

/// Recorded states of particles, as `backend::Trajectories` holds them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded<T> {
    /// Times of the recorded states, first to last.
    pub times: Vec<f64>,
    /// Particle-major: state k of particle p is `states[p * times.len() + k]`, data units.
    pub states: Vec<[T; 2]>,
    /// Field evaluations per particle.
    pub evaluations: u32,
}

/// Noises held at a time, so that a long run of many particles does not fill the memory.
const NOISES_HELD: usize = 1 << 22;

/// Carries `start` through `table`. `field(points, t, out)` writes the velocity at every point; it is called once for
/// each evaluation, with all particles (a table with much noise: with as many as have their noises in memory). With `record`
/// false only the first and last state are kept. Particle p has the noise of particle p.
///
/// # Errors
/// The first error of `field`.
pub fn interpret<T: Real, E>(
    table: &Table,
    start: &[[T; 2]],
    record: bool,
    field: impl FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), E>,
) -> Result<Recorded<T>, E> {
    interpret_from(table, 0, start, record, field)
}

/// [`interpret`] for particles that are the `first` and those after it of a larger set: they have those ones' noises.
///
/// # Errors
/// The first error of `field`.
pub fn interpret_from<T: Real, E>(
    table: &Table,
    first: usize,
    start: &[[T; 2]],
    record: bool,
    mut field: impl FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), E>,
) -> Result<Recorded<T>, E> {
    let times = kept_times(&table.times, record);
    let mut states = vec![[T::ZERO; 2]; start.len() * times.len()];
    let block = match table.noises.len() {
        0 => start.len().max(1),
        noises => (NOISES_HELD / noises).max(64),
    };
    let stream = table.noise();
    let parts = start.chunks(block).zip(states.chunks_mut((block * times.len()).max(1)));
    for (i, (start, states)) in parts.enumerate() {
        let noises = stream.block(first + i * block, start.len(), |z| z.map(T::from_f64));
        carry(table, start, &noises, record, states, &mut field)?;
    }
    Ok(Recorded {
        times,
        states,
        evaluations: table.evaluations,
    })
}

/// One block of particles; `states` particle-major, `noises` draw-major.
fn carry<T: Real, E>(
    table: &Table,
    start: &[[T; 2]],
    noises: &[[T; 2]],
    record: bool,
    states: &mut [[T; 2]],
    field: &mut impl FnMut(&[[T; 2]], f64, &mut [[T; 2]]) -> Result<(), E>,
) -> Result<(), E> {
    let n = start.len();
    let stride = states.len() / n;
    let mut registers: [Vec<[T; 2]>; REGISTERS] = Default::default();
    for (index, register) in registers.iter_mut().enumerate() {
        if matches!(index, STATE | STEP_START | START) {
            *register = start.to_vec();
        } else if uses(table, index) {
            *register = vec![[T::ZERO; 2]; n];
        }
    }
    // every operation writes here and swaps, so that a register may be both read and written
    let mut written = vec![[T::ZERO; 2]; n];
    let mut recorded = 0;
    keep(states, stride, recorded, start);
    for op in &table.ops {
        match *op {
            MicroOp::Eval { out, at, t, a, b } => {
                field(&registers[at], t, &mut written)?;
                scale(&mut written, &registers[at], a, b);
                std::mem::swap(&mut written, &mut registers[OUT0 + out]);
            }
            MicroOp::Combine { into, coefficients } => {
                combine(&mut written, &registers, &coefficients);
                std::mem::swap(&mut written, &mut registers[into]);
            }
            MicroOp::Noise { into, draw } => {
                registers[NOISE0 + into].copy_from_slice(&noises[draw * n..(draw + 1) * n]);
            }
            MicroOp::Record => {
                recorded += 1;
                if record {
                    keep(states, stride, recorded, &registers[STATE]);
                }
            }
        }
    }
    if !record && stride == 2 {
        keep(states, 2, 1, &registers[STATE]);
    }
    Ok(())
}

/// All times, or the first and the last.
pub(super) fn kept_times(times: &[f64], record: bool) -> Vec<f64> {
    match times {
        [first, .., last] if !record => vec![*first, *last],
        all => all.to_vec(),
    }
}

/// Puts the state of every particle in place `k` of its trajectory of `stride` states.
pub(super) fn keep<T: Copy>(states: &mut [[T; 2]], stride: usize, k: usize, points: &[[T; 2]]) {
    for (trajectory, point) in states.chunks_exact_mut(stride).zip(points) {
        trajectory[k] = *point;
    }
}

fn uses(table: &Table, index: usize) -> bool {
    table.ops.iter().any(|op| match op {
        MicroOp::Eval { out, at, .. } => OUT0 + out == index || *at == index,
        MicroOp::Combine { into, coefficients } => *into == index || coefficients[index] != 0.0,
        MicroOp::Noise { into, .. } => NOISE0 + into == index,
        MicroOp::Record => false,
    })
}

/// value = a x + b value; nothing to do for a = 0, b = 1.
fn scale<T: Real>(values: &mut [[T; 2]], points: &[[T; 2]], a: f64, b: f64) {
    if a == 0.0 && b == 1.0 {
        return;
    }
    let (a, b) = (T::from_f64(a), T::from_f64(b));
    for (value, x) in values.iter_mut().zip(points) {
        *value = [a * x[0] + b * value[0], a * x[1] + b * value[1]];
    }
}

/// written = sum of coefficients[i] registers[i], in the order of the registers; a coefficient of 0 is left out.
fn combine<T: Real>(written: &mut [[T; 2]], registers: &[Vec<[T; 2]>; REGISTERS], coefficients: &[f64; REGISTERS]) {
    let mut is_first = true;
    for (register, &coefficient) in registers.iter().zip(coefficients) {
        if coefficient == 0.0 {
            continue;
        }
        let c = T::from_f64(coefficient);
        if is_first {
            for (sum, x) in written.iter_mut().zip(register) {
                *sum = [c * x[0], c * x[1]];
            }
        } else {
            for (sum, x) in written.iter_mut().zip(register) {
                *sum = [sum[0] + c * x[0], sum[1] + c * x[1]];
            }
        }
        is_first = false;
    }
    if is_first {
        written.fill([T::ZERO; 2]);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::{Family, Grid, Sampler, table};
    use super::*;

    /// A rotation by `turn` radians a unit of t, about the origin, with a drift in t: solved in closed form below.
    #[allow(clippy::unnecessary_wraps)]
    fn spiral(points: &[[f64; 2]], t: f64, out: &mut [[f64; 2]]) -> Result<(), Infallible> {
        for (o, p) in out.iter_mut().zip(points) {
            *o = [-2.0 * p[1] + p[0] * t.cos(), 2.0 * p[0] + p[1] * t.cos()];
        }
        Ok(())
    }

    fn solved(p: [f64; 2], t: f64) -> [f64; 2] {
        let (s, c) = (2.0 * t).sin_cos();
        let grown = t.sin().exp();
        [grown * (c * p[0] - s * p[1]), grown * (s * p[0] + c * p[1])]
    }

    fn error(sampler: Sampler, steps: u32) -> f64 {
        let start = [[1.0, 0.5], [-0.3, 2.0]];
        let table = table(sampler, 0.4, Grid::Uniform, steps, 0.0, 1.0).unwrap();
        let Ok(run) = interpret(&table, &start, false, spiral);
        (0..2)
            .map(|p| {
                let (end, right) = (run.states[2 * p + 1], solved(start[p], 1.0));
                (end[0] - right[0]).hypot(end[1] - right[1])
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn every_sampler_converges_at_its_order() {
        for row in super::super::SAMPLERS {
            if row.family == Family::RungeKutta && row.sampler != Sampler::Dopri5 {
                let slope = (error(row.sampler, 64) / error(row.sampler, 256)).log2() / 2.0;
                assert!((slope - f64::from(row.order)).abs() < 0.2, "{}: {slope}", row.name);
            }
        }
    }

    #[test]
    fn recording_keeps_every_state_and_the_same_end() {
        let start = [[1.0, 0.5], [-0.3, 2.0], [0.0, 0.1]];
        let table = table(Sampler::Rk4, 0.5, Grid::Uniform, 5, 0.0, 1.0).unwrap();
        let Ok(all) = interpret(&table, &start, true, spiral);
        let Ok(ends) = interpret(&table, &start, false, spiral);
        assert_eq!((all.times.len(), ends.times.as_slice()), (6, [0.0, 1.0].as_slice()));
        assert_eq!((all.states.len(), all.evaluations), (18, 20));
        for p in 0..3 {
            assert_eq!(all.states[6 * p], start[p]);
            assert_eq!(ends.states[2 * p..2 * p + 2], [start[p], all.states[6 * p + 5]]);
            let (half, right) = (all.states[6 * p + 3], solved(start[p], 0.6));
            // the method's own error at this step length
            assert!((half[0] - right[0]).hypot(half[1] - right[1]) < 2e-3);
        }
    }

    #[test]
    fn eval_scales_and_combine_may_read_what_it_writes() {
        let mut coefficients = [0.0; REGISTERS];
        (coefficients[STATE], coefficients[START], coefficients[OUT0 + 3]) = (2.0, -1.0, 0.5);
        let table = Table {
            ops: vec![
                MicroOp::Eval {
                    out: 3,
                    at: STATE,
                    t: 0.5,
                    a: 3.0,
                    b: -2.0,
                },
                MicroOp::Combine {
                    into: STATE,
                    coefficients,
                },
                MicroOp::Combine {
                    into: STATE,
                    coefficients,
                },
                MicroOp::Record,
            ],
            times: vec![0.0, 1.0],
            evaluations: 1,
            noises: Vec::new(),
            noise_seed: 0,
        };
        let Ok(run) = interpret(&table, &[[1.0_f32, 4.0]], true, |points, t, out| {
            out[0] = [points[0][0] + t as f32, 10.0];
            Ok::<(), Infallible>(())
        });
        // out = 3 x - 2 f = (0, -8); then twice x <- 2 x - start + out / 2
        assert_eq!(run.states, [[1.0, 4.0], [1.0, -8.0]]);
    }

    #[test]
    fn the_fields_error_stops_the_run() {
        let table = table(Sampler::Euler, 0.5, Grid::Uniform, 5, 0.0, 1.0).unwrap();
        let mut calls = 0;
        let run = interpret(&table, &[[0.0_f32; 2]], true, |_, _, _| {
            calls += 1;
            if calls == 3 { Err("lost") } else { Ok(()) }
        });
        assert_eq!((run, calls), (Err("lost"), 3));
    }
}
