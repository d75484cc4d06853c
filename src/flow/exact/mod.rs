//! The exact velocity between weighted sums of Gaussians and atoms under the independent coupling, and the floor of
//! the loss that follows from it.
//!
//! Component (j, k) of source and target has `X_t ~ N(m, C)` with `m = alpha m_k + sigma m_j` and
//! `C = alpha^2 C_k + sigma^2 C_j`; its responsibility at x comes by log-sum-exp, and
//! `E[x1 | x, jk] = m_k + alpha C_k C^-1 (x - m)`, `E[x0 | x, jk] = m_j + sigma C_j C^-1 (x - m)`
//! (`MATHS.md`, "Exact fields"). No sampling and no quadrature: the result is the minimizer of the squared loss.
//!
//! `kernel` estimates the same from a finite set of pairs; [`Conditional`] is whichever a coupling has, and [`Fan`] the
//! pairs through one point that the velocity there is the mean of.

mod at;
mod conditional;
mod exp;
mod fan;
mod floor;
mod kernel;

use std::convert::Infallible;

use rayon::prelude::*;

pub use at::{FieldAt, Local, Posterior};
pub use conditional::{Conditional, ConditionalAt};
pub use fan::{Fan, Strand};
pub use floor::{Floor, floor};
pub use kernel::{KernelAt, KernelField};

use super::Point;
use super::distribution::{Component, Components};
use super::path::Path;
use super::quantity::{Quantity, Values};
use super::sampler::{Dopri5Error, Recorded, Table, dopri5, interpret};

/// Most product components that a field may have; above it one evaluation at one point takes longer than 1 ms.
pub const COMPONENT_LIMIT: usize = 65_536;

/// How near a sampler may come to an end where the field has atoms.
pub const ATOM_MARGIN: f64 = 1e-3;

/// Nearer than this to an end where the field has atoms, the field is the one at this distance: at the end it is infinite.
const NEAREST: f64 = 1e-9;

/// What the exact field of two distributions is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is the field of the distributions themselves.
    Exact,
    /// It is the field of close stand-ins for them.
    Estimated,
}

impl Worth {
    /// As `loss_floor_kind` says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Estimated => "estimated",
        }
    }
}

/// Whether two distributions have an exact field, and what it is worth.
///
/// # Errors
/// In words, where they have none: no components, or more than [`COMPONENT_LIMIT`] products of them.
pub fn available(source: &Components, target: &Components) -> Result<Worth, String> {
    let (sources, targets) = (source.list.len(), target.list.len());
    if sources == 0 || targets == 0 {
        return Err("a distribution without components has no exact field".into());
    }
    if sources.saturating_mul(targets) > COMPONENT_LIMIT {
        return Err(format!(
            "{sources} components of the source times {targets} of the target are more than {COMPONENT_LIMIT}: \
             no exact field"
        ));
    }
    Ok(if source.exact && target.exact {
        Worth::Exact
    } else {
        Worth::Estimated
    })
}

/// The exact field of the independent coupling of two weighted sums of Gaussians and atoms.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactField {
    source: Vec<Component>,
    target: Vec<Component>,
    path: Path,
}

impl ExactField {
    /// The field from `source` to `target`; components of weight 0 are left out. See [`available`] for whether to ask.
    pub fn new(source: &[Component], target: &[Component], path: Path) -> Self {
        let used = |list: &[Component]| list.iter().copied().filter(|c| c.weight > 0.0).collect();
        Self {
            source: used(source),
            target: used(target),
            path,
        }
    }

    /// How pairs are joined.
    pub const fn path(&self) -> Path {
        self.path
    }

    /// Where a sampler may start and end: [0, 1], less [`ATOM_MARGIN`] at an end that has an atom (or a component
    /// without width in some direction), where the field is infinite.
    pub fn ends(&self) -> (f64, f64) {
        let thin = |list: &[Component]| list.iter().any(|c| c.cov[0] * c.cov[2] <= c.cov[1] * c.cov[1]);
        let start = if thin(&self.source) { ATOM_MARGIN } else { 0.0 };
        let end = if thin(&self.target) { 1.0 - ATOM_MARGIN } else { 1.0 };
        (start, end)
    }

    /// The field at one flow time, ready for many points. Beyond [`Self::ends`] it is large, but finite.
    pub fn at(&self, t: f64) -> FieldAt {
        let (start, end) = self.ends();
        let t = if start > 0.0 { t.max(NEAREST) } else { t };
        // VP and OU move infinitely fast at the very end
        let singular = self.path.at(1.0).d_sigma.is_infinite();
        let t = if end < 1.0 || singular { t.min(1.0 - NEAREST) } else { t };
        FieldAt::new(&self.source, &self.target, self.path, t)
    }

    /// The velocity at each point at flow time t, data units per unit t.
    pub fn velocities(&self, points: &[Point], t: f64) -> Vec<Point> {
        let mut out = vec![[0.0; 2]; points.len()];
        self.velocities_into(points, t, &mut out);
        out
    }

    /// [`Self::velocities`] written to `out`, which is as long as `points`; on rayon's threads where it is worth it.
    pub fn velocities_into(&self, points: &[Point], t: f64, out: &mut [Point]) {
        self.fill(points, t, out, |p| p, |v| v);
    }

    /// [`Self::velocities`] for single precision points; computed in f64.
    pub fn velocities_f32(&self, points: &[[f32; 2]], t: f64) -> Vec<[f32; 2]> {
        let mut out = vec![[0.0; 2]; points.len()];
        self.fill(points, t, &mut out, |p| p.map(f64::from), |v| v.map(|c| c as f32));
        out
    }

    /// The field around each point: Jacobian, score and energy too; on rayon's threads where it is worth it.
    pub fn locals(&self, points: &[Point], t: f64) -> Vec<Local> {
        let at = self.at(t);
        let components = (self.source.len() * self.target.len()).max(1);
        points
            .par_iter()
            .with_min_len((4_096 / components).max(1))
            .map(|x| at.local(*x))
            .collect()
    }

    /// What is known of the pair at each point at flow time t; on rayon's threads where it is worth it.
    pub fn posteriors(&self, points: &[Point], t: f64) -> Vec<Posterior> {
        let at = self.at(t);
        let components = (self.source.len() * self.target.len()).max(1);
        points
            .par_iter()
            .with_min_len((4_096 / components).max(1))
            .map(|x| at.posterior(*x))
            .collect()
    }

    /// A quantity at each point at flow time t.
    pub fn quantity(&self, quantity: Quantity, points: &[Point], t: f64) -> Values {
        let each = |of: fn(&Local) -> f64| Values::Scalars(self.locals(points, t).iter().map(of).collect());
        match quantity {
            Quantity::Velocity => Values::Points(self.velocities(points, t)),
            Quantity::Score => Values::Points(self.locals(points, t).iter().map(|l| l.score).collect()),
            Quantity::Noise => Values::Points(self.posteriors(points, t).iter().map(|p| p.source).collect()),
            Quantity::Data => Values::Points(self.posteriors(points, t).iter().map(|p| p.data).collect()),
            Quantity::Divergence => each(|l| l.jacobian.divergence()),
            Quantity::Curl => each(|l| l.jacobian.curl()),
            Quantity::Energy => each(|l| l.energy),
        }
    }

    fn fill<P: Copy + Send + Sync>(
        &self,
        points: &[P],
        t: f64,
        out: &mut [P],
        widen: impl Fn(P) -> Point + Sync,
        narrow: impl Fn(Point) -> P + Sync,
    ) {
        // a chunk of about 20 microseconds: less would not pay for a thread
        const CHUNK_WORK: usize = 8_192;
        let at = self.at(t);
        let components = (self.source.len() * self.target.len()).max(1);
        let chunk = (CHUNK_WORK / components).max(1);
        let run = |points: &[P], out: &mut [P]| {
            let mut weights = Vec::new();
            for (x, o) in points.iter().zip(out) {
                *o = narrow(at.velocity_with(widen(*x), &mut weights));
            }
        };
        if points.len() <= chunk {
            run(points, out);
        } else {
            points
                .par_chunks(chunk)
                .zip(out.par_chunks_mut(chunk))
                .for_each(|(p, o)| run(p, o));
        }
    }

    /// Carries start points through a sampler's table along this field, in f64.
    pub fn integrate(&self, table: &Table, start: &[Point], record: bool) -> Recorded<f64> {
        let Ok(run) = interpret(table, start, record, |points, t, out| {
            self.velocities_into(points, t, out);
            Ok::<(), Infallible>(())
        });
        run
    }

    /// Carries start points along this field with steps chosen to meet `tolerance`, in f64.
    ///
    /// # Errors
    /// See [`dopri5`].
    pub fn integrate_adaptively(
        &self,
        ends: (f64, f64),
        tolerance: f64,
        start: &[Point],
        record: bool,
    ) -> Result<Recorded<f64>, Dopri5Error<Infallible>> {
        dopri5(start, ends, tolerance, record, |points, t, out| {
            self.velocities_into(points, t, out);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
