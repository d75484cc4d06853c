//! `list`: every closed set of names that files and options take, read from the tables that the program itself reads.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::arguments::ListOptions;
use super::failure::Failure;
use super::print;
use crate::export::FIGURE_FORMATS;
use crate::export::animation::{ANIMATION_FORMATS, OVERS};
use crate::export::data::DATA;
use crate::flow::coupling::COUPLINGS;
use crate::flow::distribution::DISTRIBUTIONS;
use crate::flow::lens::LENSES;
use crate::flow::path::PATHS;
use crate::flow::prediction::PREDICTIONS;
use crate::flow::quantity::QUANTITIES;
use crate::flow::sampler::{GRIDS, NOISE_SCHEDULES, PROCESSES, SAMPLERS};
use crate::flow::table::Entry;
use crate::flow::time_density::{LOSS_WEIGHTS, TIME_DENSITIES};
use crate::lab::{BadInput, FIGURE_THEMES, PRESETS, kind_defaults, nearest};
use crate::net::{ACTIVATIONS, OPTIMIZERS, SCHEDULES, TIME_EMBEDDINGS};
use crate::picture::views::{MOTIONS, VIEWS};

type Row = (&'static str, &'static str);

const LOSSES: [Row; 2] = [
    ("mse", "|e|², summed over both coordinates"),
    (
        "pseudo-huber",
        "sqrt(|e|² + c²) - c: quadratic up to c, linear beyond (Lee, Lin, Fanti 2024)",
    ),
];
const BACKENDS: [Row; 3] = [
    ("auto", "a real GPU where there is one, else the CPU"),
    ("cpu", "the CPU"),
    ("gpu", "a GPU, software adapters included"),
];

/// One list: its name, what it is for, the place of an experiment file that takes its names, its rows.
struct List {
    name: &'static str,
    summary: &'static str,
    slot: &'static str,
    rows: Vec<Row>,
}

fn list_of(name: &'static str, summary: &'static str, slot: &'static str, rows: &[Row]) -> List {
    List {
        name,
        summary,
        slot,
        rows: rows.to_vec(),
    }
}

fn rows_of(table: &'static [Entry]) -> Vec<Row> {
    table.iter().map(|e| (e.name, e.summary)).collect()
}

fn lists() -> Vec<List> {
    let presets: Vec<Row> = PRESETS.iter().map(|p| (p.name, p.summary)).collect();
    let views: Vec<Row> = VIEWS.iter().map(|v| (v.name, v.summary)).collect();
    let formats: Vec<Row> = FIGURE_FORMATS.iter().map(|f| (f.1, f.2)).collect();
    let films: Vec<Row> = ANIMATION_FORMATS.iter().map(|f| (f.1, f.2)).collect();
    let motions: Vec<Row> = MOTIONS.iter().map(|m| (m.1, m.2)).collect();
    let overs: Vec<Row> = OVERS.iter().map(|o| (o.1, o.2)).collect();
    let data: Vec<Row> = DATA.iter().map(|d| (d.1, d.2)).collect();
    let samplers: Vec<Row> = SAMPLERS.iter().map(|s| (s.name, s.summary)).collect();
    let lenses: Vec<Row> = LENSES.iter().map(|l| (l.name, l.summary)).collect();
    let schedules: Vec<Row> = NOISE_SCHEDULES.iter().map(|s| (s.1, s.2)).collect();
    let processes: Vec<Row> = PROCESSES.iter().map(|p| (p.1, p.2)).collect();
    let grids: Vec<Row> = GRIDS.iter().map(|g| (g.1, g.2)).collect();
    vec![
        list_of(
            "presets",
            "experiments and labs that come with the program",
            "",
            &presets,
        ),
        list_of(
            "distributions",
            "source and target: source.kind, target.kind",
            "target",
            &rows_of(&DISTRIBUTIONS),
        ),
        list_of(
            "couplings",
            "how source and target points are paired: coupling.kind",
            "coupling",
            &rows_of(&COUPLINGS),
        ),
        list_of("paths", "how a pair is joined: path.kind", "path", &rows_of(&PATHS)),
        list_of(
            "predictions",
            "what the network predicts: prediction",
            "prediction",
            &rows_of(&PREDICTIONS),
        ),
        list_of("losses", "the regression loss: loss.kind", "loss", &LOSSES),
        list_of(
            "weights",
            "the weight of the loss over t: weight.kind",
            "weight",
            &rows_of(&LOSS_WEIGHTS),
        ),
        list_of(
            "time-densities",
            "the law of t during training: time.kind",
            "time",
            &rows_of(&TIME_DENSITIES),
        ),
        list_of(
            "activations",
            "network.activation",
            "network.activation",
            &rows_of(&ACTIVATIONS),
        ),
        list_of(
            "time-embeddings",
            "how t enters the network: network.time_embedding.kind",
            "network.time_embedding",
            &rows_of(&TIME_EMBEDDINGS),
        ),
        list_of("optimizers", "optimizer.kind", "optimizer.kind", &rows_of(&OPTIMIZERS)),
        list_of(
            "schedules",
            "the learning rate's course: optimizer.schedule",
            "optimizer.schedule",
            &rows_of(&SCHEDULES),
        ),
        list_of(
            "lenses",
            "which dynamics a run is sampled through: sampling.lens",
            "sampling.lens",
            &lenses,
        ),
        list_of(
            "samplers",
            "how its equation is integrated: sampling.sampler",
            "sampling.sampler",
            &samplers,
        ),
        list_of(
            "grids",
            "where the solver steps lie: sampling.grid",
            "sampling.grid",
            &grids,
        ),
        list_of(
            "noise-schedules",
            "how the SDE's noise level changes with t: sampling.noise_schedule",
            "sampling.noise_schedule",
            &schedules,
        ),
        list_of(
            "processes",
            "which process the lens sde shows: sampling.process",
            "sampling.process",
            &processes,
        ),
        list_of(
            "quantities",
            "what `rectiflow field --quantity` evaluates",
            "",
            &QUANTITIES,
        ),
        list_of(
            "data",
            "what `rectiflow export --what` writes: columns, arrays",
            "",
            &data,
        ),
        list_of("views", "what `rectiflow render --view` draws", "", &views),
        list_of("figure-formats", "what `rectiflow render --out` writes", "", &formats),
        list_of(
            "animation-formats",
            "what `rectiflow render --out` animates",
            "",
            &films,
        ),
        list_of("overs", "what goes by in an animation: --over", "", &overs),
        list_of(
            "motions",
            "what moves in a view that is animated over flow time (which: `render --help`)",
            "",
            &motions,
        ),
        list_of("figure-themes", "the colors of figures: --theme", "", &FIGURE_THEMES),
        list_of("backends", "where training happens: --backend", "", &BACKENDS),
    ]
}

/// Does what `rectiflow list` says.
///
/// # Errors
/// A list that does not exist, with the nearest right one.
pub fn list(options: &ListOptions) -> Result<(), Failure> {
    let lists = lists();
    let Some(what) = &options.what else {
        let rows: Vec<Row> = lists.iter().map(|l| (l.name, l.summary)).collect();
        print(&text_of(&rows, "", options.json));
        return Ok(());
    };
    let list = find(&lists, what)?;
    print(&text_of(&list.rows, list.slot, options.json));
    Ok(())
}

/// The list of this name; the singular and the key in files will do too.
fn find<'a>(lists: &'a [List], what: &str) -> Result<&'a List, BadInput> {
    let what = what.to_lowercase();
    let found = lists.iter().find(|l| {
        let singular = match l.name {
            "losses" | "lenses" | "processes" => &l.name[..l.name.len() - 2],
            "quantities" => "quantity",
            "time-densities" => "time-density",
            plural => &plural[..plural.len() - 1],
        };
        let key = l.slot.rsplit('.').next().unwrap_or_default().replace('_', "-");
        let key_fits = key != "kind" && key == what.replace('_', "-");
        l.name == what || singular == what || key_fits || (l.name == "distributions" && what == "source")
    });
    found.ok_or_else(|| {
        let names: Vec<&str> = lists.iter().map(|l| l.name).collect();
        let hint = match nearest(&what, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("there are {}", names.join(", ")),
        };
        BadInput::new(format!("there is no list \"{what}\"; {hint}"))
    })
}

fn text_of(rows: &[Row], slot: &str, json: bool) -> String {
    if json {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(name, summary)| json!({ "name": name, "summary": summary }))
            .collect();
        let mut text = serde_json::to_string_pretty(&rows).unwrap_or_default();
        text.push('\n');
        return text;
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, summary) in rows {
        // writing to a String cannot fail
        let _ = writeln!(text, "{name:<width$}  {summary}");
        let parameters = parameters(slot, name);
        if !parameters.is_empty() {
            let _ = writeln!(text, "{:<width$}    {parameters}", "");
        }
    }
    text
}

/// The parameters of a kind with their defaults, as `--set` takes them.
fn parameters(slot: &str, kind: &str) -> String {
    let Ok(Value::Object(defaults)) = kind_defaults(slot, kind, slot) else {
        return String::new();
    };
    let own = defaults.iter().filter(|(key, _)| *key != "kind");
    own.map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{kinds_of, names_of};

    #[test]
    fn lists_hold_exactly_the_names_that_files_take() {
        for list in lists() {
            let mut rows: Vec<&str> = list.rows.iter().map(|r| r.0).collect();
            rows.sort_unstable();
            rows.windows(2).for_each(|w| assert_ne!(w[0], w[1], "{} twice", w[0]));
            assert!(list.rows.iter().all(|r| !r.1.is_empty()));
            if let Some(mut names) = kinds_of(list.slot).or_else(|| names_of(list.slot)) {
                names.sort_unstable();
                assert_eq!(rows, names, "{}", list.name);
            } else {
                assert_eq!(list.slot, "", "{}", list.name);
            }
        }
    }

    #[test]
    fn near_names_are_found() {
        let lists = lists();
        for (what, name) in [
            ("sampler", "samplers"),
            ("time", "time-densities"),
            ("loss", "losses"),
            ("optimizer", "optimizers"),
        ] {
            assert_eq!(find(&lists, what).map(|l| l.name), Ok(name), "{what}");
        }
        let Err(error) = find(&lists, "smaplers") else {
            panic!("found")
        };
        assert!(error.to_string().contains("samplers"));
    }
}
