//! Every kind, with its default parameters and some others, against the same properties.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::flow::close::{assert_close, assert_close_points};
use crate::flow::table;

fn cloud() -> Distribution {
    let points = Distribution::default_of("two-spirals")
        .unwrap()
        .samples_f64(5, Stream::Test, 300);
    Distribution::with_points("cloud.csv", Arc::new(points))
}

fn parsed(value: serde_json::Value) -> Distribution {
    serde_json::from_value(value).unwrap()
}

/// Every kind with its default parameters.
fn defaults() -> Vec<Distribution> {
    DISTRIBUTIONS
        .iter()
        .map(|entry| match entry.name {
            "points" => cloud(),
            name => Distribution::default_of(name).expect(name),
        })
        .collect()
}

/// And some with others.
fn all() -> Vec<Distribution> {
    let mut all = defaults();
    all.extend([
        parsed(json!({"kind": "gaussian", "mean": [1, -2], "covariance": [[2, -0.9], [-0.9, 0.5]]})),
        parsed(json!({"kind": "mixture", "weights": [1, 3], "means": [[1, 2], [-3, 0]], "stds": [0.1, 2]})),
        parsed(json!({"kind": "eight-gaussians", "radius": 5, "std": 0.31622776601683794})),
        parsed(json!({"kind": "two-moons", "scale": 3, "shift": -1, "noise": 0.2})),
        parsed(json!({"kind": "two-moons", "scale": 0.5, "shift": [2, -1], "noise": 0.01})),
        parsed(json!({"kind": "rings", "count": 5, "noise": 0.02})),
        parsed(json!({"kind": "rings", "count": 1, "noise": 2})),
        parsed(json!({"kind": "two-spirals", "turns": 3, "noise": 0.05})),
        parsed(json!({"kind": "pinwheel", "arms": 3, "rate": -0.5, "radial_std": 0.2})),
        parsed(json!({"kind": "pinwheel", "arms": 1})),
        parsed(json!({"kind": "checkerboard", "cells": 3})),
        parsed(json!({"kind": "uniform-square", "mean": [2, 1], "side": 1})),
        parsed(json!({"kind": "ring", "noise": 0})),
        parsed(json!({"kind": "two-clusters", "x": 4, "gap": 2})),
        parsed(json!({"kind": "grid-of-gaussians", "count": 1})),
    ]);
    all
}

fn flat(m: &Moments) -> [f64; 5] {
    let [[xx, xy], [_, yy]] = m.covariance;
    [m.mean[0], m.mean[1], xx, xy, yy]
}

#[test]
fn moments_are_those_of_the_draws() {
    for law in all() {
        let n = 100_000;
        let draws = law.samples_f64(11, Stream::Test, n);
        let Moments { mean: [mx, my], .. } = law.moments();
        // per draw: the five quantities whose means are the moments
        let terms = |p: &Point| {
            let (dx, dy) = (p[0] - mx, p[1] - my);
            [p[0], p[1], dx * dx, dx * dy, dy * dy]
        };
        let (mut sum, mut square) = ([0.0; 5], [0.0; 5]);
        for p in &draws {
            for (k, x) in terms(p).into_iter().enumerate() {
                sum[k] += x;
                square[k] += x * x;
            }
        }
        for (k, want) in flat(&law.moments()).into_iter().enumerate() {
            let mean = sum[k] / n as f64;
            let error = ((square[k] / n as f64 - mean * mean).max(0.0) / n as f64).sqrt();
            // 5 standard errors; 1e-12 for what does not vary at all
            assert_close(&[mean], &[want], 5.0 * error + 1e-12, &format!("{law:?}, moment {k}"));
        }
    }
}

#[test]
fn components_have_the_distributions_moments() {
    for law in all() {
        let Components { list, exact } = law.components();
        let weight: f64 = list.iter().map(|c| c.weight).sum();
        assert_close(&[weight], &[1.0], 1e-12, &format!("{law:?}: sum of weights"));
        assert!(exact || list.len() <= 530, "{law:?}: {} components", list.len());
        let (got, want) = (flat(&Moments::of(&list)), flat(&law.moments()));
        let tolerance = match &law {
            // slices are straight and the ends are cut off: a fraction of a percent of the radius squared
            Distribution::Pinwheel(p) => 6e-3 * p.scale * p.scale,
            // where the noise is small, components are drawn out along the curve: by (0.6 spacings)^2, here up to
            // (0.6 x 0.23)^2 = 0.02, about half of it in each coordinate and most of it taken up by the noise
            _ if !exact => 1e-2,
            _ => 1e-12,
        };
        assert_close(&got, &want, tolerance, &format!("{law:?}"));
    }
}

/// The sum of Gaussians, smoothed along with the draws by a kernel, is the density of the draws: checks the whole shape, which
/// moments do not.
#[test]
fn components_have_the_distributions_characteristic_function() {
    for law in all() {
        let n = 40_000;
        let draws = law.samples_f64(12, Stream::Test, n);
        let list = law.components().list;
        let size = law.moments().covariance;
        let scale = (size[0][0] + size[1][1]).sqrt();
        for (wx, wy) in [(1.0, 0.0), (0.0, 1.0), (2.0, 1.0), (-1.5, 2.5), (4.0, -3.0)] {
            let [wx, wy] = [wx, wy].map(|w| 1.5 * w / scale);
            let (mut re, mut im) = (0.0, 0.0);
            for [x, y] in &draws {
                let (sin, cos) = (wx * x + wy * y).sin_cos();
                re += cos;
                im += sin;
            }
            let (mut want_re, mut want_im) = (0.0, 0.0);
            for Component { weight, mean, cov } in &list {
                let damp = (-0.5 * (wx * wx * cov[0] + 2.0 * wx * wy * cov[1] + wy * wy * cov[2])).exp();
                let (sin, cos) = (wx * mean[0] + wy * mean[1]).sin_cos();
                want_re += weight * damp * cos;
                want_im += weight * damp * sin;
            }
            // 5 standard errors of a mean of values in [-1, 1] (std at most 1), plus what the stand-ins may err
            let tolerance = 5.0 / (n as f64).sqrt() + 2e-3;
            let got = [re / n as f64, im / n as f64];
            assert_close(
                &got,
                &[want_re, want_im],
                tolerance,
                &format!("{law:?} at ({wx}, {wy})"),
            );
        }
    }
}

/// Where the budget is not spent, the density along a curve has no bumps: on the ring it is the known one
/// (r / sigma^2) exp(-(rho^2 + r^2) / 2 sigma^2) I0(rho r / sigma^2) / (2 pi r), constant in angle.
#[test]
fn the_rings_components_show_no_bumps() {
    let list = Distribution::default_of("ring").unwrap().components().list;
    let density = |p: Point| -> f64 {
        let term = |c: &Component| {
            let (dx, dy, v) = (p[0] - c.mean[0], p[1] - c.mean[1], c.cov[0]);
            c.weight * (-0.5 * (dx * dx + dy * dy) / v).exp() / v
        };
        list.iter().map(term).sum()
    };
    for r in [2.8, 3.0, 3.1] {
        let around: Vec<f64> = (0..1000)
            .map(|k| density([r * (0.007 * f64::from(k)).cos(), r * (0.007 * f64::from(k)).sin()]))
            .collect();
        let first = around[0];
        let ratios: Vec<f64> = around.iter().map(|d| d / first).collect();
        // 2 exp(-2 pi^2) = 5e-9 by theory, up and down
        assert_close(&ratios, &vec![1.0; 1000], 2e-8, &format!("ring at {r}"));
    }
}

#[test]
fn bounds_hold_nearly_all_draws() {
    for law in all() {
        let extent = law.bounds();
        let inside = |p: &&Point| (0..2).all(|k| extent.min[k] <= p[k] && p[k] <= extent.max[k]);
        let draws = law.samples_f64(13, Stream::Test, 20_000);
        let share = draws.iter().filter(inside).count() as f64 / 20_000.0;
        // two coordinates of a Gaussian lie within 3.5 standard deviations in 99.91 % of the draws; 20,000 draws tell that to 0.02 %
        assert!(share >= 0.9985, "{law:?}: {share} within {extent:?}");
        assert!(
            (0..2).all(|k| extent.max[k] - extent.min[k] < 60.0),
            "{law:?}: {extent:?}"
        );
    }
}

#[test]
fn draws_do_not_depend_on_their_number_or_the_threads() {
    for law in all() {
        let many = law.samples_f64(21, Stream::Particles, 10_000);
        assert_eq!(many[..77], law.samples_f64(21, Stream::Particles, 77), "{law:?}");
        assert_eq!(
            many[5],
            law.sample(&mut CounterRng::new(21, Stream::Particles, 5)),
            "{law:?}"
        );
        for threads in [1, 2, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let again = pool.install(|| law.samples_f64(21, Stream::Particles, 10_000));
            assert_eq!(many, again, "{law:?} on {threads} threads");
        }
        let single = law.samples(21, Stream::Particles, 100);
        // one rounding to f32 of values up to 30
        assert_close_points(&single, &many[..100], 2e-6, &format!("{law:?} in f32"));
        assert_ne!(
            many[..100],
            law.samples_f64(22, Stream::Particles, 100),
            "{law:?}: another seed"
        );
    }
}

#[test]
fn files_come_back_as_they_were() {
    for law in all() {
        law.validate().unwrap_or_else(|e| panic!("{law:?}: {e}"));
        let text = serde_json::to_string(&law).unwrap();
        let mut back: Distribution = serde_json::from_str(&text).unwrap();
        if let (Distribution::Points(back), Distribution::Points(law)) = (&mut back, &law) {
            back.points = law.points.clone();
        }
        assert_eq!(back, law, "{text}");
    }
    assert_eq!(
        serde_json::to_string(&parsed(json!({"kind": "two-moons", "shift": -1}))).unwrap(),
        r#"{"kind":"two-moons","noise":0.05,"scale":1.0,"shift":-1.0}"#
    );
    assert!(serde_json::from_value::<Distribution>(json!({"kind": "two-moons", "nosie": 1})).is_err());
    assert!(serde_json::from_value::<Distribution>(json!({"kind": "two-suns"})).is_err());
}

#[test]
fn the_table_names_every_kind_and_every_parameter() {
    for (entry, law) in DISTRIBUTIONS.iter().zip(defaults()) {
        assert_eq!(entry.name, law.kind());
        let json = serde_json::to_value(&law).unwrap();
        assert_eq!(json["kind"], entry.name);
        let mut want: Vec<&str> = entry.parameters.iter().map(|p| p.name).collect();
        // left out of files unless given
        want.retain(|name| *name != "covariance");
        let got: Vec<&str> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .filter(|k| *k != "kind")
            .collect();
        assert_eq!(got, want, "{}", entry.name);
        for p in entry.parameters {
            let values = match p.form {
                table::Form::Number { low, high } => vec![vec![low], vec![high]],
                table::Form::Count { low, high } => vec![vec![f64::from(low)], vec![f64::from(high)]],
                table::Form::Point { low, high } | table::Form::NumberOrPoint { low, high } => vec![vec![low, high]],
                _ => continue,
            };
            for value in values {
                let set = table::with_numbers(&law, p.name, &value).expect(p.name);
                set.validate()
                    .unwrap_or_else(|e| panic!("{} {} {value:?}: {e}", entry.name, p.name));
                assert_eq!(
                    table::numbers_of(&set, p.name).unwrap(),
                    value,
                    "{} {}",
                    entry.name,
                    p.name
                );
            }
        }
    }
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let nan = f64::NAN;
    let moons = |change: fn(&mut TwoMoons)| {
        let mut moons = TwoMoons::default();
        change(&mut moons);
        Distribution::TwoMoons(moons)
    };
    let cases = [
        (Distribution::gaussian([nan, 0.0], 1.0), "mean"),
        (Distribution::gaussian([0.0; 2], 0.0), "std"),
        (Distribution::gaussian([0.0; 2], -1.0), "std"),
        (Distribution::gaussian([0.0; 2], f64::INFINITY), "std"),
        (Distribution::gaussian([0.0, 1e9], 1.0), "mean"),
        (
            parsed(json!({"kind": "gaussian", "covariance": [[1, 2], [2, 1]]})),
            "covariance",
        ),
        (
            parsed(json!({"kind": "gaussian", "covariance": [[1, 0.1], [0, 1]]})),
            "covariance",
        ),
        (
            parsed(json!({"kind": "mixture", "weights": [], "means": [], "stds": []})),
            "weights",
        ),
        (
            parsed(json!({"kind": "mixture", "weights": [1], "means": [], "stds": [1]})),
            "weights",
        ),
        (
            parsed(json!({"kind": "mixture", "weights": [0], "means": [[0, 0]], "stds": [1]})),
            "weights[0]",
        ),
        (
            parsed(json!({"kind": "mixture", "weights": [1], "means": [[0, 0]], "stds": [-1]})),
            "stds[0]",
        ),
        (moons(|m| m.noise = -0.1), "noise"),
        (moons(|m| m.scale = 0.0), "scale"),
        (moons(|m| m.shift.0[1] = f64::INFINITY), "shift"),
        (parsed(json!({"kind": "rings", "count": 0})), "count"),
        (parsed(json!({"kind": "rings", "count": 4_000_000})), "count"),
        (parsed(json!({"kind": "pinwheel", "arms": 0})), "arms"),
        (parsed(json!({"kind": "checkerboard", "cells": 1})), "cells"),
        (parsed(json!({"kind": "grid-of-gaussians", "count": 33})), "count"),
        (Distribution::default_of("points").unwrap(), "file"),
        (
            Distribution::with_points("a.csv", Arc::new(vec![[0.0, nan]])),
            "file a.csv: point 1",
        ),
    ];
    for (law, name) in cases {
        let message = law.validate().expect_err(&format!("{law:?}"));
        assert!(
            message.starts_with(name) && message.contains("; "),
            "{law:?}: {message}"
        );
    }
}

/// Published settings: the formulas of scikit-learn and torchcfm, worked by hand.
#[test]
fn shapes_lie_where_their_papers_put_them() {
    let eight = Distribution::default_of("eight-gaussians").unwrap().components().list;
    assert_close_points(
        &[eight[0].mean, eight[2].mean, eight[4].mean],
        &[[5.0, 0.0], [0.0, 5.0], [-5.0, 0.0]],
        1e-14,
        "eight",
    );
    // noise 0 leaves the curve itself
    let bare = |kind: &str| parsed(json!({"kind": kind, "noise": 0, "scale": 1})).samples_f64(1, Stream::Test, 500);
    for [x, y] in bare("two-moons") {
        let (upper, lower) = (x.hypot(y), (x - 1.0).hypot(y - 0.5));
        let on_upper = (upper - 1.0).abs() < 1e-12 && y > -1e-12;
        let on_lower = (lower - 1.0).abs() < 1e-12 && y < 0.5 + 1e-12;
        assert!(on_upper || on_lower, "({x}, {y}) is on neither moon");
    }
    for [x, z] in bare("s-curve") {
        // x = sin a, z = sign(a) (cos a - 1)
        let a = if z < 0.0 { 1.0 } else { -1.0 };
        assert_close(&[x.hypot(1.0 + a * z)], &[1.0], 1e-12, "s-curve");
    }
    for [x, y] in bare("swiss-roll") {
        let a = x.hypot(y);
        assert!((4.712..=14.138).contains(&a));
        assert_close(&[a * a.cos(), a * a.sin()], &[x, y], 1e-11, "swiss roll");
    }
    for [x, y] in Distribution::default_of("checkerboard")
        .unwrap()
        .samples_f64(1, Stream::Test, 500)
    {
        assert_eq!(
            ((x / 2.0).floor() + (y / 2.0).floor()).rem_euclid(2.0),
            0.0,
            "({x}, {y})"
        );
    }
}
