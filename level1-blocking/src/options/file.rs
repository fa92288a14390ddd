//! Settings from a TOML file: one key an option, `head-timeout = "10s"`.
//!
//! The file is flat and its keys are the flags' long names, so whoever knows one knows the
//! other. Numbers and booleans may stand without quotes, a list sets an option that may be
//! repeated, and an empty list nothing. What the values mean is left to clap; what is decided
//! here is whether a key is an option at all. Relative paths start where the program does.

use std::fs;
use std::path::Path;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::OptionsError;
use super::origin::{Origin, Place};
use super::settings::{CONFIG, Setting, Settings, is_repeatable, settable};

/// What the file at `path` sets of `command`'s options; `named` says who wants it read.
pub(super) fn settings(
    command: &Command,
    path: &Path,
    named: &Origin,
) -> Result<Settings, OptionsError> {
    let text = fs::read_to_string(path).map_err(|cause| OptionsError::Unreadable {
        path: path.to_owned(),
        location: named.locate(CONFIG),
        cause,
    })?;
    parse(command, path, &text)
}

fn parse(command: &Command, path: &Path, text: &str) -> Result<Settings, OptionsError> {
    let place = |offset| Place { path: path.to_owned(), line: line(text, offset) };
    let table = DeTable::parse(text).map_err(|error| OptionsError::Syntax {
        place: place(error.span().map_or(0, |span| span.start)),
        // Its Display shows the line itself, which may hold a secret.
        reason: error.message().into(),
    })?;
    let mut settings = Settings::new();
    for (key, value) in table.get_ref() {
        let place = place(key.span().start);
        let key = key.get_ref();
        let (flag, arg) = options(command)
            .find(|(flag, _)| flag == key)
            .ok_or_else(|| unknown_key(command, key, place.clone()))?;
        let values = values(arg, value).map_err(|(found, expected)| OptionsError::Kind {
            key: flag.to_owned(),
            place: place.clone(),
            found,
            expected,
        })?;
        if !values.is_empty() {
            settings.insert(flag.to_owned(), Setting { values, origin: Origin::File(place) });
        }
    }
    Ok(settings)
}

/// The options a file can set: it cannot name another file.
fn options(command: &Command) -> impl Iterator<Item = (&str, &Arg)> {
    settable(command).filter(|(flag, _)| *flag != CONFIG)
}

/// The line, counted from one, on which the byte at `offset` stands.
fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// The values of an option as texts; or the kind of value found and the kind expected.
fn values(
    arg: &Arg,
    value: &Spanned<DeValue<'_>>,
) -> Result<Vec<String>, (&'static str, &'static str)> {
    match value.get_ref() {
        DeValue::Array(list) if is_repeatable(arg) => {
            list.iter().map(|value| single(value.get_ref())).collect()
        }
        value => Ok(vec![single(value)?]),
    }
}

fn single(value: &DeValue<'_>) -> Result<String, (&'static str, &'static str)> {
    const EXPECTED: &str = "one value, in quotes unless it is a number, true or false";
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(value) => Ok(value.to_string()),
        DeValue::Datetime(_) => Err(("a date or time", EXPECTED)),
        DeValue::Array(_) => Err(("a list", EXPECTED)),
        DeValue::Table(_) => Err(("a table", EXPECTED)),
    }
}

fn unknown_key(command: &Command, key: &str, place: Place) -> OptionsError {
    let all = || {
        let keys: Vec<&str> = options(command).map(|(flag, _)| flag).collect();
        format!("the keys are {}", keys.join(", "))
    };
    let hint = nearest(command, key).map_or_else(all, |flag| format!("did you mean '{flag}'?"));
    OptionsError::UnknownKey { key: key.to_owned(), place, hint }
}

/// The option whose name is most like `key`, by what clap would answer to such a flag.
fn nearest(command: &Command, key: &str) -> Option<String> {
    let flag = format!("--{key}");
    let error = command.clone().try_get_matches_from([command.get_name(), &flag]).err()?;
    let Some(ContextValue::String(suggestion)) = error.get(ContextKind::SuggestedArg) else {
        return None;
    };
    let nearest = suggestion.strip_prefix("--")?;
    options(command).find(|(flag, _)| *flag == nearest).map(|(flag, _)| flag.to_owned())
}
