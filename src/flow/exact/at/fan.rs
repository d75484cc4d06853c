//! A representative fan of the posterior over pairs: components in proportion to their responsibilities, and within each
//! an even spread of its Gaussian. The same quasi-random points at every x, so that a fan moves smoothly with it.

use std::f64::consts::TAU;

use super::{Block, FieldAt, LANES, total_of};
use crate::flow::Point;
use crate::flow::exact::fan::{Fan, Strand, pair_of};

/// One over the plastic number and its square: multiples of the two fill a square evenly (Roberts 2018, "The unreasonable
/// effectiveness of quasirandom sequences").
const EVEN: [f64; 2] = [0.754_877_666_246_692_8, 0.569_840_290_998_053_2];

impl FieldAt {
    /// The fan at x with `count` pairs of equal weight.
    pub fn fan(&self, x: Point, count: usize) -> Fan {
        let known = self.posterior(x);
        let mut weights = Vec::new();
        let total = self.weigh(x, &mut weights);
        let mut strands = Vec::with_capacity(count);
        // strand s stands for the part from s / count to (s + 1) / count of the weight
        let (mut upto, mut next) = (0.0, 0);
        for (block, w) in self.blocks.iter().zip(&weights) {
            if total_of(*w) <= 0.0 {
                continue;
            }
            for lane in 0..LANES {
                upto += w[lane] / total;
                while next < count && (next as f64 + 0.5) / count as f64 <= upto {
                    let u = block.draw(x, lane, normal_pair(next));
                    let (x0, x1) = pair_of(self.path, x, u);
                    strands.push(Strand {
                        x0,
                        x1,
                        u,
                        weight: 1.0 / count as f64,
                    });
                    next += 1;
                }
            }
        }
        Fan {
            velocity: known.velocity,
            covariance: known.covariance,
            share: 1.0,
            presence: f64::INFINITY,
            strands,
        }
    }
}

impl Block {
    /// The velocity of component `lane` given X_t = x for a normal pair.
    fn draw(&self, x: Point, lane: usize, [n, m]: Point) -> Point {
        let mean = self.affine(x, &self.offset, &self.slope);
        let [xx, xy, yy] = [0, 1, 2].map(|i| self.spread[i][lane]);
        let a = xx.sqrt();
        let b = if a > 0.0 { xy / a } else { 0.0 };
        let c = (yy - b * b).max(0.0).sqrt();
        [mean[0][lane] + a * n, mean[1][lane] + b * n + c * m]
    }
}

/// Number `s` of a sequence of normal pairs that is even in angle and in radius, any stretch of it nearly as much.
fn normal_pair(s: usize) -> Point {
    let [quantile, turn] = EVEN.map(|step| (0.5 + s as f64 * step).fract());
    let radius = (-2.0 * (1.0 - quantile).ln()).sqrt();
    let (sin, cos) = (TAU * turn).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use crate::flow::close::assert_close;
    use crate::flow::distribution::Component;
    use crate::flow::exact::ExactField;
    use crate::flow::path::Path;

    fn field() -> ExactField {
        let two = |x: f64| {
            [
                Component::round(0.5, [x, 3.0], 0.3),
                Component::round(0.5, [x, -3.0], 0.3),
            ]
        };
        ExactField::new(&two(-4.0), &two(4.0), Path::Linear)
    }

    #[test]
    fn the_strands_pass_through_the_point_and_have_the_posteriors_moments() {
        let wide = [
            Component {
                weight: 0.3,
                mean: [1.0, -2.0],
                cov: [2.0, 0.7, 0.5],
            },
            Component::round(0.7, [-2.0, 0.5], 0.4),
        ];
        let field = ExactField::new(&wide, &[Component::round(1.0, [3.0, 1.0], 1.2)], Path::Linear);
        for (x, t) in [([0.3, 0.4], 0.5), ([1.0, -1.0], 0.0), ([2.0, 2.0], 0.99)] {
            let fan = field.at(t).fan(x, 4000);
            let known = field.at(t).posterior(x);
            assert_eq!((fan.strands.len(), fan.velocity), (4000, known.velocity));
            let (mut mean, mut cov) = ([0.0; 2], [0.0; 3]);
            for s in &fan.strands {
                for c in 0..2 {
                    assert_close(
                        &[t * s.x1[c] + (1.0 - t) * s.x0[c], s.x1[c] - s.x0[c]],
                        &[x[c], s.u[c]],
                        1e-12,
                        "pair",
                    );
                    mean[c] += s.weight * s.u[c];
                }
                let d = [0, 1].map(|c| s.u[c] - fan.velocity[c]);
                for (sum, v) in cov.iter_mut().zip([d[0] * d[0], d[0] * d[1], d[1] * d[1]]) {
                    *sum += s.weight * v;
                }
            }
            let size = fan.variance();
            // 4,000 even points: a percent or so of the moments
            assert_close(&mean, &fan.velocity, 0.02 * size.sqrt(), "mean");
            assert_close(&cov, &fan.covariance, 0.03 * size, "covariance");
            assert_close(&[known.variance], &[size], 1e-12 * size, "trace");
        }
    }

    #[test]
    fn where_chords_cross_half_go_up_and_half_go_down() {
        let fan = field().at(0.5).fan([0.0, 0.0], 64);
        let up = fan.strands.iter().filter(|s| s.u[1] > 3.0).count();
        let down = fan.strands.iter().filter(|s| s.u[1] < -3.0).count();
        assert_eq!((up, down), (32, 32));
        // both bundles have the mean (8, +-6), and what is left of each is the spread of its two clusters, std 0.3:
        // u | x has the variance 2 std^2 per coordinate at t = 1/2
        assert_close(&fan.velocity, &[8.0, 0.0], 1e-9, "the mean");
        assert_close(&fan.covariance, &[0.18, 0.0, 36.18], 1e-9, "the spread");
    }

    #[test]
    fn a_fan_moves_smoothly() {
        let at = field().at(0.5);
        let (a, b) = (at.fan([0.0, 0.1], 64), at.fan([1e-6, 0.1], 64));
        for (p, q) in a.strands.iter().zip(&b.strands) {
            assert_close(&p.u, &q.u, 1e-4, "a small step of x");
        }
    }
}
