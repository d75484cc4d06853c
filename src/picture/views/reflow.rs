//! The figure that explains reflow in three panels: the pairs cross, the flow that is learned from them bends, and after one
//! reflow it is straight; one Euler step of each flow as an inset, and the budget of both beneath.

use std::sync::Arc;

use rust_i18n::t;

use super::rows::one_step;
use super::{Ask, BLANK, asked, bars, plane, plane_of, stage_of, with};
use crate::lab::{Layers, Origin, RunId};
use crate::picture::figure::{Figure, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::{Colors, LegendEntry, Mark, Picture, Shape, Swatch};

/// Trajectories of a panel.
const SHOWN: u32 = 130;

/// The first round of a run's line: the ancestor that was trained from its distributions.
fn first_round(studio: &Studio, id: RunId) -> RunId {
    let lab = studio.lab();
    let mut at = id;
    // a file may hold a cycle of parents
    for _ in 0..lab.runs.len() {
        match lab.run(at).and_then(|r| r.origin.parent()) {
            Some(parent) if lab.run(parent).is_some() => at = parent,
            _ => break,
        }
    }
    at
}

/// The run that was trained on the pairs of `parent`.
fn reflow_of(studio: &Studio, parent: RunId) -> Option<RunId> {
    let mut runs = studio.lab().runs.iter();
    let child = runs.find(|r| matches!(r.origin, Origin::Reflow { parent: p, .. } if p == parent));
    child.map(|r| r.id)
}

/// A run's flow: clouds, ways, where they start and end, one Euler step.
fn flow_panel(studio: &mut Studio, id: RunId, ask: &Ask) -> Panel {
    let stage = stage_of(studio, id);
    let layers = Layers {
        source: true,
        target: true,
        trajectories: true,
        trajectories_shown: SHOWN,
        ..BLANK
    };
    let snapshot = studio.stage(&with(&stage, layers), ask.t);
    let mut picture = plane(&snapshot, &layers, ask.t, ask.theme);
    let shown = snapshot.trajectories.count().min(SHOWN as usize);
    let now: Vec<[f32; 2]> = snapshot.trajectories.at(ask.t).into_iter().take(shown).collect();
    let starts = (0..shown).filter_map(|p| snapshot.trajectories.particle(p).first().copied());
    let colors = colors_of_lines(&picture);
    let mut dots = |name, at, radius_px, shape| {
        let mark = Mark::Points {
            at: Arc::new(at),
            colors: colors.clone(),
            radius_px,
            shape,
        };
        picture.add(name, mark);
    };
    dots("starts", starts.collect(), 2.4, Shape::Ring);
    dots("ends", now, 3.4, Shape::Disk);
    let ink = ask.theme.palette().text_quiet;
    for (key, text, shape) in [
        ("legend.start", "start", Shape::Ring),
        ("legend.at_t", "particle at t, in the color of its start", Shape::Disk),
    ] {
        picture.legend.push(LegendEntry {
            key,
            text,
            swatch: Swatch::Point(ink, shape),
        });
    }
    let inset = one_step(studio, &stage, ask);
    Panel {
        inset: Some(inset),
        ..Panel::plane(picture)
    }
}

/// The colors of the trajectories, opaque.
fn colors_of_lines(picture: &Picture) -> Colors {
    let of = |mark: &Mark| match mark {
        Mark::Lines { colors, .. } => Some(colors.clone()),
        _ => None,
    };
    match picture.marks.iter().find_map(of) {
        Some(Colors::Each(all)) => Colors::Each(Arc::new(all.iter().map(|c| [c[0], c[1], c[2], 255]).collect())),
        Some(Colors::One(c)) => Colors::One([c[0], c[1], c[2], 255]),
        None => Colors::One([128, 128, 128, 255]),
    }
}

/// The three panels.
pub(super) fn reflow(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("figure.no_run"))],
            ..Figure::default()
        });
    };
    let first = first_round(studio, run.id);
    let layers = Layers {
        source: true,
        target: true,
        pairs: true,
        ..BLANK
    };
    let stage = stage_of(studio, first);
    let snapshot = studio.stage(&with(&stage, layers), ask.t);
    let pairs = Panel::plane(plane_of(&snapshot, &layers, ask));
    let learned = flow_panel(studio, first, ask);
    let mut runs = vec![first];
    let straight = match reflow_of(studio, first) {
        Some(second) => {
            runs.push(second);
            flow_panel(studio, second, ask)
        }
        None => Panel::lacking(t!("figure.no_second_round")),
    };
    let said = |panel: Panel, which: &str| {
        let note = t!(format!("figure.reflow.{which}_note")).into_owned();
        panel.titled(t!(format!("figure.reflow.{which}")), note)
    };
    let foot = bars::of_runs(studio, &runs, ask, watch)?;
    let mut figure = Figure {
        panels: vec![
            said(pairs, "pairs"),
            said(learned, "learned"),
            said(straight, "straight"),
        ],
        lettered: true,
        foot: Some(foot),
        runs,
        ..Figure::default()
    };
    figure.share_bounds();
    Ok(figure)
}
