//! Where a stage looks: it follows the data until the user moves it. Linked stages look at the same place.

use eframe::egui::{Pos2, Vec2};
use egui_plot::PlotBounds;

use crate::picture::Transform;

/// Space between what must be seen and the edges of the stage, as a part of its size.
const MARGIN: f64 = 0.06;
/// Data units a point of the screen, least and most: beyond these the axes' numbers run out of digits.
const SCALES: std::ops::RangeInclusive<f64> = 1e-7..=1e4;

/// A place and a scale that the user has chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    center: [f64; 2],
    /// Data units a point of the screen.
    scale: f64,
}

impl View {
    /// What is seen now, in a plot of this size.
    pub fn of(screen_from_data: &Transform, middle: Pos2) -> Self {
        let [x, y] = screen_from_data.invert([middle.x, middle.y]);
        Self {
            center: [f64::from(x), f64::from(y)],
            scale: 1.0 / f64::from(screen_from_data.scale[0].abs().max(f32::MIN_POSITIVE)),
        }
    }

    /// Moved along with the pointer.
    pub fn dragged(mut self, by: Vec2) -> Self {
        self.center[0] -= f64::from(by.x) * self.scale;
        self.center[1] += f64::from(by.y) * self.scale;
        self
    }

    /// Zoomed by `factor` (above 1: closer) about a place `off` the middle of the plot, in points.
    pub fn zoomed(mut self, factor: f64, off: Vec2) -> Self {
        let scale = (self.scale / factor).clamp(*SCALES.start(), *SCALES.end());
        self.center[0] += f64::from(off.x) * (self.scale - scale);
        self.center[1] -= f64::from(off.y) * (self.scale - scale);
        self.scale = scale;
        self
    }

    /// The bounds that show it in a plot of this size.
    pub fn bounds(&self, size: Vec2) -> PlotBounds {
        let half = [size.x, size.y].map(|s| 0.5 * f64::from(s.max(1.0)) * self.scale);
        PlotBounds::from_min_max(
            [self.center[0] - half[0], self.center[1] - half[1]],
            [self.center[0] + half[0], self.center[1] + half[1]],
        )
    }
}

/// The bounds around all of these (min x, min y, max x, max y) with a margin; a square about 0 where there are none.
pub fn fitted(all: impl Iterator<Item = [f32; 4]>) -> PlotBounds {
    let known = all.map(|b| b.map(f64::from)).filter(|b| b[0] < b[2] && b[1] < b[3]);
    let around = known.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]);
    let Some([x0, y0, x1, y1]) = around else {
        return PlotBounds::from_min_max([-3.0, -3.0], [3.0, 3.0]);
    };
    let pad = MARGIN * (x1 - x0).max(y1 - y0);
    PlotBounds::from_min_max([x0 - pad, y0 - pad], [x1 + pad, y1 + pad])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Vec2 = Vec2::new(400.0, 200.0);

    fn view() -> View {
        // 100 points a data unit, the origin in the middle of the plot
        let plot = Transform {
            scale: [100.0, -100.0],
            offset: [200.0, 100.0],
        };
        View::of(&plot, Pos2::new(200.0, 100.0))
    }

    #[test]
    fn what_is_seen_stays_seen() {
        let bounds = view().bounds(SIZE);
        assert_eq!((bounds.min(), bounds.max()), ([-2.0, -1.0], [2.0, 1.0]));
    }

    #[test]
    fn a_drag_moves_the_data_with_the_pointer() {
        let bounds = view().dragged(Vec2::new(100.0, 50.0)).bounds(SIZE);
        assert!(
            (bounds.min()[0] + 3.0).abs() < 1e-6 && (bounds.min()[1] + 0.5).abs() < 1e-6,
            "{bounds:?}"
        );
    }

    #[test]
    fn what_is_under_the_pointer_stays_there_when_zoomed() {
        let off = Vec2::new(100.0, -50.0);
        let before = [1.0, 0.5];
        let view = view().zoomed(2.0, off);
        let after = [
            view.center[0] + f64::from(off.x) * view.scale,
            view.center[1] - f64::from(off.y) * view.scale,
        ];
        assert!((0..2).all(|i| (after[i] - before[i]).abs() < 1e-6), "{after:?}");
        assert!((view.scale - 0.005).abs() < 1e-9);
    }

    #[test]
    fn all_stages_are_held() {
        let bounds = fitted([[0.0, 0.0, 1.0, 1.0], [-1.0, 0.5, 0.5, 3.0]].into_iter());
        assert!(bounds.min()[0] < -1.0 && bounds.max()[1] > 3.0);
        assert_eq!(fitted([[0.0; 4]].into_iter()).max(), [3.0, 3.0]);
    }
}
