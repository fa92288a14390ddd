//! The threads that serve the network, and the runtimes they run.
//!
//! There are two ways to have several. One runtime may have all the threads, and one that has
//! nothing to do takes tasks from one that has too many. Or each thread has a runtime of its
//! own, with listeners and clients of its own: nothing is shared, and a client stays where the
//! kernel put it. `docs/src/decisions/workers.md` has the figures for both.

use std::{io, mem, sync::Arc};

use anyhow::Context as _;
use clap::ValueEnum;
use level2_threads::{
    capacity::Capacity,
    listeners::{self, Listener},
    server::Server,
};
use level3_async::workers::Workers;
use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
    task::JoinSet,
    time,
};

use crate::{acceptor::Acceptor, application::Shared};

/// How threads share the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sharing {
    /// A runtime for each thread, with clients of its own.
    None,
    /// One runtime whose threads take tasks from each other.
    Stealing,
}

/// Starts `count` threads that serve the server's listeners.
///
/// # Errors
/// If the system refuses threads, descriptors or memory.
pub fn start<A>(
    server: &mut Server<A>,
    backlog: u32,
    count: usize,
    sharing: Sharing,
    shared: &Arc<Shared>,
) -> anyhow::Result<Workers> {
    let listeners = mem::take(&mut server.listeners);
    let mut workers = Workers::new(server.signals.waker());
    let mut spawn = |runtime: Runtime, listeners| {
        let (capacity, shared) = (Arc::clone(&server.capacity), Arc::clone(shared));
        workers.spawn("worker", move || runtime.block_on(serve(listeners, capacity, shared)))
    };
    match sharing {
        Sharing::Stealing if count > 1 => {
            let runtime = Builder::new_multi_thread()
                .worker_threads(count)
                .thread_name("worker")
                .enable_all()
                .build()?;
            spawn(runtime, listeners)?;
        }
        // One alone has nobody to share with.
        Sharing::None | Sharing::Stealing => {
            let each = listeners::share(listeners, backlog, count)
                .context("cannot listen for each of --workers; lower their number")?;
            for listeners in each {
                spawn(Builder::new_current_thread().enable_all().build()?, listeners)?;
            }
        }
    }
    Ok(workers)
}

/// Serves until the server is to stop, and then whoever is inside, as long as that may take.
async fn serve(
    listeners: Vec<Listener>,
    capacity: Arc<Capacity>,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let (inside, mut all_have_left) = mpsc::channel(1);
    let mut acceptors = JoinSet::new();
    for listener in listeners {
        let (capacity, shared) = (Arc::clone(&capacity), Arc::clone(&shared));
        acceptors.spawn(Acceptor::new(listener, capacity, shared, inside.clone())?.run());
    }
    drop(inside);
    let drained = async {
        while let Some(outcome) = acceptors.join_next().await {
            outcome.map_err(io::Error::other)??;
        }
        // Nobody says anything: it is over when nobody could any more.
        let nobody: Option<()> = all_have_left.recv().await;
        debug_assert_eq!(nobody, None);
        Ok(())
    };
    tokio::select! {
        outcome = drained => outcome,
        () = drain_end(&shared) => Ok(()),
    }
}

/// The server has been told to stop, and the time for that is up.
async fn drain_end(shared: &Shared) {
    // From here on it is not missed; whoever was told before finds the flag set.
    let stopped = shared.stopped.notified();
    if !shared.stop.is_requested() {
        stopped.await;
    }
    if let Some(end) = shared.stop.drain_ends(time::Instant::now().into_std()) {
        time::sleep_until(end.into()).await;
    }
}
