//! A run's data or weights as a file: the form that its name asks for, and what stands beside it.

use std::path::{Path, PathBuf};

use super::atomic::{self, WriteFault};
use super::data::{Data, DataAsk, What};
use super::lab_files::text_with_files;
use super::npz::Npz;
use super::{lab_within, python, weights};
use crate::lab::{BadInput, nearest};
use crate::picture::studio::{Studio, StudioError, Watch};

/// A file's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A header and rows of numbers.
    Csv,
    /// Arrays by name.
    Npz,
    /// Weights, with a Python file beside them.
    Safetensors,
}

/// Why there is no file.
#[derive(Debug)]
pub enum DataError {
    /// Input that cannot be used.
    Input(BadInput),
    /// The studio's trouble, or that it was canceled.
    Studio(StudioError),
    /// What the disk says.
    Write(WriteFault),
}

impl std::fmt::Display for DataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input(e) => e.fmt(f),
            Self::Studio(e) => e.fmt(f),
            Self::Write(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for DataError {}

impl From<BadInput> for DataError {
    fn from(error: BadInput) -> Self {
        Self::Input(error)
    }
}

impl From<StudioError> for DataError {
    fn from(error: StudioError) -> Self {
        Self::Studio(error)
    }
}

impl From<WriteFault> for DataError {
    fn from(error: WriteFault) -> Self {
        Self::Write(error)
    }
}

/// The endings that data of this kind can have, the usual one first.
pub const fn endings(what: What) -> [(&'static str, Form); 2] {
    if matches!(what, What::Weights) {
        [("safetensors", Form::Safetensors), ("npz", Form::Npz)]
    } else {
        [("csv", Form::Csv), ("npz", Form::Npz)]
    }
}

/// The form that a file's name ends in.
///
/// # Errors
/// Another ending, or one that does not fit the data.
pub fn form_of(path: &Path, what: What) -> Result<Form, BadInput> {
    let forms = endings(what);
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    forms.iter().find(|f| f.0 == ending).map(|f| f.1).ok_or_else(|| {
        let near = nearest(&ending, forms.map(|f| f.0)).map_or(String::new(), |n| format!(" (did you mean .{n}?)"));
        BadInput::new(format!(
            "--out {} must end in .{}{near}",
            path.display(),
            forms.map(|f| f.0).join(" or .")
        ))
    })
}

/// That the place of the Python file beside weights is free, or holds one of ours.
///
/// # Errors
/// Somebody's own file, which would be lost.
pub fn check_beside(path: &Path, form: Form) -> Result<(), BadInput> {
    let script = path.with_extension("py");
    if form != Form::Safetensors {
        return Ok(());
    }
    match std::fs::read(&script) {
        Ok(bytes) if !bytes.starts_with(python::BEGINS.as_bytes()) => Err(BadInput::new(format!(
            "{} is there already and is not an exported one: the Python file beside the weights would replace it; choose another name",
            script.display()
        ))),
        _ => Ok(()),
    }
}

/// Collects the data and writes the file, with the lab that made it (beside a CSV) where `with_lab` says so;
/// the files that were written.
///
/// # Errors
/// A name of another form, somebody's file in the way, a backend's fault, a disk's, or that the watcher wants no more.
pub fn write_data(
    studio: &mut Studio,
    what: What,
    ask: &DataAsk,
    out: &Path,
    with_lab: bool,
    watch: Watch,
) -> Result<Vec<PathBuf>, DataError> {
    let form = form_of(out, what)?;
    check_beside(out, form)?;
    let data = Data::collect(studio, what, ask, watch)?;
    let lab = with_lab.then(|| text_with_files(&studio.trained_lab()));
    let Some(data) = data else {
        return write_weights(studio, ask, form, out, lab.as_deref());
    };
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
    atomic::write(out, &bytes)?;
    let mut files = vec![out.to_path_buf()];
    if let (Form::Csv, Some(lab)) = (form, &lab) {
        let beside = lab_within::beside(out);
        atomic::write(&beside, lab.as_bytes())?;
        files.push(beside);
    }
    Ok(files)
}

fn write_weights(
    studio: &mut Studio,
    ask: &DataAsk,
    form: Form,
    out: &Path,
    lab: Option<&str>,
) -> Result<Vec<PathBuf>, DataError> {
    let checkpoint = studio.checkpoint(ask.run).unwrap_or_default();
    let Some(run) = studio.run(Some(ask.run)) else {
        return Ok(Vec::new());
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
        atomic::write(out, &npz.finish())?;
        return Ok(vec![out.to_path_buf()]);
    }
    let mut metadata = vec![
        ("experiment", serde_json::to_string(experiment).unwrap_or_default()),
        ("velocity", python::conversion(run)),
    ];
    metadata.extend(lab.map(|lab| (lab_within::KEYWORD, lab_within::code(lab))));
    weights::write(out, shape, &checkpoint.ema, &metadata)?;
    let script = out.with_extension("py");
    atomic::write(&script, python::python_file(run, out).as_bytes())?;
    Ok(vec![out.to_path_buf(), script])
}
