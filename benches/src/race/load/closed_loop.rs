//! The closed loop: each lane sends again as soon as it is answered.
//!
//! It finds out how much a server can do. It says little about how long clients wait: when the
//! server stalls, the loop stops asking, and the stall is one bad latency for each lane. That
//! is what the [open loop](super::open_loop) is for.

use std::time::Duration;

use super::{
    plan::{Next, Plan},
    tally::{Outcome, Tally},
};

/// A closed loop.
#[derive(Debug)]
pub struct ClosedLoop {
    /// Lanes that have not sent yet.
    not_started: usize,
    /// When each lane sent last.
    sent: Vec<Duration>,
    end: Duration,
    tally: Tally,
}

impl ClosedLoop {
    /// A loop on so many lanes, which send until `end`.
    pub fn new(lanes: usize, end: Duration) -> Self {
        Self { not_started: lanes, sent: vec![Duration::ZERO; lanes], end, tally: Tally::default() }
    }

    fn send(&mut self, lane: usize, now: Duration) {
        self.sent[lane] = now;
        self.tally.began(now);
    }
}

impl Plan for ClosedLoop {
    fn due(&mut self, now: Duration) -> Option<usize> {
        self.not_started = self.not_started.checked_sub(1)?;
        self.send(self.not_started, now);
        Some(self.not_started)
    }

    // ANCHOR: finished
    fn finished(&mut self, lane: usize, outcome: Outcome, now: Duration) -> Next {
        self.tally.ended(outcome, now.saturating_sub(self.sent[lane]), now);
        if now >= self.end {
            return Next::Rest;
        }
        self.send(lane, now);
        Next::Send
    }
    // ANCHOR_END: finished

    fn is_over(&self, now: Duration) -> bool {
        now >= self.end && self.tally.under_way() == 0
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn every_lane_sends_again_until_the_end() {
        let mut closed = ClosedLoop::new(2, 2 * MILLISECOND);
        assert_eq!(closed.due(Duration::ZERO), Some(1));
        assert_eq!(closed.due(Duration::ZERO), Some(0));
        assert_eq!(closed.due(Duration::ZERO), None);
        assert_eq!(closed.finished(0, Outcome::Answered, MILLISECOND), Next::Send);
        assert_eq!(closed.finished(0, Outcome::Answered, 2 * MILLISECOND), Next::Rest);
        assert!(!closed.is_over(2 * MILLISECOND));
        assert_eq!(closed.finished(1, Outcome::Answered, 3 * MILLISECOND), Next::Rest);
        assert!(closed.is_over(3 * MILLISECOND));
        assert_eq!(closed.tally().answered, 3);
    }
}
