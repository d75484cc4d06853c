//! `share`: a lab's settings as one line of text.

use super::arguments::ShareOptions;
use super::failure::Failure;
use super::{lab_source, print};
use crate::lab::share_string;

/// Prints the share string.
///
/// # Errors
/// No such lab; one that reads files of this machine.
pub fn share(options: &ShareOptions) -> Result<(), Failure> {
    let source = lab_source::lab_of(&options.what)?;
    print(&format!("{}\n", share_string(&source.lab)?));
    Ok(())
}
