//! How far the laws of the stages' particles are apart at each flow time.

use rust_i18n::t;

use super::{Ask, asked};
use crate::lab::RunId;
use crate::picture::Rgba;
use crate::picture::figure::{Chart, ChartAxis, Content, Figure, Panel, Series};
use crate::picture::straightening::other_color;
use crate::picture::studio::{Studio, StudioError, Watch};

/// The letter of a stage: a, b, c, d.
fn letter(index: usize) -> char {
    char::from(b'a' + index.min(25) as u8)
}

/// W2 squared from the first stage to each other one at each flow time, with the floor.
#[expect(clippy::unnecessary_wraps, reason = "all rows of the table are of one type")]
pub(super) fn marginals(studio: &mut Studio, ask: &Ask, _watch: Watch) -> Result<Figure, StudioError> {
    let mut runs: Vec<RunId> = Vec::new();
    for stage in &studio.lab().stages {
        if !runs.contains(&stage.run) {
            runs.push(stage.run);
        }
    }
    let title = asked(studio, ask).map_or_else(String::new, |r| r.experiment.name.clone());
    let report = studio.marginals();
    let curve = |name: String, values: &[Option<f64>], color: Rgba, dashed| Series {
        name,
        points: report
            .times
            .iter()
            .zip(values)
            .filter_map(|(&t, w2)| Some([t, (*w2)?]))
            .collect(),
        color,
        dashed,
        faint: false,
        dots: None,
    };
    let others = report.others.iter().enumerate();
    let mut series: Vec<Series> = others
        .map(|(i, values)| {
            let name = t!("marginals.curve", stage = letter(i + 1)).into_owned();
            curve(name, values, other_color(ask.theme, i), false)
        })
        .collect();
    series.push(curve(
        t!("figure.floor").into_owned(),
        &report.floor,
        ask.theme.palette().floor,
        true,
    ));
    let chart = Chart {
        x: ChartAxis {
            label: t!("figure.flow_time").into_owned(),
            include: vec![0.0, 1.0],
            ..ChartAxis::default()
        },
        y: ChartAxis {
            label: t!("marginals.title").into_owned(),
            log: true,
            ..ChartAxis::default()
        },
        series,
    };
    let lacks = report
        .times
        .is_empty()
        .then(|| t!("figure.no_second_stage").into_owned());
    Ok(Figure {
        title,
        panels: vec![Panel {
            content: Content::Chart(chart),
            lacks,
            ..Panel::default()
        }],
        runs,
        ..Figure::default()
    })
}
