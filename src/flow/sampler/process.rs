//! Which process the lens of the SDE shows: the one that generates, and the two beside it.

/// Which process is carried out. A closed set; [`PROCESSES`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Process {
    /// The reverse SDE, from noise to data.
    #[default]
    Generate,
    /// The forward SDE, from real data to noise: no network.
    Noising,
    /// Langevin dynamics at a fixed t.
    Langevin,
}

/// Every process: which, name in files, one line of explanation.
pub const PROCESSES: [(Process, &str, &str); 3] = [
    (Process::Generate, "generate", "the reverse SDE, from noise to data"),
    (
        Process::Noising,
        "noising",
        "the forward SDE, dx = f ds + g dW: real data becomes noise, with no network",
    ),
    (
        Process::Langevin,
        "langevin",
        "dx = score / 2 dtau + dW at a fixed t: particles find the law of that t and stay in it",
    ),
];

impl Process {
    /// Name in files and on the command line.
    pub fn name(self) -> &'static str {
        PROCESSES[self as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_finds_its_own_row_and_its_name_in_files() {
        for (process, name, _) in PROCESSES {
            assert_eq!(process.name(), name);
            assert_eq!(serde_json::to_value(process).unwrap(), name);
        }
    }
}
