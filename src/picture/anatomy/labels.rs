//! The words of a step, and where on the screen they are written.

use rust_i18n::t;

use super::{SMALL_PX, apart, evaluations, extent, is_noisy, k, narrow, place_color, step_at, told_noises};
use crate::engine::anatomy::Dissected;
use crate::flow::Point;
use crate::flow::sampler::anatomy::{Meaning, Role};
use crate::picture::color::Theme;
use crate::picture::{Rgba, Transform};

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
