//! Labs as files and as share strings: what older versions wrote opens today, and what is shared comes back.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rectiflow::flow::coupling::Coupling;
use rectiflow::lab::{
    Arrangement, ClockSettings, Lab, Origin, PRESETS, RoundSettings, SCHEMA_VERSION, Sampler, ThemeChoice, lab_text,
    parse_lab, parse_share_string, share_string,
};

fn file_of(version: u32) -> Lab {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/labs/v{version}.json"));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}; every version has a file", path.display()));
    assert!(text.contains(&format!("\"schema_version\": {version}")));
    parse_lab(&text, Path::new("")).unwrap_or_else(|e| panic!("version {version}: {e}"))
}

/// What the files of all versions hold.
fn check_runs(lab: &Lab) {
    let [first, second] = &lab.runs[..] else {
        panic!("{} runs", lab.runs.len());
    };
    assert_eq!((first.id, first.experiment.name.as_str()), (1, "moons"));
    assert_eq!(first.experiment.schema_version, SCHEMA_VERSION);
    assert_eq!(
        second.origin,
        Origin::Reflow {
            parent: 1,
            from_parent: true
        }
    );
    assert!(matches!(second.experiment.coupling, Coupling::Model(_)));
    let record = first.record.as_ref().expect("it was trained");
    let params: Vec<f32> = (0..50).map(|k| 0.25 * (k as f32 - 6.0)).collect();
    assert_eq!(record.checkpoint.params, params);
    assert_eq!((record.checkpoint.step, record.checkpoint.ema[13]), (8000, 1.625));
    assert_eq!(record.losses, [(1, 4.5), (8000, 1.9375)]);
    assert_eq!(record.edits, [(600, "learning rate 0.003 to 0.001".to_owned())]);
    assert_eq!((lab.stages[0].run, lab.stages[0].sampling.count), (2, 2048));
    assert!(lab.stages[0].layers.velocity);
    assert_eq!((lab.look.theme, lab.look.right_open), (ThemeChoice::Light, false));
    assert_eq!(lab.probe.at, Some([0.5, -0.25]));
}

#[test]
fn labs_of_every_version_open() {
    for version in 1..=SCHEMA_VERSION {
        let lab = file_of(version);
        check_runs(&lab);
        // and what is saved again is of the present version and opens to the same
        let text = lab_text(&lab);
        assert!(text.contains(&format!("\"schema_version\": {SCHEMA_VERSION}")));
        let again = parse_lab(&text, Path::new("")).unwrap();
        check_runs(&again);
        assert_eq!((&again.stages, again.compare), (&lab.stages, lab.compare));
    }
}

#[test]
fn what_changed_between_versions_is_brought_over() {
    let first = file_of(1);
    assert_eq!(first.stages.len(), 1, "the stages of the cards are gone");
    assert!(!first.compare.on);
    let second = file_of(2);
    assert_eq!(second.stages.len(), 2);
    assert_eq!((second.compare.on, second.compare.focus), (true, 1));
    assert_eq!(second.compare.arrangement, Arrangement::Row);
    assert!(second.stages[1].caption.contains("first round"));
    let (rounds, clock) = (RoundSettings::default(), ClockSettings::default());
    assert_eq!((second.rounds, second.clock), (rounds, clock));
    let third = file_of(3);
    assert_eq!(
        (third.rounds.pairs.pairs, third.rounds.pairs.sampler),
        (4096, Sampler::Rk4)
    );
    assert_eq!(
        (third.rounds.steps, third.rounds.rounds, third.rounds.from_parent),
        (Some(1500), 3, false)
    );
    assert!(third.rounds.student_of_pairs);
    assert_eq!((third.clock.speed, third.clock.looping), (0.5, false));
    let again = parse_lab(&lab_text(&third), Path::new("")).unwrap();
    assert_eq!((again.rounds, again.clock), (third.rounds, third.clock));
    // a share string leaves out what is as usual, and nothing else
    for lab in [second, third] {
        let back = parse_share_string(&share_string(&lab).unwrap()).unwrap();
        assert_eq!((back.rounds, back.clock), (lab.rounds, lab.clock));
    }
}

/// The program, without a display.
fn rectiflow(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rectiflow"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

#[test]
fn what_is_shared_on_the_command_line_opens_there() {
    let folder = tempfile::tempdir().unwrap();
    let said = |arguments: &[&str]| {
        let output = rectiflow(folder.path(), arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    for preset in &PRESETS {
        let line = said(&["share", preset.name]);
        assert_eq!(line.lines().count(), 1);
        let names = said(&["open", "--check", line.trim()]);
        let shared = parse_share_string(&line).unwrap();
        let shown: Vec<&str> = shared.runs.iter().map(|r| r.experiment.name.as_str()).collect();
        assert_eq!(names.lines().collect::<Vec<_>>(), shown);
    }
    let mut lab = Lab::default();
    lab.runs[0].experiment.seed = 77;
    fs::write(folder.path().join("a.json"), lab_text(&lab)).unwrap();
    assert_eq!(parse_share_string(&said(&["share", "a.json"])).unwrap(), lab);
    // a wrapped string that was not quoted
    let line = share_string(&lab).unwrap();
    let (head, tail) = line.split_at(50);
    assert_eq!(
        said(&["open", "--check", head, tail]),
        format!("{}\n", lab.runs[0].experiment.name)
    );
}

#[test]
fn bad_strings_and_newer_labs_are_refused_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let newer = format!(
        "{{\"schema_version\": {}, \"runs\": [], \"news\": 1}}",
        SCHEMA_VERSION + 1
    );
    fs::write(folder.path().join("newer.json"), newer).unwrap();
    let good = share_string(&Lab::default()).unwrap();
    for (what, part) in [
        (&good[..good.len() - 9], "damaged"),
        ("rectiflow1:not/base64", "damaged"),
        ("rectiflow9:abc", "update Rectiflow"),
        ("newer.json", "newer Rectiflow"),
        ("crosing", "crossing"),
    ] {
        for command in [&["open", "--check", what][..], &["share", what], &[what]] {
            let output = rectiflow(folder.path(), command);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
            assert!(
                said.contains(part) && said.trim_end().lines().count() == 1,
                "{command:?}: {said}"
            );
        }
    }
}
