//! The anatomy of a solver step: the step of one particle within which flow time t lies, with the places where its sampler asks
//! the field (k1, k2, ...), what it is told there, the points it predicts and corrects, the noise it adds, and where the solution of
//! the same equation is at the step's end; around it the particle's whole way beside that solution.

use std::sync::Arc;

use super::color::{Theme, with_alpha};
use super::{Bounds, Colors, LegendEntry, Mark, Rgba, Shape, Swatch};
use crate::engine::anatomy::Dissected;
use crate::flow::Point;
use crate::flow::sampler::Family;
use crate::flow::sampler::anatomy::{Evaluation, Meaning, Part, Role, Step, Update};

mod labels;
mod table;

pub use labels::{Word, placed, words};
pub use table::{Row, heading, local_error, rows};

/// How much of the background covers what lies behind.
const VEIL: f32 = 0.55;
/// The same where the step is large on screen.
const CLOSE_VEIL: f32 = 0.85;
/// Steps that are smaller on screen than this are ringed, not taken apart.
const SMALL_PX: f32 = 30.0;
/// Points of a line that are drawn at most.
const LINE: usize = 1500;

/// The step that a flow time shows; None where there is none.
pub fn step_at(made: &Dissected, t: f64) -> Option<(usize, &Step)> {
    let index = made.found.step_at(t)?;
    Some((index, &made.found.steps[index]))
}

fn narrow(p: Point) -> [f32; 2] {
    p.map(|c| c as f32)
}

fn apart(a: Point, b: Point) -> [f32; 2] {
    [0, 1].map(|c| (b[c] - a[c]) as f32)
}

/// All marks, back to front, each with a name. `px_per_unit`: points of the screen a data unit.
pub fn anatomy_marks(
    made: &Dissected,
    t: f64,
    theme: Theme,
    bounds: Bounds,
    px_per_unit: f32,
) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let step = step_at(made, t).map(|(_, step)| step);
    let is_small = step.is_none_or(|step| extent(made, step) * px_per_unit < SMALL_PX);
    let mut marks = vec![(
        "veil",
        Mark::veil(theme, bounds, if is_small { VEIL } else { CLOSE_VEIL }),
    )];
    marks.extend(way(made, theme, is_small));
    let Some(step) = step else { return marks };
    if step.solution.len() > 1 && !is_small {
        let dashed = !is_noisy(made);
        marks.push(("solution", line(&step.solution, palette.exact, 2.4, dashed)));
    }
    marks.push(("step", line(&[step.start, step.end()], palette.text, 4.0, false)));
    marks.extend(places(made, step, theme));
    if is_small {
        let ring = |color, radius_px| points(vec![narrow(step.start)], color, radius_px, Shape::Ring);
        marks.push(("ring", ring(palette.text, 11.0)));
        return marks;
    }
    marks.extend(arrows(made, step, theme));
    marks.extend(reached(step, theme));
    marks
}

fn line(points: &[Point], color: Rgba, width_px: f32, dashed: bool) -> Mark {
    let every = points.len().div_ceil(LINE).max(1);
    let last = points.len().saturating_sub(1);
    let picked: Vec<[f32; 2]> = points
        .iter()
        .enumerate()
        .filter(|(i, _)| i % every == 0 || *i == last)
        .map(|(_, p)| narrow(*p))
        .collect();
    Mark::Lines {
        stride: picked.len().max(2),
        points: Arc::new(picked),
        shown: 1,
        colors: Colors::One(color),
        width_px,
        dashed,
    }
}

fn points(at: Vec<[f32; 2]>, color: Rgba, radius_px: f32, shape: Shape) -> Mark {
    Mark::Points {
        at: Arc::new(at),
        colors: Colors::One(color),
        radius_px,
        shape,
    }
}

fn arrow(at: Point, by: [f32; 2], color: Rgba, width_px: f32) -> Mark {
    Mark::Arrows {
        at: Arc::new(vec![narrow(at)]),
        by: Arc::new(vec![by]),
        colors: Colors::One(color),
        width_px,
        dashed: false,
    }
}

/// Whether the particle is driven by noise: its solution is a rough path, which dashes would make unreadable.
fn is_noisy(made: &Dissected) -> bool {
    made.sampling.sampler.row().family == Family::Stochastic
}

/// The solver's states and the solution from the same start; of a noisy way, close by, only the states: the solution is a
/// tangle there, and has gone elsewhere.
fn way(made: &Dissected, theme: Theme, is_small: bool) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let mut marks = Vec::new();
    if made.found.exact.len() > 1 && (is_small || !is_noisy(made)) {
        let (alpha, dashed) = if is_noisy(made) { (0.6, false) } else { (0.55, true) };
        let color = with_alpha(palette.exact, alpha);
        marks.push(("solution", line(&made.found.exact, color, 2.0, dashed)));
    }
    let states = made.found.states();
    if states.len() > 1 {
        let dots = states.iter().map(|p| narrow(*p)).collect();
        marks.push(("way", line(&states, with_alpha(palette.text, 0.75), 1.6, false)));
        marks.push(("states", points(dots, palette.text, 2.6, Shape::Disk)));
    }
    marks
}

/// The evaluations of a step, those of steps before last.
fn evaluations<'a>(made: &'a Dissected, step: &'a Step) -> impl Iterator<Item = (&'a Evaluation, i32, bool)> {
    let all = step.evaluations.iter().chain(&step.earlier);
    all.filter_map(move |&e| {
        let number = step.number_of(e)?;
        Some((&made.found.evaluations[e], number, step.evaluations.contains(&e)))
    })
}

/// What a quantity's place is colored as: a data prediction as the target, a noise prediction as the source.
fn place_color(meaning: Meaning, theme: Theme) -> Rgba {
    let palette = theme.palette();
    match meaning {
        Meaning::Data => palette.target,
        _ => palette.source,
    }
}

/// Predicted data and noise, joined to where the field was asked.
fn places(made: &Dissected, step: &Step, theme: Theme) -> Vec<(&'static str, Mark)> {
    let mut marks = Vec::new();
    for (e, _, own) in evaluations(made, step).filter(|(e, _, _)| e.meaning.is_place()) {
        let color = place_color(e.meaning, theme);
        let faint = if own { 0.7 } else { 0.35 };
        marks.push(("to", line(&[e.at, e.value], with_alpha(color, faint), 1.3, false)));
        let ink = if own { color } else { with_alpha(color, 0.6) };
        marks.push(("prediction", points(vec![narrow(e.value)], ink, 5.0, Shape::Square)));
    }
    marks
}

/// How far the value of an evaluation goes, as it is drawn: a velocity or a drift over the whole step, a score by its factor.
fn displacement(step: &Step, e: &Evaluation, index: usize) -> [f32; 2] {
    let factor = match e.meaning {
        Meaning::Score => step
            .updates
            .iter()
            .flat_map(|u| &u.terms)
            .find(|(_, part)| *part == Part::Value(index))
            .map_or(0.0, |(factor, _)| *factor),
        _ => step.to - step.from,
    };
    let v = if e.meaning.is_place() { e.velocity } else { e.value };
    v.map(|c| (factor * c) as f32)
}

/// The color of the field that the particle follows.
fn field_ink(made: &Dissected, theme: Theme) -> Rgba {
    let palette = theme.palette();
    if made.exact { palette.exact } else { palette.learned }
}

fn arrows(made: &Dissected, step: &Step, theme: Theme) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let ink = field_ink(made, theme);
    let mut marks = Vec::new();
    for &index in step.earlier.iter().rev().chain(&step.evaluations) {
        let e = &made.found.evaluations[index];
        let own = step.evaluations.contains(&index);
        let by = displacement(step, e, index);
        let color = if own { ink } else { with_alpha(ink, 0.45) };
        marks.push(("arrow", arrow(e.at, by, color, 3.0)));
    }
    for (e, _, own) in evaluations(made, step) {
        let color = if own { palette.text } else { palette.text_quiet };
        marks.push(("asked", points(vec![narrow(e.at)], color, 6.5, Shape::Ring)));
    }
    for update in told_noises(step) {
        let from = [0, 1].map(|c| update.to[c] - update.noise[c]);
        marks.push(("noise", arrow(from, apart(from, update.to), palette.chord, 2.4)));
    }
    marks
}

/// The updates whose noise is worth an arrow: of those that add the same draw, the last.
fn told_noises(step: &Step) -> impl Iterator<Item = &Update> {
    let last = |i: usize| !step.updates[i + 1..].iter().any(|u| u.noise == step.updates[i].noise);
    let all = step.updates.iter().enumerate();
    all.filter(move |(i, u)| u.noise != [0.0; 2] && last(*i))
        .map(|(_, u)| u)
}

/// The points a step reaches, and the solution's.
fn reached(step: &Step, theme: Theme) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let mut marks = Vec::new();
    for update in &step.updates {
        let (name, radius, shape) = match update.role {
            Role::Inner => continue,
            Role::Predicted => ("predicted", 4.5, Shape::Square),
            Role::Corrected | Role::Next => ("next", 5.0, Shape::Disk),
        };
        marks.push((name, points(vec![narrow(update.to)], palette.text, radius, shape)));
    }
    if let Some(exact) = step.exact() {
        marks.push(("exact", points(vec![narrow(exact)], palette.exact, 7.5, Shape::Ring)));
    }
    marks
}

/// All points of a step but predictions of data and noise, which lie far away.
fn near(made: &Dissected, step: &Step) -> Vec<Point> {
    let updates = step
        .updates
        .iter()
        .flat_map(|u| [u.to, [0, 1].map(|c| u.to[c] - u.noise[c])]);
    let asked = step.evaluations.iter().map(|&e| made.found.evaluations[e].at);
    [step.start]
        .into_iter()
        .chain(step.exact())
        .chain(updates)
        .chain(asked)
        .collect()
}

fn around(points: impl Iterator<Item = [f32; 2]>) -> Option<Bounds> {
    points
        .filter(|p| p.iter().all(|c| c.is_finite()))
        .map(|p| Bounds { min: p, max: p })
        .reduce(Bounds::union)
}

/// The longer side of what a step reaches, data units.
fn extent(made: &Dissected, step: &Step) -> f32 {
    let bounds = around(near(made, step).into_iter().map(narrow)).unwrap_or_default();
    (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1])
}

/// What must be visible for a step to be read: its points, and the tips of arrows that do not go far beyond them.
pub fn close_up(made: &Dissected, t: f64) -> Option<Bounds> {
    let (_, step) = step_at(made, t)?;
    let near = around(near(made, step).into_iter().map(narrow))?;
    let side = |b: &Bounds| (b.max[0] - b.min[0]).max(b.max[1] - b.min[1]);
    let reach = 1.5 * side(&near);
    let tips = step.evaluations.iter().map(|&index| {
        let e = &made.found.evaluations[index];
        let by = displacement(step, e, index);
        [0, 1].map(|c| e.at[c] as f32 + by[c])
    });
    let close = tips.filter(|p| (0..2).all(|c| p[c] > near.min[c] - reach && p[c] < near.max[c] + reach));
    let all = around(close).map_or(near, |tips| near.union(tips));
    // letters need room, and no step is nothing
    let half = (0.5 * side(&all)).max(1e-5);
    let middle = [0, 1].map(|c| all.min[c].midpoint(all.max[c]));
    Some(Bounds {
        min: middle.map(|m| m - 1.45 * half),
        max: middle.map(|m| m + 1.45 * half),
    })
}

/// The name of an evaluation: k1, k2, ... within the step, k0, k\u{2212}1, ... before it.
fn k(number: i32) -> String {
    if number < 0 {
        format!("k\u{2212}{}", -number)
    } else {
        format!("k{number}")
    }
}

/// What the marks mean.
pub fn anatomy_legend(made: &Dissected, t: f64, theme: Theme) -> Vec<LegendEntry> {
    let palette = theme.palette();
    let entry = |key, text, swatch| LegendEntry { key, text, swatch };
    let mut legend = vec![entry(
        "legend.way",
        "solver's states",
        Swatch::Point(palette.text, Shape::Disk),
    )];
    if made.found.exact.len() > 1 {
        legend.push(if is_noisy(made) {
            entry(
                "legend.finer",
                "same noise, finer steps",
                Swatch::Line(with_alpha(palette.exact, 0.6), false),
            )
        } else {
            entry(
                "legend.solution",
                "solution to 1e-10",
                Swatch::Line(palette.exact, true),
            )
        });
    }
    let Some((_, step)) = step_at(made, t) else {
        return legend;
    };
    let has = |meaning| evaluations(made, step).any(|(e, _, _)| e.meaning == meaning);
    let ink = field_ink(made, theme);
    let any = |of: &[Meaning]| of.iter().any(|m| has(*m));
    if any(&[Meaning::Velocity, Meaning::Data, Meaning::Noise]) {
        legend.push(entry("legend.h_velocity", "step × velocity", Swatch::Arrow(ink, false)));
    }
    if has(Meaning::Drift) {
        legend.push(entry("legend.h_drift", "step × drift", Swatch::Arrow(ink, false)));
    }
    if has(Meaning::Score) {
        legend.push(entry(
            "legend.corrector",
            "corrector's score",
            Swatch::Arrow(ink, false),
        ));
    }
    if has(Meaning::Data) {
        let swatch = Swatch::Point(palette.target, Shape::Square);
        legend.push(entry("legend.predicted_data", "predicted data", swatch));
    }
    if has(Meaning::Noise) {
        let swatch = Swatch::Point(palette.source, Shape::Square);
        legend.push(entry("legend.predicted_noise", "predicted noise", swatch));
    }
    if step.updates.iter().any(|u| u.noise != [0.0; 2]) {
        let swatch = Swatch::Arrow(palette.chord, false);
        legend.push(entry("legend.noise_added", "noise added", swatch));
    }
    legend
}

#[cfg(test)]
mod tests;
