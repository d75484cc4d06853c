//! The velocity of a finite set of pairs, smoothed: the kernel estimate (Nadaraya 1964, Watson 1964) of E[u | X_t = x],
//! `sum_i w_i u_i / sum_i w_i` with `w_i = exp(-|x - X_t^i|^2 / (2 h^2))` (`MATHS.md`, "Exact fields").
//!
//! It is the exact field of the same pairs whose ends are both moved by one normal vector of std h (on the linear path;
//! elsewhere of X_t moved so), so it is an estimate only of the law that the pairs were drawn from.

use std::sync::Arc;

use rayon::prelude::*;

use super::fan::{Fan, Strand};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::lens::Lens;
use crate::flow::path::{Path, PathAt};

/// Beyond this many bandwidths a pair has no weight in a field: exp(-8) = 3e-4.
const REACH: f64 = 4.0;
/// A field is not known where all weights together are less: the nearest pair is three bandwidths away.
const LEAST_WEIGHT: f64 = 0.011;
/// Exponents below the greatest by more than this are left out of a fan: e^-30.
const NEGLIGIBLE: f64 = 30.0;
/// Cells along the longer side of the index, at most.
const CELLS: f64 = 256.0;

/// The smoothed field of a finite set of pairs.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelField {
    pairs: Arc<Vec<Pair>>,
    path: Path,
    bandwidth: f64,
}

/// The smoothed field at one flow time.
#[derive(Clone, Debug)]
pub struct KernelAt {
    pairs: Arc<Vec<Pair>>,
    path: PathAt,
    bandwidth: f64,
    /// X_t of every pair.
    places: Vec<Point>,
}

impl KernelField {
    /// The field of pairs that are not empty, finite, with this bandwidth h > 0, data units.
    pub const fn new(pairs: Arc<Vec<Pair>>, path: Path, bandwidth: f64) -> Self {
        Self { pairs, path, bandwidth }
    }

    /// The pairs.
    pub const fn pairs(&self) -> &Arc<Vec<Pair>> {
        &self.pairs
    }

    /// How they are joined.
    pub const fn path(&self) -> Path {
        self.path
    }

    /// h, data units.
    pub const fn bandwidth(&self) -> f64 {
        self.bandwidth
    }

    /// The field at t in [0, 1]; beyond the path's ends that of the nearest end. The bandwidth grows with the spread of a
    /// path that spreads its points (VE).
    pub fn at(&self, t: f64) -> KernelAt {
        let (from, to) = self.path.ends(Lens::FlowMatching, false);
        let path = self.path.at(t.clamp(from, to));
        let place = |p: &Pair| {
            let [x0, y0, x1, y1] = p.map(f64::from);
            [path.alpha * x1 + path.sigma * x0, path.alpha * y1 + path.sigma * y0]
        };
        KernelAt {
            places: self.pairs.iter().map(place).collect(),
            pairs: Arc::clone(&self.pairs),
            path,
            bandwidth: self.bandwidth * path.sigma.max(1.0),
        }
    }
}

/// A small bandwidth for these pairs, data units: a quarter of Scott's (1992, eq. 6.42) for the spread of the two ends,
/// never so small or so large a part of the whole picture that a few pairs, or pairs in one line, would show nothing.
pub(super) fn usual_bandwidth(pairs: &[Pair]) -> f64 {
    let n = pairs.len().max(1) as f64;
    // mean and variance of one column
    let moments = |column: usize| {
        let mean = pairs.iter().map(|p| f64::from(p[column])).sum::<f64>() / n;
        let square = pairs.iter().map(|p| (f64::from(p[column]) - mean).powi(2)).sum::<f64>() / n;
        (mean, square)
    };
    let [x0, y0, x1, y1] = [0, 1, 2, 3].map(moments);
    let within = 0.25 * (x0.1 + y0.1 + x1.1 + y1.1);
    // of both ends together, as one set
    let between = 0.125 * ((x1.0 - x0.0).powi(2) + (y1.0 - y0.0).powi(2));
    let whole = (within + between).sqrt();
    let scott = 0.25 * within.sqrt() * n.powf(-1.0 / 6.0);
    scott.clamp(0.01 * whole, 0.05 * whole).max(1e-6)
}

impl KernelAt {
    fn velocity_of(&self, pair: usize) -> Point {
        let [x0, y0, x1, y1] = self.pairs[pair].map(f64::from);
        let PathAt { d_alpha, d_sigma, .. } = self.path;
        [d_alpha * x1 + d_sigma * x0, d_alpha * y1 + d_sigma * y0]
    }

    /// Exponent of a pair's weight at x: 0 and below.
    fn exponent(&self, place: Point, x: Point) -> f64 {
        let d = [x[0] - place[0], x[1] - place[1]];
        -0.5 * (d[0] * d[0] + d[1] * d[1]) / (self.bandwidth * self.bandwidth)
    }

    /// The fan at x, with the `count` weightiest pairs. Where no pair comes near, the nearest ones have all the weight.
    pub fn fan(&self, x: Point, count: usize) -> Fan {
        let exponents: Vec<f64> = self.places.iter().map(|p| self.exponent(*p, x)).collect();
        let top = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut weighty: Vec<(f64, u32)> = exponents
            .iter()
            .zip(0..)
            .filter(|(e, _)| **e > top - NEGLIGIBLE)
            .map(|(e, i)| ((e - top).exp(), i))
            .collect();
        let total: f64 = weighty.iter().map(|(w, _)| w).sum();
        let mut velocity = [0.0; 2];
        for (w, i) in &weighty {
            let u = self.velocity_of(*i as usize);
            velocity = [0, 1].map(|c| velocity[c] + w / total * u[c]);
        }
        let mut covariance = [0.0; 3];
        for (w, i) in &weighty {
            let u = self.velocity_of(*i as usize);
            let d = [u[0] - velocity[0], u[1] - velocity[1]];
            for (sum, v) in covariance.iter_mut().zip([d[0] * d[0], d[0] * d[1], d[1] * d[1]]) {
                *sum += w / total * v;
            }
        }
        let heavier = |a: &(f64, u32), b: &(f64, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if weighty.len() > count && count > 0 {
            weighty.select_nth_unstable_by(count - 1, heavier);
        }
        weighty.truncate(count);
        weighty.sort_unstable_by(heavier);
        let strands: Vec<Strand> = weighty
            .iter()
            .map(|&(w, i)| {
                let [x0, y0, x1, y1] = self.pairs[i as usize].map(f64::from);
                Strand {
                    x0: [x0, y0],
                    x1: [x1, y1],
                    u: self.velocity_of(i as usize),
                    weight: w / total,
                }
            })
            .collect();
        Fan {
            velocity,
            covariance,
            share: strands.iter().map(|s| s.weight).sum(),
            presence: total * top.exp(),
            strands,
        }
    }

    /// The estimate at each point, data units per unit t; NaN where no pair comes near enough to know. On rayon's threads
    /// where it is worth it.
    pub fn velocities(&self, points: &[Point]) -> Vec<Point> {
        let index = Index::new(&self.places, REACH * self.bandwidth);
        points
            .par_iter()
            .with_min_len(64)
            .map(|x| self.velocity(*x, &index))
            .collect()
    }

    fn velocity(&self, x: Point, index: &Index) -> Point {
        let (mut total, mut sum) = (0.0, [0.0; 2]);
        index.near(x, |i| {
            let exponent = self.exponent(self.places[i], x);
            if exponent > -0.5 * REACH * REACH {
                let (w, u) = (exponent.exp(), self.velocity_of(i));
                total += w;
                sum = [sum[0] + w * u[0], sum[1] + w * u[1]];
            }
        });
        if total < LEAST_WEIGHT {
            [f64::NAN; 2]
        } else {
            sum.map(|s| s / total)
        }
    }
}

/// Points by the square cells they lie in.
struct Index {
    min: Point,
    cell: f64,
    columns: usize,
    rows: usize,
    /// Where each cell's points begin in `order`; one more than there are cells.
    first: Vec<u32>,
    order: Vec<u32>,
}

impl Index {
    /// With cells of at least this side.
    fn new(places: &[Point], side: f64) -> Self {
        let extreme =
            |start: f64, pick: fn(f64, f64) -> f64| [0, 1].map(|c| places.iter().map(|p| p[c]).fold(start, pick));
        let (min, max) = (extreme(f64::INFINITY, f64::min), extreme(f64::NEG_INFINITY, f64::max));
        let cell = side.max((max[0] - min[0]).max(max[1] - min[1]) / CELLS);
        let [columns, rows] = [0, 1].map(|c| ((max[c] - min[c]) / cell) as usize + 1);
        let mut index = Self {
            min,
            cell,
            columns,
            rows,
            first: vec![0; columns * rows + 1],
            order: vec![0; places.len()],
        };
        let cells: Vec<usize> = places
            .iter()
            .map(|p| {
                let [column, row] = index.cell_of(*p).map(|k| k as usize);
                row.min(rows - 1) * columns + column.min(columns - 1)
            })
            .collect();
        for &cell in &cells {
            index.first[cell + 1] += 1;
        }
        for k in 0..columns * rows {
            index.first[k + 1] += index.first[k];
        }
        let mut next = index.first.clone();
        for (i, &cell) in cells.iter().enumerate() {
            index.order[next[cell] as usize] = i as u32;
            next[cell] += 1;
        }
        index
    }

    /// Column and row of a place, outside the index too.
    fn cell_of(&self, p: Point) -> [i64; 2] {
        [0, 1].map(|c| ((p[c] - self.min[c]) / self.cell).floor() as i64)
    }

    /// Calls `visit` with every point in the cells around x: all that lie within one cell's side of it.
    fn near(&self, x: Point, mut visit: impl FnMut(usize)) {
        let [column, row] = self.cell_of(x);
        for row in (row - 1).max(0)..=(row + 1).min(self.rows as i64 - 1) {
            for column in (column - 1).max(0)..=(column + 1).min(self.columns as i64 - 1) {
                let cell = row as usize * self.columns + column as usize;
                for &i in &self.order[self.first[cell] as usize..self.first[cell + 1] as usize] {
                    visit(i as usize);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::{assert_close, assert_close_points};
    use crate::flow::distribution::Component;
    use crate::flow::exact::ExactField;
    use crate::flow::random::{CounterRng, Stream};

    fn drawn(n: u64) -> Arc<Vec<Pair>> {
        let pair = |i| {
            let mut rng = CounterRng::new(4, Stream::Test, i);
            let mut normal = || rng.normal();
            let side = if i % 2 == 0 { 3.0 } else { -3.0 };
            [normal(), normal(), 6.0 + 0.3 * normal(), side + 0.3 * normal()].map(|x| x as f32)
        };
        Arc::new((0..n).map(pair).collect())
    }

    /// The estimate is the exact field of the pairs as atoms whose X_t is smeared by h: sums over all pairs, written out.
    #[test]
    fn the_field_is_the_weighted_mean_over_all_pairs() {
        let pairs = drawn(400);
        let (h, t) = (0.4, 0.6);
        let field = KernelField::new(Arc::clone(&pairs), Path::Linear, h);
        let points: Vec<Point> = (0..60)
            .map(|i| [0.1 * f64::from(i), 0.05 * f64::from(i) - 1.0])
            .collect();
        let got = field.at(t).velocities(&points);
        for (x, got) in points.iter().zip(&got) {
            let (mut total, mut sum, mut left_out) = (0.0, [0.0; 2], 0.0);
            for p in pairs.iter() {
                let [x0, y0, x1, y1] = p.map(f64::from);
                let d = [x[0] - t * x1 - (1.0 - t) * x0, x[1] - t * y1 - (1.0 - t) * y0];
                let w = (-0.5 * (d[0] * d[0] + d[1] * d[1]) / (h * h)).exp();
                total += w;
                left_out += if w < (-8.0_f64).exp() { w } else { 0.0 };
                sum = [sum[0] + w * (x1 - x0), sum[1] + w * (y1 - y0)];
            }
            let fan = field.at(t).fan(*x, 10);
            assert_close(&[fan.presence], &[total], 1e-9 * total, "presence");
            let want = sum.map(|s| s / total);
            assert_close(&fan.velocity, &want, 1e-9, "fan");
            if got[0].is_nan() {
                assert!(total < 0.02, "it gave up at a weight of {total}");
            } else {
                // weights below e^-8 are left out, of velocities that differ by less than 15
                assert_close(got, &want, 15.0 * left_out / total + 1e-9, "field");
            }
        }
    }

    #[test]
    fn many_pairs_come_close_to_the_exact_field() {
        let pairs = drawn(40_000);
        let h = usual_bandwidth(&pairs);
        let field = KernelField::new(pairs, Path::Linear, h);
        let two = [
            Component::round(0.5, [6.0, 3.0], 0.3),
            Component::round(0.5, [6.0, -3.0], 0.3),
        ];
        let exact = ExactField::new(&[Component::round(1.0, [0.0; 2], 1.0)], &two, Path::Linear);
        let t = 0.5;
        for x in [[3.0, 0.0], [3.0, 1.0], [2.6, -1.4]] {
            let (near, known) = (field.at(t).fan(x, 64), exact.at(t).posterior(x));
            // at least 10 effective pairs, smoothed over h = 0.07, of a spread of 3: three standard errors
            assert_close(&near.velocity, &known.velocity, 3.0 * 3.0 / 10.0_f64.sqrt(), "velocity");
            assert!(
                (near.variance() / known.variance - 1.0).abs() < 0.3,
                "{near:?} {known:?}"
            );
            assert!(near.presence > 10.0 && near.share <= 1.0);
        }
    }

    #[test]
    fn a_single_pair_carries_everything_where_it_passes_and_nothing_elsewhere() {
        let field = KernelField::new(Arc::new(vec![[0.0, 0.0, 4.0, 2.0]]), Path::Linear, 0.1);
        let got = field
            .at(0.5)
            .velocities(&[[2.0, 1.0], [2.05, 1.0], [2.0, 3.0], [-50.0, 9.0]]);
        assert_close_points(&got[..2], &[[4.0, 2.0]; 2], 1e-12, "on the chord");
        assert!(got[2..].iter().all(|v| v[0].is_nan()));
        let far = field.at(0.5).fan([2.0, 3.0], 8);
        assert_eq!((far.velocity, far.strands.len(), far.share), ([4.0, 2.0], 1, 1.0));
        assert!(far.presence < 1e-80 && far.variance() == 0.0);
    }

    #[test]
    fn bandwidths_follow_the_picture() {
        let few = usual_bandwidth(&[[-4.0, 3.0, 4.0, -3.0], [-4.0, -3.0, 4.0, 3.0]]);
        assert!((0.1..0.3).contains(&few), "two chords of a stage 8 wide: {few}");
        let one = usual_bandwidth(&[[0.0, 0.0, 8.0, 0.0]]);
        assert!((0.02..0.2).contains(&one), "one chord: {one}");
        assert!(usual_bandwidth(&[]) > 0.0 && usual_bandwidth(&[[1.0; 4]; 3]) > 0.0);
        let scaled: Vec<Pair> = drawn(1000).iter().map(|p| p.map(|x| 10.0 * x)).collect();
        let ratio = usual_bandwidth(&scaled) / usual_bandwidth(&drawn(1000));
        assert_close(&[ratio], &[10.0], 1e-5, "it scales with the data");
    }

    #[test]
    #[ignore = "a measurement, not a test"]
    fn speed() {
        let pairs = drawn(32_768);
        let field = KernelField::new(Arc::clone(&pairs), Path::Linear, usual_bandwidth(&pairs));
        let grid: Vec<Point> = (0..676)
            .map(|i| [f64::from(i % 26) * 0.3, f64::from(i / 26) * 0.3 - 4.0])
            .collect();
        let time = |what: &str, act: &dyn Fn()| {
            let start = std::time::Instant::now();
            (0..20).for_each(|_| act());
            println!("{what}: {:.2} ms", start.elapsed().as_secs_f64() * 50.0);
        };
        let at = field.at(0.5);
        time("at", &|| _ = std::hint::black_box(field.at(0.5)));
        time("fan", &|| _ = std::hint::black_box(at.fan([3.0, 0.0], 64)));
        time("grid", &|| _ = std::hint::black_box(at.velocities(&grid)));
    }
}
