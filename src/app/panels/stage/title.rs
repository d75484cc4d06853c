//! The title of a stage among several: its letter, its run, its sampler, its W2; or, where it has a caption, the caption above
//! the plot and the rest beneath. Run and sampler are changed here.

use eframe::egui::{
    self, Align, Button, FontSelection, Layout, Popup, PopupCloseBehavior, Rect, Response, RichText, Role, Sense,
    Stroke, TextWrapMode, Ui, WidgetInfo, WidgetText, pos2, vec2,
};
use rust_i18n::t;

use crate::app::App;
use crate::app::stages::letter;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::measured;
use crate::app::widgets::number::{Number, name_it};
use crate::app::widgets::row::{Words, text_or, whole_row};
use crate::flow::sampler::SAMPLERS;
use crate::lab::{Sampler, Stage, suits};
use crate::picture::words::caption_of_stage;

/// Height of a title of one line.
const LINE: f32 = 30.0;
/// Height of a caption, heading and sentence, and of the line beneath the plot.
const CAPTION: [f32; 2] = [46.0, 28.0];

/// Width of the cross at the end of a line.
const CROSS: f32 = 26.0;
/// Lines narrower than this have no arrows behind their choices.
const TIGHT_BELOW: f32 = 190.0;
/// Captions narrower than this tell W2 in the place of their sentence: the line beneath has no room for it.
const FIGURE_BELOW: f32 = 230.0;
/// What must be left of a line for W2 to be told.
const W2_FROM: f32 = 78.0;

/// What the titles take above and beneath every plot: all plots of a grid are of one size.
pub fn heights(app: &App) -> [f32; 2] {
    let lab = &app.lab;
    if !lab.compare.on || lab.stages.len() < 2 {
        [0.0, 0.0]
    } else if lab.stages.iter().any(|s| !s.caption.is_empty()) {
        CAPTION
    } else {
        [LINE, 0.0]
    }
}

/// The title in `top`, the line beneath the plot in `foot`.
pub fn ui(app: &mut App, ui: &mut Ui, index: usize, top: Rect, foot: Rect) {
    let Some(stage) = app.lab.stages.get(index).cloned() else {
        return;
    };
    let colors = theme::current(ui);
    if foot.height() < 1.0 {
        line(app, ui, index, &stage, top, true);
        return;
    }
    line(app, ui, index, &stage, foot, false);
    let (heading, sentence) = caption_of_stage(&stage).unwrap_or_else(|| (app.lab.tag_of(stage.run), String::new()));
    // a narrow line beneath has no room for the figure, and a narrow sentence says little
    let figure = app.w2_of(index).filter(|_| top.width() < FIGURE_BELOW);
    let sentence = figure.map_or(sentence, |w2| t!("stages.w2", value = measured(w2)).into_owned());
    let painter = ui.painter_at(top.shrink2(vec2(4.0, 0.0)));
    let corner = top.min + vec2(10.0, 5.0);
    let heading_width = top.right() - corner.x - 27.0;
    let one_line = WidgetText::from(theme::strong(heading.clone()).size(text::HEADING * 0.9))
        .into_galley(ui, Some(TextWrapMode::Extend), f32::INFINITY, FontSelection::Default)
        .size()
        .x;
    if one_line > heading_width {
        // a heading that is cut says nothing: two lines of smaller letters, in the place of the sentence
        let letter = WidgetText::from(theme::strong(letter(index)).size(text::HEADING * 0.9)).into_galley(
            ui,
            Some(TextWrapMode::Extend),
            f32::INFINITY,
            FontSelection::Default,
        );
        let at = corner + vec2(letter.size().x + 8.0, -1.0);
        painter.galley_with_override_text_color(corner, letter, colors.weak);
        let width = (top.right() - at.x - 4.0).max(10.0);
        let galley = WidgetText::from(theme::strong(heading).size(text::BODY)).into_galley(
            ui,
            Some(TextWrapMode::Wrap),
            width,
            FontSelection::Default,
        );
        painter.galley_with_override_text_color(at, galley, colors.text);
        return;
    }
    let write = |at: egui::Pos2, words: RichText, size: f32, ink| {
        let width = (top.right() - at.x - 8.0).max(10.0);
        let galley = WidgetText::from(words.size(size)).into_galley(
            ui,
            Some(TextWrapMode::Truncate),
            width,
            FontSelection::Default,
        );
        painter.galley_with_override_text_color(at, galley.clone(), ink);
        galley.size()
    };
    let size = write(corner, theme::strong(letter(index)), text::HEADING * 0.9, colors.weak);
    let at = corner + vec2(size.x + 9.0, 0.0);
    write(at, theme::strong(heading), text::HEADING * 0.9, colors.text);
    write(
        corner + vec2(0.0, 23.0),
        RichText::new(sentence),
        text::BODY * 0.93,
        colors.weak,
    );
}

/// Letter, run, sampler, W2 in one line.
fn line(app: &mut App, ui: &mut Ui, index: usize, stage: &Stage, rect: Rect, lettered: bool) {
    let cross = Rect::from_min_max(pos2(rect.right() - CROSS, rect.top()), rect.max);
    let inner = Rect::from_min_max(pos2(rect.left() + 8.0, rect.top()), pos2(cross.left(), rect.bottom()));
    let layout = Layout::left_to_right(Align::Center);
    let mut line_ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout).id_salt("title"));
    choices(app, &mut line_ui, index, stage, lettered);
    // last, since the stage may be gone after it
    close(app, ui, index, cross);
}

/// All of a line but its cross.
fn choices(app: &mut App, ui: &mut Ui, index: usize, stage: &Stage, lettered: bool) {
    ui.shrink_clip_rect(ui.max_rect());
    ui.spacing_mut().item_spacing.x = 2.0;
    let tight = ui.max_rect().width() < TIGHT_BELOW;
    ui.spacing_mut().button_padding = vec2(if tight { 2.0 } else { 5.0 }, 2.0);
    let colors = theme::current(ui);
    if lettered {
        let ink = if app.lab.focus() == index {
            colors.text
        } else {
            colors.weak
        };
        ui.label(theme::strong(letter(index)).size(text::BODY * 1.15).color(ink));
    }
    run_choice(app, ui, index, stage);
    if stage.layers.interpolation {
        ui.label(RichText::new(t!("stages.pairs")).color(colors.weak));
    } else {
        sampler_choice(app, ui, index, stage);
    }
    if let Some(w2) = app.w2_of(index).filter(|_| ui.available_width() > W2_FROM) {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(t!("stages.w2", value = measured(w2))).color(colors.text))
                .on_hover_text(t!("measure.w2.hint"));
        });
    }
}

/// A flat button with a small arrow, for a menu.
fn flat(ui: &mut Ui, words: &str, strong: bool, spoken: &str, hint: &str) -> Response {
    let text = if strong {
        theme::strong(words)
    } else {
        RichText::new(words)
    };
    let weak = theme::current(ui).weak;
    let response = if ui.spacing().button_padding.x < 3.0 {
        ui.add(Button::new(text).frame_when_inactive(false))
    } else {
        let arrow = RichText::new("\u{25be}").size(text::SMALL).color(weak);
        ui.add(Button::new((text, arrow)).frame_when_inactive(false))
    };
    name_it(&response, spoken);
    response.on_hover_text(hint)
}

fn run_choice(app: &mut App, ui: &mut Ui, index: usize, stage: &Stage) {
    let tag = app.lab.tag_of(stage.run);
    let spoken = t!("stages.run_of", stage = letter(index), run = tag);
    let response = flat(ui, &tag, true, &spoken, &t!("stages.run_hint"));
    if response.clicked() {
        app.focus_stage(index);
    }
    Popup::menu(&response).show(|ui| {
        for run in app.lab.runs.clone() {
            let words = format!("{}   {}", app.lab.tag_of(run.id), run.experiment.name);
            if ui.selectable_label(run.id == stage.run, words).clicked() {
                app.focus_stage(index);
                app.show_run(run.id);
                ui.close();
            }
        }
    });
}

fn sampler_choice(app: &mut App, ui: &mut Ui, index: usize, stage: &Stage) {
    let words = sampler_words(stage);
    let spoken = t!("stages.sampler_of", stage = letter(index), sampler = words);
    let response = flat(ui, &words, false, &spoken, &t!("stages.sampler_hint"));
    if response.clicked() {
        app.focus_stage(index);
    }
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            ui.set_width(260.0);
            let mut sampling = stage.sampling;
            for row in SAMPLERS.iter().filter(|row| suits(sampling.lens, row.sampler)) {
                let name = text_or(&format!("option.sampler.{}.name", row.name), row.name);
                ui.selectable_value(&mut sampling.sampler, row.sampler, name);
            }
            if sampling.sampler != Sampler::Dopri5 {
                let number = Number::whole(1.0..=128.0, 1.0..=10_000.0).log();
                let steps = whole_row(ui, &Words::of("solver_steps"), &number, u64::from(sampling.steps));
                sampling.steps = steps as u32;
            }
            if sampling != stage.sampling {
                app.focus_stage(index);
                app.stage_mut().sampling = sampling;
            }
        });
}

/// "Heun 32"; a method that chooses its own steps has none.
fn sampler_words(stage: &Stage) -> String {
    let sampler = stage.sampling.sampler;
    let row = SAMPLERS.iter().find(|row| row.sampler == sampler);
    let name = row.map_or("", |row| row.name);
    let name = text_or(&format!("option.sampler.{name}.name"), name);
    if sampler == Sampler::Dopri5 {
        name
    } else {
        format!("{name} {}", stage.sampling.steps)
    }
}

/// A cross at the right end, drawn: a letter would not sit in the middle.
fn close(app: &mut App, ui: &mut Ui, index: usize, rect: Rect) {
    let ctx = ui.ctx().clone();
    let square = Rect::from_center_size(rect.center(), vec2(20.0, 20.0));
    let response = ui.allocate_rect(square, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, t!("stages.close", stage = letter(index))));
    let colors = theme::current(ui);
    let ink = if response.hovered() { colors.fault } else { colors.weak };
    let r = square.shrink(6.0);
    for ends in [[r.left_top(), r.right_bottom()], [r.left_bottom(), r.right_top()]] {
        ui.painter().line_segment(ends, Stroke::new(1.4, ink));
    }
    if response.on_hover_text(UiCommand::CloseStage.tooltip(&ctx)).clicked() {
        app.close_stage(index);
    }
}
