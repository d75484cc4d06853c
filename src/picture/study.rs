//! A study as charts: error and W2 against network evaluations, log-log with the orders that show; what comes back from an
//! inversion, and the noise's squared radii against the chi-squared law.

use rust_i18n::t;

use super::Shape;
use super::color::{Theme, cyclic, legible};
use super::figure::{Chart, ChartAxis, Content, Panel, Series};
use super::words::{grouped, name_of};
use crate::engine::study::{Kind, State, Study};
use crate::flow::sampler::Sampler;
use crate::lab::{Lens, suits};

/// Samplers that a usual study compares, where the table has them.
const USUAL: [&str; 6] = ["euler", "heun", "rk4", "dpm-solver++-2m", "unipc-bh2-3", "dopri5"];

/// A usual choice of samplers: one of each family, and the stage's own.
pub fn usual_samplers(own: Sampler) -> Vec<Sampler> {
    let rows = crate::flow::sampler::SAMPLERS.iter();
    rows.filter(|row| suits(Lens::FlowMatching, row.sampler))
        .filter(|row| row.sampler == own || USUAL.contains(&row.name))
        .map(|row| row.sampler)
        .collect()
}

/// A color for curve number `index`: the fixed ones first, then golden angles, which stay apart however many there are.
fn color_of(theme: Theme, index: usize) -> super::Rgba {
    let palette = theme.palette();
    let fixed = [
        palette.learned,
        palette.source,
        palette.target,
        palette.exact,
        palette.floor,
    ];
    fixed
        .get(index)
        .copied()
        .unwrap_or_else(|| legible(cyclic(theme, index as f32 * 2.399), palette.background, 3.1))
}

fn curve(sampler: Sampler, order: Option<f64>, index: usize, points: Vec<[f64; 2]>, theme: Theme) -> Series {
    let name = name_of("sampler", sampler.name());
    Series {
        name: match order {
            // an adaptive method has no order in its evaluations
            Some(order) if sampler != Sampler::Dopri5 => {
                t!("study.with_order", name = name, order = format!("{order:.1}")).into_owned()
            }
            _ => name,
        },
        points,
        color: color_of(theme, index),
        dashed: index >= 5,
        faint: false,
        dots: Some([Shape::Disk, Shape::Square, Shape::Ring][index % 3]),
    }
}

fn evaluations_axis(study: &Study) -> ChartAxis {
    ChartAxis {
        label: t!("study.evaluations").into_owned(),
        log: true,
        ticks: study.ask.evaluations.iter().map(|n| f64::from(*n)).collect(),
        ..ChartAxis::default()
    }
}

fn level(name: impl Into<String>, value: f64, study: &Study, theme: Theme) -> Series {
    Series {
        name: name.into(),
        points: vec![[f64::from(study.ask.evaluations.first().copied().unwrap_or(1)), value]],
        color: theme.palette().floor,
        dashed: true,
        faint: false,
        dots: None,
    }
}

/// End-point error over evaluations.
pub fn error_chart(study: &Study, theme: Theme) -> Chart {
    let series = study.quality.curves.iter().enumerate().map(|(i, c)| {
        let points = c.points.iter().map(|p| [f64::from(p.evaluations), p.error]).collect();
        curve(c.sampler, c.order, i, points, theme)
    });
    Chart {
        x: evaluations_axis(study),
        y: ChartAxis {
            label: t!("study.error").into_owned(),
            log: true,
            ..ChartAxis::default()
        },
        series: series.filter(|s| !s.points.is_empty()).collect(),
    }
}

/// W2 squared over evaluations, with its floor.
pub fn w2_chart(study: &Study, theme: Theme) -> Chart {
    let series = study.quality.curves.iter().enumerate().map(|(i, c)| {
        let known = c
            .points
            .iter()
            .filter_map(|p| Some([f64::from(p.evaluations), p.w2_squared?]));
        curve(c.sampler, None, i, known.collect(), theme)
    });
    let mut series: Vec<Series> = series.filter(|s| !s.points.is_empty()).collect();
    if let Some(floor) = study.quality.w2_floor {
        series.push(level(t!("figure.floor"), floor, study, theme));
    }
    Chart {
        x: evaluations_axis(study),
        y: ChartAxis {
            label: t!("figure.w2_to_target").into_owned(),
            log: true,
            ..ChartAxis::default()
        },
        series,
    }
}

/// Mean squared error of what comes back, over evaluations there and back.
pub fn inversion_chart(study: &Study, theme: Theme) -> Chart {
    let series = study.inversion.curves.iter().enumerate().map(|(i, (sampler, points))| {
        let points = points
            .iter()
            .map(|p| [f64::from(p.evaluations), p.squared_error])
            .collect();
        // of the error itself: its square falls twice as steeply
        curve(*sampler, study.inversion.order(i), i, points, theme)
    });
    Chart {
        x: evaluations_axis(study),
        y: ChartAxis {
            label: t!("study.reconstruction").into_owned(),
            log: true,
            ..ChartAxis::default()
        },
        series: series.filter(|s| !s.points.is_empty()).collect(),
    }
}

/// The distribution function of |x0|^2 beside `1 - exp(-r / 2)`.
pub fn radii_chart(study: &Study, theme: Theme) -> Chart {
    let (palette, radii) = (theme.palette(), &study.inversion.radii);
    let n = radii.len().max(1) as f64;
    let far = radii.last().copied().unwrap_or(0.0).clamp(8.0, 24.0);
    let found = radii.iter().enumerate().map(|(i, r)| [*r, (i as f64 + 0.5) / n]);
    let curve = |name: std::borrow::Cow<str>, points, color, dashed| Series {
        name: name.into_owned(),
        points,
        color,
        dashed,
        faint: false,
        dots: None,
    };
    let mut series = Vec::new();
    if study.inversion.distance.is_some() {
        let law = (0..=120)
            .map(|i| far * f64::from(i) / 120.0)
            .map(|r| [r, -(-0.5 * r).exp_m1()]);
        series.push(curve(t!("study.chi_squared"), law.collect(), palette.exact, true));
    }
    let shown: Vec<[f64; 2]> = found.filter(|p| p[0] <= far).collect();
    if !shown.is_empty() {
        series.push(curve(t!("study.found"), shown, palette.learned, false));
    }
    Chart {
        x: ChartAxis {
            label: t!("study.squared_radius").into_owned(),
            ..ChartAxis::default()
        },
        y: ChartAxis {
            label: t!("study.share_below").into_owned(),
            include: vec![0.0, 1.0],
            ..ChartAxis::default()
        },
        series,
    }
}

/// Mean speeds over flow time.
pub fn speed_chart(study: &Study, theme: Theme) -> Chart {
    let (palette, speeds) = (theme.palette(), &study.speeds);
    let curve = |name: std::borrow::Cow<str>, values: &[f64], color, dashed| Series {
        name: name.into_owned(),
        points: speeds.times.iter().zip(values).map(|(t, v)| [*t, *v]).collect(),
        color,
        dashed,
        faint: false,
        dots: None,
    };
    let mut series = vec![
        curve(t!("figure.speed_pairs"), &speeds.pairs, palette.chord, false),
        curve(t!("figure.speed_learned"), &speeds.learned, palette.learned, false),
    ];
    if let Some(exact) = &speeds.exact {
        series.push(curve(t!("figure.speed_exact"), exact, palette.exact, true));
    }
    Chart {
        x: ChartAxis {
            label: t!("figure.flow_time").into_owned(),
            ..ChartAxis::default()
        },
        y: ChartAxis {
            label: t!("figure.mean_speed").into_owned(),
            include: vec![0.0],
            ..ChartAxis::default()
        },
        series,
    }
}

/// What stands under a study's title: which field, how many particles.
pub fn note(study: &Study) -> String {
    let field = if study.ask.exact {
        t!("study.exact")
    } else {
        t!("study.learned")
    };
    let count = match study.ask.kind {
        Kind::Quality => study.quality.count,
        Kind::Inversion => study.inversion.count,
        Kind::Speed => return t!("figure.step", step = grouped(study.of.1)).into_owned(),
    };
    let step = t!("figure.step", step = grouped(study.of.1));
    let grid = name_of("grid", &super::words::id_of(&study.ask.sampling.grid));
    let (from, to) = study.ends;
    let mut note = format!(
        "{field} · t = {from} – {to} · {} · {}",
        t!("study.particles", count = count),
        t!("study.grid", grid = grid)
    );
    if !study.ask.exact {
        note = format!("{note} · {step}");
    }
    note
}

/// The two panels of a study.
pub fn panels(study: &Study, theme: Theme) -> Vec<Panel> {
    if let State::Refused(why) = &study.state {
        return vec![Panel::lacking(t!("study.refused", why = why))];
    }
    let chart = |chart, title: std::borrow::Cow<str>, note: String| {
        Panel {
            content: Content::Chart(chart),
            ..Panel::default()
        }
        .titled(title, note)
    };
    match study.ask.kind {
        Kind::Quality => vec![
            chart(error_chart(study, theme), t!("study.error_title"), note(study)),
            chart(
                w2_chart(study, theme),
                t!("study.w2_title"),
                t!("study.w2_note").into_owned(),
            ),
        ],
        Kind::Speed => vec![chart(speed_chart(study, theme), t!("study.speed_title"), note(study))],
        Kind::Inversion => {
            let law = match study.inversion.distance {
                Some((far, limit)) => t!(
                    "study.distance",
                    far = format!("{far:.3}"),
                    limit = format!("{limit:.3}")
                ),
                None if study.inversion.radii.is_empty() => t!("study.waiting"),
                None => t!("study.no_law"),
            };
            vec![
                chart(inversion_chart(study, theme), t!("study.inversion_title"), note(study)),
                chart(radii_chart(study, theme), t!("study.radii_title"), law.into_owned()),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::study::{Ask, Inversion, Quality, QualityCurve, QualityPoint};

    #[test]
    fn charts_have_their_curves_floors_and_laws() {
        let point = |evaluations, error| QualityPoint {
            evaluations,
            error,
            w2_squared: Some(0.3),
        };
        let mut study = Study {
            ask: Ask {
                evaluations: vec![4, 8],
                ..Ask::default()
            },
            quality: Quality {
                curves: vec![
                    QualityCurve {
                        sampler: Sampler::Heun,
                        points: vec![point(4, 0.1), point(8, 0.025)],
                        order: Some(2.0),
                    },
                    QualityCurve {
                        sampler: Sampler::Rk4,
                        points: Vec::new(),
                        order: None,
                    },
                ],
                w2_floor: Some(0.2),
                ..Quality::default()
            },
            ..Study::default()
        };
        let error = error_chart(&study, Theme::Dark);
        assert_eq!(error.series.len(), 1, "a curve without points is not there yet");
        assert!(error.series[0].name.contains("2.0"), "{}", error.series[0].name);
        let w2 = w2_chart(&study, Theme::Dark);
        assert_eq!((w2.series.len(), w2.series[1].points[0][1]), (2, 0.2));
        study.ask.kind = Kind::Inversion;
        study.inversion = Inversion {
            radii: vec![0.5, 1.0, 3.0],
            distance: Some((0.1, 0.9)),
            ..Inversion::default()
        };
        let law = radii_chart(&study, Theme::Dark);
        assert_eq!(law.series.len(), 2);
        let last = law.series[0].points.last().expect("a law");
        assert!(last[1] > 0.98 && last[1] < 1.0, "{last:?}");
        study.inversion.distance = None;
        assert_eq!(
            radii_chart(&study, Theme::Dark).series.len(),
            1,
            "no law, no curve of it"
        );
    }

    #[test]
    fn the_usual_samplers_hold_the_stages_own_once() {
        let usual = usual_samplers(Sampler::Ralston);
        for sampler in [Sampler::Euler, Sampler::Heun, Sampler::Ralston] {
            assert_eq!(usual.iter().filter(|s| **s == sampler).count(), 1, "{sampler:?}");
        }
    }
}
