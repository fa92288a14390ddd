//! The two halves at once, and every call in every state.

use super::*;

/// 64 MiB are echoed while they come, to a client that writes before it reads: both halves
/// run, in random turns, and the memory stays bounded.
#[test]
fn a_streaming_echo_does_not_deadlock() {
    const LEN: usize = 64 * 1024 * 1024;
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (limits, now) = (Arc::new(Limits::default()), Instant::now());
    let clock = Clock::new(now, SystemTime::now());
    let mut pool = BufferPool::new(1);
    let mut connection = Connection::new(Arc::clone(&limits), Scheme::Http, now);
    let head = format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {LEN}\r\n\r\n");
    let byte_at = |at: usize| (at % 251).to_le_bytes()[0];
    let (mut sent, mut echoed, mut output) = (0, 0, Vec::new());
    connection.spare(&mut pool)[..head.len()].copy_from_slice(head.as_bytes());
    connection.received(head.len(), &clock);
    connection.accept(u64::MAX, &clock);
    connection.want_body(true, &clock);
    let response = Response::new(Status::OK).body(Body::Stream(Some(LEN as u64)));
    connection.respond(response, &clock);
    let mut has_head = false;
    loop {
        let due = connection.due();
        let pending = due.must_write.as_ref().map_or(0, |write| match write {
            Write::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        assert!(pending < limits.output_len_max + 128 * 1024, "output is bounded");
        match random.below(3) {
            0 if due.may_read && sent < LEN => {
                let spare = connection.spare(&mut pool);
                let len = (1 + random.below(200_000)).min(spare.len()).min(LEN - sent);
                spare[..len]
                    .iter_mut()
                    .enumerate()
                    .for_each(|(at, byte)| *byte = byte_at(sent + at));
                sent += len;
                connection.received(len, &clock);
            }
            1 => match due.event {
                Some(Event::Body(piece)) if due.may_fill => {
                    let piece = piece[..=random.below(piece.len())].to_vec();
                    connection.consume(piece.len(), &clock);
                    connection.filled(&piece, &clock);
                }
                Some(Event::BodyEnd(..)) => {
                    connection.end_taken(&clock);
                    connection.finish(&[], &clock);
                }
                Some(Event::Answered(_)) => break,
                _ => {}
            },
            _ => {
                if let Some(Write::Bytes(bytes)) = due.must_write {
                    let len = 1 + random.below(bytes.len());
                    output.extend_from_slice(&bytes[..len]);
                    connection.sent(len, &clock);
                }
            }
        }
        if !has_head && let Some(end) = memchr::memmem::find(&output, b"\r\n\r\n") {
            output.drain(..end + 4);
            has_head = true;
        }
        if has_head {
            assert!(output.iter().enumerate().all(|(at, &byte)| byte == byte_at(echoed + at)));
            echoed += output.len();
            output.clear();
        }
    }
    if let Some(Write::Bytes(rest)) = connection.must_write() {
        echoed += rest.len();
    }
    assert_eq!((sent, echoed), (LEN, LEN));
}

/// Any call, in any state, with any bytes: nothing panics, and asking changes nothing.
#[test]
fn every_call_is_allowed_at_any_time() {
    const ALPHABET: [&[u8]; 16] = [
        b"GET /a HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\n",
        b"Host: h\r\n",
        b"\r\n",
        b"\r",
        b"\n",
        b"Content-Length: 9\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"Expect: 100-continue\r\n",
        b"Connection: upgrade\r\nUpgrade: x\r\n",
        b"x: ",
        b"\0",
        b"abc",
        b"5;a",
    ];
    let mut random = Random(0x0123_4567_89AB_CDEF);
    for _ in 0..2000 {
        let mut peer = Peer::new(Limits { body_rate_min: Some(10), ..Limits::default() });
        for _ in 0..random.below(60) {
            let Peer { connection, pool, clock, .. } = &mut peer;
            match random.below(22) {
                0..=7 => {
                    let piece = ALPHABET[random.below(ALPHABET.len())];
                    connection.spare(pool)[..piece.len()].copy_from_slice(piece);
                    connection.received(piece.len(), clock);
                }
                8 => connection.accept(5 + random.below(9) as u64, clock),
                9 => connection.want_body(random.below(3) > 0, clock),
                10 => connection.consume(random.below(5), clock),
                11 => connection.end_taken(clock),
                12 => connection.respond(Response::new(Status::OK).body("hi"), clock),
                13 => connection.respond(Response::new(Status::OK).body(Body::Stream(None)), clock),
                14 => {
                    connection
                        .respond(Response::switching_to(&FieldValue::from_static("x")), clock);
                }
                15 => connection.filled(b"abc", clock),
                16 => connection.finish(&[], clock),
                17 => connection.next_request(clock),
                18 => connection.sent(random.below(300), clock),
                19 => connection.shut_down(clock),
                20 => {
                    let now = clock.now() + Duration::from_secs(random.below(20) as u64);
                    clock.advance(now, SystemTime::now);
                    connection.expire(clock);
                }
                _ => match random.below(12) {
                    0 => connection.peer_vanished(),
                    1 => connection.peer_closed(clock),
                    2 => connection.abandon(),
                    3 => connection.drain(clock),
                    4 => connection.transferred(1, clock),
                    _ => connection.release(pool),
                },
            }
            assert_asking_changes_nothing(connection);
        }
    }
}
