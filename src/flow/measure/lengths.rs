//! How long chords are, and what carrying along them costs.

use super::less;
use crate::flow::Point;

/// The length of each chord from `starts[i]` to `ends[i]`, data units.
pub fn chord_lengths(starts: &[Point], ends: &[Point]) -> Vec<f64> {
    starts.iter().zip(ends).map(|(a, b)| less(*b, *a).length()).collect()
}

/// The mean of `length^p`, data units to the power p, p >= 0; NaN of none.
pub fn mean_power(lengths: &[f64], p: f64) -> f64 {
    lengths.iter().map(|length| length.powf(p)).sum::<f64>() / lengths.len() as f64
}

/// How many of the lengths lie in each of `bins` even parts of [0, `longest`]; longer ones are in the last.
pub fn length_counts(lengths: &[f64], longest: f64, bins: usize) -> Vec<u32> {
    let mut counts = vec![0; bins.max(1)];
    let last = counts.len() - 1;
    for length in lengths.iter().filter(|l| l.is_finite()) {
        let bin = (length / longest * bins as f64) as usize;
        counts[bin.min(last)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;
    use crate::flow::measure::transport_cost;

    #[test]
    fn lengths_costs_and_counts() {
        let (starts, ends) = (
            [[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]],
            [[3.0, 4.0], [1.0, 1.0], [2.0, 2.0]],
        );
        let lengths = chord_lengths(&starts, &ends);
        assert_eq!(lengths, [5.0, 0.0, 2.0]);
        for p in [0.5, 1.0, 2.0, 3.3] {
            let states: Vec<Point> = starts.iter().zip(&ends).flat_map(|(a, b)| [*a, *b]).collect();
            let want = transport_cost(&[0.0, 1.0], &states, p);
            assert_close(
                &[mean_power(&lengths, p)],
                &[want],
                1e-13 * want,
                "two ways to one cost",
            );
        }
        assert!(mean_power(&[], 2.0).is_nan());
        // the longest belongs to the last bin, what is no number to none
        assert_eq!(length_counts(&[5.0, 0.0, 2.0, f64::NAN, 9.0], 5.0, 5), [1, 0, 1, 0, 2]);
        assert_eq!(length_counts(&[0.0, 0.0], 0.0, 4), [2, 0, 0, 0], "all of no length");
    }
}
