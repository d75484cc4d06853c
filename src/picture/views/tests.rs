use std::collections::BTreeMap;

use super::*;
use crate::engine::command::BackendChoice;
use crate::flow::coupling::{Coupling, ModelPairs};
use crate::lab::{Lab, LabRun};
use crate::picture::figure::Content;

/// A lab of one run, or of a run and its reflow, small enough to be trained within a test.
pub(crate) fn small_lab(rounds: u32) -> Lab {
    let mut lab = Lab::default();
    let run = &mut lab.runs[0];
    run.experiment.target =
        std::sync::Arc::new(crate::flow::distribution::Distribution::default_of("eight-gaussians").unwrap());
    run.experiment.network.hidden = vec![16];
    run.experiment.optimizer.batch = 64;
    run.experiment.steps = 40;
    lab.stages[0].sampling.count = 60;
    lab.stages[0].sampling.steps = 4;
    for round in 2..=rounds {
        let mut experiment = lab.runs[0].experiment.clone();
        experiment.coupling = Coupling::Model(ModelPairs {
            pairs: 256,
            steps: 2,
            ..ModelPairs::default()
        });
        lab.runs.push(LabRun {
            id: round,
            experiment,
            origin: Origin::Reflow {
                parent: round - 1,
                from_parent: true,
            },
            record: None,
        });
    }
    lab
}

/// A studio whose runs are trained and whose measures are made up, so that no test waits for them.
fn studio(lab: &Lab) -> Studio {
    use crate::engine::measures::{Budget, Measures};
    let measured = Measures {
        loss: Some(2.0),
        loss_floor: Some(1.9),
        curve_floor: Some(1.9),
        w2_squared: Some(0.5),
        w2_squared_floor: Some(0.4),
        straightness: Some(1.25),
        w2_squared_at_steps: Some([(1, 8.0), (2, 3.0), (8, 0.6)].into()),
        budget: Some(Budget {
            coupling_cost: 10.0,
            floor: 5.0,
            bends: 2.0,
            carried: 3.0,
            ..Budget::default()
        }),
        ..Measures::default()
    };
    let known = lab.runs.iter().map(|r| (r.id, std::sync::Arc::new(measured.clone())));
    let mut studio = Studio::open(lab, BackendChoice::Cpu, BTreeMap::new()).unwrap();
    assert!(studio.train_untrained(&mut |_| true).unwrap());
    studio.know(known.collect());
    studio
}

#[test]
fn every_view_of_every_lab_has_something_to_say() {
    for rounds in [1, 2] {
        let lab = small_lab(rounds);
        let mut studio = studio(&lab);
        for view in &VIEWS {
            for theme in [Theme::Dark, Theme::Print] {
                let ask = Ask {
                    t: 0.5,
                    theme,
                    ..Ask::default()
                };
                let figure = view.figure(&mut studio, &ask, &mut |_| true).unwrap();
                assert!(!figure.panels.is_empty(), "{}", view.name);
                assert!(
                    figure.caption.contains("0.5 (floor 0.4)"),
                    "{}: {}",
                    view.name,
                    figure.caption
                );
                for panel in &figure.panels {
                    let shows = match &panel.content {
                        Content::Plane(picture) => !picture.marks.is_empty(),
                        Content::Chart(chart) => !chart.series.is_empty(),
                        Content::Bars(bars) => !bars.rows.is_empty(),
                    };
                    assert!(shows || panel.lacks.is_some(), "{} with {rounds}", view.name);
                    // a text without a key shows the key itself
                    let said = [&panel.title, &panel.note, panel.lacks.as_ref().unwrap_or(&panel.title)];
                    assert!(
                        !said.iter().any(|s| s.contains("figure.") || s.contains("measure.")),
                        "{said:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_a_run_lacks_is_said_in_the_picture() {
    let mut lab = small_lab(1);
    lab.runs[0].experiment.coupling = Coupling::default_of("minibatch-ot").unwrap();
    let mut studio = studio(&lab);
    let mut lacks = |name: &str| {
        let figure = view_of(name)
            .unwrap()
            .figure(&mut studio, &Ask::default(), &mut |_| true);
        figure.unwrap().panels.last().and_then(|p| p.lacks.clone())
    };
    assert!(lacks("reflow").is_some_and(|l| l.contains("second round")));
    assert!(lacks("rounds").is_some_and(|l| l.contains("second round")));
    assert!(lacks("compare").is_some_and(|l| l.contains("one stage")));
    // no closed form, but an estimate from pairs
    assert_eq!(lacks("exact"), None);
    assert_eq!(lacks("velocity"), None);
}

#[test]
fn a_watcher_can_cancel() {
    let lab = small_lab(2);
    let mut studio = Studio::open(&lab, BackendChoice::Cpu, BTreeMap::new()).unwrap();
    let mut seen = 0;
    let canceled = studio.train_untrained(&mut |_| {
        seen += 1;
        seen < 2
    });
    assert_eq!(canceled, Err(StudioError::Canceled));
    assert_eq!(seen, 2);
}

#[test]
fn names_are_found_and_slips_are_helped() {
    for view in &VIEWS {
        assert_eq!(view_of(view.name).map(|v| v.name), Ok(view.name));
        assert!(!view.summary.is_empty());
    }
    let Err(error) = view_of("trajectorys") else {
        panic!("found")
    };
    assert!(error.to_string().contains("trajectories"), "{error}");
}

#[test]
fn a_trained_lab_comes_back_trained() {
    let lab = small_lab(2);
    let mut first = studio(&lab);
    let saved = first.trained_lab();
    assert!(saved.runs.iter().all(|r| r.record.is_some()));
    let mut again = Studio::open(&saved, BackendChoice::Cpu, BTreeMap::new()).unwrap();
    assert!(again.untrained().is_empty());
    let ask = Ask::default();
    let panels = |studio: &mut Studio| {
        let figure = view_of("trajectories").unwrap().figure(studio, &ask, &mut |_| true);
        figure.unwrap().panels
    };
    // not assert_eq: a failure would print every point
    assert!(
        panels(&mut first) == panels(&mut again),
        "the same weights draw the same"
    );
}
