//! Velocity fields as arrows, and the difference of two as a map.

use std::sync::Arc;

use super::color::{ColorMap, Theme, with_alpha};
use super::{Bounds, Colors, Mark, Rgba};
use crate::engine::snapshot::FieldGrid;
use crate::flow::path::Path;

/// Arrows and the speed that their last color stands for.
#[derive(Clone, Debug)]
pub struct FieldArrows {
    /// The arrows.
    pub mark: Mark,
    /// Data units per unit t.
    pub fastest: f32,
}

/// The most arrows a row: more are a texture, not a field.
const ARROWS_A_ROW: usize = 28;

/// The learned field's arrows, or with `exact` that field's, drawn to the learned field's scale so that they compare.
/// Each is centered on
/// its grid point and at most a grid step long. The length goes with the root of the speed, so that slow places still have a
/// direction; the color tells the speed itself.
pub fn field_arrows(learned: &FieldGrid, exact: Option<&FieldGrid>, theme: Theme) -> FieldArrows {
    let fastest = high_speed(learned);
    let shown = exact.unwrap_or(learned);
    let every = shown.columns.max(shown.rows).div_ceil(ARROWS_A_ROW).max(1);
    let cell = cell(shown).map(|c| c * every as f32);
    let longest = 0.92 * cell[0].min(cell[1]);
    let (mut at, mut by, mut colors) = (Vec::new(), Vec::new(), Vec::new());
    for row in (every / 2..shown.rows).step_by(every) {
        for column in (every / 2..shown.columns).step_by(every) {
            let Some(v) = shown.values.get(row * shown.columns + column) else {
                continue;
            };
            let speed = v[0].hypot(v[1]);
            if !speed.is_finite() {
                continue;
            }
            let share = (speed / fastest).min(1.0);
            let length = longest * share.sqrt();
            let step = v.map(|c| c / speed.max(1e-9) * length);
            let p = place(shown, column, row);
            at.push([p[0] - 0.5 * step[0], p[1] - 0.5 * step[1]]);
            by.push(step);
            colors.push(speed_color(theme, share));
        }
    }
    let is_exact = exact.is_some();
    FieldArrows {
        mark: Mark::Arrows {
            at: Arc::new(at),
            by: Arc::new(by),
            colors: if is_exact {
                Colors::One(theme.palette().exact)
            } else {
                Colors::Each(Arc::new(colors))
            },
            // the exact arrow lies beneath as a wide rim: where they agree it is even all around
            width_px: if is_exact { 3.2 } else { 1.6 },
            dashed: false,
        },
        fastest,
    }
}

/// Arrows a row where each is a triangle of three.
const TRIANGLES_A_ROW: usize = 13;

/// The velocity at grid points as the sum of its two terms in the probability-flow ODE, v = -f x + g^2 score / 2 (t runs
/// towards the data): the sum, the drift from the same point, and half a score from the drift's tip to that of the sum. The two
/// terms have one scale; so has the sum, except where they nearly cancel: it is then drawn longer by a round factor, which is the
/// second value, for the legend to say.
pub fn split_arrows(learned: &FieldGrid, path: Path, theme: Theme) -> ([Mark; 3], u32) {
    let rate = -path.forward_drift(learned.t) as f32;
    let every = learned.columns.max(learned.rows).div_ceil(TRIANGLES_A_ROW).max(1);
    let mut parts = Vec::new();
    for row in (every / 2..learned.rows).step_by(every) {
        for column in (every / 2..learned.columns).step_by(every) {
            let x = place(learned, column, row);
            let drift = x.map(|c| rate * c);
            match learned.values.get(row * learned.columns + column) {
                Some(&v) if v.iter().chain(&drift).all(|c| c.is_finite()) => parts.push((x, v, drift)),
                _ => {}
            }
        }
    }
    let high = high_of(parts.iter().map(|(_, v, d)| v[0].hypot(v[1]).max(d[0].hypot(d[1]))));
    let longer = longer(high / high_of(parts.iter().map(|(_, v, _)| v[0].hypot(v[1]))));
    let cell = cell(learned).map(|c| c * every as f32);
    let scale = 0.95 * cell[0].min(cell[1]) / high;
    let scaled = |v: [f32; 2]| v.map(|c| scale * c);
    let arrows = |at: Vec<[f32; 2]>, by: Vec<[f32; 2]>, color, width_px, dashed| Mark::Arrows {
        at: Arc::new(at),
        by: Arc::new(by),
        colors: Colors::One(color),
        width_px,
        dashed,
    };
    let palette = theme.palette();
    let points = || parts.iter().map(|p| p.0).collect();
    let tips = parts.iter().map(|(x, _, d)| [0, 1].map(|c| x[c] + scale * d[c]));
    let halves = parts.iter().map(|(_, v, d)| scaled([0, 1].map(|c| v[c] - d[c])));
    let grown = |v: [f32; 2]| v.map(|c| longer as f32 * scale * c);
    let marks = [
        arrows(
            points(),
            parts.iter().map(|p| grown(p.1)).collect(),
            palette.text,
            2.4,
            false,
        ),
        arrows(
            points(),
            parts.iter().map(|p| scaled(p.2)).collect(),
            palette.chord,
            1.7,
            false,
        ),
        arrows(tips.collect(), halves.collect(), palette.learned, 1.7, true),
    ];
    (marks, longer)
}

/// The 90th percentile, above 0.
fn high_of(sizes: impl Iterator<Item = f32>) -> f32 {
    let mut sizes: Vec<f32> = sizes.collect();
    sizes.sort_unstable_by(f32::total_cmp);
    sizes
        .get(sizes.len().saturating_sub(1) * 9 / 10)
        .map_or(1.0, |s| s.max(1e-6))
}

/// By which round factor a sum is drawn longer whose terms are so many times as large; 1 where it is seen without.
fn longer(ratio: f32) -> u32 {
    if ratio < 4.0 {
        return 1;
    }
    LONGER.into_iter().rev().find(|f| *f as f32 <= ratio).unwrap_or(1)
}

/// The factors by which a sum of terms that nearly cancel may be drawn longer.
pub const LONGER: [u32; 7] = [1, 2, 5, 10, 20, 50, 100];

/// Color of a speed, as a share of the fastest: the part of cividis that stands out from the background.
pub fn speed_color(theme: Theme, share: f32) -> Rgba {
    ColorMap::Cividis.toward(theme, 0.42 + 0.58 * share.clamp(0.0, 1.0))
}

/// The 97th percentile: a few wild corners must not shrink all the rest.
fn high_speed(grid: &FieldGrid) -> f32 {
    let mut speeds: Vec<f32> = grid
        .values
        .iter()
        .map(|v| v[0].hypot(v[1]))
        .filter(|s| s.is_finite())
        .collect();
    if speeds.is_empty() {
        return 1.0;
    }
    let k = (speeds.len() - 1) * 97 / 100;
    let (_, high, _) = speeds.select_nth_unstable_by(k, f32::total_cmp);
    high.max(1e-6)
}

fn cell(grid: &FieldGrid) -> [f32; 2] {
    let [x0, y0, x1, y1] = grid.bounds;
    [
        (x1 - x0) / grid.columns.saturating_sub(1).max(1) as f32,
        (y1 - y0) / grid.rows.saturating_sub(1).max(1) as f32,
    ]
}

/// Where a grid point lies.
pub(super) fn place(grid: &FieldGrid, column: usize, row: usize) -> [f32; 2] {
    let cell = cell(grid);
    [
        grid.bounds[0] + cell[0] * column as f32,
        grid.bounds[1] + cell[1] * row as f32,
    ]
}

/// How much a cell of the map is worth looking at: 0 where no particle is near, 1 from a few particles on.
fn presence(grid: &FieldGrid, particles: &[[f32; 2]]) -> Vec<f32> {
    let size = cell(grid);
    let mut near = vec![0.0_f32; grid.values.len()];
    for p in particles {
        let at = [0, 1].map(|i| (p[i] - grid.bounds[i]) / size[i]);
        // a particle counts for the cells within two of its own, the nearer the more
        for row in (at[1] - 2.0).ceil().max(0.0) as usize..=((at[1] + 2.0).floor().max(-1.0) + 1.0) as usize {
            for column in (at[0] - 2.0).ceil().max(0.0) as usize..=((at[0] + 2.0).floor().max(-1.0) + 1.0) as usize {
                let far = (column as f32 - at[0]).hypot(row as f32 - at[1]);
                if row < grid.rows && column < grid.columns && far < 2.0 {
                    near[row * grid.columns + column] += 1.0 - far / 2.0;
                }
            }
        }
    }
    // a thousandth of all particles is a cell that matters
    let enough = (0.001 * particles.len() as f32).max(1e-6);
    near.iter().map(|n| (n / enough).min(1.0)).collect()
}

/// |learned - exact| over the root mean square of |exact| on the grid, 0 to 1 and above, where there are `particles`: nothing
/// is learned, and nothing is wrong, where no particle ever comes. Nothing either where the exact field is not a number.
/// None for different grids.
pub fn difference(learned: &FieldGrid, exact: &FieldGrid, particles: &[[f32; 2]], theme: Theme) -> Option<Mark> {
    let n = learned.values.len();
    if n == 0 || n != exact.values.len() || learned.columns * learned.rows != n || learned.columns != exact.columns {
        return None;
    }
    let square = |v: &[f32; 2]| f64::from(v[0] * v[0] + v[1] * v[1]);
    let known: Vec<f64> = exact.values.iter().map(square).filter(|s| s.is_finite()).collect();
    let rms = ((known.iter().sum::<f64>() / known.len().max(1) as f64).sqrt() as f32).max(1e-6);
    let color = |((a, b), presence): ((&[f32; 2], &[f32; 2]), f32)| {
        let x = (a[0] - b[0]).hypot(a[1] - b[1]) / rms;
        let presence = if x.is_finite() { presence } else { 0.0 };
        with_alpha(
            ColorMap::Batlow.toward(theme, x),
            0.75 * (x * 6.0).clamp(0.0, 1.0) * presence,
        )
    };
    // the grid's points lie in the middle of the map's cells
    let [w, h] = cell(learned).map(|c| 0.5 * c);
    let [x0, y0, x1, y1] = learned.bounds;
    Some(Mark::Heat {
        bounds: Bounds::of([x0 - w, y0 - h, x1 + w, y1 + h]),
        columns: learned.columns,
        rows: learned.rows,
        cells: Arc::new(
            learned
                .values
                .iter()
                .zip(&exact.values)
                .zip(presence(learned, particles))
                .map(color)
                .collect(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_terms_add_up_to_the_velocity() {
        let grid = FieldGrid {
            t: 0.6,
            bounds: [-1.0, -1.0, 1.0, 1.0],
            columns: 4,
            rows: 4,
            values: (0..16).map(|i| [i as f32, 3.0 - 0.5 * i as f32]).collect(),
        };
        let (marks, longer) = split_arrows(&grid, Path::default_of("vp").unwrap(), Theme::Print);
        assert_eq!(longer, 1);
        let [sum, drift, half] = marks.map(|mark| match mark {
            Mark::Arrows { at, by, .. } => (at, by),
            other => panic!("{other:?}"),
        });
        assert_eq!(sum.1.len(), 16);
        for i in 0..16 {
            for c in 0..2 {
                assert!((drift.1[i][c] + half.1[i][c] - sum.1[i][c]).abs() < 1e-5);
                assert!(
                    (drift.0[i][c] + drift.1[i][c] - half.0[i][c]).abs() < 1e-6,
                    "tip to tail"
                );
            }
            // VP's drift pushes away from the origin on the way to the data
            let (at, by) = (drift.0[i], drift.1[i]);
            assert!(at[0] * by[0] >= 0.0 && at[1] * by[1] >= 0.0);
        }
    }

    #[test]
    fn a_sum_whose_terms_cancel_is_drawn_longer_and_says_so() {
        let vp = Path::default_of("vp").unwrap();
        let mut grid = FieldGrid {
            t: 0.05,
            bounds: [-2.0, -2.0, 2.0, 2.0],
            columns: 4,
            rows: 4,
            values: vec![[0.05, -0.02]; 16],
        };
        let (marks, longer) = split_arrows(&grid, vp, Theme::Dark);
        // the drift is about 10 |x| there
        assert_eq!(longer, 100);
        let by = |mark: &Mark| match mark {
            Mark::Arrows { by, .. } => by[0],
            other => panic!("{other:?}"),
        };
        let rest = [0, 1].map(|c| by(&marks[1])[c] + by(&marks[2])[c]);
        for c in 0..2 {
            assert!((by(&marks[0])[c] - 100.0 * rest[c]).abs() < 1e-3, "{rest:?}");
        }
        grid.values = vec![[4.0, -3.0]; 16];
        assert_eq!(split_arrows(&grid, vp, Theme::Dark).1, 5);
    }
}
