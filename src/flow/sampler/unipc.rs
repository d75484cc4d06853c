//! `UniPC` in the data form (Zhao et al. 2023, arXiv 2302.04867, algorithms 5 to 8): a predictor and a corrector that share
//! their evaluations. The network's value at the predicted point corrects that point and is kept for later steps as
//! it is; the last step has no corrector, so evaluations = steps.

use super::exponential::{Leap, psi1};
use super::maker::{Form, Maker};
use super::{Plan, Table};

/// Which B(h) scales the differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variant {
    /// B(h) = h.
    Bh1,
    /// B(h) = e^h - 1.
    Bh2,
}

/// `UniPC` of this order, 2 or 3.
pub(super) fn table(plan: &Plan, variant: Variant, order: usize) -> Table {
    let mut maker = Maker::new(plan);
    let lambdas: Vec<f64> = maker.times.iter().map(|&t| plan.path.lambda(t)).collect();
    maker.eval(0, maker.times[0], Form::Data);
    for k in 0..maker.steps() {
        let (t, t_next) = (maker.times[k], maker.times[k + 1]);
        let leap = Leap::new(Form::Data, plan.path, t, t_next);
        let used = order.min(k + 1);
        let h = lambdas[k + 1] - lambdas[k];
        // nodes of the outputs before this step's start, in units of the step
        let r: Vec<f64> = (1..used).map(|back| (lambdas[k - back] - lambdas[k]) / h).collect();
        let slots: Vec<usize> = (0..used).map(|back| (k - back) % 4).collect();
        let weights = weights(variant, leap.z, &r, false);
        maker.state(leap.lead, &outputs(&leap, &slots, &weights));
        if k + 1 < maker.steps() {
            let next = (k + 1) % 4;
            maker.eval(next, t_next, Form::Data);
            let nodes: Vec<f64> = r.iter().copied().chain([1.0]).collect();
            let weights = self::weights(variant, leap.z, &nodes, true);
            let slots: Vec<usize> = slots.into_iter().chain([next]).collect();
            maker.state(leap.lead, &outputs(&leap, &slots, &weights));
        }
        maker.end_step();
    }
    maker.finish()
}

fn outputs(leap: &Leap, slots: &[usize], weights: &[f64]) -> Vec<(usize, f64)> {
    let factors = weights.iter().map(|w| -leap.factor * w);
    slots.iter().copied().zip(factors).collect()
}

/// Weights of the output at the step's start and of those at the nodes `r`:
/// `psi1(z) m_0 + B sum_i rho_i (m_i - m_0) / r_i`.
fn weights(variant: Variant, z: f64, r: &[f64], corrector: bool) -> Vec<f64> {
    let b = match variant {
        Variant::Bh1 => z,
        Variant::Bh2 => psi1(z),
    };
    let rho = match (r.len(), corrector) {
        // the order-2 predictor and the order-1 corrector, by the authors' choice
        (1, _) => vec![0.5],
        _ => solve(z, b, r),
    };
    let mut weights = vec![psi1(z)];
    for (rho, r) in rho.iter().zip(r) {
        weights[0] -= b * rho / r;
        weights.push(b * rho / r);
    }
    weights
}

/// The rho of `sum_i r_i^(n-1) rho_i = n! phi_{n+1}(z) z / B`, n = 1 to the number of nodes (equation 11 of the paper).
fn solve(z: f64, b: f64, r: &[f64]) -> Vec<f64> {
    let n = r.len();
    let mut rows = vec![vec![0.0; n + 1]; n];
    let (mut phi, mut factorial) = (psi1(z) / z - 1.0, 1.0);
    for (power, row) in rows.iter_mut().enumerate() {
        for (entry, r) in row.iter_mut().zip(r) {
            *entry = r.powi(power as i32);
        }
        row[n] = phi * factorial / b;
        factorial *= (power + 2) as f64;
        phi = phi / z - 1.0 / factorial;
    }
    eliminate(rows)
}

/// Gaussian elimination with pivots: the solution of `n` rows of `n` factors and a right side.
fn eliminate(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&i, &j| rows[i][column].abs().total_cmp(&rows[j][column].abs()));
        rows.swap(column, pivot.unwrap_or(column));
        let lead = rows[column].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != column {
                let factor = row[column] / lead[column];
                for (entry, l) in row.iter_mut().zip(&lead) {
                    *entry -= factor * l;
                }
            }
        }
    }
    (0..n).map(|i| rows[i][n] / rows[i][i]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elimination_solves() {
        let x = eliminate(vec![
            vec![0.0, 2.0, 1.0, 5.0],
            vec![1.0, 1.0, 1.0, 6.0],
            vec![4.0, -1.0, 2.0, 7.0],
        ]);
        // 2y + z = 5, x + y + z = 6, 4x - y + 2z = 7
        let residuals = [
            2.0 * x[1] + x[2] - 5.0,
            x[0] + x[1] + x[2] - 6.0,
            4.0 * x[0] - x[1] + 2.0 * x[2] - 7.0,
        ];
        assert!(residuals.iter().all(|r| r.abs() < 1e-13), "{x:?}");
    }
}
