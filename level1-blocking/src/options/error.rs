//! Why the options cannot be used: what stands where, and the way out.
//!
//! Clap's errors about a *value* are told anew here, because clap believes that every value
//! was typed as a flag; settings from a file or a variable arrive as its defaults. All else
//! that clap refuses (an unknown flag, a missing value) keeps clap's words, and so do
//! `--help` and `--version`, which clap reports the same way.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::origin::{Origin, Place};
use super::settings::Settings;

/// The program cannot start with these options, or was only asked for help.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The command line is at fault, or asks for help or the version.
    #[error("{}", .0.to_string().trim_end())]
    CommandLine(clap::Error),
    /// An option does not take this value.
    #[error("invalid value '{value}' for {location}")]
    Value {
        /// What was written.
        value: String,
        /// The flag, the variable, or the key and its place, in quotes.
        location: String,
        /// What is wrong with it, and what to write.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// A variable holds bytes that are not text.
    #[error("{variable} is not valid UTF-8: set it to text, or give the value as a flag")]
    VariableNotText {
        /// The variable's name.
        variable: String,
    },
    /// The configuration file cannot be read.
    #[error(
        "cannot read '{}', which {location} names (give it a readable TOML file, or leave it out)",
        path.display()
    )]
    Unreadable {
        /// The file, as it was named.
        path: PathBuf,
        /// The flag or the variable that names it, in quotes.
        location: String,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The configuration file is not TOML.
    #[error("{place}, is not TOML (write lines such as head-timeout = \"10s\")")]
    Syntax {
        /// Where the error was noticed.
        place: Place,
        /// What the parser says.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// The configuration file sets something that is no option, or not one for a file.
    #[error("unknown key '{key}' in {place}: {hint}")]
    UnknownKey {
        /// The key.
        key: String,
        /// Where it stands.
        place: Place,
        /// The nearest key, or all there are.
        hint: String,
    },
    /// The configuration file gives an option a kind of value it cannot have.
    #[error("'{key}' in {place}, is {found}: write {expected}")]
    Kind {
        /// The key.
        key: String,
        /// Where it stands.
        place: Place,
        /// The kind of value found, with its article.
        found: &'static str,
        /// The kind of value to write instead.
        expected: &'static str,
    },
}

impl OptionsError {
    /// Prints the error, or the help that was asked for, and says how to exit:
    /// 2, or 0 after help.
    pub fn report(&self) -> ExitCode {
        // Nobody is left to tell when even this cannot be written.
        match self {
            Self::CommandLine(error) => {
                let _ = error.print();
                if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS }
            }
            error => {
                let _ = writeln!(io::stderr(), "error: {}", error.message());
                ExitCode::from(2)
            }
        }
    }

    /// The error and its causes in one line.
    pub fn message(&self) -> String {
        with_causes(self)
    }

    /// What clap says, told with the place where the value really stands.
    pub(super) fn from_clap(error: clap::Error, settings: &Settings, secrets: &[&str]) -> Self {
        let Some((flag, value)) = refused_value(&error) else {
            return Self::CommandLine(error);
        };
        let origin = settings.get(&flag).map_or(&Origin::Flag, |setting| &setting.origin);
        let (value, reason) = match reason(&error) {
            reason if !secrets.contains(&flag.as_str()) => (value, reason),
            // An empty value has nothing to hide, and would be found between all letters.
            reason if value.is_empty() => (value, reason),
            reason => (HIDDEN.to_owned(), reason.replace(&value, HIDDEN)),
        };
        Self::Value { value, location: origin.locate(&flag), reason: reason.into() }
    }
}

/// What stands in for a secret value.
const HIDDEN: &str = "(hidden)";

/// The long name of the option whose value clap refuses, and the value.
fn refused_value(error: &clap::Error) -> Option<(String, String)> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    // The option reads `--head-timeout <DURATION>`, or `--listen[=<ADDR>]`.
    let option = text(ContextKind::InvalidArg)?.strip_prefix("--")?;
    let flag = option.split([' ', '=', '[']).next()?;
    Some((flag.to_owned(), text(ContextKind::InvalidValue)?.to_owned()))
}

/// What is wrong with a refused value: its parser's words, or the values to choose from.
fn reason(error: &clap::Error) -> String {
    match (error.source(), error.get(ContextKind::ValidValue)) {
        (Some(cause), _) => with_causes(cause),
        (None, Some(ContextValue::Strings(choices))) if !choices.is_empty() => {
            format!("write one of {}", choices.join(", "))
        }
        _ => "a value is required".to_owned(),
    }
}

/// An error and its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    texts.join(": ")
}
