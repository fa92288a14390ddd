//! Whole conversations as data: what is sent, what comes back, however it is cut.

use super::*;

/// What is sent, what is received, and why the connection is closed at last.
struct Case {
    name: &'static str,
    sent: String,
    received: String,
    closed: CloseReason,
}

fn case(name: &'static str, sent: &str, received: &[String], closed: CloseReason) -> Case {
    // `|` ends a line, so that a case fits on one.
    Case { name, sent: sent.replace('|', "\r\n"), received: received.concat(), closed }
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    use CloseReason::{NotPersistent, PeerClosed, Refused};
    let missing = |connection: &str| {
        format!("HTTP/1.1 404 Not Found\r\n{connection}Content-Length: 3\r\n\r\nno\n")
    };
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nSum: 3\r\n\r\n";
    let head_only = |head: &str| head.replace('|', "\r\n");
    vec![
        case("one request", "GET /a HTTP/1.1|Host: h||", &[ok("/a")], PeerClosed),
        case("nothing", "", &[], PeerClosed),
        case("an empty line", "|", &[], PeerClosed),
        case(
            "an empty line before a request",
            "|GET /a HTTP/1.1|Host: h||",
            &[ok("/a")],
            PeerClosed,
        ),
        case(
            "two empty lines",
            "||GET /a HTTP/1.1|Host: h||",
            &[refused(Refusal::RequestLine)],
            Refused(Refusal::RequestLine),
        ),
        case(
            "pipelined requests, HEAD among them",
            "GET /a HTTP/1.1|Host: h||HEAD /b HTTP/1.1|Host: h||POST / HTTP/1.1|Host: h|Content-Length: 3||xyzGET /c HTTP/1.1|Host: h||",
            &[ok("/a"), head_only("HTTP/1.1 200 OK|Content-Length: 2||"), ok("xyz"), ok("/c")],
            PeerClosed,
        ),
        case(
            "nothing is answered after close",
            "GET /a HTTP/1.1|Host: h|Connection: close||GET /b HTTP/1.1|Host: h||",
            &[last("/a")],
            NotPersistent,
        ),
        case("HTTP/1.0 closes", "GET /a HTTP/1.0||", &[last("/a")], NotPersistent),
        case(
            "HTTP/1.0 is kept alive on demand",
            "GET /a HTTP/1.0|Connection: keep-alive||GET /b HTTP/1.0||",
            &[
                head_only("HTTP/1.1 200 OK|Connection: keep-alive|Content-Length: 2||/a"),
                last("/b"),
            ],
            NotPersistent,
        ),
        case(
            "a good request before a bad one is answered",
            "GET /a HTTP/1.1|Host: h||GET /b HTTP/1.1|Host : h||GET /c HTTP/1.1|Host: h||",
            &[ok("/a"), refused(Refusal::SpaceBeforeColon)],
            Refused(Refusal::SpaceBeforeColon),
        ),
        case(
            "a refused HEAD has no body",
            "HEAD /a HTTP/1.1||",
            &[refused(Refusal::HostMissing)
                .split_inclusive("\r\n\r\n")
                .next()
                .expect("a head")
                .to_owned()],
            Refused(Refusal::HostMissing),
        ),
        case(
            "half a head",
            "GET /a HTTP/1.1|Ho",
            &[refused(Refusal::Incomplete)],
            Refused(Refusal::Incomplete),
        ),
        case(
            "half a body",
            "POST / HTTP/1.1|Host: h|Content-Length: 9||abc",
            &[refused(Refusal::Incomplete)],
            Refused(Refusal::Incomplete),
        ),
        case(
            "a chunked body with trailers, and the next request",
            "POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked||3;x|abc|2|de|0|Host: t||GET /b HTTP/1.1|Host: h||",
            &[ok("abcde"), ok("/b")],
            PeerClosed,
        ),
        case(
            "a bad chunk",
            "POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked||3|abcd|0||",
            &[refused(Refusal::Chunked)],
            Refused(Refusal::Chunked),
        ),
        case(
            "a body that is too long by its length",
            "POST / HTTP/1.1|Host: h|Content-Length: 1001||abc",
            &[refused(Refusal::BodyTooLarge)],
            Refused(Refusal::BodyTooLarge),
        ),
        case(
            "a body that is too long by its chunks",
            "POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked||3|abc|3e6|",
            &[refused(Refusal::BodyTooLarge)],
            Refused(Refusal::BodyTooLarge),
        ),
        case(
            "no continue, when it is not",
            "POST /missing HTTP/1.1|Host: h|Content-Length: 3|Expect: 100-continue||",
            &[missing("Connection: close\r\n")],
            NotPersistent,
        ),
        case(
            "no continue to HTTP/1.0",
            "POST / HTTP/1.0|Content-Length: 3|Expect: 100-continue||abc",
            &[last("abc")],
            NotPersistent,
        ),
        case(
            "no continue without a body",
            "POST / HTTP/1.1|Host: h|Expect: 100-continue||",
            &[ok("")],
            PeerClosed,
        ),
        case(
            "another expectation",
            "POST / HTTP/1.1|Host: h|Expect: tea||",
            &[refused(Refusal::Expectation)],
            Refused(Refusal::Expectation),
        ),
        case(
            "a refused request without a body keeps the connection",
            "GET /missing HTTP/1.1|Host: h||GET /b HTTP/1.1|Host: h||",
            &[missing(""), ok("/b")],
            PeerClosed,
        ),
        case(
            "a refused request with a body closes it, and the body is no request",
            "POST /missing HTTP/1.1|Host: h|Content-Length: 32||GET /b HTTP/1.1|Host: h||GET /c HTTP/1.1|Host: h||",
            &[missing("Connection: close\r\n")],
            NotPersistent,
        ),
        case(
            "no body in a 204",
            "GET /empty HTTP/1.1|Host: h||",
            &[head_only("HTTP/1.1 204 No Content||")],
            PeerClosed,
        ),
        case(
            "a stream is chunked",
            "GET /stream HTTP/1.1|Host: h||",
            &[chunked.to_owned()],
            PeerClosed,
        ),
        case(
            "a stream to HTTP/1.0 ends with the connection",
            "GET /stream HTTP/1.0|Connection: keep-alive||GET /b HTTP/1.0||",
            &[head_only("HTTP/1.1 200 OK|Connection: close||abc")],
            NotPersistent,
        ),
        case(
            "HEAD of a stream",
            "HEAD /stream HTTP/1.1|Host: h||",
            &[head_only("HTTP/1.1 200 OK|Transfer-Encoding: chunked||")],
            PeerClosed,
        ),
        case("a stream of known length", "GET /sized HTTP/1.1|Host: h||", &[ok("abc")], PeerClosed),
        case(
            "a large body, and the next request",
            "GET /large HTTP/1.1|Host: h||GET /b HTTP/1.1|Host: h||",
            &[ok(&"x".repeat(100_000)), ok("/b")],
            PeerClosed,
        ),
        case(
            "an upgrade nobody offered",
            "GET /upgrade HTTP/1.1|Host: h|Upgrade: echo||",
            &[head_only("HTTP/1.1 500 Internal Server Error|Content-Length: 0||")],
            PeerClosed,
        ),
        case(
            "an unwanted body is refused by its length",
            "POST / HTTP/1.1|Host: h|Content-Length: 99999999999999999999||",
            &[refused(Refusal::BodyTooLarge)],
            Refused(Refusal::BodyTooLarge),
        ),
    ]
}

/// Whatever the cuts, the answers and the end are the same.
#[test]
fn conversations() {
    let limits = || Limits::default();
    for case in cases() {
        let sent = case.sent.as_bytes();
        let bytewise: Vec<usize> = (1..sent.len()).collect();
        let single_cuts = (0..=sent.len()).map(|cut| vec![cut]);
        for cuts in single_cuts.chain([vec![], bytewise]) {
            let mut peer = Peer::new(limits());
            let mut at = 0;
            for end in cuts.iter().copied().chain([sent.len()]) {
                peer.send(&sent[at..end]);
                at = end;
            }
            peer.close();
            let name = case.name;
            assert_eq!(peer.received(), case.received, "{name}, cut at {cuts:?}");
            assert_eq!(peer.closed(), Some(case.closed), "{name}, cut at {cuts:?}");
        }
    }
}

/// The one thing that may depend on the cuts: a client that has begun to send its body is
/// not told to go on.
#[test]
fn continue_is_sent_only_to_a_client_that_waits() {
    let sent = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let head_len = sent.len() - b"3\r\nabc\r\n0\r\n\r\n".len();
    for cut in 1..=sent.len() {
        let mut peer = Peer::new(Limits::default());
        peer.send(&sent[..cut]);
        peer.send(&sent[cut..]);
        // Cut anywhere else, some of the body comes with the end of the head.
        let interim = if cut == head_len { "HTTP/1.1 100 Continue\r\n\r\n" } else { "" };
        assert_eq!(peer.received(), interim.to_owned() + &ok("abc"), "cut at {cut}");
    }
}

#[test]
fn trailers_are_not_header_fields() {
    let mut peer = Peer::new(Limits::default());
    peer.send(
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nCookie: x\r\n\r\n",
    );
    assert_eq!(peer.log, ["trailer Cookie", "200 0"]);
}

#[test]
fn an_upgrade_hands_over_what_has_come() {
    let request =
        b"GET /upgrade HTTP/1.1\r\nHost: h\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nraw";
    let mut peer = Peer::new(Limits::default());
    peer.send(request);
    assert_eq!(
        peer.received(),
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n"
    );
    assert_eq!(peer.log, ["101 0", "raw"]);
}
