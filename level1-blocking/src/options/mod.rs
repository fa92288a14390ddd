//! The options of every level: what can be set, and the one way it is read.
//!
//! A value comes from a flag, else from a variable, else from the file that `--config` names,
//! else it is the default; `--check` prints which. [`load`] does this for any clap struct, so
//! each level only declares its own options and flattens those of the level below:
//!
//! ```
//! use level1_blocking::options::flags::Options;
//! use level1_blocking::options::level::Level;
//! use level1_blocking::options::listen::{Listen, Supported};
//! use level1_blocking::options::load;
//!
//! const LEVEL: Level = Level {
//!     name: "level1-blocking",
//!     about: "An HTTP/1.1 server on one blocking thread",
//!     defaults: &[("listen", "127.0.0.1:8001"), ("idle-timeout", "0s")],
//!     secrets: &[],
//! };
//!
//! #[derive(clap::Parser)]
//! #[command(version)]
//! struct Arguments {
//!     /// Address, as host:port or [v6]:port.
//!     #[arg(long, value_name = "ADDR")]
//!     #[arg(value_parser = |text: &str| Supported::PLAIN_TCP.parse(text))]
//!     listen: Listen,
//!     #[command(flatten)]
//!     common: Options,
//! }
//!
//! let arguments = ["level1-blocking", "--backlog", "64"].map(Into::into);
//! let variables = |name: &str| (name == "LEVELS_MAX_BODY").then(|| "1MiB".into());
//! let loaded = load::<Arguments>(&LEVEL, arguments, variables)?;
//!
//! assert_eq!(loaded.options.common.backlog, 64);
//! assert_eq!(loaded.options.common.max_body.to_string(), "1MiB");
//! assert_eq!(loaded.options.listen.to_string(), "127.0.0.1:8001");
//! # Ok::<(), level1_blocking::options::error::OptionsError>(())
//! ```

// In reading order: the values, the options that hold them, and where they come from.
mod quantity;

pub mod period;

pub mod size;

pub mod address;

pub mod listen;

pub mod flags;

pub mod origin;

mod settings;

pub mod error;

mod environment;

mod file;

pub mod level;

pub mod effective;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, Parser};

use self::effective::Effective;
use self::error::OptionsError;
use self::level::Level;
use self::origin::Origin;
use self::settings::{CONFIG, Setting, Settings};

/// Options that were read, and where each came from.
#[derive(Debug)]
pub struct Loaded<O> {
    /// The level's own struct.
    pub options: O,
    /// What `--check` prints.
    pub effective: Effective,
}

/// Reads the options of `level` from `args` (the program's name first), from the variables
/// that `environment` knows, and from the file that either names.
///
/// Clap reads the command line twice: first alone, which ends here for `--help` and for
/// every slip in a flag and finds `--config`; then with the settings as defaults, so that
/// what is refused now is a setting. A setting that a stronger one hides is not looked at.
/// A rule between two options belongs after this function: clap's `requires` and
/// `conflicts_with` see flags only.
///
/// # Errors
///
/// When the options cannot be used, and for `--help` and `--version`; the caller returns
/// [`OptionsError::report`] from `main`.
///
/// # Panics
///
/// When `level` names a flag that `O` lacks: an error in the program.
pub fn load<O: Parser>(
    level: &Level,
    args: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Loaded<O>, OptionsError> {
    let args: Vec<OsString> = args.into_iter().collect();
    let parse = |command: &mut Command, settings: &Settings| {
        let matches = command.try_get_matches_from_mut(&args);
        matches.map_err(|error| OptionsError::from_clap(error, settings, level.secrets))
    };

    let command = level.command::<O>();
    let mut flags_alone = command.clone().mut_args(|arg| arg.required(false));
    let flags = parse(&mut flags_alone, &Settings::new())?;

    let environment = environment::settings(&command, environment)?;
    let mut settings = match config(&flags, &environment) {
        Some((path, named)) => file::settings(&command, &path, &named)?,
        None => Settings::new(),
    };
    settings.extend(environment);

    let mut command = settings::apply(command, &settings);
    let matches = parse(&mut command, &settings)?;
    Ok(Loaded {
        options: O::from_arg_matches(&matches).map_err(OptionsError::CommandLine)?,
        effective: Effective::new(&command, &matches, &settings, level.secrets),
    })
}

/// The configuration file, named by a flag, else by a variable, else by the level's default.
fn config(flags: &ArgMatches, environment: &Settings) -> Option<(PathBuf, Origin)> {
    flags.try_contains_id(CONFIG).ok()?;
    let typed = flags.value_source(CONFIG) == Some(ValueSource::CommandLine);
    if let Some(Setting { values, origin }) = environment.get(CONFIG).filter(|_| !typed) {
        return values.first().map(|path| (path.into(), origin.clone()));
    }
    let path = flags.get_raw(CONFIG)?.next()?;
    Some((path.into(), Origin::Flag))
}
