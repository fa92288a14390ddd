//! Connections that send what a plan asks for, and check every byte that comes back.
//!
//! It polls: the kernel is asked for news without ever waiting for any. A client that slept
//! would have to be woken by the server, by an interrupt to another core, and the server would
//! be charged for it. No client behind a network card costs that.

use std::{
    io::{self, Read as _, Write as _},
    mem,
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};

use super::{exchange::Exchange, plan::Next, tally::Outcome};

/// More than a batch of answers, so that one read takes all there is.
const READ_LEN: usize = 256 * 1024;

/// News taken from the kernel at a time.
const EVENTS_MAX: usize = 1024;

/// Lanes to one server: places for one exchange at a time, each with a connection.
#[derive(Debug)]
pub struct Client {
    exchange: Exchange,
    poll: Poll,
    events: Events,
    lanes: Vec<Lane>,
    buffer: Vec<u8>,
    /// Lanes that could not even send.
    unsent: Vec<usize>,
    lost: u64,
}

#[derive(Debug, Default)]
struct Lane {
    stream: Option<TcpStream>,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Resting,
    /// Connecting, or waiting to be able to write.
    Sending,
    /// So many bytes of the answer have come.
    Receiving(usize),
}

impl Client {
    /// So many lanes, which connect when they first send.
    ///
    /// # Errors
    /// If the system has no more descriptors.
    pub fn new(exchange: Exchange, lanes: usize) -> io::Result<Self> {
        Ok(Self {
            exchange,
            poll: Poll::new()?,
            events: Events::with_capacity(EVENTS_MAX),
            lanes: (0..lanes).map(|_| Lane::default()).collect(),
            buffer: vec![0; READ_LEN],
            unsent: Vec::new(),
            lost: 0,
        })
    }

    /// Has `lane` send its request. What goes wrong with it is told by the next poll.
    pub fn send(&mut self, lane: usize) {
        if self.connect(lane).and_then(|()| self.write(lane)).is_err() {
            self.unsent.push(lane);
        }
    }

    /// Takes what has come, and tells `finished` of each exchange that is complete or has
    /// failed. Whether there was anything to take.
    ///
    /// # Errors
    /// If the system does not say what has come.
    pub fn poll(&mut self, finished: &mut impl FnMut(usize, Outcome) -> Next) -> io::Result<bool> {
        for lane in mem::take(&mut self.unsent) {
            self.finish(lane, Outcome::Failed, finished);
        }
        self.poll.poll(&mut self.events, Some(Duration::ZERO))?;
        // Taken out, so that a lane may send while they are gone through.
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let lane = event.token().0;
            if let Some(outcome) = self.go_on(lane) {
                self.finish(lane, outcome, finished);
            }
        }
        let had_news = !events.is_empty();
        self.events = events;
        Ok(had_news)
    }

    /// Connections that the server closed while nothing was asked of it.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn finish(
        &mut self,
        lane: usize,
        outcome: Outcome,
        finished: &mut impl FnMut(usize, Outcome) -> Next,
    ) {
        let Lane { stream, state } = &mut self.lanes[lane];
        *state = State::Resting;
        if outcome == Outcome::Failed || !self.exchange.keeps_connection {
            *stream = None;
        }
        if finished(lane, outcome) == Next::Send {
            self.send(lane);
        }
    }

    /// Does what `lane` can do now; the outcome of its exchange, once there is one.
    fn go_on(&mut self, lane: usize) -> Option<Outcome> {
        match self.lanes[lane].state {
            State::Resting => {
                self.lose(lane);
                None
            }
            State::Sending => match self.write(lane) {
                Ok(()) => None,
                Err(_) => Some(Outcome::Failed),
            },
            State::Receiving(received) => self.read(lane, received),
        }
    }

    fn connect(&mut self, lane: usize) -> io::Result<()> {
        let Self { lanes, exchange, poll, .. } = self;
        let Lane { stream, state } = &mut lanes[lane];
        *state = State::Sending;
        if stream.is_none() {
            let mut new = TcpStream::connect(exchange.address)?;
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut new, Token(lane), interest)?;
            new.set_nodelay(true)?;
            *stream = Some(new);
        }
        Ok(())
    }

    /// Sends the request if the socket takes it, which has room for far more.
    fn write(&mut self, lane: usize) -> io::Result<()> {
        let Lane { stream: Some(stream), state } = &mut self.lanes[lane] else { return Ok(()) };
        match stream.write(&self.exchange.request) {
            Ok(len) if len == self.exchange.request.len() => *state = State::Receiving(0),
            Ok(_) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if is_not_ready(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn read(&mut self, lane: usize, mut received: usize) -> Option<Outcome> {
        let Self { lanes, exchange, buffer, .. } = self;
        let Lane { stream, state } = &mut lanes[lane];
        let stream = stream.as_mut()?;
        loop {
            let bytes = match stream.read(buffer) {
                Ok(len) => &buffer[..len],
                Err(error) if is_not_ready(&error) => return None,
                Err(_) => return Some(Outcome::Failed),
            };
            if let Some(outcome) = exchange.outcome(received, bytes) {
                return Some(outcome);
            }
            received += bytes.len();
            *state = State::Receiving(received);
            // The end may have come with the bytes, and is not told of again.
            if exchange.keeps_connection {
                return None;
            }
        }
    }

    /// Notes it if the connection of a lane that rests has ended, or said something.
    fn lose(&mut self, lane: usize) {
        let Lane { stream, .. } = &mut self.lanes[lane];
        let Some(open) = stream else { return };
        if !open.read(&mut self.buffer).is_err_and(|error| is_not_ready(&error)) {
            *stream = None;
            self.lost += 1;
        }
    }
}

/// Whether it is only too early: the kernel has nothing, or the connection is not made yet.
fn is_not_ready(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected)
}
