//! The anatomy of a solver step: the step of one particle within which flow time t lies, with the places where its sampler asks
//! the field (k1, k2, ...), what it is told there, the points it predicts and corrects, the noise it adds, and where the solution of
//! the same equation is at the step's end; around it the particle's whole way beside that solution.

use std::sync::Arc;

use rust_i18n::t;

use super::color::{Theme, with_alpha};
use super::{Bounds, Colors, LegendEntry, Mark, Rgba, Shape, Swatch, Transform};
use crate::engine::anatomy::Dissected;
use crate::flow::Point;
use crate::flow::sampler::Family;
use crate::flow::sampler::anatomy::{Evaluation, Meaning, Part, Role, Step, Update};

/// How much of the background covers what lies behind.
const VEIL: f32 = 0.55;
/// The same where the step is large on screen.
const CLOSE_VEIL: f32 = 0.85;
/// Steps that are smaller on screen than this are ringed, not taken apart.
const SMALL_PX: f32 = 30.0;
/// Points of a line that are drawn at most.
const LINE: usize = 1500;
/// Words nearer to each other than this are said as one, points of the screen.
const SAME_PX: f32 = 5.0;

/// A word beside a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The point, data units.
    pub at: [f32; 2],
    /// The word.
    pub text: String,
    /// Its color.
    pub color: Rgba,
    /// Where it would rather stand, as a direction from the point, y up.
    pub toward: [f32; 2],
}

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// k1, predicted, ...
    pub name: String,
    /// Flow time.
    pub t: String,
    /// Evaluations spent so far on the whole way.
    pub evaluations: String,
    /// What it is: the quantity and its place, or the update by its factors.
    pub what: String,
}

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
    let mut marks = vec![("veil", veil(theme, bounds, if is_small { VEIL } else { CLOSE_VEIL }))];
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

/// All that is behind steps back.
fn veil(theme: Theme, bounds: Bounds, cover: f32) -> Mark {
    let size = [0, 1].map(|i| bounds.max[i] - bounds.min[i]);
    // far beyond what anyone pans to
    let wide = 20.0 * size[0].max(size[1]).max(1e-3);
    Mark::Heat {
        bounds: Bounds {
            min: bounds.min.map(|c| c - wide),
            max: bounds.max.map(|c| c + wide),
        },
        columns: 1,
        rows: 1,
        cells: Arc::new(vec![with_alpha(theme.palette().background, cover)]),
    }
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

/// The words of a step, each at its point; of a step that is small on screen only its number.
pub fn words(made: &Dissected, t: f64, theme: Theme, px_per_unit: f32) -> Vec<Word> {
    let palette = theme.palette();
    let Some((index, step)) = step_at(made, t) else {
        return Vec::new();
    };
    let mut words = Vec::new();
    let mut say = |at: Point, text: String, color: Rgba, toward: [f32; 2]| {
        words.push(Word {
            at: narrow(at),
            text,
            color,
            toward,
        });
    };
    let along = apart(step.start, step.end());
    let left = [-along[1], along[0]];
    let count = evaluations(made, step).filter(|(e, _, _)| e.meaning.is_place()).count();
    for (e, number, _) in evaluations(made, step).filter(|(e, _, _)| e.meaning.is_place()) {
        let point = if e.meaning == Meaning::Data { "x₁" } else { "x₀" };
        let text = if count > 1 {
            t!("anatomy.estimate_by", point = point, by = k(number))
        } else {
            t!("anatomy.estimate", point = point)
        };
        let text = text.into_owned();
        say(e.value, text, place_color(e.meaning, theme), apart(e.at, e.value));
    }
    if extent(made, step) * px_per_unit < SMALL_PX {
        let text = t!("anatomy.step", step = index + 1).into_owned();
        say(step.start, text, palette.text, left);
        return words;
    }
    for update in &step.updates {
        let text = match update.role {
            Role::Inner => continue,
            Role::Predicted => t!("anatomy.predicted"),
            Role::Corrected => t!("anatomy.corrected"),
            Role::Next => t!("anatomy.next"),
        };
        say(update.to, text.into_owned(), palette.text, along);
    }
    for (e, number, own) in evaluations(made, step) {
        let color = if own { palette.text } else { palette.text_quiet };
        say(e.at, k(number), color, left);
    }
    for update in told_noises(step) {
        let middle = [0, 1].map(|c| update.to[c] - 0.5 * update.noise[c]);
        let side = [-update.noise[1] as f32, update.noise[0] as f32];
        say(middle, t!("anatomy.noise").into_owned(), palette.text_quiet, side);
    }
    if let Some(exact) = step.exact() {
        let text = if is_noisy(made) {
            t!("anatomy.finer")
        } else {
            t!("anatomy.solution")
        };
        say(exact, text.into_owned(), palette.exact, apart(step.end(), exact));
    }
    words
}

/// Where words of this size are written, in screen units, so that none lies over another or over a point that one belongs to:
/// (center, word). Words of the same point become one.
pub fn placed(words: Vec<Word>, screen: &Transform, size: f32) -> Vec<([f32; 2], Word)> {
    let mut said: Vec<([f32; 2], Word)> = Vec::new();
    for word in words {
        let at = screen.apply(word.at);
        let same = |(other, _): &&mut ([f32; 2], Word)| (other[0] - at[0]).hypot(other[1] - at[1]) < SAME_PX;
        match said.iter_mut().find(same) {
            Some((_, other)) => other.text = format!("{}, {}", other.text, word.text),
            None => said.push((at, word)),
        }
    }
    let anchors: Vec<[f32; 2]> = said.iter().map(|(at, _)| *at).collect();
    let mut boxes: Vec<[f32; 4]> = Vec::new();
    let mut out = Vec::new();
    for (i, (at, word)) in said.into_iter().enumerate() {
        // letters are about half as wide as high
        let half = [0.29 * size * word.text.chars().count() as f32 + 3.0, 0.62 * size];
        let length = word.toward[0].hypot(word.toward[1]);
        let angle = if length > 0.0 && length.is_finite() {
            (-word.toward[1]).atan2(word.toward[0])
        } else {
            -std::f32::consts::FRAC_PI_2
        };
        let turns = [0.0_f32, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 4.0];
        let rounds = [1.0_f32, 1.9];
        let candidates = rounds.iter().flat_map(|far| turns.iter().map(move |turn| (far, turn)));
        let place = |(far, turn): (&f32, &f32)| {
            let (sin, cos) = (angle + turn * std::f32::consts::FRAC_PI_4).sin_cos();
            [at[0] + cos * (half[0] + 9.0) * far, at[1] + sin * (half[1] + 9.0) * far]
        };
        let around = |c: [f32; 2]| [c[0] - half[0], c[1] - half[1], c[0] + half[0], c[1] + half[1]];
        let meets = |a: [f32; 4], b: &[f32; 4]| a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
        let is_free = |c: &[f32; 2]| {
            let own = around(*c);
            let over_point = anchors.iter().enumerate().any(|(j, p)| {
                let near = [p[0] - 6.0, p[1] - 6.0, p[0] + 6.0, p[1] + 6.0];
                j != i && meets(own, &near)
            });
            !over_point && !boxes.iter().any(|b| meets(own, b))
        };
        let center = candidates
            .clone()
            .map(place)
            .find(is_free)
            .unwrap_or_else(|| place((&1.0, &0.0)));
        boxes.push(around(center));
        out.push((center, word));
    }
    out
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

/// A factor: four digits, a true minus.
fn figure(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let power = x.abs().log10().floor();
    let text = if (-4.0..6.0).contains(&power) {
        let digits = (3 - power as i32).clamp(0, 7) as usize;
        let text = format!("{x:.digits$}");
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    } else {
        format!("{x:.2e}")
    };
    text.replace('-', "\u{2212}")
}

/// Flow time, with as many places as its steps need.
fn time(t: f64, steps: usize) -> String {
    let places = if steps > 200 { 4 } else { 3 };
    format!("{t:.places$}")
}

/// `0.98 x + 0.0156 k1 + 0.0156 k2`; a factor of 1 is left out.
fn formula(step: &Step, update: &Update) -> String {
    let mut text = String::new();
    let mut terms = update.terms.clone();
    // x first, then the values from the oldest on, then noise
    terms.sort_by_key(|(_, part)| match part {
        Part::Value(e) => step.number_of(*e).unwrap_or(0),
        Part::Noise => i32::MAX,
        _ => i32::MIN,
    });
    for (factor, part) in &terms {
        let name = match part {
            Part::Reached => "x′".to_owned(),
            Part::StepStart => "x".to_owned(),
            Part::Start => t!("anatomy.start_symbol").into_owned(),
            Part::Value(e) => k(step.number_of(*e).unwrap_or(1)),
            Part::Noise => "z".to_owned(),
        };
        if text.is_empty() {
            if *factor < 0.0 {
                text.push('\u{2212}');
            }
        } else {
            text.push_str(if *factor < 0.0 { " \u{2212} " } else { " + " });
        }
        let size = figure(factor.abs());
        if size != "1" {
            text.push_str(&size);
            text.push(' ');
        }
        text.push_str(&name);
    }
    text
}

/// What an evaluation gives, and where: `velocity at x`.
fn asked(step: &Step, before: &[Point], e: &Evaluation) -> String {
    let what = match e.meaning {
        Meaning::Velocity => t!("anatomy.velocity"),
        Meaning::Noise => t!("anatomy.noise_prediction"),
        Meaning::Data => t!("anatomy.data_prediction"),
        Meaning::Score => t!("anatomy.score"),
        Meaning::Drift => t!("anatomy.drift"),
    };
    let at = |point: Point| point == e.at;
    let place = if at(step.start) {
        "x".to_owned()
    } else if let Some(update) = step.updates.iter().find(|u| at(u.to)) {
        match update.role {
            Role::Inner => t!("anatomy.inner").into_owned(),
            Role::Predicted => "x′".to_owned(),
            Role::Corrected | Role::Next => t!("anatomy.next").into_owned(),
        }
    } else if before.contains(&e.at) {
        t!("anatomy.state_before").into_owned()
    } else {
        t!("anatomy.predicted_before").into_owned()
    };
    t!("anatomy.at", what = what, place = place).into_owned()
}

/// The table of the step that a flow time shows, in the order in which things happen.
pub fn rows(made: &Dissected, t: f64) -> Vec<Row> {
    let Some((_, step)) = step_at(made, t) else {
        return Vec::new();
    };
    let count = made.found.steps.len();
    let before = made.found.states();
    let spent = |e: usize| (e + 1).to_string();
    let mut rows: Vec<Row> = Vec::new();
    let ask = |rows: &mut Vec<Row>, e: usize| {
        let evaluation = &made.found.evaluations[e];
        rows.push(Row {
            name: k(step.number_of(e).unwrap_or(1)),
            t: time(evaluation.t, count),
            evaluations: spent(e),
            what: asked(step, &before, evaluation),
        });
    };
    for &e in step.earlier.iter().rev() {
        ask(&mut rows, e);
    }
    let mut own = step.evaluations.iter().enumerate().peekable();
    for update in &step.updates {
        while let Some((_, &e)) = own.next_if(|(number, _)| *number < update.after) {
            ask(&mut rows, e);
        }
        let name = match update.role {
            Role::Inner => t!("anatomy.inner"),
            Role::Predicted => t!("anatomy.predicted"),
            Role::Corrected => t!("anatomy.corrected"),
            Role::Next => t!("anatomy.next"),
        };
        // an inner point is where the next evaluation is
        let inner = step
            .evaluations
            .get(update.after)
            .filter(|_| update.role == Role::Inner);
        let at = inner.map_or(step.to, |&e| made.found.evaluations[e].t);
        rows.push(Row {
            name: name.into_owned(),
            t: time(at, count),
            evaluations: String::new(),
            what: match update.role {
                Role::Predicted => format!("x′ = {}", formula(step, update)),
                _ => formula(step, update),
            },
        });
    }
    for (_, &e) in own {
        ask(&mut rows, e);
    }
    rows
}

/// `step 3 of 8, t = 0.250 to 0.375`.
pub fn heading(made: &Dissected, t: f64) -> String {
    let Some((index, step)) = step_at(made, t) else {
        return t!("anatomy.no_steps").into_owned();
    };
    let count = made.found.steps.len();
    t!(
        "anatomy.heading",
        step = index + 1,
        of = count,
        from = time(step.from, count),
        to = time(step.to, count)
    )
    .into_owned()
}

/// How far the step ends from the solution, or why that is not known.
pub fn local_error(made: &Dissected, t: f64) -> String {
    let Some((_, step)) = step_at(made, t) else {
        return String::new();
    };
    match step.local_error() {
        Some(error) if is_noisy(made) => t!("anatomy.local_error_noise", error = figure_of_error(error)).into_owned(),
        Some(error) => t!("anatomy.local_error", error = figure_of_error(error)).into_owned(),
        None if !made.has_solution => t!("anatomy.no_solution").into_owned(),
        None => t!("anatomy.too_many").into_owned(),
    }
}

/// Two digits, and a power of ten where it is small.
fn figure_of_error(x: f64) -> String {
    if x < 1e-13 {
        return "0".to_owned();
    }
    let text = if x >= 1e-3 {
        figure((x * 1e6).round() / 1e6)
    } else {
        format!("{x:.1e}")
    };
    text.replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests;
