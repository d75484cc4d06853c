//! The loss curve of a run: batch losses averaged over intervals, thinned as it grows.

/// At most this many points are kept; beyond it, neighbors are merged and the interval doubles.
const MOST: usize = 2000;

/// Batch losses averaged over intervals of a power-of-two number of steps.
#[derive(Clone, Debug, PartialEq)]
pub struct LossCurve {
    points: Vec<[f64; 2]>,
    interval: u64,
    sum: f64,
    count: u64,
}

impl Default for LossCurve {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            interval: 4,
            sum: 0.0,
            count: 0,
        }
    }
}

impl LossCurve {
    /// Takes in the losses of the steps that ended with step `last` (counted from 1).
    pub fn extend(&mut self, last: u64, losses: &[f32]) {
        let first = last - losses.len() as u64;
        for (i, &loss) in losses.iter().enumerate() {
            self.sum += f64::from(loss);
            self.count += 1;
            let step = first + i as u64 + 1;
            if self.count >= self.interval {
                let middle = step as f64 - (self.count - 1) as f64 / 2.0;
                self.points.push([middle, self.sum / self.count as f64]);
                (self.sum, self.count) = (0.0, 0);
                if self.points.len() >= MOST {
                    self.thin();
                }
            }
        }
    }

    fn thin(&mut self) {
        self.points = self
            .points
            .chunks_exact(2)
            .map(|p| [f64::midpoint(p[0][0], p[1][0]), f64::midpoint(p[0][1], p[1][1])])
            .collect();
        self.interval *= 2;
    }

    /// Forgets what came after step `step`.
    pub fn truncate(&mut self, step: u64) {
        self.points.retain(|p| p[0] <= step as f64);
        (self.sum, self.count) = (0.0, 0);
    }

    /// (step, mean batch loss), oldest first.
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The curve as a file keeps it.
    pub fn record(&self) -> Vec<(u64, f32)> {
        self.points.iter().map(|p| (p[0].round() as u64, p[1] as f32)).collect()
    }

    /// A curve from its record.
    pub fn from_record(record: &[(u64, f32)]) -> Self {
        let mut interval = 4;
        if let [.., (a, _), (b, _)] = record {
            interval = (b - a).max(4).next_power_of_two();
        }
        Self {
            points: record.iter().map(|&(s, l)| [s as f64, f64::from(l)]).collect(),
            interval,
            sum: 0.0,
            count: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_mean_and_the_order() {
        let mut curve = LossCurve::default();
        for step in 0..100_000_u64 {
            curve.extend(step + 1, &[step as f32]);
        }
        assert!(curve.points().len() <= MOST && curve.points().len() > MOST / 4);
        for p in curve.points() {
            // the loss of step s (from 1) was s - 1, so every average is its own middle less one
            assert!((p[1] - (p[0] - 1.0)).abs() < 1e-6, "{p:?}");
        }
        assert!(curve.points().windows(2).all(|w| w[0][0] < w[1][0]));
    }

    #[test]
    fn chunks_do_not_matter() {
        let losses: Vec<f32> = (0..1000).map(|i| (i as f32).sin()).collect();
        let (mut a, mut b) = (LossCurve::default(), LossCurve::default());
        a.extend(1000, &losses);
        for (i, chunk) in losses.chunks(7).enumerate() {
            b.extend((i * 7 + chunk.len()) as u64, chunk);
        }
        assert_eq!(a, b);
    }
}
