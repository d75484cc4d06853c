//! The exact field against reference figures, identities and its own samplers.

use serde_json::Value;

use super::*;
use crate::flow::close::{assert_close, assert_close_points};
use crate::flow::path::PATHS;
use crate::flow::random::{CounterRng, Stream};
use crate::flow::sampler::{Grid, SAMPLERS, Sampler, table};
use crate::flow::time_density::TimeRow;

fn reference(text: &str) -> Value {
    serde_json::from_str(text).expect("a reference file is JSON")
}

fn fields() -> Value {
    reference(include_str!("../../../tests/reference/fields.json"))
}

fn samplers() -> Value {
    reference(include_str!("../../../tests/reference/samplers.json"))
}

fn numbers(v: &Value) -> Vec<f64> {
    serde_json::from_value(v.clone()).expect("numbers")
}

fn points(v: &Value) -> Vec<Point> {
    serde_json::from_value(v.clone()).expect("points")
}

fn mixture(v: &Value) -> Vec<Component> {
    let (weights, means, stds) = (numbers(&v["weights"]), points(&v["means"]), numbers(&v["stds"]));
    (0..weights.len())
        .map(|i| Component::round(weights[i], means[i], stds[i]))
        .collect()
}

fn standard() -> Vec<Component> {
    vec![Component::round(1.0, [0.0; 2], 1.0)]
}

fn linear(source: &[Component], target: &[Component]) -> ExactField {
    ExactField::new(source, target, Path::Linear)
}

#[test]
fn every_path_agrees_with_the_reference() {
    let json = fields();
    let mut cases = 0;
    for case in json["cases"].as_array().unwrap() {
        cases += 1;
        let path = Path::default_of(case["path"].as_str().unwrap()).expect("a path");
        let field = ExactField::new(&standard(), &mixture(&json["target"]), path);
        let (t, x) = (case["t"].as_f64().unwrap(), points(&case["x"]));
        // the figures are printed to 12 places, and rounding x by 1e-12 moves v by as much times its slope
        let tol = 1e-10;
        assert_close_points(&field.velocities(&x, t), &points(&case["velocity"]), tol, "velocity");
        let known: Vec<Posterior> = x.iter().map(|x| field.at(t).posterior(*x)).collect();
        let data: Vec<Point> = known.iter().map(|k| k.data).collect();
        let source: Vec<Point> = known.iter().map(|k| k.source).collect();
        assert_close_points(&data, &points(&case["data"]), tol, "data");
        assert_close_points(&source, &points(&case["noise"]), tol, "noise");
        let score: Vec<Point> = field.locals(&x, t).iter().map(|l| l.score).collect();
        // the smallest sigma is 0.03, so the score moves by 1e-12 / 0.03^2 with x
        assert_close_points(&score, &points(&case["score"]), 1e-8, "score");
    }
    assert_eq!(cases, 15);
}

/// For a standard normal source the velocity is the forward equation's drift, turned around, and half a score: two closed
/// forms that have nothing but the mixture in common. On every path, so that those without reference figures are checked too.
#[test]
fn velocity_and_score_fit_every_path() {
    let target = mixture(&fields()["target"]);
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        let field = ExactField::new(&standard(), &target, path);
        for t in [0.004, 0.3, 0.8, 0.999] {
            let scale = path.at(t).sigma + path.at(t).alpha;
            let x = [[0.3, -0.2], [1.9, -4.5], [-2.0, 1.0]].map(|p| p.map(|c: f64| scale * c));
            let (f, g2) = (path.forward_drift(t), path.g_squared(t));
            for (x, local) in x.iter().zip(field.locals(&x, t)) {
                let by_score = [0, 1].map(|c| -f * x[c] + 0.5 * g2 * local.score[c]);
                // both terms may be thousands times their sum
                let size = 1.0 + (f * x[0]).abs() + (f * x[1]).abs() + by_score[0].abs() + by_score[1].abs();
                assert_close(&local.velocity, &by_score, 1e-11 * size, &format!("{path:?} at {t}"));
            }
        }
    }
}

/// The noise prediction of an atom at the origin is x / sigma: nothing but the noise is there.
#[test]
fn atoms_work_on_every_path() {
    let atom = [Component::round(1.0, [0.0; 2], 0.0)];
    for path in PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)) {
        let field = ExactField::new(&standard(), &atom, path);
        assert_eq!(field.ends().1, 1.0 - ATOM_MARGIN);
        for t in [0.1, 0.9, 0.999] {
            let (at, x) = (path.at(t), [0.02, -0.01]);
            let known = field.at(t).posterior(x);
            let noise = x.map(|c| c / at.sigma);
            assert_close(&known.source, &noise, 1e-9, &format!("{path:?} at {t}"));
            let velocity = noise.map(|n| at.d_sigma * n);
            assert_close(&known.velocity, &velocity, 1e-9 * at.d_sigma.abs(), "velocity");
            assert_close(&known.data, &[0.0; 2], 1e-12, "data");
        }
    }
}

#[test]
fn mixture_to_mixture_agrees_with_the_reference() {
    let json = fields();
    let both = &json["mixture_to_mixture"];
    let field = linear(&mixture(&both["source"]), &mixture(&json["target"]));
    for case in both["cases"].as_array().unwrap() {
        let v = field.velocities(&points(&case["x"]), case["t"].as_f64().unwrap());
        // as above
        assert_close_points(&v, &points(&case["velocity"]), 1e-10, "velocity");
    }
}

fn even_rows(count: usize) -> Vec<TimeRow> {
    (0..count)
        .map(|r| TimeRow {
            flow_time: (r as f32 + 0.5) / count as f32,
            weight: 2.0,
            velocity_net: 1.0,
            ..TimeRow::default()
        })
        .collect()
}

#[test]
fn floor_agrees_with_the_reference() {
    let json = fields();
    let field = linear(&standard(), &mixture(&json["target"]));
    let want = &json["loss_floor"];
    let (mean, error) = (want["mean"].as_f64().unwrap(), want["standard_error"].as_f64().unwrap());
    let got = floor(&field, &even_rows(65_536), false, 1, 65_536);
    let tol = 4.0 * (error * error + got.standard_error * got.standard_error).sqrt();
    assert_close(&[got.mean], &[mean], tol, "floor");
    assert!(got.standard_error > 1e-4 && got.standard_error < 0.02, "{got:?}");
    let doubled = floor(&field, &even_rows(65_536), true, 1, 65_536);
    assert_close(&[doubled.mean], &[2.0 * got.mean], 1e-12, "weighted floor");
}

/// Self-consistency of the standard error: over many seeds the scatter is what it says.
#[test]
fn the_floors_standard_error_is_true() {
    let field = linear(&standard(), &mixture(&fields()["target"]));
    let rows = even_rows(4_096);
    let runs: Vec<Floor> = (0..64).map(|seed| floor(&field, &rows, false, seed, 2_048)).collect();
    let mean = runs.iter().map(|r| r.mean).sum::<f64>() / 64.0;
    let scatter = (runs.iter().map(|r| (r.mean - mean).powi(2)).sum::<f64>() / 63.0).sqrt();
    let said = runs.iter().map(|r| r.standard_error).sum::<f64>() / 64.0;
    // the scatter of 64 runs is known to 9 %: four times that
    assert!((scatter / said - 1.0).abs() < 0.36, "{scatter} {said}");
}

#[test]
fn wide_components_agree_with_regression_on_pairs() {
    // full covariances, checked against the affine field of one Gaussian to one Gaussian:
    // v = m1 - m0 + (t C1 - (1-t) C0) (t^2 C1 + (1-t)^2 C0)^-1 (x - m)
    let (source, target) = (
        [Component {
            weight: 1.0,
            mean: [1.0, -2.0],
            cov: [2.0, 0.7, 0.5],
        }],
        [Component {
            weight: 1.0,
            mean: [0.5, 3.0],
            cov: [0.3, -0.2, 0.9],
        }],
    );
    let field = linear(&source, &target);
    let t = 0.3;
    let x = [0.4, 0.1];
    let d = [x[0] - (0.3 * 0.5 + 0.7), x[1] - (0.3 * 3.0 - 0.7 * 2.0)];
    let c = [0, 1, 2].map(|i| 0.09 * target[0].cov[i] + 0.49 * source[0].cov[i]);
    let k = [0, 1, 2].map(|i| 0.3 * target[0].cov[i] - 0.7 * source[0].cov[i]);
    let det = c[0] * c[2] - c[1] * c[1];
    let solved = [(c[2] * d[0] - c[1] * d[1]) / det, (c[0] * d[1] - c[1] * d[0]) / det];
    let want = [
        0.5 - 1.0 + k[0] * solved[0] + k[1] * solved[1],
        3.0 + 2.0 + k[1] * solved[0] + k[2] * solved[1],
    ];
    // a few roundings
    assert_close(
        &field.velocities(&[x], t)[0],
        &want,
        1e-13,
        "one Gaussian to one Gaussian",
    );
    // its conditional variance does not depend on x: tr(C0 + C1 - K C^-1 K)
    let k_inv = [
        (k[0] * c[2] - k[1] * c[1]) / det,
        (k[1] * c[0] - k[0] * c[1]) / det,
        (k[1] * c[2] - k[2] * c[1]) / det,
        (k[2] * c[0] - k[1] * c[1]) / det,
    ];
    let explained = k_inv[0] * k[0] + k_inv[1] * k[1] + k_inv[2] * k[1] + k_inv[3] * k[2];
    let want = 2.0 + 0.5 + 0.3 + 0.9 - explained;
    for x in [x, [5.0, 5.0]] {
        assert_close(&[field.at(t).posterior(x).variance], &[want], 1e-12, "variance");
    }
}

#[test]
fn many_atoms_agree_with_a_sum_over_them() {
    let mut rng = CounterRng::new(5, Stream::Test, 0);
    let atoms: Vec<Component> = (0..37)
        .map(|_| Component {
            weight: 1.0 / 37.0,
            mean: [rng.normal(), rng.normal()],
            cov: [0.0; 3],
        })
        .collect();
    let field = linear(&standard(), &atoms);
    assert_eq!(field.ends(), (0.0, 1.0 - ATOM_MARGIN));
    for t in [0.0, 0.2, 0.9, 0.999] {
        let x = [0.3, -0.8];
        let log = |a: &Component| {
            let d = [x[0] - t * a.mean[0], x[1] - t * a.mean[1]];
            -0.5 * (d[0] * d[0] + d[1] * d[1]) / (1.0 - t).powi(2)
        };
        let top = atoms.iter().map(log).fold(f64::NEG_INFINITY, f64::max);
        let (mut sum, mut total) = ([0.0; 2], 0.0);
        for a in &atoms {
            let w = (log(a) - top).exp();
            total += w;
            sum = [0, 1].map(|c| sum[c] + w * a.mean[c]);
        }
        let want = [0, 1].map(|c| (sum[c] / total - x[c]) / (1.0 - t));
        // exponents up to 1e6 at t = 0.999 lose 1e-10 of the weights
        assert_close(&field.velocities(&[x], t)[0], &want, 1e-6, "atoms");
    }
    assert!(field.velocities(&[[0.3, -0.8]], 1.0)[0].iter().all(|v| v.is_finite()));
    assert!(field.velocities(&[[1e6, -1e6]], 0.999)[0].iter().all(|v| v.is_finite()));
}

#[test]
fn batches_on_threads_and_single_precision_agree_with_single_points() {
    let field = linear(
        &mixture(&fields()["mixture_to_mixture"]["source"]),
        &mixture(&fields()["target"]),
    );
    let mut rng = CounterRng::new(6, Stream::Test, 0);
    let x: Vec<Point> = (0..3_000).map(|_| [3.0 * rng.normal(), 3.0 * rng.normal()]).collect();
    let at = field.at(0.6);
    let alone: Vec<Point> = x.iter().map(|x| at.velocity(*x)).collect();
    assert_eq!(field.velocities(&x, 0.6), alone);
    let narrow: Vec<[f32; 2]> = x.iter().map(|x| x.map(|c| c as f32)).collect();
    // rounding x to f32 moves it by up to 5e-7, and the slopes here are up to about 20
    assert_close_points(&field.velocities_f32(&narrow, 0.6), &alone, 2e-5, "f32");
}

fn reference_flow() -> (ExactField, Value) {
    let json = samplers();
    (linear(&standard(), &mixture(&json["target"])), json["flow"].clone())
}

fn ends(run: &Recorded<f64>) -> Vec<Point> {
    run.states
        .chunks_exact(run.times.len())
        .map(|s| s[s.len() - 1])
        .collect()
}

#[test]
fn samplers_agree_with_the_reference() {
    let (field, flow) = reference_flow();
    let x0 = points(&flow["x0"]);
    let mut seen = std::collections::BTreeSet::new();
    for case in flow["cases"].as_array().unwrap() {
        let name = case["sampler"].as_str().unwrap();
        seen.insert(name);
        let sampler = SAMPLERS.iter().find(|s| s.name == name).unwrap().sampler;
        let steps = case["steps"].as_u64().unwrap() as u32;
        let table = table(sampler, 0.5, Grid::Uniform, steps, 0.0, 1.0).unwrap();
        let run = field.integrate(&table, &x0, true);
        // figures printed to 12 places; four coarse steps magnify rounding a little
        assert_close_points(
            &ends(&run),
            &points(&case["x"]),
            1e-9,
            &format!("{name} in {steps} steps"),
        );
        if sampler == Sampler::Midpoint {
            // rk2 with a = 1/2 is the midpoint method
            let same = table_of(Sampler::Rk2, 0.5, steps);
            assert_close_points(
                &ends(&field.integrate(&same, &x0, false)),
                &points(&case["x"]),
                1e-9,
                "rk2(1/2)",
            );
        }
    }
    assert_eq!(seen.len(), 5);
}

#[test]
fn dopri5_meets_its_tolerance_on_the_exact_field() {
    let (field, flow) = reference_flow();
    let run = field
        .integrate_adaptively((0.0, 1.0), 1e-10, &points(&flow["x0"]), true)
        .unwrap();
    // errors of about 100 steps add up
    assert_close_points(&ends(&run), &points(&flow["exact"]), 2e-9, "dopri5");
    let coarse = field
        .integrate_adaptively((0.0, 1.0), 1e-4, &points(&flow["x0"]), false)
        .unwrap();
    assert!(
        coarse.evaluations < run.evaluations / 3,
        "{} {}",
        coarse.evaluations,
        run.evaluations
    );
}

#[test]
fn availability_has_reasons() {
    let of = |count: usize, exact: bool| Components {
        list: vec![Component::round(1.0 / count.max(1) as f64, [0.0; 2], 1.0); count],
        exact,
    };
    assert_eq!(available(&of(1, true), &of(8, true)), Ok(Worth::Exact));
    assert_eq!(available(&of(1, true), &of(256, false)), Ok(Worth::Estimated));
    assert!(available(&of(257, true), &of(256, true)).unwrap_err().contains("65536"));
    assert!(available(&of(0, true), &of(256, true)).is_err());
}

fn table_of(sampler: Sampler, a: f64, steps: u32) -> Table {
    table(sampler, a, Grid::Uniform, steps, 0.0, 1.0).unwrap()
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    let mut rng = CounterRng::new(6, Stream::Test, 0);
    let x: Vec<Point> = (0..4_096).map(|_| [3.0 * rng.normal(), 3.0 * rng.normal()]).collect();
    for n in [1, 8, 256, 4096] {
        let target: Vec<Component> = (0..n)
            .map(|_| Component::round(1.0 / f64::from(n), [3.0 * rng.normal(), 3.0 * rng.normal()], 0.3))
            .collect();
        let field = linear(&standard(), &target);
        let start = std::time::Instant::now();
        let mut calls = 0;
        while start.elapsed().as_secs_f64() < 0.3 {
            std::hint::black_box(field.velocities(&x, 0.5));
            calls += 1;
        }
        let ns = start.elapsed().as_secs_f64() * 1e9 / f64::from(calls) / 4096.0;
        let at = field.at(0.5);
        let mut weights = Vec::new();
        let start = std::time::Instant::now();
        for x in &x {
            std::hint::black_box(at.velocity_with(*x, &mut weights));
        }
        let one = start.elapsed().as_secs_f64() * 1e9 / 4096.0;
        println!(
            "{n} components: {ns:.0} ns a point on all threads, {one:.0} on one; {:.2} a component",
            one / f64::from(n)
        );
    }
}
