use super::*;
use crate::flow::close::assert_close;
use crate::flow::lens::Lens;

/// Every kind with its defaults and with other parameters.
pub fn paths() -> Vec<Path> {
    let mut all: Vec<Path> = PATHS.iter().map(|e| Path::default_of(e.name).expect(e.name)).collect();
    all.extend([
        Path::Vp { beta0: 2.0, beta1: 9.0 },
        Path::SubVp {
            beta0: 0.5,
            beta1: 30.0,
        },
        Path::Ve { smin: 0.3, smax: 8.0 },
        Path::Ou { theta: 1.5 },
    ]);
    all
}

const TIMES: [f64; 7] = [0.003, 0.05, 0.25, 0.5, 0.8, 0.95, 0.998];

/// (alpha, sigma, alpha', sigma') as the reference generator has them (`shared/reference/fields.json`, cases vp and cosine;
/// sub-VP from VP's alpha).
#[test]
fn the_coefficients_are_those_of_the_reference() {
    let vp = Path::default_of("vp").unwrap();
    let cosine = Path::Cosine;
    let known = [
        (
            vp,
            0.02,
            [
                0.008_010_596_910_633_964,
                0.999_967_914_653_833,
                0.078_511_860_321_123_48,
                -0.000_628_947_045_720_199_7,
            ],
        ),
        (
            vp,
            0.5,
            [
                0.281_182_880_796_752_4,
                0.959_654_202_068_036_6,
                1.412_943_976_003_680_6,
                -0.413_998_768_223_978_85,
            ],
        ),
        (
            vp,
            0.97,
            [
                0.994_040_329_709_739_1,
                0.109_012_948_361_894_49,
                0.346_423_054_903_844_34,
                -3.158_876_930_587_110_7,
            ],
        ),
        (
            cosine,
            0.25,
            [
                0.382_683_432_365_089_8,
                0.923_879_532_511_286_7,
                1.451_226_576_069_715_4,
                -0.601_117_729_884_346_3,
            ],
        ),
        (
            cosine,
            0.97,
            [
                0.998_889_874_961_97,
                0.047_106_450_709_642_68,
                0.073_994_639_743_051_57,
                -1.569_052_546_462_876,
            ],
        ),
    ];
    for (path, t, want) in known {
        let at = path.at(t);
        let got = [at.alpha, at.sigma, at.d_alpha, at.d_sigma];
        assert_close(&got, &want, 1e-13, &format!("{path:?} at {t}"));
    }
    let (sub, at) = (Path::default_of("sub-vp").unwrap().at(0.5), vp.at(0.5));
    assert_close(
        &[sub.alpha, sub.sigma],
        &[at.alpha, 1.0 - at.alpha * at.alpha],
        1e-15,
        "sub-vp",
    );
    let ve = Path::default_of("ve").unwrap();
    let got = [ve.at(0.0), ve.at(1.0), ve.at(0.5)].map(|at| at.sigma);
    // the middle is the geometric mean
    assert_close(&got, &[20.0, 0.01, 0.2_f64.sqrt()], 1e-12, "ve");
    let ou = Path::default_of("ou").unwrap().at(0.5);
    assert_close(
        &[ou.alpha, ou.alpha.hypot(ou.sigma)],
        &[(-2.5_f64).exp(), 1.0],
        1e-15,
        "ou",
    );
}

#[test]
fn derivatives_are_those_of_differences() {
    for path in paths() {
        for t in TIMES {
            let at = path.at(t);
            // central differences of order 4 leave about h^4 times the fifth derivative, which grows like (distance)^-4.5 of a root
            let h = 1e-3 * t.min(1.0 - t);
            let slope = |of: &dyn Fn(PathAt) -> f64| {
                let f = |k: f64| of(path.at(t + k * h));
                (8.0 * (f(1.0) - f(-1.0)) - (f(2.0) - f(-2.0))) / (12.0 * h)
            };
            let got = [slope(&|p| p.alpha), slope(&|p| p.sigma)];
            let size = 1.0 + at.d_alpha.abs() + at.d_sigma.abs() + (at.sigma + at.alpha) * 1e-15 / h / 1e-9;
            assert_close(
                &got,
                &[at.d_alpha, at.d_sigma],
                1e-9 * size,
                &format!("{path:?} at {t}"),
            );
        }
    }
}

#[test]
fn lambda_is_the_log_of_the_ratio_and_has_inverses() {
    for path in paths() {
        let mut last = f64::NEG_INFINITY;
        for t in TIMES {
            let (at, lambda) = (path.at(t), path.lambda(t));
            assert_close(
                &[lambda],
                &[(at.alpha / at.sigma).ln()],
                1e-12,
                &format!("{path:?} at {t}"),
            );
            assert!(lambda > last, "{path:?} does not increase");
            last = lambda;
            // t from sigma loses the digits that sigma near 1 has lost: d sigma / dt is as small as 6e-4
            let lost = 1e-15 / at.d_sigma.abs().min(1.0);
            assert_close(
                &[path.t_of_lambda(lambda)],
                &[t],
                1e-13,
                &format!("{path:?} t of lambda"),
            );
            assert_close(
                &[path.t_of_sigma(at.sigma)],
                &[t],
                1e-13 + 4.0 * lost,
                &format!("{path:?} t of sigma"),
            );
        }
    }
    // far out, where a naive 1 - alpha^2 would have no digits left
    let vp = Path::default_of("vp").unwrap();
    for s in [1e-9, 1e-6] {
        let got = 1.0 - vp.t_of_lambda(vp.lambda(1.0 - s));
        assert_close(&[got], &[s], 1e-15, "near the data");
    }
    assert!((vp.lambda(1.0 - 1e-9) - -0.5 * 1e-10_f64.ln()).abs() < 1e-5);
}

#[test]
fn the_forward_equation_is_that_of_the_coefficients() {
    for path in paths() {
        for t in TIMES {
            let p = path.at(t);
            let f = -p.d_alpha / p.alpha;
            let g_squared = -2.0 * p.sigma * p.d_sigma + 2.0 * p.d_alpha / p.alpha * p.sigma * p.sigma;
            let what = format!("{path:?} at {t}");
            assert_close(&[path.forward_drift(t)], &[f], 1e-12 * (1.0 + f.abs()), &what);
            assert_close(&[path.g_squared(t)], &[g_squared], 1e-11 * (1.0 + g_squared), &what);
            // a point x of N(0, sigma^2 + alpha^2) data: score -x / (alpha^2 + sigma^2), velocity by Gaussian regression
            let variance = p.alpha * p.alpha + p.sigma * p.sigma;
            let velocity = (p.alpha * p.d_alpha + p.sigma * p.d_sigma) / variance;
            let by_score = -path.forward_drift(t) - 0.5 * path.g_squared(t) / variance;
            assert_close(&[by_score], &[velocity], 1e-11 * (1.0 + f.abs()), &what);
        }
    }
}

#[test]
fn ends_are_the_named_ones_and_everything_is_finite_between_them() {
    let lenses = [Lens::FlowMatching, Lens::PfOde, Lens::Sde];
    for path in paths() {
        for (lens, in_lambda) in lenses.into_iter().flat_map(|l| [(l, false), (l, true)]) {
            let (from, to) = path.ends(lens, in_lambda);
            for t in [from, to] {
                let p = path.at(t);
                let mut all = vec![p.alpha, p.sigma, p.d_alpha, p.d_sigma];
                if lens != Lens::FlowMatching || in_lambda {
                    all.extend([path.lambda(t), path.g_squared(t), path.forward_drift(t)]);
                }
                assert!(all.iter().all(|v| v.is_finite()), "{path:?} {lens:?} {t} {all:?}");
            }
        }
    }
    let ends = |name: &str, lens| Path::default_of(name).unwrap().ends(lens, false);
    assert_eq!(ends("linear", Lens::FlowMatching), (0.0, 1.0));
    assert_eq!(ends("cosine", Lens::PfOde), (1e-3, 1.0 - 1e-3));
    assert_eq!(ends("vp", Lens::FlowMatching), (0.0, 1.0 - 1e-3));
    assert_eq!(ends("ve", Lens::Sde), (0.0, 1.0));
    assert_eq!(narrower((0.0, 1.0), (0.1, 0.9)), (0.1, 0.9));
}

#[test]
fn names_parameters_and_defaults_agree_with_the_table() {
    for entry in &PATHS {
        let path = Path::default_of(entry.name).expect(entry.name);
        assert_eq!(path.name(), entry.name);
        path.validate().unwrap();
        let json = serde_json::to_value(path).unwrap();
        assert_eq!(serde_json::from_value::<Path>(json.clone()).unwrap(), path);
        let mut keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        keys.retain(|k| *k != "kind");
        let names: Vec<&str> = entry.parameters.iter().map(|p| p.name).collect();
        assert_eq!(keys, names, "{}", entry.name);
    }
    assert!(Path::default_of("straight").is_none());
}

#[test]
fn bad_parameters_are_refused_by_name() {
    let bad = [
        (
            Path::Vp {
                beta0: -1.0,
                beta1: 20.0,
            },
            "path.beta0",
        ),
        (
            Path::SubVp {
                beta0: 10.0,
                beta1: 5.0,
            },
            "path.beta1",
        ),
        (
            Path::Ve {
                smin: 0.01,
                smax: f64::NAN,
            },
            "path.smax",
        ),
        (Path::Ve { smin: 2.0, smax: 1.0 }, "path.smax"),
        (Path::Ou { theta: 0.0 }, "path.theta"),
    ];
    for (path, name) in bad {
        let message = path.validate().unwrap_err();
        assert!(message.starts_with(name), "{message}");
    }
}

#[test]
fn what_is_left_of_the_data_at_the_start() {
    let left = |path: Path| path.left_at_start();
    assert_close(&[left(Path::Linear), left(Path::Cosine)], &[0.0, 0.0], 0.0, "nothing");
    assert_close(&[left(Path::default_of("vp").unwrap())], &[0.0066], 1e-4, "vp");
    assert!(left(Path::Ou { theta: 1.0 }) > 0.35);
    assert_eq!(Path::default_of("ve").unwrap().start_scale(), 20.0);
}
