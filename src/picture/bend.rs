//! The straightening view: a trajectory's color is how far it strays from its chord, max over t of |z(t) - (z0 + t (z1 - z0))|,
//! zero where it is straight at constant speed. The scale is the stage's, not the flow's, so that rounds can be compared.

use super::color::{ColorMap, Theme};
use super::{Bounds, Rgba};
use crate::backend::Trajectories;

/// The part of the stage's larger side that has the last color.
const FULL: f32 = 0.15;

/// The distance that has the last color, data units.
pub fn full_scale(bounds: Bounds) -> f32 {
    let side = (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1]);
    (FULL * side).max(f32::MIN_POSITIVE)
}

/// How far the particle's trajectory strays from its chord, data units.
pub fn bend(trajectories: &Trajectories, particle: usize) -> f32 {
    let (times, states) = (&trajectories.times, trajectories.particle(particle));
    let (Some((&first, &last)), Some((a, b))) = (times.first().zip(times.last()), states.first().zip(states.last()))
    else {
        return 0.0;
    };
    let off = |(z, t): (&[f32; 2], &f64)| {
        let f = ((t - first) / (last - first)) as f32;
        (z[0] - a[0] - f * (b[0] - a[0])).hypot(z[1] - a[1] - f * (b[1] - a[1]))
    };
    states.iter().zip(times).map(off).fold(0.0, f32::max)
}

/// One color for each of the first `shown` particles.
pub fn bend_colors(trajectories: &Trajectories, shown: usize, bounds: Bounds, theme: Theme) -> Vec<Rgba> {
    let full = full_scale(bounds);
    (0..shown).map(|p| color(theme, bend(trajectories, p) / full)).collect()
}

/// The color of a part of the full scale.
pub fn color(theme: Theme, part: f32) -> Rgba {
    // the map's own ground end would vanish into the stage
    ColorMap::Batlow.toward(theme, 0.3 + 0.7 * part.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_at_constant_speed_has_no_bend() {
        let of = |states: Vec<[f32; 2]>| Trajectories {
            times: vec![0.0, 0.5, 1.0],
            states,
            evaluations: 2,
        };
        assert_eq!(bend(&of(vec![[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]), 0), 0.0);
        assert_eq!(bend(&of(vec![[0.0, 0.0], [1.0, 3.0], [2.0, 0.0]]), 0), 3.0);
        assert_eq!(
            bend(&of(vec![[0.0, 0.0], [2.0, 0.0], [2.0, 0.0]]), 0),
            1.0,
            "it stopped early"
        );
    }
}
