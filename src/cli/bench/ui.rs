//! Frames of the window without a display: a script of what a user does, and how long the frames took.

use std::sync::Arc;

use serde_json::json;

use super::report::{Report, Row, figure};
use crate::app::frames::{BIN_ENDS_MS, FrameTimes};
use crate::app::rehearsal::{FrameCost, Rehearsal};
use crate::app::ui_command::UiCommand;
use crate::cli::failure::Failure;
use crate::engine::command::BackendChoice;
use crate::engine::snapshot::{RunState, StageSnapshot};
use crate::flow::sampler::Sampler;
use crate::lab::Lab;

/// Of the window, points.
const SIZE: [f32; 2] = [1440.0, 900.0];
/// Frames of a scene that is measured as fast as they come.
const STILL_FRAMES: usize = 300;
/// Frames before a scene is measured: fonts, buffers, caches.
const WARM_UP: usize = 20;
/// The longest wait for the engine, in paced frames.
const MOST_WAITED: usize = 3600;
/// No frame may take longer, milliseconds.
const HITCH_MS: f64 = 50.0;
/// Maps are drawn anew at least so often while a run trains.
const REFRESHES: f64 = 20.0;

/// What a scene is held to, milliseconds.
#[derive(Clone, Copy)]
enum Target {
    /// Half of the frames take at most this.
    Median(f64),
    /// All of them do.
    Longest(f64),
}

/// The whole script.
///
/// # Errors
/// An engine that does not come to rest.
pub fn script(report: &mut Report) -> Result<(), Failure> {
    for (count, most) in [(2000, 4.0), (20_000, 8.0)] {
        trajectories(count, most, report)?;
    }
    training(report)?;
    hitches(report)
}

/// A window that shows so many trajectories of 64 points whose particles move, looked at and zoomed into.
fn trajectories(count: u32, most: f64, report: &mut Report) -> Result<(), Failure> {
    let mut lab = Lab::default();
    lab.runs[0].experiment.steps = 300;
    let stage = &mut lab.stages[0];
    (stage.sampling.count, stage.sampling.steps) = (count, 63);
    stage.layers.trajectories_shown = count;
    let mut window = Rehearsal::open(lab, BackendChoice::Cpu, SIZE);
    if count == 2000 {
        let device = window.adapter();
        let buffers = device.map_or_else(
            || "no graphics adapter: all as meshes".into(),
            |name| format!("buffers for {name}"),
        );
        report.heading(&format!(
            "frames of a window of {} x {} points, all but their raster; {buffers}",
            SIZE[0], SIZE[1]
        ));
    }
    until(&mut window, "the first trajectories", |window| {
        let all = stage_of(window).is_some_and(|s| s.trajectories.count() == count as usize);
        all && window.app.snapshot.runs.iter().all(|r| r.state == RunState::Done)
    })?;
    let name = |what: &str| format!("{count} x 64 points, {what}");
    let costs: Vec<FrameCost> = (0..STILL_FRAMES).map(|_| window.frame()).collect();
    scene(&name("particles moving"), &costs, Some(Target::Median(most)), report);
    let zoomed = |k: usize| if (k / 30).is_multiple_of(2) { 8.0 } else { -8.0 };
    let costs: Vec<FrameCost> = (0..STILL_FRAMES)
        .map(|k| {
            window.zoom(zoomed(k));
            window.frame()
        })
        .collect();
    scene(&name("zooming"), &costs, Some(Target::Median(most)), report);
    Ok(())
}

/// The default lab in training with density and difference from the exact field.
fn training(report: &mut Report) -> Result<(), Failure> {
    let mut lab = Lab::default();
    lab.runs[0].experiment.steps = 10_000_000;
    let layers = &mut lab.stages[0].layers;
    (layers.density, layers.exact) = (true, true);
    let mut window = Rehearsal::open(lab, BackendChoice::Cpu, SIZE);
    until(&mut window, "the first fields", |window| {
        stage_of(window).is_some_and(|s| s.field.is_some() && s.exact_field.is_some() && s.step > 500)
    })?;
    let (mut costs, mut seen, mut maps) = (Vec::new(), Vec::new(), [0_usize; 2]);
    let began = std::time::Instant::now();
    let first = steps(&window);
    for _ in 0..6 * 60 {
        costs.push(window.paced_frame());
        let now = stage_of(&window).map(|s| (s.trajectories, s.step, s.field));
        if let Some(now) = now {
            seen.push(now);
        }
    }
    let secs = began.elapsed().as_secs_f64();
    for pair in seen.windows(2) {
        let ((a, _, f), (b, _, g)) = (&pair[0], &pair[1]);
        maps[0] += usize::from(!Arc::ptr_eq(a, b));
        let step = |x: &(_, u64, _), y: &(_, u64, _)| x.1 != y.1;
        maps[1] += usize::from(step(&pair[0], &pair[1]) && f.as_ref().map(Arc::as_ptr) != g.as_ref().map(Arc::as_ptr));
    }
    let trained = (steps(&window) - first) as f64 / secs;
    scene(
        "training, density and difference maps",
        &costs,
        Some(Target::Longest(HITCH_MS)),
        report,
    );
    for (name, count) in [("density anew", maps[0]), ("difference anew", maps[1])] {
        let per_sec = count as f64 / secs;
        let mut row = Row::new("ui", format!("  {name}"), "a second", vec![per_sec]).with("target", json!(REFRESHES));
        row.note = told(per_sec >= REFRESHES, &format!("at least {REFRESHES}"));
        report.row(row);
    }
    report.row(Row::new("ui", "  training meanwhile".into(), "steps/s", vec![trained]));
    Ok(())
}

/// What may make a window hang: a gallery, presets, samplers, a reflow.
fn hitches(report: &mut Report) -> Result<(), Failure> {
    let mut window = Rehearsal::open(Lab::default(), BackendChoice::Cpu, SIZE);
    let hitch = Some(Target::Longest(HITCH_MS));
    let first: Vec<FrameCost> = (0..120).map(|_| window.paced_frame()).collect();
    scene("the first two seconds", &first, hitch, report);
    let costs = told_to(&mut window, [UiCommand::Presets], 60);
    scene("gallery of presets opened", &costs, hitch, report);
    window.close_dialog();
    let mut costs = Vec::new();
    for name in [
        "gaussian-to-moons",
        "crossing",
        "vp-diffusion",
        "euler-one",
        "grid",
        "exact-ot",
        "moons-to-eight-gaussians",
    ] {
        window.preset(name);
        costs.extend((0..60).map(|_| window.paced_frame()));
    }
    scene("seven presets loaded", &costs, hitch, report);
    window.preset("eight-gaussians");
    let mut costs = Vec::new();
    for sampler in [
        Sampler::Euler,
        Sampler::Rk4,
        Sampler::Dopri5,
        Sampler::Ab2,
        Sampler::Midpoint,
        Sampler::Heun,
    ] {
        let focus = window.app.lab.focus();
        window.app.lab.stages[focus].sampling.sampler = sampler;
        costs.extend((0..30).map(|_| window.paced_frame()));
    }
    scene("six samplers chosen", &costs, hitch, report);
    until(&mut window, "a trained run", |window| steps(window) > 1000)?;
    let costs = told_to(&mut window, [UiCommand::Reflow], 180);
    scene("reflow started", &costs, hitch, report);
    Ok(())
}

/// Frames after commands.
fn told_to(window: &mut Rehearsal, commands: impl IntoIterator<Item = UiCommand>, frames: usize) -> Vec<FrameCost> {
    for command in commands {
        window.command(command);
    }
    (0..frames).map(|_| window.paced_frame()).collect()
}

fn stage_of(window: &Rehearsal) -> Option<StageSnapshot> {
    window.app.snapshot.stages.first().cloned()
}

fn steps(window: &Rehearsal) -> u64 {
    window.app.snapshot.runs.iter().map(|r| r.step).sum()
}

/// Frames until something holds, and some more.
fn until(window: &mut Rehearsal, what: &str, holds: impl Fn(&Rehearsal) -> bool) -> Result<(), Failure> {
    for _ in 0..MOST_WAITED {
        window.paced_frame();
        if holds(window) {
            for _ in 0..WARM_UP {
                window.paced_frame();
            }
            return Ok(());
        }
    }
    Err(Failure::Machine(format!("the engine never came to {what}")))
}

/// One row: the frames of a scene.
fn scene(name: &str, costs: &[FrameCost], target: Option<Target>, report: &mut Report) {
    let mut times = FrameTimes::default();
    times.extend(costs.iter().map(|c| c.total().as_secs_f64()));
    let (q, bins) = (times.quantiles(), times.histogram());
    let mean = |part: fn(&FrameCost) -> std::time::Duration| {
        let sum: f64 = costs.iter().map(|c| part(c).as_secs_f64()).sum();
        1e3 * sum / costs.len().max(1) as f64
    };
    let parts = [mean(|c| c.layout), mean(|c| c.tessellate), mean(|c| c.upload)];
    let (kind, most, met) = match target {
        Some(Target::Median(most)) => ("median", Some(most), q.p50 <= most),
        Some(Target::Longest(most)) => ("longest", Some(most), q.max <= most),
        None => ("", None, true),
    };
    let values = times.secs().iter().map(|s| s * 1e3).collect();
    let mut row = Row::new("ui", name.into(), "ms", values)
        .with("frames", json!(costs.len()))
        .with("p50", json!(q.p50))
        .with("p95", json!(q.p95))
        .with("p99", json!(q.p99))
        .with("max", json!(q.max))
        .with("mean_layout", json!(parts[0]))
        .with("mean_tessellate", json!(parts[1]))
        .with("mean_upload", json!(parts[2]))
        .with("bin_ends_ms", json!(BIN_ENDS_MS))
        .with("histogram", json!(bins));
    if let Some(most) = most {
        row = row
            .with("target", json!(most))
            .with("target_of", json!(kind))
            .with("met", json!(met));
        row.note = told(met, &format!("{kind} at most {most} ms"));
    }
    report.row(row);
    report.line(&format!(
        "    p95 {}  p99 {}; layout {}, triangles {}, buffers {} ms on average",
        figure(q.p95),
        figure(q.p99),
        figure(parts[0]),
        figure(parts[1]),
        figure(parts[2])
    ));
    report.line(&format!("    {}", bars(&bins)));
}

fn told(met: bool, target: &str) -> String {
    format!("  {target}: {}", if met { "met" } else { "NOT MET" })
}

/// A histogram on one line: `<1 ms 12 | <2 ms 288`; empty bins are left out.
fn bars(bins: &[usize; BIN_ENDS_MS.len() + 1]) -> String {
    let last = BIN_ENDS_MS[BIN_ENDS_MS.len() - 1];
    let name = |k: usize| {
        BIN_ENDS_MS
            .get(k)
            .map_or_else(|| format!("> {last} ms"), |end| format!("to {end} ms"))
    };
    let told: Vec<String> = (0..bins.len())
        .filter(|&k| bins[k] > 0)
        .map(|k| format!("{}: {}", name(k), bins[k]))
        .collect();
    told.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_bins_are_left_out() {
        let mut bins = [0; BIN_ENDS_MS.len() + 1];
        (bins[1], bins[9]) = (7, 1);
        assert_eq!(bars(&bins), "to 2 ms: 7 | > 100 ms: 1");
    }
}
