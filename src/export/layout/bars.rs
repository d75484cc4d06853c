//! Stacked bars: names before, parts written inside where they fit, the total and a note behind.

use super::Ink;
use crate::export::letters;
use crate::export::sheet::{Anchor, Area, Item, Pen};
use crate::picture::color::contrast;
use crate::picture::figure::{BarRow, Bars};
use crate::picture::{Rgba, short};

/// In em: height of a bar, of a row, of letters.
const BAR: f32 = 1.5;
const ROW: f32 = 2.1;
const SIZE: f32 = 0.95;
/// Beneath the bars, for the words of the mark.
const MARK: f32 = 1.4;

/// Height of all bars.
pub(super) fn height(bars: &Bars, ink: &Ink) -> f32 {
    let title = if bars.title.is_empty() { 0.0 } else { 1.7 };
    let mark = if bars.mark.is_some() { MARK } else { 0.0 };
    (title + ROW * bars.rows.len() as f32 + mark) * ink.em
}

/// Black or white, whichever is read better on a color.
fn letters_on(color: Rgba) -> Rgba {
    let [black, white] = [[16, 18, 22, 255], [255, 255, 255, 255]];
    if contrast(color, black) >= contrast(color, white) {
        black
    } else {
        white
    }
}

fn total(row: &BarRow) -> f64 {
    row.parts
        .iter()
        .map(|p| p.value.max(0.0))
        .filter(|v| v.is_finite())
        .sum()
}

/// The bars in this area, from its top.
pub(super) fn items(bars: &Bars, ink: &Ink, area: Area) -> Vec<Item> {
    let em = ink.em;
    let mut items = Vec::new();
    let mut top = area.min[1];
    if !bars.title.is_empty() {
        let words = letters::shortened(&bars.title, em, true, area.size()[0]);
        items.push(Item::Text(ink.strong(
            [area.min[0], top + 0.6 * em],
            Anchor::Left,
            1.0,
            words,
        )));
        top += 1.7 * em;
    }
    let name_width = bars.rows.iter().map(|r| letters::width(&r.name, SIZE * em, false));
    // half a unit more, or rounding cuts the longest name short
    let left = area.min[0] + name_width.fold(0.0, f32::max).min(0.3 * area.size()[0]) + 0.8 * em + 0.5;
    // the longest bar leaves room for its total and for what does not fit inside
    let behind = bars
        .rows
        .iter()
        .map(|row| letters::width(&after(row, &[]), SIZE * em, false) + 1.6 * em);
    let right = area.max[0] - behind.fold(0.0, f32::max).min(0.35 * area.size()[0]);
    let most = bars.rows.iter().map(total).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let scale = (right - left).max(1.0) / most as f32;
    let (first, mark) = (top, bars.mark.as_ref().filter(|(_, at)| (0.0..=most).contains(at)));
    for row in &bars.rows {
        let middle = top + 0.5 * ROW * em;
        let name = letters::shortened(&row.name, SIZE * em, false, left - 0.8 * em - area.min[0]);
        let at = [left - 0.8 * em, middle];
        items.push(Item::Text(ink.text(at, Anchor::Right, SIZE, name)));
        let mut x = left;
        let mut outside = Vec::new();
        for part in row.parts.iter().filter(|p| p.value.is_finite() && p.value > 0.0) {
            let wide = part.value as f32 * scale;
            items.push(Item::Box {
                area: Area::of(x, middle - 0.5 * BAR * em, x + wide, middle + 0.5 * BAR * em),
                fill: Some(part.color),
                pen: None,
            });
            let words = format!("{}  {}", part.name, short(part.value as f32));
            if part.name.is_empty() {
                // the total behind the bar says it
            } else if letters::width(&words, SIZE * em, false) + 0.9 * em <= wide {
                let mut text = ink.text([x + 0.5 * wide, middle], Anchor::Middle, SIZE, words);
                text.color = letters_on(part.color);
                items.push(Item::Text(text));
            } else {
                outside.push(format!("{} {}", part.name, short(part.value as f32)));
            }
            x += wide;
        }
        let room = (area.max[0] - x - 0.8 * em).max(em);
        let words = letters::shortened(&after(row, &outside), SIZE * em, false, room);
        items.push(Item::Text(ink.quiet([x + 0.8 * em, middle], Anchor::Left, SIZE, words)));
        top += ROW * em;
    }
    if let Some((name, at)) = mark {
        let x = left + *at as f32 * scale;
        let ends = [[x, first + 0.5 * (ROW - BAR) * em - 2.0], [x, top]];
        items.push(dashed(ends, ink));
        let words = format!("{name} {}", short(*at as f32));
        items.push(Item::Text(ink.text([x, top + 0.6 * em], Anchor::Middle, SIZE, words)));
    }
    items
}

/// The line of the mark.
fn dashed(ends: [[f32; 2]; 2], ink: &Ink) -> Item {
    Item::Line {
        points: ends.to_vec(),
        pen: Pen {
            color: ink.palette.text,
            width: 0.12 * ink.em,
            dash: Some([0.36 * ink.em, 0.24 * ink.em]),
        },
    }
}

/// What stands behind a bar: its total, the parts too short for letters, its note.
fn after(row: &BarRow, outside: &[String]) -> String {
    let mut words = match row.parts.as_slice() {
        [] => Vec::new(),
        [one] if one.name.is_empty() => vec![short(total(row) as f32)],
        _ => vec![format!("= {}", short(total(row) as f32))],
    };
    if !outside.is_empty() {
        words.push(outside.join(", "));
    }
    if !row.note.is_empty() {
        words.push(row.note.clone());
    }
    words.join("    ")
}
