//! The questions a driver asks. They change nothing: asked twice, they answer alike.
//!
//! A driver that serves both halves at once asks `due`; one that serves a part at a time
//! asks for that part.

use std::time::Instant;

use super::{
    buffers::{Buffers, READ_AHEAD_LEN_MAX},
    connection::{Connection, Demand, Phase, Reading, Writing},
    fields::Fields,
    step::{Due, Event, Exchange, Write},
};

impl Connection {
    /// Everything that is due.
    pub fn due(&self) -> Due<'_> {
        Due {
            event: self.event(),
            may_read: self.may_read(),
            may_fill: self.may_fill(),
            must_write: self.must_write(),
            deadline: self.deadline(),
        }
    }

    /// What has happened that the driver must answer.
    #[inline]
    pub fn event(&self) -> Option<Event<'_>> {
        match self.phase {
            Phase::Closed(reason) => return Some(Event::Close(reason)),
            Phase::Upgraded => return Some(Event::Upgraded(self.pending())),
            Phase::Open => {}
            _ => return None,
        }
        if let Writing::Done = self.writing {
            return Some(Event::Answered(self.exchange()));
        }
        match &self.reading {
            Reading::Admission if self.has_room_for_answer() => self.head().map(Event::Head),
            Reading::Body { piece_len: len @ 1.., .. } => {
                self.pending().get(..*len).map(Event::Body)
            }
            Reading::Ended { trailer_len } => {
                let trailers = self.trailers(*trailer_len)?;
                Some(Event::BodyEnd(self.head()?, trailers))
            }
            _ => None,
        }
    }

    /// Whether a request is at hand, or what should have been one, that has not been answered.
    pub const fn is_unanswered(&self) -> bool {
        let is_at_hand = self.current.has_head || self.current.refusal.is_some();
        is_at_hand && matches!((&self.phase, &self.writing), (Phase::Open, Writing::Nothing))
    }

    /// Whether bytes are wanted from the peer.
    pub fn may_read(&self) -> bool {
        if self.peer_closed {
            return false;
        }
        match (&self.phase, &self.reading) {
            (Phase::Open, Reading::Head { .. }) | (Phase::Linger { .. }, _) => true,
            (Phase::Open, Reading::Body { piece_len, demand, .. }) => {
                *piece_len == 0 && !matches!(demand, Demand::NotYet | Demand::Later)
            }
            // The next requests may come early, and a peer that vanishes is noticed.
            (Phase::Open, _) => {
                self.pending().len() < self.limits.read_ahead_len_max.min(READ_AHEAD_LEN_MAX)
            }
            (Phase::Flush { linger, .. }, _) => *linger,
            _ => false,
        }
    }

    /// Whether pieces are wanted from the handler.
    pub fn may_fill(&self) -> bool {
        // Some is always possible, whatever the limits say.
        let has_room = || self.output_len() < self.limits.output_len_max.max(1);
        matches!((&self.phase, &self.writing), (Phase::Open, Writing::Stream(_))) && has_room()
    }

    /// What is to be sent.
    pub fn must_write(&self) -> Option<Write<'_>> {
        let output = self.output();
        if !output.is_empty() {
            return Some(Write::Bytes(output));
        }
        match (&self.writing, &self.phase) {
            (Writing::Bytes(rest), _) => Some(Write::Bytes(rest)),
            (Writing::File(range), _) => {
                Some(Write::File { file: &range.file, offset: range.offset, len: range.len })
            }
            (_, Phase::Shutdown { .. }) => Some(Write::Shutdown),
            _ => None,
        }
    }

    /// When `expire` must be called; `None` if the connection waits for our own side.
    #[inline]
    pub fn deadline(&self) -> Option<Instant> {
        let body_received = match &self.reading {
            Reading::Body { received, .. } => *received,
            _ => 0,
        };
        self.timer.deadline(&self.limits, body_received)
    }

    /// Whether it is between two requests and holds no byte in either direction.
    pub fn is_idle(&self) -> bool {
        matches!((&self.phase, &self.reading), (Phase::Open, Reading::Head { .. }))
            && !self.has_input()
            && self.output_len() == 0
    }

    /// The exchange that the end of the connection cut short, if one was under way.
    pub fn unfinished(&self) -> Option<Exchange<'_>> {
        let is_cut_short = matches!(self.phase, Phase::Closed(_)) && self.current.has_head;
        is_cut_short.then(|| self.exchange())
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange {
            head: self.head(),
            status: self.current.status,
            body_len: self.current.body_len,
            began: self.current.began,
            refusal: self.current.refusal,
        }
    }

    /// Whether a request can be answered now, or the answers before it must leave first.
    fn has_room_for_answer(&self) -> bool {
        // One is always possible, whatever the limits say.
        self.unsent_answers == 0
            || (self.unsent_answers < self.limits.pipelined_max
                && self.output_len() < self.limits.output_len_max)
    }

    /// Whether there is something to be sent: whether `must_write` has an answer.
    pub(super) fn owes_output(&self) -> bool {
        self.output_len() > 0
            || matches!(self.writing, Writing::Bytes(_) | Writing::File(_))
            || matches!(self.phase, Phase::Shutdown { .. })
    }

    fn trailers(&self, len: usize) -> Option<Fields<'_>> {
        if len == 0 {
            return Some(Fields::none());
        }
        let Buffers { input, trailers, .. } = self.buffers.as_deref()?;
        Some(Fields::new(input.pending().get(..len)?, trailers))
    }

    fn pending(&self) -> &[u8] {
        self.buffers.as_deref().map(|buffers| buffers.input.pending()).unwrap_or_default()
    }

    fn output(&self) -> &[u8] {
        self.buffers.as_deref().map(|buffers| buffers.output.pending()).unwrap_or_default()
    }

    /// Whether bytes have come that are not consumed.
    pub(super) fn has_input(&self) -> bool {
        self.buffers.as_deref().is_some_and(|buffers| !buffers.input.is_empty())
    }

    pub(super) fn output_len(&self) -> usize {
        self.buffers.as_deref().map_or(0, |buffers| buffers.output.len())
    }
}
