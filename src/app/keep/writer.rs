//! The thread that writes lab files: the window never waits for a disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::export::{atomic, autosave};
use crate::lab::{Lab, lab_text};

/// What is to be done, in this order.
#[derive(Debug)]
pub enum Task {
    /// The user's file.
    Save {
        /// Where.
        path: PathBuf,
        /// With records.
        lab: Arc<Lab>,
    },
    /// The autosave.
    Autosave {
        /// The slot's file.
        file: PathBuf,
        /// Where the lab had been saved.
        path: Option<PathBuf>,
        /// With records.
        lab: Arc<Lab>,
    },
    /// The autosave goes: nothing is unsaved.
    Clear(PathBuf),
    /// A small file of the program's own.
    Note(PathBuf, String),
}

/// What came of a task.
#[derive(Debug)]
pub struct Done {
    /// The user's file that was written; None for the program's own files.
    pub saved: Option<PathBuf>,
    /// What went wrong.
    pub fault: Option<String>,
}

/// The thread; dropped, it finishes what it was given.
pub struct Writer {
    tasks: Option<Sender<Task>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts it. `wake` is called when something is done.
    pub fn start(wake: impl Fn() + Send + 'static) -> Self {
        let (tasks, inbox) = channel::<Task>();
        let (out, done) = channel();
        let serve = move || {
            for task in inbox {
                // whoever does not listen any more is about to end
                let _ = out.send(obey(task));
                wake();
            }
        };
        let thread = std::thread::Builder::new().name("rectiflow files".into()).spawn(serve);
        Self {
            tasks: Some(tasks),
            done,
            thread: thread.ok(),
        }
    }

    /// Gives it a task.
    pub fn send(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            let _ = tasks.send(task);
        }
    }

    /// What is done since the last call.
    pub fn done(&self) -> Vec<Done> {
        self.done.try_iter().collect()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn obey(task: Task) -> Done {
    let (saved, written) = match task {
        Task::Save { path, lab } => {
            let written = atomic::write(&path, lab_text(&lab).as_bytes());
            (Some(path), written)
        }
        Task::Autosave { file, path, lab } => {
            let text = autosave::text(&lab, path.as_deref());
            (None, atomic::write(&file, text.as_bytes()))
        }
        Task::Note(path, text) => (None, atomic::write(&path, text.as_bytes())),
        Task::Clear(file) => {
            // it is gone already, or the next one replaces it
            let _ = std::fs::remove_file(file);
            (None, Ok(()))
        }
    };
    Done {
        saved,
        fault: written.err().map(|e| e.to_string()),
    }
}
