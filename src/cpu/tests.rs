//! The plain twin against figures computed in PyTorch (`tests/reference/mlp.json`) and against central differences.

use serde_json::Value;

use super::reference::{self, Rows};
use crate::flow::loss::Loss;
use crate::net::{Activation, Shape, TimeEmbedding};

/// One case of mlp.json, flattened to our layout.
pub struct Case {
    pub shape: Shape,
    pub params: Vec<f64>,
    pub rows: Rows,
    pub json: Value,
}

/// All numbers of a nested array, in order: the file's weights are in our layout's order.
pub fn flat(v: &Value) -> Vec<f64> {
    match v {
        Value::Array(a) => a.iter().flat_map(flat).collect(),
        _ => vec![v.as_f64().expect("a number")],
    }
}

pub fn cases() -> Vec<Case> {
    let file: Value = serde_json::from_str(include_str!("../../tests/reference/mlp.json")).expect("valid JSON");
    let cases: Vec<Case> = file["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .map(|json| {
            let layers = flat(&json["layers"]);
            let name = json["activation"].as_str().expect("a name");
            Case {
                shape: Shape {
                    hidden: layers[1..layers.len() - 1].iter().map(|&w| w as u32).collect(),
                    activation: Activation::ALL.into_iter().find(|a| a.name() == name).expect(name),
                    time_embedding: TimeEmbedding::Raw,
                },
                params: flat(&json["weights"]),
                rows: Rows {
                    inputs: flat(&json["input"]).chunks(3).map(<[f64]>::to_vec).collect(),
                    targets: flat(&json["target"]).chunks(2).map(|c| [c[0], c[1]]).collect(),
                    weights: vec![1.0; 16],
                },
                json: json.clone(),
            }
        })
        .collect();
    assert_eq!(cases.len(), 6, "one case an activation");
    cases
}

/// Every tensor (matrix or bias) within `tolerance` of its expected values, relative to its largest entry.
pub fn assert_tensors(shape: &Shape, got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (l, layer) in shape.layers().iter().enumerate() {
        for (name, range) in [
            ("weight", layer.weight..layer.bias),
            ("bias", layer.bias..layer.bias + layer.outputs),
        ] {
            let scale = want[range.clone()].iter().fold(0.0f64, |a, x| a.max(x.abs()));
            for i in range {
                let off = (got[i] - want[i]).abs();
                assert!(
                    off <= tolerance * scale,
                    "{what}: layer {l} {name}, entry {i}: {} is not {} ({off:e} of {scale})",
                    got[i],
                    want[i]
                );
            }
        }
    }
}

pub const LOSSES: [(&str, Loss); 2] = [("mse", Loss::Mse), ("pseudo_huber", Loss::PseudoHuber { c: 0.3 })];

#[test]
fn the_plain_twin_gives_pytorchs_losses_and_gradients() {
    for case in cases() {
        for (name, loss) in LOSSES {
            let what = format!("{} {name}", case.json["activation"]);
            let (value, gradient) = reference::loss_and_gradient(&case.shape, &case.params, &case.rows, loss);
            let want = &case.json[name];
            // f64 against f64 printed with 12 digits after the point
            assert!((value - want["loss"].as_f64().unwrap()).abs() <= 1e-10, "{what}");
            assert_tensors(&case.shape, &gradient, &flat(&want["gradients"]), 1e-9, &what);
        }
    }
}

#[test]
fn the_plain_twins_gradient_is_the_central_difference() {
    for case in cases() {
        let mut rows = case.rows.clone();
        rows.weights = (0..16).map(|i| 0.5 + 0.1 * f64::from(i)).collect();
        for (name, loss) in LOSSES {
            let (_, gradient) = reference::loss_and_gradient(&case.shape, &case.params, &rows, loss);
            let h = 1e-6;
            for i in (0..case.params.len()).step_by(7) {
                let at = |d: f64| {
                    let mut p = case.params.clone();
                    p[i] += d;
                    reference::loss_and_gradient(&case.shape, &p, &rows, loss).0
                };
                let slope = (at(h) - at(-h)) / (2.0 * h);
                // rounding 1e-16 / 1e-6, truncation 1e-12: 1e-8 leaves room; no relu kink lies within 1e-6 here
                assert!(
                    (slope - gradient[i]).abs() < 1e-8,
                    "{} {name} {i}: {slope} {}",
                    case.json["activation"],
                    gradient[i]
                );
            }
        }
    }
}
