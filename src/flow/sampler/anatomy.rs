//! The anatomy of a step: one particle carried through a sampler's table with all kept that the table does on the way, so that
//! it can be drawn: where the field was asked, what it said, which points were predicted and corrected, and by which factors.
//!
//! It is the same table that both backends run, read by a second, plain interpreter; a test holds the two together for every
//! sampler. dopri5 is no table: its steps are taken once more, of the lengths that it chose.

use std::convert::Infallible;

use super::dopri5::stages;
use super::maker::Form;
use super::{
    Family, Grid, MicroOp, NOISE0, NoiseLevel, OUT0, Plan, REGISTERS, START, STATE, STEP_START, Sampler, Table, dopri5,
    interpret_from,
};
use crate::flow::Point;
use crate::flow::path::Path;

/// The tolerance of the solution that local errors are taken against.
const TOLERANCE: f64 = 1e-10;
/// Finer steps that stand for the solution of a stochastic step, with the same noise.
const FINER: u32 = 64;
/// The same over a whole trajectory, where all its steps are made finer.
const FINER_ALL: u32 = 16;

/// What an evaluation's value means (`m_k = a x + b v`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The velocity v.
    Velocity,
    /// The noise E[x0 | x].
    Noise,
    /// The data E[x1 | x].
    Data,
    /// The score.
    Score,
    /// The drift of the reverse SDE.
    Drift,
}

impl Meaning {
    /// What factors a and b of an evaluation mean: they are those that the makers of tables take from [`Form`].
    fn of(path: Path, noise: NoiseLevel, t: f64, (a, b): (f64, f64)) -> Self {
        if a == 0.0 && b == 1.0 {
            return Self::Velocity;
        }
        let is = |form: Form| form.factors(path.at(t)) == (a, b);
        if is(Form::Data) {
            Self::Data
        } else if is(Form::Noise) {
            Self::Noise
        } else if is(Form::Score) {
            Self::Score
        } else {
            debug_assert!(is(Form::Drift {
                w_squared: noise.w_squared(path, t)
            }));
            Self::Drift
        }
    }

    /// Whether the value is a place (a predicted point), not a direction.
    pub const fn is_place(self) -> bool {
        matches!(self, Self::Noise | Self::Data)
    }
}

/// One evaluation of the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evaluation {
    /// Flow time.
    pub t: f64,
    /// Where, data units.
    pub at: Point,
    /// The field's velocity there, data units per unit t.
    pub velocity: Point,
    /// What the sampler makes of it: a place, or per unit t a direction.
    pub value: Point,
    /// What that is.
    pub meaning: Meaning,
}

/// What a factor of an update stands before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// The point reached last within the step.
    Reached,
    /// The point at the step's start.
    StepStart,
    /// The point at the trajectory's start.
    Start,
    /// The value of this evaluation, an index into [`Anatomy::evaluations`].
    Value(usize),
    /// A standard normal draw.
    Noise,
}

/// What a point within a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Only a place where the field is asked next.
    Inner,
    /// A first answer at the step's end, which is then made better.
    Predicted,
    /// The better answer: the step ends there.
    Corrected,
    /// The step ends there.
    Next,
}

/// One update within a step: point = sum of factor x part.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// What the new point is.
    pub role: Role,
    /// The new point, data units.
    pub to: Point,
    /// In the order of the registers.
    pub terms: Vec<(f64, Part)>,
    /// What the noise adds to it, data units.
    pub noise: Point,
    /// How many of the step's own evaluations came before it.
    pub after: usize,
}

/// One solver step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Flow time at its start (of Langevin dynamics, the part of their duration).
    pub from: f64,
    /// At its end.
    pub to: f64,
    /// The point at its start, data units.
    pub start: Point,
    /// The evaluations k1, k2, ... of this step, as indices into [`Anatomy::evaluations`].
    pub evaluations: Vec<usize>,
    /// Those of steps before that this one still uses: k0, k-1, ..., the latest first.
    pub earlier: Vec<usize>,
    /// Its updates in order; the step ends where the one with [`Role::Next`] or [`Role::Corrected`] does.
    pub updates: Vec<Update>,
    /// The solution of the same equation from the step's start to `to`; empty where it is not known.
    pub solution: Vec<Point>,
}

impl Step {
    /// The point at its end.
    pub fn end(&self) -> Point {
        let last = |u: &&Update| matches!(u.role, Role::Next | Role::Corrected);
        self.updates.iter().rev().find(last).map_or(self.start, |u| u.to)
    }

    /// Where the solution is at its end; None where that is not known.
    pub fn exact(&self) -> Option<Point> {
        self.solution.last().copied()
    }

    /// Distance of its end from the solution's, data units.
    pub fn local_error(&self) -> Option<f64> {
        let (end, exact) = (self.end(), self.exact()?);
        Some((end[0] - exact[0]).hypot(end[1] - exact[1]))
    }

    /// k1, k2, ... for its own evaluations, k0, k-1, ... for those before; None for any other.
    pub fn number_of(&self, evaluation: usize) -> Option<i32> {
        let place = |all: &[usize]| all.iter().position(|&e| e == evaluation).map(|i| i as i32);
        place(&self.evaluations)
            .map(|i| i + 1)
            .or_else(|| place(&self.earlier).map(|i| -i))
    }
}

/// A particle's way, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Anatomy {
    /// Every evaluation, in order.
    pub evaluations: Vec<Evaluation>,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// The solution of the same equation from the same start; empty where it is not known.
    pub exact: Vec<Point>,
}

impl Anatomy {
    /// The solver's states, from the start to the end.
    pub fn states(&self) -> Vec<Point> {
        let first = self.steps.first().map(|s| s.start);
        first.into_iter().chain(self.steps.iter().map(Step::end)).collect()
    }

    /// The step within which flow time t lies; of two that share it the later one, at the very end the last.
    pub fn step_at(&self, t: f64) -> Option<usize> {
        let last = self.steps.len().checked_sub(1)?;
        let forward = self.steps[0].from <= self.steps[0].to;
        let past = |s: &&Step| if forward { s.to <= t } else { s.to >= t };
        Some(self.steps.iter().take_while(past).count().min(last))
    }
}

/// Carries one particle through a table; `path` and `noise` are those it was made for, and the particle has the noise of
/// particle number `particle`. `field` writes the velocity at a point.
pub fn dissect(
    table: &Table,
    (path, noise): (Path, NoiseLevel),
    particle: usize,
    start: Point,
    mut field: impl FnMut(Point, f64) -> Point,
) -> Anatomy {
    let draws = table.noise().block(particle, 1, |z| z);
    let mut found = Anatomy::default();
    let mut registers = [[0.0; 2]; REGISTERS];
    for index in [STATE, STEP_START, START] {
        registers[index] = start;
    }
    // which evaluation each output register holds
    let mut held: [Option<usize>; NOISE0 - OUT0] = [None; NOISE0 - OUT0];
    let mut step = Draft::new(table.times.first().copied().unwrap_or(0.0), start);
    for op in &table.ops {
        match *op {
            MicroOp::Eval { out, at, t, a, b } => {
                let (x, v) = (registers[at], field(registers[at], t));
                let value = if a == 0.0 && b == 1.0 {
                    v
                } else {
                    [0, 1].map(|c| a * x[c] + b * v[c])
                };
                registers[OUT0 + out] = value;
                held[out] = Some(found.evaluations.len());
                step.own.push(found.evaluations.len());
                found.evaluations.push(Evaluation {
                    t,
                    at: x,
                    velocity: v,
                    value,
                    meaning: Meaning::of(path, noise, t, (a, b)),
                });
            }
            MicroOp::Combine { into, coefficients } => {
                let sum = combined(&registers, &coefficients);
                if into == STATE {
                    step.updates
                        .push(update(&registers, &coefficients, &held, sum, step.own.len()));
                }
                registers[into] = sum;
            }
            MicroOp::Noise { into, draw } => registers[NOISE0 + into] = draws[draw],
            MicroOp::Record => {
                let to = table.times[found.steps.len() + 1];
                let next = Draft::new(to, registers[STATE]);
                found
                    .steps
                    .push(std::mem::replace(&mut step, next).finish(to, &found.evaluations));
            }
        }
    }
    found
}

/// The same sum as the interpreters', in the same order.
fn combined(registers: &[Point; REGISTERS], coefficients: &[f64; REGISTERS]) -> Point {
    let mut terms = registers.iter().zip(coefficients).filter(|(_, c)| **c != 0.0);
    let Some((x, c)) = terms.next() else { return [0.0; 2] };
    terms.fold([c * x[0], c * x[1]], |sum, (x, c)| {
        [sum[0] + c * x[0], sum[1] + c * x[1]]
    })
}

fn update(
    registers: &[Point; REGISTERS],
    coefficients: &[f64; REGISTERS],
    held: &[Option<usize>],
    to: Point,
    after: usize,
) -> Update {
    let part = |index: usize| match index {
        STATE => Part::Reached,
        STEP_START => Part::StepStart,
        START => Part::Start,
        index if index < NOISE0 => held[index - OUT0].map_or(Part::Noise, Part::Value),
        _ => Part::Noise,
    };
    let used = coefficients.iter().enumerate().filter(|(_, c)| **c != 0.0);
    let noise = (NOISE0..REGISTERS).fold([0.0; 2], |sum, i| {
        [0, 1].map(|c| sum[c] + coefficients[i] * registers[i][c])
    });
    Update {
        role: Role::Next,
        to,
        terms: used.map(|(i, c)| (*c, part(i))).collect(),
        noise,
        after,
    }
}

/// A step in the making.
struct Draft {
    from: f64,
    start: Point,
    own: Vec<usize>,
    updates: Vec<Update>,
}

impl Draft {
    const fn new(from: f64, start: Point) -> Self {
        Self {
            from,
            start,
            own: Vec::new(),
            updates: Vec::new(),
        }
    }

    fn finish(mut self, to: f64, evaluations: &[Evaluation]) -> Step {
        name_updates(&mut self.updates, &self.own, to, evaluations);
        let mut earlier: Vec<usize> = self
            .updates
            .iter()
            .flat_map(|u| &u.terms)
            .filter_map(|(_, part)| match part {
                Part::Value(e) if !self.own.contains(e) => Some(*e),
                _ => None,
            })
            .collect();
        earlier.sort_unstable_by(|a, b| b.cmp(a));
        earlier.dedup();
        Step {
            from: self.from,
            to,
            start: self.start,
            evaluations: self.own,
            earlier,
            updates: self.updates,
            solution: Vec::new(),
        }
    }
}

/// All but the last update lead to a place where the field is asked; a single one at the step's end is a prediction, which the
/// last corrects.
fn name_updates(updates: &mut [Update], own: &[usize], to: f64, evaluations: &[Evaluation]) {
    let Some((last, before)) = updates.split_last_mut() else {
        return;
    };
    for update in &mut *before {
        update.role = Role::Inner;
    }
    if let [first] = before
        && own.get(first.after).is_some_and(|&e| evaluations[e].t == to)
    {
        (first.role, last.role) = (Role::Predicted, Role::Corrected);
    }
}

/// The steps that dopri5 took between these times, once more. Its last slope is the first of the next step.
pub fn dissect_dopri5(times: &[f64], start: Point, mut field: impl FnMut(Point, f64) -> Point) -> Anatomy {
    let mut found = Anatomy::default();
    let mut x = start;
    let mut ask = |all: &mut Vec<Evaluation>, at: Point, t: f64| {
        let velocity = field(at, t);
        all.push(Evaluation {
            t,
            at,
            velocity,
            value: velocity,
            meaning: Meaning::Velocity,
        });
        all.len() - 1
    };
    for ends in times.windows(2) {
        let (from, to) = (ends[0], ends[1]);
        let h = to - from;
        let first = match found.steps.last() {
            // its own last slope
            Some(step) => step.evaluations[step.evaluations.len() - 1],
            None => ask(&mut found.evaluations, x, from),
        };
        let mut own = vec![first];
        let mut updates = Vec::new();
        let rows = stages();
        for (i, (c, weights)) in rows.iter().enumerate() {
            let mut terms = vec![(1.0, Part::StepStart)];
            let mut sum = [0.0; 2];
            for (&e, w) in own.iter().zip(*weights) {
                let value = found.evaluations[e].value;
                sum = [0, 1].map(|k| sum[k] + h * w * value[k]);
                if *w != 0.0 {
                    terms.push((h * w, Part::Value(e)));
                }
            }
            let point = [x[0] + sum[0], x[1] + sum[1]];
            updates.push(Update {
                role: if i + 1 == rows.len() { Role::Next } else { Role::Inner },
                to: point,
                terms,
                noise: [0.0; 2],
                after: own.len(),
            });
            let t = if *c == 1.0 { to } else { from + c * h };
            own.push(ask(&mut found.evaluations, point, t));
        }
        let step = Step {
            from,
            to,
            start: x,
            evaluations: own,
            earlier: Vec::new(),
            updates,
            solution: Vec::new(),
        };
        x = step.end();
        found.steps.push(step);
    }
    found
}

/// Whether a plan's steps have a solution to be compared with: the corrector's own noise is no refinement of anything.
pub fn has_solution(plan: &Plan) -> bool {
    plan.sampler != Sampler::PredictorCorrector
}

/// Fills in the solution: of an ODE by dopri5 to 1e-10; of the reverse SDE by many finer steps with the same noise, which is
/// the same Brownian path. `each`: also that of every single step, from its own start.
pub fn solve(
    found: &mut Anatomy,
    plan: &Plan,
    particle: usize,
    each: bool,
    mut field: impl FnMut(Point, f64) -> Point,
) {
    let (Some(first), true) = (found.steps.first(), has_solution(plan)) else {
        return;
    };
    let noisy = plan.sampler.row().family == Family::Stochastic;
    let (start, count) = (first.start, found.steps.len() as u32);
    let mut solved = |start: Point, from: f64, to: f64, finer: Plan| -> Option<Vec<Point>> {
        let mut along = |points: &[Point], t: f64, out: &mut [Point]| {
            out[0] = field(points[0], t);
            Ok::<(), Infallible>(())
        };
        if noisy {
            let table = Plan { from, to, ..finer }.table()?;
            let Ok(run) = interpret_from(&table, particle, &[start], true, along);
            return Some(run.states);
        }
        let run = dopri5(&[start], (from, to), TOLERANCE, true, &mut along);
        run.ok().map(|run| run.states)
    };
    let fine = Plan {
        steps: count.saturating_mul(FINER_ALL),
        ..*plan
    };
    found.exact = solved(start, plan.from, plan.to, fine).unwrap_or_default();
    if !each {
        return;
    }
    let fine = Plan {
        grid: Grid::Uniform,
        steps: FINER,
        ..*plan
    };
    for step in &mut found.steps {
        let states = solved(step.start, step.from, step.to, fine).unwrap_or_default();
        if states.iter().flatten().all(|c| c.is_finite()) {
            step.solution = states;
        }
    }
}
