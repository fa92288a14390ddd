//! Which processor core does what: the servers have one, the generator another.
//!
//! Who shares a core takes turns, and a turn lasts milliseconds; a latency would then measure
//! the scheduler. On two cores the server's figures are its own.

use std::fmt;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// Where servers and generator run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Each on a core of its own.
    Apart {
        /// The core of the server.
        server: usize,
        /// The core of the generator.
        client: usize,
    },
    /// Wherever the system puts them, for this reason.
    Anywhere(String),
}

impl Placement {
    /// Takes the first two cores that this process may use, and moves this thread, and those it
    /// will start, to the second of them.
    pub fn choose() -> Self {
        let allowed = match sched_getaffinity(None) {
            Ok(allowed) => allowed,
            Err(error) => return Self::Anywhere(format!("the system names no cores: {error}")),
        };
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let (Some(server), Some(client)) = (cores.next(), cores.next()) else {
            return Self::Anywhere("there is only one core".to_owned());
        };
        match pin(client) {
            Ok(()) => Self::Apart { server, client },
            Err(error) => Self::Anywhere(format!("the system refuses to pin: {error}")),
        }
    }

    /// The core of the servers, if they have one.
    pub fn server_core(&self) -> Option<usize> {
        match self {
            Self::Apart { server, .. } => Some(*server),
            Self::Anywhere(_) => None,
        }
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Apart { server, client } => {
                write!(f, "servers on core {server}, generator on core {client}")
            }
            Self::Anywhere(reason) => {
                write!(f, "servers and generator anywhere, so they disturb each other: {reason}")
            }
        }
    }
}

/// Moves the calling thread to `core`; those it starts from now on follow.
///
/// # Errors
/// If the system refuses.
pub fn pin(core: usize) -> rustix::io::Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only)
}
