//! The stochastic samplers: the right law at every t whatever the noise level, the ODE without noise, one path however many
//! steps, and the two processes beside them.

use super::*;
use crate::flow::measure::w2_squared;
use crate::flow::random::{CounterRng, Stream};

const PARTICLES: usize = 1024;

fn normals(seed: u64, count: usize) -> Vec<Point> {
    let one = |i| {
        let mut rng = CounterRng::new(seed, Stream::Test, i);
        [rng.normal(), rng.normal()]
    };
    (0..count as u64).map(one).collect()
}

/// Draws from the reference's target.
fn data(json: &Value, seed: u64, count: usize) -> Vec<Point> {
    let numbers = |v: &Value| -> Vec<f64> { serde_json::from_value(v.clone()).expect("numbers") };
    let target = &json["target"];
    let (weights, stds, means) = (
        numbers(&target["weights"]),
        numbers(&target["stds"]),
        points(&target["means"]),
    );
    let one = |i| {
        let mut rng = CounterRng::new(seed ^ 0x5eed, Stream::Test, i);
        let mut left = rng.uniform() * weights.iter().sum::<f64>();
        let mut k = 0;
        while k + 1 < weights.len() && left >= weights[k] {
            left -= weights[k];
            k += 1;
        }
        [0, 1].map(|c| means[k][c] + stds[k] * rng.normal())
    };
    (0..count as u64).map(one).collect()
}

/// Draws of `X_t`.
fn marginal(json: &Value, path: Path, t: f64, seed: u64) -> Vec<Point> {
    let at = path.at(t);
    let pairs = data(json, seed, PARTICLES)
        .into_iter()
        .zip(normals(seed + 1000, PARTICLES));
    pairs
        .map(|(x1, x0)| [0, 1].map(|c| at.alpha * x1[c] + at.sigma * x0[c]))
        .collect()
}

/// Mean and standard deviation of the W2 squared between two fresh sets of `X_t`, from 40 draws.
fn floor(json: &Value, path: Path, t: f64) -> (f64, f64) {
    let draws: Vec<f64> = (0..40)
        .map(|i| {
            let (a, b) = (marginal(json, path, t, 2 * i), marginal(json, path, t, 2 * i + 1));
            w2_squared(&a, &b).unwrap()
        })
        .collect();
    let mean = draws.iter().sum::<f64>() / 40.0;
    let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 39.0;
    (mean, variance.sqrt())
}

fn family() -> impl Iterator<Item = &'static SamplerRow> {
    SAMPLERS.iter().filter(|row| row.family == Family::Stochastic)
}

#[test]
fn every_noise_level_has_the_exact_marginals() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let field = field(&json, vp);
    let times = [0.25, 0.5, 0.75, 0.999];
    let floors = times.map(|t| floor(&json, vp, t));
    let exact: Vec<Vec<Vec<Point>>> = times
        .iter()
        .map(|&t| (0..4).map(|set| marginal(&json, vp, t, 500 + set)).collect())
        .collect();
    // 500 steps of 0.999 / 500: the states next to these times are less than one step away
    for row in family() {
        for eta in [0.5, 1.0, 2.0] {
            let plan = Plan {
                noise: NoiseLevel {
                    eta,
                    ..NoiseLevel::default()
                },
                noise_seed: 77,
                ..diffusion(row.sampler, Grid::Uniform, 500)
            };
            let table = plan.table().unwrap();
            let start = normals(9, 4 * PARTICLES);
            let run = field.integrate(&table, &start, true);
            let stride = run.times.len();
            for (i, t) in times.into_iter().enumerate() {
                let at = run.times.partition_point(|&x| x < t - 1e-9);
                // on the line between two states, as the window shows it; both are states of the same path
                let (k, f) = match at {
                    0 => (1, 0.0),
                    k => (k, (t - run.times[k - 1]) / (run.times[k] - run.times[k - 1])),
                };
                let nearest = if f < 0.5 { k - 1 } else { k };
                let mean = (0..4)
                    .map(|set| {
                        let states: Vec<Point> = (set * PARTICLES..(set + 1) * PARTICLES)
                            .map(|p| run.states[p * stride + nearest])
                            .collect();
                        w2_squared(&states, &exact[i][set]).unwrap()
                    })
                    .sum::<f64>()
                    / 4.0;
                // 3.09 spreads are the 99.9 % quantile of the floor's draws
                let (floor, spread) = floors[i];
                let most = floor + 3.09 * spread;
                println!(
                    "{} eta {eta} t {t}: {mean:.4} floor {floor:.4} most {most:.4}",
                    row.name
                );
                assert!(mean < most, "{} eta {eta} t {t}: {mean} {most}", row.name);
            }
        }
    }
}

#[test]
fn without_noise_they_are_the_ode_samplers() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let field = field(&json, vp);
    let start = points(&json["diffusion"]["x_noise"]);
    for (sampler, quiet) in [
        (Sampler::EulerMaruyama, Sampler::Euler),
        (Sampler::StochasticHeun, Sampler::Heun),
        (Sampler::Ddpm, Sampler::Ddim),
        (Sampler::EulerAncestral, Sampler::Ddim),
        (Sampler::SdeDpmSolverPp2m, Sampler::DpmSolverPp2m),
    ] {
        let plan = Plan {
            noise: NoiseLevel {
                eta: 0.0,
                ..NoiseLevel::default()
            },
            ..diffusion(sampler, Grid::LogSnr, 20)
        };
        let same = ends(&field, &diffusion(quiet, Grid::LogSnr, 20), &start);
        assert_close_points(&ends(&field, &plan, &start), &same, 1e-9, quiet.name());
    }
}

#[test]
fn more_steps_refine_the_same_path_and_another_seed_is_another_one() {
    let json = reference();
    let field = field(&json, Path::default_of("vp").unwrap());
    let start = points(&json["diffusion"]["x_noise"]);
    for row in family().filter(|row| row.sampler != Sampler::PredictorCorrector) {
        let of = |steps, noise_seed| {
            let plan = Plan {
                noise_seed,
                to: 0.9,
                ..diffusion(row.sampler, Grid::Uniform, steps)
            };
            ends(&field, &plan, &start)
        };
        let (coarse, fine, other) = (of(1500, 5), of(6000, 5), of(6000, 6));
        let (near, far) = (rms(&coarse, &fine), rms(&other, &fine));
        assert!(near < 0.2 * far && far > 0.3, "{}: {near} {far}", row.name);
    }
}

#[test]
fn the_forward_process_noises_as_the_path_says() {
    for name in ["linear", "vp", "ve"] {
        let path = Path::default_of(name).unwrap();
        let table = noising(path, 10, 0.125, 4);
        assert_eq!((table.times[0], table.times[10], table.evaluations), (1.0, 0.125, 0));
        let n = 20_000;
        let x1 = [1.5, -0.5];
        let Ok(run) = interpret(&table, &vec![x1; n], true, |_, _, _| {
            Ok::<(), std::convert::Infallible>(())
        });
        for k in [1, 5, 10] {
            let at = path.at(run.times[k]);
            for c in 0..2 {
                let values = || run.states.chunks_exact(11).map(move |s| s[k][c]);
                let mean = values().sum::<f64>() / n as f64;
                let variance = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
                // five standard errors
                assert!(
                    (mean - at.alpha * x1[c]).abs() < 5.0 * at.sigma / (n as f64).sqrt(),
                    "{name}"
                );
                assert!(
                    (variance / at.sigma.powi(2) - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn langevin_dynamics_keep_the_law_and_find_it() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let (field, t) = (field(&json, vp), 0.5);
    let exact = marginal(&json, vp, t, 900);
    let (floor, spread) = floor(&json, vp, t);
    let far = vec![[3.0, 3.0]; PARTICLES];
    for start in [marginal(&json, vp, t, 901), far] {
        let table = langevin(vp, t, 20.0, 2000, 3);
        let run = field.integrate(&table, &start, false);
        let ends: Vec<Point> = run.states.chunks_exact(2).map(|s| s[1]).collect();
        let distance = w2_squared(&ends, &exact).unwrap();
        assert!(distance < floor + 3.09 * spread, "{distance} {floor} {spread}");
    }
}
