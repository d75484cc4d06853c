//! `field`: a run's velocity at given points and one flow time.

use std::sync::Arc;

use super::arguments::FieldOptions;
use super::failure::Failure;
use super::run::ONLY_RUN;
use super::run_dir::RunDir;
use crate::engine::session::Session;
use crate::engine::truth;
use crate::export::npy;
use crate::lab::{BadInput, nearest, read_points};

/// What can be evaluated: name, one line.
pub const QUANTITIES: [(&str, &str); 1] = [("velocity", "v(x, t), data units per unit t, shape (n, 2)")];

/// Does what `rectiflow field` says.
///
/// # Errors
/// Input that cannot be used; a device that fails; a file that cannot be written.
pub fn field(options: &FieldOptions) -> Result<(), Failure> {
    let names = QUANTITIES.map(|(name, _)| name);
    if !names.contains(&options.quantity.as_str()) {
        let near = nearest(&options.quantity, names).map_or(String::new(), |n| format!(" (did you mean \"{n}\"?)"));
        let text = format!(
            "there is no quantity \"{}\"{near}; available: {}",
            options.quantity,
            names.join(", ")
        );
        return Err(BadInput::new(text).into());
    }
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
        npy::write_points(&options.out, &truth.field.velocities(&points, t))?;
        return Ok(());
    }
    let lab = Arc::new(dir.lab(file)?);
    let mut session = Session::new(options.backend.into(), None)?;
    session.apply(&lab);
    let points: Vec<[f32; 2]> = points.iter().map(|p| p.map(|v| v as f32)).collect();
    let velocities = session.velocity(ONLY_RUN, &points, t)?;
    let single: Vec<[f32; 2]> = velocities.iter().map(|v| v.map(|c| c as f32)).collect();
    npy::write_points(&options.out, &single)?;
    Ok(())
}
