//! What the server counts, for whoever watches it.
//!
//! Counting happens on the way of every request, reading a few times a minute. So counting
//! is a handful of additions without a lock, and reading does the rest: it sums the shards
//! up, takes differences and writes the text. What can be derived is not counted twice: the
//! connections that are open are those opened less those closed, and the queue's length is
//! what was put in less what was taken out.
//!
//! All of it lies in memory that forked children share: in the process model they count, and
//! one process shows the figures of all.

pub mod counter;
pub mod histogram;
pub mod shard;
mod process;
mod exposition;
#[cfg(test)]
mod tests;

use std::{
    io,
    time::{Duration, SystemTime},
};

use counter::Counter;
use histogram::{Distribution, Histogram};
use shard::Shard;

use crate::{
    shared_memory::{self, InSharedMemory},
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering},
};

/// More than most machines have processors to count with; a power of two.
const SHARDS: usize = 16;

/// All figures of a server.
#[derive(Debug)]
pub struct Metrics {
    shards: [Shard; SHARDS],
    next_shard: AtomicUsize,
    pool_threads: AtomicUsize,
    is_ready: AtomicBool,
    process_id: AtomicU32,
    /// Milliseconds since 1970.
    started: AtomicU64,
}

#[expect(unsafe_code, reason = "the compiler does not know what may be shared with children")]
// SAFETY: Shards are counters and histograms, those are atomics, and so are the other fields.
unsafe impl InSharedMemory for Metrics {}

impl Metrics {
    /// Nothing counted yet, not ready; begun now, by this process.
    ///
    /// # Errors
    /// If the system has no memory for it.
    pub fn new() -> io::Result<&'static Self> {
        let metrics: &Self = shared_memory::map()?;
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let started = u64::try_from(since_1970.unwrap_or_default().as_millis());
        metrics.started.store(started.unwrap_or_default(), Ordering::Relaxed);
        metrics.process_id.store(std::process::id(), Ordering::Relaxed);
        Ok(metrics)
    }

    /// Where a thread or a process is to count: another shard for each in turn.
    pub fn shard(&self) -> &Shard {
        &self.shards[self.next_shard.fetch_add(1, Ordering::Relaxed) % SHARDS]
    }

    /// Says how many threads take from the queue.
    pub fn set_pool_threads(&self, count: usize) {
        self.pool_threads.store(count, Ordering::Relaxed);
    }

    /// Says whether the server is ready for clients: after it listens, before it stops.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Relaxed);
    }

    /// Whether the server is ready for clients.
    pub fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Relaxed)
    }

    /// All figures as text, in the format of `OpenMetrics` 1.0.
    pub fn exposition(&'static self) -> String {
        exposition::text(self)
    }

    fn total(&self, counter: impl Fn(&Shard) -> &Counter) -> u64 {
        self.shards.iter().map(|shard| counter(shard).value()).sum()
    }

    fn distribution(&self, histogram: impl Fn(&Shard) -> &Histogram) -> Distribution {
        let mut distribution = Distribution::default();
        self.shards.iter().for_each(|shard| distribution.add(histogram(shard)));
        distribution
    }

    /// Those that left are read first: whoever leaves came before, so the difference of what
    /// is read later and what was read earlier is not negative (but for the order in which
    /// other processors' counts are seen).
    fn open_connections(&self) -> u64 {
        let closed = self.total(|shard| &shard.closed);
        self.total(|shard| &shard.opened).saturating_sub(closed)
    }

    /// As `open_connections`.
    fn queue_len(&self) -> u64 {
        let taken = self.distribution(|shard| &shard.queue_wait).count();
        self.total(|shard| &shard.queued).saturating_sub(taken)
    }

    fn pool_threads(&self) -> u64 {
        self.pool_threads.load(Ordering::Relaxed) as u64
    }

    /// Since 1970.
    fn started(&self) -> Duration {
        Duration::from_millis(self.started.load(Ordering::Relaxed))
    }

    fn process_id(&self) -> u32 {
        self.process_id.load(Ordering::Relaxed)
    }
}
