//! A [`Figure`] is what a file shows: one or several panels in a grid, their letters and titles, bars beneath them, a caption.
//! Plain data; `export/layout` gives it a page, and each target (PNG, SVG, PDF) draws that page.

use super::{Bounds, LegendEntry, Picture, Rgba, Shape};
use crate::lab::RunId;

/// A grid of panels with what belongs to all of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Above all panels; may be empty.
    pub title: String,
    /// Row by row.
    pub panels: Vec<Panel>,
    /// Panels a row; 0 puts all in one.
    pub columns: usize,
    /// Whether panels carry letters a, b, c.
    pub lettered: bool,
    /// Whether planes have axes, where the user does not say.
    pub axes: bool,
    /// Bars under the panels.
    pub foot: Option<Bars>,
    /// One paragraph under all; drawn where the user asks for it.
    pub caption: String,
    /// The runs it is about.
    pub runs: Vec<RunId>,
}

/// One panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// Its title; may be empty.
    pub title: String,
    /// One sentence under the title; may be empty.
    pub note: String,
    /// What it shows.
    pub content: Content,
    /// A small picture in its lower left corner.
    pub inset: Option<Inset>,
    /// What the run lacks for this panel; said in its middle.
    pub lacks: Option<String>,
}

/// What a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The plane, with equal scales.
    Plane(Picture),
    /// Curves over an axis.
    Chart(Chart),
    /// Stacked bars.
    Bars(Bars),
}

impl Default for Content {
    fn default() -> Self {
        Self::Plane(Picture::default())
    }
}

/// A small picture within a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Inset {
    /// Above it.
    pub title: String,
    /// What it shows.
    pub picture: Picture,
}

/// Curves over one axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// The horizontal axis.
    pub x: ChartAxis,
    /// The vertical axis.
    pub y: ChartAxis,
    /// Back to front.
    pub series: Vec<Series>,
}

/// One axis of a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChartAxis {
    /// What it is, with its unit.
    pub label: String,
    /// Whether it is logarithmic; what is not above 0 is then left out.
    pub log: bool,
    /// The values that must be visible besides those of the series.
    pub include: Vec<f64>,
    /// Labels at these values alone (such as step counts); round numbers where empty.
    pub ticks: Vec<f64>,
    /// Curves are drawn as far as this value, on the scale of the whole; all of them where None. Levels are whole always.
    pub until: Option<f64>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Written at its right end.
    pub name: String,
    /// In the axes' units; a single point is drawn as a line across the whole chart.
    pub points: Vec<[f64; 2]>,
    /// Color.
    pub color: Rgba,
    /// Dashed.
    pub dashed: bool,
    /// Faint (the raw values behind a mean).
    pub faint: bool,
    /// Markers at the points.
    pub dots: Option<Shape>,
}

/// Stacked horizontal bars on one scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// Above them; may be empty.
    pub title: String,
    /// Top to bottom.
    pub rows: Vec<BarRow>,
    /// A dashed line through all of them, its name and where it stands on their scale.
    pub mark: Option<(String, f64)>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarRow {
    /// Before it.
    pub name: String,
    /// From left to right.
    pub parts: Vec<BarPart>,
    /// Behind it.
    pub note: String,
}

/// A part of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct BarPart {
    /// Written in it, or behind the bar where it is too short.
    pub name: String,
    /// Its length, at least 0.
    pub value: f64,
    /// Color.
    pub color: Rgba,
}

impl Figure {
    /// One panel without letters.
    pub fn of(picture: Picture) -> Self {
        let title = picture.title.clone();
        Self {
            title,
            panels: vec![Panel::plane(picture)],
            axes: true,
            ..Self::default()
        }
    }

    /// Rows and columns of the grid.
    pub fn grid(&self) -> [usize; 2] {
        let count = self.panels.len().max(1);
        let columns = if self.columns == 0 {
            count
        } else {
            self.columns.min(count)
        };
        [count.div_ceil(columns), columns]
    }

    /// The legend of all panels, each entry once.
    pub fn legend(&self) -> Vec<LegendEntry> {
        let mut entries: Vec<LegendEntry> = Vec::new();
        for panel in &self.panels {
            let Content::Plane(picture) = &panel.content else {
                continue;
            };
            for entry in &picture.legend {
                if !entries.contains(entry) {
                    entries.push(entry.clone());
                }
            }
        }
        entries
    }

    /// Makes all planes show the same part of the plane, so that panels can be compared.
    pub fn share_bounds(&mut self) {
        let mut all: Option<Bounds> = None;
        let planes = |panel: &mut Panel, act: &mut dyn FnMut(&mut Bounds)| {
            if let Content::Plane(picture) = &mut panel.content {
                act(&mut picture.bounds);
            }
        };
        for panel in &mut self.panels {
            planes(panel, &mut |b| all = Some(all.map_or(*b, |a| a.union(*b))));
        }
        if let Some(all) = all {
            for panel in &mut self.panels {
                planes(panel, &mut |b| *b = all);
            }
        }
    }
}

impl Panel {
    /// A panel of the plane.
    pub fn plane(picture: Picture) -> Self {
        Self {
            content: Content::Plane(picture),
            ..Self::default()
        }
    }

    /// A panel that only says what is lacking.
    pub fn lacking(why: impl Into<String>) -> Self {
        Self {
            lacks: Some(why.into()),
            ..Self::default()
        }
    }

    /// With a title and a sentence under it.
    pub fn titled(mut self, title: impl Into<String>, note: impl Into<String>) -> Self {
        (self.title, self.note) = (title.into(), note.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Swatch;

    #[test]
    fn a_grid_holds_all_panels_and_shares_bounds_and_legend() {
        let entry = |key| LegendEntry {
            key,
            text: "a",
            swatch: Swatch::Line([0; 4], false),
        };
        let plane = |bounds, keys: &[&'static str]| {
            Panel::plane(Picture {
                bounds: Bounds::of(bounds),
                legend: keys.iter().map(|k| entry(k)).collect(),
                ..Picture::default()
            })
        };
        let mut figure = Figure {
            panels: vec![
                plane([0.0, 0.0, 1.0, 1.0], &["a", "b"]),
                Panel::lacking("nothing"),
                plane([-1.0, 0.5, 0.5, 3.0], &["b", "c"]),
            ],
            columns: 2,
            ..Figure::default()
        };
        figure.panels[1].content = Content::Bars(Bars::default());
        assert_eq!(figure.grid(), [2, 2]);
        let keys: Vec<_> = figure.legend().iter().map(|e| e.key).collect();
        assert_eq!(keys, ["a", "b", "c"]);
        figure.share_bounds();
        for panel in [0, 2] {
            let Content::Plane(picture) = &figure.panels[panel].content else {
                panic!("a plane")
            };
            assert_eq!(picture.bounds, Bounds::of([-1.0, 0.0, 1.0, 3.0]));
        }
        figure.columns = 0;
        assert_eq!(figure.grid(), [1, 3]);
        assert_eq!(Figure::default().grid(), [1, 1]);
    }
}
