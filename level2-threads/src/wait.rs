//! Waiting for descriptors, until a moment at most.

use std::{io, os::fd::BorrowedFd, time::Instant};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

/// Sleeps until one of these is readable, a signal comes, or it is `until`.
///
/// # Errors
/// If the system refuses to wait.
pub(crate) fn until_readable<'a>(
    descriptors: impl Iterator<Item = BorrowedFd<'a>>,
    until: Option<Instant>,
) -> io::Result<()> {
    let watched = descriptors.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN));
    let mut watched: Vec<PollFd<'_>> = watched.collect();
    match poll(&mut watched, until.map(time_left).as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How long it is until then.
pub(crate) fn time_left(until: Instant) -> Timespec {
    let left = until.saturating_duration_since(Instant::now());
    // More than the type holds is as good as for ever.
    Timespec::try_from(left).unwrap_or(Timespec { tv_sec: i64::MAX, tv_nsec: 0 })
}
