//! A pool: a few threads serve all connections, a piece of work at a time.
//!
//! The piece is what one read of a connection brings. Then the worker gives the connection
//! back to the waiting room and takes the next from the queue: clients that are idle, slow to
//! send, or never out of words have no worker to themselves. What still keeps a worker is a
//! handler that blocks, and a client that does not take its answer.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use level1_blocking::{
    serve::{Outcome, Patience, Worker},
    stop::Stop,
};

use crate::{
    acceptor::{Model, Next},
    capacity::Capacity,
    guest::Guest,
    metrics::Metrics,
    queue::Queue,
    waiting_room::{Visitor, WaitingRoom},
};

/// How often those who wait are called again when the server stops: a worker that was about
/// to seat its client when everybody was called did not know.
const REMINDER: Duration = Duration::from_millis(50);

/// A pool of workers.
#[derive(Debug)]
pub struct Pool {
    shared: Arc<Shared>,
    watcher: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
}

/// What all threads of a pool know.
#[derive(Debug)]
struct Shared {
    room: WaitingRoom,
    queue: Arc<Queue<Visitor>>,
    patience: Patience,
    stop: Arc<Stop>,
    metrics: &'static Metrics,
}

impl Pool {
    /// Starts `workers` threads, and one that watches the waiting room. At most `queue_len`
    /// connections wait for a worker before others are turned away. Under
    /// [`Patience::Blocking`] a worker stays with its client until the connection ends, as
    /// in a pool without a waiting room.
    ///
    /// # Errors
    /// If there can be no more threads or descriptors.
    pub fn start(
        workers: usize,
        queue_len: usize,
        patience: Patience,
        stop: &Arc<Stop>,
        metrics: &'static Metrics,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(queue_len));
        let room = WaitingRoom::new(Arc::clone(&queue), metrics.shard())?;
        let stop = Arc::clone(stop);
        let shared = Arc::new(Shared { room, queue, patience, stop, metrics });
        let start = |name: &str, work: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(name.to_owned()).spawn(move || work(&shared))
        };
        let watcher = start("waiting room", |shared| shared.room.watch(&shared.stop))?;
        shared.metrics.set_pool_threads(workers);
        let workers =
            (0..workers).map(|_| start("worker", Shared::work)).collect::<Result<_, _>>()?;
        Ok(Self { shared, watcher, workers })
    }

    /// Waits until the last connection has ended, or the drain has, and for the threads if
    /// they have come to their end.
    pub fn drain(self, capacity: &Capacity) {
        let Some(end) = self.shared.stop.drain_ends(Instant::now()) else { return };
        let mut is_empty = false;
        while !is_empty && Instant::now() < end {
            self.shared.room.call_everybody();
            is_empty = capacity.wait_until_empty(end.min(Instant::now() + REMINDER));
        }
        self.shared.room.close();
        self.shared.queue.close();
        if is_empty {
            for thread in self.workers.into_iter().chain([self.watcher]) {
                // A thread that has panicked is over, too.
                let _ = thread.join();
            }
        }
    }
}

impl Model for Pool {
    fn serve(&mut self, guest: Guest) -> Next {
        self.shared.room.seat(Visitor::new(guest, Instant::now()));
        Next::Accept
    }

    /// Again and again while the server stops, for it goes on to let in those who queue, and
    /// whoever has not sent anything by now is not to be waited for.
    fn look_after(&mut self) {
        if self.shared.stop.is_requested() {
            self.shared.room.call_everybody();
        }
    }
}

impl Shared {
    // ANCHOR: work
    /// What a worker does, until the queue is closed.
    fn work(&self) {
        let shard = self.metrics.shard();
        let new_worker = || Worker::new(&self.stop, shard);
        let mut worker = new_worker();
        while let Some(mut visitor) = self.queue.take() {
            shard.taken(visitor.queued.elapsed());
            let session = &mut visitor.guest.session;
            let served = AssertUnwindSafe(|| worker.serve(session, self.patience));
            match panic::catch_unwind(served) {
                Ok(Outcome::Waiting) => self.room.seat(visitor),
                Ok(Outcome::Closed(_)) => {}
                // It costs this connection, and not the worker.
                Err(_) => worker = new_worker(),
            }
        }
    }
    // ANCHOR_END: work
}
