//! How large and how small a number of a file may be, where its type does not check itself (`validate`) or could not hold it.

use serde_json::Value;

use super::BadInput;
use super::schema::join;
use crate::flow::sampler::MOST_NOISE;
use crate::net::{MAX_FREQUENCIES, WIDTHS};

/// The most training steps of one run.
pub const MOST_STEPS: f64 = 10_000_000.0;
/// The most particles.
pub const MOST_PARTICLES: f64 = 1_000_000.0;
/// The most recorded states, particles times (solver steps + 1): 400 MB of `trajectories.npy`.
pub const MOST_STATES: u64 = 50_000_000;

/// An interval; `open` leaves the least value out.
struct Limit {
    least: f64,
    most: f64,
    open: bool,
}

const fn closed(least: f64, most: f64) -> Limit {
    Limit {
        least,
        most,
        open: false,
    }
}

const fn above(least: f64, most: f64) -> Limit {
    Limit {
        least,
        most,
        open: true,
    }
}

/// What the number at this place of an experiment file may be.
fn limit(slot: &str) -> Limit {
    match slot {
        "seed" | "sampling.seed" | "sampling.noise_seed" => closed(0.0, u64::MAX as f64),
        "steps" | "rounds.steps" => closed(0.0, MOST_STEPS),
        "network.hidden" => closed(f64::from(*WIDTHS.start()), f64::from(*WIDTHS.end())),
        "network.time_embedding.frequencies" => closed(1.0, f64::from(MAX_FREQUENCIES)),
        // a batch's rows are numbered in the upper half of a u32 (`flow::random::time_row`)
        "optimizer.batch" => closed(1.0, 65_535.0),
        "sampling.steps" | "rounds.pairs.steps" => closed(1.0, 10_000.0),
        "sampling.count" => closed(1.0, MOST_PARTICLES),
        "sampling.rk2_a" => closed(0.01, 100.0),
        "sampling.tolerance" => closed(1e-14, 0.1),
        "sampling.noise_level" => closed(0.0, MOST_NOISE),
        "sampling.langevin_t" => closed(0.001, 0.999),
        "sampling.langevin_time" => closed(1e-4, 1e4),
        "loss.c" => above(0.0, 1e6),
        "layers.pairs_power" => above(0.0, 16.0),
        // as many as can be assigned for any power
        "layers.pairs_shown" => closed(1.0, 2048.0),
        // as a coupling of kind model (`flow/coupling`)
        "rounds.pairs.pairs" => closed(64.0, 1e6),
        "rounds.pairs.real_fraction" => closed(0.0, 1.0),
        "rounds.rounds" => closed(1.0, 10.0),
        "clock.speed" => closed(1.0 / 64.0, 64.0),
        "look.zoom" => closed(0.25, 8.0),
        _ => closed(f64::MIN, f64::MAX),
    }
}

/// Checks every number below `value`.
///
/// # Errors
/// The key, the value and the limit of the first that lies outside.
pub fn check(value: &Value, slot: &str, shown: &str) -> Result<(), BadInput> {
    match value {
        Value::Object(object) => object
            .iter()
            .try_for_each(|(key, value)| check(value, &join(slot, key), &join(shown, key))),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(i, value)| check(value, slot, &format!("{shown}[{i}]"))),
        Value::Number(number) => {
            let limit = limit(slot);
            let value = number.as_f64().unwrap_or(f64::NAN);
            let low = if limit.open {
                value <= limit.least
            } else {
                value < limit.least
            };
            if low || value > limit.most || value.is_nan() {
                let (least, most) = (readable(limit.least), readable(limit.most));
                let range = if limit.open {
                    format!("it must be above {least} and at most {most}")
                } else {
                    format!("it must lie from {least} to {most}")
                };
                return Err(BadInput::new(format!("\"{shown}\" is {number}; {range}")));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// 1e-14 rather than fourteen zeros.
fn readable(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}
