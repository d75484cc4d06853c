//! Stacked bars: names before, parts written inside where they fit, the total and a note behind.

use super::Ink;
use crate::export::letters;
use crate::export::sheet::{Anchor, Area, Item, Pen};
use crate::picture::color::contrast;
use crate::picture::figure::{BarPart, BarRow, Bars};
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
    let most = bars.rows.iter().map(total).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let right = right_end(bars, ink, left, area.max[0], most);
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
            if part.name.is_empty() {
                // the total behind the bar says it
            } else if fits_inside(part, wide, em) {
                let mut text = ink.text([x + 0.5 * wide, middle], Anchor::Middle, SIZE, inside(part));
                text.color = letters_on(part.color);
                items.push(Item::Text(text));
            } else {
                outside.push(beside(part));
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

/// What is written in a part.
fn inside(part: &BarPart) -> String {
    format!("{}  {}", part.name, short(part.value as f32))
}

/// What is written behind the bar of a part that is too short.
fn beside(part: &BarPart) -> String {
    format!("{} {}", part.name, short(part.value as f32))
}

fn fits_inside(part: &BarPart, wide: f32, em: f32) -> bool {
    letters::width(&inside(part), SIZE * em, false) + 0.9 * em <= wide
}

/// Where the longest bar ends, so that behind every bar there is room for its total, for the parts too short for letters and for
/// its note; at least 0.4 of the width is left to the bars.
fn right_end(bars: &Bars, ink: &Ink, left: f32, end: f32, most: f64) -> f32 {
    let em = ink.em;
    let least = left + 0.4 * (end - left);
    let mut right = end;
    // shorter bars have more parts that are too short: a few turns settle it
    for _ in 0..4 {
        let of_row = |row: &BarRow| {
            let share = (total(row) / most).clamp(0.0, 1.0) as f32;
            let shown = row.parts.iter().filter(|p| p.value.is_finite() && p.value > 0.0);
            let wide = |part: &BarPart| (part.value / most) as f32 * (right - left).max(1.0);
            let outside: Vec<String> = shown
                .filter(|p| !p.name.is_empty() && !fits_inside(p, wide(p), em))
                .map(beside)
                .collect();
            // half a unit more, or rounding cuts the last letter
            let words = letters::width(&after(row, &outside), SIZE * em, false) + 0.8 * em + 0.5;
            if share > 0.0 {
                left + (end - words - left) / share
            } else {
                end
            }
        };
        right = bars.rows.iter().map(of_row).fold(right, f32::min);
    }
    right.max(least)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::color::Theme;

    #[test]
    fn what_stands_behind_a_bar_is_not_cut() {
        let part = |name: &str, value| BarPart {
            name: name.into(),
            value,
            color: [0, 0, 0, 255],
        };
        let row = |parts| BarRow {
            name: "1-RF".into(),
            parts,
            note: String::new(),
        };
        let bars = Bars {
            rows: vec![
                row(vec![part("floor", 3.4), part("bends", 14.1), part("carried", 64.3)]),
                row(vec![
                    part("floor", 0.00404),
                    part("bends", 0.0078),
                    part("carried", 64.1),
                ]),
            ],
            ..Bars::default()
        };
        for width in [500.0, 700.0, 1200.0] {
            let ink = Ink {
                palette: Theme::Print.palette(),
                em: 11.0,
                axes: false,
                bare: false,
                roomy: false,
            };
            let all = items(&bars, &ink, Area::of(0.0, 0.0, width, 100.0));
            let words: Vec<&str> = all
                .iter()
                .filter_map(|item| match item {
                    Item::Text(text) => Some(text.text.as_str()),
                    _ => None,
                })
                .collect();
            assert!(!words.iter().any(|w| w.contains('…')), "{width}: {words:?}");
            let said = words.join(" ");
            for wanted in ["floor 3.4", "floor 0.00404", "bends 0.0078", "= 81.8"] {
                assert!(said.contains(wanted), "{width}: {wanted} is not in {said}");
            }
        }
    }
}
