//! Files that are chosen in a dialog or dropped on the window: labs, and points, pairs and weights, of which it is asked what they
//! are for.

use std::cmp::Ordering;
use std::path::Path;
use std::sync::Arc;

use eframe::egui::{self, Align2, Color32, FontId, Id, LayerId, Order};
use rust_i18n::t;

use super::App;
use super::dialogs::import::{Found, ImportDialog};
use super::dialogs::{Dialog, Side};
use super::keep::Next;
use super::rounds::MOST_ROUNDS;
use super::theme::{self, text};
use crate::export::{lab_within, weights};
use crate::flow::coupling::Coupling;
use crate::lab::{self, LabRun, RunRecord};
use crate::net::Checkpoint;

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

    /// The source or the target of the shown run becomes the points of this file.
    ///
    /// # Errors
    /// Why they cannot be, in words; the distribution stays.
    pub(super) fn take_points_from(&mut self, path: &Path, side: Side) -> Result<(), String> {
        let settings = [("file".to_owned(), path.display().to_string())];
        let points = lab::distribution("points", &settings).map_err(|e| e.to_string())?;
        let mut experiment = self.experiment();
        match side {
            Side::Source => experiment.source = points,
            Side::Target => experiment.target = points,
        }
        self.set_experiment(experiment);
        let words = match side {
            Side::Source => t!("drop.source", path = path.display()),
            Side::Target => t!("drop.target", path = path.display()),
        };
        self.screen.status.say(false, words.into_owned());
        Ok(())
    }

    /// Takes a network's parameters: in the place of the run with the focus, or as a run of its own beside it. In its place it
    /// has an id of its own, so that undo brings the run from before back with all that it had learned.
    ///
    /// # Errors
    /// Too many runs, or parameters of another network.
    pub(super) fn take_weights(
        &mut self,
        path: &Path,
        params: &Arc<Vec<f32>>,
        step: Option<u64>,
        beside: bool,
    ) -> Result<(), String> {
        let was = self.run_id();
        let Some(old) = self.lab.run(was).cloned() else {
            return Ok(());
        };
        if old.experiment.network.params_len() != params.len() {
            return Err(t!("import.changed").into_owned());
        }
        if beside && self.lab.runs.len() >= MOST_ROUNDS {
            return Err(t!("rounds.too_many").into_owned());
        }
        let id = self.lab.runs.iter().map(|r| r.id).max().unwrap_or(0) + 1;
        let none = vec![0.0; params.len()];
        let checkpoint = Checkpoint {
            params: params.to_vec(),
            ema: params.to_vec(),
            first_moment: none.clone(),
            second_moment: none,
            // a run that is not trained yet would be trained over at once
            step: step.unwrap_or(old.experiment.steps).max(1),
        };
        let mut run = LabRun {
            id,
            record: Some(Arc::new(RunRecord {
                checkpoint,
                ..RunRecord::default()
            })),
            ..old
        };
        if beside {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            run.experiment.name = stem.into_owned();
            self.lab.runs.push(run);
            self.show_run(id);
        } else {
            for other in &mut self.lab.runs {
                other.origin = other.origin.with_parent(was, id);
                if other.id == was {
                    *other = run.clone();
                }
            }
            for stage in self.lab.stages.iter_mut().filter(|s| s.run == was) {
                stage.run = id;
            }
        }
        self.apply_now();
        let words = t!("import.taken", count = super::widgets::grouped(params.len() as u64));
        self.screen.status.say(false, words.into_owned());
        Ok(())
    }

    /// Takes a file by what it holds: a lab, or what was exported with its lab within, opens; of points (two columns), pairs
    /// (four) and weights it is asked what they are for.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn take_file(&mut self, path: &Path) -> Result<(), String> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) {
            return self.open_from(path);
        }
        let bytes = lab::read_bytes(path).map_err(|e| e.to_string())?;
        let is_weights = lab_within::is_safetensors(&bytes);
        if lab_within::is_exported(&bytes) && !is_weights {
            return self.open_from(path);
        }
        let found = if is_weights {
            self.weights_in(&bytes)
        } else {
            rows_in(path, &bytes)?
        };
        match &mut self.screen.dialog {
            Some(Dialog::Import(asked)) => asked.then(path.to_path_buf(), found),
            other => *other = Some(Dialog::Import(ImportDialog::new(path.to_path_buf(), found))),
        }
        Ok(())
    }

    /// The weights of a file, for the network of the run with the focus.
    fn weights_in(&self, bytes: &[u8]) -> Found {
        let network = self.experiment().network;
        let params = weights::decode(bytes, &network);
        let within = lab_within::open_lab(bytes, Path::new("")).ok();
        // the run of the lab within whose parameters these are
        let step = within.as_ref().zip(params.as_ref().ok()).and_then(|(lab, params)| {
            let records = lab.runs.iter().filter_map(|r| r.record.as_ref());
            let same = records.map(|r| &r.checkpoint).find(|c| c.ema == *params);
            same.map(|c| c.step)
        });
        Found::Weights {
            params: params.map(Arc::new).map_err(|e| e.to_string()),
            step,
            has_lab: within.is_some(),
        }
    }

    /// Takes what was dropped on the window, and says what would be taken while it hovers.
    pub(super) fn take_drops(&mut self, ctx: &egui::Context) {
        let (dropped, hovering) = ctx.input(|i| (i.raw.dropped_files.clone(), !i.raw.hovered_files.is_empty()));
        for file in dropped {
            let path = file.path();
            if opens(path) {
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

/// Whether a file opens as a lab: one, an experiment, or what was exported with its lab within. Of weights it is asked.
fn opens(path: &Path) -> bool {
    let is_json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    let exported = |bytes: &[u8]| lab_within::is_exported(bytes) && !lab_within::is_safetensors(bytes);
    is_json || std::fs::read(path).is_ok_and(|bytes| exported(&bytes))
}

/// Points or pairs, by the number of columns.
///
/// # Errors
/// What is wrong with the file, in words.
fn rows_in(path: &Path, bytes: &[u8]) -> Result<Found, String> {
    let no_pairs = match lab::pairs_from_bytes(bytes) {
        Ok(pairs) => return Ok(Found::Pairs(pairs.len())),
        Err(why) => why.to_string(),
    };
    let no_points = match lab::points_from_bytes(bytes) {
        Ok(points) => return Ok(Found::Points(points.len())),
        Err(why) => why.to_string(),
    };
    // the reader that came further knows better what is wrong
    let about_columns = |why: &str| why.contains("column") || why.contains("shape");
    let why = match row_of(&no_pairs).cmp(&row_of(&no_points)) {
        Ordering::Greater => no_pairs,
        Ordering::Equal if about_columns(&no_pairs) && about_columns(&no_points) => {
            return Err(t!("drop.neither", path = path.display()).into_owned());
        }
        _ => no_points,
    };
    Err(format!("{}: {why}", path.display()))
}

/// The row that a complaint names; None where it is about the whole file.
fn row_of(why: &str) -> Option<u64> {
    let mut after = why.split("row ").skip(1);
    after.find_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
}
