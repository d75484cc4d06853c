//! `couple`: pairs the points of two files, and says what the pairs cost and how often their chords cross.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};

use super::arguments::{CoupleOptions, whole};
use super::failure::Failure;
use super::print;
use super::run_dir::metrics_text;
use crate::export::{npy, tables};
use crate::flow::Point;
use crate::flow::coupling::{Coupling, PairF64, pair_sets};
use crate::flow::measure::chord_crossings;
use crate::flow::transport::Watch;
use crate::lab::{BadInput, coupling, read_points};

/// Crossings are counted among up to this many chords: ten seconds or so.
const MOST_CROSSED: usize = 65_536;

/// Does what `rectiflow couple` says.
///
/// # Errors
/// Input that cannot be used; a file that cannot be written.
pub fn couple(options: &CoupleOptions) -> Result<(), Failure> {
    let coupling = coupling(&options.kind, &options.set)?;
    let seed = whole("seed", &options.seed, 0, u64::MAX)?;
    let extension = options.out.extension().and_then(|e| e.to_str()).map(str::to_lowercase);
    let is_csv = match extension.as_deref() {
        Some("csv") => true,
        Some("npy") => false,
        _ => {
            let text = format!("--out is {}; its name must end in .npy or .csv", options.out.display());
            return Err(BadInput::new(text).into());
        }
    };
    let (a, b) = (read_points(&options.a)?, read_points(&options.b)?);
    let cuts = options.set.iter().any(|(key, _)| key == "batch");
    let one_group = !cuts && !matches!(coupling, Coupling::MinibatchOt(_));

    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %") {
        bar.set_style(style);
    }
    let progress = |share: f64| bar.set_position((share * 1000.0) as u64);
    let watch = Watch {
        progress: &progress,
        ..Watch::unwatched()
    };
    let began = Instant::now();
    let paired = pair_sets(&coupling, (&a, &b), one_group, seed, watch);
    let seconds = began.elapsed().as_secs_f64();
    bar.finish_and_clear();
    let paired = paired
        .map_err(|e| BadInput::new(format!("{}: {e}", coupling.name())))?
        .ok_or_else(|| {
            BadInput::new(format!(
                "{} does not pair given points; `rectiflow couple --help` shows kinds that do",
                coupling.name()
            ))
        })?;
    if is_csv {
        tables::write_rows(&options.out, ["x0", "y0", "x1", "y1"], paired.pairs.iter().copied())?;
    } else {
        npy::write_pairs(&options.out, &paired.pairs)?;
    }

    let mut out = Map::new();
    out.insert("kind".into(), json!(coupling.name()));
    out.insert("pairs".into(), json!(paired.pairs.len()));
    let cost = mean(&paired.pairs, |d| d[0] * d[0] + d[1] * d[1]);
    out.insert("cost".into(), json!(paired.plan_cost.unwrap_or(cost)));
    if paired.plan_cost.is_some() {
        out.insert("drawn_cost".into(), json!(cost));
    }
    out.insert("cost_p1".into(), json!(mean(&paired.pairs, |d| d[0].hypot(d[1]))));
    out.insert("crossings".into(), crossings(&paired.pairs));
    if let Some(converged) = paired.converged {
        out.insert("converged".into(), json!(converged));
    }
    out.insert("seconds".into(), json!(seconds));
    print(&metrics_text(&out));
    Ok(())
}

/// Mean of a function of x1 - x0.
fn mean(pairs: &[PairF64], of: impl Fn(Point) -> f64) -> f64 {
    pairs.iter().map(|p| of([p[2] - p[0], p[3] - p[1]])).sum::<f64>() / pairs.len() as f64
}

/// null where there are too many chords.
fn crossings(pairs: &[PairF64]) -> Value {
    if pairs.len() > MOST_CROSSED {
        return Value::Null;
    }
    let starts: Vec<Point> = pairs.iter().map(|p| [p[0], p[1]]).collect();
    let ends: Vec<Point> = pairs.iter().map(|p| [p[2], p[3]]).collect();
    json!(chord_crossings(&starts, &ends))
}
