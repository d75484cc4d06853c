//! Bars: the budget of every run, and its measures beside their floors.

use rust_i18n::t;

use super::rows::tag_of;
use super::{Ask, stage_of};
use crate::engine::measures::Measures;
use crate::lab::{Origin, RunId};
use crate::picture::figure::{BarPart, BarRow, Bars, Content, Figure, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};

/// The budgets of these runs on one scale; a run that has none says why.
pub(super) fn of_runs(studio: &mut Studio, runs: &[RunId], ask: &Ask, watch: Watch) -> Result<Bars, StudioError> {
    let palette = ask.theme.palette();
    let mut rows = Vec::new();
    let mut least = None;
    for &id in runs {
        let sampling = stage_of(studio, id).sampling;
        let measures = studio.measures(id, &sampling, watch)?;
        // of the first run that has one: rounds of one flow share it
        least = least.or(measures.transport_optimum.filter(|_| measures.budget.is_some()));
        let name = tag_of(studio, id);
        let part = |key: &str, value: f64, color| BarPart {
            name: t!(format!("budget.{key}")).into_owned(),
            value,
            color,
        };
        rows.push(match measures.budget {
            Some(b) => BarRow {
                name,
                parts: vec![
                    part("floor", b.floor, palette.floor),
                    part("bends", b.bends, palette.learned),
                    part("carried", b.carried, palette.source),
                ],
                note: String::new(),
            },
            None => BarRow {
                name,
                parts: Vec::new(),
                note: t!(why_none(studio, id)).into_owned(),
            },
        });
    }
    Ok(Bars {
        title: t!("figure.budget").into_owned(),
        rows,
        mark: least.map(|value| (t!("budget.optimum").into_owned(), value)),
    })
}

/// The text key of why a run has no budget.
fn why_none(studio: &Studio, id: RunId) -> &'static str {
    match studio.lab().run(id) {
        Some(run) if matches!(run.origin, Origin::Distilled { .. }) => "budget.distilled",
        Some(run) if run.experiment.budget_holds() => "budget.not_yet",
        _ => "budget.does_not_hold",
    }
}

/// The budgets alone.
pub(super) fn budget(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let runs: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).collect();
    let bars = of_runs(studio, &runs, ask, watch)?;
    Ok(Figure {
        title: bars.title.clone(),
        runs,
        panels: vec![Panel {
            content: Content::Bars(Bars {
                title: String::new(),
                ..bars
            }),
            ..Panel::default()
        }],
        ..Figure::default()
    })
}

/// A measure with its floor: key of its name, value, floor.
type Row = (&'static str, fn(&Measures) -> Option<f64>, fn(&Measures) -> Option<f64>);

/// The measures shown, in the order of the window's table.
const ROWS: [Row; 9] = [
    ("loss", |m| m.loss, |m| m.loss_floor),
    ("w2", |m| m.w2_squared, |m| m.w2_squared_floor),
    ("sliced_w2", |m| m.sliced_w2_squared, |_| None),
    ("energy_distance", |m| m.energy_distance, |_| None),
    ("field_rms", |m| m.field_rms, |_| None),
    ("straightness", |m| m.straightness, |_| None),
    ("cost_p2", |m| m.transport_cost_p2, |m| m.transport_optimum),
    ("npe", |m| m.npe, |_| None),
    ("path_length", |m| m.path_length, |_| None),
];

/// Every measure of every run: a panel each, a bar a run.
pub(super) fn measures(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let palette = ask.theme.palette();
    let runs: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).take(8).collect();
    let mut all = Vec::new();
    for &id in &runs {
        let sampling = stage_of(studio, id).sampling;
        all.push((tag_of(studio, id), studio.measures(id, &sampling, watch)?));
    }
    let panels = ROWS.iter().map(|(key, value, floor)| {
        let row = |name: &str, value: Option<f64>, color| BarRow {
            name: name.to_owned(),
            parts: value
                .map(|value| BarPart {
                    name: String::new(),
                    value,
                    color,
                })
                .into_iter()
                .collect(),
            note: if value.is_none() {
                t!("figure.not_taken").into_owned()
            } else {
                String::new()
            },
        };
        let mut rows: Vec<BarRow> = all.iter().map(|(tag, m)| row(tag, value(m), palette.learned)).collect();
        if let Some(least) = all.iter().find_map(|(_, m)| floor(m)) {
            rows.push(row(&t!("figure.floor"), Some(least), palette.floor));
        }
        Panel {
            content: Content::Bars(Bars {
                rows,
                ..Bars::default()
            }),
            ..Panel::default()
        }
        .titled(t!(format!("measure.{key}.name")), "")
    });
    Ok(Figure {
        title: t!("figure.measures").into_owned(),
        runs,
        panels: panels.collect(),
        columns: 2,
        ..Figure::default()
    })
}
