//! The one table of commands: menus, the palette, shortcuts, the shortcuts sheet and the tests read it.
//!
//! A command has a serde id (`save-lab`); its name and hint on screen are the texts `command.save-lab.name` and
//! `command.save-lab.hint`. What it does is [`super::App::run_command`]'s business.

use eframe::egui::{Context, Key, KeyboardShortcut, Modifiers};
use rust_i18n::t;
use serde::{Deserialize, Serialize};

/// Something the user can tell the window to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is documented by its text `command.<id>.hint`")]
pub enum UiCommand {
    NewLab,
    OpenLab,
    Presets,
    Import,
    SaveLab,
    SaveLabAs,
    CopyShare,
    OpenShare,
    Export,
    CopyImage,
    CopyCaption,
    SaveWindow,
    Quit,
    Undo,
    Redo,
    PlayTraining,
    StepTraining,
    ResetTraining,
    PlayFlow,
    FlowBack,
    FlowForward,
    FlowStart,
    FlowEnd,
    LoopFlow,
    NewParticles,
    NewNoise,
    LensFlowMatching,
    LensPfOde,
    LensSde,
    ResetView,
    LayerSource,
    LayerTarget,
    LayerParticles,
    LayerTrajectories,
    LayerStates,
    LayerVelocity,
    LayerDensity,
    LayerExact,
    LayerPairs,
    LayerInterpolation,
    LayerBend,
    LayerOneStep,
    LayerProbe,
    LayerAnatomy,
    PreviousStep,
    NextStep,
    LookAtStep,
    DrawPairs,
    DeletePair,
    ClearPairs,
    NextMap,
    PreviousMap,
    MapExact,
    Studies,
    Compare,
    AddStage,
    DuplicateStage,
    CloseStage,
    SwapStages,
    NextStage,
    PreviousStage,
    LinkView,
    LinkLayers,
    LinkSampler,
    CompareMarginals,
    RoundsSideBySide,
    Reflow,
    ReflowTimes,
    Distill,
    TrainFurther,
    RemoveRun,
    NextRun,
    PreviousRun,
    Straightening,
    FoldRounds,
    FoldLeft,
    FoldRight,
    FoldBottom,
    FoldAll,
    SwitchTheme,
    ZoomIn,
    ZoomOut,
    ZoomReset,
    Fullscreen,
    Performance,
    Palette,
    Shortcuts,
    /// Opens the preset of this name.
    Preset(String),
}

/// Under which menu a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// Labs.
    File,
    /// Undo and the document's changes.
    Edit,
    /// What is shown.
    View,
    /// Training and flow time.
    Run,
    /// Stages side by side; hangs on the Compare button.
    Compare,
    /// The keyboard and the palette.
    Help,
}

impl Menu {
    /// Those of the bar, in their order.
    pub const BAR: [Self; 5] = [Self::File, Self::Edit, Self::Run, Self::View, Self::Help];

    /// The key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::File => "menu.file",
            Self::Edit => "menu.edit",
            Self::View => "menu.view",
            Self::Run => "menu.run",
            Self::Compare => "menu.compare",
            Self::Help => "menu.help",
        }
    }
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it does.
    pub command: UiCommand,
    /// The keys that do it.
    pub keys: KeyboardShortcut,
    /// Where it stands.
    pub menu: Menu,
}

const fn row(menu: Menu, command: UiCommand, keys: KeyboardShortcut) -> Row {
    Row { command, keys, menu }
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// Every command without an argument.
pub const COMMANDS: [Row; 87] = [
    row(Menu::File, UiCommand::NewLab, ctrl(Key::N)),
    row(Menu::File, UiCommand::OpenLab, ctrl(Key::O)),
    row(Menu::File, UiCommand::Presets, ctrl(Key::P)),
    row(Menu::File, UiCommand::Import, ctrl(Key::I)),
    row(Menu::File, UiCommand::SaveLab, ctrl(Key::S)),
    row(Menu::File, UiCommand::SaveLabAs, ctrl_shift(Key::S)),
    row(Menu::File, UiCommand::CopyShare, ctrl_shift(Key::C)),
    row(Menu::File, UiCommand::OpenShare, ctrl_shift(Key::O)),
    row(Menu::File, UiCommand::Export, ctrl(Key::E)),
    row(Menu::File, UiCommand::CopyImage, ctrl_shift(Key::I)),
    row(Menu::File, UiCommand::CopyCaption, ctrl_shift(Key::K)),
    row(Menu::File, UiCommand::SaveWindow, plain(Key::F12)),
    row(Menu::File, UiCommand::Quit, ctrl(Key::Q)),
    row(Menu::Edit, UiCommand::Undo, ctrl(Key::Z)),
    row(Menu::Edit, UiCommand::Redo, ctrl(Key::Y)),
    row(Menu::Edit, UiCommand::DrawPairs, plain(Key::H)),
    row(Menu::Edit, UiCommand::DeletePair, plain(Key::Delete)),
    row(Menu::Edit, UiCommand::ClearPairs, shift(Key::Delete)),
    row(Menu::Run, UiCommand::PlayTraining, plain(Key::Space)),
    row(Menu::Run, UiCommand::StepTraining, plain(Key::Period)),
    row(Menu::Run, UiCommand::ResetTraining, plain(Key::R)),
    row(Menu::Run, UiCommand::TrainFurther, ctrl(Key::Enter)),
    row(Menu::Run, UiCommand::Reflow, ctrl(Key::R)),
    row(Menu::Run, UiCommand::ReflowTimes, ctrl_shift(Key::R)),
    row(Menu::Run, UiCommand::Distill, ctrl(Key::D)),
    row(Menu::Run, UiCommand::RemoveRun, ctrl(Key::Delete)),
    row(Menu::Run, UiCommand::NextRun, plain(Key::CloseBracket)),
    row(Menu::Run, UiCommand::PreviousRun, plain(Key::OpenBracket)),
    row(Menu::Run, UiCommand::PlayFlow, shift(Key::Space)),
    row(Menu::Run, UiCommand::FlowBack, plain(Key::ArrowLeft)),
    row(Menu::Run, UiCommand::FlowForward, plain(Key::ArrowRight)),
    row(Menu::Run, UiCommand::FlowStart, plain(Key::Home)),
    row(Menu::Run, UiCommand::FlowEnd, plain(Key::End)),
    row(Menu::Run, UiCommand::LoopFlow, plain(Key::L)),
    row(Menu::Run, UiCommand::NewParticles, plain(Key::N)),
    row(Menu::Run, UiCommand::NewNoise, shift(Key::N)),
    row(Menu::View, UiCommand::LensFlowMatching, ctrl(Key::Num1)),
    row(Menu::View, UiCommand::LensPfOde, ctrl(Key::Num2)),
    row(Menu::View, UiCommand::LensSde, ctrl(Key::Num3)),
    row(Menu::View, UiCommand::ResetView, plain(Key::V)),
    row(Menu::View, UiCommand::LayerSource, plain(Key::Num1)),
    row(Menu::View, UiCommand::LayerTarget, plain(Key::Num2)),
    row(Menu::View, UiCommand::LayerParticles, plain(Key::Num3)),
    row(Menu::View, UiCommand::LayerTrajectories, plain(Key::Num4)),
    row(Menu::View, UiCommand::LayerStates, plain(Key::Num5)),
    row(Menu::View, UiCommand::LayerVelocity, plain(Key::Num6)),
    row(Menu::View, UiCommand::LayerDensity, plain(Key::Num7)),
    row(Menu::View, UiCommand::LayerExact, plain(Key::Num8)),
    row(Menu::View, UiCommand::LayerPairs, plain(Key::Num9)),
    row(Menu::View, UiCommand::LayerInterpolation, plain(Key::I)),
    row(Menu::View, UiCommand::LayerBend, plain(Key::Num0)),
    row(Menu::View, UiCommand::LayerOneStep, plain(Key::O)),
    row(Menu::View, UiCommand::LayerProbe, plain(Key::P)),
    row(Menu::View, UiCommand::LayerAnatomy, plain(Key::A)),
    row(Menu::View, UiCommand::PreviousStep, shift(Key::ArrowLeft)),
    row(Menu::View, UiCommand::NextStep, shift(Key::ArrowRight)),
    row(Menu::View, UiCommand::LookAtStep, shift(Key::A)),
    row(Menu::View, UiCommand::NextMap, plain(Key::M)),
    row(Menu::View, UiCommand::PreviousMap, shift(Key::M)),
    row(Menu::View, UiCommand::MapExact, plain(Key::E)),
    row(Menu::View, UiCommand::Studies, plain(Key::Q)),
    row(Menu::Compare, UiCommand::Compare, plain(Key::C)),
    row(Menu::Compare, UiCommand::RoundsSideBySide, plain(Key::B)),
    row(Menu::Compare, UiCommand::AddStage, plain(Key::Insert)),
    row(Menu::Compare, UiCommand::DuplicateStage, ctrl_shift(Key::D)),
    row(Menu::Compare, UiCommand::CloseStage, ctrl(Key::W)),
    row(Menu::Compare, UiCommand::SwapStages, plain(Key::X)),
    row(Menu::Compare, UiCommand::NextStage, plain(Key::PageDown)),
    row(Menu::Compare, UiCommand::PreviousStage, plain(Key::PageUp)),
    row(Menu::Compare, UiCommand::LinkView, ctrl_shift(Key::V)),
    row(Menu::Compare, UiCommand::LinkLayers, ctrl_shift(Key::L)),
    row(Menu::Compare, UiCommand::LinkSampler, ctrl_shift(Key::M)),
    row(Menu::Compare, UiCommand::CompareMarginals, plain(Key::D)),
    row(Menu::View, UiCommand::Straightening, plain(Key::S)),
    row(Menu::View, UiCommand::FoldLeft, plain(Key::F2)),
    row(Menu::View, UiCommand::FoldRight, plain(Key::F3)),
    row(Menu::View, UiCommand::FoldBottom, plain(Key::F4)),
    row(Menu::View, UiCommand::FoldRounds, plain(Key::F5)),
    row(Menu::View, UiCommand::FoldAll, plain(Key::F)),
    row(Menu::View, UiCommand::SwitchTheme, ctrl(Key::T)),
    row(Menu::View, UiCommand::ZoomIn, ctrl(Key::Plus)),
    row(Menu::View, UiCommand::ZoomOut, ctrl(Key::Minus)),
    row(Menu::View, UiCommand::ZoomReset, ctrl(Key::Num0)),
    row(Menu::View, UiCommand::Fullscreen, plain(Key::F11)),
    row(Menu::View, UiCommand::Performance, plain(Key::F6)),
    row(Menu::Help, UiCommand::Palette, ctrl(Key::K)),
    row(Menu::Help, UiCommand::Shortcuts, plain(Key::F1)),
];

impl UiCommand {
    /// The serde id; of a preset, `preset`.
    pub fn id(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(id)) => id,
            _ => "preset".into(),
        }
    }

    /// Its name on screen.
    pub fn name(&self) -> String {
        match self {
            Self::Preset(name) => t!("command.preset.name", preset = preset_name(name)).into_owned(),
            _ => t!(format!("command.{}.name", self.id())).into_owned(),
        }
    }

    /// What it does, in a sentence.
    pub fn hint(&self) -> String {
        t!(format!("command.{}.hint", self.id())).into_owned()
    }

    /// The keys that do it, as words; empty where there are none.
    pub fn keys_text(&self, ctx: &Context) -> String {
        COMMANDS
            .iter()
            .find(|row| row.command == *self)
            .map_or_else(String::new, |row| ctx.format_shortcut(&row.keys))
    }

    /// Name, keys and hint, for a tooltip.
    pub fn tooltip(&self, ctx: &Context) -> String {
        let keys = self.keys_text(ctx);
        let hint = self.hint();
        if keys.is_empty() {
            hint
        } else {
            format!("{hint}\n{}", t!("ui.keys", keys = keys))
        }
    }
}

/// A preset's name on screen.
pub fn preset_name(name: &str) -> String {
    super::widgets::row::text_or(&format!("preset.{name}.name"), &name.replace('-', " "))
}

/// The commands whose keys were pressed since the last frame. Keys without Ctrl are left to a focused control.
pub fn pressed(ctx: &Context) -> Vec<UiCommand> {
    let focused = ctx.egui_wants_keyboard_input();
    let mut hits = Vec::new();
    ctx.input_mut(|input| {
        // Shift first: a shortcut without Shift would also match with it.
        for wants_shift in [true, false] {
            for row in &COMMANDS {
                let keys = row.keys;
                let function_key = matches!(
                    keys.logical_key,
                    Key::F1 | Key::F2 | Key::F3 | Key::F4 | Key::F5 | Key::F6 | Key::F11 | Key::F12
                );
                let reserved = focused && !keys.modifiers.command && !function_key;
                if keys.modifiers.shift == wants_shift && !reserved && input.consume_shortcut(&keys) {
                    hits.push(row.command.clone());
                }
            }
        }
        if !focused && input.consume_key(Modifiers::SHIFT, Key::Questionmark) {
            hits.push(UiCommand::Shortcuts);
        }
        if input.consume_shortcut(&KeyboardShortcut::new(Modifiers::COMMAND, Key::Equals)) {
            hits.push(UiCommand::ZoomIn);
        }
        if !focused && input.consume_key(Modifiers::NONE, Key::Questionmark) {
            hits.push(UiCommand::Shortcuts);
        }
    });
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_survive_a_round_trip() {
        let mut seen = std::collections::BTreeSet::new();
        for row in &COMMANDS {
            assert!(seen.insert(row.command.id()), "{} stands twice", row.command.id());
            let text = serde_json::to_string(&row.command).expect("a plain enum");
            let back: UiCommand = serde_json::from_str(&text).expect("its own text");
            assert_eq!(back, row.command);
        }
    }

    #[test]
    fn no_two_commands_share_their_keys() {
        for (i, a) in COMMANDS.iter().enumerate() {
            for b in &COMMANDS[i + 1..] {
                assert!(a.keys != b.keys, "{:?} and {:?}", a.command, b.command);
            }
        }
    }

    #[test]
    fn every_command_has_a_name_and_a_hint() {
        for row in &COMMANDS {
            for text in [row.command.name(), row.command.hint()] {
                assert!(!text.contains("command."), "no text for {text}");
            }
        }
    }
}
