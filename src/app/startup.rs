//! What `bench --only startup` asks of a window: it says on stdout when it has shown a frame and when training is under way,
//! then how much memory it takes, and closes.

use std::io::Write as _;
use std::time::{Duration, Instant};

use eframe::egui;

use super::App;
use crate::engine::memory;

/// The window closes so long after its first frame.
const OPEN: Duration = Duration::from_secs(6);

/// What has been said.
#[derive(Default)]
pub struct Startup {
    /// When the first frame was laid out: the next one begins when it is on screen.
    first: Option<Instant>,
    told_frame: bool,
    told_step: bool,
    told_memory: bool,
}

impl App {
    /// Says what has come about since the last frame.
    pub(super) fn tell_startup(&mut self, ctx: &egui::Context) {
        let trains = self.snapshot.runs.iter().any(|run| run.step > 0);
        let Some(startup) = &mut self.screen.startup else {
            return;
        };
        let Some(first) = startup.first else {
            startup.first = Some(Instant::now());
            ctx.request_repaint();
            return;
        };
        if !startup.told_frame {
            startup.told_frame = true;
            say("frame");
        }
        if trains && !startup.told_step {
            startup.told_step = true;
            say("step");
        }
        if first.elapsed() > OPEN && !startup.told_memory {
            startup.told_memory = true;
            if let (Some(now), Some(most)) = (memory::resident(), memory::peak()) {
                say(&format!("memory {now} {most}"));
            }
            self.go_on(ctx, super::keep::Next::Quit);
        }
        ctx.request_repaint_after(Duration::from_millis(500));
    }
}

/// A closed pipe is no error.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
