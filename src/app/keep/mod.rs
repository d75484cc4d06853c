//! Nothing that the user made is lost: what is unsaved, when the autosave is written, what is restored, which files were used.
//!
//! Parameters are the engine's: a save asks for them ([`Command::Collect`]) and is written when they have come.

mod recent;
pub mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui;
use rust_i18n::t;

use super::App;
use super::dialogs::{Dialog, Purpose};
use super::ui_command::UiCommand;
use crate::engine::command::Command;
use crate::engine::snapshot::Snapshot;
use crate::export::autosave::{Autosave, Slot};
use crate::lab::{Lab, LabRun, RunId};
pub use recent::Recent;
use writer::{Task, Writer};

/// An edit is autosaved this long after it was made, seconds.
const EDIT_SECS: f64 = 3.0;
/// Where only training goes on, an autosave follows the one before by this, seconds.
const TRAINING_SECS: f64 = 20.0;

/// A lab's settings and how far its runs were trained.
#[derive(Clone, Debug, Default, PartialEq)]
struct Mark {
    lab: Lab,
    steps: Vec<(RunId, u64)>,
}

impl Mark {
    fn of_records(lab: &Lab) -> Self {
        let step = |run: &LabRun| (run.id, run.record.as_ref().map_or(0, |r| r.checkpoint.step));
        Self {
            steps: lab.runs.iter().map(step).collect(),
            lab: without_records(lab),
        }
    }

    fn of_snapshot(lab: &Lab, snapshot: &Snapshot) -> Self {
        let step = |run: &LabRun| {
            let found = snapshot.runs.iter().find(|s| s.id == run.id);
            (run.id, found.map_or(0, |s| s.step))
        };
        Self {
            steps: lab.runs.iter().map(step).collect(),
            lab: without_records(lab),
        }
    }
}

fn without_records(lab: &Lab) -> Lab {
    let mut lab = lab.clone();
    for run in &mut lab.runs {
        run.record = None;
    }
    lab
}

/// Whether two labs differ in more than how the window looks.
fn differ(a: &Lab, b: &Lab) -> bool {
    (&a.runs, &a.stages, a.compare, a.probe, a.anatomy) != (&b.runs, &b.stages, b.compare, b.probe, b.anatomy)
}

/// What a command goes on with once the open lab may be left.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// The default lab.
    New,
    /// Asks for a file.
    AskFile,
    /// A file.
    Open(PathBuf),
    /// A preset.
    Preset(String),
    /// A lab that is already read: a share string's.
    Show(Box<Lab>),
    /// The end.
    Quit,
}

/// A save that waits for the engine's parameters.
struct Pending {
    number: u64,
    /// None for an autosave.
    path: Option<PathBuf>,
    lab: Lab,
}

/// The state of all this.
pub struct Keep {
    /// Where the lab was opened from or saved to.
    pub current: Option<PathBuf>,
    /// Files used before, in all windows.
    pub recent: Recent,
    /// What was restored at the start, until the user has answered; how long ago it was written, seconds.
    pub restored: Option<u64>,
    /// What comes after a save that is under way.
    next: Option<Next>,
    /// The window may close.
    may_close: bool,
    writer: Writer,
    /// None: no autosaves (tests, a disk without room or locks).
    slot: Option<Slot>,
    pending: Option<Pending>,
    asked: u64,
    saved: Mark,
    autosaved: Mark,
    autosaved_at: f64,
    edited_at: Option<f64>,
    /// A restored lab, and a lab whose last save failed, is unsaved whatever it is compared with.
    unsaved: bool,
}

impl Keep {
    /// A number for the engine's answer to `Collect`.
    pub const fn next_number(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Of a window that starts with this lab and writes nothing of its own.
    pub fn of(lab: &Lab, wake: impl Fn() + Send + 'static) -> Self {
        let mark = Mark::of_records(lab);
        Self {
            current: None,
            recent: Recent::default(),
            restored: None,
            next: None,
            may_close: false,
            writer: Writer::start(wake),
            slot: None,
            pending: None,
            asked: 0,
            saved: mark.clone(),
            autosaved: mark,
            autosaved_at: 0.0,
            edited_at: None,
            unsaved: false,
        }
    }

    /// Begins to autosave into `folder`, and to remember files there. What keeps it from that.
    pub fn use_folder(&mut self, folder: &Path) -> Option<String> {
        match Slot::take(&folder.join(AUTOSAVES)) {
            Ok(slot) => {
                self.slot = Some(slot);
                None
            }
            Err(why) => Some(why.to_string()),
        }
    }

    /// Goes on as the window that left this autosave.
    pub fn take_over(&mut self, slot: Slot, path: Option<PathBuf>) {
        let ago = slot.written().and_then(|at| at.elapsed().ok());
        self.restored = Some(ago.map_or(0, |d| d.as_secs()));
        self.current = path;
        self.slot = Some(slot);
        self.unsaved = true;
    }

    /// Another lab was opened: nothing of it is unsaved.
    fn begin(&mut self, lab: &Lab, path: Option<&Path>) {
        self.saved = Mark::of_records(lab);
        self.autosaved = self.saved.clone();
        (self.edited_at, self.pending, self.unsaved, self.restored) = (None, None, false, None);
        self.current = path.map(Path::to_path_buf);
        if let Some(path) = path {
            self.used(path);
        }
        self.clear();
    }

    /// The document is another lab than the file's: it has none, and is unsaved.
    pub fn leave_file(&mut self) {
        (self.current, self.unsaved) = (None, true);
    }

    /// A file was opened or saved.
    pub fn used(&mut self, path: &Path) {
        if let Some((file, text)) = self.recent.used(path) {
            self.writer.send(Task::Note(file, text));
        }
    }

    fn clear(&mut self) {
        if let Some(slot) = &self.slot {
            self.writer.send(Task::Clear(slot.file().to_path_buf()));
        }
    }

    /// Whether leaving the lab would lose something that was made by hand. An untitled lab whose experiments are as they were
    /// opened can be had again; one that has a file is expected to be as in the file.
    fn is_unsaved(&self, lab: &Lab, snapshot: &Snapshot) -> bool {
        if self.unsaved {
            return true;
        }
        let now = Mark::of_snapshot(lab, snapshot);
        if self.current.is_none() {
            return now.lab.runs != self.saved.lab.runs;
        }
        let further = now.steps.iter().any(|(id, step)| {
            let before = self.saved.steps.iter().find(|(other, _)| other == id);
            before.is_none_or(|(_, before)| step > before)
        });
        differ(&now.lab, &self.saved.lab) || further
    }
}

/// The folder of the autosaves within the program's own.
pub const AUTOSAVES: &str = "autosave";

/// The program's own folder of data on this platform; None where there is no home.
pub fn data_folder() -> Option<PathBuf> {
    dirs::data_dir().map(|folder| folder.join("rectiflow"))
}

/// The latest lab that a window left behind, read; and what is to be said about those that cannot be read.
pub fn left_behind(folder: &Path) -> (Option<(Slot, Autosave)>, Vec<String>) {
    let mut said = Vec::new();
    for slot in Slot::left_behind(&folder.join(AUTOSAVES)) {
        match slot.read() {
            Ok(autosave) => return (Some((slot, autosave)), said),
            Err(why) => {
                let aside = slot.set_aside();
                said.push(t!("keep.unreadable", why = why, path = aside.display()).into_owned());
            }
        }
    }
    (None, said)
}

impl App {
    /// Begins to remember files and to autosave, in the slot of the window whose lab was restored, else in one of its own.
    pub fn keep_files(&mut self, folder: Option<&Path>, path: Option<PathBuf>, slot: Option<(Slot, Option<PathBuf>)>) {
        let Some(folder) = folder else { return };
        let keep = &mut self.screen.keep;
        keep.recent = Recent::read(folder);
        if let Some((slot, path)) = slot {
            keep.take_over(slot, path);
            // it rests until the user has looked at it
            let trained = self.sent.runs.iter().filter(|r| r.record.is_some());
            let resting: Vec<RunId> = trained.map(|r| r.id).collect();
            for run in resting {
                self.link.send(Command::Pause(run));
            }
            return;
        }
        if let Some(path) = path {
            keep.used(&path);
            keep.current = Some(path);
        }
        if let Some(why) = keep.use_folder(folder) {
            self.screen.status.say(true, t!("keep.off", why = why).into_owned());
        }
    }

    /// Goes on with `next`, after a question where something would be lost.
    pub fn leave(&mut self, ctx: &egui::Context, next: Next) {
        if self.screen.keep.is_unsaved(&self.lab, &self.snapshot) {
            self.screen.dialog = Some(Dialog::Unsaved(next));
        } else {
            self.go_on(ctx, next);
        }
    }

    /// Goes on with `next`; what is unsaved is given up.
    pub(super) fn go_on(&mut self, ctx: &egui::Context, next: Next) {
        match next {
            Next::New => {
                let look = self.lab.look;
                self.show_lab(Lab { look, ..Lab::default() }, None);
            }
            Next::AskFile => self.ask_file(ctx, Purpose::Open),
            Next::Open(path) => {
                if let Err(why) = self.open_from(&path) {
                    self.screen.status.say(true, why);
                }
            }
            Next::Preset(name) => self.open_preset(&name),
            Next::Show(lab) => self.show_lab(*lab, None),
            Next::Quit => {
                self.screen.keep.may_close = true;
                ctx.send_viewport_cmd(egui::ViewportCommand::Close);
            }
        }
    }

    /// Saves, where there is no file asks for one, and then goes on with `next`.
    pub(super) fn save_then(&mut self, ctx: &egui::Context, next: Option<Next>) {
        self.screen.keep.next = next;
        match self.screen.keep.current.clone() {
            Some(path) => self.save_to(&path),
            None => self.ask_file(ctx, Purpose::Save),
        }
    }

    /// The save was called off, and what would have come after it.
    pub(super) fn forget_next(&mut self) {
        self.screen.keep.next = None;
    }

    /// Shows a lab that was opened: nothing of it is unsaved.
    pub(super) fn show_lab(&mut self, lab: Lab, path: Option<&Path>) {
        self.screen.keep.begin(&lab, path);
        self.history.open();
        self.begin(lab);
        // as it is after it was made to fit together
        self.screen.keep.saved.lab = without_records(&self.lab);
        self.screen.keep.autosaved.lab = without_records(&self.lab);
    }

    /// Asks the engine for the parameters; the file is written when they are here.
    pub fn save_to(&mut self, path: &Path) {
        self.collect(Some(path.to_path_buf()));
    }

    fn collect(&mut self, path: Option<PathBuf>) {
        // what the engine collects is the lab as it was sent
        self.apply_now();
        let keep = &mut self.screen.keep;
        keep.asked += 1;
        keep.pending = Some(Pending {
            number: keep.asked,
            path,
            lab: self.lab.clone(),
        });
        self.link.send(Command::Collect(keep.asked));
    }

    /// Writes what waited for parameters that have come, hears what was written, autosaves what is due.
    pub(super) fn keep_safe(&mut self, ctx: &egui::Context) {
        self.take_collected();
        self.take_written(ctx);
        if ctx.input(|i| i.viewport().close_requested()) && !self.screen.keep.may_close {
            if self.screen.keep.is_unsaved(&self.lab, &self.snapshot) {
                ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
                self.screen.dialog = Some(Dialog::Unsaved(Next::Quit));
            } else {
                self.screen.keep.may_close = true;
            }
        }
        self.autosave(ctx);
    }

    fn take_collected(&mut self) {
        let Some((answer, collected)) = self.snapshot.saved.clone() else {
            return;
        };
        let keep = &mut self.screen.keep;
        // an export may have asked since: its answer is newer and as good
        let Some(Pending { path, mut lab, .. }) = keep.pending.take_if(|p| p.number <= answer) else {
            return;
        };
        for run in &mut lab.runs {
            run.record = collected.run(run.id).and_then(|r| r.record.clone());
        }
        let mark = Mark::of_records(&lab);
        let lab = Arc::new(lab);
        if let Some(path) = path {
            keep.saved = mark;
            keep.writer.send(Task::Save { path, lab });
        } else if let Some(slot) = &keep.slot {
            keep.autosaved = mark;
            let file = slot.file().to_path_buf();
            let path = keep.current.clone();
            keep.writer.send(Task::Autosave { file, path, lab });
        }
    }

    fn take_written(&mut self, ctx: &egui::Context) {
        for done in self.screen.keep.writer.done() {
            match (done.saved, done.fault) {
                (Some(path), None) => {
                    let keep = &mut self.screen.keep;
                    (keep.unsaved, keep.restored) = (false, None);
                    keep.current = Some(path.clone());
                    keep.autosaved = keep.saved.clone();
                    keep.used(&path);
                    keep.clear();
                    let next = keep.next.take();
                    let said = t!("file.saved", path = path.display()).into_owned();
                    self.screen.status.say(false, said);
                    if let Some(next) = next {
                        self.go_on(ctx, next);
                    }
                }
                (saved, Some(why)) => {
                    if saved.is_some() {
                        self.screen.keep.unsaved = true;
                        self.screen.keep.next = None;
                    }
                    self.screen.status.say(true, why);
                }
                (None, None) => {}
            }
        }
    }

    /// Asks for the parameters where an autosave is due; else for a frame when one will be.
    fn autosave(&mut self, ctx: &egui::Context) {
        let now = ctx.input(|i| i.time);
        let keep = &mut self.screen.keep;
        if keep.slot.is_none() || keep.pending.is_some() || keep.may_close {
            return;
        }
        let mark = Mark::of_snapshot(&self.lab, &self.snapshot);
        let due = if differ(&mark.lab, &keep.autosaved.lab) {
            *keep.edited_at.get_or_insert(now) + EDIT_SECS
        } else if mark.steps != keep.autosaved.steps {
            keep.autosaved_at + TRAINING_SECS
        } else {
            keep.edited_at = None;
            return;
        };
        if now < due {
            // training brings frames anyway; at rest this is the one frame to come
            ctx.request_repaint_after_secs((due - now) as f32 + 0.02);
            return;
        }
        (keep.edited_at, keep.autosaved_at) = (None, now);
        self.collect(None);
    }

    /// The restored lab is not wanted.
    pub(super) fn discard_restored(&mut self, ctx: &egui::Context) {
        self.go_on(ctx, Next::New);
        self.screen.status.say(false, t!("keep.discarded").into_owned());
    }

    /// The window is closed with the user's consent: there is nothing to restore.
    pub(super) fn close_properly(&mut self) {
        if self.screen.keep.may_close {
            self.screen.keep.clear();
        }
    }

    /// Files that were used before, in the menu.
    pub(super) fn recent_ui(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        let paths = self.screen.keep.recent.paths();
        ui.add_enabled_ui(!paths.is_empty(), |ui| {
            ui.menu_button(t!("keep.recent"), |ui| {
                for path in &paths {
                    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                    if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                        self.leave(&ctx, Next::Open(path.clone()));
                        ui.close();
                    }
                }
            });
        });
    }
}

/// Whether a command leaves the open lab, and for what.
pub fn next_of(command: &UiCommand) -> Option<Next> {
    Some(match command {
        UiCommand::NewLab => Next::New,
        UiCommand::OpenLab => Next::AskFile,
        UiCommand::Preset(name) => Next::Preset(name.clone()),
        UiCommand::Quit => Next::Quit,
        _ => return None,
    })
}
