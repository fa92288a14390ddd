//! What a part of the server's threads count.
//!
//! Two processors that count in the same cache line wait for each other at every request.
//! So there are several sets of counters, a thread takes one of them when it begins, and the
//! sums are formed when somebody asks. A shard is no thread's own: any number may share it.

use std::time::Duration;

use level1_blocking::{http::step::Exchange, observer::Observer};

use super::{counter::Counter, histogram::Histogram};

/// A set of counters, on cache lines of its own. (Two lines: processors fetch them in pairs.)
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Shard {
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    /// 1xx to 5xx.
    pub(crate) answered: [Counter; 5],
    pub(crate) handler_time: Histogram,
    pub(crate) opened: Counter,
    pub(crate) closed: Counter,
    pub(crate) queued: Counter,
    /// Its count is how often something has left the queue.
    pub(crate) queue_wait: Histogram,
    pub(crate) rejected: Counter,
    pub(crate) accept_failures: Counter,
}

impl Shard {
    /// A connection was accepted.
    pub fn connection_opened(&self) {
        self.opened.add(1);
    }

    /// A connection has ended.
    pub fn connection_closed(&self) {
        self.closed.add(1);
    }

    /// So many connections were put into the pool's queue.
    pub fn queued(&self, len: usize) {
        self.queued.add(len as u64);
    }

    /// A connection was taken out of the pool's queue, after so long a wait.
    pub fn taken(&self, waited: Duration) {
        self.queue_wait.observe(waited);
    }

    /// A connection was turned away with 503, because the pool's queue is full.
    pub fn rejected(&self) {
        self.rejected.add(1);
    }

    /// No connection could be accepted, and accepting pauses.
    pub fn accept_failed(&self) {
        self.accept_failures.add(1);
    }
}

impl Observer for Shard {
    fn received(&self, len: usize) {
        self.received.add(len as u64);
    }

    fn sent(&self, len: usize) {
        self.sent.add(len as u64);
    }

    fn handled(&self, took: Duration) {
        self.handler_time.observe(took);
    }

    fn answered(&self, exchange: &Exchange<'_>) {
        // A status is between 100 and 599.
        let class = usize::from(exchange.status.code() / 100) - 1;
        self.answered[class].add(1);
    }
}
