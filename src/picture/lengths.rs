//! How long the chords of a coupling are: a histogram, and beside it that of the cheapest pairs of the same points.

use rust_i18n::t;

use super::color::Theme;
use super::figure::{Chart, ChartAxis, Series};
use crate::engine::coupling::CouplingReport;
use crate::flow::measure::length_counts;

/// The index, among a report's costs, of the one whose cheapest pairs are compared: |.|^2.
pub const SQUARED: usize = 1;

/// Counts of chords by length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The length at which the last bin ends, data units; bins are even from 0 on.
    pub longest: f64,
    /// Chords in each bin.
    pub counts: Vec<u32>,
    /// The same of the cheapest pairs for |.|^2, where they are known.
    pub best: Option<Vec<u32>>,
}

impl Histogram {
    /// Of a report, with as many bins as its chords fill.
    pub fn of(report: &CouplingReport) -> Self {
        let best = report.costs[SQUARED].optimum.best();
        let all = report.lengths.iter().chain(best.map_or(&[][..], |b| &b.lengths));
        let longest = all.copied().filter(|l| l.is_finite()).fold(0.0, f64::max);
        // twice the root of the count: 21 bins for 120 chords
        let bins = ((2.0 * (report.lengths.len() as f64).sqrt()) as usize).clamp(10, 48);
        let longest = if longest > 0.0 { round_up(longest) } else { 1.0 };
        Self {
            counts: length_counts(&report.lengths, longest, bins),
            best: best.map(|b| length_counts(&b.lengths, longest, bins)),
            longest,
        }
    }

    /// The greatest count.
    pub fn most(&self) -> u32 {
        let best = self.best.iter().flatten();
        self.counts.iter().chain(best).copied().max().unwrap_or(0)
    }

    /// The outline of counts as steps, from the axis and back to it: (length, count).
    pub fn outline(&self, counts: &[u32]) -> Vec<[f64; 2]> {
        let width = self.longest / counts.len().max(1) as f64;
        let mut points = vec![[0.0, 0.0]];
        for (k, &count) in counts.iter().enumerate() {
            let (from, to) = (k as f64 * width, (k + 1) as f64 * width);
            points.extend([[from, f64::from(count)], [to, f64::from(count)]]);
        }
        points.push([self.longest, 0.0]);
        points
    }

    /// As a chart.
    pub fn chart(&self, theme: Theme) -> Chart {
        let palette = theme.palette();
        let series = |key: &str, counts: &[u32], color, dashed| Series {
            name: t!(key).into_owned(),
            points: self.outline(counts),
            color,
            dashed,
            faint: false,
            dots: None,
        };
        let mut all = vec![series("couplings.these", &self.counts, palette.chord, false)];
        all.extend(
            self.best
                .as_ref()
                .map(|best| series("couplings.cheapest", best, palette.exact, true)),
        );
        Chart {
            x: ChartAxis {
                label: t!("couplings.length").into_owned(),
                ..ChartAxis::default()
            },
            y: ChartAxis {
                label: t!("couplings.count").into_owned(),
                include: vec![0.0],
                ..ChartAxis::default()
            },
            series: all,
        }
    }
}

/// The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten: an axis ends at a number that can be read.
fn round_up(x: f64) -> f64 {
    let power = 10f64.powf(x.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0];
    // a hair of rounding must not cost a step
    let fits = steps.into_iter().find(|s| s * power >= x * (1.0 - 1e-12));
    fits.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::engine::coupling::report;

    #[test]
    fn all_chords_are_counted_and_the_cheapest_are_shorter() {
        // two chords that cross: the cheapest are level
        let pairs = Arc::new(vec![[0.0, 0.0, 4.0, 3.0], [0.0, 3.0, 4.0, 0.0]]);
        let histogram = Histogram::of(&report(&pairs, 4.0, &AtomicBool::new(false), &|_| ()));
        assert_eq!(histogram.longest, 5.0);
        assert_eq!(histogram.counts.iter().sum::<u32>(), 2);
        assert_eq!(histogram.counts.last(), Some(&2), "both have length 5");
        let best = histogram.best.as_ref().expect("two chords are soon assigned");
        assert_eq!(best[best.len() * 4 / 5], 2, "both have length 4: {best:?}");
        assert_eq!(histogram.most(), 2);
        let outline = histogram.outline(&histogram.counts);
        assert_eq!((outline[0], outline[outline.len() - 1]), ([0.0, 0.0], [5.0, 0.0]));
        let chart = histogram.chart(Theme::Print);
        assert_eq!(chart.series.len(), 2);
        assert!(chart.series[1].dashed && !chart.series[0].dashed);
    }

    #[test]
    fn chords_of_no_length_have_a_histogram() {
        let pairs = Arc::new(vec![[1.0; 4]; 3]);
        let histogram = Histogram::of(&report(&pairs, 4.0, &AtomicBool::new(true), &|_| ()));
        assert_eq!((histogram.longest, histogram.counts[0], histogram.best), (1.0, 3, None));
        assert_eq!(
            [round_up(4.01), round_up(9.0), round_up(0.12), round_up(1200.0)],
            [5.0, 10.0, 0.12, 1200.0]
        );
    }
}
