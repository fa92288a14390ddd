//! Any calls in any order: nothing panics, asking changes nothing, and the end is the end.

use std::{
    fs::File,
    sync::{Arc, LazyLock},
    time::{Duration, Instant, SystemTime},
};

use bolero::TypeGenerator;
use level1_blocking::http::{
    Connection,
    body::{Body, FileRange},
    buffers::BufferPool,
    clock::Clock,
    limits::Limits,
    name::FieldName,
    response::{FieldValue, Response},
    status::Status,
    step::{Event, Write},
    target::Scheme,
};

use super::pieces::Piece;

/// A call, with its arguments.
#[derive(Debug, Clone, TypeGenerator)]
pub(crate) enum Call {
    /// These bytes are read, or as many as there is room for.
    Receive(Piece),
    /// Any number of bytes is said to have been read.
    Received(u32),
    Accept(u64),
    WantBody(bool),
    Consume(u16),
    EndTaken,
    Respond {
        status: u16,
        body: Kind,
    },
    SwitchProtocols,
    Filled(Vec<u8>),
    Finish {
        has_trailers: bool,
    },
    Abandon,
    NextRequest,
    Sent(u16),
    /// Everything that is due is sent.
    SendAll,
    Transferred(u64),
    ShutDown,
    PeerClosed,
    PeerVanished,
    Drain,
    Expire {
        seconds: u8,
    },
    Release,
    Spare,
}

/// A body.
#[derive(Debug, Clone, Copy, TypeGenerator)]
pub(crate) enum Kind {
    Bytes(u16),
    /// A file said to have so many bytes: the core never looks.
    File(u64),
    Sized(u64),
    Unsized,
}

impl From<Kind> for Body {
    fn from(kind: Kind) -> Self {
        static FILE: LazyLock<Arc<File>> =
            LazyLock::new(|| Arc::new(File::open("/dev/null").expect("a file")));
        match kind {
            Kind::Bytes(len) => vec![b'x'; len.into()].into(),
            Kind::File(len) => FileRange { file: Arc::clone(&FILE), offset: 0, len }.into(),
            Kind::Sized(len) => Self::Stream(Some(len)),
            Kind::Unsized => Self::Stream(None),
        }
    }
}

/// Makes the calls, and looks at what is due after each.
pub(crate) fn check(calls: &[Call]) {
    let limits = Limits { body_rate_min: Some(10), discard_len_max: 50, ..Limits::default() };
    let now = Instant::now();
    let mut clock = Clock::new(now, SystemTime::UNIX_EPOCH);
    let mut pool = BufferPool::new(1);
    let mut connection = Connection::new(Arc::new(limits), Scheme::Http, now);
    let mut end = None;
    for call in calls {
        make(call, &mut connection, &mut pool, &mut clock);
        let due = connection.due();
        assert_eq!(format!("{due:?}"), format!("{:?}", connection.due()));
        let closed = match due.event {
            Some(Event::Close(reason)) => Some(reason),
            _ => None,
        };
        if closed.is_some() {
            let is_quiet = !due.may_read && !due.may_fill && due.must_write.is_none();
            assert!(is_quiet && due.deadline.is_none(), "the end is the end, after {call:?}");
        }
        assert!(end.is_none() || end == closed, "a reason does not change");
        end = closed;
    }
}

fn make(call: &Call, connection: &mut Connection, pool: &mut BufferPool, clock: &mut Clock) {
    match call {
        Call::Receive(piece) => {
            let bytes = piece.bytes();
            let spare = connection.spare(pool);
            let len = spare.len().min(bytes.len());
            spare[..len].copy_from_slice(&bytes[..len]);
            connection.received(len, clock);
        }
        Call::Received(len) => connection.received(*len as usize, clock),
        Call::Accept(body_len_max) => connection.accept(*body_len_max, clock),
        Call::WantBody(is_wanted) => connection.want_body(*is_wanted, clock),
        Call::Consume(len) => connection.consume((*len).into(), clock),
        Call::EndTaken => connection.end_taken(clock),
        Call::Respond { status, body } => {
            let status = Status::new(100 + status % 500).expect("between 100 and 599");
            connection.respond(Response::new(status).body(Body::from(*body)), clock);
        }
        Call::SwitchProtocols => {
            connection.respond(Response::switching_to(&FieldValue::from_static("x")), clock);
        }
        Call::Filled(piece) => connection.filled(piece, clock),
        Call::Finish { has_trailers } => {
            let trailer = (FieldName::from_static("Sum"), FieldValue::from_static("3"));
            let trailers = [trailer];
            connection.finish(if *has_trailers { &trailers } else { &[] }, clock);
        }
        Call::Abandon => connection.abandon(),
        Call::NextRequest => connection.next_request(clock),
        Call::Sent(len) => connection.sent((*len).into(), clock),
        Call::SendAll => send_all(connection, clock),
        Call::Transferred(len) => connection.transferred(*len, clock),
        Call::ShutDown => connection.shut_down(clock),
        Call::PeerClosed => connection.peer_closed(clock),
        Call::PeerVanished => connection.peer_vanished(),
        Call::Drain => connection.drain(clock),
        Call::Expire { seconds } => {
            let now = clock.now() + Duration::from_secs((*seconds).into());
            clock.advance(now, || SystemTime::UNIX_EPOCH);
            connection.expire(clock);
        }
        Call::Release => connection.release(pool),
        Call::Spare => {
            let may_read = connection.may_read();
            assert!(!may_read || !connection.spare(pool).is_empty(), "there is room to read into");
        }
    }
}

/// Sends until nothing is due; the end of each step is one answer at most, so it comes.
fn send_all(connection: &mut Connection, clock: &Clock) {
    while let Some(write) = connection.must_write() {
        match write {
            Write::Bytes(bytes) => {
                let len = bytes.len();
                connection.sent(len, clock);
            }
            Write::File { len, .. } => connection.transferred(len, clock),
            Write::Shutdown => connection.shut_down(clock),
        }
    }
}
