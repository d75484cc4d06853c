//! Views of scalar maps: energy, divergence, curl, the local floor, the flow's density, the continuity residual.

use rust_i18n::t;

use super::{Ask, BLANK, asked, at, stage_of, with};
use crate::engine::maps::MapGrid;
use crate::lab::{LabRun, Layers, Map};
use crate::picture::figure::{Figure, Panel};
use crate::picture::maps::{Scale, lacking, map_marks, scale_of};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::words::grouped;
use crate::picture::{Bounds, Picture};

/// A map of a run at the asked flow time, with its stage's bounds.
fn grid_of(studio: &mut Studio, run: &LabRun, ask: &Ask, map: Map, map_exact: bool) -> (MapGrid, Bounds) {
    let layers = Layers {
        map,
        map_exact,
        ..BLANK
    };
    let stage = with(&stage_of(studio, run.id), layers);
    let snapshot = studio.stage(&stage, ask.t);
    let grid = snapshot.map.as_ref().map(|m| MapGrid::clone(m)).unwrap_or_default();
    (grid, Bounds::of(snapshot.bounds))
}

fn panel(grid: &MapGrid, bounds: Bounds, scale: Option<Scale>, ask: &Ask) -> Panel {
    let mut picture = Picture {
        bounds,
        ..Picture::default()
    };
    let made = map_marks(grid, scale, ask.theme);
    for (name, mark) in made.marks {
        picture.add(name, mark);
    }
    picture.legend = made.legend;
    Panel {
        lacks: grid.lacks.as_ref().map(lacking),
        ..Panel::plane(picture)
    }
}

fn figure(studio: &mut Studio, run: LabRun, ask: &Ask, panels: Vec<Panel>) -> Figure {
    let step = t!("figure.step", step = grouped(studio.step(run.id)));
    let mut figure = Figure {
        panels,
        runs: vec![run.id],
        title: run.experiment.name,
        axes: true,
        ..Figure::default()
    };
    for panel in &mut figure.panels {
        let note = format!("{} · {step}", at(ask.t));
        panel.note = if panel.note.is_empty() {
            note
        } else {
            format!("{note} · {}", panel.note)
        };
    }
    figure
}

fn nothing() -> Figure {
    Figure {
        panels: vec![Panel::lacking(t!("figure.no_run"))],
        ..Figure::default()
    }
}

fn one(studio: &mut Studio, ask: &Ask, map: Map) -> Figure {
    let Some(run) = asked(studio, ask).cloned() else {
        return nothing();
    };
    let (grid, bounds) = grid_of(studio, &run, ask, map, false);
    let panels = vec![panel(&grid, bounds, None, ask)];
    figure(studio, run, ask, panels)
}

/// Learned and exact side by side, on one scale.
fn both(studio: &mut Studio, ask: &Ask, map: Map) -> Figure {
    let Some(run) = asked(studio, ask).cloned() else {
        return nothing();
    };
    let grids = [false, true].map(|exact| grid_of(studio, &run, ask, map, exact));
    let scales = grids
        .iter()
        .filter(|(g, _)| !g.values.is_empty())
        .map(|(g, _)| scale_of(g));
    let scale = scales.reduce(|a, b| Scale {
        low: a.low.min(b.low),
        high: a.high.max(b.high),
    });
    let titles = [t!("figure.learned"), t!("figure.exact")];
    let panels = grids
        .iter()
        .zip(titles)
        .map(|((grid, bounds), title)| panel(grid, *bounds, scale, ask).titled(title, ""))
        .collect();
    figure(studio, run, ask, panels)
}

/// -log `p_t` with contours, score and velocity.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a view")]
pub(super) fn energy(studio: &mut Studio, ask: &Ask, _: Watch) -> Result<Figure, StudioError> {
    Ok(one(studio, ask, Map::Energy))
}

/// Divergence, learned and exact.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a view")]
pub(super) fn divergence(studio: &mut Studio, ask: &Ask, _: Watch) -> Result<Figure, StudioError> {
    Ok(both(studio, ask, Map::Divergence))
}

/// Curl, learned and exact.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a view")]
pub(super) fn curl(studio: &mut Studio, ask: &Ask, _: Watch) -> Result<Figure, StudioError> {
    Ok(both(studio, ask, Map::Curl))
}

/// Where the flow averages.
pub(super) fn local_floor(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let run = asked(studio, ask).map(|run| run.id);
    if let Some(Err(error @ (StudioError::Canceled | StudioError::Fault(_)))) =
        run.map(|run| studio.make_pairs(run, watch))
    {
        return Err(error);
    }
    Ok(one(studio, ask, Map::LocalFloor))
}

/// The learned flow's density by change of variables beside the exact one.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a view")]
pub(super) fn flow_density(studio: &mut Studio, ask: &Ask, _: Watch) -> Result<Figure, StudioError> {
    Ok(both(studio, ask, Map::FlowDensity))
}

/// What the learned velocity leaves of the continuity equation.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a view")]
pub(super) fn continuity(studio: &mut Studio, ask: &Ask, _: Watch) -> Result<Figure, StudioError> {
    Ok(one(studio, ask, Map::Continuity))
}
