//! Points of the plane from a file: CSV (with or without a header) or NPY of shape (n, 2); and pairs of points, (n, 4).

use std::path::Path;

use super::presets::own_file;
use super::{BadInput, npy};
use crate::flow::Point;
use crate::flow::coupling::PairF64;

/// The most points that are read from one file.
pub const MOST_POINTS: usize = 1_000_000;

/// Largest absolute coordinate or parameter: beyond it f32 keeps fewer than two decimals.
pub const LARGEST: f64 = 1e5;

/// Reads points from a CSV or NPY file; the bytes decide which it is.
///
/// # Errors
/// A file that is missing or unreadable, empty, of another number of columns, ragged, too long, or that holds something
/// that is no finite number; the row is named (1 is the first line of a CSV, 0 the first row of an array).
pub fn read_points(path: &Path) -> Result<Vec<Point>, BadInput> {
    let bytes = read_bytes(path)?;
    points_from_bytes(&bytes).map_err(|e| e.within(path.display()))
}

/// Reads pairs (x0, y0, x1, y1) from a CSV or NPY file, as [`read_points`] does.
///
/// # Errors
/// As [`read_points`], with four columns.
pub fn read_pairs(path: &Path) -> Result<Vec<PairF64>, BadInput> {
    let bytes = read_bytes(path)?;
    pairs_from_bytes(&bytes).map_err(|e| e.within(path.display()))
}

/// Pairs from a file's bytes.
///
/// # Errors
/// As [`read_pairs`].
pub fn pairs_from_bytes(bytes: &[u8]) -> Result<Vec<PairF64>, BadInput> {
    rows_from_bytes(bytes)
}

/// A file's bytes; `preset:NAME` is one that comes with the program.
///
/// # Errors
/// Missing, a folder, or unreadable: says which and what to do.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, BadInput> {
    if let Some(bytes) = path.to_str().and_then(own_file) {
        return Ok(bytes.to_vec());
    }
    std::fs::read(path).map_err(|e| {
        let shown = path.display();
        let why = match e.kind() {
            std::io::ErrorKind::NotFound => "there is no such file; check its name and folder".to_string(),
            std::io::ErrorKind::PermissionDenied => "it may not be read; change its permissions".to_string(),
            std::io::ErrorKind::IsADirectory => "this is a folder; name a file".to_string(),
            _ => format!("it cannot be read: {e}"),
        };
        BadInput::new(format!("{shown}: {why}"))
    })
}

/// Points from a file's bytes.
///
/// # Errors
/// As [`read_points`].
pub fn points_from_bytes(bytes: &[u8]) -> Result<Vec<Point>, BadInput> {
    rows_from_bytes(bytes)
}

/// What rows of `N` numbers are.
const fn words<const N: usize>() -> (&'static str, &'static str, &'static str) {
    if N == 4 {
        ("pairs", "x0, y0, x1, y1", "four: x0, y0, x1, y1")
    } else {
        ("points", "x, y", "two: x and y")
    }
}

fn rows_from_bytes<const N: usize>(bytes: &[u8]) -> Result<Vec<[f64; N]>, BadInput> {
    if bytes.starts_with(b"PK\x03\x04") {
        let text = "this is an archive (NPZ or ZIP); save the one array with numpy.save";
        return Err(BadInput::new(text));
    }
    let rows = if bytes.starts_with(b"\x93NUMPY") {
        rows_from_npy(bytes)?
    } else {
        rows_from_csv(bytes)?
    };
    if rows.is_empty() {
        let (things, columns, _) = words::<N>();
        return Err(BadInput::new(format!(
            "it holds no {things}; give at least one row of {columns}"
        )));
    }
    Ok(rows)
}

fn rows_from_npy<const N: usize>(bytes: &[u8]) -> Result<Vec<[f64; N]>, BadInput> {
    let array = npy::decode(bytes)?;
    if array.shape.len() != 2 || array.shape[1] != N {
        let (things, columns, _) = words::<N>();
        return Err(BadInput::new(format!(
            "its shape is {:?}, where {things} need (n, {N}): one row each, {columns}",
            array.shape
        )));
    }
    too_many::<N>(array.shape[0])?;
    let rows = array.values.as_chunks::<N>().0;
    for (number, row) in rows.iter().enumerate() {
        check_coordinates(row).map_err(|e| e.within(format!("row {number}")))?;
    }
    Ok(rows.to_vec())
}

fn rows_from_csv<const N: usize>(bytes: &[u8]) -> Result<Vec<[f64; N]>, BadInput> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    let mut first = true;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(rows),
            Err(_) => {
                let row = reader.position().line();
                return Err(BadInput::new(format!(
                    "row {row} is not text; save the file as CSV in UTF-8"
                )));
            }
        }
        let row = record.position().map_or(0, csv::Position::line);
        if std::mem::take(&mut first) && record.len() >= 2 && record.iter().all(is_word) {
            continue;
        }
        if record.len() == 1 && record[0].contains([';', '\t', ' ']) {
            let what = "separated by a comma, as in 0.5,-1.25";
            return Err(BadInput::new(format!("row {row} has no comma; columns must be {what}")));
        }
        if record.len() != N {
            let columns = if record.len() == 1 { "column" } else { "columns" };
            return Err(BadInput::new(format!(
                "row {row} has {} {columns}, where every row needs {}",
                record.len(),
                words::<N>().2
            )));
        }
        let number = |text: &str| {
            text.parse::<f64>()
                .map_err(|_| BadInput::new(format!("row {row}: \"{}\" is not a number", shorten(text))))
        };
        let mut numbers = [0.0; N];
        for (into, cell) in numbers.iter_mut().zip(&record) {
            *into = number(cell)?;
        }
        check_coordinates(&numbers).map_err(|e| e.within(format!("row {row}")))?;
        rows.push(numbers);
        too_many::<N>(rows.len())?;
    }
}

/// Whether a cell of the first row is a column's name rather than a number.
fn is_word(cell: &str) -> bool {
    cell.parse::<f64>().is_err() && !cell.is_empty()
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(30).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn too_many<const N: usize>(len: usize) -> Result<(), BadInput> {
    if len > MOST_POINTS {
        return Err(BadInput::new(format!(
            "it holds more than {MOST_POINTS} {}, which is the limit; thin it out",
            words::<N>().0
        )));
    }
    Ok(())
}

fn check_coordinates(point: &[f64]) -> Result<(), BadInput> {
    if point.iter().any(|v| !v.is_finite()) {
        return Err(BadInput::new(format!(
            "{point:?} is not finite; remove the row or mend it"
        )));
    }
    if point.iter().any(|v| v.abs() > LARGEST) {
        return Err(BadInput::new(format!(
            "{point:?} lies beyond the limit of {LARGEST}; scale the points down"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        points_from_bytes(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn csv_with_and_without_a_header() {
        let expected = vec![[1.0, 2.0], [-0.5, 3e2]];
        assert_eq!(points_from_bytes(b"1,2\n-0.5,3e2\n").unwrap(), expected);
        assert_eq!(points_from_bytes(b"x, y\r\n1, 2\r\n-0.5,3e2").unwrap(), expected);
        assert_eq!(
            points_from_bytes(b"\xef\xbb\xbfx,y\n# a remark\n\n1,2\n-0.5,3e2").unwrap(),
            expected
        );
    }

    #[test]
    fn bad_rows_are_named() {
        assert!(fault("").contains("no points"));
        assert!(fault("x,y\n").contains("no points"));
        assert!(fault("1\n2\n").contains("row 1 has 1 column,"));
        assert!(fault("1,2\n3,4,5\n").contains("row 2 has 3 columns"));
        assert!(fault("x,y\n1,2\n3\n").contains("row 3 has 1 column,"));
        assert!(fault("1,2\n3,four\n").contains("row 2: \"four\""));
        assert!(fault("1,2\nnan,4\n").contains("row 2"));
        assert!(fault("1,2\n1,inf\n").contains("finite"));
        assert!(fault("1;2\n").contains("comma"));
        assert!(fault("PK\x03\x04").contains("numpy.save"));
        assert!(fault("1e300,2\n").contains("limit"));
        assert!(
            points_from_bytes(b"1,2\n\xff\xfe,3\n")
                .unwrap_err()
                .to_string()
                .contains("UTF-8")
        );
    }
}
