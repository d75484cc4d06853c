//! [`CpuBackend`]: the slots, the steps of a training, evaluation and integration on rayon's threads.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::integrate;
use super::simd::Isa;
use super::train::{MAX_FEATURES, Run};
use crate::backend::{Backend, Fault, Slot, TrainJob, TrainReport, Trajectories, Weights};
use crate::flow::sampler::Table;
use crate::net::Checkpoint;

/// Points that one task evaluates.
const CHUNK: usize = 256;

/// Trains and evaluates on the processor: the definition of every number, and the fallback where there is no GPU.
pub struct CpuBackend {
    isa: Isa,
    pool: rayon::ThreadPool,
    runs: HashMap<Slot, Run>,
}

impl CpuBackend {
    /// A backend with its own threads: as many as given, or one a core.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] where the system refuses the threads.
    pub fn new(threads: Option<usize>) -> Result<Self, Fault> {
        let count = threads
            .or_else(|| std::thread::available_parallelism().ok().map(usize::from))
            .unwrap_or(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(count.max(1))
            .thread_name(|i| format!("cpu {i}"))
            .build()
            .map_err(|e| Fault::Unavailable(format!("no threads for training: {e}")))?;
        Ok(Self {
            isa: Isa::best(),
            pool,
            runs: HashMap::new(),
        })
    }

    fn run(&mut self, slot: Slot) -> Result<&mut Run, Fault> {
        self.runs.get_mut(&slot).ok_or_else(|| unknown(slot))
    }
}

/// Whether the arithmetic can be done at all and the tables fit each other: the trait takes plain data, which may come from a
/// file.
fn check(job: &TrainJob, c: &Checkpoint) -> Result<(), Fault> {
    // what people may set is narrower, and the lab's business; this is what the arithmetic needs
    if job.shape.hidden.is_empty() || job.shape.hidden.contains(&0) || job.shape.time_features() > MAX_FEATURES {
        return Err(Fault::Unavailable(format!("no such network: {:?}", job.shape)));
    }
    if job.optimizer.batch == 0 {
        return Err(Fault::Unavailable("a batch has at least one row".into()));
    }
    job.check_tables(c)
}

fn unknown(slot: Slot) -> Fault {
    Fault::Unavailable(format!("nothing is loaded in slot {slot}"))
}

impl Backend for CpuBackend {
    fn name(&self) -> String {
        let n = self.pool.current_num_threads();
        format!("cpu, {n} thread{}, {}", if n == 1 { "" } else { "s" }, self.isa.name())
    }

    fn load(&mut self, slot: Slot, job: Arc<TrainJob>, checkpoint: &Checkpoint) -> Result<(), Fault> {
        check(&job, checkpoint)?;
        match self.runs.get_mut(&slot) {
            Some(run) if *run.shape() == job.shape => run.reload(job, checkpoint),
            _ => {
                let threads = self.pool.current_num_threads();
                self.runs.insert(slot, Run::new(self.isa, threads, job, checkpoint));
            }
        }
        Ok(())
    }

    fn train(&mut self, slot: Slot, steps: u32) -> Result<TrainReport, Fault> {
        let Self { pool, runs, .. } = self;
        let run = runs.get_mut(&slot).ok_or_else(|| unknown(slot))?;
        let losses = pool
            .install(|| run.train(steps))
            .map_err(|step| Fault::NonFinite { step })?;
        Ok(TrainReport {
            step: run.step_count(),
            losses,
        })
    }

    fn evaluate(
        &mut self,
        slot: Slot,
        weights: Weights,
        points: &[[f32; 2]],
        times: &[f32],
    ) -> Result<Vec<[f32; 2]>, Fault> {
        let net = self.run(slot)?.frozen(weights);
        if times.len() != 1 && times.len() != points.len() {
            return Err(Fault::Unavailable(format!(
                "{} times for {} points: give one, or one a point",
                times.len(),
                points.len()
            )));
        }
        let mut out = vec![[0.0; 2]; points.len()];
        self.pool.install(|| {
            out.par_chunks_mut(CHUNK)
                .zip(points.par_chunks(CHUNK))
                .enumerate()
                .for_each_init(
                    || net.scratch(),
                    |scratch, (c, (out, points))| {
                        let times = if times.len() == 1 {
                            times
                        } else {
                            &times[c * CHUNK..][..points.len()]
                        };
                        net.field(scratch, points, times, out);
                    },
                );
        });
        Ok(out)
    }

    fn integrate(
        &mut self,
        slot: Slot,
        weights: Weights,
        table: &Table,
        start: &[[f32; 2]],
        record: bool,
    ) -> Result<Trajectories, Fault> {
        let net = self.run(slot)?.frozen(weights);
        Ok(self.pool.install(|| integrate::run(table, start, record, &net)))
    }

    fn checkpoint(&mut self, slot: Slot) -> Result<Checkpoint, Fault> {
        Ok(self.run(slot)?.checkpoint())
    }

    fn forget(&mut self, slot: Slot) {
        self.runs.remove(&slot);
    }
}
