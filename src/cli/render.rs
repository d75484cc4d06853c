//! `render`: a view of a run, a lab or a preset as a figure, with no window and no GPU.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::arguments::{RenderOptions, number};
use super::failure::Failure;
use super::first::{Bar, change, run_asked};
use super::lab_source::lab_of;
use super::print;
use crate::export::animation::{
    ANIMATION_FORMATS, AnimationError, AnimationOptions, FilmAsk, Over, animate, animation_format, over_of,
};
use crate::export::lab_files::text_with_files;
use crate::export::{FIGURE_FORMATS, FigureError, FigureFormat, atomic, figure_file};
use crate::lab::{BadInput, FigureOptions, FigureSize, Lab, RunId, nearest};
use crate::picture::studio::{Progress, Studio};
use crate::picture::views::{Ask, Motion, view_of};

/// Does what `rectiflow render` says.
///
/// # Errors
/// Input that cannot be used; a device or a training that fails; a file that cannot be written.
pub fn render(options: &RenderOptions) -> Result<(), Failure> {
    let view = view_of(&options.view)?;
    let film = match animation_format(&options.out) {
        Some(_) => Some(film_options(options)?),
        None => None,
    };
    let format = if film.is_some() {
        FigureFormat::Png
    } else {
        format_of(&options.out)?
    };
    let figure_options = figure_options(options)?;
    let mut source = lab_of(&options.what)?;
    change(&mut source, &options.what, &options.first)?;
    let ask = ask_of(options, &source.lab, &figure_options)?;
    let known: BTreeMap<_, _> = source.measures.into_iter().map(|(id, m)| (id, Arc::new(m))).collect();
    let is_held = film.is_some_and(|f| f.over == Over::Flow) && view.motion == Motion::Still;
    let mut studio = Studio::open(&source.lab, options.first.backend.into(), known)?;
    let mut bar = Bar::default();
    let trained = studio.train_untrained(&mut |progress| bar.show(progress))?;
    let text_of = |studio: &mut Studio| (!options.no_lab).then(|| text_with_files(&studio.trained_lab()));
    if let Some(film) = film {
        let lab = text_of(&mut studio);
        let watch = &mut |progress: &Progress| bar.show(progress);
        let shot = FilmAsk {
            view,
            ask: &ask,
            figure: &figure_options,
            options: &film,
            out: &options.out,
            lab: lab.as_deref(),
        };
        animate(&mut studio, &shot, watch)?;
        bar.clear();
    } else {
        let figure = view.figure(&mut studio, &ask, &mut |progress| bar.show(progress))?;
        bar.clear();
        let lab = text_of(&mut studio);
        atomic::write(
            &options.out,
            &figure_file(&figure, &figure_options, format, lab.as_deref())?,
        )?;
    }
    let how = if trained { " (trained first)" } else { "" };
    let how = if is_held {
        format!("{how} (held still: nothing in it changes with flow time; --over training animates it)")
    } else {
        how.to_owned()
    };
    print(&format!(
        "{} of {}{how}: written to {}\n",
        view.name,
        source.name,
        options.out.display()
    ));
    Ok(())
}

/// The format that a file's name ends in.
///
/// # Errors
/// Another ending, with those there are.
fn format_of(path: &Path) -> Result<FigureFormat, BadInput> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let found = FIGURE_FORMATS.iter().find(|(_, extension, _)| *extension == ending);
    found.map(|(format, _, _)| *format).ok_or_else(|| {
        let endings: Vec<&str> = FIGURE_FORMATS
            .iter()
            .map(|f| f.1)
            .chain(ANIMATION_FORMATS.iter().map(|f| f.1))
            .collect();
        let near =
            nearest(&ending, endings.iter().copied()).map_or(String::new(), |n| format!(" (did you mean .{n}?)"));
        BadInput::new(format!(
            "--out {} must end in .{}{near}",
            path.display(),
            endings.join(", .")
        ))
    })
}

fn film_options(options: &RenderOptions) -> Result<AnimationOptions, BadInput> {
    let mut film = AnimationOptions {
        over: over_of(&options.over)?,
        ..AnimationOptions::default()
    };
    for (name, given, slot) in [
        ("fps", &options.fps, &mut film.fps),
        ("seconds", &options.seconds, &mut film.seconds),
        ("hold", &options.hold, &mut film.hold),
    ] {
        if let Some(given) = given {
            *slot = number(name, given, 0.0, 3600.0)?;
        }
    }
    film.frames()?;
    Ok(film)
}

fn figure_options(options: &RenderOptions) -> Result<FigureOptions, BadInput> {
    let mut figure = FigureOptions {
        size: options.size.as_deref().map(FigureSize::parse).transpose()?,
        title: options.title.clone(),
        axes: switch(options.axes, options.no_axes),
        legend: switch(options.legend, options.no_legend),
        caption: options.caption,
        ..FigureOptions::default()
    };
    if let Some(dpi) = &options.dpi {
        figure.dpi = number("dpi", dpi, 10.0, 2400.0)?;
    }
    if let Some(letters) = &options.letters {
        figure.letters = number("letters", letters, 0.25, 8.0)?;
    }
    if let Some(theme) = &options.theme {
        figure.set_theme(theme)?;
    }
    figure.transparent |= options.transparent;
    Ok(figure)
}

const fn switch(on: bool, off: bool) -> Option<bool> {
    match (on, off) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn ask_of(options: &RenderOptions, lab: &Lab, figure: &FigureOptions) -> Result<Ask, BadInput> {
    let mut ask = Ask {
        theme: figure.theme.into(),
        caption: figure.caption,
        ..Ask::default()
    };
    if let Some(t) = &options.t {
        ask.t = number("t", t, 0.0, 1.0)?;
    }
    if let Some(times) = &options.times {
        ask.times = times
            .split(',')
            .map(|t| number("times", t, 0.0, 1.0))
            .collect::<Result<_, _>>()?;
    }
    ask.run = run_asked(options.run.as_deref(), lab)?;
    if let Some(particle) = &options.particle {
        ask.particle = Some(particle_of(particle, lab, ask.run)?);
    }
    Ok(ask)
}

/// A particle by its number, of those that the run's stage has.
fn particle_of(given: &str, lab: &Lab, run: Option<RunId>) -> Result<u32, BadInput> {
    let own = lab.stages.iter().find(|s| run.is_none_or(|run| s.run == run));
    let count = own.or(lab.stages.first()).map_or(1, |s| s.sampling.count).max(1);
    let found = given.parse::<u32>().ok().filter(|n| *n < count);
    found.ok_or_else(|| {
        BadInput::new(format!(
            "--particle is {given}; it must be a whole number from 0 to {}",
            count - 1
        ))
    })
}

impl From<FigureError> for Failure {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Options(bad) => Self::Input(bad),
            other => Self::Machine(other.to_string()),
        }
    }
}

impl From<AnimationError> for Failure {
    fn from(error: AnimationError) -> Self {
        match error {
            AnimationError::Studio(error) => error.into(),
            AnimationError::Figure(error) => error.into(),
            AnimationError::Options(bad) => Self::Input(bad),
            AnimationError::Said(why) => Self::Machine(why),
        }
    }
}
