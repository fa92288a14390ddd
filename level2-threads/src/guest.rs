//! A connection that has been let in: its session, and the place it takes.

use std::mem;

use level1_blocking::session::Session;

use crate::{capacity::Place, metrics::shard::Shard};

/// A connection that has been let in.
#[derive(Debug)]
pub struct Guest {
    /// What is needed to serve it. It changes hands often, and so it stays where it is.
    pub session: Box<Session>,
    /// What is given back when it has gone.
    pub presence: Presence,
}

/// Somebody is there: as long as this lives, a place is taken, and the metrics count an open
/// connection.
#[derive(Debug)]
pub struct Presence {
    place: Option<Place>,
    shard: &'static Shard,
}

impl Presence {
    /// Somebody has come, and takes this place.
    pub fn new(place: Place, shard: &'static Shard) -> Self {
        shard.connection_opened();
        Self { place: Some(place), shard }
    }

    /// Leaves it to another process, which has a copy of this one, to notice the end.
    pub fn leave_to_parent(mut self) {
        mem::forget(self.place.take());
        mem::forget(self);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.shard.connection_closed();
    }
}
