//! What the binary of every level does: options in, an exit code out, and a server between.
//!
//! Nothing here is written twice: a level's `main` names its options and what runs them.

use std::{env, process::ExitCode};

use clap::Parser;

use crate::options::{self, effective::Effective, flags::Options, level::Level};

/// The options of a level, which hold those that every level has.
pub trait LevelOptions: Parser {
    /// The options every level has.
    fn common(&self) -> &Options;
}

/// Reads the options of `level` and has `run` serve with them, unless all that was asked for is
/// to print them. What `run` fails with is said on standard error, and the exit code is 2.
pub fn main<O: LevelOptions>(
    level: &Level,
    run: impl FnOnce(&O, Effective) -> anyhow::Result<()>,
) -> ExitCode {
    let loaded = match options::load::<O>(level, env::args_os(), |name| env::var_os(name)) {
        Ok(loaded) => loaded,
        Err(error) => return error.report(),
    };
    if loaded.options.common().check {
        print!("{}", loaded.effective);
        return ExitCode::SUCCESS;
    }
    match run(&loaded.options, loaded.effective) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
