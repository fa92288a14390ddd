//! The loop: one thread that waits for all its clients at once, in `epoll_wait`.
//!
//! What a runtime is made of: a *reactor*, which asks the kernel what has become ready, a
//! *queue* of those who can go on, and *timers*. Each round takes in all news, and then gives
//! everybody in the queue one turn:
//!
//! ```text
//!   wait --> expire --> serve --> accept --+
//!    ^  news   timers     turns    guests  |
//!    +-------------------------------------+
//! ```
//!
//! The order carries two promises. News is taken in before anybody has a turn and new clients
//! come last, so a token is never that of somebody who left in between. And a deadline never
//! counts against a client whose bytes have come, however long the round before took: the
//! news is older than the time by which deadlines are judged, and whoever has news has a turn
//! first.
//!
//! All sockets are watched for both directions from the beginning to the end, edge-triggered,
//! so that a request costs a read, a write, and its share of a wait.

use std::{
    fmt, io, mem,
    net::SocketAddr,
    os::fd::AsRawFd,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use level1_blocking::{
    access_log::Client,
    serve::{ACCEPT_PAUSE, NoConnection, after_failed_accept},
    session::Application,
    stop::Stop,
};
use level2_threads::{
    capacity::{Capacity, Place},
    guest::Presence,
    listeners::Listener,
    metrics::shard::Shard,
};
use mio::{Events, Interest, Poll, Token, Waker, event::Event, unix::SourceFd};
use rustix::net::{SocketFlags, acceptfrom_with};
use slab::Slab;
use socket2::Socket;

use crate::{
    session::{Readiness, Session, Time, Turn, Worker},
    timers::Timers,
};

/// News taken in at a time. More of it is brought by the next wait, oldest first.
const NEWS_MAX: usize = 4096;

/// Connections taken from a listener before those who are inside have their turn.
const ACCEPTED_MAX: usize = 64;

/// The token of the waker. Entrances have the first ones, guests those behind.
const WAKER: Token = Token(usize::MAX);

/// One thread's loop.
pub struct EventLoop {
    poll: Poll,
    events: Events,
    entrances: Vec<Entrance>,
    guests: Slab<Box<Guest>>,
    /// The guests who can go on, by their keys; each stands here once at most.
    queue: Vec<usize>,
    /// Those whose turn it is in this round, out of the queue.
    turns: Vec<usize>,
    timers: Timers,
    /// Lent to `expire`.
    fired: Vec<usize>,
    worker: Worker,
    shard: &'static Shard,
    application: Application,
    remote: Arc<Remote>,
    stop: Arc<Stop>,
    /// Somebody waits to be let in, and there was room when we last looked.
    may_accept: bool,
    is_draining: bool,
}

/// Where clients come in.
struct Entrance {
    /// Closed when its queue is empty and the server is stopping.
    listener: Option<Listener>,
    /// Somebody may be in its queue. The kernel says so once; it stays so until nobody is.
    is_ready: bool,
}

impl Entrance {
    fn close(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.remove_file();
        }
    }
}

/// A client who has been let in.
struct Guest {
    session: Session<Socket>,
    is_queued: bool,
    _presence: Presence,
}

/// How other threads reach a loop.
pub struct Remote {
    waker: Waker,
    /// Until the loop has taken it.
    next_application: Mutex<Option<Application>>,
}

impl Remote {
    /// Has the loop look around: the server is to stop, or there is room again.
    pub fn wake(&self) {
        // It fails only if the loop's epoll instance is gone, and the loop with it.
        let _ = self.waker.wake();
    }

    /// Has clients who come from now on served by another application.
    pub fn reload(&self, application: Application) {
        *self.next_application() = Some(application);
        self.wake();
    }

    fn next_application(&self) -> MutexGuard<'_, Option<Application>> {
        self.next_application.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLoop {
    /// A loop for these listeners, which do not block.
    ///
    /// # Errors
    /// If the system refuses an epoll instance, or to watch a listener.
    pub fn new(
        listeners: Vec<Listener>,
        application: Application,
        shard: &'static Shard,
        stop: Arc<Stop>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        for (token, listener) in listeners.iter().enumerate() {
            let mut source = SourceFd(&listener.socket.as_raw_fd());
            poll.registry().register(&mut source, Token(token), Interest::READABLE)?;
        }
        let waker = Waker::new(poll.registry(), WAKER)?;
        let worker = Worker::new(shard, Arc::clone(&stop), Time::SYSTEM);
        let open = |listener| Entrance { listener: Some(listener), is_ready: false };
        Ok(Self {
            poll,
            events: Events::with_capacity(NEWS_MAX),
            entrances: listeners.into_iter().map(open).collect(),
            guests: Slab::new(),
            queue: Vec::new(),
            turns: Vec::new(),
            timers: Timers::new(worker.now()),
            fired: Vec::new(),
            worker,
            shard,
            application,
            remote: Arc::new(Remote { waker, next_application: Mutex::new(None) }),
            stop,
            may_accept: false,
            is_draining: false,
        })
    }

    /// How other threads reach it.
    pub fn remote(&self) -> Arc<Remote> {
        Arc::clone(&self.remote)
    }

    // ANCHOR: run
    /// Serves until the server is to stop, and then whoever is there, as long as that may take.
    /// Others may share the capacity; when one of them leaves, the loop is to be woken.
    ///
    /// # Errors
    /// If a listening socket or the epoll instance fails for good.
    pub fn run(mut self, capacity: &Arc<Capacity>) -> io::Result<()> {
        while !self.is_over() {
            self.wait()?;
            if self.stop.is_requested() && !self.is_draining {
                self.drain()?;
            }
            self.expire();
            self.serve();
            self.accept(capacity)?;
        }
        self.entrances.iter_mut().for_each(Entrance::close);
        Ok(())
    }
    // ANCHOR_END: run

    /// Sleeps until there is news, unless somebody can go on, and takes the news in.
    fn wait(&mut self) -> io::Result<()> {
        let timeout = self.time_to_sleep();
        match self.poll.poll(&mut self.events, timeout) {
            // A signal came: there is no news, but we may be told to stop.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => outcome?,
        }
        self.worker.tick();
        for event in &self.events {
            let Token(token) = event.token();
            if event.token() == WAKER {
                if let Some(application) = self.remote.next_application().take() {
                    self.application = application;
                }
            } else if let Some(entrance) = self.entrances.get_mut(token) {
                entrance.is_ready = true;
            } else if let Some(guest) = self.guests.get_mut(token - self.entrances.len()) {
                guest.session.ready(readiness(event));
                enqueue(&mut self.queue, token, guest);
            }
        }
        Ok(())
    }

    /// For how long nothing is to be done unless there is news; `None` is for ever.
    fn time_to_sleep(&self) -> Option<Duration> {
        if self.may_accept || !self.queue.is_empty() {
            return Some(Duration::ZERO);
        }
        let now = self.worker.now();
        let drained = self.stop.drain_ends(now).map(|end| end.saturating_duration_since(now));
        [drained, self.timers.next_wait(now)].into_iter().flatten().min()
    }

    /// Acts on the deadlines that have come.
    fn expire(&mut self) {
        self.timers.expire(self.worker.now(), &mut self.fired);
        for token in self.fired.drain(..) {
            if let Some(entrance) = self.entrances.get_mut(token) {
                entrance.is_ready = true;
            } else if let Some(guest) = self.guests.get_mut(token - self.entrances.len())
                && !guest.is_queued
            {
                guest.session.expire(&self.worker);
                enqueue(&mut self.queue, token, guest);
            }
        }
    }

    /// Gives everybody in the queue a turn. Who has not finished stands at its end again.
    fn serve(&mut self) {
        mem::swap(&mut self.queue, &mut self.turns);
        for token in self.turns.drain(..) {
            let key = token - self.entrances.len();
            let Some(guest) = self.guests.get_mut(key) else { continue };
            guest.is_queued = false;
            match guest.session.take_turn(&mut self.worker) {
                // The kernel forgets a socket that is closed.
                Turn::Closed(_) => {
                    self.timers.set(token, None);
                    drop(self.guests.remove(key));
                }
                turn => {
                    self.timers.set(token, guest.session.deadline());
                    if turn == Turn::Unfinished {
                        enqueue(&mut self.queue, token, guest);
                    }
                }
            }
        }
    }
}

/// Who comes, and who is let in.
impl EventLoop {
    /// Takes those who have come, as long as there is room.
    fn accept(&mut self, capacity: &Arc<Capacity>) -> io::Result<()> {
        self.may_accept = false;
        for token in 0..self.entrances.len() {
            for count in 0.. {
                let Entrance { listener: Some(listener), is_ready: true } = &self.entrances[token]
                else {
                    break;
                };
                if count == ACCEPTED_MAX {
                    self.may_accept = true;
                    break;
                }
                // If there is none, somebody will leave: one of us, or the loop is woken.
                let Some(place) = capacity.enter() else { return Ok(()) };
                match accept(&listener.socket) {
                    Ok((socket, client)) => self.let_in(socket, client, place),
                    Err(error) => self.after_failed_accept(token, error)?,
                }
            }
        }
        Ok(())
    }

    fn let_in(&mut self, socket: Socket, client: Client, place: Place) {
        let fd = socket.as_raw_fd();
        let session = Session::new(socket, client, &self.application, &self.worker);
        let presence = Presence::new(place, self.shard);
        let guest = Box::new(Guest { session, is_queued: false, _presence: presence });
        let key = self.guests.insert(guest);
        let token = self.entrances.len() + key;
        let interests = Interest::READABLE | Interest::WRITABLE;
        let registry = self.poll.registry();
        if let Err(error) = registry.register(&mut SourceFd(&fd), Token(token), interests) {
            tracing::warn!(%error, %client, "cannot watch a connection");
            self.guests.remove(key);
            return;
        }
        let guest = &mut self.guests[key];
        if self.is_draining {
            guest.session.drain(&self.worker);
        }
        self.timers.set(token, guest.session.deadline());
    }

    fn after_failed_accept(&mut self, token: usize, error: io::Error) -> io::Result<()> {
        let entrance = &mut self.entrances[token];
        if error.kind() == io::ErrorKind::WouldBlock {
            entrance.is_ready = false;
            if self.is_draining {
                entrance.close();
            }
        } else if after_failed_accept(error)? == NoConnection::OutOfResources {
            // The kernel does not say again that somebody waits: the timer does.
            entrance.is_ready = false;
            self.shard.accept_failed();
            self.timers.set(token, Some(self.worker.now() + ACCEPT_PAUSE));
        }
        Ok(())
    }

    /// The server is to stop. Those whom the kernel has accepted already are served; it is to
    /// accept no others.
    fn drain(&mut self) -> io::Result<()> {
        self.is_draining = true;
        for entrance in &mut self.entrances {
            // A queue that outlives the server is its successor's, with everybody in it.
            entrance.listener = entrance.listener.take().filter(Listener::ends_with_server);
            if let Some(listener) = &entrance.listener {
                listener.socket.listen(0)?;
            }
            entrance.is_ready = true;
        }
        for (key, guest) in &mut self.guests {
            guest.session.drain(&self.worker);
            enqueue(&mut self.queue, self.entrances.len() + key, guest);
        }
        Ok(())
    }

    /// Whether the server is stopping, and everybody has gone, or the time for that is up.
    fn is_over(&self) -> bool {
        let now = self.worker.now();
        let has_nobody = || {
            self.guests.is_empty()
                && self.entrances.iter().all(|entrance| entrance.listener.is_none())
        };
        self.is_draining
            && (has_nobody() || self.stop.drain_ends(now).is_some_and(|end| now >= end))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("waker", &self.waker).finish_non_exhaustive()
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let guests = self.guests.len();
        f.debug_struct("EventLoop").field("guests", &guests).finish_non_exhaustive()
    }
}

fn enqueue(queue: &mut Vec<usize>, token: usize, guest: &mut Guest) {
    if !mem::replace(&mut guest.is_queued, true) {
        queue.push(token);
    }
}

/// An end or an error is as good a reason to read, and to write, as any: the call will tell it.
fn readiness(event: &Event) -> Readiness {
    let hung_up = event.is_read_closed() || event.is_error();
    Readiness {
        readable: event.is_readable() || hung_up,
        writable: event.is_writable() || hung_up,
        hung_up,
    }
}

/// Takes one connection out of a listener's queue, by one system call.
///
/// # Errors
/// If there is none, or the machine is out of descriptors or memory.
pub fn accept(listener: &Socket) -> io::Result<(Socket, Client)> {
    let (fd, peer) = acceptfrom_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?;
    let address = peer.and_then(|peer| SocketAddr::try_from(peer).ok());
    let client = address.map_or(Client::Local, |address| Client::Address(address.ip()));
    Ok((Socket::from(fd), client))
}

const _: () = assert!(size_of::<Guest>() <= 384, "ten thousand idle clients are so many of these");
