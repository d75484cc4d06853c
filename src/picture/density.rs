//! A density estimate of points as a heat map: particles are shared among the four nearest cells and smoothed by a
//! Gaussian whose width follows Scott's rule (Scott 1992, eq. 6.42), narrowed because clouds here have many parts.

use std::sync::Arc;

use super::color::{ColorMap, Theme, with_alpha};
use super::{Bounds, Mark, Rgba};

/// The heat map and the density that its last color stands for, per unit area.
#[derive(Clone, Debug)]
pub struct Density {
    /// The map.
    pub mark: Mark,
    /// Greatest estimated density.
    pub highest: f32,
}

/// Cells along the longer side.
const CELLS: usize = 144;
/// Share of Scott's width: at 1 two moons melt into one.
const NARROWER: f32 = 0.45;

/// The estimate over `bounds` and a tenth around it.
pub fn density(points: &[[f32; 2]], bounds: Bounds, theme: Theme) -> Density {
    let grid = Grid::around(bounds);
    let mut cells = grid.bin(points);
    let n = points.len().max(1) as f32;
    let scott = NARROWER * n.powf(-1.0 / 6.0);
    let spread = spread(points);
    // at least 0.8 of a cell, or single particles show as squares
    let [wide, high] = spread.map(|s| (s * scott / grid.cell).clamp(0.8, 40.0));
    grid.blur(&mut cells, wide, high);
    let most = cells.iter().copied().fold(0.0, f32::max).max(f32::MIN_POSITIVE);
    let colors = cells.iter().map(|c| color(theme, c / most)).collect();
    Density {
        mark: Mark::Heat {
            bounds: grid.bounds(),
            columns: grid.columns,
            rows: grid.rows,
            cells: Arc::new(colors),
        },
        highest: most / (n * grid.cell * grid.cell),
    }
}

/// Nothing where there is nothing, then soon opaque enough to read the color.
fn color(theme: Theme, x: f32) -> Rgba {
    with_alpha(ColorMap::Cividis.toward(theme, x), (x * 5.0).min(1.0) * 0.9)
}

/// Standard deviation of each coordinate.
fn spread(points: &[[f32; 2]]) -> [f32; 2] {
    let n = points.len().max(1) as f64;
    std::array::from_fn(|i| {
        let mean = points.iter().map(|p| f64::from(p[i])).sum::<f64>() / n;
        (points.iter().map(|p| (f64::from(p[i]) - mean).powi(2)).sum::<f64>() / n).sqrt() as f32
    })
}

struct Grid {
    min: [f32; 2],
    cell: f32,
    columns: usize,
    rows: usize,
}

impl Grid {
    fn around(bounds: Bounds) -> Self {
        let size: [f32; 2] = std::array::from_fn(|i| (1.2 * (bounds.max[i] - bounds.min[i])).max(1e-6));
        let cell = size[0].max(size[1]) / CELLS as f32;
        let [columns, rows] = size.map(|s| ((s / cell).ceil() as usize).clamp(2, CELLS));
        let middle: [f32; 2] = std::array::from_fn(|i| 0.5 * (bounds.min[i] + bounds.max[i]));
        Self {
            min: [
                middle[0] - 0.5 * cell * columns as f32,
                middle[1] - 0.5 * cell * rows as f32,
            ],
            cell,
            columns,
            rows,
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            min: self.min,
            max: [
                self.min[0] + self.cell * self.columns as f32,
                self.min[1] + self.cell * self.rows as f32,
            ],
        }
    }

    /// Each point's weight of 1 among the four cells whose middles surround it; points outside are left out.
    fn bin(&self, points: &[[f32; 2]]) -> Vec<f32> {
        let mut cells = vec![0.0; self.columns * self.rows];
        for p in points {
            let x = (p[0] - self.min[0]) / self.cell - 0.5;
            let y = (p[1] - self.min[1]) / self.cell - 0.5;
            if !(x >= 0.0 && y >= 0.0 && x < (self.columns - 1) as f32 && y < (self.rows - 1) as f32) {
                continue;
            }
            let (c, r) = (x as usize, y as usize);
            let (fx, fy) = (x - c as f32, y - r as f32);
            let i = r * self.columns + c;
            cells[i] += (1.0 - fx) * (1.0 - fy);
            cells[i + 1] += fx * (1.0 - fy);
            cells[i + self.columns] += (1.0 - fx) * fy;
            cells[i + self.columns + 1] += fx * fy;
        }
        cells
    }

    /// A Gaussian of these standard deviations, in cells, one axis after the other.
    fn blur(&self, cells: &mut [f32], wide: f32, high: f32) {
        let mut line = vec![0.0; self.columns.max(self.rows)];
        let kernel = kernel(wide);
        for r in 0..self.rows {
            let row = &mut cells[r * self.columns..(r + 1) * self.columns];
            line[..self.columns].copy_from_slice(row);
            for (c, out) in row.iter_mut().enumerate() {
                *out = convolve(&line[..self.columns], c, &kernel);
            }
        }
        let kernel = self::kernel(high);
        for c in 0..self.columns {
            for r in 0..self.rows {
                line[r] = cells[r * self.columns + c];
            }
            for r in 0..self.rows {
                cells[r * self.columns + c] = convolve(&line[..self.rows], r, &kernel);
            }
        }
    }
}

/// Half of a symmetric kernel of sum 1, out to three standard deviations.
fn kernel(std: f32) -> Vec<f32> {
    let reach = (3.0 * std).ceil() as usize;
    let half: Vec<f32> = (0..=reach).map(|i| (-0.5 * (i as f32 / std).powi(2)).exp()).collect();
    let sum = 2.0 * half.iter().sum::<f32>() - half[0];
    half.iter().map(|h| h / sum).collect()
}

fn convolve(line: &[f32], at: usize, half: &[f32]) -> f32 {
    let mut sum = half[0] * line[at];
    for (i, h) in half.iter().enumerate().skip(1) {
        let below = if i <= at { line[at - i] } else { 0.0 };
        let above = line.get(at + i).copied().unwrap_or(0.0);
        sum += h * (below + above);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::random::{CounterRng, Stream};

    #[test]
    fn the_estimate_of_a_gaussian_peaks_at_its_density() {
        let points: Vec<[f32; 2]> = (0..20_000)
            .map(|i| {
                let mut rng = CounterRng::new(5, Stream::Test, i);
                [rng.normal() as f32, rng.normal() as f32]
            })
            .collect();
        let d = density(&points, Bounds::of([-4.0, -4.0, 4.0, 4.0]), Theme::Dark);
        // 1 / (2 pi) = 0.159, less 1 % for the smoothing, and the greatest of many noisy cells lies above
        assert!((0.14..0.2).contains(&d.highest), "{}", d.highest);
    }

    #[test]
    fn smoothing_keeps_the_mass() {
        let grid = Grid::around(Bounds::of([-1.0, -1.0, 1.0, 0.0]));
        let mut cells = grid.bin(&[[0.1, -0.5], [0.0, -0.4], [9.0, 9.0]]);
        grid.blur(&mut cells, 2.0, 3.0);
        let sum: f32 = cells.iter().sum();
        // f32 sums of 10^4 cells
        assert!((sum - 2.0).abs() < 1e-4, "{sum}");
    }
}
