//! Charts: curves over axes that may be logarithmic, each named at its right end in its own color rather than in a legend.

use std::borrow::Cow;

use super::axes::{label, ticks};
use super::{Ink, LINE};
use crate::export::letters;
use crate::export::sheet::{Anchor, Area, Item, Pen, Text};
use crate::picture::color::{legible, with_alpha};
use crate::picture::figure::{Chart, ChartAxis, Series};
use crate::picture::short;

/// Size of axis labels, in em.
const LABEL: f32 = 0.88;

/// From a value to a place on the page.
struct Scale {
    log: bool,
    low: f64,
    high: f64,
    from: f32,
    to: f32,
}

impl Scale {
    fn of(axis: &ChartAxis, values: impl Iterator<Item = f64>, from: f32, to: f32) -> Self {
        let given = values.chain(axis.include.iter().copied());
        let fits = |v: &f64| v.is_finite() && (!axis.log || *v > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for v in given.filter(fits) {
            (low, high) = (low.min(v), high.max(v));
        }
        if low > high {
            (low, high) = if axis.log { (0.1, 10.0) } else { (0.0, 1.0) };
        }
        let turn = |v: f64| if axis.log { v.ln() } else { v };
        let (mut a, mut b) = (turn(low), turn(high));
        if b <= a {
            (a, b) = (a - 0.5, b + 0.5);
        }
        let pad = 0.04 * (b - a);
        Self {
            log: axis.log,
            low: a - pad,
            high: b + pad,
            from,
            to,
        }
    }

    fn place(&self, value: f64) -> Option<f32> {
        let v = if self.log { value.ln() } else { value };
        let part = (v - self.low) / (self.high - self.low);
        part.is_finite()
            .then_some(self.from + part as f32 * (self.to - self.from))
    }

    /// Values to label, with their words.
    fn labels(&self, axis: &ChartAxis, apart: f32) -> Vec<(f64, String)> {
        if !axis.ticks.is_empty() {
            return axis.ticks.iter().map(|&v| (v, short(v as f32))).collect();
        }
        let most = f64::from(((self.to - self.from).abs() / apart).max(1.0));
        if !self.log {
            let (values, decimals) = ticks(self.low, self.high, most);
            return values.into_iter().map(|v| (v, grouped(v, decimals))).collect();
        }
        let (low, high) = (self.low / std::f64::consts::LN_10, self.high / std::f64::consts::LN_10);
        let every = ((high - low) / most).ceil().max(1.0);
        let multiples: &[f64] = if high - low < 0.45 * most {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let mut found = Vec::new();
        for power in low.floor() as i32..=high.ceil() as i32 {
            if f64::from(power).rem_euclid(every) != 0.0 {
                continue;
            }
            let values = multiples.iter().map(|m| m * 10f64.powi(power));
            found.extend(
                values
                    .filter(|v| (low..=high).contains(&v.log10()))
                    .map(|v| (v, power_of(v))),
            );
        }
        if found.len() < 2 {
            // less than a decade: round numbers, as on an even scale
            let (values, decimals) = ticks(self.low.exp(), self.high.exp(), most);
            return values.into_iter().map(|v| (v, grouped(v, decimals))).collect();
        }
        found
    }
}

/// 0.01, 100, 1e-7.
fn power_of(v: f64) -> String {
    if (1e-4..1e6).contains(&v) {
        grouped(v, if v < 1.0 { (-v.log10()).ceil() as usize } else { 0 })
    } else {
        format!("{v:.0e}").replace('-', "\u{2212}")
    }
}

/// With thin spaces between thousands.
fn grouped(value: f64, decimals: usize) -> String {
    let plain = label(value, decimals);
    let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), ""), |(w, r)| (w, r));
    let digits = whole.trim_start_matches('\u{2212}');
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && digits.len() > 4 {
            out.push(',');
        }
        out.push(c);
    }
    let sign = if whole.len() > digits.len() { "\u{2212}" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{out}{point}{rest}")
}

/// The whole chart in this area.
pub(super) fn items(chart: &Chart, ink: &Ink, area: Area, index: usize) -> Vec<Item> {
    let em = ink.em;
    let names = chart.series.iter().map(|s| letters::width(&s.name, 0.92 * em, false));
    let behind = names.fold(0.0, f32::max).min(0.4 * area.size()[0]) + 0.9 * em;
    let plot = if ink.bare {
        area
    } else {
        Area::of(
            area.min[0] + 4.2 * em,
            area.min[1] + 1.7 * em,
            (area.max[0] - behind).max(area.min[0] + 5.2 * em),
            (area.max[1] - 3.3 * em).max(area.min[1] + 2.7 * em),
        )
    };
    let points = || chart.series.iter().flat_map(|s| s.points.iter());
    let x_values = chart.series.iter().filter(|s| s.points.len() > 1);
    let x_values = x_values.flat_map(|s| s.points.iter().map(|p| p[0]));
    let x = Scale::of(&chart.x, x_values, plot.min[0], plot.max[0]);
    let y = Scale::of(&chart.y, points().map(|p| p[1]), plot.max[1], plot.min[1]);
    let mut out = Vec::new();
    if !ink.bare {
        out.extend(axes(chart, ink, plot, &x, &y, index));
    }
    let mut curves = Vec::new();
    for series in &chart.series {
        curves.extend(curve(&until(series, chart.x.until), ink, plot, &x, &y));
    }
    out.push(Item::Group {
        name: format!("curves-{index}"),
        clip: Some(Area::of(
            plot.min[0] - em,
            plot.min[1] - em,
            plot.max[0] + em,
            plot.max[1] + em,
        )),
        items: curves,
    });
    if !ink.bare {
        out.push(Item::group(format!("names-{index}"), end_names(chart, ink, plot, &y)));
    }
    out
}

fn axes(chart: &Chart, ink: &Ink, plot: Area, x: &Scale, y: &Scale, index: usize) -> Vec<Item> {
    let em = ink.em;
    let (mut lines, mut words) = (Vec::new(), Vec::new());
    let pen = Pen::solid(ink.palette.grid, 1.0);
    let mut last = f32::NEG_INFINITY;
    for (value, said) in x.labels(&chart.x, 7.0 * em) {
        let Some(at) = x.place(value) else { continue };
        lines.push(Item::Line {
            points: vec![[at, plot.min[1]], [at, plot.max[1]]],
            pen,
        });
        let half = 0.5 * letters::width(&said, LABEL * em, false);
        // labels that would touch are left out
        if at - half > last + 0.6 * em {
            words.push(Item::Text(ink.quiet(
                [at, plot.max[1] + 1.1 * em],
                Anchor::Middle,
                LABEL,
                said,
            )));
            last = at + half;
        }
    }
    for (value, said) in y.labels(&chart.y, 3.2 * em) {
        let Some(at) = y.place(value) else { continue };
        lines.push(Item::Line {
            points: vec![[plot.min[0], at], [plot.max[0], at]],
            pen,
        });
        words.push(Item::Text(ink.quiet(
            [plot.min[0] - 0.6 * em, at],
            Anchor::Right,
            LABEL,
            said,
        )));
    }
    let below = [plot.max[0], plot.max[1] + 1.1 * em + LINE * em];
    words.push(Item::Text(ink.text(
        below,
        Anchor::Right,
        LABEL,
        chart.x.label.as_str(),
    )));
    let above = [plot.min[0] - 3.4 * em, plot.min[1] - 1.0 * em];
    words.push(Item::Text(ink.text(above, Anchor::Left, LABEL, chart.y.label.as_str())));
    vec![
        Item::group(format!("grid-{index}"), lines),
        Item::group(format!("axes-{index}"), words),
    ]
}

/// A curve as far as this value; a level is whole always.
fn until(series: &Series, most: Option<f64>) -> Cow<'_, Series> {
    let Some(most) = most.filter(|_| series.points.len() > 1) else {
        return Cow::Borrowed(series);
    };
    let kept = series.points.partition_point(|p| p[0] <= most);
    let mut points = series.points[..kept].to_vec();
    if let (Some(a), Some(b)) = (points.last(), series.points.get(kept)) {
        let share = (most - a[0]) / (b[0] - a[0]);
        points.push([most, a[1] + share * (b[1] - a[1])]);
    }
    // one point would be drawn as a level
    if points.len() == 1 {
        points.clear();
    }
    Cow::Owned(Series {
        points,
        ..series.clone()
    })
}

fn curve(series: &Series, ink: &Ink, plot: Area, x: &Scale, y: &Scale) -> Vec<Item> {
    let em = ink.em;
    let points: Vec<[f32; 2]> = match series.points.as_slice() {
        [one] => y
            .place(one[1])
            .map_or(Vec::new(), |at| vec![[plot.min[0], at], [plot.max[0], at]]),
        all => all
            .iter()
            .filter_map(|p| Some([x.place(p[0])?, y.place(p[1])?]))
            .collect(),
    };
    let color = if series.faint {
        with_alpha(series.color, 0.35)
    } else {
        series.color
    };
    let mut items = Vec::new();
    if points.len() > 1 {
        items.push(Item::Line {
            points: points.clone(),
            pen: Pen {
                color,
                width: if series.faint { 0.07 } else { 0.14 } * em,
                dash: series.dashed.then_some([0.5 * em, 0.32 * em]),
            },
        });
    }
    if let Some(shape) = series.dots {
        items.push(Item::Dots {
            at: points,
            colors: vec![color],
            radius: 0.3 * em,
            shape,
        });
    }
    items
}

/// Names at the curves' right ends, moved apart where they would touch.
fn end_names(chart: &Chart, ink: &Ink, plot: Area, y: &Scale) -> Vec<Item> {
    let em = ink.em;
    let mut names: Vec<(f32, &Series)> = chart
        .series
        .iter()
        .filter(|s| !s.name.is_empty())
        .filter_map(|s| Some((y.place(s.points.last()?[1])?, s)))
        .collect();
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let apart = 1.25 * em;
    for i in 1..names.len() {
        names[i].0 = names[i].0.max(names[i - 1].0 + apart);
    }
    // pushed out at the bottom: push back upward
    let mut lowest = plot.max[1];
    for name in names.iter_mut().rev() {
        name.0 = name.0.min(lowest);
        lowest = name.0 - apart;
    }
    let named = names.into_iter().map(|(at, series)| {
        Item::Text(Text {
            color: legible(series.color, ink.palette.background, 4.5),
            ..ink.text([plot.max[0] + 0.6 * em, at], Anchor::Left, 0.92, series.name.as_str())
        })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_place_their_ends_inside_and_leave_out_what_has_no_logarithm() {
        let axis = |log| ChartAxis {
            log,
            ..ChartAxis::default()
        };
        let scale = Scale::of(&axis(true), [0.0, -1.0, 1.0, 100.0].into_iter(), 0.0, 100.0);
        let (a, b) = (scale.place(1.0).unwrap(), scale.place(100.0).unwrap());
        assert!((a + b - 100.0).abs() < 1e-3 && a > 0.0 && b < 100.0, "{a} {b}");
        assert_eq!(scale.place(0.0), None);
        assert!((scale.place(10.0).unwrap() - 50.0).abs() < 1e-3);
        let empty = Scale::of(&axis(false), [f64::NAN].into_iter(), 0.0, 100.0);
        assert!(empty.place(0.5).is_some());
        let one = Scale::of(&axis(false), [3.0].into_iter(), 0.0, 100.0);
        assert!((one.place(3.0).unwrap() - 50.0).abs() < 1e-3);
    }

    #[test]
    fn a_logarithmic_scale_within_a_decade_has_labels_too() {
        let axis = ChartAxis {
            log: true,
            ..ChartAxis::default()
        };
        for (low, high) in [(0.21, 0.47), (3.0, 4.9), (0.9, 1.15), (1e-3, 10.0)] {
            let labels = Scale::of(&axis, [low, high].into_iter(), 0.0, 300.0).labels(&axis, 30.0);
            assert!(labels.len() >= 2, "{low} to {high}: {labels:?}");
        }
    }

    #[test]
    fn a_curve_ends_where_it_is_cut_and_a_level_does_not() {
        let series = |points: &[[f64; 2]]| Series {
            name: String::new(),
            points: points.to_vec(),
            color: [0; 4],
            dashed: false,
            faint: false,
            dots: None,
        };
        let curve = series(&[[0.0, 1.0], [10.0, 3.0], [20.0, 0.0]]);
        assert_eq!(until(&curve, None).points, curve.points);
        assert_eq!(until(&curve, Some(5.0)).points, [[0.0, 1.0], [5.0, 2.0]]);
        assert_eq!(until(&curve, Some(99.0)).points, curve.points);
        assert!(until(&curve, Some(-1.0)).points.is_empty());
        let level = series(&[[30.0, 3.0]]);
        assert_eq!(until(&level, Some(0.0)).points, level.points);
    }

    #[test]
    fn numbers_are_written_as_people_do() {
        assert_eq!(grouped(12_000.0, 0), "12,000");
        assert_eq!(grouped(-1234.5, 1), "\u{2212}1234.5");
        assert_eq!(grouped(1_234_567.0, 0), "1,234,567");
        assert_eq!(power_of(0.01), "0.01");
        assert_eq!(power_of(0.5), "0.5");
        assert_eq!(power_of(100.0), "100");
        assert_eq!(power_of(1e-7), "1e\u{2212}7");
    }
}
