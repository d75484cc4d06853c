//! What was exported brings back the lab that made it, trained weights included: every preset through every format, and the
//! commands that take such a file.

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rectiflow::engine::command::BackendChoice;
use rectiflow::export::npz::Npz;
use rectiflow::export::{FIGURE_FORMATS, figure_file, lab_within, weights};
use rectiflow::lab::{FigureOptions, FigureSize, PRESETS, lab_text, points_from_bytes};
use rectiflow::picture::studio::Studio;
use rectiflow::picture::views::{Ask, view_of};
use tempfile::TempDir;

use common::{fail, python_with, rectiflow, small_run, succeed};

/// The pixels of a PNG file.
fn pixels(path: &Path) -> Vec<u8> {
    let file = std::io::Cursor::new(std::fs::read(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

#[test]
fn every_preset_through_every_format_with_its_weights() {
    for preset in &PRESETS {
        let mut lab = preset.lab().unwrap();
        for stage in &mut lab.stages {
            (stage.sampling.count, stage.sampling.steps) = (50, 4);
        }
        let mut studio = Studio::open(&lab, BackendChoice::Cpu, BTreeMap::new()).unwrap();
        studio.train(lab.runs[0].id, 3, &mut |_| true).unwrap();
        let lab = studio.trained_lab();
        let record = lab.runs[0].record.as_ref().unwrap();
        assert_eq!(record.checkpoint.step, 3, "{}", preset.name);
        assert!(record.checkpoint.first_moment.iter().any(|m| *m != 0.0));
        let text = lab_text(&lab);
        let figure = view_of("particles")
            .unwrap()
            .figure(&mut studio, &Ask::default(), &mut |_| true)
            .unwrap();
        let options = FigureOptions {
            size: Some(FigureSize::px(200.0, 150.0)),
            ..FigureOptions::default()
        };
        let mut files: Vec<(&str, Vec<u8>)> = vec![("json", text.clone().into_bytes())];
        for (format, name, _) in FIGURE_FORMATS {
            files.push((name, figure_file(&figure, &options, format, Some(&text)).unwrap()));
        }
        let mut npz = Npz::default();
        npz.array("a", &[1], [1.0f32]);
        npz.lab(&text);
        files.push(("npz", npz.finish()));
        let metadata = [(lab_within::KEYWORD, lab_within::code(&text))];
        let shape = &lab.runs[0].experiment.network;
        files.push(("safetensors", weights::encode(shape, &record.checkpoint.ema, &metadata)));
        for (name, bytes) in &files {
            let back =
                lab_within::open_lab(bytes, Path::new("")).unwrap_or_else(|e| panic!("{} {name}: {e}", preset.name));
            assert_eq!(lab_text(&back), text, "{} {name}", preset.name);
            // a file that ends too early opens the whole lab (an SVG's stands before its marks) or nothing, never a half
            if let Ok(cut) = lab_within::open_lab(&bytes[..bytes.len() / 2], Path::new("")) {
                assert_eq!((*name, lab_text(&cut)), ("svg", text.clone()), "{}", preset.name);
            }
        }
    }
}

#[test]
fn commands_take_a_figure_where_they_take_a_run() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    small_run(here, "2");
    let size = ["--size", "300x240"];
    for out in ["a.png", "a.svg", "a.pdf"] {
        succeed(
            here,
            &[&["render", "out", "--view", "reflow", "--out", out], &size[..]].concat(),
        );
    }
    let first = pixels(&here.join("a.png"));
    for out in ["a.png", "a.svg", "a.pdf"] {
        succeed(
            here,
            &[&["render", out, "--view", "reflow", "--out", "b.png"], &size[..]].concat(),
        );
        assert!(
            pixels(&here.join("b.png")) == first,
            "{out}: the figure of the figure is another one"
        );
    }
    // the second round's pairs are made again by its parent, and measured as they were
    succeed(here, &["export", "out", "--what", "measures", "--out", "m.csv"]);
    succeed(here, &["export", "a.svg", "--what", "measures", "--out", "n.csv"]);
    let [a, b] = ["m.csv", "n.csv"].map(|n| {
        let text = std::fs::read_to_string(here.join(n)).unwrap();
        // how much work was done is not known to a lab
        let lines = text.lines().filter(|line| !line.contains("ledger")).map(str::to_owned);
        lines.collect::<Vec<_>>()
    });
    assert_eq!(a, b);
    succeed(here, &["export", "a.png", "--what", "trajectories", "--out", "t.npz"]);
    succeed(
        here,
        &["export", "t.npz", "--what", "weights", "--out", "w.safetensors"],
    );
    for from in ["a.svg", "t.npz", "w.safetensors"] {
        succeed(here, &["sample", from, "--out", "x.npy"]);
        succeed(here, &["sample", "out/round-1", "--out", "y.npy"]);
        let [a, b] = ["x.npy", "y.npy"].map(|n| points_from_bytes(&std::fs::read(here.join(n)).unwrap()).unwrap());
        assert_eq!(a, b, "{from}");
    }
    std::fs::write(here.join("p.csv"), "0,1\n2,3\n").unwrap();
    succeed(
        here,
        &["field", "a.pdf", "--points", "p.csv", "--t", "0.5", "--out", "v.npy"],
    );
    succeed(
        here,
        &["run", "a.png", "--steps", "2", "--backend", "cpu", "--out", "anew"],
    );
    assert!(here.join("anew/weights.safetensors").exists());
    // without its lab it is a picture and no more
    succeed(
        here,
        &[&["render", "out", "--no-lab", "--out", "b.png"], &size[..]].concat(),
    );
    let (with, without) = (
        std::fs::read(here.join("a.png")).unwrap(),
        std::fs::read(here.join("b.png")).unwrap(),
    );
    assert!(!without.windows(9).any(|w| w == b"rectiflow-") && with.windows(9).any(|w| w == b"rectiflow"));
    for command in [
        &["render", "b.png", "--out", "c.png"][..],
        &["sample", "b.png", "--out", "x.npy"],
        &["run", "b.png"],
    ] {
        let said = fail(here, command);
        assert!(said.contains("b.png: no lab is in it"), "{said}");
    }
}

#[test]
fn points_and_pairs_of_files_travel_along() {
    let (here, there, data) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let rows = |n: usize, columns: usize| {
        let row = |i: usize| {
            (0..columns)
                .map(|k| format!("{}", (i * (k + 3) % 17) as f64 / 8.0 - 1.0))
                .collect::<Vec<_>>()
                .join(",")
        };
        (0..n).map(|i| row(i) + "\n").collect::<String>()
    };
    std::fs::write(here.path().join("cloud.csv"), rows(60, 2)).unwrap();
    std::fs::write(here.path().join("pairs.csv"), rows(40, 4)).unwrap();
    std::fs::write(
        here.path().join("e.json"),
        r#"{"steps":5,"network":{"hidden":[8]},"target":{"kind":"points","file":"cloud.csv"},"coupling":{"kind":"file","file":"pairs.csv"},"sampling":{"count":30,"steps":3}}"#,
    )
    .unwrap();
    for name in ["a.png", "a.svg"] {
        succeed(
            here.path(),
            &[
                "render", "e.json", "--view", "pairs", "--size", "300x240", "--out", name,
            ],
        );
        std::fs::copy(here.path().join(name), there.path().join(name)).unwrap();
    }
    let first = pixels(&here.path().join("a.png"));
    // the files change, then go: the figure still brings back what it shows
    std::fs::write(here.path().join("cloud.csv"), rows(50, 2)).unwrap();
    std::fs::remove_file(here.path().join("pairs.csv")).unwrap();
    for name in ["a.png", "a.svg"] {
        let again = Command::new(env!("CARGO_BIN_EXE_rectiflow"))
            .args(["render", name, "--view", "pairs", "--size", "300x240", "--out", "b.png"])
            .current_dir(there.path())
            .env("XDG_DATA_HOME", data.path())
            .output()
            .unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
        assert!(pixels(&there.path().join("b.png")) == first, "{name}");
    }
    assert_eq!(
        std::fs::read_dir(data.path().join("rectiflow/points")).unwrap().count(),
        2
    );
}

#[test]
fn a_table_has_its_lab_beside_it_and_stays_a_plain_table() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let small = [
        "--steps",
        "20",
        "--set",
        "network.hidden=[8]",
        "--set",
        "sampling.count=50",
    ];
    let export = [
        "export",
        "eight-gaussians",
        "--what",
        "points",
        "--count",
        "40",
        "--out",
        "p.csv",
    ];
    let said = succeed(here, &[&export[..], &small].concat());
    assert!(said.contains("p.csv and p.csv.lab.json"), "{said}");
    let text = std::fs::read_to_string(here.join("p.csv")).unwrap();
    assert!(!text.contains('#'), "{text}");
    if let Some(python) = python_with("numpy") {
        let script = "import numpy; a = numpy.genfromtxt('p.csv', delimiter=',', names=True, dtype=None, encoding='utf-8'); print(len(a))";
        let output = Command::new(python)
            .args(["-c", script])
            .current_dir(here)
            .output()
            .unwrap();
        let rows = String::from_utf8(output.stdout).unwrap();
        assert_eq!(rows.trim().parse(), Ok(text.lines().count() - 1));
    }
    // trained weights included
    let said = succeed(
        here,
        &[
            "render", "p.csv", "--view", "loss", "--size", "300x200", "--out", "loss.png",
        ],
    );
    assert!(!said.contains("trained first"), "{said}");
    assert_eq!(
        succeed(here, &["open", "p.csv", "--check"]).trim(),
        "gaussian to eight gaussians"
    );
    succeed(here, &["sample", "p.csv", "--out", "x.npy"]);
    let plain = [&export[..7], &["q.csv", "--no-lab"], &small].concat();
    succeed(here, &plain);
    assert!(!here.join("q.csv.lab.json").exists());
    assert!(fail(here, &["open", "q.csv", "--check"]).contains("q.csv"));
}

#[test]
fn a_saved_lab_and_a_figure_of_two_rounds_are_run() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let lab = r#"{"runs": [
        {"id": 1, "experiment": {"name": "first", "steps": 12, "network": {"hidden": [8]}}},
        {"id": 2, "experiment": {"steps": 9, "network": {"hidden": [8]}, "coupling": {"kind": "model", "pairs": 256, "steps": 2}},
         "origin": {"kind": "reflow", "parent": 1}}],
        "stages": [{"run": 2, "sampling": {"count": 30, "steps": 3}}]}"#;
    std::fs::write(here.join("my.lab.json"), lab).unwrap();
    succeed(here, &["render", "my.lab.json", "--size", "300x200", "--out", "a.png"]);
    for (i, what) in ["my.lab.json", "a.png"].iter().enumerate() {
        let out = format!("out{i}");
        let output = rectiflow(here, &["run", what, "--backend", "cpu", "--out", &out]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains("a lab of 2 runs") && said.contains("--rounds 2"),
            "{said}"
        );
        let text = std::fs::read_to_string(here.join(&out).join("experiment.json")).unwrap();
        let experiment: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&experiment["name"], &experiment["steps"]),
            (&"first".into(), &12.into())
        );
        assert_eq!(experiment["sampling"]["count"], 30);
    }
    succeed(
        here,
        &[
            "run",
            "my.lab.json",
            "--rounds",
            "2",
            "--backend",
            "cpu",
            "--out",
            "both",
        ],
    );
    assert!(here.join("both/round-2").is_dir());
}
