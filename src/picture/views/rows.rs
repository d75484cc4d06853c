//! Views of several planes side by side: a filmstrip of flow times, the rounds of a lab, its stages.

use rust_i18n::t;

use super::{Ask, BLANK, asked, at, bars, carried_by, plane, plane_of, stage_of, with};
use crate::engine::measures::Measures;
use crate::lab::{Layers, RunId, Sampler, Stage};
use crate::picture::figure::{Figure, Inset, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::words::caption_of_stage;
use crate::picture::{Mark, Picture, short};

/// Panels of one figure, at most: more are too small to be seen.
const MOST_PANELS: usize = 8;

/// The particles at several times.
#[expect(clippy::unnecessary_wraps, reason = "all rows of the table are of one type")]
pub(super) fn filmstrip(studio: &mut Studio, ask: &Ask, _watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("figure.no_run"))],
            ..Figure::default()
        });
    };
    let stage = stage_of(studio, run.id);
    let mut panels = Vec::new();
    for &end in ask.times.iter().take(MOST_PANELS) {
        // played, each panel goes as far as its own time
        let t = if ask.playing { end.min(ask.t) } else { end };
        let layers = Layers {
            target: true,
            particles: true,
            ..BLANK
        };
        let snapshot = studio.stage(&with(&stage, layers), t);
        panels.push(Panel::plane(plane(&snapshot, &layers, t, ask.theme)).titled(at(t), ""));
    }
    let mut figure = Figure {
        runs: vec![run.id],
        title: run.experiment.name,
        panels,
        ..Figure::default()
    };
    figure.share_bounds();
    Ok(figure)
}

/// What a run is called among rounds: 1-RF, 2-RF, 1-RF+D.
pub(super) fn tag_of(studio: &Studio, id: RunId) -> String {
    studio.lab().tag_of(id)
}

/// The same particles after one Euler step, for an inset.
pub(super) fn one_step(studio: &mut Studio, stage: &Stage, ask: &Ask) -> Inset {
    let layers = Layers {
        particles: true,
        ..BLANK
    };
    let mut stage = with(stage, layers);
    (stage.sampling.sampler, stage.sampling.steps) = (Sampler::Euler, 1);
    stage.sampling.count = stage.sampling.count.min(1024);
    let snapshot = studio.stage(&stage, 1.0);
    let mut picture = plane(&snapshot, &layers, 1.0, ask.theme);
    enlarge(&mut picture, 2.2);
    Inset {
        title: t!("figure.one_step").into_owned(),
        picture,
    }
}

/// Makes dots larger: an inset is small, and so would its dots be.
fn enlarge(picture: &mut Picture, factor: f32) {
    for mark in &mut picture.marks {
        if let Mark::Points { radius_px, .. } = mark {
            *radius_px *= factor;
        }
    }
}

/// The measures that a reader compares first.
pub(super) fn figures_of(measures: &Measures) -> String {
    let mut said = Vec::new();
    if let Some(s) = measures.straightness {
        said.push(t!("figure.straightness", value = short(s as f32)).into_owned());
    }
    if let Some(w2) = measures.w2_squared {
        let floor = measures.w2_squared_floor.map(|f| short(f as f32));
        said.push(match floor {
            Some(floor) => t!("figure.w2_with_floor", value = short(w2 as f32), floor = floor).into_owned(),
            None => t!("figure.w2", value = short(w2 as f32)).into_owned(),
        });
    }
    said.join(" · ")
}

/// Every run, with its one step and its budget.
pub(super) fn rounds(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let runs: Vec<RunId> = studio.lab().runs.iter().map(|r| r.id).take(MOST_PANELS).collect();
    let title = asked(studio, ask).map_or_else(String::new, |r| r.experiment.name.clone());
    let mut panels = Vec::new();
    for &id in &runs {
        let stage = stage_of(studio, id);
        let layers = Layers {
            target: true,
            particles: true,
            trajectories: true,
            trajectories_shown: 120,
            ..BLANK
        };
        let snapshot = studio.stage(&with(&stage, layers), ask.t);
        let measures = studio.measures(id, &stage.sampling, watch)?;
        let inset = one_step(studio, &stage, ask);
        let name = tag_of(studio, id);
        panels.push(Panel {
            inset: Some(inset),
            ..Panel::plane(plane(&snapshot, &layers, ask.t, ask.theme)).titled(name, figures_of(&measures))
        });
    }
    if runs.len() < 2 {
        panels.push(Panel::lacking(t!("figure.no_second_round")).titled("2-RF", ""));
    }
    let foot = bars::of_runs(studio, &runs, ask, watch)?;
    let columns = if panels.len() > 4 { panels.len().div_ceil(2) } else { 0 };
    let mut figure = Figure {
        title,
        panels,
        columns,
        lettered: true,
        foot: Some(foot),
        runs,
        ..Figure::default()
    };
    figure.share_bounds();
    Ok(figure)
}

/// The lab's stages, each as it is.
#[expect(clippy::unnecessary_wraps, reason = "all rows of the table are of one type")]
pub(super) fn compare(studio: &mut Studio, ask: &Ask, _watch: Watch) -> Result<Figure, StudioError> {
    let mut runs: Vec<RunId> = Vec::new();
    let mut panels = Vec::new();
    for stage in studio.lab().stages.clone() {
        if !runs.contains(&stage.run) {
            runs.push(stage.run);
        }
        let snapshot = studio.stage(&stage, ask.t);
        let own = studio.lab().run(stage.run).map(|r| r.experiment.name.clone());
        let note = format!("{} · {}", at(ask.t), carried_by(&stage));
        let (name, note) = caption_of_stage(&stage).unwrap_or_else(|| (own.unwrap_or_default(), note));
        let inset = stage.layers.one_step.then(|| one_step(studio, &stage, ask));
        panels.push(Panel {
            inset,
            ..Panel::plane(plane_of(&snapshot, &stage.layers, ask)).titled(name, note)
        });
    }
    if panels.len() < 2 {
        panels.push(Panel::lacking(t!("figure.no_second_stage")));
    }
    let columns = if panels.len() == 4 { 2 } else { 0 };
    let mut figure = Figure {
        panels,
        columns,
        lettered: true,
        runs,
        ..Figure::default()
    };
    figure.share_bounds();
    Ok(figure)
}
