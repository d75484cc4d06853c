//! `export`: a run's data or weights as a file for other programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::arguments::{ExportOptions, number, whole};
use super::failure::Failure;
use super::first::{Bar, change, run_asked};
use super::lab_source::lab_of;
use super::print;
use crate::export::data::{Data, DataAsk, What, what_of};
use crate::export::npz::Npz;
use crate::export::{atomic, lab_within, python, weights};
use crate::lab::{BadInput, MOST_POINTS, lab_text, nearest};
use crate::picture::studio::Studio;

/// The most points along a side of the field's grid: a million points.
const MOST_GRID: u64 = 1000;

/// A file's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Npz,
    Safetensors,
}

/// Does what `rectiflow export` says.
///
/// # Errors
/// Input that cannot be used; a device or a training that fails; a file that cannot be written.
pub fn export(options: &ExportOptions) -> Result<(), Failure> {
    let what = what_of(&options.data)?;
    let form = form_of(&options.out, what)?;
    let t = number("t", &options.t, 0.0, 1.0)?;
    let count = whole("count", &options.count, 1, MOST_POINTS as u64)? as usize;
    let grid = whole("grid", &options.grid, 2, MOST_GRID)? as usize;
    let script = (form == Form::Safetensors).then(|| options.out.with_extension("py"));
    if let Some(script) = &script {
        check_free(script)?;
    }
    let mut source = lab_of(&options.what)?;
    change(&mut source, &options.what, &options.first)?;
    let run = run_asked(options.run.as_deref(), &source.lab)?;
    let known: BTreeMap<_, _> = source.measures.into_iter().map(|(id, m)| (id, Arc::new(m))).collect();
    let mut studio = Studio::open(&source.lab, options.first.backend.into(), known)?;
    let mut bar = Bar::default();
    let trained = studio.train_untrained(&mut |progress| bar.show(progress))?;
    let Some(run) = studio.run(run).map(|run| run.id) else {
        return Err(BadInput::new("the lab has no runs").into());
    };
    let ask = DataAsk { run, t, count, grid };
    let data = Data::collect(&mut studio, what, &ask, &mut |progress| bar.show(progress))?;
    bar.clear();
    let lab = (!options.no_lab).then(|| lab_text(&studio.trained_lab()));
    match data {
        Some(data) => {
            let bytes = if form == Form::Csv {
                data.csv().into_bytes()
            } else {
                let mut npz = Npz::default();
                data.fill(&mut npz);
                if let Some(lab) = &lab {
                    npz.lab(lab);
                }
                npz.finish()
            };
            atomic::write(&options.out, &bytes)?;
        }
        None => write_weights(&mut studio, &ask, form, options, lab.as_deref())?,
    }
    let how = if trained { " (trained first)" } else { "" };
    let beside = script.map_or(String::new(), |s| format!(", and {}", s.display()));
    print(&format!(
        "{} of {}{how}: written to {}{beside}\n",
        options.data,
        source.name,
        options.out.display()
    ));
    Ok(())
}

/// The form that a file's name ends in.
///
/// # Errors
/// Another ending, or one that does not fit the data.
fn form_of(path: &Path, what: What) -> Result<Form, BadInput> {
    let forms: &[(&str, Form)] = if what == What::Weights {
        &[("safetensors", Form::Safetensors), ("npz", Form::Npz)]
    } else {
        &[("csv", Form::Csv), ("npz", Form::Npz)]
    };
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    forms.iter().find(|f| f.0 == ending).map(|f| f.1).ok_or_else(|| {
        let endings = || forms.iter().map(|f| f.0);
        let near = nearest(&ending, endings()).map_or(String::new(), |n| format!(" (did you mean .{n}?)"));
        let endings: Vec<&str> = endings().collect();
        BadInput::new(format!(
            "--out {} must end in .{}{near}",
            path.display(),
            endings.join(" or .")
        ))
    })
}

/// That the Python file's place is free, or holds one of ours.
fn check_free(script: &Path) -> Result<(), BadInput> {
    match std::fs::read(script) {
        Ok(bytes) if !bytes.starts_with(python::BEGINS.as_bytes()) => Err(BadInput::new(format!(
            "{} is there already and is not an exported one: the Python file beside the weights would replace it; choose another --out",
            script.display()
        ))),
        _ => Ok(()),
    }
}

fn write_weights(
    studio: &mut Studio,
    ask: &DataAsk,
    form: Form,
    options: &ExportOptions,
    lab: Option<&str>,
) -> Result<(), Failure> {
    let out = &options.out;
    let checkpoint = studio.checkpoint(ask.run).unwrap_or_default();
    let Some(run) = studio.run(Some(ask.run)) else {
        return Ok(());
    };
    let (experiment, shape) = (&run.experiment, &run.experiment.network);
    if form == Form::Npz {
        let mut npz = Npz::default();
        for (name, axes, values) in weights::tensors(shape, &checkpoint.ema) {
            npz.array(&name, &axes, values.iter().copied());
        }
        if let Some(lab) = lab {
            npz.lab(lab);
        }
        return Ok(atomic::write(out, &npz.finish())?);
    }
    let mut metadata = vec![
        ("experiment", serde_json::to_string(experiment).unwrap_or_default()),
        ("velocity", python::conversion(run)),
    ];
    metadata.extend(lab.map(|lab| (lab_within::KEYWORD, lab_within::code(lab))));
    weights::write(out, shape, &checkpoint.ema, &metadata)?;
    let script = python::python_file(run, out);
    Ok(atomic::write(&out.with_extension("py"), script.as_bytes())?)
}
