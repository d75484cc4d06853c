//! Whatever lies in a file, the loaders answer with an error or a value, never with a panic; and whatever happens to a disk or
//! a process, the old file stays whole.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rectiflow::export::{npy, weights};
use rectiflow::flow::random::{CounterRng, Stream};
use rectiflow::lab::{
    Draft, Lab, PRESETS, RunRecord, decode_npy, lab_text, parse_lab, parse_run_file, points_from_bytes, preset_text,
};
use rectiflow::net::{Checkpoint, Shape};
use tempfile::TempDir;

/// Damages bytes: cuts, flips, swaps in bytes that parsers care about, repeats a stretch.
fn damaged(whole: &[u8], rng: &mut CounterRng) -> Vec<u8> {
    const SHARP: &[u8] = b"\0\xff\x93{}[](),:'\"-+.eE0123456789<>|\n\\u ";
    let mut bytes = whole.to_vec();
    for _ in 0..=rng.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.below(bytes.len());
        match rng.below(5) {
            0 => bytes.truncate(at),
            1 => bytes[at] ^= 1 << rng.below(8),
            2 => bytes[at] = SHARP[rng.below(SHARP.len())],
            3 => bytes.insert(at, SHARP[rng.below(SHARP.len())]),
            _ => {
                let to = (at + 1 + rng.below(16)).min(bytes.len());
                let stretch = bytes[at..to].to_vec();
                bytes.splice(at..at, stretch);
            }
        }
    }
    bytes
}

/// Calls a loader with damaged copies of a whole file and with noise; it must return.
fn torment(whole: &[u8], rounds: u64, load: impl Fn(&[u8])) {
    load(whole);
    load(b"");
    for round in 0..rounds {
        let mut rng = CounterRng::new(whole.len() as u64, Stream::Test, round);
        load(&damaged(whole, &mut rng));
        let noise: Vec<u8> = (0..rng.below(200)).map(|_| rng.below(256) as u8).collect();
        load(&noise);
        // noise behind a good beginning
        let keep = rng.below(whole.len().min(160));
        load(&[&whole[..keep], &noise[..]].concat());
    }
    for cut in 0..whole.len().min(400) {
        load(&whole[..cut]);
    }
}

#[test]
fn damaged_arrays_give_errors() {
    let points: Vec<[f32; 2]> = (0..20).map(|i| [i as f32, -0.5]).collect();
    let single = npy::encode(&[20, 2], points.iter().flatten().copied());
    let double = npy::encode(&[3, 1, 2], [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]);
    for whole in [single, double] {
        torment(&whole, 1500, |bytes| {
            let _ = decode_npy(bytes);
            let _ = points_from_bytes(bytes);
        });
        assert!(decode_npy(&whole[..whole.len() - 1]).is_err(), "a cut file is refused");
        assert!(
            decode_npy(&[&whole[..], &[0]].concat()).is_err(),
            "a long file is refused"
        );
    }
}

#[test]
fn damaged_tables_give_errors() {
    torment(b"x,y\n1.5,-2\n3e4,0.25\n\"7\",8\n# a remark\n9,10\n", 1500, |bytes| {
        let _ = points_from_bytes(bytes);
    });
}

#[test]
fn damaged_experiments_give_errors() {
    for preset in &PRESETS {
        torment(preset_text(preset).as_bytes(), 200, |bytes| {
            let text = String::from_utf8_lossy(bytes);
            if let Ok(file) = parse_run_file(&text, Path::new("")) {
                // what passes can be drawn from
                let points = file.experiment.target.samples(1, Stream::Test, 4);
                assert!(points.iter().flatten().all(|v| v.is_finite()), "{text}");
            }
        });
    }
    let deep = "[".repeat(100_000);
    assert!(parse_run_file(&deep, Path::new("")).is_err());
    assert!(parse_run_file(&format!("{{\"target\":{deep}"), Path::new("")).is_err());
}

#[test]
fn damaged_settings_give_errors() {
    let whole = b"target={\"kind\":\"mixture\",\"weights\":[1,2],\"means\":[[0,0],[1,1]],\"stds\":[1,1]}";
    torment(whole, 1000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (path, value) = text.split_once('=').unwrap_or((&text, ""));
        let mut draft = Draft::new();
        if draft.set(path, value).is_ok() {
            let _ = draft.finish();
        }
    });
}

#[test]
fn damaged_labs_give_errors() {
    let mut lab = Lab::default();
    lab.runs[0].experiment.network = Shape {
        hidden: vec![8],
        ..Shape::default()
    };
    let checkpoint = Checkpoint::initial(&lab.runs[0].experiment.network, 1);
    lab.runs[0].record = Some(Arc::new(RunRecord {
        checkpoint,
        losses: vec![(0, 1.0)],
        edits: Vec::new(),
    }));
    let text = lab_text(&lab);
    assert!(parse_lab(&text, Path::new("")).unwrap().runs[0].record.is_some());
    torment(text.as_bytes(), 700, |bytes| {
        let _ = parse_lab(&String::from_utf8_lossy(bytes), Path::new(""));
    });
}

#[test]
fn damaged_weights_give_errors() {
    let shape = Shape {
        hidden: vec![8, 8],
        ..Shape::default()
    };
    let params = Checkpoint::initial(&shape, 1).params;
    let whole = weights::encode(&shape, &params, &[("experiment", "{}".into())]);
    torment(&whole, 1500, |bytes| {
        let _ = weights::decode(bytes, &shape);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_read_only_one_are_named() {
    let folder = TempDir::new().unwrap();
    let full = folder.path().join("full.npy");
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    for (out, part) in [
        (full.as_path(), "full"),
        (Path::new("/proc/x.npy"), "cannot write"),
        (Path::new("/no/such/x.npy"), "create it"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_rectiflow"))
            .args(["data", "ring", "--count", "10", "--out"])
            .arg(out)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(part) && said.trim_end().lines().count() == 1, "{said}");
    }
}

#[test]
fn a_killed_save_leaves_the_old_file_whole() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("p.npy");
    let draw = |count: &str| {
        Command::new(env!("CARGO_BIN_EXE_rectiflow"))
            .args(["data", "ring", "--count", count, "--out"])
            .arg(&path)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    assert!(draw("1000").wait().unwrap().success());
    let old = decode_npy(&std::fs::read(&path).unwrap()).unwrap();
    // from before the drawing to within the writing, on any machine: 4 million points are 32 MB
    for wait_ms in [5, 20, 60, 120, 200] {
        let mut child = draw("4000000");
        std::thread::sleep(Duration::from_millis(wait_ms));
        let _ = child.kill();
        let _ = child.wait();
        let now = decode_npy(&std::fs::read(&path).unwrap()).expect("a whole file");
        assert!(
            now == old || now.shape == [4_000_000, 2],
            "wait {wait_ms} ms: shape {:?}",
            now.shape
        );
    }
}
