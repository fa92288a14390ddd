//! The writing half: a response, from its head to the end of its body.

use bytes::Buf;

use super::{
    body::Body,
    buffers::Buffers,
    clock::Clock,
    connection::{Connection, Current, Demand, Phase, Pieces, Reading, Writing},
    encode::{self, Persistence, ResponseFraming},
    error::Refusal,
    framing::{self, Framing},
    name::FieldName,
    response::{FieldValue, Response},
    status::Status,
    step::CloseReason,
    version::Version,
};

/// Bytes of a body that are copied behind its head, so that both leave in one write. What
/// goes beyond is sent from where it lies.
const COPIED_LEN_MAX: usize = 16 * 1024;

/// What the handler answers.
impl Connection {
    /// The answer. Does nothing if there is one already, such as our own 408. A body that has
    /// ended counts as taken note of; of one that goes on, the end is an event.
    pub fn respond(&mut self, mut response: Response, clock: &Clock) {
        if !self.is_unanswered() {
            return;
        }
        // The handler's mistake: no such answer is possible here (RFC 9110 §7.8, §15.2).
        if response.status.is_interim() && !self.may_switch_to(response.status) {
            response = Response::new(Status::INTERNAL_SERVER_ERROR);
        }
        // Refused before its body was read: it may be on its way, or never come.
        self.current.persists &= self.has_been_read();
        self.finish_reading();
        let framing = self.write_head(&response, clock);
        self.begin_body(response.body, framing);
        self.settle(false, clock);
    }

    /// A piece of a streamed answer.
    pub fn filled(&mut self, piece: &[u8], clock: &Clock) {
        let Writing::Stream(pieces) = &mut self.writing else { return };
        let mut piece = piece;
        if let Pieces::Sized(left) = pieces {
            // More than was promised would be taken for the next answer.
            piece = &piece[..piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX))];
            *left -= piece.len() as u64;
        }
        let is_chunked = matches!(pieces, Pieces::Chunked);
        self.current.body_len += piece.len() as u64;
        let output = self.buffers().output.writer();
        if is_chunked {
            encode::chunk(output, piece);
        } else {
            output.extend_from_slice(piece);
        }
        self.settle(false, clock);
    }

    /// A streamed answer is complete. Trailer fields reach a client only in a chunked one.
    pub fn finish(&mut self, trailers: &[(FieldName, FieldValue)], clock: &Clock) {
        let Writing::Stream(pieces) = &self.writing else { return };
        match pieces {
            Pieces::Sized(1..) => return self.abandon(),
            Pieces::Chunked => encode::last_chunk(self.buffers().output.writer(), trailers),
            Pieces::Sized(0) | Pieces::UntilClose => {}
        }
        self.writing = Writing::Done;
        self.settle(false, clock);
    }

    /// The handler cannot finish its answer. The client sees that it is incomplete.
    pub fn abandon(&mut self) {
        if let (Phase::Open, Writing::Nothing | Writing::Stream(_)) = (&self.phase, &self.writing) {
            self.break_off(CloseReason::AnswerAbandoned);
        }
    }
}

/// What becomes of it.
impl Connection {
    fn write_head(&mut self, response: &Response, clock: &Clock) -> ResponseFraming {
        let may_go_on = self.may_go_on(clock);
        let Self { buffers, current, .. } = self;
        let Buffers { head, output, .. } = &mut **buffers.get_or_insert_with(Buffers::empty);
        let framing = encode::framing(head.version(), response.status, &response.body);
        current.status = response.status;
        current.persists &= may_go_on && framing != ResponseFraming::UntilClose;
        let persistence = persistence(response.status, current.persists, head.version());
        encode::head(output.writer(), response, framing, persistence, clock);
        framing
    }

    /// Copies what is small enough behind the head, and notes what else is to follow.
    fn begin_body(&mut self, body: Body, framing: ResponseFraming) {
        self.writing = Writing::Done;
        let Buffers { head, output, .. } = self.buffers();
        if head.is_head() || matches!(framing, ResponseFraming::None | ResponseFraming::Length(0)) {
            return;
        }
        match body {
            Body::Bytes(mut bytes) => {
                let copied_len = bytes.len().min(COPIED_LEN_MAX);
                output.writer().extend_from_slice(&bytes[..copied_len]);
                self.current.body_len = copied_len as u64;
                if bytes.len() > copied_len {
                    bytes.advance(copied_len);
                    self.writing = Writing::Bytes(bytes);
                }
            }
            Body::File(range) => self.writing = Writing::File(range),
            Body::Stream(_) => self.writing = Writing::Stream(pieces(framing)),
        }
    }

    /// `len` bytes were sent of a body that lies behind the output.
    #[inline(never)]
    pub(super) fn body_sent(&mut self, len: usize) {
        if let Writing::Bytes(rest) = &mut self.writing {
            let len = len.min(rest.len());
            rest.advance(len);
            self.current.body_len += len as u64;
            if rest.is_empty() {
                self.writing = Writing::Done;
            }
        }
    }

    /// Whether no more of the request at hand is to come, or a handler goes on reading it.
    fn has_been_read(&self) -> bool {
        let is_bodiless = || self.head().is_some_and(|head| head.framing() == Framing::None);
        match self.reading {
            Reading::Admission => is_bodiless(),
            Reading::Body { demand: Demand::NotYet, .. } => false,
            _ => true,
        }
    }

    /// Only a 101, and only when the client offered it and its request has come whole.
    #[cold]
    fn may_switch_to(&self, status: Status) -> bool {
        status == Status::SWITCHING_PROTOCOLS
            && !matches!(self.reading, Reading::Body { .. })
            && self.has_been_read()
            && self.head().is_some_and(|head| framing::may_upgrade(head.version(), &head.fields()))
    }

    /// Answers a request that will not be taken, if an answer is still possible, and closes.
    #[cold]
    pub(super) fn refuse(&mut self, refusal: Refusal, clock: &Clock) {
        if let Reading::Head { .. } = self.reading {
            self.current = Current::new(clock.now());
        }
        self.current.persists = false;
        let is_answered =
            matches!(self.reading, Reading::Body { demand: Demand::Unwanted { .. }, .. });
        match self.writing {
            // This body's request has been answered and taken note of.
            Writing::Nothing if is_answered => {
                self.finish_connection(CloseReason::Refused(refusal));
            }
            Writing::Nothing => {
                self.reading = Reading::Done;
                self.current.refusal = Some(refusal);
                let status = refusal.status();
                let text = format!("{status}: {refusal}\n");
                return self.respond(Response::text(status, text), clock);
            }
            Writing::Done => self.reading = Reading::Done,
            // An answer is under way: only its end can tell that something went wrong.
            Writing::Bytes(_) | Writing::File(_) | Writing::Stream(_) => {
                self.break_off(CloseReason::Refused(refusal));
            }
        }
        self.settle(false, clock);
    }

    /// Ends an answer in its middle. The answers before it, and its beginning, still leave.
    fn break_off(&mut self, reason: CloseReason) {
        // An answer that ends with the connection would seem to be complete.
        let ends_by_closing = matches!(self.writing, Writing::Stream(Pieces::UntilClose));
        if ends_by_closing || self.output_len() == 0 {
            return self.close(reason);
        }
        self.phase = Phase::Flush { reason, linger: false };
        (self.reading, self.writing) = (Reading::Done, Writing::Nothing);
    }
}

const fn persistence(status: Status, persists: bool, version: Version) -> Persistence {
    match (status, persists, version) {
        (Status::SWITCHING_PROTOCOLS, ..) => Persistence::Upgrade,
        (_, false, _) => Persistence::Close,
        (_, true, Version::Http10) => Persistence::KeepAlive,
        (_, true, Version::Http11) => Persistence::Default,
    }
}

const fn pieces(framing: ResponseFraming) -> Pieces {
    match framing {
        ResponseFraming::None => Pieces::Sized(0),
        ResponseFraming::Length(len) => Pieces::Sized(len),
        ResponseFraming::Chunked => Pieces::Chunked,
        ResponseFraming::UntilClose => Pieces::UntilClose,
    }
}
