//! A [`Picture`] is plain data: marks over shared point buffers in data coordinates, bounds, a legend. The window, PNG and
//! the tests all draw from it. Colors are final (a picture is made for one theme).

use std::sync::Arc;

/// Straight (not premultiplied) sRGB color with alpha.
pub type Rgba = [u8; 4];

/// A rectangle in data units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Least x and y.
    pub min: [f32; 2],
    /// Greatest x and y.
    pub max: [f32; 2],
}

/// One color for all, or one each.
#[derive(Clone, Debug, PartialEq)]
pub enum Colors {
    /// The same for all.
    One(Rgba),
    /// One a point (of `Mark::Points`, `Mark::Arrows`) or one a line (of `Mark::Lines`).
    Each(Arc<Vec<Rgba>>),
}

/// Shape of a point: colors are also told apart by shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A disk.
    #[default]
    Disk,
    /// A ring.
    Ring,
    /// A square.
    Square,
}

/// What a picture is made of, back to front.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// Dots of constant size on screen.
    Points {
        /// Data coordinates.
        at: Arc<Vec<[f32; 2]>>,
        /// Colors.
        colors: Colors,
        /// Radius on screen.
        radius_px: f32,
        /// Shape.
        shape: Shape,
    },
    /// Polylines, all with the same number of points.
    Lines {
        /// Line by line, `stride` points each.
        points: Arc<Vec<[f32; 2]>>,
        /// Points a line, at least 2.
        stride: usize,
        /// Only the first so many lines are drawn.
        shown: usize,
        /// Colors.
        colors: Colors,
        /// Width on screen.
        width_px: f32,
        /// Dashed (the exact field's).
        dashed: bool,
    },
    /// Arrows from `at`, in data units `by`.
    Arrows {
        /// Tails.
        at: Arc<Vec<[f32; 2]>>,
        /// Displacements, already scaled for drawing.
        by: Arc<Vec<[f32; 2]>>,
        /// Colors.
        colors: Colors,
        /// Width on screen.
        width_px: f32,
    },
    /// A map of colored cells.
    Heat {
        /// Where.
        bounds: Bounds,
        /// Cells a row.
        columns: usize,
        /// Rows, bottom first.
        rows: usize,
        /// Row-major colors.
        cells: Arc<Vec<Rgba>>,
    },
    /// A word at a place.
    Text {
        /// Data coordinates of its center.
        at: [f32; 2],
        /// The word.
        text: String,
        /// Color.
        color: Rgba,
        /// Height of the letters.
        size_px: f32,
    },
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendEntry {
    /// What.
    pub text: String,
    /// Color of its swatch.
    pub color: Rgba,
    /// A line rather than a dot, dashed or not.
    pub line: Option<bool>,
}

/// One drawing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// What must be visible; axes have equal scale, so more may be.
    pub bounds: Bounds,
    /// Back to front.
    pub marks: Vec<Mark>,
    /// Top to bottom.
    pub legend: Vec<LegendEntry>,
    /// Above the picture; may be empty.
    pub title: String,
}
