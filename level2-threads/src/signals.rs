//! Signals, for a server that waits in `poll`: what each asks for is a flag, and a byte in a
//! pipe wakes whoever waits.
//!
//! | signal | what it asks for |
//! |---|---|
//! | SIGTERM, SIGINT | to stop; a second one ends the process at once |
//! | SIGHUP | to read the configuration again |
//! | SIGCHLD | to see which child has ended: it only wakes |
//! | SIGUSR1 | from one of our own threads or processes to another: to stop |
//!
//! SIGUSR1 also interrupts whoever blocks in `read` or `write`, so that an idle connection
//! notices the stop at once.

use std::{
    fmt,
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use level1_blocking::stop::Stop;
use signal_hook::{
    consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1},
    flag,
    low_level::pipe,
};

use crate::wait;

/// What signals have asked for. Its descriptor is readable when there is something new.
#[derive(Debug)]
pub struct Signals {
    stop: Arc<Stop>,
    reload: Arc<AtomicBool>,
    woken: UnixStream,
    waker: Waker,
}

/// Wakes whoever waits for [`Signals`].
#[derive(Clone)]
pub struct Waker(Arc<UnixStream>);

impl Signals {
    /// Watches for signals from now on; `drain_timeout` is how long a stop may take.
    ///
    /// # Errors
    /// If the system refuses a pipe, or to install the handlers.
    pub fn install(drain_timeout: Duration) -> io::Result<Self> {
        let (woken, waker) = UnixStream::pair()?;
        for end in [&woken, &waker] {
            // A full pipe wakes as well as a fuller one would.
            end.set_nonblocking(true)?;
        }
        let stop = Arc::new(Stop::on_signals(drain_timeout)?);
        flag::register(SIGUSR1, stop.flag())?;
        let reload = Arc::new(AtomicBool::new(false));
        flag::register(SIGHUP, Arc::clone(&reload))?;
        // Behind the flags, so that whoever is woken finds them set.
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1] {
            pipe::register(signal, waker.try_clone()?)?;
        }
        Ok(Self { stop, reload, woken, waker: Waker(Arc::new(waker)) })
    }

    /// Whether to stop.
    pub const fn stop(&self) -> &Arc<Stop> {
        &self.stop
    }

    /// Whether to read the configuration again; asked once, it is answered once.
    pub fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }

    /// To wake whoever waits, for another reason.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Sleeps until there is something new, or it is `until`.
    ///
    /// # Errors
    /// If the system refuses to wait.
    pub fn wait(&self, until: Option<Instant>) -> io::Result<()> {
        wait::until_readable([self.as_fd()].into_iter(), until)?;
        self.clear();
        Ok(())
    }

    /// The flags are looked at next: what was said until now need not wake again.
    pub fn clear(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.woken).read(&mut bytes), Ok(1..)) {}
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}

impl Waker {
    /// Wakes.
    pub fn wake(&self) {
        // A full pipe is fine; a closed one has nobody to wake.
        let _ = (&*self.0).write(&[0]);
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waker")
    }
}
