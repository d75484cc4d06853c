//! Files of points and pairs that a lab reads, carried along with it: an exported figure opens on a machine that has never seen
//! them. They lie in the lab's JSON under `files`, by the names that the experiments give them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::{atomic, npy};
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;
use crate::lab::{BadInput, Lab, decode_npy, lab_text, pairs_from_bytes, points_from_bytes};

/// The parts of an experiment that can name a file.
const SLOTS: [&str; 3] = ["source", "target", "coupling"];

/// The text of a lab's file, with the files that it reads.
pub fn text_with_files(lab: &Lab) -> String {
    let text = lab_text(lab);
    let mut files = Map::new();
    let mut add = |name: &str, bytes: Vec<u8>| {
        files.insert(absolute(name), Value::String(BASE64.encode(bytes)));
    };
    for run in &lab.runs {
        for end in [&run.experiment.source, &run.experiment.target] {
            if let Distribution::Points(given) = &**end {
                let points = &given.points;
                add(
                    &given.file,
                    npy::encode(&[points.len(), 2], points.iter().flatten().copied()),
                );
            }
        }
        if let Coupling::File(given) = &run.experiment.coupling {
            let pairs = Arc::clone(&given.pairs);
            add(
                &given.file,
                npy::encode(&[pairs.len(), 4], pairs.iter().flatten().copied()),
            );
        }
    }
    if files.is_empty() {
        return text;
    }
    // it is our own text
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
        return text;
    };
    each_file(&mut value, |name| Some(absolute(name)));
    value["files"] = Value::Object(files);
    value.to_string()
}

fn absolute(name: &str) -> String {
    std::path::absolute(name).map_or_else(|_| name.to_owned(), |path| path.to_string_lossy().into_owned())
}

/// Gives every file that an experiment names another name, where there is one.
fn each_file(lab: &mut Value, rename: impl Fn(&str) -> Option<String>) {
    let runs = lab.get_mut("runs").and_then(Value::as_array_mut);
    for run in runs.into_iter().flatten() {
        for slot in SLOTS {
            let file = run.pointer_mut(&format!("/experiment/{slot}/file"));
            if let Some(file) = file
                && let Some(name) = file.as_str().and_then(&rename)
            {
                *file = Value::String(name);
            }
        }
    }
}

/// The text of a lab whose files are where it says: those that are missing here, or are others now, are written to a folder of
/// the program's own.
///
/// # Errors
/// Files within that are damaged; a folder that cannot be written to.
pub fn text_with_files_here(text: String) -> Result<String, BadInput> {
    if !text.contains("\"files\"") {
        return Ok(text);
    }
    // what is no JSON is told by whoever reads the lab
    let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
        return Ok(text);
    };
    let Some(Value::Object(files)) = value.as_object_mut().and_then(|lab| lab.shift_remove("files")) else {
        return Ok(text);
    };
    let mut names = Map::new();
    for (name, content) in files {
        let bytes = content.as_str().and_then(|text| BASE64.decode(text).ok());
        let bytes = bytes.ok_or_else(|| BadInput::new(format!("its copy of {name} is damaged; export it anew")))?;
        if !is_here(Path::new(&name), &bytes)? {
            let copy = keep(&name, &bytes)?;
            names.insert(name, Value::String(copy.to_string_lossy().into_owned()));
        }
    }
    each_file(&mut value, |name| {
        names.get(name).and_then(Value::as_str).map(str::to_owned)
    });
    Ok(value.to_string())
}

/// Whether a file holds these points or pairs.
fn is_here(path: &Path, bytes: &[u8]) -> Result<bool, BadInput> {
    let wanted = decode_npy(bytes)?;
    let Ok(found) = std::fs::read(path) else {
        return Ok(false);
    };
    let found: Result<Vec<f64>, BadInput> = if wanted.shape.get(1) == Some(&4) {
        pairs_from_bytes(&found).map(Vec::into_flattened)
    } else {
        points_from_bytes(&found).map(Vec::into_flattened)
    };
    Ok(found.is_ok_and(|found| found == wanted.values))
}

/// Writes a copy under a name that says what is in it: the same content, the same file.
fn keep(name: &str, bytes: &[u8]) -> Result<PathBuf, BadInput> {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    let stem = Path::new(name)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = data_folder().join("points");
    let path = folder.join(format!("{stem}-{:08x}.npy", sum.sum()));
    let written = atomic::make_folder(&folder).and_then(|()| atomic::write(&path, bytes));
    written.map_err(|e| BadInput::new(format!("its points could not be kept: {e}")))?;
    Ok(path)
}

/// Where the program keeps what it was given (XDG base directories; `APPDATA` on Windows).
fn data_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = || set("HOME").map(|home| home.join(".local/share"));
    let base = set("XDG_DATA_HOME").or_else(|| set("APPDATA")).or_else(home);
    base.unwrap_or_else(std::env::temp_dir).join("rectiflow")
}
