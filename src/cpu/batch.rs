//! From pairs to training rows: `X_t`, the time features, the regression target, the weight. Twin: `shaders/batch.wgsl`.

use crate::backend::TrainJob;
use crate::flow::coupling::{Pair, PairStream};
use crate::flow::random::time_row;

/// What one row of a batch needs beside the network's input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Goal {
    /// The regression target, data units (per unit of t for a velocity).
    pub target: [f32; 2],
    /// The weight of the row's loss.
    pub weight: f32,
}

/// Which block of pairs step `step` reads, and the index of its first row in it.
pub const fn place(step: u64, batch: u32) -> (u64, usize) {
    let per_block = PairStream::steps_per_block(batch) as u64;
    (step / per_block, (step % per_block) as usize * batch as usize)
}

/// Row `row` of the batch of step `step`, from its pair. Writes the network's input (x, y, time features) to the first
/// `job.shape.inputs()` entries of `input`:
/// `X_t = alpha x1 + sigma x0`, `target = target_x1 x1 + target_x0 x0`.
pub fn row(job: &TrainJob, step: u64, row: u32, pair: Pair, input: &mut [f32]) -> Goal {
    let at = job.rows[time_row(job.seed, step, row, job.optimizer.batch) as usize];
    let [x0, y0, x1, y1] = pair;
    input[0] = at.alpha * x1 + at.sigma * x0;
    input[1] = at.alpha * y1 + at.sigma * y0;
    job.shape.embed_time(at.t, &mut input[2..job.shape.inputs()]);
    Goal {
        target: [
            at.target_x1 * x1 + at.target_x0 * x0,
            at.target_x1 * y1 + at.target_x0 * y0,
        ],
        weight: at.weight,
    }
}
