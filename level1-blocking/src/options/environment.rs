//! Settings from environment variables: `--head-timeout` is `LEVELS_HEAD_TIMEOUT`.
//!
//! The variables are asked for by name through a function, so a test brings its own. One
//! that is empty counts as not set, as a container's configuration often leaves it. An option
//! that may be repeated takes its values separated by commas.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::error::OptionsError;
use super::origin::Origin;
use super::settings::{Setting, Settings, is_repeatable, settable};

/// What the environment sets of `command`'s options.
pub(super) fn settings(
    command: &Command,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Settings, OptionsError> {
    let mut settings = Settings::new();
    for (flag, arg) in settable(command) {
        let variable = variable(flag);
        let values = match environment(&variable).map(OsString::into_string) {
            None => continue,
            Some(Ok(text)) => values(arg, &text),
            Some(Err(_)) => return Err(OptionsError::VariableNotText { variable }),
        };
        if !values.is_empty() {
            let origin = Origin::Environment(variable);
            settings.insert(flag.to_owned(), Setting { values, origin });
        }
    }
    Ok(settings)
}

/// The variable of a flag.
pub(super) fn variable(flag: &str) -> String {
    format!("LEVELS_{}", flag.replace('-', "_").to_ascii_uppercase())
}

fn values(arg: &Arg, text: &str) -> Vec<String> {
    let pieces: Vec<&str> =
        if is_repeatable(arg) { text.split(',').map(str::trim).collect() } else { vec![text] };
    pieces.into_iter().filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}
