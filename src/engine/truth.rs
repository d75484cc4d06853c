//! The exact field of an experiment, where its distributions have one: independent coupling, both ends a weighted sum of
//! Gaussians or atoms (or close to one).

use std::sync::Arc;

use super::measures::{FreshPairs, squared};
use super::sampling::points_f64;
use crate::backend::TrainJob;
use crate::flow::Point;
use crate::flow::coupling::Coupling;
use crate::flow::exact::{ExactField, Floor, Worth, available, floor};
use crate::lab::{Experiment, exact_lack};

/// Component evaluations that one measure may cost: about a second on one core.
const BUDGET: usize = 40_000_000;

/// An exact field and what it is worth.
#[derive(Clone, Debug)]
pub struct Truth {
    /// The field.
    pub field: Arc<ExactField>,
    /// Whether it is that of the distributions themselves or of close stand-ins.
    pub worth: Worth,
    components: usize,
}

/// The exact field of an experiment.
///
/// # Errors
/// In words, where there is none: too many components.
pub fn of(experiment: &Experiment) -> Result<Truth, String> {
    if experiment.coupling != Coupling::Independent {
        return Err(exact_lack(experiment).unwrap_or_default());
    }
    let (source, target) = (experiment.source.components(), experiment.target.components());
    let worth = available(&source, &target)?;
    let field = Arc::new(ExactField::new(&source.list, &target.list, experiment.path));
    Ok(Truth {
        field,
        worth,
        components: source.list.len() * target.list.len(),
    })
}

impl Truth {
    /// Products of a component of the source and one of the target: what one evaluation at one point costs.
    pub const fn components(&self) -> usize {
        self.components
    }

    /// sqrt(E|v - v*|^2 / E|v*|^2) over fresh pairs: relative, weighted by `p_t`.
    pub fn field_rms(&self, pairs: &FreshPairs, learned: &[Point]) -> f64 {
        let per_group = pairs.per_group();
        let used = (BUDGET / self.components.max(1) / pairs.times.len().max(1)).clamp(1, per_group);
        let (mut error, mut size) = (0.0, 0.0);
        for (group, &t) in pairs.times.iter().enumerate() {
            let at = group * per_group..group * per_group + used;
            let exact = self.field.velocities(&points_f64(&pairs.x[at.clone()]), t);
            for (&v, &w) in learned[at].iter().zip(&exact) {
                error += squared(v, w);
                size += squared(w, [0.0; 2]);
            }
        }
        (error / size).sqrt()
    }

    /// The floor of the loss under the run's law of t: of the velocity's, unweighted as `loss` is, or (`weighted`) of the
    /// loss that training makes small.
    pub fn floor(&self, job: &TrainJob, weighted: bool) -> Floor {
        let pairs = (BUDGET / self.components.max(1)).clamp(1024, 65_536);
        floor(&self.field, &job.law, weighted, job.seed, pairs)
    }
}
