//! Open files: every connection is one, and the system bounds how many a process may have.
//!
//! A process starts with a soft limit that is low (often 1 024) and a hard one up to which it
//! may raise the soft one itself. It does so at start; the hard limit then bounds
//! `--max-connections`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors kept for all that is no connection: the files being sent, listeners, logs.
const RESERVED: u64 = 512;

/// The most connections unless the user wants more: their buffers take memory too.
const DEFAULT_MAX: u64 = 65_536;

/// The fewest connections: a server that grants none is of no use, however low the limit.
const MIN: u64 = 16;

/// Raises the soft limit of open files to the hard one; how many may be open from now on.
pub fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let holds = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        // A sandbox may forbid it; there is a limit to live with all the same.
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            limit
        }
    };
    holds.current.unwrap_or(u64::MAX)
}

/// How many connections are served at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxConnections {
    /// So many.
    pub count: usize,
    /// As many were asked for, if those are more than the limit allows.
    pub reduced_from: Option<usize>,
}

/// How many connections to serve where so many files may be open, and so many connections
/// are `asked` for.
pub fn max_connections(open_files: u64, asked: Option<usize>) -> MaxConnections {
    let allowed = open_files.saturating_sub(RESERVED).max(MIN);
    let in_memory = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    let count = asked.unwrap_or(in_memory(DEFAULT_MAX)).min(in_memory(allowed));
    MaxConnections { count, reduced_from: asked.filter(|asked| *asked > count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_allows_so_many_connections() {
        for (open_files, asked, count, is_reduced) in [
            (1_024, None, 512, false),
            (20_000, None, 19_488, false),
            (66_048, None, 65_536, false),
            (1_048_576, None, 65_536, false),
            (u64::MAX, None, 65_536, false),
            (528, None, 16, false),
            (527, None, 16, false),
            (0, None, 16, false),
            (1_024, Some(100), 100, false),
            (1_024, Some(512), 512, false),
            (1_024, Some(513), 512, true),
            (0, Some(17), 16, true),
            (1_048_576, Some(1_000_000), 1_000_000, false),
            (1_048_576, Some(usize::MAX), 1_048_064, true),
        ] {
            let reduced_from = asked.filter(|_| is_reduced);
            let expected = MaxConnections { count, reduced_from };
            assert_eq!(max_connections(open_files, asked), expected, "{open_files} {asked:?}");
        }
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let raised = raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
        assert_eq!(limit.current.unwrap_or(u64::MAX), raised);
    }
}
