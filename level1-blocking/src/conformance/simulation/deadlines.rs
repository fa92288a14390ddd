//! Slow and silent peers are closed at their deadlines, with an answer where one is due.

use std::time::Duration;

use super::{requests, world::World};
use crate::http::limits::Limits;

const SECOND: Duration = Duration::from_secs(1);

/// What a client does, and what becomes of it.
struct Case {
    name: &'static str,
    /// What it sends at once.
    says: &'static str,
    /// What it sends a byte a second of, from then on.
    drips: &'static str,
    reads: bool,
    /// When the server says no more, in seconds, and how its last answer begins.
    ends: u64,
    answer: &'static str,
}

const SILENT: Case =
    Case { name: "a silent peer", says: "", drips: "", reads: true, ends: 10, answer: "" };

const CASES: [Case; 9] = [
    SILENT,
    Case {
        name: "half a head",
        says: "GET / HTTP/1.1\r\nHo",
        answer: "HTTP/1.1 408 Request Timeout\r\n",
        ..SILENT
    },
    Case {
        name: "a head that drips",
        drips: "GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        answer: "HTTP/1.1 408 Request Timeout\r\n",
        ..SILENT
    },
    Case {
        name: "half a body",
        says: "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nhalf",
        ends: 15,
        answer: "HTTP/1.1 408 Request Timeout\r\n",
        ..SILENT
    },
    Case {
        name: "a body that drips",
        says: "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n",
        drips: "0123456789",
        ends: 25,
        answer: "HTTP/1.1 408 Request Timeout\r\n",
        ..SILENT
    },
    Case {
        name: "an idle peer",
        says: "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n",
        ends: 60,
        answer: "HTTP/1.1 200 OK\r\n",
        ..SILENT
    },
    Case {
        name: "half a head behind a request",
        says: "GET /hello HTTP/1.1\r\nHost: test\r\n\r\nGET",
        ends: 10,
        answer: "HTTP/1.1 200 OK\r\n",
        ..SILENT
    },
    Case {
        name: "a peer that does not read",
        says: "GET /large.bin HTTP/1.1\r\nHost: test\r\n\r\n",
        reads: false,
        ends: 30,
        ..SILENT
    },
    Case {
        name: "a peer that does not close after a refusal",
        says: "GET / HTTP/1.1\r\nHost : test\r\n\r\n",
        ends: 0,
        answer: "HTTP/1.1 400 Bad Request\r\n",
        ..SILENT
    },
];

/// Slow peers are closed at their deadlines, at most `late_max` later.
pub fn slow_peers_are_closed<W: World>(late_max: Duration) {
    for case in CASES {
        let (ended, closed, world) = play::<W>(&case);
        let expected = SECOND * u32::try_from(case.ends).expect("few");
        let late =
            ended.checked_sub(expected).unwrap_or_else(|| panic!("{}: {ended:?}", case.name));
        assert!(late <= late_max, "{}: {late:?} too late", case.name);
        let received = String::from_utf8_lossy(world.received());
        assert!(received.starts_with(case.answer), "{}: {received}", case.name);
        assert_eq!(received.is_empty(), case.answer.is_empty(), "{}: {received}", case.name);
        // Who got a refusal is given time to read it; then the socket is closed whatever he does.
        let linger = closed.checked_sub(ended).expect("closed at the end");
        assert!(linger <= Limits::default().linger_timeout + late_max, "{}: {linger:?}", case.name);
    }
}

/// When the server's side ended, when the socket was closed, and the world then.
fn play<W: World>(case: &Case) -> (Duration, Duration, W) {
    let mut world = W::new(requests::limits(), 10_000);
    let mut drips = case.drips.bytes();
    let (mut elapsed, mut ended) = (Duration::ZERO, None);
    world.send(case.says.as_bytes());
    for millis in 0.. {
        while world.round() {
            if case.reads {
                world.receive(usize::MAX);
            }
        }
        if world.has_ended() {
            ended.get_or_insert(elapsed);
        }
        if world.is_closed() {
            break;
        }
        if millis % 1000 == 999
            && let Some(byte) = drips.next()
        {
            world.send(&[byte]);
        }
        world.pass(Duration::from_millis(1));
        elapsed += Duration::from_millis(1);
    }
    (ended.expect("ended before it was closed"), elapsed, world)
}
