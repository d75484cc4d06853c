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
    /// Under which heading of the gallery it stands: the key of a text.
    pub group: &'static str,
    /// One line about what it shows.
    pub summary: &'static str,
    /// Whether it is made to fail: measures need not come out well.
    pub fails: bool,
    text: &'static str,
    pictures: [&'static [u8]; 2],
}

/// A row of the table. Its files are `assets/presets/NAME.json` and two pictures in `assets/thumbnails`, which
/// `scripts/thumbnails.sh NAME` makes; its texts are `preset.NAME` in the locale file.
macro_rules! preset_of {
    ($group:literal, $name:literal, $summary:literal) => {
        Preset {
            name: $name,
            group: $group,
            summary: $summary,
            fails: matches!($group.as_bytes(), b"fails"),
            text: include_str!(concat!("../../assets/presets/", $name, ".json")),
            pictures: [
                include_bytes!(concat!("../../assets/thumbnails/", $name, "-light.png")),
                include_bytes!(concat!("../../assets/thumbnails/", $name, "-dark.png")),
            ],
        }
    };
}

/// All presets, group by group; the first is the default lab.
pub const PRESETS: [Preset; 30] = [
    preset_of!(
        "begin",
        "gaussian-to-moons",
        "a standard Gaussian learns to become two moons"
    ),
    preset_of!("begin", "eight-gaussians", "one Gaussian splits into eight on a circle"),
    preset_of!(
        "begin",
        "moons-to-eight-gaussians",
        "a source that is no Gaussian: two moons become eight Gaussians"
    ),
    preset_of!(
        "begin",
        "two-clusters",
        "two pairs of clusters whose chords cross: watch the flow avoid the crossing"
    ),
    preset_of!(
        "shapes",
        "checkerboard",
        "sharp edges and empty squares, hard for a smooth field"
    ),
    preset_of!("shapes", "two-spirals", "two thin arms wound around each other"),
    preset_of!("shapes", "swiss-roll", "a thin rolled-up sheet"),
    preset_of!("shapes", "rings", "a Gaussian becomes three circles about one center"),
    preset_of!("shapes", "grid", "an even square becomes nine Gaussians on a grid"),
    preset_of!("shapes", "s-curve", "three round modes become one curve"),
    preset_of!("shapes", "points", "a Gaussian becomes letters, points of a CSV file"),
    preset_of!(
        "couplings",
        "minibatch-ot",
        "two moons to eight Gaussians again, paired by transport within groups of 64: the flow is nearly straight from the start"
    ),
    preset_of!(
        "couplings",
        "exact-ot",
        "a ring becomes a pinwheel, matched exactly: no two chords cross"
    ),
    preset_of!(
        "couplings",
        "sinkhorn",
        "between transport and chance: the entropy's weight decides how much chords may cross"
    ),
    preset_of!(
        "couplings",
        "anti-optimal",
        "the dearest pairs: every chord runs across the middle, and a flow that cannot cross has to turn back there"
    ),
    preset_of!(
        "couplings",
        "sorted",
        "pairs sorted along x: left goes left, right goes right, whatever their heights"
    ),
    preset_of!(
        "couplings",
        "polar-angle",
        "pairs sorted by angle: nearly the straight flow of transport, for the price of sorting"
    ),
    preset_of!(
        "couplings",
        "nearest-mode",
        "each start goes to the nearest cluster that has room: fewer crossings, no transport problem"
    ),
    preset_of!(
        "couplings",
        "hand-drawn",
        "eight pairs drawn by hand, which all other points follow: the network learns a whirl"
    ),
    preset_of!(
        "couplings",
        "pairs-file",
        "a quarter turn, learned from a file of pairs"
    ),
    preset_of!(
        "rounds",
        "crossing",
        "three stages: chords that cross between two clusters left and two right, the flow that swerves, the flow after one reflow"
    ),
    preset_of!(
        "rounds",
        "inverse-model",
        "two stages: a flow, and its reflow on pairs that run backward from the data"
    ),
    preset_of!(
        "rounds",
        "euler-one",
        "four stages, one Euler step each: the raw flow, distilled, reflowed, reflowed and distilled"
    ),
    preset_of!(
        "rounds",
        "students",
        "three stages: a teacher, its one-step student, and a student of random pairs, which collapses to the mean"
    ),
    preset_of!(
        "diffusion",
        "vp-diffusion",
        "a VP diffusion: the network predicts the noise, and its ODE turns noise into two moons"
    ),
    preset_of!(
        "diffusion",
        "two-routes",
        "two stages, two routes to one target: a noise network on a VP diffusion and then its ODE; the velocity, directly"
    ),
    preset_of!(
        "steps",
        "few-steps",
        "three stages of one run: Euler, Heun and RK4 with four evaluations each"
    ),
    preset_of!("fails", "fails-few-steps", "fails: two Euler steps through a bent flow"),
    preset_of!("fails", "fails-small-network", "fails: eight units for a checkerboard"),
    preset_of!(
        "fails",
        "fails-wrong-sampler",
        "fails: six Euler steps through a diffusion"
    ),
];

/// Files of points and pairs that come with the program: `preset:NAME` where a file is named.
const FILES: [(&str, &[u8]); 2] = [
    ("preset:letters.csv", include_bytes!("../../assets/presets/letters.csv")),
    (
        "preset:quarter-turn.csv",
        include_bytes!("../../assets/presets/quarter-turn.csv"),
    ),
];

/// The bytes of a file that comes with the program; None where the name means a file of the machine.
pub(super) fn own_file(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The picture of a preset on dark or light ground, a PNG that the program made.
pub fn preset_picture(name: &str, dark: bool) -> Option<&'static [u8]> {
    let preset = PRESETS.iter().find(|p| p.name == name)?;
    Some(preset.pictures[usize::from(dark)])
}

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
