//! How the server is told to stop: SIGTERM or SIGINT sets a flag, a second one ends the
//! process at once.
//!
//! Whoever blocks in `accept` or `read` is woken by the signal itself, as long as a timeout
//! is set on the socket (signal(7)); a wait that was about to begin at that very moment is
//! over within [`LONGEST_WAIT`].

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// How long anybody blocks before the flag is looked at again.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The flag.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A flag that is set by SIGTERM and SIGINT.
    ///
    /// # Errors
    /// If the system refuses to install the handlers.
    pub fn on_signals() -> io::Result<Self> {
        let stop = Self::default();
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal finds the flag unset and sets it.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&stop.0))?;
            flag::register(signal, Arc::clone(&stop.0))?;
        }
        Ok(stop)
    }

    /// Sets the flag.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is set.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
