//! The queue between those who bring work and those who do it.
//!
//! It has a bound, because a queue without one only moves the failure: under more load than
//! the pool can bear it would grow until memory ends, and everybody in it would wait too
//! long to be still there. What is offered beyond the bound is handed back, to be turned
//! away at once.

use std::{collections::VecDeque, sync::PoisonError};

use crate::sync::{Condvar, Mutex, MutexGuard};

/// Items in the order they came, each for one taker.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    /// Rings when there is something to take, or the queue was closed.
    arrival: Condvar,
    len_max: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    /// Takers asleep: waking is a system call even if nobody sleeps, so it is worth counting.
    sleepers: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// An empty queue that turns offers down from `len_max` items on.
    pub fn new(len_max: usize) -> Self {
        let state = State { items: VecDeque::new(), sleepers: 0, is_closed: false };
        Self { state: Mutex::new(state), arrival: Condvar::new(), len_max }
    }

    /// Adds new work, if there is room for it.
    ///
    /// # Errors
    /// The item, if the queue is full or closed.
    pub fn offer(&self, item: T) -> Result<(), T> {
        self.push_below(self.len_max, item)
    }

    /// Adds work that is under way already, and is not to be given up halfway. It may exceed
    /// the bound: there is never more of it than there are connections, which have a bound of
    /// their own.
    ///
    /// # Errors
    /// The item, if the queue is closed.
    pub fn push(&self, item: T) -> Result<(), T> {
        self.push_below(usize::MAX, item)
    }

    /// Pushes all of `items`, taking the lock once. If the queue is closed they stay where
    /// they are.
    pub fn append(&self, items: &mut Vec<T>) {
        let mut state = self.lock();
        if state.is_closed {
            return;
        }
        let wakes = state.sleepers.min(items.len());
        state.items.extend(items.drain(..));
        drop(state);
        for _ in 0..wakes {
            self.arrival.notify_one();
        }
    }

    /// Takes the oldest item; waits for one if there is none. `None` says that there will be
    /// none any more: the queue is closed, and what was in it is taken.
    pub fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            state.sleepers += 1;
            state = self.arrival.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.sleepers -= 1;
        }
    }

    /// Lets nothing more in. What is in the queue is still taken.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.arrival.notify_all();
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn push_below(&self, len_max: usize, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.is_closed || state.items.len() >= len_max {
            return Err(item);
        }
        state.items.push_back(item);
        let is_awaited = state.sleepers > 0;
        // Whoever is woken wants the lock next.
        drop(state);
        if is_awaited {
            self.arrival.notify_one();
        }
        Ok(())
    }

    /// Nothing that is done under the lock can panic halfway, so a poisoned one guards a state
    /// as good as any: the pool serves on.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
