//! The solvers against another one: the Hungarian algorithm of the crate `pathfinding`, on whole numbers, where costs are
//! exact and ties are ties. Every processor width gives the same bits.

use pathfinding::prelude::{Matrix, kuhn_munkres_min};

use super::super::dense::Dense;
use super::super::wide::Width;
use super::*;

/// Points with whole coordinates below `size`: the smaller, the more of them coincide.
fn whole(n: usize, index: u64, size: usize) -> Vec<Point> {
    let mut rng = CounterRng::new(7, Stream::Test, index);
    (0..n)
        .map(|_| [rng.below(size) as f64, rng.below(size) as f64])
        .collect()
}

/// The least sum of squared distances, exact.
fn oracle(a: &[Point], b: &[Point]) -> f64 {
    let n = a.len();
    let cost = Matrix::from_fn(n, n, |(i, j)| squared_distance(a[i], b[j]) as i64);
    kuhn_munkres_min(&cost).0 as f64
}

/// The cost of a permutation of whole points: exact, since sums of whole numbers this small are.
fn total(a: &[Point], b: &[Point], to: &[u32]) -> f64 {
    let mut seen = to.to_vec();
    seen.sort_unstable();
    assert!(seen.into_iter().eq(0..a.len() as u32), "not a permutation");
    a.iter()
        .zip(to)
        .map(|(p, &j)| squared_distance(*p, b[j as usize]))
        .sum()
}

fn assert_same_cost(a: &[Point], b: &[Point], what: &str) {
    let want = oracle(a, b);
    for most_dense in [0, DENSE] {
        let got = assign_by(a, b, most_dense, Watch::unwatched()).expect(what);
        let cost = total(a, b, &got.permutation);
        assert_eq!(cost, want, "{what}, {} points, dense up to {most_dense}", a.len());
    }
    let mut dense = Dense::default();
    // prices of other points: a worse start, the same end
    let prices = Prices::of(&normal(16, 1, 3.0), &clusters(16, 1));
    assert_eq!(total(a, b, dense.assign_from(&prices, a, b)), want, "{what}, priced");
}

#[test]
fn costs_are_those_of_another_solver() {
    for case in 0..60_u64 {
        let n = [1, 2, 3, 5, 8, 13, 31, 64, 100][case as usize % 9];
        // from one place for all to hardly ever the same
        let size = [1, 2, 3, 6, 30, 1_000_000][case as usize % 6];
        let (a, b) = (whole(n, 2 * case, size), whole(n, 2 * case + 1, size));
        assert_same_cost(&a, &b, "whole points");
    }
}

#[test]
fn costs_are_those_of_another_solver_on_ties_duplicates_and_lines() {
    for n in [7, 40, 97] {
        let line: Vec<Point> = (0..n).map(|i| [i as f64, 0.0]).collect();
        let slope: Vec<Point> = (0..n).map(|i| [2.0 * i as f64, 3.0 * i as f64]).collect();
        let grid: Vec<Point> = (0..n).map(|i| [(i % 6) as f64, (i / 6) as f64]).collect();
        let one = vec![[3.0, 1.0]; n];
        let two: Vec<Point> = (0..n).map(|i| [5.0 * (i % 2) as f64, 0.0]).collect();
        let thrice: Vec<Point> = (0..n).map(|i| [(i / 3) as f64, 0.0]).collect();
        let ring: Vec<Point> = (0..n)
            .map(|i| [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]][i % 4])
            .collect();
        let sets = [line, slope, grid, one, two, thrice, ring];
        for (i, a) in sets.iter().enumerate() {
            for (j, b) in sets.iter().enumerate() {
                assert_same_cost(a, b, &format!("sets {i} and {j}"));
            }
        }
    }
}

#[test]
fn every_width_gives_the_same_bits() {
    let widths: Vec<Width> = Width::available().collect();
    assert!(widths.contains(&Width::Portable));
    let prices = Prices::of(&normal(128, 1, 1.0), &clusters(128, 1));
    for n in [1, 7, 64, 65, 200] {
        for (a, b) in [(normal(n, 2, 1.0), clusters(n, 2)), (whole(n, 3, 4), whole(n, 4, 4))] {
            let mut first: Option<(Vec<u32>, Vec<f64>, Vec<f64>)> = None;
            for &width in &widths {
                let mut dense = Dense::of_width(width);
                let to = dense.assign_from(&prices, &a, &b).to_vec();
                let (u, v) = dense.prices();
                let got = (to, u.to_vec(), v.to_vec());
                if let Some(first) = &first {
                    assert_eq!(*first, got, "{width:?}, {n} points");
                }
                first.get_or_insert(got);
            }
        }
    }
}
