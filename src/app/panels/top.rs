//! The bar at the top: menus, lenses, the run's name, where it trains, theme, zoom, language.

use eframe::egui::{self, Align, Button, ComboBox, Layout, RichText, TextEdit, Ui};
use rust_i18n::t;

use super::stage::ARRANGEMENT_KEYS;
use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::{COMMANDS, Menu, UiCommand};
use crate::app::widgets::icon::{Icon, icon_button};
use crate::app::widgets::number::name_it;
use crate::engine::command::BackendChoice;
use crate::lab::{Language, Lens};

/// The whole bar.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let narrow = ui.available_width() < theme::NARROW_WINDOW;
    ui.horizontal(|ui| {
        ui.set_height(30.0);
        ui.scope(|ui| {
            egui::containers::menu::menu_style(ui.style_mut());
            ui.spacing_mut().item_spacing.x = 2.0;
            ui.spacing_mut().button_padding.x = 7.0;
            for menu in Menu::BAR {
                menu_ui(app, ui, menu);
                if menu == Menu::File {
                    presets(app, ui);
                }
            }
        });
        ui.add_space(6.0);
        lenses(app, ui, narrow);
        compare(app, ui);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            look(app, ui, narrow);
            badge(app, ui, narrow);
            run_name(app, ui);
        });
    });
}

fn menu_ui(app: &mut App, ui: &mut Ui, menu: Menu) {
    ui.menu_button(t!(menu.key()), |ui| menu_rows(app, ui, menu));
}

fn menu_rows(app: &mut App, ui: &mut Ui, menu: Menu) {
    let ctx = ui.ctx().clone();
    let (undo, redo) = app.can_undo();
    for row in COMMANDS.iter().filter(|row| row.menu == menu) {
        let enabled = match row.command {
            UiCommand::Undo => undo,
            UiCommand::Redo => redo,
            _ => true,
        };
        let button = Button::new(row.command.name()).shortcut_text(row.command.keys_text(&ctx));
        let button = match is_on(app, &row.command) {
            Some(on) => button.selected(on),
            None => button,
        };
        if ui
            .add_enabled(enabled, button)
            .on_hover_text(row.command.hint())
            .clicked()
        {
            app.run_command(&ctx, &row.command);
            ui.close();
        }
        if row.command == UiCommand::OpenLab {
            app.recent_ui(ui);
        }
    }
}

/// Whether what a command switches is on; None for a command that switches nothing.
fn is_on(app: &App, command: &UiCommand) -> Option<bool> {
    let compare = &app.lab.compare;
    match command {
        UiCommand::Compare => Some(compare.on),
        UiCommand::Straightening => Some(app.screen.board.open),
        UiCommand::LinkView => Some(compare.link_view),
        UiCommand::LinkLayers => Some(compare.link_layers),
        UiCommand::LinkSampler => Some(compare.link_sampler),
        UiCommand::CompareMarginals => Some(compare.marginals),
        _ => None,
    }
}

/// The button that puts stages side by side, and its menu.
fn compare(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let command = UiCommand::Compare;
    ui.spacing_mut().item_spacing.x = 1.0;
    let button = Button::selectable(app.lab.compare.on, command.name());
    if ui.add(button).on_hover_text(command.tooltip(&ctx)).clicked() {
        app.run_command(&ctx, &command);
    }
    let menu = ui.menu_button(RichText::new("\u{25be}").size(text::SMALL), |ui| {
        menu_rows(app, ui, Menu::Compare);
        ui.separator();
        ui.label(RichText::new(t!("stages.arrangement")).color(theme::current(ui).weak));
        ui.horizontal(|ui| {
            for (arrangement, key) in ARRANGEMENT_KEYS {
                ui.selectable_value(&mut app.lab.compare.arrangement, arrangement, t!(key));
            }
        });
    });
    name_it(&menu.response, &t!("menu.compare"));
    menu.response.on_hover_text(t!("stages.menu_hint"));
}

fn presets(app: &mut App, ui: &mut Ui) {
    let ctx = ui.ctx().clone();
    let command = UiCommand::Presets;
    let button = ui.button(t!("menu.presets")).on_hover_text(command.tooltip(&ctx));
    if button.clicked() {
        app.run_command(&ctx, &command);
    }
}

/// Where a lens does not apply it can be chosen all the same: its panel says why, and what would make it apply.
fn lenses(app: &mut App, ui: &mut Ui, narrow: bool) {
    let ctx = ui.ctx().clone();
    ui.spacing_mut().item_spacing.x = 3.0;
    let (shown, experiment) = (app.stage().sampling.lens, app.experiment());
    for (lens, command, short) in [
        (
            Lens::FlowMatching,
            UiCommand::LensFlowMatching,
            "lens.flow_matching_short",
        ),
        (Lens::PfOde, UiCommand::LensPfOde, "lens.pf_ode_short"),
        (Lens::Sde, UiCommand::LensSde, "lens.sde_short"),
    ] {
        let name = if narrow { t!(short).into_owned() } else { command.name() };
        let applies = lens.applies(&experiment.source, &experiment.coupling).is_ok();
        let mut words = RichText::new(name);
        if !applies {
            words = words.color(theme::current(ui).weak);
        }
        let response = ui.add(Button::selectable(lens == shown, words));
        name_it(&response, &command.name());
        if response.on_hover_text(command.tooltip(&ctx)).clicked() {
            app.run_command(&ctx, &command);
        }
    }
}

fn run_name(app: &mut App, ui: &mut Ui) {
    let width = ui.available_width();
    if width < 90.0 {
        return;
    }
    let mut experiment = app.experiment();
    let weak = theme::current(ui).weak;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let edit = TextEdit::singleline(&mut experiment.name)
            .desired_width((width - 50.0).min(210.0))
            .char_limit(80);
        let response = ui
            .add(edit.background_color(theme::current(ui).panel))
            .on_hover_text(t!("top.run_hint"));
        name_it(&response, &t!("top.run_name"));
        if width > 190.0 {
            ui.label(RichText::new(t!("top.run")).color(weak));
        }
    });
    app.set_experiment(experiment);
}

fn badge(app: &mut App, ui: &mut Ui, narrow: bool) {
    let status = app.snapshot.backend.clone();
    let name = if status.name.is_empty() {
        t!("backend.starting").into_owned()
    } else {
        status.name.clone()
    };
    let most = if narrow { 22 } else { 40 };
    let short = if name.chars().count() > most {
        name.chars().take(most - 1).chain(['\u{2026}']).collect()
    } else {
        name.clone()
    };
    let response = ui.menu_button(RichText::new(short).size(text::BODY), |ui| {
        ui.set_min_width(280.0);
        ui.label(theme::strong(t!("backend.title")));
        let mut choices = vec![
            (
                BackendChoice::Auto,
                t!("backend.auto").into_owned(),
                t!("backend.auto_hint").into_owned(),
            ),
            (
                BackendChoice::Cpu,
                t!("backend.cpu").into_owned(),
                t!("backend.cpu_hint").into_owned(),
            ),
        ];
        for (adapter, software) in status.adapters.iter() {
            let words = if *software {
                t!("backend.software", name = adapter).into_owned()
            } else {
                adapter.clone()
            };
            let hint = if *software {
                t!("backend.software_hint")
            } else {
                t!("backend.gpu_hint")
            };
            choices.push((BackendChoice::Adapter(adapter.clone()), words, hint.into_owned()));
        }
        if status.adapters.is_empty() {
            choices.push((
                BackendChoice::Gpu,
                t!("backend.gpu").into_owned(),
                t!("backend.gpu_hint").into_owned(),
            ));
        }
        for (choice, words, hint) in choices {
            if ui.radio(status.choice == choice, words).on_hover_text(hint).clicked() {
                app.use_backend(choice);
                ui.close();
            }
        }
    });
    name_it(&response.response, &t!("backend.badge", name = name));
    response
        .response
        .on_hover_text(format!("{name}\n{}", t!("backend.badge_hint")));
}

fn look(app: &mut App, ui: &mut Ui, narrow: bool) {
    let ctx = ui.ctx().clone();
    if !narrow {
        let combo = ComboBox::from_id_salt("language")
            .width(84.0)
            .selected_text(t!("language.en"))
            .show_ui(ui, |ui| {
                ui.selectable_value(&mut app.lab.look.language, Language::En, t!("language.en"));
            });
        name_it(&combo.response, &t!("language.title"));
        combo.response.on_hover_text(t!("language.hint"));
    }
    let theme_command = UiCommand::SwitchTheme;
    if icon_button(ui, Icon::Theme, &theme_command.name(), false)
        .on_hover_text(theme_command.tooltip(&ctx))
        .clicked()
    {
        app.run_command(&ctx, &theme_command);
    }
    for (command, sign) in [(UiCommand::ZoomIn, "A+"), (UiCommand::ZoomOut, "A\u{2212}")] {
        let button = Button::new(sign).min_size(egui::vec2(34.0, theme::ICON_SIZE));
        let response = ui.add(button).on_hover_text(command.tooltip(&ctx));
        name_it(&response, &command.name());
        if response.clicked() {
            app.run_command(&ctx, &command);
        }
    }
}
