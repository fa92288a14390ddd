//! The threads that serve, and the main thread that waits for signals on their behalf.
//!
//! Workers end by themselves: when the server stops and nobody is left to be served, or when
//! something fails for good. Their end wakes the main thread, and is known before it does.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use level2_threads::{
    server::{self, Server},
    signals::Waker,
};

/// Threads that serve until the server stops.
#[derive(Debug)]
pub struct Workers {
    /// How many of them have not ended.
    running: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<io::Result<()>>>,
    waker: Waker,
}

/// Ends with its thread, whether that returns or panics.
struct Ending {
    running: Arc<AtomicUsize>,
    waker: Waker,
}

impl Drop for Ending {
    fn drop(&mut self) {
        // In this order: whoever is woken asks at once, and sleeps on if nobody has ended.
        self.running.fetch_sub(1, Ordering::Release);
        self.waker.wake();
    }
}

impl Workers {
    /// None yet; when one of them ends, `waker` wakes.
    pub fn new(waker: Waker) -> Self {
        Self { running: Arc::default(), threads: Vec::new(), waker }
    }

    /// Starts another one.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn spawn(
        &mut self,
        name: &str,
        work: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        self.running.fetch_add(1, Ordering::Relaxed);
        let ending = Ending { running: Arc::clone(&self.running), waker: self.waker.clone() };
        let work = move || {
            let _ending = ending;
            work()
        };
        self.threads.push(thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }

    // ANCHOR: supervise
    /// Waits for signals until the server has stopped, and has workers heed them: by `tell` they
    /// look around, and serve another application to those who come from then on if there is
    /// one.
    ///
    /// # Errors
    /// If the system refuses to wait, or a worker could not go on.
    pub fn supervise<A>(
        self,
        server: &Server<A>,
        mut reload: impl FnMut() -> Option<A>,
        tell: impl Fn(Option<A>),
    ) -> anyhow::Result<()> {
        let signals = &server.signals;
        while !signals.stop().is_requested() && self.running() == self.threads.len() {
            signals.wait(None)?;
            tell(server::heed_reload(signals, &mut reload));
        }
        let drain_ends = server::begin_to_stop(signals, server.metrics);
        tell(None);
        // A worker ends by itself at the drain's end, unless a handler blocks it even then.
        while self.running() > 0 && drain_ends.is_some_and(|end| Instant::now() < end) {
            signals.wait(drain_ends)?;
            tell(None);
        }
        self.outcome()
    }
    // ANCHOR_END: supervise

    fn running(&self) -> usize {
        self.running.load(Ordering::Acquire)
    }

    /// Why those that have ended did.
    fn outcome(self) -> anyhow::Result<()> {
        let have_all_ended = self.running() == 0;
        for thread in self.threads {
            if have_all_ended || thread.is_finished() {
                let outcome = thread.join().map_err(|_| anyhow::anyhow!("a worker panicked"))?;
                outcome.map_err(|error| anyhow::anyhow!("a worker cannot go on: {error}"))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use level2_threads::signals::Signals;

    use super::*;

    #[test]
    fn whoever_is_woken_by_the_end_of_a_worker_knows_of_it() {
        let signals = Signals::install(Duration::ZERO).expect("a pipe");
        for round in 0..2000 {
            let mut workers = Workers::new(signals.waker());
            workers.spawn("worker", || Ok(())).expect("a thread");
            signals.wait(None).expect("woken");
            assert_eq!(workers.running(), 0, "round {round}");
            workers.outcome().expect("it ended well");
        }
    }
}
