//! The measures against reference figures and identities.

use serde_json::Value;

use super::*;
use crate::flow::close::assert_close;
use crate::flow::random::{CounterRng, Stream};

fn metrics() -> Value {
    serde_json::from_str(include_str!("../../../tests/reference/metrics.json")).expect("JSON")
}

fn number(v: &Value) -> f64 {
    v.as_f64().expect("a number")
}

fn points(v: &Value) -> Vec<Point> {
    serde_json::from_value(v.clone()).expect("points")
}

fn normal(n: usize, index: u64) -> Vec<Point> {
    let mut rng = CounterRng::new(8, Stream::Test, index);
    (0..n).map(|_| [rng.normal(), 2.0 * rng.normal() + 1.0]).collect()
}

#[test]
fn trajectories_agree_with_the_reference() {
    let json = metrics();
    let z: Vec<Vec<Point>> = serde_json::from_value(json["trajectories"].clone()).expect("trajectories");
    let steps = z[0].len() - 1;
    let times: Vec<f64> = (0..=steps).map(|k| k as f64 / steps as f64).collect();
    let states: Vec<Point> = z.concat();
    let got = carried(&times, &states);
    for (got, name) in [
        (got.straightness, "straightness"),
        (got.path_energy, "path_energy"),
        (got.transport_cost_p1, "transport_cost_p1"),
        (got.transport_cost_p2, "transport_cost_p2"),
        (got.path_length, "path_length"),
        (transport_cost(&times, &states, 1.0), "transport_cost_p1"),
        (transport_cost(&times, &states, 2.0), "transport_cost_p2"),
    ] {
        // points printed to 12 places
        assert_close(&[got], &[number(&json[name])], 1e-10, name);
    }
    let starts: Vec<Point> = z.iter().map(|z| z[0]).collect();
    let ends: Vec<Point> = z.iter().map(|z| z[steps]).collect();
    assert_eq!(Some(chord_crossings(&starts, &ends)), json["chord_crossings"].as_u64());
}

#[test]
fn distances_agree_with_the_reference() {
    let json = metrics();
    let (energy, sliced) = (&json["energy_distance"], &json["sliced_w2"]);
    let got = energy_distance(&points(&energy["a"]), &points(&energy["b"]));
    assert_close(&[got], &[number(&energy["value"])], 1e-10, "energy distance");
    let got = sliced_w2_squared(&points(&sliced["a"]), &points(&sliced["b"]));
    assert_close(&[got], &[number(&sliced["value_squared"])], 1e-10, "sliced W2");
}

#[test]
fn energy_is_straightness_and_cost_on_every_grid() {
    for (index, times) in [
        vec![0.0, 0.1, 0.15, 0.7, 1.0],
        vec![0.0, 0.999],
        vec![0.001, 0.4, 0.5, 0.999],
    ]
    .into_iter()
    .enumerate()
    {
        let got = carried(&times, &normal(20 * times.len(), index as u64));
        let sum = got.straightness + got.transport_cost_p2;
        // a few roundings
        assert_close(&[got.path_energy / sum], &[1.0], 1e-13, "identity");
        assert!(got.path_length >= got.transport_cost_p1);
    }
    let straight = carried(&[0.0, 0.25, 1.0], &[[1.0, 1.0], [2.0, 1.5], [5.0, 3.0]]);
    assert_close(
        &[straight.straightness, straight.path_length],
        &[0.0, 20.0_f64.sqrt()],
        1e-14,
        "a straight line",
    );
    assert_eq!(carried(&[0.0], &[[1.0, 1.0]]), Carried::default());
    assert_eq!(carried(&[0.0, 1.0], &[]), Carried::default());
}

#[test]
fn a_set_of_unequal_size_is_like_its_copies() {
    let (a, b) = (normal(12, 1), normal(18, 2));
    let (twice, thrice) = ([&a[..], &a, &a].concat(), [&b[..], &b].concat());
    // equal laws: a few roundings
    assert_close(
        &[sliced_w2_squared(&a, &b)],
        &[sliced_w2_squared(&twice, &thrice)],
        1e-13,
        "sliced W2",
    );
    assert_close(
        &[energy_distance(&a, &b)],
        &[energy_distance(&twice, &thrice)],
        1e-13,
        "energy distance",
    );
    assert_close(
        &[energy_distance(&a, &twice), sliced_w2_squared(&a, &twice)],
        &[0.0, 0.0],
        1e-13,
        "one law",
    );
    assert!(sliced_w2_squared(&a, &[]).is_nan() && energy_distance(&[], &b).is_nan());
}

#[test]
fn a_shift_is_its_square_in_w2_and_half_of_it_sliced() {
    let a = normal(200, 3);
    let b: Vec<Point> = a.iter().map(|p| [p[0] + 3.0, p[1] - 4.0]).collect();
    assert_close(
        &[w2_squared(&a, &b).expect("equal sizes")],
        &[25.0],
        1e-12,
        "W2 of a shift",
    );
    assert_close(&[sliced_w2_squared(&a, &b)], &[12.5], 1e-12, "sliced W2 of a shift");
    assert!(w2_squared(&a, &b[1..]).is_err());
}

#[test]
fn only_proper_crossings_count() {
    let count = |chords: &[[f64; 4]]| {
        let starts: Vec<Point> = chords.iter().map(|c| [c[0], c[1]]).collect();
        let ends: Vec<Point> = chords.iter().map(|c| [c[2], c[3]]).collect();
        chord_crossings(&starts, &ends)
    };
    assert_eq!(count(&[[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]]), 1);
    assert_eq!(count(&[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]]), 0, "a shared end");
    assert_eq!(
        count(&[[0.0, 0.0, 2.0, 0.0], [1.0, 0.0, 1.0, 1.0]]),
        0,
        "an end on the other"
    );
    assert_eq!(
        count(&[[0.0, 0.0, 2.0, 2.0], [1.0, 1.0, 3.0, 3.0]]),
        0,
        "along one line"
    );
    assert_eq!(
        count(&[[0.1, 0.1, 0.7, 0.7], [0.3, 0.3, 0.9, 0.2]]),
        0,
        "an end on the other, up to rounding"
    );
    assert_eq!(
        count(&[[0.0, 0.0, 1e-200, 1e-200], [0.0, 1e-200, 1e-200, 0.0]]),
        0,
        "too small to tell"
    );
    assert_eq!(count(&[[0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 1.0, 0.0]]), 0, "a point");
    assert_eq!(
        count(&[[f64::NAN, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]]),
        0,
        "not a number"
    );
    // the sides of a pentagram cross five times
    let corner = |k: usize| {
        let angle = (k % 5) as f64 * std::f64::consts::TAU / 5.0;
        [angle.cos(), angle.sin()]
    };
    let starts: Vec<Point> = (0..5).map(corner).collect();
    let ends: Vec<Point> = (2..7).map(corner).collect();
    assert_eq!(chord_crossings(&starts, &ends), 5);
}

#[test]
fn means_come_with_standard_errors() {
    assert_eq!(Estimate::of(&[1.0, 2.0, 3.0, 6.0]).mean, 3.0);
    // variance 14/3, over 4 values
    assert_close(
        &[Estimate::of(&[1.0, 2.0, 3.0, 6.0]).standard_error],
        &[(14.0_f64 / 12.0).sqrt()],
        1e-15,
        "error",
    );
    assert_eq!(
        Estimate::of(&[7.0]),
        Estimate {
            mean: 7.0,
            standard_error: 0.0
        }
    );
    assert!(Estimate::of(&[]).mean.is_nan());
    assert_close(
        &[field_rms(&[[1.0, 1.0], [0.0, 2.0]], &[[1.0, 0.0], [0.0, 2.0]])],
        &[0.2_f64.sqrt()],
        1e-15,
        "rms",
    );
}
