//! The reading half: from a head to the end of its body.

use std::{mem, time::Instant};

use super::{
    buffers::Buffers,
    clock::Clock,
    connection::{Connection, Current, Demand, Phase, Reading, Writing},
    decode::{Decoder, Next},
    encode,
    error::Refusal,
    framing::{Expectation, Framing},
    head::Head,
    step::CloseReason,
};

/// What the handler wants of a request.
impl Connection {
    /// The request is wanted, with a body of up to `body_len_max` bytes. None of the body is
    /// read before `want_body`: an answer that comes first is a refusal, like one without this.
    #[inline]
    pub fn accept(&mut self, body_len_max: u64, clock: &Clock) {
        let (Reading::Admission, Some(buffers)) = (&self.reading, &self.buffers) else { return };
        match buffers.head.framing() {
            // Nothing is waited for that was not before.
            Framing::None => self.reading = Reading::Ended { trailer_len: 0 },
            framing => self.begin_to_read_body(framing, body_len_max, clock),
        }
    }

    fn begin_to_read_body(&mut self, framing: Framing, len_max: u64, clock: &Clock) {
        match Decoder::new(framing, len_max) {
            Err(refusal) => return self.refuse(refusal, clock),
            Ok(None) => self.reading = Reading::Ended { trailer_len: 0 },
            Ok(Some(decoder)) => {
                self.timer.begin_body();
                let demand = Demand::NotYet;
                self.reading = Reading::Body { decoder, piece_len: 0, received: 0, demand };
            }
        }
        self.settle(false, clock);
    }

    /// Whether the handler waits for the request's body. The first time it does, a client
    /// that holds the body back is told to continue (RFC 9110 §10.1.1).
    #[inline]
    pub fn want_body(&mut self, is_wanted: bool, clock: &Clock) {
        let Reading::Body { demand, .. } = &mut self.reading else { return };
        let begins = *demand == Demand::NotYet;
        *demand = match (&demand, is_wanted) {
            (Demand::Unwanted { .. }, _) | (Demand::NotYet, false) => return,
            (_, true) => Demand::Wanted,
            (_, false) => Demand::Later,
        };
        if begins {
            self.read_on(clock);
        }
        let is_due = is_wanted && matches!(self.writing, Writing::Nothing);
        if is_due && mem::take(&mut self.current.owes_continue) {
            encode::continue_(self.buffers().output.writer());
        }
        self.settle(false, clock);
    }

    /// `len` bytes of the piece were used.
    pub fn consume(&mut self, len: usize, clock: &Clock) {
        if let Reading::Body { decoder, piece_len, .. } = &mut self.reading {
            let len = len.min(*piece_len);
            decoder.taken(len);
            *piece_len -= len;
            let is_used_up = *piece_len == 0;
            self.buffers().input.consume(len);
            if is_used_up {
                self.read_on(clock);
            }
        }
        self.settle(false, clock);
    }

    /// The end of the body has been taken note of.
    pub fn end_taken(&mut self, clock: &Clock) {
        self.finish_reading();
        self.settle(false, clock);
    }
}

/// What comes of the bytes.
impl Connection {
    /// The head of the request at hand.
    pub fn head(&self) -> Option<Head<'_>> {
        let buffers = self.buffers.as_deref().filter(|_| self.current.has_head)?;
        Some(Head::new(buffers.input.head(), &buffers.head))
    }

    /// Reads what has come, as far as the state allows.
    pub(super) fn read_on(&mut self, clock: &Clock) {
        let is_starved = match self.reading {
            Reading::Head { .. } => self.read_head(clock.now()),
            Reading::Body { demand: Demand::Unwanted { .. }, .. } => {
                return self.read_over(0, clock);
            }
            Reading::Body { demand: Demand::NotYet, .. }
            | Reading::Admission
            | Reading::Ended { .. }
            | Reading::Done => Ok(false),
            Reading::Body { .. } => self.read_body(),
        };
        match is_starved {
            Ok(true) if self.peer_closed => self.starve(clock),
            Ok(_) => {}
            Err(_) if self.skip_line() => self.read_on(clock),
            Err(refusal) => self.refuse(refusal, clock),
        }
    }

    /// True if more bytes are needed.
    fn read_head(&mut self, now: Instant) -> Result<bool, Refusal> {
        let Some(Buffers { input, head, .. }) = self.buffers.as_deref_mut() else {
            return Ok(true);
        };
        let pending = input.pending();
        if pending.is_empty() {
            return Ok(true);
        }
        let Some(len) = head.read(pending, &self.limits, self.scheme)? else { return Ok(true) };
        input.pin(len);
        self.current = Current {
            has_head: true,
            owes_continue: head.expectation() == Expectation::Continue,
            persists: head.persists(),
            ..Current::new(now)
        };
        let has_unknown_expectation = head.expectation() == Expectation::Unknown;
        self.reading = Reading::Admission;
        // Whatever the application would say to it: nobody can meet this.
        if has_unknown_expectation { Err(Refusal::Expectation) } else { Ok(false) }
    }

    /// Steps over an empty line that was refused as a request line: RFC 9112 §2.2, old clients
    /// send a line too many after a body. False if there is none, or has been one already.
    #[cold]
    fn skip_line(&mut self) -> bool {
        let (Reading::Head { may_skip_line }, Some(Buffers { input, head, .. })) =
            (&mut self.reading, self.buffers.as_deref_mut())
        else {
            return false;
        };
        let is_skipped = mem::take(may_skip_line) && input.pending().starts_with(b"\r\n");
        if is_skipped {
            input.consume(2);
            head.restart();
        }
        is_skipped
    }

    /// True if more bytes are needed.
    #[inline(never)]
    pub(super) fn read_body(&mut self) -> Result<bool, Refusal> {
        let (Reading::Body { decoder, piece_len, received, .. }, Some(buffers)) =
            (&mut self.reading, self.buffers.as_deref_mut())
        else {
            return Ok(false);
        };
        if *piece_len > 0 {
            return Ok(false);
        }
        let Buffers { input, trailers, .. } = buffers;
        if !input.is_empty() {
            self.current.owes_continue = false;
        }
        let (framing_len, next) = decoder.next(input.pending(), trailers, &self.limits)?;
        input.consume(framing_len);
        match next {
            Next::Partial => return Ok(true),
            Next::Content(len) => {
                *piece_len = len;
                *received += len as u64;
            }
            Next::End(trailer_len) => self.reading = Reading::Ended { trailer_len },
        }
        Ok(false)
    }

    /// The peer has closed while bytes were wanted of it.
    #[cold]
    pub(super) fn starve(&mut self, clock: &Clock) {
        match self.reading {
            Reading::Head { .. } if !self.has_input() => {
                self.finish_connection(CloseReason::PeerClosed);
            }
            _ => self.refuse(Refusal::Incomplete, clock),
        }
    }

    /// Steps over the trailers, and is done with the request's body if it has ended.
    pub(super) fn finish_reading(&mut self) {
        match self.reading {
            Reading::Admission | Reading::Ended { trailer_len: 0 } => {}
            Reading::Ended { trailer_len } => self.step_over_trailers(trailer_len),
            Reading::Head { .. } | Reading::Body { .. } | Reading::Done => return,
        }
        self.reading = Reading::Done;
    }

    #[cold]
    fn step_over_trailers(&mut self, len: usize) {
        self.buffers().input.consume(len);
    }

    /// The request has been answered before its body has ended.
    #[inline(never)]
    pub(super) fn leave_body(&mut self, clock: &Clock) {
        let Reading::Body { decoder, demand, piece_len, .. } = &mut self.reading else { return };
        let left_max = self.limits.discard_len_max;
        if decoder.left_min() > left_max {
            return self.finish_connection(CloseReason::BodyUnwanted);
        }
        *demand = Demand::Unwanted { left: left_max };
        let piece_len = mem::take(piece_len);
        self.read_over(piece_len, clock);
    }

    /// Reads over a body nobody wants, beginning with a piece that has come, as long as that
    /// is cheaper than a new connection.
    #[inline(never)]
    pub(super) fn read_over(&mut self, mut piece_len: usize, clock: &Clock) {
        while let Reading::Body { decoder, demand: Demand::Unwanted { left }, .. } =
            &mut self.reading
        {
            decoder.taken(piece_len);
            let Some(rest) = left.checked_sub(piece_len as u64) else {
                return self.finish_connection(CloseReason::BodyUnwanted);
            };
            *left = rest;
            self.buffers().input.consume(piece_len);
            match self.read_body() {
                Ok(true) if self.peer_closed => return self.starve(clock),
                Ok(true) => return,
                Ok(false) => {}
                Err(refusal) => return self.refuse(refusal, clock),
            }
            piece_len = match &mut self.reading {
                Reading::Body { piece_len, .. } => mem::take(piece_len),
                _ => 0,
            };
        }
        self.finish_reading();
        self.begin_request(clock);
    }

    /// Throws away what comes after the last answer, up to a bound.
    pub(super) fn discard(&mut self) {
        let Some(Buffers { input, .. }) = self.buffers.as_deref_mut() else { return };
        let len = input.pending().len();
        input.consume(len);
        if let Phase::Linger { reason, discarded } = &mut self.phase {
            *discarded += len as u64;
            if *discarded > self.limits.linger_len_max {
                let reason = *reason;
                self.close(reason);
            }
        }
    }
}
