//! The writing half: a response, from its head to the end of its body.

use bytes::{Buf, Bytes};

use super::{
    body::Body,
    clock::Clock,
    connection::{Connection, Current, Demand, Phase, Pieces, Reading, Writing},
    encode::{self, Persistence, ResponseFraming},
    error::Refusal,
    framing::{self, Framing},
    name::FieldName,
    response::{FieldValue, Response, ResponseFields},
    status::Status,
    step::CloseReason,
    version::Version,
};

/// Bytes of a body that are copied behind its head, so that both leave in one write. What
/// goes beyond is sent from where it lies.
const COPIED_LEN_MAX: usize = 16 * 1024;

/// What the handler answers.
impl Connection {
    /// The answer. Does nothing if there is one already, such as our own 408.
    pub fn respond(&mut self, response: Response, clock: &Clock) {
        let is_due = matches!(self.phase, Phase::Open)
            && matches!(self.writing, Writing::Nothing)
            && !matches!(self.reading, Reading::Head { .. });
        if is_due {
            if let Reading::Admission = self.reading {
                // Refused before its body was read: it may be on its way, or never come.
                let is_bodiless = self.head().is_some_and(|head| head.framing() == Framing::None);
                self.current.persists &= is_bodiless;
            }
            self.finish_reading();
            self.write_response(response, clock);
        }
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
        self.close(CloseReason::AnswerAbandoned);
    }
}

/// What becomes of it.
impl Connection {
    #[inline]
    fn write_response(&mut self, response: Response, clock: &Clock) {
        let Response { mut status, mut fields, mut body } = response;
        // The handler's mistake: no such answer is possible here (RFC 9110 §7.8, §15.2).
        if status.is_interim() && !self.may_switch_to(status) {
            status = Status::INTERNAL_SERVER_ERROR;
            fields.clear();
            body = Body::default();
        }
        let (version, is_head) = (self.buffers().head.version(), self.buffers().head.is_head());
        let framing = encode::framing(version, status, &body);
        self.current.status = status;
        self.current.persists &= framing != ResponseFraming::UntilClose && self.may_go_on(clock);
        self.write_head(version, (status, &fields), framing, clock);
        self.writing = match (framing, body) {
            _ if is_head => Writing::Done,
            (ResponseFraming::None | ResponseFraming::Length(0), _) => Writing::Done,
            (_, Body::Bytes(bytes)) => self.write_bytes(bytes),
            (_, Body::File(range)) => Writing::File(range),
            (ResponseFraming::Length(len), Body::Stream(_)) => Writing::Stream(Pieces::Sized(len)),
            (ResponseFraming::Chunked, Body::Stream(_)) => Writing::Stream(Pieces::Chunked),
            (ResponseFraming::UntilClose, Body::Stream(_)) => Writing::Stream(Pieces::UntilClose),
        };
    }

    /// Only a 101, and only when the client offered it and its request has come whole.
    fn may_switch_to(&self, status: Status) -> bool {
        status == Status::SWITCHING_PROTOCOLS
            && matches!(self.reading, Reading::Done)
            && self.head().is_some_and(|head| framing::may_upgrade(head.version(), &head.fields()))
    }

    fn write_head(
        &mut self,
        version: Version,
        line: (Status, &ResponseFields),
        framing: ResponseFraming,
        clock: &Clock,
    ) {
        let persistence = match (line.0, self.current.persists, version) {
            (Status::SWITCHING_PROTOCOLS, ..) => Persistence::Upgrade,
            (_, false, _) => Persistence::Close,
            (_, true, Version::Http10) => Persistence::KeepAlive,
            (_, true, Version::Http11) => Persistence::Default,
        };
        encode::head(self.buffers().output.writer(), line, framing, persistence, clock);
    }

    /// Copies the body's beginning behind the head; the rest stays where it is.
    fn write_bytes(&mut self, mut bytes: Bytes) -> Writing {
        let copied_len = bytes.len().min(COPIED_LEN_MAX);
        self.buffers().output.writer().extend_from_slice(&bytes[..copied_len]);
        self.current.body_len += copied_len as u64;
        if copied_len == bytes.len() {
            return Writing::Done;
        }
        bytes.advance(copied_len);
        Writing::Bytes(bytes)
    }

    /// Answers a request that will not be taken, if an answer is still possible, and closes.
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
                self.write_response(
                    Response::text(
                        status,
                        format!(
                            "{status}: {refusal}
"
                        ),
                    ),
                    clock,
                );
            }
            Writing::Done => self.reading = Reading::Done,
            // An answer is under way: only its end can tell that something went wrong.
            Writing::Bytes(_) | Writing::File(_) | Writing::Stream(_) => {
                self.close(CloseReason::Refused(refusal));
            }
        }
        self.settle(false, clock);
    }
}
