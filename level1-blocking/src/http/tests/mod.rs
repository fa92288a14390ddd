//! Tests of the whole core, in memory and on a simulated clock.
//!
//! `Peer` is a driver and a handler in one. It serves the halves one at a time or in random
//! turns, and checks at every step what must always hold: asking changes nothing, and the
//! buffers stay within their bounds.

mod bounds;
mod conversations;
mod halves;

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    body::Body,
    buffers::BufferPool,
    clock::Clock,
    connection::Connection,
    error::Refusal,
    head::Head,
    limits::Limits,
    method::Method,
    name::FieldName,
    response::{FieldValue, Response},
    status::Status,
    step::{CloseReason, Event, Write},
    target::Scheme,
};

const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

/// A connection, its driver, its handler, and what the client has received.
struct Peer {
    connection: Connection,
    pool: BufferPool,
    clock: Clock,
    limits: Arc<Limits>,
    start: Instant,
    body: Vec<u8>,
    received: Vec<u8>,
    log: Vec<String>,
    is_shut_down: bool,
}

impl Peer {
    fn new(limits: Limits) -> Self {
        let (limits, start) = (Arc::new(limits), Instant::now());
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        Self {
            connection: Connection::new(Arc::clone(&limits), Scheme::Http, start),
            pool: BufferPool::new(4),
            clock: Clock::new(start, wall),
            limits,
            start,
            body: Vec::new(),
            received: Vec::new(),
            log: Vec::new(),
            is_shut_down: false,
        }
    }

    /// Sends `bytes` and serves everything that is due after it.
    fn send(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.connection.may_read() {
            let spare = self.connection.spare(&mut self.pool);
            let len = spare.len().min(bytes.len());
            spare[..len].copy_from_slice(&bytes[..len]);
            self.connection.received(len, &self.clock);
            bytes = &bytes[len..];
            self.serve();
        }
    }

    fn serve(&mut self) {
        while self.answer_event() || self.write() {
            if self.received.len() < 10_000 {
                assert_asking_changes_nothing(&self.connection);
            }
        }
        self.connection.release(&mut self.pool);
    }

    /// Answers the event that is due; false if there is none to answer.
    fn answer_event(&mut self) -> bool {
        let Self { connection, clock, body, .. } = self;
        match connection.event() {
            Some(Event::Head(head)) => {
                if let Some(response) = refusal_of(&head) {
                    connection.respond(response, clock);
                } else {
                    connection.accept(1000, clock);
                    connection.want_body(true, clock);
                }
            }
            Some(Event::Body(piece)) => {
                body.extend_from_slice(piece);
                let len = piece.len();
                connection.consume(len, clock);
            }
            Some(Event::BodyEnd(head, trailers)) => {
                self.log.extend(trailers.iter().map(|(name, _)| format!("trailer {name}")));
                let response = answer_to(&head, std::mem::take(body));
                connection.respond(response, clock);
                if connection.may_fill() {
                    connection.filled(b"ab", clock);
                    connection.filled(b"", clock);
                    connection.filled(b"c", clock);
                    let trailer = (FieldName::from_static("Sum"), FieldValue::from_static("3"));
                    connection.finish(&[trailer], clock);
                }
            }
            Some(Event::Answered(exchange)) => {
                self.log.push(format!("{} {}", exchange.status.code(), exchange.body_len));
                connection.next_request(clock);
            }
            Some(Event::Upgraded(rest)) => {
                let rest = String::from_utf8_lossy(rest).into_owned();
                if self.log.last() != Some(&rest) {
                    self.log.push(rest);
                }
                return false;
            }
            Some(Event::Close(_)) | None => return false,
        }
        true
    }

    fn write(&mut self) -> bool {
        match self.connection.must_write() {
            None => return false,
            Some(Write::File { .. }) => unreachable!("no test sends a file here"),
            Some(Write::Shutdown) => {
                self.is_shut_down = true;
                self.connection.shut_down(&self.clock);
            }
            Some(Write::Bytes(bytes)) => {
                assert!(!self.is_shut_down, "nothing is sent after the end");
                // A socket that takes a little at a time.
                let len = bytes.len().min(700);
                self.received.extend_from_slice(&bytes[..len]);
                self.connection.sent(len, &self.clock);
            }
        }
        true
    }

    fn pass(&mut self, time: Duration) {
        let now = self.clock.now() + time;
        self.clock.advance(now, || SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777));
        self.connection.expire(&self.clock);
        self.serve();
    }

    fn close(&mut self) {
        self.connection.peer_closed(&self.clock);
        self.serve();
    }

    fn closed(&self) -> Option<CloseReason> {
        match self.connection.event() {
            Some(Event::Close(reason)) => Some(reason),
            _ => None,
        }
    }

    fn received(&self) -> String {
        String::from_utf8_lossy(&self.received).replace(DATE, "")
    }
}

fn refusal_of(head: &Head<'_>) -> Option<Response> {
    match (head.method(), head.target().path()) {
        (_, "/missing") => Some(Response::new(Status::NOT_FOUND).body("no\n")),
        _ => None,
    }
}

fn answer_to(head: &Head<'_>, body: Vec<u8>) -> Response {
    match head.target().path() {
        "/stream" => Response::new(Status::OK).body(Body::Stream(None)),
        "/sized" => Response::new(Status::OK).body(Body::Stream(Some(3))),
        "/empty" => Response::new(Status::NO_CONTENT).body("never sent"),
        "/upgrade" => Response::switching_to(&FieldValue::from_static("echo")),
        "/large" => Response::new(Status::OK).body(vec![b'x'; 100_000]),
        _ if head.method() == Method::Post => Response::new(Status::OK).body(body),
        path => Response::new(Status::OK).body(path.to_owned()),
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn last(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn refused(refusal: Refusal) -> String {
    let status = refusal.status();
    let text = format!("{status}: {refusal}\n");
    let len = text.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    )
}

fn assert_asking_changes_nothing(connection: &Connection) {
    let once = format!("{:?}", connection.due());
    assert_eq!(once, format!("{:?}", connection.due()));
}

/// A small generator of random numbers: xorshift, seeded, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below a usize")
    }
}
