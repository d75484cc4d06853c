//! The pairs of the coupling as chords, from x0 (a dot) to x1 (a ring), with the points where they cross: why a flow bends.
//! Few enough are drawn to be told apart.

use std::sync::Arc;

use super::color::{Theme, with_alpha};
use super::{Colors, LegendEntry, Mark, Shape, Swatch};
use crate::flow::Point;
use crate::flow::coupling::Pair;
use crate::flow::measure::crossing_points;

/// Chords that are drawn: of more than about a hundred, none is seen.
const SHOWN: usize = 120;
/// Up to this many crossings are marked; all are counted.
const MARKED: usize = 2000;

/// The marks and the legend of the first chords.
pub fn chords(pairs: &[Pair], theme: Theme) -> (Vec<Mark>, Vec<LegendEntry>) {
    let shown = &pairs[..pairs.len().min(SHOWN)];
    if shown.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let end = |first: usize| -> Vec<[f32; 2]> { shown.iter().map(|p| [p[first], p[first + 1]]).collect() };
    let wide = |points: &[[f32; 2]]| -> Vec<Point> { points.iter().map(|p| p.map(f64::from)).collect() };
    let (starts, ends) = (end(0), end(2));
    let crossings = crossing_points(&wide(&starts), &wide(&ends));
    let palette = theme.palette();
    let points = starts.iter().zip(&ends).flat_map(|(a, b)| [*a, *b]).collect();
    let alpha = (8.0 / (shown.len() as f32).sqrt()).clamp(0.3, 0.9);
    let dots = |at: Vec<[f32; 2]>, color, radius_px, shape| Mark::Points {
        at: Arc::new(at),
        colors: Colors::One(color),
        radius_px,
        shape,
    };
    // so many marks that they only tint the ground would say nothing: each then fades
    let mark_alpha = (6.0_f32 / (crossings.len().max(1) as f32).sqrt()).clamp(0.35, 1.0);
    let marked = crossings.iter().take(MARKED).map(|p| p.map(|c| c as f32)).collect();
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
        dots(starts, palette.source, 2.6, Shape::Disk),
        dots(ends, palette.target, 2.8, Shape::Ring),
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
                count: crossings.len() as u64,
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
        let (_, legend) = chords(pairs, Theme::Dark);
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
        let (marks, _) = chords(&pairs, Theme::Dark);
        let Mark::Points { at, .. } = &marks[1] else {
            panic!("the crossings are points");
        };
        assert_eq!(at.as_slice(), [[0.0, 0.0]]);
        assert_eq!(counted(&pairs[..1]), (0, 1));
    }

    #[test]
    fn no_pairs_no_marks() {
        assert!(chords(&[], Theme::Light).0.is_empty());
        let many = vec![[0.0, 0.0, 1.0, 1.0]; 400];
        assert_eq!(
            counted(&many),
            (0, SHOWN as u64),
            "the same chord does not cross itself"
        );
    }
}
