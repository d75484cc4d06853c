//! Particles through a sampler's table, in f32: chunks of particles side by side, each through the one interpreter of
//! `flow/sampler`. Twin: `shaders/integrate.wgsl`.

use std::convert::Infallible;

use rayon::prelude::*;

use super::train::Frozen;
use crate::backend::Trajectories;
use crate::flow::sampler::{Table, interpret_from};

/// Particles that one task carries.
pub const CHUNK: usize = 256;

/// Carries `start` through `table` on the current rayon threads, with the network's output as the field. With `record`
/// false only the first and last state are kept.
pub fn run(table: &Table, start: &[[f32; 2]], record: bool, net: &Frozen) -> Trajectories {
    let carry = |first: usize, start: &[[f32; 2]]| {
        let mut scratch = net.scratch();
        let done: Result<_, Infallible> = interpret_from(table, first, start, record, |x, t, out| {
            net.field(&mut scratch, x, &[t as f32], out);
            Ok(())
        });
        match done {
            Ok(recorded) => recorded,
        }
    };
    let times = carry(0, &[]).times;
    let mut states = vec![[0.0; 2]; start.len() * times.len()];
    if !times.is_empty() {
        states
            .par_chunks_mut(CHUNK * times.len())
            .zip(start.par_chunks(CHUNK))
            .enumerate()
            .for_each(|(i, (states, start))| states.copy_from_slice(&carry(i * CHUNK, start).states));
    }
    Trajectories {
        times,
        states,
        evaluations: table.evaluations,
    }
}
