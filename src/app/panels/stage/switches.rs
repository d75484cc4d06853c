//! The row beneath the stages: what is drawn on the one with the focus, and side by side what the stages share.

use eframe::egui::{self, Align, Button, Layout, Rect, RichText, Ui, pos2, vec2};

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::lab::Layers;

/// Height of the row.
const HEIGHT: f32 = 42.0;
/// Rooms narrower than this have the switches in two rows, and how high these are.
const TWO_ROWS_BELOW: f32 = 700.0;
const TWO_ROWS_HEIGHT: f32 = 62.0;
/// Rooms narrower than this have small letters.
const TIGHT_BELOW: f32 = 800.0;

/// Picks one layer's switch.
pub type LayerOf = fn(&mut Layers) -> &mut bool;

/// The layers with the commands that switch them, in their order on screen.
pub const LAYERS: [(UiCommand, LayerOf); 14] = [
    (UiCommand::LayerSource, |l| &mut l.source),
    (UiCommand::LayerTarget, |l| &mut l.target),
    (UiCommand::LayerParticles, |l| &mut l.particles),
    (UiCommand::LayerTrajectories, |l| &mut l.trajectories),
    (UiCommand::LayerStates, |l| &mut l.states),
    (UiCommand::LayerVelocity, |l| &mut l.velocity),
    (UiCommand::LayerDensity, |l| &mut l.density),
    (UiCommand::LayerExact, |l| &mut l.exact),
    (UiCommand::LayerPairs, |l| &mut l.pairs),
    (UiCommand::LayerInterpolation, |l| &mut l.interpolation),
    (UiCommand::LayerBend, |l| &mut l.bend),
    (UiCommand::LayerOneStep, |l| &mut l.one_step),
    (UiCommand::LayerProbe, |l| &mut l.probe),
    (UiCommand::LayerAnatomy, |l| &mut l.anatomy),
];

/// The height of the row in a room of this width.
pub const fn height(width: f32) -> f32 {
    if width < TWO_ROWS_BELOW {
        TWO_ROWS_HEIGHT
    } else {
        HEIGHT
    }
}

/// The row.
pub fn ui(app: &mut App, ui: &mut Ui, rect: Rect) {
    let two_rows = rect.width() < TWO_ROWS_BELOW;
    let top = rect.top() + if two_rows { 3.0 } else { 0.0 };
    let inner = Rect::from_min_max(pos2(rect.left() + 10.0, top), rect.max - vec2(10.0, 0.0));
    let align = if two_rows { Align::Min } else { Align::Center };
    let layout = Layout::left_to_right(align).with_main_wrap(two_rows);
    let mut row_ui = ui.new_child(egui::UiBuilder::new().max_rect(inner).layout(layout).id_salt("layers"));
    switches(app, &mut row_ui, rect.width() < TIGHT_BELOW);
}

fn switches(app: &mut App, ui: &mut Ui, tight: bool) {
    let ctx = ui.ctx().clone();
    let reset = UiCommand::ResetView;
    if icon_button(ui, Icon::Frame, &reset.name(), false)
        .on_hover_text(reset.tooltip(&ctx))
        .clicked()
    {
        app.run_command(&ctx, &reset);
    }
    let colors = theme::current(ui);
    ui.spacing_mut().item_spacing.x = if tight { 1.0 } else { 4.0 };
    ui.spacing_mut().button_padding.x = if tight { 4.0 } else { 7.0 };
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut layers = app.stage().layers;
    for (command, layer) in LAYERS {
        let on = *layer(&mut layers);
        let ink = if on { colors.text } else { colors.weak };
        let size = if tight { text::SMALL } else { text::BODY };
        let button = Button::selectable(on, RichText::new(command.name()).color(ink).size(size));
        if ui.add(button).on_hover_text(command.tooltip(&ctx)).clicked() {
            app.set_layer(layer, !on);
        }
    }
}
