//! `load` as a level uses it: data in; out come options, `--check`'s table, or a complaint.

mod help;
mod precedence;
mod refusals;

use std::ffi::OsString;
use std::fs;

use clap::Parser;

use super::error::OptionsError;
use super::flags::{LogFormat, Options};
use super::level::Level;
use super::listen::{Listen, Supported};
use super::origin::Origin;
use super::period::Period;
use super::{Loaded, load};

const LEVEL: Level = Level {
    name: "level-test",
    about: "A level for tests",
    defaults: &[("listen", "127.0.0.1:1"), ("listen", "[::1]:1"), ("head-timeout", "1s")],
    secrets: &["token", "mode"],
};

/// What a higher level may bring: repeated, switched and secret options.
#[derive(Debug, clap::Parser)]
#[command(version)]
struct Higher {
    #[arg(long, value_parser = |text: &str| Supported::PLAIN_TCP.parse(text))]
    listen: Vec<Listen>,
    #[command(flatten)]
    common: Options,
    #[arg(long)]
    listing: bool,
    #[arg(long)]
    token: Option<Period>,
    #[arg(long, value_enum)]
    mode: Option<LogFormat>,
}

/// What a person gave: flags, variables, and the text of the file `--config` names.
#[derive(Clone, Copy, Default)]
struct Given<'a> {
    flags: &'a [&'a str],
    variables: &'a [(&'a str, &'a str)],
    file: Option<&'a str>,
}

fn flags<'a>(flags: &'a [&'a str]) -> Given<'a> {
    Given { flags, ..Given::default() }
}

fn variables<'a>(variables: &'a [(&'a str, &'a str)]) -> Given<'a> {
    Given { variables, ..Given::default() }
}

fn file(text: &str) -> Given<'_> {
    Given { file: Some(text), ..Given::default() }
}

impl Given<'_> {
    /// Loads it; the file is `levels.toml` in a directory of its own.
    fn load<O: Parser>(self, level: &Level) -> Result<Loaded<O>, OptionsError> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("levels.toml");
        let mut args = vec![OsString::from(level.name)];
        if let Some(text) = self.file {
            fs::write(&path, text).expect("a file");
            args.extend(["--config".into(), path.into_os_string()]);
        }
        args.extend(self.flags.iter().map(OsString::from));
        let find = |name: &str| self.variables.iter().find(|(variable, _)| *variable == name);
        load(level, args, |name| find(name).map(|(_, value)| value.into()))
    }

    /// The line `--check` prints for `flag`, single-spaced, without the temporary directory.
    fn line(self, flag: &str) -> String {
        let table = self.load::<Higher>(&LEVEL).expect("options that load").effective.to_string();
        let line = table.lines().find(|line| line.split(' ').next() == Some(flag));
        let words: Vec<&str> = line.expect("a line for the flag").split_whitespace().collect();
        without_directory(&words.join(" "))
    }

    fn complaint(self) -> String {
        let error = self.load::<Higher>(&LEVEL).expect_err("options that do not load");
        without_directory(&error.message())
    }
}

/// `text` with the path of the file cut to its name.
fn without_directory(text: &str) -> String {
    let mut words = text.split(' ').map(|word| match word.find("levels.toml") {
        Some(start) => &word[start..],
        None => word,
    });
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + " " + word)
}
