//! `data`: independent draws from a distribution.

use super::arguments::{DataOptions, whole};
use super::failure::Failure;
use crate::export::{npy, tables};
use crate::flow::random::Stream;
use crate::lab::{BadInput, distribution};

/// The most points of one call: 80 MB.
const MOST: u64 = 10_000_000;

/// Does what `rectiflow data` says.
///
/// # Errors
/// Input that cannot be used; a file that cannot be written.
pub fn data(options: &DataOptions) -> Result<(), Failure> {
    let distribution = distribution(&options.kind, &options.set)?;
    let count = whole("count", &options.count, 1, MOST)? as usize;
    let seed = whole("seed", &options.seed, 0, u64::MAX)?;
    let extension = options.out.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
    let is_csv = match extension.as_deref() {
        Some("csv") => true,
        Some("npy") => false,
        _ => {
            let text = format!("--out is {}; its name must end in .npy or .csv", options.out.display());
            return Err(BadInput::new(text).into());
        }
    };
    let points = distribution.samples(seed, Stream::Data, count);
    if is_csv {
        tables::write_rows(&options.out, ["x", "y"], points)?;
    } else {
        npy::write_points(&options.out, &points)?;
    }
    Ok(())
}
