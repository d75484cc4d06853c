//! The experiments that come with the program.

use std::path::Path;

use super::file::{Draft, parse_run_file};
use super::{BadInput, RunFile, nearest};

/// An experiment that comes with the program.
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
pub const PRESETS: [Preset; 9] = [
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
        "crossing",
        "two tight clusters left, two right: half of the chords cross in the middle, the flow cannot",
        include_str!("../../assets/presets/crossing.json"),
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
    /// The experiment.
    ///
    /// # Errors
    /// None that a test would not have found: every preset is parsed by the tests.
    pub fn run_file(&self) -> Result<RunFile, BadInput> {
        parse_run_file(self.text, Path::new(""))
    }

    /// The experiment as a draft, to be changed by `--set`.
    ///
    /// # Errors
    /// As [`Preset::run_file`].
    pub fn draft(&self) -> Result<Draft, BadInput> {
        let mut draft = Draft::new();
        draft.lay(self.text, Path::new(""))?;
        Ok(draft)
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
    use crate::lab::{Experiment, kind_defaults, kinds_of};

    #[test]
    fn every_preset_is_a_whole_experiment() {
        for preset in &PRESETS {
            let file = preset.run_file().unwrap_or_else(|e| panic!("{}: {e}", preset.name));
            assert!(file.experiment.steps > 0);
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
