//! `field`: what is known of a run's field at given points and one flow time.

use std::path::Path;
use std::sync::Arc;

use super::arguments::FieldOptions;
use super::failure::Failure;
use super::run::ONLY_RUN;
use super::run_dir::RunDir;
use crate::engine::session::Session;
use crate::engine::truth;
use crate::export::npy;
use crate::flow::quantity::{QUANTITIES, Quantity, Values};
use crate::lab::{BadInput, nearest, read_points};

/// The quantity of this name.
fn quantity_of(name: &str) -> Result<Quantity, BadInput> {
    Quantity::of_name(name).ok_or_else(|| {
        let names = QUANTITIES.map(|(name, _)| name);
        let near = nearest(name, names).map_or(String::new(), |n| format!(" (did you mean \"{n}\"?)"));
        BadInput::new(format!(
            "there is no quantity \"{name}\"{near}; available: {}",
            names.join(", ")
        ))
    })
}

/// Does what `rectiflow field` says.
///
/// # Errors
/// Input that cannot be used; a device that fails; a file that cannot be written.
pub fn field(options: &FieldOptions) -> Result<(), Failure> {
    let quantity = quantity_of(&options.quantity)?;
    let t: f64 = options.t.parse().unwrap_or(f64::NAN);
    if !(0.0..=1.0).contains(&t) {
        return Err(BadInput::new(format!(
            "--t is {}; it must be a number from 0 (source) to 1 (target)",
            options.t
        ))
        .into());
    }
    let dir = RunDir::open(&options.run)?;
    let file = dir
        .draft()?
        .finish()
        .map_err(|e| e.within(dir.file("experiment.json").display()))?;
    let points = read_points(&options.points)?;
    if options.exact {
        let truth = truth::of(&file.experiment).map_err(BadInput::new)?;
        let values = truth.field.quantity(quantity, &points, t);
        write(&options.out, &values, |v| v)?;
        return Ok(());
    }
    let lab = Arc::new(dir.lab(file)?);
    let mut session = Session::new(options.backend.into(), None)?;
    session.apply(&lab);
    let points: Vec<[f32; 2]> = points.iter().map(|p| p.map(|v| v as f32)).collect();
    let values = session.quantity(ONLY_RUN, quantity, &points, t)?.ok_or_else(|| {
        BadInput::new(format!(
            "--quantity {} is known of the exact field alone: add --exact",
            quantity.name()
        ))
    })?;
    write(&options.out, &values, |v| v as f32)
}

/// The values as NPY, in the precision that `narrow` gives.
fn write<T: npy::Number>(path: &Path, values: &Values, narrow: impl Fn(f64) -> T) -> Result<(), Failure> {
    match values {
        Values::Points(points) => {
            let narrow: Vec<[T; 2]> = points.iter().map(|p| p.map(&narrow)).collect();
            npy::write_points(path, &narrow)?;
        }
        Values::Scalars(scalars) => {
            let narrow: Vec<T> = scalars.iter().map(|s| narrow(*s)).collect();
            npy::write_scalars(path, &narrow)?;
        }
    }
    Ok(())
}
