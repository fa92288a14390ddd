//! A number that only grows.
//!
//! Relaxed throughout: a count orders nothing, it is read for itself. What has been counted
//! once is never lost, and a reader sees it soon.

use crate::sync::atomic::{AtomicU64, Ordering};

/// How often something happened, or how much of it there was.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// As much as has been added so far.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
