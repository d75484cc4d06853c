//! Flow time t: plays from 0 to 1, rests a moment at the end so that the result can be seen, and begins again.

use crate::lab::ClockSettings;

/// Seconds from t = 0 to t = 1 at speed 1.
pub const PASS_SECS: f64 = 4.0;
/// Seconds of rest at t = 1 before the next pass.
pub const HOLD_SECS: f64 = 1.2;
/// The offered speeds.
pub const SPEEDS: [f64; 5] = [0.125, 0.25, 0.5, 1.0, 2.0];

/// The clock of the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlowClock {
    /// Flow time, in [0, 1].
    pub t: f64,
    /// Whether it runs.
    pub playing: bool,
    /// Seconds rested at the end.
    held_secs: f64,
}

impl Default for FlowClock {
    fn default() -> Self {
        Self {
            t: 0.0,
            playing: true,
            held_secs: 0.0,
        }
    }
}

impl FlowClock {
    /// Lets `dt_secs` of wall time pass, as the lab's settings say.
    pub fn advance(&mut self, dt_secs: f64, settings: ClockSettings) {
        if !self.playing {
            return;
        }
        if self.t < 1.0 {
            self.t = (self.t + dt_secs * settings.speed / PASS_SECS).min(1.0);
            self.held_secs = 0.0;
        } else if settings.looping {
            self.held_secs += dt_secs;
            if self.held_secs >= HOLD_SECS {
                self.t = 0.0;
                self.held_secs = 0.0;
            }
        } else {
            self.playing = false;
        }
    }

    /// Play or pause; playing from the end begins anew.
    pub fn toggle(&mut self) {
        self.playing = !self.playing;
        if self.playing && self.t >= 1.0 {
            self.t = 0.0;
        }
        self.held_secs = 0.0;
    }

    /// Goes to a time and rests there.
    pub fn scrub(&mut self, t: f64) {
        self.t = t.clamp(0.0, 1.0);
        self.playing = false;
        self.held_secs = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_at_the_end_and_begins_again() {
        let (mut clock, usual) = (FlowClock::default(), ClockSettings::default());
        clock.advance(PASS_SECS * 0.25, usual);
        assert!((clock.t - 0.25).abs() < 1e-12);
        clock.advance(PASS_SECS, usual);
        assert_eq!(clock.t, 1.0);
        clock.advance(HOLD_SECS * 0.9, usual);
        assert_eq!(clock.t, 1.0);
        clock.advance(HOLD_SECS * 0.2, usual);
        assert_eq!(clock.t, 0.0);
    }

    #[test]
    fn without_a_loop_it_stops_and_plays_anew() {
        let mut clock = FlowClock::default();
        let usual = ClockSettings {
            looping: false,
            ..ClockSettings::default()
        };
        clock.advance(PASS_SECS * 2.0, usual);
        clock.advance(0.1, usual);
        assert!(!clock.playing && clock.t == 1.0);
        clock.toggle();
        assert!(clock.playing && clock.t == 0.0);
    }

    #[test]
    fn scrubbing_rests() {
        let (mut clock, usual) = (FlowClock::default(), ClockSettings::default());
        clock.scrub(1.7);
        clock.advance(1.0, usual);
        assert_eq!(clock.t, 1.0);
        assert!(!clock.playing);
    }
}
