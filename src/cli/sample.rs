//! `sample`: carries points through a run's learned field, or through its exact one in double precision.

use std::sync::Arc;

use super::arguments::SampleOptions;
use super::failure::Failure;
use super::run::ONLY_RUN;
use super::run_dir::RunDir;
use crate::backend::Trajectories;
use crate::engine::exact_trajectories;
use crate::engine::session::Session;
use crate::engine::truth;
use crate::export::npy;
use crate::flow::Point;
use crate::flow::lens::LENSES;
use crate::flow::sampler::Recorded;
use crate::lab::{BadInput, MOST_STATES, RunFile, Sampling, read_points, suits, usual_sampler};

/// Does what `rectiflow sample` says.
///
/// # Errors
/// Input that cannot be used; a device that fails; a file that cannot be written.
pub fn sample(options: &SampleOptions) -> Result<(), Failure> {
    let dir = RunDir::open(&options.run)?;
    let file = file_of(&dir, options)?;
    let start = options.from.as_deref().map(read_points).transpose()?;
    if let Some(start) = &start {
        check_states(start.len(), &file.sampling)?;
    }
    let record = options.trajectories.is_some();
    if options.exact {
        let run = exact(&file, start, record)?;
        let times = run.times.len();
        let ends: Vec<Point> = run.states.chunks_exact(times).map(|states| states[times - 1]).collect();
        npy::write_points(&options.out, &ends)?;
        if let Some(path) = &options.trajectories {
            npy::write_trajectories(path, times, &run.states)?;
        }
    } else {
        let run = learned(&dir, file, options, start, record)?;
        npy::write_points(&options.out, &run.ends())?;
        if let Some(path) = &options.trajectories {
            npy::write_trajectories(path, run.times.len(), &run.states)?;
        }
    }
    Ok(())
}

/// The options, with the keys of a file that they stand for.
fn settings(options: &SampleOptions) -> [(&'static str, &Option<String>); 13] {
    [
        ("lens", &options.lens),
        ("sampler", &options.sampler),
        ("grid", &options.grid),
        ("steps", &options.steps),
        ("evaluations", &options.evaluations),
        ("count", &options.count),
        ("seed", &options.seed),
        ("tolerance", &options.tolerance),
        ("noise_level", &options.noise_level),
        ("noise_schedule", &options.noise_schedule),
        // the seed is of start points and noise alike, unless the noise has its own
        (
            "noise_seed",
            if options.noise_seed.is_some() {
                &options.noise_seed
            } else {
                &options.seed
            },
        ),
        ("process", &options.process),
        ("langevin_t", &options.langevin_t),
    ]
}

/// The run as it is to be sampled. A lens that is named alone comes with its usual sampler where the run's is not for it.
fn file_of(dir: &RunDir, options: &SampleOptions) -> Result<RunFile, BadInput> {
    let mut draft = dir.draft()?;
    if let (Some(lens), None) = (&options.lens, &options.sampler) {
        let lens = LENSES.iter().find(|row| row.name == *lens).map(|row| row.lens);
        let own = draft.finish().ok().map(|file| file.sampling.sampler);
        if let (Some(lens), Some(own)) = (lens, own)
            && !suits(lens, own)
        {
            let usual = usual_sampler(lens).name();
            draft.set("sampling.sampler", usual).map_err(|e| option_named(&e))?;
        }
    }
    for (key, value) in settings(options) {
        if let Some(value) = value {
            let key = format!("sampling.{key}");
            draft.set(&key, value).map_err(|e| option_named(&e))?;
        }
    }
    draft.finish().map_err(|e| {
        let named = option_named(&e);
        let place = dir.file("experiment.json");
        // what was typed is not the file's fault
        if named == e { e.within(place.display()) } else { named }
    })
}

/// Messages name what was typed: `--steps`, not `sampling.steps`.
fn option_named(error: &BadInput) -> BadInput {
    let mut text = error.to_string();
    for key in [
        "lens",
        "sampler",
        "grid",
        "steps",
        "evaluations",
        "count",
        "seed",
        "tolerance",
        "noise_level",
        "noise_schedule",
        "noise_seed",
        "process",
        "langevin_t",
    ] {
        text = text.replace(&format!("\"sampling.{key}\""), &format!("--{}", key.replace('_', "-")));
    }
    BadInput::new(text)
}

fn check_states(count: usize, sampling: &Sampling) -> Result<(), BadInput> {
    let states = count as u64 * (u64::from(sampling.steps) + 1);
    if states > MOST_STATES {
        return Err(BadInput::new(format!(
            "{count} points in {} steps are {states} states; the limit is {MOST_STATES}: take fewer points or steps",
            sampling.steps
        )));
    }
    Ok(())
}

fn learned(
    dir: &RunDir,
    file: RunFile,
    options: &SampleOptions,
    start: Option<Vec<Point>>,
    record: bool,
) -> Result<Trajectories, Failure> {
    let sampling = file.sampling;
    let lab = Arc::new(dir.lab(file)?);
    let mut session = Session::new(options.backend.into(), None)?;
    session.apply(&lab);
    let start = start.map(|points| points.iter().map(|p| p.map(|v| v as f32)).collect());
    Ok(session.sample(ONLY_RUN, &sampling, start, record)?)
}

/// Along the exact field, from the same start points as the learned one, between the ends that the field has.
fn exact(file: &RunFile, start: Option<Vec<Point>>, record: bool) -> Result<Recorded<f64>, Failure> {
    truth::of(&file.experiment).map_err(BadInput::new)?;
    exact_trajectories(&file.experiment, &file.sampling, start, record)
        .map_err(|e| Failure::Machine(format!("{e}; loosen it with --tolerance")))
}
