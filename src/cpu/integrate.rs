//! Particles through a sampler's table, in f32, chunk by chunk. Twin: `shaders/integrate.wgsl`.

use crate::flow::sampler::{MicroOp, OUT0, REGISTERS, START, STATE, STEP_START, Table};

/// Carries one chunk of particles: `field(points, t, out)` writes the field's value at every point. Writes the recorded
/// states particle-major into `states` (`start.len() * times` entries): all of them, or (not `record`) first and last.
pub fn chunk(
    table: &Table,
    start: &[[f32; 2]],
    record: bool,
    mut field: impl FnMut(&[[f32; 2]], f32, &mut [[f32; 2]]),
    states: &mut [[f32; 2]],
) {
    let n = start.len();
    let times = if record { table.times.len() } else { 2 };
    let mut registers = vec![vec![[0.0f32; 2]; n]; REGISTERS];
    for r in [STATE, STEP_START, START] {
        registers[r].copy_from_slice(start);
    }
    let mut keep = |k: usize, from: &[[f32; 2]]| {
        for (p, x) in from.iter().enumerate() {
            states[p * times + k] = *x;
        }
    };
    keep(0, start);
    let mut value = vec![[0.0f32; 2]; n];
    let mut recorded = 0;
    for op in &table.ops {
        match *op {
            MicroOp::Eval { out, at, t, a, b } => {
                field(&registers[at], t as f32, &mut value);
                let (a, b) = (a as f32, b as f32);
                for p in 0..n {
                    let x = registers[at][p];
                    registers[OUT0 + out][p] = [a * x[0] + b * value[p][0], a * x[1] + b * value[p][1]];
                }
            }
            MicroOp::Combine { into, ref coefficients } => {
                for (p, v) in value.iter_mut().enumerate() {
                    let mut sum = [0.0f32; 2];
                    for (r, &c) in coefficients.iter().enumerate() {
                        if c != 0.0 {
                            sum[0] += c as f32 * registers[r][p][0];
                            sum[1] += c as f32 * registers[r][p][1];
                        }
                    }
                    *v = sum;
                }
                registers[into].copy_from_slice(&value);
            }
            MicroOp::Record => {
                recorded += 1;
                if record {
                    keep(recorded, &registers[STATE]);
                }
            }
        }
    }
    if !record {
        keep(1, &registers[STATE]);
    }
}
