//! One connection's protocol: bytes and time in, what is due out (RFC 9112).
//!
//! This file holds the state, and what moves the connection as a whole; `reading.rs` and
//! `writing.rs` move its two halves, which go on independently; `due.rs` holds the questions.
//! A connection owns no socket, no thread and no clock.
//!
//! ```text
//! reading   Head -> Admission -> Body -> Ended -> Done
//! writing   Nothing -> Bytes | File | Stream -> Done
//! ```
//!
//! When both have come to an end the next request begins, or the connection goes through
//! its last phases: Flush -> Shutdown -> Linger -> Closed.
//!
//! Every call is allowed at any time; one that does not fit the state does nothing. What a
//! driver may therefore do: ask `due`, serve any part of it, and ask again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::{
    body::FileRange,
    buffers::{BufferPool, Buffers},
    clock::Clock,
    deadline::{Timer, Wait},
    decode::Decoder,
    error::Refusal,
    limits::Limits,
    status::Status,
    step::CloseReason,
    target::Scheme,
};

/// The server's side of one HTTP/1.1 connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) limits: Arc<Limits>,
    pub(super) scheme: Scheme,
    accepted: Instant,
    pub(super) timer: Timer,
    /// Lent while there is anything in them; see `spare` and `release`.
    pub(super) buffers: Option<Box<Buffers>>,
    pub(super) phase: Phase,
    pub(super) reading: Reading,
    pub(super) writing: Writing,
    pub(super) current: Current,
    /// Requests answered so far.
    answered: u64,
    /// Of those, how many since the output was last empty.
    pub(super) unsent_answers: u32,
    /// The server is stopping.
    draining: bool,
    /// The peer will send nothing more.
    pub(super) peer_closed: bool,
}

/// Where the connection as a whole is.
#[derive(Debug)]
pub(super) enum Phase {
    /// Requests are read and answered.
    Open,
    /// The last answer is on its way.
    Flush { reason: CloseReason, linger: bool },
    /// It has been sent; the sending half is to be shut down.
    Shutdown { reason: CloseReason },
    /// The peer is to close first; see `finish_connection`.
    Linger { reason: CloseReason, discarded: u64 },
    /// The 101 is on its way.
    Upgrading,
    /// The connection belongs to another protocol.
    Upgraded,
    /// The socket is to be closed.
    Closed(CloseReason),
}

/// How far the request has been read. Every call looks at it: it has a tag of its own, rather
/// than one that is worked out from a decoder's.
#[derive(Debug)]
#[repr(u8)]
pub(super) enum Reading {
    /// Its head is not whole yet; an empty line before it may be skipped once.
    Head { may_skip_line: bool },
    /// Its head waits for `accept` or `respond`.
    Admission,
    /// Its body is being read.
    Body { decoder: Decoder, piece_len: usize, received: u64, demand: Demand },
    /// Its body has ended, with a trailer section of this length.
    Ended { trailer_len: usize },
    /// Nothing more of it will be asked for.
    Done,
}

/// What a request's body is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// The handler has not asked for it yet: an answer before that is a refusal.
    NotYet,
    /// The handler waits for more of it.
    Wanted,
    /// The handler has something else to do.
    Later,
    /// Nobody wants it, but so many more bytes may be read over to keep the connection.
    Unwanted { left: u64 },
}

/// How far the response has been written to the output.
#[derive(Debug)]
pub(super) enum Writing {
    /// There is no response yet.
    Nothing,
    /// The rest of a body in memory follows the output.
    Bytes(Bytes),
    /// A file follows the output.
    File(FileRange),
    /// Pieces are appended as they come.
    Stream(Pieces),
    /// The response is complete.
    Done,
}

/// How a response's pieces are written.
#[derive(Debug)]
pub(super) enum Pieces {
    /// As they are; so many bytes are still promised.
    Sized(u64),
    /// As chunks.
    Chunked,
    /// As they are, until the connection closes.
    UntilClose,
}

/// What is known of the request at hand.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) has_head: bool,
    pub(super) began: Instant,
    pub(super) status: Status,
    pub(super) body_len: u64,
    pub(super) refusal: Option<Refusal>,
    /// The client waits for `100 (Continue)`.
    pub(super) owes_continue: bool,
    /// Another request may follow.
    pub(super) persists: bool,
}

impl Current {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            has_head: false,
            began: now,
            status: Status::OK,
            body_len: 0,
            refusal: None,
            owes_continue: false,
            persists: true,
        }
    }
}

/// What the driver did.
impl Connection {
    /// A connection that was accepted now. `scheme` says whether it is secured.
    pub const fn new(limits: Arc<Limits>, scheme: Scheme, now: Instant) -> Self {
        Self {
            limits,
            scheme,
            accepted: now,
            timer: Timer::new(now),
            buffers: None,
            phase: Phase::Open,
            reading: Reading::Head { may_skip_line: true },
            writing: Writing::Nothing,
            current: Current::new(now),
            answered: 0,
            unsent_answers: 0,
            draining: false,
            peer_closed: false,
        }
    }

    /// Room to read into, at least one byte. Buffers come from `pool` if none are held.
    #[inline]
    pub fn spare(&mut self, pool: &mut BufferPool) -> &mut [u8] {
        let head_len_max = self.limits.head_len_max;
        self.buffers.get_or_insert_with(|| pool.take()).input.spare(head_len_max)
    }

    /// Gives the buffers back to `pool` if nothing in them is needed any more: between two
    /// requests, and at the end.
    #[inline]
    pub fn release(&mut self, pool: &mut BufferPool) {
        let is_over = matches!(self.phase, Phase::Closed(_));
        if (self.is_idle() || is_over)
            && let Some(mut buffers) = self.buffers.take()
        {
            // Between two requests nothing is left in them.
            if is_over {
                buffers.clear();
            }
            pool.put(buffers);
        }
    }

    /// `len` bytes were read into the spare room.
    #[inline]
    pub fn received(&mut self, len: usize, clock: &Clock) {
        self.buffers().input.received(len);
        match self.phase {
            Phase::Open => self.read_on(clock),
            Phase::Flush { .. } | Phase::Shutdown { .. } | Phase::Linger { .. } => self.discard(),
            Phase::Upgrading | Phase::Upgraded | Phase::Closed(_) => {}
        }
        // Whoever sends but takes nothing makes no progress.
        let progress = len > 0 && self.timer.wait() != Wait::Write;
        self.settle(progress, clock);
    }

    /// The peer has closed its sending half. A request that is whole is still answered.
    pub fn peer_closed(&mut self, clock: &Clock) {
        self.peer_closed = true;
        match self.phase {
            Phase::Open => self.read_on(clock),
            Phase::Flush { reason, .. } => self.phase = Phase::Flush { reason, linger: false },
            Phase::Shutdown { reason } | Phase::Linger { reason, .. } => self.close(reason),
            Phase::Upgrading | Phase::Upgraded | Phase::Closed(_) => {}
        }
        self.settle(false, clock);
    }

    /// The peer has reset the connection, or the socket has failed.
    pub fn peer_vanished(&mut self) {
        self.close(CloseReason::PeerVanished);
    }

    /// `len` of the bytes to write were sent.
    #[inline]
    pub fn sent(&mut self, len: usize, clock: &Clock) {
        let output = &mut self.buffers().output;
        if output.len() > 0 {
            output.sent(len);
        } else {
            self.body_sent(len);
        }
        self.settle(len > 0, clock);
    }

    /// `len` bytes of the file were sent; zero if it has fewer than it had.
    pub fn transferred(&mut self, len: u64, clock: &Clock) {
        if let Writing::File(range) = &mut self.writing {
            let len = len.min(range.len);
            range.offset += len;
            range.len -= len;
            self.current.body_len += len;
            if range.len == 0 {
                self.writing = Writing::Done;
            } else if len == 0 {
                self.close(CloseReason::FileShrank);
            }
        }
        self.settle(len > 0, clock);
    }

    /// The sending half is shut down.
    pub fn shut_down(&mut self, clock: &Clock) {
        if let Phase::Shutdown { reason } = self.phase {
            self.phase = Phase::Linger { reason, discarded: 0 };
            self.discard();
        }
        self.settle(true, clock);
    }

    /// Time has passed. Does nothing before the deadline.
    pub fn expire(&mut self, clock: &Clock) {
        if self.deadline().is_none_or(|deadline| clock.now() < deadline) {
            return;
        }
        match (self.timer.wait(), &self.phase) {
            (Wait::Nothing, _) => {}
            (Wait::FirstByte, _) => self.close(CloseReason::Silent),
            (Wait::Idle, _) => self.close(CloseReason::Idle),
            (Wait::Parting, _) => self.close(CloseReason::Draining),
            (Wait::Head, _) => self.refuse(Refusal::HeadTimeout, clock),
            (Wait::Body, _) => self.refuse(Refusal::BodyTimeout, clock),
            (Wait::Linger, Phase::Linger { reason, .. }) => self.close(*reason),
            (Wait::Write | Wait::Linger, _) => self.close(CloseReason::WriteStalled),
        }
        self.settle(false, clock);
    }

    /// The server is stopping: requests that have come are answered, and then it closes.
    pub fn drain(&mut self, clock: &Clock) {
        self.draining = true;
        self.settle(false, clock);
    }
}

/// From one request to the next, and to the end.
impl Connection {
    /// The answer has been taken note of; on to the next request.
    #[inline]
    pub fn next_request(&mut self, clock: &Clock) {
        if !matches!((&self.phase, &self.writing), (Phase::Open, Writing::Done)) {
            return;
        }
        self.answered += 1;
        self.unsent_answers += 1;
        self.writing = Writing::Nothing;
        self.current.has_head = false;
        match &self.reading {
            _ if self.current.status == Status::SWITCHING_PROTOCOLS => {
                self.phase = Phase::Upgrading;
            }
            _ if !self.current.persists => self.finish_connection(self.last_reason()),
            Reading::Body { .. } => self.leave_body(clock),
            _ => self.begin_request(clock),
        }
        // While output waits and none of it has been taken, nothing changes.
        if self.timer.wait() != Wait::Write || self.output_len() == 0 {
            self.settle(false, clock);
        }
    }

    pub(super) fn begin_request(&mut self, clock: &Clock) {
        self.reading = Reading::Head { may_skip_line: true };
        let buffers = self.buffers();
        buffers.input.unpin();
        buffers.head.restart();
        // Nearly always the next request has not come yet.
        if !buffers.input.is_empty() || self.peer_closed {
            self.read_on(clock);
        }
    }

    /// Whether we want the connection to go on after the answer at hand.
    pub(super) fn may_go_on(&self, clock: &Clock) -> bool {
        let age = || clock.now().saturating_duration_since(self.accepted);
        // A server that is stopping still answers all that has come.
        (!self.draining || self.has_input())
            && self.limits.requests_max.is_none_or(|max| self.answered + 1 < max.into())
            && self.limits.age_max.is_none_or(|max| age() < max)
    }

    pub(super) const fn last_reason(&self) -> CloseReason {
        match self.current.refusal {
            Some(refusal) => CloseReason::Refused(refusal),
            None if self.draining => CloseReason::Draining,
            None => CloseReason::NotPersistent,
        }
    }

    /// Nothing more is read as a request. A peer that has not closed is given time to do so:
    /// if anything more of it arrived after we have closed, the answer would be reset away
    /// before it was read (RFC 9112 §9.6).
    #[inline(never)]
    pub(super) fn finish_connection(&mut self, reason: CloseReason) {
        self.phase = Phase::Flush { reason, linger: !self.peer_closed };
        self.reading = Reading::Done;
        self.current.has_head = false;
        self.discard();
    }

    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Phase::Upgraded | Phase::Closed(_) = self.phase {
            return;
        }
        self.phase = Phase::Closed(reason);
        (self.reading, self.writing) = (Reading::Done, Writing::Nothing);
        self.timer.stop();
        if let Some(buffers) = &mut self.buffers {
            buffers.output.clear();
        }
    }

    /// After every call: moves on when the output is empty, and sets the timer.
    pub(super) fn settle(&mut self, progress: bool, clock: &Clock) {
        let wait = match self.phase {
            _ if self.owes_output() => Wait::Write,
            Phase::Flush { .. } | Phase::Upgrading => return self.after_output(progress, clock),
            _ => {
                self.unsent_answers = 0;
                self.wait()
            }
        };
        self.timer.set(wait, progress, clock.now());
    }

    /// The last output has been sent: on to the connection's next phase.
    #[cold]
    fn after_output(&mut self, progress: bool, clock: &Clock) {
        match self.phase {
            Phase::Flush { reason, linger: true } => self.phase = Phase::Shutdown { reason },
            Phase::Flush { reason, linger: false } => self.close(reason),
            _ => self.phase = Phase::Upgraded,
        }
        self.settle(progress, clock);
    }

    /// What the peer owes us, when we owe it nothing.
    fn wait(&self) -> Wait {
        match (&self.phase, &self.reading) {
            (Phase::Linger { .. }, _) => Wait::Linger,
            (Phase::Open, Reading::Head { .. }) if self.has_input() => Wait::Head,
            (Phase::Open, Reading::Head { .. }) if self.draining => Wait::Parting,
            (Phase::Open, Reading::Head { .. }) if self.answered == 0 => Wait::FirstByte,
            (Phase::Open, Reading::Head { .. }) => Wait::Idle,
            (Phase::Open, Reading::Body { .. }) if self.may_read() => Wait::Body,
            _ => Wait::Nothing,
        }
    }

    pub(super) fn buffers(&mut self) -> &mut Buffers {
        self.buffers.get_or_insert_with(Buffers::empty)
    }
}

const _: () = assert!(
    size_of::<Connection>() <= 400 && size_of::<Duration>() == 16,
    "an idle connection is this and a socket"
);
