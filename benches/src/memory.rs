//! A connection without a socket: what a request costs in the core, and nothing else.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use level1_blocking::http::{
    Connection,
    buffers::BufferPool,
    clock::Clock,
    head::Head,
    limits::Limits,
    response::Response,
    status::Status,
    step::{Event, Write},
    target::Scheme,
};

/// A connection with the smallest possible driver and application around it.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    pool: BufferPool,
    clock: Clock,
}

impl Default for Session {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            connection: Connection::new(Arc::new(Limits::default()), Scheme::Http, now),
            pool: BufferPool::new(1),
            clock: Clock::new(now, SystemTime::now()),
        }
    }
}

impl Session {
    /// One read that brings `bytes`, all that becomes due, and one write: how many requests
    /// were answered, and with how many bytes.
    ///
    /// # Panics
    /// If `bytes` are more than one read may bring, or a request is not answered.
    pub fn turn(&mut self, bytes: &[u8]) -> (usize, usize) {
        let Self { connection, pool, clock } = self;
        connection.spare(pool)[..bytes.len()].copy_from_slice(bytes);
        connection.received(bytes.len(), clock);
        let (mut answers, mut sent) = (0, 0);
        loop {
            match connection.event() {
                Some(Event::Head(head)) => {
                    if is_wanted(&head) {
                        connection.accept(u64::MAX, clock);
                        connection.want_body(true, clock);
                    } else {
                        connection.respond(Response::new(Status::NOT_FOUND), clock);
                    }
                }
                Some(Event::Body(piece)) => {
                    let len = piece.len();
                    connection.consume(len, clock);
                }
                Some(Event::BodyEnd(..)) => {
                    connection.respond(Response::text(Status::OK, "Hello, World!\n"), clock);
                }
                Some(Event::Answered(_)) => {
                    answers += 1;
                    connection.next_request(clock);
                }
                Some(Event::Upgraded(_) | Event::Close(_)) => panic!("the connection persists"),
                None => match connection.must_write() {
                    Some(Write::Bytes(bytes)) => {
                        let len = bytes.len();
                        sent += len;
                        connection.sent(len, clock);
                    }
                    _ => break,
                },
            }
        }
        connection.release(pool);
        (answers, sent)
    }
}

fn is_wanted(head: &Head<'_>) -> bool {
    *head.target().decoded_path() == *b"/hello"
}
