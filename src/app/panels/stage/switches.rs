//! The row beneath the stages: what is drawn on the one with the focus, and side by side what the stages share.

use eframe::egui::{self, Align, Button, Layout, Popup, Rect, RichText, Ui, pos2, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::number::name_it;
use crate::lab::{Layers, MAPS, Map};
use crate::picture::words::{name_of, text_or};

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
pub const LAYERS: [(UiCommand, LayerOf); 13] = [
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
    map_choice(app, ui, tight);
}

/// The map behind all else: a menu, since there is one at most.
fn map_choice(app: &mut App, ui: &mut Ui, tight: bool) {
    let ctx = ui.ctx().clone();
    let colors = theme::current(ui);
    let shown = app.stage().layers.map;
    let on = shown != Map::None;
    let words = if on {
        name_of("map", shown.name())
    } else {
        t!("maps.choice").into_owned()
    };
    let ink = if on { colors.text } else { colors.weak };
    let size = if tight { text::SMALL } else { text::BODY };
    let button = Button::selectable(on, RichText::new(format!("{words} \u{25be}")).color(ink).size(size));
    let response = ui.add(button);
    name_it(&response, &t!("maps.spoken", map = name_of("map", shown.name())));
    let response = response.on_hover_text(UiCommand::NextMap.tooltip(&ctx));
    Popup::menu(&response).show(|ui| {
        ui.set_min_width(250.0);
        for (map, name, summary) in MAPS {
            let hint = text_or(&format!("set.map.{name}.hint"), summary);
            let row = ui.selectable_label(map == shown, name_of("map", name));
            if row.on_hover_text(hint).clicked() {
                app.set_map(map);
                ui.close();
            }
        }
        ui.separator();
        let mut exact = app.stage().layers.map_exact;
        let box_ = egui::Checkbox::new(&mut exact, UiCommand::MapExact.name());
        let response = ui.add_enabled(shown.of_either(), box_);
        if response.on_hover_text(UiCommand::MapExact.tooltip(&ctx)).changed() {
            app.set_layer(|l| &mut l.map_exact, exact);
        }
    });
}
