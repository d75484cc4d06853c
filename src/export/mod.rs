//! Files out. Figures: [`layout`] gives a figure a page ([`sheet`]), which [`png`], [`svg`] and [`pdf`] draw. Data: NPY, CSV,
//! safetensors weights. All are written beside and renamed ([`atomic`]). Reading NPY and CSV points is `lab`'s, because
//! experiments name such files.

pub mod atomic;
mod figure_file;
mod font_subset;
pub mod layout;
pub mod letters;
pub mod npy;
pub mod pdf;
pub mod png;
mod raster;
pub mod sheet;
pub mod svg;
pub mod tables;
pub mod weights;

pub use figure_file::{FIGURE_FORMATS, FigureError, FigureFormat, checked_sheet, figure_file};
