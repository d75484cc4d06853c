//! What commands do: to the lab, to the clock, to the engine, to files.

use std::path::Path;
use std::sync::Arc;

use eframe::egui;
use rust_i18n::t;

use super::App;
use super::dialogs::{Dialog, Purpose};
use super::history::Step;
use super::keep::{self, Next};
use super::panels::stage::LAYERS;
use super::stages;
use super::ui_command::UiCommand;
use crate::engine::command::{BackendChoice, Command};
use crate::engine::snapshot::RunState;
use crate::engine::worker::begins;
use crate::export::lab_within;
use crate::lab::{self, Experiment, Lab, Lens, ThemeChoice};

/// How far an arrow key moves flow time.
const NUDGE: f64 = 0.01;
/// Steps of zoom.
const ZOOM_STEP: f32 = 1.1;
impl App {
    /// Does what a menu, a key or the palette asks for.
    pub fn run_command(&mut self, ctx: &egui::Context, command: &UiCommand) {
        match command {
            UiCommand::NewLab | UiCommand::OpenLab | UiCommand::Preset(_) | UiCommand::Quit => {
                if let Some(next) = keep::next_of(command) {
                    self.leave(ctx, next);
                }
            }
            UiCommand::SaveLab => self.save_then(ctx, None),
            UiCommand::SaveLabAs => {
                self.forget_next();
                self.ask_file(ctx, Purpose::Save);
            }
            UiCommand::Export | UiCommand::CopyImage | UiCommand::CopyCaption | UiCommand::SaveWindow => {
                self.export_command(ctx, command);
            }
            UiCommand::Presets => self.screen.dialog = Some(Dialog::presets()),
            UiCommand::Import => self.ask_file(ctx, Purpose::Import),
            UiCommand::CopyShare => self.copy_share(ctx),
            UiCommand::OpenShare => self.screen.dialog = Some(Dialog::paste()),
            UiCommand::Undo => self.undo(),
            UiCommand::Redo => self.redo(),
            UiCommand::Palette => self.screen.dialog = Some(Dialog::palette()),
            UiCommand::Shortcuts => self.screen.dialog = Some(Dialog::Shortcuts),
            UiCommand::Fullscreen => {
                let full = ctx.input(|i| i.viewport().fullscreen.unwrap_or(false));
                ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(!full));
            }
            UiCommand::ResetView => self.screen.stages.reset(),
            UiCommand::PlayTraining | UiCommand::StepTraining | UiCommand::ResetTraining => self.train_command(command),
            UiCommand::Reflow
            | UiCommand::ReflowTimes
            | UiCommand::Distill
            | UiCommand::TrainFurther
            | UiCommand::RemoveRun
            | UiCommand::NextRun
            | UiCommand::PreviousRun => self.rounds_command(command),
            UiCommand::DrawPairs | UiCommand::DeletePair | UiCommand::ClearPairs => self.drawing_command(command),
            UiCommand::Compare
            | UiCommand::AddStage
            | UiCommand::DuplicateStage
            | UiCommand::CloseStage
            | UiCommand::SwapStages
            | UiCommand::NextStage
            | UiCommand::PreviousStage
            | UiCommand::LinkView
            | UiCommand::LinkLayers
            | UiCommand::LinkSampler
            | UiCommand::CompareMarginals
            | UiCommand::RoundsSideBySide => self.stages_command(command),
            UiCommand::Studies => self.toggle_plots(),
            UiCommand::NextMap | UiCommand::PreviousMap | UiCommand::MapExact => self.map_command(command),
            UiCommand::PreviousStep | UiCommand::NextStep | UiCommand::LookAtStep => self.anatomy_command(command),
            UiCommand::PlayFlow
            | UiCommand::FlowBack
            | UiCommand::FlowForward
            | UiCommand::FlowStart
            | UiCommand::FlowEnd
            | UiCommand::LoopFlow => self.flow_command(command),
            _ => self.look_command(command),
        }
        ctx.request_repaint();
    }

    fn train_command(&mut self, command: &UiCommand) {
        let run = self.run_id();
        let training = self.run_snapshot().state == RunState::Training;
        self.link.send(match command {
            UiCommand::PlayTraining if training => Command::Pause(run),
            UiCommand::PlayTraining => Command::Play(run),
            UiCommand::StepTraining => Command::Step(run, 1),
            _ => Command::Reset(run),
        });
    }

    fn flow_command(&mut self, command: &UiCommand) {
        let clock = &mut self.clock;
        match command {
            UiCommand::PlayFlow => clock.toggle(),
            UiCommand::FlowBack => clock.scrub(clock.t - NUDGE),
            UiCommand::FlowForward => clock.scrub(clock.t + NUDGE),
            UiCommand::FlowStart => clock.scrub(0.0),
            UiCommand::FlowEnd => clock.scrub(1.0),
            _ => self.lab.clock.looping = !self.lab.clock.looping,
        }
    }

    fn look_command(&mut self, command: &UiCommand) {
        let look = &mut self.lab.look;
        match command {
            UiCommand::FoldLeft => look.left_open = !look.left_open,
            UiCommand::FoldRight => look.right_open = !look.right_open,
            UiCommand::FoldRounds => look.rounds_open = !look.rounds_open,
            UiCommand::FoldBottom => look.bottom_open = !look.bottom_open,
            UiCommand::FoldAll => {
                let open = !(look.left_open || look.right_open || look.bottom_open);
                (look.left_open, look.right_open, look.bottom_open) = (open, open, open);
            }
            UiCommand::SwitchTheme => {
                look.theme = match look.theme {
                    ThemeChoice::Dark => ThemeChoice::Light,
                    ThemeChoice::Light => ThemeChoice::Dark,
                }
            }
            UiCommand::ZoomIn => look.zoom = (look.zoom * ZOOM_STEP).min(3.0),
            UiCommand::ZoomOut => look.zoom = (look.zoom / ZOOM_STEP).max(0.5),
            UiCommand::ZoomReset => look.zoom = 1.0,
            UiCommand::Performance => self.screen.performance.open = !self.screen.performance.open,
            UiCommand::Straightening => self.screen.board.open = !self.screen.board.open,
            UiCommand::NewNoise => {
                let sampling = &mut self.stage_mut().sampling;
                sampling.noise_seed = sampling.noise_seed.wrapping_add(1);
            }
            UiCommand::LensFlowMatching => self.look_through(Lens::FlowMatching),
            UiCommand::LensPfOde => self.look_through(Lens::PfOde),
            UiCommand::LensSde => self.look_through(Lens::Sde),
            UiCommand::NewParticles => {
                let sampling = &mut self.stage_mut().sampling;
                sampling.seed = sampling.seed.wrapping_add(1);
            }
            _ => {
                let switch = LAYERS.iter().find(|(row, _)| row == command);
                if let Some(&(_, layer)) = switch {
                    let on = *layer(&mut self.stage_mut().layers);
                    self.set_layer(layer, !on);
                }
            }
        }
    }

    /// The stage with the focus through another lens; its sampler stays where it suits the lens, and a number of paths that
    /// was chosen stays.
    fn look_through(&mut self, lens: Lens) {
        let stage = self.stage_mut();
        if stage.layers.trajectories_shown == lab::usual_paths(stage.sampling.lens) {
            stage.layers.trajectories_shown = lab::usual_paths(lens);
        }
        stage.sampling = stage.sampling.through(lens);
    }

    /// Whether there is something to undo, to redo.
    pub fn can_undo(&self) -> (bool, bool) {
        self.history.can(&self.lab)
    }

    fn undo(&mut self) {
        let step = self.history.undo(&self.lab);
        self.take_step(step);
    }

    fn redo(&mut self) {
        let step = self.history.redo(&self.lab);
        self.take_step(step);
    }

    fn take_step(&mut self, step: Option<Step>) {
        let Some(step) = step else { return };
        self.lab = step.lab;
        if step.other {
            // Save must not write this lab into the other one's file
            self.screen.keep.leave_file();
        }
    }

    /// Replaces the shown run's experiment where it changed.
    pub fn set_experiment(&mut self, experiment: Experiment) {
        let id = self.run_id();
        if let Some(run) = self.lab.run_mut(id)
            && run.experiment != experiment
        {
            run.experiment = experiment;
        }
    }

    /// Trains on another backend from the parameters as they are.
    pub fn use_backend(&mut self, choice: BackendChoice) {
        self.link.send(Command::UseBackend(choice));
    }

    pub(super) fn open_preset(&mut self, name: &str) {
        match lab::preset(name).and_then(|preset| Ok((preset.is_lab(), preset.lab()?))) {
            Ok((has_stages, mut lab)) => {
                lab.look = self.lab.look;
                // what one stage shows the next one shows too; side by side each has layers of its own
                if !has_stages && !self.lab.compare.on {
                    lab.stages[0].layers = self.stage().layers;
                }
                self.show_lab(lab, None);
            }
            Err(why) => self.screen.status.say(true, why.to_string()),
        }
    }

    /// Shows another lab; where nothing in it is trained yet, all of its runs begin: a child when its parent is done.
    pub(super) fn begin(&mut self, lab: Lab) {
        self.lab = lab;
        stages::settle(&mut self.lab);
        let trained = self.lab.runs.iter().any(|run| run.record.is_some());
        let begins = if trained { Vec::new() } else { begins(&self.lab) };
        self.link.send(Command::Begin(Arc::new(stages::engine_lab(&self.lab))));
        for run in begins {
            self.link.send(Command::Play(run));
        }
        for run in &mut self.lab.runs {
            run.record = None;
        }
        self.sent = self.lab.clone();
        self.screen.stages.reset();
    }

    /// Opens a lab or an experiment file and shows it.
    ///
    /// # Errors
    /// Why it cannot be read, in words; the lab that was open stays.
    pub fn open_from(&mut self, path: &Path) -> Result<(), String> {
        let bytes = lab::read_bytes(path).map_err(|e| e.to_string())?;
        let lab = lab_within::open_lab_of(path).map_err(|e| e.to_string())?;
        // the next save must replace neither the figure that brought it nor an experiment alone
        let is_lab =
            !lab_within::is_exported(&bytes) && !lab_within::is_csv(path) && bytes.windows(6).any(|w| w == b"\"runs\"");
        self.show_lab(lab, is_lab.then_some(path));
        if !is_lab {
            self.screen.keep.used(path);
        }
        self.screen
            .status
            .say(false, t!("file.opened", path = path.display()).into_owned());
        Ok(())
    }

    /// Puts the lab's settings on the clipboard as one line of text.
    fn copy_share(&mut self, ctx: &egui::Context) {
        match lab::share_string(&self.lab) {
            Ok(text) => {
                let said = t!("share.copied", letters = text.len()).into_owned();
                ctx.copy_text(text);
                self.screen.status.say(false, said);
            }
            Err(why) => self.screen.status.say(true, why.to_string()),
        }
    }

    /// A share string pasted where nothing has the focus opens.
    pub(super) fn take_pasted(&mut self, ctx: &egui::Context) {
        let pasted = ctx.input(|i| {
            i.events.iter().find_map(|event| match event {
                egui::Event::Paste(text) if lab::is_share_string(text) => Some(text.clone()),
                _ => None,
            })
        });
        let elsewhere = self.screen.dialog.is_some() || ctx.egui_wants_keyboard_input();
        let Some(text) = pasted.filter(|_| !elsewhere) else {
            return;
        };
        match lab::parse_share_string(&text) {
            Ok(mut lab) => {
                lab.look = self.lab.look;
                self.leave(ctx, Next::Show(Box::new(lab)));
            }
            Err(why) => self.screen.status.say(true, why.to_string()),
        }
    }
}
