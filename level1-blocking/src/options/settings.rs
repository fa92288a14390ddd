//! Values from outside the command line: what they are, where they stand, and how they
//! reach clap.
//!
//! A setting becomes the *default value* of its option. So it passes through the same value
//! parser as a flag, and a flag wins over it without a line of ours. Clap can read variables
//! itself, but would take an empty one for a value and name the flag when the value is bad.

use std::collections::BTreeMap;

use clap::{Arg, ArgAction, Command};

use super::origin::Origin;

/// The settings found, by the option's long name.
pub(super) type Settings = BTreeMap<String, Setting>;

/// The value of one option, given elsewhere than on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// At least one; several only where the option may be repeated.
    pub(super) values: Vec<String>,
    pub(super) origin: Origin,
}

/// `command` with each setting as its option's default.
pub(super) fn apply(command: Command, settings: &Settings) -> Command {
    command.mut_args(|arg| match arg.get_long().and_then(|flag| settings.get(flag)) {
        Some(setting) => with_default(arg, &setting.values),
        None => arg,
    })
}

/// `arg` with other defaults. Clap does not count a default as given, so whoever has one
/// may no longer be required.
pub(super) fn with_default<T>(arg: Arg, values: impl IntoIterator<Item = T>) -> Arg
where
    T: Into<clap::builder::OsStr>,
{
    arg.required(false).default_values(values)
}

/// The options that can be set outside the command line, with their long names.
pub(super) fn settable(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    command.get_arguments().filter_map(|arg| Some((settable_name(arg)?, arg)))
}

/// The long name of `arg`, if it can be set outside the command line.
pub(super) fn settable_name(arg: &Arg) -> Option<&str> {
    arg.get_long().filter(|flag| !ACTIONS.contains(flag))
}

/// Whether `arg` takes several values.
pub(super) fn is_repeatable(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// The option that names the file: its long name, and clap's id of it.
pub(super) const CONFIG: &str = "config";

/// What a person asks of the program once; set for good, it would never serve.
const ACTIONS: [&str; 3] = ["check", "help", "version"];
