//! `httparse` as an oracle for request heads.
//!
//! What we accept, it accepts, with the same parts. What it accepts and we refuse is refused for
//! one of the reasons in `INTENDED`, each with the section that asks for it or allows it.

#[expect(dead_code, reason = "the oracle looks at heads only")]
#[path = "properties/request.rs"]
mod request;
#[expect(dead_code, reason = "the oracle looks at one request")]
#[path = "properties/mutation.rs"]
mod mutation;

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use level1_blocking::http::{
    Connection, buffers::BufferPool, clock::Clock, error::Refusal, head::Head, limits::Limits,
    step::Event, target::Scheme, version::Version,
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use self::{mutation::mutation, request::request};

/// Where we are stricter than the oracle, which reads the form of a head and not its meaning.
const INTENDED: &[(Refusal, &str)] = &[
    (Refusal::BareLf, "RFC 9112 §2.2: a bare LF may be taken for a line end; two servers differ"),
    (Refusal::RequestLine, "RFC 9112 §2.2: one empty line before a request is skipped, not more"),
    (Refusal::Target, "RFC 9112 §3.2, RFC 3986: the target has one of four forms; no other bytes"),
    (Refusal::Misdirected, "RFC 9110 §7.4: an https target over a connection that is not secured"),
    (Refusal::HostMissing, "RFC 9112 §3.2: HTTP/1.1 has exactly one Host"),
    (Refusal::HostRepeated, "RFC 9112 §3.2: more than one Host is answered 400"),
    (Refusal::Host, "RFC 9112 §3.2: an invalid Host is answered 400"),
    (Refusal::BothLengths, "RFC 9112 §6.3, item 3: both lengths ought to be handled as an error"),
    (Refusal::TransferCodingInHttp10, "RFC 9112 §6.1: framing that HTTP/1.0 cannot have meant"),
    (Refusal::TransferCoding, "RFC 9112 §6.3, item 4: chunked is once, and last"),
    (Refusal::UnknownTransferCoding, "RFC 9112 §6.1: 501 for a coding that is not understood"),
    (Refusal::ContentLength, "RFC 9112 §6.3, item 5: one decimal number, not repeated"),
    (Refusal::BodyTooLarge, "RFC 9110 §8.6: a length beyond 64 bits"),
    (Refusal::RequestLineTooLong, "RFC 9112 §3: longer than the server is willing to parse"),
    (Refusal::HeadTooLarge, "RFC 6585 §5: our limits"),
    (Refusal::TooManyFields, "RFC 6585 §5: our limits"),
    (Refusal::Expectation, "RFC 9110 §10.1.1: an expectation that nobody can meet is answered 417"),
];

/// A head as either parser understands it.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    method: String,
    target: String,
    version: Version,
    fields: Vec<(String, Vec<u8>)>,
}

/// What becomes of a head: `None` while it is not whole.
type Outcome<E> = Result<Option<Parts>, E>;

proptest! {
    #![proptest_config(Config { cases: 20_000, failure_persistence: None, ..Config::default() })]

    #[test]
    fn heads_mean_the_same_to_httparse(
        request in request(),
        mutations in vec(mutation(), 0..4),
    ) {
        let mut head = request.head();
        for mutation in &mutations {
            mutation.apply(&mut head);
        }
        if let Err(difference) = compare(&head) {
            prop_assert!(false, "{}: {:?}", difference, String::from_utf8_lossy(&head));
        }
    }
}

/// Every intended difference, shown by a head.
#[test]
fn each_intended_difference_occurs() {
    let host = "Host: h\r\n";
    let many = "a: b\r\n".repeat(100);
    let long = "a".repeat(33_000);
    let heads = [
        format!("GET / HTTP/1.1\r\n{host}A: b\n\r\n"),
        format!("\r\n\r\nGET / HTTP/1.1\r\n{host}\r\n"),
        format!("GET /\" HTTP/1.1\r\n{host}\r\n"),
        format!("GET https://h/ HTTP/1.1\r\n{host}\r\n"),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}{host}\r\n"),
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n".to_owned(),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
        format!("GET / HTTP/1.0\r\n{host}Transfer-Encoding: chunked\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: chunked, gzip\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: +1\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Content-Length: 99999999999999999999\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\n{host}\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}{many}\r\n"),
        format!("GET / HTTP/1.1\r\n{host}Expect: x\r\n\r\n"),
    ];
    for ((refusal, reason), head) in INTENDED.iter().zip(&heads) {
        let (ours, theirs) = (ours(head.as_bytes()), theirs(head.as_bytes()));
        assert_eq!(ours, Err(*refusal), "{reason}");
        assert!(matches!(theirs, Ok(Some(_))), "{reason}: {theirs:?}");
    }
    assert_eq!(heads.len(), INTENDED.len());
}

/// The heads are neither all valid nor all broken.
#[test]
fn many_heads_are_accepted_and_many_refused() {
    let mut runner = TestRunner::deterministic();
    let strategy = (request(), vec(mutation(), 0..4));
    let mut accepted = 0;
    for _ in 0..1000 {
        let (request, mutations) = strategy.new_tree(&mut runner).expect("a value").current();
        let mut head = request.head();
        for mutation in &mutations {
            mutation.apply(&mut head);
        }
        accepted += usize::from(matches!(ours(&head), Ok(Some(_))));
    }
    assert!((300..900).contains(&accepted), "{accepted} of 1000");
}

/// Says where the two differ, unless that is intended.
fn compare(head: &[u8]) -> Result<(), String> {
    match (ours(head), theirs(head)) {
        (Ok(Some(ours)), Ok(Some(theirs))) if ours == theirs => Ok(()),
        // Refused by both, for whatever reason; or not whole to either. We judge a line when it
        // is whole, so that cuts change nothing; the oracle may refuse its beginning.
        (Err(_), Err(_)) | (Ok(None), Ok(None) | Err(_)) => Ok(()),
        (Err(refusal), Ok(_)) if is_intended(refusal, head) => Ok(()),
        (ours, theirs) => Err(format!("ours {ours:?}, theirs {theirs:?}")),
    }
}

fn is_intended(refusal: Refusal, head: &[u8]) -> bool {
    let is_listed = INTENDED.iter().any(|(intended, _)| *intended == refusal);
    // The oracle takes any number of empty lines before a request, and no other request line.
    is_listed && (refusal != Refusal::RequestLine || head.starts_with(b"\r\n\r\n"))
}

fn ours(head: &[u8]) -> Outcome<Refusal> {
    let now = Instant::now();
    let clock = Clock::new(now, SystemTime::UNIX_EPOCH);
    let mut pool = BufferPool::new(1);
    let mut connection = Connection::new(Arc::new(Limits::default()), Scheme::Http, now);
    let mut rest = head;
    while !rest.is_empty() && connection.may_read() && connection.event().is_none() {
        let spare = connection.spare(&mut pool);
        let len = spare.len().min(rest.len());
        spare[..len].copy_from_slice(&rest[..len]);
        connection.received(len, &clock);
        rest = &rest[len..];
    }
    match connection.event() {
        Some(Event::Head(head)) => Ok(Some(parts(&head))),
        Some(Event::Answered(exchange)) => Err(exchange.refusal.expect("nobody else answers")),
        _ => Ok(None),
    }
}

fn parts(head: &Head<'_>) -> Parts {
    let fields = head.fields();
    Parts {
        method: head.method().to_string(),
        target: head.target().as_str().to_owned(),
        version: head.version(),
        fields: fields.iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
    }
}

fn theirs(head: &[u8]) -> Outcome<httparse::Error> {
    // It knows no later minor versions, which are to be treated as 1.1 (RFC 9110 §2.5).
    let head = as_known_version(head);
    let mut headers = [httparse::EMPTY_HEADER; 200];
    let mut parsed = httparse::Request::new(&mut headers);
    if parsed.parse(&head)?.is_partial() {
        return Ok(None);
    }
    let version = if parsed.version == Some(0) { Version::Http10 } else { Version::Http11 };
    let fields = parsed.headers.iter().map(|field| {
        // It keeps white space at the end of a value that is not a value's (RFC 9112 §5.1).
        (field.name.to_owned(), field.value.trim_ascii().to_vec())
    });
    Ok(Some(Parts {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        version,
        fields: fields.collect(),
    }))
}

fn as_known_version(head: &[u8]) -> Vec<u8> {
    let mut head = head.to_vec();
    let first = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or_default();
    let line_end = memchr::memchr(b'\n', &head[first..]).map_or(head.len(), |end| first + end);
    let line = &mut head[first..line_end];
    let line_len = line.trim_ascii_end().len();
    if let [.., b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'2'..=b'9'] =
        &mut line[..line_len]
    {
        *minor = b'1';
    }
    head
}
