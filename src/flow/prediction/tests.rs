use serde_json::Value;

use super::*;
use crate::flow::Point;
use crate::flow::close::{assert_close, assert_close_points};
use crate::flow::path::PATHS;

fn points(v: &Value) -> Vec<Point> {
    serde_json::from_value(v.clone()).expect("points")
}

fn reference() -> Value {
    serde_json::from_str(include_str!("../../../tests/reference/fields.json")).expect("JSON")
}

/// The five predictions of a case, v by its definition from noise and data.
fn known(case: &Value) -> [(Prediction, Vec<Point>); 5] {
    let (alpha, sigma) = (case["alpha"].as_f64().unwrap(), case["sigma"].as_f64().unwrap());
    let (noise, data) = (points(&case["noise"]), points(&case["data"]));
    let v = noise
        .iter()
        .zip(&data)
        .map(|(n, d)| [0, 1].map(|c| alpha * n[c] - sigma * d[c]))
        .collect();
    [
        (Prediction::Velocity, points(&case["velocity"])),
        (Prediction::Score, points(&case["score"])),
        (Prediction::Noise, noise),
        (Prediction::Data, data),
        (Prediction::V, v),
    ]
}

#[test]
fn every_pair_of_predictions_agrees_with_the_reference() {
    let json = reference();
    let mut checked = 0;
    for case in json["cases"].as_array().unwrap() {
        let path = Path::default_of(case["path"].as_str().unwrap()).expect("a path");
        let t = case["t"].as_f64().unwrap();
        let (at, x, all) = (path.at(t), points(&case["x"]), known(case));
        for ((from, given), (to, want)) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            let k = from.to(*to, at);
            let got: Vec<Point> = x.iter().zip(given).map(|(x, g)| k.apply(*x, *g)).collect();
            // the figures have 12 places, and a conversion multiplies what is wrong with them
            let tol = 1e-11 * (1.0 + k.x.abs() + k.given.abs());
            let what = format!("{} at {t}: {} as {}", path.name(), from.name(), to.name());
            assert_close_points(&got, want, tol, &what);
            checked += 1;
        }
    }
    assert_eq!(checked, 15 * 25);
}

/// A network that has learned its regression target exactly gives every prediction exactly, and back.
#[test]
fn the_raw_output_becomes_what_the_pair_says() {
    let (x0, x1, s) = ([0.7, -1.3], [2.1, 0.4], 1.6);
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        for prediction in Prediction::ALL {
            let output = Output::new(path, prediction, s);
            assert_eq!(
                output.is_plain(),
                path == Path::Linear && prediction == Prediction::Velocity
            );
            for t in [0.004, 0.3, 0.7, 0.996] {
                let (at, row) = (path.at(t), output.row(t));
                let join = |[c1, c0]: [f64; 2]| [0, 1].map(|c| c1 * x1[c] + c0 * x0[c]);
                let (x, input, target) = (join([at.alpha, at.sigma]), join(row.input), join(row.target));
                for wanted in Prediction::ALL {
                    let k = output.to(wanted, t);
                    assert_close(&input, &x.map(|c| k.input * c), 1e-14 * (1.0 + k.input), "input");
                    let got = [0, 1].map(|c| k.x * x[c] + k.net * target[c]);
                    let want = join(wanted.of_pair(at));
                    let size = 1.0 + want[0].abs().max(want[1].abs()) + (k.x * x[0]).abs().max((k.x * x[1]).abs());
                    let what = format!("{path:?} {prediction:?} as {wanted:?} at {t}");
                    assert_close(&got, &want, 1e-13 * size, &what);
                }
                // the loss of the row is that of the prediction with its own weight
                let k = output.to(prediction, t);
                let weight = prediction.loss_weight(at) * k.net * k.net;
                assert_close(&[row.weight], &[weight], 1e-12 * (1.0 + weight), "weight");
                let velocity = output.to(Prediction::Velocity, t);
                let per = row.weight / (velocity.net * velocity.net);
                let own = output.loss_per_velocity(t);
                assert_close(&[own], &[per], 1e-9 * (per + own), "loss per velocity");
            }
        }
    }
}

/// For Gaussian data of size s about the origin the linear guess is all that there is to know: the best raw output is 0, and
/// its input and target have unit variance.
#[test]
fn input_and_target_have_unit_size() {
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        let output = Output::new(path, Prediction::Noise, 1.6);
        for t in [0.0, 0.2, 0.9, 1.0] {
            let row = output.row(t);
            // x1 has standard deviation s, x0 1
            let sizes = [row.input, row.target].map(|[c1, c0]| (1.6 * c1).hypot(c0));
            assert_close(&sizes, &[1.0, 1.0], 1e-14, &format!("{path:?} at {t}"));
            let together = 1.6 * 1.6 * row.input[0] * row.target[0] + row.input[1] * row.target[1];
            assert_close(&[together], &[0.0], 1e-14, "input tells nothing of the target");
        }
    }
}

#[test]
fn the_scores_loss_is_that_of_the_noise() {
    // sigma^2 |score error|^2 = |noise error|^2: denoising score matching
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        let rows = |p| [0.1, 0.5, 0.99, 1.0].map(|t| Output::new(path, p, 2.0).row(t));
        assert_eq!(rows(Prediction::Score), rows(Prediction::Noise), "{path:?}");
    }
}

#[test]
fn everything_is_finite_where_the_ends_say_so() {
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        let output = Output::new(path, Prediction::Data, 1.0);
        let (from, to) = path.ends(Lens::FlowMatching, false);
        for t in [from, to, 0.0, 1.0] {
            let k = output.to(Prediction::Velocity, t);
            assert!([k.input, k.x, k.net].iter().all(|v| v.is_finite()), "{path:?} at {t}");
        }
    }
}

#[test]
fn names_agree_with_files() {
    for prediction in Prediction::ALL {
        assert_eq!(serde_json::to_value(prediction).unwrap(), prediction.name());
    }
}
