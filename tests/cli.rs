//! The command line as scripts see it: files, shapes, exit codes, one-line errors.

mod common;

use std::path::Path;

use rectiflow::lab::{Array, decode_npy};
use serde_json::Value;
use tempfile::TempDir;

use common::{fail_with, succeed};

fn npy(path: impl AsRef<Path>) -> (Array, bool) {
    let bytes = std::fs::read(path.as_ref()).unwrap();
    let is_double = bytes[..80].windows(3).any(|w| w == b"<f8");
    (decode_npy(&bytes).unwrap(), is_double)
}

/// A run that takes no time: few steps, a small network, few particles.
const SMALL: [&str; 6] = [
    "--set",
    "network.hidden=[8]",
    "--set",
    "sampling.count=50",
    "--set",
    "sampling.steps=4",
];

fn run_small(folder: &Path, steps: &str, more: &[&str]) -> String {
    let arguments = [
        &["run", "gaussian-to-moons", "--backend", "cpu", "--steps", steps],
        &SMALL[..],
        more,
    ]
    .concat();
    succeed(folder, &arguments)
}

#[test]
fn run_writes_what_it_promises() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    // eight components: the floor and the field error take no time
    let eight = ["--set", "target.kind=eight-gaussians", "--out", "out", "--json"];
    let printed = run_small(here, "30", &eight);
    let metrics: Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("out/metrics.json")).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), metrics);
    for key in [
        "loss",
        "loss_floor",
        "field_rms",
        "w2_squared",
        "w2_squared_floor",
        "sliced_w2_squared",
        "energy_distance",
        "straightness",
        "path_energy",
        "transport_cost_p1",
        "transport_cost_p2",
        "path_length",
        "seconds",
        "steps_per_sec",
    ] {
        assert!(
            metrics[key].as_f64().is_some_and(|v| v >= 0.0),
            "{key} is {}",
            metrics[key]
        );
    }
    assert_eq!(metrics["loss_floor_kind"], "exact");
    assert_eq!(metrics["steps"], 30);
    assert_eq!(metrics["evaluations"], 8);
    assert!(metrics["backend"].as_str().unwrap().starts_with("cpu"));

    let (x0, _) = npy(here.join("out/x0.npy"));
    let (samples, _) = npy(here.join("out/samples.npy"));
    let (times, is_double) = npy(here.join("out/times.npy"));
    let (states, _) = npy(here.join("out/trajectories.npy"));
    assert!(!is_double);
    assert_eq!((x0.shape, samples.shape), (vec![50, 2], vec![50, 2]));
    assert_eq!((&times.shape, &states.shape), (&vec![5], &vec![50, 5, 2]));
    assert_eq!((times.values[0], times.values[4]), (0.0, 1.0));
    for particle in 0..50 {
        let states = &states.values[particle * 10..][..10];
        assert_eq!(states[..2], x0.values[2 * particle..][..2]);
        assert_eq!(states[8..], samples.values[2 * particle..][..2]);
    }
    let losses = std::fs::read_to_string(here.join("out/loss.csv")).unwrap();
    assert_eq!(losses.lines().count(), 31);
    assert!(losses.starts_with("step,loss\n1,"));

    // the same experiment again, from its own file: the same bits
    succeed(
        here,
        &["run", "out/experiment.json", "--backend", "cpu", "--out", "again"],
    );
    for name in ["weights.safetensors", "samples.npy", "loss.csv", "experiment.json"] {
        let read = |at: &str| std::fs::read(here.join(at).join(name)).unwrap();
        assert!(read("out") == read("again"), "{name} differs");
    }
}

#[test]
fn sample_and_field_follow_a_run() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    run_small(here, "0", &["--out", "out"]);
    let metrics: Value =
        serde_json::from_str(&std::fs::read_to_string(here.join("out/metrics.json")).unwrap()).unwrap();
    for key in [
        "loss",
        "loss_floor",
        "loss_floor_kind",
        "w2_squared",
        "straightness",
        "evaluations",
        "steps_per_sec",
    ] {
        assert!(
            metrics.get(key).is_some_and(Value::is_null),
            "{key} of an untrained run"
        );
    }
    let (written, _) = npy(here.join("out/samples.npy"));

    succeed(
        here,
        &[
            "sample",
            "out",
            "--backend",
            "cpu",
            "--out",
            "x1.npy",
            "--trajectories",
            "t.npy",
        ],
    );
    assert_eq!(npy(here.join("x1.npy")), (written.clone(), false));
    assert_eq!(npy(here.join("t.npy")).0.shape, [50, 5, 2]);
    succeed(
        here,
        &[
            "sample",
            "out",
            "--backend",
            "cpu",
            "--from",
            "out/x0.npy",
            "--out",
            "x1.npy",
        ],
    );
    assert_eq!(npy(here.join("x1.npy")).0, written);
    succeed(
        here,
        &[
            "sample",
            "out",
            "--backend",
            "cpu",
            "--steps",
            "1",
            "--count",
            "7",
            "--seed",
            "3",
            "--out",
            "x1.npy",
        ],
    );
    assert_eq!(npy(here.join("x1.npy")).0.shape, [7, 2]);

    let exact = ["sample", "out", "--from", "out/x0.npy", "--exact", "--out", "e.npy"];
    succeed(here, &exact);
    let (coarse, is_double) = npy(here.join("e.npy"));
    assert!(is_double);
    let fine = [
        &exact[..],
        &["--sampler", "dopri5", "--tolerance", "1e-9", "--trajectories", "et.npy"],
    ]
    .concat();
    succeed(here, &fine);
    let (fine, _) = npy(here.join("e.npy"));
    // the exact flow reaches the moons: x from -1 - 4 noise to 2 + 4 noise; four Heun steps come near
    assert!(fine.values.iter().step_by(2).all(|x| (-1.25..2.25).contains(x)));
    let off: f64 = fine
        .values
        .iter()
        .zip(&coarse.values)
        .map(|(a, b)| (a - b).abs())
        .sum::<f64>()
        / 100.0;
    assert!(off > 1e-6 && off < 0.5, "mean distance {off}");

    let ask = [
        "field",
        "out",
        "--backend",
        "cpu",
        "--points",
        "out/x0.npy",
        "--t",
        "0.5",
        "--out",
        "v.npy",
    ];
    succeed(here, &ask);
    let (learned, is_double) = npy(here.join("v.npy"));
    assert!(!is_double && learned.shape == [50, 2]);
    succeed(here, &[&ask[..], &["--exact", "--quantity", "velocity"]].concat());
    let (exact, is_double) = npy(here.join("v.npy"));
    assert!(is_double && exact.shape == [50, 2]);
    assert!(fail_with(here, &[&ask[..], &["--quantity", "divergenc"]].concat(), 2).contains("velocity"));
    for (quantity, learned) in [("divergence", true), ("curl", true), ("energy", false)] {
        let ask = [&ask[..], &["--quantity", quantity]].concat();
        succeed(here, &[&ask[..], &["--exact"]].concat());
        let (exact, is_double) = npy(here.join("v.npy"));
        assert!(is_double && exact.shape == [50], "{quantity}");
        assert!(exact.values.iter().all(|v| v.is_finite()), "{quantity}");
        if learned {
            succeed(here, &ask);
            let (values, is_double) = npy(here.join("v.npy"));
            assert!(!is_double && values.shape == [50], "{quantity}");
        } else {
            assert!(fail_with(here, &ask, 2).contains("--exact"), "{quantity}");
        }
    }
    assert!(
        fail_with(
            here,
            &["field", "out", "--points", "out/x0.npy", "--t", "1.5", "--out", "v.npy"],
            2
        )
        .contains("from 0")
    );
}

#[test]
fn a_run_from_points_is_self_contained() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("in")).unwrap();
    std::fs::write(here.join("in/cloud.csv"), "x,y\n1,0\n-1,0\n0,2\n").unwrap();
    std::fs::write(
        here.join("in/e.json"),
        r#"{"target":{"kind":"points","file":"cloud.csv"},"steps":0}"#,
    )
    .unwrap();
    succeed(here, &["run", "in/e.json", "--backend", "cpu", "--out", "out"]);
    std::fs::remove_dir_all(here.join("in")).unwrap();
    std::fs::rename(here.join("out"), here.join("moved")).unwrap();
    let (points, is_double) = npy(here.join("moved/target-points.npy"));
    assert!(is_double && points.values == [1.0, 0.0, -1.0, 0.0, 0.0, 2.0]);
    // a target of atoms ends a little before 1
    succeed(here, &["sample", "moved", "--exact", "--count", "20", "--out", "x.npy"]);
    let (samples, _) = npy(here.join("x.npy"));
    for point in samples.values.chunks(2) {
        let near = |atom: [f64; 2]| (point[0] - atom[0]).abs() < 0.05 && (point[1] - atom[1]).abs() < 0.05;
        assert!(near([1.0, 0.0]) || near([-1.0, 0.0]) || near([0.0, 2.0]), "{point:?}");
    }
    // --set names files from where it is typed
    std::fs::write(here.join("here.csv"), "1,1\n").unwrap();
    let set = ["--set", r#"source={"kind":"points","file":"here.csv"}"#];
    succeed(
        here,
        &[
            &[
                "run",
                "gaussian-to-moons",
                "--backend",
                "cpu",
                "--steps",
                "0",
                "--out",
                "b",
            ],
            &set[..],
        ]
        .concat(),
    );
    assert!(here.join("b/source-points.npy").exists());
}

#[test]
fn data_draws_and_writes_both_formats() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let draw = |out: &str, seed: &str| {
        succeed(
            here,
            &[
                "data",
                "two-moons",
                "--set",
                "noise=0.1",
                "--count",
                "40",
                "--seed",
                seed,
                "--out",
                out,
            ],
        );
    };
    draw("a.npy", "3");
    draw("b.npy", "3");
    draw("c.npy", "4");
    draw("a.csv", "3");
    let (a, is_double) = npy(here.join("a.npy"));
    assert!(!is_double && a.shape == [40, 2]);
    assert_eq!(a, npy(here.join("b.npy")).0);
    assert_ne!(a, npy(here.join("c.npy")).0);
    let text = std::fs::read_to_string(here.join("a.csv")).unwrap();
    let rows: Vec<f64> = text
        .lines()
        .skip(1)
        .flat_map(|l| l.split(',').map(|c| f64::from(c.parse::<f32>().unwrap())))
        .collect();
    assert!(text.starts_with("x,y\n") && rows == a.values);
    assert!(fail_with(here, &["data", "two-moons", "--out", "a.txt"], 2).contains(".csv"));
    assert!(fail_with(here, &["data", "moons", "--out", "a.npy"], 2).contains("two-moons"));
    assert!(fail_with(here, &["data", "ring", "--set", "radios=1", "--out", "a.npy"], 2).contains("radius"));
    assert!(fail_with(here, &["data", "ring", "--set", "radius=-1", "--out", "a.npy"], 2).contains("radius"));
    assert!(fail_with(here, &["data", "ring", "--count", "0", "--out", "a.npy"], 2).contains("--count"));
}

#[test]
fn lists_are_json_where_asked() {
    let folder = TempDir::new().unwrap();
    let all: Value = serde_json::from_str(&succeed(folder.path(), &["list", "--json"])).unwrap();
    for what in all.as_array().unwrap() {
        let name = what["name"].as_str().unwrap();
        let list: Value = serde_json::from_str(&succeed(folder.path(), &["list", name, "--json"])).unwrap();
        let rows = list.as_array().unwrap();
        assert!(!rows.is_empty(), "{name}");
        assert!(
            rows.iter().all(|r| r["name"].is_string() && r["summary"].is_string()),
            "{name}"
        );
        assert!(succeed(folder.path(), &["list", name]).contains(rows[0]["name"].as_str().unwrap()));
    }
    assert!(fail_with(folder.path(), &["list", "smaplers"], 2).contains("samplers"));
}

#[test]
fn errors_are_one_line_and_say_how_to_mend_it() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    std::fs::write(here.join("bad.json"), r#"{"optimizer":{"learningrate":1}}"#).unwrap();
    std::fs::write(here.join("cut.json"), r#"{"steps":"#).unwrap();
    std::fs::create_dir(here.join("empty")).unwrap();
    for (arguments, parts) in [
        (&["run", "gausian-to-moons"][..], ["gaussian-to-moons", "did you mean"]),
        (&["run", "missing.json"], ["missing.json", "no such file"]),
        (&["run", "bad.json"], ["bad.json", "learning_rate"]),
        (&["run", "cut.json"], ["cut.json", "line 1"]),
        (&["run", "empty"], ["empty", "folder"]),
        (&["run", "gaussian-to-moons", "--steps", "-3"], ["steps", "-3"]),
        (&["run", "gaussian-to-moons", "--steps", "ten"], ["steps", "ten"]),
        (&["run", "gaussian-to-moons", "--set", "steps"], ["--set", "key=value"]),
        (
            &["run", "gaussian-to-moons", "--set", "optimizer.bacth=3"],
            ["optimizer.bacth", "batch"],
        ),
        (
            &["run", "gaussian-to-moons", "--set", "sampling.count=1e12"],
            ["sampling.count", "1000000"],
        ),
        (&["run", "gaussian-to-moons", "--stpes", "3"], ["--stpes", "--steps"]),
        (&["run", "gaussian-to-moons", "--backend", "tpu"], ["tpu", "cpu"]),
        (&["run"], ["PRESET|FILE", "required"]),
        (&["sample", "nowhere", "--out", "x.npy"], ["nowhere", "rectiflow run"]),
        (
            &["sample", "empty", "--out", "x.npy"],
            ["experiment.json", "rectiflow run"],
        ),
        (&["rnu"], ["rnu", "\"run\""]),
        (&["list", "colors"], ["colors", "samplers"]),
    ] {
        let said = fail_with(here, arguments, 2);
        assert!(
            parts.iter().all(|part| said.contains(part)),
            "{arguments:?} said: {said}"
        );
    }
    assert!(!here.join("out").exists(), "bad input leaves no folder behind");
}

#[test]
fn without_a_display_the_headless_command_is_named() {
    let folder = TempDir::new().unwrap();
    if cfg!(target_os = "linux") {
        assert!(fail_with(folder.path(), &[], 1).contains("rectiflow run gaussian-to-moons --out out"));
    }
}

#[test]
fn help_is_there_for_every_command() {
    let folder = TempDir::new().unwrap();
    let all = succeed(folder.path(), &["--help"]);
    for command in ["run", "sample", "field", "data", "list", "doctor", "bench"] {
        assert!(all.contains(command));
        assert!(succeed(folder.path(), &[command, "--help"]).contains("Usage:"));
    }
    assert!(succeed(folder.path(), &["doctor"]).contains("backend    cpu is cpu"));
    assert!(succeed(folder.path(), &["--version"]).contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn bench_reports_what_it_was_asked_for_and_names_bad_options() {
    let folder = TempDir::new().unwrap();
    let quick = [
        "--backend",
        "cpu",
        "--only",
        "train",
        "--shape",
        "8x1",
        "--batch",
        "8",
        "--seconds",
        "0.01",
    ];
    let arguments: Vec<&str> = ["bench"]
        .into_iter()
        .chain(quick)
        .chain(["--json", "--report", "b.json"])
        .collect();
    let printed = succeed(folder.path(), &arguments);
    assert_eq!(printed, std::fs::read_to_string(folder.path().join("b.json")).unwrap());
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["name"], "8 x 1 silu, batch 8");
    assert!(rows[0]["least"].as_f64() > Some(0.0) && rows[0]["least"].as_f64() <= rows[0]["median"].as_f64());
    for (bad, says) in [
        (["bench", "--shape", "64"], "64x3"),
        (["bench", "--activation", "sigmoid"], "silu"),
        (["bench", "--seconds", "-1"], "0.01"),
        (["bench", "--batch", "0"], "65535"),
    ] {
        assert!(fail_with(folder.path(), &bad, 2).contains(says), "{bad:?}");
    }
}

/// The reference's target and start points, as an untrained run on this path.
fn reference_run(here: &Path, path: &str, start: &str) -> Value {
    let text = std::fs::read_to_string("tests/reference/samplers.json").unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let target = &json["target"];
    let experiment = serde_json::json!({
        "target": {"kind": "mixture", "weights": target["weights"], "means": target["means"], "stds": target["stds"]},
        "path": path, "steps": 0, "sampling": {"count": 8},
    });
    std::fs::write(here.join(format!("{path}.json")), experiment.to_string()).unwrap();
    let file = format!("{path}.json");
    succeed(here, &["run", &file, "--out", path, "--backend", "cpu"]);
    let points: Vec<[f64; 2]> = serde_json::from_value(json.pointer(start).unwrap().clone()).unwrap();
    let rows: Vec<String> = points.iter().map(|p| format!("{},{}", p[0], p[1])).collect();
    std::fs::write(here.join(format!("{path}.csv")), format!("x,y\n{}\n", rows.join("\n"))).unwrap();
    json
}

/// Samples the exact field from the reference's start points; the end points lie within 1e-6 of the case's.
fn agrees(here: &Path, path: &str, options: &[&str], case: &Value) {
    let from = format!("{path}.csv");
    let mut all = vec!["sample", path, "--exact", "--from", &from, "--out", "x.npy"];
    all.extend(options);
    succeed(here, &all);
    let (got, _) = npy(here.join("x.npy"));
    let want: Vec<[f64; 2]> = serde_json::from_value(case["x"].clone()).unwrap();
    for (got, want) in got.values.iter().zip(want.as_flattened()) {
        assert!((got - want).abs() <= 1e-6, "{options:?}: {got} {want}");
    }
}

#[test]
fn the_command_line_reproduces_every_case_of_the_reference() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let json = reference_run(here, "vp", "/diffusion/x_noise");
    for case in json["diffusion"]["cases"].as_array().unwrap() {
        let order = &case["order"];
        let name = match (case["method"].as_str().unwrap(), case["kind"].as_str().unwrap()) {
            ("unipc", _) => format!("unipc-{}-{order}", case["variant"].as_str().unwrap()),
            (method, _) if order == 1 => format!("{}-1", method.replace("dpmsolver", "dpm-solver")),
            (method, kind) => format!("{}-{order}{}", method.replace("dpmsolver", "dpm-solver"), &kind[..1]),
        };
        let grid = if case["time_grid"] == "logSNR" {
            "log-snr"
        } else {
            "uniform"
        };
        let evaluations = case["model_evaluations"].to_string();
        // the two ODE lenses are one equation here
        let lens = if order == 2 { "pf-ode" } else { "flow-matching" };
        let options = [
            "--lens",
            lens,
            "--sampler",
            &name,
            "--grid",
            grid,
            "--evaluations",
            &evaluations,
        ];
        agrees(here, "vp", &options, case);
    }
    let json = reference_run(here, "linear", "/flow/x0");
    for case in json["flow"]["cases"].as_array().unwrap() {
        let (sampler, steps) = (case["sampler"].as_str().unwrap(), case["steps"].to_string());
        agrees(here, "linear", &["--sampler", sampler, "--steps", &steps], case);
    }
}

#[test]
fn the_sde_lens_has_its_noise_and_says_where_it_does_not_apply() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let sample = |more: &[&str], out: &str| {
        let mut all = vec!["sample", "out", "--backend", "cpu", "--lens", "sde", "--out", out];
        all.extend(more);
        succeed(here, &all);
        npy(here.join(out)).0.values
    };
    run_small(here, "0", &["--out", "out"]);
    // its usual sampler comes with the lens
    let one = sample(&["--noise-level", "1", "--seed", "4"], "a.npy");
    assert_eq!(one, sample(&["--sampler", "ddpm", "--seed", "4"], "b.npy"));
    assert_ne!(one, sample(&["--seed", "4", "--noise-seed", "5"], "c.npy"));
    assert_ne!(one, sample(&["--seed", "4", "--noise-level", "0.5"], "d.npy"));
    let exact = ["--exact", "--sampler", "euler-maruyama", "--noise-schedule", "on-off"];
    assert!(sample(&exact, "e.npy").iter().all(|v| v.is_finite()));
    // data becomes noise, from the last time to the first
    let t = ["--process", "noising", "--steps", "7", "--trajectories", "t.npy"];
    sample(&t, "f.npy");
    assert_eq!(npy(here.join("t.npy")).0.shape[1], 8);
    let bad = |more: &[&str], words: &[&str]| {
        let mut all = vec!["sample", "out", "--out", "g.npy"];
        all.extend(more);
        let text = fail_with(here, &all, 2);
        for word in words {
            assert!(text.contains(word), "{word} is not in {text}");
        }
    };
    bad(
        &["--lens", "sde", "--sampler", "heun"],
        &["--sampler", "heun", "euler-maruyama"],
    );
    bad(&["--sampler", "ddpm"], &["--sampler", "ddpm", "lens sde"]);
    bad(&["--lens", "sde", "--noise-level", "3"], &["--noise-level", "3", "2"]);
    bad(
        &["--sampler", "rk4", "--evaluations", "3"],
        &["--evaluations", "rk4", "4"],
    );
    run_small(here, "0", &["--out", "ot", "--set", "coupling.kind=minibatch-ot"]);
    let text = fail_with(here, &["sample", "ot", "--lens", "sde", "--out", "h.npy"], 2);
    assert!(text.contains("independent") && text.contains("--lens"), "{text}");
}

#[test]
fn a_student_of_random_pairs_collapses_to_the_mean_and_one_of_the_flow_does_not() {
    let folder = TempDir::new().unwrap();
    let small = [
        "--steps",
        "600",
        "--set",
        "network.hidden=[32,32]",
        "--set",
        "sampling.count=500",
    ];
    let arguments: Vec<&str> = ["run", "eight-gaussians"].into_iter().chain(small).collect();
    let ask = ["--distill=both", "--backend", "cpu", "--out", "out"];
    succeed(folder.path(), &arguments.into_iter().chain(ask).collect::<Vec<_>>());
    let out = folder.path().join("out");
    let table = std::fs::read_to_string(out.join("rounds.csv")).unwrap();
    let mut lines = table.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    assert_eq!(
        rows.iter().map(|r| r[0]).collect::<Vec<_>>(),
        ["1", "distilled", "distilled-random"]
    );
    let at = |row: usize, key: &str| -> f64 {
        rows[row][header.iter().position(|h| *h == key).expect(key)]
            .parse()
            .expect(key)
    };
    // E|x1 - mean|^2 of eight Gaussians at radius 5, std 1 is 27: that far from the target is whoever sits on the mean
    let (of_flow, of_random) = (at(1, "w2_squared_at_1"), at(2, "w2_squared_at_1"));
    assert!(
        of_flow < 6.0 && of_random > 15.0,
        "W2 squared {of_flow} and {of_random}"
    );
    assert!(at(0, "transport_cost_p4") > at(0, "transport_cost_p3"));
}
