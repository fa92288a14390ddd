//! What a thread lends to the connection it is at work on: the time, buffers, its counters.

use std::{
    cell::Cell,
    time::{Instant, SystemTime},
};

use level1_blocking::{
    access_log::{self, Client},
    http::{Connection, buffers::BufferPool, clock::Clock, step::Exchange},
    observer::Observer as _,
};
use level2_threads::metrics::shard::Shard;

use crate::application::Shared;

/// Buffers that are kept for the next connection. Most give back what they borrowed.
const BUFFERS_MAX: usize = 16;

/// A thread's own things.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) clock: Clock,
    pub(crate) pool: BufferPool,
    /// Empty until a file is read, which is not sent from where it is.
    pub(crate) file_piece: Vec<u8>,
    pub(crate) shard: &'static Shard,
}

thread_local! {
    static WORKER: Cell<Option<Box<Worker>>> = const { Cell::new(None) };
}

impl Worker {
    /// What this thread has, at the time it is now. It is taken out: should a handler serve a
    /// connection while one is served, that has its own.
    pub(crate) fn take(shared: &Shared) -> Box<Self> {
        let mut worker = WORKER.take().unwrap_or_else(|| Box::new(Self::new(shared)));
        worker.tick();
        worker
    }

    /// For whoever is next.
    pub(crate) fn put_back(self: Box<Self>) {
        WORKER.set(Some(self));
    }

    fn new(shared: &Shared) -> Self {
        let clock = Clock::new(now(), SystemTime::now());
        let pool = BufferPool::new(BUFFERS_MAX);
        Self { clock, pool, file_piece: Vec::new(), shard: shared.metrics.shard() }
    }

    /// The time when it was last looked at.
    pub(crate) const fn now(&self) -> Instant {
        self.clock.now()
    }

    fn tick(&mut self) {
        self.clock.advance(now(), SystemTime::now);
    }

    /// A handler has answered what it began at `began`: how late is it, and are we to stop?
    pub(crate) fn handled(&mut self, began: Instant, connection: &mut Connection, shared: &Shared) {
        self.tick();
        self.shard.handled(self.now() - began);
        if shared.stop.is_requested() {
            connection.drain(&self.clock);
        }
    }

    pub(crate) fn note(&self, client: Client, exchange: &Exchange<'_>) {
        access_log::record(client, exchange, &self.clock);
        self.shard.answered(exchange);
    }
}

/// The runtime's time, which tests may set.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
