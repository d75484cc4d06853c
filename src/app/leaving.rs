//! What leaves the window: the export dialog, images and captions on the clipboard, pictures of the window.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui;
use rust_i18n::t;

use super::App;
use super::dialogs::Dialog;
use super::ui_command::UiCommand;
use crate::engine::command::Command;
use crate::export::{atomic, figure_pixels};
use crate::lab::{self, FigureTheme, ThemeChoice};
use crate::picture::caption::{Told, caption};
use crate::picture::figure::Figure;
use crate::picture::views::plane;

/// A picture of the window: where it goes, and its pixels when they are here.
#[derive(Default)]
pub struct WindowShot {
    path: Option<PathBuf>,
    pixels: Arc<Mutex<Option<Arc<egui::ColorImage>>>>,
}

impl App {
    /// Does what a command of this file asks for.
    pub(super) fn export_command(&mut self, ctx: &egui::Context, command: &UiCommand) {
        match command {
            UiCommand::Export => self.screen.dialog = Some(Dialog::export(self)),
            UiCommand::CopyImage => self.copy_image(ctx),
            UiCommand::CopyCaption => {
                ctx.copy_text(self.caption());
                self.screen.status.say(false, t!("export.caption_copied").into_owned());
            }
            _ => {
                let folder = self.folder();
                let free = (1..=9999)
                    .map(|k| folder.join(format!("rectiflow-{k}.png")))
                    .find(|path| !path.exists());
                self.save_window(ctx, free.unwrap_or_default());
            }
        }
    }

    /// The folder of the lab's file; the current one where it has none.
    pub(super) fn folder(&self) -> PathBuf {
        let file = self.screen.keep.current.as_deref();
        file.and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default()
    }

    /// Asks the engine for what the runs have become; the number of its answer. None where there is no engine: what the window
    /// has is then all there is.
    pub(super) fn collect_to_export(&mut self) -> Option<u64> {
        self.apply_now();
        if self.link.is_still() {
            return None;
        }
        let number = self.screen.keep.next_number();
        self.link.send(Command::Collect(number));
        Some(number)
    }

    /// The stage with the focus as an image, as large as a figure of it.
    fn copy_image(&mut self, ctx: &egui::Context) {
        let (shot, stage) = (self.stage_snapshot(), self.stage().clone());
        let theme = match self.lab.look.theme {
            ThemeChoice::Dark => FigureTheme::Dark,
            ThemeChoice::Light => FigureTheme::Light,
        };
        let options = lab::FigureOptions {
            theme,
            ..lab::FigureOptions::default()
        };
        let figure = Figure::of(plane(&shot, &stage.layers, self.clock.t, theme.into()));
        match figure_pixels(&figure, &options, None) {
            Ok(pixels) => {
                let [width, height] = pixels.size.map(|side| side as usize);
                ctx.copy_image(egui::ColorImage::from_rgba_unmultiplied([width, height], &pixels.rgba));
                let text = t!("export.copied", width = width, height = height);
                self.screen.status.say(false, text.into_owned());
            }
            Err(why) => self.screen.status.say(true, why.to_string()),
        }
    }

    /// What is said of the run of the stage with the focus: from this the figure could be made again.
    pub fn caption(&self) -> String {
        let (stage, shot) = (self.stage(), self.run_snapshot());
        let Some(run) = self.lab.run(stage.run) else {
            return String::new();
        };
        let told = Told {
            run,
            sampling: stage.sampling,
            step: shot.step,
            edits: shot.edits.len(),
            measures: Some(&*shot.measures),
        };
        caption(&self.lab, &told)
    }

    /// Takes a picture of the window as it will be in the next frame, without a dialog, and writes it when it is here.
    pub fn save_window(&mut self, ctx: &egui::Context, path: PathBuf) {
        self.screen.shot.path = Some(path);
        let (slot, wake) = (Arc::clone(&self.screen.shot.pixels), ctx.clone());
        // the dialog that asked for it is gone in the next frame only
        ctx.request_repaint();
        ctx.request_screenshot(move |image| {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(image);
            wake.request_repaint();
        });
    }

    /// Writes a picture of the window that has come.
    pub(super) fn take_window(&mut self) {
        let shot = &self.screen.shot;
        let Some(image) = shot.pixels.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let Some(path) = self.screen.shot.path.take() else {
            return;
        };
        let size = image.size.map(|side| side as u32);
        let written = crate::export::png::frame(image.as_raw(), size, lab::figure::SCREEN_DPI, None)
            .map_err(|e| e.to_string())
            .and_then(|bytes| atomic::write(&path, &bytes).map_err(|e| e.to_string()));
        match written {
            Ok(()) => {
                let text = t!("export.written", path = path.display()).into_owned();
                self.screen.status.say(false, text);
            }
            Err(why) => self.screen.status.say(true, why),
        }
    }
}
