//! From a [`Figure`] to a [`Sheet`]: divides the page among title, panels, bars, legend and caption, and turns each into shapes
//! and letters. All sizes follow the em, which follows the page's width, so that a figure of one column of a journal and one
//! for a projector are both read with ease.

mod axes;
mod bars;
mod chart;
mod legend;
mod marks;
mod panel;

use super::letters;
use super::sheet::{Anchor, Area, Item, Sheet, Text};
use crate::lab::FigureOptions;
use crate::lab::figure::SCREEN_DPI;
use crate::picture::color::{Palette, Theme};
use crate::picture::figure::{Content, Figure, Panel};

/// What everything is drawn with.
#[derive(Clone, Copy, Debug)]
struct Ink {
    palette: &'static Palette,
    /// Size of usual letters.
    em: f32,
    /// Whether planes have axes.
    axes: bool,
    /// No room for anything but the marks.
    bare: bool,
    /// Some panel has an inset, for which all keep room.
    roomy: bool,
}

impl Ink {
    fn text(&self, at: [f32; 2], anchor: Anchor, ems: f32, text: impl Into<String>) -> Text {
        Text {
            at,
            anchor,
            size: ems * self.em,
            strong: false,
            color: self.palette.text,
            text: text.into(),
        }
    }

    fn quiet(&self, at: [f32; 2], anchor: Anchor, ems: f32, text: impl Into<String>) -> Text {
        Text {
            color: self.palette.text_quiet,
            ..self.text(at, anchor, ems, text)
        }
    }

    fn strong(&self, at: [f32; 2], anchor: Anchor, ems: f32, text: impl Into<String>) -> Text {
        Text {
            strong: true,
            ..self.text(at, anchor, ems, text)
        }
    }
}

/// Distance of lines of text, in em of their letters.
const LINE: f32 = 1.36;
/// Size of the caption's letters.
const CAPTION: f32 = 0.9;
/// Size of the title's letters.
const TITLE: f32 = 1.5;

/// Size of usual letters on a page.
fn em(page: [f32; 2], letters: f64) -> f32 {
    let by_width = 13.0 * (page[0] / 900.0).powf(0.6).clamp(0.72, 1.8);
    // 1/18 of a low page, but never below what print can show
    by_width.min((page[1] / 18.0).max(7.0)) * letters as f32
}

fn title_of<'a>(figure: &'a Figure, options: &'a FigureOptions) -> &'a str {
    options.title.as_deref().unwrap_or(&figure.title)
}

/// A page that fits the figure: its size in pixels at 96 an inch, of the width that is asked for where the height is not.
pub fn natural_size(figure: &Figure, options: &FigureOptions) -> [f64; 2] {
    let [rows, columns] = figure.grid();
    let width: f32 = match columns {
        1 => 1200.0,
        2 => 1440.0,
        3 => 1680.0,
        4 => 1920.0,
        _ => 2080.0,
    };
    let alone = options.size.filter(|size| size.is_width_alone());
    let width = alone.map_or(width, |size| (size.inches(options.dpi)[0] * SCREEN_DPI) as f32);
    let bars = |p: &Panel| matches!(p.content, Content::Bars(_));
    if figure.panels.len() <= 1 && figure.foot.is_none() && !figure.panels.iter().any(bars) {
        let height = if alone.is_some() {
            0.75 * f64::from(width)
        } else {
            900.0
        };
        return [f64::from(width), height];
    }
    let page = [width, 0.6 * width];
    let ink = ink_of(figure, options, page);
    let parts = Parts::of(figure, options, &ink, page);
    let cell = parts.cell_width(columns);
    let heights: f32 = (0..rows)
        .map(|row| {
            let panels = &figure.panels[(row * columns).min(figure.panels.len())..];
            let panels = &panels[..panels.len().min(columns)];
            let tall = panels.iter().map(|p| panel::natural_height(p, &ink, cell));
            tall.fold(0.0, f32::max) + panel::header_height(panels, &ink, cell)
        })
        .sum();
    let height = parts.above + heights + parts.gap * (rows.max(1) - 1) as f32 + parts.below;
    [f64::from(width), f64::from(height.ceil())]
}

fn ink_of(figure: &Figure, options: &FigureOptions, page: [f32; 2]) -> Ink {
    let em = em(page, options.letters);
    Ink {
        palette: Theme::from(options.theme).palette(),
        em,
        axes: options.axes.unwrap_or(figure.axes),
        bare: page[0].min(page[1]) < 11.0 * em && figure.panels.len() <= 1,
        roomy: figure.panels.iter().any(|p| p.inset.is_some()),
    }
}

/// How much of the page lies above and below the panels.
struct Parts {
    margin: f32,
    gap: f32,
    above: f32,
    below: f32,
    width: f32,
    caption: Vec<String>,
    foot: f32,
    legend_rows: f32,
}

impl Parts {
    fn of(figure: &Figure, options: &FigureOptions, ink: &Ink, page: [f32; 2]) -> Self {
        let em = ink.em;
        let margin = if ink.bare { 0.0 } else { 1.5 * em };
        let width = (page[0] - 2.0 * margin).max(1.0);
        let title = if title_of(figure, options).is_empty() || ink.bare {
            0.0
        } else {
            (LINE * TITLE + 0.5) * em
        };
        let caption = if options.caption && !ink.bare {
            letters::wrap(&figure.caption, CAPTION * em, false, width)
        } else {
            Vec::new()
        };
        let caption_height = if caption.is_empty() {
            0.0
        } else {
            (CAPTION * LINE * caption.len() as f32 + 1.2) * em
        };
        let foot = figure.foot.as_ref().filter(|_| !ink.bare);
        let foot = foot.map_or(0.0, |bars| bars::height(bars, ink) + 1.4 * em);
        let entries = figure.legend();
        let wanted = options.legend.unwrap_or(true) && !entries.is_empty() && !ink.bare;
        let beside = wanted && legend_beside(figure, page);
        let legend_rows = if wanted && !beside {
            legend::rows_height(&entries, ink, width) + 0.9 * em
        } else {
            0.0
        };
        Self {
            margin,
            gap: 2.0 * em,
            above: margin + title,
            below: margin + caption_height + foot + legend_rows,
            width,
            caption,
            foot,
            legend_rows,
        }
    }

    /// On a page so low that the words around the panels would take more than half of it, the bars are left out.
    fn give_way(&mut self, page: [f32; 2]) {
        if self.above + self.below > 0.5 * page[1] {
            self.below -= self.foot;
            self.foot = 0.0;
        }
    }

    fn cell_width(&self, columns: usize) -> f32 {
        (self.width - self.gap * (columns.max(1) - 1) as f32) / columns.max(1) as f32
    }
}

/// Whether the legend stands beside the only panel rather than in rows below.
fn legend_beside(figure: &Figure, page: [f32; 2]) -> bool {
    figure.panels.len() == 1 && page[0] > 1.2 * page[1]
}

/// The page of a figure. A page that is too small for letters shows the marks alone.
pub fn sheet(figure: &Figure, options: &FigureOptions) -> Sheet {
    let page = options.page(natural_size(figure, options)).map(|side| side.max(1.0));
    let ink = ink_of(figure, options, page);
    let mut parts = Parts::of(figure, options, &ink, page);
    parts.give_way(page);
    let mut sheet = Sheet {
        size: page,
        ground: (!options.transparent).then_some(ink.palette.background),
        items: Vec::new(),
        title: title_of(figure, options).to_owned(),
        description: figure.caption.clone(),
    };
    let left = parts.margin;
    if !ink.bare && !title_of(figure, options).is_empty() {
        let at = [left, parts.margin + 0.5 * LINE * TITLE * ink.em];
        let title = letters::shortened(title_of(figure, options), TITLE * ink.em, true, parts.width);
        let text = Item::Text(ink.strong(at, Anchor::Left, TITLE, title));
        sheet.items.push(Item::group("title", vec![text]));
    }
    let mut area = Area::of(
        left,
        parts.above,
        page[0] - left,
        (page[1] - parts.below).max(parts.above + 1.0),
    );
    let entries = figure.legend();
    if options.legend.unwrap_or(true) && !entries.is_empty() && !ink.bare && legend_beside(figure, page) {
        let wide = legend::column_width(&entries, &ink).min(0.4 * parts.width);
        let column = Area::of(area.max[0] - wide, area.min[1], area.max[0], area.max[1]);
        area.max[0] -= wide + 1.5 * ink.em;
        let items = legend::column(&entries, &ink, column);
        sheet.items.push(Item::group("legend", items));
    }
    panels(figure, &ink, &parts, area, &mut sheet);
    beneath(figure, &ink, &parts, page, &mut sheet);
    sheet
}

/// The grid of panels.
fn panels(figure: &Figure, ink: &Ink, parts: &Parts, area: Area, sheet: &mut Sheet) {
    let [rows, columns] = figure.grid();
    let [width, height] = area.size();
    let gap = if figure.panels.len() > 1 { parts.gap } else { 0.0 };
    let cell_width = (width - gap * (columns - 1) as f32) / columns as f32;
    let cell_height = (height - gap * (rows - 1) as f32) / rows as f32;
    for (row, panels) in figure.panels.chunks(columns).enumerate() {
        let top = area.min[1] + row as f32 * (cell_height + gap);
        let header = panel::header_height(panels, ink, cell_width);
        for (column, one) in panels.iter().enumerate() {
            let x = area.min[0] + column as f32 * (cell_width + gap);
            let cell = Area::of(x, top, x + cell_width, top + cell_height);
            let index = row * columns + column;
            let letter = figure.lettered.then(|| letter_of(index));
            let items = panel::items(one, ink, cell, header, index, letter.as_deref());
            let name = format!("panel-{}", letter_of(index));
            sheet.items.push(Item::group(name, items));
        }
    }
}

/// a to z, then a1, b1, …
fn letter_of(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

/// Bars, legend and caption, in this order.
fn beneath(figure: &Figure, ink: &Ink, parts: &Parts, page: [f32; 2], sheet: &mut Sheet) {
    let (left, right) = (parts.margin, parts.margin + parts.width);
    let mut top = page[1] - parts.below + parts.margin;
    if let (Some(bars), true) = (&figure.foot, parts.foot > 0.0) {
        let area = Area::of(left, top + 0.4 * ink.em, right, top + parts.foot);
        sheet.items.push(Item::group("bars", bars::items(bars, ink, area)));
        top += parts.foot;
    }
    if parts.legend_rows > 0.0 {
        let area = Area::of(left, top, right, top + parts.legend_rows);
        let items = legend::rows(&figure.legend(), ink, area);
        sheet.items.push(Item::group("legend", items));
        top += parts.legend_rows;
    }
    if !parts.caption.is_empty() {
        let line = |(i, words): (usize, &String)| {
            let y = top + (0.9 + CAPTION * LINE * (i as f32 + 0.5)) * ink.em;
            Item::Text(ink.text([left, y], Anchor::Left, CAPTION, words.as_str()))
        };
        let items = parts.caption.iter().enumerate().map(line).collect();
        sheet.items.push(Item::group("caption", items));
    }
}

/// Whether any panel shows the plane.
pub fn has_planes(figure: &Figure) -> bool {
    figure.panels.iter().any(|p| matches!(p.content, Content::Plane(_)))
}
