//! Limits: what is within them is served, what is beyond is refused by the status that says
//! which one it was.

use super::bytes::fields;
use crate::conformance::{
    answer::{echoed, hello, not_allowed, status},
    case::{Case, choice, each, must, should, under},
    request::{chunked, echo, get, in_chunks, post, request},
};

/// Bytes in a body, at most, unless the server is told otherwise.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// Bytes in a head, at most.
const HEAD_MAX: usize = 32 * 1024;

pub(super) fn cases() -> impl Iterator<Item = Case> {
    request_line().chain(head()).chain(field_count()).chain(body())
}

/// Eight thousand bytes at the least, 8 KiB here.
fn request_line() -> impl Iterator<Item = Case> {
    let of_len =
        |len: usize| get(format!("/hello?{}", "a".repeat(len - "GET /hello? HTTP/1.1".len())));
    let long = || "a".repeat(9_000);
    let grammar = under("limits", "RFC 9112 §3").cases([
        should("a-request-line-of-8000-bytes", of_len(8_000)).open_after(hello()),
        choice("a-request-line-of-8180-bytes", of_len(8_180)).open_after(hello()),
        choice("a-method-of-9000-bytes", request(long(), "/hello")).refused(414),
        choice("a-version-of-9000-bytes", get("/hello").version(long())).refused(414),
    ]);
    let status_414 = under("limits", "RFC 9110 §15.5.15").cases([
        must("a-request-line-of-8200-bytes", of_len(8_200)).refused(414),
        must("a-request-line-of-33000-bytes", of_len(33_000)).refused(414),
        must("a-long-path", get(format!("/{}", long()))).refused(414),
        must("a-long-uri", get(format!("http://localhost/{}", long()))).refused(414),
        must("a-long-target-in-1.0", get(format!("/{}", long())).version("HTTP/1.0")).refused(414),
        must("a-request-line-without-end", format!("GET /{}", "a".repeat(50_000))).refused(414),
        must("a-long-target-after-a-good-one", get("/hello") + get(format!("/{}", long())))
            .closed_after([hello(), status(414)]),
    ]);
    grammar.chain(status_414)
}

/// Request line, fields and blank line, 32 KiB.
fn head() -> impl Iterator<Item = Case> {
    let of_len = |len: usize| {
        let rest = get("/hello").field("X: ").bytes().len();
        get("/hello").field(format!("X: {}", "v".repeat(len - rest)))
    };
    let open_line = |line: String| format!("GET /hello HTTP/1.1\r\nHost: localhost\r\n{line}");
    let many = |count| get("/hello").field(fields(count, &"v".repeat(1_000)));
    under("limits", "RFC 6585 §5").cases([
        choice("a-head-that-is-just-short-enough", of_len(HEAD_MAX)).open_after(hello()),
        choice("a-head-that-is-just-too-long", of_len(HEAD_MAX + 1)).refused(431),
        choice("a-field-of-16000-bytes", of_len(16_000)).open_after(hello()),
        choice("a-field-of-100000-bytes", of_len(100_000)).refused(431),
        choice("thirty-fields-of-a-kilobyte", many(30)).open_after(hello()),
        choice("forty-fields-of-a-kilobyte", many(40)).refused(431),
        choice("a-field-without-end", open_line(format!("X: {}", "v".repeat(50_000)))).refused(431),
        choice("a-name-without-end", open_line("X".repeat(50_000))).refused(431),
        choice("two-heads-that-are-short-enough", of_len(20_000) + of_len(20_000))
            .open_after([hello(), hello()]),
        choice("a-long-head-after-a-good-one", get("/hello") + of_len(40_000))
            .closed_after([hello(), status(431)]),
        choice("a-long-head-with-a-body", post("abc").field(vec![b'X'; 40_000])).refused(431),
    ])
}

/// A hundred field lines, Host among them.
fn field_count() -> impl Iterator<Item = Case> {
    let of_count = |count: usize| get("/hello").field(fields(count - 1, "v"));
    under("limits", "RFC 6585 §5").cases([
        choice("a-hundred-fields", of_count(100)).open_after(hello()),
        choice("a-hundred-and-one-fields", of_count(101)).refused(431),
        choice("a-thousand-fields", of_count(1_000)).refused(431),
        choice("a-hundred-and-one-fields-of-one-name", {
            get("/hello").field("X: v\r\n".repeat(100).trim_end())
        })
        .refused(431),
    ])
}

/// Four mebibytes, known by the length or counted by chunk.
fn body() -> impl Iterator<Item = Case> {
    const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
    let full = || vec![b'x'; BODY_MAX];
    let announced = |len: usize| echo().field(format!("Content-Length: {len}"));
    let open_chunk = |len: usize| chunked(format!("{len:x}\r\n"));
    under("limits", "RFC 9110 §15.5.14").cases([
        choice("a-full-body", post(full())).open_after(echoed(full())),
        choice("a-full-body-in-chunks", chunked(in_chunks(full(), 65_536)))
            .open_after(echoed(full())),
        choice("a-body-of-one-byte-more", announced(BODY_MAX + 1)).refused(413),
        choice("a-body-of-much-more", each([1 << 30, 1 << 40, 1 << 62], announced)).refused(413),
        choice("a-body-of-more-that-comes", announced(BODY_MAX + 1) + vec![b'x'; 200_000])
            .refused(413),
        choice("a-chunk-of-one-byte-more", open_chunk(BODY_MAX + 1)).refused(413),
        choice("a-chunk-of-much-more", each([1 << 30, 1 << 62], open_chunk)).refused(413),
        choice("two-chunks-of-one-byte-more", chunked("3\r\nabc\r\n3ffffe\r\n")).refused(413),
        choice("a-chunk-of-more-that-comes", open_chunk(BODY_MAX + 1) + vec![b'x'; 200_000])
            .refused(413),
        choice("a-long-body-after-a-good-one", get("/hello") + announced(BODY_MAX + 1))
            .closed_after([hello(), status(413)]),
        choice("a-long-body-in-1.0", announced(BODY_MAX + 1).version("HTTP/1.0")).refused(413),
        choice("a-long-body-of-get", get("/hello").field("Content-Length: 5000000")).refused(413),
        choice("a-long-body-for-another-method", {
            request("POST", "/hello").field("Content-Length: 5000000")
        })
        .closed_after(not_allowed(READABLE)),
        choice(
            "a-long-body-for-nothing",
            request("POST", "/nope").field("Content-Length: 5000000"),
        )
        .refused(404),
    ])
}
