//! Views of one plane: a run's stage with some layers.

use rust_i18n::t;

use super::{Ask, BLANK, asked, at, carried_by, plane_of, stage_of};
use crate::engine::truth;
use crate::lab::{LabRun, Layers, Lens, usual_paths};
use crate::picture::figure::{Figure, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::words::grouped;

/// The figure of one plane with these layers; `shows_t`: whether the flow time is worth saying.
fn one(studio: &mut Studio, ask: &Ask, layers: Layers, shows_t: bool, watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(nothing());
    };
    let shows_pairs = layers.pairs || layers.interpolation;
    if shows_pairs {
        let made = studio.make_pairs(run.id, watch);
        if let Err(error @ (StudioError::Canceled | StudioError::Fault(_))) = made {
            return Err(error);
        }
    }
    let mut stage = stage_of(studio, run.id);
    stage.layers = layers;
    let snapshot = studio.stage(&stage, ask.t);
    let picture = plane_of(&snapshot, &layers, ask);
    let mut note = vec![carried_by(&stage)];
    if layers.particles || layers.trajectories || layers.states || layers.density {
        note.push(
            t!(
                "figure.particles",
                count = grouped(snapshot.trajectories.count() as u64)
            )
            .into_owned(),
        );
    } else {
        note.clear();
    }
    if shows_t || ask.playing {
        note.insert(0, at(ask.t));
    }
    note.push(t!("figure.step", step = grouped(studio.step(run.id))).into_owned());
    let lacks = lacking(&run, &layers, &snapshot);
    Ok(Figure {
        panels: vec![Panel {
            note: note.join(" · "),
            lacks,
            ..Panel::plane(picture)
        }],
        runs: vec![run.id],
        title: run.experiment.name,
        axes: true,
        ..Figure::default()
    })
}

/// A figure of a lab without runs.
fn nothing() -> Figure {
    Figure {
        panels: vec![Panel::lacking(t!("figure.no_run"))],
        ..Figure::default()
    }
}

/// What the run has not, for these layers.
fn lacking(run: &LabRun, layers: &Layers, snapshot: &crate::engine::snapshot::StageSnapshot) -> Option<String> {
    if layers.exact && snapshot.exact_field.is_none() {
        let why = truth::of(&run.experiment).err().unwrap_or_default();
        return Some(t!("figure.no_exact", why = why).into_owned());
    }
    if (layers.pairs || layers.interpolation) && snapshot.pairs.is_empty() {
        return Some(t!("figure.no_pairs").into_owned());
    }
    None
}

/// The layers that the lab has on.
pub(super) fn stage(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = asked(studio, ask).map(|run| run.id);
    let layers = layers.map_or(BLANK, |id| stage_of(studio, id).layers);
    one(studio, ask, layers, true, watch)
}

/// Source and target behind, particles at t.
pub(super) fn particles(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        source: true,
        target: true,
        particles: true,
        ..BLANK
    };
    one(studio, ask, layers, true, watch)
}

/// Whole ways.
pub(super) fn trajectories(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let run = asked(studio, ask).map(|run| run.id);
    let lens = run.map_or_else(Lens::default, |id| stage_of(studio, id).sampling.lens);
    let layers = Layers {
        source: true,
        target: true,
        trajectories: true,
        trajectories_shown: usual_paths(lens),
        ..BLANK
    };
    one(studio, ask, layers, false, watch)
}

/// A few ways with the solver's states.
pub(super) fn states(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        target: true,
        trajectories: true,
        states: true,
        trajectories_shown: 60,
        ..BLANK
    };
    one(studio, ask, layers, false, watch)
}

/// The learned field.
pub(super) fn velocity(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        velocity: true,
        ..BLANK
    };
    one(studio, ask, layers, true, watch)
}

/// Learned beside exact.
pub(super) fn exact(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        velocity: true,
        exact: true,
        ..BLANK
    };
    one(studio, ask, layers, true, watch)
}

/// The pairs on their way.
pub(super) fn interpolation(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        source: true,
        target: true,
        interpolation: true,
        ..BLANK
    };
    one(studio, ask, layers, true, watch)
}

/// Where the particles are dense.
pub(super) fn density(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers { density: true, ..BLANK };
    one(studio, ask, layers, true, watch)
}

/// Chords.
pub(super) fn pairs(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        source: true,
        target: true,
        pairs: true,
        ..BLANK
    };
    one(studio, ask, layers, false, watch)
}

/// How far from straight.
pub(super) fn bend(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let layers = Layers {
        source: true,
        target: true,
        trajectories: true,
        bend: true,
        ..BLANK
    };
    one(studio, ask, layers, false, watch)
}
