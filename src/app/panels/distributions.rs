//! Source and target: two thumbnails that open the gallery, and the parameters below.

use std::sync::Arc;

use eframe::egui::{Align2, Color32, FontId, Ui, Vec2, vec2};
use rust_i18n::t;

use super::member;
use crate::app::App;
use crate::app::dialogs::{Dialog, Side};
use crate::app::theme::{self, text};
use crate::app::widgets::row::{Words, with_tip};
use crate::app::widgets::thumbnail::thumbnail;
use crate::flow::distribution::{DISTRIBUTIONS, Distribution};
use crate::flow::table::Entry;
use crate::lab::Experiment;

/// A distribution's name on screen.
pub fn name_of(distribution: &Distribution) -> String {
    Entry::find(&DISTRIBUTIONS, distribution.kind())
        .map_or_else(String::new, |entry| member::name_of("distribution", entry))
}

/// The color of a side.
pub fn color_of(side: Side, ui: &Ui) -> Color32 {
    let colors = theme::current(ui);
    match side {
        Side::Source => colors.source,
        Side::Target => colors.target,
    }
}

/// Both thumbnails, then both parameter lists.
pub fn ui(app: &mut App, ui: &mut Ui, experiment: &mut Experiment) {
    let arrow = 30.0;
    let side_px = ((ui.available_width() - arrow) / 2.0).min(132.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        thumbnail_ui(app, ui, Side::Source, &experiment.source, side_px);
        let (rect, _) = ui.allocate_exact_size(vec2(arrow, side_px), eframe::egui::Sense::hover());
        let weak = theme::current(ui).weak;
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            "\u{2192}",
            FontId::proportional(text::HEADING),
            weak,
        );
        thumbnail_ui(app, ui, Side::Target, &experiment.target, side_px);
    });
    ui.add_space(2.0);
    for side in [Side::Source, Side::Target] {
        let place = match side {
            Side::Source => &mut experiment.source,
            Side::Target => &mut experiment.target,
        };
        parameters(app, ui, side, place);
    }
}

fn thumbnail_ui(app: &mut App, ui: &mut Ui, side: Side, distribution: &Distribution, side_px: f32) {
    let points = app.screen.thumbnails.points(distribution);
    let words = Words::of(side.id());
    let name = name_of(distribution);
    let spoken = format!("{}: {name}", words.name);
    let size = Vec2::new(side_px, side_px * 0.92 + 20.0);
    let color = color_of(side, ui);
    let response = thumbnail(ui, size, &points, color, &name, false, &spoken);
    if response.clicked() {
        app.screen.dialog = Some(Dialog::gallery(side));
    }
    with_tip(response, &words);
}

fn parameters(app: &mut App, ui: &mut Ui, side: Side, place: &mut Arc<Distribution>) {
    let Some(entry) = Entry::find(&DISTRIBUTIONS, place.kind()) else {
        return;
    };
    if entry.parameters.is_empty() || place.kind() == "points" {
        return;
    }
    ui.horizontal(|ui| {
        let color = color_of(side, ui);
        let (dot, _) = ui.allocate_exact_size(vec2(8.0, 8.0), eframe::egui::Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, color);
        let words = Words::of(side.id());
        let label = ui.label(theme::strong(format!("{}: {}", words.name, name_of(place))).size(text::SMALL));
        label.on_hover_text(format!(
            "{}\n{}",
            entry.formula,
            member::summary_of("distribution", entry)
        ));
    });
    ui.push_id(side.id(), |ui| {
        let mut edited = Distribution::clone(place);
        let refusal = member::parameters_ui(ui, &mut edited, entry, Distribution::validate);
        if edited != **place {
            *place = Arc::new(edited);
        }
        if let Some(why) = refusal {
            app.screen.status.say(false, t!("ui.refused", why = why).into_owned());
        }
    });
}
