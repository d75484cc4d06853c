//! What the measures of a run cannot go below, however well it is trained: taken once for its distributions and law of t.

use std::sync::Arc;

use rayon::prelude::*;

use super::jobs::{fresh_targets, w2_squared};
use super::measures::Effort;
use super::truth;
use crate::backend::TrainJob;
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;
use crate::flow::exact::Floor;
use crate::flow::loss::Loss;
use crate::flow::path::Path;
use crate::flow::prediction::Prediction;
use crate::flow::random::Stream;
use crate::flow::time_density::{LossWeight, TimeDensity};
use crate::lab::Experiment;

/// What the floors depend on.
#[derive(Clone, Debug, PartialEq)]
pub struct FloorsOf {
    source: Arc<Distribution>,
    target: Arc<Distribution>,
    coupling: Coupling,
    path: Path,
    time: TimeDensity,
    prediction: Prediction,
    weight: LossWeight,
    loss: Loss,
    seed: u64,
}

impl FloorsOf {
    /// The key of an experiment.
    pub fn new(experiment: &Experiment) -> Self {
        Self {
            source: Arc::clone(&experiment.source),
            target: Arc::clone(&experiment.target),
            coupling: experiment.coupling.clone(),
            path: experiment.path,
            time: experiment.time,
            prediction: experiment.prediction,
            weight: experiment.weight,
            loss: experiment.loss,
            seed: experiment.seed,
        }
    }
}

/// The floors.
#[derive(Clone, Debug)]
pub struct Floors {
    /// What they belong to.
    pub key: FloorsOf,
    /// Of the loss; None where no exact field is known.
    pub loss: Option<Floor>,
    /// Of the training curve: of the run's own, weighted loss of what its network predicts; None for a loss that is not
    /// squared.
    pub curve: Option<Floor>,
    /// "exact" or "estimated"; None where there is no floor.
    pub loss_kind: Option<&'static str>,
    /// Of W2 squared: between fresh sets of target points, `Effort::FULL`.
    pub w2_squared: Option<f64>,
}

impl Floors {
    /// Takes them: a second or so.
    pub fn of(experiment: &Experiment, job: &TrainJob) -> Self {
        let truth = truth::of(experiment).ok();
        let Effort { draws, points, .. } = Effort::FULL;
        let each: Option<Vec<f64>> = (0..draws)
            .into_par_iter()
            .map(|draw| {
                let a = fresh_targets(experiment, Stream::MeasureFloor, draw, points);
                let b = fresh_targets(experiment, Stream::MeasureFloor, draws + draw, points);
                w2_squared(&a, &b)
            })
            .collect();
        Self {
            key: FloorsOf::new(experiment),
            loss: truth.as_ref().map(|t| t.floor(job, false)),
            curve: truth
                .as_ref()
                .filter(|_| experiment.loss == Loss::Mse)
                .map(|t| t.floor(job, true)),
            loss_kind: truth.map(|t| t.worth.name()),
            w2_squared: each.map(|e| e.iter().sum::<f64>() / draws as f64),
        }
    }
}
