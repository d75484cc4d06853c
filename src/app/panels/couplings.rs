//! The couplings view of the stage with the focus, while its layer of pairs is on: how many chords cross, how long they are,
//! what they cost for |.|, |.|^2 and a power of the user's choice, and beside each the least that other pairs of the same
//! points could cost, with the search's progress and a way to stop it. The chords themselves are on the stage.

use eframe::egui::{
    Align, Align2, Button, Color32, DragValue, FontId, Layout, ProgressBar, Rect, Response, RichText, Role, Sense,
    Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use crate::app::App;
use crate::app::paint::color32;
use crate::app::theme::{self, text};
use crate::app::widgets::chart::place;
use crate::app::widgets::formula::formula;
use crate::app::widgets::number::{Number, name_it};
use crate::app::widgets::row::{Words, section, whole_row, with_tip};
use crate::app::widgets::{grouped, measured};
use crate::engine::command::Command;
use crate::engine::coupling::{CouplingReport, Optimum, PowerCost};
use crate::picture::color;
use crate::picture::lengths::Histogram;
use crate::picture::short;

/// Height of the histogram.
const HISTOGRAM: f32 = 92.0;
/// Parts of a row of costs: formula, these pairs, the cheapest.
const PARTS: [f32; 3] = [0.46, 0.23, 0.31];
/// Height of a row of costs.
const ROW: f32 = 27.0;

/// The section; nothing while the layer is off.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let layers = app.stage().layers;
    if !layers.pairs {
        return;
    }
    section(ui, "section.couplings");
    let number = Number::whole(2.0..=500.0, 1.0..=2048.0).log();
    let shown = whole_row(ui, &Words::of("pairs_shown"), &number, u64::from(layers.pairs_shown)) as u32;
    let mut power = layers.pairs_power;
    let shot = app.stage_snapshot();
    if let Some(report) = &shot.coupling {
        crossings(ui, report);
        histogram(ui, report);
        costs(ui, report, &mut power);
        search(app, ui, report);
    } else {
        let waits = app.run_snapshot().pairing.is_some();
        let words = if waits && shot.pairs.is_empty() {
            t!("couplings.no_pairs")
        } else {
            t!("couplings.counting")
        };
        ui.label(RichText::new(words).color(theme::current(ui).weak));
    }
    if (shown, power) != (layers.pairs_shown, layers.pairs_power) {
        let layers = &mut app.stage_mut().layers;
        (layers.pairs_shown, layers.pairs_power) = (shown, power);
    }
}

/// "1,204 of 7,140 pairs of chords cross", the first number large.
fn crossings(ui: &mut Ui, report: &CouplingReport) {
    let n = report.pairs.len() as u64;
    let colors = theme::current(ui);
    let response = ui
        .horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            ui.label(
                theme::strong(grouped(report.crossings))
                    .size(text::NUMBER)
                    .color(colors.text),
            );
            let of = t!("couplings.of_crossings", of = grouped(n * n.saturating_sub(1) / 2));
            ui.label(RichText::new(of).color(colors.weak));
        })
        .response;
    response.on_hover_text(t!("couplings.crossings_hint"));
}

/// Counts of chords by length, those of the cheapest pairs as an outline.
fn histogram(ui: &mut Ui, report: &CouplingReport) {
    let colors = theme::current(ui);
    let histogram = Histogram::of(report);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HISTOGRAM), Sense::hover());
    let mean = report.lengths.iter().sum::<f64>() / report.lengths.len().max(1) as f64;
    let spoken = t!(
        "couplings.lengths_spoken",
        count = grouped(report.lengths.len() as u64),
        mean = measured(mean)
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    ui.painter().rect_filled(rect, 4.0, colors.stage);
    let plot = Rect::from_min_max(rect.min + vec2(8.0, 20.0), rect.max - vec2(8.0, 19.0));
    let bounds = [0.0, 0.0, histogram.longest, f64::from(histogram.most().max(1))];
    let surface = if colors.dark {
        color::Theme::Dark
    } else {
        color::Theme::Light
    };
    let chord = color32(surface.palette().chord);
    let width = plot.width() / histogram.counts.len().max(1) as f32;
    for (k, &count) in histogram.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
        let left = plot.left() + width * k as f32;
        let top = place(plot, bounds, [0.0, f64::from(count)]).y;
        let bar = Rect::from_min_max(pos2(left + 0.5, top), pos2(left + width - 0.5, plot.bottom()));
        ui.painter().rect_filled(bar, 0.0, chord);
    }
    ui.painter()
        .hline(plot.x_range(), plot.bottom(), Stroke::new(1.0, colors.weak));
    if let Some(best) = &histogram.best {
        let line: Vec<_> = histogram
            .outline(best)
            .into_iter()
            .map(|p| place(plot, bounds, p))
            .collect();
        ui.painter()
            .extend(Shape::dashed_line(&line, Stroke::new(1.8, colors.exact), 5.0, 3.0));
    }
    let font = FontId::proportional(text::SMALL);
    let write = |at, align, words: String, ink| ui.painter().text(at, align, words, font.clone(), ink);
    let floor = rect.bottom() - 2.0;
    write(pos2(plot.left(), floor), Align2::LEFT_BOTTOM, "0".into(), colors.weak);
    let longest = measured(histogram.longest);
    write(pos2(plot.right(), floor), Align2::RIGHT_BOTTOM, longest, colors.weak);
    let axis = t!("couplings.length").into_owned();
    write(pos2(plot.center().x, floor), Align2::CENTER_BOTTOM, axis, colors.weak);
    let top = rect.top() + 2.0;
    let these = t!("couplings.these").into_owned();
    write(pos2(plot.left(), top), Align2::LEFT_TOP, these, chord);
    if histogram.best.is_some() {
        let cheapest = t!("couplings.cheapest").into_owned();
        write(pos2(plot.right(), top), Align2::RIGHT_TOP, cheapest, colors.exact);
    }
    response.on_hover_text(t!("couplings.lengths_hint"));
}

/// One row for each power.
fn costs(ui: &mut Ui, report: &CouplingReport, power: &mut f64) {
    let weak = theme::current(ui).weak;
    let head = |ui: &mut Ui, key: &str| {
        ui.label(RichText::new(t!(key)).size(text::SMALL).color(weak));
    };
    cells(
        ui,
        |ui| head(ui, "couplings.cost"),
        |ui| head(ui, "couplings.cost_of_these"),
        |ui| head(ui, "couplings.least"),
    );
    for (k, cost) in report.costs.iter().enumerate() {
        let mine = k + 1 == report.costs.len();
        cells(
            ui,
            |ui| {
                if mine {
                    power_ui(ui, power);
                } else {
                    let tex = if cost.power == 1.0 {
                        "E |x_1 - x_0|"
                    } else {
                        "E |x_1 - x_0|^2"
                    };
                    formula(ui, tex, text::FORMULA, theme::current(ui).text, tex);
                }
            },
            |ui| _ = number(ui, cost.cost, theme::current(ui).text),
            |ui| optimum(ui, cost),
        );
    }
}

/// Three cells side by side, which never ask for more room than there is.
fn cells(ui: &mut Ui, first: impl FnOnce(&mut Ui), second: impl FnOnce(&mut Ui), third: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
    let mut left = rect.left();
    let mut cell = |part: f32, number: u8| {
        let right = left + part * rect.width();
        let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right - 4.0, rect.bottom()));
        left = right;
        let layout = Layout::left_to_right(Align::Center);
        ui.new_child(
            UiBuilder::new()
                .max_rect(place)
                .layout(layout)
                .id_salt(("cost", number)),
        )
    };
    first(&mut cell(PARTS[0], 0));
    second(&mut cell(PARTS[1], 1));
    third(&mut cell(PARTS[2], 2));
}

/// E |x1 - x0| to a power that can be changed.
fn power_ui(ui: &mut Ui, power: &mut f64) {
    let words = Words::of("pairs_power");
    ui.spacing_mut().item_spacing.x = 3.0;
    ui.spacing_mut().button_padding.x = 4.0;
    ui.spacing_mut().interact_size.x = 24.0;
    let tex = "E |x_1 - x_0|^p";
    formula(ui, tex, text::FORMULA, theme::current(ui).text, &words.symbol);
    let drag = DragValue::new(power)
        .range(0.1..=16.0)
        .speed(0.02)
        .max_decimals(2)
        .custom_formatter(|p, _| short(p as f32))
        .update_while_editing(false);
    let response = ui.add(drag);
    name_it(&response, &words.name);
    with_tip(response, &words);
}

fn number(ui: &mut Ui, value: f64, ink: Color32) -> Response {
    ui.label(theme::strong(measured(value)).size(text::BODY * 1.15).color(ink))
}

/// The least possible cost, or how far its search is.
fn optimum(ui: &mut Ui, cost: &PowerCost) {
    let colors = theme::current(ui);
    let quiet = |ui: &mut Ui, key: &str| ui.label(RichText::new(t!(key)).color(colors.weak));
    match &cost.optimum {
        Optimum::Proved(best) => {
            ui.spacing_mut().item_spacing.x = 6.0;
            number(ui, best.cost, colors.exact).on_hover_text(t!("couplings.proved_hint"));
            if cost.cost > 0.0 {
                let part = format!("{:.0} %", 100.0 * best.cost / cost.cost);
                ui.label(RichText::new(part).size(text::SMALL).color(colors.weak))
                    .on_hover_text(t!("couplings.proved_hint"));
            }
        }
        Optimum::Sought(share) => {
            let bar = ProgressBar::new(*share).desired_height(14.0).fill(colors.exact);
            let response = ui.add(bar.desired_width(ui.available_width()));
            name_it(
                &response,
                &t!("couplings.sought", share = format!("{:.0}", 100.0 * share)),
            );
        }
        Optimum::Waiting => _ = quiet(ui, "couplings.waiting"),
        Optimum::Stopped => _ = quiet(ui, "couplings.stopped"),
        Optimum::Refused(why) => _ = quiet(ui, "couplings.refused").on_hover_text(why),
    }
}

/// Stops the search for the cheapest pairs, or begins it again.
fn search(app: &mut App, ui: &mut Ui, report: &CouplingReport) {
    let any = |which: fn(&Optimum) -> bool| report.costs.iter().any(|c| which(&c.optimum));
    let stopped = any(|o| matches!(o, Optimum::Stopped));
    let searching = any(|o| matches!(o, Optimum::Waiting | Optimum::Sought(_)));
    if !(stopped || searching) {
        return;
    }
    let (key, hint) = if searching && !stopped {
        ("couplings.stop", "couplings.stop_hint")
    } else {
        ("couplings.again", "couplings.again_hint")
    };
    let button = Button::new(t!(key)).min_size(vec2(110.0, 0.0));
    if ui.add(button).on_hover_text(t!(hint)).clicked() {
        app.link.send(Command::SeekOptima(key == "couplings.again"));
    }
}
