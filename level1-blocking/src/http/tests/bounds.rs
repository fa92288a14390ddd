//! Every bound of a connection: sizes, counts, time.

use super::*;

#[test]
fn limits_on_heads() {
    let long_target = format!("GET /{} HTTP/1.1\r\n", "a".repeat(8200));
    let large_field = format!("GET / HTTP/1.1\r\nHost: h\r\na: {}\r\n\r\n", "a".repeat(33_000));
    let many_fields = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(100));
    for (sent, refusal) in [
        (long_target, Refusal::RequestLineTooLong),
        (large_field, Refusal::HeadTooLarge),
        (many_fields, Refusal::TooManyFields),
    ] {
        for len in [1, 7, 1000, 100_000] {
            let mut peer = Peer::new(Limits::default());
            sent.as_bytes().chunks(len).for_each(|piece| peer.send(piece));
            assert_eq!(peer.received(), refused(refusal), "in pieces of {len}");
        }
    }
}

#[test]
fn just_within_the_limits() {
    let line_len = "GET / HTTP/1.1\r\n".len();
    let long_target = format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "a".repeat(8192 - line_len));
    let head_len = "GET / HTTP/1.1\r\nHost: h\r\na: \r\n\r\n".len();
    let large_field =
        format!("GET / HTTP/1.1\r\nHost: h\r\na: {}\r\n\r\n", "a".repeat(32_768 - head_len));
    let many_fields = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "a: b\r\n".repeat(99));
    for sent in [long_target, large_field, many_fields] {
        for len in [1, 1000, 100_000] {
            let mut peer = Peer::new(Limits::default());
            sent.as_bytes().chunks(len).for_each(|piece| peer.send(piece));
            assert!(peer.received().starts_with("HTTP/1.1 200 OK\r\n"), "in pieces of {len}");
        }
    }
}

#[test]
fn deadlines() {
    let second = Duration::from_secs(1);
    // What is sent, how long is waited, and what comes of it.
    for (sent, wait, received, closed) in [
        ("", 10, String::new(), CloseReason::Silent),
        (
            "GET /a HT",
            10,
            refused(Refusal::HeadTimeout),
            CloseReason::Refused(Refusal::HeadTimeout),
        ),
        ("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", 60, ok("/a"), CloseReason::Idle),
        (
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc",
            15,
            refused(Refusal::BodyTimeout),
            CloseReason::Refused(Refusal::BodyTimeout),
        ),
    ] {
        let mut peer = Peer::new(Limits::default());
        peer.send(sent.as_bytes());
        peer.pass((wait * second).saturating_sub(Duration::from_millis(1)));
        assert_eq!(peer.closed(), None, "{sent:?}, before the deadline");
        peer.pass(Duration::from_millis(1));
        assert_eq!(peer.received(), received, "{sent:?}");
        // A refusal lingers, so that the client can read it.
        peer.pass(2 * second);
        assert_eq!(peer.closed(), Some(closed), "{sent:?}");
    }
}

#[test]
fn time_does_not_run_while_the_handler_is_out() {
    let mut peer = Peer::new(Limits::default());
    let clock = peer.clock.clone();
    let spare = peer.connection.spare(&mut peer.pool);
    let request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    spare[..request.len()].copy_from_slice(request);
    peer.connection.received(request.len(), &clock);
    assert!(peer.connection.due().deadline.is_none());
    assert!(peer.connection.due().may_read, "a peer that vanishes is still seen");
    peer.connection.peer_vanished();
    assert_eq!(peer.closed(), Some(CloseReason::PeerVanished));
}

#[test]
fn a_body_that_was_read_over_leaves_the_next_one_its_time() {
    let second = Duration::from_secs(1);
    let mut peer = Peer::new(Limits { body_rate_min: Some(1000), ..Limits::default() });
    let head = b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";
    peer.send(head);
    peer.connection.respond(Response::new(Status::OK), &peer.clock);
    peer.serve();
    peer.pass(10 * second);
    peer.send(b"ab");
    peer.send(head);
    assert_eq!(peer.connection.deadline(), Some(peer.clock.now() + 15 * second));
}

#[test]
fn a_stalled_reader_is_closed_and_a_slow_one_is_not() {
    let mut peer = Peer::new(Limits::default());
    let request = b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    peer.connection.spare(&mut peer.pool)[..request.len()].copy_from_slice(request);
    peer.connection.received(request.len(), &peer.clock.clone());
    while peer.answer_event() {}
    for _ in 0..10 {
        let now = peer.clock.now() + Duration::from_secs(29);
        peer.clock.advance(now, SystemTime::now);
        peer.connection.expire(&peer.clock);
        peer.connection.sent(1, &peer.clock);
        assert_eq!(peer.closed(), None);
    }
    let now = peer.clock.now() + Duration::from_secs(30);
    peer.clock.advance(now, SystemTime::now);
    peer.connection.expire(&peer.clock);
    assert_eq!(peer.closed(), Some(CloseReason::WriteStalled));
    assert!(peer.connection.unfinished().is_some(), "the log learns of the cut answer");
}

#[test]
fn draining_answers_what_has_come_and_closes() {
    let mut idle = Peer::new(Limits::default());
    idle.send(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut busy = Peer::new(Limits::default());
    busy.send(b"GET /a HTTP/1.1\r\nHo");
    for peer in [&mut idle, &mut busy] {
        peer.connection.drain(&peer.clock);
        peer.pass(Duration::ZERO);
    }
    assert_eq!(idle.closed(), Some(CloseReason::Draining));
    assert_eq!(busy.closed(), None);
    busy.send(b"st: h\r\n\r\n");
    assert_eq!(busy.received(), last("/a"));
}

#[test]
fn an_idle_connection_holds_no_buffers() {
    let mut peer = Peer::new(Limits::default());
    peer.send(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!((peer.connection.is_idle(), peer.pool.len()), (true, 1));
    peer.send(b"GET /a HT");
    assert_eq!((peer.connection.is_idle(), peer.pool.len()), (false, 0));
    peer.send(b"TP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!((peer.connection.is_idle(), peer.pool.len()), (true, 1));
}

#[test]
fn a_batch_of_answers_is_bounded() {
    let limits = Limits { read_ahead_len_max: usize::MAX, ..Limits::default() };
    let mut peer = Peer::new(limits);
    let requests = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n".repeat(200);
    let spare = peer.connection.spare(&mut peer.pool);
    spare[..requests.len()].copy_from_slice(&requests);
    peer.connection.received(requests.len(), &peer.clock);
    while peer.answer_event() {}
    let Some(Write::Bytes(bytes)) = peer.connection.must_write() else { unreachable!("answers") };
    assert_eq!(String::from_utf8_lossy(bytes).matches("200 OK").count(), 64);
    peer.serve();
    assert_eq!(peer.received().matches("200 OK").count(), 200);
}

#[test]
fn requests_and_age_of_a_connection_can_be_bounded() {
    let request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut counted = Peer::new(Limits { requests_max: Some(2), ..Limits::default() });
    counted.send(&request.repeat(3));
    assert_eq!(counted.received(), ok("/a") + &last("/a"));
    let mut aged = Peer::new(Limits { age_max: Some(Duration::from_secs(9)), ..Limits::default() });
    aged.send(request);
    aged.pass(Duration::from_secs(9));
    aged.send(request);
    assert_eq!(aged.received(), ok("/a") + &last("/a"));
}

#[test]
fn lingering_is_bounded_in_bytes() {
    let mut peer = Peer::new(Limits::default());
    peer.send(b"POST /missing HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n");
    assert!(peer.is_shut_down && peer.closed().is_none(), "the client gets time to read");
    peer.send(&vec![b'x'; 2_000_000]);
    assert_eq!(peer.closed(), Some(CloseReason::NotPersistent));
    assert!(peer.clock.now() == peer.start && peer.limits.linger_len_max < 2_000_000);
}

#[test]
fn an_early_answer_reads_over_a_short_rest_of_the_body_and_closes_for_a_long_one() {
    for (len, closed) in [(50_000, None), (500_000, Some(CloseReason::BodyUnwanted))] {
        let mut peer = Peer::new(Limits::default());
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {len}\r\n\r\n");
        let clock = peer.clock.clone();
        peer.connection.spare(&mut peer.pool)[..head.len()].copy_from_slice(head.as_bytes());
        peer.connection.received(head.len(), &clock);
        peer.connection.accept(u64::MAX, &clock);
        peer.connection.want_body(true, &clock);
        peer.connection.respond(Response::new(Status::OK).body("early"), &clock);
        peer.serve();
        peer.send(&vec![b'x'; len]);
        peer.send(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(peer.received().contains("/b"), closed.is_none(), "{len}");
        peer.close();
        assert_eq!(peer.closed(), Some(closed.unwrap_or(CloseReason::PeerClosed)), "{len}");
    }
}

#[test]
fn an_answer_before_the_body_was_asked_for_is_a_refusal() {
    for (expectation, body) in [("Expect: 100-continue\r\n", ""), ("", "abc"), ("", "zz")] {
        let mut peer = Peer::new(Limits::default());
        let framing =
            if body == "abc" { "Content-Length: 3" } else { "Transfer-Encoding: chunked" };
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{expectation}{framing}\r\n\r\n{body}");
        let clock = peer.clock.clone();
        peer.connection.spare(&mut peer.pool)[..head.len()].copy_from_slice(head.as_bytes());
        peer.connection.received(head.len(), &clock);
        peer.connection.accept(u64::MAX, &clock);
        assert!(peer.connection.event().is_none() && !peer.connection.may_read());
        assert!(peer.connection.is_unanswered());
        peer.connection.respond(Response::new(Status::OK).body("early"), &clock);
        peer.serve();
        let fields = "Connection: close\r\nContent-Length: 5";
        assert_eq!(peer.received(), format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nearly"));
        assert!(peer.is_shut_down, "and the client gets time to read it");
    }
}

#[test]
fn a_body_that_is_read_over_is_not_wanted_again() {
    let mut peer = Peer::new(Limits::default());
    peer.send(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n");
    peer.connection.respond(Response::new(Status::OK).body("early"), &peer.clock);
    peer.serve();
    peer.connection.want_body(true, &peer.clock);
    peer.send(b"ab");
    peer.send(b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(peer.received(), ok("early") + &ok("/b"));
    assert!(peer.body.is_empty());
}

/// The end of the connection would be taken for its own: the client must not see any of it.
#[test]
fn an_answer_that_ends_by_closing_does_not_leave_when_it_is_abandoned() {
    let mut peer = Peer::new(Limits::default());
    let request = b"GET /a HTTP/1.0\r\n\r\n";
    peer.connection.spare(&mut peer.pool)[..request.len()].copy_from_slice(request);
    peer.connection.received(request.len(), &peer.clock);
    peer.connection.accept(0, &peer.clock);
    peer.connection.respond(Response::new(Status::OK).body(Body::Stream(None)), &peer.clock);
    peer.connection.filled(b"half", &peer.clock);
    peer.connection.abandon();
    peer.serve();
    assert_eq!(peer.received(), "");
    assert_eq!(peer.closed(), Some(CloseReason::AnswerAbandoned));
    assert!(peer.connection.unfinished().is_some());
}

#[test]
fn an_answer_that_is_abandoned_takes_none_before_it_along() {
    let mut peer = Peer::new(Limits::default());
    let request = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    let requests = request.repeat(2);
    peer.connection.spare(&mut peer.pool)[..requests.len()].copy_from_slice(&requests);
    peer.connection.received(requests.len(), &peer.clock);
    for body in [Body::from("first"), Body::Stream(None)] {
        peer.connection.accept(0, &peer.clock);
        peer.connection.respond(Response::new(Status::OK).body(body), &peer.clock);
        peer.connection.next_request(&peer.clock);
    }
    peer.connection.filled(b"half", &peer.clock);
    peer.connection.abandon();
    peer.serve();
    let expected = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    assert_eq!(peer.received(), ok("first") + expected);
    assert_eq!(peer.closed(), Some(CloseReason::AnswerAbandoned));
    assert!(peer.connection.unfinished().is_some());
}
