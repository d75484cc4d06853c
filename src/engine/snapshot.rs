//! All that the engine knows, immutable; the latest wins.

use std::sync::Arc;
use std::time::Instant;

use super::anatomy::Dissected;
use super::command::BackendChoice;
use super::coupling::CouplingReport;
use super::maps::MapGrid;
use super::marginals::MarginalReport;
use super::measures::Measures;
use super::probe::Learned;
use super::study::Study;
use crate::backend::Trajectories;
use crate::flow::coupling::Pair;
use crate::flow::exact::Conditional;
use crate::flow::path::Path;
use crate::lab::{Lab, RunId};

/// Shared points, data units.
pub type Points = Arc<Vec<[f32; 2]>>;

/// All that the engine knows.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts up.
    pub sequence: u64,
    /// When it was made; None before the first.
    pub made: Option<Instant>,
    /// Where it trains.
    pub backend: BackendStatus,
    /// How much it computes.
    pub work: Work,
    /// One a run of the lab, in its order.
    pub runs: Vec<RunSnapshot>,
    /// One a stage of the lab, in its order.
    pub stages: Vec<StageSnapshot>,
    /// How far the marginals of the first stage are from those of the others, where that is asked for.
    pub marginals: Option<Arc<MarginalReport>>,
    /// What the last study has found.
    pub study: Arc<Study>,
    /// What happened that the user should know, oldest first; the last 50.
    pub notices: Arc<Vec<Notice>>,
    /// The answer to `Command::Collect`: its number and the lab with every run's record.
    pub saved: Option<(u64, Arc<Lab>)>,
}

/// Where it trains.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackendStatus {
    /// For people: "cpu, 2 threads, avx512".
    pub name: String,
    /// Whether that is a GPU adapter (software ones included).
    pub on_gpu: bool,
    /// What was asked for.
    pub choice: BackendChoice,
    /// Adapters that could be chosen: name, and whether it is software.
    pub adapters: Arc<Vec<(String, bool)>>,
}

/// How much the backend computes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Network evaluations a second, over the last second or so: one a row of a training batch (its way back is not counted)
    /// or a particle and stage of a sampler.
    pub evaluations_per_sec: f64,
    /// Dispatches of a training step; 0 on the processor.
    pub dispatches: u32,
}

/// How a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunState {
    /// It rests.
    #[default]
    Paused,
    /// It trains.
    Training,
    /// It has taken its planned steps.
    Done,
    /// It rests because of a fault; the notices say which.
    Faulted,
}

/// How far the pairs of a run are that its parent's flow makes, or that are assigned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairProgress {
    /// Pairs made; 0 while the parent is still training.
    pub done: u64,
    /// Pairs wanted.
    pub total: u64,
    /// Whether they are the exact transport of a pool, not made by a parent's flow.
    pub assigned: bool,
}

/// One run.
#[derive(Clone, Debug, Default)]
pub struct RunSnapshot {
    /// Which.
    pub id: RunId,
    /// Training steps taken.
    pub step: u64,
    /// Planned steps.
    pub planned_steps: u64,
    /// How it is doing.
    pub state: RunState,
    /// Training speed over the last second or so; 0 at rest.
    pub steps_per_sec: f64,
    /// (step, batch loss averaged over the interval), thinned to at most 2,000 points.
    pub losses: Arc<Vec<[f64; 2]>>,
    /// (t, mean loss near that t) on fresh pairs, 32 bins.
    pub loss_by_t: Arc<Vec<[f64; 2]>>,
    /// Live edits: (step, text).
    pub edits: Arc<Vec<(u64, String)>>,
    /// The run's measures, floors included; each set taken with the sampling of the first stage that shows the run.
    pub measures: Arc<Measures>,
    /// Set while the run waits for its pairs.
    pub pairing: Option<PairProgress>,
    /// True while a slow measure is being taken.
    pub measuring: bool,
}

/// Velocities on a regular grid of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldGrid {
    /// Flow time.
    pub t: f64,
    /// min x, min y, max x, max y of the grid's points (the outermost points lie on it).
    pub bounds: [f32; 4],
    /// Points a row.
    pub columns: usize,
    /// Rows, bottom first.
    pub rows: usize,
    /// Row-major velocities, data units per unit t.
    pub values: Vec<[f32; 2]>,
}

/// One stage.
#[derive(Clone, Debug, Default)]
pub struct StageSnapshot {
    /// Which run it shows.
    pub run: RunId,
    /// Training step of that run that the trajectories belong to.
    pub step: u64,
    /// min x, min y, max x, max y around source and target: the stage's default view, stable while training.
    pub bounds: [f32; 4],
    /// Points of the source.
    pub source: Points,
    /// Points of the target.
    pub target: Points,
    /// The first training pairs (x0, y0, x1, y1), for the chords.
    pub pairs: Arc<Vec<Pair>>,
    /// What is said of these pairs, as far as it is known.
    pub coupling: Option<Arc<CouplingReport>>,
    /// The conditional law of the run's pairs, where a layer needs it.
    pub conditional: Option<Arc<Conditional>>,
    /// The learned velocity at the probe, where the probe is on.
    pub learned: Option<Learned>,
    /// How a pair is joined.
    pub path: Path,
    /// Whether velocities are shown as drift and half a score: the probability-flow lens, where it applies.
    pub split: bool,
    /// The particles' trajectories under the learned field, with the stage's sampler.
    pub trajectories: Arc<Trajectories>,
    /// Learned field at the flow time, where a layer needs it.
    pub field: Option<Arc<FieldGrid>>,
    /// Exact field on the same grid, where a layer needs it and the distributions have one; else its estimate from pairs, not
    /// a number where none comes near.
    pub exact_field: Option<Arc<FieldGrid>>,
    /// Whether `exact_field` is such an estimate.
    pub exact_is_estimate: bool,
    /// The map, where the stage shows one.
    pub map: Option<Arc<MapGrid>>,
    /// Why the experiment has no exact field that particles could follow; None where it has one.
    pub no_exact: Option<Arc<str>>,
    /// One particle's solver steps, where that layer is on.
    pub anatomy: Option<Arc<Dissected>>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Counts up, so that a message is shown once.
    pub number: u64,
    /// Whether it is bad news.
    pub is_fault: bool,
    /// In words, with how to mend it.
    pub text: String,
}
