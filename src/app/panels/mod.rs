//! The window's parts: one file each.

mod anatomy;
mod banner;
pub mod board;
mod budget;
pub mod clocks;
mod coupling;
mod couplings;
pub mod distributions;
mod experiment;
mod lens;
mod map;
mod measures;
pub mod member;
pub mod performance;
mod round_card;
pub mod rounds;
pub mod stage;
pub mod status;
mod top;

use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use super::{App, theme};

/// Everything but dialogs.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let colors = theme::current(ui);
    let panel = |x: i8, y: i8| Frame::new().fill(colors.panel).inner_margin(Margin::symmetric(x, y));
    Panel::top("top").frame(panel(12, 7)).show(ui, |ui| top::ui(app, ui));
    if banner::is_shown(app) {
        let frame = Frame::new().fill(colors.control).inner_margin(Margin::symmetric(12, 6));
        Panel::top("banner").frame(frame).show(ui, |ui| banner::ui(app, ui));
    }
    Panel::bottom("status")
        .frame(panel(12, 3))
        .show(ui, |ui| status::ui(app, ui));
    if app.screen.performance.open {
        Panel::bottom("performance")
            .frame(panel(12, 4))
            .show(ui, |ui| performance::ui(app, ui));
    }
    let narrow = ui.available_width() < theme::NARROW_WINDOW;
    let squeeze = if narrow { 0.84 } else { 1.0 };
    if app.lab.look.bottom_open {
        // a panel keeps the height of its id: with and without cards it has another
        let cards = rounds::shows_cards(app);
        Panel::bottom(("clocks", cards))
            .frame(panel(12, 6))
            .show(ui, |ui| clocks::ui(app, ui));
    }
    if app.lab.look.left_open {
        side(Panel::left("experiment"), theme::LEFT_WIDTH * squeeze, panel(0, 0)).show(ui, |ui| {
            scroll(ui, |ui| experiment::ui(app, ui));
        });
    }
    if app.lab.look.right_open {
        side(Panel::right("lens"), theme::RIGHT_WIDTH * squeeze, panel(0, 0)).show(ui, |ui| {
            scroll(ui, |ui| lens::ui(app, ui));
        });
    }
    CentralPanel::default()
        .frame(Frame::new().fill(colors.stage))
        .show(ui, |ui| {
            if app.screen.board.open {
                board::ui(app, ui);
            } else {
                stage::ui(app, ui);
            }
        });
}

fn side(panel: Panel, width: f32, frame: Frame) -> Panel {
    panel.frame(frame).default_size(width).size_range(240.0..=460.0)
}

fn scroll(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        Frame::new()
            .inner_margin(Margin {
                left: 14,
                right: 16,
                top: 4,
                bottom: 14,
            })
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                add(ui);
            });
    });
}

/// A child ui of exactly this width, as high as it needs.
fn column<R>(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.allocate_ui_with_layout(egui::vec2(width, 0.0), egui::Layout::top_down(egui::Align::Min), |ui| {
        ui.set_width(width);
        add(ui)
    })
    .inner
}
