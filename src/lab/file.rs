//! Experiments from files and from `--set`, and the text that is written back: parse, lay over the defaults, check, resolve.
//! Labs, which hold several runs and what they have become, are `lab_file`'s business.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::migrate::migrate;
use super::points::{read_pairs, read_points};
use super::presets::own_file;
use super::{BadInput, Experiment, RunFile, SCHEMA_VERSION, Sampling, limits, schema};
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;

/// An experiment being put together: the defaults, then a file or a preset, then single settings; checked at the end.
#[derive(Clone, Debug)]
pub struct Draft {
    value: Value,
    /// `sampling.evaluations`, where the solver steps are given by the network calls that they cost.
    evaluations: Option<Value>,
}

impl Draft {
    /// The defaults alone.
    pub fn new() -> Self {
        Self {
            value: to_value(&RunFile::default()),
            evaluations: None,
        }
    }

    /// What is already resolved.
    pub fn of(file: &RunFile) -> Self {
        Self {
            value: to_value(file),
            evaluations: None,
        }
    }

    /// Lays a file's text over what is there; files of points that it names lie relative to `base_dir`.
    ///
    /// # Errors
    /// Not JSON, another version, an unknown key or kind, a value of the wrong type.
    pub fn lay(&mut self, text: &str, base_dir: &Path) -> Result<(), BadInput> {
        let mut given = parse_json(text)?;
        migrate(&mut given)?;
        for slot in ["source", "target", "coupling"] {
            resolve_file(&mut given, slot, base_dir);
        }
        self.take_evaluations(&mut given)?;
        self.value = schema::lay_over(&self.value, &given, "", "")?;
        Ok(())
    }

    /// Sets one key, as `--set key.path=value` does: the value is JSON, else a string. Setting a kind takes that kind's
    /// defaults; setting a parameter keeps the kind.
    ///
    /// # Errors
    /// As [`Draft::lay`].
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), BadInput> {
        if path.is_empty() || path.split('.').any(str::is_empty) {
            return Err(BadInput::new(format!(
                "\"{path}\" is not a key; give key.path=value, as in optimizer.batch=256"
            )));
        }
        let mut given: Value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.into()));
        let pointer = format!("/{}", path.replace('.', "/"));
        if self.value.pointer(&pointer).is_some_and(Value::is_string) && (given.is_number() || given.is_boolean()) {
            // a name may look like a number
            given = Value::String(value.into());
        }
        for key in path.rsplit('.') {
            given = Value::Object(Map::from_iter([(key.to_string(), given)]));
        }
        self.take_evaluations(&mut given)?;
        self.value = schema::lay_over(&self.value, &given, "", "")?;
        Ok(())
    }

    /// The finished experiment, with every number checked and every file of points read.
    ///
    /// # Errors
    /// A number beyond its limit, parts that do not fit together, a file of points that cannot be used.
    pub fn finish(&self) -> Result<RunFile, BadInput> {
        // `--set schema_version=…` may have written one that nobody reads
        migrate(&mut self.value.clone())?;
        limits::check(&self.value, "", "")?;
        let mut file = RunFile {
            experiment: experiment_of(&self.value, "")?,
            sampling: typed(&self.value["sampling"], "sampling")?,
        };
        if let Some(evaluations) = &self.evaluations {
            file.sampling.steps = steps_for(&file.sampling, evaluations)?;
        }
        let experiment = &file.experiment;
        experiment.path_fits_source().map_err(BadInput::new)?;
        experiment.prediction_fits().map_err(BadInput::new)?;
        let fits = file.sampling.fits(experiment);
        fits.map_err(|misfit| BadInput::new(misfit.to_string()))?;
        file.sampling.exact_fits(experiment).map_err(BadInput::new)?;
        check_states(&file.sampling, "sampling")?;
        Ok(file)
    }

    /// Takes `sampling.evaluations` out of what is given: it stands for the solver steps, whichever was said last.
    fn take_evaluations(&mut self, given: &mut Value) -> Result<(), BadInput> {
        let Some(sampling) = given.get_mut("sampling").and_then(Value::as_object_mut) else {
            return Ok(());
        };
        let evaluations = sampling.remove("evaluations").filter(|v| !v.is_null());
        if sampling.contains_key("steps") {
            if evaluations.is_some() {
                return Err(BadInput::new(
                    "\"sampling.steps\" and \"sampling.evaluations\" say the same twice; give one of them",
                ));
            }
            self.evaluations = None;
        }
        if evaluations.is_some() {
            self.evaluations = evaluations;
        }
        Ok(())
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads an experiment file; files of points that it names lie relative to `base_dir`.
///
/// # Errors
/// Everything that [`Draft::lay`] and [`Draft::finish`] refuse.
pub fn parse_run_file(text: &str, base_dir: &Path) -> Result<RunFile, BadInput> {
    let mut draft = Draft::new();
    draft.lay(text, base_dir)?;
    draft.finish()
}

/// One distribution with its settings, as the command `data` takes it.
///
/// # Errors
/// As [`Draft::set`] and [`Draft::finish`]; keys are named without the slot's name.
pub fn distribution(kind: &str, settings: &[(String, String)]) -> Result<Arc<Distribution>, BadInput> {
    let mut draft = Draft::new();
    let tidy = |e: BadInput| BadInput::new(e.to_string().replace("\"target.", "\"").replace("target.", ""));
    draft.set("target.kind", kind).map_err(tidy)?;
    for (path, value) in settings {
        draft.set(&format!("target.{path}"), value).map_err(tidy)?;
    }
    Ok(draft.finish().map_err(tidy)?.experiment.target)
}

/// One coupling with its settings, as the command `couple` takes it.
///
/// # Errors
/// As [`Draft::set`] and [`Draft::finish`]; keys are named without the slot's name.
pub fn coupling(kind: &str, settings: &[(String, String)]) -> Result<Coupling, BadInput> {
    let mut draft = Draft::new();
    let tidy = |e: BadInput| BadInput::new(e.to_string().replace("\"coupling.", "\"").replace("coupling.", ""));
    draft.set("coupling.kind", kind).map_err(tidy)?;
    for (path, value) in settings {
        draft.set(&format!("coupling.{path}"), value).map_err(tidy)?;
    }
    Ok(draft.finish().map_err(tidy)?.experiment.coupling)
}

/// The text of a resolved experiment file.
pub fn run_file_text(file: &RunFile) -> String {
    let mut text = serde_json::to_string_pretty(file).unwrap_or_default();
    text.push('\n');
    text
}

/// The experiment within `value` (further keys are left alone): typed, structurally checked, points read.
pub(super) fn experiment_of(value: &Value, shown: &str) -> Result<Experiment, BadInput> {
    let place = |slot: &str| schema::join(shown, slot);
    let distribution = |slot: &str| -> Result<Arc<Distribution>, BadInput> {
        let place = place(slot);
        Ok(Arc::new(made_ready(typed(&value[slot], &place)?, &place)?))
    };
    let experiment = Experiment {
        schema_version: SCHEMA_VERSION,
        name: typed(&value["name"], &place("name"))?,
        seed: typed(&value["seed"], &place("seed"))?,
        source: distribution("source")?,
        target: distribution("target")?,
        coupling: coupling_of(&value["coupling"], &place("coupling"))?,
        path: typed(&value["path"], &place("path"))?,
        prediction: typed(&value["prediction"], &place("prediction"))?,
        loss: typed(&value["loss"], &place("loss"))?,
        weight: typed(&value["weight"], &place("weight"))?,
        time: typed(&value["time"], &place("time"))?,
        network: typed(&value["network"], &place("network"))?,
        optimizer: typed(&value["optimizer"], &place("optimizer"))?,
        steps: typed(&value["steps"], &place("steps"))?,
    };
    let checks = [
        experiment.network.validate(),
        experiment.optimizer.validate(),
        experiment.path.validate(),
        experiment.time.validate(),
        experiment.weight.validate(),
    ];
    // each message begins with the key's path
    checks
        .into_iter()
        .find_map(Result::err)
        .map_or(Ok(experiment), |e| Err(BadInput::new(place(&e))))
}

/// Solver steps for so many network calls.
fn steps_for(sampling: &Sampling, evaluations: &Value) -> Result<u32, BadInput> {
    let place = "\"sampling.evaluations\"";
    let count = evaluations
        .as_f64()
        .filter(|n| n.fract() == 0.0 && (1.0..=100_000.0).contains(n));
    let count = count.ok_or_else(|| {
        BadInput::new(format!(
            "{place} is {evaluations}; it must be a whole number from 1 to 100000"
        ))
    })?;
    let steps = sampling.sampler.steps_for(count as u32);
    steps.map_err(|why| BadInput::new(format!("{place}: {why}")))
}

/// Refuses a sampling whose trajectories would fill the memory.
pub(super) fn check_states(sampling: &Sampling, shown: &str) -> Result<(), BadInput> {
    let states = u64::from(sampling.count) * (u64::from(sampling.steps) + 1);
    if states > limits::MOST_STATES {
        return Err(BadInput::new(format!(
            "\"{shown}\" asks for {states} recorded states (count x (steps + 1)); the limit is {}",
            limits::MOST_STATES
        )));
    }
    Ok(())
}

/// Deserializes what was already laid over defaults, so that only structure can still be wrong.
pub(super) fn typed<T: DeserializeOwned>(value: &Value, shown: &str) -> Result<T, BadInput> {
    T::deserialize(value).map_err(|e| BadInput::new(format!("\"{shown}\": {e}")))
}

pub(super) fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

pub(super) fn parse_json(text: &str) -> Result<Value, BadInput> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(|e| BadInput::new(format!("this is not valid JSON: {e}")))?;
    if !value.is_object() {
        return Err(BadInput::new(
            "the file must hold one object in braces, as in {\"steps\": 8000}",
        ));
    }
    Ok(value)
}

/// Makes a relative file of points relative to the current folder instead of `base_dir`.
pub(super) fn resolve_file(given: &mut Value, slot: &str, base_dir: &Path) {
    if let Some(file) = given.get_mut(slot).and_then(|s| s.get_mut("file"))
        && let Some(name) = file.as_str()
        && !name.is_empty()
        && own_file(name).is_none()
    {
        *file = Value::String(base_dir.join(name).to_string_lossy().into_owned());
    }
}

/// A coupling, with the pairs of its file read.
fn coupling_of(value: &Value, shown: &str) -> Result<Coupling, BadInput> {
    let ready = match typed(value, shown)? {
        Coupling::File(given) if given.file.is_empty() => {
            return Err(BadInput::new(format!(
                "\"{shown}.file\" is missing; name a CSV or NPY file with the columns x0, y0, x1, y1"
            )));
        }
        Coupling::File(given) => {
            let read = read_pairs(Path::new(&given.file)).map_err(|e| e.within(format!("\"{shown}.file\"")))?;
            Coupling::with_file(given.file, Arc::new(read))
        }
        other => other,
    };
    ready.validate().map_err(|e| BadInput::new(format!("{shown}.{e}")))?;
    Ok(ready)
}

/// Reads the file of a distribution that has one, and checks the parameters.
fn made_ready(distribution: Distribution, shown: &str) -> Result<Distribution, BadInput> {
    let ready = match distribution {
        Distribution::Points(points) if points.file.is_empty() => {
            return Err(BadInput::new(format!(
                "\"{shown}.file\" is missing; name a CSV or NPY file of points"
            )));
        }
        Distribution::Points(points) => {
            let read = read_points(Path::new(&points.file)).map_err(|e| e.within(format!("\"{shown}.file\"")))?;
            Distribution::with_points(points.file, Arc::new(read))
        }
        other => other,
    };
    ready.validate().map_err(|e| BadInput::new(format!("{shown}.{e}")))?;
    Ok(ready)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse_run_file(text, Path::new("")).unwrap_err().to_string()
    }

    #[test]
    fn wrong_words_name_the_path_and_the_right_word() {
        let text = fault(r#"{"optimizer":{"learningrate":0.1}}"#);
        assert_eq!(
            text,
            "unknown key \"optimizer.learningrate\"; did you mean \"learning_rate\"?"
        );
        let text = fault(r#"{"time":{"kind":"logitnormal"}}"#);
        assert_eq!(
            text,
            "unknown kind \"logitnormal\" in \"time.kind\"; did you mean \"logit-normal\"?"
        );
        let text = fault(r#"{"network":{"activation":"rleu"}}"#);
        assert_eq!(
            text,
            "unknown name \"rleu\" for \"network.activation\"; did you mean \"relu\"?"
        );
        assert!(fault(r#"{"time":{"kind":"logit-normal","sdt":2}}"#).contains("time.sdt"));
    }

    #[test]
    fn wrong_values_name_the_key_the_value_and_the_limit() {
        for (text, parts) in [
            (
                r#"{"optimizer":{"learning_rate":-1}}"#,
                ["optimizer.learning_rate", "-1", "from"],
            ),
            (
                r#"{"network":{"hidden":[64,100000]}}"#,
                ["network.hidden[1]", "100000", "256"],
            ),
            (r#"{"network":{"hidden":[]}}"#, ["network.hidden", "0 layers", "1 to 6"]),
            (
                r#"{"sampling":{"count":100000000}}"#,
                ["sampling.count", "100000000", "1000000"],
            ),
            (
                r#"{"sampling":{"count":1000000,"steps":1000}}"#,
                ["sampling", "1001000000", "50000000"],
            ),
            (r#"{"steps":-5}"#, ["steps", "-5", "negative"]),
            (r#"{"steps":1.5}"#, ["steps", "1.5", "whole"]),
            (r#"{"steps":"many"}"#, ["steps", "\"many\"", "number"]),
            (r#"{"seed":1e400}"#, ["JSON", "range", "line 1"]),
            (r#"{"schema_version":7}"#, ["schema_version 7", "newer", "update"]),
            (r#"{"network":3}"#, ["network", "object", "3"]),
            ("[1]", ["object", "braces", "steps"]),
            ("", ["JSON", "line", "column"]),
        ] {
            let said = fault(text);
            assert!(parts.iter().all(|part| said.contains(part)), "{text} gave: {said}");
        }
    }

    #[test]
    fn every_key_is_optional_and_what_is_written_reads_back() {
        let file = parse_run_file("{}", Path::new("")).unwrap();
        assert_eq!(file, RunFile::default());
        assert_eq!(parse_run_file(&run_file_text(&file), Path::new("")).unwrap(), file);
    }

    #[test]
    fn settings_keep_or_change_the_kind() {
        let mut draft = Draft::new();
        draft.set("time.kind", "u-shaped").unwrap();
        draft.set("time.a", "2").unwrap();
        draft.set("network.hidden", "[32, 16]").unwrap();
        draft.set("name", "7").unwrap();
        let experiment = draft.finish().unwrap().experiment;
        assert_eq!(
            experiment.time,
            crate::flow::time_density::TimeDensity::UShaped { a: 2.0 }
        );
        assert_eq!(experiment.network.hidden, [32, 16]);
        assert_eq!(experiment.name, "7");
        draft.set("time.kind", "cosmap").unwrap();
        assert!(draft.set("time.a", "2").is_err());
        assert!(draft.set("time..a", "2").is_err());
    }

    #[test]
    fn parameters_of_distributions_are_checked() {
        let target = |text: &str| fault(&format!("{{\"target\":{text}}}"));
        for (text, parts) in [
            (
                r#"{"kind":"eight-gaussians","radius":-1}"#,
                ["target.radius", "-1", "from"],
            ),
            (
                r#"{"kind":"eight-gaussians","radios":1}"#,
                ["target.radios", "eight-gaussians", "\"radius\""],
            ),
            (
                r#"{"kind":"two-moons","shift":[1,2,3]}"#,
                ["target.shift", "[1,2,3]", "point"],
            ),
            (
                r#"{"kind":"two-moons","noise":"low"}"#,
                ["target.noise", "low", "number"],
            ),
            (r#"{"kind":"gaussian","mean":3}"#, ["target.mean", "3", "point"]),
            (
                r#"{"kind":"gaussian","covariance":[[1,2],[2]]}"#,
                ["target.covariance[1]", "[2", "two numbers"],
            ),
            (
                r#"{"kind":"gaussian","covariance":[[1,2],[2,1]]}"#,
                ["target", "covariance", "positive"],
            ),
            (
                r#"{"kind":"mixture","weights":[1],"means":[[0,0],[1,1]],"stds":[1]}"#,
                ["target", "means", ""],
            ),
            (
                r#"{"kind":"mixture","weights":[-1],"means":[[0,0]],"stds":[1]}"#,
                ["target", "weight", "-1"],
            ),
            (
                r#"{"kind":"rings","count":1000000000000}"#,
                ["target.count", "1000000000000", "large"],
            ),
            (r#"{"kind":"points"}"#, ["target.file", "missing", "CSV"]),
            (
                r#"{"kind":"points","file":"/no/such.csv"}"#,
                ["target.file", "/no/such.csv", "no such file"],
            ),
            (r#"{"kind":"moons"}"#, ["target.kind", "moons", "two-moons"]),
        ] {
            let said = target(text);
            assert!(parts.iter().all(|part| said.contains(part)), "{text} gave: {said}");
        }
        let published = r#"{"target":{"kind":"two-moons","noise":0.2,"scale":3,"shift":-1},"source":{"kind":"gaussian","covariance":[[2,1],[1,2]]}}"#;
        let file = parse_run_file(published, Path::new("")).unwrap();
        assert_eq!(parse_run_file(&run_file_text(&file), Path::new("")).unwrap(), file);
    }

    #[test]
    fn points_lie_beside_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cloud.csv"), "x,y\n1,2\n3,4\n").unwrap();
        let text = r#"{"target":{"kind":"points","file":"cloud.csv"}}"#;
        let file = parse_run_file(text, folder.path()).unwrap();
        let Distribution::Points(points) = &*file.experiment.target else {
            panic!("not points");
        };
        assert_eq!(*points.points, [[1.0, 2.0], [3.0, 4.0]]);
        std::fs::write(folder.path().join("cloud.csv"), "x,y\n1,2\n3\n").unwrap();
        let said = parse_run_file(text, folder.path()).unwrap_err().to_string();
        assert!(said.contains("cloud.csv") && said.contains("row 3"), "{said}");
    }
}
