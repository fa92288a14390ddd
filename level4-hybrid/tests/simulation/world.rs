//! A driver as a task of a runtime whose clock we set, at one end of a wire.

use std::{
    io::{self, ErrorKind},
    mem,
    pin::Pin,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    thread,
    time::Duration,
};

use level1_blocking::{
    access_log::Client,
    conformance::simulation::{
        lots::Lots,
        requests,
        wire::{End, Wire},
        world::World,
    },
    http::limits::Limits,
    stop::Stop,
};
use level2_threads::metrics::Metrics;
use level4_hybrid::{
    application::{Application, Shared},
    blocking::Pool,
    demo::Hybrid,
    driver,
    handler::Handler,
    stream::Stream,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::{Builder, Runtime},
    task::{self, JoinHandle},
    time,
};

/// Where all worlds have their blocking work done, and what they count.
pub(crate) static POOL: LazyLock<(Arc<Pool>, &'static Metrics)> = LazyLock::new(|| {
    let metrics = Metrics::new().expect("memory");
    (Pool::start(1, 100, metrics).expect("a thread"), metrics)
});

static DEMO: LazyLock<Arc<dyn Handler>> =
    LazyLock::new(|| Arc::new(Hybrid::new(requests::demo(Simulated::FOLDER), &POOL.0)));

/// The wire, and whom to tell of its news.
struct Line {
    wire: Wire,
    lots: Lots,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Line {
    /// Sometimes a call is told to come again although something could be done.
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.lots.below(8) > 0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn tell(&mut self) {
        let news = self.wire.take_news();
        let readers = self.reader.take_if(|_| news.readable || news.hung_up);
        let writers = self.writer.take_if(|_| news.writable || news.hung_up);
        readers.into_iter().chain(writers).for_each(Waker::wake);
    }
}

/// The server's end of the line.
struct Socket(Arc<Mutex<Line>>);

impl Socket {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().expect("nobody panics with it")
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut line = self.line();
        ready!(line.poll(context));
        let room = buffer.remaining();
        let room = if line.lots.below(2) == 0 { room } else { 1 + line.lots.below(room) };
        match line.wire.read(buffer.initialize_unfilled_to(room)) {
            Ok(len) => buffer.advance(len),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                line.reader = Some(context.waker().clone());
                return Poll::Pending;
            }
            Err(error) => return Poll::Ready(Err(error)),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut line = self.line();
        ready!(line.poll(context));
        match line.wire.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                line.writer = Some(context.waker().clone());
                Poll::Pending
            }
            outcome => Poll::Ready(outcome),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line().poll(context).map(Ok)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut line = self.line();
        line.poll(context).map(|()| {
            line.wire.shut_down();
            Ok(())
        })
    }
}

impl Stream for Socket {}

/// One connection in a runtime of its own.
pub(crate) struct Simulated {
    line: Arc<Mutex<Line>>,
    runtime: Runtime,
    task: JoinHandle<()>,
    shared: Arc<Shared>,
    received: Vec<u8>,
}

impl Simulated {
    /// A connection to a server with this handler.
    pub(crate) fn with(handler: Arc<dyn Handler>, limits: Limits, sent_max: usize) -> Self {
        let (pool, metrics) = &*POOL;
        let application = Application { handler, limits: Arc::new(limits) };
        let stop = Arc::new(Stop::new(application.limits.drain_timeout));
        let shared = Shared::new(application.clone(), Arc::clone(pool), metrics, stop);
        let shared = Arc::new(shared);
        let lots = Lots(sent_max as u64);
        let line = Line { wire: Wire::new(sent_max), lots, reader: None, writer: None };
        let line = Arc::new(Mutex::new(line));
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime");
        let socket = Socket(Arc::clone(&line));
        let (client, of_driver) = (Client::Local, Arc::clone(&shared));
        let task = runtime.spawn(driver::serve(socket, client, application, of_driver));
        Self { line, runtime, task, shared, received: Vec::new() }
    }

    /// The server is told to stop.
    pub(crate) fn stop(&self) {
        self.shared.stop.request();
        self.shared.tell(None);
    }

    /// Whether the server has said that it sends no more.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.line().wire.is_shut_down()
    }

    /// How many system calls the server has made.
    pub(crate) fn calls(&self) -> u32 {
        self.line().wire.calls()
    }

    /// Another task of the runtime, which could always go on. Counts its turns.
    pub(crate) fn bystander(&self) -> Arc<AtomicU32> {
        let turns = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&turns);
        self.runtime.spawn(async move {
            loop {
                counter.fetch_add(1, Ordering::Relaxed);
                task::yield_now().await;
            }
        });
        turns
    }

    /// The server does what there is to do.
    pub(crate) fn settle(&mut self) {
        while self.round() {}
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().expect("nobody panics with it")
    }

    fn at_the_wire(&self, act: impl FnOnce(&mut Wire)) {
        let mut line = self.line();
        act(&mut line.wire);
        line.tell();
    }
}

impl World for Simulated {
    const FOLDER: &'static str = env!("CARGO_TARGET_TMPDIR");

    fn new(limits: Limits, sent_max: usize) -> Self {
        Self::with(Arc::clone(&DEMO), limits, sent_max)
    }

    fn send(&mut self, bytes: &[u8]) {
        self.at_the_wire(|wire| wire.send(bytes));
    }

    fn end(&mut self, end: End) {
        self.at_the_wire(|wire| wire.end(end));
    }

    fn receive(&mut self, len: usize) {
        let mut received = mem::take(&mut self.received);
        self.at_the_wire(|wire| wire.receive(len, &mut received));
        self.received = received;
    }

    fn tell_nothing_new(&mut self) {
        self.at_the_wire(Wire::tell_nothing_new);
    }

    fn pass(&mut self, time: Duration) {
        self.runtime.block_on(time::advance(time));
    }

    fn round(&mut self) -> bool {
        let activity = |world: &Self| (world.calls(), world.task.is_finished());
        let before = activity(self);
        loop {
            // Enough for whoever is told to come again, or wakes another task.
            for _ in 0..4 {
                self.runtime.block_on(task::yield_now());
            }
            if POOL.0.load() == 0 {
                return activity(self) != before;
            }
            while POOL.0.load() > 0 {
                thread::yield_now();
            }
        }
    }

    fn received(&self) -> &[u8] {
        &self.received
    }

    fn is_closed(&self) -> bool {
        self.task.is_finished()
    }

    fn has_ended(&self) -> bool {
        self.is_closed() || self.line().wire.is_shut_down()
    }
}
