//! `run --rounds N --distill[=WHICH]`: reflow after reflow, each round in a folder of its own, and `rounds.csv` beside them.

use std::path::Path;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

use super::arguments::Distill;
use super::failure::Failure;
use super::run::{metrics_text_of, train, write};
use super::run_dir::RunDir;
use crate::engine::session::Session;
use crate::flow::coupling::ModelPairs;
use crate::lab::{Lab, LabRun, Origin, RunFile, RunId, Sampler, Sampling};

/// Columns of `rounds.csv` that are keys of `metrics.json`.
const MEASURES: [&str; 11] = [
    "straightness",
    "transport_cost_p1",
    "transport_cost_p2",
    "coupling_cost",
    "loss",
    "loss_floor",
    "w2_squared",
    "w2_squared_floor",
    "chord_crossings",
    "transport_optimum",
    "npe",
];

/// Powers p whose transport cost E|z1 - z0|^p is a column beside those above: reflow lowers it for every convex power.
const POWERS: [&str; 2] = ["3", "4"];

/// Euler steps whose W2 squared is a column.
const AT_STEPS: [&str; 5] = ["1", "2", "4", "8", "100"];

/// Evaluations that are a column each.
const LEDGER: [&str; 4] = ["pairs", "training_forward", "training_backward", "sampling"];

/// One folder's worth: its name, its run in the lab.
struct Member {
    folder: String,
    run: LabRun,
    sampling: Sampling,
}

/// Trains round after round, writes each and the table; prints a line a round.
///
/// # Errors
/// A folder that cannot be written; a training that fails (what there is, is written first).
pub fn run(
    file: &RunFile,
    folder: &Path,
    session: &mut Session,
    rounds: u32,
    distill: Option<Distill>,
) -> Result<Vec<Value>, Failure> {
    let top = RunDir::create(folder)?;
    let mut lab = Lab {
        runs: Vec::new(),
        stages: Vec::new(),
        ..Lab::default()
    };
    let mut rows = Vec::new();
    for member in members(file, rounds, distill) {
        let dir = RunDir::create(&folder.join(&member.folder))?;
        let id = member.run.id;
        let file = RunFile {
            experiment: member.run.experiment.clone(),
            sampling: member.sampling,
        };
        lab.runs.push(member.run);
        session.apply(&Arc::new(lab.clone()));
        make_pairs(session, id)?;
        let trained = train(session, id, file.experiment.steps);
        let metrics = write(&dir, &file, session, id, trained)?;
        eprintln!(
            "{}",
            metrics_text_of(&file, &metrics, &folder.join(&member.folder)).trim_end()
        );
        rows.push((member.folder, metrics));
        // after each round, so that a later fault leaves the table of the earlier ones
        write_table(&top, &rows)?;
    }
    Ok(rows.into_iter().map(|(_, metrics)| Value::Object(metrics)).collect())
}

/// The runs of the lab: the rounds, and the students of the last one.
fn members(file: &RunFile, rounds: u32, distill: Option<Distill>) -> Vec<Member> {
    let child = |id: RunId, origin: Origin, name: String| {
        let mut experiment = file.experiment.clone().on_pairs_of_a_flow(ModelPairs {
            sampler: file.sampling.sampler,
            steps: file.sampling.steps,
            ..ModelPairs::default()
        });
        experiment.name = name;
        // fresh start points and weights in every round
        experiment.seed = experiment.seed.wrapping_add(u64::from(id) - 1);
        LabRun {
            id,
            experiment,
            origin,
            record: None,
        }
    };
    let name = &file.experiment.name;
    let mut members: Vec<Member> = (1..=rounds)
        .map(|round| Member {
            folder: format!("round-{round}"),
            // pairs of a flow have no exact field
            sampling: Sampling {
                exact: file.sampling.exact && round == 1,
                ..file.sampling
            },
            run: match round {
                1 => LabRun {
                    id: 1,
                    experiment: file.experiment.clone(),
                    origin: Origin::Fresh,
                    record: None,
                },
                _ => child(
                    round,
                    Origin::Reflow {
                        parent: round - 1,
                        from_parent: false,
                    },
                    format!("{name}, round {round}"),
                ),
            },
        })
        .collect();
    let origin = Origin::Distilled {
        parent: rounds,
        from_parent: true,
    };
    let one_step = Sampling {
        sampler: Sampler::Euler,
        steps: 1,
        exact: false,
        ..file.sampling
    };
    if matches!(distill, Some(Distill::Model | Distill::Both)) {
        members.push(Member {
            folder: "distilled".into(),
            run: child(rounds + 1, origin, format!("{name}, round {rounds} distilled")),
            sampling: one_step,
        });
    }
    if matches!(distill, Some(Distill::Random | Distill::Both)) {
        let mut run = child(
            rounds + 2,
            origin,
            format!("{name}, round {rounds} distilled on random pairs"),
        );
        run.experiment.coupling = file.experiment.coupling.clone();
        members.push(Member {
            folder: "distilled-random".into(),
            run,
            sampling: one_step,
        });
    }
    members
}

fn make_pairs(session: &mut Session, id: RunId) -> Result<(), Failure> {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} pairs  {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    session.finish_pairing(|progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    if session.lacks_pairs(id) {
        return Err(Failure::Machine(
            "the parent's flow made no usable pairs; train it longer or with a lower learning rate".into(),
        ));
    }
    Ok(())
}

/// `rounds.csv`: a row a round; empty cells where a measure was not taken.
fn write_table(dir: &RunDir, rows: &[(String, Map<String, Value>)]) -> Result<(), Failure> {
    let powers = POWERS.map(|p| format!("transport_cost_p{p}"));
    let at_steps = AT_STEPS.map(|n| format!("w2_squared_at_{n}"));
    let ledger = LEDGER.map(|what| format!("evaluations_{what}"));
    let header: Vec<&str> = std::iter::once("round")
        .chain(MEASURES)
        .chain(powers.iter().map(String::as_str))
        .chain(at_steps.iter().map(String::as_str))
        .chain(ledger.iter().map(String::as_str))
        .collect();
    let text = |value: Option<&Value>| value.filter(|v| !v.is_null()).map_or(String::new(), Value::to_string);
    let within = |m: &Map<String, Value>, key: &str, inner: &str| text(m.get(key).and_then(|v| v.get(inner)));
    let lines = rows.iter().map(|(name, m)| {
        std::iter::once(name.trim_start_matches("round-").to_owned())
            .chain(MEASURES.map(|key| text(m.get(key))))
            .chain(POWERS.map(|p| within(m, "transport_costs", p)))
            .chain(AT_STEPS.map(|n| within(m, "w2_squared_at_steps", n)))
            .chain(LEDGER.map(|what| within(m, "evaluations_ledger", what)))
            .collect::<Vec<String>>()
    });
    let mut csv = header.join(",");
    csv.push('\n');
    for line in lines {
        csv.push_str(&line.join(","));
        csv.push('\n');
    }
    crate::export::atomic::write(&dir.file("rounds.csv"), csv.as_bytes())?;
    Ok(())
}
