//! Everything that can go wrong on the command line: one line on stderr and an exit code.

use crate::backend::Fault;
use crate::export::atomic::WriteFault;
use crate::lab::BadInput;

/// Why a command did not do what it was asked. Its text is one line: what is wrong and how to mend it.
#[derive(Debug)]
pub enum Failure {
    /// The input cannot be used: exit code 2.
    Input(BadInput),
    /// The machine could not do it: exit code 1.
    Machine(String),
}

impl Failure {
    /// The process's exit code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Input(_) => 2,
            Self::Machine(_) => 1,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input(bad) => bad.fmt(f),
            Self::Machine(text) => f.write_str(text),
        }
    }
}

impl From<BadInput> for Failure {
    fn from(bad: BadInput) -> Self {
        Self::Input(bad)
    }
}

impl From<WriteFault> for Failure {
    fn from(fault: WriteFault) -> Self {
        Self::Machine(fault.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let remedy = match &fault {
            Fault::Solver(_) => "",
            Fault::NonFinite { .. } => {
                "; lower the learning rate (--set optimizer.learning_rate=0.001) or clip gradients (--set optimizer.clip_norm=1)"
            }
            Fault::DeviceLost(_) | Fault::OutOfMemory(_) | Fault::Unavailable(_) => {
                "; --backend cpu needs no graphics device"
            }
        };
        Self::Machine(format!("{fault}{remedy}"))
    }
}
