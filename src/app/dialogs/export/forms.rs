//! The controls of the export dialog.

use eframe::egui::{ComboBox, DragValue, Slider, TextEdit, Ui};
use rust_i18n::t;

use super::choices::{Choices, Kind, data_endings};
use crate::app::exporter::Drawn;
use crate::app::theme;
use crate::app::widgets::number::name_it;
use crate::app::widgets::row::{Choice, Words, choice_row, row, text_or, with_tip};
use crate::export::FIGURE_FORMATS;
use crate::export::animation::{ANIMATION_FORMATS, OVERS, Over, has_ffmpeg};
use crate::export::data::{DATA, What};
use crate::lab::{FIGURE_THEMES, FigureOptions, FigureSize, FigureTheme, Lab, Unit};
use crate::picture::views::{MOTIONS, Motion, VIEWS};

/// All that can be chosen for this kind of export.
pub fn ui(choices: &mut Choices, lab: &Lab, drawn: Option<&Drawn>, ui: &mut Ui) {
    match choices.kind {
        Kind::Figure => {
            view(choices, lab, ui);
            let formats: Vec<Choice<_>> = FIGURE_FORMATS
                .iter()
                .map(|f| (f.0, f.1.to_uppercase(), f.2.to_owned()))
                .collect();
            choice_row(ui, &Words::of("export_format"), &mut choices.format, &formats);
            look(choices, drawn, ui);
        }
        Kind::Film => {
            film(choices, ui);
            view(choices, lab, ui);
            look(choices, drawn, ui);
        }
        Kind::Data => data(choices, lab, ui),
        Kind::Window => {}
    }
}

fn run(choices: &mut Choices, lab: &Lab, ui: &mut Ui) {
    if lab.runs.len() > 1 {
        let runs: Vec<Choice<_>> = lab
            .runs
            .iter()
            .map(|r| (r.id, r.experiment.name.clone(), String::new()))
            .collect();
        choice_row(ui, &Words::of("export_run"), &mut choices.run, &runs);
    }
}

fn time(choices: &mut Choices, ui: &mut Ui) {
    let words = Words::of("export_t");
    row(ui, &words, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - theme::VALUE_WIDTH - 8.0).max(40.0);
        let response = ui.add(Slider::new(&mut choices.t, 0.0..=1.0).fixed_decimals(2));
        name_it(&response, &words.name);
        with_tip(response, &words);
    });
}

fn view(choices: &mut Choices, lab: &Lab, ui: &mut Ui) {
    let over_flow = choices.kind == Kind::Film && choices.film.over == Over::Flow;
    let views: Vec<Choice<&'static str>> = VIEWS
        .iter()
        .map(|v| {
            let name = text_or(&format!("view.{}", v.name), &v.name.replace('-', " "));
            (v.name, name, v.summary.to_owned())
        })
        .collect();
    choice_row(ui, &Words::of("export_view"), &mut choices.view, &views);
    run(choices, lab, ui);
    if over_flow {
        let motion = MOTIONS.iter().find(|m| m.0 == choices.view().motion);
        let words = motion.map_or_else(String::new, |m| t!(format!("export.motion.{}", m.1)).into_owned());
        ui.colored_label(theme::current(ui).weak, words);
    }
    if choices.view == "filmstrip" {
        let words = Words::of("export_times");
        let readable = choices.times().is_some();
        row(ui, &words, |ui| {
            let mut edit = TextEdit::singleline(&mut choices.times).desired_width(ui.available_width());
            if !readable {
                edit = edit.text_color(theme::current(ui).fault);
            }
            let response = ui.add(edit);
            name_it(&response, &words.name);
            with_tip(response, &words);
        });
    } else if choices.view().motion == Motion::Time && !over_flow {
        time(choices, ui);
    }
}

fn film(choices: &mut Choices, ui: &mut Ui) {
    let overs: Vec<Choice<Over>> = OVERS
        .iter()
        .map(|o| (o.0, t!(format!("export.over.{}", o.1)).into_owned(), o.2.to_owned()))
        .collect();
    choice_row(ui, &Words::of("export_over"), &mut choices.film.over, &overs);
    let formats: Vec<Choice<&'static str>> = ANIMATION_FORMATS
        .iter()
        .map(|f| {
            (
                f.1,
                t!(format!("export.film_format.{}", f.1.trim_start_matches("%04d."))).into_owned(),
                f.2.to_owned(),
            )
        })
        .collect();
    if choice_row(ui, &Words::of("export_film_format"), &mut choices.film_ending, &formats)
        && choices.film_ending == "mp4"
        && !has_ffmpeg()
    {
        choices.lacks_ffmpeg = true;
    }
    if choices.lacks_ffmpeg && choices.film_ending == "mp4" {
        ui.colored_label(theme::current(ui).warn, t!("export.no_ffmpeg"));
    }
    let words = Words::of("export_film_length");
    row(ui, &words, |ui| {
        let film = &mut choices.film;
        for (value, range, suffix, key) in [
            (&mut film.seconds, 0.2..=120.0, " s", "export.seconds"),
            (&mut film.hold, 0.0..=30.0, " s", "export.hold"),
            (&mut film.fps, 1.0..=50.0, " fps", "export.fps"),
        ] {
            let drag = DragValue::new(value)
                .range(range)
                .speed(0.1)
                .max_decimals(1)
                .suffix(suffix);
            let response = ui.add(drag).on_hover_text(t!(key));
            name_it(&response, &t!(key));
        }
    });
}

/// Size, resolution, colors, and which parts are drawn.
fn look(choices: &mut Choices, drawn: Option<&Drawn>, ui: &mut Ui) {
    size(&mut choices.options, drawn, ui);
    let mut name = theme_name(&choices.options);
    let themes: Vec<Choice<&'static str>> = FIGURE_THEMES
        .iter()
        .map(|(name, hint)| {
            (
                *name,
                t!(format!("export.theme.{name}")).into_owned(),
                (*hint).to_owned(),
            )
        })
        .collect();
    if choice_row(ui, &Words::of("export_theme"), &mut name, &themes) {
        // the names are the table's own
        let _ = choices.options.set_theme(name);
    }
    let words = Words::of("export_title");
    row(ui, &words, |ui| {
        let mut given = !choices.own_title;
        ui.checkbox(&mut given, "");
        choices.own_title = !given;
        let edit = TextEdit::singleline(&mut choices.title).desired_width(ui.available_width());
        let response = ui.add_enabled(given, edit.hint_text(t!("export.title_own")));
        name_it(&response, &words.name);
        with_tip(response, &words);
    });
    let parts = [(None, "auto"), (Some(true), "on"), (Some(false), "off")];
    let parts: Vec<Choice<Option<bool>>> = parts
        .map(|(value, key)| (value, t!(format!("export.part.{key}")).into_owned(), String::new()))
        .to_vec();
    choice_row(ui, &Words::of("export_axes"), &mut choices.options.axes, &parts);
    choice_row(ui, &Words::of("export_legend"), &mut choices.options.legend, &parts);
    let words = Words::of("export_letters");
    row(ui, &words, |ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - theme::VALUE_WIDTH - 8.0).max(40.0);
        let response = ui.add(Slider::new(&mut choices.options.letters, 0.5..=3.0).fixed_decimals(2));
        name_it(&response, &words.name);
        with_tip(response, &words);
    });
    let words = Words::of("export_caption");
    row(ui, &words, |ui| {
        with_tip(ui.checkbox(&mut choices.options.caption, ""), &words)
    });
}

fn theme_name(options: &FigureOptions) -> &'static str {
    match (options.theme, options.transparent) {
        (_, true) => "transparent",
        (FigureTheme::Print, _) => "print",
        (FigureTheme::Light, _) => "light",
        (FigureTheme::Dark, _) => "dark",
    }
}

fn size(options: &mut FigureOptions, drawn: Option<&Drawn>, ui: &mut Ui) {
    let words = Words::of("export_size");
    let dpi = options.dpi;
    // what the view is by itself, to begin with
    let pixels = drawn.map_or([1200.0, 900.0], |d| d.full.map(f64::from));
    row(ui, &words, |ui| {
        let mut unit = options.size.map(|s| s.unit);
        let units = [
            (None, t!("export.size_own").into_owned()),
            (Some(Unit::Px), "px".into()),
            (Some(Unit::Cm), "cm".into()),
            (Some(Unit::In), "in".into()),
        ];
        let shown = units
            .iter()
            .find(|u| u.0 == unit)
            .map_or("", |u| u.1.as_str())
            .to_owned();
        let combo = ComboBox::from_id_salt("export-unit")
            .width(82.0)
            .selected_text(shown)
            .show_ui(ui, |ui| {
                for (value, name) in &units {
                    ui.selectable_value(&mut unit, *value, name);
                }
            });
        name_it(&combo.response, &words.name);
        with_tip(combo.response, &words);
        if unit != options.size.map(|s| s.unit) {
            let now = options.size.map_or(pixels, |s| s.pixels(dpi));
            options.size = unit.map(|unit| {
                let side = |px: f64| match unit {
                    Unit::Px => px.round(),
                    Unit::Cm => (px / dpi * 254.0).round() / 100.0,
                    Unit::In => (px / dpi * 100.0).round() / 100.0,
                };
                FigureSize {
                    width: side(now[0]),
                    height: side(now[1]),
                    unit,
                }
            });
        }
        if let Some(size) = &mut options.size {
            let (speed, decimals) = if size.unit == Unit::Px { (4.0, 0) } else { (0.05, 2) };
            for (side, key) in [(&mut size.width, "export.width"), (&mut size.height, "export.height")] {
                let drag = DragValue::new(side)
                    .speed(speed)
                    .max_decimals(decimals)
                    .range(0.1..=16_384.0);
                let response = ui.add(drag).on_hover_text(t!(key));
                name_it(&response, &t!(key));
            }
        }
    });
    let words = Words::of("export_dpi");
    row(ui, &words, |ui| {
        let response = ui.add(
            DragValue::new(&mut options.dpi)
                .range(10.0..=2400.0)
                .speed(2.0)
                .max_decimals(0),
        );
        name_it(&response, &words.name);
        with_tip(response, &words);
        for dpi in [96.0, 150.0, 300.0, 600.0] {
            ui.selectable_value(&mut options.dpi, dpi, format!("{dpi}"));
        }
    });
}

fn data(choices: &mut Choices, lab: &Lab, ui: &mut Ui) {
    let kinds: Vec<Choice<What>> = DATA
        .iter()
        .map(|d| (d.0, t!(format!("export.what.{}", d.1)).into_owned(), d.2.to_owned()))
        .collect();
    choice_row(ui, &Words::of("export_what"), &mut choices.what, &kinds);
    let forms = data_endings(choices.what);
    if !forms.contains(&choices.data_ending) {
        choices.data_ending = forms[0];
    }
    let forms: Vec<Choice<&'static str>> = forms
        .iter()
        .map(|f| (*f, t!(format!("export.form.{f}")).into_owned(), String::new()))
        .collect();
    choice_row(ui, &Words::of("export_form"), &mut choices.data_ending, &forms);
    if choices.what != What::Measures {
        run(choices, lab, ui);
    }
    if matches!(choices.what, What::Points | What::Field) {
        time(choices, ui);
    }
    let count = |ui: &mut Ui, id: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>| {
        let words = Words::of(id);
        row(ui, &words, |ui| {
            let response = ui.add(DragValue::new(value).range(range).speed(10.0));
            name_it(&response, &words.name);
            with_tip(response, &words);
        });
    };
    if matches!(choices.what, What::Points | What::Pairs) {
        count(ui, "export_count", &mut choices.count, 1..=1_000_000);
    }
    if choices.what == What::Field {
        count(ui, "export_grid", &mut choices.grid, 2..=1000);
    }
    let about = DATA.iter().find(|d| d.0 == choices.what).map_or("", |d| d.2);
    ui.add_space(theme::GAP);
    ui.colored_label(theme::current(ui).weak, about);
}
