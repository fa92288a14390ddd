//! Where a value comes from: what `--check` shows beside it and an error points to.
//!
//! The two print differently. `--check` names the source alone, in a column; an error gives
//! the words a person searches for: the flag, the variable, or the key and its line.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from, the strongest last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The program or its level.
    Default,
    /// A line of the configuration file.
    File(Place),
    /// The environment variable of that name.
    Environment(String),
    /// The command line.
    Flag,
}

impl Origin {
    /// How a person finds the value of `flag` again.
    pub(super) fn locate(&self, flag: &str) -> String {
        match self {
            Self::Default | Self::Flag => format!("'--{flag}'"),
            Self::File(place) => format!("'{flag}' in {place}"),
            Self::Environment(variable) => format!("'{variable}'"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => write!(f, "file {}", place.path.display()),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Counted from one.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.path.display(), self.line)
    }
}
