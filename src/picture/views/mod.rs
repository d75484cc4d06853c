//! The one table of views: what can be drawn of a lab, by name. `render`, `list views`, the window's export dialog and the
//! tests read it. A view makes a [`Figure`] from a [`Studio`]; what a run lacks for it is said inside the figure, so that every
//! view can be made of every lab.

mod anatomy;
mod bars;
mod couplings;
mod curves;
mod maps;
mod marginals;
mod motion;
mod planes;
mod reflow;
mod rows;
mod straightening;
mod studies;

pub use motion::{MOTIONS, Motion};

use super::Picture;
use super::caption::{Told, caption_of};
use super::color::Theme;
use super::figure::Figure;
use super::interpolation::ways;
use super::probe::{ProbeInput, fan_at};
use super::stage::{StageCache, StageInput, stage_picture};
use super::studio::{Studio, StudioError, Watch};
use super::words::{grouped, id_of, name_of};
use crate::engine::snapshot::StageSnapshot;
use crate::lab::{BadInput, LabRun, Layers, Map, Origin, RunId, Sampler, Stage, nearest};

/// What a view is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which run; the first stage's where None.
    pub run: Option<RunId>,
    /// Flow time.
    pub t: f64,
    /// Flow times of a filmstrip.
    pub times: Vec<f64>,
    /// Whose solver steps are laid open; the lab's own where None.
    pub particle: Option<u32>,
    /// Colors.
    pub theme: Theme,
    /// Whether the caption is wanted: what it says is then measured, where it was not yet.
    pub caption: bool,
    /// Whether this is a frame of an animation over flow time: what has no flow time of its own then moves as [`Motion`] says.
    pub playing: bool,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            run: None,
            particle: None,
            t: 1.0,
            times: vec![0.0, 0.25, 0.5, 0.75, 1.0],
            theme: Theme::Print,
            caption: false,
            playing: false,
        }
    }
}

/// Makes a view's figure.
type Make = fn(&mut Studio, &Ask, Watch) -> Result<Figure, StudioError>;

/// One row of the table.
#[derive(Clone, Copy)]
pub struct View {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line about what it shows.
    pub summary: &'static str,
    /// What moves in it when it is animated over flow time.
    pub motion: Motion,
    make: Make,
}

const fn view(name: &'static str, summary: &'static str, motion: Motion, make: Make) -> View {
    View {
        name,
        summary,
        motion,
        make,
    }
}

/// All views.
pub const VIEWS: [View; 33] = [
    view(
        "stage",
        "the stage with the layers that the lab has on",
        Motion::Time,
        planes::stage,
    ),
    view(
        "particles",
        "the particles at flow time t, in the color of where they started",
        Motion::Time,
        planes::particles,
    ),
    view(
        "trajectories",
        "the ways of the particles, from source to target",
        Motion::Grows,
        planes::trajectories,
    ),
    view(
        "states",
        "a few trajectories with a dot at each solver state",
        Motion::Grows,
        planes::states,
    ),
    view(
        "velocity",
        "the learned velocity at flow time t, as arrows",
        Motion::Time,
        planes::velocity,
    ),
    view(
        "exact",
        "the exact velocity beside the learned one, and their difference",
        Motion::Time,
        planes::exact,
    ),
    view(
        "density",
        "the density of the particles at flow time t",
        Motion::Time,
        planes::density,
    ),
    view(
        "energy",
        "the energy -log p_t of the exact marginal with contours, its score and velocity",
        Motion::Time,
        maps::energy,
    ),
    view(
        "divergence",
        "the divergence of the learned velocity beside that of the exact one",
        Motion::Time,
        maps::divergence,
    ),
    view(
        "curl",
        "the curl of the learned velocity beside that of the exact one",
        Motion::Time,
        maps::curl,
    ),
    view(
        "local-floor",
        "where the flow averages: the part of the loss that no network can remove, as a map",
        Motion::Time,
        maps::local_floor,
    ),
    view(
        "flow-density",
        "the learned flow's density by change of variables beside the exact one",
        Motion::Time,
        maps::flow_density,
    ),
    view(
        "continuity",
        "where the learned velocity makes or loses mass: the continuity residual",
        Motion::Time,
        maps::continuity,
    ),
    view(
        "speed",
        "the mean speed over flow time: pairs, exact and learned velocity",
        Motion::Drawn,
        studies::speed,
    ),
    view(
        "pairs",
        "pairs that the network trains on, as chords, and where they cross",
        Motion::Along,
        planes::pairs,
    ),
    view(
        "couplings",
        "chords, the histogram of their lengths, their costs beside the least possible",
        Motion::Along,
        couplings::couplings,
    ),
    view(
        "probe",
        "the pairs through one point at flow time t, their mean and the learned velocity",
        Motion::Time,
        couplings::probe,
    ),
    view(
        "step-anatomy",
        "one solver step of one particle: where the field is asked, what is predicted and corrected, beside the solution",
        Motion::Time,
        anatomy::step_anatomy,
    ),
    view(
        "interpolation",
        "the pairs themselves at flow time t, each on its own path, whatever it crosses",
        Motion::Time,
        planes::interpolation,
    ),
    view(
        "bend",
        "trajectories colored by how far they stray from their chords",
        Motion::Grows,
        planes::bend,
    ),
    view(
        "filmstrip",
        "the particles at several flow times, side by side",
        Motion::Time,
        rows::filmstrip,
    ),
    view(
        "rounds",
        "every run of the lab side by side: its trajectories, one Euler step, its budget",
        Motion::Time,
        rows::rounds,
    ),
    view(
        "compare",
        "the lab's stages side by side, with the same particles",
        Motion::Time,
        rows::compare,
    ),
    view(
        "marginals",
        "the distance in law from the first stage to each other one, at each flow time",
        Motion::Drawn,
        marginals::marginals,
    ),
    view(
        "reflow",
        "three panels: the pairs, what the network learns, the flow after one reflow",
        Motion::Time,
        reflow::reflow,
    ),
    view(
        "loss",
        "the loss over training steps, with its floor",
        Motion::Trained,
        curves::loss,
    ),
    view(
        "few-steps",
        "the distance to the target after few Euler steps, with its floor",
        Motion::Still,
        curves::few_steps,
    ),
    view(
        "straightening",
        "round by round: straightness, transport cost, few-step quality, evaluations spent",
        Motion::Still,
        straightening::straightening,
    ),
    view(
        "quality",
        "end-point error and W2 of samplers on the learned field against network evaluations",
        Motion::Still,
        studies::quality,
    ),
    view(
        "quality-exact",
        "the same on the exact field, where every sampler shows its order",
        Motion::Still,
        studies::quality_exact,
    ),
    view(
        "inversion",
        "data to noise to data: what comes back, and whether the noise is Gaussian",
        Motion::Still,
        studies::inversion,
    ),
    view(
        "budget",
        "where the cost of the coupling goes: floor, bends, carried",
        Motion::Still,
        bars::budget,
    ),
    view(
        "measures",
        "every measure of every run as bars, with floors",
        Motion::Still,
        bars::measures,
    ),
];

impl View {
    /// Its figure.
    ///
    /// # Errors
    /// A backend's fault, or that the watcher wants no more.
    pub fn figure(&self, studio: &mut Studio, ask: &Ask, watch: Watch) -> Result<Figure, StudioError> {
        let mut figure = (self.make)(studio, ask, watch)?;
        figure.caption = caption_of_runs(studio, &figure.runs, ask.caption, watch)?;
        Ok(figure)
    }
}

/// The caption of these runs; `measure`: whether what is not measured yet is measured for it.
///
/// # Errors
/// A backend's fault, or that the watcher wants no more.
pub fn caption_of_runs(
    studio: &mut Studio,
    runs: &[RunId],
    measure: bool,
    watch: Watch,
) -> Result<String, StudioError> {
    let mut known = Vec::new();
    for &id in runs {
        let sampling = stage_of(studio, id).sampling;
        let measures = if measure {
            Some(studio.measures(id, &sampling, watch)?)
        } else {
            studio.known_measures(id)
        };
        known.push((id, sampling, studio.step(id), studio.edits(id), measures));
    }
    let lab = studio.lab();
    let told: Vec<Told> = known
        .iter()
        .filter_map(|(id, sampling, step, edits, measures)| {
            Some(Told {
                run: lab.run(*id)?,
                sampling: *sampling,
                step: *step,
                edits: *edits,
                measures: measures.as_deref(),
            })
        })
        .collect();
    Ok(caption_of(lab, &told))
}

/// The view of this name.
///
/// # Errors
/// No such view, with the nearest right one.
pub fn view_of(name: &str) -> Result<&'static View, BadInput> {
    VIEWS.iter().find(|v| v.name == name).ok_or_else(|| {
        let names = VIEWS.iter().map(|v| v.name);
        let hint = match nearest(name, names.clone()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
        };
        BadInput::new(format!("there is no view \"{name}\"; {hint}"))
    })
}

/// All layers off.
const BLANK: Layers = Layers {
    source: false,
    target: false,
    particles: false,
    trajectories: false,
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
};

/// The stage that shows a run: the lab's own where it has one, else the first with that run.
pub fn stage_of(studio: &Studio, run: RunId) -> Stage {
    let stages = &studio.lab().stages;
    let own = stages.iter().find(|s| s.run == run);
    let mut stage = own.or(stages.first()).cloned().unwrap_or_default();
    stage.run = run;
    if is_student(studio, run) {
        // a student knows t = 0 alone
        (stage.sampling.sampler, stage.sampling.steps) = (Sampler::Euler, 1);
    }
    stage
}

fn is_student(studio: &Studio, run: RunId) -> bool {
    let run = studio.lab().run(run);
    run.is_some_and(|r| matches!(r.origin, Origin::Distilled { .. }))
}

/// The stage with other layers.
fn with(stage: &Stage, layers: Layers) -> Stage {
    Stage {
        layers,
        ..stage.clone()
    }
}

/// The plane of a frame of an animation, or of a still figure: trajectories that grow, pairs that go along their ways.
fn plane_of(snapshot: &StageSnapshot, layers: &Layers, ask: &Ask) -> Picture {
    let mut picture = plane(snapshot, layers, ask.t, ask.theme);
    if !ask.playing {
        return picture;
    }
    // particles tell the time already
    if !layers.particles {
        motion::grow(&mut picture, &snapshot.trajectories, ask.t);
    }
    if layers.pairs && !layers.interpolation && !snapshot.pairs.is_empty() {
        let shown = layers.pairs_shown as usize;
        picture.add(
            "interpolation",
            ways(&snapshot.pairs, shown, snapshot.path, ask.theme).at(ask.t),
        );
    }
    picture
}

/// The plane as these layers show it.
pub fn plane(snapshot: &StageSnapshot, layers: &Layers, t: f64, theme: Theme) -> Picture {
    let fan = snapshot.learned.and_then(|learned| fan_at(snapshot, learned.at, t));
    let input = StageInput {
        source: &snapshot.source,
        target: &snapshot.target,
        trajectories: &snapshot.trajectories,
        pairs: &snapshot.pairs,
        path: snapshot.path,
        split: snapshot.split,
        field: snapshot.field.as_ref(),
        exact_field: snapshot.exact_field.as_ref(),
        exact_is_estimate: snapshot.exact_is_estimate,
        map: snapshot.map.as_ref(),
        probe: fan
            .as_ref()
            .and_then(|fan| ProbeInput::of(snapshot, snapshot.learned?.at, fan)),
        layers,
        t,
        theme,
        bounds: snapshot.bounds,
    };
    stage_picture(&input, &mut StageCache::default())
}

/// The run a view is about, or the figure that says that there is none.
fn asked<'a>(studio: &'a Studio, ask: &Ask) -> Option<&'a LabRun> {
    studio.run(ask.run)
}

/// How a stage's particles are carried: `Heun, 32 steps`.
fn carried_by(stage: &Stage) -> String {
    let sampler = name_of("sampler", &id_of(&stage.sampling.sampler));
    if stage.sampling.sampler == Sampler::Dopri5 {
        return sampler;
    }
    let steps = u64::from(stage.sampling.steps);
    let word = if steps == 1 { "step" } else { "steps" };
    format!("{sampler}, {} {word}", grouped(steps))
}

/// `t = 0.50`.
fn at(t: f64) -> String {
    format!("t = {t:.2}")
}

#[cfg(test)]
mod tests;
