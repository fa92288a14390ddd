//! The options that this level adds, and all levels above it have too.

use std::num::NonZeroUsize;

use level1_blocking::options::{
    flags::Options,
    listen::{Listen, Supported},
};

/// The options of a server with many clients.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct ServerOptions {
    /// Where clients come from.
    #[arg(long, value_name = "ADDR", help = LISTEN_HELP)]
    #[arg(value_parser = |text: &str| Supported::PLAIN.parse(text))]
    pub listen: Vec<Listen>,

    /// Address that serves /metrics, /healthz and /readyz, and nothing else; none by default.
    #[arg(long, value_name = "ADDR")]
    #[arg(value_parser = |text: &str| Supported::PLAIN.parse(text))]
    pub admin: Option<Listen>,

    /// Connections at a time; beyond them, clients wait to be accepted. By default 512 less
    /// than files may be open, and 65536 at most.
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub max_connections: Option<NonZeroUsize>,

    /// The options every level has.
    #[command(flatten)]
    pub common: Options,
}

/// Not a comment of the field, where brackets would be a link.
const LISTEN_HELP: &str =
    "Address, as host:port, [v6]:port or unix:PATH; repeatable. Port 0 is a free one";

/// More threads than any machine here has use for; std ends the process if the system cannot
/// give one of them all it needs.
const THREADS_MAX: usize = 4096;

/// A number of threads.
///
/// # Errors
/// If it is none, or too many.
pub fn thread_count(text: &str) -> Result<NonZeroUsize, ThreadCountError> {
    let count = text.parse().ok().and_then(NonZeroUsize::new);
    count.filter(|count| count.get() <= THREADS_MAX).ok_or(ThreadCountError)
}

/// It is not a number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give a number from 1 to {THREADS_MAX}")]
pub struct ThreadCountError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_threads_is_neither_none_nor_too_many() {
        for (text, expected) in
            [("1", Some(1)), ("4096", Some(4096)), ("0", None), ("4097", None), ("x", None)]
        {
            let count = thread_count(text).ok().map(NonZeroUsize::get);
            assert_eq!(count, expected, "{text}");
        }
    }
}
