//! A scene for tests: a Gaussian carried to two moons by the closed-form velocity of a mixture along the moons
//! (MATHS.md "Exact fields": linear path, standard Gaussian source), and a "learned" field that errs a little.

use std::sync::Arc;

use super::color::Theme;
use super::stage::StageInput;
use crate::backend::Trajectories;
use crate::engine::snapshot::{FieldGrid, Points};
use crate::flow::random::{CounterRng, Stream};
use crate::lab::{Layers, Map};

/// Everything a stage is drawn from.
pub(crate) struct Scene {
    source: Points,
    target: Points,
    trajectories: Arc<Trajectories>,
    pairs: Arc<Vec<[f32; 4]>>,
    field: Arc<FieldGrid>,
    exact: Arc<FieldGrid>,
}

const STD: f32 = 0.09;
const BOUNDS: [f32; 4] = [-3.4, -3.0, 3.4, 3.0];

fn moon(share: f32) -> [f32; 2] {
    let upper = share < 0.5;
    let angle = (if upper { 2.0 * share } else { 2.0 * share - 1.0 }) * std::f32::consts::PI;
    let (x, y) = if upper {
        (angle.cos(), angle.sin())
    } else {
        (1.0 - angle.cos(), 0.5 - angle.sin())
    };
    [1.9 * (x - 0.5), 1.9 * (y - 0.25)]
}

/// v = E[x1 - x0 | x] for the mixture of `parts` equal parts along the moons.
fn velocity(x: [f32; 2], t: f32, parts: usize) -> [f32; 2] {
    let var = t * t * STD * STD + (1.0 - t) * (1.0 - t);
    let means = (0..parts).map(|k| moon((k as f32 + 0.5) / parts as f32));
    let off = |m: [f32; 2]| [x[0] - t * m[0], x[1] - t * m[1]];
    let square = |d: [f32; 2]| d[0] * d[0] + d[1] * d[1];
    let least = means.clone().map(|m| square(off(m))).fold(f32::MAX, f32::min);
    let (mut sum, mut v) = (0.0, [0.0; 2]);
    for m in means {
        let d = off(m);
        let r = (-0.5 * (square(d) - least) / var).exp();
        sum += r;
        for i in 0..2 {
            v[i] += r * (m[i] + (t * STD * STD - (1.0 - t)) / var * d[i]);
        }
    }
    v.map(|c| c / sum)
}

fn normals(count: u64, stream: Stream) -> Vec<[f32; 2]> {
    let one = |i| {
        let mut rng = CounterRng::new(11, stream, i);
        [rng.normal() as f32, rng.normal() as f32]
    };
    (0..count).map(one).collect()
}

impl Scene {
    /// With so many particles, solver steps and parts of the mixture.
    pub(crate) fn new(count: usize, steps: usize, parts: usize, grid: usize) -> Self {
        let h = 1.0 / steps as f32;
        let mut states = Vec::with_capacity(count * (steps + 1));
        for start in normals(count as u64, Stream::Particles) {
            let mut x = start;
            states.push(x);
            for k in 0..steps {
                let t = k as f32 * h;
                let a = velocity(x, t, parts);
                let b = velocity([x[0] + h * a[0], x[1] + h * a[1]], t + h, parts);
                x = [x[0] + 0.5 * h * (a[0] + b[0]), x[1] + 0.5 * h * (a[1] + b[1])];
                states.push(x);
            }
        }
        let target = normals(count as u64, Stream::Target)
            .into_iter()
            .enumerate()
            .map(|(i, e)| {
                let m = moon((i as f32 + 0.5) / count as f32);
                [m[0] + STD * e[0], m[1] + STD * e[1]]
            });
        let field = |wrong: f32| {
            let place = |i: usize, k: usize| BOUNDS[k] + (BOUNDS[k + 2] - BOUNDS[k]) * i as f32 / (grid - 1) as f32;
            let at = |i: usize| {
                let x = [place(i % grid, 0), place(i / grid, 1)];
                let v = velocity(x, 0.5, parts);
                [
                    v[0] + wrong * (2.0 * x[1]).sin() * x[0],
                    v[1] + wrong * x[0].cos() * x[1],
                ]
            };
            Arc::new(FieldGrid {
                t: 0.5,
                bounds: BOUNDS,
                columns: grid,
                rows: grid,
                values: (0..grid * grid).map(at).collect(),
            })
        };
        Self {
            source: Arc::new(normals(count as u64, Stream::Source)),
            target: Arc::new(target.collect()),
            trajectories: Arc::new(Trajectories {
                times: (0..=steps).map(|k| k as f64 / steps as f64).collect(),
                states,
                evaluations: 2 * steps as u32,
            }),
            pairs: Arc::new(Vec::new()),
            field: field(0.25),
            exact: field(0.0),
        }
    }

    /// The stage's input for these layers.
    pub(crate) fn input<'a>(&'a self, layers: &'a Layers, t: f64, theme: Theme) -> StageInput<'a> {
        StageInput {
            source: &self.source,
            target: &self.target,
            trajectories: &self.trajectories,
            pairs: &self.pairs,
            path: crate::flow::path::Path::Linear,
            split: false,
            field: Some(&self.field),
            exact_field: Some(&self.exact),
            exact_is_estimate: false,
            map: None,
            probe: None,
            layers,
            t,
            theme,
            bounds: BOUNDS,
        }
    }
}

/// All layers off.
pub(crate) const NOTHING: Layers = Layers {
    source: false,
    target: false,
    particles: false,
    trajectories: false,
    states: false,
    velocity: false,
    density: false,
    exact: false,
    pairs: false,
    interpolation: false,
    one_step: false,
    map: Map::None,
    map_exact: false,
    bend: false,
    probe: false,
    anatomy: false,
    trajectories_shown: 400,
    pairs_shown: 120,
    pairs_power: 4.0,
};
