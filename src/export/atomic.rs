//! Files that are whole or not there: written beside under a name of their own, flushed to the disk, renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A file or folder that could not be written: what went wrong and how to mend it, on one line. The old file is untouched.
#[derive(Debug)]
pub struct WriteFault {
    text: String,
}

impl std::fmt::Display for WriteFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for WriteFault {}

/// Replaces the file at `path` by these bytes; whoever reads it sees the old file or the new one, never a part.
///
/// # Errors
/// Missing folder, no permission, read-only or full disk; nothing of the old file is lost and no part is left behind.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteFault> {
    // a link is followed, so that the file it names is replaced and not the link
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.is_dir() {
        return Err(fault(path, "it is a folder; name a file"));
    }
    // a pipe or a device (/dev/stdout) cannot be replaced: it is written as it stands
    if fs::metadata(&target).is_ok_and(|m| !m.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(&target)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|e| fault(path, &cause(&e)));
    }
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(fault(
            path,
            &format!("its folder {} does not exist; create it first", folder.display()),
        ));
    }
    let (beside, file) = create_beside(folder, &target).map_err(|e| fault(path, &cause(&e)))?;
    let written = fill(file, bytes).and_then(|()| keep_permissions(&target, &beside));
    written.and_then(|()| fs::rename(&beside, &target)).map_err(|e| {
        // the part is of no use to anyone; that it may fail to go changes nothing
        let _ = fs::remove_file(&beside);
        fault(path, &cause(&e))
    })?;
    // so that the new name also survives a power cut; some file systems cannot flush a folder, and need not
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes a folder and those above it.
///
/// # Errors
/// A file in its place, no permission, read-only or full disk.
pub fn make_folder(path: &Path) -> Result<(), WriteFault> {
    if path.exists() && !path.is_dir() {
        return Err(fault(path, "it is a file; name a folder"));
    }
    fs::create_dir_all(path).map_err(|e| fault(path, &cause(&e)))
}

fn fill(mut file: File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()
}

/// A new file in `folder` under a name that nobody else uses.
fn create_beside(folder: &Path, target: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    for _ in 0..1000 {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let beside = folder.join(format!(".{name}.{}-{number}.part", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((beside, file)),
            // left behind by a killed process that had our number
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::Error::from(ErrorKind::AlreadyExists))
}

fn keep_permissions(old: &Path, new: &Path) -> io::Result<()> {
    match fs::metadata(old) {
        Ok(old) if old.permissions().readonly() => Err(io::Error::from(ErrorKind::PermissionDenied)),
        Ok(old) => fs::set_permissions(new, old.permissions()),
        Err(_) => Ok(()),
    }
}

pub(super) fn fault(path: &Path, why: &str) -> WriteFault {
    let text = format!("cannot write {}: {why}", path.display());
    WriteFault {
        text: text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
    }
}

pub(super) fn cause(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; free some space or choose another folder".into()
        }
        ErrorKind::ReadOnlyFilesystem => "the disk is read-only; choose another folder".into(),
        ErrorKind::PermissionDenied => {
            "permission denied; change the permissions of the folder or choose another".into()
        }
        ErrorKind::NotFound => "its folder does not exist; create it first".into(),
        ErrorKind::NotADirectory => "a part of its path is a file; choose another folder".into(),
        _ => format!("{error}; choose another folder or mend the disk"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_content_is_replaced_and_no_part_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn faults_name_the_path_and_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/a.txt");
        assert!(write(&missing, b"").unwrap_err().to_string().contains("create it"));
        assert!(write(folder.path(), b"").unwrap_err().to_string().contains("folder"));
        let file = folder.path().join("file");
        write(&file, b"x").unwrap();
        assert!(make_folder(&file).is_err());
        assert!(make_folder(&file.join("below")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        write(&file, b"old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_says_so() {
        let text = write(Path::new("/dev/full"), b"x").unwrap_err().to_string();
        assert!(text.contains("disk is full"), "{text}");
    }
}
