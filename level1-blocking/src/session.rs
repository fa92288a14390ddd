//! A client's connection, with all that outlasts a wait.
//!
//! Whoever holds a session can serve it, and go on where another left off: the socket, what
//! the protocol knows, and the application behind it travel together.

use std::{
    fmt, io,
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::net::{RecvFlags, recv};
use socket2::{SockAddr, Socket};

use crate::{
    access_log::Client,
    handler::Handler,
    http::{Connection, limits::Limits, target::Scheme},
    stop::LONGEST_WAIT,
};

/// The shortest wait: what a client has sent already may still be on its way. (A socket
/// timeout of zero would mean for ever.)
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// What serves a connection, and within which bounds. A reload makes another one, for those
/// who come later.
#[derive(Clone)]
pub struct Application {
    /// Who answers.
    pub handler: Arc<dyn Handler>,
    /// The bounds.
    pub limits: Arc<Limits>,
}

/// A connection that is being served.
pub struct Session {
    pub(crate) socket: Socket,
    pub(crate) client: Client,
    pub(crate) connection: Connection,
    pub(crate) handler: Arc<dyn Handler>,
    /// As much of the request's body as has come.
    pub(crate) body: Vec<u8>,
    /// How long the socket blocks; the system is told only when that changes.
    read_timeout: Option<Duration>,
}

impl Session {
    /// A connection that was accepted now.
    pub fn new(socket: Socket, peer: &SockAddr, application: &Application, now: Instant) -> Self {
        Self {
            socket,
            client: Client::new(peer),
            connection: Connection::new(Arc::clone(&application.limits), Scheme::Http, now),
            handler: Arc::clone(&application.handler),
            body: Vec::new(),
            read_timeout: None,
        }
    }

    /// When it must be looked after although the client does nothing.
    pub fn deadline(&self) -> Option<Instant> {
        self.connection.deadline()
    }

    /// Has a read block until the connection's deadline, or for a while.
    pub(crate) fn block_until_deadline(&mut self, now: Instant) {
        let left = |end: Instant| end.saturating_duration_since(now);
        let timeout = self.deadline().map_or(LONGEST_WAIT, left);
        let timeout = timeout.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if self.read_timeout != Some(timeout) {
            self.read_timeout = Some(timeout);
            // A socket that refuses this is broken; reading will tell.
            let _ = self.socket.set_read_timeout(Some(timeout));
        }
    }
}

impl AsFd for Session {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("client", &self.client)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// Reads what has come, without waiting for more.
pub(crate) fn read_now(socket: &Socket, bytes: &mut [u8]) -> io::Result<usize> {
    let (len, _) = recv(socket, bytes, RecvFlags::DONTWAIT)?;
    Ok(len)
}
