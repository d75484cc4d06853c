//! The experiment: everything that decides a training. Each knob works while it trains, at its true cost.

use eframe::egui::{DragValue, RichText, Ui, vec2};
use rust_i18n::t;

use super::{coupling, distributions, member};
use crate::app::App;
use crate::app::theme;
use crate::app::widgets::chart::{curve, tiny};
use crate::app::widgets::number::{Number, name_it};
use crate::app::widgets::row::{Choice, Words, choice_row, number_row, row, section, text_or, whole_row, with_tip};
use crate::app::widgets::schedule::schedule;
use crate::flow::loss::Loss;
use crate::flow::path::{PATHS, Path};
use crate::flow::prediction::{PREDICTIONS, Prediction};
use crate::flow::table::Entry;
use crate::flow::time_density::{LOSS_WEIGHTS, LossWeight, TIME_DENSITIES, TimeDensity};
use crate::lab::Experiment;
use crate::net::{
    ACTIVATIONS, Activation, MAX_FREQUENCIES, MAX_HIDDEN_LAYERS, OPTIMIZERS, Optimizer, OptimizerKind, SCHEDULES,
    Schedule, Shape, TIME_EMBEDDINGS, TimeEmbedding, WIDTHS,
};

/// The whole panel.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let mut experiment = app.experiment();
    section(ui, "section.distributions");
    distributions::ui(app, ui, &mut experiment);
    section(ui, "section.objective");
    objective(app, ui, &mut experiment);
    section(ui, "section.network");
    network(ui, &mut experiment.network);
    section(ui, "section.optimizer");
    optimizer(ui, &mut experiment);
    section(ui, "section.run");
    let steps = Number::whole(500.0..=50_000.0, 1.0..=1e9).log();
    experiment.steps = whole_row(ui, &Words::of("steps"), &steps, experiment.steps);
    let seed = Number::whole(0.0..=99.0, 0.0..=9e15);
    experiment.seed = whole_row(ui, &Words::of("seed"), &seed, experiment.seed);
    app.set_experiment(experiment);
}

/// A choice named by the key `option.<set>.<name>.name`, with its sentence.
fn option<T>(set: &str, name: &str, value: T) -> Choice<T> {
    let key = format!("option.{set}.{name}");
    (
        value,
        text_or(&format!("{key}.name"), name),
        text_or(&format!("{key}.hint"), ""),
    )
}

/// The members `all` of one of the tables, by the names in it.
fn named<T: Copy>(set: &str, all: &[T], table: &[Entry], name: impl Fn(T) -> &'static str) -> Vec<Choice<T>> {
    all.iter()
        .filter_map(|&member| {
            let entry = table.iter().find(|entry| entry.name == name(member))?;
            let hint = format!("{}\n{}", entry.formula, member::summary_of(set, entry));
            Some((member, member::name_of(set, entry), hint))
        })
        .collect()
}

fn objective(app: &mut App, ui: &mut Ui, e: &mut Experiment) {
    coupling::ui(app, ui, &mut e.coupling);
    set_of_rows(
        app,
        ui,
        "path",
        &PATHS,
        &mut e.path,
        |p| p.name(),
        Path::default_of,
        |p| p.validate(),
    );
    path_notes(ui, e);
    under(ui, |ui| {
        let size = vec2(ui.available_width(), 1.8 * theme::TINY_CHART_HEIGHT);
        schedule(ui, size, e.path);
    });
    let predictions = named("prediction", &Prediction::ALL, &PREDICTIONS, Prediction::name);
    choice_row(ui, &Words::of("prediction"), &mut e.prediction, &predictions);
    if let (Err(_), Ok(())) = (e.prediction_fits(), e.path_fits_source()) {
        let text = t!("prediction.needs_independent");
        ui.label(RichText::new(text).color(theme::current(ui).warn));
    }
    loss(ui, &mut e.loss);
    set_of_rows(
        app,
        ui,
        "weight",
        &LOSS_WEIGHTS,
        &mut e.weight,
        |w| w.name(),
        LossWeight::default_of,
        |w| w.validate(),
    );
    set_of_rows(
        app,
        ui,
        "time",
        &TIME_DENSITIES,
        &mut e.time,
        |t| t.name(),
        TimeDensity::default_of,
        |t| t.validate(),
    );
    let density = curve(0.004, 0.996, 90, |t| e.time.density(t));
    chart(ui, "time", &density, true);
}

/// What is not right about the path, where something is not.
fn path_notes(ui: &mut Ui, e: &Experiment) {
    let mut warn = |text: std::borrow::Cow<'_, str>| {
        ui.label(RichText::new(text).color(theme::current(ui).warn));
    };
    if e.path_fits_source().is_err() {
        warn(t!("path.needs_normal_source"));
    }
    let left = e.path.left_at_start();
    // VE keeps all of the data, under noise that is 20 times as large
    if left > 0.06 {
        warn(t!("path.left_at_start", percent = format!("{:.0} %", 100.0 * left)));
    }
}

fn loss(ui: &mut Ui, loss: &mut Loss) {
    let before = if let Loss::PseudoHuber { c } = *loss { c } else { 0.1 };
    let choices = [
        option("loss", "mse", Loss::Mse),
        option("loss", "pseudo-huber", Loss::PseudoHuber { c: before }),
    ];
    choice_row(ui, &Words::of("loss"), loss, &choices);
    if let Loss::PseudoHuber { c } = loss {
        number_row(
            ui,
            &Words::of("huber_c"),
            &Number::real(0.001..=1.0).within(1e-9..=1e9).log(),
            c,
        );
    }
}

/// A choice from one of flow's tables, with the parameters of what is chosen.
#[expect(
    clippy::too_many_arguments,
    reason = "one caller a table; a struct would only rename them"
)]
fn set_of_rows<T>(
    app: &mut App,
    ui: &mut Ui,
    set: &str,
    table: &'static [Entry],
    value: &mut T,
    name: impl Fn(&T) -> &'static str,
    default_of: impl Fn(&str) -> Option<T>,
    check: impl Fn(&T) -> Result<(), String>,
) where
    T: Clone + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
{
    let mut chosen = name(value).to_owned();
    if choice_row(ui, &Words::of(set), &mut chosen, &member::choices(set, table))
        && let Some(new) = default_of(&chosen)
    {
        *value = new;
    }
    let Some(entry) = Entry::find(table, name(value)).filter(|e| !e.parameters.is_empty()) else {
        return;
    };
    let refusal = ui
        .push_id(set, |ui| member::parameters_ui(ui, value, entry, check))
        .inner;
    if let Some(why) = refusal {
        app.screen.status.say(false, t!("ui.refused", why = why).into_owned());
    }
}

/// Under a control, in its column.
fn under(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.add_space(theme::LABEL_WIDTH + ui.spacing().item_spacing.x);
        content(ui);
    });
}

/// The tiny chart of a control, under it.
fn chart(ui: &mut Ui, id: &str, points: &[[f64; 2]], include_zero: bool) {
    under(ui, |ui| {
        let color = theme::current(ui).accent;
        let size = vec2(ui.available_width(), theme::TINY_CHART_HEIGHT);
        let words = Words {
            name: t!(format!("chart.{id}.name")).into_owned(),
            ..Words::default()
        };
        let response = tiny(ui, size, points, color, include_zero, &words.name);
        response.on_hover_text(words.name);
    });
}

fn network(ui: &mut Ui, shape: &mut Shape) {
    let layers = whole_row(
        ui,
        &Words::of("layers"),
        &Number::whole(1.0..=MAX_HIDDEN_LAYERS as f64, 1.0..=MAX_HIDDEN_LAYERS as f64),
        shape.hidden.len() as u64,
    );
    let last = shape.hidden.last().copied().unwrap_or(64);
    shape.hidden.resize((layers as usize).clamp(1, MAX_HIDDEN_LAYERS), last);
    widths(ui, shape);
    let activations = named("activation", &Activation::ALL, &ACTIVATIONS, Activation::name);
    choice_row(ui, &Words::of("activation"), &mut shape.activation, &activations);
    let activation = shape.activation;
    chart(ui, "activation", &curve(-3.0, 3.0, 80, |z| activation.value(z)), true);
    let frequencies = if let TimeEmbedding::Fourier { frequencies } = shape.time_embedding {
        frequencies
    } else {
        4
    };
    let all = [TimeEmbedding::Raw, TimeEmbedding::Fourier { frequencies }];
    let embeddings = named("embedding", &all, &TIME_EMBEDDINGS, TimeEmbedding::name);
    choice_row(ui, &Words::of("embedding"), &mut shape.time_embedding, &embeddings);
    if let TimeEmbedding::Fourier { frequencies } = &mut shape.time_embedding {
        let most = f64::from(MAX_FREQUENCIES);
        let number = Number::whole(1.0..=most, 1.0..=most);
        *frequencies = whole_row(ui, &Words::of("frequencies"), &number, u64::from(*frequencies)) as u32;
    }
    row(ui, &Words::of("params"), |ui| {
        ui.label(crate::app::widgets::grouped(shape.params_len() as u64));
    });
}

/// One small number a hidden layer.
fn widths(ui: &mut Ui, shape: &mut Shape) {
    let words = Words::of("widths");
    row(ui, &words, |ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        let count = shape.hidden.len() as f32;
        let each = ((ui.available_width() - 3.0 * (count - 1.0)) / count).min(56.0);
        ui.spacing_mut().button_padding.x = 2.0;
        for (i, width) in shape.hidden.iter_mut().enumerate() {
            let drag = DragValue::new(width)
                .range(WIDTHS)
                .speed(0.5)
                .update_while_editing(false);
            let response = ui.add_sized([each, ui.spacing().interact_size.y], drag);
            name_it(&response, &t!("ui.width_of_layer", number = i + 1));
            with_tip(response, &words);
        }
    });
}

fn optimizer(ui: &mut Ui, e: &mut Experiment) {
    let steps = e.steps;
    let o: &mut Optimizer = &mut e.optimizer;
    let kinds = named("optimizer", &OptimizerKind::ALL, &OPTIMIZERS, OptimizerKind::name);
    choice_row(ui, &Words::of("optimizer"), &mut o.kind, &kinds);
    let rate = Number::real(1e-5..=1e-1).within(0.0..=1e6).log().scientific();
    number_row(ui, &Words::of("learning_rate"), &rate, &mut o.learning_rate);
    let schedules = named("schedule", &Schedule::ALL, &SCHEDULES, Schedule::name);
    if choice_row(ui, &Words::of("schedule"), &mut o.schedule, &schedules)
        && o.schedule == Schedule::Warmup
        && o.warmup_steps == 0
    {
        o.warmup_steps = steps / 20;
    }
    if o.schedule != Schedule::Constant {
        let number = Number::whole(0.0..=2000.0, 0.0..=1e9);
        o.warmup_steps = whole_row(ui, &Words::of("warmup"), &number, o.warmup_steps);
    }
    let schedule = *o;
    let course = curve(0.0, steps.max(2) as f64 - 1.0, 90, |s| schedule.rate(s as u64, steps));
    chart(ui, "schedule", &course, true);
    let batch = Number::whole(32.0..=4096.0, 1.0..=65_536.0).log();
    o.batch = whole_row(ui, &Words::of("batch"), &batch, u64::from(o.batch)) as u32;
    match o.kind {
        OptimizerKind::Sgd => {
            let number = Number::real(0.0..=0.99).within(0.0..=0.999_999);
            number_row(ui, &Words::of("momentum"), &number, &mut o.momentum);
        }
        OptimizerKind::Adam | OptimizerKind::Adamw => {
            let number = Number::real(0.0..=0.1).within(0.0..=1e3);
            number_row(ui, &Words::of("weight_decay"), &number, &mut o.weight_decay);
        }
    }
    number_row(
        ui,
        &Words::of("clip"),
        &Number::real(0.0..=10.0).within(0.0..=1e9),
        &mut o.clip_norm,
    );
    number_row(
        ui,
        &Words::of("ema"),
        &Number::real(0.0..=0.9999).within(0.0..=0.999_999),
        &mut o.ema_decay,
    );
}
