//! The binary of level 3: as many loops as there are workers, and a main thread that waits for
//! signals.

use std::{mem, num::NonZeroUsize, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use level1_blocking::{
    demo::Demo,
    options::{effective::Effective, flags::Options, level::Level},
    program::{self, LevelOptions},
    session::Application,
};
use level2_threads::{
    listeners,
    metrics::Metrics,
    options::{ServerOptions, thread_count},
    server::{Reloader, Server},
};
use level3_async::{
    event_loop::{EventLoop, Remote},
    workers::Workers,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const LEVEL: Level = Level {
    name: "level3-async",
    about: "An HTTP/1.1 server on one thread that never waits for a client: an event loop",
    defaults: &[("listen", "127.0.0.1:8003")],
    secrets: &[],
};

#[derive(Debug, clap::Parser)]
#[command(version)]
struct Level3 {
    /// Threads, each with a loop and clients of its own.
    #[arg(long, value_name = "COUNT", default_value = "1")]
    #[arg(value_parser = thread_count)]
    workers: NonZeroUsize,

    #[command(flatten)]
    server: ServerOptions,
}

impl LevelOptions for Level3 {
    fn common(&self) -> &Options {
        &self.server.common
    }
}

fn main() -> ExitCode {
    program::main(&LEVEL, run)
}

fn run(options: &Level3, effective: Effective) -> anyhow::Result<()> {
    let metrics = Metrics::new().context("cannot share memory for the metrics")?;
    let mut server = Server::open(&options.server, &effective, metrics, Demo::application)?;
    let mut reloader = Reloader::new(&LEVEL, effective);
    server.announce();
    let (workers, remotes) = start(&mut server, options)?;
    server.start_admin()?;
    let reload = || reloader.reload::<Level3, _>(Demo::application);
    workers.supervise(&server, reload, |application| {
        for remote in &remotes {
            match &application {
                Some(application) => remote.reload(application.clone()),
                None => remote.wake(),
            }
        }
    })?;
    server.close();
    Ok(())
}

/// A loop for each worker, and how to reach it.
fn start(
    server: &mut Server<Application>,
    options: &Level3,
) -> anyhow::Result<(Workers, Vec<Arc<Remote>>)> {
    let (count, backlog) = (options.workers.get(), options.server.common.backlog);
    let shared = listeners::share(mem::take(&mut server.listeners), backlog, count)
        .context("cannot listen for each of --workers; lower their number")?;
    let (mut workers, mut remotes) = (Workers::new(server.signals.waker()), Vec::new());
    for listeners in shared {
        let event_loop = EventLoop::new(
            listeners,
            server.application.clone(),
            server.metrics.shard(),
            Arc::clone(server.signals.stop()),
        )?;
        remotes.push(event_loop.remote());
        let capacity = Arc::clone(&server.capacity);
        workers.spawn("loop", move || event_loop.run(&capacity))?;
    }
    Ok((workers, remotes))
}
