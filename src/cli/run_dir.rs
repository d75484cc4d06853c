//! A run's folder: what `run` writes and what `sample` and `field` read. Self-contained: points that an experiment reads
//! from a file are copied beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::lab_source::lab_of_file;
use crate::backend::Trajectories;
use crate::export::atomic::{self, WriteFault};
use crate::export::{npy, tables, weights};
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;
use crate::lab::{BadInput, Draft, Lab, RunFile, RunRecord, run_file_text};
use crate::net::Checkpoint;

/// The folder of one run; or, to read from, a file with a lab in it, whose first stage's run is then meant.
#[derive(Clone, Debug)]
pub struct RunDir {
    path: PathBuf,
    within: Option<(Draft, Arc<RunRecord>)>,
}

impl RunDir {
    /// A folder to write to, made where it is missing; that it can be written to is found out now, not after the training.
    ///
    /// # Errors
    /// It cannot be made or written to.
    pub fn create(path: &Path) -> Result<Self, WriteFault> {
        atomic::make_folder(path)?;
        let probe = path.join(format!(".rectiflow-{}", std::process::id()));
        atomic::write(&probe, b"")?;
        // a probe that stays behind is an empty hidden file
        let _ = std::fs::remove_file(&probe);
        Ok(Self {
            path: path.into(),
            within: None,
        })
    }

    /// A folder that `run` wrote, or a file with a trained lab in it.
    ///
    /// # Errors
    /// No such folder or file, or none that holds a trained run.
    pub fn open(path: &Path) -> Result<Self, BadInput> {
        let shown = path.display();
        if path.is_file() {
            let (draft, record) = run_of_file(path)?;
            let record = record.ok_or_else(|| {
                BadInput::new(format!(
                    "{shown}: nothing is trained in it; `rectiflow run {shown} --out DIR` trains it"
                ))
            })?;
            return Ok(Self {
                path: path.into(),
                within: Some((draft, record)),
            });
        }
        if !path.is_dir() {
            return Err(BadInput::new(format!(
                "{shown}: there is no such folder; `rectiflow run PRESET --out DIR` writes one"
            )));
        }
        if !path.join("experiment.json").is_file() {
            return Err(BadInput::new(format!(
                "{shown}: this is not a run's folder, it has no experiment.json; `rectiflow run PRESET --out DIR` writes one"
            )));
        }
        Ok(Self {
            path: path.into(),
            within: None,
        })
    }

    /// A file of the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The experiment as it was run.
    ///
    /// # Errors
    /// Everything that an experiment file is refused for.
    pub fn draft(&self) -> Result<Draft, BadInput> {
        match &self.within {
            Some((draft, _)) => Ok(draft.clone()),
            None => draft_of_file(&self.file("experiment.json")),
        }
    }

    /// The run as a lab of one run, with the weights that sampling uses.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another network.
    pub fn lab(&self, file: RunFile) -> Result<Lab, BadInput> {
        if let Some((_, record)) = &self.within {
            let mut lab = Lab::of(file);
            lab.runs[0].record = Some(Arc::clone(record));
            return Ok(lab);
        }
        let params = weights::read(&self.file("weights.safetensors"), &file.experiment.network)?;
        let moments = vec![0.0; params.len()];
        let checkpoint = Checkpoint {
            ema: params.clone(),
            params,
            first_moment: moments.clone(),
            second_moment: moments,
            step: 0,
        };
        let mut lab = Lab::of(file);
        lab.runs[0].record = Some(Arc::new(RunRecord {
            checkpoint,
            ..RunRecord::default()
        }));
        Ok(lab)
    }

    /// Writes `experiment.json` and the points and pairs it refers to; the experiment as written, which names them by their copies.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub fn write_experiment(&self, file: &RunFile) -> Result<RunFile, WriteFault> {
        let mut own = file.clone();
        for (slot, name) in [
            (&mut own.experiment.source, "source-points.npy"),
            (&mut own.experiment.target, "target-points.npy"),
        ] {
            if let Distribution::Points(points) = &**slot {
                let points = Arc::clone(&points.points);
                npy::write_points(&self.file(name), &points)?;
                *slot = Arc::new(Distribution::with_points(name, points));
            }
        }
        if let Coupling::File(given) = &own.experiment.coupling {
            let pairs = Arc::clone(&given.pairs);
            npy::write_pairs(&self.file("pairs.npy"), &pairs)?;
            own.experiment.coupling = Coupling::with_file("pairs.npy", pairs);
        }
        atomic::write(&self.file("experiment.json"), run_file_text(&own).as_bytes())?;
        Ok(own)
    }

    /// Writes `weights.safetensors`.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub fn write_weights(&self, file: &RunFile, checkpoint: &Checkpoint) -> Result<(), WriteFault> {
        // one entry alone: several would lie in the file in another order each time, and a run would not repeat to the byte
        let mut experiment = serde_json::to_value(&file.experiment).unwrap_or_default();
        if let Some(size) = file.experiment.output().data_size() {
            // the one number that is needed to use the network elsewhere and does not stand in the experiment
            experiment["data_size"] = size.into();
        }
        let metadata = [("experiment", experiment.to_string())];
        let shape = &file.experiment.network;
        weights::write(&self.file("weights.safetensors"), shape, &checkpoint.ema, &metadata)
    }

    /// Writes `loss.csv`: the batch loss after each step, averaged where there are very many steps.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub fn write_losses(&self, losses: &[f32]) -> Result<(), WriteFault> {
        // 100,000 rows are 2 MB and finer than any screen
        let every = losses.len().div_ceil(100_000).max(1);
        let rows = losses.chunks(every).enumerate().map(|(i, chunk)| {
            let mean = chunk.iter().map(|&l| f64::from(l)).sum::<f64>() / chunk.len() as f64;
            [(i * every + chunk.len()).to_string(), (mean as f32).to_string()]
        });
        tables::write_rows(&self.file("loss.csv"), ["step", "loss"], rows)
    }

    /// Writes `x0.npy`, `samples.npy`, `times.npy` and `trajectories.npy`.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub fn write_trajectories(&self, trajectories: &Trajectories) -> Result<(), WriteFault> {
        let times: Vec<f32> = trajectories.times.iter().map(|&t| t as f32).collect();
        let starts: Vec<[f32; 2]> = (0..trajectories.count()).map(|p| trajectories.particle(p)[0]).collect();
        npy::write_points(&self.file("x0.npy"), &starts)?;
        npy::write_points(&self.file("samples.npy"), &trajectories.ends())?;
        npy::write_scalars(&self.file("times.npy"), &times)?;
        npy::write_trajectories(&self.file("trajectories.npy"), times.len(), &trajectories.states)
    }

    /// Writes `metrics.json`.
    ///
    /// # Errors
    /// As [`atomic::write`].
    pub fn write_metrics(&self, metrics: &Map<String, Value>) -> Result<(), WriteFault> {
        atomic::write(&self.file("metrics.json"), metrics_text(metrics).as_bytes())
    }
}

/// The text of `metrics.json`.
pub fn metrics_text(metrics: &Map<String, Value>) -> String {
    let mut text = serde_json::to_string_pretty(metrics).unwrap_or_default();
    text.push('\n');
    text
}

/// The run of the first stage of the lab in a file, and what it has become.
///
/// # Errors
/// As [`lab_of_file`].
pub fn run_of_file(path: &Path) -> Result<(Draft, Option<Arc<RunRecord>>), BadInput> {
    let lab = lab_of_file(path)?;
    let stage = &lab.stages[lab.focus()];
    let run = lab.run(stage.run).unwrap_or(&lab.runs[0]);
    let draft = Draft::of(&RunFile {
        experiment: run.experiment.clone(),
        sampling: stage.sampling,
    });
    Ok((draft, run.record.clone()))
}

/// An experiment file as a draft; files of points lie relative to it.
///
/// # Errors
/// Unreadable, not text, or refused by [`Draft::lay`]; the file is named.
pub fn draft_of_file(path: &Path) -> Result<Draft, BadInput> {
    let text = text_of_file(path)?;
    let mut draft = Draft::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    draft.lay(&text, folder).map_err(|e| e.within(path.display()))?;
    Ok(draft)
}

/// A file's text.
///
/// # Errors
/// Unreadable or not UTF-8; the file is named.
pub fn text_of_file(path: &Path) -> Result<String, BadInput> {
    String::from_utf8(crate::lab::read_bytes(path)?).map_err(|_| {
        BadInput::new(format!(
            "{}: this is not text in UTF-8; an experiment file is JSON",
            path.display()
        ))
    })
}
