//! What the service manager is told: that the server is ready, reloads, stops (`sd_notify(3)`).
//!
//! Without `NOTIFY_SOCKET` nobody wants to know, and nothing happens. That it cannot be told
//! is logged once and stops nothing. The manager that asks at an abstract address (`@...`) is
//! not reached; systemd asks at a path.

use std::{io, sync::Once};

use sd_notify::NotifyState;

/// The server listens, or goes on after a reload.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// The configuration is being read again; [`ready`] is to follow.
pub fn reloading() {
    // The time lets the manager tell this reload from one it has asked for before.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => complain(&error),
    }
}

/// The server has been told to stop, and drains.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// What the server does, in a line for people: `systemctl status` shows it.
pub fn status(text: &str) {
    send(&[NotifyState::Status(text)]);
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        complain(&error);
    }
}

fn complain(error: &io::Error) {
    static COMPLAINT: Once = Once::new();
    COMPLAINT.call_once(|| {
        tracing::warn!(%error, "cannot tell the service manager at NOTIFY_SOCKET how we are");
    });
}
