//! The caption of a figure: one paragraph from which it could be made again. Data, coupling, path, network, training, sampler,
//! evaluations, measures with their floors, seed.

use rust_i18n::t;

use super::short;
use super::words::{counted, described, grouped, id_of, name_of};
use crate::engine::measures::Measures;
use crate::lab::{Lab, LabRun, Origin, RunId, Sampler, Sampling};

/// What is said of one run.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The run.
    pub run: &'a LabRun,
    /// How it is sampled.
    pub sampling: Sampling,
    /// Training steps taken.
    pub step: u64,
    /// Settings that were changed while it trained.
    pub edits: usize,
    /// What was measured; of what was not, nothing is said.
    pub measures: Option<&'a Measures>,
}

/// The caption of one run.
pub fn caption(lab: &Lab, told: &Told) -> String {
    [
        data(lab, told.run),
        network(told),
        training(told),
        sampling(told),
        told.measures.map(measured).unwrap_or_default(),
        t!("caption.made_with", version = env!("CARGO_PKG_VERSION")).into_owned(),
    ]
    .into_iter()
    .filter(|sentence| !sentence.is_empty())
    .collect::<Vec<_>>()
    .join(" ")
}

/// The caption of several runs side by side: what the first is, and in what each later one differs.
pub fn caption_of(lab: &Lab, told: &[Told]) -> String {
    let Some((first, rest)) = told.split_first() else {
        return String::new();
    };
    let mut text = caption(lab, first);
    for other in rest {
        let name = name_in(lab, other.run.id);
        let mut said = vec![t!("caption.other", name = name, origin = origin(lab, other.run)).into_owned()];
        said.push(training(other));
        said.extend(other.measures.map(measured));
        text = format!("{text} {}", said.join(" "));
    }
    text
}

fn name_in(lab: &Lab, id: RunId) -> String {
    lab.run(id)
        .map_or_else(|| id.to_string(), |r| format!("\u{201c}{}\u{201d}", r.experiment.name))
}

/// Where a run's pairs come from.
fn origin(lab: &Lab, run: &LabRun) -> String {
    match run.origin {
        Origin::Fresh => described("coupling", "coupling", &run.experiment.coupling),
        Origin::Reflow { parent, .. } => t!("caption.reflow", parent = name_in(lab, parent)).into_owned(),
        Origin::Distilled { parent, .. } => t!("caption.distilled", parent = name_in(lab, parent)).into_owned(),
    }
}

fn data(lab: &Lab, run: &LabRun) -> String {
    let e = &run.experiment;
    t!(
        "caption.data",
        source = described("distribution", "source", &*e.source),
        target = described("distribution", "target", &*e.target),
        coupling = origin(lab, run),
        path = described("path", "path", &e.path)
    )
    .into_owned()
}

fn network(told: &Told) -> String {
    let e = &told.run.experiment;
    let widths = &e.network.hidden;
    let layers = match widths.as_slice() {
        [one] => t!("caption.one_layer", width = one).into_owned(),
        [first, rest @ ..] if rest.iter().all(|w| w == first) => {
            t!("caption.even_layers", count = widths.len(), width = first).into_owned()
        }
        all => {
            let list: Vec<String> = all.iter().map(ToString::to_string).collect();
            t!("caption.layers", widths = list.join(", ")).into_owned()
        }
    };
    t!(
        "caption.network",
        layers = layers,
        activation = name_of("activation", e.network.activation.name()),
        embedding = described("embedding", "network.time_embedding", &e.network.time_embedding),
        params = grouped(e.network.params_len() as u64),
        prediction = name_of("prediction", &id_of(&e.prediction)),
        loss = described("loss", "loss", &e.loss),
        time = described("time", "time", &e.time)
    )
    .into_owned()
}

fn training(told: &Told) -> String {
    let e = &told.run.experiment;
    let o = &e.optimizer;
    let mut text = t!(
        "caption.training",
        rule = name_of("optimizer", &id_of(&o.kind)),
        rate = short(o.learning_rate as f32),
        schedule = name_of("schedule", &id_of(&o.schedule)),
        batch = grouped(u64::from(o.batch)),
        steps = grouped(told.step),
        seed = e.seed
    )
    .into_owned();
    if told.edits > 0 {
        text = format!("{text} {}", t!("caption.edits", count = told.edits));
    }
    text
}

fn sampling(told: &Told) -> String {
    let s = &told.sampling;
    let sampler = name_of("sampler", &id_of(&s.sampler));
    let how = if s.sampler == Sampler::Dopri5 {
        t!("caption.adaptive", sampler = sampler, tolerance = s.tolerance).into_owned()
    } else {
        t!(
            "caption.fixed",
            sampler = sampler,
            steps = counted("step", u64::from(s.steps))
        )
        .into_owned()
    };
    let lens = id_of(&s.lens);
    let lens = if lens == "flow-matching" {
        String::new()
    } else {
        t!("caption.lens", lens = name_of("lens", &lens)).into_owned()
    };
    let evaluations = told.measures.and_then(|m| m.evaluations).map_or_else(String::new, |n| {
        t!("caption.evaluations", evaluations = counted("evaluation", u64::from(n))).into_owned()
    });
    t!(
        "caption.sampling",
        count = grouped(u64::from(s.count)),
        how = how,
        lens = lens,
        evaluations = evaluations,
        seed = s.seed
    )
    .into_owned()
}

fn measured(m: &Measures) -> String {
    let number = |x: f64| short(x as f32);
    let mut said = Vec::new();
    let mut add = |key: &str, value: Option<f64>, error: Option<f64>, floor: Option<f64>| {
        let Some(value) = value else { return };
        let error = error.map_or_else(String::new, |e| format!(" ± {}", number(e)));
        let floor = floor.map_or_else(String::new, |f| t!("caption.floor", floor = number(f)).into_owned());
        said.push(
            t!(
                format!("caption.measure.{key}"),
                value = number(value),
                error = error,
                floor = floor
            )
            .into_owned(),
        );
    };
    add("loss", m.loss, m.loss_standard_error, m.loss_floor);
    add("w2", m.w2_squared, None, m.w2_squared_floor);
    add("field_rms", m.field_rms, None, None);
    add("straightness", m.straightness, None, None);
    add("transport_cost", m.transport_cost_p2, None, None);
    if said.is_empty() {
        return String::new();
    }
    t!("caption.measured", list = said.join(", ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::coupling::{Coupling, ModelPairs};

    #[test]
    fn a_caption_says_all_that_is_needed_to_make_the_figure_again() {
        let lab = Lab::default();
        let measures = Measures {
            loss: Some(3.05),
            loss_standard_error: Some(0.01),
            loss_floor: Some(3.02),
            w2_squared: Some(0.28),
            w2_squared_floor: Some(0.27),
            straightness: Some(3.2),
            evaluations: Some(64),
            ..Measures::default()
        };
        let told = Told {
            run: &lab.runs[0],
            sampling: lab.stages[0].sampling,
            step: 8000,
            edits: 0,
            measures: Some(&measures),
        };
        let text = caption(&lab, &told);
        for part in [
            "Gaussian",
            "two moons",
            "independent",
            "linear",
            "3 hidden layers of 64",
            "SiLU",
            "8,706",
            "Adam",
            "0.003",
            "batch of 512",
            "8,000 steps",
            "seed 1",
            "2,048",
            "Heun",
            "64 evaluations",
            "3.05 ± 0.01 (floor 3.02)",
            "0.28 (floor 0.27)",
        ] {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
        assert!(!text.contains("caption.") && !text.contains('%'), "{text}");
        assert!(!text.contains("  ") && !text.contains(" ."), "{text}");
    }

    #[test]
    fn what_was_not_measured_is_not_said_and_rounds_name_their_parents() {
        let mut lab = Lab::default();
        let mut second = lab.runs[0].clone();
        second.id = 2;
        second.experiment.name = "2-RF".into();
        second.experiment.coupling = Coupling::Model(ModelPairs::default());
        second.origin = Origin::Reflow {
            parent: 1,
            from_parent: true,
        };
        lab.runs.push(second);
        let told: Vec<Told> = lab
            .runs
            .iter()
            .map(|run| Told {
                run,
                sampling: lab.stages[0].sampling,
                step: 100,
                edits: 2,
                measures: None,
            })
            .collect();
        let text = caption_of(&lab, &told);
        assert!(text.contains("changed 2 times"), "{text}");
        assert!(!text.contains("floor") && !text.contains("Measured"), "{text}");
        assert!(
            text.contains("\u{201c}2-RF\u{201d}") && text.contains("reflow of \u{201c}gaussian to two moons\u{201d}"),
            "{text}"
        );
        assert_eq!(caption_of(&lab, &[]), "");
    }
}
