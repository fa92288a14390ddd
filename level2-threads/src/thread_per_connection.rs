//! A thread for each connection: level 1's loop, unchanged, as often as there are clients.
//!
//! Nobody waits for another any more. Each client costs a thread, though: a stack, a place
//! in the scheduler, and a switch whenever it sends something.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use level1_blocking::{
    serve::{Patience, Worker},
    stop::Stop,
};
use nix::sys::{
    pthread::{Pthread, pthread_kill, pthread_self},
    signal::Signal,
};
use slab::Slab;

use crate::{
    acceptor::{Model, Next},
    capacity::Capacity,
    guest::Guest,
    memory_maps,
    metrics::Metrics,
};

/// How often threads that block are told again to stop: one that was about to block when it
/// was told would not notice.
const REMINDER: Duration = Duration::from_millis(50);

/// A thread for each connection.
#[derive(Debug)]
pub struct ThreadPerConnection {
    stack_len: usize,
    stop: Arc<Stop>,
    metrics: &'static Metrics,
    threads: Arc<Threads>,
    threads_max: usize,
}

impl ThreadPerConnection {
    /// Threads with stacks of so many bytes.
    pub fn new(stack_len: usize, stop: &Arc<Stop>, metrics: &'static Metrics) -> Self {
        let threads_max = memory_maps::threads_max();
        Self { stack_len, stop: Arc::clone(stop), metrics, threads: Arc::default(), threads_max }
    }

    /// Waits until the last connection has ended, or the drain has.
    pub fn drain(self, capacity: &Capacity) {
        let Some(end) = self.stop.drain_ends(Instant::now()) else { return };
        while Instant::now() < end {
            self.threads.interrupt();
            if capacity.wait_until_empty(end.min(Instant::now() + REMINDER)) {
                return;
            }
        }
    }
}

impl Model for ThreadPerConnection {
    // ANCHOR: serve
    fn serve(&mut self, guest: Guest) -> Next {
        // Each thread holds the list, from before it starts.
        if Arc::strong_count(&self.threads) > self.threads_max {
            let max = self.threads_max;
            tracing::warn!(max, "as many threads as vm.max_map_count allows; trying again");
            return Next::Pause(guest);
        }
        // Shared with the thread, because what is moved into a thread that cannot be started
        // is lost, and the client with it.
        let guest = Arc::new(Mutex::new(Some(guest)));
        let (stop, threads, observer) =
            (Arc::clone(&self.stop), Arc::clone(&self.threads), self.metrics.shard());
        let taken = Arc::clone(&guest);
        let thread = move || {
            let Some(mut guest) = take(&taken) else { return };
            let _listed = Listed::new(&threads);
            Worker::new(&stop, observer).serve(&mut guest.session, Patience::Blocking);
        };
        match thread::Builder::new().stack_size(self.stack_len).spawn(thread) {
            Ok(_) => Next::Accept,
            Err(error) => {
                tracing::warn!(%error, "cannot start a thread; trying again");
                take(&guest).map_or(Next::Accept, Next::Pause)
            }
        }
    }
    // ANCHOR_END: serve

    fn announce_stop(&mut self) {
        self.threads.interrupt();
    }
}

fn take(guest: &Mutex<Option<Guest>>) -> Option<Guest> {
    guest.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The threads that serve a connection, so that they can be interrupted when they block.
#[derive(Debug, Default)]
struct Threads(Mutex<Slab<Pthread>>);

impl Threads {
    fn interrupt(&self) {
        for (_, thread) in self.lock().iter() {
            // It exists: whoever ends takes itself off the list first.
            let _ = pthread_kill(*thread, Signal::SIGUSR1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slab<Pthread>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The current thread is on the list as long as this lives.
struct Listed<'a> {
    threads: &'a Threads,
    key: usize,
}

impl<'a> Listed<'a> {
    fn new(threads: &'a Threads) -> Self {
        let key = threads.lock().insert(pthread_self());
        Self { threads, key }
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.threads.lock().try_remove(self.key);
    }
}
