//! The table of measures: what it is now, and the floor that it cannot beat, in figures for the last row of a hall.

use eframe::egui::{Align2, FontId, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::widgets::formula::formula;
use crate::app::widgets::{grouped, measured};
use crate::engine::measures::Measures;

/// One line of the table; its texts are `measure.<id>.name`, `.formula` and `.hint`.
struct Line {
    id: &'static str,
    now: Option<f64>,
    floor: Option<f64>,
    whole: bool,
}

fn lines(m: &Measures) -> [Line; 12] {
    let line = |id, now, floor| Line {
        id,
        now,
        floor,
        whole: false,
    };
    [
        line("loss", m.loss, m.loss_floor),
        line("w2", m.w2_squared, m.w2_squared_floor),
        line("sliced_w2", m.sliced_w2_squared, None),
        line("energy_distance", m.energy_distance, None),
        line("straightness", m.straightness, None),
        line("path_energy", m.path_energy, m.transport_optimum),
        line("cost_p1", m.transport_cost_p1, None),
        line(
            "cost_p2",
            m.budget.map(|b| b.carried).or(m.transport_cost_p2),
            m.transport_optimum,
        ),
        line("npe", m.npe, None),
        line("path_length", m.path_length, None),
        line("field_rms", m.field_rms, None),
        Line {
            whole: true,
            ..line("evaluations", m.evaluations.map(f64::from), None)
        },
    ]
}

/// The table.
pub fn ui(app: &App, ui: &mut Ui) {
    let run = app.run_snapshot();
    let colors = theme::current(ui);
    let width = ui.available_width();
    let (now_x, floor_x) = (width - 92.0, width - 2.0);
    let (head, _) = ui.allocate_exact_size(vec2(width, 18.0), Sense::hover());
    let font = FontId::proportional(text::SMALL);
    let y = head.center().y;
    let note = if run.measuring {
        t!("measure.measuring").into_owned()
    } else if run.measures.loss.is_some() {
        t!("measure.at_step", step = grouped(run.measures.step)).into_owned()
    } else {
        t!("measure.none").into_owned()
    };
    ui.painter().text(
        pos2(head.left(), y),
        Align2::LEFT_CENTER,
        note,
        font.clone(),
        colors.weak,
    );
    let right = |x: f32, word: String, color| {
        ui.painter().text(
            pos2(head.left() + x, y),
            Align2::RIGHT_CENTER,
            word,
            font.clone(),
            color,
        );
    };
    right(now_x, t!("measure.now").into_owned(), colors.weak);
    right(floor_x, t!("measure.floor").into_owned(), colors.floor);
    ui.spacing_mut().item_spacing.y = 1.0;
    for (i, line) in lines(&run.measures).iter().enumerate() {
        line_ui(ui, line, i, now_x, floor_x);
    }
}

fn line_ui(ui: &mut Ui, line: &Line, index: usize, now_x: f32, floor_x: f32) {
    let colors = theme::current(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 25.0), Sense::hover());
    let name = t!(format!("measure.{}.name", line.id)).into_owned();
    let write = |x: f64| if line.whole { grouped(x as u64) } else { measured(x) };
    let now = line.now.map_or_else(|| "\u{2013}".to_owned(), write);
    let floor = line.floor.map(write);
    let spoken = if let Some(floor) = &floor {
        t!("measure.spoken_floor", name = name, now = now, floor = floor)
    } else {
        t!("measure.spoken", name = name, now = now)
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    if index > 0 {
        ui.painter().hline(
            rect.x_range(),
            rect.top() - 0.5,
            Stroke::new(1.0, colors.line.gamma_multiply(0.6)),
        );
    }
    let y = rect.center().y;
    let label = FontId::proportional(text::BODY);
    ui.painter()
        .text(pos2(rect.left(), y), Align2::LEFT_CENTER, &name, label, colors.text);
    let number = FontId::proportional(text::NUMBER);
    let ink = if line.now.is_some() { colors.text } else { colors.weak };
    ui.painter().text(
        pos2(rect.left() + now_x, y),
        Align2::RIGHT_CENTER,
        now,
        number.clone(),
        ink,
    );
    if let Some(floor) = floor {
        ui.painter().text(
            pos2(rect.left() + floor_x, y),
            Align2::RIGHT_CENTER,
            floor,
            number,
            colors.floor,
        );
    }
    response.on_hover_ui(|ui| {
        ui.label(theme::strong(&name));
        let tex = t!(format!("measure.{}.formula", line.id));
        let color = theme::current(ui).text;
        formula(ui, &tex, text::FORMULA + 3.0, color, &tex);
        ui.label(t!(format!("measure.{}.hint", line.id)));
    });
}
