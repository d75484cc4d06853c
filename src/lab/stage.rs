//! A stage: one plot, which run it shows, how that run is sampled, and which layers are drawn; and the look of the window.

use serde::{Deserialize, Serialize};

use super::RunId;
use super::map::Map;

/// Through which dynamics a run is sampled.
pub use crate::flow::lens::Lens;
/// The method that integrates the lens's equation. `flow/sampler` turns it into a table.
pub use crate::flow::sampler::{Grid, NoiseSchedule, Process, Sampler};

/// How a run is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// The dynamics.
    pub lens: Lens,
    /// The method.
    pub sampler: Sampler,
    /// Solver steps (dopri5 chooses its own).
    pub steps: u32,
    /// Particles.
    pub count: u32,
    /// Where the solver steps lie; the path's own variables are those of the run's path.
    pub grid: Grid,
    /// The parameter a of the order-2 family `rk2` (1/2 is midpoint, 2/3 Ralston, 1 Heun).
    pub rk2_a: f64,
    /// Relative and absolute tolerance of dopri5.
    pub tolerance: f64,
    /// Of the start points; "new particles" changes it.
    pub seed: u64,
    /// eta of the SDE lens: 0 is the ODE, 1 the classical reverse SDE, at most 2.
    pub noise_level: f64,
    /// How the noise level changes with t.
    pub noise_schedule: NoiseSchedule,
    /// Of the particles' Brownian paths; "new noise" changes it.
    pub noise_seed: u64,
    /// Which process the SDE lens shows.
    pub process: Process,
    /// The t at which Langevin dynamics stay.
    pub langevin_t: f64,
    /// How long they go on, tau.
    pub langevin_time: f64,
    /// Whether particles follow the exact field, where there is one, instead of the learned one.
    pub exact: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            lens: Lens::FlowMatching,
            sampler: Sampler::Heun,
            steps: 32,
            count: 2048,
            grid: Grid::Uniform,
            rk2_a: 0.5,
            tolerance: 1e-6,
            seed: 0,
            noise_level: 1.0,
            noise_schedule: NoiseSchedule::Constant,
            noise_seed: 0,
            process: Process::Generate,
            langevin_t: 0.9,
            langevin_time: 2.0,
            exact: false,
        }
    }
}

/// Which layers a stage draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Layers {
    /// Points of the source.
    pub source: bool,
    /// Points of the target.
    pub target: bool,
    /// Particles at the flow time, colored by where they started.
    pub particles: bool,
    /// Their whole trajectories.
    pub trajectories: bool,
    /// Dots at the true solver states.
    pub states: bool,
    /// Velocity arrows at the flow time.
    pub velocity: bool,
    /// Density of the particles at the flow time.
    pub density: bool,
    /// The exact field beside the learned one, and their difference as a map.
    pub exact: bool,
    /// Chords of training pairs, from x0 to x1.
    pub pairs: bool,
    /// Color trajectories by how far they are from their chord.
    pub bend: bool,
    /// The pairs through the probe, their velocities, the mean of these and the learned one.
    pub probe: bool,
    /// The solver's steps of one particle, laid open at the flow time.
    pub anatomy: bool,
    /// The pairs themselves on their way, X_t on its path from x0 to x1: what the network regresses on, not what it learned.
    pub interpolation: bool,
    /// An inset with the particles after one Euler step.
    pub one_step: bool,
    /// A map behind all else; the density and the difference map give way to it.
    pub map: Map,
    /// Whether the map is of the exact field, where it can be of either.
    pub map_exact: bool,
    /// How many trajectories are drawn.
    pub trajectories_shown: u32,
    /// How many pairs are drawn as chords, and counted, measured and assigned in the couplings view.
    pub pairs_shown: u32,
    /// The power p for which the couplings view shows E|x1 - x0|^p beside the powers 1 and 2.
    pub pairs_power: f64,
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            source: true,
            target: true,
            particles: true,
            trajectories: true,
            states: false,
            velocity: false,
            density: false,
            exact: false,
            pairs: false,
            bend: false,
            probe: false,
            anatomy: false,
            interpolation: false,
            one_step: false,
            map: Map::None,
            map_exact: false,
            trajectories_shown: 400,
            pairs_shown: 120,
            pairs_power: 4.0,
        }
    }
}

/// One plot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Which run.
    pub run: RunId,
    /// How it is sampled.
    #[serde(default)]
    pub sampling: Sampling,
    /// What is drawn.
    #[serde(default)]
    pub layers: Layers,
    /// What it shows, for those who look: the id of a text that comes with the program (`scene.<id>` in the locale file),
    /// or words of the user's own, the first line a heading. May be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub caption: String,
}

/// The most stages side by side.
pub const MOST_STAGES: usize = 4;
/// The most letters of a stage's caption.
pub const MOST_CAPTION: usize = 400;

/// How several stages lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrangement {
    /// So that the plots are as large as they can be.
    #[default]
    Auto,
    /// Side by side.
    Row,
    /// One above the other.
    Column,
    /// Two a row.
    Grid,
}

/// Every arrangement with its name in files.
pub const ARRANGEMENTS: [(Arrangement, &str); 4] = [
    (Arrangement::Auto, "auto"),
    (Arrangement::Row, "row"),
    (Arrangement::Column, "column"),
    (Arrangement::Grid, "grid"),
];

/// Stages side by side: same particles (count and seed), same clock; what else they share can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Compare {
    /// Whether all stages are shown, or only the one with the focus.
    pub on: bool,
    /// Which stage the panels edit, from 0.
    pub focus: usize,
    /// How they lie.
    pub arrangement: Arrangement,
    /// Pan and zoom move all.
    pub link_view: bool,
    /// A layer is switched in all.
    pub link_layers: bool,
    /// Sampler, steps and grid are those of the stage with the focus, where the lens is the same.
    pub link_sampler: bool,
    /// A strip beneath shows how far the marginals of the others are from those of the first stage.
    pub marginals: bool,
}

impl Default for Compare {
    fn default() -> Self {
        Self {
            on: false,
            focus: 0,
            arrangement: Arrangement::Auto,
            link_view: true,
            link_layers: true,
            link_sampler: false,
            marginals: true,
        }
    }
}

/// Where the probe is; one for all stages, so that runs are compared in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Data units; the middle of the stage where None.
    pub at: Option<[f32; 2]>,
}

impl Probe {
    /// Its place on a stage of these bounds (min x, min y, max x, max y), data units.
    pub fn place(&self, bounds: [f32; 4]) -> [f32; 2] {
        let middle = [bounds[0].midpoint(bounds[2]), bounds[1].midpoint(bounds[3])];
        self.at.filter(|p| p.iter().all(|c| c.is_finite())).unwrap_or(middle)
    }
}

/// Whose solver steps are laid open; one for all stages, so that samplers are compared on one particle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PickedParticle {
    /// Its number, from 0; the last one where there are fewer.
    pub particle: u32,
}

/// Colors of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

/// The language of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    #[default]
    En,
}

/// How the window looks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// Theme.
    pub theme: ThemeChoice,
    /// Scale of everything, 1 = the platform's.
    pub zoom: f32,
    /// Language.
    pub language: Language,
    /// Whether the experiment panel is open.
    pub left_open: bool,
    /// Whether the lens panel is open.
    pub right_open: bool,
    /// Whether the clocks' panel is open.
    pub bottom_open: bool,
    /// Whether the rounds' cards are open.
    pub rounds_open: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Dark,
            zoom: 1.0,
            language: Language::En,
            left_open: true,
            right_open: true,
            bottom_open: true,
            rounds_open: true,
        }
    }
}
