//! The comparison that every numeric test uses: it fails on a wrong value, on NaN, and on a missing one.

/// Checks `got` against `want` entry by entry within `tol` (absolute).
///
/// # Panics
/// Where a difference is over `tol` or not a number, naming the worst entry; where the lengths differ; where `tol` itself
/// is not a finite number >= 0.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tol: f64, what: &str) {
    if let Err(message) = compare(got, want, tol) {
        panic!("{what}: {message}");
    }
}

/// [`assert_close`] for f32 entries.
///
/// # Panics
/// As [`assert_close`].
#[track_caller]
pub fn assert_close_f32(got: &[f32], want: &[f32], tol: f64, what: &str) {
    let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    if let Err(message) = compare(&wide(got), &wide(want), tol) {
        panic!("{what}: {message}");
    }
}

/// [`assert_close`] for points of any float type, coordinate by coordinate.
///
/// # Panics
/// As [`assert_close`].
#[track_caller]
pub fn assert_close_points<A, B>(got: &[[A; 2]], want: &[[B; 2]], tol: f64, what: &str)
where
    A: Copy + Into<f64>,
    B: Copy + Into<f64>,
{
    let got: Vec<f64> = got.iter().flatten().map(|&v| v.into()).collect();
    let want: Vec<f64> = want.iter().flatten().map(|&v| v.into()).collect();
    if let Err(message) = compare(&got, &want, tol) {
        panic!("{what}: {message}");
    }
}

fn compare(got: &[f64], want: &[f64], tol: f64) -> Result<(), String> {
    if !(tol >= 0.0 && tol.is_finite()) {
        return Err(format!("tolerance {tol} is not a finite number >= 0"));
    }
    if got.len() != want.len() {
        return Err(format!("{} values, expected {}", got.len(), want.len()));
    }
    let mut worst: Option<(usize, f64)> = None;
    let mut count = 0;
    for (index, (g, w)) in got.iter().zip(want).enumerate() {
        let diff = (g - w).abs();
        // `diff > tol` would let NaN pass, so the good case is spelled out and negated
        let good = diff <= tol;
        if !good {
            count += 1;
            let worse = worst.is_none_or(|(_, d)| !d.is_nan() && (diff.is_nan() || diff > d));
            if worse {
                worst = Some((index, diff));
            }
        }
    }
    match worst {
        None => Ok(()),
        Some((index, diff)) => Err(format!(
            "{count} of {} values differ; worst at {index}: got {}, expected {}, difference {diff:e} over {tol:e}",
            got.len(),
            got[index],
            want[index]
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_and_values_within_the_tolerance_pass() {
        assert_close(&[1.0, 2.0], &[1.0, 2.0], 0.0, "equal");
        assert_close(&[1.0, 2.0], &[1.05, 1.95], 0.06, "near");
        assert_close_f32(&[0.5], &[0.5], 0.0, "f32");
        assert_close_points(&[[1.0_f32, 2.0]], &[[1.0_f64, 2.0]], 0.0, "points");
        assert_close(&[], &[], 0.0, "nothing");
    }

    #[test]
    #[should_panic(expected = "wrong: 1 of 3 values differ; worst at 1: got 2.5, expected 2")]
    fn a_wrong_value_fails() {
        assert_close(&[1.0, 2.5, 3.0], &[1.0, 2.0, 3.0], 0.4, "wrong");
    }

    #[test]
    #[should_panic(expected = "worst at 1")]
    fn nan_fails_and_is_worse_than_any_number() {
        assert_close(&[9.0, f64::NAN, 3.0], &[1.0, 2.0, 3.0], 1.0, "NaN");
    }

    #[test]
    #[should_panic(expected = "worst at 0")]
    fn nan_in_what_is_expected_fails() {
        assert_close(&[f64::NAN], &[f64::NAN], 1.0, "NaN");
    }

    #[test]
    #[should_panic(expected = "2 values, expected 3")]
    fn a_short_slice_fails() {
        assert_close(&[1.0, 2.0], &[1.0, 2.0, 3.0], 1.0, "short");
    }

    #[test]
    #[should_panic(expected = "worst at 0")]
    fn infinite_values_fail() {
        assert_close(&[f64::INFINITY], &[1.0], 1.0, "infinite");
    }

    #[test]
    #[should_panic(expected = "tolerance")]
    fn a_tolerance_that_lets_all_pass_fails() {
        assert_close(&[1.0], &[2.0], f64::INFINITY, "tolerance");
    }

    #[test]
    #[should_panic(expected = "f32: 1 of 2")]
    fn a_wrong_f32_fails() {
        assert_close_f32(&[1.0, f32::NAN], &[1.0, 1.0], 1.0, "f32");
    }
}
