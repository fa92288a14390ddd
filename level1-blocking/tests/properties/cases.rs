//! What was found by the properties and the fuzz targets, each in its smallest form.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use level1_blocking::http::{
    Connection,
    body::Body,
    buffers::BufferPool,
    clock::Clock,
    error::Refusal,
    limits::Limits,
    response::{FieldValue, Response},
    status::Status,
    step::{CloseReason, Event, Write},
    target::Scheme,
};

/// A connection whose calls a case makes one by one.
struct Peer {
    connection: Connection,
    pool: BufferPool,
    clock: Clock,
}

impl Peer {
    fn new(pool: BufferPool) -> Self {
        let now = Instant::now();
        let clock = Clock::new(now, SystemTime::UNIX_EPOCH);
        let limits = Arc::new(Limits::default());
        Self { connection: Connection::new(limits, Scheme::Http, now), pool, clock }
    }

    fn send(&mut self, bytes: &[u8]) {
        assert!(self.connection.may_read());
        self.connection.spare(&mut self.pool)[..bytes.len()].copy_from_slice(bytes);
        self.connection.received(bytes.len(), &self.clock);
    }

    fn accept(&mut self) {
        self.connection.accept(u64::MAX, &self.clock);
        self.connection.want_body(true, &self.clock);
    }

    fn respond(&mut self, body: impl Into<Body>) {
        self.connection.respond(Response::new(Status::OK).body(body), &self.clock);
    }

    /// Sends all that is due.
    fn flush(&mut self) -> Vec<u8> {
        let mut sent = Vec::new();
        while let Some(Write::Bytes(bytes)) = self.connection.must_write() {
            sent.extend_from_slice(bytes);
            let len = bytes.len();
            self.connection.sent(len, &self.clock);
        }
        sent
    }

    fn pass(&mut self, seconds: u64) {
        let now = self.clock.now() + Duration::from_secs(seconds);
        self.clock.advance(now, || SystemTime::UNIX_EPOCH);
        self.connection.expire(&self.clock);
    }

    fn is_quiet(&self) -> bool {
        let due = self.connection.due();
        !due.may_read && !due.may_fill && due.must_write.is_none() && due.deadline.is_none()
    }
}

impl Default for Peer {
    fn default() -> Self {
        Self::new(BufferPool::new(1))
    }
}

const POST: &[u8] = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";

fn trailers_len(peer: &Peer) -> usize {
    match peer.connection.event() {
        Some(Event::BodyEnd(_, trailers)) => trailers.len(),
        other => panic!("{other:?}"),
    }
}

/// They were those of the request before, of whichever connection had the buffers.
#[test]
fn trailers_are_those_of_their_request() {
    let mut peer = Peer::default();
    peer.send(
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nCookie: x\r\n\r\n",
    );
    peer.accept();
    assert_eq!(trailers_len(&peer), 1);
    peer.respond("");
    peer.connection.next_request(&peer.clock);
    for request in [GET, &[POST, b"0123456789"].concat()] {
        peer.send(request);
        peer.accept();
        if let Some(Event::Body(piece)) = peer.connection.event() {
            let len = piece.len();
            peer.connection.consume(len, &peer.clock);
        }
        assert_eq!(trailers_len(&peer), 0);
        peer.respond("");
        peer.connection.next_request(&peer.clock);
    }
    peer.connection.peer_vanished();
    let Peer { mut connection, mut pool, .. } = peer;
    connection.release(&mut pool);
    let mut other = Peer::new(pool);
    other.send(GET);
    other.accept();
    assert_eq!(trailers_len(&other), 0);
}

/// A deadline was left, and when it had passed a 408 was due.
#[test]
fn nothing_is_due_after_the_peer_has_vanished() {
    let continued = [&POST[..POST.len() - 2], b"Expect: 100-continue\r\n\r\n"].concat();
    for sent in [&b""[..], b"GET", GET, POST, &continued, &[POST, b"01234"].concat()] {
        let mut peer = Peer::default();
        if !sent.is_empty() {
            peer.send(sent);
        }
        if sent.len() > GET.len() {
            peer.connection.accept(u64::MAX, &peer.clock);
        }
        peer.connection.peer_vanished();
        assert!(peer.is_quiet(), "{sent:?}");
        peer.connection.accept(5, &peer.clock);
        peer.connection.want_body(true, &peer.clock);
        peer.connection.consume(5, &peer.clock);
        peer.pass(100);
        assert!(peer.is_quiet(), "{sent:?}");
        let event = peer.connection.event();
        assert!(matches!(event, Some(Event::Close(CloseReason::PeerVanished))), "{event:?}");
    }
}

/// It was an event again, and so was its end: the request was answered a second time.
#[test]
fn a_body_nobody_wants_is_read_over_as_it_comes() {
    let mut peer = Peer::default();
    peer.send(POST);
    peer.accept();
    peer.respond("early");
    peer.connection.next_request(&peer.clock);
    peer.flush();
    for piece in [&b"01234"[..], b"5678"] {
        peer.send(piece);
        assert!(peer.connection.event().is_none());
    }
    peer.send(&[b"9", GET].concat());
    assert!(matches!(peer.connection.event(), Some(Event::Head(_))));
}

/// The bound held only for what had come before the answer.
#[test]
fn a_body_nobody_wants_is_read_over_up_to_a_bound() {
    let mut peer = Peer::default();
    peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.accept();
    peer.respond("early");
    peer.connection.next_request(&peer.clock);
    peer.flush();
    let chunk = [b"1000\r\n", &[b'x'; 0x1000][..], b"\r\n"].concat();
    let sent = (0..100).take_while(|_| {
        let may_read = peer.connection.event().is_none() && peer.connection.may_read();
        if may_read {
            peer.send(&chunk);
        }
        let is_due = peer.connection.must_write().is_some();
        may_read && !is_due
    });
    assert_eq!(sent.count(), 16, "64 KiB");
}

/// It was the answered one again.
#[test]
fn an_exchange_that_has_been_answered_is_not_unfinished() {
    let upgrade = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let switching = || Response::switching_to(&FieldValue::from_static("x"));
    for (sent, response) in [(POST, Response::new(Status::OK)), (&upgrade[..], switching())] {
        let mut peer = Peer::default();
        peer.send(sent);
        peer.accept();
        peer.connection.respond(response, &peer.clock);
        assert!(matches!(peer.connection.event(), Some(Event::Answered(_))));
        peer.connection.next_request(&peer.clock);
        peer.connection.peer_vanished();
        assert!(peer.connection.unfinished().is_none());
    }
}

/// All that had been sent was kept until the output was empty for once.
#[test]
fn output_that_never_runs_empty_does_not_grow() {
    let mut peer = Peer::default();
    peer.send(GET);
    peer.accept();
    peer.respond(Body::Stream(None));
    for _ in 0..1000 {
        while peer.connection.may_fill() {
            peer.connection.filled(&[b'x'; 10_000], &peer.clock);
        }
        peer.connection.sent(10_000, &peer.clock);
    }
    peer.connection.peer_vanished();
    peer.connection.release(&mut peer.pool);
    assert_eq!(peer.pool.len(), 1, "10 MB have passed, and the buffers are small enough to keep");
}

/// Each byte of it began the time for writing anew.
#[test]
fn a_peer_that_sends_but_takes_nothing_is_closed() {
    let mut peer = Peer::default();
    peer.send(GET);
    peer.accept();
    peer.respond(vec![b'x'; 100_000]);
    for _ in 0..2 {
        peer.pass(20);
        if peer.connection.may_read() {
            peer.send(b"G");
        }
    }
    let event = peer.connection.event();
    assert!(matches!(event, Some(Event::Close(CloseReason::WriteStalled))), "{event:?}");
}

/// The body was taken for the other protocol's first bytes.
#[test]
fn an_upgrade_waits_for_the_request_to_come_whole() {
    for is_accepted in [false, true] {
        let mut peer = Peer::default();
        peer.send(
            b"POST / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\
              Content-Length: 4\r\n\r\nbody",
        );
        if is_accepted {
            peer.accept();
        }
        let protocol = FieldValue::from_static("x");
        peer.connection.respond(Response::switching_to(&protocol), &peer.clock);
        let sent = peer.flush();
        assert!(sent.starts_with(b"HTTP/1.1 500 "), "{}", String::from_utf8_lossy(&sent));
    }
}

/// Its request has been answered: there is nobody to tell.
#[test]
fn a_broken_body_nobody_wants_ends_the_connection_without_another_answer() {
    for broken in [&b"zz\r\n"[..], b""] {
        let mut peer = Peer::default();
        peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        peer.accept();
        peer.respond("early");
        peer.connection.next_request(&peer.clock);
        peer.flush();
        let reason = if broken.is_empty() { Refusal::Incomplete } else { Refusal::Chunked };
        if !broken.is_empty() {
            peer.send(broken);
            assert!(matches!(peer.connection.must_write(), Some(Write::Shutdown)));
            peer.connection.shut_down(&peer.clock);
        }
        peer.connection.peer_closed(&peer.clock);
        assert!(peer.is_quiet());
        match peer.connection.event() {
            Some(Event::Close(closed)) => assert_eq!(closed, CloseReason::Refused(reason)),
            other => panic!("{other:?}"),
        }
    }
}

/// The answer is complete, so it is the last that can be sent.
#[test]
fn a_body_that_breaks_after_the_answer_ends_the_connection_behind_it() {
    let mut peer = Peer::default();
    peer.send(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    peer.accept();
    peer.respond("early");
    peer.connection.spare(&mut peer.pool)[..4].copy_from_slice(b"zz\r\n");
    peer.connection.received(4, &peer.clock);
    assert!(matches!(peer.connection.event(), Some(Event::Answered(_))));
    peer.connection.next_request(&peer.clock);
    assert!(peer.flush().ends_with(b"\r\n\r\nearly"));
    assert!(matches!(peer.connection.must_write(), Some(Write::Shutdown)));
}
