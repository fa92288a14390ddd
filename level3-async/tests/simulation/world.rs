//! A session, served as the event loop does it, at one end of a wire.

use std::{
    cell::{Cell, RefCell},
    io, mem,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::{
    access_log::Client,
    conformance::simulation::{
        requests,
        wire::{End, News, Wire},
        world::World,
    },
    http::limits::Limits,
    session::Application,
    stop::Stop,
};
use level3_async::{
    session::{Readiness, Session, Stream, Time, Turn, Worker},
    timers::Timers,
};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// The world's clock.
const TIME: Time = Time { now: || *START + ELAPSED.get(), wall: SystemTime::now };

/// The server's end of the wire.
struct Socket(Rc<RefCell<Wire>>);

impl Stream for Socket {
    fn receive(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.borrow_mut().read(bytes)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn shut_down(&mut self) -> io::Result<()> {
        self.0.borrow_mut().shut_down();
        Ok(())
    }
}

/// One connection, served as the event loop does it.
pub(crate) struct Simulated {
    wire: Rc<RefCell<Wire>>,
    /// Until it has been closed.
    session: Option<Session<Socket>>,
    is_queued: bool,
    timers: Timers,
    worker: Worker,
    pub(crate) received: Vec<u8>,
}

impl Simulated {
    /// Time passes, as long as the loop would sleep; false if it would sleep for ever.
    pub(crate) fn sleep(&mut self) -> bool {
        let wait = self.timers.next_wait((TIME.now)());
        wait.inspect(|wait| self.pass(*wait)).is_some()
    }

    /// How many system calls the server has made.
    pub(crate) fn calls(&self) -> u32 {
        self.wire.borrow().calls()
    }
}

impl World for Simulated {
    const FOLDER: &'static str = env!("CARGO_TARGET_TMPDIR");

    fn new(limits: Limits, sent_max: usize) -> Self {
        let handler = Arc::new(requests::demo(Self::FOLDER));
        let application = Application { handler, limits: Arc::new(limits) };
        let stop = Arc::new(Stop::new(application.limits.drain_timeout));
        let worker = Worker::new(&(), stop, TIME);
        let wire = Rc::new(RefCell::new(Wire::new(sent_max)));
        let session = Session::new(Socket(Rc::clone(&wire)), Client::Local, &application, &worker);
        let mut timers = Timers::new(worker.now());
        timers.set(0, session.deadline());
        let session = Some(session);
        Self { wire, session, is_queued: false, timers, worker, received: Vec::new() }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.wire.borrow_mut().send(bytes);
    }

    fn end(&mut self, end: End) {
        self.wire.borrow_mut().end(end);
    }

    fn receive(&mut self, len: usize) {
        self.wire.borrow_mut().receive(len, &mut self.received);
    }

    fn tell_nothing_new(&mut self) {
        self.wire.borrow_mut().tell_nothing_new();
    }

    fn pass(&mut self, time: Duration) {
        ELAPSED.set(ELAPSED.get() + time);
    }

    fn round(&mut self) -> bool {
        self.worker.tick();
        let Some(session) = &mut self.session else { return false };
        let News { readable, writable, hung_up } = self.wire.borrow_mut().take_news();
        let news = Readiness { readable, writable, hung_up };
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

    fn received(&self) -> &[u8] {
        &self.received
    }

    fn is_closed(&self) -> bool {
        Rc::strong_count(&self.wire) == 1
    }

    fn has_ended(&self) -> bool {
        self.is_closed() || self.wire.borrow().is_shut_down()
    }
}
