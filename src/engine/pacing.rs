//! How the engine's thread shares its time: training in slices of a few milliseconds, previews at most a share of it.

use std::time::{Duration, Instant};

/// Training is asked for in slices of about this long, so that a command waits no longer.
pub const SLICE: Duration = Duration::from_millis(8);

/// Finds how many training steps fit into a slice.
#[derive(Clone, Debug)]
pub struct StepPacer {
    steps: u32,
}

impl Default for StepPacer {
    fn default() -> Self {
        Self { steps: 1 }
    }
}

impl StepPacer {
    /// Steps to ask for next.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Learns that `steps` took `spent`; grows at most fourfold at a time, since the first step also warms caches up.
    pub fn learn(&mut self, steps: u32, spent: Duration) {
        let per_step = (spent.as_secs_f64() / f64::from(steps.max(1))).max(1e-7);
        let fitting = (SLICE.as_secs_f64() / per_step) as u32;
        self.steps = fitting.clamp(1, self.steps.saturating_mul(4).min(4096));
    }
}

/// Lets something happen as often as is useful, but for at most one part in `share` of the time, and not oftener than `least`.
#[derive(Clone, Debug)]
pub struct Throttle {
    share: u32,
    least: Duration,
    next: Option<Instant>,
}

impl Throttle {
    /// See the type.
    pub const fn new(share: u32, least: Duration) -> Self {
        Self {
            share,
            least,
            next: None,
        }
    }

    /// Whether it may happen now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next.is_none_or(|next| now >= next)
    }

    /// It happened, ended `now` and took `spent`.
    pub fn done(&mut self, now: Instant, spent: Duration) {
        self.next = Some(now + (spent * self.share).max(self.least));
    }

    /// The next time may be at once.
    pub const fn reset(&mut self) {
        self.next = None;
    }
}

/// Steps per second over the last second or so.
#[derive(Clone, Debug, Default)]
pub struct SpeedMeter {
    window: Vec<(Instant, u64)>,
}

impl SpeedMeter {
    /// `step` steps had been taken at `now`.
    pub fn note(&mut self, now: Instant, step: u64) {
        self.window.push((now, step));
        let cut = self
            .window
            .partition_point(|(at, _)| now.duration_since(*at) > Duration::from_millis(1500));
        self.window.drain(..cut.min(self.window.len().saturating_sub(2)));
    }

    /// Steps per second; 0 before there is a span to measure.
    pub fn per_sec(&self) -> f64 {
        match (self.window.first(), self.window.last()) {
            (Some(a), Some(b)) if b.0 > a.0 => b.1.saturating_sub(a.1) as f64 / (b.0 - a.0).as_secs_f64(),
            _ => 0.0,
        }
    }

    /// Forgets the past (after a pause or a reset).
    pub fn clear(&mut self) {
        self.window.clear();
    }
}
