//! `bench`: how fast this machine trains, integrates and assigns. Medians of several rounds, with the spread, so that a noisy
//! machine shows.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use super::arguments::{BackendName, BenchOptions};
use super::failure::Failure;
use super::print;
use super::run::ONLY_RUN;
use crate::engine::command::BackendChoice;
use crate::engine::session::Session;
use crate::flow::random::Stream;
use crate::flow::transport::assign;
use crate::lab::{Lab, RunFile, Sampling};

/// Rounds of every measurement.
const ROUNDS: usize = 5;
/// Shapes and batches: hidden width, hidden layers, rows.
const SHAPES: [(u32, usize, u32); 5] = [(32, 2, 256), (64, 3, 256), (64, 3, 512), (128, 3, 256), (256, 4, 256)];
/// Sizes of assignments.
const ASSIGNMENTS: [usize; 3] = [250, 500, 1000];

/// Does what `rectiflow bench` says.
///
/// # Errors
/// A backend that was asked for and cannot be used, or that fails.
pub fn bench(options: &BenchOptions) -> Result<(), Failure> {
    let choices = match options.backend {
        Some(name) => vec![BackendChoice::from(name)],
        None => vec![BackendName::Cpu.into(), BackendName::Gpu.into()],
    };
    for choice in choices {
        match Session::new(choice, None) {
            Ok(session) => of_backend(session)?,
            Err(fault) if options.backend.is_some() => return Err(fault.into()),
            Err(fault) => print(&format!("gpu: not measured, {fault}\n\n")),
        }
    }
    let target = RunFile::default().experiment.target;
    let mut text = String::from("exact assignment, one thread\n");
    for count in ASSIGNMENTS {
        let a = target.samples_f64(1, Stream::Test, count);
        let b = target.samples_f64(2, Stream::Test, count);
        let mut seconds = Vec::new();
        for _ in 0..ROUNDS {
            let began = Instant::now();
            assign(&a, &b).map_err(|e| Failure::Machine(e.to_string()))?;
            seconds.push(began.elapsed().as_secs_f64() * 1e3);
        }
        row(&mut text, &format!("{count} points"), &mut seconds, "ms");
    }
    print(&text);
    Ok(())
}

fn of_backend(mut session: Session) -> Result<(), Failure> {
    print(&format!("{}\n", session.backend_name()));
    for (width, layers, batch) in SHAPES {
        let mut file = RunFile::default();
        file.experiment.network.hidden = vec![width; layers];
        file.experiment.optimizer.batch = batch;
        session.apply(&Arc::new(Lab::of(file)));
        // the first steps also pay for kernels, caches and the first block of pairs
        session.train(ONLY_RUN, 2)?;
        let mut steps = 4;
        let mut per_sec = Vec::new();
        while per_sec.len() < ROUNDS {
            let began = Instant::now();
            session.train(ONLY_RUN, steps)?;
            let spent = began.elapsed().as_secs_f64();
            if spent < 0.15 && steps < 65_536 {
                steps *= 2;
            } else {
                per_sec.push(f64::from(steps) / spent);
            }
        }
        let mut text = String::new();
        row(
            &mut text,
            &format!("train {width} x {layers}, batch {batch}"),
            &mut per_sec,
            "steps/s",
        );
        print(&text);
    }
    let sampling = Sampling::default();
    session.apply(&Arc::new(Lab::default()));
    let mut per_sec = Vec::new();
    for round in 0..=ROUNDS {
        let began = Instant::now();
        let run = session.sample(ONLY_RUN, &sampling, None, true)?;
        let evaluations = f64::from(run.evaluations) * f64::from(sampling.count);
        if round > 0 {
            per_sec.push(evaluations / began.elapsed().as_secs_f64() / 1e6);
        }
    }
    let mut text = String::new();
    row(
        &mut text,
        "integrate 64 x 3, 2,048 particles",
        &mut per_sec,
        "million evaluations/s",
    );
    text.push('\n');
    print(&text);
    Ok(())
}

/// Median, least and greatest.
fn row(text: &mut String, label: &str, values: &mut [f64], unit: &str) {
    values.sort_unstable_by(f64::total_cmp);
    let (least, median, greatest) = (values[0], values[values.len() / 2], values[values.len() - 1]);
    // writing to a String cannot fail
    let _ = writeln!(
        text,
        "  {label:<36} {median:>10.1} {unit}  ({least:.1} to {greatest:.1})"
    );
}
