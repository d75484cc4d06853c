//! Tables for a network whose raw output is not the velocity itself: the same micro-operations, with the conversion in their
//! coefficients, so that neither interpreter nor kernel knows of it.

use super::{MicroOp, OUT0, REGISTERS, Table};
use crate::flow::prediction::{Output, Prediction};

impl Table {
    /// This table, written for a velocity field, for a network of this output: every `a x + b v` becomes
    /// `a x + b (c x + d N(input x, time))`. The scaled point goes through the register that the evaluation is about to write.
    pub fn through(&self, output: &Output) -> Self {
        if output.is_plain() {
            return self.clone();
        }
        let mut ops = Vec::with_capacity(self.ops.len() * 2);
        for op in &self.ops {
            let MicroOp::Eval { out, at, t, a, b } = *op else {
                ops.push(*op);
                continue;
            };
            let known = output.to(Prediction::Velocity, t);
            let mut coefficients = [0.0; REGISTERS];
            coefficients[at] = known.input;
            let into = OUT0 + out;
            ops.push(MicroOp::Combine { into, coefficients });
            ops.push(MicroOp::Eval {
                out,
                at: into,
                t: known.time,
                a: (a + b * known.x) / known.input,
                b: b * known.net,
            });
        }
        Self {
            ops,
            times: self.times.clone(),
            evaluations: self.evaluations,
            noises: self.noises.clone(),
            noise_seed: self.noise_seed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::super::{Grid, Sampler, interpret, table};
    use super::*;
    use crate::flow::close::assert_close_points;
    use crate::flow::path::{PATHS, Path};

    /// Some smooth raw network.
    fn raw(x: [f64; 2], t: f64) -> [f64; 2] {
        [(x[0] + t).sin(), (0.5 * x[1] - x[0] * t).cos()]
    }

    #[test]
    fn the_network_through_its_table_is_the_velocity_through_the_plain_one() {
        let start = [[0.3, -1.0], [2.0, 0.1], [-1.2, 1.7]];
        for entry in &PATHS {
            let path = Path::default_of(entry.name).expect(entry.name);
            for prediction in Prediction::ALL {
                let output = Output::new(path, prediction, 1.7);
                let (from, to) = path.ends(crate::flow::lens::Lens::FlowMatching, false);
                for sampler in [Sampler::Euler, Sampler::Rk4] {
                    let plain = table(sampler, 0.5, Grid::Uniform, 6, from, to).expect("a table");
                    let Ok(want) = interpret(&plain, &start, true, |points, t, out| {
                        let k = output.to(Prediction::Velocity, t);
                        for (x, o) in points.iter().zip(out) {
                            let n = raw(x.map(|c| k.input * c), k.time);
                            *o = [0, 1].map(|c| k.x * x[c] + k.net * n[c]);
                        }
                        Ok::<(), Infallible>(())
                    });
                    let Ok(got) = interpret(&plain.through(&output), &start, true, |points, t, out| {
                        for (x, o) in points.iter().zip(out) {
                            *o = raw(*x, t);
                        }
                        Ok::<(), Infallible>(())
                    });
                    assert_eq!((&got.times, got.evaluations), (&want.times, want.evaluations));
                    let size = want.states.iter().flatten().fold(1.0_f64, |m, c| m.max(c.abs()));
                    // rounding, carried on by steps as steep as VE's
                    assert_close_points(
                        &got.states,
                        &want.states,
                        1e-9 * size,
                        &format!("{path:?} {prediction:?}"),
                    );
                }
            }
        }
    }
}
