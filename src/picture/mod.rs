//! A [`Picture`] is plain data: marks over shared point buffers in data coordinates, bounds, a legend. The window, PNG and
//! the tests all draw from it. Colors are final (a picture is made for one theme).
//!
//! One file a view ([`stage`]); [`color`] says what colors mean.

pub mod anatomy;
pub mod bend;
pub mod caption;
pub mod color;
pub mod density;
pub mod field;
pub mod figure;
pub mod interpolation;
pub mod lengths;
pub mod maps;
pub mod pairs;
pub mod probe;
#[cfg(test)]
pub(crate) mod scene;
pub mod stage;
pub mod straightening;
pub mod studio;
pub mod study;
pub mod views;
pub mod words;

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
        /// Dashed shafts (the exact field's).
        dashed: bool,
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

/// What stands before a line of the legend.
#[derive(Clone, Debug, PartialEq)]
pub enum Swatch {
    /// A point of this color and shape.
    Point(Rgba, Shape),
    /// A point of this color and shape, and how many there are among how many.
    Counted {
        /// Color.
        color: Rgba,
        /// Shape.
        shape: Shape,
        /// How many.
        count: u64,
        /// Among how many.
        of: u64,
    },
    /// A line of this color, dashed or not.
    Line(Rgba, bool),
    /// An arrow of this color, dashed or not.
    Arrow(Rgba, bool),
    /// A bar of colors from `low` to `high`.
    Ramp {
        /// From left to right.
        colors: Arc<Vec<Rgba>>,
        /// What the left end stands for.
        low: f32,
        /// What the right end stands for.
        high: f32,
    },
    /// A wheel of colors, even in angle, counterclockwise from the right.
    Wheel(Arc<Vec<Rgba>>),
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendEntry {
    /// For translation: `legend.source` and so on.
    pub key: &'static str,
    /// What, in English.
    pub text: &'static str,
    /// Drawn before it.
    pub swatch: Swatch,
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
    /// Names of marks, by their index: the layers of an SVG.
    pub names: Vec<(usize, &'static str)>,
}

impl Picture {
    /// Puts a mark on top, under a name of one word.
    pub fn add(&mut self, name: &'static str, mark: Mark) {
        self.names.push((self.marks.len(), name));
        self.marks.push(mark);
    }

    /// The name of a mark, where it has one.
    pub fn name_of(&self, mark: usize) -> Option<&'static str> {
        self.names.iter().find(|(i, _)| *i == mark).map(|(_, name)| *name)
    }

    /// Dots and lines smaller by this factor: for small plots.
    pub fn thin(&mut self, factor: f32) {
        for mark in &mut self.marks {
            match mark {
                Mark::Points { radius_px: size, .. }
                | Mark::Lines { width_px: size, .. }
                | Mark::Arrows { width_px: size, .. } => *size *= factor,
                Mark::Heat { .. } | Mark::Text { .. } => {}
            }
        }
    }
}

/// `screen = offset + scale * data`, per axis; screen y points down, so `scale[1]` is usually negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// Screen units a data unit.
    pub scale: [f32; 2],
    /// Where the data origin lies on screen.
    pub offset: [f32; 2],
}

impl Transform {
    /// The transform that shows all of `bounds` in the screen rectangle from `min` to `max`, centered, with equal scales
    /// and y up. Empty or non-finite bounds are shown as one data unit.
    pub fn fit(bounds: Bounds, min: [f32; 2], max: [f32; 2]) -> Self {
        let size = |i: usize| {
            let d = bounds.max[i] - bounds.min[i];
            if d.is_finite() && d > 0.0 { d } else { 1.0 }
        };
        let scale = ((max[0] - min[0]) / size(0)).min((max[1] - min[1]) / size(1)).max(1e-9);
        let middle = |i: usize| {
            let m = 0.5 * (bounds.min[i] + bounds.max[i]);
            if m.is_finite() { m } else { 0.0 }
        };
        Self {
            scale: [scale, -scale],
            offset: [
                0.5 * (min[0] + max[0]) - scale * middle(0),
                0.5 * (min[1] + max[1]) + scale * middle(1),
            ],
        }
    }

    /// From data to screen.
    pub fn apply(&self, p: [f32; 2]) -> [f32; 2] {
        [
            self.offset[0] + self.scale[0] * p[0],
            self.offset[1] + self.scale[1] * p[1],
        ]
    }

    /// From screen to data.
    pub fn invert(&self, p: [f32; 2]) -> [f32; 2] {
        [
            (p[0] - self.offset[0]) / self.scale[0],
            (p[1] - self.offset[1]) / self.scale[1],
        ]
    }
}

impl Mark {
    /// The background over all that is behind, `cover` of it (0 to 1), far beyond the `bounds` that are shown.
    pub fn veil(theme: color::Theme, bounds: Bounds, cover: f32) -> Self {
        let size = [0, 1].map(|i| bounds.max[i] - bounds.min[i]);
        // farther than anyone pans
        let wide = 20.0 * size[0].max(size[1]).max(1e-3);
        Self::Heat {
            bounds: Bounds {
                min: bounds.min.map(|c| c - wide),
                max: bounds.max.map(|c| c + wide),
            },
            columns: 1,
            rows: 1,
            cells: Arc::new(vec![color::with_alpha(theme.palette().background, cover)]),
        }
    }
}

impl Bounds {
    /// From min x, min y, max x, max y.
    pub const fn of([x0, y0, x1, y1]: [f32; 4]) -> Self {
        Self {
            min: [x0, y0],
            max: [x1, y1],
        }
    }

    /// The least that holds both.
    pub fn union(self, other: Self) -> Self {
        Self {
            min: [0, 1].map(|i| self.min[i].min(other.min[i])),
            max: [0, 1].map(|i| self.max[i].max(other.max[i])),
        }
    }
}

/// A number in three significant digits.
pub fn short(x: f32) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let digits = (2 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
