//! The noise of stochastic samplers: a Brownian path per particle, stored nowhere and always the same.
//!
//! W of a particle is a tree keyed by (seed, particle): W(0) = 0, W(1) is one draw, and the middle of an interval of length h
//! is the mean of its ends plus sqrt(h / 4) times the draw of its node (Lévy's construction; Li et al. 2020, "Scalable
//! gradients for stochastic differential equations"). So a path does not depend on the steps that look at it: more steps
//! refine the same path, and scrubbing t replays it. Times lie on a grid of 2^-24.

use rayon::prelude::*;

use crate::flow::Point;
use crate::flow::random::{CounterRng, Stream, bits};

/// Levels of the tree.
const LEVELS: u32 = 24;

/// One draw of a table: the increment of a Brownian path over an interval of [0, 1], divided by the root of its length,
/// so that it is standard normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseDraw {
    /// One end of the interval.
    pub from: f64,
    /// The other end; where it is the earlier one, the increment changes its sign.
    pub to: f64,
    /// Which of a particle's independent paths, below 8: a step may need two.
    pub lane: u32,
}

/// The draws of a table, ready to be made for any particle.
#[derive(Clone, Debug)]
pub struct NoiseStream {
    seed: u64,
    lanes: Vec<Lane>,
    count: usize,
}

/// The draws of one path.
#[derive(Clone, Debug)]
struct Lane {
    number: u32,
    /// Times at which the path is looked at, ascending, in units of 2^-24.
    times: Vec<u32>,
    /// Which draw is the increment between which two of `times`.
    draws: Vec<(usize, usize, usize)>,
}

impl NoiseStream {
    /// The stream of these draws.
    pub fn new(seed: u64, draws: &[NoiseDraw]) -> Self {
        let tick = |t: f64| (t.clamp(0.0, 1.0) * f64::from(1_u32 << LEVELS)).round() as u32;
        let mut numbers: Vec<u32> = draws.iter().map(|d| d.lane).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let lanes = numbers.into_iter().map(|lane| {
            let own = draws.iter().enumerate().filter(|(_, d)| d.lane == lane);
            let mut times: Vec<u32> = own.clone().flat_map(|(_, d)| [tick(d.from), tick(d.to)]).collect();
            times.sort_unstable();
            times.dedup();
            // every end is among the times
            let place = |t: f64| times.partition_point(|&x| x < tick(t));
            let draws = own.map(|(i, d)| (i, place(d.from), place(d.to))).collect();
            Lane {
                number: lane,
                times,
                draws,
            }
        });
        Self {
            seed,
            lanes: lanes.collect(),
            count: draws.len(),
        }
    }

    /// The draws of particles `first..first + particles`, draw-major: draw k of the i-th of them is at `k * particles + i`.
    pub fn block<T: Copy + Send + Sync>(
        &self,
        first: usize,
        particles: usize,
        convert: impl Fn(Point) -> T + Sync,
    ) -> Vec<T> {
        let each: Vec<Vec<T>> = (first..first + particles)
            .into_par_iter()
            .with_min_len(16)
            .map(|p| self.of(p as u64).into_iter().map(&convert).collect())
            .collect();
        (0..self.count)
            .flat_map(|k| each.iter().map(move |own| own[k]))
            .collect()
    }

    /// Every draw of one particle.
    pub fn of(&self, particle: u64) -> Vec<Point> {
        let [a, b, ..] = bits(self.seed, Stream::Brownian, particle);
        let key = u64::from(a) << 32 | u64::from(b);
        let mut out = vec![[0.0; 2]; self.count];
        let mut values = Vec::new();
        for lane in &self.lanes {
            let tree = Tree {
                key,
                lane: u64::from(lane.number) << 32,
            };
            values.clear();
            values.resize(lane.times.len(), [0.0; 2]);
            tree.fill(&lane.times, &mut values);
            for &(draw, from, to) in &lane.draws {
                let ticks = f64::from(lane.times[to]) - f64::from(lane.times[from]);
                out[draw] = if ticks == 0.0 {
                    // a step shorter than the grid of times: a draw of its own
                    tree.normal(1 << 31 | draw as u64)
                } else {
                    let root = (ticks.abs() / f64::from(1_u32 << LEVELS)).sqrt();
                    [0, 1].map(|c| (values[to][c] - values[from][c]) / root)
                };
            }
        }
        out
    }
}

/// One path of one particle.
struct Tree {
    key: u64,
    lane: u64,
}

impl Tree {
    fn normal(&self, node: u64) -> Point {
        let mut rng = CounterRng::new(self.key, Stream::Brownian, self.lane | node);
        [rng.normal(), rng.normal()]
    }

    /// W at ascending times.
    fn fill(&self, times: &[u32], values: &mut [Point]) {
        let end = 1_u32 << LEVELS;
        let last = self.normal(0);
        let from = usize::from(times.first() == Some(&0));
        let mut to = times.len();
        if times.last() == Some(&end) {
            to -= 1;
            values[to] = last;
        }
        if from < to {
            self.descend(1, (0, end), ([0.0; 2], last), &times[from..to], &mut values[from..to]);
        }
    }

    /// W at times strictly between the ends of a node's interval.
    fn descend(&self, node: u64, ends: (u32, u32), w: (Point, Point), times: &[u32], values: &mut [Point]) {
        let middle = ends.0.midpoint(ends.1);
        let root = (f64::from(ends.1 - ends.0) / f64::from(4_u32 << LEVELS)).sqrt();
        let z = self.normal(node);
        let at = [0, 1].map(|c| 0.5 * (w.0[c] + w.1[c]) + root * z[c]);
        let left = times.partition_point(|&t| t < middle);
        let right = left + usize::from(times.get(left) == Some(&middle));
        if right > left {
            values[left] = at;
        }
        if left > 0 {
            self.descend(
                2 * node,
                (ends.0, middle),
                (w.0, at),
                &times[..left],
                &mut values[..left],
            );
        }
        if right < times.len() {
            self.descend(
                2 * node + 1,
                (middle, ends.1),
                (at, w.1),
                &times[right..],
                &mut values[right..],
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;

    fn grid(steps: u32, lane: u32) -> Vec<NoiseDraw> {
        let at = |k: u32| f64::from(k) / f64::from(steps);
        (0..steps)
            .map(|k| NoiseDraw {
                from: at(k),
                to: at(k + 1),
                lane,
            })
            .collect()
    }

    #[test]
    fn more_steps_refine_the_same_path() {
        for particle in [0, 7, 1 << 20] {
            let (coarse, fine) = (
                NoiseStream::new(5, &grid(6, 0)).of(particle),
                NoiseStream::new(5, &grid(42, 0)).of(particle),
            );
            for (k, whole) in coarse.iter().enumerate() {
                let parts = &fine[7 * k..7 * (k + 1)];
                let sum = [0, 1].map(|c| parts.iter().map(|z| z[c]).sum::<f64>() / 7.0_f64.sqrt());
                // a sixth is not on the grid of times: the lengths differ by 1e-6 of themselves
                assert_close(&sum, whole, 1e-5, "increments add up");
            }
        }
    }

    #[test]
    fn draws_are_standard_normal_and_independent() {
        let mut draws = grid(8, 0);
        draws.extend(grid(8, 1));
        let stream = NoiseStream::new(11, &draws);
        let n = 20_000;
        let z = stream.block(0, n, |z| z);
        let column = |k: usize, c: usize| z[k * n..(k + 1) * n].iter().map(move |z| z[c]);
        // five standard errors of a mean of n draws
        let tolerance = 5.0 / (n as f64).sqrt();
        for k in 0..16 {
            for c in 0..2 {
                let mean = column(k, c).sum::<f64>() / n as f64;
                let square = column(k, c).map(|z| z * z).sum::<f64>() / n as f64;
                assert!(mean.abs() < tolerance && (square - 1.0).abs() < 1.5 * tolerance, "{k}");
                for (j, d) in [((k + 1) % 16, c), ((k + 8) % 16, c), (k, 1 - c)] {
                    let both = column(k, c).zip(column(j, d)).map(|(a, b)| a * b).sum::<f64>() / n as f64;
                    assert!(both.abs() < tolerance, "{k} {j}: {both}");
                }
            }
        }
    }

    #[test]
    fn a_block_is_its_particles_and_seeds_and_directions_differ() {
        let draws = grid(5, 0);
        let stream = NoiseStream::new(3, &draws);
        let block = stream.block(10, 4, |z| z);
        for i in 0..4 {
            let own = stream.of(10 + i as u64);
            assert!((0..5).all(|k| block[k * 4 + i] == own[k]));
        }
        assert_ne!(stream.of(0), NoiseStream::new(4, &draws).of(0));
        let back: Vec<NoiseDraw> = draws
            .iter()
            .map(|d| NoiseDraw {
                from: d.to,
                to: d.from,
                lane: 0,
            })
            .collect();
        let (there, again) = (stream.of(2), NoiseStream::new(3, &back).of(2));
        assert!(there.iter().zip(&again).all(|(a, b)| a[0] == -b[0] && a[1] == -b[1]));
        // shorter than the grid of times: still a draw
        let short = NoiseDraw {
            from: 0.5,
            to: 0.5 + 1e-12,
            lane: 0,
        };
        assert!(NoiseStream::new(3, &[short]).of(2)[0][0] != 0.0);
    }
}
