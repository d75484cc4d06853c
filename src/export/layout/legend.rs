//! The legend: a column beside a single wide panel, rows beneath everything else.

use std::f32::consts::TAU;

use rust_i18n::t;

use super::Ink;
use crate::export::letters;
use crate::export::sheet::{Anchor, Area, Item, Pen};
use crate::picture::words::{grouped, text_or};
use crate::picture::{LegendEntry, Rgba, Swatch, short};

/// In em: height of a row, of letters, width of a swatch, gaps behind a swatch and between entries.
const ROW: f32 = 1.75;
const SIZE: f32 = 0.95;
const SWATCH: f32 = 2.1;
const GAP: f32 = 0.7;
const APART: f32 = 1.9;

/// What stands behind the words of an entry.
fn range(entry: &LegendEntry) -> Option<String> {
    match &entry.swatch {
        Swatch::Ramp { low, high, .. } => Some(format!("{} – {}", short(*low), short(*high))),
        _ => None,
    }
}

/// The words of an entry, without its range.
fn said(entry: &LegendEntry) -> String {
    let what = text_or(entry.key, entry.text);
    match &entry.swatch {
        Swatch::Counted { count, of, .. } => t!(
            "legend.counted",
            count = grouped(*count),
            what = what,
            of = grouped(*of)
        )
        .into_owned(),
        _ => what,
    }
}

fn words(entry: &LegendEntry) -> String {
    range(entry).map_or_else(|| said(entry), |r| format!("{}  {r}", said(entry)))
}

fn entry_width(entry: &LegendEntry, ink: &Ink) -> f32 {
    (SWATCH + GAP) * ink.em + letters::width(&words(entry), SIZE * ink.em, false)
}

/// Width of the widest line of a column: ranges stand on a line of their own.
pub(super) fn column_width(entries: &[LegendEntry], ink: &Ink) -> f32 {
    let lines = entries.iter().flat_map(|e| [Some(said(e)), range(e)]).flatten();
    let widest = lines
        .map(|l| letters::width(&l, SIZE * ink.em, false))
        .fold(0.0, f32::max);
    // half a unit more, or rounding breaks the widest line
    (SWATCH + GAP) * ink.em + widest + 0.5
}

/// A column in this area, from its top; words that do not fit are broken.
pub(super) fn column(entries: &[LegendEntry], ink: &Ink, area: Area) -> Vec<Item> {
    let mut items = Vec::new();
    let x = area.min[0] + (SWATCH + GAP) * ink.em;
    let room = (area.max[0] - x).max(ink.em);
    let mut y = area.min[1] + 0.5 * ROW * ink.em;
    for entry in entries {
        swatch(&mut items, [area.min[0], y], ink, &entry.swatch);
        for line in letters::wrap(&said(entry), SIZE * ink.em, false, room) {
            items.push(Item::Text(ink.text([x, y], Anchor::Left, SIZE, line)));
            y += 1.25 * SIZE * ink.em;
        }
        if let Some(range) = range(entry) {
            items.push(Item::Text(ink.quiet([x, y], Anchor::Left, SIZE, range)));
            y += 1.25 * SIZE * ink.em;
        }
        y += (ROW - 1.25 * SIZE) * ink.em;
    }
    items
}

/// The left middle of every entry in rows of this width, from the origin.
fn places(entries: &[LegendEntry], ink: &Ink, width: f32) -> Vec<[f32; 2]> {
    let (mut x, mut y) = (0.0, 0.5 * ROW * ink.em);
    let mut places = Vec::new();
    for entry in entries {
        let wide = entry_width(entry, ink);
        if x > 0.0 && x + wide > width {
            (x, y) = (0.0, y + ROW * ink.em);
        }
        places.push([x, y]);
        x += wide + APART * ink.em;
    }
    places
}

/// Height of the rows that entries need in this width.
pub(super) fn rows_height(entries: &[LegendEntry], ink: &Ink, width: f32) -> f32 {
    places(entries, ink, width)
        .last()
        .map_or(0.0, |p| p[1] + 0.5 * ROW * ink.em)
}

/// Rows in this area.
pub(super) fn rows(entries: &[LegendEntry], ink: &Ink, area: Area) -> Vec<Item> {
    let mut items = Vec::new();
    let [width, height] = area.size();
    let top = area.min[1] + height - rows_height(entries, ink, width);
    for (entry, at) in entries.iter().zip(places(entries, ink, width)) {
        let at = [area.min[0] + at[0], top + at[1]];
        swatch(&mut items, at, ink, &entry.swatch);
        let x = at[0] + (SWATCH + GAP) * ink.em;
        let room = (area.max[0] - x).max(ink.em);
        let line = letters::shortened(&words(entry), SIZE * ink.em, false, room);
        items.push(Item::Text(ink.text([x, at[1]], Anchor::Left, SIZE, line)));
    }
    items
}

/// A swatch whose left middle lies at `at`.
fn swatch(items: &mut Vec<Item>, at: [f32; 2], ink: &Ink, swatch: &Swatch) {
    let em = ink.em;
    let (left, right) = (at[0], at[0] + SWATCH * em);
    let middle = [0.5 * (left + right), at[1]];
    let line = |from: f32, to: f32, color: Rgba, dashed: bool| Item::Line {
        points: vec![[from, at[1]], [to, at[1]]],
        pen: Pen {
            color,
            width: 0.13 * em,
            dash: dashed.then_some([0.36 * em, 0.24 * em]),
        },
    };
    match swatch {
        Swatch::Counted { color, shape, .. } | Swatch::Point(color, shape) => items.push(Item::Dots {
            at: vec![middle],
            colors: vec![*color],
            radius: 0.32 * em,
            shape: *shape,
        }),
        Swatch::Line(color, dashed) => items.push(line(left, right, *color, *dashed)),
        Swatch::Arrow(color, dashed) => {
            items.push(line(left, right - 0.5 * em, *color, *dashed));
            items.push(Item::Fill {
                corners: vec![
                    [right, at[1]],
                    [right - 0.65 * em, at[1] - 0.28 * em],
                    [right - 0.65 * em, at[1] + 0.28 * em],
                ],
                color: *color,
            });
        }
        Swatch::Ramp { colors, .. } => items.push(Item::Ramp {
            area: Area::of(left, at[1] - 0.34 * em, right, at[1] + 0.34 * em),
            colors: colors.clone(),
        }),
        Swatch::Wheel(colors) => items.extend(wheel(middle, em, colors)),
    }
}

/// A ring of colored pieces that overlap a little, so that no seams show.
fn wheel(middle: [f32; 2], em: f32, colors: &[Rgba]) -> Vec<Item> {
    let n = colors.len().max(1) as f32;
    let piece = |(i, color): (usize, &Rgba)| {
        let on = |radius: f32, k: f32| {
            let angle = (i as f32 + k) / n * TAU;
            [
                middle[0] + radius * em * angle.cos(),
                middle[1] - radius * em * angle.sin(),
            ]
        };
        Item::Fill {
            corners: vec![on(0.28, -0.56), on(0.62, -0.56), on(0.62, 0.56), on(0.28, 0.56)],
            color: *color,
        }
    };
    colors.iter().enumerate().map(piece).collect()
}
