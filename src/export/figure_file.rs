//! Figures as files: layout, then the target that the format asks for.

use super::layout::{natural_size, sheet};
use super::sheet::Sheet;
use super::{lab_within, pdf, png, raster, svg};
use crate::lab::{BadInput, FigureOptions};
use crate::picture::figure::Figure;

/// Why there is no file.
#[derive(Clone, Debug, PartialEq)]
pub enum FigureError {
    /// Width and height that no file can have.
    Size(u32, u32),
    /// Options that no file can have.
    Options(BadInput),
    /// The encoder's own words.
    Encoding(String),
}

impl std::fmt::Display for FigureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Size(w, h) => write!(
                f,
                "there is no memory for a figure of {w} x {h} pixels; make it smaller or lower its resolution"
            ),
            Self::Options(bad) => bad.fmt(f),
            Self::Encoding(why) => write!(f, "the figure could not be written: {why}"),
        }
    }
}

impl std::error::Error for FigureError {}

/// A format of still figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureFormat {
    /// Pixels.
    Png,
    /// Shapes and text, to edit and for the web.
    Svg,
    /// Shapes and embedded letters, for papers.
    Pdf,
}

/// Every format: extension, one line of explanation.
pub const FIGURE_FORMATS: [(FigureFormat, &str, &str); 3] = [
    (FigureFormat::Png, "png", "pixels, at any resolution"),
    (
        FigureFormat::Svg,
        "svg",
        "shapes and text in named layers, to edit and for the web",
    ),
    (FigureFormat::Pdf, "pdf", "shapes and embedded letters, for papers"),
];

/// The page of a figure whose options have been checked.
///
/// # Errors
/// Options that no file can have.
pub fn checked_sheet(figure: &Figure, options: &FigureOptions) -> Result<(Sheet, [u32; 2]), FigureError> {
    let own = natural_size(figure, options);
    options.check(own).map_err(FigureError::Options)?;
    Ok((sheet(figure, options), options.pixels(own)))
}

/// The file of a figure. `lab`: the text of the lab that made it, put where the format has room for it.
///
/// # Errors
/// Options that no file can have; what an encoder cannot write.
pub fn figure_file(
    figure: &Figure,
    options: &FigureOptions,
    format: FigureFormat,
    lab: Option<&str>,
) -> Result<Vec<u8>, FigureError> {
    let (sheet, pixels) = checked_sheet(figure, options)?;
    let code = || lab.map(lab_within::code);
    match format {
        FigureFormat::Png => png::png(&sheet, pixels, options.dpi, lab),
        FigureFormat::Svg => svg::svg(&sheet, code().as_deref()).map(String::into_bytes),
        FigureFormat::Pdf => pdf::pdf(&sheet, code().as_deref()),
    }
}

/// A figure as pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct FigurePixels {
    /// Straight colors, row by row from the top.
    pub rgba: Vec<u8>,
    /// Width and height of these.
    pub size: [u32; 2],
    /// Width and height of the file.
    pub full: [u32; 2],
}

/// The pixels of a figure; with `within`, shrunk to lie within so many.
///
/// # Errors
/// Options that no file can have.
pub fn figure_pixels(
    figure: &Figure,
    options: &FigureOptions,
    within: Option<[u32; 2]>,
) -> Result<FigurePixels, FigureError> {
    let (sheet, full) = checked_sheet(figure, options)?;
    let room = within.unwrap_or(full);
    let shrink = (0..2)
        .map(|i| f64::from(room[i]) / f64::from(full[i]))
        .fold(1.0, f64::min);
    let size = full.map(|side| (f64::from(side) * shrink).round().max(1.0) as u32);
    let pixmap = raster::pixmap(&sheet, size).ok_or(FigureError::Size(size[0], size[1]))?;
    Ok(FigurePixels {
        rgba: pixmap.take_demultiplied().as_slice().to_vec(),
        size,
        full,
    })
}

#[cfg(test)]
pub(crate) mod tests;
