//! `rectiflow render`: every view of a run in every format, with no window and no GPU; the same bytes on every run; files
//! that other programs open.

mod common;

use std::path::Path;
use std::process::Command;

use rectiflow::export::FIGURE_FORMATS;
use rectiflow::picture::views::VIEWS;
use tempfile::TempDir;

use common::{fail, rectiflow, small_run, succeed};

#[test]
fn every_view_in_every_format_from_the_command_line() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    small_run(here, "2");
    for view in &VIEWS {
        for (_, ending, _) in FIGURE_FORMATS {
            let out = format!("{}.{ending}", view.name);
            let arguments = [
                "render", "out", "--view", view.name, "--t", "0.5", "--size", "500x400", "--out", &out,
            ];
            let said = succeed(here, &arguments);
            assert!(said.contains(&out), "{said}");
            let bytes = std::fs::read(here.join(&out)).unwrap();
            let begins: &[u8] = match ending {
                "png" => b"\x89PNG",
                "svg" => b"<svg",
                _ => b"%PDF",
            };
            assert!(bytes.starts_with(begins), "{out}");
        }
    }
    for name in ["reflow.png", "reflow.svg", "exact.png", "few-steps.svg"] {
        let (view, _) = name.split_once('.').unwrap();
        let out = format!("again-{name}");
        succeed(
            here,
            &[
                "render", "out", "--view", view, "--t", "0.5", "--size", "500x400", "--out", &out,
            ],
        );
        let [a, b] = [name, &out].map(|n| std::fs::read(here.join(n)).unwrap());
        assert!(a == b, "{name} differs from run to run");
    }
}

#[test]
fn what_is_not_trained_is_trained_first_and_it_says_so() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let small = ["--set", "network.hidden=[8]", "--set", "sampling.count=50"];
    let arguments = [
        &[
            "render",
            "gaussian-to-moons",
            "--steps",
            "20",
            "--size",
            "8.5x6cm",
            "--dpi",
            "300",
            "--out",
            "a.png",
        ],
        &small[..],
    ]
    .concat();
    let output = rectiflow(here, &arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && said.contains("training") && said.contains("20 steps"),
        "{said}"
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("trained first"));
    let bytes = std::fs::read(here.join("a.png")).unwrap();
    // 8.5 cm and 6 cm at 300 dots an inch
    let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (1004, 709));
}

#[test]
fn errors_are_one_line_that_says_how_to_mend_it() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    for (arguments, part) in [
        (&["--view", "trajectory", "--out", "a.png"][..], "trajectories"),
        (&["--out", "a.jpg"], "png"),
        (&["--out", "figure"], ".svg"),
        (&["--size", "big", "--out", "a.png"], "8.5x6cm"),
        (&["--size", "99999x10", "--steps", "0", "--out", "a.png"], "16384"),
        (&["--dpi", "-1", "--out", "a.png"], "--dpi"),
        (&["--t", "2", "--out", "a.png"], "--t"),
        (&["--times", "0,x", "--out", "a.png"], "--times"),
        (&["--theme", "drak", "--out", "a.png"], "dark"),
        (&["--run", "7", "--steps", "0", "--out", "a.png"], "--run"),
        (&["--rounds", "0", "--out", "a.png"], "--rounds"),
        (&["--set", "optimizer.lr=1", "--out", "a.png"], "optimizer.lr"),
    ] {
        let said = fail(here, &[&["render", "gaussian-to-moons"], arguments].concat());
        assert!(said.contains(part), "{arguments:?} said: {said}");
        assert!(!here.join("a.png").exists());
    }
    assert!(fail(here, &["render", "no/such/run", "--out", "a.png"]).contains("no/such/run"));
}

/// The output of another program; None, loudly, where it is not installed.
fn other(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).current_dir(folder).output() else {
        eprintln!("SKIPPED: {program} is not installed (Debian: poppler-utils)");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_pdf_is_opened_and_its_text_found_by_other_programs() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    small_run(here, "2");
    let title = "Straight & <true>: W₂²";
    let arguments = [
        "render",
        "out",
        "--view",
        "reflow",
        "--title",
        title,
        "--caption",
        "--out",
        "a.pdf",
    ];
    succeed(here, &arguments);
    if let Some(text) = other("pdftotext", &["a.pdf", "-"], here) {
        for wanted in [
            "Straight & <true>",
            "after one reflow",
            "floor",
            "Made with Rectiflow",
            "eight Gaussians",
        ] {
            assert!(text.contains(wanted), "{wanted:?} is not in: {text}");
        }
    }
    if other("pdftoppm", &["-r", "30", "-png", "a.pdf", "page"], here).is_some() {
        assert!(here.join("page-1.png").exists());
    }
    if let Some(fonts) = other("pdffonts", &["a.pdf"], here) {
        // name, type, encoding, then: embedded, subset, with a map to Unicode
        assert!(
            fonts.contains("IBMPlexSans") && fonts.contains("yes yes yes"),
            "{fonts}"
        );
    }
}
