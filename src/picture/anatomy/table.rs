//! A step as a table: what was asked where, each update by its factors, and how far the step ends from the solution.

use rust_i18n::t;

use super::{is_noisy, k, step_at};
use crate::engine::anatomy::Dissected;
use crate::flow::Point;
use crate::flow::sampler::anatomy::{Evaluation, Meaning, Part, Role, Step, Update};

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
