//! The anatomy of a step lands where the ordinary integration does, for every sampler, and its parts add up.

use super::*;
use crate::flow::sampler::anatomy::Role::{Corrected, Inner, Next, Predicted};
use crate::flow::sampler::anatomy::{Anatomy, Meaning, Part, Role, Step, dissect, dissect_dopri5, solve};

const PARTICLE: usize = 2;

fn plan_of(sampler: Sampler, path: Path, grid: Grid) -> Plan {
    Plan {
        sampler,
        grid,
        steps: 6,
        path,
        from: 0.125,
        to: 0.875,
        noise_seed: 11,
        ..Plan::default()
    }
}

fn taken(field: &ExactField, plan: &Plan, start: &[Point]) -> (Anatomy, Vec<Point>, Vec<f64>) {
    let velocity = |x: Point, t: f64| field.velocities(&[x], t)[0];
    let ordinary = match plan.table() {
        Some(ref table) => field.integrate(table, start, true),
        None => field
            .integrate_adaptively((plan.from, plan.to), 1e-6, start, true)
            .unwrap(),
    };
    let stride = ordinary.times.len();
    let states = ordinary.states[PARTICLE * stride..(PARTICLE + 1) * stride].to_vec();
    let found = plan.table().map_or_else(
        || dissect_dopri5(&ordinary.times, start[PARTICLE], velocity),
        |table| dissect(&table, (plan.path, plan.noise), PARTICLE, start[PARTICLE], velocity),
    );
    (found, states, ordinary.times)
}

const START: [Point; 3] = [[0.4, -0.7], [1.5, 0.2], [-0.9, 0.6]];

#[test]
fn every_sampler_lands_where_the_ordinary_integration_does() {
    let json = reference();
    for path in [Path::Linear, Path::default_of("vp").unwrap()] {
        let field = field(&json, path);
        for row in SAMPLERS {
            for (grid, _, _) in GRIDS {
                let plan = plan_of(row.sampler, path, grid);
                let (found, states, times) = taken(&field, &plan, &START);
                assert_eq!(found.steps.len() + 1, states.len(), "{}", row.name);
                assert_close_points(&found.states(), &states, 1e-9, row.name);
                for (step, ends) in found.steps.iter().zip(times.windows(2)) {
                    assert_eq!((step.from, step.to), (ends[0], ends[1]));
                }
                let evaluations = found.evaluations.len() as u32;
                if let Some(table) = plan.table() {
                    assert_eq!(evaluations, table.evaluations, "{}", row.name);
                }
            }
        }
    }
    // and a wrong start is found out
    let field = field(&json, Path::Linear);
    let plan = plan_of(Sampler::Heun, Path::Linear, Grid::Uniform);
    let (found, mut states, _) = taken(&field, &plan, &START);
    states[3][1] += 1e-8;
    let off = found.states()[3][1] - states[3][1];
    assert!(off.abs() > 1e-9, "{off}");
}

/// The update's point from its parts, the noise apart.
fn summed(found: &Anatomy, step: &Step, start: Point, index: usize) -> Point {
    let update = &step.updates[index];
    let reached = if index == 0 {
        step.start
    } else {
        step.updates[index - 1].to
    };
    update.terms.iter().fold(update.noise, |sum, (factor, part)| {
        let x = match part {
            Part::Reached => reached,
            Part::StepStart => step.start,
            Part::Start => start,
            Part::Value(e) => found.evaluations[*e].value,
            Part::Noise => [0.0; 2],
        };
        [0, 1].map(|c| sum[c] + factor * x[c])
    })
}

#[test]
fn the_parts_of_every_update_add_up_to_its_point() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let field = field(&json, vp);
    for row in SAMPLERS {
        let plan = plan_of(row.sampler, vp, Grid::LogSnr);
        let (found, _, _) = taken(&field, &plan, &START);
        for step in &found.steps {
            for (i, update) in step.updates.iter().enumerate() {
                let sum = summed(&found, step, START[PARTICLE], i);
                // roundings of another order
                assert_close_points(&[sum], &[update.to], 1e-12, row.name);
                let noisy = update.noise != [0.0; 2];
                assert_eq!(noisy, row.family == Family::Stochastic, "{}", row.name);
                // every value that is used has a number
                for (_, part) in &update.terms {
                    if let Part::Value(e) = part {
                        assert!(step.number_of(*e).is_some(), "{}", row.name);
                    }
                }
            }
        }
    }
}

#[test]
fn points_and_values_are_named_for_what_they_are() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let field = field(&json, vp);
    let of = |sampler, step: usize| {
        let (found, _, _) = taken(&field, &plan_of(sampler, vp, Grid::LogSnr), &START);
        let step = found.steps[step].clone();
        let roles: Vec<Role> = step.updates.iter().map(|u| u.role).collect();
        let meaning = found.evaluations[step.evaluations[0]].meaning;
        (roles, meaning, step.evaluations.len(), step.earlier.len())
    };
    assert_eq!(of(Sampler::Euler, 2), (vec![Next], Meaning::Velocity, 1, 0));
    assert_eq!(of(Sampler::Midpoint, 2), (vec![Inner, Next], Meaning::Velocity, 2, 0));
    assert_eq!(
        of(Sampler::Heun, 2),
        (vec![Predicted, Corrected], Meaning::Velocity, 2, 0)
    );
    assert_eq!(
        of(Sampler::Rk4, 2),
        (vec![Inner, Inner, Inner, Next], Meaning::Velocity, 4, 0)
    );
    assert_eq!(of(Sampler::Dopri5, 1).2, 7);
    assert_eq!(of(Sampler::Ab2, 2), (vec![Next], Meaning::Velocity, 1, 1));
    assert_eq!(
        of(Sampler::DpmSolver3s, 2),
        (vec![Inner, Inner, Next], Meaning::Noise, 3, 0)
    );
    assert_eq!(of(Sampler::DpmSolverPp3m, 3), (vec![Next], Meaning::Data, 1, 2));
    // the value at the predicted point is kept for the next step, and the last step has no corrector
    assert_eq!(
        of(Sampler::UnipcBh22, 3),
        (vec![Predicted, Corrected], Meaning::Data, 1, 2)
    );
    let (found, _, _) = taken(&field, &plan_of(Sampler::UnipcBh22, vp, Grid::LogSnr), &START);
    let last = found.steps.last().unwrap();
    assert_eq!((last.updates.len(), last.updates[0].role), (1, Next));
    assert_eq!(
        found.evaluations[found.steps[2].evaluations[0]].at,
        found.steps[2].updates[0].to
    );
    assert_ne!(
        found.evaluations[found.steps[2].evaluations[0]].at,
        found.steps[2].end()
    );
    assert_eq!(of(Sampler::EulerMaruyama, 2).1, Meaning::Drift);
    let (found, _, _) = taken(&field, &plan_of(Sampler::PredictorCorrector, vp, Grid::LogSnr), &START);
    let step = &found.steps[1];
    assert_eq!(step.updates[1].role, Corrected);
    assert_eq!(found.evaluations[step.evaluations[1]].meaning, Meaning::Score);
    // a data estimate is a place near the data, whatever the sampler
    let (found, _, _) = taken(&field, &plan_of(Sampler::Ddim, vp, Grid::LogSnr), &START);
    let e = found.evaluations[4];
    assert_close_points(&[e.value], &[field.posteriors(&[e.at], e.t)[0].data], 1e-9, "data");
}

#[test]
fn local_errors_fall_one_order_faster_than_those_at_the_end() {
    let json = reference();
    let vp = Path::default_of("vp").unwrap();
    let field = field(&json, vp);
    let local = |sampler, steps| {
        let plan = Plan {
            steps,
            ..plan_of(sampler, vp, Grid::Uniform)
        };
        let (mut found, _, _) = taken(&field, &plan, &START);
        solve(&mut found, &plan, PARTICLE, true, |x, t| field.velocities(&[x], t)[0]);
        assert!(found.exact.len() > 2, "{sampler:?}");
        let errors = found.steps.iter().map(|s| s.local_error().expect("a solution"));
        (errors.sum::<f64>() / f64::from(steps)).ln()
    };
    for (sampler, order) in [
        (Sampler::Euler, 1.0),
        (Sampler::Heun, 2.0),
        (Sampler::Rk4, 4.0),
        (Sampler::Ddim, 1.0),
    ] {
        let slope = (local(sampler, 24) - local(sampler, 96)) / 4.0_f64.ln();
        assert!((slope - order - 1.0).abs() < 0.25, "{sampler:?}: {slope}");
    }
    // additive noise: h^(3/2) against the same Brownian path
    let slope = (local(Sampler::EulerMaruyama, 48) - local(Sampler::EulerMaruyama, 768)) / 16.0_f64.ln();
    assert!((slope - 1.5).abs() < 0.3, "{slope}");
    // the corrector's noise is no refinement of anything
    let plan = plan_of(Sampler::PredictorCorrector, vp, Grid::Uniform);
    let (mut found, _, _) = taken(&field, &plan, &START);
    solve(&mut found, &plan, PARTICLE, true, |x, t| field.velocities(&[x], t)[0]);
    assert!(found.exact.is_empty() && found.steps[0].local_error().is_none());
}

#[test]
fn the_step_of_a_flow_time_is_found_both_ways() {
    let json = reference();
    let field = field(&json, Path::Linear);
    for (from, to) in [(0.0, 1.0), (1.0, 0.0)] {
        let plan = Plan {
            from,
            to,
            steps: 4,
            ..Plan::default()
        };
        let (found, _, _) = taken(&field, &plan, &START);
        let at = |t| found.step_at(t).unwrap();
        assert_eq!((at(0.1), at(0.6)), if from == 0.0 { (0, 2) } else { (3, 1) });
        assert_eq!((at(from), at(to), at(from + 0.25 * (to - from))), (0, 3, 1));
    }
    assert_eq!(Anatomy::default().step_at(0.5), None);
}
