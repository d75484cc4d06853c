//! What a stage shows, kept up to date while its run trains: points, trajectories, fields. Previews take at most a quarter
//! of the engine's time, and draw fewer particles where one picture would take too long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::anatomy::AnatomyState;
use super::coupling::MOST_SHOWN;
use super::maps::MapState;
use super::pacing::Throttle;
use super::probe::{ConditionalOf, LearnedOf};
use super::sampling::start_points;
use super::session::Session;
use super::snapshot::{FieldGrid, RunState, StageSnapshot};
use crate::flow::coupling::PairStream;
use crate::flow::distribution::Distribution;
use crate::flow::path::Path;
use crate::flow::random::Stream;
use crate::lab::{Experiment, Lens, Process, Sampling, Stage, exact_lack};

/// Points of the target shown.
const TARGET_POINTS: usize = 2048;
/// The previews of a training may take this long before they draw fewer particles.
const PREVIEW: Duration = Duration::from_millis(50);
/// The same where a map of the particles or of the velocities is shown: at a quarter of the time it is then drawn anew every
/// 36 ms and one slice of training, more than twenty times a second.
const MAP_PREVIEW: Duration = Duration::from_millis(9);
/// While a run trains the number of particles drawn is a multiple of this, so that it does not flicker with the timing.
const BUNCH: usize = 128;
/// Arrows along the longer side of the grid.
const GRID: usize = 26;

/// Of which distributions, path, t and bounds an exact field is, and the address of the pairs' law where it is an estimate.
type ExactOf = (Arc<Distribution>, Arc<Distribution>, Path, f64, [f32; 4], Option<usize>);

/// One stage in a session.
#[derive(Clone, Debug)]
pub struct ActiveStage {
    /// As the lab has it.
    pub stage: Stage,
    /// What it shows now.
    pub snapshot: StageSnapshot,
    /// Of which distributions and sampling the points are, and on which scale they start.
    points_of: Option<(Arc<Distribution>, Arc<Distribution>, Sampling, f64)>,
    drawn: Option<(u64, Sampling, usize)>,
    field_of: Option<(u64, f64, [f32; 4])>,
    exact_of: Option<ExactOf>,
    pairs_of: Option<(Arc<PairStream>, u32)>,
    pub(super) conditional_of: Option<ConditionalOf>,
    pub(super) learned_of: Option<LearnedOf>,
    pub(super) map: MapState,
    pub(super) anatomy: AnatomyState,
    /// Of which distributions and kind of coupling it is known whether there is an exact field.
    truth_of: Option<(Arc<Distribution>, Arc<Distribution>, &'static str)>,
    throttle: Throttle,
    secs_per_particle: f64,
}

impl Default for ActiveStage {
    fn default() -> Self {
        Self {
            stage: Stage::default(),
            snapshot: StageSnapshot::default(),
            points_of: None,
            drawn: None,
            field_of: None,
            exact_of: None,
            pairs_of: None,
            conditional_of: None,
            learned_of: None,
            map: MapState::default(),
            anatomy: AnatomyState::default(),
            truth_of: None,
            throttle: Throttle::new(3, Duration::from_millis(27)),
            secs_per_particle: 0.0,
        }
    }
}

impl ActiveStage {
    /// Shows this stage from now on. A change of run begins with what another stage has of that run, never with the
    /// trajectories of the run before.
    pub(super) fn show(&mut self, stage: Stage, seen: Option<&StageSnapshot>) {
        if self.stage.run != stage.run {
            (self.drawn, self.field_of, self.exact_of, self.pairs_of) = (None, None, None, None);
            (self.snapshot.field, self.snapshot.exact_field) = (None, None);
            (self.conditional_of, self.snapshot.conditional) = (None, None);
            (self.learned_of, self.snapshot.learned) = (None, None);
            (self.map, self.snapshot.map) = (MapState::default(), None);
            (self.anatomy, self.snapshot.anatomy) = (AnatomyState::default(), None);
            (self.snapshot.pairs, self.snapshot.coupling) = (Arc::default(), None);
            self.snapshot.trajectories = seen.map(|s| Arc::clone(&s.trajectories)).unwrap_or_default();
            self.snapshot.step = seen.map_or(0, |s| s.step);
        }
        self.stage = stage;
    }

    /// Source and target points and bounds, where the distributions or the particles changed.
    fn refresh_points(&mut self, experiment: &Experiment) -> bool {
        let key = (
            Arc::clone(&experiment.source),
            Arc::clone(&experiment.target),
            self.stage.sampling,
            experiment.path.start_scale(),
        );
        if let Some(old) = &self.points_of
            && old.0 == key.0
            && old.1 == key.1
            && old.2.seed == key.2.seed
            && old.2.count == key.2.count
            && old.3 == key.3
        {
            return false;
        }
        let shot = &mut self.snapshot;
        // the source's, also where the particles begin as data
        let generating = Sampling {
            process: Process::Generate,
            ..self.stage.sampling
        };
        shot.source = Arc::new(start_points(experiment, &generating));
        shot.target = Arc::new(experiment.target.samples(0, Stream::Shown, TARGET_POINTS));
        let (mut a, b) = (experiment.source.bounds(), experiment.target.bounds());
        for corner in [&mut a.min, &mut a.max] {
            *corner = corner.map(|c| c * key.3);
        }
        shot.bounds = [
            a.min[0].min(b.min[0]) as f32,
            a.min[1].min(b.min[1]) as f32,
            a.max[0].max(b.max[0]) as f32,
            a.max[1].max(b.max[1]) as f32,
        ];
        self.points_of = Some(key);
        self.drawn = None;
        true
    }

    /// Whether there is an exact field, where the distributions or the coupling changed.
    fn refresh_truth(&mut self, experiment: &Experiment) {
        let (source, target, coupling) = (&experiment.source, &experiment.target, experiment.coupling.name());
        // every turn of the engine comes here: a look at the points of a file would cost more than it saves
        if let Some((s, t, c)) = &self.truth_of
            && Arc::ptr_eq(s, source)
            && Arc::ptr_eq(t, target)
            && *c == coupling
        {
            return;
        }
        self.truth_of = Some((Arc::clone(source), Arc::clone(target), coupling));
        self.snapshot.no_exact = exact_lack(experiment).map(Arc::from);
    }

    /// How many particles are drawn: all at rest; in training as many as take their part of [`PREVIEW`] (of [`MAP_PREVIEW`]
    /// beneath a map) among `previews`.
    fn particles(&self, training: bool, previews: u32) -> usize {
        let all = self.stage.sampling.count as usize;
        if !training || self.secs_per_particle <= 0.0 {
            return all;
        }
        let layers = self.stage.layers;
        let whole = if layers.density || layers.exact {
            MAP_PREVIEW
        } else {
            PREVIEW
        };
        let part = whole.as_secs_f64() / f64::from(previews.max(1));
        let fitting = (part / self.secs_per_particle) as usize;
        all.min((fitting / BUNCH * BUNCH).max(2 * BUNCH))
    }
}

/// A grid over the stage's bounds, a little wider, with square cells, `longer` (at least 2) points along the longer side; no
/// values yet, and its points.
pub(super) fn grid_over(bounds: [f32; 4], longer: usize) -> (FieldGrid, Vec<[f32; 2]>) {
    let (w, h) = ((bounds[2] - bounds[0]).max(1e-3), (bounds[3] - bounds[1]).max(1e-3));
    let cell = w.max(h) / (longer - 1) as f32;
    let columns = ((w / cell).ceil() as usize + 1).clamp(2, longer + 1);
    let rows = ((h / cell).ceil() as usize + 1).clamp(2, longer + 1);
    let mid = [bounds[0].midpoint(bounds[2]), bounds[1].midpoint(bounds[3])];
    let min = [
        mid[0] - cell * (columns - 1) as f32 / 2.0,
        mid[1] - cell * (rows - 1) as f32 / 2.0,
    ];
    let points = (0..rows * columns)
        .map(|i| {
            [
                min[0] + cell * (i % columns) as f32,
                min[1] + cell * (i / columns) as f32,
            ]
        })
        .collect();
    let max = [min[0] + cell * (columns - 1) as f32, min[1] + cell * (rows - 1) as f32];
    (
        FieldGrid {
            t: 0.0,
            bounds: [min[0], min[1], max[0], max[1]],
            columns,
            rows,
            values: Vec::new(),
        },
        points,
    )
}

/// Which of the old stages each new one goes on from: one of the same run and sampling (stages were closed, added or
/// swapped), else that of the same run, else the one at the same place; each old one once.
fn successors(old: &[Stage], new: &[Stage]) -> Vec<Option<usize>> {
    let mut from = vec![None; new.len()];
    let mut taken = vec![false; old.len()];
    let rules: [fn(&Stage, &Stage) -> bool; 3] = [
        |a, b| a.run == b.run && a.sampling == b.sampling,
        |a, b| a.run == b.run && a.sampling.count == b.sampling.count,
        |_, _| true,
    ];
    for (rule, fits) in rules.into_iter().enumerate() {
        for (i, stage) in new.iter().enumerate() {
            if from[i].is_some() {
                continue;
            }
            let same_place = (i < old.len()).then_some(i);
            let others = (0..old.len()).filter(|_| rule < 2);
            let found = same_place.into_iter().chain(others);
            from[i] = found.into_iter().find(|&k| !taken[k] && fits(&old[k], stage));
            if let Some(k) = from[i] {
                taken[k] = true;
            }
        }
    }
    from
}

impl Session {
    /// Shows these stages from now on; what has been drawn of them is kept.
    pub(super) fn show_stages(&mut self, stages: &[Stage]) {
        let old: Vec<Stage> = self.stages.iter().map(|s| s.stage.clone()).collect();
        let from = successors(&old, stages);
        let next = stages.iter().zip(from).map(|(stage, from)| {
            let mut active = from.map(|k| self.stages[k].clone()).unwrap_or_default();
            let seen = self.stages.iter().find(|s| s.stage.run == stage.run);
            active.show(stage.clone(), seen.map(|s| &s.snapshot));
            active
        });
        self.stages = next.collect();
    }

    /// Whether the first trajectories are out.
    pub fn has_drawn(&self) -> bool {
        self.stages.iter().all(|s| s.drawn.is_some())
    }

    /// Brings stages up to date where that is due; true where something was done (there may be more to do).
    pub fn refresh_stages(&mut self) -> bool {
        let mut worked = false;
        for i in 0..self.stages.len() {
            let mut stage = std::mem::take(&mut self.stages[i]);
            if let Some(at) = self.index(stage.stage.run) {
                stage.snapshot.run = stage.stage.run;
                stage.snapshot.path = self.runs[at].experiment.path;
                let shown = stage.stage.sampling.shown_for(&self.runs[at].experiment);
                stage.snapshot.split = shown.lens == Lens::PfOde;
                worked |= stage.refresh_points(&self.runs[at].experiment);
                stage.refresh_truth(&self.runs[at].experiment);
                self.refresh_pairs(&mut stage, at);
                self.refresh_conditional(&mut stage, at);
                worked |= self.refresh_learned(&mut stage, at);
                worked |= self.refresh_trajectories(&mut stage, at);
                worked |= self.refresh_field(&mut stage, at);
                worked |= self.refresh_exact(&mut stage, at);
                worked |= self.refresh_map(&mut stage, at);
                worked |= self.refresh_anatomy(&mut stage, at);
            }
            self.stages[i] = stage;
        }
        worked
    }

    /// The chords of the first training pairs, where they are drawn.
    fn refresh_pairs(&self, stage: &mut ActiveStage, at: usize) {
        let run = &self.runs[at];
        let layers = stage.stage.layers;
        if !(layers.pairs || layers.interpolation) || run.lacks_pairs() {
            stage.snapshot.pairs = Arc::default();
            stage.pairs_of = None;
            return;
        }
        let (stream, shown) = (&run.job.pairs, layers.pairs_shown);
        let same = |old: &(Arc<PairStream>, u32)| (Arc::ptr_eq(&old.0, stream) || old.0 == *stream) && old.1 == shown;
        if !stage.pairs_of.as_ref().is_some_and(same) {
            let other = self.stages.iter().find(|s| s.pairs_of.as_ref().is_some_and(same));
            stage.snapshot.pairs = match other {
                Some(other) => Arc::clone(&other.snapshot.pairs),
                None => stream.first((shown as usize).min(MOST_SHOWN)),
            };
            stage.pairs_of = Some((Arc::clone(stream), shown));
        }
    }

    /// How many stages change because their runs train.
    fn previews(&self) -> u32 {
        let trains = |s: &&ActiveStage| {
            let at = self.index(s.stage.run);
            at.is_some_and(|at| self.runs[at].state() == RunState::Training)
        };
        // the one in hand is not among them
        self.stages.iter().filter(trains).count() as u32 + 1
    }

    fn refresh_trajectories(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        let run = &self.runs[at];
        let training = run.state() == RunState::Training;
        // all previews together take their share of the time, however many there are
        let previews = self.previews();
        let count = stage.particles(training, previews);
        // an edit of the coupling may take a lens away
        let shown = stage.stage.sampling.shown_for(&run.experiment);
        let key = (run.version, shown, count);
        let now = Instant::now();
        let stale = match &stage.drawn {
            None => true,
            Some(old) if old.1 != key.1 => true,
            Some(old) => old.0 != key.0 || old.2 < key.2,
        };
        // a changed sampler is answered at once; a trained network when it is its turn
        let at_once = stage.drawn.as_ref().is_none_or(|old| old.1 != key.1) || !training;
        if !stale || !(at_once || stage.throttle.is_due(now)) {
            return false;
        }
        let (id, step) = (run.id, run.step);
        if let Some(same) = self.stages.iter().find(|s| s.stage.run == id && s.drawn == Some(key)) {
            stage.snapshot.trajectories = Arc::clone(&same.snapshot.trajectories);
            stage.snapshot.step = same.snapshot.step;
            stage.drawn = Some(key);
            return true;
        }
        let start = if shown.process == Process::Noising {
            let part = Sampling {
                count: count as u32,
                ..shown
            };
            start_points(&self.runs[at].experiment, &part)
        } else {
            stage.snapshot.source[..count.min(stage.snapshot.source.len())].to_vec()
        };
        let drawn = self.sample(id, &stage.stage.sampling, Some(start), true);
        let spent = now.elapsed();
        stage.throttle.done(Instant::now(), spent * previews.max(1));
        stage.drawn = Some(key);
        match drawn {
            Ok(trajectories) => {
                stage.secs_per_particle = spent.as_secs_f64() / count.max(1) as f64;
                stage.snapshot.trajectories = Arc::new(trajectories);
                stage.snapshot.step = step;
            }
            Err(fault) => self.notice(true, fault.to_string()),
        }
        true
    }

    fn refresh_field(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        let layers = stage.stage.layers;
        if !(layers.velocity || layers.exact) {
            stage.snapshot.field = None;
            stage.field_of = None;
            return false;
        }
        let run = &self.runs[at];
        // the field follows the trajectories' version, so that both change together
        let version = stage.drawn.as_ref().map_or(run.version, |d| d.0);
        let key = (version, self.flow_time, stage.snapshot.bounds);
        if stage.field_of == Some(key) {
            return false;
        }
        stage.field_of = Some(key);
        let (mut grid, points) = grid_over(stage.snapshot.bounds, GRID);
        grid.t = self.flow_time;
        let (slot, job) = (run.slot, Arc::clone(&run.job));
        if let Ok(values) = self.velocities(slot, &job, &points, &[self.flow_time as f32]) {
            grid.values = values.iter().map(|v| v.map(|c| c as f32)).collect();
            stage.snapshot.field = Some(Arc::new(grid));
        }
        true
    }

    fn refresh_exact(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        let experiment = &self.runs[at].experiment;
        if !stage.stage.layers.exact {
            stage.snapshot.exact_field = None;
            stage.exact_of = None;
            return false;
        }
        let key = (
            Arc::clone(&experiment.source),
            Arc::clone(&experiment.target),
            experiment.path,
            self.flow_time,
            stage.snapshot.bounds,
            stage.snapshot.conditional.as_ref().map(|c| Arc::as_ptr(c).addr()),
        );
        if stage.exact_of.as_ref() == Some(&key) {
            return false;
        }
        stage.exact_of = Some(key);
        let (mut grid, points) = grid_over(stage.snapshot.bounds, GRID);
        grid.t = self.flow_time;
        let estimate = stage.snapshot.conditional.as_ref().filter(|c| !c.is_field());
        stage.snapshot.exact_is_estimate = estimate.is_some();
        stage.snapshot.exact_field = if let Some(estimate) = estimate {
            let wide = super::sampling::points_f64(&points);
            grid.values = estimate
                .velocities(&wide, grid.t)
                .iter()
                .map(|v| v.map(|c| c as f32))
                .collect();
            Some(Arc::new(grid))
        } else {
            super::truth::of(experiment).ok().map(|truth| {
                grid.t = self.flow_time.min(truth.field.ends().1);
                grid.values = truth.field.velocities_f32(&points, grid.t);
                Arc::new(grid)
            })
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_keep_what_was_drawn_when_others_come_and_go() {
        let stage = |run, steps| Stage {
            run,
            sampling: Sampling {
                steps,
                ..Sampling::default()
            },
            ..Stage::default()
        };
        let (a, b, c) = (stage(1, 1), stage(1, 9), stage(2, 1));
        let of = |old: &[&Stage], new: &[&Stage]| {
            let owned = |s: &[&Stage]| s.iter().map(|s| (*s).clone()).collect::<Vec<_>>();
            successors(&owned(old), &owned(new))
        };
        assert_eq!(of(&[&a, &b, &c], &[&a, &b, &c]), [Some(0), Some(1), Some(2)]);
        assert_eq!(of(&[&a, &b, &c], &[&c, &b, &a]), [Some(2), Some(1), Some(0)], "swapped");
        assert_eq!(of(&[&a, &b, &c], &[&b, &c]), [Some(1), Some(2)], "closed");
        assert_eq!(of(&[&a, &c], &[&a, &b, &c]), [Some(0), None, Some(1)], "added");
        assert_eq!(of(&[&a, &c], &[&b, &c]), [Some(0), Some(1)], "another sampler");
        assert_eq!(of(&[&a], &[&c]), [Some(0)], "another run");
    }

    #[test]
    fn beneath_a_map_fewer_particles_are_drawn_while_training() {
        let mut stage = ActiveStage {
            secs_per_particle: 10e-6,
            ..ActiveStage::default()
        };
        stage.stage.sampling.count = 20_000;
        assert_eq!(stage.particles(false, 1), 20_000);
        assert_eq!(stage.particles(true, 1), 4992, "50 ms of 10 us each, in bunches of 128");
        stage.stage.layers.density = true;
        assert_eq!(stage.particles(true, 1), 896, "9 ms");
        assert_eq!(stage.particles(true, 4), 256, "never fewer");
        stage.stage.sampling.count = 100;
        assert_eq!(stage.particles(true, 4), 100);
    }

    #[test]
    fn the_grid_has_square_cells_and_covers_the_bounds() {
        for bounds in [[-1.0, -2.0, 3.0, 5.0], [0.0, 0.0, 10.0, 0.5]] {
            let (grid, points) = grid_over(bounds, GRID);
            assert_eq!(points.len(), grid.columns * grid.rows);
            let cell = [points[1][0] - points[0][0], points[grid.columns][1] - points[0][1]];
            assert!((cell[0] - cell[1]).abs() < 1e-4);
            assert!(grid.bounds[0] <= bounds[0] + 1e-4 && grid.bounds[2] >= bounds[2] - 1e-4);
            assert!(grid.bounds[1] <= bounds[1] + 1e-4 && grid.bounds[3] >= bounds[3] - 1e-4);
        }
    }
}
