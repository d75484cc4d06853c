//! What survives a crash: one file a window, in the program's own folder, replaced whole every few seconds of change.
//!
//! A slot is a number n with two files: `n.lock`, locked as long as its window lives (the system lets go of it however the
//! process ends), and `n.json`, the autosave. Where `n.json` is there and nobody holds `n.lock`, a window ended without asking.
//! Whether and when to write is the window's business.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};

use super::atomic::{self, WriteFault};
use crate::lab::{BadInput, Lab, lab_text, parse_lab, read_bytes};

/// The most windows at a time.
const MOST_SLOTS: u32 = 256;
/// The key of an autosave's first line.
const KEY: &str = "rectiflow_autosave";

/// A place for one window's autosaves, held until it is dropped.
#[derive(Debug)]
pub struct Slot {
    file: PathBuf,
    // its lock is what makes the slot ours
    _lock: File,
}

/// A lab that was open when its window ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Autosave {
    /// The lab, records included.
    pub lab: Lab,
    /// Where it had been saved, or opened from.
    pub path: Option<PathBuf>,
}

impl Slot {
    /// A free slot of this folder, which is made where it is missing.
    ///
    /// # Errors
    /// A folder that cannot be made or written, a disk without locks.
    pub fn take(folder: &Path) -> Result<Self, WriteFault> {
        atomic::make_folder(folder)?;
        for number in 1..=MOST_SLOTS {
            let slot = Self::lock(folder, number)?;
            // one with an autosave waits for whoever restores it
            if let Some(slot) = slot.filter(|slot| !slot.file.exists()) {
                return Ok(slot);
            }
        }
        Err(atomic::fault(
            folder,
            "it is full of unsaved labs; open and close some of them",
        ))
    }

    /// The slots whose windows ended and left an autosave, the latest first; they are held from now on.
    pub fn left_behind(folder: &Path) -> Vec<Self> {
        let mut found: Vec<(SystemTime, Self)> = Vec::new();
        for number in 1..=MOST_SLOTS {
            if !path_of(folder, number, "lock").exists() {
                continue;
            }
            let Ok(Some(slot)) = Self::lock(folder, number) else {
                continue;
            };
            remove_parts(folder, number);
            if let Ok(at) = fs::metadata(&slot.file).and_then(|m| m.modified()) {
                found.push((at, slot));
            }
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.into_iter().map(|(_, slot)| slot).collect()
    }

    /// The slot of this number; None where another window holds it.
    fn lock(folder: &Path, number: u32) -> Result<Option<Self>, WriteFault> {
        let path = path_of(folder, number, "lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| atomic::fault(&path, &atomic::cause(&e)))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self {
                file: path_of(folder, number, "json"),
                _lock: lock,
            })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(atomic::fault(&path, &format!("this disk has no locks ({e})"))),
        }
    }

    /// The file of the autosave, which may not be there.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// When it was written.
    pub fn written(&self) -> Option<SystemTime> {
        fs::metadata(&self.file).and_then(|m| m.modified()).ok()
    }

    /// What it holds.
    ///
    /// # Errors
    /// No autosave, one of a newer program, a damaged one.
    pub fn read(&self) -> Result<Autosave, BadInput> {
        let bytes = read_bytes(&self.file)?;
        let text = String::from_utf8_lossy(&bytes);
        parse(&text).map_err(|e| e.within(self.file.display()))
    }

    /// Puts the autosave beside, under a name that is not looked for again: it cannot be read, and is not thrown away.
    pub fn set_aside(&self) -> PathBuf {
        let aside = self.file.with_extension("unreadable.json");
        // where even this fails the file stays as it is
        let _ = fs::rename(&self.file, &aside);
        aside
    }

    /// Takes the autosave away: its lab is saved, or was given up.
    pub fn clear(&self) {
        // it is gone already, or the next one replaces it
        let _ = fs::remove_file(&self.file);
    }
}

/// The text of an autosave: a line of its own, then the lab's file.
pub fn text(lab: &Lab, path: Option<&Path>) -> String {
    let path = path.map(|p| p.to_string_lossy().into_owned());
    format!("{}\n{}", json!({ KEY: 1, "path": path }), lab_text(lab))
}

/// Reads an autosave's text.
///
/// # Errors
/// Another kind of file; all that a lab's file is refused for.
pub fn parse(text: &str) -> Result<Autosave, BadInput> {
    let (head, lab) = text.split_once('\n').unwrap_or((text, ""));
    let head: Value = serde_json::from_str(head).unwrap_or_default();
    if head.get(KEY).is_none() {
        return Err(BadInput::new("this is no autosave, or a damaged one"));
    }
    Ok(Autosave {
        lab: parse_lab(lab, Path::new(""))?,
        path: head.get("path").and_then(Value::as_str).map(PathBuf::from),
    })
}

fn path_of(folder: &Path, number: u32, ending: &str) -> PathBuf {
    folder.join(format!("{number}.{ending}"))
}

/// Takes away what a process that was killed while it wrote has left of this slot's next autosave.
fn remove_parts(folder: &Path, number: u32) {
    let beginning = format!(".{number}.json.");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if name.starts_with(&beginning) && path.extension().is_some_and(|e| e == "part") {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_do_not_share_a_slot_and_what_is_left_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("new");
        let first = Slot::take(&folder).unwrap();
        let second = Slot::take(&folder).unwrap();
        assert_ne!(first.file(), second.file());
        let mut lab = Lab::default();
        for (slot, seed) in [(&first, 1), (&second, 2)] {
            lab.runs[0].experiment.seed = seed;
            atomic::write(slot.file(), text(&lab, Some(Path::new("/x/ü.json"))).as_bytes()).unwrap();
            fs::write(folder.join(".1.json.99-0.part"), "half").unwrap();
        }
        assert!(Slot::left_behind(&folder).is_empty(), "both windows live");
        drop(second);
        let left = Slot::left_behind(&folder);
        assert_eq!(left.len(), 1);
        let back = left[0].read().unwrap();
        assert_eq!((back.lab, back.path.unwrap()), (lab, PathBuf::from("/x/ü.json")));
        assert_ne!(Slot::take(&folder).unwrap().file(), left[0].file());
        left[0].clear();
        drop((first, left));
        assert_eq!(Slot::left_behind(&folder).len(), 1);
        assert!(!folder.join(".1.json.99-0.part").exists());
    }

    #[test]
    fn what_is_no_autosave_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let slot = Slot::take(folder.path()).unwrap();
        for bad in [
            "",
            "{}",
            "{}\n{}",
            "{\"rectiflow_autosave\":1}\n",
            "{\"rectiflow_autosave\":1}\n{\"steps\":",
        ] {
            fs::write(slot.file(), bad).unwrap();
            assert!(slot.read().is_err(), "{bad}");
        }
        let aside = slot.set_aside();
        assert!(aside.exists() && !slot.file().exists());
        drop(slot);
        assert!(Slot::left_behind(folder.path()).is_empty());
    }
}
