//! A [`Sheet`] is a figure after layout: a list of simple shapes and letters on a page, in groups with names. Every target
//! (raster, SVG, PDF) draws this list and nothing else, so that they agree. Units are those of CSS pixels, 96 an inch, y down.

use std::sync::Arc;

use crate::picture::{Rgba, Shape};

/// A page of shapes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Width and height.
    pub size: [f32; 2],
    /// Color of the page; None is transparent.
    pub ground: Option<Rgba>,
    /// Back to front.
    pub items: Vec<Item>,
    /// For the file's metadata.
    pub title: String,
    /// For the file's metadata and for those who hear the figure: the caption.
    pub description: String,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Area {
    /// Left, top.
    pub min: [f32; 2],
    /// Right, bottom.
    pub max: [f32; 2],
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pen {
    /// Color.
    pub color: Rgba,
    /// Width.
    pub width: f32,
    /// Lengths of dash and gap.
    pub dash: Option<[f32; 2]>,
}

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// One line of letters.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Its anchor, on the line halfway up the capitals.
    pub at: [f32; 2],
    /// Which part of it lies there.
    pub anchor: Anchor,
    /// Size of the em.
    pub size: f32,
    /// Heavy letters.
    pub strong: bool,
    /// Color.
    pub color: Rgba,
    /// What it says.
    pub text: String,
}

/// What a sheet is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Items that belong together, under a name, clipped where there is an area.
    Group {
        /// Words joined by hyphens; unique in a sheet.
        name: String,
        /// Nothing is drawn outside.
        clip: Option<Area>,
        /// Back to front.
        items: Vec<Item>,
    },
    /// Dots of one shape and size.
    Dots {
        /// Their middles.
        at: Vec<[f32; 2]>,
        /// One color each, or one for all.
        colors: Vec<Rgba>,
        /// Radius.
        radius: f32,
        /// Shape.
        shape: Shape,
    },
    /// An open polyline.
    Line {
        /// At least two.
        points: Vec<[f32; 2]>,
        /// How it is drawn.
        pen: Pen,
    },
    /// A closed polygon.
    Fill {
        /// At least three.
        corners: Vec<[f32; 2]>,
        /// Color.
        color: Rgba,
    },
    /// A rectangle.
    Box {
        /// Where.
        area: Area,
        /// Its inside.
        fill: Option<Rgba>,
        /// Its edge.
        pen: Option<Pen>,
    },
    /// A bar of colors from left to right.
    Ramp {
        /// Where.
        area: Area,
        /// Evenly spaced.
        colors: Arc<Vec<Rgba>>,
    },
    /// A smooth map of colors.
    Map {
        /// Where.
        area: Area,
        /// Pixels a row.
        columns: usize,
        /// Straight colors, top row first.
        pixels: Vec<Rgba>,
    },
    /// Letters.
    Text(Text),
}

impl Area {
    /// From left, top, right, bottom.
    pub const fn of(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self {
            min: [x0, y0],
            max: [x1, y1],
        }
    }

    /// Width and height, at least 0.
    pub fn size(&self) -> [f32; 2] {
        [0, 1].map(|i| (self.max[i] - self.min[i]).max(0.0))
    }

    /// Whether a point lies within, or at most `margin` outside.
    pub fn contains(&self, p: [f32; 2], margin: f32) -> bool {
        (0..2).all(|i| p[i] >= self.min[i] - margin && p[i] <= self.max[i] + margin)
    }
}

impl Pen {
    /// A whole line.
    pub const fn solid(color: Rgba, width: f32) -> Self {
        Self {
            color,
            width,
            dash: None,
        }
    }
}

impl Item {
    /// A group without a clip.
    pub fn group(name: impl Into<String>, items: Vec<Self>) -> Self {
        Self::Group {
            name: name.into(),
            clip: None,
            items,
        }
    }
}

/// The width of a ring's stroke, which lies within its radius.
pub fn ring_width(radius: f32) -> f32 {
    (0.45 * radius).clamp(0.35_f32.min(radius), 2.5)
}

/// Half the side of a square that has the area of the disk.
pub const SQUARE: f32 = 0.886;

impl Sheet {
    /// Every text of the sheet with its place, for the letters that a font must hold and for tests.
    pub fn texts(&self) -> Vec<&Text> {
        fn walk<'a>(items: &'a [Item], found: &mut Vec<&'a Text>) {
            for item in items {
                match item {
                    Item::Text(text) => found.push(text),
                    Item::Group { items, .. } => walk(items, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        walk(&self.items, &mut found);
        found
    }
}
