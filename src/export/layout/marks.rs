//! A picture's marks as shapes. Sizes that are pixels on screen follow the plot's size, so that a small figure is a small
//! copy of a large one.

use crate::export::sheet::{Anchor, Area, Item, Pen, Text};
use crate::picture::{Bounds, Colors, Mark, Picture, Rgba, Transform};

/// A plot of this side shows marks in their own sizes.
const USUAL_SIDE: f32 = 620.0;
/// Points of a line nearer to each other than this are one.
const NEAR: f32 = 0.08;
/// Pixels of a map for each of its cells, at most.
const SMOOTHER: usize = 6;

/// Marks for one pixel of their sizes, in a plot.
fn scale_in(plot: Area) -> f32 {
    let [width, height] = plot.size();
    (width.min(height) / USUAL_SIDE).powf(0.85).clamp(0.2, 6.0)
}

/// All marks, back to front, a group each.
pub(super) fn items(picture: &Picture, transform: &Transform, plot: Area, suffix: &str) -> Vec<Item> {
    let pen = Drawer {
        transform,
        plot,
        scale: scale_in(plot),
    };
    let marks = picture.marks.iter().enumerate();
    marks
        .map(|(i, mark)| {
            let name = picture.name_of(i).unwrap_or(kind_of(mark));
            Item::group(format!("{name}-{suffix}-{i}"), pen.items(mark))
        })
        .collect()
}

const fn kind_of(mark: &Mark) -> &'static str {
    match mark {
        Mark::Points { .. } => "points",
        Mark::Lines { .. } => "lines",
        Mark::Arrows { .. } => "arrows",
        Mark::Heat { .. } => "map",
        Mark::Text { .. } => "words",
    }
}

/// Some places on the page that marks cover.
pub(super) fn places(picture: &Picture, transform: &Transform) -> Vec<[f32; 2]> {
    let of = |mark: &Mark| -> Vec<[f32; 2]> {
        match mark {
            Mark::Points { at, .. } | Mark::Arrows { at, .. } => at.iter().map(|p| transform.apply(*p)).collect(),
            Mark::Lines { points, .. } => points.iter().map(|p| transform.apply(*p)).collect(),
            _ => Vec::new(),
        }
    };
    picture.marks.iter().flat_map(of).collect()
}

struct Drawer<'a> {
    transform: &'a Transform,
    plot: Area,
    scale: f32,
}

impl Drawer<'_> {
    fn items(&self, mark: &Mark) -> Vec<Item> {
        match mark {
            Mark::Points {
                at,
                colors,
                radius_px,
                shape,
            } => {
                let radius = radius_px * self.scale;
                let placed = at.iter().map(|p| self.transform.apply(*p)).enumerate();
                let seen: Vec<(usize, [f32; 2])> = placed.filter(|(_, p)| self.plot.contains(*p, radius)).collect();
                let colors = match colors {
                    Colors::One(color) => vec![*color],
                    Colors::Each(_) => seen.iter().map(|(i, _)| color_of(colors, *i)).collect(),
                };
                if seen.is_empty() {
                    return Vec::new();
                }
                vec![Item::Dots {
                    at: seen.into_iter().map(|(_, p)| p).collect(),
                    colors,
                    radius,
                    shape: *shape,
                }]
            }
            Mark::Lines {
                points,
                stride,
                shown,
                colors,
                width_px,
                dashed,
            } => {
                let lines = points.chunks_exact((*stride).max(2)).take(*shown).enumerate();
                lines
                    .filter_map(|(i, line)| self.line(line, color_of(colors, i), *width_px, *dashed))
                    .collect()
            }
            Mark::Arrows {
                at,
                by,
                colors,
                width_px,
                dashed,
            } => {
                let arrows = at.iter().zip(by.iter()).enumerate();
                arrows
                    .flat_map(|(i, (tail, step))| self.arrow(*tail, *step, color_of(colors, i), *width_px, *dashed))
                    .collect()
            }
            Mark::Heat {
                bounds,
                columns,
                rows,
                cells,
            } => self.map(*bounds, *columns, *rows, cells).into_iter().collect(),
            Mark::Text {
                at,
                text,
                color,
                size_px,
            } => vec![Item::Text(Text {
                at: self.transform.apply(*at),
                anchor: Anchor::Middle,
                // letters keep more of their size than marks, or small figures cannot be read
                size: size_px * self.scale.sqrt(),
                strong: false,
                color: *color,
                text: text.clone(),
            })],
        }
    }

    fn line(&self, line: &[[f32; 2]], color: Rgba, width: f32, dashed: bool) -> Option<Item> {
        let mut points: Vec<[f32; 2]> = Vec::with_capacity(line.len());
        let last = line.len() - 1;
        for (i, p) in line.iter().enumerate() {
            let p = self.transform.apply(*p);
            if !(p[0].is_finite() && p[1].is_finite()) {
                continue;
            }
            let near = |q: &[f32; 2]| (p[0] - q[0]).abs() < NEAR && (p[1] - q[1]).abs() < NEAR;
            // the end is kept even where it is near: the line must reach it
            if points.last().is_some_and(near) && i < last {
                continue;
            }
            points.push(p);
        }
        let width = width * self.scale;
        let dash = dashed.then_some([4.0 * self.scale + 2.0 * width, 2.5 * self.scale + 1.5 * width]);
        (points.len() > 1).then_some(Item::Line {
            points,
            pen: Pen { color, width, dash },
        })
    }

    fn arrow(&self, tail: [f32; 2], step: [f32; 2], color: Rgba, width: f32, dashed: bool) -> Vec<Item> {
        let tip = self.transform.apply([tail[0] + step[0], tail[1] + step[1]]);
        let tail = self.transform.apply(tail);
        let d = [tip[0] - tail[0], tip[1] - tail[1]];
        let length = d[0].hypot(d[1]);
        if !(length > 1e-3 && length.is_finite() && self.plot.contains(tip, length)) {
            return Vec::new();
        }
        let width = width * self.scale;
        let along = d.map(|v| v / length);
        let head = (0.34 * length + 1.2 * width)
            .min(4.0 * self.scale + 2.2 * width)
            .min(length);
        let on = |back: f32, side: f32| {
            [
                tip[0] - back * along[0] - side * along[1],
                tip[1] - back * along[1] + side * along[0],
            ]
        };
        let dash = dashed.then(|| [2.2, 1.4].map(|part| part * width.max(1.6 * self.scale)));
        vec![
            Item::Line {
                points: vec![tail, on(0.8 * head, 0.0)],
                pen: Pen { color, width, dash },
            },
            Item::Fill {
                corners: vec![tip, on(head, 0.42 * head), on(head, -0.42 * head)],
                color,
            },
        ]
    }

    /// The map, made smooth here: programs that show SVG and PDF each enlarge images in a way of their own.
    fn map(&self, bounds: Bounds, columns: usize, rows: usize, cells: &[Rgba]) -> Option<Item> {
        if columns == 0 || rows == 0 || cells.len() != columns * rows {
            return None;
        }
        let [x0, y0] = self.transform.apply([bounds.min[0], bounds.max[1]]);
        let [x1, y1] = self.transform.apply([bounds.max[0], bounds.min[1]]);
        if ![x0, y0, x1, y1].iter().all(|v| v.is_finite()) || x1 <= x0 || y1 <= y0 {
            return None;
        }
        let finer = (((x1 - x0) / columns as f32).ceil() as usize).clamp(1, SMOOTHER);
        Some(Item::Map {
            area: Area::of(x0, y0, x1, y1),
            columns: columns * finer,
            pixels: smooth(cells, columns, rows, finer),
        })
    }
}

/// Bilinear between the middles of cells, in premultiplied color; `cells` come bottom row first, the result top row first.
fn smooth(cells: &[Rgba], columns: usize, rows: usize, finer: usize) -> Vec<Rgba> {
    let places = |count: usize| -> Vec<(usize, usize, f32)> {
        (0..count * finer)
            .map(|i| {
                let at = ((i as f32 + 0.5) / finer as f32 - 0.5).clamp(0.0, (count - 1) as f32);
                let low = at as usize;
                (low, (low + 1).min(count - 1), at - low as f32)
            })
            .collect()
    };
    let (xs, ys) = (places(columns), places(rows));
    let cell = |column: usize, row: usize| {
        let [r, g, b, a] = cells[row * columns + column].map(f32::from);
        [r * a, g * a, b * a, a]
    };
    let mix = |a: [f32; 4], b: [f32; 4], f: f32| -> [f32; 4] { std::array::from_fn(|i| a[i] + f * (b[i] - a[i])) };
    let mut pixels = Vec::with_capacity(xs.len() * ys.len());
    for (low, high, fy) in ys.iter().rev() {
        for (left, right, fx) in &xs {
            let below = mix(cell(*left, *low), cell(*right, *low), *fx);
            let above = mix(cell(*left, *high), cell(*right, *high), *fx);
            let [r, g, b, a] = mix(below, above, *fy);
            let straight = [r, g, b].map(|c| if a > 0.0 { (c / a).round() as u8 } else { 0 });
            pixels.push([straight[0], straight[1], straight[2], a.round() as u8]);
        }
    }
    pixels
}

fn color_of(colors: &Colors, index: usize) -> Rgba {
    match colors {
        Colors::One(c) => *c,
        Colors::Each(all) => all.get(index).copied().unwrap_or([0; 4]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_map_keeps_its_cells_and_turns_over() {
        let (dark, light) = ([0, 0, 0, 255], [255, 255, 255, 255]);
        // bottom row dark, top row light
        let pixels = smooth(&[dark, dark, light, light], 2, 2, 3);
        assert_eq!(pixels.len(), 36);
        assert_eq!((pixels[0], pixels[35]), (light, dark));
        let middle: Vec<u8> = pixels.iter().step_by(6).map(|p| p[0]).collect();
        assert!(middle.windows(2).all(|w| w[0] >= w[1]), "{middle:?}");
        // what is transparent lends no color
        let pixels = smooth(&[[255, 0, 0, 255], [0, 255, 0, 0]], 2, 1, 4);
        assert!(pixels.iter().all(|p| p[1] == 0), "{pixels:?}");
    }
}
