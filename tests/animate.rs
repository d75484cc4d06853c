//! `rectiflow render` of animations: formats, timing, the same bytes, read back by another program's decoder.

mod common;

use std::path::Path;
use std::process::Command;

use rectiflow::picture::views::{MOTIONS, Motion, VIEWS};
use tempfile::TempDir;

use common::{python_with, rectiflow_with, succeed};

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

/// The milliseconds of each frame of some files, by Pillow, which has a GIF and an APNG decoder of its own; None, loudly, where it
/// is not there.
fn by_pillow(folder: &Path, names: &[&str]) -> Option<Vec<Vec<u32>>> {
    const SCRIPT: &str = r#"
import sys
from PIL import Image, ImageSequence
for name in sys.argv[1:]:
    times = []
    for f in ImageSequence.Iterator(Image.open(name)):
        f.load()
        assert f.size == (200, 160), f.size
        times.append(int(f.info["duration"]))
    print(*times)
"#;
    let python = python_with("PIL")?;
    let output = Command::new(&python)
        .args(["-c", SCRIPT])
        .args(names)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let times = |line: &str| line.split(' ').map(|ms| ms.parse().unwrap()).collect();
    Some(text.lines().map(times).collect())
}

/// The frames of a GIF as a viewer shows them, with their milliseconds, by the decoder of the crate `image`.
fn gif_frames(path: &Path) -> Vec<(Vec<u8>, u32)> {
    use image::AnimationDecoder as _;
    let file = std::io::Cursor::new(std::fs::read(path).unwrap());
    let frames = image::codecs::gif::GifDecoder::new(file).unwrap().into_frames();
    let shown = frames.map(|frame| {
        let frame = frame.unwrap();
        let (ms, per) = frame.delay().numer_denom_ms();
        (frame.into_buffer().into_raw(), ms / per)
    });
    shown.collect()
}

/// The same of an animated PNG, by the decoder of the crate `png`.
fn apng_frames(path: &Path) -> Vec<(Vec<u8>, u32)> {
    let file = std::io::Cursor::new(std::fs::read(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    let count = reader.info().animation_control.unwrap().num_frames;
    let mut canvas = vec![0; 4 * width * height];
    let mut all = Vec::new();
    for _ in 0..count {
        let mut part = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut part).unwrap();
        let control = *reader.info().frame_control().unwrap();
        let wide = 4 * control.width as usize;
        for y in 0..control.height as usize {
            let at = 4 * ((control.y_offset as usize + y) * width + control.x_offset as usize);
            canvas[at..at + wide].copy_from_slice(&part[y * wide..(y + 1) * wide]);
        }
        let ms = 1000 * u32::from(control.delay_num) / u32::from(control.delay_den);
        all.push((canvas.clone(), ms));
    }
    all
}

#[test]
fn every_view_of_one_run_is_animated_and_its_frames_and_times_are_read_back() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    // two rounds on two stages, so that no view lacks what it shows
    let lab = r#"{"runs": [
        {"id": 1, "experiment": {"target": "eight-gaussians", "steps": 30, "network": {"hidden": [8]}}},
        {"id": 2, "experiment": {"target": "eight-gaussians", "steps": 30, "network": {"hidden": [8]},
                                 "coupling": {"kind": "model", "pairs": 512, "steps": 2}},
         "origin": {"kind": "reflow", "parent": 1}}],
        "stages": [{"run": 1, "sampling": {"count": 80, "steps": 4}}, {"run": 2, "sampling": {"count": 80, "steps": 4}}]}"#;
    std::fs::write(here.join("lab.json"), lab).unwrap();
    let trained = [
        "render",
        "lab.json",
        "--view",
        "particles",
        "--size",
        "200x160",
        "--out",
        "out.png",
    ];
    succeed(here, &trained);
    let mut names = Vec::new();
    for view in &VIEWS {
        let mut shown = Vec::new();
        for ending in ["gif", "apng"] {
            let name = format!("{}.{ending}", view.name);
            let film = ["--fps", "10", "--seconds", "0.4", "--hold", "0.1", "--size", "200x160"];
            let asked = ["render", "out.png", "--view", view.name, "--out", &name];
            let said = succeed(here, &[&asked[..], &film].concat());
            let still = view.motion == Motion::Still;
            assert_eq!(said.contains("held still"), still, "{said}");
            let path = here.join(&name);
            let frames = if ending == "gif" {
                gif_frames(&path)
            } else {
                apng_frames(&path)
            };
            let times: Vec<u32> = frames.iter().map(|f| f.1).collect();
            assert_eq!(times, [100; 5], "{name}");
            // what moves is another picture in every frame that moves, and rests in the last
            for k in 1..4 {
                assert_eq!(frames[k].0 == frames[k - 1].0, still, "{name}: frame {k}");
            }
            assert!(frames[4].0 == frames[3].0, "{name} does not rest");
            shown.push(frames);
            names.push(name);
        }
        assert_eq!(shown[0].len(), shown[1].len());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(times) = by_pillow(here, &names) {
        assert_eq!(times.len(), names.len());
        for (name, times) in names.iter().zip(&times) {
            assert_eq!(*times, [100; 5], "{name} in Pillow");
        }
    }
    // every frame a file of its own
    for view in ["trajectories", "budget"] {
        let name = format!("{view}-%02d.png");
        let film = ["--fps", "10", "--seconds", "0.4", "--hold", "0.1", "--size", "200x160"];
        succeed(
            here,
            &[&["render", "out.png", "--view", view, "--out", &name][..], &film].concat(),
        );
        for k in 1..=5 {
            assert!(here.join(format!("{view}-0{k}.png")).exists(), "{view} {k}");
        }
    }
}

#[test]
fn the_help_says_what_moves_in_every_view() {
    let folder = TempDir::new().unwrap();
    let help = succeed(folder.path(), &["render", "--help"]);
    let (_, said) = help.split_once("What moves over flow time").unwrap();
    let (said, _) = said.split_once("Examples").unwrap();
    let line_of = |motion: Motion| match motion {
        Motion::Time => "all of it",
        Motion::Grows => "the trajectories grow",
        Motion::Along => "the pairs go along",
        Motion::Drawn => "the curves are drawn as far as t",
        Motion::Trained => "the curve is drawn from the first",
        Motion::Still => "nothing",
    };
    // a line may be broken anywhere
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let begins: Vec<usize> = MOTIONS.iter().map(|m| said.find(line_of(m.0)).unwrap()).collect();
    for view in &VIEWS {
        let begin = said.find(line_of(view.motion)).unwrap();
        let end = begins
            .iter()
            .copied()
            .filter(|&b| b > begin)
            .min()
            .unwrap_or(said.len());
        let (_, views) = said[begin..end].rsplit_once(": ").unwrap();
        let found = views.split(',').any(|v| v.trim() == view.name);
        assert!(found, "{} is not in: {views}", view.name);
    }
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
            if let Some(times) = by_pillow(here, &[name]) {
                assert_eq!(times, [[50; 12]], "{name} over {over}");
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
        (&["--over", "time", "--out", "a.gif"][..], "training"),
        (&["--seconds", "99999", "--out", "a.gif"], "--seconds"),
        (&["--seconds", "600", "--out", "a.gif"], "3000"),
        (&["--hold", "-1", "--out", "a.gif"], "--hold"),
    ] {
        let output = rectiflow_with(here, &[&SMALL[..], extra].concat(), None);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{extra:?} said: {said}");
        assert!(said.lines().last().unwrap().contains(part), "{extra:?} said: {said}");
        assert!(!here.join("a.gif").exists());
    }
    // no ffmpeg on the path: the other formats are named, and nothing is left behind
    let output = rectiflow_with(
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
