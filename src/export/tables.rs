//! CSV out: a header of names, then rows of numbers in the shortest form that reads back to the same value.

use std::fmt::{Display, Write as _};
use std::path::Path;

use super::atomic::{self, WriteFault};

/// Writes rows under a header.
///
/// # Errors
/// As [`atomic::write`].
pub fn write_rows<const N: usize, T: Display>(
    path: &Path,
    header: [&str; N],
    rows: impl IntoIterator<Item = [T; N]>,
) -> Result<(), WriteFault> {
    let mut text = header.join(",");
    text.push('\n');
    for row in rows {
        for (i, cell) in row.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            // writing to a String cannot fail
            let _ = write!(text, "{comma}{cell}");
        }
        text.push('\n');
    }
    atomic::write(path, text.as_bytes())
}
