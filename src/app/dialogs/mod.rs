//! What opens over the window: the gallery of distributions, the palette, the shortcuts sheet, the file dialogs.

pub mod export;
mod files;
mod gallery;
pub mod import;
mod pairs;
mod palette;
mod paste;
mod presets;
mod shortcuts;
mod unsaved;

use eframe::egui::{self, Id, Modal};

pub use files::Purpose;

use super::App;
use super::keep::{Keep, Next};
use crate::flow::coupling::Coupling;

/// Source or target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The law of x0.
    Source,
    /// The law of x1.
    Target,
}

impl Side {
    /// Its control's id in the locale file.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
        }
    }
}

/// The dialog that is open.
#[derive(Debug)]
pub enum Dialog {
    /// All distributions, to choose one.
    Gallery(gallery::Gallery),
    /// Every command by typing.
    Palette(palette::Palette),
    /// All keys.
    Shortcuts,
    /// A path to open or to save to.
    File(files::FileDialog),
    /// A file of pairs.
    Pairs(pairs::PairsDialog),
    /// The presets.
    Presets(presets::PresetGallery),
    /// A share string to open.
    Paste(paste::Paste),
    /// What to do with unsaved changes before going on.
    Unsaved(Next),
    /// What a file of points, pairs or weights is for.
    Import(import::ImportDialog),
    /// A figure, an animation or data to write.
    Export(Box<export::ExportDialog>),
}

impl Dialog {
    /// The gallery for one side.
    pub fn gallery(side: Side) -> Self {
        Self::Gallery(gallery::Gallery::of(side))
    }

    /// An empty palette.
    pub fn palette() -> Self {
        Self::Palette(palette::Palette::default())
    }

    /// Asks for a file of pairs, instead of this coupling.
    pub fn pairs(coupling: &Coupling) -> Self {
        Self::Pairs(pairs::PairsDialog::of(coupling))
    }

    /// The presets, the first one chosen.
    pub fn presets() -> Self {
        Self::Presets(presets::PresetGallery::default())
    }

    /// Asks for a share string.
    pub fn paste() -> Self {
        Self::Paste(paste::Paste::default())
    }

    /// Asks what to export.
    pub fn export(app: &mut App) -> Self {
        Self::Export(Box::new(export::ExportDialog::new(app)))
    }

    /// Asks for a path to be typed.
    pub fn file(keep: &Keep, purpose: Purpose) -> Self {
        Self::File(files::FileDialog::new(keep, purpose))
    }
}

/// Shows the open dialog, if any.
pub fn ui(app: &mut App, ctx: &egui::Context) {
    let Some(mut dialog) = app.screen.dialog.take() else {
        return;
    };
    let id = match &dialog {
        Dialog::Gallery(_) => "gallery",
        Dialog::Palette(_) => "palette",
        Dialog::Shortcuts => "shortcuts",
        Dialog::File(_) => "file",
        Dialog::Pairs(_) => "pairs",
        Dialog::Presets(_) => "presets",
        Dialog::Paste(_) => "paste",
        Dialog::Unsaved(_) => "unsaved",
        Dialog::Import(_) => "import",
        Dialog::Export(_) => "export",
    };
    let modal = Modal::new(Id::unique(id)).show(ctx, |ui| match &mut dialog {
        Dialog::Gallery(gallery) => gallery.ui(app, ui),
        Dialog::Palette(palette) => palette.ui(app, ui),
        Dialog::Shortcuts => shortcuts::ui(ui),
        Dialog::File(file) => file.ui(app, ui),
        Dialog::Pairs(pairs) => pairs.ui(app, ui),
        Dialog::Presets(presets) => presets.ui(app, ui),
        Dialog::Paste(paste) => paste.ui(app, ui),
        Dialog::Unsaved(next) => unsaved::ui(app, ui, next),
        Dialog::Import(import) => import.ui(app, ui),
        Dialog::Export(export) => export.ui(app, ui),
    });
    // asked once: it takes the Escape key
    let closes = modal.should_close();
    if closes && matches!(dialog, Dialog::File(_) | Dialog::Unsaved(_)) {
        app.forget_next();
    }
    // a command of the palette may have opened another dialog
    if app.screen.dialog.is_none() && !modal.inner && !closes {
        app.screen.dialog = Some(dialog);
    }
}
