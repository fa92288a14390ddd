//! What `--check` prints: every option, its value as a person would write it, its origin.
//!
//! Values are shown as they were written, not as they were understood, so a line can be
//! copied into a file or a command. Values of secret options are not kept at all.

use std::fmt;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::origin::Origin;
use super::settings::{Settings, settable};

/// The options in effect, in the order of the flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// One entry an option.
    pub options: Vec<EffectiveOption>,
}

/// One option in effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveOption {
    /// The long name, without dashes.
    pub flag: String,
    /// The value, or a word in parentheses where there is none to show.
    pub value: String,
    /// Where the value comes from.
    pub origin: Origin,
}

impl Effective {
    /// The options in effect after `settings` became `command`'s defaults.
    pub(super) fn new(
        command: &Command,
        matches: &ArgMatches,
        settings: &Settings,
        secrets: &[&str],
    ) -> Self {
        let option = |(flag, arg): (&str, &Arg)| {
            let value = match written(arg, matches) {
                Some(_) if secrets.contains(&flag) => "(set)".to_owned(),
                Some(value) => value,
                None => "(not set)".to_owned(),
            };
            let origin = match matches.value_source(arg.get_id().as_str()) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                _ => settings.get(flag).map_or(Origin::Default, |setting| setting.origin.clone()),
            };
            EffectiveOption { flag: flag.to_owned(), value, origin }
        };
        Self { options: settable(command).map(option).collect() }
    }

    /// Where the value of the option with this long name comes from.
    pub fn origin(&self, flag: &str) -> Option<&Origin> {
        let option = self.options.iter().find(|option| option.flag == flag);
        option.map(|option| &option.origin)
    }
}

/// The values as a variable would hold them: with commas between.
fn written(arg: &Arg, matches: &ArgMatches) -> Option<String> {
    let values = matches.get_raw(arg.get_id().as_str())?;
    let values: Vec<_> = values.map(|value| value.to_string_lossy()).collect();
    Some(values.join(","))
}

/// One line an option: name, value, origin, aligned.
impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: fn(&EffectiveOption) -> &str| {
            self.options.iter().map(|option| column(option).chars().count()).max().unwrap_or(0)
        };
        let flags = width(|option| &option.flag);
        let values = width(|option| &option.value);
        for EffectiveOption { flag, value, origin } in &self.options {
            writeln!(f, "{flag:<flags$}   {value:<values$}   {origin}")?;
        }
        Ok(())
    }
}
