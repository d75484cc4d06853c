//! What the measures of a run cannot go below, however well it is trained: taken once for its distributions and law of t.

use std::sync::Arc;

use rayon::prelude::*;

use super::jobs::{MEASURE_SEED, fresh_targets, w2_squared};
use super::measures::Effort;
use super::sampling::points_f64;
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

/// Draws of source and target points that W2 squared between the two is averaged over, and points in each: two moons to
/// eight Gaussians 27.0 with a standard error of 0.5.
const TRANSPORT_DRAWS: usize = 2;
const TRANSPORT_POINTS: usize = 2048;

fn mean(each: Option<Vec<f64>>) -> Option<f64> {
    each.map(|e| e.iter().sum::<f64>() / e.len().max(1) as f64)
}

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
    /// Of what a flow carries: W2 squared between source and target, the mean over pairs of fresh sets of points, which
    /// is a little too large (by about the floor of W2 squared at that size); None off the linear path, and where the
    /// assignment fails.
    pub transport: Option<f64>,
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
        let transport = (experiment.path == Path::Linear).then(|| {
            let draw = |draw: usize| {
                let seed = MEASURE_SEED ^ (draw as u64) << 32;
                let starts = experiment.source.samples(seed, Stream::MeasureFloor, TRANSPORT_POINTS);
                let ends = fresh_targets(experiment, Stream::MeasureTarget, draw, TRANSPORT_POINTS);
                w2_squared(&points_f64(&starts), &ends)
            };
            mean((0..TRANSPORT_DRAWS).into_par_iter().map(draw).collect())
        });
        Self {
            key: FloorsOf::new(experiment),
            transport: transport.flatten(),
            loss: truth.as_ref().map(|t| t.floor(job, false)),
            curve: truth
                .as_ref()
                .filter(|_| experiment.loss == Loss::Mse)
                .map(|t| t.floor(job, true)),
            loss_kind: truth.map(|t| t.worth.name()),
            w2_squared: mean(each),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::run::train_job;
    use crate::lab::{Origin, parse_run_file};

    #[test]
    fn the_least_that_is_carried_between_two_normal_laws_is_known() {
        // W2^2(N(0, I), N(m, s^2 I)) = |m|^2 + 2 (1 - s)^2 = 9.5; the means of 4,096 points are off by 0.022 a coordinate, which
        // moves it by 0.13 (one standard error), and finite samples add about 0.02
        let text = r#"{"source": {"kind": "gaussian"}, "target": {"kind": "gaussian", "mean": [3, 0], "std": 0.5}}"#;
        let file = parse_run_file(text, std::path::Path::new("")).expect("a file");
        let mut experiment = file.experiment;
        let of = |e: &Experiment| Floors::of(e, &train_job(e, Origin::Fresh, None, None, false));
        let floors = of(&experiment);
        let least = floors.transport.expect("the linear path");
        assert!((least - 9.5).abs() < 0.5, "{least}");
        experiment.path = Path::default_of("cosine").expect("a path");
        assert_eq!(of(&experiment).transport, None);
    }
}
