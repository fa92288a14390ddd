//! The binary of level 4: threads for the network, threads for what blocks, and a main thread
//! that waits for signals.

use std::{num::NonZeroUsize, process::ExitCode, sync::Arc, thread};

use anyhow::Context as _;
use level1_blocking::{
    options::{effective::Effective, flags::Options, level::Level},
    program::{self, LevelOptions},
};
use level2_threads::{
    metrics::Metrics,
    options::{ServerOptions, thread_count},
    server::{Reloader, Server},
};
use level4_hybrid::{
    application::Shared,
    blocking::Pool,
    demo::Hybrid,
    workers::{self, Sharing},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LEVEL: Level = Level {
    name: "level4-hybrid",
    about: "An HTTP/1.1 server on tokio, with a pool of threads for what blocks",
    defaults: &[("listen", "127.0.0.1:8004")],
    secrets: &[],
};

#[derive(Debug, clap::Parser)]
#[command(version)]
struct Level4 {
    #[command(flatten)]
    server: ServerOptions,

    /// Threads that serve the network; by default as many as there are processors.
    #[arg(long, value_name = "COUNT", help_heading = THREADS)]
    #[arg(value_parser = thread_count)]
    workers: Option<NonZeroUsize>,

    /// Whether they take work from each other (stealing), or each has clients of its own (none).
    #[arg(long, value_name = "HABIT", default_value = "stealing", help_heading = THREADS)]
    sharing: Sharing,

    /// Threads for what blocks: handlers that wait, files that are not in memory.
    #[arg(long, value_name = "COUNT", default_value = "64", help_heading = THREADS)]
    #[arg(value_parser = thread_count)]
    blocking_threads: NonZeroUsize,

    /// Blocking work that may wait for one of them; a request beyond it is answered 503.
    #[arg(long, value_name = "COUNT", default_value = "1024", help_heading = THREADS)]
    blocking_queue: NonZeroUsize,
}

const THREADS: &str = "Threads";

impl LevelOptions for Level4 {
    fn common(&self) -> &Options {
        &self.server.common
    }
}

fn main() -> ExitCode {
    program::main(&LEVEL, run)
}

fn run(options: &Level4, effective: Effective) -> anyhow::Result<()> {
    let metrics = Metrics::new().context("cannot share memory for the metrics")?;
    let (threads, queue_len) = (options.blocking_threads.get(), options.blocking_queue.get());
    let pool = Pool::start(threads, queue_len, metrics).context(
        "cannot start the pool; lower --blocking-threads, or raise the limit of processes",
    )?;
    let make = |common: &Options| Hybrid::application(common, &pool);
    let mut server = Server::open(&options.server, &effective, metrics, make)?;
    let mut reloader = Reloader::new(&LEVEL, effective);
    let stop = Arc::clone(server.signals.stop());
    let shared = Shared::new(server.application.clone(), Arc::clone(&pool), metrics, stop);
    let shared = Arc::new(shared);
    server.announce();
    let workers = start(&mut server, options, &shared)?;
    server.start_admin()?;
    let reload = || reloader.reload::<Level4, _>(make);
    workers.supervise(&server, reload, |application| shared.tell(application))?;
    server.close();
    Ok(())
}

fn start<A>(
    server: &mut Server<A>,
    options: &Level4,
    shared: &Arc<Shared>,
) -> anyhow::Result<level3_async::workers::Workers> {
    let processors = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let count = options.workers.unwrap_or(processors).get();
    workers::start(server, options.server.common.backlog, count, options.sharing, shared)
}
