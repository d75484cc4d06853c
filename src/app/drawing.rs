//! Pairs drawn by hand: what the tool does to the lab. Each pair is a step of undo. How it looks and what the pointer does is
//! `panels/stage/draw.rs`.

use std::sync::Arc;

use eframe::egui::Pos2;
use rust_i18n::t;

use super::App;
use super::ui_command::UiCommand;
use crate::flow::coupling::{Coupling, HandPairs, PairF64};
use crate::lab::{Lab, RunId};

/// The tool's state; no part of the document.
#[derive(Clone, Debug, Default)]
pub struct Drawing {
    /// Whether the primary button draws.
    pub on: bool,
    /// What the button holds.
    pub grip: Option<Grip>,
    /// Where it was pressed.
    pub pressed: Pos2,
    /// The chosen pair.
    pub chosen: Option<usize>,
    /// The pairs of a run whose coupling is another one now: they come back with the tool.
    kept: Option<(RunId, HandPairs)>,
}

/// What the primary button holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grip {
    /// A new pair that begins here.
    New([f64; 2]),
    /// An end of a pair: 0 its start, 1 its end.
    End(usize, usize),
}

/// The pairs drawn by hand for a run; None where its coupling is another.
pub fn drawn(lab: &Lab, run: RunId) -> Option<&HandPairs> {
    match &lab.run(run)?.experiment.coupling {
        Coupling::Hand(hand) => Some(hand),
        _ => None,
    }
}

impl App {
    /// Whether the tool is on for this stage.
    pub(super) fn draws_on(&self, stage: usize) -> bool {
        let run = self.lab.stages.get(stage).map(|s| s.run);
        self.screen.drawing.on && run.is_some_and(|run| drawn(&self.lab, run).is_some())
    }

    /// Edits the pairs of a run as one step of undo.
    pub(super) fn edit_drawn(&mut self, run: RunId, edit: impl FnOnce(&mut Vec<PairF64>)) {
        let now = self.screen.last_frame.unwrap_or(0.0);
        // what was changed before is a step of its own, however short ago
        self.history.step(now, &self.lab);
        if let Some(Coupling::Hand(hand)) = self.lab.run_mut(run).map(|r| &mut r.experiment.coupling) {
            edit(Arc::make_mut(&mut hand.pairs));
        }
        self.history.step(now, &self.lab);
        let count = drawn(&self.lab, run).map_or(0, |hand| hand.pairs.len());
        self.screen.drawing.chosen = self.screen.drawing.chosen.filter(|&chosen| chosen < count);
    }

    /// The coupling of this run becomes the pairs drawn for it before, if any, or none yet.
    pub(super) fn hand_coupling(&self, run: RunId) -> Coupling {
        let kept = self.screen.drawing.kept.as_ref();
        Coupling::Hand(
            kept.filter(|(of, _)| *of == run)
                .map_or_else(HandPairs::default, |(_, hand)| hand.clone()),
        )
    }

    /// Remembers a run's drawn pairs while another coupling is tried.
    pub(super) fn keep_drawn(&mut self) {
        let run = self.run_id();
        if let Some(hand) = drawn(&self.lab, run).filter(|hand| !hand.pairs.is_empty()) {
            self.screen.drawing.kept = Some((run, hand.clone()));
        }
        self.screen.drawing.on = false;
    }

    /// The tool takes the primary button, and shows what it needs.
    pub(super) fn begin_drawing(&mut self) {
        let run = self.run_id();
        if drawn(&self.lab, run).is_none() {
            let coupling = self.hand_coupling(run);
            if let Some(run) = self.lab.run_mut(run) {
                run.experiment.coupling = coupling;
            }
        }
        self.screen.drawing.on = true;
        (self.screen.drawing.grip, self.screen.drawing.chosen) = (None, None);
        self.set_layer(|l| &mut l.probe, false);
        self.set_layer(|l| &mut l.source, true);
        self.set_layer(|l| &mut l.target, true);
        // how the other points follow
        self.set_layer(|l| &mut l.pairs, true);
    }

    /// Gives the primary button back.
    pub(super) fn end_drawing(&mut self) {
        let kept = self.screen.drawing.kept.take();
        self.screen.drawing = Drawing {
            kept,
            ..Drawing::default()
        };
    }

    /// What the commands of drawing do.
    pub(super) fn drawing_command(&mut self, command: &UiCommand) {
        let run = self.run_id();
        match command {
            UiCommand::DrawPairs if self.draws_on(self.lab.focus()) => self.end_drawing(),
            UiCommand::DrawPairs => self.begin_drawing(),
            _ => {
                let count = drawn(&self.lab, run).map_or(0, |hand| hand.pairs.len());
                if count == 0 {
                    self.screen.status.say(false, t!("hand.none_to_delete").into_owned());
                    return;
                }
                if *command == UiCommand::ClearPairs {
                    self.edit_drawn(run, Vec::clear);
                } else {
                    let at = self.screen.drawing.chosen.take().unwrap_or(count - 1);
                    self.edit_drawn(run, |pairs| _ = pairs.remove(at.min(count - 1)));
                }
            }
        }
    }
}
