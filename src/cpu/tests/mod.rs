//! Tests of the room, and the figures they share: `tests/reference/mlp.json`, computed in `PyTorch`.

mod derivatives;
mod fast;
mod plain;
mod training;

use std::sync::Arc;

use serde_json::Value;

use super::batch::Goal;
use super::reference::Rows;
use crate::backend::TrainJob;
use crate::flow::coupling::{Coupling, PairStream};
use crate::flow::distribution::Distribution;
use crate::flow::loss::Loss;
use crate::flow::path::Path;
use crate::flow::prediction::Output;
use crate::flow::time_density::{LossWeight, TimeDensity, time_rows};
use crate::net::{Activation, Checkpoint, Optimizer, Shape, TimeEmbedding};

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
    let file: Value = serde_json::from_str(include_str!("../../../tests/reference/mlp.json")).expect("valid JSON");
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

/// A job from a standard normal to a narrow one beside it.
pub fn job(shape: &Shape, loss: Loss, optimizer: Optimizer) -> Arc<TrainJob> {
    let gaussian = |x, std| Arc::new(Distribution::gaussian([x, 0.0], std));
    Arc::new(TrainJob {
        shape: shape.clone(),
        output: Output::plain(Path::Linear),
        law: Arc::default(),
        rows: Arc::new(time_rows(
            TimeDensity::Uniform,
            LossWeight::Uniform,
            &Output::plain(Path::Linear),
        )),
        loss,
        optimizer,
        planned_steps: 1000,
        seed: 5,
        pairs: Arc::new(PairStream {
            source: gaussian(0.0, 1.0),
            target: gaussian(3.0, 0.5),
            coupling: Coupling::Independent,
            seed: 5,
            finite: None,
        }),
    })
}

/// A checkpoint of step 0 with these parameters.
pub fn checkpoint(params: &[f64]) -> Checkpoint {
    let params: Vec<f32> = params.iter().map(|&x| x as f32).collect();
    let zero = vec![0.0; params.len()];
    Checkpoint {
        ema: params.clone(),
        params,
        first_moment: zero.clone(),
        second_moment: zero,
        step: 0,
    }
}

/// Feeds rows of the definition to the fast path.
pub fn feed(rows: &Rows) -> impl Fn(usize, &mut [f32], usize, &mut [Goal]) + Sync + '_ {
    |first, inputs, stride, goals| {
        for (r, (goal, input)) in goals.iter_mut().zip(inputs.chunks_mut(stride)).enumerate() {
            for (to, from) in input.iter_mut().zip(&rows.inputs[first + r]) {
                *to = *from as f32;
            }
            *goal = Goal {
                target: rows.targets[first + r].map(|x| x as f32),
                weight: rows.weights[first + r] as f32,
            };
        }
    }
}
