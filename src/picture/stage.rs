//! The stage view: source, target, particles at t, trajectories, solver states, velocities, density, and the exact field
//! beside the learned one. Called every frame, so whatever is worth more than a few microseconds is kept in a
//! [`StageCache`], keyed by the pointers of what it was made from.

use std::f32::consts::TAU;
use std::sync::Arc;

use super::bend::{self, bend_colors, full_scale};
use super::color::{ColorMap, Theme, cyclic, with_alpha};
use super::density::{Density, density};
use super::field::{FieldArrows, difference, field_arrows, split_arrows};
use super::interpolation::{Ways, ways};
use super::maps::{MapMarks, map_marks};
use super::pairs::{Chords, chords};
use super::probe::{ProbeInput, probe_legend, probe_marks};
use super::{Bounds, Colors, LegendEntry, Mark, Picture, Rgba, Shape, Swatch};
use crate::backend::Trajectories;
use crate::engine::maps::MapGrid;
use crate::engine::snapshot::{FieldGrid, Points};
use crate::flow::coupling::Pair;
use crate::flow::path::Path;
use crate::lab::{Layers, Map};

/// What a stage is drawn from; all but `layers`, `t` and `theme` are parts of a `StageSnapshot`.
#[derive(Clone, Copy, Debug)]
pub struct StageInput<'a> {
    /// Points of the source.
    pub source: &'a Points,
    /// Points of the target.
    pub target: &'a Points,
    /// The particles' recorded states.
    pub trajectories: &'a Arc<Trajectories>,
    /// Training pairs, for the chords.
    pub pairs: &'a Arc<Vec<Pair>>,
    /// How a pair is joined.
    pub path: Path,
    /// Whether they are drawn as the sum of drift and half a score.
    pub split: bool,
    /// Learned velocities at `t`.
    pub field: Option<&'a Arc<FieldGrid>>,
    /// Exact velocities at `t`, on the same grid.
    pub exact_field: Option<&'a Arc<FieldGrid>>,
    /// Whether those are an estimate from pairs.
    pub exact_is_estimate: bool,
    /// The map, where the stage shows one.
    pub map: Option<&'a Arc<MapGrid>>,
    /// What is known at the probe, where it is on.
    pub probe: Option<ProbeInput<'a>>,
    /// What is drawn.
    pub layers: &'a Layers,
    /// Flow time.
    pub t: f64,
    /// For what surface.
    pub theme: Theme,
    /// min x, min y, max x, max y of the default view.
    pub bounds: [f32; 4],
}

/// What is kept from frame to frame; one a stage. An empty one is always right, only slower.
#[derive(Debug, Default)]
pub struct StageCache {
    colors: Kept<(usize, Theme), Arc<Vec<Rgba>>>,
    lines: Kept<(usize, Theme, u32, bool, bool), Lines>,
    bends: Kept<(usize, Theme, u32), Arc<Vec<Rgba>>>,
    pairs: Kept<(usize, Theme, u32), Chords>,
    ways: Kept<(usize, Theme, Path, u32), Ways>,
    moving: Kept<(usize, Theme, Path, u32, u64), Mark>,
    now: Kept<(usize, u64), Points>,
    density: Kept<(usize, Theme), Density>,
    arrows: Kept<(usize, Theme), FieldArrows>,
    exact: Kept<(usize, usize, Theme), FieldArrows>,
    difference: Kept<(usize, usize, usize, Theme), Option<Mark>>,
    map: Kept<(usize, Theme), MapMarks>,
    held_map: Option<Arc<MapGrid>>,
    /// Keep the keys' pointers alive, so that no other buffer can take their addresses.
    held: Held,
}

/// The buffers whose addresses are keys.
type Held = (
    Option<Arc<Trajectories>>,
    Option<Arc<FieldGrid>>,
    Option<Arc<FieldGrid>>,
    Option<Arc<Vec<Pair>>>,
);

/// A value and what it was made from.
#[derive(Debug)]
struct Kept<K, V>(Option<(K, V)>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: PartialEq, V: Clone> Kept<K, V> {
    fn get(&mut self, key: K, make: impl FnOnce() -> V) -> V {
        match &self.0 {
            Some((k, v)) if *k == key => v.clone(),
            _ => {
                let v = make();
                self.0 = Some((key, v.clone()));
                v
            }
        }
    }
}

/// Trajectories as drawn: the first few particles' states, their colors, and the states alone as dots.
#[derive(Clone, Debug)]
struct Lines {
    points: Points,
    stride: usize,
    shown: usize,
    colors: Arc<Vec<Rgba>>,
    dot_colors: Arc<Vec<Rgba>>,
}

fn id<T>(arc: &Arc<T>) -> usize {
    Arc::as_ptr(arc) as usize
}

/// The picture of a stage. Same input, same picture, whatever the cache holds.
pub fn stage_picture(input: &StageInput, cache: &mut StageCache) -> Picture {
    let mut picture = Picture {
        bounds: Bounds::of(input.bounds),
        ..Picture::default()
    };
    hold(input, cache);
    add_maps(input, cache, &mut picture);
    add_clouds(input, &mut picture);
    add_pairs(input, cache, &mut picture);
    add_interpolation(input, cache, &mut picture);
    add_trajectories(input, cache, &mut picture);
    add_arrows(input, cache, &mut picture);
    add_particles(input, cache, &mut picture);
    if let Some(probe) = input.probe.as_ref().filter(|_| input.layers.probe) {
        let marks = probe_marks(probe, input.theme, picture.bounds);
        for (name, mark) in marks {
            picture.add(name, mark);
        }
        picture.legend.extend(probe_legend(input.theme));
    }
    picture
}

/// Forgets what was made from other buffers before their addresses can be used again.
fn hold(input: &StageInput, cache: &mut StageCache) {
    let same = cache
        .held
        .0
        .as_ref()
        .is_some_and(|a| Arc::ptr_eq(a, input.trajectories));
    if !same {
        (cache.colors, cache.lines, cache.now, cache.density) = Default::default();
        cache.difference = Kept::default();
        cache.bends = Kept::default();
        cache.held.0 = Some(input.trajectories.clone());
    }
    let same_field = |a: &Option<Arc<FieldGrid>>, b: Option<&Arc<FieldGrid>>| a.as_ref().map(id) == b.map(id);
    if !same_field(&cache.held.1, input.field) || !same_field(&cache.held.2, input.exact_field) {
        (cache.arrows, cache.exact, cache.difference) = Default::default();
        (cache.held.1, cache.held.2) = (input.field.cloned(), input.exact_field.cloned());
    }
}

/// Forgets what was made from other pairs.
fn hold_pairs(input: &StageInput, cache: &mut StageCache) {
    if !cache.held.3.as_ref().is_some_and(|held| Arc::ptr_eq(held, input.pairs)) {
        (cache.pairs, cache.ways, cache.moving) = Default::default();
        cache.held.3 = Some(input.pairs.clone());
    }
}

/// The pairs on their way.
fn add_interpolation(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    if !input.layers.interpolation || input.pairs.is_empty() {
        return;
    }
    hold_pairs(input, cache);
    let shown = input.layers.pairs_shown;
    let key = (id(input.pairs), input.theme, input.path, shown);
    let ways = cache
        .ways
        .get(key, || ways(input.pairs, shown as usize, input.path, input.theme));
    // with the pairs' own layer their chords are there already
    if !input.layers.pairs {
        for mark in ways.lines.clone() {
            picture.add("ways", mark);
        }
        for mark in ways.ends.clone() {
            picture.add("ends", mark);
        }
    }
    let now = (id(input.pairs), input.theme, input.path, shown, input.t.to_bits());
    picture.add("interpolation", cache.moving.get(now, || ways.at(input.t)));
    picture.legend.push(LegendEntry {
        key: "legend.interpolation",
        text: "pairs on their way, X_t",
        swatch: Swatch::Wheel(ramp(|x| cyclic(input.theme, x * TAU))),
    });
}

/// Chords of pairs and their crossings.
fn add_pairs(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    if !input.layers.pairs {
        return;
    }
    hold_pairs(input, cache);
    let shown = input.layers.pairs_shown;
    let key = (id(input.pairs), input.theme, shown);
    let (marks, legend) = cache
        .pairs
        .get(key, || chords(input.pairs, shown as usize, input.theme));
    let names = ["chords", "crossings", "starts", "ends"];
    for (i, mark) in marks.into_iter().enumerate() {
        picture.add(names.get(i).copied().unwrap_or("pairs"), mark);
    }
    picture.legend.extend(legend);
}

/// Heat maps, behind all else.
fn add_maps(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    let theme = input.theme;
    if input.layers.map != Map::None {
        add_map(input, cache, picture);
        return;
    }
    if input.layers.density && input.trajectories.count() > 0 {
        let now = particles_now(input, cache);
        let kept = cache
            .density
            .get((id(&now), theme), || density(&now, picture.bounds, theme));
        picture.add("density", kept.mark);
        picture.legend.push(LegendEntry {
            key: "legend.density",
            text: "density of particles",
            swatch: Swatch::Ramp {
                colors: ramp(|x| ColorMap::Cividis.toward(theme, x)),
                low: 0.0,
                high: kept.highest,
            },
        });
    }
    if let (true, Some(learned), Some(exact)) = (input.layers.exact, input.field, input.exact_field) {
        let now = particles_now(input, cache);
        let key = (id(learned), id(exact), id(&now), theme);
        let mark = cache.difference.get(key, || difference(learned, exact, &now, theme));
        if let Some(mark) = mark {
            picture.add("difference", mark);
            picture.legend.push(LegendEntry {
                key: "legend.difference",
                text: "|learned - exact| / rms exact",
                swatch: Swatch::Ramp {
                    colors: ramp(|x| ColorMap::Batlow.toward(theme, x)),
                    low: 0.0,
                    high: 1.0,
                },
            });
        }
    }
}

/// The one map that was chosen; while it is made anew for another choice, nothing.
fn add_map(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    let Some(map) = input.map.filter(|m| m.map == input.layers.map) else {
        return;
    };
    if cache.held_map.as_ref().map(id) != Some(id(map)) {
        (cache.map, cache.held_map) = (Kept::default(), Some(Arc::clone(map)));
    }
    let made = cache
        .map
        .get((id(map), input.theme), || map_marks(map, None, input.theme));
    for (name, mark) in made.marks {
        picture.add(name, mark);
    }
    picture.legend.extend(made.legend);
}

/// Source and target.
fn add_clouds(input: &StageInput, picture: &mut Picture) {
    let palette = input.theme.palette();
    // what moves comes first to the eye; the clouds are full only when they are alone
    let busy = input.layers.particles || input.layers.trajectories;
    let mut add = |at: &Points, color, shape, radius_px, key, text| {
        let alpha = by_count(at.len(), 1.6).min(1.0) * if busy { 0.75 } else { 1.0 };
        let mark = Mark::Points {
            at: at.clone(),
            colors: Colors::One(with_alpha(color, alpha)),
            radius_px,
            shape,
        };
        picture.add(text, mark);
        picture.legend.push(LegendEntry {
            key,
            text,
            swatch: Swatch::Point(color, shape),
        });
    };
    if input.layers.source {
        add(
            input.source,
            palette.source,
            Shape::Disk,
            1.6,
            "legend.source",
            "source",
        );
    }
    if input.layers.target {
        add(
            input.target,
            palette.target,
            Shape::Ring,
            2.4,
            "legend.target",
            "target",
        );
    }
}

fn add_trajectories(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    let layers = input.layers;
    if !(layers.trajectories || layers.states) || input.trajectories.times.len() < 2 {
        return;
    }
    let colors = start_colors(input, cache);
    let key = (
        id(input.trajectories),
        input.theme,
        layers.trajectories_shown,
        layers.particles,
        layers.bend,
    );
    let colors = if layers.bend {
        bends(input, cache, picture)
    } else {
        colors
    };
    let lines = cache.lines.get(key, || lines(input, &colors));
    if layers.trajectories {
        let mark = Mark::Lines {
            points: lines.points.clone(),
            stride: lines.stride,
            shown: lines.shown,
            colors: Colors::Each(lines.colors),
            width_px: 1.2,
            dashed: false,
        };
        picture.add("trajectories", mark);
    }
    if layers.states {
        let mark = Mark::Points {
            at: lines.points,
            colors: Colors::Each(lines.dot_colors),
            radius_px: 1.7,
            shape: Shape::Square,
        };
        picture.add("states", mark);
        picture.legend.push(LegendEntry {
            key: "legend.states",
            text: "solver states",
            swatch: Swatch::Point(input.theme.palette().text_quiet, Shape::Square),
        });
    }
}

/// The colors of trajectories by how far they stray from their chords.
fn bends(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) -> Arc<Vec<Rgba>> {
    let (t, theme) = (input.trajectories, input.theme);
    if input.layers.trajectories {
        picture.legend.push(LegendEntry {
            key: "legend.bend",
            text: "distance from the chord",
            swatch: Swatch::Ramp {
                colors: ramp(|x| bend::color(theme, x)),
                low: 0.0,
                high: full_scale(picture.bounds),
            },
        });
    }
    let shown = t.count().min(input.layers.trajectories_shown as usize);
    let key = (id(t), theme, input.layers.trajectories_shown);
    cache
        .bends
        .get(key, || Arc::new(bend_colors(t, shown, picture.bounds, theme)))
}

fn add_arrows(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    let theme = input.theme;
    let Some(learned) = input.field else { return };
    if let (true, Some(exact)) = (input.layers.exact, input.exact_field) {
        let key = (id(learned), id(exact), theme);
        let arrows = cache.exact.get(key, || field_arrows(learned, Some(exact), theme));
        picture.add("exact", arrows.mark);
        let (key, text) = if input.exact_is_estimate {
            ("legend.exact_estimate", "velocity estimated from pairs")
        } else {
            ("legend.exact", "exact velocity")
        };
        picture.legend.push(LegendEntry {
            key,
            text,
            swatch: Swatch::Arrow(theme.palette().exact, false),
        });
    }
    if input.layers.velocity && input.split {
        add_split(input, learned, picture);
    } else if input.layers.velocity {
        let arrows = cache
            .arrows
            .get((id(learned), theme), || field_arrows(learned, None, theme));
        picture.add("velocity", arrows.mark);
        picture.legend.push(LegendEntry {
            key: "legend.velocity",
            text: "learned velocity, |v|",
            swatch: Swatch::Ramp {
                colors: ramp(|x| super::field::speed_color(theme, x)),
                low: 0.0,
                high: arrows.fastest,
            },
        });
    }
}

/// What the legend says of the sum, drawn so many times longer than its terms.
const fn sum_words(longer: u32) -> (&'static str, &'static str) {
    match longer {
        0 | 1 => ("legend.sum", "velocity, their sum"),
        2 => ("legend.sum_2", "velocity, their sum, 2 times longer"),
        5 => ("legend.sum_5", "velocity, their sum, 5 times longer"),
        10 => ("legend.sum_10", "velocity, their sum, 10 times longer"),
        20 => ("legend.sum_20", "velocity, their sum, 20 times longer"),
        50 => ("legend.sum_50", "velocity, their sum, 50 times longer"),
        _ => ("legend.sum_100", "velocity, their sum, 100 times longer"),
    }
}

/// Drift, half a score from its tip, and their sum.
fn add_split(input: &StageInput, learned: &FieldGrid, picture: &mut Picture) {
    let theme = input.theme;
    let ([sum, drift, half], longer) = split_arrows(learned, input.path, theme);
    let (sum_key, sum_text) = sum_words(longer);
    let palette = theme.palette();
    for (name, mark, key, text, color, dashed) in [
        ("velocity", sum, sum_key, sum_text, palette.text, false),
        ("drift", drift, "legend.drift", "drift, −f x", palette.chord, false),
        (
            "half-score",
            half,
            "legend.half_score",
            "half a score, g² ∇log p / 2",
            palette.learned,
            true,
        ),
    ] {
        picture.add(name, mark);
        picture.legend.push(LegendEntry {
            key,
            text,
            swatch: Swatch::Arrow(color, dashed),
        });
    }
}

fn add_particles(input: &StageInput, cache: &mut StageCache, picture: &mut Picture) {
    if !input.layers.particles || input.trajectories.count() == 0 {
        return;
    }
    let colors = start_colors(input, cache);
    let at = particles_now(input, cache);
    let mark = Mark::Points {
        radius_px: match input.layers.map {
            // the map lies where the particles are, and must be seen between them
            Map::None if at.len() <= 6000 => 2.3,
            Map::None => 1.7,
            _ => 1.1,
        },
        at,
        colors: Colors::Each(colors),
        shape: Shape::Disk,
    };
    picture.add("particles", mark);
    let theme = input.theme;
    picture.legend.push(LegendEntry {
        key: "legend.particles",
        text: "particles, by the angle they start at",
        swatch: Swatch::Wheel(ramp(|x| cyclic(theme, x * TAU))),
    });
}

fn particles_now(input: &StageInput, cache: &mut StageCache) -> Points {
    let key = (id(input.trajectories), input.t.to_bits());
    cache.now.get(key, || Arc::new(input.trajectories.at(input.t)))
}

/// One color a particle, by the angle of its start around the mean of all starts.
fn start_colors(input: &StageInput, cache: &mut StageCache) -> Arc<Vec<Rgba>> {
    let t = input.trajectories;
    cache.colors.get((id(t), input.theme), || {
        let starts: Vec<[f32; 2]> = t.states.iter().step_by(t.times.len().max(1)).copied().collect();
        Arc::new(angle_colors(&starts, input.theme))
    })
}

/// One color a point, by its angle around the mean of all.
pub fn angle_colors(points: &[[f32; 2]], theme: Theme) -> Vec<Rgba> {
    let n = points.len().max(1) as f32;
    let mean = points
        .iter()
        .fold([0.0, 0.0], |m, p| [m[0] + p[0] / n, m[1] + p[1] / n]);
    // 256 colors are more than the eye tells apart, and spare a power and two cube roots a point
    let wheel: Vec<Rgba> = (0..256).map(|i| cyclic(theme, i as f32 / 256.0 * TAU)).collect();
    let color = |p: &[f32; 2]| {
        let angle = (p[1] - mean[1]).atan2(p[0] - mean[0]).rem_euclid(TAU);
        wheel[(angle / TAU * 256.0) as usize % 256]
    };
    points.iter().map(color).collect()
}

/// The most states of a line that are drawn: of more, every k-th and the last.
const LINE_STATES: usize = 257;

/// Which of `n` states of a trajectory are drawn.
pub(super) fn states_drawn(n: usize) -> Vec<usize> {
    let every = n.saturating_sub(1).div_ceil(LINE_STATES - 1).max(1);
    (0..n).filter(|k| k % every == 0 || *k == n - 1).collect()
}

fn lines(input: &StageInput, colors: &[Rgba]) -> Lines {
    let t = input.trajectories;
    let n = t.times.len();
    let shown = t.count().min(input.layers.trajectories_shown as usize);
    let picked = states_drawn(n);
    let mut points = Vec::with_capacity(shown * picked.len());
    for p in 0..shown {
        let states = t.particle(p);
        points.extend(picked.iter().map(|&k| states[k]));
    }
    // fainter than what moves along them
    let rough = roughness(&points, picked.len(), input.bounds);
    // a few are told apart however rough they are
    let few = (FEW / shown.max(1) as f32).max(1.0);
    let faint = (few * SMOOTH / rough.max(SMOOTH)).clamp(0.12, 1.0);
    let alpha = by_count(shown / 4, if input.layers.particles { 0.6 } else { 0.75 }) * faint;
    let dot_alpha = by_count(points.len() / 12, 0.85);
    let dots = |c: &Rgba| std::iter::repeat_n(with_alpha(*c, dot_alpha), picked.len());
    Lines {
        points: Arc::new(points),
        stride: picked.len(),
        shown,
        colors: Arc::new(colors[..shown].iter().map(|c| with_alpha(*c, alpha)).collect()),
        dot_colors: Arc::new(colors[..shown].iter().flat_map(dots).collect()),
    }
}

/// Ways of so many times the picture's longer side, about, are as dark as they can be; longer ones, driven by noise, would cover all.
const SMOOTH: f32 = 2.0;

/// Up to so many lines lose nothing of it.
const FEW: f32 = 40.0;

/// The mean length of the first lines, in longer sides of the picture.
fn roughness(points: &[[f32; 2]], stride: usize, bounds: [f32; 4]) -> f32 {
    let side = (bounds[2] - bounds[0]).max(bounds[3] - bounds[1]).max(1e-6);
    let lines: Vec<&[[f32; 2]]> = points.chunks_exact(stride.max(2)).take(48).collect();
    let length = |line: &&[[f32; 2]]| -> f32 {
        line.windows(2)
            .map(|w| (w[1][0] - w[0][0]).hypot(w[1][1] - w[0][1]))
            .sum()
    };
    let mean = lines.iter().map(length).sum::<f32>() / lines.len().max(1) as f32;
    if mean.is_finite() { mean / side } else { 0.0 }
}

/// Opacity of many: `most` up to 50, then falling with the square root of the count, so that clouds of any size look alike.
fn by_count(count: usize, most: f32) -> f32 {
    (most * (50.0 / count.max(50) as f32).powf(0.3)).max(0.12)
}

fn ramp(color: impl Fn(f32) -> Rgba) -> Arc<Vec<Rgba>> {
    Arc::new((0..24).map(|i| color(i as f32 / 23.0)).collect())
}

#[cfg(test)]
mod tests;
