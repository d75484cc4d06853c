//! Scalar maps: energy with contours and arrows, divergence, curl and continuity residual about zero, the local floor, the
//! flow's density. One legend entry is the color bar.

use std::sync::Arc;

use rust_i18n::t;

use super::color::{ColorMap, Theme, with_alpha};
use super::{Bounds, Colors, LegendEntry, Mark, Rgba, Swatch};
use crate::engine::maps::{Lack, MapGrid};
use crate::engine::snapshot::FieldGrid;
use crate::lab::Map;

/// Energies are shown up to this far above the least: e^-10 of the greatest density.
const ENERGY_RANGE: f32 = 10.0;
/// Contours of the energy lie so far apart.
const CONTOUR: f32 = 1.0;

/// A map as drawn.
#[derive(Clone, Debug, Default)]
pub struct MapMarks {
    /// Back to front, with their names.
    pub marks: Vec<(&'static str, Mark)>,
    /// Color bar, and arrows where there are any.
    pub legend: Vec<LegendEntry>,
}

/// What the colors run from and to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The first color.
    pub low: f32,
    /// The last.
    pub high: f32,
}

/// The scale that shows this map well: symmetric about 0 where values have a sign, at round numbers, and unmoved by a few wild
/// cells.
pub fn scale_of(grid: &MapGrid) -> Scale {
    let shown = grid
        .values
        .iter()
        .zip(&grid.presence)
        .filter(|(v, p)| v.is_finite() && **p > 0.3);
    let mut values: Vec<f32> = shown
        .map(|(v, _)| if grid.map.is_signed() { v.abs() } else { *v })
        .collect();
    if values.is_empty() {
        return Scale { low: 0.0, high: 1.0 };
    }
    values.sort_unstable_by(f32::total_cmp);
    let at = |percent: usize| values[(values.len() - 1) * percent / 100];
    match grid.map {
        Map::Energy => Scale {
            low: values[0],
            high: values[0] + ENERGY_RANGE,
        },
        Map::FlowDensity => Scale {
            low: 0.0,
            high: round_up(values[values.len() - 1]),
        },
        _ if grid.map.is_signed() => {
            let most = round_up(at(97));
            Scale { low: -most, high: most }
        }
        _ => Scale {
            low: 0.0,
            high: round_up(at(98)),
        },
    }
}

/// The next of 1, 1.5, 2, 3, 5, 7 times a power of ten: a scale that does not flicker while a network learns.
fn round_up(x: f32) -> f32 {
    if !(x.is_finite() && x > 1e-6) {
        return 1e-6;
    }
    let power = 10.0_f32.powf(x.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0];
    let step = steps.into_iter().find(|s| s * power >= x * 0.999).unwrap_or(10.0);
    step * power
}

/// Color of a value about zero, -1 to 1: nothing at 0, then vik's two arms, of which a dark surface hides the ends.
fn about_zero(theme: Theme, x: f32) -> Rgba {
    let arm = if theme.is_dark() { 0.78 } else { 0.94 };
    let x = x.clamp(-1.0, 1.0);
    let color = ColorMap::Vik.at(0.5 + 0.5 * arm * x.signum() * (0.25 + 0.75 * x.abs()));
    with_alpha(color, (2.5 * x.abs()).min(1.0) * 0.92)
}

/// Color of a share of the scale; `turned`: low values stand out.
fn color(map: Map, theme: Theme, x: f32) -> Rgba {
    match map {
        _ if map.is_signed() => about_zero(theme, 2.0 * x - 1.0),
        Map::Energy => {
            let depth = 1.0 - x.clamp(0.0, 1.0);
            with_alpha(ColorMap::Cividis.toward(theme, depth), (3.0 * depth).min(1.0) * 0.92)
        }
        Map::LocalFloor => {
            let x = x.clamp(0.0, 1.0);
            with_alpha(ColorMap::Batlow.toward(theme, x), 0.25 + 0.65 * (2.0 * x).min(1.0))
        }
        _ => with_alpha(
            ColorMap::Cividis.toward(theme, x.clamp(0.0, 1.0)),
            (5.0 * x).clamp(0.0, 1.0) * 0.9,
        ),
    }
}

/// The map's marks with this scale, or with its own.
pub fn map_marks(grid: &MapGrid, scale: Option<Scale>, theme: Theme) -> MapMarks {
    let mut made = MapMarks::default();
    if grid.values.is_empty() || grid.columns < 2 || grid.rows < 2 {
        return made;
    }
    let scale = scale.unwrap_or_else(|| scale_of(grid));
    let span = (scale.high - scale.low).max(f32::MIN_POSITIVE);
    let cells = grid.values.iter().zip(&grid.presence).map(|(v, p)| {
        if !v.is_finite() {
            return [0; 4];
        }
        let [r, g, b, a] = color(grid.map, theme, (v - scale.low) / span);
        [r, g, b, (f32::from(a) * p).round() as u8]
    });
    let [x0, y0, x1, y1] = grid.bounds;
    // the grid's points lie in the middle of the map's cells
    let half = [
        0.5 * (x1 - x0) / (grid.columns - 1) as f32,
        0.5 * (y1 - y0) / (grid.rows - 1) as f32,
    ];
    made.marks.push((
        grid.map.name(),
        Mark::Heat {
            bounds: Bounds::of([x0 - half[0], y0 - half[1], x1 + half[0], y1 + half[1]]),
            columns: grid.columns,
            rows: grid.rows,
            cells: Arc::new(cells.collect()),
        },
    ));
    let (key, text) = legend_words(grid);
    let ramp = (0..32)
        .map(|i| opaque(color(grid.map, theme, i as f32 / 31.0), theme))
        .collect();
    made.legend.push(LegendEntry {
        key,
        text,
        swatch: Swatch::Ramp {
            colors: Arc::new(ramp),
            low: scale.low,
            high: scale.high,
        },
    });
    if grid.map == Map::Energy {
        contours_of_energy(grid, scale, theme, &mut made);
        energy_arrows(grid, scale, theme, &mut made);
    }
    made
}

/// The color as it looks on the theme's background.
fn opaque(c: Rgba, theme: Theme) -> Rgba {
    let ground = theme.palette().background;
    let share = f32::from(c[3]) / 255.0;
    let mut mixed = super::color::mix(ground, [c[0], c[1], c[2], 255], share);
    mixed[3] = 255;
    mixed
}

fn legend_words(grid: &MapGrid) -> (&'static str, &'static str) {
    match (grid.map, grid.exact) {
        (Map::None, _) => ("legend.map_none", "no map"),
        (Map::Energy, _) => ("legend.map_energy", "energy, -log p_t"),
        (Map::Divergence, false) => ("legend.map_divergence", "divergence of the learned velocity"),
        (Map::Divergence, true) => ("legend.map_divergence_exact", "divergence of the exact velocity"),
        (Map::Curl, false) => ("legend.map_curl", "curl of the learned velocity"),
        (Map::Curl, true) => ("legend.map_curl_exact", "curl of the exact velocity"),
        (Map::LocalFloor, _) if grid.is_estimate => ("legend.map_floor_estimate", "floor of the loss here, from pairs"),
        (Map::LocalFloor, _) => ("legend.map_floor", "floor of the loss here"),
        (Map::FlowDensity, false) => ("legend.map_density", "density of the learned flow"),
        (Map::FlowDensity, true) => ("legend.map_density_exact", "exact density p_t"),
        (Map::Continuity, _) => ("legend.map_continuity", "mass that the learned flow makes or loses"),
    }
}

/// Lines of equal energy, one every [`CONTOUR`].
fn contours_of_energy(grid: &MapGrid, scale: Scale, theme: Theme, made: &mut MapMarks) {
    let levels = (ENERGY_RANGE / CONTOUR) as usize;
    let mut points = Vec::new();
    for level in 1..=levels {
        contour(grid, scale.low + CONTOUR * level as f32, &mut points);
    }
    if points.is_empty() {
        return;
    }
    let color = with_alpha(theme.palette().text, 0.22);
    made.marks.push((
        "contours",
        Mark::Lines {
            shown: points.len() / 2,
            points: Arc::new(points),
            stride: 2,
            colors: Colors::One(color),
            width_px: 0.9,
            dashed: false,
        },
    ));
}

/// Marching squares: the pieces of the line where the map has this value, two points each.
fn contour(grid: &MapGrid, level: f32, out: &mut Vec<[f32; 2]>) {
    let [x0, y0, x1, y1] = grid.bounds;
    let step = [
        (x1 - x0) / (grid.columns - 1) as f32,
        (y1 - y0) / (grid.rows - 1) as f32,
    ];
    let value = |c: usize, r: usize| grid.values[r * grid.columns + c] - level;
    for r in 0..grid.rows - 1 {
        for c in 0..grid.columns - 1 {
            let corners = [(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1)];
            let values = corners.map(|(c, r)| value(c, r));
            if !values.iter().all(|v| v.is_finite()) {
                continue;
            }
            // where the line crosses the sides, in order around the cell
            let mut crossings = Vec::with_capacity(4);
            for side in 0..4 {
                let next = (side + 1) % 4;
                let (a, b) = (values[side], values[next]);
                if (a < 0.0) == (b < 0.0) {
                    continue;
                }
                let f = a / (a - b);
                let ((ca, ra), (cb, rb)) = (corners[side], corners[next]);
                let along = |p: usize, q: usize| p as f32 + f * (q as f32 - p as f32);
                crossings.push([x0 + step[0] * along(ca, cb), y0 + step[1] * along(ra, rb)]);
            }
            // at a saddle the two pieces are told apart by the middle of the cell
            let middle = values.iter().sum::<f32>();
            if crossings.len() == 4 && (middle < 0.0) != (values[0] < 0.0) {
                crossings.rotate_left(1);
            }
            if crossings.len() % 2 == 0 {
                out.extend_from_slice(&crossings);
            }
        }
    }
}

/// Score and exact velocity from the same points, each scaled to its own longest.
fn energy_arrows(grid: &MapGrid, scale: Scale, theme: Theme, made: &mut MapMarks) {
    let palette = theme.palette();
    let highest = scale.high + 2.0;
    let both = [
        (
            &grid.score,
            "score",
            palette.text,
            "legend.score",
            "score, grad log p_t",
        ),
        (&grid.velocity, "exact", palette.exact, "legend.exact", "exact velocity"),
    ];
    for (field, name, color, key, text) in both {
        let Some(field) = field else { continue };
        made.marks.push((
            name,
            arrows(field, color, |p| {
                // far out, where no mass is, arrows say nothing and hide much
                grid.value_at(p).is_some_and(|energy| energy < highest)
            }),
        ));
        made.legend.push(LegendEntry {
            key,
            text,
            swatch: Swatch::Arrow(color, false),
        });
    }
}

/// Arrows from every grid point, their length with the root of the vector's, the 90th percentile one step long.
fn arrows(field: &FieldGrid, color: Rgba, matters: impl Fn([f32; 2]) -> bool) -> Mark {
    let [x0, y0, x1, y1] = field.bounds;
    let cell = [
        (x1 - x0) / field.columns.saturating_sub(1).max(1) as f32,
        (y1 - y0) / field.rows.saturating_sub(1).max(1) as f32,
    ];
    let place = |i: usize| {
        [
            x0 + cell[0] * (i % field.columns) as f32,
            y0 + cell[1] * (i / field.columns) as f32,
        ]
    };
    let shown = || field.values.iter().enumerate().filter(|(i, _)| matters(place(*i)));
    let mut lengths: Vec<f32> = shown()
        .map(|(_, v)| v[0].hypot(v[1]))
        .filter(|l| l.is_finite())
        .collect();
    lengths.sort_unstable_by(f32::total_cmp);
    let most = lengths.get(lengths.len() * 9 / 10).copied().unwrap_or(1.0).max(1e-9);
    let longest = 0.9 * cell[0].min(cell[1]);
    let (mut at, mut by) = (Vec::new(), Vec::new());
    for (i, v) in shown() {
        let length = v[0].hypot(v[1]);
        if !length.is_finite() || length < 1e-9 {
            continue;
        }
        let drawn = longest * (length / most).min(1.0).sqrt();
        at.push(place(i));
        by.push(v.map(|c| c / length * drawn));
    }
    Mark::Arrows {
        at: Arc::new(at),
        by: Arc::new(by),
        colors: Colors::One(color),
        width_px: 1.5,
        dashed: false,
    }
}

/// What a run lacks for a map, in words.
pub fn lacking(lack: &Lack) -> String {
    match lack {
        Lack::Exact(why) => t!("figure.no_exact", why = why).into_owned(),
        Lack::Pairs => t!("figure.no_pairs").into_owned(),
        Lack::SourceDensity => t!("figure.no_source_density").into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(map: Map, of: impl Fn(f32, f32) -> f32) -> MapGrid {
        let n = 41;
        let at = |i: usize| -2.0 + 0.1 * i as f32;
        MapGrid {
            map,
            bounds: [-2.0, -2.0, 2.0, 2.0],
            columns: n,
            rows: n,
            values: (0..n * n).map(|i| of(at(i % n), at(i / n))).collect(),
            presence: vec![1.0; n * n],
            ..MapGrid::default()
        }
    }

    #[test]
    fn a_signed_map_has_a_symmetric_scale_and_nothing_at_zero() {
        let map = grid(Map::Curl, |x, _| x);
        let scale = scale_of(&map);
        assert_eq!((scale.low, scale.high), (-2.0, 2.0));
        for theme in [Theme::Dark, Theme::Light, Theme::Print] {
            let made = map_marks(&map, None, theme);
            let (_, Mark::Heat { cells, .. }) = &made.marks[0] else {
                panic!("a heat map")
            };
            let row = &cells[..41];
            assert_eq!(row[20][3], 0, "nothing at 0");
            assert!(row[0][3] > 200 && row[40][3] > 200);
            assert!(
                row[0][2] > row[0][0] && row[40][0] > row[40][2],
                "blue below, brown above"
            );
        }
        // values that are no numbers are left out, and do not spoil the scale
        let holes = grid(Map::Divergence, |x, y| if y > 0.0 { f32::NAN } else { x });
        assert_eq!(scale_of(&holes).high, 2.0);
        let made = map_marks(&holes, None, Theme::Dark);
        let (_, Mark::Heat { cells, .. }) = &made.marks[0] else {
            panic!("a heat map")
        };
        assert_eq!(cells[40 * 41][3], 0);
    }

    #[test]
    fn contours_lie_where_the_value_is() {
        let map = grid(Map::Energy, |x, y| x * x + y * y);
        let mut points = Vec::new();
        contour(&map, 1.0, &mut points);
        assert!(points.len() > 100 && points.len() % 2 == 0);
        for p in points {
            // chords of a parabola over cells of 0.1: off by an eighth of the square of the step
            assert!((p[0].hypot(p[1]) - 1.0).abs() < 2e-3, "{p:?}");
        }
        // the four corners of a saddle: two pieces, neither through the middle
        let mut saddle = Vec::new();
        let cell = MapGrid {
            bounds: [0.0, 0.0, 1.0, 1.0],
            columns: 2,
            rows: 2,
            values: vec![-1.0, 1.0, 1.0, -3.0],
            ..MapGrid::default()
        };
        contour(&cell, 0.0, &mut saddle);
        assert_eq!(saddle.len(), 4);
    }

    #[test]
    fn scales_are_round_and_hold_the_values() {
        for (x, want) in [
            (0.9, 1.0),
            (1.0, 1.0),
            (1.2, 1.5),
            (23.0, 30.0),
            (0.041, 0.05),
            (0.0, 1e-6),
        ] {
            let got = round_up(x);
            assert!((got - want).abs() <= 1e-5 * want, "{x}: {got}");
        }
    }
}
