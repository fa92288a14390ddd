//! The binary of level 3: as many loops as there are workers, and a main thread that waits for
//! signals.

use std::{
    io, mem,
    num::NonZeroUsize,
    process::ExitCode,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::Context as _;
use level1_blocking::{
    options::{effective::Effective, flags::Options, level::Level},
    program::{self, LevelOptions},
    session::Application,
};
use level2_threads::{
    listeners,
    options::ServerOptions,
    server::{self, Reloader, Server},
    signals::Waker,
};
use level3_async::event_loop::{EventLoop, Remote};

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
    let mut server = Server::open(&options.server, &effective)?;
    let mut reloader = Reloader::new(&LEVEL, effective);
    let mut reload = || reloader.reload::<Level3>();
    server.announce();
    let loops = Loops::start(&mut server, options)?;
    server.start_admin()?;
    while !server.signals.stop().is_requested() && loops.are_running() {
        server.signals.wait(None)?;
        let application = server::heed_reload(&server.signals, &mut reload);
        loops.tell(application.as_ref());
    }
    let drain_ends = server::begin_to_stop(&server.signals, server.metrics);
    loops.tell(None);
    // A loop ends by itself at the drain's end, unless a handler blocks it even then.
    while !loops.have_ended() && drain_ends.is_some_and(|end| Instant::now() < end) {
        server.signals.wait(drain_ends)?;
        loops.tell(None);
    }
    loops.outcome()?;
    server.close();
    Ok(())
}

/// Should a loop end before it is told to, or panic, the main thread must not sleep on.
struct Ending(Waker);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// The threads with a loop each.
struct Loops {
    remotes: Vec<Arc<Remote>>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Loops {
    fn start(server: &mut Server, options: &Level3) -> anyhow::Result<Self> {
        let (count, backlog) = (options.workers.get(), options.server.common.backlog);
        let shared = listeners::share(mem::take(&mut server.listeners), backlog, count)
            .context("cannot listen for each of --workers; lower their number")?;
        let (mut remotes, mut threads) = (Vec::new(), Vec::new());
        for listeners in shared {
            let event_loop = EventLoop::new(
                listeners,
                server.application.clone(),
                server.metrics.shard(),
                Arc::clone(server.signals.stop()),
            )?;
            remotes.push(event_loop.remote());
            let capacity = Arc::clone(&server.capacity);
            let ending = Ending(server.signals.waker());
            let work = move || {
                let _ending = ending;
                event_loop.run(&capacity)
            };
            threads.push(thread::Builder::new().name("loop".to_owned()).spawn(work)?);
        }
        Ok(Self { remotes, threads })
    }

    /// Has all loops look around, and serve another application to those who come from now on.
    fn tell(&self, application: Option<&Application>) {
        for remote in &self.remotes {
            match application {
                Some(application) => remote.reload(application.clone()),
                None => remote.wake(),
            }
        }
    }

    fn are_running(&self) -> bool {
        !self.threads.iter().any(JoinHandle::is_finished)
    }

    fn have_ended(&self) -> bool {
        self.threads.iter().all(JoinHandle::is_finished)
    }

    /// Why those that have ended did.
    fn outcome(self) -> anyhow::Result<()> {
        for thread in self.threads.into_iter().filter(JoinHandle::is_finished) {
            let outcome = thread.join().map_err(|_| anyhow::anyhow!("a loop has panicked"))?;
            outcome.context("a loop cannot go on")?;
        }
        Ok(())
    }
}
