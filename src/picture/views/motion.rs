//! What moves in a view when it is animated over flow time. Motion means flow time or training, nothing else: a view in which
//! neither goes by is held still, and says so.

use std::sync::Arc;

use super::Ask;
use crate::backend::Trajectories;
use crate::picture::figure::{Content, Figure, Series};
use crate::picture::stage::states_drawn;
use crate::picture::{Colors, Mark, Picture, Rgba, Shape};

/// What moves in a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// It shows one flow time, which goes from 0 to 1.
    Time,
    /// The trajectories grow from where they start.
    Grows,
    /// The pairs go along their ways.
    Along,
    /// The curves are drawn as far as flow time has come.
    Drawn,
    /// The curve is drawn as far as the training had come.
    Trained,
    /// Nothing: neither flow time nor training goes by in it.
    Still,
}

/// Every motion: its name, one line of explanation.
pub const MOTIONS: [(Motion, &str, &str); 6] = [
    (Motion::Time, "time", "all of it, as at flow time t"),
    (Motion::Grows, "grows", "the trajectories grow with t"),
    (Motion::Along, "along", "the pairs go along their ways"),
    (Motion::Drawn, "drawn", "the curves are drawn as far as t"),
    (
        Motion::Trained,
        "trained",
        "the curve is drawn from the first training step to the last",
    ),
    (
        Motion::Still,
        "still",
        "nothing over flow time: one frame is held (with --over training it follows the training)",
    ),
];

impl Motion {
    /// Whether a frame needs a figure of its own; else one figure serves all, drawn as far as [`Self::cut`] says.
    pub fn needs_each(self) -> bool {
        matches!(self, Self::Time | Self::Grows | Self::Along)
    }

    /// Cuts the curves of a figure made whole to the share `t` of what goes by.
    pub fn cut(self, figure: &mut Figure, t: f64) {
        if !matches!(self, Self::Drawn | Self::Trained) {
            return;
        }
        for panel in &mut figure.panels {
            if let Content::Chart(chart) = &mut panel.content {
                // a flow time is its own share; of training steps the greatest of all curves is the whole
                let whole = if self == Self::Trained {
                    last(&chart.series)
                } else {
                    1.0
                };
                chart.x.until = Some(whole * t);
            }
        }
    }
}

/// The greatest place of any curve; levels, which have one point, have none.
fn last(series: &[Series]) -> f64 {
    let curves = series.iter().filter(|s| s.points.len() > 1);
    let ends = curves.filter_map(|s| s.points.last()).map(|p| p[0]);
    ends.fold(0.0, f64::max)
}

/// Cuts the trajectories and states of a picture at flow time t, and puts a dot where each then is; at t = 1, where all have
/// arrived, the picture is as it was.
pub(super) fn grow(picture: &mut Picture, trajectories: &Trajectories, t: f64) {
    if t >= 1.0 || trajectories.times.len() < 2 {
        return;
    }
    let times: Vec<f64> = states_drawn(trajectories.times.len())
        .into_iter()
        .map(|k| trajectories.times[k])
        .collect();
    let passed = times.partition_point(|&x| x <= t).clamp(1, times.len() - 1);
    let share = ((t - times[passed - 1]) / (times[passed] - times[passed - 1])).clamp(0.0, 1.0) as f32;
    let now = |way: &[[f32; 2]]| [0, 1].map(|i| way[passed - 1][i] + share * (way[passed][i] - way[passed - 1][i]));
    let mut heads: Option<(Vec<[f32; 2]>, Colors)> = None;
    for (name, index) in [("trajectories", true), ("states", false)] {
        let Some(at) = picture.names.iter().find(|n| n.1 == name).map(|n| n.0) else {
            continue;
        };
        match &mut picture.marks[at] {
            Mark::Lines {
                points, stride, colors, ..
            } if index && *stride == times.len() => {
                let ways = || points.chunks_exact(times.len());
                let grown = ways().flat_map(|way| way[..passed].iter().copied().chain([now(way)]));
                heads = Some((ways().map(now).collect(), colors.clone()));
                (*points, *stride) = (Arc::new(grown.collect()), passed + 1);
            }
            Mark::Points { at, colors, .. } => {
                let ways = at.chunks_exact(times.len());
                let kept: Vec<[f32; 2]> = ways.flat_map(|way| way[..passed].iter().copied()).collect();
                if let Colors::Each(each) = colors {
                    let ways = each.chunks_exact(times.len());
                    let kept: Vec<Rgba> = ways.flat_map(|way| way[..passed].iter().copied()).collect();
                    *colors = Colors::Each(Arc::new(kept));
                }
                *at = Arc::new(kept);
            }
            _ => {}
        }
    }
    if let Some((at, colors)) = heads {
        let colors = match colors {
            // full colors: the lines' own are faint
            Colors::Each(each) => Colors::Each(Arc::new(each.iter().map(|c| [c[0], c[1], c[2], 255]).collect())),
            one @ Colors::One(_) => one,
        };
        let mark = Mark::Points {
            at: Arc::new(at),
            colors,
            radius_px: 2.3,
            shape: Shape::Disk,
        };
        picture.add("heads", mark);
    }
}

impl Ask {
    /// The same at another flow time of an animation.
    pub fn frame(&self, t: f64) -> Self {
        Self {
            t,
            playing: true,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::figure::{Chart, Panel};

    /// Two particles with three states, the second interval three times the first.
    fn trajectories() -> Trajectories {
        Trajectories {
            times: vec![0.0, 0.25, 1.0],
            states: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 3.0], [5.0, 5.0], [5.0, 6.0], [5.0, 9.0]],
            evaluations: 2,
        }
    }

    fn picture() -> Picture {
        let (states, colors) = (Arc::new(trajectories().states), vec![[9, 9, 9, 50], [7, 7, 7, 50]]);
        let mut picture = Picture::default();
        let lines = Mark::Lines {
            points: Arc::clone(&states),
            stride: 3,
            shown: 2,
            colors: Colors::Each(Arc::new(colors)),
            width_px: 1.0,
            dashed: false,
        };
        picture.add("trajectories", lines);
        let dots = Mark::Points {
            at: states,
            colors: Colors::Each(Arc::new((0..6).map(|k| [k, 0, 0, 255]).collect())),
            radius_px: 1.0,
            shape: Shape::Square,
        };
        picture.add("states", dots);
        picture
    }

    #[test]
    fn ways_end_where_their_particles_are() {
        let mut grown = picture();
        grow(&mut grown, &trajectories(), 0.5);
        let Mark::Lines { points, stride, .. } = &grown.marks[0] else {
            panic!("lines")
        };
        assert_eq!((*stride, points.len()), (3, 6));
        // a third of the second interval
        assert_eq!([points[2], points[5]], [[1.0, 1.0], [5.0, 7.0]]);
        let Mark::Points { at, colors, .. } = &grown.marks[1] else {
            panic!("dots")
        };
        assert_eq!(**at, [[0.0, 0.0], [1.0, 0.0], [5.0, 5.0], [5.0, 6.0]]);
        let Colors::Each(each) = colors else { panic!("each") };
        assert_eq!(each.iter().map(|c| c[0]).collect::<Vec<_>>(), [0, 1, 3, 4]);
        let Some(Mark::Points { at, .. }) = grown.marks.last() else {
            panic!("heads")
        };
        assert_eq!(**at, [[1.0, 1.0], [5.0, 7.0]]);
        let mut whole = picture();
        grow(&mut whole, &trajectories(), 1.0);
        assert!(whole == picture(), "arrived, it is the still picture");
        let mut none = picture();
        grow(&mut none, &trajectories(), 0.0);
        let Mark::Lines { points, stride, .. } = &none.marks[0] else {
            panic!("lines")
        };
        assert_eq!((*stride, points[0], points[1]), (2, [0.0, 0.0], [0.0, 0.0]));
    }

    #[test]
    fn curves_are_cut_at_their_share_of_time_or_training() {
        let curve = |points: &[[f64; 2]]| Series {
            name: String::new(),
            points: points.to_vec(),
            color: [0; 4],
            dashed: false,
            faint: false,
            dots: None,
        };
        let chart = Chart {
            series: vec![curve(&[[0.0, 1.0], [400.0, 0.5]]), curve(&[[9000.0, 0.1]])],
            ..Chart::default()
        };
        let mut figure = Figure {
            panels: vec![Panel {
                content: Content::Chart(chart),
                ..Panel::default()
            }],
            ..Figure::default()
        };
        let mut until = |motion: Motion| {
            motion.cut(&mut figure, 0.25);
            let Content::Chart(chart) = &mut figure.panels[0].content else {
                panic!("a chart")
            };
            chart.x.until.take()
        };
        assert_eq!(until(Motion::Trained), Some(100.0));
        assert_eq!(until(Motion::Drawn), Some(0.25));
        assert_eq!(until(Motion::Still), None);
        assert!(
            MOTIONS
                .iter()
                .all(|m| m.0.needs_each() == matches!(m.1, "time" | "grows" | "along"))
        );
    }
}
