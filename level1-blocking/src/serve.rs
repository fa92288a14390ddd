//! The blocking server: one thread that waits in `accept`, then in `read`.
//!
//! This is the project's central page. A connection is served by one loop: ask the protocol
//! what is due, do it, ask again. Every level has this loop in its own way of waiting.
//! Here, while one client is served, all others wait in the kernel's queue.

use std::{
    io::{self, Read, Write as _},
    mem,
    net::Shutdown,
    os::unix::fs::FileExt,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use socket2::{SockAddr, Socket};

use crate::{
    access_log::{self, Client},
    handler::{self, Admission, Handler, Request},
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        limits::Limits,
        step::{CloseReason, Event, Write},
        target::Scheme,
    },
    stop::{LONGEST_WAIT, Stop},
};

/// The shortest wait: what a client has sent already may still be on its way. (A socket
/// timeout of zero would mean for ever.)
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

/// Bytes of a file that are read and sent at a time.
const FILE_PIECE_LEN: usize = 64 * 1024;

/// Serves one client after another until told to stop.
///
/// # Errors
/// If the listening socket fails for good.
pub fn run(
    listener: &Socket,
    handler: &impl Handler,
    limits: &Arc<Limits>,
    stop: &Stop,
) -> io::Result<()> {
    let mut worker = Worker::new(handler, Arc::clone(limits), stop);
    while !stop.is_requested() {
        worker.serve_next(listener)?;
    }
    // Those whom the kernel has accepted already are served; it is to accept no others, or
    // clients who keep coming would keep the server from stopping.
    listener.listen(0)?;
    listener.set_nonblocking(true)?;
    while !worker.is_drained() && worker.serve_next(listener)? {}
    Ok(())
}

/// What a thread needs to serve connections, kept from one to the next.
#[derive(Debug)]
pub struct Worker<'a, H> {
    handler: &'a H,
    limits: Arc<Limits>,
    stop: &'a Stop,
    /// Set when the stop is noticed: until when requests in flight are served.
    drain_ends: Option<Instant>,
    clock: Clock,
    pool: BufferPool,
    file_piece: Box<[u8]>,
}

impl<'a, H: Handler> Worker<'a, H> {
    /// A worker with empty buffers.
    pub fn new(handler: &'a H, limits: Arc<Limits>, stop: &'a Stop) -> Self {
        let clock = Clock::new(Instant::now(), SystemTime::now());
        let file_piece = vec![0; FILE_PIECE_LEN].into_boxed_slice();
        let pool = BufferPool::new(1);
        Self { handler, limits, stop, drain_ends: None, clock, pool, file_piece }
    }

    /// Accepts a connection and serves it to its end; false if there was none.
    fn serve_next(&mut self, listener: &Socket) -> io::Result<bool> {
        match listener.accept() {
            Ok((socket, peer)) => {
                self.serve(&socket, &peer);
                Ok(true)
            }
            Err(error) => after_failed_accept(error).map(|()| false),
        }
    }

    /// Serves a connection to its end.
    pub fn serve(&mut self, socket: &Socket, peer: &SockAddr) -> CloseReason {
        let client = Client::new(peer);
        let _span = tracing::info_span!("connection", %client).entered();
        self.tick();
        let limits = Arc::clone(&self.limits);
        let mut connection = Connection::new(limits, Scheme::Http, self.clock.now());
        let reason = self.drive(socket, client, &mut connection);
        if let Some(exchange) = connection.unfinished() {
            access_log::record(client, &exchange, &self.clock);
        }
        connection.release(&mut self.pool);
        tracing::debug!(%reason, "closed");
        reason
    }

    // ANCHOR: drive
    /// Does what is due, until the connection is to be closed.
    fn drive(
        &mut self,
        socket: &Socket,
        client: Client,
        connection: &mut Connection,
    ) -> CloseReason {
        let mut wait = Wait { socket, timeout: None };
        let mut body = Vec::new();
        self.look_up(connection);
        loop {
            if self.is_drained() {
                return CloseReason::Draining;
            }
            match connection.event() {
                Some(Event::Head(head)) => match handler::admit(self.handler, &head) {
                    Admission::Accept { body_len_max } => {
                        connection.accept(body_len_max, &self.clock);
                        connection.want_body(true, &self.clock);
                    }
                    Admission::Refuse(response) => connection.respond(response, &self.clock),
                },
                Some(Event::Body(piece)) => {
                    body.extend_from_slice(piece);
                    let len = piece.len();
                    connection.consume(len, &self.clock);
                }
                Some(Event::BodyEnd(head, trailers)) => {
                    let request = Request { head, body: mem::take(&mut body), trailers };
                    let response = handler::handle(self.handler, request);
                    self.look_up(connection);
                    connection.respond(response, &self.clock);
                }
                Some(Event::Answered(exchange)) => {
                    access_log::record(client, &exchange, &self.clock);
                    body.clear();
                    connection.next_request(&self.clock);
                }
                Some(Event::Upgraded(_)) => return CloseReason::NotPersistent,
                Some(Event::Close(reason)) => return reason,
                None if connection.must_write().is_some() => self.write(socket, connection),
                None if connection.may_read() => self.read(&mut wait, connection),
                // A streamed answer: no handler of this level has pieces to give.
                None => connection.abandon(),
            }
        }
    }
    // ANCHOR_END: drive

    /// Blocks until bytes have come, or the deadline has.
    fn read(&mut self, wait: &mut Wait<'_>, connection: &mut Connection) {
        wait.until(connection.deadline(), self.clock.now());
        let mut socket = wait.socket;
        let outcome = socket.read(connection.spare(&mut self.pool));
        self.look_up(connection);
        match outcome {
            Ok(0) => connection.peer_closed(&self.clock),
            Ok(len) => connection.received(len, &self.clock),
            Err(error) => self.after_failure(&error, connection),
        }
    }

    /// Blocks until some of what is due has been sent.
    fn write(&mut self, mut socket: &Socket, connection: &mut Connection) {
        let outcome = match connection.must_write() {
            None => return,
            Some(Write::Bytes(bytes)) => socket.write(bytes).map(Sent::Bytes),
            Some(Write::Shutdown) => socket.shutdown(Shutdown::Write).map(|()| Sent::Shutdown),
            Some(Write::File { file, offset, len }) => {
                let piece_len = usize::try_from(len).unwrap_or(FILE_PIECE_LEN).min(FILE_PIECE_LEN);
                let piece = &mut self.file_piece[..piece_len];
                match file.read_at(piece, offset) {
                    // Shorter than it was, or unreadable: the answer cannot be finished.
                    Ok(0) | Err(_) => Ok(Sent::File(0)),
                    Ok(len) => socket.write(&piece[..len]).map(Sent::File),
                }
            }
        };
        self.look_up(connection);
        match outcome {
            Ok(Sent::Bytes(len)) => connection.sent(len, &self.clock),
            Ok(Sent::File(len)) => connection.transferred(len as u64, &self.clock),
            Ok(Sent::Shutdown) => connection.shut_down(&self.clock),
            Err(error) => self.after_failure(&error, connection),
        }
    }

    /// A wait may be over for nothing: its time was up, or a signal came.
    fn after_failure(&self, error: &io::Error, connection: &mut Connection) {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {
                connection.expire(&self.clock);
            }
            _ => connection.peer_vanished(),
        }
    }

    /// After anything that took time: how late is it, and are we to stop?
    fn look_up(&mut self, connection: &mut Connection) {
        self.tick();
        if self.stop.is_requested() {
            connection.drain(&self.clock);
        }
    }

    /// Whether the server is stopping, and the time for requests in flight is up.
    fn is_drained(&mut self) -> bool {
        let (now, drain_timeout) = (self.clock.now(), self.limits.drain_timeout);
        self.stop.is_requested()
            && now >= *self.drain_ends.get_or_insert_with(|| now + drain_timeout)
    }

    fn tick(&mut self) {
        self.clock.advance(Instant::now(), SystemTime::now);
    }
}

/// What was sent.
enum Sent {
    Bytes(usize),
    File(usize),
    Shutdown,
}

/// How long the socket blocks; the system is told only when that changes.
struct Wait<'a> {
    socket: &'a Socket,
    timeout: Option<Duration>,
}

impl Wait<'_> {
    fn until(&mut self, deadline: Option<Instant>, now: Instant) {
        let left = deadline.map_or(LONGEST_WAIT, |end| end.saturating_duration_since(now));
        let timeout = left.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        if self.timeout == Some(timeout) {
            return;
        }
        // A socket that refuses these is broken; reading or writing will tell.
        let _ = self.socket.set_read_timeout(Some(timeout));
        if self.timeout.is_none() {
            let _ = self.socket.set_write_timeout(Some(LONGEST_WAIT));
        }
        self.timeout = Some(timeout);
    }
}

/// Some failures are a client's, some are the machine's and pass; none may end the server.
fn after_failed_accept(error: io::Error) -> io::Result<()> {
    use io::ErrorKind::{ConnectionAborted, Interrupted, InvalidInput, TimedOut, WouldBlock};
    match error.kind() {
        WouldBlock | TimedOut | Interrupted | ConnectionAborted => Ok(()),
        // The listening socket itself is no such thing.
        InvalidInput => Err(error),
        _ => {
            // Out of descriptors or memory: others must give some back first.
            tracing::warn!(%error, "cannot accept; trying again");
            thread::sleep(Duration::from_millis(100));
            Ok(())
        }
    }
}
