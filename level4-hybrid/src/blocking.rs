//! A pool of threads for what blocks, and the adapter that takes a plain handler there.
//!
//! This is the level's lesson. A thread that serves the network must not wait for a disk, a
//! lock or a sleep; so whoever has to goes to a thread that has nothing else to do, and the
//! connection gets on with the others meanwhile. The pool is as small as level 2's and has the
//! same queue with the same bound: when it is full, new work is turned away at once.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::Instant,
};

use level1_blocking::{
    handler::{self, Admission},
    http::{
        head::{Head, OwnedHead},
        response::{FieldLine, Response},
        status::Status,
    },
    logging,
};
use level2_threads::{
    metrics::{Metrics, shard::Shard},
    queue::Queue,
};
use rustix::process::setpriority_process;
use tokio::sync::oneshot;

use crate::handler::{Answer, Handler, Reply, Request};

/// How much a thread of the pool gives way to those that serve the network (nice(2)): work
/// that keeps a processor busy would keep everybody waiting after all.
const NICENESS: i32 = 10;

/// Threads for what blocks.
#[derive(Debug)]
pub struct Pool {
    queue: Arc<Queue<Job>>,
    /// Work that waits or is being done.
    load: Arc<AtomicUsize>,
    shard: &'static Shard,
}

/// A piece of work, and since when it waits.
struct Job {
    work: Box<dyn FnOnce() + Send>,
    queued: Instant,
}

/// Work that is done on a pool, or waits to be. If it is dropped before it begins, it never
/// does.
#[derive(Debug)]
pub struct Task<T>(oneshot::Receiver<T>);

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much work waits for the pool")]
pub struct Full;

/// The work panicked, or the pool is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was not finished")]
pub struct Unfinished;

impl Pool {
    /// Starts `threads` threads. At most `queue_len` pieces of new work wait for one.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn start(
        threads: usize,
        queue_len: usize,
        metrics: &'static Metrics,
    ) -> io::Result<Arc<Self>> {
        let (queue, load) = (Arc::new(Queue::new(queue_len)), Arc::default());
        let pool = Self { queue, load, shard: metrics.shard() };
        metrics.set_pool_threads(threads);
        for _ in 0..threads {
            let (queue, load) = (Arc::clone(&pool.queue), Arc::clone(&pool.load));
            let shard = metrics.shard();
            let serve = move || {
                // On Linux this is the thread's own. Where it may not be had, nothing is lost.
                let _ = setpriority_process(None, NICENESS);
                work_off(&queue, &load, shard);
            };
            thread::Builder::new().name("blocking".to_owned()).spawn(serve)?;
        }
        Ok(Arc::new(pool))
    }

    /// Has new work done.
    ///
    /// # Errors
    /// If too much of it waits already.
    pub fn offer<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<Task<T>, Full> {
        let (job, task) = job(work);
        self.load.fetch_add(1, Ordering::Relaxed);
        if self.queue.offer(job).is_err() {
            self.load.fetch_sub(1, Ordering::Relaxed);
            self.shard.rejected();
            return Err(Full);
        }
        self.shard.queued(1);
        Ok(task)
    }

    /// Has work done that an answer needs which is under way, and is not given up halfway.
    pub fn push<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let (job, task) = job(work);
        self.load.fetch_add(1, Ordering::Relaxed);
        // Nobody closes the queue of a pool that is there.
        if self.queue.push(job).is_ok() {
            self.shard.queued(1);
        }
        task
    }

    /// How much work waits or is being done.
    pub fn load(&self) -> usize {
        self.load.load(Ordering::Acquire)
    }
}

/// The threads end when nobody can bring them anything any more.
impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

// ANCHOR: work_off
/// What a thread of the pool does, until the queue is closed.
fn work_off(queue: &Queue<Job>, load: &AtomicUsize, shard: &Shard) {
    while let Some(Job { work, queued }) = queue.take() {
        shard.taken(queued.elapsed());
        // A panic costs the work, and not the thread.
        let _ = panic::catch_unwind(AssertUnwindSafe(work));
        load.fetch_sub(1, Ordering::Release);
    }
}
// ANCHOR_END: work_off

fn job<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> (Job, Task<T>) {
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        // Whoever wanted it may have left while it waited.
        if !sender.is_closed() {
            let _ = sender.send(work());
        }
    };
    (Job { work: Box::new(work), queued: Instant::now() }, Task(receiver))
}

impl<T> Future for Task<T> {
    type Output = Result<T, Unfinished>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_err(|_| Unfinished)
    }
}

/// A plain handler, which may block: level 1's, as it is.
#[derive(Debug)]
pub struct Blocking<H> {
    handler: Arc<H>,
    pool: Arc<Pool>,
}

impl<H: handler::Handler + 'static> Blocking<H> {
    /// Has `handler` work on the pool. Its `admit` does not: that must not block.
    pub const fn new(handler: Arc<H>, pool: Arc<Pool>) -> Self {
        Self { handler, pool }
    }
}

// ANCHOR: adapter
impl<H: handler::Handler + 'static> Handler for Blocking<H> {
    fn admit(&self, head: &Head<'_>) -> Admission {
        self.handler.admit(head)
    }

    /// Gathers the request here, so that no thread of the pool waits for a client, and has it
    /// handled there.
    fn handle(&self, request: Request<'_>) -> Answer {
        let Request { head, body, client, .. } = request;
        let head = OwnedHead::from(head);
        let (handler, pool) = (Arc::clone(&self.handler), Arc::clone(&self.pool));
        Answer::later(async move {
            let Ok((body, trailers)) = body.gather().await else { return incomplete() };
            let handle = move || {
                let (head, trailers) = (head.head(), trailers.fields());
                let request = handler::Request { head, body, trailers };
                logging::on_behalf_of(client, || handler::handle(&*handler, request))
            };
            match pool.offer(handle) {
                Ok(task) => finished(task.await).into(),
                Err(Full) => busy().into(),
            }
        })
    }
}
// ANCHOR_END: adapter

/// The response that was worked out, or that it was not.
pub(crate) fn finished(outcome: Result<Response, Unfinished>) -> Response {
    outcome.unwrap_or_else(|Unfinished| Response::new(Status::INTERNAL_SERVER_ERROR))
}

/// The answer to a request that finds the queue full.
pub(crate) fn busy() -> Response {
    const SOON: FieldLine = FieldLine::from_static("Retry-After: 1");
    Response::text(Status::SERVICE_UNAVAILABLE, "503 Service Unavailable\n").line(SOON)
}

/// The answer to a request whose body does not come whole. The core has given one already,
/// or nobody is there to read it.
pub(crate) fn incomplete() -> Reply {
    Response::new(Status::BAD_REQUEST).into()
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("queued", &self.queued).finish_non_exhaustive()
    }
}
