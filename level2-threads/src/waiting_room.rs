//! Where connections wait that have nothing to do, so that none of them keeps a worker.
//!
//! A client that keeps its connection open thinks most of the time. Were a worker to wait
//! with it, in `read`, as many such clients as there are workers would starve everybody else.
//! Here one thread waits for all of them at once, and queues those that have sent something.
//!
//! ```text
//! accepted ──> waiting room ──(sent something)──> queue ──> worker ──> closed
//!                   ^                                         │
//!                   └───────────(has to send more)────────────┘
//! ```
//!
//! When the queue is full, a new client is told so here, with 503; those who have been served
//! before wait their turn, and there are never more of them than connections let in.

use std::{
    io, mem,
    os::fd::OwnedFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use level1_blocking::{
    handler::{Admission, Handler, Request},
    http::{
        head::Head,
        response::{FieldLine, Response},
        status::Status,
    },
    serve::{Outcome, Patience, Worker},
    stop::Stop,
};
use rustix::{
    buffer::spare_capacity,
    event::{
        EventfdFlags,
        epoll::{self, CreateFlags, Event, EventData, EventFlags},
        eventfd,
    },
    io::Errno,
};
use slab::Slab;

use crate::{guest::Guest, metrics::shard::Shard, queue::Queue, wait};

/// Deadlines are looked at this often at most, and may be kept so much late.
const TICK: Duration = Duration::from_millis(20);

/// What the epoll instance calls its own wake-up.
const WAKE_UP: u64 = u64::MAX;

/// Sockets that one wake-up looks at.
const EVENTS_MAX: usize = 256;

/// A connection in the pool.
#[derive(Debug)]
pub struct Visitor {
    /// Who it is.
    pub guest: Guest,
    /// When it was queued.
    pub queued: Instant,
    standing: Standing,
    /// Whether epoll knows its socket.
    is_registered: bool,
}

/// How a visitor is treated when the queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is turned away: nothing has been done for it yet.
    New,
    /// It waits its turn.
    Served,
    /// It was turned away.
    TurnedAway,
}

impl Visitor {
    /// A connection that has been let in.
    pub const fn new(guest: Guest, now: Instant) -> Self {
        Self { guest, queued: now, standing: Standing::New, is_registered: false }
    }
}

/// The room.
#[derive(Debug)]
pub struct WaitingRoom {
    epoll: OwnedFd,
    wake_up: OwnedFd,
    queue: Arc<Queue<Visitor>>,
    shard: &'static Shard,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    visitors: Slab<Visitor>,
    /// When deadlines are to be looked at; not later than the first of them.
    next_look: Option<Instant>,
    is_everybody_called: bool,
    is_closed: bool,
}

impl WaitingRoom {
    /// An empty room, from which visitors go to `queue`.
    ///
    /// # Errors
    /// If the system has no descriptors for it.
    pub fn new(queue: Arc<Queue<Visitor>>, shard: &'static Shard) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let wake_up = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: each write wakes once, and nobody has to read.
        epoll::add(&epoll, &wake_up, EventData::new_u64(WAKE_UP), EventFlags::IN | EventFlags::ET)?;
        Ok(Self { epoll, wake_up, queue, shard, inside: Mutex::default() })
    }

    /// Has a visitor wait until it sends something, or its deadline comes.
    pub fn seat(&self, mut visitor: Visitor) {
        let was_registered = mem::replace(&mut visitor.is_registered, true);
        let deadline = visitor.guest.session.deadline();
        let mut inside = self.lock();
        if inside.is_closed {
            return;
        }
        let chair = inside.visitors.vacant_entry();
        let name = EventData::new_u64(chair.key() as u64);
        // It wakes once, and not again before it is seated again.
        let flags = EventFlags::IN | EventFlags::RDHUP | EventFlags::ONESHOT;
        let registered = if was_registered {
            epoll::modify(&self.epoll, &*visitor.guest.session, name, flags)
        } else {
            epoll::add(&self.epoll, &*visitor.guest.session, name, flags)
        };
        if let Err(error) = registered {
            return tracing::warn!(%error, "cannot watch a connection; it is closed");
        }
        chair.insert(visitor);
        if inside.expect_deadline(deadline) {
            drop(inside);
            self.wake();
        }
    }

    // ANCHOR: watch
    /// Waits for all visitors at once, until the room is closed.
    pub fn watch(&self, stop: &Stop) {
        let mut porter = Worker::new(stop, self.shard);
        let turn_away: Arc<dyn Handler> = Arc::new(TurnAway);
        let (mut events, mut ready) = (Vec::with_capacity(EVENTS_MAX), Vec::new());
        while self.wait(&mut events) {
            let now = Instant::now();
            self.lock().call(&events, now, &mut ready);
            for mut visitor in ready.drain(..) {
                visitor.queued = now;
                if let Some(refused) = self.send_to_queue(visitor) {
                    self.turn_away(refused, &turn_away, &mut porter);
                }
            }
        }
    }
    // ANCHOR_END: watch

    /// Calls everybody who waits: the server stops, and each is to notice.
    pub fn call_everybody(&self) {
        self.lock().is_everybody_called = true;
        self.wake();
    }

    fn wake(&self) {
        // It fails only where it would count beyond 2^64.
        let _ = rustix::io::write(&self.wake_up, &1_u64.to_ne_bytes());
    }

    /// Nobody is seated any more, and those who are here must go.
    pub fn close(&self) {
        let mut inside = self.lock();
        inside.is_closed = true;
        let visitors = mem::take(&mut inside.visitors);
        drop(inside);
        drop(visitors);
        self.wake();
    }

    /// Sleeps until somebody is to be called; false once the room is closed.
    fn wait(&self, events: &mut Vec<Event>) -> bool {
        let inside = self.lock();
        if inside.is_closed {
            return false;
        }
        let timeout = inside.next_look.map(wait::time_left);
        drop(inside);
        events.clear();
        match epoll::wait(&self.epoll, spare_capacity(events), timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => tracing::error!(%error, "cannot wait for connections"),
        }
        true
    }

    /// The visitor comes back if the queue is full and it is one to be told so.
    fn send_to_queue(&self, mut visitor: Visitor) -> Option<Visitor> {
        let sent = match visitor.standing {
            Standing::TurnedAway => return Some(visitor),
            Standing::Served => self.queue.push(visitor),
            Standing::New => {
                visitor.standing = Standing::Served;
                match self.queue.offer(visitor) {
                    Err(refused) => return Some(refused),
                    sent => sent,
                }
            }
        };
        match sent {
            Ok(()) => self.shard.queued(1),
            Err(late) => drop(late),
        }
        None
    }

    /// Serves a visitor here: it gets a 503, as soon as its request has come.
    fn turn_away(&self, mut visitor: Visitor, handler: &Arc<dyn Handler>, porter: &mut Worker<'_>) {
        if mem::replace(&mut visitor.standing, Standing::TurnedAway) != Standing::TurnedAway {
            porter.turn_away(&mut visitor.guest.session, handler);
            self.shard.rejected();
        }
        // It never blocks: one read of what has come, and an answer that is shorter than the
        // buffer of a socket that has sent nothing yet.
        if porter.serve(&mut visitor.guest.session, Patience::OneRead) == Outcome::Waiting {
            self.seat(visitor);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Whether whoever waits must be woken to know of this deadline.
    fn expect_deadline(&mut self, deadline: Option<Instant>) -> bool {
        let is_first = match (deadline, self.next_look) {
            (Some(deadline), Some(next)) => deadline < next,
            (deadline, None) => deadline.is_some(),
            (None, Some(_)) => false,
        };
        if is_first {
            self.next_look = deadline;
        }
        is_first
    }

    /// Moves those to `ready` who have sent something or whose deadline has come.
    fn call(&mut self, events: &[Event], now: Instant, ready: &mut Vec<Visitor>) {
        if mem::take(&mut self.is_everybody_called) {
            self.next_look = None;
            return ready.extend(self.visitors.drain());
        }
        let called = events.iter().filter_map(|event| usize::try_from(event.data.u64()).ok());
        ready.extend(called.filter_map(|key| self.visitors.try_remove(key)));
        if self.next_look.is_some_and(|next| now >= next) {
            self.call_expired(now, ready);
        }
    }

    fn call_expired(&mut self, now: Instant, ready: &mut Vec<Visitor>) {
        let mut next: Option<Instant> = None;
        let mut expired = Vec::new();
        for (key, visitor) in &self.visitors {
            match visitor.guest.session.deadline() {
                Some(deadline) if deadline <= now => expired.push(key),
                Some(deadline) => next = Some(next.map_or(deadline, |next| next.min(deadline))),
                None => {}
            }
        }
        self.next_look = next.map(|next| next.max(now + TICK));
        ready.extend(expired.into_iter().filter_map(|key| self.visitors.try_remove(key)));
    }
}

/// What those are told for whom there is no room in the queue.
struct TurnAway;

impl Handler for TurnAway {
    fn admit(&self, _: &Head<'_>) -> Admission {
        const SOON: FieldLine = FieldLine::from_static("Retry-After: 1");
        let text = "503 Service Unavailable\n";
        Admission::Refuse(Response::text(Status::SERVICE_UNAVAILABLE, text).line(SOON))
    }

    fn handle(&self, _: Request<'_>) -> Response {
        Response::new(Status::SERVICE_UNAVAILABLE)
    }
}
