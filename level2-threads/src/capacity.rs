//! How many connections there are, at most so many, and when the last has left.
//!
//! Whoever finds no room is told when there is some: an acceptor at its limit stops looking
//! at its listeners, sleeps, and must not sleep on when a connection ends. Clients wait in
//! the kernel's queue meanwhile.

use std::{
    fmt, mem,
    sync::{Arc, PoisonError},
    time::Instant,
};

use crate::sync::{Condvar, Mutex, MutexGuard};

/// Places for connections.
pub struct Capacity {
    state: Mutex<State>,
    /// Rings when the last one leaves.
    emptied: Condvar,
    max: usize,
    on_room: Box<dyn Fn() + Send + Sync>,
}

#[derive(Debug)]
struct State {
    len: usize,
    /// Somebody was told that there is no room, and is to be told when there is.
    is_room_awaited: bool,
}

/// A connection's place, free again when this is dropped. It stands for what the connection
/// takes up, a descriptor and a thread or a process: let it go last.
#[derive(Debug)]
#[must_use = "dropping it frees the place"]
pub struct Place {
    capacity: Arc<Capacity>,
}

impl Capacity {
    /// `max` free places. When somebody leaves after somebody found no room, `on_room` is
    /// called, by the one who leaves: it must be quick, and may be called for nothing.
    pub fn new(max: usize, on_room: impl Fn() + Send + Sync + 'static) -> Self {
        let state = State { len: 0, is_room_awaited: false };
        let on_room = Box::new(on_room);
        Self { state: Mutex::new(state), emptied: Condvar::new(), max, on_room }
    }

    /// Takes a place. `None` if all are taken; then `on_room` will be called.
    pub fn enter(self: &Arc<Self>) -> Option<Place> {
        let mut state = self.lock();
        if !state.has_room(self.max) {
            return None;
        }
        state.len += 1;
        Some(Place { capacity: Arc::clone(self) })
    }

    /// Whether a place is free. If not, `on_room` will be called.
    pub fn has_room(&self) -> bool {
        self.lock().has_room(self.max)
    }

    /// How many places are taken.
    pub fn len(&self) -> usize {
        self.lock().len
    }

    /// Whether no place is taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until the last one has left, but not beyond `deadline`; whether all have left.
    pub fn wait_until_empty(&self, deadline: Instant) -> bool {
        let mut state = self.lock();
        while state.len > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let woken = self.emptied.wait_timeout(state, left);
            (state, _) = woken.unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    fn leave(&self) {
        let mut state = self.lock();
        state.len -= 1;
        let is_empty = state.len == 0;
        let was_room_awaited = mem::take(&mut state.is_room_awaited);
        // Whoever is woken wants the lock next.
        drop(state);
        if is_empty {
            self.emptied.notify_all();
        }
        if was_room_awaited {
            (self.on_room)();
        }
    }

    /// Nothing that is done under the lock can panic, and `on_room` is called outside; so a
    /// poisoned one guards a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn has_room(&mut self, max: usize) -> bool {
        let has_room = self.len < max;
        if !has_room {
            self.is_room_awaited = true;
        }
        has_room
    }
}

impl fmt::Debug for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Capacity")
            .field("max", &self.max)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.capacity.leave();
    }
}
