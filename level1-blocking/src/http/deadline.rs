//! The one clock of a connection: what it waits for, since when, and until when.
//!
//! At most one wait counts at a time, and never against ourselves: while output is pending
//! only the write stall, while a handler is out nothing, else what the peer owes us next.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::limits::Limits;

/// What the connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For our own side: no deadline.
    Nothing,
    /// For a new connection's first byte.
    FirstByte,
    /// For the next request's first byte.
    Idle,
    /// As `Idle`, while the server is stopping: not a moment longer.
    Parting,
    /// For the rest of a head.
    Head,
    /// For more of a body.
    Body,
    /// For the peer to take output.
    Write,
    /// For the peer to close.
    Linger,
}

/// The wait that counts, and since when.
#[derive(Debug)]
pub(crate) struct Timer {
    wait: Wait,
    since: Instant,
    /// For how long this request's body has been waited for in all.
    body_waited: Duration,
}

impl Timer {
    /// A timer that starts at accept.
    pub(crate) const fn new(now: Instant) -> Self {
        Self { wait: Wait::FirstByte, since: now, body_waited: Duration::ZERO }
    }

    /// The wait that counts.
    pub(crate) const fn wait(&self) -> Wait {
        self.wait
    }

    /// The connection waits for `wait` now; `progress` is whether the peer did something.
    pub(crate) fn set(&mut self, wait: Wait, progress: bool, now: Instant) {
        let old = mem::replace(&mut self.wait, wait);
        let goes_on = match wait {
            // A head's time begins at accept, or with its first byte, and is not prolonged.
            Wait::Head => matches!(old, Wait::FirstByte | Wait::Head),
            Wait::Body | Wait::Write => old == wait && !progress,
            _ => old == wait,
        };
        if !goes_on {
            let since = mem::replace(&mut self.since, now);
            if old == Wait::Body {
                self.charge_body(since, now);
            }
        }
    }

    #[inline(never)]
    fn charge_body(&mut self, since: Instant, now: Instant) {
        self.body_waited += now.saturating_duration_since(since);
    }

    /// Nothing is waited for any more.
    pub(crate) const fn stop(&mut self) {
        self.wait = Wait::Nothing;
    }

    /// Another body begins.
    pub(crate) const fn begin_body(&mut self) {
        self.body_waited = Duration::ZERO;
    }

    /// When the wait ends; `None` if never. So much of the body at hand has come.
    #[inline]
    pub(crate) fn deadline(&self, limits: &Limits, body_received: u64) -> Option<Instant> {
        let timeout = match self.wait {
            Wait::Nothing => return None,
            Wait::Parting => Duration::ZERO,
            Wait::FirstByte => limits.silent_timeout.min(limits.head_timeout),
            Wait::Head => limits.head_timeout,
            Wait::Body => self.body_timeout(body_received, limits),
            Wait::Idle => limits.idle_timeout,
            Wait::Write => limits.write_timeout,
            Wait::Linger => limits.linger_timeout,
        };
        self.since.checked_add(timeout)
    }

    /// A pause of `body_timeout` at most, and in all no more than the minimum rate allows.
    #[inline(never)]
    fn body_timeout(&self, received: u64, limits: &Limits) -> Duration {
        let Some(rate) = limits.body_rate_min else { return limits.body_timeout };
        let earned = Duration::from_secs(received / u64::from(rate.max(1)));
        let allowed = limits.body_timeout.saturating_add(earned);
        limits.body_timeout.min(allowed.saturating_sub(self.body_waited))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_head_is_timed_from_accept_and_not_prolonged_by_more_bytes() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut timer = Timer::new(start);
        timer.set(Wait::Head, true, start + 3 * SECOND);
        timer.set(Wait::Head, true, start + 5 * SECOND);
        assert_eq!(timer.deadline(&limits, 0), Some(start + 10 * SECOND));
    }

    #[test]
    fn a_later_head_is_timed_from_its_first_byte() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut timer = Timer::new(start);
        timer.set(Wait::Idle, true, start + SECOND);
        assert_eq!(timer.deadline(&limits, 0), Some(start + 61 * SECOND));
        timer.set(Wait::Head, true, start + 31 * SECOND);
        assert_eq!(timer.deadline(&limits, 0), Some(start + 41 * SECOND));
    }

    #[test]
    fn output_is_timed_from_the_last_progress() {
        let (start, limits) = (Instant::now(), Limits::default());
        let mut timer = Timer::new(start);
        timer.set(Wait::Nothing, false, start);
        assert_eq!(timer.deadline(&limits, 0), None);
        timer.set(Wait::Write, false, start + SECOND);
        timer.set(Wait::Write, false, start + 2 * SECOND);
        assert_eq!(timer.deadline(&limits, 0), Some(start + 31 * SECOND));
        timer.set(Wait::Write, true, start + 3 * SECOND);
        assert_eq!(timer.deadline(&limits, 0), Some(start + 33 * SECOND));
    }

    #[test]
    fn a_dripping_body_runs_out_of_time_and_our_own_pauses_do_not_count() {
        let limits = Limits { body_rate_min: Some(100), ..Limits::default() };
        let mut now = Instant::now();
        let mut timer = Timer::new(now);
        timer.set(Wait::Body, true, now);
        for _ in 0..15 {
            now += SECOND;
            timer.set(Wait::Body, true, now);
            timer.set(Wait::Nothing, false, now);
            now += 60 * SECOND;
            timer.set(Wait::Body, false, now);
        }
        assert_eq!(timer.deadline(&limits, 0), Some(now), "15 s of grace are used up");
        timer.set(Wait::Body, true, now);
        assert_eq!(timer.deadline(&limits, 500), Some(now + 5 * SECOND), "500 bytes earn 5 s");
    }
}
