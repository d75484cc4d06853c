//! The assignment solver against reference costs, brute force, and the proof by prices.

mod oracle;

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::flow::close::assert_close;

/// Both solvers, on all levels and as they are combined, give a permutation, prices that prove it optimal, and the cost
/// that both say.
fn assert_optimal(a: &[Point], b: &[Point], what: &str) -> Assignment {
    let dense = assert_optimal_by(a, b, DENSE, what);
    let lists = assert_optimal_by(a, b, 0, what);
    let largest = a.iter().chain(b).flatten().fold(0.0_f64, |m, x| m.max(x * x));
    assert_close(&[dense.mean_cost], &[lists.mean_cost], 1e-11 * (1.0 + largest), what);
    dense
}

fn assert_optimal_by(a: &[Point], b: &[Point], dense: usize, what: &str) -> Assignment {
    let got = assign_by(a, b, dense, Watch::unwatched()).expect(what);
    let mut seen = vec![false; a.len()];
    for &j in &got.permutation {
        assert!(
            !std::mem::replace(&mut seen[j as usize], true),
            "{what}: column {j} twice"
        );
    }
    let mut largest: f64 = 0.0;
    let mut least = f64::INFINITY;
    for (p, u) in a.iter().zip(&got.u) {
        for (q, v) in b.iter().zip(&got.v) {
            let cost = squared_distance(*p, *q);
            largest = largest.max(cost);
            least = least.min(cost - u - v);
        }
    }
    assert!(
        least >= -1e-9 * largest,
        "{what}: a reduced cost of {least:e} beside costs up to {largest:e}"
    );
    let dual = (got.u.iter().sum::<f64>() + got.v.iter().sum::<f64>()) / a.len().max(1) as f64;
    // rounding of prices as large as the largest cost
    assert_close(&[got.mean_cost], &[dual], 1e-11 * (1.0 + largest), what);
    got
}

fn normal(n: usize, index: u64, scale: f64) -> Vec<Point> {
    let mut rng = CounterRng::new(1, Stream::Test, index);
    (0..n).map(|_| [scale * rng.normal(), scale * rng.normal()]).collect()
}

/// Eight clusters around a circle of radius 4: what the flow meets.
fn clusters(n: usize, index: u64) -> Vec<Point> {
    let mut rng = CounterRng::new(2, Stream::Test, index);
    (0..n)
        .map(|_| {
            let (s, c) = (rng.below(8) as f64 * std::f64::consts::FRAC_PI_4).sin_cos();
            [4.0 * c + 0.3 * rng.normal(), 4.0 * s + 0.3 * rng.normal()]
        })
        .collect()
}

#[test]
fn agrees_with_the_reference() {
    let json: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/reference/transport.json")).expect("JSON");
    let cases = json["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let points = |key: &str| -> Vec<Point> { serde_json::from_value(case[key].clone()).expect("points") };
        let got = assert_optimal(&points("a"), &points("b"), "reference");
        let want = case["exact_mean_squared_cost"].as_f64().expect("a cost");
        assert_close(&[got.mean_cost], &[want], 1e-9 * want, "cost");
        let permutation: Vec<u32> = serde_json::from_value(case["permutation"].clone()).expect("a permutation");
        assert_eq!(got.permutation, permutation);
    }
}

fn least_by_trying(a: &[Point], b: &mut Vec<Point>, from: usize) -> f64 {
    if from == a.len() {
        return a.iter().zip(b.iter()).map(|(p, q)| squared_distance(*p, *q)).sum();
    }
    let mut least = f64::INFINITY;
    for k in from..a.len() {
        b.swap(from, k);
        least = least.min(least_by_trying(a, b, from + 1));
        b.swap(from, k);
    }
    least
}

#[test]
fn agrees_with_trying_every_permutation() {
    for case in 0..120 {
        let n = 1 + case as usize % 7;
        let (a, mut b) = (normal(n, 2 * case, 1.0), normal(n, 2 * case + 1, 1.0));
        let got = assert_optimal(&a, &b, "small");
        assert_close(
            &[got.mean_cost * n as f64],
            &[least_by_trying(&a, &mut b, 0)],
            1e-12,
            "small",
        );
    }
}

#[test]
fn large_sets_are_proved_optimal_by_their_prices() {
    for n in [97, 400, DENSE + 1] {
        assert_optimal(&normal(n, 1, 1.0), &clusters(n, 1), "normal to clusters");
        assert_optimal(&clusters(n, 2), &clusters(n, 3), "clusters to clusters");
        assert_optimal(&normal(n, 4, 1e-3), &normal(n, 5, 1e3), "small to large");
    }
}

#[test]
fn ties_duplicates_and_lines_end_and_are_optimal() {
    let n = 300;
    let same = vec![[1.0, 2.0]; n];
    assert_eq!(assert_optimal(&same, &same, "all the same").mean_cost, 0.0);
    assert_optimal(&normal(n, 1, 1.0), &same, "all to one");
    assert_optimal(&same, &normal(n, 1, 1.0), "one to all");
    let two: Vec<Point> = (0..n).map(|i| [(i % 2) as f64, 0.0]).collect();
    assert_optimal(&normal(n, 2, 1.0), &two, "to two places");
    assert_optimal(&two, &two, "two places to themselves");
    let line: Vec<Point> = (0..n).map(|i| [i as f64, 2.0 * i as f64]).collect();
    let reversed: Vec<Point> = line.iter().rev().map(|p| [p[0] + 0.5, p[1]]).collect();
    let got = assert_optimal(&line, &reversed, "along a line");
    assert_close(&[got.mean_cost], &[0.25], 1e-9, "along a line");
    let grid = |shift: f64| -> Vec<Point> { (0..n).map(|i| [(i % 17) as f64 + shift, (i / 17) as f64]).collect() };
    assert_optimal(&grid(0.0), &grid(0.5), "grid to grid");
    assert_optimal(&grid(0.0), &line, "grid to line");
    // far from the origin the costs are as near it
    let far = |p: &Point| [p[0] + 1e6, p[1] - 1e6];
    let (a, b) = (normal(n, 3, 1.0), normal(n, 4, 1.0));
    let near = assert_optimal(&a, &b, "near");
    let there = assign(
        &a.iter().map(far).collect::<Vec<_>>(),
        &b.iter().map(far).collect::<Vec<_>>(),
    )
    .expect("far");
    assert_eq!(near.permutation, there.permutation);
}

#[test]
fn bad_input_is_an_error_in_words() {
    let a = normal(5, 0, 1.0);
    assert_eq!(assign(&a, &a[..4]), Err(TransportError::SizesDiffer(5, 4)));
    assert_eq!(assign(&[[f64::NAN, 0.0]], &[[0.0; 2]]), Err(TransportError::NotFinite));
    assert_eq!(assign(&[[0.0; 2]], &[[1e200, 0.0]]), Err(TransportError::NotFinite));
    let many = vec![[0.0; 2]; POINT_LIMIT + 1];
    assert_eq!(assign(&many, &many), Err(TransportError::TooMany(POINT_LIMIT + 1)));
    assert_eq!(assign(&[], &[]), Ok(Assignment::default()));
}

#[test]
fn it_can_be_watched_and_stopped() {
    let (a, b) = (normal(600, 1, 1.0), clusters(600, 1));
    for dense in [0, DENSE] {
        let calls = AtomicUsize::new(0);
        let cancel = AtomicBool::new(false);
        let progress = |share: f64| {
            assert!((0.0..=1.0).contains(&share));
            calls.fetch_add(1, Ordering::Relaxed);
        };
        let watch = Watch {
            cancel: &cancel,
            progress: &progress,
        };
        assert!(assign_by(&a, &b, dense, watch).is_ok());
        assert!(calls.load(Ordering::Relaxed) > 0);
        let stop = |_| cancel.store(true, Ordering::Relaxed);
        let watch = Watch {
            cancel: &cancel,
            progress: &stop,
        };
        assert_eq!(assign_by(&a, &b, dense, watch), Err(TransportError::Canceled));
    }
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    for n in [128, 256, 512, 1000, 2048, 4096] {
        for (name, a, b) in [
            ("normal to clusters", normal(n, 1, 1.0), clusters(n, 1)),
            ("clusters to clusters", clusters(n, 2), clusters(n, 3)),
            ("far apart", normal(n, 4, 1e-3), normal(n, 5, 1e3)),
            ("one to all", vec![[0.0; 2]; n], normal(n, 5, 1.0)),
            (
                "to two places",
                normal(n, 6, 1.0),
                (0..n).map(|i| [(i % 2) as f64, 0.0]).collect(),
            ),
        ] {
            let times = [0, 256, 1024, 2048].map(|dense| {
                let start = std::time::Instant::now();
                assign_by(&a, &b, dense, Watch::unwatched()).expect("an assignment");
                start.elapsed().as_secs_f64() * 1e3
            });
            println!("{n} {name}: dense up to 0, 256, 1,024, 2,048 points: {times:.1?} ms");
        }
    }
}

/// The dual prices of a dense solution prove it, as [`assert_optimal`] does for the lists.
fn assert_dense_optimal(dense: &mut Dense, a: &[Point], b: &[Point], what: &str) {
    let to = dense.assign(a, b).to_vec();
    let mut sorted = to.clone();
    sorted.sort_unstable();
    assert!(
        sorted.iter().copied().eq(0..a.len() as u32),
        "{what}: not a permutation"
    );
    let (u, v) = dense.prices();
    let costs = || a.iter().flat_map(|p| b.iter().map(|q| squared_distance(*p, *q)));
    let largest = costs().fold(1e-300, f64::max);
    let n = a.len();
    for (at, cost) in costs().enumerate() {
        let (i, j) = (at / n, at % n);
        let reduced = cost - u[i] - v[j];
        assert!(reduced >= -1e-12 * largest, "{what}: {reduced} at {i}, {j}");
        if to[i] as usize == j {
            assert!(
                reduced.abs() <= 1e-12 * largest,
                "{what}: matched pair {reduced} at {i}, {j}"
            );
        }
    }
}

#[test]
fn small_dense_problems_are_proved_optimal_by_their_prices() {
    let mut dense = Dense::default();
    // sizes go up and down: the buffers are kept
    for (case, n) in [64, 1, 2, 100, 7, 0, 256, 33].into_iter().enumerate() {
        let case = case as u64;
        let (a, b) = (normal(n, 2 * case, 1.0), clusters(n, case));
        assert_dense_optimal(&mut dense, &a, &b, "normal to clusters");
        assert_dense_optimal(&mut dense, &a, &normal(n, 2 * case + 1, 1e3), "small to large");
        let same = vec![[1.0, 2.0]; n];
        assert_dense_optimal(&mut dense, &same, &same, "all the same");
        assert_dense_optimal(&mut dense, &same, &b, "one to all");
        let two: Vec<Point> = (0..n).map(|i| [(i % 2) as f64, 0.0]).collect();
        assert_dense_optimal(&mut dense, &two, &a, "from two places");
        assert_dense_optimal(&mut dense, &two, &two, "two places to themselves");
        let grid: Vec<Point> = (0..n).map(|i| [(i % 9) as f64, (i / 9) as f64]).collect();
        let moved: Vec<Point> = grid.iter().map(|p| [p[0] + 0.5, p[1]]).collect();
        assert_dense_optimal(&mut dense, &grid, &moved, "grid to grid");
        let line: Vec<Point> = (0..n).rev().map(|i| [i as f64, 2.0 * i as f64]).collect();
        assert_dense_optimal(&mut dense, &grid, &line, "grid to line");
    }
}

fn reference() -> Vec<serde_json::Value> {
    let text = include_str!("../../../../tests/reference/transport.json");
    let file: serde_json::Value = serde_json::from_str(text).expect("JSON");
    file["cases"].as_array().expect("cases").clone()
}

fn points(value: &serde_json::Value) -> Vec<Point> {
    serde_json::from_value(value.clone()).expect("points")
}

#[test]
fn costs_agree_with_the_reference() {
    for case in reference() {
        let (a, b) = (points(&case["a"]), points(&case["b"]));
        let n = a.len();
        let want = case["exact_mean_squared_cost"].as_f64().expect("a cost");
        for dense in [0, DENSE] {
            let got = assign_by(&a, &b, dense, Watch::unwatched()).expect("an assignment");
            assert_close(&[got.mean_cost], &[want], 1e-9 * want, "levels");
        }
        let mut dense = Dense::default();
        let to = dense.assign(&a, &b);
        let cost = a.iter().zip(to).map(|(p, &j)| squared_distance(*p, b[j as usize]));
        assert_close(&[cost.sum::<f64>() / n as f64], &[want], 1e-9 * want, "dense");
        for (epsilon, want) in case["sinkhorn_mean_cost_by_epsilon"].as_object().expect("costs") {
            let (epsilon, want): (f64, f64) = (epsilon.parse().expect("a number"), want.as_f64().expect("a cost"));
            let plan = sinkhorn(&a, &b, epsilon, Watch::unwatched()).expect("a plan");
            assert!(plan.converged, "{n} points, epsilon {epsilon}: error {}", plan.error);
            // the reference itself was iterated to about this
            assert_close(
                &[plan.mean_cost],
                &[want],
                1e-4 * want,
                &format!("{n} points, epsilon {epsilon}"),
            );
            for k in 0..n {
                let row: f64 = plan.mass[k * n..(k + 1) * n].iter().sum();
                let column: f64 = plan.mass.iter().skip(k).step_by(n).sum();
                assert_close(&[row, column], &[1.0 / n as f64; 2], 2e-9, "marginals");
            }
        }
    }
}

#[test]
fn an_entropic_plan_says_when_it_has_not_converged() {
    let mut scaling = Scaling::default();
    let mut dense = Dense::default();
    let (a, b) = (normal(64, 1, 1.0), clusters(64, 1));
    dense.assign(&a, &b);
    let mut rng = CounterRng::new(1, Stream::Test, 0);
    let mut to = Vec::new();
    for (epsilon, most, converged) in [(0.5, 10_000, true), (0.5, 2, false), (1e-3, 16, false)] {
        let got = scaling.draw_group(&dense, epsilon, (1e-6, most), &mut rng, &mut to);
        assert_eq!(got, converged, "epsilon {epsilon}, {most} iterations");
        assert_eq!(to.len(), 64);
    }
    // far below what numbers of the scalings could hold without the prices: the optimal assignment
    let plan = sinkhorn(&a[..24], &b[..24], 1e-3, Watch::unwatched()).expect("a plan");
    let optimal = assign(&a[..24], &b[..24]).expect("an assignment").mean_cost;
    assert_close(&[plan.mean_cost], &[optimal], 1e-3 * optimal, "tiny epsilon");
    let same = vec![[1.0, 1.0]; 20];
    assert!(
        sinkhorn(&same, &same, 0.1, Watch::unwatched())
            .expect("a plan")
            .converged
    );
    let many = vec![[0.0; 2]; PLAN_LIMIT + 1];
    assert_eq!(
        sinkhorn(&many, &many, 1.0, Watch::unwatched()),
        Err(TransportError::TooManyForPlan(PLAN_LIMIT + 1))
    );
}
