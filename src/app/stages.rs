//! The stages of the lab: which of them are shown, what they share side by side, and the commands that add, close, copy, swap
//! and focus them. Only the lab is edited, so undo takes it all back.
//!
//! The engine gets the shown stages first, then those that are derived from the document and no part of it: a small one for
//! the card of every run, and one for every inset ([`engine_lab`]).

use std::ops::Range;

use super::App;
use super::rounds::{ONE_STEP, cards};
use super::ui_command::UiCommand;
use crate::lab::{Lab, Layers, MAPS, MOST_STAGES, Map, RunId, Sampling, Stage};

/// Particles of an inset.
const INSET_COUNT: u32 = 700;

/// The stage's letter: a, b, c, d.
pub fn letter(index: usize) -> char {
    char::from(b'a' + index.min(25) as u8)
}

/// What the engine is told: the shown stages, then the derived ones.
pub fn engine_lab(lab: &Lab) -> Lab {
    let shown = lab.shown();
    let mut sent = lab.clone();
    sent.stages = lab.stages[shown.clone()].to_vec();
    sent.compare.focus = lab.focus() - shown.start;
    let insets: Vec<Stage> = inset_stages(lab).map(|i| inset_of(&lab.stages[i])).collect();
    sent.stages.extend(cards(lab));
    sent.stages.extend(insets);
    sent
}

/// The shown stages that have an inset.
fn inset_stages(lab: &Lab) -> impl Iterator<Item = usize> {
    lab.shown().filter(|&i| lab.stages[i].layers.one_step)
}

/// Where, among the engine's stages, a stage of the lab is; None where it is not shown.
pub fn shot_index(lab: &Lab, stage: usize) -> Option<usize> {
    let shown = lab.shown();
    shown.contains(&stage).then(|| stage - shown.start)
}

/// Where, among the engine's stages, the card of a run is; None where there are no cards.
pub fn card_index(lab: &Lab, run: RunId) -> Option<usize> {
    let at = lab.runs.iter().position(|r| r.id == run)?;
    (lab.runs.len() > 1).then(|| lab.shown().len() + at)
}

/// Where, among the engine's stages, the inset of a stage is; None where it has none.
pub fn inset_index(lab: &Lab, stage: usize) -> Option<usize> {
    let cards = if lab.runs.len() > 1 { lab.runs.len() } else { 0 };
    let at = inset_stages(lab).position(|i| i == stage)?;
    Some(lab.shown().len() + cards + at)
}

/// A stage's particles after one Euler step.
fn inset_of(stage: &Stage) -> Stage {
    let (sampler, steps) = ONE_STEP;
    Stage {
        run: stage.run,
        sampling: Sampling {
            sampler,
            steps,
            count: stage.sampling.count.min(INSET_COUNT),
            ..stage.sampling
        },
        ..Stage::default()
    }
}

/// Makes the stages fit together after any edit: every stage has a run and, side by side, shares what is linked with the one
/// that has the focus.
pub fn settle(lab: &mut Lab) {
    lab.stages.truncate(MOST_STAGES);
    lab.compare.focus = lab.focus();
    let Some(first) = lab.runs.first().map(|r| r.id) else {
        return;
    };
    for i in 0..lab.stages.len() {
        if lab.run(lab.stages[i].run).is_none() {
            lab.stages[i].run = first;
        }
    }
    if !lab.compare.on {
        return;
    }
    let Some(lead) = lab.stages.get(lab.focus()).cloned() else {
        return;
    };
    let student = |run| lab.is_distilled(run);
    let lead_is_student = student(lead.run);
    let follow: Vec<bool> = lab.stages.iter().map(|s| !lead_is_student && !student(s.run)).collect();
    let (link_sampler, link_layers) = (lab.compare.link_sampler, lab.compare.link_layers);
    for (stage, follows) in lab.stages.iter_mut().zip(follow) {
        let own = stage.sampling;
        stage.sampling = Sampling {
            count: lead.sampling.count,
            seed: lead.sampling.seed,
            ..if link_sampler && follows && own.lens == lead.sampling.lens {
                lead.sampling
            } else {
                own
            }
        };
        if link_layers {
            stage.layers.trajectories_shown = lead.layers.trajectories_shown;
        }
    }
}

/// The stage that is added: the next run where there is one that no stage shows, else the same run after one Euler step.
fn added(lab: &Lab) -> Option<Stage> {
    let mut stage = lab.stages.get(lab.focus())?.clone();
    stage.caption = String::new();
    let at = lab.runs.iter().position(|r| r.id == stage.run).unwrap_or(0);
    let others = lab
        .runs
        .iter()
        .cycle()
        .skip(at + 1)
        .take(lab.runs.len().saturating_sub(1));
    let unseen = others.map(|r| r.id).find(|&id| lab.stages.iter().all(|s| s.run != id));
    if let Some(run) = unseen {
        stage.run = run;
    }
    if unseen.is_none() || lab.is_distilled(stage.run) {
        (stage.sampling.sampler, stage.sampling.steps) = ONE_STEP;
    }
    Some(stage)
}

impl App {
    /// What the commands of the stages do.
    pub(super) fn stages_command(&mut self, command: &UiCommand) {
        let (focus, count) = (self.lab.focus(), self.lab.stages.len().max(1));
        let lab = &mut self.lab;
        match command {
            UiCommand::Compare => {
                lab.compare.on = !lab.compare.on;
                if lab.compare.on && lab.stages.len() == 1 {
                    self.insert_stage(added(&self.lab));
                }
            }
            UiCommand::AddStage => self.insert_stage(added(&self.lab)),
            UiCommand::DuplicateStage => self.insert_stage(self.lab.stages.get(focus).cloned()),
            UiCommand::CloseStage => self.close_stage(focus),
            UiCommand::SwapStages => self.swap_stages(focus, (focus + 1) % count),
            UiCommand::NextStage => self.focus_stage((focus + 1) % count),
            UiCommand::PreviousStage => self.focus_stage((focus + count - 1) % count),
            UiCommand::LinkView => {
                lab.compare.link_view = !lab.compare.link_view;
                self.screen.stages.unlink();
            }
            UiCommand::LinkLayers => lab.compare.link_layers = !lab.compare.link_layers,
            UiCommand::CompareMarginals => lab.compare.marginals = !lab.compare.marginals,
            UiCommand::LinkSampler => lab.compare.link_sampler = !lab.compare.link_sampler,
            _ => self.rounds_side_by_side(),
        }
    }

    /// Puts a stage behind the one with the focus and gives it the focus; says why where there is no room.
    fn insert_stage(&mut self, stage: Option<Stage>) {
        if self.lab.stages.len() >= MOST_STAGES {
            let why = rust_i18n::t!("stages.too_many", most = MOST_STAGES).into_owned();
            self.screen.status.say(true, why);
            return;
        }
        let Some(stage) = stage else { return };
        let at = self.lab.focus() + 1;
        self.lab.stages.insert(at, stage);
        self.screen.stages.inserted(at);
        self.lab.compare.on = true;
        self.lab.compare.focus = at;
    }

    /// Takes a stage away; the last one stays, and alone it fills the window.
    pub(super) fn close_stage(&mut self, index: usize) {
        let lab = &mut self.lab;
        if lab.stages.len() < 2 || index >= lab.stages.len() {
            return;
        }
        let focus = lab.focus();
        lab.stages.remove(index);
        self.screen.stages.removed(index);
        lab.compare.focus = if focus > index || focus >= lab.stages.len() {
            focus.saturating_sub(1)
        } else {
            focus
        };
        lab.compare.on &= lab.stages.len() > 1;
    }

    /// Lets two stages change places; the focus goes with its stage.
    pub(super) fn swap_stages(&mut self, a: usize, b: usize) {
        let lab = &mut self.lab;
        let all: Range<usize> = 0..lab.stages.len();
        if a == b || !all.contains(&a) || !all.contains(&b) {
            return;
        }
        let focus = lab.focus();
        lab.stages.swap(a, b);
        self.screen.stages.swapped(a, b);
        lab.compare.focus = match focus {
            f if f == a => b,
            f if f == b => a,
            f => f,
        };
    }

    /// Gives a stage the focus.
    pub(super) fn focus_stage(&mut self, index: usize) {
        if index < self.lab.stages.len() {
            self.lab.compare.focus = index;
        }
    }

    /// Switches a layer of the stage with the focus, and of the others with it where they are linked.
    pub(super) fn set_layer(&mut self, layer: fn(&mut Layers) -> &mut bool, on: bool) {
        let lab = &mut self.lab;
        let focus = lab.focus();
        let all = lab.compare.on && lab.compare.link_layers;
        for (i, stage) in lab.stages.iter_mut().enumerate() {
            if all || i == focus {
                let was_dense = stage.layers.density;
                *layer(&mut stage.layers) = on;
                if stage.layers.density && !was_dense {
                    stage.layers.map = Map::None;
                }
            }
        }
    }

    /// Shows a map on the stage with the focus, and on the others with it where layers are linked. A map takes the place of
    /// the density.
    pub(super) fn set_map(&mut self, map: Map) {
        let lab = &mut self.lab;
        let focus = lab.focus();
        let all = lab.compare.on && lab.compare.link_layers;
        for (i, stage) in lab.stages.iter_mut().enumerate() {
            if all || i == focus {
                stage.layers.map = map;
                stage.layers.density &= map == Map::None;
            }
        }
    }

    /// The map commands.
    pub(super) fn map_command(&mut self, command: &UiCommand) {
        let shown = self.stage().layers.map as usize;
        let count = MAPS.len();
        match command {
            UiCommand::NextMap => self.set_map(MAPS[(shown + 1) % count].0),
            UiCommand::PreviousMap => self.set_map(MAPS[(shown + count - 1) % count].0),
            _ => {
                let exact = self.stage().layers.map_exact;
                self.set_layer(|l| &mut l.map_exact, !exact);
            }
        }
    }

    /// Shows the rounds of the run with the focus side by side: its line from the first round to the last, no students.
    fn rounds_side_by_side(&mut self) {
        let runs = line_of(&self.lab, self.run_id());
        if runs.len() < 2 {
            let why = rust_i18n::t!("stages.one_round").into_owned();
            self.screen.status.say(true, why);
            return;
        }
        let mut lead = self.stage().clone();
        lead.caption = String::new();
        if self.lab.is_distilled(lead.run) {
            (lead.sampling.sampler, lead.sampling.steps) = self.screen.rounds.before.unwrap_or(USUAL_SAMPLER);
        }
        let teacher = self.lab.run(lead.run).and_then(|r| r.origin.parent());
        let at = |run: RunId| runs.iter().position(|&r| r == run);
        let focus = at(lead.run).or_else(|| at(teacher?)).unwrap_or(0);
        let stage = |run| Stage { run, ..lead.clone() };
        self.lab.stages = runs.into_iter().map(stage).collect();
        self.lab.compare.on = true;
        self.lab.compare.focus = focus;
        // rounds are compared under one sampler: a turn of its steps is seen in all
        self.lab.compare.link_sampler = true;
    }

    /// W2 squared of a stage's particles to fresh target points, where it has been measured under the stage's own sampling.
    pub(super) fn w2_of(&self, index: usize) -> Option<f64> {
        let stage = self.lab.stages.get(index)?;
        // measures are taken with the sampling of the first stage that shows the run
        let first = self.lab.stages[self.lab.shown()].iter().find(|s| s.run == stage.run)?;
        let measures = self
            .snapshot
            .runs
            .iter()
            .find(|r| r.id == stage.run)
            .map(|r| &r.measures)?;
        measures.w2_squared.filter(|_| first.sampling == stage.sampling)
    }

    /// What a stage is called where it is spoken of.
    pub(super) fn stage_name(&self, index: usize) -> String {
        let run = self.lab.stages.get(index).map_or(0, |s| s.run);
        format!("{} {}", letter(index), self.lab.tag_of(run))
    }
}

/// The sampler of rounds that are compared where only that of a student is known.
const USUAL_SAMPLER: (crate::lab::Sampler, u32) = (crate::lab::Sampler::Heun, 32);

/// The line of rounds through a run, oldest first, without students: its ancestors, itself, then at each fork the latest
/// child. At most [`MOST_STAGES`], the first and the last ones of a longer line.
fn line_of(lab: &Lab, run: RunId) -> Vec<RunId> {
    let parent = |id| {
        lab.run(id)
            .and_then(|r| r.origin.parent())
            .filter(|&p| lab.run(p).is_some())
    };
    let mut line = vec![run];
    while let Some(up) = parent(line[0]).filter(|up| !line.contains(up)) {
        line.insert(0, up);
    }
    line.retain(|&id| !lab.is_distilled(id));
    while let Some(&last) = line.last() {
        let children = lab.runs.iter().filter(|r| r.origin.parent() == Some(last));
        let next = children
            .map(|r| r.id)
            .rfind(|&id| !lab.is_distilled(id) && !line.contains(&id));
        let Some(next) = next else { break };
        line.push(next);
    }
    if line.len() > MOST_STAGES {
        line.drain(1..line.len() + 1 - MOST_STAGES);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::rounds::{Child, add_child};
    use super::*;
    use crate::lab::RoundSettings;

    fn two_runs() -> Lab {
        let mut lab = Lab::default();
        add_child(&mut lab, 1, Child::Reflow, &RoundSettings::default()).expect("room for it");
        lab
    }

    #[test]
    fn the_engine_gets_the_shown_stages_then_cards_then_insets() {
        let mut lab = two_runs();
        let mut second = lab.stages[0].clone();
        (second.run, second.layers.one_step) = (2, true);
        lab.stages.push(second);
        let sent = engine_lab(&lab);
        let runs: Vec<RunId> = sent.stages.iter().map(|s| s.run).collect();
        assert_eq!(runs, [1, 1, 2], "one stage, two cards");
        assert_eq!((shot_index(&lab, 0), shot_index(&lab, 1)), (Some(0), None));
        assert_eq!((card_index(&lab, 2), inset_index(&lab, 1)), (Some(2), None));
        (lab.compare.on, lab.compare.focus) = (true, 1);
        let sent = engine_lab(&lab);
        let runs: Vec<RunId> = sent.stages.iter().map(|s| s.run).collect();
        assert_eq!(runs, [1, 2, 1, 2, 2]);
        assert_eq!((shot_index(&lab, 1), card_index(&lab, 2)), (Some(1), Some(3)));
        assert_eq!(inset_index(&lab, 1), Some(4));
        assert_eq!(sent.stages[4].sampling.steps, 1);
        assert_eq!(sent.compare.focus, 1);
        lab.compare.on = false;
        assert_eq!((shot_index(&lab, 1), shot_index(&lab, 0)), (Some(0), None));
        assert_eq!(engine_lab(&lab).compare.focus, 0);
    }

    #[test]
    fn stages_side_by_side_share_their_particles_and_what_is_linked() {
        let mut lab = two_runs();
        let mut second = lab.stages[0].clone();
        second.run = 2;
        lab.stages.push(second);
        (lab.stages[0].sampling.seed, lab.stages[0].sampling.count) = (7, 99);
        (lab.stages[0].sampling.steps, lab.stages[0].layers.trajectories_shown) = (3, 5);
        settle(&mut lab);
        assert_eq!(lab.stages[1].sampling.seed, 0, "alone each has its own");
        lab.compare.on = true;
        settle(&mut lab);
        let other = &lab.stages[1];
        assert_eq!(
            (other.sampling.seed, other.sampling.count, other.sampling.steps),
            (7, 99, 32)
        );
        assert_eq!(other.layers.trajectories_shown, 5);
        lab.compare.link_sampler = true;
        settle(&mut lab);
        assert_eq!(lab.stages[1].sampling.steps, 3);
        // a student keeps its one step, and gives it to no other
        let student = add_child(&mut lab, 1, Child::Distilled, &RoundSettings::default()).expect("room for it");
        lab.stages[1].run = student;
        (lab.stages[1].sampling.sampler, lab.stages[1].sampling.steps) = ONE_STEP;
        settle(&mut lab);
        assert_eq!(lab.stages[1].sampling.steps, 1);
        lab.compare.focus = 1;
        settle(&mut lab);
        assert_eq!(lab.stages[0].sampling.steps, 3);
        lab.runs.retain(|r| r.id == 1);
        settle(&mut lab);
        assert!(lab.stages.iter().all(|s| s.run == 1), "no stage without a run");
    }

    #[test]
    fn the_line_of_rounds_has_no_students_and_fits() {
        let mut lab = two_runs();
        let settings = RoundSettings::default();
        let student = add_child(&mut lab, 2, Child::Distilled, &settings).expect("room for it");
        assert_eq!(line_of(&lab, student), [1, 2]);
        let mut last = 2;
        for _ in 0..4 {
            last = add_child(&mut lab, last, Child::Reflow, &settings).expect("room for it");
        }
        assert_eq!(line_of(&lab, 1), [1, 5, 6, 7]);
    }
}
