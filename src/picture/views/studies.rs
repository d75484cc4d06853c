//! Views of studies: quality against evaluations, and inversion.

use rust_i18n::t;

use super::{Ask, asked, stage_of};
use crate::engine::study::{self, EVALUATIONS, Kind};
use crate::picture::figure::{Figure, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::study::{panels, usual_samplers};

fn figure(studio: &mut Studio, ask: &Ask, kind: Kind, exact: bool, watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("figure.no_run"))],
            ..Figure::default()
        });
    };
    let sampling = stage_of(studio, run.id).sampling;
    let order = study::Ask {
        kind,
        run: run.id,
        exact,
        samplers: usual_samplers(sampling.sampler),
        sampling,
        evaluations: EVALUATIONS.to_vec(),
    };
    let found = studio.study(&order, watch)?;
    Ok(Figure {
        panels: panels(&found, ask.theme),
        runs: vec![run.id],
        title: run.experiment.name,
        lettered: kind != Kind::Speed,
        ..Figure::default()
    })
}

/// Samplers on the learned field.
pub(super) fn quality(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    figure(studio, ask, Kind::Quality, false, watch)
}

/// Samplers on the exact field.
pub(super) fn quality_exact(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    figure(studio, ask, Kind::Quality, true, watch)
}

/// Data to noise to data along the learned field.
pub(super) fn inversion(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    figure(studio, ask, Kind::Inversion, false, watch)
}

/// E|v| over flow time.
pub(super) fn speed(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let run = asked(studio, ask).map(|run| run.id);
    if let Some(Err(error @ (StudioError::Canceled | StudioError::Fault(_)))) =
        run.map(|run| studio.make_pairs(run, watch))
    {
        return Err(error);
    }
    figure(studio, ask, Kind::Speed, false, watch)
}
