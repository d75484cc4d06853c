//! The exact field around a point: its Jacobian, the score and the energy, in closed form.
//!
//! With responsibilities `r_p`, component means `u_p(x)` of slope `S_p` and scores `g_p = -C_p^-1 (x - m_p)`:
//! ```text
//! v = sum r_p u_p        score = grad log p_t = sum r_p g_p        grad r_p = r_p (g_p - score)
//! J = sum r_p S_p + sum r_p (u_p - v) g_p^T        (the score's part vanishes, sum r_p (u_p - v) = 0)
//! ```

use std::f64::consts::TAU;

use super::{Block, FieldAt, LANES, total_of};
use crate::flow::Point;
use crate::flow::quantity::Jacobian;

/// What the exact field is around one point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Local {
    /// E[u | X_t = x], data units per unit t.
    pub velocity: Point,
    /// Its derivatives by place, per unit t.
    pub jacobian: Jacobian,
    /// `grad log p_t(x)`, per data unit.
    pub score: Point,
    /// `-log p_t(x)` of a density per unit area.
    pub energy: f64,
}

impl FieldAt {
    /// The field around x.
    pub fn local(&self, x: Point) -> Local {
        let mut weights = Vec::new();
        let velocity = self.velocity_with(x, &mut weights);
        let total: f64 = weights.iter().map(|w| total_of(*w)).sum();
        let (mut jacobian, mut score, mut top) = (Jacobian::default(), [0.0; 2], f64::NEG_INFINITY);
        for (block, w) in self.blocks.iter().zip(&weights) {
            let u = block.affine(x, &block.offset, &block.slope);
            let g = block.scores(x);
            let log = block.log_density(x);
            for lane in 0..LANES {
                top = top.max(log[lane]);
                let r = w[lane] / total;
                if r == 0.0 {
                    continue;
                }
                for c in 0..2 {
                    // around the mean, so that nothing cancels
                    let off = u[c][lane] - velocity[c];
                    jacobian.by_x[c] += r * (block.slope[2 * c][lane] + off * g[0][lane]);
                    jacobian.by_y[c] += r * (block.slope[2 * c + 1][lane] + off * g[1][lane]);
                    score[c] += r * g[c][lane];
                }
            }
        }
        Local {
            velocity,
            jacobian,
            score,
            energy: TAU.ln() + self.log_mass - top - total.ln(),
        }
    }
}

impl Block {
    /// -C^-1 (x - m) of every lane.
    fn scores(&self, x: Point) -> [[f64; LANES]; 2] {
        let mut out = [[0.0; LANES]; 2];
        for l in 0..LANES {
            let (dx, dy) = (x[0] - self.mean[0][l], x[1] - self.mean[1][l]);
            let p = &self.precision;
            out[0][l] = -(p[0][l] * dx + 0.5 * p[1][l] * dy);
            out[1][l] = -(0.5 * p[1][l] * dx + p[2][l] * dy);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;
    use crate::flow::distribution::Component;
    use crate::flow::exact::ExactField;
    use crate::flow::path::Path;

    /// A wide, a round and a thin component on each side; the weights do not add up to 1.
    fn field() -> ExactField {
        let tilted = |weight, mean, cov| Component { weight, mean, cov };
        let source = [
            tilted(0.6, [0.5, -0.2], [1.0, 0.3, 0.6]),
            tilted(0.8, [-1.0, 1.0], [0.4, -0.1, 0.9]),
        ];
        let target = [
            tilted(1.0, [2.0, 1.0], [0.3, 0.1, 0.2]),
            Component::round(2.0, [-2.0, 0.0], 0.5),
            tilted(0.5, [0.0, -3.0], [0.5, 0.0, 0.1]),
        ];
        ExactField::new(&source, &target, Path::Linear)
    }

    const STEP: f64 = 1e-5;

    /// Central difference of a function of place along each axis.
    fn differences<const N: usize>(x: Point, of: impl Fn(Point) -> [f64; N]) -> [[f64; N]; 2] {
        [[STEP, 0.0], [0.0, STEP]].map(|h| {
            let (a, b) = (of([x[0] + h[0], x[1] + h[1]]), of([x[0] - h[0], x[1] - h[1]]));
            std::array::from_fn(|i| (a[i] - b[i]) / (2.0 * STEP))
        })
    }

    #[test]
    fn derivatives_are_central_differences() {
        let field = field();
        for t in [0.0, 0.1, 0.5, 0.9, 1.0] {
            let at = field.at(t);
            for x in [[0.0, 0.0], [1.5, 0.7], [-1.8, 0.2], [0.3, -2.5], [4.0, 4.0]] {
                let local = at.local(x);
                assert_eq!(local.velocity, at.velocity(x));
                let [by_x, by_y] = differences(x, |x| at.velocity(x));
                // truncation h^2 times a third derivative of some thousands, rounding 1e-15 / h
                let tol = 1e-6;
                assert_close(&local.jacobian.by_x, &by_x, tol, "dv/dx");
                assert_close(&local.jacobian.by_y, &by_y, tol, "dv/dy");
                let slope = differences(x, |x| [at.local(x).energy]);
                assert_close(&local.score.map(|s| -s), &[slope[0][0], slope[1][0]], tol, "score");
            }
        }
    }

    #[test]
    fn the_density_of_a_gaussian_and_its_mass() {
        let one = [Component::round(1.0, [1.0, -1.0], 0.5)];
        let field = ExactField::new(&[Component::round(1.0, [0.0; 2], 2.0)], &one, Path::Linear);
        // N(t (1, -1), (t^2/4 + 4 (1-t)^2) I)
        let (t, x) = (0.3, [0.7, 0.4]);
        let var: f64 = 0.25 * t * t + 4.0 * (1.0 - t) * (1.0 - t);
        let d = [x[0] - t, x[1] + t];
        let energy = (TAU * var).ln() + 0.5 * (d[0] * d[0] + d[1] * d[1]) / var;
        let local = field.at(t).local(x);
        assert_close(&[local.energy], &[energy], 1e-13, "energy");
        assert_close(&local.score, &[-d[0] / var, -d[1] / var], 1e-13, "score");
        // the mass of a field whose weights add up to 1.4 and 3.5, by the midpoint rule: exact to rounding for what is
        // smooth and has died out at the edges
        let at = super::tests::field().at(0.6);
        let step = 0.05;
        let mut mass = 0.0;
        for i in -160..160 {
            for j in -160..160 {
                let x = [(f64::from(i) + 0.5) * step, (f64::from(j) + 0.5) * step];
                mass += (-at.local(x).energy).exp() * step * step;
            }
        }
        assert_close(&[mass], &[1.0], 1e-9, "mass");
    }

    /// d log p / dt = -div v - v . score: the continuity equation, which the Jacobian, the score and the energy obey together.
    #[test]
    fn the_continuity_equation_holds() {
        let field = field();
        for t in [0.2, 0.5, 0.8] {
            for x in [[0.0, 0.0], [1.0, 0.5], [-1.5, 0.3]] {
                let local = field.at(t).local(x);
                let energy = |t: f64| field.at(t).local(x).energy;
                let rate = -(energy(t + STEP) - energy(t - STEP)) / (2.0 * STEP);
                let flux = local.velocity[0] * local.score[0] + local.velocity[1] * local.score[1];
                // as above
                assert_close(&[rate], &[-local.jacobian.divergence() - flux], 1e-6, "d log p / dt");
            }
        }
    }
}
