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
    process,
    time::{Duration, Instant},
};

use level1_blocking::{
    serve::{Patience, Worker},
    stop::Stop,
};
use nix::{
    errno::Errno,
    sys::{
        signal::{SigSet, SigmaskHow, Signal, kill},
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

    fn announce_stop(&mut self) {
        self.tell_all(Signal::SIGUSR1);
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
            let Some(child) = status.pid() else { continue };
            match (self.children.remove(&child), status) {
                (None, _) => tracing::error!(%child, "an admin address's process has ended"),
                (Some(_), WaitStatus::Signaled(_, signal, _)) => {
                    tracing::warn!(%child, %signal, "a child was killed; its client has lost an answer");
                }
                (Some(_), _) => {}
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

/// What the parent is told, and tells its children in its own way. A service manager signals
/// every process of a service (systemd's `KillMode=control-group`); to a child that its parent
/// has told already, that would be the second signal, which ends a process at once.
const FOR_THE_PARENT: [Signal; 3] = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];

/// Forks this process, which has one thread. The child ends when its parent does, and gets no
/// signals from the terminal or a service manager: the parent tells it what to do.
///
/// # Errors
/// If there can be no more processes, or there is no memory for one.
#[expect(unsafe_code, reason = "a fork is only safe in a process with one thread")]
pub fn fork_child() -> io::Result<Forked> {
    let parent = Pid::this();
    // Blocked before there is a child, lest one come in between.
    let blocked: SigSet = FOR_THE_PARENT.into_iter().collect();
    let parents_own = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    // SAFETY: under the process model the parent never starts a thread, so that no lock can
    // be held by a thread that the child does not have.
    let forked = unsafe { fork() };
    if let Ok(ForkResult::Child) = forked {
        let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
        let _ = set_parent_process_death_signal(Some(DeathSignal::KILL));
        if Pid::parent() != parent {
            // It ended before that could be asked for.
            process::exit(0);
        }
    } else {
        parents_own.thread_set_mask()?;
    }
    Ok(match forked? {
        ForkResult::Parent { child } => Forked::Parent(child),
        ForkResult::Child => Forked::Child,
    })
}
