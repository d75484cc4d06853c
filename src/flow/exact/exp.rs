//! exp of eight numbers at a time, without branches or table look-ups, so that the compiler makes vector code of it.

/// Numbers handled together.
pub(super) const LANES: usize = 8;

/// 1.5 * 2^52: adding it rounds to a whole number, which then sits in the low bits.
const ROUND: f64 = 6755399441055744.0;
/// ln 2 as a number of few bits (so that n times it is exact) and the rest (Cody and Waite).
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// exp(x) for x <= 0, to 1e-15 relative; below -700 it is exp(-700) = 1e-304 (as good as 0 beside a term of exp(0)).
#[inline]
pub(super) fn exp_of_negative(x: [f64; LANES]) -> [f64; LANES] {
    let mut out = [0.0; LANES];
    for (o, x) in out.iter_mut().zip(x) {
        let x = if x > -700.0 { x } else { -700.0 };
        let shifted = x * std::f64::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = (x - n * LN2_HIGH) - n * LN2_LOW;
        // Taylor's series on |r| <= ln(2) / 2: the first term left out is r^13 / 13! < 2e-16
        let mut sum = 1.0 / 479001600.0;
        for factor in [
            1.0 / 39916800.0,
            1.0 / 3628800.0,
            1.0 / 362880.0,
            1.0 / 40320.0,
            1.0 / 5040.0,
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            sum = sum * r + factor;
        }
        // 2^n by its exponent bits
        let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
        *o = sum * power;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_librarys_exp() {
        for i in 0..20_000 {
            let x: [f64; LANES] = std::array::from_fn(|lane| -0.0349 * f64::from(i) - 0.004 * lane as f64);
            for (x, got) in x.into_iter().zip(exp_of_negative(x)) {
                let want = x.max(-700.0).exp();
                // a few roundings
                assert!((got / want - 1.0).abs() < 2e-15, "exp({x}): {got} {want}");
            }
        }
        assert_eq!(exp_of_negative([0.0; LANES]), [1.0; LANES]);
        assert!(exp_of_negative([f64::NEG_INFINITY; LANES])[3] < 1e-300);
    }
}
