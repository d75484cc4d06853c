//! What the probe needs of the engine: the conditional law of the run's pairs (which the window then asks at any x and t by
//! itself, without a wait), and the learned velocity at the probe.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::run::ActiveRun;
use super::session::Session;
use super::snapshot::RunState;
use super::stage::ActiveStage;
use super::truth;
use crate::flow::Point;
use crate::flow::coupling::{Coupling, PairStream};
use crate::flow::exact::Conditional;
use crate::flow::path::Path;

/// Pairs of a kernel estimate where there are, or can be quickly drawn, as many.
const MANY: usize = 32_768;
/// Where each group of them must first be paired.
const PAIRED: usize = 8_192;
/// While a run trains its velocity at the probe is asked for no oftener than this.
const ASK_EVERY: Duration = Duration::from_millis(30);

/// The learned velocity at the probe.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Learned {
    /// Where, data units.
    pub at: [f32; 2],
    /// When.
    pub t: f64,
    /// The velocity, data units per unit t.
    pub velocity: Point,
}

/// Which pairs a conditional law is of.
pub(super) type ConditionalOf = (Arc<PairStream>, Path);

/// For which version of a run the learned velocity was asked, where, when, and at what time of day.
pub(super) type LearnedOf = (u64, [f32; 2], f64, Instant);

/// The conditional law of a run's pairs: exact where it is known, else the kernel estimate over as many as is quick. None
/// where there are no pairs yet.
pub(super) fn conditional(run: &ActiveRun) -> Option<Conditional> {
    if run.lacks_pairs() {
        return None;
    }
    if let Ok(truth) = truth::of(&run.experiment) {
        return Some(Conditional::Exact {
            field: truth.field,
            worth: truth.worth,
        });
    }
    let stream = &run.job.pairs;
    let undrawn = matches!(&stream.coupling, Coupling::Hand(hand) if hand.pairs.is_empty());
    let quick = stream.finite.is_some() || undrawn || stream.coupling == Coupling::Independent;
    Conditional::of_pairs(stream.first(if quick { MANY } else { PAIRED }), run.experiment.path)
}

impl Session {
    /// The conditional law, where a layer needs it.
    pub(super) fn refresh_conditional(&self, stage: &mut ActiveStage, at: usize) {
        let run = &self.runs[at];
        let layers = stage.stage.layers;
        let needed = layers.probe || (layers.exact && run.experiment.coupling != Coupling::Independent);
        if !needed || run.lacks_pairs() {
            (stage.conditional_of, stage.snapshot.conditional) = (None, None);
            return;
        }
        let (stream, path) = (&run.job.pairs, run.experiment.path);
        let same = |old: &ConditionalOf| (Arc::ptr_eq(&old.0, stream) || old.0 == *stream) && old.1 == path;
        if stage.conditional_of.as_ref().is_some_and(same) {
            return;
        }
        stage.conditional_of = Some((Arc::clone(stream), path));
        stage.snapshot.conditional = conditional(run).map(Arc::new);
    }

    /// The learned velocity at the probe; true where it was asked for.
    pub(super) fn refresh_learned(&mut self, stage: &mut ActiveStage, at: usize) -> bool {
        if !stage.stage.layers.probe {
            (stage.learned_of, stage.snapshot.learned) = (None, None);
            return false;
        }
        let run = &self.runs[at];
        let place = self.lab.probe.place(stage.snapshot.bounds);
        let (version, t, now) = (run.version, self.flow_time, Instant::now());
        if let Some((old_version, old_place, old_t, asked)) = stage.learned_of {
            let moved = (old_place, old_t) != (place, t);
            let training = run.state() == RunState::Training;
            let due = old_version != version && (!training || now.duration_since(asked) >= ASK_EVERY);
            if !moved && !due {
                return false;
            }
        }
        let (slot, job) = (run.slot, Arc::clone(&run.job));
        stage.learned_of = Some((version, place, t, now));
        stage.snapshot.learned = match self.velocities(slot, &job, &[place], &[t as f32]) {
            Ok(v) => v.first().map(|&velocity| Learned { at: place, t, velocity }),
            Err(_) => None,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::command::{BackendChoice, Command};
    use crate::flow::coupling::{HandPairs, MinibatchOt, Undrawn};
    use crate::lab::{Experiment, Lab, RunFile, Sampling};

    fn lab(coupling: Coupling) -> Lab {
        let mut file = RunFile {
            experiment: Experiment {
                coupling,
                steps: 100_000,
                ..Experiment::default()
            },
            sampling: Sampling {
                count: 64,
                steps: 4,
                ..Sampling::default()
            },
        };
        file.experiment.network.hidden = vec![24, 24];
        file.experiment.optimizer.batch = 64;
        file.experiment.optimizer.learning_rate = 0.01;
        let mut lab = Lab::of(file);
        (lab.stages[0].layers.probe, lab.stages[0].layers.pairs) = (true, true);
        lab
    }

    fn by_hand() -> Coupling {
        Coupling::Hand(HandPairs {
            pairs: Arc::new(vec![
                [-2.0, 1.0, 2.0, 3.0],
                [-2.0, -1.0, 2.0, -3.0],
                [-2.0, 0.0, 2.0, 0.0],
            ]),
            undrawn: Undrawn::Leave,
        })
    }

    fn shown(session: &mut Session, lab: &Lab) -> crate::engine::snapshot::StageSnapshot {
        session.apply(&Arc::new(lab.clone()));
        session.refresh_stages();
        session.snapshot().stages[0].clone()
    }

    #[test]
    fn the_learned_velocity_follows_the_probe_and_the_flow_time() {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
        let mut lab = lab(Coupling::Independent);
        for (at, t) in [(None, 0.5), (Some([0.5, -0.25]), 0.5), (Some([0.5, -0.25]), 0.9)] {
            lab.probe.at = at;
            session.command(Command::FlowTime(t));
            let shot = shown(&mut session, &lab);
            let learned = shot.learned.expect("the probe is on");
            assert_eq!((learned.at, learned.t), (lab.probe.place(shot.bounds), t));
            assert_eq!(learned.velocity, session.velocity(1, &[learned.at], t).unwrap()[0]);
        }
        // training moves it
        let before = session.snapshot().stages[0].learned;
        session.train(1, 20).unwrap();
        session.refresh_stages();
        assert_ne!(session.snapshot().stages[0].learned, before);
        lab.stages[0].layers.probe = false;
        let off = shown(&mut session, &lab);
        assert!(off.learned.is_none() && off.conditional.is_none());
    }

    #[test]
    fn the_conditional_law_is_exact_where_it_can_be_and_follows_the_coupling() {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
        let shot = shown(&mut session, &lab(Coupling::Independent));
        let law = shot.conditional.expect("independent pairs");
        assert!(law.is_field());
        // another knob leaves it alone
        let mut other = lab(Coupling::Independent);
        other.runs[0].experiment.optimizer.learning_rate = 0.02;
        assert!(Arc::ptr_eq(
            &law,
            &shown(&mut session, &other).conditional.expect("the same")
        ));
        let pairs = |coupling| {
            let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
            let shot = shown(&mut session, &lab(coupling));
            match shot.conditional.as_deref() {
                Some(Conditional::Kernel(field)) => (field.pairs().len(), shot.pairs.len()),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(pairs(Coupling::MinibatchOt(MinibatchOt { batch: 64 })), (PAIRED, 120));
        assert_eq!(pairs(by_hand()), (3, 3));
        assert_eq!(
            pairs(Coupling::Hand(HandPairs::default())),
            (MANY, 120),
            "independent until one is drawn"
        );
    }

    #[test]
    fn pairs_drawn_by_hand_are_learned_without_a_new_start() {
        let mut session = Session::new(BackendChoice::Cpu, Some(1)).unwrap();
        let mut lab = lab(Coupling::Independent);
        session.apply(&Arc::new(lab.clone()));
        session.train(1, 50).unwrap();
        lab.runs[0].experiment.coupling = by_hand();
        lab.stages[0].layers.exact = true;
        let shot = shown(&mut session, &lab);
        assert_eq!(session.snapshot().runs[0].step, 50, "training goes on");
        assert_eq!(
            *shot.pairs,
            [[-2.0, 1.0, 2.0, 3.0], [-2.0, -1.0, 2.0, -3.0], [-2.0, 0.0, 2.0, 0.0]]
        );
        // the exact layer shows the estimate where the three pairs are now, and nothing elsewhere
        assert!(shot.exact_is_estimate);
        let field = shot.exact_field.expect("an estimate");
        let known = field.values.iter().filter(|v| v[0].is_finite()).count();
        assert!((3..60).contains(&known), "{known} of {}", field.values.len());
        session.train(1, 3000).unwrap();
        // on each chord its own velocity: 3,000 steps bring the loss to a few hundredths
        for p in shot.pairs.iter() {
            let x = [0, 1].map(|c| 0.2 * p[c + 2] + 0.8 * p[c]);
            let v = session.velocity(1, &[x], 0.2).unwrap()[0];
            let off = [0, 1].map(|c| v[c] - f64::from(p[c + 2] - p[c]));
            assert!(off.iter().all(|d| d.abs() < 0.4), "{v:?} on {p:?}");
        }
    }
}
