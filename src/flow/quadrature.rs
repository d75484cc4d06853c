//! Gauss-Legendre quadrature.

use std::f64::consts::PI;

/// The `n` nodes and weights of Gauss-Legendre quadrature on (0, 1), nodes increasing, weights summing to 1:
/// exact for polynomials up to degree 2n - 1. Newton's method on the Legendre polynomial, whose values come from
/// `(k+1) P_{k+1} = (2k+1) x P_k - k P_{k-1}`.
pub fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    let mut nodes = vec![(0.5, 1.0); n];
    for i in 0..n.div_ceil(2) {
        let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        // the start is within O(1/n^2) of the root, so Newton doubles its digits at once; 5 rounds reach the last bit
        for _ in 0..5 {
            let (value, d) = legendre(n, x);
            slope = d;
            x -= value / d;
        }
        let weight = 1.0 / ((1.0 - x * x) * slope * slope);
        nodes[i] = (0.5 - 0.5 * x, weight);
        nodes[n - 1 - i] = (0.5 + 0.5 * x, weight);
    }
    nodes
}

/// `P_n` and its derivative at x in (-1, 1).
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 1..n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0));
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::close::assert_close;

    #[test]
    fn integrates_polynomials_up_to_its_degree() {
        for n in [1, 2, 3, 8, 33] {
            for degree in 0..(2 * n).min(24) {
                let got: f64 = gauss_legendre(n).iter().map(|(x, w)| w * x.powi(degree as i32)).sum();
                assert_close(
                    &[got],
                    &[1.0 / (degree as f64 + 1.0)],
                    1e-14,
                    &format!("{n} nodes, x^{degree}"),
                );
            }
        }
    }

    #[test]
    fn many_nodes_stay_accurate() {
        let nodes = gauss_legendre(512);
        assert!(nodes.windows(2).all(|w| w[0].0 < w[1].0));
        let got: f64 = nodes.iter().map(|(x, w)| w * (100.0 * x).cos()).sum();
        assert_close(&[got], &[100.0_f64.sin() / 100.0], 1e-13, "cos(100 x)");
    }
}
