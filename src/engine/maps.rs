//! The scalar maps of a stage: which quantity on which grid, what it needs, and when it is taken anew.
//!
//! Everything of the exact field is in closed form; the learned field's derivatives are those of `derivatives.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pacing::Throttle;
use super::sampling::points_f64;
use super::session::Session;
use super::snapshot::{FieldGrid, RunState};
use super::stage::{ActiveStage, grid_over};
use super::truth::{self, Truth};
use crate::backend::Fault;
use crate::flow::Point;
use crate::flow::distribution::Component;
use crate::flow::exact::{Conditional, ExactField, Local};
use crate::flow::likelihood::trace_back;
use crate::flow::path::Path;
use crate::flow::quantity::Derivatives;
use crate::lab::{Map, RunId};

/// Points along the longer side of a map, of one that integrates a flow at every point, and of arrows.
const FINE: usize = 97;
const COARSE: usize = 65;
const ARROWS: usize = 17;
/// Component evaluations that a map may cost: a tenth of a second.
const BUDGET: usize = 20_000_000;
/// Pairs that an estimate at one point takes in.
const KERNEL_PAIRS: usize = 8_192;
/// Runge-Kutta steps of a whole flow, for its density: the error of log p is below a hundredth.
const STEPS: u32 = 16;
/// Energies this far above the least are where no particle comes: e^-9.
const EMPTY: f64 = 9.0;

/// A quantity on a regular grid of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MapGrid {
    /// Which.
    pub map: Map,
    /// Whether it is of the exact field, where it could be of either.
    pub exact: bool,
    /// Flow time.
    pub t: f64,
    /// min x, min y, max x, max y of the grid's points (the outermost points lie on it).
    pub bounds: [f32; 4],
    /// Points a row.
    pub columns: usize,
    /// Rows, bottom first.
    pub rows: usize,
    /// Row-major values; empty where something is lacking.
    pub values: Vec<f32>,
    /// How much each is worth looking at, 0 where no particle ever comes, to 1.
    pub presence: Vec<f32>,
    /// `grad log p_t` on a coarser grid, with the energy.
    pub score: Option<Arc<FieldGrid>>,
    /// The exact velocity there.
    pub velocity: Option<Arc<FieldGrid>>,
    /// Whether it is an estimate from pairs.
    pub is_estimate: bool,
    /// Why there is no map.
    pub lacks: Option<Lack>,
}

/// What a run has not, for a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// An exact field, and why.
    Exact(String),
    /// Pairs: they wait for the parent's flow.
    Pairs,
    /// A source with a density.
    SourceDensity,
}

/// What a map was made of: run, its version, flow time, bounds, which, of the exact field.
pub(super) type MapOf = (RunId, u64, f64, [f32; 4], Map, bool);

/// When a stage's map was made, and of what.
#[derive(Clone, Debug)]
pub(super) struct MapState {
    of: Option<MapOf>,
    throttle: Throttle,
}

impl Default for MapState {
    fn default() -> Self {
        Self {
            of: None,
            // a third of the engine's time while it trains
            throttle: Throttle::new(2, Duration::from_millis(60)),
        }
    }
}

/// So many points along the longer side that a map of so many components stays within [`BUDGET`].
fn longer_side(components: usize, most: usize) -> usize {
    let points = BUDGET / components.max(1);
    (((points as f64).sqrt()) as usize).clamp(24, most)
}

impl Session {
    /// The map of a stage, where it shows one; true where it was made anew.
    pub(super) fn refresh_map(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        let layers = stage.stage.layers;
        if layers.map == Map::None {
            (stage.map.of, stage.snapshot.map) = (None, None);
            return false;
        }
        let run = &self.runs[at];
        let exact = layers.map_exact && layers.map.of_either();
        let version = if exact || matches!(layers.map, Map::Energy | Map::LocalFloor) {
            0
        } else {
            run.version
        };
        let key = (
            run.id,
            version,
            self.flow_time,
            stage.snapshot.bounds,
            layers.map,
            exact,
        );
        let now = Instant::now();
        let trained = stage.map.of.is_some_and(|old| same_but_version(&old, &key));
        let waits = trained && run.state() == RunState::Training && !stage.map.throttle.is_due(now);
        if stage.map.of == Some(key) || waits {
            return false;
        }
        stage.map.of = Some(key);
        let made = self.map(at, layers.map, exact, stage.snapshot.bounds);
        stage.map.throttle.done(Instant::now(), now.elapsed());
        match made {
            Ok(map) => stage.snapshot.map = Some(Arc::new(map)),
            // told by its notice
            Err(_) => stage.snapshot.map = None,
        }
        true
    }

    /// A map of run number `at` at the flow time, over these bounds; what the run lacks for it is said in the map.
    ///
    /// # Errors
    /// The backend's fault.
    fn map(&mut self, at: usize, map: Map, exact: bool, bounds: [f32; 4]) -> Result<MapGrid, Fault> {
        let run = &self.runs[at];
        let (from, to) = super::span(&run.experiment);
        let (id, t) = (run.id, self.flow_time.clamp(from, to));
        let empty = MapGrid {
            map,
            exact,
            t,
            ..MapGrid::default()
        };
        let truth = truth::of(&run.experiment);
        let lacking = |why: Lack| MapGrid {
            map,
            exact,
            t,
            lacks: Some(why),
            ..MapGrid::default()
        };
        let needs_truth = exact || matches!(map, Map::Energy | Map::Continuity);
        if let (true, Err(why)) = (needs_truth, &truth) {
            return Ok(lacking(Lack::Exact(why.clone())));
        }
        let truth = truth.ok();
        match map {
            Map::None => Ok(empty),
            Map::LocalFloor => {
                let law = super::probe::conditional(run);
                Ok(law.map_or_else(
                    || lacking(Lack::Pairs),
                    |law| local_floor(&law, truth.as_ref(), empty, bounds),
                ))
            }
            Map::FlowDensity if !exact => self.flow_density(at, empty, bounds),
            Map::FlowDensity => Ok(truth.map_or_else(MapGrid::default, |truth| exact_density(&truth, empty, bounds))),
            Map::Energy => Ok(truth.map_or_else(MapGrid::default, |truth| energy(&truth, empty, bounds))),
            Map::Divergence | Map::Curl | Map::Continuity => {
                let longer = truth
                    .as_ref()
                    .map_or(FINE, |truth| longer_side(truth.components(), FINE));
                let (grid, points) = grid_over(bounds, longer);
                let locals = truth.as_ref().map(|truth| locals(truth, &points, t));
                let learned = if exact {
                    Vec::new()
                } else {
                    self.derivatives(id, &points, t)?
                };
                let values = derived(map, &learned, locals.as_deref());
                let presence = match &locals {
                    Some(locals) => by_energy(locals),
                    None => self.by_particles(at, &grid),
                };
                Ok(filled(empty, &grid, values, presence))
            }
        }
    }

    /// The density of the learned flow.
    fn flow_density(&mut self, at: usize, empty: MapGrid, bounds: [f32; 4]) -> Result<MapGrid, Fault> {
        let run = &self.runs[at];
        let (id, t) = (run.id, empty.t);
        let (from, _) = super::span(&run.experiment);
        // VE's particles start at sigma(0) x0
        let scale = run.experiment.path.start_scale();
        let source = run.experiment.source.components();
        let nothing = [Component::round(1.0, [0.0; 2], 1.0)];
        let start = ExactField::new(&source.list, &nothing, Path::Linear);
        if source.list.is_empty() || start.ends().0 > 0.0 {
            return Ok(MapGrid {
                lacks: Some(Lack::SourceDensity),
                ..empty
            });
        }
        let (grid, points) = grid_over(bounds, COARSE);
        let steps = ((f64::from(STEPS) * (t - from)).ceil() as u32).max(1);
        let back = trace_back(&points_f64(&points), (from, t), steps, |points, t| {
            let narrow: Vec<[f32; 2]> = points.iter().map(|p| p.map(|c| c as f32)).collect();
            let found = self.derivatives(id, &narrow, t)?;
            Ok::<_, Fault>(found.iter().map(|d| (d.velocity, d.jacobian.divergence())).collect())
        })?;
        let starts: Vec<Point> = back.iter().map(|b| b.0.map(|c| c / scale)).collect();
        let values = start
            .locals(&starts, 0.0)
            .iter()
            .zip(&back)
            .map(|(local, (_, divergence))| (-local.energy - divergence - 2.0 * scale.ln()).exp() as f32)
            .collect();
        let ones = vec![1.0; points.len()];
        Ok(filled(empty, &grid, values, ones))
    }

    /// How near the run's particles come to each point of a grid, 0 to 1.
    fn by_particles(&self, at: usize, grid: &FieldGrid) -> Vec<f32> {
        let id = self.runs[at].id;
        let stage = self
            .stages
            .iter()
            .find(|s| s.stage.run == id && s.snapshot.trajectories.count() > 0);
        let Some(stage) = stage else {
            return vec![1.0; grid.columns * grid.rows];
        };
        nearness(grid, &stage.snapshot.trajectories.at(self.flow_time))
    }
}

const fn same_but_version(a: &MapOf, b: &MapOf) -> bool {
    a.0 == b.0 && a.2.to_bits() == b.2.to_bits() && a.4 as u8 == b.4 as u8 && a.5 == b.5
}

/// Where the exact field may be asked at t.
fn locals(truth: &Truth, points: &[[f32; 2]], t: f64) -> Vec<Local> {
    let (from, to) = truth.field.ends();
    truth.field.locals(&points_f64(points), t.clamp(from, to))
}

/// Divergence and curl of the learned field (of the exact one where nothing is learned), and the continuity residual
/// `dp/dt + div(p v) = p (div (v - v*) + (v - v*) . score)`, since the exact pair leaves nothing.
fn derived(map: Map, learned: &[Derivatives], locals: Option<&[Local]>) -> Vec<f32> {
    let of = |j: &crate::flow::quantity::Jacobian| match map {
        Map::Curl => j.curl(),
        _ => j.divergence(),
    };
    match (map, locals) {
        (Map::Continuity, Some(locals)) => {
            let residual = |(d, l): (&Derivatives, &Local)| {
                let off = [0, 1].map(|c| d.velocity[c] - l.velocity[c]);
                let divergence = d.jacobian.divergence() - l.jacobian.divergence();
                let flux = off[0] * l.score[0] + off[1] * l.score[1];
                ((-l.energy).exp() * (divergence + flux)) as f32
            };
            learned.iter().zip(locals).map(residual).collect()
        }
        (_, Some(locals)) if learned.is_empty() => locals.iter().map(|l| of(&l.jacobian) as f32).collect(),
        _ => learned.iter().map(|d| of(&d.jacobian) as f32).collect(),
    }
}

/// The energy, with score and velocity on a coarser grid.
fn energy(truth: &Truth, empty: MapGrid, bounds: [f32; 4]) -> MapGrid {
    let (grid, points) = grid_over(bounds, longer_side(truth.components(), FINE));
    let values = locals(truth, &points, empty.t)
        .iter()
        .map(|l| l.energy as f32)
        .collect();
    let (mut arrows, at) = grid_over(bounds, ARROWS);
    let around = locals(truth, &at, empty.t);
    arrows.t = empty.t;
    let field = |of: fn(&Local) -> Point| FieldGrid {
        values: around.iter().map(|l| of(l).map(|c| c as f32)).collect(),
        ..arrows.clone()
    };
    let (score, velocity) = (field(|l| l.score), field(|l| l.velocity));
    let ones = vec![1.0; points.len()];
    MapGrid {
        score: Some(Arc::new(score)),
        velocity: Some(Arc::new(velocity)),
        ..filled(empty, &grid, values, ones)
    }
}

/// The density of the exact marginal.
fn exact_density(truth: &Truth, empty: MapGrid, bounds: [f32; 4]) -> MapGrid {
    let (grid, points) = grid_over(bounds, longer_side(truth.components(), COARSE));
    let locals = locals(truth, &points, empty.t);
    let values = locals.iter().map(|l| (-l.energy).exp() as f32).collect();
    filled(empty, &grid, values, vec![1.0; points.len()])
}

/// E|u - v*|^2 given X_t = x.
fn local_floor(law: &Conditional, truth: Option<&Truth>, empty: MapGrid, bounds: [f32; 4]) -> MapGrid {
    if let (Conditional::Exact { field, .. }, Some(truth)) = (law, truth) {
        let (grid, points) = grid_over(bounds, longer_side(truth.components(), FINE));
        let (from, to) = field.ends();
        let at = field.at(empty.t.clamp(from, to));
        let values = points_f64(&points)
            .iter()
            .map(|x| at.posterior(*x).variance as f32)
            .collect();
        let presence = by_energy(&locals(truth, &points, empty.t));
        return filled(empty, &grid, values, presence);
    }
    let (grid, points) = grid_over(bounds, longer_side(KERNEL_PAIRS, COARSE));
    let at = law.at(empty.t);
    let fans: Vec<_> = points_f64(&points).iter().map(|x| at.fan(*x, 0)).collect();
    let values = fans.iter().map(|f| f.variance() as f32).collect();
    let presence = fans.iter().map(|f| (f.presence.min(4.0) / 4.0) as f32).collect();
    MapGrid {
        is_estimate: true,
        ..filled(empty, &grid, values, presence)
    }
}

fn filled(empty: MapGrid, grid: &FieldGrid, values: Vec<f32>, presence: Vec<f32>) -> MapGrid {
    MapGrid {
        bounds: grid.bounds,
        columns: grid.columns,
        rows: grid.rows,
        values,
        presence,
        ..empty
    }
}

/// 1 where the density is within e^4 of its greatest on the grid, 0 from e^9 on.
fn by_energy(locals: &[Local]) -> Vec<f32> {
    let least = locals.iter().map(|l| l.energy).fold(f64::INFINITY, f64::min);
    let part = |l: &Local| (1.0 - (l.energy - least - 4.0) / (EMPTY - 4.0)).clamp(0.0, 1.0) as f32;
    locals.iter().map(part).collect()
}

/// 1 where a few of the particles are within a twentieth of the longer side, 0 where none is.
fn nearness(grid: &FieldGrid, particles: &[[f32; 2]]) -> Vec<f32> {
    let [x0, y0, x1, y1] = grid.bounds;
    let cell = (x1 - x0) / (grid.columns - 1).max(1) as f32;
    let reach = grid.columns.max(grid.rows).div_ceil(20) as i64;
    let mut near = vec![0.0_f32; grid.columns * grid.rows];
    for p in particles {
        let at = [(p[0] - x0) / cell, (p[1] - y0) / cell];
        if !at.iter().all(|c| c.is_finite() && c.abs() < 1e6) || p[1] > y1 + 4.0 * cell * reach as f32 {
            continue;
        }
        let middle = at.map(|c| c.round() as i64);
        for row in (middle[1] - reach).max(0)..=(middle[1] + reach).min(grid.rows as i64 - 1) {
            for column in (middle[0] - reach).max(0)..=(middle[0] + reach).min(grid.columns as i64 - 1) {
                let far = (column as f32 - at[0]).hypot(row as f32 - at[1]) / reach as f32;
                near[row as usize * grid.columns + column as usize] += (1.0 - far).max(0.0);
            }
        }
    }
    let enough = (0.001 * particles.len() as f32).max(1e-6);
    near.iter().map(|n| (n / enough).min(1.0)).collect()
}

impl MapGrid {
    /// The value at a place, between the four grid points around it; None outside or where it is not known.
    pub fn value_at(&self, [x, y]: [f32; 2]) -> Option<f32> {
        let [x0, y0, x1, y1] = self.bounds;
        if self.values.is_empty() || self.columns < 2 || self.rows < 2 {
            return None;
        }
        let u = (x - x0) / (x1 - x0) * (self.columns - 1) as f32;
        let v = (y - y0) / (y1 - y0) * (self.rows - 1) as f32;
        if !(u >= 0.0 && v >= 0.0 && u <= (self.columns - 1) as f32 && v <= (self.rows - 1) as f32) {
            return None;
        }
        let (c, r) = ((u as usize).min(self.columns - 2), (v as usize).min(self.rows - 2));
        let (fu, fv) = (u - c as f32, v - r as f32);
        let at = |c: usize, r: usize| self.values[r * self.columns + c];
        let low = at(c, r) + fu * (at(c + 1, r) - at(c, r));
        let high = at(c, r + 1) + fu * (at(c + 1, r + 1) - at(c, r + 1));
        Some(low + fv * (high - low)).filter(|v| v.is_finite())
    }
}
