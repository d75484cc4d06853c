//! Paths and predictions as the command line sees them: every path trains with every prediction, the exact fields are those
//! of the reference, and what does not fit together is refused in one line.

mod common;

use std::fs;
use std::path::Path;

use rectiflow::flow::path::{PATHS, Path as FlowPath};
use rectiflow::flow::prediction::Prediction;
use rectiflow::lab::decode_npy;
use serde_json::{Value, json};
use tempfile::TempDir;

use common::{fail, succeed};

/// Values of an (n, 2) or (n,) array.
fn values(path: impl AsRef<Path>) -> Vec<f64> {
    decode_npy(&fs::read(path).unwrap()).unwrap().values
}

/// `got` within `tol` of `want`, number by number.
fn assert_near(got: &[f64], want: &[f64], tol: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let off = (g - w).abs();
        assert!(off <= tol, "{what}: number {i} is {g}, not {w}");
    }
}

fn flat(v: &Value) -> Vec<f64> {
    let points: Vec<[f64; 2]> = serde_json::from_value(v.clone()).unwrap();
    points.concat()
}

fn csv(v: &Value) -> String {
    let points: Vec<[f64; 2]> = serde_json::from_value(v.clone()).unwrap();
    let lines: Vec<String> = points.iter().map(|p| format!("{},{}", p[0], p[1])).collect();
    lines.join("\n")
}

/// An untrained run of this path and prediction.
fn untrained(here: &Path, path: &Value, prediction: &str, target: &Value, out: &str, steps: u32) {
    let file = json!({
        "path": path, "prediction": prediction, "target": target, "steps": steps,
        "network": {"hidden": [16, 16]}, "optimizer": {"batch": 64},
        "sampling": {"count": 40, "steps": 5},
    });
    fs::write(here.join("e.json"), file.to_string()).unwrap();
    succeed(here, &["run", "e.json", "--backend", "cpu", "--out", out]);
}

#[test]
fn exact_fields_are_those_of_the_reference() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let text = include_str!("reference/fields.json");
    let json: Value = serde_json::from_str(text).unwrap();
    let target = json!({
        "kind": "mixture", "weights": json["target"]["weights"],
        "means": json["target"]["means"], "stds": json["target"]["stds"],
    });
    for path in ["linear", "cosine", "vp"] {
        untrained(here, &json!(path), "velocity", &target, path, 0);
    }
    let mut cases = 0;
    for case in json["cases"].as_array().unwrap() {
        let (path, t) = (case["path"].as_str().unwrap(), case["t"].to_string());
        fs::write(here.join("p.csv"), csv(&case["x"])).unwrap();
        for quantity in ["velocity", "score", "noise", "data"] {
            let ask = ["field", path, "--points", "p.csv", "--t", &t, "--quantity", quantity];
            succeed(here, &[&ask[..], &["--exact", "--out", "f.npy"]].concat());
            let want = flat(&case[quantity]);
            assert_near(
                &values(here.join("f.npy")),
                &want,
                1e-9,
                &format!("{path} {t} {quantity}"),
            );
            cases += 1;
        }
    }
    assert_eq!(cases, 60);
}

#[test]
fn every_path_trains_with_every_prediction_and_all_quantities_agree() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::write(here.join("p.csv"), "0.3,-0.4\n1.1,0.7\n-2,0.1\n").unwrap();
    let x = [0.3, -0.4, 1.1, 0.7, -2.0, 0.1];
    let t = 0.6;
    for entry in &PATHS {
        let path = FlowPath::default_of(entry.name).unwrap();
        let at = path.at(t);
        // all predictions on one path, one or another on the others: each run's measures take a second
        let some = match entry.name {
            "vp" => &Prediction::ALL[..],
            name => std::slice::from_ref(&Prediction::ALL[name.len() % 5]),
        };
        for prediction in some {
            let what = format!("{} {}", entry.name, prediction.name());
            untrained(
                here,
                &json!(entry.name),
                prediction.name(),
                &json!("two-moons"),
                "out",
                3,
            );
            let metrics: Value = serde_json::from_slice(&fs::read(here.join("out/metrics.json")).unwrap()).unwrap();
            for key in ["loss", "loss_floor", "curve_floor", "field_rms", "w2_squared"] {
                assert!(
                    metrics[key].as_f64().is_some_and(f64::is_finite),
                    "{what}: {key} is {}",
                    metrics[key]
                );
            }
            let ends = values(here.join("out/samples.npy"));
            assert!(ends.iter().all(|c| c.is_finite()), "{what}");
            let starts = values(here.join("out/x0.npy"));
            let spread = (starts.iter().map(|c| c * c).sum::<f64>() / starts.len() as f64).sqrt();
            // 80 normal numbers
            assert!(
                (spread / path.start_scale() - 1.0).abs() < 0.4,
                "{what}: starts of size {spread}"
            );
            let learned = |quantity: &str| {
                let ask = [
                    "field",
                    "out",
                    "--points",
                    "p.csv",
                    "--t",
                    "0.6",
                    "--quantity",
                    quantity,
                ];
                succeed(here, &[&ask[..], &["--backend", "cpu", "--out", "f.npy"]].concat());
                values(here.join("f.npy"))
            };
            let velocity = learned("velocity");
            for (name, wanted) in [
                ("noise", Prediction::Noise),
                ("data", Prediction::Data),
                ("score", Prediction::Score),
            ] {
                let k = Prediction::Velocity.to(wanted, at);
                let want: Vec<f64> = x.iter().zip(&velocity).map(|(x, v)| k.x * x + k.given * v).collect();
                // one network in f32, read through two conversions
                let size = want
                    .iter()
                    .zip(&velocity)
                    .fold(1.0_f64, |m, (w, v)| m.max(w.abs()).max((k.given * v).abs()));
                assert_near(&learned(name), &want, 1e-5 * size, &format!("{what}: {name}"));
            }
        }
    }
}

/// What a full training reaches: run with `cargo test --release --test paths -- --ignored`, some three minutes on two cores.
/// With t as it is, the default, two moons on VP and cosine come out at 0.099 and 0.097, with no margin. What helps there, and
/// on all twelve: `network.time_embedding` fourier (moons linear 0.060, cosine 0.068, VP 0.074, sub-VP 0.062, VE 0.003, OU 0.059;
/// eight Gaussians 0.020, 0.031, 0.028, 0.029, 0.009, 0.040). What helps less, on moons and VP: a network of 128 x 3 0.085, a batch
/// of 1,024 0.090, a learning rate of 0.005 0.091; an average of the weights (0.999) does nothing, 0.099.
#[test]
#[ignore = "twelve trainings of 20,000 steps"]
fn twenty_thousand_steps_bring_the_field_within_a_tenth_on_every_path() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    for target in ["eight-gaussians", "two-moons"] {
        for entry in &PATHS {
            let file = json!({
                "path": entry.name, "prediction": "velocity", "target": target, "steps": 20_000, "network": {"time_embedding": "fourier"},
                "optimizer": {"schedule": "cosine"}, "sampling": {"count": 500},
            });
            fs::write(here.join("e.json"), file.to_string()).unwrap();
            succeed(here, &["run", "e.json", "--backend", "cpu", "--out", "out"]);
            let metrics: Value = serde_json::from_slice(&fs::read(here.join("out/metrics.json")).unwrap()).unwrap();
            let rms = metrics["field_rms"].as_f64().unwrap();
            println!("{target} {}: {rms:.4}", entry.name);
            // the bound is a tenth; the figures above, and a margin for other seeds
            assert!(rms < 0.085, "{target} {}: {rms}", entry.name);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_in_one_line() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let run = |set: &[&str]| {
        let mut arguments = vec!["run", "gaussian-to-moons", "--steps", "1"];
        for s in set {
            arguments.extend(["--set", s]);
        }
        fail(here, &arguments)
    };
    let said = run(&["source.kind=ring", "path.kind=vp"]);
    assert!(
        said.contains("\"vp\"") && said.contains("linear") && said.contains("gaussian"),
        "{said}"
    );
    let said = run(&["coupling.kind=minibatch-ot", "prediction=score"]);
    assert!(said.contains("independent") && said.contains("noise"), "{said}");
    let said = run(&["coupling.kind=minibatch-ot", "sampling.exact=true"]);
    assert!(
        said.contains("sampling.exact") && said.contains("take coupling independent"),
        "{said}"
    );
    let said = run(&["source.kind=ring", "prediction=score"]);
    assert!(said.contains("standard normal"), "{said}");
    let said = run(&["path.kind=vp", "path.beta1=-3"]);
    assert!(said.contains("path.beta1") && said.contains("-3"), "{said}");
    assert!(
        run(&["path.kind=ve", "path.beta0=1"]).contains("smin"),
        "an unknown key names the known ones"
    );
    assert!(run(&["prediction=nois"]).contains("noise"));
}
