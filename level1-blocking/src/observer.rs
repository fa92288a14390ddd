//! Who watches a server at work: the seam for metrics.
//!
//! A driver tells what it did, when it did it. Whoever is told must be quick: it is called
//! on the way of every request.

use std::time::Duration;

use crate::http::step::Exchange;

/// What happens on the connections of a server.
pub trait Observer: Send + Sync {
    /// So many bytes came in.
    fn received(&self, _len: usize) {}

    /// So many bytes went out.
    fn sent(&self, _len: usize) {}

    /// The handler worked so long on a request.
    fn handled(&self, _took: Duration) {}

    /// A request was answered, or its answer cut short.
    fn answered(&self, _exchange: &Exchange<'_>) {}
}

/// Nobody watches.
impl Observer for () {}
