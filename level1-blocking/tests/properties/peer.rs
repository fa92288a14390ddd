//! A client and a driver in one, in memory and on a clock that stands still.
//!
//! It serves one half at a time, as level 1 does, and checks at every step what must always
//! hold: asking changes nothing, buffers stay within their bounds, and the end comes.

use std::{
    mem,
    os::unix::fs::FileExt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::{
    handler::Admission,
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        fields::Fields,
        head::Head,
        limits::Limits,
        name::FieldName,
        response::{FieldValue, Response},
        step::{CloseReason, Due, Event, Write},
        target::Scheme,
    },
};

/// What answers the requests.
pub(crate) trait Application {
    /// Whether the request is wanted, judged by its head.
    fn admit(&mut self, head: &Head<'_>) -> Admission;

    /// The answer to a request that has come whole.
    fn answer(&mut self, head: &Head<'_>, body: Vec<u8>, trailers: &Fields<'_>) -> Answer;
}

/// An answer, and the pieces of its body if that is a stream.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) trailers: Vec<(FieldName, FieldValue)>,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self { response, pieces: Vec::new(), trailers: Vec::new() }
    }
}

/// What can be seen of a connection from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// All bytes sent to the client.
    pub(crate) output: Vec<u8>,
    /// One entry an exchange.
    pub(crate) log: Vec<String>,
    pub(crate) end: End,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed(CloseReason),
    /// Another protocol goes on with these bytes.
    Upgraded(Vec<u8>),
}

/// Room beyond `head_len_max` that the input may take (`http/buffers.rs`).
const INPUT_BEYOND_HEAD_LEN_MAX: usize = 64 * 1024;

/// Sends `bytes` in pieces that end at `cuts`, then closes, and waits for the end. The pool's
/// buffers are used, and are given back.
pub(crate) fn converse<A: Application>(
    application: &mut A,
    limits: &Arc<Limits>,
    bytes: &[u8],
    cuts: &[usize],
    pool: &mut BufferPool,
) -> Outcome {
    let now = Instant::now();
    let clock = Clock::new(now, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
    let connection = Connection::new(Arc::clone(limits), Scheme::Http, now);
    let steps_left = 1000 + 30 * bytes.len();
    let (output, log, body) = (Vec::new(), Vec::new(), Vec::new());
    let mut peer =
        Peer { connection, clock, application, limits, pool, output, log, body, steps_left };
    let ends = cuts.iter().copied().chain([bytes.len()]);
    let mut rest = bytes;
    for end in ends {
        let len = end.saturating_sub(bytes.len() - rest.len());
        let (piece, after) = rest.split_at(len);
        let unread = peer.send(piece);
        if !unread.is_empty() {
            // It takes no more: the client sees that when it is told.
            rest = &bytes[bytes.len() - after.len() - unread.len()..];
            break;
        }
        rest = after;
    }
    let end = peer.end(rest);
    let Peer { output, log, .. } = peer;
    Outcome { output, log, end }
}

struct Peer<'a, A> {
    connection: Connection,
    clock: Clock,
    application: &'a mut A,
    limits: &'a Arc<Limits>,
    pool: &'a mut BufferPool,
    output: Vec<u8>,
    log: Vec<String>,
    body: Vec<u8>,
    steps_left: usize,
}

impl<A: Application> Peer<'_, A> {
    /// Returns what was not taken.
    fn send<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        self.serve();
        while !bytes.is_empty() && self.connection.may_read() {
            let spare = self.connection.spare(self.pool);
            assert!(!spare.is_empty(), "there is room to read into");
            assert!(spare.len() <= self.limits.head_len_max + INPUT_BEYOND_HEAD_LEN_MAX);
            let len = spare.len().min(bytes.len());
            spare[..len].copy_from_slice(&bytes[..len]);
            self.connection.received(len, &self.clock);
            bytes = &bytes[len..];
            self.serve();
        }
        bytes
    }

    /// Closes, and lets time pass until the connection is closed, too.
    fn end(&mut self, rest: &[u8]) -> End {
        self.connection.peer_closed(&self.clock);
        self.serve();
        let end = loop {
            match self.connection.event() {
                Some(Event::Close(reason)) => break End::Closed(reason),
                Some(Event::Upgraded(pending)) => break End::Upgraded([pending, rest].concat()),
                _ => {}
            }
            let deadline = self.connection.deadline().expect("the peer is waited for");
            self.clock.advance(deadline, || SystemTime::UNIX_EPOCH);
            self.connection.expire(&self.clock);
            self.serve();
        };
        let unfinished = self.connection.unfinished();
        self.log.extend(unfinished.map(|exchange| format!("cut short: {}", exchange.status)));
        self.connection.release(self.pool);
        end
    }

    /// Does what is due, until only the peer can go on.
    fn serve(&mut self) {
        while self.answer_event() || self.write() {
            self.check();
        }
        self.connection.release(self.pool);
        self.check();
    }

    fn check(&mut self) {
        self.steps_left = self.steps_left.checked_sub(1).expect("it comes to an end");
        let once = summary(&self.connection.due());
        assert_eq!(once, summary(&self.connection.due()), "asking changes nothing");
        if let Some(Event::Close(_)) = self.connection.event() {
            assert_eq!((once.1, once.2, once.3), (false, false, None), "the end is the end");
        }
    }

    /// Answers the event that is due; false if there is none to answer.
    fn answer_event(&mut self) -> bool {
        let Self { connection, clock, application, body, log, .. } = self;
        match connection.event() {
            Some(Event::Head(head)) => match application.admit(&head) {
                Admission::Accept { body_len_max } => {
                    connection.accept(body_len_max, clock);
                    connection.want_body(true, clock);
                }
                Admission::Refuse(response) => connection.respond(response, clock),
            },
            Some(Event::Body(piece)) => {
                body.extend_from_slice(piece);
                let len = piece.len();
                connection.consume(len, clock);
            }
            Some(Event::BodyEnd(head, trailers)) => {
                let answer = application.answer(&head, mem::take(body), &trailers);
                connection.respond(answer.response, clock);
                for piece in &answer.pieces {
                    connection.filled(piece, clock);
                    write_all(connection, clock, &mut self.output);
                }
                connection.finish(&answer.trailers, clock);
            }
            Some(Event::Answered(exchange)) => {
                let head = exchange.head.map(|head| (head.method().to_string(), head.authority()));
                let (status, len) = (exchange.status, exchange.body_len);
                log.push(format!("{head:?} {status} {len} {:?}", exchange.refusal));
                body.clear();
                connection.next_request(clock);
            }
            Some(Event::Upgraded(_) | Event::Close(_)) | None => return false,
        }
        true
    }

    fn write(&mut self) -> bool {
        write_all(&mut self.connection, &self.clock, &mut self.output)
    }
}

/// Takes all that is due at once; false if nothing is.
fn write_all(connection: &mut Connection, clock: &Clock, output: &mut Vec<u8>) -> bool {
    match connection.must_write() {
        None => return false,
        Some(Write::Shutdown) => connection.shut_down(clock),
        Some(Write::Bytes(bytes)) => {
            output.extend_from_slice(bytes);
            let len = bytes.len();
            connection.sent(len, clock);
        }
        Some(Write::File { file, offset, len }) => {
            let mut piece = vec![0; usize::try_from(len).unwrap_or(usize::MAX).min(5000)];
            let len = file.read_at(&mut piece, offset).expect("a readable file");
            output.extend_from_slice(&piece[..len]);
            connection.transferred(len as u64, clock);
        }
    }
    true
}

type Summary = ((&'static str, usize), bool, bool, Option<usize>, Option<Instant>);

/// What is due, in short: the same again for the same state.
fn summary(due: &Due<'_>) -> Summary {
    let event = match &due.event {
        None => ("nothing", 0),
        Some(Event::Head(head)) => ("head", head.fields().len()),
        Some(Event::Body(piece)) => ("body", piece.len()),
        Some(Event::BodyEnd(_, trailers)) => ("body end", trailers.len()),
        Some(Event::Answered(exchange)) => ("answered", exchange.status.code().into()),
        Some(Event::Upgraded(rest)) => ("upgraded", rest.len()),
        Some(Event::Close(_)) => ("close", 0),
    };
    let pending = due.must_write.as_ref().map(|write| match write {
        Write::Bytes(bytes) => bytes.len(),
        Write::File { .. } | Write::Shutdown => 0,
    });
    (event, due.may_read, due.may_fill, pending, due.deadline)
}
