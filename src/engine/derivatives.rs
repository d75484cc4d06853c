//! The learned velocity with its exact derivatives. They are the CPU's forward-mode derivatives of the newest weights on every
//! backend: a device would have to be read back all the same, and differences in f32 lose half of the digits.

use std::sync::Arc;

use super::session::Session;
use crate::backend::{Fault, TrainJob};
use crate::cpu::simd::Isa;
use crate::cpu::train::Frozen;
use crate::cpu::wide::Wide;
use crate::flow::lens::score_form;
use crate::flow::prediction::{Output, Prediction};
use crate::flow::quantity::{Derivatives, Quantity, Values};
use crate::lab::RunId;

/// The weights of a run, as its sampling takes them, at one of its versions.
pub(super) struct Twin {
    run: RunId,
    version: u64,
    net: Arc<Frozen>,
}

impl Session {
    /// The network of a run with its newest weights (the moving average where it keeps one), away from its backend; None
    /// where there is no such run.
    ///
    /// # Errors
    /// The backend's fault.
    pub(super) fn twin(&mut self, id: RunId) -> Result<Option<Arc<Frozen>>, Fault> {
        let Some(at) = self.index(id) else { return Ok(None) };
        let version = self.runs[at].version;
        if let Some(known) = self.twins.iter().find(|t| t.run == id && t.version == version) {
            return Ok(Some(Arc::clone(&known.net)));
        }
        let (job, params) = self.sampling_params(at)?;
        let net = Arc::new(Frozen::new(Isa::best(), &job.shape, &params));
        self.twins
            .retain(|t| t.run != id && self.runs.iter().any(|r| r.id == t.run));
        self.twins.push(Twin {
            run: id,
            version,
            net: Arc::clone(&net),
        });
        Ok(Some(net))
    }

    /// The weights of run number `at` that its sampling takes: the moving average where it keeps one.
    fn sampling_params(&mut self, at: usize) -> Result<(Arc<TrainJob>, Vec<f32>), Fault> {
        let (slot, job) = (self.runs[at].slot, Arc::clone(&self.runs[at].job));
        let checkpoint = self.backend.checkpoint(slot);
        if let Err(fault) = &checkpoint {
            self.recover(fault, None);
        }
        let checkpoint = checkpoint?;
        let averaged = job.optimizer.ema_decay > 0.0;
        Ok((job, if averaged { checkpoint.ema } else { checkpoint.params }))
    }

    /// The network of a run in f64; None where there is no such run.
    ///
    /// # Errors
    /// The backend's fault.
    pub(super) fn wide(&mut self, id: RunId) -> Result<Option<Arc<Wide>>, Fault> {
        let Some(at) = self.index(id) else { return Ok(None) };
        let (job, params) = self.sampling_params(at)?;
        Ok(Some(Arc::new(Wide::new(&job.shape, &params))))
    }

    /// The learned velocity of a run and its derivatives at each point, at one flow time.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn derivatives(&mut self, id: RunId, points: &[[f32; 2]], t: f64) -> Result<Vec<Derivatives>, Fault> {
        let net = self.twin(id)?;
        let (Some(net), Some(output)) = (net, self.output(id)) else {
            return Ok(Vec::new());
        };
        Ok(super::learned::derivatives(&net, &output, points, t))
    }

    /// What a run's raw output means; None where there is no such run.
    fn output(&self, id: RunId) -> Option<Output> {
        self.index(id).map(|at| self.runs[at].job.output)
    }

    /// What a run's network says of `wanted`; None where it is known of another kind of experiment only.
    fn learned(&mut self, id: RunId, wanted: Prediction, points: &[[f32; 2]], t: f64) -> Result<Option<Values>, Fault> {
        let Some(at) = self.index(id) else { return Ok(None) };
        let run = &self.runs[at];
        let e = &run.experiment;
        if wanted == Prediction::Score && score_form(&e.source, &e.coupling).is_err() {
            return Ok(None);
        }
        let (slot, output) = (run.slot, run.job.output);
        let out = super::learned::predictions(self.backend.as_mut(), slot, &output, wanted, points, &[t as f32]);
        if let Err(fault) = &out {
            self.recover(fault, None);
        }
        out.map(|values| Some(Values::Points(values)))
    }

    /// A quantity of a run's learned field at each point, at one flow time; None where only an exact field has it.
    ///
    /// # Errors
    /// The backend's fault.
    pub fn quantity(
        &mut self,
        id: RunId,
        quantity: Quantity,
        points: &[[f32; 2]],
        t: f64,
    ) -> Result<Option<Values>, Fault> {
        Ok(match quantity {
            Quantity::Velocity => Some(Values::Points(self.velocity(id, points, t)?)),
            Quantity::Score => self.learned(id, Prediction::Score, points, t)?,
            Quantity::Noise => self.learned(id, Prediction::Noise, points, t)?,
            Quantity::Data => self.learned(id, Prediction::Data, points, t)?,
            Quantity::Divergence | Quantity::Curl => {
                let all = self.derivatives(id, points, t)?;
                let of = |d: &Derivatives| match quantity {
                    Quantity::Curl => d.jacobian.curl(),
                    _ => d.jacobian.divergence(),
                };
                Some(Values::Scalars(all.iter().map(of).collect()))
            }
            Quantity::Energy => None,
        })
    }
}
