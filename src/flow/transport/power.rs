//! Optimal transport for the cost `|a - b|^p` of any power p > 0, and the proof by prices. The candidate lists of `solve` are
//! made for squares; other powers go through the dense matrix, which is quick enough for as many points as a figure shows.

use super::dense::Dense;
use super::{Assignment, TransportError, Watch, assign_watched, check, squared_distance};
use crate::flow::Point;

/// Most points on a side for powers other than 2: the matrix is then 32 MiB, its solution takes about a second.
pub const POWER_LIMIT: usize = 2048;

/// How far below 0 a reduced cost may be, as a share of the largest cost: rounding.
const SLACK: f64 = 1e-9;

/// `|a - b|^p`, data units to the power p.
pub fn cost_of_power(a: Point, b: Point, p: f64) -> f64 {
    let square = squared_distance(a, b);
    if p == 2.0 { square } else { square.powf(0.5 * p) }
}

/// The optimal assignment of `a` to `b` for the cost `|a - b|^p`, p > 0; prices and cost are to the power p.
///
/// # Errors
/// As [`assign_watched`], and for p other than 2: more than [`POWER_LIMIT`] points, or a cost that is not finite.
pub fn assign_power(a: &[Point], b: &[Point], p: f64, watch: Watch<'_>) -> Result<Assignment, TransportError> {
    if p == 2.0 {
        return assign_watched(a, b, watch);
    }
    check(a, b)?;
    let n = a.len();
    if n > POWER_LIMIT {
        return Err(TransportError::TooManyForPower(n));
    }
    let most = |points: &[Point]| points.iter().flatten().fold(0.0, |m: f64, c| m.max(c.abs()));
    // no distance is longer than this, and n costs are summed
    let longest = 3.0 * (most(a) + most(b));
    if !(p > 0.0 && (longest.powf(p) * n.max(1) as f64).is_finite()) {
        return Err(TransportError::NotFinite);
    }
    let mut dense = Dense::default();
    let cost = |i: usize, j: usize| cost_of_power(a[i], b[j], p);
    let permutation = dense.solve_watched(n, cost, watch)?.to_vec();
    let total: f64 = permutation.iter().enumerate().map(|(i, &j)| cost(i, j as usize)).sum();
    let (u, v) = dense.prices();
    Ok(Assignment {
        mean_cost: total / n.max(1) as f64,
        u: u.to_vec(),
        v: v.to_vec(),
        permutation,
    })
}

/// Whether an assignment's prices prove it optimal for the cost `|a - b|^p`: it is a permutation, no reduced cost
/// `|a_i - b_j|^p - u_i - v_j` is below 0 and the assigned ones are 0, all up to 1e-9 of the largest cost. O(n^2).
pub fn is_proved(a: &[Point], b: &[Point], p: f64, assignment: &Assignment) -> bool {
    let n = a.len();
    let (to, u, v) = (&assignment.permutation, &assignment.u, &assignment.v);
    if [b.len(), to.len(), u.len(), v.len()] != [n; 4] {
        return false;
    }
    let mut taken = vec![false; n];
    for &j in to {
        match taken.get_mut(j as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => return false,
        }
    }
    let (mut largest, mut least, mut loosest): (f64, f64, f64) = (0.0, f64::INFINITY, 0.0);
    for i in 0..n {
        for j in 0..n {
            let cost = cost_of_power(a[i], b[j], p);
            largest = largest.max(cost);
            least = least.min(cost - u[i] - v[j]);
        }
        let j = to[i] as usize;
        loosest = loosest.max((cost_of_power(a[i], b[j], p) - u[i] - v[j]).abs());
    }
    n == 0 || (largest.is_finite() && least >= -SLACK * largest && loosest <= SLACK * largest)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::flow::close::assert_close;
    use crate::flow::random::{CounterRng, Stream};

    fn normal(n: usize, index: u64) -> Vec<Point> {
        let mut rng = CounterRng::new(3, Stream::Test, index);
        (0..n).map(|_| [rng.normal(), 2.0 * rng.normal() + 1.0]).collect()
    }

    fn mean(a: &[Point], b: &[Point], p: f64) -> f64 {
        a.iter().zip(b).map(|(x, y)| cost_of_power(*x, *y, p)).sum::<f64>() / a.len() as f64
    }

    fn least_by_trying(a: &[Point], b: &mut Vec<Point>, from: usize, p: f64) -> f64 {
        if from == a.len() {
            return mean(a, b, p);
        }
        let mut least = f64::INFINITY;
        for k in from..a.len() {
            b.swap(from, k);
            least = least.min(least_by_trying(a, b, from + 1, p));
            b.swap(from, k);
        }
        least
    }

    #[test]
    fn agrees_with_trying_every_permutation() {
        for case in 0..60 {
            let n = 1 + case as usize % 6;
            let (a, mut b) = (normal(n, 2 * case), normal(n, 2 * case + 1));
            for p in [0.5, 1.0, 1.5, 2.0, 3.0, 6.0] {
                let got = assign_power(&a, &b, p, Watch::unwatched()).expect("small");
                let want = least_by_trying(&a, &mut b, 0, p);
                // sums of a few costs in another order
                assert_close(&[got.mean_cost], &[want], 1e-13 * (1.0 + want), "cost");
                assert!(is_proved(&a, &b, p, &got), "power {p} of {n} points");
            }
        }
    }

    #[test]
    fn lines_ties_and_duplicates_are_proved() {
        let n = 120;
        let line: Vec<Point> = (0..n).map(|i| [f64::from(i), 0.0]).collect();
        let shifted: Vec<Point> = line.iter().rev().map(|q| [q[0] + 40.0, 0.0]).collect();
        let two: Vec<Point> = (0..n).map(|i| [f64::from(i % 2), 0.0]).collect();
        for p in [0.5, 1.0, 4.0] {
            for (a, b) in [(&line, &shifted), (&line, &two), (&two, &two), (&two, &shifted)] {
                let got = assign_power(a, b, p, Watch::unwatched()).expect("finite");
                assert!(is_proved(a, b, p, &got), "power {p}");
            }
        }
        // on a line every monotone and many other pairings have the same sum of distances: 40 each
        let got = assign_power(&line, &shifted, 1.0, Watch::unwatched()).expect("finite");
        assert_close(&[got.mean_cost], &[40.0], 1e-10, "along a line");
        // a concave cost leaves what is common in place and nests the rest: i goes to 159 - i (McCann 1999, "Exact
        // solutions to the transportation problem on the line")
        let got = assign_power(&line, &shifted, 0.5, Watch::unwatched()).expect("finite");
        let nested = (0..40).map(|i| f64::from(159 - 2 * i).sqrt()).sum::<f64>() / 120.0;
        assert_close(&[got.mean_cost], &[nested], 1e-10, "concave");
    }

    #[test]
    fn what_is_not_optimal_is_not_proved() {
        let (a, b) = (normal(30, 1), normal(30, 2));
        let best = assign_power(&a, &b, 1.5, Watch::unwatched()).expect("finite");
        let mut other = best.clone();
        other.permutation.swap(3, 4);
        assert!(!is_proved(&a, &b, 1.5, &other), "a swap");
        let mut other = best.clone();
        other.permutation[3] = other.permutation[4];
        assert!(!is_proved(&a, &b, 1.5, &other), "no permutation");
        let mut other = best.clone();
        other.u[7] += 1e-3;
        assert!(!is_proved(&a, &b, 1.5, &other), "a price too high");
        assert!(!is_proved(&a, &b, 3.0, &best), "the prices of another power");
        assert!(is_proved(&a, &b, 1.5, &best));
    }

    #[test]
    fn it_stops_and_it_refuses() {
        let (a, b) = (normal(300, 1), normal(300, 2));
        let cancel = AtomicBool::new(false);
        let watch = Watch {
            cancel: &cancel,
            progress: &|_| cancel.store(true, Ordering::Relaxed),
        };
        assert_eq!(assign_power(&a, &b, 1.0, watch), Err(TransportError::Canceled));
        let many = vec![[0.0; 2]; POWER_LIMIT + 1];
        let of = |a: &[Point], p: f64| assign_power(a, a, p, Watch::unwatched());
        assert_eq!(of(&many, 1.0), Err(TransportError::TooManyForPower(POWER_LIMIT + 1)));
        assert_eq!(of(&[[1e100, 0.0]], 4.0), Err(TransportError::NotFinite));
        assert_eq!(of(&[[1.0, 0.0]], f64::NAN), Err(TransportError::NotFinite));
        assert_eq!(of(&[], 1.0), Ok(Assignment::default()));
    }

    #[test]
    #[ignore = "a measurement, not a test"]
    fn speed() {
        for n in [120, 512, 1024, 2048] {
            let (a, b) = (normal(n, 1), normal(n, 2));
            for p in [0.5, 1.0, 2.0, 3.0, 8.0] {
                let start = std::time::Instant::now();
                let got = assign_power(&a, &b, p, Watch::unwatched()).expect("finite");
                let spent = start.elapsed().as_secs_f64() * 1e3;
                let start = std::time::Instant::now();
                assert!(is_proved(&a, &b, p, &got));
                println!(
                    "{n} points, power {p}: {spent:.1} ms, proof {:.1} ms",
                    start.elapsed().as_secs_f64() * 1e3
                );
            }
        }
    }
}
