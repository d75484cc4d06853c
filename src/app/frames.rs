//! How long frames took: the last few hundred, their percentiles and histogram. The overlay in the window and `bench --ui`
//! both tell them by this.

/// Upper ends of the histogram's bins, milliseconds; the last bin is what took longer.
pub const BIN_ENDS_MS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 25.0, 33.0, 50.0, 100.0];
/// Frames that are kept in the window.
pub const KEPT: usize = 600;

/// Times of frames, oldest first, seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FrameTimes {
    secs: Vec<f64>,
}

/// What is said of them, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quantiles {
    /// Half of the frames took longer.
    pub p50: f64,
    /// One in twenty took longer.
    pub p95: f64,
    /// One in a hundred took longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl FrameTimes {
    /// A frame took so long; the oldest go beyond [`KEPT`].
    pub fn note(&mut self, secs: f64) {
        if self.secs.len() >= KEPT {
            self.secs.drain(..=self.secs.len() - KEPT);
        }
        self.secs.push(secs);
    }

    /// Takes the times of others in, however many.
    pub fn extend(&mut self, secs: impl IntoIterator<Item = f64>) {
        self.secs.extend(secs);
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.secs.clear();
    }

    /// Oldest first, seconds.
    pub fn secs(&self) -> &[f64] {
        &self.secs
    }

    /// The nearest-rank quantiles; zeros where there are no frames.
    pub fn quantiles(&self) -> Quantiles {
        let mut sorted = self.secs.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| {
            let rank = (part * sorted.len() as f64).ceil() as usize;
            sorted.get(rank.max(1) - 1).map_or(0.0, |s| s * 1e3)
        };
        Quantiles {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: at(1.0),
        }
    }

    /// Frames a bin of [`BIN_ENDS_MS`], the last one those beyond.
    pub fn histogram(&self) -> [usize; BIN_ENDS_MS.len() + 1] {
        let mut bins = [0; BIN_ENDS_MS.len() + 1];
        for secs in &self.secs {
            bins[BIN_ENDS_MS.partition_point(|end| *end < secs * 1e3)] += 1;
        }
        bins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let mut times = FrameTimes::default();
        assert_eq!(times.quantiles(), Quantiles::default());
        // 1 to 200 ms, in no order
        times.extend((0..200).map(|k| f64::from((k * 77) % 200 + 1) * 1e-3));
        let q = times.quantiles();
        for (got, right) in [(q.p50, 100.0), (q.p95, 190.0), (q.p99, 198.0), (q.max, 200.0)] {
            assert!((got - right).abs() < 1e-9, "{got} for {right}");
        }
    }

    #[test]
    fn every_frame_is_in_one_bin() {
        let mut times = FrameTimes::default();
        times.extend([0.0005, 0.001, 0.0011, 0.05, 0.051, 0.2]);
        let bins = times.histogram();
        assert_eq!(bins.iter().sum::<usize>(), 6);
        assert_eq!((bins[0], bins[1], bins[7], bins[8], bins[9]), (2, 1, 1, 1, 1));
    }

    #[test]
    fn the_oldest_go() {
        let mut times = FrameTimes::default();
        for k in 0..KEPT + 3 {
            times.note(k as f64);
        }
        assert_eq!((times.secs().len(), times.secs()[0]), (KEPT, 3.0));
    }
}
