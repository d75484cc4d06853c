//! The Python file beside exported weights: it loads them with `NumPy` alone and gives the same velocity.

use std::fmt::Write as _;
use std::path::Path;

use crate::flow::lens::Lens;
use crate::flow::path::Path as FlowPath;
use crate::flow::prediction::Output;
use crate::lab::{LabRun, Origin};

/// The file with its places to fill.
const TEMPLATE: &str = include_str!("velocity.py");
/// How every such file begins: what begins otherwise is somebody else's and is not written over.
pub const BEGINS: &str = "\"\"\"The velocity of a flow that Rectiflow trained";

/// The text of the Python file for weights that lie beside it at `weights`.
pub fn python_file(run: &LabRun, weights: &Path) -> String {
    let part = |text: Option<&std::ffi::OsStr>| text.unwrap_or_default().to_string_lossy().into_owned();
    let file = part(weights.file_name());
    let stem = part(weights.file_stem());
    // within a text of three quotes: no quotes, no backslashes, no line breaks
    let plain = |text: &str| text.replace(['"', '\\'], "'").replace(char::is_control, " ");
    let path = run.experiment.path;
    let (from, to) = path.ends(Lens::FlowMatching, false);
    let size = output(run)
        .data_size()
        .map_or_else(|| "None".into(), |s| format!("{s}"));
    TEMPLATE
        .replace("@NAME@", &plain(&run.experiment.name))
        .replace("@FILE@", &plain(&file))
        .replace("@FILE_LITERAL@", &serde_json::to_string(&file).unwrap_or_default())
        .replace("@MODULE@", &plain(&stem))
        .replace("@STEM@", &plain(&stem))
        .replace("@ENDS@", &format!("({from}, {to})"))
        .replace("@START_SCALE@", &format!("{:?}", path.start_scale()))
        .replace("@DATA_SIZE@", &size)
        .replace("@PATH@", &path_lines(path))
}

/// What the network's raw output means; a one-step student's is the velocity itself, as in training.
fn output(run: &LabRun) -> Output {
    if matches!(run.origin, Origin::Distilled { .. }) {
        Output::plain(run.experiment.path)
    } else {
        run.experiment.output()
    }
}

/// How the network's output becomes the velocity, for the weights' metadata.
pub fn conversion(run: &LabRun) -> String {
    match output(run).data_size() {
        None => "v(x, t) = net(x, t)".into(),
        Some(s) => format!(
            "v(x, t) = (alpha' alpha s^2 + sigma' sigma) / n^2 x + (alpha' sigma - sigma' alpha) s / n net(x / n, time) with n^2 = alpha^2 s^2 + sigma^2, tan(pi time / 2) = alpha s / sigma, s = {s}, path {}",
            serde_json::to_string(&run.experiment.path).unwrap_or_default()
        ),
    }
}

/// The body of Python's `path(t)`: alpha, sigma and their derivatives by t.
fn path_lines(path: FlowPath) -> String {
    let mut lines = String::new();
    // writing to a String cannot fail
    let _ = match path {
        FlowPath::Linear => write!(lines, "    return t, 1.0 - t, np.ones_like(t), -np.ones_like(t)"),
        FlowPath::Cosine => write!(
            lines,
            "    h = 0.5 * np.pi\n    alpha, sigma = np.sin(h * t), np.sin(h * (1.0 - t))\n    return alpha, sigma, h * sigma, -h * alpha"
        ),
        FlowPath::Ve { smin, smax } => write!(
            lines,
            "    growth = np.log({smax:?} / {smin:?})\n    sigma = {smin:?} * np.exp(growth * (1.0 - t))\n    return np.ones_like(t), sigma, np.zeros_like(t), -growth * sigma"
        ),
        FlowPath::Vp { beta0, beta1 } | FlowPath::SubVp { beta0, beta1 } => write!(
            lines,
            "    s = 1.0 - t\n    q, rate = s * (0.25 * ({beta1:?} - {beta0:?}) * s + 0.5 * {beta0:?}), 0.5 * (({beta1:?} - {beta0:?}) * s + {beta0:?})\n"
        ),
        FlowPath::Ou { theta } => writeln!(lines, "    q, rate = {theta:?} * (1.0 - t), {theta:?}"),
    };
    match path {
        FlowPath::Linear | FlowPath::Cosine | FlowPath::Ve { .. } => {}
        FlowPath::Vp { .. } | FlowPath::Ou { .. } => lines.push_str(
            "    alpha, sigma = np.exp(-q), np.sqrt(-np.expm1(-2.0 * q))\n    d_alpha = rate * alpha\n    return alpha, sigma, d_alpha, -alpha * d_alpha / sigma",
        ),
        FlowPath::SubVp { .. } => lines.push_str(
            "    alpha, sigma = np.exp(-q), -np.expm1(-2.0 * q)\n    d_alpha = rate * alpha\n    return alpha, sigma, d_alpha, -2.0 * alpha * d_alpha",
        ),
    }
    lines
}
