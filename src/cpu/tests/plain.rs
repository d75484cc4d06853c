//! The plain twin against figures computed in `PyTorch` and against central differences.

use super::{LOSSES, assert_tensors, cases, flat};
use crate::cpu::reference;

#[test]
fn the_plain_twin_gives_pytorchs_losses_and_gradients() {
    for case in cases() {
        for (name, loss) in LOSSES {
            let what = format!("{} {name}", case.json["activation"]);
            let (value, gradient) = reference::loss_and_gradient(&case.shape, &case.params, &case.rows, loss);
            let want = &case.json[name];
            // f64 against f64 printed with 12 digits after the point
            assert!((value - want["loss"].as_f64().unwrap()).abs() <= 1e-10, "{what}");
            assert_tensors(&case.shape, &gradient, &flat(&want["gradients"]), 1e-9, &what);
        }
    }
}

#[test]
fn the_plain_twins_gradient_is_the_central_difference() {
    for case in cases() {
        let mut rows = case.rows.clone();
        rows.weights = (0..16).map(|i| 0.5 + 0.1 * f64::from(i)).collect();
        for (name, loss) in LOSSES {
            let (_, gradient) = reference::loss_and_gradient(&case.shape, &case.params, &rows, loss);
            let h = 1e-6;
            for i in (0..case.params.len()).step_by(7) {
                let at = |d: f64| {
                    let mut p = case.params.clone();
                    p[i] += d;
                    reference::loss_and_gradient(&case.shape, &p, &rows, loss).0
                };
                let slope = (at(h) - at(-h)) / (2.0 * h);
                // rounding 1e-16 / 1e-6, truncation 1e-12: 1e-8 leaves room; no relu kink lies within 1e-6 here
                assert!(
                    (slope - gradient[i]).abs() < 1e-8,
                    "{} {name} {i}: {slope} {}",
                    case.json["activation"],
                    gradient[i]
                );
            }
        }
    }
}
