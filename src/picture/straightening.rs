//! What rounds of reflow gain and what they cost, round by round: straightness beside the bound that falls as 1/k, the
//! transport cost for several convex powers, the distance to the target after few Euler steps, and the ledger of network
//! evaluations (Liu, Gong, Liu 2023: theorems 3.5 and 3.7).

use rust_i18n::t;

use super::color::Theme;
use super::figure::{BarPart, BarRow, Bars, Chart, ChartAxis, Content, Figure, Panel, Series};
use super::{Rgba, Shape};
use crate::engine::measures::{Ledger, Measures};
use crate::lab::{Lab, Origin, RunId};

/// A run and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What it is called: 1-RF, 2-RF+D.
    pub tag: &'a str,
    /// Its round; None for a one-step student, which has no flow.
    pub round: Option<u32>,
    /// Its measures.
    pub measures: &'a Measures,
}

/// The line of rounds through a run, oldest first: its ancestors, itself, then at each fork the latest child. Students stand
/// behind their teachers.
pub fn line_of(lab: &Lab, run: RunId) -> Vec<RunId> {
    let student = |id| {
        lab.run(id)
            .is_some_and(|r| matches!(r.origin, Origin::Distilled { .. }))
    };
    let parent = |id| {
        lab.run(id)
            .and_then(|r| r.origin.parent())
            .filter(|&p| lab.run(p).is_some())
    };
    let mut line = vec![run];
    while let Some(up) = parent(line[0]).filter(|up| !line.contains(up)) {
        line.insert(0, up);
    }
    line.retain(|&id| !student(id));
    while let Some(&last) = line.last() {
        let children = lab.runs.iter().filter(|r| r.origin.parent() == Some(last));
        let next = children.map(|r| r.id).rfind(|&id| !student(id) && !line.contains(&id));
        let Some(next) = next else { break };
        line.push(next);
    }
    let mut all = Vec::new();
    for id in line {
        all.push(id);
        let students = lab
            .runs
            .iter()
            .filter(|r| student(r.id) && r.origin.parent() == Some(id));
        all.extend(students.map(|r| r.id));
    }
    all
}

/// The four panels.
pub fn straightening(members: &[Member], theme: Theme) -> Figure {
    let said = |panel: Panel, which: &str| {
        let note = t!(format!("figure.straightening.{which}_note")).into_owned();
        panel.titled(t!(format!("figure.straightening.{which}")), note)
    };
    let ledger = Panel {
        content: Content::Bars(ledger(members, theme)),
        ..Panel::default()
    };
    Figure {
        panels: vec![
            said(straightness(members, theme), "straightness"),
            said(costs(members, theme), "costs"),
            said(charted(few_steps(members, theme)), "few_steps"),
            said(ledger, "ledger"),
        ],
        columns: 2,
        lettered: true,
        ..Figure::default()
    }
}

fn charted((chart, lacks): (Chart, Option<String>)) -> Panel {
    Panel {
        content: Content::Chart(chart),
        lacks,
        ..Panel::default()
    }
}

/// Straightness of a run's own flow, finely integrated where that was done.
fn bends(measures: &Measures) -> Option<f64> {
    measures.budget.map(|b| b.bends).or(measures.straightness)
}

fn line(name: String, mut points: Vec<[f64; 2]>, color: Rgba, dots: Option<Shape>) -> Series {
    if let ([only], Some(_)) = (points.as_slice(), dots) {
        // a lone point means a line across the chart: twice, it is a dot
        points.push(*only);
    }
    Series {
        name,
        points,
        color,
        dashed: dots.is_none(),
        faint: false,
        dots,
    }
}

/// An axis of rounds.
fn rounds_axis(members: &[Member], first: u32) -> ChartAxis {
    let last = members.iter().filter_map(|m| m.round).max().unwrap_or(1).max(first + 1);
    ChartAxis {
        label: t!("figure.straightening.round").into_owned(),
        ticks: (first..=last).map(f64::from).collect(),
        include: vec![f64::from(first), f64::from(last)],
        ..ChartAxis::default()
    }
}

/// Straightness of each round, and what the least of the first k cannot exceed: the cost of the first pairs over k.
fn straightness(members: &[Member], theme: Theme) -> Panel {
    let palette = theme.palette();
    let x = rounds_axis(members, 1);
    let points: Vec<[f64; 2]> = members
        .iter()
        .filter_map(|m| Some([f64::from(m.round?), bends(m.measures)?]))
        .collect();
    let first = members.iter().find(|m| m.round == Some(1));
    let cost = first.and_then(|m| m.measures.coupling_cost);
    let mut series = Vec::new();
    if let Some(cost) = cost.filter(|_| !points.is_empty()) {
        let guide = x.ticks.iter().map(|&k| [k, cost / k]).collect();
        let name = t!("figure.straightening.bound").into_owned();
        series.push(line(name, guide, palette.text_quiet, None));
    }
    let lacks = points.is_empty().then(|| t!("figure.no_measures").into_owned());
    let name = t!("rounds.straightness").into_owned();
    series.push(line(name, points, palette.learned, Some(Shape::Disk)));
    let y = ChartAxis {
        label: t!("figure.straightening.straightness_unit").into_owned(),
        log: true,
        ..ChartAxis::default()
    };
    charted((Chart { x, y, series }, lacks))
}

/// (E|z1 - z0|^p)^(1/p) of the first pairs (at 0) and of each round's flow, for every power that was taken.
fn costs(members: &[Member], theme: Theme) -> Panel {
    let palette = theme.palette();
    let looks = [
        (palette.learned, Shape::Disk),
        (palette.source, Shape::Square),
        (palette.target, Shape::Ring),
        (palette.exact, Shape::Disk),
    ];
    let root = |cost: f64, p: u32| cost.max(0.0).powf(1.0 / f64::from(p));
    let mut series = Vec::new();
    let first = members.iter().find(|m| m.round == Some(1));
    for (p, (color, shape)) in (1..).zip(looks) {
        let pairs = first.and_then(|m| m.measures.coupling_costs.as_ref()?.get(&p).copied());
        let flow = |m: &Member| Some((m.round?, m.measures.transport_costs.as_ref()?.get(&p).copied()?));
        let rounds = members.iter().filter_map(flow);
        let all = pairs.map(|cost| (0, cost)).into_iter().chain(rounds);
        let points: Vec<[f64; 2]> = all.map(|(k, cost)| [f64::from(k), root(cost, p)]).collect();
        if points.len() > 1 {
            series.push(line(format!("p = {p}"), points, color, Some(shape)));
        }
    }
    let lacks = series.is_empty().then(|| t!("figure.no_measures").into_owned());
    let y = ChartAxis {
        label: t!("figure.straightening.cost_unit").into_owned(),
        ..ChartAxis::default()
    };
    let x = rounds_axis(members, 0);
    charted((Chart { x, y, series }, lacks))
}

/// A color for run number `index`; the first is that of what is learned.
pub(super) fn color_of(theme: Theme, index: usize) -> Rgba {
    let palette = theme.palette();
    let fixed = [palette.learned, palette.source, palette.target, palette.exact];
    fixed.get(index).copied().unwrap_or_else(|| {
        // golden angles stay apart however many there are
        let color = super::color::cyclic(theme, index as f32 * 2.399);
        super::color::legible(color, palette.background, 3.1)
    })
}

/// A color without a meaning of its own, for curve number `index` of stages that are compared.
pub fn other_color(theme: Theme, index: usize) -> Rgba {
    color_of(theme, index + 4)
}

/// W2 squared after 1, 2, 4, 8 and 100 Euler steps, with the floor of finite samples; and what is lacking for it.
pub fn few_steps(members: &[Member], theme: Theme) -> (Chart, Option<String>) {
    let mut series = Vec::new();
    let mut floor = None;
    let mut ticks: Vec<f64> = Vec::new();
    for (i, member) in members.iter().enumerate() {
        let Some(at) = &member.measures.w2_squared_at_steps else {
            continue;
        };
        floor = floor.or(member.measures.w2_squared_floor);
        let mut points: Vec<[f64; 2]> = at.iter().map(|(&n, &w2)| [f64::from(n), w2]).collect();
        if member.round.is_none() {
            // a student knows its one step
            points.truncate(1);
        }
        for p in &points {
            if !ticks.contains(&p[0]) {
                ticks.push(p[0]);
            }
        }
        let shape = [Shape::Disk, Shape::Square, Shape::Ring][i % 3];
        series.push(line(member.tag.to_owned(), points, color_of(theme, i), Some(shape)));
    }
    let lacks = series.is_empty().then(|| t!("figure.no_measures").into_owned());
    if let Some(floor) = floor {
        let name = t!("figure.floor").into_owned();
        series.push(line(name, vec![[1.0, floor]], theme.palette().floor, None));
    }
    let chart = Chart {
        x: ChartAxis {
            label: t!("figure.euler_steps").into_owned(),
            log: true,
            ticks,
            ..ChartAxis::default()
        },
        y: ChartAxis {
            label: t!("figure.w2_to_target").into_owned(),
            log: true,
            ..ChartAxis::default()
        },
        series,
    };
    (chart, lacks)
}

/// Evaluations of every run, and of all together.
fn ledger(members: &[Member], theme: Theme) -> Bars {
    let palette = theme.palette();
    let row = |name: String, ledger: Ledger| {
        let parts = [
            ("pairs", ledger.pairs, palette.source),
            ("forward", ledger.training_forward, palette.learned),
            ("backward", ledger.training_backward, palette.target),
            ("sampling", ledger.sampling, palette.floor),
        ];
        let part = |(key, count, color): (&str, u64, Rgba)| BarPart {
            name: t!(format!("figure.straightening.{key}")).into_owned(),
            // in millions
            value: count as f64 / 1e6,
            color,
        };
        BarRow {
            name,
            parts: parts.into_iter().map(part).collect(),
            note: String::new(),
        }
    };
    let mut total = Ledger::default();
    let mut rows = Vec::new();
    for member in members {
        let Some(own) = member.measures.evaluations_ledger else {
            rows.push(BarRow {
                name: member.tag.to_owned(),
                note: t!("figure.not_taken").into_owned(),
                ..BarRow::default()
            });
            continue;
        };
        total.pairs += own.pairs;
        total.training_forward += own.training_forward;
        total.training_backward += own.training_backward;
        total.sampling += own.sampling;
        rows.push(row(member.tag.to_owned(), own));
    }
    if rows.len() > 1 {
        rows.push(row(t!("figure.straightening.total").into_owned(), total));
    }
    Bars {
        rows,
        ..Bars::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn measures(straightness: f64, cost: f64) -> Measures {
        Measures {
            straightness: Some(straightness),
            coupling_cost: Some(cost),
            coupling_costs: Some(BTreeMap::from([(1, 3.0), (2, 16.0)])),
            transport_costs: Some(BTreeMap::from([(1, 2.0), (2, 9.0)])),
            evaluations_ledger: Some(Ledger {
                pairs: 5_000_000,
                training_forward: 7_000_000,
                training_backward: 7_000_000,
                sampling: 2_000_000,
            }),
            ..Measures::default()
        }
    }

    #[test]
    fn the_panels_say_what_was_measured() {
        let (one, two) = (measures(4.0, 12.0), measures(0.01, 9.0));
        let members = [
            Member {
                tag: "1-RF",
                round: Some(1),
                measures: &one,
            },
            Member {
                tag: "2-RF",
                round: Some(2),
                measures: &two,
            },
        ];
        let figure = straightening(&members, Theme::Print);
        let Content::Chart(chart) = &figure.panels[0].content else {
            panic!("a chart");
        };
        assert_eq!(
            chart.series[0].points,
            [[1.0, 12.0], [2.0, 6.0]],
            "the bound of the first cost"
        );
        assert_eq!(chart.series[1].points, [[1.0, 4.0], [2.0, 0.01]]);
        let Content::Chart(chart) = &figure.panels[1].content else {
            panic!("a chart");
        };
        // the second power's root: the pairs 4, both flows 3
        assert_eq!(chart.series[1].points, [[0.0, 4.0], [1.0, 3.0], [2.0, 3.0]]);
        let Content::Bars(bars) = &figure.panels[3].content else {
            panic!("bars");
        };
        let totals: Vec<f64> = bars.rows[2].parts.iter().map(|p| p.value).collect();
        assert_eq!(totals, [10.0, 14.0, 14.0, 4.0]);
    }

    #[test]
    fn nothing_measured_is_said() {
        let figure = straightening(&[], Theme::Dark);
        assert!(figure.panels[..3].iter().all(|p| p.lacks.is_some()));
    }
}
