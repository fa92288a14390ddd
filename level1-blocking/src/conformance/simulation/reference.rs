//! What level 1's core answers when the same bytes come all at once.

use std::{
    mem,
    os::unix::fs::FileExt as _,
    sync::Arc,
    time::{Instant, SystemTime},
};

use crate::{
    handler::{self, Admission, Handler, Request},
    http::{
        Connection,
        buffers::BufferPool,
        clock::Clock,
        limits::Limits,
        step::{Event, Write},
        target::Scheme,
    },
};

/// All the answers to `bytes`, after which the client closes its sending half.
pub fn answers(handler: &dyn Handler, limits: &Limits, mut bytes: &[u8]) -> Vec<u8> {
    let clock = Clock::new(Instant::now(), SystemTime::now());
    let mut pool = BufferPool::new(1);
    let mut connection = Connection::new(Arc::new(limits.clone()), Scheme::Http, clock.now());
    let (mut body, mut answers) = (Vec::new(), Vec::new());
    loop {
        match connection.event() {
            Some(Event::Head(head)) => match handler::admit(handler, &head) {
                Admission::Accept { body_len_max } => {
                    connection.accept(body_len_max, &clock);
                    connection.want_body(true, &clock);
                }
                Admission::Refuse(response) => connection.respond(response, &clock),
            },
            Some(Event::Body(piece)) => {
                body.extend_from_slice(piece);
                let len = piece.len();
                connection.consume(len, &clock);
            }
            Some(Event::BodyEnd(head, trailers)) => {
                let request = Request { head, body: mem::take(&mut body), trailers };
                let response = handler::handle(handler, request);
                connection.respond(response, &clock);
            }
            Some(Event::Answered(_)) => {
                body.clear();
                connection.next_request(&clock);
            }
            Some(Event::Upgraded(_) | Event::Close(_)) => return answers,
            None if connection.must_write().is_some() => {
                write(&mut connection, &mut answers, &clock);
            }
            None if connection.may_read() && !bytes.is_empty() => {
                let spare = connection.spare(&mut pool);
                let len = spare.len().min(bytes.len());
                spare[..len].copy_from_slice(&bytes[..len]);
                bytes = &bytes[len..];
                connection.received(len, &clock);
            }
            None => connection.peer_closed(&clock),
        }
    }
}

/// Writes what is due.
fn write(connection: &mut Connection, answers: &mut Vec<u8>, clock: &Clock) {
    match connection.must_write() {
        None => {}
        Some(Write::Bytes(bytes)) => {
            answers.extend_from_slice(bytes);
            let len = bytes.len();
            connection.sent(len, clock);
        }
        Some(Write::File { file, offset, len }) => {
            let start = answers.len();
            answers.resize(start + usize::try_from(len).expect("a small file"), 0);
            file.read_exact_at(&mut answers[start..], offset).expect("the site's file");
            connection.transferred(len, clock);
        }
        Some(Write::Shutdown) => connection.shut_down(clock),
    }
}
