//! What a generator counts: answers, failures, latencies, and how many requests were under way.
//!
//! The last is kept apart from the latencies on purpose. Little's law says what it must be, and
//! a generator that lost requests, or noticed their arrival too late, does not obey it.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Latencies above this are counted as this: longer than any exchange is waited for.
const LATENCY_MAX: Duration = Duration::from_mins(1);

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every byte of the answer was the one expected.
    Answered,
    /// Another answer, none, or no connection.
    Failed,
}

/// The count of one run.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Exchanges that were answered as expected.
    pub answered: u64,
    /// Exchanges that were not.
    pub failed: u64,
    latencies: Histogram<u64>,
    latency_sum: Duration,
    under_way: u32,
    /// The integral of `under_way` over time, up to `counted_until`, in seconds.
    occupancy: f64,
    counted_until: Duration,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            answered: 0,
            failed: 0,
            latencies: latency_histogram(),
            latency_sum: Duration::ZERO,
            under_way: 0,
            occupancy: 0.0,
            counted_until: Duration::ZERO,
        }
    }
}

/// A histogram of nanoseconds, to three digits.
///
/// # Panics
/// Never: its bounds are constants in order.
pub fn latency_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, nanoseconds(LATENCY_MAX), 3).expect("these bounds are in order")
}

/// A length of time as a histogram holds it.
pub fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Tally {
    /// A request is under way from `now` on, sent or waiting to be.
    pub fn began(&mut self, now: Duration) {
        self.count_until(now);
        self.under_way += 1;
    }

    /// A request that should have been answered at once came back at `now`, after `latency`.
    pub fn ended(&mut self, outcome: Outcome, latency: Duration, now: Duration) {
        self.count_until(now);
        self.under_way -= 1;
        match outcome {
            Outcome::Answered => {
                self.answered += 1;
                self.latency_sum += latency;
                self.latencies.saturating_record(nanoseconds(latency));
            }
            Outcome::Failed => self.failed += 1,
        }
    }

    /// Answered and failed exchanges.
    pub fn exchanges(&self) -> u64 {
        self.answered + self.failed
    }

    /// Requests that are under way.
    pub fn under_way(&self) -> u32 {
        self.under_way
    }

    /// How long the run took: until the last exchange began or ended.
    pub fn elapsed(&self) -> Duration {
        self.counted_until
    }

    /// Exchanges a second.
    pub fn rate(&self) -> f64 {
        as_f64(self.exchanges()) / self.counted_until.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The latency that this share of the answers did not exceed, `0.99` for the 99th percentile.
    pub fn latency_at(&self, share: f64) -> Duration {
        Duration::from_nanos(self.latencies.value_at_quantile(share))
    }

    /// The mean latency.
    pub fn latency_mean(&self) -> Duration {
        match self.answered {
            0 => Duration::ZERO,
            answered => self.latency_sum.div_f64(as_f64(answered)),
        }
    }

    /// How many requests were under way on average, as observed.
    pub fn concurrency(&self) -> f64 {
        self.occupancy / self.counted_until.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn count_until(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.counted_until);
        self.occupancy += f64::from(self.under_way) * passed.as_secs_f64();
        self.counted_until = self.counted_until.max(now);
    }
}

/// A count as a number to calculate with: exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no run counts to 2^53")]
pub fn as_f64(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn observed_concurrency_is_rate_times_latency() {
        let mut tally = Tally::default();
        // Four requests at a time, of ten milliseconds each, for a second.
        for turn in 0..100 {
            let latency = Duration::from_millis(10);
            let start = latency * turn;
            let end = start + latency;
            (0..4).for_each(|_| tally.began(start));
            (0..4).for_each(|_| tally.ended(Outcome::Answered, latency, end));
        }
        assert!((tally.concurrency() - 4.0).abs() < 1e-6);
        assert!((tally.rate() - 400.0).abs() < 1e-6);
        assert_eq!(tally.latency_mean(), Duration::from_millis(10));
        assert_eq!((tally.exchanges(), tally.under_way()), (400, 0));
    }

    #[test]
    fn a_failure_is_no_latency() {
        let mut tally = Tally::default();
        tally.began(Duration::ZERO);
        tally.ended(Outcome::Failed, Duration::from_secs(1), Duration::from_secs(1));
        assert_eq!((tally.answered, tally.failed), (0, 1));
        assert_eq!(tally.latency_mean(), Duration::ZERO);
    }
}
