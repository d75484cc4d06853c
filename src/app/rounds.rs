//! What the strip of rounds does to the lab: child runs by reflow and by distillation, the small stage of every run, which
//! run fills the window. Only the lab is edited, so undo takes it all back; the engine makes the pairs and trains.

use super::App;
use super::ui_command::UiCommand;
use crate::engine::command::Command;
use crate::engine::snapshot::RunState;
use crate::flow::coupling::{Coupling, ModelPairs};
use crate::lab::{Experiment, Lab, LabRun, Layers, Origin, RoundSettings, RunId, Sampler, Sampling, Stage};

/// The most runs side by side: more would be neither seen nor trained in an evening.
pub const MOST_ROUNDS: usize = 24;
/// Particles of a small stage.
const SMALL_COUNT: u32 = 300;
/// Trajectories of a small stage.
const SMALL_SHOWN: u32 = 70;

/// Which child a press makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// Another round.
    Reflow,
    /// A one-step student.
    Distilled,
}

/// A student knows t = 0 alone: one Euler step.
pub const ONE_STEP: (Sampler, u32) = (Sampler::Euler, 1);

/// The small stage of every run's card, with the particles, sampler and steps of the stage with the focus; a lone run has none.
pub fn cards(lab: &Lab) -> Vec<Stage> {
    let Some(lead) = lab.stages.get(lab.focus()).filter(|_| lab.runs.len() > 1) else {
        return Vec::new();
    };
    let small = |run: &LabRun| {
        let (sampler, steps) = if lab.is_distilled(run.id) {
            ONE_STEP
        } else {
            (lead.sampling.sampler, lead.sampling.steps)
        };
        Stage {
            run: run.id,
            sampling: Sampling {
                sampler,
                steps,
                count: lead.sampling.count.min(SMALL_COUNT),
                ..lead.sampling
            },
            layers: Layers {
                source: false,
                target: true,
                particles: true,
                trajectories: lead.layers.trajectories,
                trajectories_shown: SMALL_SHOWN,
                bend: lead.layers.bend,
                states: false,
                velocity: false,
                density: false,
                exact: false,
                pairs: false,
                probe: false,
                anatomy: false,
                interpolation: false,
                one_step: false,
                ..lead.layers
            },
            caption: String::new(),
        }
    };
    lab.runs.iter().map(small).collect()
}

/// The experiment of a child of `parent`.
fn child_of(parent: &LabRun, settings: &RoundSettings, pairs: ModelPairs) -> Experiment {
    let steps = settings.steps_after(parent);
    let parent = &parent.experiment;
    Experiment {
        // its caller's business, which knows the others' names
        name: String::new(),
        // its pairs start from other points than its parent's
        seed: parent.seed.wrapping_add(1),
        steps,
        ..parent.clone().on_pairs_of_a_flow(pairs)
    }
}

/// Adds a child of `parent` to the lab, with an id that no run has had; gives it back.
pub fn add_child(lab: &mut Lab, parent: RunId, kind: Child, settings: &RoundSettings) -> Option<RunId> {
    let from = lab.run(parent)?.clone();
    if lab.runs.len() >= MOST_ROUNDS {
        return None;
    }
    let id = lab.runs.iter().map(|r| r.id).max().unwrap_or(0) + 1;
    let mut pairs = settings.pairs;
    if lab.is_distilled(parent) {
        (pairs.sampler, pairs.steps) = ONE_STEP;
    }
    let from_parent = settings.from_parent;
    let mut experiment = child_of(&from, settings, pairs);
    let chance = kind == Child::Distilled && settings.student_of_pairs;
    if chance {
        // the pairs of a round of reflow are its parent's ends, and random ones those of the first round
        experiment.coupling = match from.experiment.coupling.model() {
            Some(_) => Coupling::Independent,
            None => from.experiment.coupling,
        };
    }
    lab.runs.push(LabRun {
        id,
        experiment,
        origin: match kind {
            Child::Reflow => Origin::Reflow { parent, from_parent },
            Child::Distilled => Origin::Distilled { parent, from_parent },
        },
        record: None,
    });
    let tag = if chance {
        rust_i18n::t!("rounds.of_random_pairs", run = lab.tag_of(id)).into_owned()
    } else {
        lab.tag_of(id)
    };
    let numbered = format!("{tag} (");
    let named = |run: &&LabRun| run.experiment.name == tag || run.experiment.name.starts_with(&numbered);
    let same = lab.runs.iter().filter(named).count();
    let name = if same == 0 {
        tag
    } else {
        format!("{tag} ({})", same + 1)
    };
    if let Some(run) = lab.run_mut(id) {
        run.experiment.name = name;
    }
    Some(id)
}

impl App {
    /// Whether the shown run has something to teach; else why not, as a text's key.
    pub(super) fn can_have_child(&self) -> Result<(), &'static str> {
        let run = self.run_snapshot();
        if self.lab.runs.len() >= MOST_ROUNDS {
            return Err("rounds.too_many");
        }
        if run.step == 0 && run.state != RunState::Training && run.pairing.is_none() {
            return Err("rounds.untrained");
        }
        Ok(())
    }

    /// What the commands of the strip do.
    pub(super) fn rounds_command(&mut self, command: &UiCommand) {
        let run = self.run_id();
        match command {
            UiCommand::Reflow => self.add_children(Child::Reflow, 1),
            UiCommand::ReflowTimes => self.add_children(Child::Reflow, self.lab.rounds.rounds),
            UiCommand::Distill => self.add_children(Child::Distilled, 1),
            UiCommand::TrainFurther => self.train_further(run),
            UiCommand::RemoveRun => self.remove_run(run),
            UiCommand::NextRun => self.show_neighbor(1),
            _ => self.show_neighbor(-1),
        }
    }

    /// Adds `rounds` children, each of the one before, the first of the shown run; shows the first and lets all train.
    pub(super) fn add_children(&mut self, kind: Child, rounds: u32) {
        if let Err(why) = self.can_have_child() {
            self.screen.status.say(true, rust_i18n::t!(why).into_owned());
            return;
        }
        let settings = self.lab.rounds;
        let mut parent = self.run_id();
        let mut added = Vec::new();
        for _ in 0..rounds {
            let Some(id) = add_child(&mut self.lab, parent, kind, &settings) else {
                break;
            };
            added.push(id);
            parent = id;
        }
        if let Some(&first) = added.first() {
            self.show_run(first);
        }
        self.apply_now();
        for id in added {
            self.link.send(Command::Play(id));
        }
    }

    /// Trains a first round on another coupling beside the rounds of the shown run, which stay as they are to be compared
    /// with it; shows it.
    pub(super) fn add_first_round(&mut self, coupling: Coupling) {
        if self.lab.runs.len() >= MOST_ROUNDS {
            self.screen
                .status
                .say(true, rust_i18n::t!("rounds.too_many").into_owned());
            return;
        }
        let Some(mut experiment) = self.lab.first_round_on(self.run_id(), coupling) else {
            return;
        };
        experiment.coupling.name().clone_into(&mut experiment.name);
        let words = rust_i18n::t!("rounds.first_round_beside", run = experiment.name);
        self.screen.status.say(false, words.into_owned());
        let id = self.lab.runs.iter().map(|r| r.id).max().unwrap_or(0) + 1;
        self.lab.runs.push(LabRun {
            id,
            experiment,
            origin: Origin::Fresh,
            record: None,
        });
        self.show_run(id);
        self.apply_now();
        self.link.send(Command::Play(id));
    }

    /// Shows a run on the stage with the focus. A student is shown after its one step; leaving it brings the sampler back.
    pub(super) fn show_run(&mut self, id: RunId) {
        let (was, is) = (self.lab.is_distilled(self.run_id()), self.lab.is_distilled(id));
        let before = self.screen.rounds.before;
        let stage = self.stage_mut();
        stage.run = id;
        let now = (stage.sampling.sampler, stage.sampling.steps);
        if is && !was {
            (stage.sampling.sampler, stage.sampling.steps) = ONE_STEP;
            self.screen.rounds.before = Some(now);
        } else if was
            && !is
            && now == ONE_STEP
            && let Some(before) = before
        {
            (stage.sampling.sampler, stage.sampling.steps) = before;
            self.screen.rounds.before = None;
        }
    }

    /// Shows the run `by` places after the shown one, around the end.
    pub(super) fn show_neighbor(&mut self, by: isize) {
        let runs = &self.lab.runs;
        let at = runs.iter().position(|r| r.id == self.run_id()).unwrap_or(0) as isize;
        let to = (at + by).rem_euclid(runs.len().max(1) as isize) as usize;
        if let Some(id) = runs.get(to).map(|r| r.id) {
            self.show_run(id);
        }
    }

    /// Takes a run away, and those that wait for its pairs; the last run stays.
    pub(super) fn remove_run(&mut self, id: RunId) {
        let waiting: Vec<RunId> = self.waiting_for(id);
        if self.lab.runs.len() <= 1 + waiting.len() {
            return;
        }
        let parent = self.lab.run(id).and_then(|run| run.origin.parent());
        let gone = |other: RunId| other == id || waiting.contains(&other);
        let next = parent
            .filter(|&p| self.lab.run(p).is_some() && !gone(p))
            .or_else(|| self.lab.runs.iter().map(|r| r.id).find(|&r| !gone(r)));
        if let Some(next) = next {
            self.leave_runs(next, gone);
        }
        self.lab.runs.retain(|r| !gone(r.id));
    }

    /// Closes the stages of runs that are about to go; the last stage stays and shows `next`.
    fn leave_runs(&mut self, next: RunId, gone: impl Fn(RunId) -> bool) {
        for i in (0..self.lab.stages.len()).rev() {
            if gone(self.lab.stages[i].run) {
                self.close_stage(i);
            }
        }
        if gone(self.run_id()) {
            self.show_run(next);
        }
    }

    /// The descendants of a run that still wait for pairs.
    fn waiting_for(&self, id: RunId) -> Vec<RunId> {
        let mut found = vec![id];
        let mut at = 0;
        while let Some(&parent) = found.get(at) {
            at += 1;
            let children = self.lab.runs.iter().filter(|r| r.origin.parent() == Some(parent));
            for child in children.map(|r| r.id) {
                let waits = self.snapshot.runs.iter().any(|r| r.id == child && r.pairing.is_some());
                if waits && !found.contains(&child) {
                    found.push(child);
                }
            }
        }
        found.split_off(1)
    }

    /// Half as many steps again, at once.
    pub(super) fn train_further(&mut self, id: RunId) {
        if let Some(run) = self.lab.run_mut(id) {
            run.experiment.steps = further(run.experiment.steps);
        }
        self.apply_now();
        self.link.send(Command::Play(id));
    }
}

/// The steps of a run that is trained further.
pub const fn further(steps: u64) -> u64 {
    steps + if steps < 2 { 1 } else { steps / 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_count_reflows_and_students_have_their_teachers() {
        let mut lab = Lab::default();
        let settings = RoundSettings::default();
        let second = add_child(&mut lab, 1, Child::Reflow, &settings).expect("room for it");
        let third = add_child(&mut lab, second, Child::Reflow, &settings).expect("room for it");
        let student = add_child(&mut lab, second, Child::Distilled, &settings).expect("room for it");
        let again = add_child(&mut lab, 1, Child::Reflow, &settings).expect("room for it");
        let tags: Vec<String> = [1, second, third, student, again].map(|id| lab.tag_of(id)).into();
        assert_eq!(tags, ["1-RF", "2-RF", "3-RF", "2-RF+D", "2-RF"]);
        let names: Vec<&str> = lab.runs[1..].iter().map(|r| r.experiment.name.as_str()).collect();
        assert_eq!(names, ["2-RF", "3-RF", "2-RF+D", "2-RF (2)"]);
        // what goes on from its parent needs half of a first round's steps
        let steps: Vec<u64> = lab.runs.iter().map(|r| r.experiment.steps).collect();
        assert_eq!(steps, [8000, 4000, 4000, 4000, 4000]);
    }

    #[test]
    fn every_run_has_its_small_stage_with_the_same_particles() {
        let mut lab = Lab::default();
        assert!(cards(&lab).is_empty(), "a lone run needs none");
        let settings = RoundSettings::default();
        let student = add_child(&mut lab, 1, Child::Distilled, &settings).expect("room for it");
        lab.stages[0].sampling.seed = 7;
        let cards = cards(&lab);
        let runs: Vec<RunId> = cards.iter().map(|s| s.run).collect();
        assert_eq!(runs, [1, student]);
        assert!(cards.iter().all(|s| s.sampling.seed == 7));
        assert_eq!(cards[0].sampling.steps, lab.stages[0].sampling.steps);
        assert_eq!((cards[1].sampling.sampler, cards[1].sampling.steps), ONE_STEP);
    }

    #[test]
    fn a_student_may_learn_its_teachers_own_pairs() {
        let mut lab = Lab::default();
        let of_pairs = RoundSettings {
            student_of_pairs: true,
            ..RoundSettings::default()
        };
        let student = add_child(&mut lab, 1, Child::Distilled, &of_pairs).expect("room for it");
        let coupling = |lab: &Lab, id| lab.run(id).expect("it was added").experiment.coupling.clone();
        assert_eq!(coupling(&lab, student), Coupling::Independent);
        let second = add_child(&mut lab, 1, Child::Reflow, &of_pairs).expect("room for it");
        assert!(
            coupling(&lab, second).model().is_some(),
            "a round is made of ends in any case"
        );
        let student = add_child(&mut lab, second, Child::Distilled, &of_pairs).expect("room for it");
        assert_eq!(
            coupling(&lab, student),
            Coupling::Independent,
            "not the ends of its teacher's teacher"
        );
    }

    #[test]
    fn a_cycle_of_parents_ends() {
        let mut lab = Lab::default();
        lab.runs[0].origin = Origin::Reflow {
            parent: 1,
            from_parent: false,
        };
        assert_eq!(lab.round_of(1), 2);
    }
}
