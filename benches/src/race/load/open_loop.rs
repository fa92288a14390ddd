//! The open loop: requests arrive when the timetable says, whatever the server does.
//!
//! A latency is counted from the *planned* arrival. If all lanes are busy, because the server
//! stalls, those who arrive meanwhile wait for one, and their waiting counts. A generator that
//! measured from the sending instead would leave out just the requests that suffered most
//! ("coordinated omission").
//!
//! The generator may be late itself, when a lane is free and nobody looks. That lateness is
//! counted too, so that it can be told apart from the server's.

use std::{collections::VecDeque, time::Duration};

use hdrhistogram::Histogram;

use super::{
    plan::{Next, Plan},
    tally::{Outcome, Tally, latency_histogram, nanoseconds},
};

/// An open loop with this timetable.
#[derive(Debug)]
pub struct OpenLoop<Times> {
    /// Arrivals to come, in order.
    timetable: Times,
    next_arrival: Option<Duration>,
    /// Planned arrivals of those who wait for a lane.
    queue: VecDeque<Duration>,
    /// Lanes that rest, and since when. First in, first out: all connections take turns.
    resting: VecDeque<(usize, Duration)>,
    /// The planned arrival of the request in each lane.
    planned: Vec<Duration>,
    tally: Tally,
    lateness: Histogram<u64>,
}

impl<Times: Iterator<Item = Duration>> OpenLoop<Times> {
    /// Requests at these times, on so many lanes.
    pub fn new(mut timetable: Times, lanes: usize) -> Self {
        let next_arrival = timetable.next();
        Self {
            timetable,
            next_arrival,
            queue: VecDeque::new(),
            resting: (0..lanes).map(|lane| (lane, Duration::ZERO)).collect(),
            planned: vec![Duration::ZERO; lanes],
            tally: Tally::default(),
            lateness: latency_histogram(),
        }
    }

    /// How late the generator itself was, for this share of the requests.
    pub fn lateness_at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.lateness.value_at_quantile(share))
    }

    /// Those who are to have arrived by `now` wait for a lane.
    fn let_in(&mut self, now: Duration) {
        while let Some(arrival) = self.next_arrival.filter(|arrival| *arrival <= now) {
            self.tally.began(now);
            self.queue.push_back(arrival);
            self.next_arrival = self.timetable.next();
        }
    }

    /// The first who waits gets `lane`, which has been free since then.
    fn assign(&mut self, lane: usize, free_since: Duration, now: Duration) -> bool {
        let Some(arrival) = self.queue.pop_front() else { return false };
        let own_delay = now.saturating_sub(arrival.max(free_since));
        self.lateness.saturating_record(nanoseconds(own_delay));
        self.planned[lane] = arrival;
        true
    }
}

impl<Times: Iterator<Item = Duration>> Plan for OpenLoop<Times> {
    fn due(&mut self, now: Duration) -> Option<usize> {
        self.let_in(now);
        let (lane, free_since) = *self.resting.front()?;
        self.assign(lane, free_since, now).then(|| {
            self.resting.pop_front();
            lane
        })
    }

    // ANCHOR: finished
    fn finished(&mut self, lane: usize, outcome: Outcome, now: Duration) -> Next {
        self.tally.ended(outcome, now.saturating_sub(self.planned[lane]), now);
        self.let_in(now);
        if self.assign(lane, now, now) {
            Next::Send
        } else {
            self.resting.push_back((lane, now));
            Next::Rest
        }
    }
    // ANCHOR_END: finished

    fn is_over(&self, _now: Duration) -> bool {
        self.next_arrival.is_none() && self.tally.under_way() == 0
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
    fn a_latency_counts_from_the_planned_arrival() {
        let mut open = OpenLoop::new([MILLISECOND, 2 * MILLISECOND].into_iter(), 1);
        assert_eq!(open.due(Duration::ZERO), None);
        assert_eq!(open.due(MILLISECOND), Some(0));
        // The only lane is busy for ten milliseconds; the second request waits for it.
        assert_eq!(open.due(5 * MILLISECOND), None);
        assert_eq!(open.finished(0, Outcome::Answered, 11 * MILLISECOND), Next::Send);
        assert_eq!(open.finished(0, Outcome::Answered, 12 * MILLISECOND), Next::Rest);
        assert!(open.is_over(12 * MILLISECOND));
        assert_eq!(open.tally().latency_mean(), 10 * MILLISECOND);
        assert_eq!(open.lateness_at(1.0), Duration::from_nanos(0));
    }

    #[test]
    fn a_generator_that_looks_late_is_told_apart_from_a_slow_server() {
        let mut open = OpenLoop::new([MILLISECOND].into_iter(), 1);
        assert_eq!(open.due(4 * MILLISECOND), Some(0));
        let late = open.lateness_at(1.0);
        assert!((2_990..3_010).contains(&late.as_micros()), "{late:?}");
    }

    #[test]
    fn all_lanes_take_turns() {
        let mut open = OpenLoop::new((1..5).map(|n| n * MILLISECOND), 2);
        for (n, lane) in [(1, 0), (2, 1), (3, 0), (4, 1)] {
            assert_eq!(open.due(n * MILLISECOND), Some(lane));
            open.finished(lane, Outcome::Answered, n * MILLISECOND);
        }
    }

    #[test]
    fn it_is_over_when_the_last_answer_has_come() {
        let mut open = OpenLoop::new([MILLISECOND].into_iter(), 1);
        assert!(!open.is_over(Duration::ZERO));
        open.due(MILLISECOND);
        assert!(!open.is_over(MILLISECOND));
        open.finished(0, Outcome::Failed, 2 * MILLISECOND);
        assert!(open.is_over(2 * MILLISECOND));
    }
}
