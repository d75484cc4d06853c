//! Files: pairs and points that are named in a dialog or dropped on the window, and labs that are dropped.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use eframe::egui::{self, Align2, Color32, FontId, Id, LayerId, Order};
use rust_i18n::t;

use super::App;
use super::keep::Next;
use super::theme::{self, text};
use crate::export::lab_within;
use crate::flow::coupling::Coupling;
use crate::lab;

impl App {
    /// The shown run trains on the pairs of this file from now on.
    ///
    /// # Errors
    /// Why it cannot be read, in words; the coupling stays.
    pub fn take_pairs_from(&mut self, path: &Path) -> Result<(), String> {
        let pairs = lab::read_pairs(path).map_err(|e| e.to_string())?;
        let count = pairs.len() as u64;
        let coupling = Coupling::with_file(path.display().to_string(), Arc::new(pairs));
        coupling.validate()?;
        self.keep_drawn();
        let run = self.run_id();
        if let Some(run) = self.lab.run_mut(run) {
            run.experiment.coupling = coupling;
        }
        // what they are is seen at once
        self.set_layer(|l| &mut l.pairs, true);
        let words = t!(
            "pairs_file.taken",
            count = super::widgets::grouped(count),
            path = path.display()
        );
        self.screen.status.say(false, words.into_owned());
        Ok(())
    }

    /// The target of the shown run becomes the points of this file.
    fn take_points_from(&mut self, path: &Path) -> Result<(), String> {
        let settings = [("file".to_owned(), path.display().to_string())];
        let target = lab::distribution("points", &settings).map_err(|e| e.to_string())?;
        let run = self.run_id();
        if let Some(run) = self.lab.run_mut(run) {
            run.experiment.target = target;
        }
        self.screen
            .status
            .say(false, t!("drop.target", path = path.display()).into_owned());
        Ok(())
    }

    /// Takes a file by what it holds: a lab, pairs (four columns), or points (two columns).
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn take_file(&mut self, path: &Path) -> Result<(), String> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
            return self.open_from(path);
        }
        let Err(no_pairs) = self.take_pairs_from(path) else {
            return Ok(());
        };
        let Err(no_points) = self.take_points_from(path) else {
            return Ok(());
        };
        // the reader that came further knows better what is wrong
        let about_columns = |why: &str| why.contains("column") || why.contains("shape");
        Err(match row_of(&no_pairs).cmp(&row_of(&no_points)) {
            Ordering::Greater => no_pairs,
            Ordering::Equal if about_columns(&no_pairs) && about_columns(&no_points) => {
                t!("drop.neither", path = path.display()).into_owned()
            }
            _ => no_points,
        })
    }

    /// Takes what was dropped on the window, and says what would be taken while it hovers.
    pub(super) fn take_drops(&mut self, ctx: &egui::Context) {
        let (dropped, hovering) = ctx.input(|i| (i.raw.dropped_files.clone(), !i.raw.hovered_files.is_empty()));
        for file in dropped {
            let path = file.path();
            if holds_lab(path) {
                self.leave(ctx, Next::Open(path.to_path_buf()));
            } else if let Err(why) = self.take_file(path) {
                self.screen.status.say(true, why);
            }
            ctx.request_repaint();
        }
        if hovering {
            let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
            let rect = ctx.content_rect();
            let colors = theme::of(self.lab.look.theme);
            painter.rect_filled(rect, 0.0, Color32::from_black_alpha(150));
            let font = FontId::proportional(text::EQUATION);
            let ink = if colors.dark { colors.text } else { Color32::WHITE };
            painter.text(rect.center(), Align2::CENTER_CENTER, t!("drop.here"), font, ink);
        }
    }
}

/// Whether a file opens as a lab: one, an experiment, or what was exported with its lab within.
fn holds_lab(path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    is_json || std::fs::read(path).is_ok_and(|bytes| lab_within::is_exported(&bytes))
}

/// The row that a complaint names; None where it is about the whole file.
fn row_of(why: &str) -> Option<u64> {
    let mut after = why.split("row ").skip(1);
    after.find_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
}
