//! `rectiflow render` of animations: formats, timing, the same bytes, read back by another program's decoder.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn rectiflow(folder: &Path, arguments: &[&str], path: Option<&str>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_rectiflow"));
    program
        .args(arguments)
        .current_dir(folder)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("WAYLAND_SOCKET");
    if let Some(path) = path {
        program.env("PATH", path);
    }
    program.output().expect("the program starts")
}

fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = rectiflow(folder, arguments, None);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap()
}

const SMALL: [&str; 12] = [
    "render",
    "eight-gaussians",
    "--steps",
    "20",
    "--set",
    "network.hidden=[8]",
    "--set",
    "sampling.count=80",
    "--size",
    "200x160",
    "--fps",
    "20",
];

/// Frames and their milliseconds, by Pillow, which has a GIF and an APNG decoder of its own; None, loudly, where it is not there.
fn by_pillow(folder: &Path, name: &str) -> Option<Vec<u32>> {
    let python = std::env::var("RECTIFLOW_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = "import sys\nfrom PIL import Image, ImageSequence\nfor f in ImageSequence.Iterator(Image.open(sys.argv[1])):\n    f.load(); print(int(f.info['duration']), f.size[0], f.size[1])";
    let has = Command::new(&python).args(["-c", "import PIL"]).output();
    if !has.is_ok_and(|o| o.status.success()) {
        eprintln!("SKIPPED: {python} has no Pillow (Debian: python3-pil, or set RECTIFLOW_PYTHON)");
        return None;
    }
    let output = Command::new(&python)
        .args(["-c", script, name])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let frame = |line: &str| {
        let (ms, size) = line.split_once(' ').unwrap();
        assert_eq!(size, "200 160");
        ms.parse().unwrap()
    };
    Some(text.lines().map(frame).collect())
}

#[test]
fn animations_play_evenly_in_another_decoder_and_repeat_to_the_byte() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    for (over, view) in [("flow", "particles"), ("training", "velocity")] {
        for name in ["a.gif", "a.apng"] {
            let extra = [
                "--view",
                view,
                "--over",
                over,
                "--seconds",
                "0.5",
                "--hold",
                "0.1",
                "--out",
            ];
            let said = succeed(here, &[&SMALL[..], &extra, &[name]].concat());
            assert!(said.contains(name), "{said}");
            let again = name.replace("a.", "again.");
            succeed(here, &[&SMALL[..], &extra, &[again.as_str()]].concat());
            let [a, b] = [name, &again].map(|n| std::fs::read(here.join(n)).unwrap());
            assert!(a == b, "{name} over {over} differs from run to run");
            if let Some(times) = by_pillow(here, name) {
                assert_eq!(times, [50; 12], "{name} over {over}");
            }
        }
        // the lab travels along
        let said = succeed(here, &["render", "a.gif", "--view", "loss", "--out", "loss.png"]);
        assert!(!said.contains("trained first"), "{said}");
    }
}

#[test]
fn numbered_frames_and_what_cannot_be() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    succeed(
        here,
        &[&SMALL[..], &["--seconds", "0.2", "--hold", "0", "--out", "f-%03d.png"]].concat(),
    );
    for k in 1..=4 {
        assert!(here.join(format!("f-00{k}.png")).exists(), "{k}");
    }
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 4);
    for (extra, part) in [
        (&["--view", "loss", "--out", "a.gif"][..], "--over training"),
        (&["--over", "time", "--out", "a.gif"], "training"),
        (&["--seconds", "99999", "--out", "a.gif"], "--seconds"),
        (&["--seconds", "600", "--out", "a.gif"], "3000"),
        (&["--hold", "-1", "--out", "a.gif"], "--hold"),
    ] {
        let output = rectiflow(here, &[&SMALL[..], extra].concat(), None);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{extra:?} said: {said}");
        assert!(said.lines().last().unwrap().contains(part), "{extra:?} said: {said}");
        assert!(!here.join("a.gif").exists());
    }
    // no ffmpeg on the path: the other formats are named, and nothing is left behind
    let output = rectiflow(
        here,
        &[&SMALL[..], &["--seconds", "0.2", "--out", "a.mp4"]].concat(),
        Some("/nowhere"),
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    let last = said.lines().last().unwrap();
    assert!(
        ["ffmpeg", ".gif", ".apng", "%04d.png"]
            .iter()
            .all(|part| last.contains(part)),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 4);
}

#[test]
fn a_film_is_made_by_ffmpeg_and_carries_its_lab() {
    if !Command::new("ffmpeg")
        .arg("-version")
        .output()
        .is_ok_and(|o| o.status.success())
    {
        eprintln!("SKIPPED: ffmpeg is not installed");
        return;
    }
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    succeed(
        here,
        &[&SMALL[..], &["--seconds", "0.5", "--hold", "0", "--out", "a.mp4"]].concat(),
    );
    let probe = [
        "-v",
        "error",
        "-count_frames",
        "-select_streams",
        "v:0",
        "-show_entries",
        "stream=nb_read_frames,r_frame_rate",
        "-of",
        "csv=p=0",
        "a.mp4",
    ];
    let output = Command::new("ffprobe").args(probe).current_dir(here).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "20/1,10");
    let said = succeed(here, &["render", "a.mp4", "--view", "loss", "--out", "loss.png"]);
    assert!(!said.contains("trained first"), "{said}");
    assert_eq!(std::fs::read_dir(here).unwrap().count(), 2);
}
