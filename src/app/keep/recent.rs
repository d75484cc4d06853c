//! The files that were used before, latest first, in a small file that all windows share.

use std::fs;
use std::path::{Path, PathBuf};

/// How many are kept.
const MOST: usize = 12;

/// The list.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// None: the list is this window's alone.
    file: Option<PathBuf>,
    paths: Vec<PathBuf>,
}

impl Recent {
    /// The list of this folder; empty where there is none that can be read.
    pub fn read(folder: &Path) -> Self {
        let file = folder.join("recent.json");
        Self {
            paths: stored(&file),
            file: Some(file),
        }
    }

    /// Latest first; those that are gone are left out.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.paths.iter().filter(|path| path.exists()).cloned().collect()
    }

    /// A file was used. What is to be written where, so that other windows and the next start know it.
    pub fn used(&mut self, path: &Path) -> Option<(PathBuf, String)> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if let Some(file) = &self.file {
            // other windows have used files too
            let others = stored(file);
            if !others.is_empty() {
                self.paths = others;
            }
        }
        self.paths.retain(|p| *p != path);
        self.paths.insert(0, path);
        self.paths.truncate(MOST);
        let text = serde_json::to_string_pretty(&self.paths).ok()?;
        Some((self.file.clone()?, text + "\n"))
    }
}

fn stored(file: &Path) -> Vec<PathBuf> {
    let text = fs::read(file).unwrap_or_default();
    let mut paths: Vec<PathBuf> = serde_json::from_slice(&text).unwrap_or_default();
    paths.truncate(MOST);
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_first_and_nothing_stands_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut recent = Recent::read(folder.path());
        for i in (0..MOST + 3).chain([5]) {
            let path = folder.path().join(format!("{i}.json"));
            fs::write(&path, "{}").unwrap();
            let (file, text) = recent.used(&path).unwrap();
            fs::write(file, text).unwrap();
        }
        let names = |recent: &Recent| -> Vec<String> {
            let name = |p: PathBuf| p.file_stem().unwrap().to_string_lossy().into_owned();
            recent.paths().into_iter().map(name).collect()
        };
        let expected: Vec<String> = [5, 14, 13, 12, 11, 10, 9, 8, 7, 6, 4, 3]
            .map(|i: u32| i.to_string())
            .into();
        assert_eq!(names(&recent), expected);
        fs::remove_file(folder.path().join("13.json")).unwrap();
        let other = Recent::read(folder.path());
        assert_eq!(names(&other).len(), MOST - 1);
        fs::write(folder.path().join("recent.json"), "[3").unwrap();
        assert!(Recent::read(folder.path()).paths().is_empty());
        assert!(Recent::default().used(Path::new("x")).is_none());
    }
}
