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

use socket2::Socket;

use crate::{
    access_log,
    handler::{self, Admission, Handler, Request},
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        step::{CloseReason, Event, Exchange, Write},
    },
    logging,
    observer::Observer,
    session::{self, Application, Session},
    stop::Stop,
};

/// Bytes of a file that are read and sent at a time.
const FILE_PIECE_LEN: usize = 64 * 1024;

/// Serves one client after another until told to stop.
///
/// # Errors
/// If the listening socket fails for good.
pub fn run(listener: &Socket, application: &Application, stop: &Stop) -> io::Result<()> {
    let mut worker = Worker::new(stop, &());
    while !stop.is_requested() {
        worker.serve_next(listener, application)?;
    }
    // Those whom the kernel has accepted already are served; it is to accept no others, or
    // clients who keep coming would keep the server from stopping.
    listener.listen(0)?;
    listener.set_nonblocking(true)?;
    while !worker.is_drained() && worker.serve_next(listener, application)? {}
    Ok(())
}

/// What a thread needs to serve connections, kept from one to the next.
pub struct Worker<'a> {
    stop: &'a Stop,
    observer: &'a dyn Observer,
    clock: Clock,
    pool: BufferPool,
    /// Empty until a file is sent.
    file_piece: Vec<u8>,
}

/// How long a worker waits for a client to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as the connection's bounds allow.
    Blocking,
    /// Not at all: it reads once what has come, and does what that makes due.
    OneRead,
    /// The one read is over.
    Exhausted,
}

/// What became of a connection that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It has ended: the socket is to be closed.
    Closed(CloseReason),
    /// The client is to send more before anything else can be done; or its deadline comes.
    Waiting,
}

impl<'a> Worker<'a> {
    /// A worker with empty buffers.
    pub fn new(stop: &'a Stop, observer: &'a dyn Observer) -> Self {
        let clock = Clock::new(Instant::now(), SystemTime::now());
        Self { stop, observer, clock, pool: BufferPool::new(1), file_piece: Vec::new() }
    }

    /// Accepts a connection and serves it to its end; false if there was none.
    fn serve_next(&mut self, listener: &Socket, application: &Application) -> io::Result<bool> {
        match listener.accept() {
            Ok((socket, peer)) => {
                self.tick();
                let mut session = Session::new(socket, &peer, application, self.clock.now());
                self.serve(&mut session, Patience::Blocking);
                Ok(true)
            }
            Err(error) => {
                if after_failed_accept(error)? == NoConnection::OutOfResources {
                    thread::sleep(ACCEPT_PAUSE);
                }
                Ok(false)
            }
        }
    }

    /// Serves a connection as long as the worker's patience lasts.
    pub fn serve(&mut self, session: &mut Session, patience: Patience) -> Outcome {
        let client = session.client;
        let outcome = logging::on_behalf_of(client, || self.drive(session, patience));
        let connection = &mut session.connection;
        if let Outcome::Closed(reason) = outcome {
            if let Some(exchange) = connection.unfinished() {
                self.note(client, &exchange);
            }
            tracing::debug!(%client, %reason, "closed");
        }
        connection.release(&mut self.pool);
        outcome
    }

    /// Has the next request of a session answered by `handler`, and no other after it.
    pub fn turn_away(&mut self, session: &mut Session, handler: &Arc<dyn Handler>) {
        self.tick();
        session.handler = Arc::clone(handler);
        session.connection.drain(&self.clock);
    }

    // ANCHOR: drive
    /// Does what is due, until the connection is to be closed.
    fn drive(&mut self, session: &mut Session, mut patience: Patience) -> Outcome {
        self.look_up(&mut session.connection);
        loop {
            if self.is_drained() {
                return Outcome::Closed(CloseReason::Draining);
            }
            let Session { connection, handler, body, client, .. } = session;
            match connection.event() {
                Some(Event::Head(head)) => match handler::admit(&**handler, &head) {
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
                    let request = Request { head, body: mem::take(body), trailers };
                    let response = handler::handle(&**handler, request);
                    self.note_handled(connection);
                    connection.respond(response, &self.clock);
                }
                Some(Event::Answered(exchange)) => {
                    self.note(*client, &exchange);
                    body.clear();
                    connection.next_request(&self.clock);
                }
                Some(Event::Upgraded(_)) => return Outcome::Closed(CloseReason::NotPersistent),
                Some(Event::Close(reason)) => return Outcome::Closed(reason),
                None if connection.must_write().is_some() => self.write(session),
                None if connection.may_read() => {
                    if patience == Patience::Exhausted {
                        return Outcome::Waiting;
                    }
                    patience = self.read(session, patience);
                }
                // A streamed answer: no handler of this level has pieces to give.
                None => connection.abandon(),
            }
        }
    }
    // ANCHOR_END: drive

    /// Reads once: what has come, or what comes before the deadline.
    fn read(&mut self, session: &mut Session, patience: Patience) -> Patience {
        let (outcome, patience) = match patience {
            Patience::Blocking => {
                session.block_until_deadline(self.clock.now());
                let spare = session.connection.spare(&mut self.pool);
                ((&session.socket).read(spare), patience)
            }
            Patience::OneRead | Patience::Exhausted => {
                let spare = session.connection.spare(&mut self.pool);
                (session::read_now(&session.socket, spare), Patience::Exhausted)
            }
        };
        let connection = &mut session.connection;
        self.look_up(connection);
        match outcome {
            Ok(0) => connection.peer_closed(&self.clock),
            Ok(len) => {
                self.observer.received(len);
                connection.received(len, &self.clock);
            }
            Err(error) => self.after_failure(&error, connection),
        }
        patience
    }

    /// Blocks until some of what is due has been sent.
    fn write(&mut self, session: &mut Session) {
        let Session { socket, connection, .. } = session;
        let mut socket = &*socket;
        let outcome = match connection.must_write() {
            None => return,
            Some(Write::Bytes(bytes)) => socket.write(bytes).map(Sent::Bytes),
            Some(Write::Shutdown) => socket.shutdown(Shutdown::Write).map(|()| Sent::Shutdown),
            Some(Write::File { file, offset, len }) => {
                let piece_len = usize::try_from(len).unwrap_or(FILE_PIECE_LEN).min(FILE_PIECE_LEN);
                self.file_piece.resize(FILE_PIECE_LEN, 0);
                let piece = &mut self.file_piece[..piece_len];
                match file.read_at(piece, offset) {
                    // Shorter than it was, or unreadable: the answer cannot be finished.
                    Ok(0) | Err(_) => Ok(Sent::File(0)),
                    Ok(len) => socket.write(&piece[..len]).map(Sent::File),
                }
            }
        };
        self.look_up(connection);
        if let Ok(Sent::Bytes(len) | Sent::File(len)) = outcome {
            self.observer.sent(len);
        }
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

    fn note_handled(&mut self, connection: &mut Connection) {
        let began = self.clock.now();
        self.look_up(connection);
        self.observer.handled(self.clock.now() - began);
    }

    fn note(&self, client: access_log::Client, exchange: &Exchange<'_>) {
        access_log::record(client, exchange, &self.clock);
        self.observer.answered(exchange);
    }

    /// After anything that took time: how late is it, and are we to stop?
    fn look_up(&mut self, connection: &mut Connection) {
        self.tick();
        if self.stop.is_requested() {
            connection.drain(&self.clock);
        }
    }

    /// Whether the server is stopping, and the time for requests in flight is up.
    fn is_drained(&self) -> bool {
        self.stop.drain_ends(self.clock.now()).is_some_and(|end| self.clock.now() >= end)
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

/// Why `accept` gave no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoConnection {
    /// None is there, or its client has given up.
    Nobody,
    /// The machine is out of descriptors or memory; others must give some back first.
    OutOfResources,
}

/// How long nothing is accepted when the machine is out of descriptors or memory.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Some failures are a client's, some are the machine's and pass; none may end the server.
///
/// # Errors
/// If the listening socket itself is at fault.
pub fn after_failed_accept(error: io::Error) -> io::Result<NoConnection> {
    use io::ErrorKind::{ConnectionAborted, Interrupted, InvalidInput, TimedOut, WouldBlock};
    match error.kind() {
        WouldBlock | TimedOut | Interrupted | ConnectionAborted => Ok(NoConnection::Nobody),
        InvalidInput => Err(error),
        _ => {
            tracing::warn!(%error, "cannot accept; trying again");
            Ok(NoConnection::OutOfResources)
        }
    }
}
