//! The binary: options in, one of three models out.

use std::{mem, num::NonZeroUsize, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::ValueEnum;
use level1_blocking::{
    demo::Demo,
    options::{
        effective::Effective,
        flags::Options,
        level::Level,
        size::{Size, SizeError},
    },
    program::{self, LevelOptions},
    serve::Patience,
    session::Application,
};
use level2_threads::{
    acceptor::{Acceptor, End, Model},
    admin,
    metrics::Metrics,
    options::{ServerOptions, thread_count},
    pool::Pool,
    processes::{self, Forked, Processes},
    server::{Reloader, Server},
    thread_per_connection::ThreadPerConnection,
};

const LEVEL: Level = Level {
    name: "level2-threads",
    about: "An HTTP/1.1 server on threads, a pool of them, or processes",
    defaults: &[("listen", "127.0.0.1:8002")],
    secrets: &[],
};

#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(version)]
struct Level2 {
    #[command(flatten)]
    server: ServerOptions,

    /// Who serves a connection: a thread of its own, a pool's worker, or a process of its own.
    #[arg(long, value_name = "MODEL", default_value = "pool", help_heading = MODEL)]
    model: Kind,

    /// Threads in the pool.
    #[arg(long, value_name = "COUNT", default_value = "16", help_heading = MODEL)]
    #[arg(value_parser = thread_count)]
    workers: NonZeroUsize,

    /// Connections that may wait for a worker of the pool; a new one beyond them is answered
    /// 503.
    #[arg(long, value_name = "COUNT", default_value = "4096", help_heading = MODEL)]
    queue: NonZeroUsize,

    /// Whether a client of the pool that sends nothing gives its worker back (yield), or keeps
    /// it and starves the others (hold, for comparison).
    #[arg(long, value_name = "HABIT", default_value = "yield", help_heading = MODEL)]
    idle_clients: IdleClients,

    /// Stack of each thread of the thread model, 64KiB to 64MiB.
    #[arg(long, value_name = "SIZE", default_value = "256KiB", help_heading = MODEL)]
    #[arg(value_parser = stack_size)]
    thread_stack: Size,
}

const MODEL: &str = "Model";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Thread,
    Pool,
    Process,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum IdleClients {
    Yield,
    Hold,
}

impl LevelOptions for Level2 {
    fn common(&self) -> &Options {
        &self.server.common
    }
}

fn stack_size(text: &str) -> Result<Size, SizeError> {
    Size::parse_within(text, Size::from_bytes(64 * 1024), Size::from_bytes(64 * 1024 * 1024))
}

fn main() -> ExitCode {
    program::main(&LEVEL, run)
}

fn run(options: &Level2, effective: Effective) -> anyhow::Result<()> {
    let metrics = Metrics::new().context("cannot share memory for the metrics")?;
    let server = Server::open(&options.server, &effective, metrics, Demo::application)?;
    let mut reloader = Reloader::new(&LEVEL, effective);
    let reload = || reloader.reload::<Level2, _>(Demo::application);
    match options.model {
        Kind::Thread => run_threads(server, options, reload),
        Kind::Pool => run_pool(server, options, reload),
        Kind::Process => run_processes(server, reload),
    }
}

fn run_threads(
    mut server: Server<Application>,
    options: &Level2,
    reload: impl FnMut() -> Option<Application>,
) -> anyhow::Result<()> {
    let stop = Arc::clone(server.signals.stop());
    let stack_len = options.thread_stack.in_memory();
    let mut model = ThreadPerConnection::new(stack_len, &stop, server.metrics);
    server.start_admin()?;
    accept(&mut server, &mut model, reload)?;
    model.drain(&server.capacity);
    server.close();
    Ok(())
}

fn run_pool(
    mut server: Server<Application>,
    options: &Level2,
    reload: impl FnMut() -> Option<Application>,
) -> anyhow::Result<()> {
    let patience = match options.idle_clients {
        IdleClients::Yield => Patience::OneRead,
        IdleClients::Hold => Patience::Blocking,
    };
    let (workers, queue_len) = (options.workers.get(), options.queue.get());
    let stop = Arc::clone(server.signals.stop());
    let mut model = Pool::start(workers, queue_len, patience, &stop, server.metrics)
        .context("cannot start the pool; lower --workers, or raise the limit of processes")?;
    server.start_admin()?;
    accept(&mut server, &mut model, reload)?;
    model.drain(&server.capacity);
    server.close();
    Ok(())
}

/// The parent has one thread, and so the admin addresses have a process each.
fn run_processes(
    mut server: Server<Application>,
    reload: impl FnMut() -> Option<Application>,
) -> anyhow::Result<()> {
    for listener in &server.admin {
        if processes::fork_child().context("cannot start a process")? == Forked::Child {
            // The public addresses are the parent's, and free when it has stopped.
            server.listeners.clear();
            return Ok(admin::serve(&listener.socket, server.metrics)?);
        }
    }
    let mut model = Processes::default();
    match accept(&mut server, &mut model, reload)? {
        End::InChild(guest) => {
            processes::serve_alone(guest, server.signals.stop(), server.metrics);
        }
        End::Stopped => {
            model.drain(&server.signals)?;
            server.close();
        }
    }
    Ok(())
}

/// Accepts until the server stops; then nobody listens any more.
fn accept(
    server: &mut Server<Application>,
    model: &mut impl Model,
    reload: impl FnMut() -> Option<Application>,
) -> anyhow::Result<End> {
    server.announce();
    let acceptor = Acceptor::new(
        mem::take(&mut server.listeners),
        &server.signals,
        Arc::clone(&server.capacity),
        server.metrics,
        server.application.clone(),
        reload,
    );
    acceptor.run(model).context("cannot accept connections")
}
