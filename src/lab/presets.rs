//! The experiments that come with the program, and whole labs: several runs, several stages.

use std::path::Path;

use super::file::Draft;
use super::lab_file::parse_lab;
use super::{BadInput, Lab, RunFile, nearest};

/// An experiment, or a whole lab, that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line about what it shows.
    pub summary: &'static str,
    text: &'static str,
}

const fn preset_of(name: &'static str, summary: &'static str, text: &'static str) -> Preset {
    Preset { name, summary, text }
}

/// All presets; the first is the default lab.
pub const PRESETS: [Preset; 19] = [
    preset_of(
        "gaussian-to-moons",
        "a standard Gaussian learns to become two moons",
        include_str!("../../assets/presets/gaussian-to-moons.json"),
    ),
    preset_of(
        "eight-gaussians",
        "one Gaussian splits into eight on a circle",
        include_str!("../../assets/presets/eight-gaussians.json"),
    ),
    preset_of(
        "moons-to-eight-gaussians",
        "a source that is no Gaussian: two moons become eight Gaussians",
        include_str!("../../assets/presets/moons-to-eight-gaussians.json"),
    ),
    preset_of(
        "minibatch-ot",
        "two moons to eight Gaussians again, paired by transport within groups of 64: the flow is nearly straight from the start",
        include_str!("../../assets/presets/minibatch-ot.json"),
    ),
    preset_of(
        "anti-optimal",
        "the dearest pairs: every chord runs across the middle, and a flow that cannot cross has to turn back there",
        include_str!("../../assets/presets/anti-optimal.json"),
    ),
    preset_of(
        "sorted",
        "pairs sorted along x: left goes left, right goes right, whatever their heights",
        include_str!("../../assets/presets/sorted.json"),
    ),
    preset_of(
        "polar-angle",
        "pairs sorted by angle: nearly the straight flow of transport, for the price of sorting",
        include_str!("../../assets/presets/polar-angle.json"),
    ),
    preset_of(
        "sinkhorn",
        "between transport and chance: the entropy's weight decides how much chords may cross",
        include_str!("../../assets/presets/sinkhorn.json"),
    ),
    preset_of(
        "nearest-mode",
        "each start goes to the nearest cluster that has room: fewer crossings, no transport problem",
        include_str!("../../assets/presets/nearest-mode.json"),
    ),
    preset_of(
        "hand-drawn",
        "eight pairs drawn by hand, which all other points follow: the network learns a whirl",
        include_str!("../../assets/presets/hand-drawn.json"),
    ),
    preset_of(
        "crossing",
        "three stages: chords that cross between two clusters left and two right, the flow that swerves, the flow after one reflow",
        include_str!("../../assets/presets/crossing.json"),
    ),
    preset_of(
        "euler-one",
        "four stages, one Euler step each: the raw flow, distilled, reflowed, reflowed and distilled",
        include_str!("../../assets/presets/euler-one.json"),
    ),
    preset_of(
        "students",
        "three stages: a teacher, its one-step student, and a student of random pairs, which collapses to the mean",
        include_str!("../../assets/presets/students.json"),
    ),
    preset_of(
        "vp-diffusion",
        "a VP diffusion: the network predicts the noise, and its ODE turns noise into two moons",
        include_str!("../../assets/presets/vp-diffusion.json"),
    ),
    preset_of(
        "two-routes",
        "two stages, two routes to one target: a noise network on a VP diffusion and then its ODE; the velocity, directly",
        include_str!("../../assets/presets/two-routes.json"),
    ),
    preset_of(
        "two-clusters",
        "two pairs of clusters whose chords cross: watch the flow avoid the crossing",
        include_str!("../../assets/presets/two-clusters.json"),
    ),
    preset_of(
        "checkerboard",
        "sharp edges and empty squares, hard for a smooth field",
        include_str!("../../assets/presets/checkerboard.json"),
    ),
    preset_of(
        "two-spirals",
        "two thin arms wound around each other",
        include_str!("../../assets/presets/two-spirals.json"),
    ),
    preset_of(
        "swiss-roll",
        "a thin rolled-up sheet",
        include_str!("../../assets/presets/swiss-roll.json"),
    ),
];

impl Preset {
    /// The lab: that of its one experiment, or all the runs and stages that it holds.
    ///
    /// # Errors
    /// None that a test would not have found: every preset is parsed by the tests.
    pub fn lab(&self) -> Result<Lab, BadInput> {
        parse_lab(self.text, Path::new(""))
    }

    /// Whether it holds stages of its own, with what they show.
    pub fn is_lab(&self) -> bool {
        self.text.contains("\"stages\"")
    }

    /// The experiment; of a whole lab that of its first run, and how the first stage with that run samples it.
    ///
    /// # Errors
    /// As [`Preset::lab`].
    pub fn run_file(&self) -> Result<RunFile, BadInput> {
        let mut lab = self.lab()?;
        let run = lab.runs.swap_remove(0);
        let stage = lab.stages.iter().find(|s| s.run == run.id);
        Ok(RunFile {
            experiment: run.experiment,
            sampling: stage.map(|s| s.sampling).unwrap_or_default(),
        })
    }

    /// The experiment as a draft, to be changed by `--set`.
    ///
    /// # Errors
    /// As [`Preset::run_file`].
    pub fn draft(&self) -> Result<Draft, BadInput> {
        Ok(Draft::of(&self.run_file()?))
    }
}

/// The preset of this name.
///
/// # Errors
/// No such preset, with the nearest right one.
pub fn preset(name: &str) -> Result<&'static Preset, BadInput> {
    PRESETS.iter().find(|p| p.name == name).ok_or_else(|| {
        let hint = match nearest(name, PRESETS.iter().map(|p| p.name)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "`rectiflow list presets` shows them".into(),
        };
        BadInput::new(format!("there is no preset and no file \"{name}\"; {hint}"))
    })
}

/// A preset's file as it is in the repository.
pub fn preset_text(preset: &Preset) -> &'static str {
    preset.text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Experiment, Origin, kind_defaults, kinds_of};

    #[test]
    fn every_preset_is_a_whole_experiment() {
        for preset in &PRESETS {
            let file = preset.run_file().unwrap_or_else(|e| panic!("{}: {e}", preset.name));
            assert!(file.experiment.steps > 0);
            let lab = preset.lab().unwrap_or_else(|e| panic!("{}: {e}", preset.name));
            assert_eq!(
                lab.runs[0].origin,
                Origin::Fresh,
                "{}: its first run is nobody's child",
                preset.name
            );
            assert_eq!(preset.is_lab(), lab.stages.len() > 1, "{}", preset.name);
            for run in &lab.runs {
                let parent = run.origin.parent();
                assert!(
                    parent.is_none_or(|p| p < run.id && lab.run(p).is_some()),
                    "{}",
                    preset.name
                );
                assert!(
                    lab.stages.iter().any(|s| s.run == run.id),
                    "{}: a run that no stage shows",
                    preset.name
                );
            }
        }
        assert_eq!(
            PRESETS[0].run_file().unwrap(),
            RunFile::default(),
            "the first preset is the default lab"
        );
        assert!(
            preset("gausian-to-moons")
                .unwrap_err()
                .to_string()
                .contains("gaussian-to-moons")
        );
    }

    #[test]
    fn every_kind_starts_from_its_name_alone() {
        let slots = [
            "source",
            "coupling",
            "path",
            "loss",
            "weight",
            "time",
            "network.time_embedding",
        ];
        for slot in slots {
            let kinds = kinds_of(slot).unwrap();
            assert!(!kinds.is_empty());
            for kind in kinds {
                assert_eq!(kind_defaults(slot, &kind, slot).unwrap()["kind"], kind.as_str());
            }
        }
        assert_eq!(kinds_of("target").unwrap().len(), 15);
        let target = serde_json::to_value(&Experiment::default().target).unwrap();
        assert_eq!(kind_defaults("target", "two-moons", "target").unwrap(), target);
    }
}
