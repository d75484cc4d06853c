//! What can be typed: clap's description of every command, and its errors on one line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::command::BackendChoice;
use crate::lab::BadInput;

/// Trains, shows and measures rectified flows between two distributions of the plane. Without a command it opens the window.
#[derive(Debug, Parser)]
#[command(
    name = "rectiflow",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 110
)]
#[command(after_help = "Examples:
  rectiflow                                         open the window
  rectiflow run gaussian-to-moons --out out         train without a window, write the results to the folder out
  rectiflow sample out --sampler euler --steps 4 --out x1.npy
  rectiflow list distributions

Errors are one line on stderr; the exit code is 2 for bad input and 1 for failure.")]
pub struct Arguments {
    /// What to do; nothing opens the window
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Preset, experiment file, lab file or share string to open in the window
    #[arg(value_name = "PRESET|FILE|STRING")]
    pub file: Option<String>,
    /// Where the window's runs train
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    pub backend: BackendName,
    /// Says when the window is there, and closes it: what `bench --only startup` asks for
    #[arg(long, hide = true)]
    pub tell_startup: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train an experiment, sample it, measure it, and write the results to a folder
    Run(RunOptions),
    /// Carry points through a trained run, or through its exact field
    Sample(SampleOptions),
    /// Evaluate a run's velocity field at given points
    Field(FieldOptions),
    /// Draw points from a distribution
    Data(DataOptions),
    /// Pair the points of two files
    Couple(CoupleOptions),
    /// Draw a view of a run, a lab or a preset as a figure
    Render(RenderOptions),
    /// Write a run's points, pairs, trajectories, field, losses, measures or weights to a file
    Export(ExportOptions),
    /// Open a lab, an experiment, a preset or a share string in the window
    Open(OpenOptions),
    /// Print a lab's settings as one line of text, for others to open
    Share(ShareOptions),
    /// List presets, distributions, samplers, views and all other choices
    List(ListOptions),
    /// Show what this machine offers: processor, graphics adapters, display, fonts
    Doctor,
    /// Measure training, integration and assignment speed on this machine
    Bench(BenchOptions),
}

/// Where to train.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum BackendName {
    /// A real GPU where there is one, else the CPU
    #[default]
    Auto,
    /// The CPU
    Cpu,
    /// A GPU, software adapters included
    Gpu,
}

impl From<BackendName> for BackendChoice {
    fn from(name: BackendName) -> Self {
        match name {
            BackendName::Auto => Self::Auto,
            BackendName::Cpu => Self::Cpu,
            BackendName::Gpu => Self::Gpu,
        }
    }
}

/// Which one-step students `run` trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Distill {
    /// Of the pairs that the last round's flow makes
    Model,
    /// Of the coupling that the file names
    Random,
    /// Both
    Both,
}

/// Options of `run`.
#[derive(Debug, Args)]
#[command(
    after_help = "The folder then holds experiment.json (resolved), metrics.json, loss.csv, weights.safetensors, x0.npy, samples.npy,
times.npy and trajectories.npy (count, times, 2). A run that is already there is overwritten file by file.

Examples:
  rectiflow run gaussian-to-moons --out out
  rectiflow run eight-gaussians --steps 2000 --set optimizer.batch=256 --set network.hidden=[32,32] --json
  rectiflow run my.json --set target.kind=rings --set sampling.sampler=rk4 --out rings
  rectiflow run eight-gaussians --rounds 2 --distill --out reflow      (round-1, round-2, distilled, rounds.csv)
  rectiflow run eight-gaussians --distill=both --out students       (beside it a student of random pairs: it collapses to the mean)
  rectiflow run gaussian-to-moons --steps 0 --out exact     (untrained: enough for `sample --exact`)"
)]
pub struct RunOptions {
    /// A preset (`rectiflow list presets`), an experiment file, or an exported figure or data
    #[arg(value_name = "PRESET|FILE")]
    pub what: String,
    /// Folder for the results [default: out/NAME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Training steps; 0 writes an untrained run
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub steps: Option<String>,
    /// Seed of all the training's random numbers, and of the start points
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seed: Option<String>,
    /// Where to train
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    pub backend: BackendName,
    /// Sets one key of the experiment; the value is JSON, else a string. May be given more than once
    #[arg(long, value_name = "KEY.PATH=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Rounds of reflow; round k trains on the pairs that round k-1's flow makes, in folders round-1, round-2, …
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub rounds: Option<String>,
    /// Distill the last round into a student of one Euler step, in the folder distilled; =random: on the file's own pairs
    /// instead of the flow's (it collapses to the mean), in the folder distilled-random
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "model")]
    pub distill: Option<Distill>,
    /// Print the content of metrics.json to stdout (with --rounds: of each, as an array)
    #[arg(long)]
    pub json: bool,
}

/// Options of `sample`.
#[derive(Debug, Args)]
#[command(
    after_help = "Row i of every file is one particle. Numbers are float32, or float64 with --exact. The lenses pf-ode and sde need a standard
normal source and the independent coupling. More steps of one seed refine the same Brownian paths.

Examples:
  rectiflow sample out --out x1.npy
  rectiflow sample out --sampler euler --steps 4 --count 10000 --seed 7 --out x1.npy --trajectories t.npy
  rectiflow sample out --sampler unipc-bh2-3 --grid log-snr --evaluations 12 --out x1.npy
  rectiflow sample out --exact --lens sde --noise-level 2 --steps 500 --trajectories t.npy --out x1.npy
  rectiflow sample out --lens sde --process noising --trajectories t.npy --out x0.npy
  rectiflow sample out --from x0.npy --exact --sampler dopri5 --tolerance 1e-9 --out x1.npy"
)]
pub struct SampleOptions {
    /// Folder that `run` wrote, or a lab, or an exported figure or data
    #[arg(value_name = "RUN_DIR|LAB")]
    pub run: PathBuf,
    /// Start points, NPY (n, 2) or CSV: states at the first time as they are [default: drawn from the source]
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Which dynamics carry the points (`rectiflow list lenses`) [default: the run's]
    #[arg(long, value_name = "NAME")]
    pub lens: Option<String>,
    /// Sampler (`rectiflow list samplers`) [default: the run's, or the lens's usual one]
    #[arg(long, value_name = "NAME")]
    pub sampler: Option<String>,
    /// Where the solver steps lie (`rectiflow list grids`) [default: the run's]
    #[arg(long, value_name = "NAME")]
    pub grid: Option<String>,
    /// Solver steps [default: the run's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub steps: Option<String>,
    /// Instead of steps: evaluations of the field per particle, rounded down to whole steps
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "steps")]
    pub evaluations: Option<String>,
    /// Particles, where --from is not given [default: the run's]
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "from")]
    pub count: Option<String>,
    /// Seed of the start points, where --from is not given, and of the noise [default: the run's]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seed: Option<String>,
    /// Noise level of the lens sde: 0 is the ODE, 1 the classical reverse SDE, at most 2 [default: the run's]
    #[arg(long, value_name = "ETA", allow_negative_numbers = true)]
    pub noise_level: Option<String>,
    /// How the noise level changes with t (`rectiflow list noise-schedules`) [default: the run's]
    #[arg(long, value_name = "NAME")]
    pub noise_schedule: Option<String>,
    /// Seed of the noise alone [default: that of --seed]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub noise_seed: Option<String>,
    /// Which process the lens sde carries out (`rectiflow list processes`) [default: the run's]
    #[arg(long, value_name = "NAME")]
    pub process: Option<String>,
    /// The t at which Langevin dynamics stay [default: the run's]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub langevin_t: Option<String>,
    /// Tolerance of dopri5 [default: the run's]
    #[arg(long, value_name = "TOL", allow_negative_numbers = true)]
    pub tolerance: Option<String>,
    /// Follow the exact field instead of the learned one, in double precision
    #[arg(long)]
    pub exact: bool,
    /// Where the learned field is evaluated
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    pub backend: BackendName,
    /// The end points, NPY (n, 2)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Also every solver state, NPY (n, times, 2)
    #[arg(long, value_name = "FILE")]
    pub trajectories: Option<PathBuf>,
}

/// Options of `field`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rectiflow field out --points p.npy --t 0.5 --quantity velocity --out v.npy
  rectiflow field out --points p.npy --t 0.5 --quantity energy --exact --out e.npy")]
pub struct FieldOptions {
    /// Folder that `run` wrote, or a lab, or an exported figure or data
    #[arg(value_name = "RUN_DIR|LAB")]
    pub run: PathBuf,
    /// Where to evaluate, NPY (n, 2) or CSV
    #[arg(long, value_name = "FILE")]
    pub points: PathBuf,
    /// Flow time, from 0 (source) to 1 (target)
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub t: String,
    /// What to evaluate (`rectiflow list quantities`)
    #[arg(long, value_name = "NAME", default_value = "velocity")]
    pub quantity: String,
    /// The exact field instead of the learned one, in double precision
    #[arg(long)]
    pub exact: bool,
    /// Where the learned field is evaluated
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    pub backend: BackendName,
    /// The values, NPY, (n, 2) or for numbers (n,): float32, or float64 with --exact
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `data`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rectiflow data two-moons --set noise=0.1 --count 1000 --seed 3 --out moons.npy
  rectiflow data mixture --set weights=[1,3] --set means=[[-2,0],[2,0]] --set stds=[0.5,0.5] --count 500 --seed 1 --out m.csv")]
pub struct DataOptions {
    /// Kind of distribution (`rectiflow list distributions`)
    #[arg(value_name = "KIND")]
    pub kind: String,
    /// Sets one parameter; the value is JSON, else a string. May be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Points to draw, independently
    #[arg(long, value_name = "N", default_value = "2048", allow_negative_numbers = true)]
    pub count: String,
    /// Seed
    #[arg(long, value_name = "S", default_value = "0", allow_negative_numbers = true)]
    pub seed: String,
    /// The points: NPY (n, 2) float32 for a name in .npy, CSV with the header x,y for .csv
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `couple`.
#[derive(Debug, Args)]
#[command(
    after_help = "Row i of the pairs is x0, y0, x1, y1; x0 is point i of the first file. Prints JSON: the number of pairs, their cost (mean
of |x1 - x0|²) and cost_p1 (mean of |x1 - x0|), crossings (pairs of chords that cross), seconds. sinkhorn prints the plan's
own cost, the cost of the pairs drawn from it as drawn_cost, and whether it converged. The sets are one group, except for
minibatch-ot and where batch is set.

Examples:
  rectiflow couple exact-ot a.npy b.npy --out pairs.npy
  rectiflow couple minibatch-ot a.npy b.npy --set batch=64 --out pairs.npy
  rectiflow couple sinkhorn a.npy b.npy --set epsilon=0.5 --seed 3 --out pairs.npy"
)]
pub struct CoupleOptions {
    /// Kind of coupling (`rectiflow list couplings`)
    #[arg(value_name = "KIND")]
    pub kind: String,
    /// Source points, NPY (n, 2) or CSV
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Target points, as many
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Sets one parameter; the value is JSON, else a string. May be given more than once
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Seed, for the kinds that draw (independent, sinkhorn)
    #[arg(long, value_name = "S", default_value = "0", allow_negative_numbers = true)]
    pub seed: String,
    /// The pairs: NPY (n, 4) float64 for a name in .npy, CSV with the header x0,y0,x1,y1 for .csv
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `render`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not trained yet is trained first. A size is in pixels, cm or inches (1200x900, 8.5x6cm, 3.3x2.5in); letters are
sized on paper, so that at 300 dpi the same size in pixels shows larger letters. A name in .gif, .apng, .mp4 or %04d.png makes
an animation, over flow time or with --over training over a training that is done for it.

What moves over flow time, view by view:
  all of it, as at t: stage, particles, velocity, exact, density, energy, divergence, curl, local-floor, flow-density,
    continuity, probe, step-anatomy, interpolation, filmstrip, rounds, compare, reflow
  the trajectories grow: trajectories, states, bend
  the pairs go along their ways: pairs, couplings
  the curves are drawn as far as t: speed, marginals
  the curve is drawn from the first training step to the last: loss
  nothing, one frame is held: few-steps, straightening, quality, quality-exact, inversion, budget, measures

Examples:
  rectiflow render gaussian-to-moons --view trajectories --out figure.svg
  rectiflow render out --view velocity --t 0.5 --size 8.5x6cm --dpi 300 --out figure.png
  rectiflow render moons-to-eight-gaussians --rounds 2 --view reflow --caption --out figure.pdf
  rectiflow render my.lab.json --view filmstrip --times 0,0.3,0.6,1 --theme dark --out film.png
  rectiflow render out --view particles --size 600x450 --fps 25 --seconds 4 --out particles.gif
  rectiflow render gaussian-to-moons --view trajectories --out growing.gif
  rectiflow render gaussian-to-moons --view velocity --over training --t 0.5 --out learning-%04d.png
  rectiflow list views"
)]
pub struct RenderOptions {
    /// Folder that `run` wrote, lab or experiment file, exported figure or data, or preset
    #[arg(value_name = "RUN|LAB|PRESET")]
    pub what: String,
    /// Which view (`rectiflow list views`)
    #[arg(long, value_name = "NAME", default_value = "stage")]
    pub view: String,
    /// Which run of the lab, by its number [default: that of the first stage]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub run: Option<String>,
    /// Flow time, from 0 (source) to 1 (target) [default: 1]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub t: Option<String>,
    /// Whose solver steps `step-anatomy` lays open, by its number from 0 [default: the lab's]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub particle: Option<String>,
    /// Flow times of a filmstrip [default: 0,0.25,0.5,0.75,1]
    #[arg(long, value_name = "T,T,…", allow_negative_numbers = true)]
    pub times: Option<String>,
    /// Width and height: 1200x900 (pixels), 8.5x6cm, 3.3x2.5in, or a width alone: 17cm [default: what suits the view]
    #[arg(long, value_name = "WxH")]
    pub size: Option<String>,
    /// Pixels an inch [default: 96]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub dpi: Option<String>,
    /// Colors: print, light, dark, transparent [default: print]
    #[arg(long, value_name = "NAME")]
    pub theme: Option<String>,
    /// No ground, whatever the theme
    #[arg(long)]
    pub transparent: bool,
    /// Scale of the letters [default: 1]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub letters: Option<String>,
    /// Title; an empty one leaves it out [default: the view's own]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Draw axes, where the view has none
    #[arg(long, conflicts_with = "no_axes")]
    pub axes: bool,
    /// Leave the axes out
    #[arg(long)]
    pub no_axes: bool,
    /// Draw the legend, where the view has none
    #[arg(long, conflicts_with = "no_legend")]
    pub legend: bool,
    /// Leave the legend out
    #[arg(long)]
    pub no_legend: bool,
    /// Write a caption below: data, training, sampler, measures
    #[arg(long)]
    pub caption: bool,
    /// Frames a second of an animation [default: 25]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub fps: Option<String>,
    /// How long an animation moves [default: 4]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seconds: Option<String>,
    /// How long it then rests [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub hold: Option<String>,
    /// What goes by in an animation: flow (time) or training; what moves over flow time stands below
    #[arg(long, value_name = "WHAT", default_value = "flow")]
    pub over: String,
    /// What is done first
    #[command(flatten)]
    pub first: FirstOptions,
    /// Leave out the lab that made it, which opening the file would bring back
    #[arg(long)]
    pub no_lab: bool,
    /// The figure or animation: its ending is its format (`rectiflow list figure-formats`, `rectiflow list animation-formats`)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What is done first to what is not trained yet.
#[derive(Debug, Args)]
pub struct FirstOptions {
    /// Training steps, where it is not trained yet
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub steps: Option<String>,
    /// Seed of the training and of the start points, where it is not trained yet
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seed: Option<String>,
    /// Sets one key of the experiment, as in `run`. May be given more than once
    #[arg(long, value_name = "KEY.PATH=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,
    /// Rounds of reflow, trained first where the lab has fewer
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub rounds: Option<String>,
    /// Where to train and evaluate
    #[arg(long, value_enum, default_value_t = BackendName::Cpu)]
    pub backend: BackendName,
}

/// Options of `export`.
#[derive(Debug, Args)]
#[command(
    after_help = "What is not trained yet is trained first. An NPZ holds arrays by name, a CSV the columns that `rectiflow list data` shows.
The lab that made it travels along: within an NPZ or a safetensors file, beside a CSV (points.csv.lab.json; `rectiflow open points.csv` finds it).
Weights are safetensors, with a Python file beside them that loads them with NumPy alone and gives the velocity.

Examples:
  rectiflow export out --what trajectories --out trajectories.npz
  rectiflow export out --what field --t 0.5 --grid 64 --out field.csv
  rectiflow export gaussian-to-moons --what weights --out moons.safetensors
  rectiflow export my.lab.json --what pairs --run 2 --count 5000 --out pairs.csv
  rectiflow list data"
)]
pub struct ExportOptions {
    /// Folder that `run` wrote, lab or experiment file, exported figure or data, or preset
    #[arg(value_name = "RUN|LAB|PRESET")]
    pub what: String,
    /// What to export: points, pairs, trajectories, field, losses, measures, weights
    #[arg(long = "what", value_name = "DATA")]
    pub data: String,
    /// Which run of the lab, by its number [default: that of the first stage]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub run: Option<String>,
    /// Flow time of points and field, from 0 (source) to 1 (target)
    #[arg(long, value_name = "T", default_value = "1", allow_negative_numbers = true)]
    pub t: String,
    /// How many pairs, or points of the target
    #[arg(long, value_name = "N", default_value = "2048", allow_negative_numbers = true)]
    pub count: String,
    /// Points of the field's grid along its longer side
    #[arg(long, value_name = "N", default_value = "32", allow_negative_numbers = true)]
    pub grid: String,
    /// What is done first
    #[command(flatten)]
    pub first: FirstOptions,
    /// Leave out the lab that made it, which opening the file would bring back
    #[arg(long)]
    pub no_lab: bool,
    /// The data: .csv or .npz; weights .safetensors or .npz
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Options of `open`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rectiflow open my.lab.json
  rectiflow open crossing
  rectiflow open out                                (a folder that `run` wrote, weights included)
  rectiflow open rectiflow1:eNqrVspMUbIy…           (a share string; white space within is left out)")]
pub struct OpenOptions {
    /// Lab or experiment file, preset, folder that `run` wrote, or share string; - reads a share string from stdin
    #[arg(value_name = "FILE|PRESET|STRING", required = true, num_args = 1..)]
    pub what: Vec<String>,
    /// Where the window's runs train
    #[arg(long, value_enum, default_value_t = BackendName::Auto)]
    pub backend: BackendName,
    /// Only check that it opens: print the names of its runs, open no window
    #[arg(long)]
    pub check: bool,
}

/// Options of `share`.
#[derive(Debug, Args)]
#[command(
    after_help = "The string holds every setting of the runs and stages; trained weights stay in the lab's file. Opening it
trains anew, from the same seeds.

Examples:
  rectiflow share my.lab.json
  rectiflow share crossing"
)]
pub struct ShareOptions {
    /// Lab or experiment file, preset, or folder that `run` wrote
    #[arg(value_name = "LAB|PRESET")]
    pub what: String,
}

/// Options of `list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rectiflow list
  rectiflow list samplers
  rectiflow list distributions --json")]
pub struct ListOptions {
    /// Which list; none lists the lists
    #[arg(value_name = "WHAT")]
    pub what: Option<String>,
    /// Print a JSON array of {name, summary}
    #[arg(long)]
    pub json: bool,
}

/// What `bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchGroup {
    /// Training steps a second, by shape
    Train,
    /// Every kernel of a training step: time, dispatches, bytes moved (GPU)
    Kernels,
    /// Particles through 32 Heun steps
    Particles,
    /// Exact assignment
    Transport,
    /// Frames of the window, without a display and without their raster
    Ui,
    /// First frame, first training step and memory of the window, on the display that there is
    Startup,
    /// How cost grows with batch, width, particles and points
    Growth,
}

impl BenchGroup {
    /// What is measured where nothing else is asked for.
    pub const DEFAULT: [Self; 6] = [
        Self::Train,
        Self::Kernels,
        Self::Particles,
        Self::Transport,
        Self::Ui,
        Self::Startup,
    ];
}

/// Options of `bench`.
#[derive(Debug, Args)]
#[command(
    after_help = "Medians of five rounds, with the least and the greatest; close other programs first.

Examples:
  rectiflow bench --report bench.json
  rectiflow bench --only train --backend cpu --shape 128x3 --batch 1024 --activation silu
  rectiflow bench --only growth"
)]
pub struct BenchOptions {
    /// Where to train; both where it is not given and there is an adapter
    #[arg(long, value_enum)]
    pub backend: Option<BackendName>,
    /// Measures this alone; may be given more than once
    #[arg(long, value_enum)]
    pub only: Vec<BenchGroup>,
    /// Measures the window's frames; the same as --only ui
    #[arg(long)]
    pub ui: bool,
    /// A network, width x hidden layers, as in 64x3; may be given more than once [default: four of them]
    #[arg(long, value_name = "WIDTHxLAYERS")]
    pub shape: Vec<String>,
    /// Rows of the batch
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub batch: Option<String>,
    /// The activation of the networks [default: silu]
    #[arg(long, value_name = "NAME")]
    pub activation: Option<String>,
    /// Least seconds of a round of training [default: 0.2]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    pub seconds: Option<String>,
    /// Writes all of it as JSON, with what the machine is
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Prints that JSON instead of the table
    #[arg(long)]
    pub json: bool,
}

/// `key=value`.
fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().into(), value.trim().into())),
        _ => Err("give key=value, as in optimizer.batch=256".into()),
    }
}

/// A number from `least` to `most`.
///
/// # Errors
/// Anything else, with the limits.
pub fn number(option: &str, text: &str, least: f64, most: f64) -> Result<f64, BadInput> {
    let value = text.trim().parse::<f64>().unwrap_or(f64::NAN);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(BadInput::new(format!(
        "--{option} is {text}; it must be a number from {least} to {most}"
    )))
}

/// A whole number from `least` to `most`.
///
/// # Errors
/// Anything else, with the limit.
pub fn whole(option: &str, text: &str, least: u64, most: u64) -> Result<u64, BadInput> {
    match text.trim().parse::<u64>() {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ => Err(BadInput::new(format!(
            "--{option} is {text}; it must be a whole number from {least} to {most}"
        ))),
    }
}

/// Clap's error on one line: what is wrong and its tip, without the usage.
pub fn one_line(error: &clap::Error) -> BadInput {
    let text = error.render().to_string();
    let mut parts: Vec<String> = Vec::new();
    for line in text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.starts_with("Usage:"))
    {
        if line.is_empty() || line.starts_with("For more information") {
            continue;
        }
        let line = line.strip_prefix("error: ").unwrap_or(line);
        match (parts.last_mut(), line.strip_prefix("tip: ")) {
            (Some(_), Some(tip)) => parts.push(tip.into()),
            (Some(last), None) => {
                last.push(' ');
                last.push_str(line);
            }
            (None, _) => parts.push(line.into()),
        }
    }
    if parts.len() < 2 {
        parts.push("`rectiflow --help` shows what can be typed".into());
    }
    BadInput::new(parts.join("; "))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn examples_in_the_help_are_accepted() {
        let mut found = 0;
        let main = Arguments::command();
        let commands = main.get_subcommands().chain([&main]);
        let texts: Vec<String> = commands.filter_map(|c| Some(c.get_after_help()?.to_string())).collect();
        let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
        for line in lines.filter(|line| line.starts_with("rectiflow ")) {
            // remarks stand behind two spaces
            let typed = line.split("  ").next().unwrap_or_default();
            let parsed = Arguments::try_parse_from(typed.split_whitespace());
            assert!(
                parsed.is_ok(),
                "{typed}: {}",
                parsed.err().map_or(String::new(), |e| e.to_string())
            );
            found += 1;
        }
        assert!(found > 12, "only {found} examples");
        Arguments::command().debug_assert();
    }
}
