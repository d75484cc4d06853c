//! Where the cost of the coupling goes: E|X1 - X0|^2 = floor + bends + carried (MATHS.md, "the budget"), one bar a run, all on one scale,
//! so that a round of reflow is seen to pay neither floor nor bends. A floor that is estimated is dotted.

use eframe::egui::{self, Align2, Color32, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::widgets::formula::formula;
use crate::app::widgets::measured;
use crate::app::widgets::row::section;
use crate::engine::measures::Budget;
use crate::lab::RunId;

/// Height of a bar.
const BAR: f32 = 15.0;
/// Distance of the dots of an estimated floor.
const DOTS: f32 = 5.0;
/// Height of the line of figures above it.
const FIGURES: f32 = 21.0;

/// One run's budget, or why there is none.
struct Line {
    run: RunId,
    tag: String,
    budget: Result<Budget, &'static str>,
}

fn lines(app: &App) -> Vec<Line> {
    let of = |run: &crate::lab::LabRun| {
        let measured = app.snapshot.runs.iter().find(|r| r.id == run.id);
        let budget = measured.and_then(|r| r.measures.budget);
        Line {
            run: run.id,
            tag: app.lab.tag_of(run.id),
            budget: budget.ok_or(if matches!(run.origin, crate::lab::Origin::Distilled { .. }) {
                "budget.distilled"
            } else if run.experiment.budget_holds() {
                "budget.not_yet"
            } else {
                "budget.does_not_hold"
            }),
        }
    };
    app.lab.runs.iter().map(of).collect()
}

/// The parts of a budget, left to right, with their text keys and colors.
fn parts(budget: &Budget, colors: &theme::Theme) -> [(&'static str, f64, Color32); 3] {
    [
        ("budget.floor", budget.floor, colors.floor),
        ("budget.bends", budget.bends, colors.learned),
        ("budget.carried", budget.carried, colors.source),
    ]
}

/// Whether any run has, or will have, a budget.
pub fn holds(app: &App) -> bool {
    app.lab.runs.iter().any(|run| run.experiment.budget_holds())
}

/// The section: a legend and one bar a run.
pub fn ui(app: &mut App, ui: &mut Ui) {
    section(ui, "section.budget");
    let lines = lines(app);
    let longest = lines
        .iter()
        .filter_map(|l| l.budget.as_ref().ok())
        .map(|b| b.coupling_cost.max(b.floor + b.bends + b.carried))
        .fold(0.0, f64::max);
    let shown = app.run_id();
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let least = least(app);
        legend(ui, &lines, least);
        for line in &lines {
            if line_ui(ui, line, (longest, least), line.run == shown && lines.len() > 1) {
                app.show_run(line.run);
            }
        }
    });
}

/// W2 squared between source and target, which no flow can carry for less: of the shown run, or of the first that has it.
fn least(app: &App) -> Option<f64> {
    let of = |run: &crate::engine::snapshot::RunSnapshot| {
        let m = &run.measures;
        m.transport_optimum.filter(|_| m.budget.is_some())
    };
    of(&app.run_snapshot()).or_else(|| app.snapshot.runs.iter().find_map(of))
}

/// The line of that.
fn dashes(ends: [egui::Pos2; 2], ink: Color32) -> Vec<egui::Shape> {
    egui::Shape::dashed_line(&ends, Stroke::new(1.5, ink), 4.0, 3.0)
}

fn legend(ui: &mut Ui, lines: &[Line], least: Option<f64>) {
    let colors = theme::current(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let font = FontId::proportional(text::SMALL);
    let y = rect.center().y;
    let estimated = lines.iter().any(|l| l.budget.as_ref().is_ok_and(|b| b.floor_estimated));
    let mut x = rect.left();
    for (key, _, color) in parts(&Budget::default(), colors) {
        let swatch = Rect::from_center_size(pos2(x + 5.0, y), vec2(10.0, 10.0));
        fill(ui, swatch, color, key == "budget.floor" && estimated, colors.panel);
        let galley = ui
            .painter()
            .layout_no_wrap(t!(key).into_owned(), font.clone(), colors.weak);
        let width = galley.size().x;
        ui.painter()
            .galley(pos2(x + 15.0, y - galley.size().y / 2.0), galley, colors.weak);
        x += width + 29.0;
    }
    let mut spoken = t!("budget.spoken_legend").into_owned();
    if let Some(least) = least {
        let words = format!("{} {}", t!("budget.optimum"), measured(least));
        let at = pos2(rect.right(), y);
        let painter = ui.painter();
        let words = painter.text(at, Align2::RIGHT_CENTER, words, font, colors.text);
        let mark = words.left() - 7.0;
        // in a narrow panel the words are enough
        if mark > x - 10.0 {
            painter.extend(dashes([pos2(mark, y - 7.0), pos2(mark, y + 7.0)], colors.text));
        }
        spoken = format!("{spoken}. {}", t!("budget.spoken_optimum", value = measured(least)));
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    response.on_hover_ui(tip);
}

fn tip(ui: &mut Ui) {
    let color = theme::current(ui).text;
    ui.label(theme::strong(t!("section.budget")));
    let tex = t!("budget.formula");
    formula(ui, &tex, text::FORMULA, color, &tex);
    ui.label(t!("budget.hint"));
    for key in ["budget.floor", "budget.bends", "budget.carried"] {
        ui.label(theme::strong(t!(key)));
        let tex = t!(format!("{key}_formula"));
        formula(ui, &tex, text::FORMULA, color, &tex);
        ui.label(t!(format!("{key}_hint")));
    }
}

/// One run: its figures, and the bar beneath. Whether it was clicked.
fn line_ui(ui: &mut Ui, line: &Line, (longest, least): (f64, Option<f64>), shown: bool) -> bool {
    let colors = theme::current(ui);
    let height = if line.budget.is_ok() {
        FIGURES + BAR + 4.0
    } else {
        FIGURES
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    let spoken = match &line.budget {
        Ok(b) => t!(
            "budget.spoken",
            run = line.tag,
            cost = measured(b.coupling_cost),
            floor = measured(b.floor),
            bends = measured(b.bends),
            carried = measured(b.carried)
        ),
        Err(why) => t!("budget.spoken_none", run = line.tag, why = t!(*why)),
    }
    .into_owned();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
    let y = rect.top() + FIGURES / 2.0 - 1.5;
    let font = FontId::proportional(text::BODY);
    let ink = if shown { colors.text } else { colors.weak };
    let name = ui
        .painter()
        .text(pos2(rect.left(), y), Align2::LEFT_CENTER, &line.tag, font.clone(), ink);
    if let Ok(budget) = &line.budget {
        figures(ui, budget, pos2(rect.right(), y), &font);
        let bar = Rect::from_min_max(pos2(rect.left(), rect.top() + FIGURES), rect.max - vec2(0.0, 4.0));
        bar_ui(ui, bar, budget, longest);
        if let Some(least) = least.filter(|least| (0.0..=longest).contains(least)) {
            let x = bar.left() + (least / longest) as f32 * bar.width();
            let ends = [pos2(x, bar.top() - 3.0), pos2(x, bar.bottom() + 3.0)];
            ui.painter().extend(dashes(ends, colors.text));
        }
    } else {
        let why = if line.budget == Err("budget.not_yet") {
            t!("budget.not_yet_short")
        } else {
            t!("budget.none_short")
        };
        let at = pos2(name.right() + 10.0, y);
        ui.painter().text(
            at,
            Align2::LEFT_CENTER,
            why,
            FontId::proportional(text::SMALL),
            colors.weak,
        );
    }
    let response = response.on_hover_ui(|ui| match &line.budget {
        Ok(budget) => {
            ui.label(&spoken);
            let sum = budget.floor + budget.bends + budget.carried;
            let off = 100.0 * (sum / budget.coupling_cost - 1.0).abs();
            ui.label(t!("budget.closes", off = measured(off)));
            if budget.floor_estimated {
                ui.label(t!("budget.estimated"));
            }
        }
        Err(why) => _ = ui.label(t!(*why)),
    });
    response.clicked()
}

/// "246 = 134 + 74.1 + 37.9", each part in its color, ending at `right`.
fn figures(ui: &Ui, budget: &Budget, right: egui::Pos2, font: &FontId) {
    let colors = theme::current(ui);
    let mut pieces = vec![
        (measured(budget.coupling_cost), colors.text),
        (" = ".to_owned(), colors.weak),
    ];
    for (i, (_, value, color)) in parts(budget, colors).into_iter().enumerate() {
        if i > 0 {
            pieces.push((" + ".to_owned(), colors.weak));
        }
        pieces.push((measured(value), color));
    }
    let mut x = right.x;
    for (words, color) in pieces.into_iter().rev() {
        let at = pos2(x, right.y);
        x = ui
            .painter()
            .text(at, Align2::RIGHT_CENTER, words, font.clone(), color)
            .left();
    }
}

fn bar_ui(ui: &Ui, bar: Rect, budget: &Budget, longest: f64) {
    let colors = theme::current(ui);
    ui.painter().rect_filled(bar, 2.0, colors.control.gamma_multiply(0.45));
    if longest <= 0.0 {
        return;
    }
    let mut x = bar.left();
    for (key, value, color) in parts(budget, colors) {
        let width = (value.max(0.0) / longest) as f32 * bar.width();
        let part = Rect::from_min_max(pos2(x, bar.top()), pos2((x + width).min(bar.right()), bar.bottom()));
        fill(
            ui,
            part,
            color,
            key == "budget.floor" && budget.floor_estimated,
            colors.panel,
        );
        x += width;
    }
    // what the coupling costs: the parts end there where the training is done
    let end = bar.left() + (budget.coupling_cost / longest) as f32 * bar.width();
    let tick = Stroke::new(1.5, colors.text);
    ui.painter()
        .vline(end - 0.75, bar.expand2(vec2(0.0, 2.0)).y_range(), tick);
}

/// A part of a bar; dotted where it is estimated.
fn fill(ui: &Ui, part: Rect, color: Color32, dotted: bool, ground: Color32) {
    if part.width() < 0.25 {
        return;
    }
    ui.painter().rect_filled(part, 1.0, color);
    if !dotted {
        return;
    }
    // rows of dots in the color of the ground, offset from row to row
    let painter = ui.painter_at(part);
    let rows = (part.height() / DOTS).round().max(1.0);
    for row in 0..rows as usize {
        let y = part.top() + part.height() * (row as f32 + 0.5) / rows;
        let mut x = part.left() + if row % 2 == 0 { 0.25 } else { 0.75 } * DOTS;
        while x < part.right() {
            painter.circle_filled(pos2(x, y), 1.1, ground);
            x += DOTS;
        }
    }
}
