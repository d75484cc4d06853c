//! Pairing within groups: n source points and n target points go in, and a permutation of the targets comes out, so that
//! both marginals stay what they were (for `sinkhorn` each target point is used once on average, which keeps the law).

use super::drawn::{self, Drawn};
use super::modes::Modes;
use super::{AntiOptimal, Coupling, MinibatchOt, NearestMode, PolarAngle, Sinkhorn, Sorted, Undrawn};
use crate::flow::Point;
use crate::flow::distribution::Distribution;
use crate::flow::random::{CounterRng, Stream};
use crate::flow::transport::{Dense, Prices, Scaling, TransportError, Watch, assign_watched};

/// Up to this many points a dense matrix is quicker than candidate lists (measured: see the test `speed`).
const DENSE: usize = 256;
/// Marginal error at which a group's plan is good enough to draw from: a sixteenth of a point of 64.
const PLAN_TOLERANCE: f64 = 1e-3;
/// Iterations after which a group's plan is drawn from as it is.
const PLAN_ITERATIONS: usize = 2000;

/// Points on each side of the group that prices come from.
const PRICED: usize = 128;

/// How the groups of a coupling are paired.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// Least sum of squared distances; first prices.
    Nearest(Prices),
    /// Greatest sum; first prices for the targets mirrored in the origin.
    Farthest(Prices),
    /// Entropic, this epsilon; first prices.
    Plan(f64, Prices),
    /// By rank along this direction.
    Along(Point),
    /// By rank of the angle about these two points.
    Around([Point; 2]),
    /// To the nearest mode with room.
    ToModes(Modes),
    /// As pairs drawn by hand.
    AsDrawn(Drawn),
}

/// Buffers of one thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bench {
    dense: Dense,
    scaling: Scaling,
    negated: Vec<Point>,
    order: [Vec<(f64, u32)>; 2],
}

impl Rule {
    /// The rule and the group's size; None for couplings that do not pair by groups.
    pub(super) fn of(coupling: &Coupling, source: &Distribution, target: &Distribution) -> Option<(Self, u32)> {
        Some(match coupling {
            Coupling::MinibatchOt(MinibatchOt { batch }) => (Self::Nearest(first_prices(source, target, 1.0)), *batch),
            Coupling::AntiOptimal(AntiOptimal { batch }) => {
                (Self::Farthest(first_prices(source, target, -1.0)), *batch)
            }
            Coupling::Sinkhorn(Sinkhorn { epsilon, batch }) => {
                (Self::Plan(*epsilon, first_prices(source, target, 1.0)), *batch)
            }
            Coupling::Sorted(Sorted { angle_degrees, batch }) => {
                let (sin, cos) = angle_degrees.to_radians().sin_cos();
                (Self::Along([cos, sin]), *batch)
            }
            Coupling::PolarAngle(PolarAngle { batch }) => {
                (Self::Around([source.moments().mean, target.moments().mean]), *batch)
            }
            Coupling::NearestMode(NearestMode { batch }) => (Self::ToModes(Modes::of(target)), *batch),
            Coupling::Hand(hand) if hand.undrawn == Undrawn::Follow && !hand.pairs.is_empty() => {
                let [[xx, _], [_, yy]] = source.moments().covariance;
                (Self::AsDrawn(Drawn::new(&hand.pairs, xx + yy)), drawn::BATCH)
            }
            _ => return None,
        })
    }

    /// The target of each source point, into `to`: finite points, as many on both sides. False where an entropic plan had
    /// not converged.
    ///
    /// # Errors
    /// Large groups only: canceled, or points too far out for an assignment.
    pub(super) fn pair(
        &self,
        (a, b): (&[Point], &[Point]),
        rng: &mut CounterRng,
        bench: &mut Bench,
        to: &mut Vec<u32>,
        watch: Watch<'_>,
    ) -> Result<bool, TransportError> {
        let n = a.len();
        to.clear();
        let mut converged = true;
        match self {
            Self::Nearest(prices) if n <= DENSE => to.extend_from_slice(bench.dense.assign_from(prices, a, b)),
            Self::Nearest(_) => *to = assign_watched(a, b, watch)?.permutation,
            Self::Farthest(prices) => {
                // |a - b|^2 + |a + b|^2 does not depend on the pairing of sums, so the greatest first is the least second
                bench.negated.clear();
                bench.negated.extend(b.iter().map(|q| [-q[0], -q[1]]));
                if n <= DENSE {
                    to.extend_from_slice(bench.dense.assign_from(prices, a, &bench.negated));
                } else {
                    *to = assign_watched(a, &bench.negated, watch)?.permutation;
                }
            }
            Self::Plan(epsilon, prices) => {
                bench.dense.assign_from(prices, a, b);
                let limits = (PLAN_TOLERANCE, PLAN_ITERATIONS);
                converged = bench.scaling.draw_group(&bench.dense, *epsilon, limits, rng, to);
            }
            Self::Along(e) => by_rank(&mut bench.order, to, [a, b], |p, _| p[0] * e[0] + p[1] * e[1]),
            Self::Around(centers) => by_rank(&mut bench.order, to, [a, b], |p, side| {
                (p[1] - centers[side][1]).atan2(p[0] - centers[side][0])
            }),
            Self::ToModes(modes) => {
                let mode: Vec<usize> = b.iter().map(|q| modes.mode_of(*q)).collect();
                let costs: Vec<Vec<f64>> = a.iter().map(|p| modes.squared_distances(*p)).collect();
                // within a mode the solver cannot tell the targets apart: who gets which is chance
                to.extend_from_slice(bench.dense.solve(n, |i, j| costs[i][mode[j]]));
            }
            Self::AsDrawn(drawn) => {
                let followed: Vec<_> = a.iter().map(|p| drawn.followed(*p)).collect();
                to.extend_from_slice(bench.dense.solve(n, |i, j| followed[i].cost(b[j])));
            }
        }
        Ok(converged)
    }
}

/// Prices from one group of the two laws, the same for every run: they change how soon a group is paired, not how.
fn first_prices(source: &Distribution, target: &Distribution, sign: f64) -> Prices {
    let a = source.samples_f64(0, Stream::Coupling, PRICED);
    let mut b = target.samples_f64(1, Stream::Coupling, PRICED);
    for x in b.iter_mut().flatten() {
        *x *= sign;
    }
    Prices::of(&a, &b)
}

/// Pairs the k-th of one side with the k-th of the other, in the order of `key(point, side)`.
fn by_rank(
    order: &mut [Vec<(f64, u32)>; 2],
    to: &mut Vec<u32>,
    sides: [&[Point]; 2],
    key: impl Fn(&Point, usize) -> f64,
) {
    for (side, (order, points)) in order.iter_mut().zip(sides).enumerate() {
        order.clear();
        order.extend(points.iter().enumerate().map(|(i, p)| (key(p, side), i as u32)));
        order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }
    to.resize(sides[0].len(), 0);
    for (&(_, i), &(_, j)) in order[0].iter().zip(&order[1]) {
        to[i as usize] = j;
    }
}
