//! From pairs to training rows: `X_t`, the time features, the regression target, the weight. Twin: `shaders/batch.wgsl`.

use super::net::ROWS;
use crate::backend::TrainJob;
use crate::flow::coupling::{Pair, PairStream};
use crate::flow::random::time_row;
use crate::flow::time_density::TimeRow;

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

/// Forms rows `first..first + pairs.len()` of the batch of step `step` from their pairs: the network's inputs
/// (x, y, time features) in rows of `inputs`, `stride` apart, and the goals.
/// `X_t = alpha x1 + sigma x0`, `target = target_x1 x1 + target_x0 x0`.
pub fn fill(
    job: &TrainJob,
    step: u64,
    first: usize,
    pairs: &[Pair],
    inputs: &mut [f32],
    stride: usize,
    goals: &mut [Goal],
) {
    // a loop of its own: rows of the table of times are far apart, and a short loop has more of these loads in flight
    let mut times = [TimeRow::default(); ROWS];
    for (r, at) in times.iter_mut().enumerate().take(pairs.len()) {
        let index = time_row(job.seed, step, (first + r) as u32, job.optimizer.batch);
        *at = job.rows[index as usize];
    }
    let rows = pairs.iter().zip(&times).zip(inputs.chunks_mut(stride).zip(goals));
    for ((&pair, at), (input, goal)) in rows {
        *goal = join(job, at, pair, input);
    }
}

/// One row of a batch, `row` of step `step`: as [`fill`], for those who take rows one by one.
pub fn row(job: &TrainJob, step: u64, row: u32, pair: Pair, input: &mut [f32]) -> Goal {
    let index = time_row(job.seed, step, row, job.optimizer.batch);
    join(job, &job.rows[index as usize], pair, input)
}

/// Pair and time joined: writes the network's input, gives the goal.
#[inline]
fn join(job: &TrainJob, at: &TimeRow, [x0, y0, x1, y1]: Pair, input: &mut [f32]) -> Goal {
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
