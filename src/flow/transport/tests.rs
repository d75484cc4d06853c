//! The assignment solver against reference costs, brute force, and the proof by prices.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::flow::close::assert_close;

/// A permutation, prices that prove it optimal, and the cost that both say.
fn assert_optimal(a: &[Point], b: &[Point], what: &str) -> Assignment {
    let got = assign(a, b).expect(what);
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
        serde_json::from_str(include_str!("../../../tests/reference/transport.json")).expect("JSON");
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
    for n in [97, 400, 1000] {
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
    let calls = AtomicUsize::new(0);
    let cancel = AtomicBool::new(false);
    let progress = |share: f64| {
        assert!((0.0..=1.0).contains(&share));
        calls.fetch_add(1, Ordering::Relaxed);
    };
    assert!(
        assign_watched(
            &a,
            &b,
            Watch {
                cancel: &cancel,
                progress: &progress
            }
        )
        .is_ok()
    );
    assert!(calls.load(Ordering::Relaxed) > 0);
    let stop = |_| cancel.store(true, Ordering::Relaxed);
    let stopped = assign_watched(
        &a,
        &b,
        Watch {
            cancel: &cancel,
            progress: &stop,
        },
    );
    assert_eq!(stopped, Err(TransportError::Canceled));
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    for n in [256, 1000, 2048, 4096, 8192] {
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
            let start = std::time::Instant::now();
            let got = assign(&a, &b).expect("an assignment");
            println!(
                "{n} {name}: {:.1} ms, cost {:.6}",
                start.elapsed().as_secs_f64() * 1e3,
                got.mean_cost
            );
        }
    }
}
