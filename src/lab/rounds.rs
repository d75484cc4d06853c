//! Where runs come from: rounds of reflow, students, and first rounds beside one another.

use super::{Experiment, Lab, LabRun, Origin, RunId};
use crate::flow::coupling::Coupling;

impl Lab {
    /// The round of a run: 1 for one that was trained from its distributions, one more than its parent's for a reflow. A
    /// student has its teacher's.
    pub fn round_of(&self, id: RunId) -> u32 {
        self.line_of(id)
            .map(|run| u32::from(matches!(run.origin, Origin::Reflow { .. })))
            .sum::<u32>()
            + 1
    }

    /// Whether a run is a one-step student.
    pub fn is_distilled(&self, id: RunId) -> bool {
        self.run(id)
            .is_some_and(|run| matches!(run.origin, Origin::Distilled { .. }))
    }

    /// What a run is called among the others: 1-RF, 2-RF, …, and 1-RF+D for a student of the first. A first round that
    /// stands beside one of another coupling is called by its own, unless that is the independent one.
    pub fn tag_of(&self, id: RunId) -> String {
        if let Some(run) = self.run(id)
            && run.origin == Origin::Fresh
            && run.experiment.coupling != Coupling::Independent
            && self
                .runs
                .iter()
                .any(|r| r.origin == Origin::Fresh && r.experiment.coupling.name() != run.experiment.coupling.name())
        {
            return run.experiment.coupling.name().to_owned();
        }
        let student = if self.is_distilled(id) { "+D" } else { "" };
        format!("{}-RF{student}", self.round_of(id))
    }

    /// The experiment of the first round that a run descends from, on another coupling: what to compare its rounds with.
    /// None where the run, or the first of its line, is not there.
    pub fn first_round_on(&self, id: RunId, coupling: Coupling) -> Option<Experiment> {
        let first = self.line_of(id).last()?;
        (first.origin == Origin::Fresh).then(|| Experiment {
            name: String::new(),
            coupling,
            ..first.experiment.clone()
        })
    }

    /// A run, its parent, its parent's, …; a file may hold a cycle of parents, which ends after as many as there are runs.
    fn line_of(&self, id: RunId) -> impl Iterator<Item = &LabRun> {
        let parent = |run: &&LabRun| run.origin.parent().and_then(|parent| self.run(parent));
        std::iter::successors(self.run(id), parent).take(self.runs.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::coupling::ModelPairs;

    fn with(lab: &mut Lab, id: RunId, origin: Origin, coupling: Coupling) {
        let experiment = Experiment {
            coupling,
            ..lab.runs[0].experiment.clone()
        };
        lab.runs.push(LabRun {
            id,
            experiment,
            origin,
            record: None,
        });
    }

    #[test]
    fn a_first_round_on_another_coupling_is_called_by_it_only_beside_one() {
        let mut lab = Lab::default();
        let minibatch = Coupling::default_of("minibatch-ot").expect("a kind");
        lab.runs[0].experiment.coupling = minibatch.clone();
        assert_eq!(lab.tag_of(1), "1-RF", "alone");
        with(&mut lab, 2, Origin::Fresh, Coupling::Independent);
        assert_eq!([lab.tag_of(1), lab.tag_of(2)], ["minibatch-ot", "1-RF"]);
        let reflow = Origin::Reflow {
            parent: 1,
            from_parent: true,
        };
        with(&mut lab, 3, reflow, Coupling::Model(ModelPairs::default()));
        assert_eq!(lab.tag_of(3), "2-RF");
    }

    #[test]
    fn the_first_of_a_line_is_found_and_a_cycle_ends() {
        let mut lab = Lab::default();
        let reflow = |parent| Origin::Reflow {
            parent,
            from_parent: true,
        };
        let model = Coupling::Model(ModelPairs::default());
        with(&mut lab, 2, reflow(1), model.clone());
        with(&mut lab, 3, reflow(2), model);
        assert_eq!(lab.round_of(3), 3);
        let sorted = Coupling::default_of("sorted").expect("a kind");
        let first = lab.first_round_on(3, sorted.clone()).expect("run 1");
        assert_eq!(
            (first.coupling, first.steps),
            (sorted.clone(), lab.runs[0].experiment.steps)
        );
        assert_eq!(lab.first_round_on(9, sorted.clone()), None, "no such run");
        lab.runs[0].origin = reflow(3);
        assert_eq!(lab.round_of(1), 4, "every run once");
        assert_eq!(lab.first_round_on(3, sorted), None);
    }
}
