//! The pairs of the coupling as chords, from x0 (a dot) to x1 (a ring), with the points where they cross: why a flow bends.
//! The more are drawn, the fainter each is.

use std::sync::Arc;

use super::color::{Theme, with_alpha};
use super::{Colors, LegendEntry, Mark, Shape, Swatch};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::measure::crossing_points;

/// Up to this many crossings are marked, evenly among all; all are counted.
const MARKED: usize = 2000;

/// The marks and the legend of chords.
pub type Chords = (Vec<Mark>, Vec<LegendEntry>);

/// Opacity of one of so many chords: with the ink of many spread over the same stage.
fn opacity(count: usize) -> f32 {
    (0.9 * (50.0 / count.max(1) as f32).powf(0.55)).clamp(0.06, 0.9)
}

/// The marks and the legend of the first `most` chords.
pub fn chords(pairs: &[Pair], most: usize, theme: Theme) -> Chords {
    let shown = &pairs[..pairs.len().min(most)];
    if shown.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let end = |first: usize| -> Vec<[f32; 2]> { shown.iter().map(|p| [p[first], p[first + 1]]).collect() };
    let wide = |points: &[[f32; 2]]| -> Vec<Point> { points.iter().map(|p| p.map(f64::from)).collect() };
    let (starts, ends) = (end(0), end(2));
    let crossings = crossing_points(&wide(&starts), &wide(&ends), MARKED);
    let palette = theme.palette();
    let points = starts.iter().zip(&ends).flat_map(|(a, b)| [*a, *b]).collect();
    let alpha = opacity(shown.len());
    // ends fade too, but later: they show the marginals
    let end_alpha = (2.2 * alpha).min(1.0);
    let dots = |at: Vec<[f32; 2]>, color, radius_px, shape| Mark::Points {
        at: Arc::new(at),
        colors: Colors::One(color),
        radius_px,
        shape,
    };
    // so many marks that they only tint the ground would say nothing: each then fades
    let mark_alpha = (6.0_f32 / (crossings.points.len().max(1) as f32).sqrt()).clamp(0.3, 1.0);
    let marked = crossings.points.iter().map(|p| p.map(|c| c as f32)).collect();
    let marks = vec![
        Mark::Lines {
            points: Arc::new(points),
            stride: 2,
            shown: shown.len(),
            colors: Colors::One(with_alpha(palette.chord, alpha)),
            width_px: 1.1,
            dashed: false,
        },
        dots(marked, with_alpha(palette.text, mark_alpha), 1.3, Shape::Square),
        dots(starts, with_alpha(palette.source, end_alpha), 2.6, Shape::Disk),
        dots(ends, with_alpha(palette.target, end_alpha), 2.8, Shape::Ring),
    ];
    let legend = vec![
        LegendEntry {
            key: "legend.pairs",
            text: "chords of pairs",
            swatch: Swatch::Line(palette.chord, false),
        },
        LegendEntry {
            key: "legend.crossings",
            text: "crossings",
            swatch: Swatch::Counted {
                color: palette.text,
                shape: Shape::Square,
                count: crossings.count,
                of: shown.len() as u64,
            },
        },
    ];
    (marks, legend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(pairs: &[Pair]) -> (u64, u64) {
        let (_, legend) = chords(pairs, 120, Theme::Dark);
        let found = legend.iter().find_map(|e| match e.swatch {
            Swatch::Counted { count, of, .. } => Some((count, of)),
            _ => None,
        });
        found.expect("a legend with the count")
    }

    #[test]
    fn two_chords_that_cross_are_counted_and_marked_where_they_do() {
        let pairs = [[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, -1.0], [5.0, 0.0, 6.0, 0.0]];
        assert_eq!(counted(&pairs), (1, 3));
        let (marks, _) = chords(&pairs, 120, Theme::Dark);
        let Mark::Points { at, .. } = &marks[1] else {
            panic!("the crossings are points");
        };
        assert_eq!(at.as_slice(), [[0.0, 0.0]]);
        assert_eq!(counted(&pairs[..1]), (0, 1));
    }

    #[test]
    fn no_pairs_no_marks() {
        assert!(chords(&[], 120, Theme::Light).0.is_empty());
        let many = vec![[0.0, 0.0, 1.0, 1.0]; 400];
        assert_eq!(counted(&many), (0, 120), "the same chord does not cross itself");
    }

    #[test]
    fn many_chords_are_faint_and_all_crossings_are_counted() {
        // a grid of lines: 100 level ones and 100 upright ones
        let level = (0..100).map(|k| [-1.0, k as f32 + 0.5, 101.0, k as f32 + 0.5]);
        let upright = (0..100).map(|k| [k as f32 + 0.5, -1.0, k as f32 + 0.5, 101.0]);
        let pairs: Vec<Pair> = level.chain(upright).collect();
        let (marks, legend) = chords(&pairs, 200, Theme::Dark);
        let Swatch::Counted { count, .. } = legend[1].swatch else {
            panic!("a count")
        };
        assert_eq!(count, 10_000);
        let Mark::Points { at, .. } = &marks[1] else {
            panic!("points")
        };
        assert!(at.len() <= MARKED && at.len() > MARKED / 2, "{} are marked", at.len());
        // all over the grid, not in one corner
        assert!(at.iter().any(|p| p[1] < 10.0) && at.iter().any(|p| p[1] > 90.0));
        assert!(opacity(10) > 0.8 && opacity(200) < 0.5 && opacity(2000) < 0.15);
    }
}
