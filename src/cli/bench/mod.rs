//! `bench`: how fast this machine trains, integrates and assigns, and how cost grows. Medians of several rounds with the
//! spread, so that a noisy machine shows; `--report` writes the same as JSON, to be sent to whoever asks.

mod groups;
mod report;
mod startup;
mod ui;

use std::time::Instant;

use super::arguments::{BackendName, BenchGroup, BenchOptions, whole};
use super::failure::Failure;
use super::print;
use crate::engine::command::BackendChoice;
use crate::engine::session::Session;
use crate::lab::BadInput;
use crate::net::{Activation, Shape};
use report::Report;

/// Rounds of every measurement; fewer where one takes long.
const ROUNDS: usize = 5;
/// A round that took longer is the last but one.
const LONG_SECS: f64 = 4.0;

/// A network and its batch.
#[derive(Clone, Debug, PartialEq)]
struct Work {
    shape: Shape,
    batch: u32,
}

impl Work {
    fn new(width: u32, layers: usize, batch: u32) -> Self {
        let shape = Shape {
            hidden: vec![width; layers],
            ..Shape::default()
        };
        Self { shape, batch }
    }

    /// Floating-point operations of one training step: three products (forward, by weights, by inputs) of two operations
    /// a weight and row.
    fn operations(&self) -> f64 {
        let weights: usize = self.shape.layers().iter().map(|l| l.inputs * l.outputs).sum();
        6.0 * f64::from(self.batch) * weights as f64
    }

    fn name(&self) -> String {
        format!(
            "{} x {} {}, batch {}",
            self.shape.hidden[0],
            self.shape.hidden.len(),
            self.shape.activation.name(),
            self.batch
        )
    }
}

/// What is measured, checked.
struct Plan {
    works: Vec<Work>,
    /// Least seconds of a round.
    secs: f64,
    groups: Vec<BenchGroup>,
}

impl Plan {
    fn new(options: &BenchOptions) -> Result<Self, BadInput> {
        let mut works = if options.shape.is_empty() {
            [(64, 256), (64, 512), (128, 1024), (256, 4096)]
                .map(|(width, batch)| Work::new(width, 3, batch))
                .to_vec()
        } else {
            let parsed: Result<Vec<Work>, BadInput> = options.shape.iter().map(|s| work_of(s)).collect();
            parsed?
        };
        if let Some(batch) = &options.batch {
            let batch = whole("batch", batch, 1, 65_535)?;
            for work in &mut works {
                work.batch = batch as u32;
            }
        }
        if let Some(name) = &options.activation {
            let known = Activation::ALL.into_iter().find(|a| a.name() == name);
            let activation = known.ok_or_else(|| {
                let all = Activation::ALL.map(Activation::name).join(", ");
                BadInput::new(format!("--activation {name}: give one of {all}"))
            })?;
            for work in &mut works {
                work.shape.activation = activation;
            }
        }
        for work in &works {
            work.shape.validate().map_err(BadInput::new)?;
        }
        let secs = match &options.seconds {
            None => 0.2,
            Some(text) => text
                .parse()
                .ok()
                .filter(|s| (0.01..=60.0).contains(s))
                .ok_or_else(|| BadInput::new(format!("--seconds {text}: give a number from 0.01 to 60")))?,
        };
        let mut groups = options.only.clone();
        if options.ui {
            groups.push(BenchGroup::Ui);
        }
        if groups.is_empty() {
            groups = BenchGroup::DEFAULT.to_vec();
        }
        Ok(Self { works, secs, groups })
    }

    fn has(&self, group: BenchGroup) -> bool {
        self.groups.contains(&group)
    }
}

/// "64x3": width and hidden layers.
fn work_of(text: &str) -> Result<Work, BadInput> {
    let parts = text.split_once('x');
    let parsed = parts.and_then(|(w, d)| Some((w.trim().parse().ok()?, d.trim().parse::<usize>().ok()?)));
    let (width, layers) =
        parsed.ok_or_else(|| BadInput::new(format!("--shape {text}: give width x hidden layers, as in 64x3")))?;
    Ok(Work::new(width, layers.min(64), 512))
}

/// Does what `rectiflow bench` says.
///
/// # Errors
/// Options that make no sense; a backend that was asked for and cannot be used, or that fails; a report that cannot be
/// written.
pub fn bench(options: &BenchOptions) -> Result<(), Failure> {
    let plan = Plan::new(options)?;
    let mut report = Report::new(options.json);
    let choices = match options.backend {
        Some(name) => vec![name],
        None => vec![BackendName::Cpu, BackendName::Gpu],
    };
    if [BenchGroup::Train, BenchGroup::Kernels, BenchGroup::Particles]
        .iter()
        .any(|&g| plan.has(g))
    {
        for name in choices {
            match Session::new(BackendChoice::from(name), None) {
                Ok(session) => groups::of_backend(session, &plan, &mut report)?,
                Err(fault) if options.backend.is_some() => return Err(fault.into()),
                Err(fault) => report.remark(&format!("gpu: not measured, {fault}")),
            }
        }
    }
    if plan.has(BenchGroup::Transport) {
        groups::transport(&groups::POINTS, "transport", &mut report)?;
    }
    if plan.has(BenchGroup::Growth) {
        let name = options.backend.unwrap_or(BackendName::Cpu);
        groups::growth(Session::new(BackendChoice::from(name), None)?, &plan, &mut report)?;
    }
    if plan.has(BenchGroup::Ui) {
        ui::script(&mut report)?;
    }
    if plan.has(BenchGroup::Startup) {
        startup::startup(&mut report)?;
    }
    if let Some(path) = &options.report {
        crate::export::atomic::write(path, report.text().as_bytes())?;
    }
    if options.json {
        print(&report.text());
    }
    Ok(())
}

/// Seconds of `rounds` rounds of `work`; fewer where one takes long. The first call may also pay for caches and kernels:
/// it is made once before.
///
/// # Errors
/// Those of `work`.
fn timed(mut work: impl FnMut() -> Result<(), Failure>) -> Result<Vec<f64>, Failure> {
    let mut each = Vec::new();
    work()?;
    while each.len() < ROUNDS {
        let began = Instant::now();
        work()?;
        let spent = began.elapsed().as_secs_f64();
        each.push(spent);
        if spent > LONG_SECS && each.len() > 1 {
            break;
        }
    }
    Ok(each)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_six_a_weight_and_row() {
        let work = Work::new(64, 3, 512);
        assert!((work.operations() - 6.0 * 512.0 * (3.0 * 64.0 + 2.0 * 64.0 * 64.0 + 2.0 * 64.0)).abs() < 0.5);
    }

    #[test]
    fn shapes_are_read_and_wrong_ones_named() {
        assert_eq!(work_of("128x2").unwrap(), Work::new(128, 2, 512));
        for bad in ["64", "x3", "64x", "ax3", "64x3x2"] {
            let text = work_of(bad).unwrap_err().to_string();
            assert!(text.contains(bad) && text.contains("64x3"), "{text}");
        }
    }
}
