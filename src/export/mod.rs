//! Files out. Figures: [`layout`] gives a figure a page ([`sheet`]), which [`png`], [`svg`] and [`pdf`] draw. [`data`]: CSV, NPY
//! and NPZ; weights as safetensors with a Python file beside them ([`python`]). [`animation`]: GIF, APNG, numbered PNG, MP4. What made a file travels in it ([`lab_within`]). All are written beside and renamed ([`atomic`]). Reading NPY and CSV points is `lab`'s, because
//! experiments name such files.

pub mod animation;
pub mod atomic;
pub mod autosave;
pub mod data;
pub mod data_file;
mod figure_file;
mod font_subset;
pub mod lab_files;
pub mod lab_within;
pub mod layout;
pub mod letters;
pub mod npy;
pub mod npz;
pub mod pdf;
pub mod png;
pub mod python;
mod raster;
pub mod sheet;
pub mod svg;
pub mod tables;
pub mod weights;

pub use figure_file::{
    FIGURE_FORMATS, FigureError, FigureFormat, FigurePixels, checked_sheet, figure_file, figure_pixels,
};
