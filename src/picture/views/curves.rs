//! Charts: the loss over training, and the distance to the target over the number of Euler steps, each with its floor.

use rust_i18n::t;

use super::rows::tag_of;
use super::straightening::Told;
use super::{Ask, stage_of};
use crate::lab::RunId;
use crate::picture::figure::{Chart, ChartAxis, Content, Figure, Panel, Series};
use crate::picture::straightening::{self, color_of};
use crate::picture::studio::{Studio, StudioError, Watch};

fn chart(title: String, runs: Vec<RunId>, lacks: Option<String>, chart: Chart) -> Figure {
    Figure {
        panels: vec![Panel {
            content: Content::Chart(chart),
            lacks,
            ..Panel::default()
        }],
        title,
        runs,
        ..Figure::default()
    }
}

/// The raw curve's mean over a window of a fiftieth of its length.
fn smoothed(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let reach = (points.len() / 100).max(1);
    (0..points.len())
        .map(|i| {
            // both sides equally, so that the curve does not lag
            let reach = reach.min(i).min(points.len() - 1 - i);
            let window = &points[i - reach..=i + reach];
            let mean = window.iter().map(|p| p[1]).sum::<f64>() / window.len() as f64;
            [points[i][0], mean]
        })
        .collect()
}

/// The loss of every run.
pub(super) fn loss(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let runs: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).take(8).collect();
    let mut series = Vec::new();
    for (i, &id) in runs.iter().enumerate() {
        let raw = studio.losses(id);
        if raw.len() < 2 {
            continue;
        }
        let color = color_of(ask.theme, i);
        let name = if runs.len() > 1 {
            tag_of(studio, id)
        } else {
            t!("figure.loss").into_owned()
        };
        let curve = |name: String, points, faint| Series {
            name,
            points,
            color,
            dashed: false,
            faint,
            dots: None,
        };
        series.push(curve(String::new(), raw.to_vec(), true));
        series.push(curve(name, smoothed(&raw), false));
        let sampling = stage_of(studio, id).sampling;
        let measures = studio.measures(id, &sampling, watch)?;
        if let Some(floor) = measures.curve_floor {
            let name = if runs.len() > 1 {
                t!("figure.floor_of", run = tag_of(studio, id))
            } else {
                t!("figure.floor")
            };
            series.push(Series {
                name: name.into_owned(),
                points: vec![[0.0, floor]],
                color: ask.theme.palette().floor,
                dashed: true,
                faint: false,
                dots: None,
            });
        }
    }
    let lacks = series.is_empty().then(|| t!("figure.no_losses").into_owned());
    let axes = Chart {
        x: ChartAxis {
            label: t!("figure.training_step").into_owned(),
            ..ChartAxis::default()
        },
        y: ChartAxis {
            label: t!("figure.loss").into_owned(),
            log: runs.len() > 1,
            ..ChartAxis::default()
        },
        series,
    };
    Ok(chart(title(studio, ask), runs, lacks, axes))
}

fn title(studio: &Studio, ask: &Ask) -> String {
    super::asked(studio, ask).map_or_else(String::new, |r| r.experiment.name.clone())
}

/// W2 squared after 1, 2, 4, 8 and 100 Euler steps.
pub(super) fn few_steps(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let runs: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).take(8).collect();
    let told = Told::of(studio, &runs, watch)?;
    let (axes, lacks) = straightening::few_steps(&told.members(), ask.theme);
    Ok(chart(title(studio, ask), runs, lacks, axes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_ends_and_straight_lines() {
        let line: Vec<[f64; 2]> = (0..500).map(|i| [f64::from(i), 3.0 - 0.01 * f64::from(i)]).collect();
        for (a, b) in smoothed(&line).iter().zip(&line) {
            assert!((a[1] - b[1]).abs() < 1e-9, "{a:?} {b:?}");
        }
        assert!(smoothed(&[]).is_empty());
    }
}
