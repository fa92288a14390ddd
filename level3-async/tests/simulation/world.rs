//! A client's end of a connection, the kernel between, the session at the other end, and time.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, ErrorKind, Read, Write},
    mem,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::{
    access_log::Client, handler::Handler, http::limits::Limits, session::Application, stop::Stop,
};
use level3_async::{
    session::{Readiness, Session, Stream, Time, Turn, Worker},
    timers::Timers,
};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The world's clock; its calendar stands still, so that all answers bear one date.
pub(crate) const TIME: Time = Time {
    now: || *START + ELAPSED.get(),
    wall: || SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
};

/// Time passes, and nothing else happens.
pub(crate) fn pass(time: Duration) {
    ELAPSED.set(ELAPSED.get() + time);
}

/// A connection, as the kernel sees it.
#[derive(Debug, Default)]
struct Wire {
    /// Sent by the client, not read by the server yet.
    arrived: VecDeque<u8>,
    end: Option<End>,
    /// Sent by the server, not read by the client yet.
    sent: VecDeque<u8>,
    /// As much as `sent` may hold.
    sent_max: usize,
    /// The server found too little room, and is to be told when there is some.
    is_awaited: bool,
    is_shut_down: bool,
    /// What the server is to be told.
    news: Readiness,
    /// System calls of the server.
    calls: u32,
}

/// How a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
}

/// The server's end of the wire.
struct Socket(Rc<RefCell<Wire>>);

impl Read for Socket {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let wire = &mut *self.0.borrow_mut();
        wire.calls += 1;
        if wire.end == Some(End::Reset) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        match wire.arrived.read(bytes)? {
            0 if wire.end.is_none() => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wire = &mut *self.0.borrow_mut();
        wire.calls += 1;
        assert!(!wire.is_shut_down, "nothing is sent after the end");
        if wire.end == Some(End::Reset) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let len = bytes.len().min(wire.sent_max - wire.sent.len());
        wire.is_awaited |= len < bytes.len();
        wire.sent.extend(&bytes[..len]);
        if len > 0 { Ok(len) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    fn shut_down(&mut self) -> io::Result<()> {
        self.0.borrow_mut().is_shut_down = true;
        Ok(())
    }
}

/// One connection, served as the event loop does it.
pub(crate) struct World {
    wire: Rc<RefCell<Wire>>,
    /// Until it has been closed.
    session: Option<Session<Socket>>,
    is_queued: bool,
    timers: Timers,
    worker: Worker,
    /// All that the client has read.
    pub(crate) received: Vec<u8>,
}

impl World {
    /// A connection that was accepted now, with a kernel that keeps up to `sent_max` bytes.
    pub(crate) fn new(handler: Arc<dyn Handler>, limits: Limits, sent_max: usize) -> Self {
        let application = Application { handler, limits: Arc::new(limits) };
        let stop = Arc::new(Stop::new(application.limits.drain_timeout));
        let worker = Worker::new(&(), stop, TIME);
        let wire = Rc::new(RefCell::new(Wire { sent_max, ..Wire::default() }));
        let session = Session::new(Socket(Rc::clone(&wire)), Client::Local, &application, &worker);
        let mut timers = Timers::new(worker.now());
        timers.set(0, session.deadline());
        let session = Some(session);
        Self { wire, session, is_queued: false, timers, worker, received: Vec::new() }
    }

    /// The client sends.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let wire = &mut *self.wire.borrow_mut();
        wire.arrived.extend(bytes);
        wire.news.readable = true;
    }

    /// The client sends no more.
    pub(crate) fn end(&mut self, end: End) {
        let wire = &mut *self.wire.borrow_mut();
        wire.end = Some(end);
        wire.news = Readiness { readable: true, writable: wire.news.writable, hung_up: true };
        if end == End::Reset {
            wire.arrived.clear();
            wire.news.writable = true;
        }
    }

    /// The client reads up to `len` bytes.
    pub(crate) fn receive(&mut self, len: usize) {
        let wire = &mut *self.wire.borrow_mut();
        let len = len.min(wire.sent.len());
        self.received.extend(wire.sent.drain(..len));
        if len > 0 && mem::take(&mut wire.is_awaited) {
            wire.news.writable = true;
        }
    }

    /// The kernel tells something although nothing has happened, as it may.
    pub(crate) fn tell_nothing_new(&mut self) {
        let wire = &mut *self.wire.borrow_mut();
        wire.news.readable = true;
        wire.news.writable = true;
    }

    /// Time passes, as long as the loop would sleep; false if it would sleep for ever.
    pub(crate) fn sleep(&self) -> bool {
        let wait = self.timers.next_wait((TIME.now)());
        wait.inspect(|wait| pass(*wait)).is_some()
    }

    /// One round of the loop; false if there was nothing to do.
    pub(crate) fn round(&mut self) -> bool {
        self.worker.tick();
        let Some(session) = &mut self.session else { return false };
        let news = mem::take(&mut self.wire.borrow_mut().news);
        if news != Readiness::default() {
            session.ready(news);
            self.is_queued = true;
        }
        let mut fired = Vec::new();
        self.timers.expire(self.worker.now(), &mut fired);
        if !fired.is_empty() && !self.is_queued {
            session.expire(&self.worker);
            self.is_queued = true;
        }
        if !mem::take(&mut self.is_queued) {
            return false;
        }
        match session.take_turn(&mut self.worker) {
            Turn::Waiting => self.timers.set(0, session.deadline()),
            Turn::Unfinished => {
                self.timers.set(0, session.deadline());
                self.is_queued = true;
            }
            Turn::Closed(_) => {
                self.timers.set(0, None);
                self.session = None;
            }
        }
        true
    }

    /// How many system calls the server has made.
    pub(crate) fn calls(&self) -> u32 {
        self.wire.borrow().calls
    }

    /// Whether nobody holds the server's end any more.
    pub(crate) fn is_closed(&self) -> bool {
        Rc::strong_count(&self.wire) == 1
    }

    /// Whether the client has seen, or will see, the end of what the server says.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_closed() || self.wire.borrow().is_shut_down
    }
}
