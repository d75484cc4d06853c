//! Whole steps: optimizers against PyTorch and by hand, faults, threads, slots.

use super::{cases, checkpoint, feed, flat, job};
use crate::cpu::simd::Isa;
use crate::cpu::train::Run;
use crate::flow::loss::Loss;
use crate::net::{Optimizer, OptimizerKind, Schedule};

#[test]
fn ten_steps_of_adam_and_adamw_are_pytorchs() {
    for isa in Isa::available() {
        for case in cases() {
            for (name, kind, weight_decay) in [("adam", OptimizerKind::Adam, 0.0), ("adamw", OptimizerKind::Adamw, 0.1)]
            {
                let what = format!("{isa:?} {} {name}", case.json["activation"]);
                let optimizer = Optimizer {
                    kind,
                    weight_decay,
                    learning_rate: case.json[name]["lr"].as_f64().unwrap(),
                    schedule: Schedule::Constant,
                    batch: 16,
                    ..Optimizer::default()
                };
                let mut run = Run::new(
                    isa,
                    1,
                    job(&case.shape, Loss::Mse, optimizer),
                    &checkpoint(&case.params),
                );
                let mut losses: Vec<f64> = (0..10).map(|_| run.step_on(16, feed(&case.rows))).collect();
                losses.push(run.learn(16, feed(&case.rows)));
                let mut want = flat(&case.json[name]["losses"]);
                want.push(case.json[name]["final_loss"].as_f64().unwrap());
                assert_eq!(losses.len(), want.len(), "{what}");
                for (step, (got, want)) in losses.iter().zip(&want).enumerate() {
                    // f32 over ten steps, where Adam divides small moments
                    assert!(
                        (got - want).abs() <= 1e-5 * want,
                        "{what}, step {step}: {got} is not {want}"
                    );
                }
            }
        }
    }
}
