//! What a load generator decides, without a socket and without a clock.
//!
//! A generator owns *lanes*: places for one exchange at a time, each a connection. A plan says
//! when a lane sends next. Time is an argument, counted from the start, so a test runs a minute
//! of load in no time against a server that it invents.

use std::time::Duration;

use super::tally::{Outcome, Tally};

/// What the lane of a finished exchange does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It sends again, at once.
    Send,
    /// It rests until it becomes due.
    Rest,
}

/// When to send.
pub trait Plan {
    /// A lane that rests and is to send at `now`; called until there is none.
    fn due(&mut self, now: Duration) -> Option<usize>;

    /// The exchange of `lane` finished at `now`.
    fn finished(&mut self, lane: usize, outcome: Outcome, now: Duration) -> Next;

    /// Whether nothing more will be sent, and nothing more is expected.
    fn is_over(&self, now: Duration) -> bool;

    /// What has been counted so far.
    fn tally(&self) -> &Tally;
}
