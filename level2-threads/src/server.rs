//! A server before it serves: listeners, signals, metrics, and the application with the way
//! it becomes another one on SIGHUP. Later levels begin the same way.

use std::{env, io, num::NonZeroUsize, sync::Arc, thread, time::Instant};

use anyhow::Context as _;
use level1_blocking::{
    logging,
    options::{
        self, Loaded,
        effective::{Effective, EffectiveOption},
        flags::Options,
        level::Level,
        listen::Supported,
        origin::Origin,
    },
    program::LevelOptions,
};

use crate::{
    activation::{self, Activated},
    admin,
    capacity::Capacity,
    descriptors,
    listeners::{self, Listener},
    metrics::Metrics,
    notify,
    options::ServerOptions,
    signals::Signals,
};

/// What takes effect on SIGHUP; all other options do at the next start.
const RELOADED: [&str; 9] = [
    "root",
    "silent-timeout",
    "head-timeout",
    "body-timeout",
    "idle-timeout",
    "write-timeout",
    "max-head",
    "max-body",
    "config",
];

/// Reads the configuration again, for a level whose options are `O`.
#[derive(Debug)]
pub struct Reloader {
    level: &'static Level,
    effective: Effective,
}

impl Reloader {
    /// Starts from what is in effect.
    pub const fn new(level: &'static Level, effective: Effective) -> Self {
        Self { level, effective }
    }

    /// What `make` makes of the configuration as it is now: the application. What is wrong with
    /// it is logged, and so is what cannot be changed while the server runs.
    pub fn reload<O: LevelOptions, A>(
        &mut self,
        make: impl FnOnce(&Options) -> anyhow::Result<A>,
    ) -> Option<A> {
        let loaded: Loaded<O> = options::load(self.level, env::args_os(), |name| env::var_os(name))
            .inspect_err(|error| tracing::error!("the configuration stays as it was: {error}"))
            .ok()?;
        let application = make(loaded.options.common())
            .inspect_err(|error| tracing::error!("the configuration stays as it was: {error:#}"))
            .ok()?;
        let changed = loaded.effective.options.iter().filter(|new| {
            let is_same = |old: &EffectiveOption| old.flag == new.flag && old.value == new.value;
            !self.effective.options.iter().any(is_same)
        });
        for option in changed.filter(|option| !RELOADED.contains(&option.flag.as_str())) {
            tracing::warn!("--{} takes effect at the next start", option.flag);
        }
        self.effective = loaded.effective;
        Some(application)
    }
}

/// Reads the configuration again if a signal has asked for that; `reload` does it.
pub fn heed_reload<A>(signals: &Signals, reload: &mut impl FnMut() -> Option<A>) -> Option<A> {
    if !signals.take_reload() {
        return None;
    }
    notify::reloading();
    let application = reload();
    if application.is_some() {
        tracing::info!("configuration read again; it holds for new connections");
    }
    notify::ready();
    application
}

/// The server is to stop: from now on the drain's time runs, and nobody is sent here any more.
/// Returns until when requests in flight are served.
pub fn begin_to_stop(signals: &Signals, metrics: &Metrics) -> Option<Instant> {
    metrics.set_ready(false);
    notify::stopping();
    signals.stop().drain_ends(Instant::now())
}

/// A server that listens, with an application `A` to serve.
#[derive(Debug)]
pub struct Server<A> {
    /// Where clients come from.
    pub listeners: Vec<Listener>,
    /// Where operators come from.
    pub admin: Vec<Arc<Listener>>,
    /// What it is told.
    pub signals: Signals,
    /// What it counts.
    pub metrics: &'static Metrics,
    /// How many it lets in.
    pub capacity: Arc<Capacity>,
    /// What it serves.
    pub application: A,
}

impl<A> Server<A> {
    /// Opens everything, and has `make` make the application. `effective` tells whether
    /// `--listen` was given, or is the default, which does not apply when the service manager
    /// has passed sockets.
    ///
    /// # Errors
    /// If an address cannot be listened on, or the system refuses what else it takes.
    pub fn open(
        options: &ServerOptions,
        effective: &Effective,
        metrics: &'static Metrics,
        make: impl FnOnce(&Options) -> anyhow::Result<A>,
    ) -> anyhow::Result<Self> {
        // First of all: no descriptor of ours may have the number of one that was passed.
        let Activated { public: mut listeners, mut admin } =
            activation::activated(Supported::PLAIN)?;
        let common = &options.common;
        let application = make(common)?;
        let is_default = effective.origin("listen") == Some(&Origin::Default);
        if listeners.is_empty() || !is_default {
            listeners.extend(listeners::bind("--listen", &options.listen, common.backlog)?);
        }
        let wanted = options.admin.as_slice();
        admin.extend(listeners::bind("--admin", wanted, common.backlog)?);
        logging::start(common.log);
        let signals = Signals::install(common.drain_timeout.duration())
            .context("cannot watch for signals")?;
        let waker = signals.waker();
        let capacity = Capacity::new(max_connections(options), move || waker.wake());
        let admin = admin.into_iter().map(Arc::new).collect();
        Ok(Self { listeners, admin, signals, metrics, capacity: Arc::new(capacity), application })
    }

    /// Tells everybody who wants to know that the server is about to serve.
    pub fn announce(&self) {
        // First, so that whoever reads the lines below finds it so.
        self.metrics.set_ready(true);
        for listener in &self.listeners {
            tracing::info!("listening on {listener}");
        }
        for listener in &self.admin {
            tracing::info!("metrics and health on {listener}");
        }
        notify::ready();
    }

    /// Serves the admin addresses, each on a thread of its own that ends with the process.
    ///
    /// # Errors
    /// If there can be no more threads.
    pub fn start_admin(&self) -> io::Result<()> {
        for listener in &self.admin {
            let (listener, metrics) = (Arc::clone(listener), self.metrics);
            let serve = move || admin::serve(&listener.socket, metrics);
            thread::Builder::new().name("admin".to_owned()).spawn(serve)?;
        }
        Ok(())
    }

    /// The server has stopped, and leaves nothing behind.
    pub fn close(self) {
        for listener in &self.admin {
            listener.remove_file();
        }
        tracing::info!("stopped");
    }
}

/// Raises the limit of open files, and says how many connections it allows.
fn max_connections(options: &ServerOptions) -> usize {
    let open_files = descriptors::raise_limit();
    let asked = options.max_connections.map(NonZeroUsize::get);
    let max = descriptors::max_connections(open_files, asked);
    if let Some(asked) = max.reduced_from {
        tracing::warn!(
            "--max-connections {asked} is reduced to {}: no more than {open_files} files may be open",
            max.count
        );
    }
    max.count
}
