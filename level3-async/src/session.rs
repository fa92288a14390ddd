//! One client's connection: what the protocol says is due meets what the socket can do.
//!
//! The loop is level 1's, but nothing in it waits: a session takes a turn, gets as far as it
//! can, and says why it stops. What it knows of its socket it was told by the kernel, which
//! tells each change only once (edge-triggered), so it keeps three rules:
//!
//! 1. A socket stays readable until a read fills less than the room it had.
//! 2. A socket stays writable until a write takes less than it was given.
//! 3. Of a peer that has hung up no more is told: reading goes on until the end is seen.
//!
//! And one for the sake of all others: a turn is a bounded number of system calls. Who could
//! go on after that, sending or asking without end, goes on after everybody else.

use std::{
    fmt,
    io::{self, ErrorKind},
    mem,
    net::Shutdown,
    os::unix::fs::FileExt,
    sync::Arc,
    time::{Instant, SystemTime},
};

use level1_blocking::{
    access_log::{self, Client},
    handler::{self, Admission, Handler, Request},
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        step::{CloseReason, Event, Exchange, Write},
        target::Scheme,
    },
    logging,
    observer::Observer,
    session::Application,
    stop::Stop,
};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket;

/// System calls in a turn: a few megabytes, or a few hundred requests, are enough at a time.
pub const CALLS_MAX: u32 = 16;

/// Bytes of a file that are read and sent at a time.
const FILE_PIECE_LEN: usize = 64 * 1024;

/// Buffers that are kept for the next turn. Most turns give back what they borrowed.
const BUFFERS_MAX: usize = 16;

/// What a session needs of its socket; no call may wait.
pub trait Stream {
    /// Reads what has come, as much as there is room for; nothing is the end.
    ///
    /// # Errors
    /// If nothing has come yet, or the connection is gone.
    fn receive(&mut self, spare: &mut [u8]) -> io::Result<usize>;

    /// Writes as much as the socket takes.
    ///
    /// # Errors
    /// If it takes nothing now, or the connection is gone.
    fn send(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Shuts the sending half down.
    ///
    /// # Errors
    /// If the connection is gone.
    fn shut_down(&mut self) -> io::Result<()>;
}

/// By the system calls themselves: the C library would make of each a point where the thread can
/// be cancelled.
impl Stream for Socket {
    fn receive(&mut self, spare: &mut [u8]) -> io::Result<usize> {
        let (len, _) = recv(self, spare, RecvFlags::empty())?;
        Ok(len)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self, bytes, SendFlags::NOSIGNAL)?)
    }

    fn shut_down(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A connection that is being served.
pub struct Session<S> {
    stream: S,
    readiness: Readiness,
    client: Client,
    connection: Connection,
    handler: Arc<dyn Handler>,
    /// As much of the request's body as has come.
    body: Vec<u8>,
}

/// What a socket can do without waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// A read may bring something.
    pub readable: bool,
    /// A write may take something.
    pub writable: bool,
    /// The peer has closed its sending half, or is gone.
    pub hung_up: bool,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The socket must become ready, or the deadline must come, before anything else is due.
    Waiting,
    /// The session could go on at once.
    Unfinished,
    /// The connection has ended: the socket is to be closed.
    Closed(CloseReason),
}

/// What a loop lends to the session whose turn it is.
pub struct Worker {
    clock: Clock,
    pool: BufferPool,
    /// Empty until a file is sent.
    file_piece: Vec<u8>,
    observer: &'static dyn Observer,
    stop: Arc<Stop>,
    time: Time,
}

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    /// What deadlines are measured by.
    pub now: fn() -> Instant,
    /// What the Date field shows.
    pub wall: fn() -> SystemTime,
}

impl Time {
    /// The system's clocks.
    pub const SYSTEM: Self = Self { now: Instant::now, wall: SystemTime::now };
}

impl Worker {
    /// A worker with empty buffers.
    pub fn new(observer: &'static dyn Observer, stop: Arc<Stop>, time: Time) -> Self {
        let clock = Clock::new((time.now)(), (time.wall)());
        let pool = BufferPool::new(BUFFERS_MAX);
        Self { clock, pool, file_piece: Vec::new(), observer, stop, time }
    }

    /// The time when it was last looked at.
    pub const fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Looks at the time.
    pub fn tick(&mut self) {
        self.clock.advance((self.time.now)(), self.time.wall);
    }

    /// A handler may have taken long: how late is it, and are we to stop? This is the only look
    /// at the clock that a request costs, some 25 ns. Without it a handler's time would be in no
    /// metric and no log, and count against the client who had to wait for it.
    fn look_up(&mut self, connection: &mut Connection) {
        let began = self.now();
        self.tick();
        self.observer.handled(self.now() - began);
        if self.stop.is_requested() {
            connection.drain(&self.clock);
        }
    }

    #[inline]
    fn note(&self, client: Client, exchange: &Exchange<'_>) {
        access_log::record(client, exchange, &self.clock);
        self.observer.answered(exchange);
    }
}

impl<S: Stream> Session<S> {
    /// A connection that was accepted now.
    pub fn new(stream: S, client: Client, application: &Application, worker: &Worker) -> Self {
        let limits = Arc::clone(&application.limits);
        Self {
            stream,
            // Nothing has been sent yet, so there is room.
            readiness: Readiness { writable: true, ..Readiness::default() },
            client,
            connection: Connection::new(limits, Scheme::Http, worker.now()),
            handler: Arc::clone(&application.handler),
            body: Vec::new(),
        }
    }

    /// The socket has become ready.
    pub fn ready(&mut self, now: Readiness) {
        self.readiness.readable |= now.readable;
        self.readiness.writable |= now.writable;
        self.readiness.hung_up |= now.hung_up;
    }

    /// The deadline has come.
    pub fn expire(&mut self, worker: &Worker) {
        self.connection.expire(&worker.clock);
    }

    /// The server is stopping.
    pub fn drain(&mut self, worker: &Worker) {
        self.connection.drain(&worker.clock);
    }

    /// Goes on as far as it can without waiting, and no farther than one turn.
    pub fn take_turn(&mut self, worker: &mut Worker) -> Turn {
        let turn = logging::on_behalf_of(self.client, || self.drive(worker));
        if let Turn::Closed(reason) = turn {
            if let Some(exchange) = self.connection.unfinished() {
                worker.note(self.client, &exchange);
            }
            tracing::debug!(client = %self.client, %reason, "closed");
        }
        self.connection.release(&mut worker.pool);
        turn
    }

    // ANCHOR: drive
    fn drive(&mut self, worker: &mut Worker) -> Turn {
        let mut calls_left = CALLS_MAX;
        loop {
            let Self { connection, handler, body, client, .. } = self;
            match connection.event() {
                Some(Event::Head(head)) => match handler::admit(&**handler, &head) {
                    Admission::Accept { body_len_max } => {
                        connection.accept(body_len_max, &worker.clock);
                        connection.want_body(true, &worker.clock);
                    }
                    Admission::Refuse(response) => connection.respond(response, &worker.clock),
                },
                Some(Event::Body(piece)) => {
                    body.extend_from_slice(piece);
                    let len = piece.len();
                    connection.consume(len, &worker.clock);
                }
                Some(Event::BodyEnd(head, trailers)) => {
                    let request = Request { head, body: mem::take(body), trailers };
                    let response = handler::handle(&**handler, request);
                    worker.look_up(connection);
                    connection.respond(response, &worker.clock);
                }
                Some(Event::Answered(exchange)) => {
                    worker.note(*client, &exchange);
                    body.clear();
                    connection.next_request(&worker.clock);
                }
                Some(Event::Upgraded(_)) => return Turn::Closed(CloseReason::NotPersistent),
                Some(Event::Close(reason)) => return Turn::Closed(reason),
                // A streamed answer: no handler of this level has pieces to give.
                None if connection.may_fill() => connection.abandon(),
                None => {
                    let Some(call) = self.possible_call() else { return Turn::Waiting };
                    if calls_left == 0 {
                        return Turn::Unfinished;
                    }
                    calls_left -= 1;
                    match call {
                        Call::Write => self.write(worker),
                        Call::Read => self.read(worker),
                    }
                }
            }
        }
    }
    // ANCHOR_END: drive

    /// A system call that is due, and that the socket is ready for.
    fn possible_call(&self) -> Option<Call> {
        let Self { connection, readiness, .. } = self;
        if readiness.writable && connection.must_write().is_some() {
            Some(Call::Write)
        } else if readiness.readable && connection.may_read() {
            Some(Call::Read)
        } else {
            None
        }
    }

    fn read(&mut self, worker: &mut Worker) {
        let Self { stream, readiness, connection, .. } = self;
        let spare = connection.spare(&mut worker.pool);
        let room = spare.len();
        match stream.receive(spare) {
            Ok(0) => connection.peer_closed(&worker.clock),
            Ok(len) => {
                readiness.readable = len == room || readiness.hung_up;
                worker.observer.received(len);
                connection.received(len, &worker.clock);
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => readiness.readable = false,
                ErrorKind::Interrupted => {}
                _ => connection.peer_vanished(),
            },
        }
    }

    fn write(&mut self, worker: &mut Worker) {
        let Self { stream, readiness, connection, .. } = self;
        let Worker { clock, file_piece, observer, .. } = worker;
        let (asked, outcome) = match connection.must_write() {
            None => return,
            Some(Write::Bytes(bytes)) => (bytes.len(), stream.send(bytes).map(Sent::Bytes)),
            Some(Write::Shutdown) => (0, stream.shut_down().map(|()| Sent::Shutdown)),
            Some(Write::File { file, offset, len }) => {
                let piece_len = usize::try_from(len).unwrap_or(FILE_PIECE_LEN).min(FILE_PIECE_LEN);
                file_piece.resize(FILE_PIECE_LEN, 0);
                match file.read_at(&mut file_piece[..piece_len], offset) {
                    // Shorter than it was, or unreadable: the answer cannot be finished.
                    Ok(0) | Err(_) => (0, Ok(Sent::File(0))),
                    Ok(len) => (len, stream.send(&file_piece[..len]).map(Sent::File)),
                }
            }
        };
        if let Ok(Sent::Bytes(len) | Sent::File(len)) = outcome {
            readiness.writable = len >= asked;
            observer.sent(len);
        }
        match outcome {
            Ok(Sent::Bytes(len)) => connection.sent(len, clock),
            Ok(Sent::File(len)) => connection.transferred(len as u64, clock),
            Ok(Sent::Shutdown) => connection.shut_down(clock),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock => readiness.writable = false,
                ErrorKind::Interrupted => {}
                _ => connection.peer_vanished(),
            },
        }
    }

    /// When it must be looked after although its socket does nothing.
    pub fn deadline(&self) -> Option<Instant> {
        self.connection.deadline()
    }
}

impl<S> fmt::Debug for Session<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("client", &self.client)
            .field("readiness", &self.readiness)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// What the socket is to do next.
enum Call {
    Read,
    Write,
}

/// What was sent.
enum Sent {
    Bytes(usize),
    File(usize),
    Shutdown,
}
