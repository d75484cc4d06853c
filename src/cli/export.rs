//! `export`: a run's data or weights as a file for other programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arguments::{ExportOptions, number, whole};
use super::failure::Failure;
use super::first::{Bar, change, run_asked};
use super::lab_source::lab_of;
use super::print;
use crate::export::data::{DataAsk, what_of};
use crate::export::data_file::{DataError, check_beside, form_of, write_data};
use crate::lab::{BadInput, MOST_POINTS};
use crate::picture::studio::Studio;

/// The most points along a side of the field's grid: a million points.
const MOST_GRID: u64 = 1000;

/// Does what `rectiflow export` says.
///
/// # Errors
/// Input that cannot be used; a device or a training that fails; a file that cannot be written.
pub fn export(options: &ExportOptions) -> Result<(), Failure> {
    let what = what_of(&options.data)?;
    // before anything is trained for nothing
    check_beside(&options.out, form_of(&options.out, what)?)?;
    let t = number("t", &options.t, 0.0, 1.0)?;
    let count = whole("count", &options.count, 1, MOST_POINTS as u64)? as usize;
    let grid = whole("grid", &options.grid, 2, MOST_GRID)? as usize;
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
    let watch = &mut |progress: &_| bar.show(progress);
    let files = write_data(&mut studio, what, &ask, &options.out, !options.no_lab, watch)?;
    bar.clear();
    let how = if trained { " (trained first)" } else { "" };
    let files: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    print(&format!(
        "{} of {}{how}: written to {}\n",
        options.data,
        source.name,
        files.join(" and ")
    ));
    Ok(())
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Input(bad) => Self::Input(bad),
            DataError::Studio(error) => error.into(),
            DataError::Write(fault) => fault.into(),
        }
    }
}
