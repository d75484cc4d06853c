use super::*;
use crate::engine::study::Along;
use crate::flow::distribution::Component;
use crate::flow::exact::ExactField;
use crate::flow::path::Path;
use crate::flow::sampler::anatomy::{dissect, solve};
use crate::flow::sampler::{Plan, SAMPLERS, Sampler};
use crate::lab::Sampling;
use crate::picture::Transform;

const BOUNDS: Bounds = Bounds::of([-5.0, -4.0, 5.0, 4.0]);

fn made(sampler: Sampler, steps: u32) -> Dissected {
    let target = [
        Component::round(0.5, [2.0, 2.0], 0.3),
        Component::round(0.5, [2.0, -2.0], 0.3),
    ];
    let path = Path::default_of("vp").unwrap();
    let field = ExactField::new(&[Component::round(1.0, [0.0; 2], 1.0)], &target, path);
    let plan = Plan {
        sampler,
        steps,
        path,
        from: 0.1,
        to: 0.9,
        ..Plan::default()
    };
    let along = Along::Exact(Arc::new(field));
    let velocity = |x: Point, t: f64| {
        let mut out = [[0.0; 2]];
        along.field(&[x], t, &mut out);
        out[0]
    };
    let table = plan.table().unwrap();
    let mut found = dissect(&table, (path, plan.noise), 0, [0.7, 0.4], velocity);
    solve(&mut found, &plan, 0, true, velocity);
    Dissected {
        particle: 0,
        of: 1,
        exact: true,
        sampling: Sampling {
            sampler,
            steps,
            ..Sampling::default()
        },
        found,
        has_solution: sampler != Sampler::PredictorCorrector,
    }
}

fn texts(made: &Dissected, t: f64) -> Vec<String> {
    words(made, t, Theme::Dark, 400.0).into_iter().map(|w| w.text).collect()
}

#[test]
fn the_marks_stand_where_the_step_is_taken() {
    let made = made(Sampler::Heun, 4);
    let marks = anatomy_marks(&made, 0.6, Theme::Dark, BOUNDS, 400.0);
    let step = &made.found.steps[2];
    let find = |name: &str| {
        marks
            .iter()
            .filter(|(n, _)| *n == name)
            .map(|(_, m)| m)
            .collect::<Vec<_>>()
    };
    let Mark::Arrows { at, by, .. } = find("arrow")[1] else {
        panic!("an arrow")
    };
    // k2 at the predicted point, over the whole step
    assert_eq!(at[0], narrow(step.updates[0].to));
    let k2 = made.found.evaluations[step.evaluations[1]].value;
    assert_eq!(by[0], k2.map(|c| (0.2 * c) as f32));
    let Mark::Points { at, .. } = find("predicted")[0] else {
        panic!("a point")
    };
    assert_eq!(at[0], narrow(step.updates[0].to));
    assert_eq!(
        (find("next").len(), find("exact").len(), find("asked").len()),
        (1, 1, 2)
    );
    // the mean of the two tips' displacements is the step's
    let Mark::Arrows { by: k1, .. } = find("arrow")[0] else {
        panic!("an arrow")
    };
    for c in 0..2 {
        let mean = 0.5 * (k1[0][c] + by[0][c]);
        let went = (step.end()[c] - step.start[c]) as f32;
        assert!((mean - went).abs() < 1e-5, "{mean} {went}");
    }
    // a step that is a dot on screen is ringed
    let far = anatomy_marks(&made, 0.6, Theme::Dark, BOUNDS, 1.0);
    assert!(far.iter().any(|(n, _)| *n == "ring") && !far.iter().any(|(n, _)| *n == "arrow"));
}

#[test]
fn words_and_rows_name_what_the_sampler_does() {
    let heun = made(Sampler::Heun, 4);
    assert_eq!(texts(&heun, 0.6), ["predicted", "corrected", "k1", "k2", "solution"]);
    let table: Vec<[String; 2]> = rows(&heun, 0.6).into_iter().map(|r| [r.name, r.what]).collect();
    assert_eq!(table[1], ["predicted", "x′ = x + 0.2 k1"]);
    assert_eq!(table[3], ["corrected", "x + 0.1 k1 + 0.1 k2"]);
    assert_eq!(rows(&heun, 0.6)[0].evaluations, "5");
    assert_eq!(rows(&heun, 0.6)[2].t, "0.700");
    assert_eq!(heading(&heun, 0.6), "step 3 of 4, t = 0.500 to 0.700");
    let multi = made(Sampler::DpmSolverPp3m, 6);
    let said = texts(&multi, 0.6);
    for word in ["k1", "k0", "k\u{2212}1", "x₁ by k1", "next"] {
        assert!(said.iter().any(|s| s == word), "{word}: {said:?}");
    }
    let noisy = made(Sampler::EulerMaruyama, 6);
    assert!(texts(&noisy, 0.6).iter().any(|s| s == "noise"));
    assert!(
        rows(&noisy, 0.6).last().unwrap().what.ends_with(" z"),
        "{:?}",
        rows(&noisy, 0.6)
    );
    for row in SAMPLERS.iter().filter(|row| row.sampler != Sampler::Dopri5) {
        let made = made(row.sampler, 5);
        for t in [0.0, 0.3, 0.5, 1.0] {
            let mut said = texts(&made, t);
            said.extend(rows(&made, t).into_iter().flat_map(|r| [r.name, r.what]));
            said.extend([heading(&made, t), local_error(&made, t)]);
            assert!(!said.iter().any(|s| s.contains("anatomy.")), "{}: {said:?}", row.name);
            assert!(close_up(&made, t).is_some());
        }
    }
}

#[test]
fn no_word_lies_over_another() {
    let screen = |bounds| Transform::fit(bounds, [0.0, 0.0], [600.0, 600.0]);
    for row in SAMPLERS.iter().filter(|row| row.sampler != Sampler::Dopri5) {
        let made = made(row.sampler, 5);
        let bounds = close_up(&made, 0.5).unwrap();
        let screen = screen(bounds);
        // predictions are off the picture
        let inside = |w: &Word| (0..2).all(|c| w.at[c] > bounds.min[c] && w.at[c] < bounds.max[c]);
        let said: Vec<Word> = words(&made, 0.5, Theme::Light, screen.scale[0])
            .into_iter()
            .filter(inside)
            .collect();
        let placed = placed(said, &screen, 18.0);
        for (i, (a, word)) in placed.iter().enumerate() {
            for (b, other) in &placed[i + 1..] {
                let high = (a[1] - b[1]).abs() >= 18.0;
                let half = |w: &Word| 0.25 * 18.0 * w.text.chars().count() as f32;
                let wide = (a[0] - b[0]).abs() >= half(word) + half(other);
                assert!(high || wide, "{}: {word:?} over {other:?}", row.name);
            }
        }
    }
}
