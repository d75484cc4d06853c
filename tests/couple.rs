//! The command `couple` and couplings in experiments, as scripts see them.

mod common;

use std::path::Path;

use rectiflow::lab::{Array, decode_npy};
use serde_json::Value;
use tempfile::TempDir;

use common::{fail, succeed};

fn array(path: impl AsRef<Path>) -> Array {
    decode_npy(&std::fs::read(path).unwrap()).unwrap()
}

fn write_points(path: &Path, points: &Value) {
    let rows = points.as_array().unwrap().iter();
    let lines: Vec<String> = rows.map(|p| format!("{},{}", p[0], p[1])).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// Rows of two columns, in an order that does not depend on the file's.
fn sorted_columns(rows: &Array, first: usize) -> Vec<[u64; 2]> {
    let rows = rows.values.chunks_exact(rows.shape[1]);
    let mut points: Vec<[u64; 2]> = rows.map(|r| [r[first].to_bits(), r[first + 1].to_bits()]).collect();
    points.sort_unstable();
    points
}

fn close(got: &Value, want: f64, tolerance: f64) {
    let got = got.as_f64().unwrap();
    assert!((got - want).abs() <= tolerance * want.abs(), "{got} instead of {want}");
}

#[test]
fn reference_costs_come_out_of_the_command_line() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let text = std::fs::read_to_string("tests/reference/transport.json").unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let case = &file["cases"][1];
    write_points(&here.join("a.csv"), &case["a"]);
    write_points(&here.join("b.csv"), &case["b"]);
    let couple = |kind: &str, more: &[&str]| -> Value {
        let arguments = [&["couple", kind, "a.csv", "b.csv", "--out", "pairs.npy"], more].concat();
        serde_json::from_str(&succeed(here, &arguments)).unwrap()
    };
    let want = case["exact_mean_squared_cost"].as_f64().unwrap();
    let exact = couple("exact-ot", &[]);
    close(&exact["cost"], want, 1e-9);
    // optimal pairs never meet at the same t; their chords may still cross
    assert!(exact["crossings"].as_u64() < couple("independent", &[])["crossings"].as_u64());
    couple("exact-ot", &[]);
    let pairs = array(here.join("pairs.npy"));
    assert_eq!(pairs.shape, [64, 4]);
    let squares = pairs
        .values
        .chunks_exact(4)
        .map(|p| (p[2] - p[0]).powi(2) + (p[3] - p[1]).powi(2));
    close(&exact["cost"], squares.sum::<f64>() / 64.0, 1e-12);
    for (epsilon, want) in case["sinkhorn_mean_cost_by_epsilon"].as_object().unwrap() {
        let plan = couple("sinkhorn", &["--set", &format!("epsilon={epsilon}")]);
        close(&plan["cost"], want.as_f64().unwrap(), 1e-4);
        assert_eq!(plan["converged"], true);
    }
    let dear = couple("anti-optimal", &[]);
    assert!(dear["cost"].as_f64() > exact["cost"].as_f64());
}

#[test]
fn every_kind_of_given_points_keeps_both_sets() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let draw = ["--count", "200", "--out"];
    succeed(
        here,
        &[&["data", "two-moons", "--seed", "1"], &draw[..], &["a.npy"]].concat(),
    );
    succeed(
        here,
        &[&["data", "eight-gaussians", "--seed", "2"], &draw[..], &["b.npy"]].concat(),
    );
    let (a, b) = (array(here.join("a.npy")), array(here.join("b.npy")));
    for kind in [
        "independent",
        "exact-ot",
        "minibatch-ot",
        "sinkhorn",
        "anti-optimal",
        "sorted",
        "polar-angle",
        "nearest-mode",
    ] {
        let said = succeed(here, &["couple", kind, "a.npy", "b.npy", "--out", "p.npy"]);
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((said["kind"].as_str(), said["pairs"].as_u64()), (Some(kind), Some(200)));
        for key in ["cost", "cost_p1", "crossings", "seconds"] {
            assert!(said[key].is_number(), "{kind} {key}");
        }
        let pairs = array(here.join("p.npy"));
        assert_eq!(sorted_columns(&pairs, 0), sorted_columns(&a, 0), "{kind}");
        if kind != "sinkhorn" {
            assert_eq!(sorted_columns(&pairs, 2), sorted_columns(&b, 0), "{kind}");
        }
    }
}

#[test]
fn bad_input_is_one_line_and_exit_code_2() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    std::fs::write(here.join("a.csv"), "1,2\n3,4\n").unwrap();
    std::fs::write(here.join("b.csv"), "1,2\n").unwrap();
    let many = "1,0\n".repeat(9000);
    std::fs::write(here.join("many.csv"), many).unwrap();
    for (arguments, word) in [
        (["exact-ot", "a.csv", "b.csv", "epsilon=1"], "epsilon"),
        (["exact-ot", "a.csv", "b.csv", "pool=64"], "2 and 1"),
        (["exact-ot", "many.csv", "many.csv", "pool=64"], "8192"),
        (["exactot", "a.csv", "a.csv", "pool=64"], "exact-ot"),
        (["minibatch-ot", "a.csv", "a.csv", "batch=0"], "batch"),
        (["sinkhorn", "a.csv", "a.csv", "epsilon=-1"], "epsilon"),
        (["sinkhorn", "a.csv", "none.csv", "epsilon=1"], "none.csv"),
        (["model", "a.csv", "a.csv", "steps=3"], "model"),
    ] {
        let [kind, a, b, set] = arguments;
        let said = fail(here, &["couple", kind, a, b, "--set", set, "--out", "p.npy"]);
        assert!(said.contains(word), "{arguments:?} said: {said}");
    }
    assert!(fail(here, &["couple", "sorted", "a.csv", "a.csv", "--out", "p.txt"]).contains(".npy"));
}

#[test]
fn pairs_of_a_file_are_trained_on_and_copied() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("in")).unwrap();
    std::fs::write(here.join("in/pairs.csv"), "x0,y0,x1,y1\n0,0,1,0\n0,1,1,1\n").unwrap();
    let experiment = |coupling: &str| {
        format!(r#"{{"coupling":{coupling},"network":{{"hidden":[8]}},"sampling":{{"count":20,"steps":2}}}}"#)
    };
    let given = experiment(r#"{"kind":"file","file":"pairs.csv"}"#);
    std::fs::write(here.join("in/e.json"), given).unwrap();
    let run = [
        "--steps",
        "300",
        "--set",
        "optimizer.batch=16",
        "--backend",
        "cpu",
        "--out",
        "out",
        "--json",
    ];
    let metrics = succeed(here, &[&["run", "in/e.json"], &run[..]].concat());
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    // both chords have the velocity (1, 0)
    assert!(metrics["loss"].as_f64().unwrap() < 0.1, "{}", metrics["loss"]);
    let written: Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("out/experiment.json")).unwrap()).unwrap();
    assert_eq!(
        written["coupling"],
        serde_json::json!({"kind": "file", "file": "pairs.npy"})
    );
    assert_eq!(
        array(here.join("out/pairs.npy")).values,
        [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    );
    succeed(here, &["sample", "out", "--out", "x1.npy"]);

    std::fs::write(here.join("in/short.csv"), "0,0,1\n").unwrap();
    for (coupling, word) in [
        (r#"{"kind":"file"}"#, "coupling.file"),
        (r#"{"kind":"file","file":"short.csv"}"#, "row 1 has 3 columns"),
        (r#"{"kind":"hand","pairs":[[1,2,3]]}"#, "four numbers"),
        (r#"{"kind":"model","sampler":"hoin"}"#, "heun"),
        (r#"{"kind":"exact-ot","pool":9000}"#, "8192"),
    ] {
        std::fs::write(here.join("in/e.json"), experiment(coupling)).unwrap();
        let said = fail(here, &["run", "in/e.json", "--steps", "1"]);
        assert!(said.contains(word), "{coupling} said: {said}");
    }
}
