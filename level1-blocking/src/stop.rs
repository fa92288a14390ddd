//! How the server is told to stop: SIGTERM or SIGINT sets a flag, a second one ends the
//! process at once.
//!
//! Whoever blocks in `accept` or `read` is woken by the signal itself, as long as a timeout
//! is set on the socket (signal(7)); a wait that was about to begin at that very moment is
//! over within [`LONGEST_WAIT`].

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

/// How long anybody blocks before the flag is looked at again.
pub const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The flag, and until when requests in flight are served once it is set.
#[derive(Debug)]
pub struct Stop {
    is_requested: Arc<AtomicBool>,
    drain_timeout: Duration,
    drain_ends: OnceLock<Instant>,
}

impl Stop {
    /// A flag that nobody has set.
    pub fn new(drain_timeout: Duration) -> Self {
        Self { is_requested: Arc::default(), drain_timeout, drain_ends: OnceLock::new() }
    }

    /// A flag that is set by SIGTERM and SIGINT.
    ///
    /// # Errors
    /// If the system refuses to install the handlers.
    pub fn on_signals(drain_timeout: Duration) -> io::Result<Self> {
        let stop = Self::new(drain_timeout);
        for signal in [SIGTERM, SIGINT] {
            // In this order: the first signal finds the flag unset and sets it.
            flag::register_conditional_shutdown(signal, 128 + signal, stop.flag())?;
            flag::register(signal, stop.flag())?;
        }
        Ok(stop)
    }

    /// The flag itself, for a signal handler that sets it.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_requested)
    }

    /// Sets the flag.
    pub fn request(&self) {
        self.is_requested.store(true, Ordering::Relaxed);
    }

    /// Whether it is set.
    pub fn is_requested(&self) -> bool {
        self.is_requested.load(Ordering::Relaxed)
    }

    /// If it is set: until when requests in flight are served, counted from the first time
    /// that anybody asks.
    pub fn drain_ends(&self, now: Instant) -> Option<Instant> {
        self.is_requested().then(|| *self.drain_ends.get_or_init(|| now + self.drain_timeout))
    }
}
