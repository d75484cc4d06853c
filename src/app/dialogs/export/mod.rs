//! Export: a figure, an animation, data, or the whole window, with a preview that is drawn while one chooses.

mod choices;
mod forms;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{
    self, ColorImage, Key, ProgressBar, RichText, ScrollArea, TextEdit, TextureHandle, TextureOptions, Ui, vec2,
};
use rust_i18n::t;

pub use choices::Choices;
use choices::Kind;

use crate::app::App;
use crate::app::exporter::{Answer, Drawn, Exporter, Write, progress_words};
use crate::app::theme::{self, text};
use crate::app::widgets::number::name_it;
use crate::export::data::DataAsk;
use crate::lab::Lab;
use crate::picture::studio::Progress;

/// Width of the dialog, of its controls, and the room for the preview.
const WIDTH: f32 = 900.0;
const CONTROLS: f32 = 350.0;
const PREVIEW: [f32; 2] = [520.0, 330.0];

/// What the dialog is doing.
enum Busy {
    /// Nothing; or a preview is drawn.
    No,
    /// Something is written or copied.
    With(Option<Progress>),
}

/// The dialog's state.
pub struct ExportDialog {
    choices: Choices,
    /// What the preview shows or will show.
    asked: Option<Choices>,
    path: String,
    /// Whether the path was typed: then choices change its ending alone.
    typed: bool,
    folder: PathBuf,
    exporter: Option<Exporter>,
    /// The answer of the engine that is waited for.
    collect: Option<u64>,
    preview: Option<(TextureHandle, Drawn)>,
    lacking: Option<String>,
    drawing: Option<Progress>,
    busy: Busy,
    said: Option<(bool, String)>,
    confirmed: Option<String>,
}

impl ExportDialog {
    /// A dialog on what the window shows.
    pub fn new(app: &mut App) -> Self {
        let mut choices = app.screen.export.clone();
        choices.run = app.run_id();
        choices.t = app.clock.t;
        let folder = app.folder();
        let path = folder.join(choices.file_name()).display().to_string();
        let mut dialog = Self {
            choices,
            asked: None,
            path,
            typed: false,
            folder,
            exporter: None,
            collect: None,
            preview: None,
            lacking: None,
            drawing: None,
            busy: Busy::No,
            said: None,
            confirmed: None,
        };
        dialog.collect = app.collect_to_export();
        dialog
    }

    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        self.begin(app, ui.ctx());
        self.take_answers(app, ui.ctx());
        ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 60.0));
        let mut done = false;
        ui.horizontal(|ui| {
            ui.heading(t!("export.title"));
            ui.add_space(theme::GAP);
            for (kind, key) in [
                (Kind::Figure, "export.figure"),
                (Kind::Film, "export.film"),
                (Kind::Data, "export.data"),
                (Kind::Window, "export.window"),
            ] {
                ui.selectable_value(&mut self.choices.kind, kind, t!(key));
            }
        });
        ui.add_space(theme::GAP * 0.5);
        let height = (ui.ctx().content_rect().height() - 250.0).clamp(240.0, 470.0);
        ui.horizontal_top(|ui| {
            let column = egui::Layout::top_down(egui::Align::Min);
            ui.allocate_ui_with_layout(vec2(CONTROLS, height), column, |ui| {
                ui.set_min_size(vec2(CONTROLS, height));
                ScrollArea::vertical().max_height(height).show(ui, |ui| {
                    ui.set_width(CONTROLS - 16.0);
                    forms::ui(&mut self.choices, &app.lab, self.preview.as_ref().map(|p| &p.1), ui);
                });
            });
            ui.vertical(|ui| self.preview_ui(ui, height));
        });
        ui.separator();
        self.name_file();
        done |= self.file_ui(app, ui);
        app.screen.export = self.choices.clone();
        self.ask_for_preview();
        done
    }

    /// Starts the studio once the engine has handed over what the runs have become.
    fn begin(&mut self, app: &App, ctx: &egui::Context) {
        if self.exporter.is_some() {
            return;
        }
        let lab = match (self.collect, &app.snapshot.saved) {
            (None, _) => Arc::new(app.lab.clone()),
            // a save may have asked since: its answer is newer and as good
            (Some(asked), Some((answer, collected))) if *answer >= asked => {
                let mut lab: Lab = app.lab.clone();
                for run in &mut lab.runs {
                    run.record = collected.run(run.id).and_then(|r| r.record.clone());
                }
                Arc::new(lab)
            }
            _ => return,
        };
        // only what was measured at full effort is what the figure would measure itself
        let full = app.snapshot.runs.iter().filter(|run| {
            let of_now = run.measures.step == run.step;
            of_now && run.measures.w2_squared_at_steps.is_some()
        });
        let known: BTreeMap<_, _> = full.map(|run| (run.id, Arc::clone(&run.measures))).collect();
        self.exporter = Some(Exporter::start(lab, known, ctx.clone()));
    }

    fn take_answers(&mut self, app: &mut App, ctx: &egui::Context) {
        let Some(exporter) = &self.exporter else { return };
        let answers: Vec<Answer> = exporter.answers().collect();
        for answer in answers {
            match answer {
                Answer::Preview(drawn) => {
                    self.drawing = None;
                    match drawn {
                        Ok(drawn) => {
                            let size = drawn.size.map(|side| side as usize);
                            let image = ColorImage::from_rgba_unmultiplied(size, &drawn.rgba);
                            let texture = ctx.load_texture("export-preview", image, TextureOptions::LINEAR);
                            (self.preview, self.lacking) = (Some((texture, drawn)), None);
                        }
                        Err(why) => self.lacking = Some(why),
                    }
                }
                Answer::Copied(drawn) => {
                    self.busy = Busy::No;
                    self.said = Some(match drawn {
                        Ok(drawn) => {
                            let size = drawn.size.map(|side| side as usize);
                            ctx.copy_image(ColorImage::from_rgba_unmultiplied(size, &drawn.rgba));
                            (
                                false,
                                t!("export.copied", width = size[0], height = size[1]).into_owned(),
                            )
                        }
                        Err(why) => (true, why),
                    });
                }
                Answer::Progress(progress) => match &mut self.busy {
                    Busy::With(now) => *now = Some(progress),
                    Busy::No => self.drawing = Some(progress),
                },
                Answer::Written(written) => {
                    self.busy = Busy::No;
                    self.said = Some(match written {
                        Some(Ok(files)) => {
                            let text = t!("export.written", path = files).into_owned();
                            app.screen.status.say(false, text.clone());
                            (false, text)
                        }
                        Some(Err(why)) => (true, why),
                        None => (false, t!("export.canceled").into_owned()),
                    });
                    // what was being drawn was given up
                    self.asked = None;
                }
            }
        }
    }

    /// Asks for another preview where another choice was made.
    fn ask_for_preview(&mut self) {
        let Some(exporter) = &self.exporter else { return };
        let wanted = matches!(self.choices.kind, Kind::Figure | Kind::Film) && matches!(self.busy, Busy::No);
        if !wanted || self.asked.as_ref() == Some(&self.choices) || self.choices.times().is_none() {
            return;
        }
        // twice as fine as the screen's points, for screens with two pixels a point
        exporter.preview(self.choices.order(), PREVIEW.map(|side| 2 * side as u32));
        self.asked = Some(self.choices.clone());
    }

    fn preview_ui(&mut self, ui: &mut Ui, height: f32) {
        let colors = theme::current(ui);
        let room = vec2(ui.available_width().min(PREVIEW[0]), (height - 92.0).min(PREVIEW[1]));
        let (rect, _) = ui.allocate_exact_size(room, egui::Sense::hover());
        ui.painter().rect_filled(rect, f32::from(theme::RADIUS), colors.stage);
        let still = matches!(self.choices.kind, Kind::Figure | Kind::Film);
        let words = match &self.preview {
            _ if !still => Some(
                t!(if self.choices.kind == Kind::Data {
                    "export.data_note"
                } else {
                    "export.window_note"
                })
                .into_owned(),
            ),
            _ if self.lacking.is_some() => self.lacking.clone(),
            None if self.exporter.is_none() => Some(t!("export.waiting").into_owned()),
            None => Some(
                self.drawing
                    .as_ref()
                    .map_or_else(|| t!("export.drawing").into_owned(), |p| progress_words(p).0),
            ),
            Some((texture, drawn)) => {
                let [w, h] = drawn.full.map(|side| side.max(1) as f32);
                let scale = (rect.width() / w).min(rect.height() / h);
                let image = egui::Rect::from_center_size(rect.center(), vec2(w * scale, h * scale));
                let uv = egui::Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
                if self.choices.options.transparent {
                    checkers(ui, image);
                }
                ui.painter().image(texture.id(), image, uv, egui::Color32::WHITE);
                None
            }
        };
        if let Some(words) = words {
            let job = egui::text::LayoutJob::simple(
                words,
                egui::FontId::proportional(text::BODY),
                colors.weak,
                rect.width() - 40.0,
            );
            let galley = ui.painter().layout_job(job);
            let at = rect.center() - 0.5 * galley.size();
            ui.painter().galley(at, galley, colors.weak);
        }
        if !still {
            return;
        }
        if let Some((_, drawn)) = &self.preview {
            let [w, h] = drawn.full;
            let drawing = self
                .drawing
                .as_ref()
                .map_or_else(String::new, |p| format!("  ·  {}", progress_words(p).0));
            let size = format!("{}{drawing}", t!("export.pixels", width = w, height = h));
            ui.label(RichText::new(size).size(text::SMALL).color(colors.weak));
            ScrollArea::vertical()
                .id_salt("caption")
                .max_height(58.0)
                .show(ui, |ui| {
                    ui.label(RichText::new(&drawn.caption).size(text::SMALL));
                });
        }
    }

    /// Keeps the file's name in step with what is chosen.
    fn name_file(&mut self) {
        if !self.typed {
            self.path = self.folder.join(self.choices.file_name()).display().to_string();
        }
    }

    /// The path and the buttons; true when the dialog is done.
    fn file_ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        let ready = self.exporter.is_some() || self.choices.kind == Kind::Window;
        let idle = matches!(self.busy, Busy::No);
        let mut done = false;
        let mut entered = false;
        ui.horizontal(|ui| {
            ui.label(t!("export.file_label"));
            let response = ui.add(TextEdit::singleline(&mut self.path).desired_width(ui.available_width() - 180.0));
            name_it(&response, &t!("export.file"));
            self.typed |= response.changed();
            entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            if self.choices.kind != Kind::Window {
                ui.checkbox(&mut self.choices.with_lab, t!("export.with_lab"))
                    .on_hover_text(t!("export.with_lab_hint"));
            }
        });
        ui.horizontal(|ui| {
            let words = theme::strong(t!("export.go"));
            if ui.add_enabled(ready && idle, egui::Button::new(words)).clicked() || (entered && ready && idle) {
                done = self.go(app, ui.ctx());
            }
            let still = matches!(self.choices.kind, Kind::Figure | Kind::Film);
            let copy = ui.add_enabled(ready && idle && still, egui::Button::new(t!("export.copy_image")));
            if copy.clicked()
                && let Some(exporter) = &self.exporter
            {
                exporter.copy(self.choices.order());
                self.busy = Busy::With(None);
            }
            let caption = self
                .preview
                .as_ref()
                .map(|p| p.1.caption.clone())
                .filter(|c| !c.is_empty() && still);
            if ui
                .add_enabled(caption.is_some(), egui::Button::new(t!("export.copy_caption")))
                .clicked()
                && let Some(caption) = caption
            {
                ui.ctx().copy_text(caption);
                self.said = Some((false, t!("export.caption_copied").into_owned()));
            }
            done |= ui.button(t!("export.close")).clicked();
            self.status_ui(ui);
        });
        done
    }

    fn status_ui(&self, ui: &mut Ui) {
        match (&self.busy, &self.said) {
            (Busy::With(progress), _) => {
                if ui.button(t!("export.cancel")).clicked()
                    && let Some(exporter) = &self.exporter
                {
                    exporter.cancel();
                }
                let (words, share) = progress
                    .as_ref()
                    .map_or_else(|| (t!("export.drawing").into_owned(), 0.0), progress_words);
                ui.add(ProgressBar::new(share).text(words).desired_width(ui.available_width()));
            }
            (Busy::No, Some((is_fault, words))) => {
                let colors = theme::current(ui);
                let color = if *is_fault { colors.fault } else { colors.weak };
                ui.add(egui::Label::new(RichText::new(words).color(color)).truncate());
            }
            (Busy::No, None) => {}
        }
    }

    /// Writes the file; true when the dialog must make room for it.
    fn go(&mut self, app: &mut App, ctx: &egui::Context) -> bool {
        let text = self.path.trim().to_owned();
        let path = super::files::expand_home(&text);
        if text.is_empty() {
            self.said = Some((true, t!("file.no_path").into_owned()));
            return false;
        }
        if path.exists() && self.confirmed.as_ref() != Some(&text) {
            self.said = Some((true, t!("export.replace", path = text).into_owned()));
            self.confirmed = Some(text);
            return false;
        }
        self.confirmed = None;
        if self.choices.kind == Kind::Window {
            app.save_window(ctx, path);
            return true;
        }
        let Some(exporter) = &self.exporter else { return false };
        let ending = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if !ending.ends_with(&self.choices.ending().replace("%04d", "")) {
            self.said = Some((true, t!("export.ending", ending = self.choices.ending()).into_owned()));
            return false;
        }
        let choices = &self.choices;
        let what = match choices.kind {
            Kind::Film => Write::Film(choices.order(), choices.film),
            Kind::Data => Write::Data(
                choices.what,
                DataAsk {
                    run: choices.run,
                    t: choices.t,
                    count: choices.count,
                    grid: choices.grid,
                },
            ),
            Kind::Figure | Kind::Window => Write::Figure(choices.order(), choices.format),
        };
        exporter.write(what, path, choices.with_lab);
        (self.busy, self.said) = (Busy::With(None), None);
        false
    }
}

/// Squares that show where a figure is clear.
fn checkers(ui: &Ui, rect: egui::Rect) {
    const SIDE: f32 = 10.0;
    let colors = [egui::Color32::from_gray(236), egui::Color32::from_gray(210)];
    let painter = ui.painter().with_clip_rect(rect);
    for row in 0..(rect.height() / SIDE).ceil() as usize {
        for column in 0..(rect.width() / SIDE).ceil() as usize {
            let at = rect.min + vec2(column as f32 * SIDE, row as f32 * SIDE);
            painter.rect_filled(
                egui::Rect::from_min_size(at, vec2(SIDE, SIDE)),
                0.0,
                colors[(row + column) % 2],
            );
        }
    }
}

impl std::fmt::Debug for ExportDialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportDialog")
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}
