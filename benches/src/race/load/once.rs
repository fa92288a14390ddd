//! One request on each lane: what opens connections that then stay idle.

use std::time::Duration;

use super::{
    plan::{Next, Plan},
    tally::{Outcome, Tally},
};

/// Opened at a time: fewer than any server's queue of connections to be accepted holds.
const UNDER_WAY_MAX: u32 = 64;

/// Each lane once, a few at a time.
#[derive(Debug, Default)]
pub struct Once {
    lanes: usize,
    next: usize,
    tally: Tally,
}

impl Once {
    /// One request on each of so many lanes.
    pub fn new(lanes: usize) -> Self {
        Self { lanes, ..Self::default() }
    }
}

impl Plan for Once {
    fn due(&mut self, now: Duration) -> Option<usize> {
        if self.next == self.lanes || self.tally.under_way() == UNDER_WAY_MAX {
            return None;
        }
        self.tally.began(now);
        self.next += 1;
        Some(self.next - 1)
    }

    fn finished(&mut self, _lane: usize, outcome: Outcome, now: Duration) -> Next {
        // Nobody asks how long it took.
        self.tally.ended(outcome, Duration::ZERO, now);
        Next::Rest
    }

    fn is_over(&self, _now: Duration) -> bool {
        self.next == self.lanes && self.tally.under_way() == 0
    }

    fn tally(&self) -> &Tally {
        &self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_sends_once_and_few_at_a_time() {
        let mut once = Once::new(100);
        let now = Duration::ZERO;
        assert_eq!((0..200).filter_map(|_| once.due(now)).count(), 64);
        (0..64).for_each(|lane| _ = once.finished(lane, Outcome::Answered, now));
        assert_eq!((0..200).filter_map(|_| once.due(now)).count(), 36);
        assert!(!once.is_over(now));
        (64..100).for_each(|lane| _ = once.finished(lane, Outcome::Answered, now));
        assert!(once.is_over(now));
    }
}
