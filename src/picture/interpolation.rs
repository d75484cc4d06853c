//! The pairs themselves on their way: X_t = alpha(t) x1 + sigma(t) x0, each on its own path from x0 to x1 (MATHS.md, "Paths").
//! This is what the network regresses on, not what it learned: here ways cross.

use std::sync::Arc;

use super::color::{Theme, with_alpha};
use super::stage::angle_colors;
use super::{Colors, Mark, Rgba, Shape};
use crate::flow::coupling::Pair;
use crate::flow::path::Path;

/// Points of a way that bends.
const BENT: usize = 33;

/// The ways of some pairs, ready to be drawn at any t.
#[derive(Clone, Debug)]
pub struct Ways {
    /// The whole ways.
    pub lines: Vec<Mark>,
    /// Their ends: x0 a dot, x1 a ring.
    pub ends: Vec<Mark>,
    pairs: Vec<Pair>,
    path: Path,
    colors: Arc<Vec<Rgba>>,
}

/// X_t of one pair.
fn along(pair: &Pair, path: Path, t: f64) -> [f32; 2] {
    let at = path.at(t);
    let (alpha, sigma) = (at.alpha as f32, at.sigma as f32);
    [alpha * pair[2] + sigma * pair[0], alpha * pair[3] + sigma * pair[1]]
}

/// The ways of the first `shown` pairs.
pub fn ways(pairs: &[Pair], shown: usize, path: Path, theme: Theme) -> Ways {
    let shown = &pairs[..pairs.len().min(shown)];
    let stride = if path == Path::Linear { 2 } else { BENT };
    let time = |k: usize| k as f64 / (stride - 1) as f64;
    let points = shown
        .iter()
        .flat_map(|pair| (0..stride).map(move |k| along(pair, path, time(k))))
        .collect();
    let starts: Vec<[f32; 2]> = shown.iter().map(|p| [p[0], p[1]]).collect();
    let targets: Vec<[f32; 2]> = shown.iter().map(|p| [p[2], p[3]]).collect();
    let palette = theme.palette();
    let alpha = (7.0 / (shown.len().max(1) as f32).sqrt()).clamp(0.3, 0.8);
    let colors = Arc::new(angle_colors(&starts, theme));
    let dots = |at, color, radius_px, shape| Mark::Points {
        at: Arc::new(at),
        colors: Colors::One(color),
        radius_px,
        shape,
    };
    Ways {
        lines: vec![Mark::Lines {
            points: Arc::new(points),
            stride,
            shown: shown.len(),
            colors: Colors::One(with_alpha(palette.chord, alpha)),
            width_px: 1.1,
            dashed: false,
        }],
        ends: vec![
            dots(starts, with_alpha(palette.source, 0.7), 2.0, Shape::Disk),
            dots(targets, with_alpha(palette.target, 0.8), 2.6, Shape::Ring),
        ],
        pairs: shown.to_vec(),
        path,
        colors,
    }
}

impl Ways {
    /// The pairs at flow time `t`, in the color of the angle where they start.
    pub fn at(&self, t: f64) -> Mark {
        Mark::Points {
            at: Arc::new(self.pairs.iter().map(|pair| along(pair, self.path, t)).collect()),
            colors: Colors::Each(Arc::clone(&self.colors)),
            radius_px: 3.1,
            shape: Shape::Disk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(mark: &Mark) -> &[[f32; 2]] {
        match mark {
            Mark::Points { at, .. } => at,
            Mark::Lines { points, .. } => points,
            _ => panic!("points or lines"),
        }
    }

    #[test]
    fn pairs_go_straight_from_x0_to_x1_whatever_they_cross() {
        let pairs = [[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0]];
        let ways = ways(&pairs, 9, Path::Linear, Theme::Dark);
        assert_eq!(places(&ways.at(0.0)), [[-1.0, -1.0], [-1.0, 1.0]]);
        assert_eq!(
            places(&ways.at(0.5)),
            [[0.0, 0.0], [0.0, 0.0]],
            "they meet in the middle"
        );
        assert_eq!(places(&ways.at(1.0)), [[1.0, 1.0], [1.0, -1.0]]);
        assert_eq!(places(&ways.lines[0]).len(), 4);
        let Mark::Points {
            colors: Colors::Each(colors),
            ..
        } = ways.at(0.3)
        else {
            panic!("one color each");
        };
        assert_ne!(colors[0], colors[1], "they keep the color of where they started");
    }

    #[test]
    fn few_enough_are_drawn() {
        let many = vec![[0.0, 0.0, 1.0, 1.0]; 999];
        assert_eq!(places(&ways(&many, 70, Path::Linear, Theme::Print).at(0.1)).len(), 70);
    }
}
