//! The window: [`App`] holds the lab that is edited, sends it to the engine, and shows the latest snapshot.
//!
//! `logic` (commands, clock, undo, sending) is here and in `actions`; drawing is in `panels` and `dialogs`. Everything on
//! screen is drawn from a `Lab` and a `Snapshot`, so that tests can show any state without an engine.

mod actions;
pub mod clock;
mod dialogs;
mod drawing;
mod drops;
mod exporter;
pub mod frames;
mod history;
pub mod keep;
mod leaving;
mod link;
pub mod paint;
mod panels;
mod plots;
mod portal;
pub mod rehearsal;
mod rounds;
pub mod stages;
mod startup;
pub mod theme;
pub mod ui_command;
mod widgets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use eframe::egui;
use eframe::egui_wgpu::RenderState;

use crate::engine::command::{BackendChoice, Command};
use crate::engine::snapshot::{RunSnapshot, Snapshot, StageSnapshot};
use crate::lab::{Experiment, Lab, Language, Map, RunId, Stage};
use clock::FlowClock;
use dialogs::Dialog;
use history::History;
pub use link::Link;
use widgets::preset_picture::Pictures;
use widgets::thumbnail::Thumbnails;

/// The window's whole state.
pub struct App {
    /// The document.
    pub lab: Lab,
    /// Flow time.
    pub clock: FlowClock,
    /// What the engine last said.
    pub snapshot: Arc<Snapshot>,
    link: Link,
    sent: Lab,
    sent_t: f64,
    /// How many stages the engine was told to compare.
    sent_compared: usize,
    software_renderer: bool,
    history: History,
    screen: Screen,
}

/// A lab that the window opens with.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The lab.
    pub lab: Lab,
    /// Its file, where it has one that Save may write.
    pub path: Option<PathBuf>,
}

/// What is shown and is no part of the document.
struct Screen {
    dialog: Option<Dialog>,
    plots: plots::Plots,
    /// A dialog of the platform.
    asked: Option<portal::Asked>,
    stages: panels::stage::StageViews,
    rounds: panels::rounds::RoundsView,
    board: panels::board::Board,
    thumbnails: Thumbnails,
    pictures: Pictures,
    drawing: drawing::Drawing,
    /// Commands that a panel asked for: they run when all panels have had their say in this frame.
    later: Vec<ui_command::UiCommand>,
    keep: keep::Keep,
    status: panels::status::Status,
    last_frame: Option<f64>,
    /// What the last frame cost.
    frame_secs: f32,
    performance: panels::performance::Performance,
    /// Where a bench waits for the first frame.
    startup: Option<startup::Startup>,
    styled: Option<crate::lab::Look>,
    /// What was chosen in the export dialog.
    export: dialogs::export::Choices,
    /// A picture of the window that is being taken.
    shot: leaving::WindowShot,
}

impl App {
    /// A window on this lab. A lab without runs or stages is replaced by the default one. `renderer`: the window's own, for what
    /// is too much for meshes.
    pub fn new(lab: Lab, link: Link, renderer: Option<&RenderState>) -> Self {
        let lab = if lab.runs.is_empty() || lab.stages.is_empty() {
            Lab::default()
        } else {
            lab
        };
        Self {
            clock: FlowClock::default(),
            snapshot: link.latest(),
            link,
            sent: lab.clone(),
            sent_t: 0.0,
            sent_compared: 0,
            software_renderer: false,
            history: History::default(),
            screen: Screen {
                dialog: None,
                plots: plots::Plots::default(),
                asked: None,
                stages: panels::stage::StageViews::new(renderer),
                rounds: panels::rounds::RoundsView::default(),
                board: panels::board::Board::default(),
                thumbnails: Thumbnails::default(),
                pictures: Pictures::default(),
                drawing: drawing::Drawing::default(),
                later: Vec::new(),
                keep: keep::Keep::of(&lab, || {}),
                status: panels::status::Status::default(),
                last_frame: None,
                frame_secs: 0.0,
                performance: panels::performance::Performance::on(renderer),
                startup: None,
                styled: None,
                export: dialogs::export::Choices::default(),
                shot: leaving::WindowShot::default(),
            },
            lab,
        }
    }

    /// The window of the program: with an engine, and with files of its own.
    fn start(opened: Option<Opened>, choice: BackendChoice, cc: &eframe::CreationContext<'_>) -> Self {
        let folder = keep::data_folder();
        let (left, said) = match &folder {
            Some(folder) if opened.is_none() => keep::left_behind(folder),
            _ => (None, Vec::new()),
        };
        let path = opened.as_ref().and_then(|o| o.path.clone());
        let (lab, slot) = match (opened, left) {
            (Some(opened), _) => (opened.lab, None),
            (None, Some((slot, autosave))) => (autosave.lab, Some((slot, autosave.path))),
            (None, None) => (Lab::default(), None),
        };
        let mut app = Self::begin_with(lab, choice, cc);
        let ctx = cc.egui_ctx.clone();
        app.screen.keep = keep::Keep::of(&app.lab, move || ctx.request_repaint());
        app.keep_files(folder.as_deref(), path, slot);
        for fault in said {
            app.screen.status.say(true, fault);
        }
        // the engine has the records now; the document does not keep them
        for run in app.lab.runs.iter_mut().chain(&mut app.sent.runs) {
            run.record = None;
        }
        app
    }

    /// The window of the program with an engine, without files.
    fn begin_with(mut lab: Lab, choice: BackendChoice, cc: &eframe::CreationContext<'_>) -> Self {
        stages::settle(&mut lab);
        let link = Link::start(&stages::engine_lab(&lab), choice, &cc.egui_ctx);
        let mut app = Self::new(lab, link, cc.wgpu_render_state.as_ref());
        app.software_renderer = cc
            .wgpu_render_state
            .as_ref()
            .is_some_and(|state| state.adapter.get_info().device_type == eframe::wgpu::DeviceType::Cpu);
        app
    }

    /// A window that shows this snapshot and keeps what it would have sent.
    pub fn still(lab: Lab, snapshot: Snapshot) -> Self {
        Self::new(lab, Link::still(snapshot), None)
    }

    /// What the engine of a still window says from now on.
    pub fn show(&mut self, snapshot: Snapshot) {
        self.link.show(snapshot);
    }

    /// The commands that a still window would have sent so far.
    pub fn sent(&self) -> &[Command] {
        self.link.sent()
    }

    /// The stage with the focus: the panels edit it.
    fn stage(&self) -> &Stage {
        &self.lab.stages[self.lab.focus()]
    }

    fn stage_mut(&mut self) -> &mut Stage {
        let focus = self.lab.focus();
        &mut self.lab.stages[focus]
    }

    /// The run that it shows.
    fn run_id(&self) -> RunId {
        self.stage().run
    }

    fn experiment(&self) -> Experiment {
        self.lab
            .run(self.run_id())
            .map(|r| r.experiment.clone())
            .unwrap_or_default()
    }

    /// What the engine says of a run; empty before its first snapshot.
    fn snapshot_of(&self, run: RunId) -> RunSnapshot {
        let found = self.snapshot.runs.iter().find(|r| r.id == run);
        found.cloned().unwrap_or_default()
    }

    /// What the engine says of the run of the stage with the focus.
    fn run_snapshot(&self) -> RunSnapshot {
        self.snapshot_of(self.run_id())
    }

    /// What the engine has for a stage; empty where it has nothing yet, or has it for another run.
    fn shot(&self, stage: usize) -> StageSnapshot {
        let run = self.lab.stages.get(stage).map(|s| s.run);
        let at = stages::shot_index(&self.lab, stage);
        let shot = at.and_then(|at| self.snapshot.stages.get(at));
        shot.filter(|s| Some(s.run) == run).cloned().unwrap_or_default()
    }

    fn stage_snapshot(&self) -> StageSnapshot {
        self.shot(self.lab.focus())
    }

    /// One frame: logic, then everything on screen.
    pub fn frame_ui(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        if !self.style(&ctx) {
            ctx.request_repaint();
            return;
        }
        self.snapshot = self.link.latest();
        self.keep_safe(&ctx);
        self.take_window();
        self.tell_startup(&ctx);
        self.advance_clock(&ctx);
        if self.screen.dialog.is_none() {
            for command in ui_command::pressed(&ctx) {
                self.run_command(&ctx, &command);
            }
        }
        self.take_pasted(&ctx);
        panels::ui(self, ui);
        for command in std::mem::take(&mut self.screen.later) {
            self.run_command(&ctx, &command);
        }
        if let Some(coupling) = self.screen.rounds.first_round.take() {
            self.add_first_round(coupling);
        }
        plots::ui(self, &ctx);
        dialogs::ui(self, &ctx);
        self.take_drops(&ctx);
        self.take_answer();
        self.send_changes(&ctx);
    }

    /// Makes egui look as the lab says. False on the very first frame: its fonts are there from the next one on.
    fn style(&mut self, ctx: &egui::Context) -> bool {
        let first = self.screen.styled.is_none();
        if first {
            theme::install_fonts(ctx);
            ctx.options_mut(|o| {
                o.zoom_with_keyboard = false;
                // where a frame takes long, a click is long too
                o.input_options.max_click_duration = 4.0;
            });
        }
        if self.screen.styled != Some(self.lab.look) {
            theme::apply(ctx, self.lab.look.theme);
            if (ctx.zoom_factor() - self.lab.look.zoom).abs() > 1e-3 {
                ctx.set_zoom_factor(self.lab.look.zoom);
            }
            rust_i18n::set_locale(match self.lab.look.language {
                Language::En => "en",
            });
            self.screen.styled = Some(self.lab.look);
        }
        !first
    }

    /// The frame before took so long, all but waiting for the screen.
    fn note_frame(&mut self, secs: Option<f32>) {
        self.screen.frame_secs = secs.unwrap_or(0.0);
        if let Some(secs) = secs {
            self.screen.performance.frames.note(f64::from(secs));
        }
    }

    /// Lets flow time pass and asks for the next frame while it does.
    fn advance_clock(&mut self, ctx: &egui::Context) {
        let now = ctx.input(|i| i.time);
        let dt = self.screen.last_frame.map_or(0.0, |last| (now - last).clamp(0.0, 0.25));
        self.screen.last_frame = Some(now);
        self.clock.advance(dt, self.lab.clock);
        let pace = self.pace();
        self.link.set_pace(pace);
        if self.clock.playing {
            ctx.request_repaint_after(pace);
        }
    }

    /// Time between frames: 60 a second where they are cheap; where they are not, or where the processor does the drawing and
    /// training needs it, fewer, so that drawing takes a third of a core's time at most.
    fn pace(&self) -> Duration {
        let least = if self.software_renderer { 40 } else { 16 };
        let third = (3000.0 * self.screen.frame_secs) as u64;
        Duration::from_millis(third.clamp(least, 200))
    }

    /// Sends what changed since the last frame and remembers it for undo.
    fn send_changes(&mut self, ctx: &egui::Context) {
        self.apply_now();
        let layers = self.lab.stages[self.lab.shown()].iter().map(|s| s.layers);
        let shows_field = layers
            .into_iter()
            .any(|l| l.velocity || l.exact || l.probe || l.map != Map::None);
        if shows_field && self.clock.t != self.sent_t {
            self.link.send(Command::FlowTime(self.clock.t));
            self.sent_t = self.clock.t;
        }
        let compared = if panels::stage::compares_marginals(self) {
            self.lab.stages.len()
        } else {
            0
        };
        if compared != self.sent_compared {
            self.link.send(Command::CompareMarginals(compared));
            self.sent_compared = compared;
        }
        if self.history.feed(ctx, &self.lab) {
            // at rest no frame would come by which the edit is over
            ctx.request_repaint_after(Duration::from_millis(1100));
        }
    }

    /// Sends the lab where it was edited. Commands that name a new run or stage come after it.
    fn apply_now(&mut self) {
        stages::settle(&mut self.lab);
        if self.lab == self.sent {
            return;
        }
        self.link.send(Command::Apply(Arc::new(stages::engine_lab(&self.lab))));
        // the engine has the records now; the document does not keep them
        for run in &mut self.lab.runs {
            run.record = None;
        }
        self.sent = self.lab.clone();
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.note_frame(frame.info().cpu_usage);
        self.frame_ui(ui);
    }

    fn on_exit(&mut self) {
        self.close_properly();
    }
}

/// Opens the window and returns when it is closed. Without a lab, with what a window that crashed left behind, else the default.
///
/// # Errors
/// Why no window could be opened, in words.
pub fn run(opened: Option<Opened>, choice: BackendChoice) -> Result<(), String> {
    open(Box::new(move |cc| Ok(Box::new(App::start(opened, choice, cc)))))
}

/// Opens the window with the default lab, says on stdout when it has shown a frame (`frame`), when it trains (`step`) and what
/// memory it takes (`memory`, bytes now and at most), and closes it. Reads and writes no file.
///
/// # Errors
/// As [`run`].
pub fn run_and_tell(choice: BackendChoice) -> Result<(), String> {
    open(Box::new(move |cc| {
        let mut app = App::begin_with(Lab::default(), choice, cc);
        app.screen.startup = Some(startup::Startup::default());
        Ok(Box::new(app))
    }))
}

fn open(create: eframe::AppCreator<'_>) -> Result<(), String> {
    let icon = eframe::icon_data::from_png_bytes(include_bytes!("../../assets/icon.png")).unwrap_or_default();
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Rectiflow")
            .with_app_id("rectiflow")
            .with_icon(icon)
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([1024.0, 640.0]),
        renderer: eframe::Renderer::Wgpu,
        ..eframe::NativeOptions::default()
    };
    eframe::run_native("rectiflow", options, create).map_err(|why| format!("no window could be opened ({why})"))
}
