//! A process for each connection: the oldest way, and the one that isolates best. A handler
//! that crashes the process takes one client with it.
//!
//! The parent has a single thread: a fork copies only the thread that calls it, and would
//! leave the locks of all others locked for ever. It accepts, forks, and reaps: a child that
//! has ended stays a zombie until its parent has asked how it ended.

use std::{
    collections::HashMap,
    io, mem,
    os::fd::AsFd,
    time::{Duration, Instant},
};

use level1_blocking::{
    serve::{Patience, Worker},
    stop::Stop,
};
use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork, setpgid},
};
use rustix::process::{Signal as DeathSignal, set_parent_process_death_signal};

use crate::{
    acceptor::{Model, Next},
    guest::{Guest, Presence},
    metrics::Metrics,
    signals::Signals,
    wait,
};

/// The children, and who is inside because of them.
#[derive(Debug, Default)]
pub struct Processes {
    children: HashMap<Pid, Presence>,
}

impl Model for Processes {
    // ANCHOR: serve
    fn serve(&mut self, guest: Guest) -> Next {
        match fork_child() {
            Ok(Forked::Child) => {
                // A child has a copy of the list, and no part in what is on it.
                mem::forget(mem::take(&mut self.children));
                Next::Leave(guest)
            }
            Ok(Forked::Parent(child)) => {
                // The session is dropped: the connection is the child's now.
                self.children.insert(child, guest.presence);
                Next::Accept
            }
            Err(error) => {
                tracing::warn!(%error, "cannot start a process; trying again");
                Next::Pause(guest)
            }
        }
    }
    // ANCHOR_END: serve

    fn look_after(&mut self) {
        self.reap();
    }
}

impl Processes {
    /// Asks all children how they ended, if they have.
    fn reap(&mut self) {
        loop {
            let status = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Err(Errno::EINTR) => continue,
                Err(error) => return tracing::warn!(%error, "cannot wait for a child"),
                Ok(status) => status,
            };
            if let WaitStatus::Signaled(child, signal, _) = status {
                tracing::warn!(%child, %signal, "a child was killed; its client has lost an answer");
            }
            if let Some(child) = status.pid() {
                self.children.remove(&child);
            }
        }
    }

    /// Waits until the last child has ended, or the drain has; then ends the rest.
    ///
    /// # Errors
    /// If the system refuses to wait.
    pub fn drain(mut self, signals: &Signals) -> io::Result<()> {
        let Some(end) = signals.stop().drain_ends(Instant::now()) else { return Ok(()) };
        self.tell_all(Signal::SIGUSR1);
        // A child keeps to the drain's end by itself; what is added is for its last words.
        let end = end + Duration::from_millis(500);
        loop {
            signals.clear();
            self.reap();
            if self.children.is_empty() || Instant::now() >= end {
                break;
            }
            wait::until_readable([signals.as_fd()].into_iter(), Some(end))?;
        }
        self.tell_all(Signal::SIGKILL);
        Ok(())
    }

    fn tell_all(&self, signal: Signal) {
        for child in self.children.keys() {
            // Until it is reaped, nobody else can have its number.
            let _ = kill(*child, signal);
        }
    }
}

/// What a child does: serves its connection, and nothing else.
pub fn serve_alone(mut guest: Guest, stop: &Stop, metrics: &'static Metrics) {
    // The parent notices that the client has gone when this process has.
    guest.presence.leave_to_parent();
    Worker::new(stop, metrics.shard()).serve(&mut guest.session, Patience::Blocking);
}

/// Which of the two a process is after a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forked {
    /// The one that was there before, and the other's number.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Forks this process, which has one thread. The child ends when its parent does, and gets no
/// signals from the terminal: the parent tells it what to do.
///
/// # Errors
/// If there can be no more processes, or there is no memory for one.
#[expect(unsafe_code, reason = "a fork is only safe in a process with one thread")]
pub fn fork_child() -> io::Result<Forked> {
    // SAFETY: under the process model the parent never starts a thread, so that no lock can
    // be held by a thread that the child does not have.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Forked::Parent(child)),
        ForkResult::Child => {
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let _ = set_parent_process_death_signal(Some(DeathSignal::KILL));
            Ok(Forked::Child)
        }
    }
}
