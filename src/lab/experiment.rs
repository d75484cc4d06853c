//! An experiment: everything that decides a training. How it is sampled is the stage's business; a file given to
//! `rectiflow run` may carry both ([`RunFile`]).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::stage::Sampling;
use crate::flow::coupling::{Coupling, ModelPairs};
use crate::flow::distribution::{Distribution, Moments, TwoMoons};
use crate::flow::lens::{is_standard_normal, score_form};
use crate::flow::loss::Loss;
use crate::flow::path::Path;
use crate::flow::prediction::{Output, Prediction};
use crate::flow::time_density::{LossWeight, TimeDensity};
use crate::net::{Optimizer, Shape};

/// Everything that decides a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Experiment {
    /// Version of the file format.
    pub schema_version: u32,
    /// What people call it.
    pub name: String,
    /// Of all its random numbers: weights, pairs, times.
    pub seed: u64,
    /// Law of x0.
    pub source: Arc<Distribution>,
    /// Law of x1.
    pub target: Arc<Distribution>,
    /// How they are paired.
    pub coupling: Coupling,
    /// How a pair is joined.
    pub path: Path,
    /// What the network predicts.
    pub prediction: Prediction,
    /// The regression loss.
    pub loss: Loss,
    /// Its weight over t.
    pub weight: LossWeight,
    /// The law of t.
    pub time: TimeDensity,
    /// The network.
    pub network: Shape,
    /// The update rule.
    pub optimizer: Optimizer,
    /// Planned training steps.
    pub steps: u64,
}

/// A file given to `run`: an experiment and how it is sampled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFile {
    /// What decides the training.
    #[serde(flatten)]
    pub experiment: Experiment,
    /// How it is sampled.
    pub sampling: Sampling,
}

/// What an edit of an experiment costs a running training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing (the name).
    Nothing,
    /// Training goes on with the new loss, weights over t, rate, batch or number of steps.
    KeepTraining,
    /// Training goes on, pairs are drawn anew (other distributions or coupling).
    PairAnew,
    /// Parameters of another shape, seed or meaning: training starts over.
    StartOver,
}

impl Experiment {
    /// This experiment on pairs that a parent's flow makes, whatever path and prediction that was trained with: straight
    /// chords between the pairs, and their velocity (reflow and distillation; Liu, Gong, Liu 2023).
    #[must_use]
    pub fn on_pairs_of_a_flow(mut self, pairs: ModelPairs) -> Self {
        self.coupling = Coupling::Model(pairs);
        self.path = Path::Linear;
        self.prediction = Prediction::Velocity;
        self
    }

    /// Whether E|X1-X0|^2 = floor + straightness + transport cost holds for it (MATHS.md, "the budget"): linear path, every t
    /// equally often, squared loss.
    pub fn budget_holds(&self) -> bool {
        self.path == Path::Linear
            && self.time == TimeDensity::Uniform
            && self.loss == Loss::Mse
            && self.weight == LossWeight::Uniform
    }

    /// What its network's raw output means.
    pub fn output(&self) -> Output {
        let Moments { mean, covariance } = self.target.moments();
        let square = covariance[0][0] + covariance[1][1] + mean[0] * mean[0] + mean[1] * mean[1];
        Output::new(self.path, self.prediction, (0.5 * square).sqrt())
    }

    /// Whether a network can predict what it is to predict: a score needs a standard normal source and the independent
    /// coupling.
    ///
    /// # Errors
    /// One line that begins with the key and says what to do.
    pub fn prediction_fits(&self) -> Result<(), String> {
        if self.prediction != Prediction::Score {
            return Ok(());
        }
        score_form(&self.source, &self.coupling)
            .map_err(|why| format!("prediction is \"score\"; {why}, or prediction to \"noise\""))
    }

    /// Whether its source is one that its path is made for: all but the linear path need the standard normal law.
    ///
    /// # Errors
    /// One line that begins with the key and says what to do.
    pub fn path_fits_source(&self) -> Result<(), String> {
        if !self.path.needs_normal_source() || is_standard_normal(&self.source) {
            return Ok(());
        }
        Err(format!(
            "path \"{}\" needs a standard normal source; set source to {{\"kind\": \"gaussian\", \"mean\": [0, 0], \"std\": 1}}, \
             or path to \"linear\"",
            self.path.name()
        ))
    }

    /// What it costs to turn `old` into this one.
    pub fn change_from(&self, old: &Self) -> Change {
        let mut same = old.clone();
        same.name.clone_from(&self.name);
        same.schema_version = self.schema_version;
        if *self == same {
            return Change::Nothing;
        }
        if self.network != old.network
            || self.seed != old.seed
            || self.prediction != old.prediction
            || self.optimizer.kind != old.optimizer.kind
        {
            return Change::StartOver;
        }
        if self.source != old.source
            || self.target != old.target
            || self.coupling != old.coupling
            || self.path != old.path
        {
            return Change::PairAnew;
        }
        Change::KeepTraining
    }
}

impl Default for Experiment {
    fn default() -> Self {
        Self {
            schema_version: super::SCHEMA_VERSION,
            name: "gaussian to two moons".into(),
            seed: 1,
            source: Arc::new(Distribution::default()),
            target: Arc::new(Distribution::TwoMoons(TwoMoons::default())),
            coupling: Coupling::Independent,
            path: Path::Linear,
            prediction: Prediction::Velocity,
            loss: Loss::Mse,
            weight: LossWeight::Uniform,
            time: TimeDensity::Uniform,
            network: Shape::default(),
            optimizer: Optimizer::default(),
            steps: 8000,
        }
    }
}
