//! `rectiflow export`: every kind of data in every form; the weights' Python file run by Python, beside our own velocity.

mod common;

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use rectiflow::engine::command::BackendChoice;
use rectiflow::export::data::DATA;
use rectiflow::export::{npy, python, weights};
use rectiflow::lab::{Array, Lab, decode_npy, kinds_of, names_of, parse_run_file, points_from_bytes, read_pairs};
use rectiflow::net::{ACTIVATIONS, TIME_EMBEDDINGS};
use rectiflow::picture::studio::Studio;
use tempfile::TempDir;

use common::{fail, python_with, small_run, succeed};

fn arrays(path: &Path) -> BTreeMap<String, Array> {
    let mut archive = zip::ZipArchive::new(Cursor::new(std::fs::read(path).unwrap())).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    let mut all = BTreeMap::new();
    for name in names {
        let mut bytes = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        // texts and whole numbers are not read by our own reader
        if let Ok(array) = decode_npy(&bytes) {
            all.insert(name.trim_end_matches(".npy").to_owned(), array);
        }
    }
    all
}

/// Rows of numbers of a CSV, and its header.
fn rows(path: &Path) -> (String, Vec<Vec<String>>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header = lines.next().unwrap().to_owned();
    let rows = lines.map(|l| l.split(',').map(str::to_owned).collect()).collect();
    (header, rows)
}

#[test]
fn every_kind_of_data_in_every_form_with_the_same_numbers() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    small_run(here, "1");
    for (_, what, _) in DATA.iter().filter(|d| d.1 != "weights") {
        for form in ["csv", "npz"] {
            let out = format!("{what}.{form}");
            let said = succeed(
                here,
                &[
                    "export", "out", "--what", what, "--t", "0.5", "--count", "50", "--grid", "6", "--out", &out,
                ],
            );
            assert!(said.contains(&out), "{said}");
        }
    }
    let number = |cell: &String| cell.parse::<f64>().unwrap();
    // trajectories: those that `run` wrote, in both forms
    let written = decode_npy(&std::fs::read(here.join("out/trajectories.npy")).unwrap()).unwrap();
    let npz = arrays(&here.join("trajectories.npz"));
    assert_eq!(npz["trajectories"], written);
    assert_eq!(npz["times"].values, [0.0, 0.25, 0.5, 0.75, 1.0]);
    let (header, lines) = rows(&here.join("trajectories.csv"));
    assert_eq!((header.as_str(), lines.len()), ("particle,t,x,y", 80 * 5));
    for (i, line) in lines.iter().enumerate() {
        let at = 2 * i;
        assert_eq!(
            (number(&line[0]), number(&line[1])),
            ((i / 5) as f64, 0.25 * (i % 5) as f64)
        );
        // the shortest form that reads back to the same single-precision number
        assert_eq!(line[2].parse::<f32>().unwrap(), written.values[at] as f32);
        assert_eq!(line[3].parse::<f32>().unwrap(), written.values[at + 1] as f32);
    }
    // points: the particles at t = 0.5 are the middle states
    let points = arrays(&here.join("points.npz"));
    let middle: Vec<f64> = written.values.chunks(10).flat_map(|p| [p[4], p[5]]).collect();
    assert_eq!(points["particles"].values, middle);
    assert_eq!(
        (&points["source"].shape, &points["target"].shape),
        (&vec![80, 2], &vec![50, 2])
    );
    assert_eq!(rows(&here.join("points.csv")).1.len(), 80 + 50 + 80);
    // pairs can be given to the next run
    let pairs = read_pairs(&here.join("pairs.csv")).unwrap();
    assert_eq!(pairs.len(), 50);
    assert_eq!(arrays(&here.join("pairs.npz"))["pairs"].shape, [50, 4]);
    // the field: the numbers of `field`
    let field = arrays(&here.join("field.npz"));
    let (columns, lines) = rows(&here.join("field.csv"));
    assert_eq!(columns, "x,y,vx,vy,exact_vx,exact_vy");
    assert_eq!(
        field["velocity"].shape,
        [field["y"].values.len(), field["x"].values.len(), 2]
    );
    assert_eq!(lines.len(), field["velocity"].values.len() / 2);
    let text: Vec<String> = lines.iter().map(|l| format!("{},{}\n", l[0], l[1])).collect();
    std::fs::write(here.join("p.csv"), text.concat()).unwrap();
    for (extra, array) in [(&[][..], "velocity"), (&["--exact"][..], "exact")] {
        let arguments = [
            "field",
            "out",
            "--points",
            "p.csv",
            "--t",
            "0.5",
            "--backend",
            "cpu",
            "--out",
            "v.npy",
        ];
        succeed(here, &[&arguments, extra].concat());
        let wanted = decode_npy(&std::fs::read(here.join("v.npy")).unwrap()).unwrap();
        assert_eq!(wanted.values, field[array].values, "{array}");
    }
    // losses and measures: those of the folder
    let (_, losses) = rows(&here.join("losses.csv"));
    assert_eq!(losses.last().unwrap()[0], "30");
    let metrics: serde_json::Value =
        serde_json::from_slice(&std::fs::read(here.join("out/metrics.json")).unwrap()).unwrap();
    let (_, measures) = rows(&here.join("measures.csv"));
    for name in ["loss", "loss_floor", "w2_squared", "w2_squared_floor"] {
        let row = measures
            .iter()
            .find(|r| r[1] == name)
            .unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(number(&row[2]), metrics[name].as_f64().unwrap(), "{name}");
        assert_eq!(arrays(&here.join("measures.npz"))[name].values, [number(&row[2])]);
    }
    // bytes repeat
    let again = [
        "export",
        "out",
        "--what",
        "field",
        "--t",
        "0.5",
        "--grid",
        "6",
        "--out",
        "again.npz",
    ];
    succeed(here, &again);
    let [a, b] = ["field.npz", "again.npz"].map(|n| std::fs::read(here.join(n)).unwrap());
    assert!(a == b, "the same field, other bytes");
}

#[test]
fn weights_leave_with_their_python_file_and_nobody_elses_file_is_lost() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    small_run(here, "1");
    succeed(here, &["export", "out", "--what", "weights", "--out", "w.safetensors"]);
    succeed(here, &["export", "out", "--what", "weights", "--out", "w.npz"]);
    let experiment = std::fs::read_to_string(here.join("out/experiment.json")).unwrap();
    let shape = parse_run_file(&experiment, here).unwrap().experiment.network;
    let params = weights::read(&here.join("out/weights.safetensors"), &shape).unwrap();
    assert_eq!(weights::read(&here.join("w.safetensors"), &shape).unwrap(), params);
    let npz = arrays(&here.join("w.npz"));
    assert_eq!(npz["layers.0.weight"].shape, [8, 3]);
    // ours is replaced, another's is not
    succeed(here, &["export", "out", "--what", "weights", "--out", "w.safetensors"]);
    std::fs::write(here.join("mine.py"), "print(1)\n").unwrap();
    let said = fail(
        here,
        &["export", "out", "--what", "weights", "--out", "mine.safetensors"],
    );
    assert!(said.contains("mine.py"), "{said}");
    assert_eq!(std::fs::read_to_string(here.join("mine.py")).unwrap(), "print(1)\n");
    for (arguments, part) in [
        (&["--what", "pears", "--out", "a.csv"][..], "pairs"),
        (&["--what", "pairs", "--out", "a.xls"], ".csv or .npz"),
        (&["--what", "weights", "--out", "a.csv"], ".safetensors"),
        (&["--what", "field", "--t", "2", "--out", "a.csv"], "--t"),
        (&["--what", "field", "--grid", "1", "--out", "a.csv"], "--grid"),
        (&["--what", "pairs", "--count", "0", "--out", "a.csv"], "--count"),
        (&["--what", "pairs", "--run", "9", "--out", "a.csv"], "--run"),
    ] {
        let said = fail(here, &[&["export", "out"], arguments].concat());
        assert!(said.contains(part), "{arguments:?} said: {said}");
    }
}

#[test]
fn numpy_alone_gives_the_same_velocity() {
    let Some(python) = python_with("numpy") else { return };
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let points: Vec<[f32; 2]> = (0..60)
        .map(|i| [0.1 * i as f32 - 3.0, (0.7 * i as f32).sin() * 2.5])
        .collect();
    npy::write_points(&here.join("x.npy"), &points).unwrap();
    let mut cases: Vec<String> = ACTIVATIONS
        .iter()
        .map(|a| format!(r#"{{"network":{{"activation":"{}","hidden":[16,24]}}}}"#, a.name))
        .collect();
    cases.extend(TIME_EMBEDDINGS.iter().map(|e| {
        format!(
            r#"{{"network":{{"hidden":[32,8,16],"time_embedding":{{"kind":"{}"}}}}}}"#,
            e.name
        )
    }));
    let paths = kinds_of("path").unwrap();
    let predictions = names_of("prediction").unwrap();
    assert!(!predictions.is_empty() && !paths.is_empty());
    for path in &paths {
        for prediction in &predictions {
            cases.push(format!(
                r#"{{"path":{{"kind":"{path}"}},"prediction":"{prediction}","network":{{"hidden":[16]}}}}"#
            ));
        }
    }
    for (i, case) in cases.iter().enumerate() {
        let Ok(file) = parse_run_file(case, here) else {
            // not every path goes with every prediction
            continue;
        };
        let experiment = file.experiment.clone();
        let lab = Lab::of(file);
        let run = lab.runs[0].clone();
        let mut studio = Studio::open(&lab, BackendChoice::Cpu, BTreeMap::new()).unwrap();
        studio.train(1, 40, &mut |_| true).unwrap();
        let file = format!("flow{i}.safetensors");
        let metadata = [("experiment", serde_json::to_string(&experiment).unwrap())];
        let checkpoint = studio.checkpoint(1).unwrap();
        weights::write(&here.join(&file), &experiment.network, &checkpoint.ema, &metadata).unwrap();
        let script = python::python_file(&run, Path::new(&file));
        assert!(script.starts_with(python::BEGINS));
        for place in [
            "@NAME@",
            "@FILE@",
            "@FILE_LITERAL@",
            "@MODULE@",
            "@STEM@",
            "@ENDS@",
            "@START_SCALE@",
            "@DATA_SIZE@",
            "@PATH@",
        ] {
            assert!(!script.contains(place), "{place} is not filled");
        }
        std::fs::write(here.join(format!("flow{i}.py")), &script).unwrap();
        for t in ["0.013", "0.5", "0.98"] {
            let name = format!("flow{i}.py");
            let output = Command::new(&python)
                .args([name.as_str(), "x.npy", t, "v.npy"])
                .current_dir(here)
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{case}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            let theirs = points_from_bytes(&std::fs::read(here.join("v.npy")).unwrap()).unwrap();
            let ours = studio.velocity(1, &points, t.parse().unwrap()).unwrap();
            let mut largest = 0.0f64;
            for (a, b) in ours.iter().zip(&theirs) {
                for k in 0..2 {
                    // ours is in single precision: relative to speeds above 1
                    let far = (a[k] - b[k]).abs() / a[k].abs().max(1.0);
                    assert!(far <= 1e-5, "{case} at t = {t}: {a:?} and {b:?}");
                    largest = largest.max(far);
                }
            }
            assert!(
                largest > 0.0,
                "{case}: the two cannot agree to the last bit of double precision"
            );
        }
    }
}
