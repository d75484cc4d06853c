//! The line of rounds through a run: what each gains and costs.

use std::sync::Arc;

use rust_i18n::t;

use super::rows::tag_of;
use super::{Ask, asked, is_student, stage_of};
use crate::engine::measures::Measures;
use crate::lab::RunId;
use crate::picture::figure::{Figure, Panel};
use crate::picture::straightening::{self, Member, line_of};
use crate::picture::studio::{Studio, StudioError, Watch};

/// Runs of one figure, at most.
const MOST_RUNS: usize = 8;

/// What is known of some runs, measured where it was not yet.
pub(super) struct Told {
    known: Vec<(String, Option<u32>, Arc<Measures>)>,
}

impl Told {
    pub(super) fn of(studio: &mut Studio, runs: &[RunId], watch: Watch) -> Result<Self, StudioError> {
        let mut known = Vec::new();
        for &id in runs {
            let sampling = stage_of(studio, id).sampling;
            let measures = studio.measures(id, &sampling, watch)?;
            known.push((tag_of(studio, id), round_of(studio, id), measures));
        }
        Ok(Self { known })
    }

    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let known = self.known.iter();
        known
            .map(|(tag, round, measures)| Member {
                tag,
                round: *round,
                measures,
            })
            .collect()
    }
}

/// The round of a run; None for a student.
fn round_of(studio: &Studio, id: RunId) -> Option<u32> {
    (!is_student(studio, id)).then(|| studio.lab().round_of(id))
}

/// The four panels of [`straightening::straightening`].
pub(super) fn straightening(studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("figure.no_run"))],
            ..Figure::default()
        });
    };
    let mut runs = line_of(studio.lab(), run.id);
    runs.truncate(MOST_RUNS);
    let told = Told::of(studio, &runs, watch)?;
    Ok(Figure {
        title: run.experiment.name,
        runs,
        ..straightening::straightening(&told.members(), ask.theme)
    })
}
