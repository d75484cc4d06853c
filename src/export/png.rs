//! A [`Picture`] as a PNG file of any size: the marks, quiet axes, a title, and a legend beside or below the plot, never over
//! it. The raster is tiny-skia's, letters are outlines of IBM Plex Sans (`assets/fonts`, SIL Open Font License). The same
//! picture gives the same bytes on every run.

mod axes;
mod legend;
mod letters;
mod marks;

use tiny_skia::{Color, Pixmap};

use crate::picture::color::Theme;
use crate::picture::{Picture, Rgba, Transform};

/// Pixels along the longer side, at most: what viewers and GPUs still open.
pub const LONGEST: u32 = 16_384;

/// Why there is no PNG.
#[derive(Clone, Debug, PartialEq)]
pub enum PngError {
    /// Width and height in pixels, scale included: zero or above [`LONGEST`].
    Size(u32, u32),
    /// A scale that is not a positive number.
    Scale(f32),
    /// The encoder's own words.
    Encoding(String),
}

impl std::fmt::Display for PngError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Size(w, h) => write!(f, "a picture of {w} x {h} pixels: each side must be 1 to {LONGEST}"),
            Self::Scale(s) => write!(f, "a picture's scale must be a positive number, not {s}"),
            Self::Encoding(why) => write!(f, "the PNG could not be encoded: {why}"),
        }
    }
}

impl std::error::Error for PngError {}

/// The PNG file of a picture. `size` is width and height in units of the picture's pixel sizes; the file has `scale` times
/// as many pixels a side, with everything in proportion.
///
/// # Errors
/// Sizes and scales that no file can have.
pub fn png(picture: &Picture, theme: Theme, size: (u32, u32), scale: f32) -> Result<Vec<u8>, PngError> {
    pixmap(picture, theme, size, scale)?
        .encode_png()
        .map_err(|e| PngError::Encoding(e.to_string()))
}

/// The raster of a picture, premultiplied, opaque.
fn pixmap(picture: &Picture, theme: Theme, size: (u32, u32), scale: f32) -> Result<Pixmap, PngError> {
    if !(scale.is_finite() && scale > 0.0) {
        return Err(PngError::Scale(scale));
    }
    let [width, height] = [size.0, size.1].map(|s| (f64::from(s) * f64::from(scale)).round() as u32);
    let good = 1..=LONGEST;
    let new = if good.contains(&width) && good.contains(&height) {
        Pixmap::new(width, height)
    } else {
        None
    };
    let mut canvas = Canvas {
        pixmap: new.ok_or(PngError::Size(width, height))?,
        scale,
    };
    canvas.pixmap.fill(skia(theme.palette().background));
    let page = Page::of(picture, size);
    let transform = Transform::fit(picture.bounds, page.plot.min, page.plot.max);
    axes::grid(&mut canvas, theme, &page, &transform);
    marks::draw(&mut canvas, &page, &transform, &picture.marks);
    axes::labels(&mut canvas, theme, &page, &transform);
    if !picture.title.is_empty() {
        let at = [page.plot.min[0], page.plot.min[1] - 36.0];
        letters::write(
            &mut canvas,
            &picture.title,
            at,
            19.0,
            letters::Anchor::Left,
            theme.palette().text,
        );
    }
    legend::draw(&mut canvas, theme, &page, &picture.legend);
    Ok(canvas.pixmap)
}

/// Where all is drawn, and pixels of the file for one unit of the page.
struct Canvas {
    pixmap: Pixmap,
    scale: f32,
}

/// A rectangle of the page, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area {
    min: [f32; 2],
    max: [f32; 2],
}

impl Area {
    fn contains(&self, p: [f32; 2], margin: f32) -> bool {
        (0..2).all(|i| p[i] >= self.min[i] - margin && p[i] <= self.max[i] + margin)
    }
}

/// How the page is divided.
#[derive(Clone, Copy, Debug)]
struct Page {
    plot: Area,
    legend: Area,
}

impl Page {
    fn of(picture: &Picture, size: (u32, u32)) -> Self {
        let (width, height) = (size.0 as f32, size.1 as f32);
        // margins shrink with small pictures, down to thumbnails that are all plot
        let room = (width.min(height) / 480.0).clamp(0.0, 1.0);
        let small = room < 0.4;
        let (left, bottom) = if small { (0.0, 0.0) } else { (52.0, 42.0) };
        let top = match (small, picture.title.is_empty()) {
            (true, _) => 0.0,
            (false, true) => 22.0,
            (false, false) => 64.0,
        };
        let right = if small { 0.0 } else { 22.0 };
        let empty = picture.legend.is_empty() || small;
        let column = legend::width(&picture.legend);
        let beside = width > 1.2 * height;
        let (plot_right, plot_bottom) = match (empty, beside) {
            (true, _) => (width - right, height - bottom),
            (false, true) => (width - right - column - 18.0, height - bottom),
            (false, false) => {
                let rows = legend::rows(&picture.legend, width - left - right);
                (width - right, height - bottom - 8.0 - legend::ROW * rows as f32)
            }
        };
        let plot = Area {
            min: [left, top],
            max: [plot_right.max(left + 1.0), plot_bottom.max(top + 1.0)],
        };
        let legend = match (empty, beside) {
            (true, _) => Area {
                min: [0.0; 2],
                max: [0.0; 2],
            },
            (false, true) => Area {
                min: [plot.max[0] + 18.0, top],
                max: [width - right, plot.max[1]],
            },
            (false, false) => Area {
                min: [left, plot.max[1] + bottom - 4.0],
                max: [width - right, height],
            },
        };
        Self { plot, legend }
    }
}

fn skia([r, g, b, a]: Rgba) -> Color {
    Color::from_rgba8(r, g, b, a)
}

#[cfg(test)]
mod tests;
