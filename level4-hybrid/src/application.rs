//! What a server serves, and what its connections share.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use level1_blocking::{http::limits::Limits, stop::Stop};
use level2_threads::metrics::Metrics;
use tokio::sync::Notify;

use crate::{blocking::Pool, handler::Handler};

/// What serves a connection, and within which bounds. A reload makes another one, for those
/// who come later.
#[derive(Clone)]
pub struct Application {
    /// Who answers.
    pub handler: Arc<dyn Handler>,
    /// The bounds.
    pub limits: Arc<Limits>,
}

/// What all connections of a server share.
#[derive(Debug)]
pub struct Shared {
    application: Mutex<Application>,
    /// Threads for what blocks.
    pub pool: Arc<Pool>,
    /// What is counted.
    pub metrics: &'static Metrics,
    /// Whether to stop.
    pub stop: Arc<Stop>,
    /// Wakes everybody when the server is to stop.
    pub stopped: Arc<Notify>,
    /// Wakes those who let connections in when there is room again.
    pub room: Arc<Notify>,
}

impl Shared {
    /// For a server that serves `application`.
    pub fn new(
        application: Application,
        pool: Arc<Pool>,
        metrics: &'static Metrics,
        stop: Arc<Stop>,
    ) -> Self {
        let application = Mutex::new(application);
        Self { application, pool, metrics, stop, stopped: Arc::default(), room: Arc::default() }
    }

    /// What serves those who come now.
    pub fn application(&self) -> Application {
        self.lock().clone()
    }

    /// Everybody looks around: the server may be to stop, there may be room, and who comes from
    /// now on may be served by another application.
    pub fn tell(&self, application: Option<Application>) {
        if let Some(application) = application {
            *self.lock() = application;
        }
        self.room.notify_waiters();
        if self.stop.is_requested() {
            self.stopped.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Application> {
        self.application.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("limits", &self.limits).finish_non_exhaustive()
    }
}
