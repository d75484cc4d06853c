//! `render`: a view of a run, a lab or a preset as a figure, with no window and no GPU.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::RenderOptions;
use super::failure::Failure;
use super::lab_source::{Source, lab_of};
use super::print;
use crate::export::{FIGURE_FORMATS, FigureError, FigureFormat, atomic, figure_file};
use crate::flow::coupling::ModelPairs;
use crate::lab::{BadInput, Draft, FigureOptions, FigureSize, Lab, LabRun, Origin, RunFile, RunId, nearest};
use crate::picture::studio::{Progress, Studio, StudioError, Work};
use crate::picture::views::{Ask, view_of};

/// Rounds of reflow that `--rounds` may ask for.
const MOST_ROUNDS: u64 = 16;

/// Does what `rectiflow render` says.
///
/// # Errors
/// Input that cannot be used; a device or a training that fails; a file that cannot be written.
pub fn render(options: &RenderOptions) -> Result<(), Failure> {
    let view = view_of(&options.view)?;
    let format = format_of(&options.out)?;
    let figure_options = figure_options(options)?;
    let mut source = lab_of(&options.what)?;
    change(&mut source, options)?;
    let ask = ask_of(options, &source.lab, &figure_options)?;
    let known: BTreeMap<_, _> = source.measures.into_iter().map(|(id, m)| (id, Arc::new(m))).collect();
    let mut studio = Studio::open(&source.lab, options.backend.into(), known)?;
    let mut bar = Bar::default();
    let trained = studio.train_untrained(&mut |progress| bar.show(progress))?;
    let figure = view.figure(&mut studio, &ask, &mut |progress| bar.show(progress))?;
    bar.clear();
    let bytes = figure_file(&figure, &figure_options, format, None)?;
    atomic::write(&options.out, &bytes)?;
    let how = if trained { " (trained first)" } else { "" };
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
        let endings = FIGURE_FORMATS.map(|(_, extension, _)| extension);
        let near = nearest(&ending, endings).map_or(String::new(), |n| format!(" (did you mean .{n}?)"));
        BadInput::new(format!(
            "--out {} must end in .{}{near}",
            path.display(),
            endings.join(", .")
        ))
    })
}

fn number(option: &str, text: &str, least: f64, most: f64) -> Result<f64, BadInput> {
    let value = text.trim().parse::<f64>().unwrap_or(f64::NAN);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(BadInput::new(format!(
        "--{option} is {text}; it must be a number from {least} to {most}"
    )))
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

/// Sets keys of an experiment that is yet to be trained, and adds rounds.
fn change(source: &mut Source, options: &RenderOptions) -> Result<(), BadInput> {
    let settings = options.set.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let steps = options.steps.iter().map(|s| ("steps", s.as_str()));
    let seed = options
        .seed
        .iter()
        .flat_map(|s| [("seed", s.as_str()), ("sampling.seed", s.as_str())]);
    let all: Vec<(&str, &str)> = steps.chain(seed).chain(settings).collect();
    if !all.is_empty() {
        let (run, stage) = (&source.lab.runs[0], &source.lab.stages[0]);
        let mut draft = Draft::of(&RunFile {
            experiment: run.experiment.clone(),
            sampling: stage.sampling,
        });
        for (key, value) in all {
            draft.set(key, value)?;
        }
        let file = draft.finish()?;
        if run.record.is_some() && file.experiment != run.experiment {
            return Err(BadInput::new(format!(
                "{} is trained: only sampling.* can be set; give a preset or an experiment file to train another",
                options.what
            )));
        }
        source.lab.runs[0].experiment = file.experiment;
        source.lab.stages[0].sampling = file.sampling;
    }
    if let Some(rounds) = &options.rounds {
        let rounds = super::arguments::whole("rounds", rounds, 1, MOST_ROUNDS)?;
        add_rounds(&mut source.lab, rounds);
    }
    Ok(())
}

/// Reflows of the first run until there are so many rounds.
fn add_rounds(lab: &mut Lab, rounds: u64) {
    let sampling = lab.stages[0].sampling;
    let mut parent = lab.runs[0].id;
    for _ in 1..rounds {
        let child = |run: &&LabRun| matches!(run.origin, Origin::Reflow { parent: p, .. } if p == parent);
        if let Some(child) = lab.runs.iter().find(child) {
            parent = child.id;
            continue;
        }
        let id: RunId = lab.runs.iter().map(|r| r.id).max().unwrap_or(0).saturating_add(1);
        let of = lab.run(parent).map(|r| r.experiment.clone()).unwrap_or_default();
        let mut experiment = of.on_pairs_of_a_flow(ModelPairs {
            sampler: sampling.sampler,
            steps: sampling.steps,
            ..ModelPairs::default()
        });
        experiment.seed = experiment.seed.wrapping_add(1);
        lab.runs.push(LabRun {
            id,
            experiment,
            origin: Origin::Reflow {
                parent,
                from_parent: true,
            },
            record: None,
        });
        parent = id;
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
    if let Some(run) = &options.run {
        let id = super::arguments::whole("run", run, 0, u64::from(RunId::MAX))? as RunId;
        if lab.run(id).is_none() {
            let ids: Vec<String> = lab.runs.iter().map(|r| r.id.to_string()).collect();
            return Err(BadInput::new(format!(
                "--run is {id}; the lab's runs are {}",
                ids.join(", ")
            )));
        }
        ask.run = Some(id);
    }
    Ok(ask)
}

/// A bar on a terminal; says once what it is that takes time.
#[derive(Default)]
struct Bar {
    bar: Option<(String, ProgressBar)>,
}

impl Bar {
    fn show(&mut self, progress: &Progress) -> bool {
        let what = match progress.work {
            Work::Training => format!("training {:?} first, {} steps", progress.run, progress.total),
            Work::Pairs => format!("making {} pairs for {:?}", progress.total, progress.run),
            Work::Measures => format!("measuring {:?}", progress.run),
            Work::Frames => format!("drawing {} frames", progress.total),
        };
        if self.bar.as_ref().is_none_or(|(said, _)| *said != what) {
            self.clear();
            eprintln!("rectiflow: {what}");
            let bar = ProgressBar::new(progress.total);
            let style = ProgressStyle::with_template("{bar:40} {pos}/{len}  {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bar = Some((what, bar));
        }
        if let Some((_, bar)) = &self.bar {
            bar.set_position(progress.done);
        }
        true
    }

    fn clear(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl From<StudioError> for Failure {
    fn from(error: StudioError) -> Self {
        match error {
            StudioError::Fault(fault) => fault.into(),
            other => Self::Machine(other.to_string()),
        }
    }
}

impl From<FigureError> for Failure {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Options(bad) => Self::Input(bad),
            other => Self::Machine(other.to_string()),
        }
    }
}
