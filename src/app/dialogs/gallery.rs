//! All distributions as thumbnails; a click takes one. Points come from a file whose path is typed.

use std::sync::Arc;

use eframe::egui::{ScrollArea, TextEdit, Ui, Vec2};
use rust_i18n::t;

use super::Side;
use crate::app::App;
use crate::app::panels::distributions::color_of;
use crate::app::panels::member;
use crate::app::theme;
use crate::app::widgets::number::name_it;
use crate::app::widgets::row::Words;
use crate::app::widgets::thumbnail::thumbnail;
use crate::flow::distribution::{DISTRIBUTIONS, Distribution};
use crate::lab;

const COLUMNS: usize = 5;
const TILE: Vec2 = Vec2::new(134.0, 146.0);

/// The gallery's state.
#[derive(Clone, Debug)]
pub struct Gallery {
    side: Side,
    path: String,
    fault: Option<String>,
}

impl Gallery {
    /// For one side.
    pub const fn of(side: Side) -> Self {
        Self {
            side,
            path: String::new(),
            fault: None,
        }
    }

    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        let mut chosen: Option<Arc<Distribution>> = None;
        ui.set_width(TILE.x * COLUMNS as f32 + 8.0 * COLUMNS as f32 + 8.0);
        ui.heading(t!(
            "gallery.title",
            side = Words::of(self.side.id()).name.to_lowercase()
        ));
        ui.add_space(theme::GAP);
        let experiment = app.experiment();
        let current = match self.side {
            Side::Source => experiment.source.kind(),
            Side::Target => experiment.target.kind(),
        };
        let height = (ui.ctx().content_rect().height() - 220.0).max(200.0);
        ScrollArea::vertical().max_height(height).show(ui, |ui| {
            let kinds: Vec<_> = DISTRIBUTIONS.iter().filter(|entry| entry.name != "points").collect();
            for row in kinds.chunks(COLUMNS) {
                ui.horizontal(|ui| {
                    for entry in row {
                        let Some(distribution) = Distribution::default_of(entry.name) else {
                            continue;
                        };
                        let points = app.screen.thumbnails.points(&distribution);
                        let name = member::name_of("distribution", entry);
                        let color = color_of(self.side, ui);
                        let response = thumbnail(ui, TILE, &points, color, &name, entry.name == current, &name);
                        if response.clicked() {
                            chosen = Some(Arc::new(distribution));
                        }
                        let summary = member::summary_of("distribution", entry);
                        response.on_hover_text(format!("{}\n{summary}", entry.formula));
                    }
                });
            }
        });
        ui.add_space(theme::GAP);
        self.file_ui(ui, &mut chosen);
        let Some(distribution) = chosen else { return false };
        let mut experiment = app.experiment();
        match self.side {
            Side::Source => experiment.source = distribution,
            Side::Target => experiment.target = distribution,
        }
        app.set_experiment(experiment);
        true
    }

    fn file_ui(&mut self, ui: &mut Ui, chosen: &mut Option<Arc<Distribution>>) {
        ui.horizontal(|ui| {
            ui.label(t!("gallery.file"));
            let edit = TextEdit::singleline(&mut self.path)
                .hint_text("cloud.csv")
                .desired_width(330.0);
            let response = ui.add(edit).on_hover_text(t!("gallery.file_hint"));
            name_it(&response, &t!("gallery.file"));
            let entered = response.lost_focus() && ui.input(|i| i.key_pressed(eframe::egui::Key::Enter));
            if (ui.button(t!("gallery.load")).clicked() || entered) && !self.path.trim().is_empty() {
                let settings = [("file".to_owned(), self.path.trim().to_owned())];
                match lab::distribution("points", &settings) {
                    Ok(points) => *chosen = Some(points),
                    Err(why) => self.fault = Some(why.to_string()),
                }
            }
        });
        if let Some(fault) = &self.fault {
            ui.colored_label(theme::current(ui).fault, fault);
        }
    }
}
