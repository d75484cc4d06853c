//! The probe: the pairs that pass through one point x at t as chords, their conditional velocities as a fan of arrows from x,
//! the mean of these, v*(x, t) (dashed), how far they spread around it (an ellipse at its tip: one standard deviation, whose
//! size is the floor of the loss here), and the learned velocity. What "the marginal velocity is an average" looks like.

use std::f32::consts::TAU;
use std::sync::Arc;

use super::color::{Theme, with_alpha};
use super::{Bounds, Colors, LegendEntry, Mark, Rgba, Shape, Swatch};
use crate::engine::snapshot::StageSnapshot;
use crate::flow::exact::{Fan, Strand};
use crate::flow::path::Path;

/// Pairs of a fan: more are a blot.
pub const STRANDS: usize = 64;
/// Arrows go as far as their velocity would in this much t: long enough to be told apart, short enough to end before x1.
pub const REACH: f32 = 0.35;
/// Below this presence no pair passes near: four bandwidths.
const NEAR: f64 = 3e-4;
/// Corners of the ellipse and of the ring.
const CORNERS: usize = 72;
/// Pieces of a curved path.
const PIECES: usize = 32;
/// How much of the background covers what lies behind the probe.
const VEIL: f32 = 0.62;

/// What a probe is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct ProbeInput<'a> {
    /// Where, data units.
    pub at: [f32; 2],
    /// The pairs through it.
    pub fan: &'a Fan,
    /// The learned velocity there, data units per unit t.
    pub learned: Option<[f32; 2]>,
    /// The bandwidth of a kernel estimate, data units; None where the field is known in closed form.
    pub bandwidth: Option<f64>,
    /// How pairs are joined.
    pub path: Path,
}

/// The fan at a place of a stage at flow time t; None where the conditional law of its pairs is not there (yet).
pub fn fan_at(shot: &StageSnapshot, at: [f32; 2], t: f64) -> Option<Fan> {
    let law = shot.conditional.as_ref()?;
    Some(law.at(t).fan(at.map(f64::from), STRANDS))
}

impl<'a> ProbeInput<'a> {
    /// The probe of a stage at this place, with its fan; None where the conditional law of its pairs is not there (yet).
    pub fn of(shot: &StageSnapshot, at: [f32; 2], fan: &'a Fan) -> Option<Self> {
        let law = shot.conditional.as_ref()?;
        Some(Self {
            at,
            fan,
            learned: shot.learned.map(|learned| learned.velocity.map(|c| c as f32)),
            bandwidth: law.bandwidth(),
            path: law.path(),
        })
    }

    /// Whether any pair passes near enough to say something.
    pub fn is_known(&self) -> bool {
        self.fan.presence >= NEAR && self.fan.velocity.iter().all(|c| c.is_finite())
    }
}

/// The marks of a probe, back to front, each with a name.
pub fn probe_marks(input: &ProbeInput, theme: Theme, bounds: Bounds) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let mut marks = vec![("veil", Mark::veil(theme, bounds, VEIL))];
    if input.is_known() {
        marks.extend(chords(input, theme));
        marks.push(("spread", spread(input, theme)));
        marks.push(("fan", fan(input, theme)));
        let mean = input.fan.velocity.map(|c| c as f32);
        // on a ground of its own: a short mean must be seen among long velocities
        let ground = with_alpha(palette.background, 0.85);
        marks.push(("ground", arrow(input.at, mean, ground, 9.0, false)));
        marks.push(("mean", arrow(input.at, mean, palette.exact, 4.6, true)));
    }
    if let Some(learned) = input.learned.filter(|v| v.iter().all(|c| c.is_finite())) {
        marks.push(("learned", arrow(input.at, learned, palette.learned, 2.2, false)));
    }
    if let Some(h) = input.bandwidth {
        let ring = ellipse(input.at, [h as f32, 0.0, h as f32]);
        marks.push(("bandwidth", outline(ring, with_alpha(palette.text, 0.55), 1.0, true)));
    }
    marks.push((
        "probe",
        Mark::Points {
            at: Arc::new(vec![input.at]),
            colors: Colors::One(palette.text),
            radius_px: 5.0,
            shape: Shape::Ring,
        },
    ));
    marks
}

/// The legend of a probe.
pub fn probe_legend(theme: Theme) -> Vec<LegendEntry> {
    let palette = theme.palette();
    let entry = |key, text, swatch| LegendEntry { key, text, swatch };
    vec![
        entry(
            "legend.through",
            "pairs through the point",
            Swatch::Arrow(palette.chord, false),
        ),
        entry("legend.mean", "their mean, v*", Swatch::Arrow(palette.exact, true)),
        entry(
            "legend.learned",
            "learned velocity",
            Swatch::Arrow(palette.learned, false),
        ),
        entry(
            "legend.spread",
            "their spread",
            Swatch::Point(palette.floor, Shape::Ring),
        ),
    ]
}

/// Opacity of each pair: `most` for the weightiest, less with the root of the weight, less where there are many.
fn alphas(strands: &[Strand], most: f32) -> Vec<f32> {
    let top = strands.iter().map(|s| s.weight).fold(f64::MIN_POSITIVE, f64::max);
    let many = (24.0 / strands.len().max(24) as f32).sqrt();
    strands
        .iter()
        .map(|s| most * many * ((s.weight / top).sqrt() as f32).max(0.12))
        .collect()
}

fn colored(color: Rgba, alphas: &[f32]) -> Colors {
    Colors::Each(Arc::new(alphas.iter().map(|a| with_alpha(color, *a)).collect()))
}

/// The way of each pair from x0 to x1, and its ends.
fn chords(input: &ProbeInput, theme: Theme) -> Vec<(&'static str, Mark)> {
    let palette = theme.palette();
    let strands = &input.fan.strands;
    let faint = alphas(strands, 0.6);
    // straight paths need their ends alone
    let pieces = if input.path == Path::Linear { 1 } else { PIECES };
    let way = |s: &Strand| {
        let (x0, x1) = (s.x0, s.x1);
        (0..=pieces).map(move |k| {
            let at = input.path.at(k as f64 / pieces as f64);
            [0, 1].map(|c| (at.alpha * x1[c] + at.sigma * x0[c]) as f32)
        })
    };
    let ends = |of: fn(&Strand) -> [f64; 2]| Arc::new(strands.iter().map(|s| of(s).map(|c| c as f32)).collect());
    let dots = |at, color, radius_px, shape| Mark::Points {
        at,
        colors: colored(color, &alphas(strands, 1.6)),
        radius_px,
        shape,
    };
    vec![
        (
            "chords",
            Mark::Lines {
                points: Arc::new(strands.iter().flat_map(way).collect()),
                stride: pieces + 1,
                shown: strands.len(),
                colors: colored(palette.chord, &faint),
                width_px: 1.0,
                dashed: false,
            },
        ),
        ("starts", dots(ends(|s| s.x0), palette.source, 2.4, Shape::Disk)),
        ("ends", dots(ends(|s| s.x1), palette.target, 2.9, Shape::Ring)),
    ]
}

/// The conditional velocities.
fn fan(input: &ProbeInput, theme: Theme) -> Mark {
    let strands = &input.fan.strands;
    let step = |s: &Strand| s.u.map(|c| REACH * c as f32);
    Mark::Arrows {
        at: Arc::new(vec![input.at; strands.len()]),
        by: Arc::new(strands.iter().map(step).collect()),
        colors: colored(theme.palette().text_quiet, &alphas(strands, 1.0)),
        width_px: 1.1,
        dashed: false,
    }
}

fn arrow(at: [f32; 2], velocity: [f32; 2], color: Rgba, width_px: f32, dashed: bool) -> Mark {
    Mark::Arrows {
        at: Arc::new(vec![at]),
        by: Arc::new(vec![velocity.map(|c| REACH * c)]),
        colors: Colors::One(color),
        width_px,
        dashed,
    }
}

/// One standard deviation of the velocities around the tip of their mean.
fn spread(input: &ProbeInput, theme: Theme) -> Mark {
    let [xx, xy, yy] = input.fan.covariance.map(|c| c as f32);
    // the lower triangle of a root of the covariance
    let a = xx.max(0.0).sqrt();
    let b = if a > 0.0 { xy / a } else { 0.0 };
    let root = [a, b, (yy - b * b).max(0.0).sqrt()].map(|c| REACH * c);
    let tip = [0, 1].map(|c| input.at[c] + REACH * input.fan.velocity[c] as f32);
    outline(ellipse(tip, root), theme.palette().floor, 2.0, false)
}

/// The circle that the root (a, 0; b, c) makes an ellipse of.
fn ellipse(center: [f32; 2], [a, b, c]: [f32; 3]) -> Vec<[f32; 2]> {
    let corner = |k: usize| {
        let (sin, cos) = (k as f32 / CORNERS as f32 * TAU).sin_cos();
        [center[0] + a * cos, center[1] + b * cos + c * sin]
    };
    (0..=CORNERS).map(corner).collect()
}

fn outline(points: Vec<[f32; 2]>, color: Rgba, width_px: f32, dashed: bool) -> Mark {
    Mark::Lines {
        stride: points.len(),
        points: Arc::new(points),
        shown: 1,
        colors: Colors::One(color),
        width_px,
        dashed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::distribution::Component;
    use crate::flow::exact::ExactField;

    fn crossing() -> Fan {
        let two = |x: f64| {
            [
                Component::round(0.5, [x, 3.0], 0.3),
                Component::round(0.5, [x, -3.0], 0.3),
            ]
        };
        ExactField::new(&two(-4.0), &two(4.0), Path::Linear)
            .at(0.5)
            .fan([0.0, 0.0], STRANDS)
    }

    fn find<'a>(marks: &'a [(&'static str, Mark)], name: &str) -> &'a Mark {
        &marks
            .iter()
            .find(|(n, _)| *n == name)
            .unwrap_or_else(|| panic!("no {name}"))
            .1
    }

    const BOUNDS: Bounds = Bounds::of([-5.0, -4.0, 5.0, 4.0]);

    #[test]
    fn the_mean_of_the_fans_tips_is_the_tip_of_the_mean() {
        let fan = crossing();
        let input = ProbeInput {
            at: [0.0, 0.0],
            fan: &fan,
            learned: Some([7.0, 0.5]),
            bandwidth: None,
            path: Path::Linear,
        };
        let marks = probe_marks(&input, Theme::Dark, BOUNDS);
        let tips = |name: &str| match find(&marks, name) {
            Mark::Arrows { by, .. } => by.to_vec(),
            other => panic!("{other:?}"),
        };
        let mean = tips("mean")[0];
        for c in 0..2 {
            let of_fan = tips("fan").iter().map(|t| t[c]).sum::<f32>() / STRANDS as f32;
            // 64 even points of two narrow bundles
            assert!((of_fan - mean[c]).abs() < 0.02, "{of_fan} {mean:?}");
        }
        assert_eq!(tips("learned"), [[7.0 * REACH, 0.5 * REACH]]);
        // the bundles point up and down, so the ellipse stands upright: std 6 up, 0.4 across
        let Mark::Lines { points, .. } = find(&marks, "spread") else {
            panic!("a line")
        };
        let extent = |c: usize| points.iter().map(|p| (p[c] - mean[c]).abs()).fold(0.0, f32::max) / REACH;
        assert!(
            (extent(1) - 6.015).abs() < 0.02 && (extent(0) - 0.424).abs() < 0.02,
            "{} {}",
            extent(0),
            extent(1)
        );
        // exact is dashed, learned is not
        let dashed = |name: &str| matches!(find(&marks, name), Mark::Arrows { dashed: true, .. });
        assert!(dashed("mean") && !dashed("learned") && !dashed("fan"));
    }

    #[test]
    fn every_chord_passes_through_the_probe() {
        let fan = crossing();
        let input = ProbeInput {
            at: [0.0, 0.0],
            fan: &fan,
            learned: None,
            bandwidth: None,
            path: Path::Linear,
        };
        let marks = probe_marks(&input, Theme::Light, BOUNDS);
        let Mark::Lines { points, stride: 2, .. } = find(&marks, "chords") else {
            panic!("lines")
        };
        for ends in points.chunks(2) {
            let off = ends[0][0] * ends[1][1] - ends[0][1] * ends[1][0];
            let length = (ends[1][0] - ends[0][0]).hypot(ends[1][1] - ends[0][1]);
            assert!((off / length).abs() < 1e-4, "{ends:?}");
        }
    }

    #[test]
    fn where_no_pair_passes_nothing_is_claimed() {
        let fan = Fan {
            presence: 1e-9,
            ..crossing()
        };
        let input = ProbeInput {
            at: [9.0, 9.0],
            fan: &fan,
            learned: Some([f32::NAN, 0.0]),
            bandwidth: Some(0.1),
            path: Path::Linear,
        };
        let names: Vec<_> = probe_marks(&input, Theme::Dark, BOUNDS).iter().map(|m| m.0).collect();
        assert_eq!(names, ["veil", "bandwidth", "probe"]);
    }
}
