//! The Python file beside exported weights: it loads them with `NumPy` alone and gives the same velocity.

use std::path::Path;

use crate::flow::time_density::Prediction;
use crate::lab::Experiment;

/// The file with its places to fill.
const TEMPLATE: &str = include_str!("velocity.py");
/// How every such file begins: what begins otherwise is somebody else's and is not written over.
pub const BEGINS: &str = "\"\"\"The velocity of a flow that Rectiflow trained";

/// The text of the Python file for weights that lie beside it at `weights`.
pub fn python_file(experiment: &Experiment, weights: &Path) -> String {
    let part = |text: Option<&std::ffi::OsStr>| text.unwrap_or_default().to_string_lossy().into_owned();
    let file = part(weights.file_name());
    let stem = part(weights.file_stem());
    // within a text of three quotes: no quotes, no backslashes, no line breaks
    let plain = |text: &str| text.replace(['"', '\\'], "'").replace(char::is_control, " ");
    let conversion: Vec<String> = conversion(experiment)
        .iter()
        .map(|line| format!("    {line}"))
        .collect();
    TEMPLATE
        .replace("@NAME@", &plain(&experiment.name))
        .replace("@FILE@", &plain(&file))
        .replace("@FILE_LITERAL@", &serde_json::to_string(&file).unwrap_or_default())
        .replace("@MODULE@", &plain(&stem))
        .replace("@STEM@", &plain(&stem))
        .replace("@CONVERSION@", &conversion.join("\n"))
}

/// The lines of Python that turn `out`, the network's output at `x` and `t`, into the velocity; the last returns it. They also
/// are the metadata's `velocity`.
pub fn conversion(experiment: &Experiment) -> Vec<String> {
    match experiment.prediction {
        Prediction::Velocity => vec!["return out".into()],
    }
}
