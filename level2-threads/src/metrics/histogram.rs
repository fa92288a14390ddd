//! How long something took: how often so long, and how long in all.
//!
//! The number of observations is not kept: it is the sum of the buckets, so that no reader
//! ever finds fewer observations than a bucket holds.

use std::{array, time::Duration};

use super::counter::Counter;

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000 * MICRO;
const SECOND: u64 = 1_000 * MILLI;

/// The upper ends of the buckets, in nanoseconds: about two and a half to each power of ten,
/// from what a quick handler takes to the longest `/work`. Above the last there is one more
/// bucket.
const BOUNDS: [u64; 16] = [
    100 * MICRO,
    250 * MICRO,
    500 * MICRO,
    MILLI,
    2_500 * MICRO,
    5 * MILLI,
    10 * MILLI,
    25 * MILLI,
    50 * MILLI,
    100 * MILLI,
    250 * MILLI,
    500 * MILLI,
    SECOND,
    2_500 * MILLI,
    5 * SECOND,
    10 * SECOND,
];

const BUCKETS: usize = BOUNDS.len() + 1;

/// Durations, counted by their size as they are observed.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Counter; BUCKETS],
    nanos: Counter,
}

/// What histograms held when they were read.
#[derive(Debug, Default)]
pub struct Distribution {
    buckets: [u64; BUCKETS],
    nanos: u64,
}

impl Histogram {
    /// Counts a duration.
    pub fn observe(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // A bucket includes its upper end. From the first one on: most handlers are quick.
        let bucket = BOUNDS.iter().position(|bound| nanos <= *bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].add(1);
        self.nanos.add(nanos);
    }
}

impl Distribution {
    /// Adds what a histogram holds.
    pub fn add(&mut self, histogram: &Histogram) {
        for (bucket, counter) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *bucket += counter.value();
        }
        self.nanos = self.nanos.wrapping_add(histogram.nanos.value());
    }

    /// How many durations there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// How long they are together.
    pub const fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// Each bucket's upper end in seconds, and how many durations are in it.
    pub fn buckets(&self) -> [(f64, u64); BUCKETS] {
        array::from_fn(|bucket| {
            let seconds = |nanos: &u64| Duration::from_nanos(*nanos).as_secs_f64();
            let end = BOUNDS.get(bucket).map_or(f64::INFINITY, seconds);
            (end, self.buckets[bucket])
        })
    }
}
