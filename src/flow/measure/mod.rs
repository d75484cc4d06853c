//! What is measured of trajectories, of point sets and of fields; all in f64 on plain slices (`MATHS.md`, "Measures").
//!
//! The loss and its floor live in the engine and in [`super::exact`]; the assignment behind W2 in [`super::transport`].

mod crossings;
mod distances;
mod lengths;

pub use crossings::{Crossings, chord_crossings, crossing_points};
pub use distances::{SLICES, energy_distance, sliced_w2_squared, w2_squared};
pub use lengths::{chord_lengths, length_counts, mean_power};

use glam::DVec2;

use super::Point;

/// A mean and how well it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error, from the scatter of independent values; 0 for a single one.
    pub standard_error: f64,
}

impl Estimate {
    /// The mean of independent values; NaN of none.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let square = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let standard_error = if values.len() > 1 {
            (square / (n - 1.0) / n).sqrt()
        } else {
            0.0
        };
        Self { mean, standard_error }
    }
}

/// What a set of trajectories costs and how straight they are; means over the particles.
///
/// Time runs over the unit interval: a run that ends at 1 - 1e-3 is stretched to it, so that
/// `path_energy = straightness + transport_cost_p2` holds exactly on every grid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Carried {
    /// `sum over segments of dt |dz/dt - (z_N - z_0)|^2`, data units squared: 0 for a straight flow at constant speed.
    pub straightness: f64,
    /// `sum over segments of dt |dz/dt|^2`, data units squared.
    pub path_energy: f64,
    /// `|z_N - z_0|`, data units.
    pub transport_cost_p1: f64,
    /// `|z_N - z_0|^2`, data units squared.
    pub transport_cost_p2: f64,
    /// Length of the broken line, data units.
    pub path_length: f64,
}

/// Measures trajectories, particle-major: state k of particle p, at `times[k]`, is `states[p * times.len() + k]`.
/// All zero where there are no particles or fewer than two times.
pub fn carried(times: &[f64], states: &[Point]) -> Carried {
    let mut sum = Carried::default();
    let [first, .., last] = *times else { return sum };
    let span = last - first;
    for z in states.chunks_exact(times.len()) {
        let chord = less(z[z.len() - 1], z[0]);
        for (z, t) in z.windows(2).zip(times.windows(2)) {
            let dt = (t[1] - t[0]) / span;
            let step = less(z[1], z[0]);
            sum.path_energy += step.length_squared() / dt;
            sum.straightness += dt * (step / dt - chord).length_squared();
            sum.path_length += step.length();
        }
        sum.transport_cost_p1 += chord.length();
        sum.transport_cost_p2 += chord.length_squared();
    }
    let count = (states.len() / times.len()).max(1) as f64;
    Carried {
        straightness: sum.straightness / count,
        path_energy: sum.path_energy / count,
        transport_cost_p1: sum.transport_cost_p1 / count,
        transport_cost_p2: sum.transport_cost_p2 / count,
        path_length: sum.path_length / count,
    }
}

/// `E|z_N - z_0|^p` over trajectories as in [`carried`], data units to the power p, p >= 0.
pub fn transport_cost(times: &[f64], states: &[Point], p: f64) -> f64 {
    let stride = times.len().max(1);
    let chords = states.chunks_exact(stride).map(|z| less(z[stride - 1], z[0]).length());
    chords.map(|length| length.powf(p)).sum::<f64>() / (states.len() / stride).max(1) as f64
}

/// sqrt(E|learned - exact|^2 / E|exact|^2): the relative distance of two fields over the points where both were evaluated
/// (points drawn from `p_t` weight it by it). NaN where there are no points, infinite where the exact field is 0.
pub fn field_rms(learned: &[Point], exact: &[Point]) -> f64 {
    let error: f64 = learned
        .iter()
        .zip(exact)
        .map(|(a, b)| less(*a, *b).length_squared())
        .sum();
    let size: f64 = exact.iter().map(|b| DVec2::from(*b).length_squared()).sum();
    (error / size).sqrt()
}

/// a - b.
fn less(a: Point, b: Point) -> DVec2 {
    DVec2::from(a) - DVec2::from(b)
}

#[cfg(test)]
mod tests;
