//! How long something took: how often so long, and how long in all.
//!
//! The number of observations is not kept: it is the sum of the buckets, so that no reader
//! ever finds fewer observations than a bucket holds.

use std::{array, time::Duration};

use super::counter::Counter;

/// The upper ends of the buckets: about two and a half to each power of ten, from what a
/// quick handler takes to the longest `/work`. Above the last there is one more bucket.
const BOUNDS: [Duration; 16] = [
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2500),
    Duration::from_secs(5),
    Duration::from_secs(10),
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
        // A bucket includes its upper end.
        let bucket = BOUNDS.partition_point(|bound| *bound < took);
        self.buckets[bucket].add(1);
        self.nanos.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
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
            let end = BOUNDS.get(bucket).map_or(f64::INFINITY, Duration::as_secs_f64);
            (end, self.buckets[bucket])
        })
    }
}
