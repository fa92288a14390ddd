//! The options every level has.
//!
//! A level flattens this struct into its own. `--listen` is not here, because level 1 takes
//! one and the later levels several: level 1 and level 2 each declare it beside this struct,
//! and from there on a level flattens the one below whole. A field's comment is its help
//! text, so it says no more than that; the reasons for the defaults stand in `http::limits`.

use std::fs;
use std::io;
use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};

use super::period::Period;
use super::size::{Size, SizeError};
use crate::http::limits::Limits;

/// The options every level has.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Directory to serve instead of the built-in site.
    #[arg(long, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(directory))]
    pub root: Option<PathBuf>,

    /// Connections the kernel keeps until they are accepted.
    #[arg(long, value_name = "COUNT", default_value = "1024")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_535))]
    pub backlog: u32,

    /// Time for a connection's first byte to arrive.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = LIMITS)]
    pub silent_timeout: Period,

    /// Time for a request's head to arrive.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = LIMITS)]
    pub head_timeout: Period,

    /// Time between two pieces of a request's body.
    #[arg(long, value_name = "DURATION", default_value = "15s", help_heading = LIMITS)]
    pub body_timeout: Period,

    /// Time between two requests; 0 grants none.
    #[arg(long, value_name = "DURATION", default_value = "60s", help_heading = LIMITS)]
    pub idle_timeout: Period,

    /// Time a client may let its answer wait.
    #[arg(long, value_name = "DURATION", default_value = "30s", help_heading = LIMITS)]
    pub write_timeout: Period,

    /// Time for requests in flight to end on stop.
    #[arg(long, value_name = "DURATION", default_value = "10s", help_heading = LIMITS)]
    pub drain_timeout: Period,

    /// Size of a request's head, 1KiB to 1MiB.
    #[arg(long, value_name = "SIZE", default_value = "32KiB", help_heading = LIMITS)]
    #[arg(value_parser = head_size)]
    pub max_head: Size,

    /// Size of a request's body, where its route sets none.
    #[arg(long, value_name = "SIZE", default_value = "4MiB", help_heading = LIMITS)]
    pub max_body: Size,

    /// Access log.
    #[arg(long, value_name = "FORMAT", default_value = "combined")]
    pub log: LogFormat,

    /// TOML file with settings.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print each setting and where it comes from, then exit.
    #[arg(long)]
    pub check: bool,
}

impl Options {
    /// The bounds of a connection. Those without a flag keep their defaults.
    pub fn limits(&self) -> Limits {
        Limits {
            head_len_max: self.max_head.in_memory(),
            body_len_max: self.max_body.bytes(),
            silent_timeout: self.silent_timeout.duration(),
            head_timeout: self.head_timeout.duration(),
            body_timeout: self.body_timeout.duration(),
            idle_timeout: self.idle_timeout.duration(),
            write_timeout: self.write_timeout.duration(),
            drain_timeout: self.drain_timeout.duration(),
            ..Limits::default()
        }
    }
}

/// The heading of the bounds in the help text.
const LIMITS: &str = "Limits";

/// The form of the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// The combined log format of Apache and nginx.
    Combined,
    /// A JSON object.
    Json,
    /// No access log.
    Off,
}

fn head_size(text: &str) -> Result<Size, SizeError> {
    Size::parse_within(text, Size::KIB, Size::MIB)
}

/// Takes `path` if it is a directory, so that a slip is an error at start and not a 404 later.
fn directory(path: PathBuf) -> Result<PathBuf, DirectoryError> {
    match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => Ok(path),
        Ok(_) => Err(DirectoryError::Other(path)),
        Err(cause) => Err(DirectoryError::Unreachable { path, cause }),
    }
}

/// Why a path cannot be the root.
#[derive(Debug, thiserror::Error)]
enum DirectoryError {
    #[error("name the directory that holds the site; '{}' is a file", .0.display())]
    Other(PathBuf),
    #[error("name an existing directory; '{}' cannot be opened", path.display())]
    Unreachable {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}
