//! What a run can be exported as, other than as a picture: points, pairs, trajectories, a field on a grid, losses, measures, as
//! CSV or NPZ. Weights are `weights`' and `python`'s business.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value;

use super::npz::Npz;
use crate::backend::Trajectories;
use crate::engine::measures::Measures;
use crate::engine::truth;
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::random::Stream;
use crate::lab::{BadInput, RunId, nearest};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::views::stage_of;

/// What is exported. A closed set; [`DATA`] is its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Source, target and the particles.
    Points,
    /// The pairs that training reads.
    Pairs,
    /// Every solver state of every particle.
    Trajectories,
    /// The velocity on a grid.
    Field,
    /// The loss curve.
    Losses,
    /// Every measure with its floor.
    Measures,
    /// The network's parameters.
    Weights,
}

/// Every kind of export: name, the columns of its CSV and the arrays of its NPZ.
pub const DATA: [(What, &str, &str); 7] = [
    (
        What::Points,
        "points",
        "set,x,y: points of source and target, and the particles at flow time t; NPZ source, target, particles (n, 2)",
    ),
    (
        What::Pairs,
        "pairs",
        "x0,y0,x1,y1: pairs that training reads; NPZ pairs (n, 4)",
    ),
    (
        What::Trajectories,
        "trajectories",
        "particle,t,x,y: every solver state; NPZ times (k), trajectories (n, k, 2)",
    ),
    (
        What::Field,
        "field",
        "x,y,vx,vy,exact_vx,exact_vy: velocity at flow time t on a grid; NPZ t, x (c), y (r), velocity and exact (r, c, 2)",
    ),
    (
        What::Losses,
        "losses",
        "step,loss: the batch loss over training; NPZ step, loss",
    ),
    (
        What::Measures,
        "measures",
        "run,measure,value: every measure and its floor; NPZ run and one array a measure",
    ),
    (
        What::Weights,
        "weights",
        "safetensors, with a Python file beside it that loads it with NumPy alone; or NPZ",
    ),
];

/// The kind of this name.
///
/// # Errors
/// No such kind, with the nearest right one.
pub fn what_of(name: &str) -> Result<What, BadInput> {
    let names = DATA.map(|(_, name, _)| name);
    DATA.iter().find(|row| row.1 == name).map(|row| row.0).ok_or_else(|| {
        let near = nearest(name, names).map_or(String::new(), |n| format!(" (did you mean \"{n}\"?)"));
        BadInput::new(format!(
            "there is no data \"{name}\"{near}; there are {}",
            names.join(", ")
        ))
    })
}

/// Of what, and how finely.
#[derive(Clone, Copy, Debug)]
pub struct DataAsk {
    /// Which run.
    pub run: RunId,
    /// Flow time of points and field.
    pub t: f64,
    /// How many pairs; points of a target.
    pub count: usize,
    /// Points of the field's grid along its longer side.
    pub grid: usize,
}

/// A velocity field on a grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GridField {
    /// Flow time.
    pub t: f64,
    /// Columns' x, left to right.
    pub x: Vec<f64>,
    /// Rows' y, bottom to top.
    pub y: Vec<f64>,
    /// Learned, row-major.
    pub learned: Vec<Point>,
    /// Exact, row-major; None where it is not known.
    pub exact: Option<Vec<Point>>,
}

/// Data that was collected.
#[derive(Clone, Debug)]
pub enum Data {
    /// See [`What::Points`].
    Points {
        /// Where the particles start.
        source: Vec<[f32; 2]>,
        /// Points of the target.
        target: Vec<[f32; 2]>,
        /// The particles at t.
        particles: Vec<[f32; 2]>,
    },
    /// See [`What::Pairs`].
    Pairs(Arc<Vec<Pair>>),
    /// See [`What::Trajectories`].
    Trajectories(Trajectories),
    /// See [`What::Field`].
    Field(GridField),
    /// See [`What::Losses`].
    Losses(Arc<Vec<[f64; 2]>>),
    /// See [`What::Measures`]: run, measures.
    Measures(Vec<(RunId, Arc<Measures>)>),
}

impl Data {
    /// Collects it. None for weights, which are no table.
    ///
    /// # Errors
    /// A backend's fault, pairs that nothing makes, or that the watcher wants no more.
    pub fn collect(studio: &mut Studio, what: What, ask: &DataAsk, watch: Watch) -> Result<Option<Self>, StudioError> {
        let sampling = stage_of(studio, ask.run).sampling;
        Ok(Some(match what {
            What::Points => {
                let carried = studio.trajectories(ask.run, &sampling)?;
                let target = studio.run(Some(ask.run)).map(|run| Arc::clone(&run.experiment.target));
                Self::Points {
                    source: carried.at(0.0),
                    target: target.map_or_else(Vec::new, |t| t.samples(0, Stream::Shown, ask.count)),
                    particles: carried.at(ask.t),
                }
            }
            What::Pairs => Self::Pairs(studio.pairs(ask.run, ask.count, watch)?),
            What::Trajectories => Self::Trajectories(studio.trajectories(ask.run, &sampling)?),
            What::Field => Self::Field(field(studio, ask)?),
            What::Losses => Self::Losses(studio.losses(ask.run)),
            What::Measures => {
                let ids: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).collect();
                let mut all = Vec::new();
                for id in ids {
                    let sampling = stage_of(studio, id).sampling;
                    all.push((id, studio.measures(id, &sampling, watch)?));
                }
                Self::Measures(all)
            }
            What::Weights => return Ok(None),
        }))
    }

    /// As CSV: a header of names, then rows of numbers in the shortest form that reads back to the same value.
    pub fn csv(&self) -> String {
        let mut text = String::new();
        // writing to a String cannot fail
        match self {
            Self::Points {
                source,
                target,
                particles,
            } => {
                text.push_str("set,x,y\n");
                for (set, points) in [("source", source), ("target", target), ("particles", particles)] {
                    for [x, y] in points {
                        let _ = writeln!(text, "{set},{x},{y}");
                    }
                }
            }
            Self::Pairs(pairs) => {
                text.push_str("x0,y0,x1,y1\n");
                for [x0, y0, x1, y1] in pairs.iter() {
                    let _ = writeln!(text, "{x0},{y0},{x1},{y1}");
                }
            }
            Self::Trajectories(all) => {
                text.push_str("particle,t,x,y\n");
                for particle in 0..all.count() {
                    for (t, [x, y]) in all.times.iter().zip(all.particle(particle)) {
                        let _ = writeln!(text, "{particle},{t},{x},{y}");
                    }
                }
            }
            Self::Field(field) => field.csv(&mut text),
            Self::Losses(losses) => {
                text.push_str("step,loss\n");
                for [step, loss] in losses.iter() {
                    let _ = writeln!(text, "{step},{loss}");
                }
            }
            Self::Measures(all) => {
                text.push_str("run,measure,value\n");
                for (run, measures) in all {
                    for (name, value) in numbers(measures) {
                        let _ = writeln!(text, "{run},{name},{value}");
                    }
                }
            }
        }
        text
    }

    /// As the arrays of an archive.
    pub fn fill(&self, npz: &mut Npz) {
        match self {
            Self::Points {
                source,
                target,
                particles,
            } => {
                for (set, points) in [("source", source), ("target", target), ("particles", particles)] {
                    npz.array(set, &[points.len(), 2], points.iter().flatten().copied());
                }
            }
            Self::Pairs(pairs) => npz.array("pairs", &[pairs.len(), 4], pairs.iter().flatten().copied()),
            Self::Trajectories(all) => {
                npz.array("times", &[all.times.len()], all.times.iter().copied());
                let shape = [all.count(), all.times.len(), 2];
                npz.array("trajectories", &shape, all.states.iter().flatten().copied());
            }
            Self::Field(field) => field.fill(npz),
            Self::Losses(losses) => {
                npz.array("step", &[losses.len()], losses.iter().map(|p| p[0] as u64));
                npz.array("loss", &[losses.len()], losses.iter().map(|p| p[1]));
            }
            Self::Measures(all) => {
                npz.array("run", &[all.len()], all.iter().map(|(id, _)| u64::from(*id)));
                let runs: Vec<Vec<(String, f64)>> = all.iter().map(|(_, m)| numbers(m)).collect();
                let mut names: Vec<&String> = runs.iter().flatten().map(|(name, _)| name).collect();
                names.sort();
                names.dedup();
                for name in names {
                    let of = |run: &Vec<(String, f64)>| run.iter().find(|n| n.0 == *name).map_or(f64::NAN, |n| n.1);
                    npz.array(name, &[runs.len()], runs.iter().map(of));
                }
            }
        }
    }
}

impl GridField {
    fn csv(&self, text: &mut String) {
        text.push_str(if self.exact.is_some() {
            "x,y,vx,vy,exact_vx,exact_vy\n"
        } else {
            "x,y,vx,vy\n"
        });
        let places = self.y.iter().flat_map(|y| self.x.iter().map(move |x| (x, y)));
        for (i, ((x, y), v)) in places.zip(&self.learned).enumerate() {
            // the learned one is computed in single precision
            let _ = write!(text, "{x},{y},{},{}", v[0] as f32, v[1] as f32);
            if let Some([vx, vy]) = self.exact.as_ref().and_then(|all| all.get(i)) {
                let _ = write!(text, ",{vx},{vy}");
            }
            text.push('\n');
        }
    }

    fn fill(&self, npz: &mut Npz) {
        npz.array("t", &[], [self.t]);
        npz.array("x", &[self.x.len()], self.x.iter().copied());
        npz.array("y", &[self.y.len()], self.y.iter().copied());
        let shape = [self.y.len(), self.x.len(), 2];
        npz.array("velocity", &shape, self.learned.iter().flatten().map(|&v| v as f32));
        if let Some(exact) = &self.exact {
            npz.array("exact", &shape, exact.iter().flatten().copied());
        }
    }
}

/// The learned velocity, and the exact one where it is known, over the stage's own bounds.
fn field(studio: &mut Studio, ask: &DataAsk) -> Result<GridField, StudioError> {
    let Some(run) = studio.run(Some(ask.run)) else {
        return Ok(GridField::default());
    };
    let experiment = run.experiment.clone();
    let (a, b) = (experiment.source.bounds(), experiment.target.bounds());
    let [min, max] = [
        [0, 1].map(|i| a.min[i].min(b.min[i])),
        [0, 1].map(|i| a.max[i].max(b.max[i])),
    ];
    let sides = [max[0] - min[0], max[1] - min[1]];
    let longer = sides[0].max(sides[1]).max(1e-9);
    let axis = |i: usize| -> Vec<f64> {
        let n = ((ask.grid as f64 * sides[i] / longer).round() as usize).clamp(2, ask.grid.max(2));
        let place = |k: usize| min[i] + sides[i] * k as f64 / (n - 1) as f64;
        (0..n).map(place).collect()
    };
    let (x, y) = (axis(0), axis(1));
    let points: Vec<Point> = y.iter().flat_map(|&y| x.iter().map(move |&x| [x, y])).collect();
    let single: Vec<[f32; 2]> = points.iter().map(|p| p.map(|v| v as f32)).collect();
    let learned = studio.velocity(ask.run, &single, ask.t)?;
    let exact = truth::of(&experiment)
        .ok()
        .map(|truth| truth.field.velocities(&points, ask.t));
    Ok(GridField {
        t: ask.t,
        x,
        y,
        learned,
        exact,
    })
}

/// Every number of a run's measures by name; those within others as `budget.floor`.
fn numbers(measures: &Measures) -> Vec<(String, f64)> {
    fn walk(value: &Value, name: &str, found: &mut Vec<(String, f64)>) {
        match value {
            Value::Number(number) => found.push((name.into(), number.as_f64().unwrap_or(f64::NAN))),
            Value::Object(parts) => {
                for (key, part) in parts {
                    let name = if name.is_empty() {
                        key.clone()
                    } else {
                        format!("{name}.{key}")
                    };
                    walk(part, &name, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&serde_json::to_value(measures).unwrap_or_default(), "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_near_ones_offered() {
        for (what, name, _) in DATA {
            assert_eq!(what_of(name), Ok(what));
        }
        assert!(
            what_of("trajectory")
                .unwrap_err()
                .to_string()
                .contains("\"trajectories\"")
        );
    }

    #[test]
    fn measures_are_flat_with_their_floors() {
        let measures = Measures {
            loss: Some(3.0),
            loss_floor: Some(2.5),
            w2_squared_at_steps: Some([(1, 0.5), (8, 0.25)].into()),
            step: 7,
            ..Measures::default()
        };
        let data = Data::Measures(vec![(1, Arc::new(measures))]);
        assert_eq!(
            data.csv(),
            "run,measure,value\n1,loss,3\n1,loss_floor,2.5\n1,w2_squared_at_steps.1,0.5\n1,w2_squared_at_steps.8,0.25\n1,step,7\n"
        );
    }
}
