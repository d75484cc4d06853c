//! The coupling of a run: its chords with their lengths and costs, and what the pairs through one point average to.

use std::sync::atomic::AtomicBool;

use rust_i18n::t;

use super::{Ask, BLANK, asked, at, plane, plane_of, stage_of, with};
use crate::engine::coupling::{CouplingReport, PowerCost, report};
use crate::engine::snapshot::StageSnapshot;
use crate::lab::{LabRun, Layers};
use crate::picture::figure::{Content, Figure, Panel};
use crate::picture::lengths::Histogram;
use crate::picture::short;
use crate::picture::studio::{Studio, StudioError, Watch};

/// The run of a view with its pairs made, and its stage with these layers; None where the lab has no run.
fn shown(
    studio: &mut Studio,
    ask: &Ask,
    layers: Layers,
    watch: Watch,
) -> Result<Option<(LabRun, StageSnapshot)>, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(None);
    };
    let made = studio.make_pairs(run.id, watch);
    if let Err(error @ (StudioError::Canceled | StudioError::Fault(_))) = made {
        return Err(error);
    }
    let stage = with(&stage_of(studio, run.id), layers);
    let snapshot = studio.stage(&stage, ask.t);
    Ok(Some((run, snapshot)))
}

fn figure(run: LabRun, panels: Vec<Panel>) -> Figure {
    Figure {
        panels,
        runs: vec![run.id],
        title: run.experiment.name,
        axes: true,
        ..Figure::default()
    }
}

fn nothing() -> Figure {
    Figure {
        panels: vec![Panel::lacking(t!("figure.no_run"))],
        ..Figure::default()
    }
}

/// Chords, their crossings, the histogram of their lengths, and their costs beside the least possible.
pub(super) fn couplings(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let own = asked(studio, ask)
        .map(|run| run.id)
        .map(|id| stage_of(studio, id).layers);
    let layers = Layers {
        source: true,
        target: true,
        pairs: true,
        pairs_shown: own.map_or(BLANK.pairs_shown, |l| l.pairs_shown),
        pairs_power: own.map_or(BLANK.pairs_power, |l| l.pairs_power),
        ..BLANK
    };
    let Some((run, snapshot)) = shown(studio, ask, layers, watch)? else {
        return Ok(nothing());
    };
    let picture = plane_of(&snapshot, &layers, ask);
    if snapshot.pairs.is_empty() {
        return Ok(figure(run, vec![Panel::lacking(t!("figure.no_pairs"))]));
    }
    let report = report(&snapshot.pairs, layers.pairs_power, &AtomicBool::new(false), &|_| ());
    let lengths = Panel {
        content: Content::Chart(Histogram::of(&report).chart(ask.theme)),
        ..Panel::default()
    };
    let panels = vec![
        Panel::plane(picture).titled(t!("couplings.chords"), crossings(&report)),
        lengths.titled(t!("couplings.lengths"), costs(&report)),
    ];
    Ok(figure(run, panels))
}

/// `1,204 of 7,140 pairs of chords cross`.
fn crossings(report: &CouplingReport) -> String {
    let n = report.pairs.len() as u64;
    t!(
        "couplings.crossings",
        count = crate::picture::words::grouped(report.crossings),
        of = crate::picture::words::grouped(n * n.saturating_sub(1) / 2)
    )
    .into_owned()
}

/// Each cost with the least possible one.
fn costs(report: &CouplingReport) -> String {
    let one = |c: &PowerCost| {
        let cost = short(c.cost as f32);
        let power = if c.power == 1.0 {
            String::new()
        } else if c.power == 2.0 {
            "²".to_owned()
        } else {
            format!("^{}", short(c.power as f32))
        };
        let least = c.optimum.best().map(|best| short(best.cost as f32));
        match least {
            Some(least) => t!("couplings.cost_and_least", power = power, cost = cost, least = least).into_owned(),
            None => t!("couplings.cost_alone", power = power, cost = cost).into_owned(),
        }
    };
    report.costs.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// The pairs through the lab's probe at t.
pub(super) fn probe(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        source: true,
        target: true,
        probe: true,
        ..BLANK
    };
    let Some((run, snapshot)) = shown(studio, ask, layers, watch)? else {
        return Ok(nothing());
    };
    let picture = plane(&snapshot, &layers, ask.t, ask.theme);
    let lacks = snapshot
        .conditional
        .is_none()
        .then(|| t!("figure.no_pairs").into_owned());
    let panel = Panel {
        note: at(ask.t),
        lacks,
        ..Panel::plane(picture)
    };
    Ok(figure(run, vec![panel]))
}
