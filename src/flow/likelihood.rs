//! The density of a flow by change of variables (Chen et al. 2018, "Neural ordinary differential equations", theorem 1):
//! along dx/dt = v, `d log p / dt = -div v`, so `log p_t(x) = log p_0(x_0) - integral of div v from 0 to t` on the way that ends
//! at x. No estimate of the trace is needed in the plane: the divergence is exact.

use super::Point;

/// A velocity and its divergence at one point.
pub type Flux = (Point, f64);

/// Where each of `points` at time `t` came from at time `from`, and the integral of the divergence on the way, by `steps` steps of
/// the classical Runge-Kutta method. `flux(points, t)` gives velocity and divergence at every point.
///
/// # Errors
/// The first error of `flux`.
pub fn trace_back<E>(
    points: &[Point],
    (from, t): (f64, f64),
    steps: u32,
    mut flux: impl FnMut(&[Point], f64) -> Result<Vec<Flux>, E>,
) -> Result<Vec<(Point, f64)>, E> {
    let mut state: Vec<(Point, f64)> = points.iter().map(|p| (*p, 0.0)).collect();
    if t <= from {
        return Ok(state);
    }
    let h = (from - t) / f64::from(steps.max(1));
    for step in 0..steps.max(1) {
        let now = t + h * f64::from(step);
        let mut slopes: [Vec<Flux>; 4] = Default::default();
        for (stage, part) in [0.0, 0.5, 0.5, 1.0].into_iter().enumerate() {
            let moved: Vec<Point> = state
                .iter()
                .enumerate()
                .map(|(i, (x, _))| match stage {
                    0 => *x,
                    _ => [0, 1].map(|c| x[c] + part * h * slopes[stage - 1][i].0[c]),
                })
                .collect();
            slopes[stage] = flux(&moved, now + part * h)?;
        }
        for (i, (x, sum)) in state.iter_mut().enumerate() {
            let mean = |of: fn(&Flux) -> f64| {
                let [a, b, c, d] = [0, 1, 2, 3].map(|stage| of(&slopes[stage][i]));
                (a + 2.0 * b + 2.0 * c + d) / 6.0
            };
            *x = [x[0] + h * mean(|f| f.0[0]), x[1] + h * mean(|f| f.0[1])];
            // the integral runs forward, the steps backward
            *sum -= h * mean(|f| f.1);
        }
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::flow::close::assert_close;
    use crate::flow::distribution::Component;
    use crate::flow::exact::ExactField;
    use crate::flow::path::Path;

    #[test]
    fn the_exact_field_carries_the_source_into_the_exact_marginals() {
        let source = [Component::round(1.0, [0.0; 2], 1.0)];
        let target = [
            Component::round(0.3, [2.0, 1.0], 0.5),
            Component::round(0.7, [-2.0, 0.0], 0.8),
        ];
        let field = ExactField::new(&source, &target, Path::Linear);
        let points = [[0.0, 0.0], [1.5, 0.6], [-2.0, 0.5], [0.5, -1.0]];
        for t in [0.0, 0.4, 1.0] {
            let flux = |points: &[Point], t: f64| -> Result<Vec<Flux>, Infallible> {
                let locals = field.locals(points, t);
                Ok(locals.iter().map(|l| (l.velocity, l.jacobian.divergence())).collect())
            };
            let error = |steps: u32| {
                let Ok(back) = trace_back(&points, (0.0, t), steps, flux);
                let found = back.iter().map(|(x0, div)| -field.at(0.0).local(*x0).energy - div);
                let want = field.locals(&points, t);
                found.zip(want).map(|(f, w)| (f + w.energy).abs()).fold(0.0, f64::max)
            };
            // order 4: measured 2e-7 at 64 steps
            let fine = error(64);
            assert!(fine < 2e-6, "at {t}: {fine}");
            if t > 0.0 {
                let slope = (error(16) / fine).log2() / 2.0;
                assert!(slope > 3.5, "order {slope} at {t}");
            }
        }
    }

    #[test]
    fn a_spreading_field_thins_out_by_the_volume() {
        // v = 0.5 x: everything grows by e^(t/2), areas by e^t
        let flux = |points: &[Point], _: f64| -> Result<Vec<Flux>, Infallible> {
            Ok(points.iter().map(|p| (p.map(|c| 0.5 * c), 1.0)).collect())
        };
        let Ok(back) = trace_back(&[[2.0, -1.0]], (0.0, 1.0), 32, flux);
        let shrunk = (-0.5_f64).exp();
        assert_close(&back[0].0, &[2.0 * shrunk, -shrunk], 1e-8, "start");
        assert_close(&[back[0].1], &[1.0], 1e-12, "integral");
    }
}
