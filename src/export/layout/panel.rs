//! One panel: its letter, title and sentence, its content, an inset where there is room, and what it lacks.

use super::{Ink, LINE, axes, bars, chart, marks};
use crate::export::letters;
use crate::export::sheet::{Anchor, Area, Item, Pen};
use crate::picture::figure::{Content, Inset, Panel};
use crate::picture::{Bounds, Picture, Transform};

/// Sizes of letters, in em.
const TITLE: f32 = 1.18;
const NOTE: f32 = 0.95;
/// Lines of a note, at most.
const NOTE_LINES: usize = 2;
/// Side of an inset, as a part of the plot's shorter side.
const INSET: f32 = 0.255;

fn note_lines(panel: &Panel, ink: &Ink, width: f32) -> Vec<String> {
    let mut lines = letters::wrap(&panel.note, NOTE * ink.em, false, width);
    if lines.len() > NOTE_LINES {
        let rest = lines[NOTE_LINES - 1..].join(" ");
        lines.truncate(NOTE_LINES - 1);
        lines.push(letters::shortened(&rest, NOTE * ink.em, false, width));
    }
    lines
}

/// Height of the titles of a row of panels; 0 where none has any.
pub(super) fn header_height(panels: &[Panel], ink: &Ink, width: f32) -> f32 {
    if ink.bare {
        return 0.0;
    }
    let titled = panels.iter().any(|p| !p.title.is_empty());
    let lines = panels
        .iter()
        .map(|p| note_lines(p, ink, width).len())
        .max()
        .unwrap_or(0);
    let title = if titled { TITLE * LINE } else { 0.0 };
    let rest = if titled || lines > 0 { 0.7 } else { 0.0 };
    (title + NOTE * LINE * lines as f32 + rest) * ink.em
}

/// Height that suits the content at this width, header excluded.
pub(super) fn natural_height(panel: &Panel, ink: &Ink, width: f32) -> f32 {
    match &panel.content {
        Content::Plane(picture) => {
            let [w, h] = [0, 1].map(|i| picture.bounds.max[i] - picture.bounds.min[i]);
            let aspect = if w > 0.0 && h > 0.0 {
                (h / w).clamp(0.5, 1.4)
            } else {
                0.8
            };
            let [left, bottom] = axes::margins(ink);
            (width - left) * aspect + bottom
        }
        Content::Chart(_) => 0.75 * width,
        Content::Bars(content) => bars::height(content, ink),
    }
}

/// Everything of a panel in its cell.
pub(super) fn items(
    panel: &Panel,
    ink: &Ink,
    cell: Area,
    header: f32,
    index: usize,
    letter: Option<&str>,
) -> Vec<Item> {
    let mut items = Vec::new();
    if header > 0.0 {
        items.extend(header_items(panel, ink, cell, letter));
    }
    let inner = Area::of(cell.min[0], cell.min[1] + header, cell.max[0], cell.max[1]);
    match &panel.content {
        Content::Plane(picture) => plane(panel, picture, ink, inner, index, &mut items),
        Content::Chart(content) => items.extend(chart::items(content, ink, inner, index)),
        Content::Bars(content) => items.extend(bars::items(content, ink, inner)),
    }
    if let Some(why) = &panel.lacks {
        items.push(Item::group(format!("lacks-{index}"), lacks(why, ink, inner)));
    }
    items
}

fn header_items(panel: &Panel, ink: &Ink, cell: Area, letter: Option<&str>) -> Vec<Item> {
    let [width, _] = cell.size();
    let mut items = Vec::new();
    let (mut x, mut y) = (cell.min[0], cell.min[1]);
    if !panel.title.is_empty() {
        let middle = y + 0.5 * TITLE * LINE * ink.em;
        if let Some(letter) = letter {
            items.push(Item::Text(ink.strong([x, middle], Anchor::Left, TITLE, letter)));
            x += letters::width(letter, TITLE * ink.em, true) + 0.7 * ink.em;
        }
        let words = letters::shortened(&panel.title, TITLE * ink.em, true, cell.max[0] - x);
        items.push(Item::Text(ink.strong([x, middle], Anchor::Left, TITLE, words)));
        y += TITLE * LINE * ink.em;
    }
    for (i, line) in note_lines(panel, ink, width).into_iter().enumerate() {
        let at = [cell.min[0], y + NOTE * LINE * (i as f32 + 0.5) * ink.em];
        items.push(Item::Text(ink.quiet(at, Anchor::Left, NOTE, line)));
    }
    items
}

fn lacks(why: &str, ink: &Ink, area: Area) -> Vec<Item> {
    let [width, _] = area.size();
    let lines = letters::wrap(why, 1.05 * ink.em, false, (0.76 * width).max(4.0 * ink.em));
    let middle = [0, 1].map(|i| 0.5 * (area.min[i] + area.max[i]));
    let first = middle[1] - 0.5 * (lines.len() as f32 - 1.0) * LINE * 1.05 * ink.em;
    let line = |(i, words): (usize, String)| {
        let at = [middle[0], first + i as f32 * LINE * 1.05 * ink.em];
        Item::Text(ink.quiet(at, Anchor::Middle, 1.05, words))
    };
    lines.into_iter().enumerate().map(line).collect()
}

fn plane(panel: &Panel, picture: &Picture, ink: &Ink, inner: Area, index: usize, items: &mut Vec<Item>) {
    // a panel that has nothing to show says why on an empty ground
    if panel.lacks.is_some() && picture.marks.is_empty() {
        return;
    }
    let [left, bottom] = axes::margins(ink);
    let plot = Area::of(
        inner.min[0] + left,
        inner.min[1],
        inner.max[0].max(inner.min[0] + left + 1.0),
        (inner.max[1] - bottom).max(inner.min[1] + 1.0),
    );
    // some room is kept free for insets, the same in all panels, so that they can be compared
    let pad = if ink.roomy && !ink.bare { 0.08 } else { PAD };
    let transform = Transform::fit(padded(picture.bounds, pad), plot.min, plot.max);
    if ink.axes && !ink.bare {
        items.push(Item::group(format!("grid-{index}"), axes::grid(ink, plot, &transform)));
    }
    items.push(Item::Group {
        name: format!("marks-{index}"),
        clip: Some(plot),
        items: marks::items(picture, &transform, plot, &index.to_string()),
    });
    if ink.axes && !ink.bare {
        items.push(Item::group(
            format!("axes-{index}"),
            axes::labels(ink, plot, &transform),
        ));
    }
    if let (Some(inset), false) = (&panel.inset, ink.bare) {
        items.push(inset_item(inset, picture, ink, plot, &transform, index));
    }
}

/// Space around what must be seen, as a part of its larger side.
const PAD: f32 = 0.03;

/// A little more than what must be seen.
fn padded(bounds: Bounds, pad: f32) -> Bounds {
    let pad = pad * (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1]);
    Bounds {
        min: bounds.min.map(|v| v - pad),
        max: bounds.max.map(|v| v + pad),
    }
}

/// The inset, where it hides the least: in a corner, at the middle of a side, or between.
fn inset_item(inset: &Inset, picture: &Picture, ink: &Ink, plot: Area, transform: &Transform, index: usize) -> Item {
    let [width, height] = plot.size();
    let side = INSET * width.min(height);
    let title = if inset.title.is_empty() { 0.0 } else { 1.25 * ink.em };
    // the title may be wider than what it stands above
    let beyond = (0.5 * (letters::width(&inset.title, 0.82 * ink.em, false) - side)).max(0.0);
    let place = |right: f32, low: f32| {
        let x = plot.min[0] + beyond + right * (width - side - 2.0 * beyond).max(0.0);
        let y = plot.min[1] + title + low * (height - side - title).max(0.0);
        Area::of(x, y, x + side, y + side)
    };
    let corners = [[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]];
    let between = [[1.0, 0.5], [0.0, 0.5], [0.5, 1.0], [0.5, 0.0], [0.5, 0.5]];
    let places = corners.into_iter().chain(between).map(|[right, low]| place(right, low));
    let points = marks::places(picture, transform);
    let hidden = |area: &Area| {
        let whole = Area::of(
            area.min[0] - beyond,
            area.min[1] - title,
            area.max[0] + beyond,
            area.max[1],
        );
        points.iter().filter(|p| whole.contains(**p, 0.0)).count()
    };
    let area = places.min_by_key(hidden).unwrap_or_else(|| place(0.0, 1.0));
    let frame = Pen::solid(ink.palette.axis, 0.06 * ink.em);
    let mut items = Vec::new();
    if title > 0.0 {
        let at = [0.5 * (area.min[0] + area.max[0]), area.min[1] - 0.5 * title];
        items.push(Item::Text(ink.quiet(at, Anchor::Middle, 0.82, inset.title.as_str())));
    }
    items.push(Item::Box {
        area,
        fill: Some(ink.palette.background),
        pen: None,
    });
    let inner = Transform::fit(padded(inset.picture.bounds, PAD), area.min, area.max);
    items.push(Item::Group {
        name: format!("inset-marks-{index}"),
        clip: Some(area),
        items: marks::items(&inset.picture, &inner, area, &format!("{index}-inset")),
    });
    items.push(Item::Box {
        area,
        fill: None,
        pen: Some(frame),
    });
    Item::group(format!("inset-{index}"), items)
}
