//! The window of studies: samplers on a field against network evaluations, inversion, speed over flow time. It floats over the
//! stage, fills in while the engine's thread works, and shows the very figure that `rectiflow render` writes.

use std::sync::Arc;

use eframe::egui::{self, Align, Button, Layout, Popup, PopupCloseBehavior, ProgressBar, RichText, Ui, Vec2, vec2};
use rust_i18n::t;

use super::App;
use super::theme::{self, text};
use super::widgets::number::name_it;
use crate::engine::command::Command;
use crate::engine::study::{Ask, EVALUATIONS, Kind, State, Study};
use crate::export::figure_pixels;
use crate::flow::sampler::{SAMPLERS, Sampler};
use crate::lab::{FigureOptions, FigureTheme, Lens, suits};
use crate::picture::color::Theme;
use crate::picture::figure::{Figure, Panel};
use crate::picture::study::{panels, usual_samplers};
use crate::picture::words::name_of;

/// Least size of the plot, and its usual size, in points.
const LEAST: Vec2 = vec2(420.0, 240.0);
const USUAL: Vec2 = vec2(1000.0, 580.0);

/// What the window is set to, and its picture.
#[derive(Default)]
pub struct Plots {
    open: bool,
    kind: Kind,
    exact: bool,
    /// None: the usual ones.
    samplers: Option<Vec<Sampler>>,
    shown: Option<Shown>,
}

/// A picture and what it was made of.
struct Shown {
    study: Arc<Study>,
    size: [u32; 2],
    dark: bool,
    texture: egui::TextureHandle,
}

const KINDS: [(Kind, &str); 3] = [
    (Kind::Quality, "study.quality"),
    (Kind::Inversion, "study.inversion"),
    (Kind::Speed, "study.speed"),
];

fn kind_name(kind: Kind) -> String {
    let key = KINDS.iter().find(|k| k.0 == kind).map_or("", |k| k.1);
    t!(key).into_owned()
}

impl App {
    /// Opens the window, or closes it.
    pub(super) const fn toggle_plots(&mut self) {
        self.screen.plots.open = !self.screen.plots.open;
    }

    /// What the window would ask now.
    fn study_ask(&self) -> Ask {
        let (plots, stage) = (&self.screen.plots, self.stage());
        let own = stage.sampling.sampler;
        Ask {
            kind: plots.kind,
            run: stage.run,
            exact: plots.exact && plots.kind != Kind::Speed,
            samplers: plots.samplers.clone().unwrap_or_else(|| usual_samplers(own)),
            sampling: stage.sampling,
            evaluations: EVALUATIONS.to_vec(),
        }
    }
}

/// The window, where it is open.
pub fn ui(app: &mut App, ctx: &egui::Context) {
    if !app.screen.plots.open {
        return;
    }
    let mut open = true;
    let room = ctx.content_rect().size() - vec2(40.0, 150.0);
    egui::Window::new(t!("study.title"))
        .id(egui::Id::unique("studies"))
        .open(&mut open)
        .resizable(true)
        .collapsible(false)
        .default_size(USUAL.min(room))
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .min_size(LEAST)
        .max_size(room.max(LEAST))
        .show(ctx, |ui| {
            choices(app, ui);
            ui.add_space(theme::GAP);
            plot(app, ui);
        });
    app.screen.plots.open = open;
}

/// Which study, of which field and samplers; begin and stop.
fn choices(app: &mut App, ui: &mut Ui) {
    ui.horizontal(|ui| {
        for (kind, key) in KINDS {
            ui.selectable_value(&mut app.screen.plots.kind, kind, t!(key));
        }
        ui.separator();
        if app.screen.plots.kind != Kind::Speed {
            for (exact, key) in [(false, "study.learned"), (true, "study.exact")] {
                ui.selectable_value(&mut app.screen.plots.exact, exact, t!(key));
            }
            ui.separator();
            samplers(app, ui);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| progress(app, ui));
    });
}

/// The samplers, as a menu of boxes to tick.
fn samplers(app: &mut App, ui: &mut Ui) {
    let mut chosen = app.study_ask().samplers;
    let words = format!("{} ({}) \u{25be}", t!("study.samplers"), chosen.len());
    let response = ui.button(words).on_hover_text(t!("study.samplers_hint"));
    name_it(&response, &t!("study.samplers"));
    Popup::menu(&response)
        .close_behavior(PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| {
            let most = (ui.ctx().content_rect().height() - 120.0).max(160.0);
            egui::ScrollArea::vertical().max_height(most).show(ui, |ui| {
                for row in SAMPLERS.iter().filter(|row| suits(Lens::FlowMatching, row.sampler)) {
                    let mut on = chosen.contains(&row.sampler);
                    let response = ui.checkbox(&mut on, name_of("sampler", row.name));
                    if response.on_hover_text(row.summary).changed() {
                        chosen.retain(|s| *s != row.sampler);
                        if on {
                            chosen.push(row.sampler);
                        }
                        // in the table's order, so that a curve keeps its color
                        chosen.sort_by_key(|s| *s as usize);
                        app.screen.plots.samplers = Some(chosen.clone());
                    }
                }
            });
        });
}

/// Begin or stop, and how far it is.
fn progress(app: &mut App, ui: &mut Ui) {
    let (study, ask) = (Arc::clone(&app.snapshot.study), app.study_ask());
    let running = study.state == State::Running && study.progress.1 > 0 || app.screen.plots.waits(&study);
    if running {
        if ui.button(t!("study.stop")).clicked() {
            app.link.send(Command::StopStudy);
        }
        let (done, total) = study.progress;
        let part = done as f32 / total.max(1) as f32;
        let words = t!("study.progress", done = done, total = total);
        ui.add(
            ProgressBar::new(part)
                .desired_width(110.0)
                .text(RichText::new(words).size(text::SMALL)),
        );
    } else {
        let begin = Button::new(theme::strong(t!("study.begin")));
        let possible = ask.kind == Kind::Speed || !ask.samplers.is_empty();
        if ui.add_enabled(possible, begin).clicked() {
            app.link.send(Command::Study(ask));
        }
        if study.state == State::Stopped {
            ui.label(RichText::new(t!("study.stopped")).color(theme::current(ui).weak));
        }
    }
}

impl Plots {
    /// Whether a study was begun and has said nothing yet.
    fn waits(&self, study: &Study) -> bool {
        study.state == State::Running && study.ask.run != 0 && self.open
    }
}

/// The figure of the last study; words where there is none.
fn plot(app: &mut App, ui: &mut Ui) {
    let study = Arc::clone(&app.snapshot.study);
    let size = ui.available_size().max(vec2(LEAST.x, 180.0));
    if study.ask.run == 0 || study.ask.kind != app.screen.plots.kind {
        let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
        let words = RichText::new(t!("study.none")).color(theme::current(ui).weak);
        ui.put(rect, egui::Label::new(words));
        return;
    }
    let dark = theme::current(ui).dark;
    let pixels_per_point = ui.ctx().pixels_per_point();
    let pixels = [size.x, size.y].map(|s| (s * pixels_per_point).round() as u32);
    let plots = &mut app.screen.plots;
    let fits = |s: &Shown| Arc::ptr_eq(&s.study, &study) && s.size == pixels && s.dark == dark;
    if !plots.shown.as_ref().is_some_and(fits) {
        let figure = figure_of(&study, dark);
        let theme = if dark { FigureTheme::Dark } else { FigureTheme::Light };
        let options = FigureOptions::on_screen(theme, pixels, pixels_per_point);
        let Ok(made) = figure_pixels(&figure, &options, None) else {
            return;
        };
        let image = egui::ColorImage::from_rgba_unmultiplied(made.size.map(|p| p as usize), &made.rgba);
        let texture = ui.ctx().load_texture("study", image, egui::TextureOptions::LINEAR);
        plots.shown = Some(Shown {
            study: Arc::clone(&study),
            size: pixels,
            dark,
            texture,
        });
    }
    if let Some(shown) = &plots.shown {
        let image = egui::Image::new((shown.texture.id(), size));
        let response = ui.add(image);
        let spoken = t!("study.spoken", kind = kind_name(study.ask.kind));
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &spoken));
    }
}

fn figure_of(study: &Study, dark: bool) -> Figure {
    let panels: Vec<Panel> = panels(study, if dark { Theme::Dark } else { Theme::Light });
    Figure {
        title: study.of.0.clone(),
        lettered: panels.len() > 1,
        panels,
        ..Figure::default()
    }
}
