//! The groups of measurements.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::report::{Report, Row, figure};
use super::{Plan, Work, timed};
use crate::backend::Clock;
use crate::cli::arguments::BenchGroup;
use crate::cli::failure::Failure;
use crate::cli::run::ONLY_RUN;
use crate::engine::memory;
use crate::engine::session::Session;
use crate::flow::distribution::Distribution;
use crate::flow::random::Stream;
use crate::flow::transport::assign;
use crate::lab::{Lab, RunFile, Sampling};
use crate::picture::words::grouped;

/// Particles carried.
const PARTICLES: [u32; 3] = [1000, 10_000, 100_000];
/// Sizes of assignments.
pub(super) const POINTS: [usize; 3] = [512, 2048, 8192];
/// Steps whose kernels are timed.
const PROFILED: u32 = 32;

/// Training, kernels and integration of one backend.
pub(super) fn of_backend(mut session: Session, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let name = session.backend_name().to_owned();
    if plan.has(BenchGroup::Train) {
        report.heading(&name);
        for work in &plan.works {
            train(&mut session, work, plan.secs, "train", report)?;
        }
    }
    if plan.has(BenchGroup::Kernels) {
        for work in &plan.works {
            kernels(&mut session, work, &name, report)?;
        }
    }
    if plan.has(BenchGroup::Particles) {
        report.heading(&format!("{name}: 32 Heun steps of a 64 x 3 network"));
        for count in PARTICLES {
            particles(&mut session, count, "particles", report)?;
        }
    }
    Ok(())
}

fn load(session: &mut Session, work: &Work) {
    let mut file = RunFile::default();
    // eight Gaussians: what the peers of benches/peers.py draw
    if let Some(target) = Distribution::default_of("eight-gaussians") {
        file.experiment.target = Arc::new(target);
    }
    file.experiment.network = work.shape.clone();
    file.experiment.optimizer.batch = work.batch;
    file.experiment.steps = 1_000_000_000;
    session.apply(&Arc::new(Lab::of(file)));
}

/// Training steps a second, the batches drawn included.
fn train(
    session: &mut Session,
    work: &Work,
    secs: f64,
    group: &'static str,
    report: &mut Report,
) -> Result<(), Failure> {
    load(session, work);
    let mut steps: u32 = 1;
    loop {
        let began = Instant::now();
        session.train(ONLY_RUN, steps)?;
        let spent = began.elapsed().as_secs_f64();
        if spent >= secs || steps >= 1 << 20 {
            break;
        }
        steps = (f64::from(steps) * (1.2 * secs / spent.max(1e-6)).clamp(1.5, 16.0)).ceil() as u32;
    }
    let each = timed(|| Ok(session.train(ONLY_RUN, steps).map(|_| ())?))?;
    let per_sec: Vec<f64> = each.iter().map(|s| f64::from(steps) / s).collect();
    let speed = |v: f64| work.operations() * v / 1e9;
    let mut sorted = per_sec.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    let mut row = Row::new(group, work.name(), "steps/s", per_sec)
        .with("width", json!(work.shape.hidden[0]))
        .with("layers", json!(work.shape.hidden.len()))
        .with("batch", json!(work.batch))
        .with("activation", json!(work.shape.activation.name()))
        .with("gflops", json!(speed(median)))
        .with("steps_a_round", json!(steps));
    row.note = format!("  {} GFLOP/s", figure(speed(median)));
    report.row(row);
    Ok(())
}

/// Every kernel of a training step, where there are kernels: time, dispatches, bytes.
fn kernels(session: &mut Session, work: &Work, name: &str, report: &mut Report) -> Result<(), Failure> {
    load(session, work);
    session.train(ONLY_RUN, 1)?;
    let costs = session.profile(ONLY_RUN, PROFILED)?;
    let Some(first) = costs.first() else { return Ok(()) };
    let clock = match first.clock {
        Clock::Timestamps => "timestamps",
        Clock::Wall => "wall clock",
    };
    report.heading(&format!(
        "{name}: {}: {} dispatches a step, {} MB moved; {clock}",
        work.name(),
        costs.len(),
        figure(costs.iter().map(|c| c.bytes as f64).sum::<f64>() / 1e6),
    ));
    for cost in costs {
        let mut row = Row::new(
            "kernels",
            cost.name.into(),
            "us",
            cost.each.iter().map(|s| s * 1e6).collect(),
        )
        .with("workgroups", json!(cost.workgroups))
        .with("bytes", json!(cost.bytes))
        .with("multiply_adds", json!(cost.multiply_adds))
        .with("clock", json!(clock));
        row.note = format!(
            "  {} workgroups, {} MB, {} GB/s, {} GFLOP/s",
            cost.workgroups,
            figure(cost.bytes as f64 / 1e6),
            figure(cost.bytes as f64 / cost.secs / 1e9),
            figure(2.0 * cost.multiply_adds as f64 / cost.secs / 1e9),
        );
        report.row(row);
    }
    Ok(())
}

/// Particles through 32 Heun steps, only the ends kept.
fn particles(session: &mut Session, count: u32, group: &'static str, report: &mut Report) -> Result<(), Failure> {
    session.apply(&Arc::new(Lab::default()));
    let sampling = Sampling::default();
    let starts = RunFile::default()
        .experiment
        .source
        .samples(1, Stream::Test, count as usize);
    let mut evaluations = 0.0;
    let each = timed(|| {
        let run = session.sample(ONLY_RUN, &sampling, Some(starts.clone()), false)?;
        evaluations = f64::from(run.evaluations) * f64::from(count);
        Ok(())
    })?;
    let least = each.iter().copied().fold(f64::INFINITY, f64::min);
    let mut row = Row::new(
        group,
        format!("{} particles", grouped(u64::from(count))),
        "ms",
        each.iter().map(|s| s * 1e3).collect(),
    )
    .with("count", json!(count))
    .with("evaluations_per_sec", json!(evaluations / least));
    row.note = format!("  {} million evaluations/s", figure(evaluations / least / 1e6));
    report.row(row);
    Ok(())
}

/// Exact assignment of so many points to as many.
pub(super) fn transport(sizes: &[usize], group: &'static str, report: &mut Report) -> Result<(), Failure> {
    report.heading("exact assignment, one thread");
    let (from, to) = (
        RunFile::default().experiment.source,
        Distribution::default_of("eight-gaussians").unwrap_or_default(),
    );
    for &count in sizes {
        let mut draw = 0;
        let fresh = memory::forget_peak();
        let each = timed(|| {
            draw += 1;
            let (a, b) = (
                from.samples_f64(draw, Stream::Test, count),
                to.samples_f64(draw + 1000, Stream::Test, count),
            );
            assign(&a, &b).map_err(|e| Failure::Machine(e.to_string()))?;
            Ok(())
        })?;
        let name = format!("{} points", grouped(count as u64));
        let mut row = Row::new(group, name, "ms", each.iter().map(|s| s * 1e3).collect()).with("count", json!(count));
        if let (true, Some(bytes)) = (fresh, memory::peak()) {
            row = row.with("peak_bytes", json!(bytes));
            row.note = format!("  the process took {:.0} MB at most", bytes as f64 / 1e6);
        }
        report.row(row);
    }
    Ok(())
}

/// How cost grows along each of four sizes, over three decades or to the size's limits.
pub(super) fn growth(mut session: Session, plan: &Plan, report: &mut Report) -> Result<(), Failure> {
    let name = session.backend_name().to_owned();
    report.heading(&format!("{name}: training by batch"));
    for batch in [64, 512, 4096, 65_535] {
        train(
            &mut session,
            &Work::new(64, 3, batch),
            plan.secs,
            "growth-batch",
            report,
        )?;
    }
    report.heading(&format!("{name}: training by width"));
    for width in [8, 16, 32, 64, 128, 256] {
        train(
            &mut session,
            &Work::new(width, 3, 512),
            plan.secs,
            "growth-width",
            report,
        )?;
    }
    report.heading(&format!("{name}: 32 Heun steps of a 64 x 3 network by particles"));
    for count in [1000, 10_000, 100_000, 1_000_000] {
        particles(&mut session, count, "growth-particles", report)?;
    }
    transport(&[8, 64, 512, 2048, 8192], "growth-transport", report)
}
