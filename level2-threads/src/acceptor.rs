//! Lets connections in: one thread that waits for all listeners and for signals, and hands
//! each connection to whoever serves it.
//!
//! It accepts no more than there is room for. At the cap, and when the machine is out of
//! descriptors, threads or processes, it stops asking the listeners; clients wait in the
//! kernel's queue, nobody spins, and those who are inside are served meanwhile.

use std::{io, os::fd::AsFd, sync::Arc, time::Instant};

use level1_blocking::{
    serve::{ACCEPT_PAUSE, NoConnection, after_failed_accept},
    session::{Application, Session},
};

use crate::{
    capacity::Capacity,
    guest::{Guest, Presence},
    listeners::Listener,
    metrics::{Metrics, shard::Shard},
    server,
    signals::Signals,
    wait,
};

/// Connections taken from one listener before the others, and signals, have their turn.
const ACCEPTED_MAX: usize = 64;

/// Who serves the connections: the level's subject.
pub trait Model {
    /// Takes a connection over.
    fn serve(&mut self, guest: Guest) -> Next;

    /// The acceptor goes round once more: a child may have ended, or the server may stop.
    fn look_after(&mut self) {}

    /// The server stops: those who are idle inside are to make room for those in the queue.
    fn announce_stop(&mut self) {}
}

/// What the acceptor is to do next.
#[derive(Debug)]
pub enum Next {
    /// Go on.
    Accept,
    /// Nobody can be found to serve this one now; try again in a while.
    Pause(Guest),
    /// Stop accepting: this process is a child now, with nothing to do but to serve this one.
    Leave(Guest),
}

/// Why the acceptor has come to its end.
#[derive(Debug)]
pub enum End {
    /// The server is to stop. Nothing is accepted any more.
    Stopped,
    /// This process is a child of the server, and serves this connection.
    InChild(Guest),
}

/// The thread that lets connections in.
#[derive(Debug)]
pub struct Acceptor<'a, R> {
    listeners: Vec<Listener>,
    signals: &'a Signals,
    capacity: Arc<Capacity>,
    metrics: &'static Metrics,
    shard: &'static Shard,
    application: Application,
    reload: R,
    /// Until when nothing is accepted.
    paused: Option<Instant>,
    /// Let in already, while nobody could be found to serve it.
    unserved: Option<Guest>,
}

/// How a turn ended.
enum Turn {
    /// Nobody waits to be let in.
    Emptied,
    /// Somebody may.
    Cut,
    /// See [`Next::Leave`].
    InChild(Guest),
}

impl<'a, R: FnMut() -> Option<Application>> Acceptor<'a, R> {
    /// An acceptor for these listeners. `reload` makes another application, of the
    /// configuration as it is when it is called; `None` if it cannot.
    pub fn new(
        listeners: Vec<Listener>,
        signals: &'a Signals,
        capacity: Arc<Capacity>,
        metrics: &'static Metrics,
        application: Application,
        reload: R,
    ) -> Self {
        Self {
            listeners,
            signals,
            capacity,
            metrics,
            shard: metrics.shard(),
            application,
            reload,
            paused: None,
            unserved: None,
        }
    }

    /// Accepts until the server is to stop, and then what the kernel has accepted already.
    ///
    /// # Errors
    /// If a listening socket fails for good.
    pub fn run(mut self, model: &mut impl Model) -> io::Result<End> {
        while !self.signals.stop().is_requested() {
            self.wait(None)?;
            if let Some(application) = server::heed_reload(self.signals, &mut self.reload) {
                self.application = application;
            }
            model.look_after();
            if let Turn::InChild(guest) = self.turn(model)? {
                return Ok(End::InChild(guest));
            }
        }
        self.take_the_queue(model)
    }

    /// Those whom the kernel has accepted already are served; it is to accept no others.
    fn take_the_queue(&mut self, model: &mut impl Model) -> io::Result<End> {
        let drain_ends = server::begin_to_stop(self.signals, self.metrics);
        model.announce_stop();
        // A queue that outlives the server is its successor's, with everybody in it.
        self.listeners.retain(Listener::ends_with_server);
        for listener in &self.listeners {
            listener.socket.listen(0)?;
        }
        while drain_ends.is_some_and(|end| Instant::now() < end) {
            match self.turn(model)? {
                Turn::Emptied => break,
                Turn::Cut => {}
                Turn::InChild(guest) => return Ok(End::InChild(guest)),
            }
            model.look_after();
            self.wait(drain_ends)?;
        }
        for listener in &self.listeners {
            listener.remove_file();
        }
        Ok(End::Stopped)
    }

    /// Sleeps until there is something to do.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        let may_accept = self.paused.is_none() && self.capacity.has_room();
        let accepting = if may_accept { &self.listeners[..] } else { &[] };
        let sockets = accepting.iter().map(|listener| listener.socket.as_fd());
        let until = [until, self.paused].into_iter().flatten().min();
        wait::until_readable(sockets.chain([self.signals.as_fd()]), until)?;
        self.paused = self.paused.filter(|end| Instant::now() < *end);
        self.signals.clear();
        Ok(())
    }

    /// Lets in whoever waits, as far as there is room.
    fn turn(&mut self, model: &mut impl Model) -> io::Result<Turn> {
        if self.paused.is_some() {
            return Ok(Turn::Cut);
        }
        if let Some(guest) = self.unserved.take()
            && let Some(turn) = self.hand_over(guest, model)
        {
            return Ok(turn);
        }
        let mut turn = Turn::Emptied;
        for at in 0..self.listeners.len() {
            match self.accept_from(at, model)? {
                Turn::Emptied => {}
                Turn::Cut => turn = Turn::Cut,
                child @ Turn::InChild(_) => return Ok(child),
            }
        }
        Ok(turn)
    }

    fn accept_from(&mut self, at: usize, model: &mut impl Model) -> io::Result<Turn> {
        for _ in 0..ACCEPTED_MAX {
            let Some(place) = self.capacity.enter() else { break };
            let (socket, peer) = match self.listeners[at].accept() {
                Ok(accepted) => accepted,
                Err(error) => match after_failed_accept(error)? {
                    NoConnection::Nobody => return Ok(Turn::Emptied),
                    NoConnection::OutOfResources => {
                        self.pause();
                        break;
                    }
                },
            };
            let session = Session::new(socket, &peer, &self.application, Instant::now());
            let session = Box::new(session);
            let presence = Presence::new(place, self.shard);
            if let Some(turn) = self.hand_over(Guest { session, presence }, model) {
                return Ok(turn);
            }
        }
        Ok(Turn::Cut)
    }

    /// `None` if there is nothing in the way of the next one.
    fn hand_over(&mut self, guest: Guest, model: &mut impl Model) -> Option<Turn> {
        match model.serve(guest) {
            Next::Accept => None,
            Next::Leave(guest) => Some(Turn::InChild(guest)),
            Next::Pause(guest) => {
                self.unserved = Some(guest);
                self.pause();
                Some(Turn::Cut)
            }
        }
    }

    fn pause(&mut self) {
        self.shard.accept_failed();
        self.paused = Some(Instant::now() + ACCEPT_PAUSE);
    }
}
