//! Sine and cosine for drawing points on curves: the same bits on every platform (the standard library's are the platform's),
//! and without branches, so that a processor can overlap them.

/// (sin, cos) of an angle of size up to about 1,000, within 3e-16 plus the rounding of the angle.
///
/// The angle is brought to [-pi/4, pi/4] by whole quarter turns and the Taylor series are summed there, to x^17 and x^18:
/// the first terms left out are below 1e-19.
#[inline]
pub fn sin_cos(angle: f64) -> (f64, f64) {
    // pi/2 in two parts, so that subtracting whole multiples loses nothing
    const QUARTER_HIGH: f64 = f64::from_bits(0x3FF9_21FB_5440_0000);
    const QUARTER_LOW: f64 = 6.077_100_506_506_192e-11;
    // adding and taking away 1.5 * 2^52 rounds to a whole number, which then sits in the lowest bits
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let rounded = angle * std::f64::consts::FRAC_2_PI + ROUND;
    let turns = rounded - ROUND;
    let x = (angle - turns * QUARTER_HIGH) - turns * QUARTER_LOW;
    let square = x * x;
    let sin = x + x * square * series(square, &SIN);
    let cos = 1.0 - 0.5 * square + square * square * series(square, &COS);
    let quarter = rounded.to_bits();
    // odd quarters swap the two, bit by bit so that no branch depends on the angle
    let swap = (sin.to_bits() ^ cos.to_bits()) & (quarter & 1).wrapping_neg();
    let flip_sin = (quarter & 2) << 62;
    let flip_cos = ((quarter + 1) & 2) << 62;
    (
        f64::from_bits(sin.to_bits() ^ swap ^ flip_sin),
        f64::from_bits(cos.to_bits() ^ swap ^ flip_cos),
    )
}

/// -1/3!, 1/5!, ...
const SIN: [f64; 8] = [
    -1.0 / 6.0,
    1.0 / 120.0,
    -1.0 / 5040.0,
    1.0 / 362_880.0,
    -1.0 / 39_916_800.0,
    1.0 / 6_227_020_800.0,
    -1.0 / 1_307_674_368_000.0,
    1.0 / 355_687_428_096_000.0,
];
/// 1/4!, -1/6!, ...
const COS: [f64; 8] = [
    1.0 / 24.0,
    -1.0 / 720.0,
    1.0 / 40_320.0,
    -1.0 / 3_628_800.0,
    1.0 / 479_001_600.0,
    -1.0 / 87_178_291_200.0,
    1.0 / 20_922_789_888_000.0,
    -1.0 / 6_402_373_705_728_000.0,
];

#[inline]
fn series(x: f64, c: &[f64; 8]) -> f64 {
    // pairs first: half the depth of Horner's rule
    let y = x * x;
    let z = y * y;
    let low = (c[0] + c[1] * x) + (c[2] + c[3] * x) * y;
    let high = (c[4] + c[5] * x) + (c[6] + c[7] * x) * y;
    low + high * z
}

#[cfg(test)]
mod tests {
    use crate::flow::close::assert_close;

    #[test]
    fn agrees_with_the_standard_library() {
        for k in -20_000..=20_000 {
            let angle = 0.049 * f64::from(k);
            let (sin, cos) = super::sin_cos(angle);
            // 3e-16 of our own and 1e-16 of the library's, plus the angle's: its reduction is exact to 1e-20 a quarter turn
            assert_close(
                &[sin, cos],
                &[angle.sin(), angle.cos()],
                5e-16,
                &format!("angle {angle}"),
            );
        }
    }

    #[test]
    fn quarter_turns_are_where_they_belong() {
        for (k, want) in [[0.0, 1.0], [1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]]
            .into_iter()
            .enumerate()
        {
            let (sin, cos) = super::sin_cos(k as f64 * std::f64::consts::FRAC_PI_2);
            assert_close(&[sin, cos], &want, 4e-16, &format!("{k} quarter turns"));
        }
    }
}
