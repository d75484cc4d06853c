//! How soon the window is there: it is opened on the display that there is, says when it has shown its first frame and when
//! training is under way, how much memory it takes, and closes by itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::json;

use super::report::{Report, Row};
use crate::cli::failure::Failure;

/// Windows opened.
const ROUNDS: usize = 3;

/// What one window said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Told {
    /// Milliseconds from the start of the process.
    frame: Option<f64>,
    step: Option<f64>,
    /// Bytes: at the end, and at most.
    memory: Option<[f64; 2]>,
}

impl Told {
    /// Takes a line in that came so many milliseconds after the start.
    fn take(&mut self, line: &str, ms: f64) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("frame") => self.frame = self.frame.or(Some(ms)),
            Some("step") => self.step = self.step.or(Some(ms)),
            Some("memory") => {
                let bytes: Vec<f64> = words.filter_map(|w| w.parse().ok()).collect();
                self.memory = <[f64; 2]>::try_from(bytes).ok();
            }
            _ => {}
        }
    }
}

/// Opens windows and reports.
///
/// # Errors
/// A program that cannot be started, or that says nothing.
pub fn startup(report: &mut Report) -> Result<(), Failure> {
    if let Some(missing) = crate::cli::window::missing_display() {
        report.remark(&format!(
            "start of the window: not measured, {missing} (xvfb-run rectiflow bench --only startup has one)"
        ));
        return Ok(());
    }
    report.heading("start of the window with the default lab, from the start of the process");
    let told: Result<Vec<Told>, Failure> = (0..ROUNDS).map(|_| open()).collect();
    let told = told?;
    let mut say = |name: &str, unit: &'static str, most: f64, values: Vec<f64>| {
        if values.is_empty() {
            report.remark(&format!("{name}: the system does not tell"));
            return;
        }
        let mut row = Row::new("startup", name.into(), unit, values).with("target", json!(most));
        row.note = format!("  under {most} {unit} wanted");
        report.row(row);
    };
    let mega = |k: usize| told.iter().filter_map(|t| Some(t.memory?[k] / 1e6)).collect();
    say(
        "first frame shown",
        "ms",
        1000.0,
        told.iter().filter_map(|t| t.frame).collect(),
    );
    say(
        "training under way",
        "ms",
        2000.0,
        told.iter().filter_map(|t| t.step).collect(),
    );
    say("memory after some seconds", "MB", 300.0, mega(0));
    say("memory at most", "MB", 300.0, mega(1));
    Ok(())
}

/// One window, to its end.
fn open() -> Result<Told, Failure> {
    let failed = |what: &str, why: std::io::Error| Failure::Machine(format!("{what} ({why})"));
    let program = std::env::current_exe().map_err(|e| failed("this program's own file is not known", e))?;
    let began = Instant::now();
    let mut child = Command::new(program)
        .arg("--tell-startup")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|e| failed("the window could not be started", e))?;
    let mut told = Told::default();
    if let Some(out) = child.stdout.take() {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            told.take(&line, began.elapsed().as_secs_f64() * 1e3);
        }
    }
    let status = child.wait().map_err(|e| failed("the window did not end", e))?;
    if told.frame.is_none() || !status.success() {
        return Err(Failure::Machine(format!(
            "the window showed no frame and ended with {status}"
        )));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_once_and_others_left() {
        let mut told = Told::default();
        for (line, ms) in [
            ("MESA: warning", 1.0),
            ("frame", 2.0),
            ("frame", 3.0),
            ("step 12", 4.0),
            ("memory 5 6", 7.0),
        ] {
            told.take(line, ms);
        }
        let want = Told {
            frame: Some(2.0),
            step: Some(4.0),
            memory: Some([5.0, 6.0]),
        };
        assert_eq!(told, want);
        told.take("memory 5", 8.0);
        assert_eq!(told.memory, None);
    }
}
