//! Trailer fields: read and held to the grammar, and never taken for header fields.

use super::bytes::{TCHARS, fields};
use crate::conformance::{
    answer::{echoed, hello},
    case::{Case, choice, each, must, should, under},
    request::{Request, chunked, get},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    sections().chain(not_fields()).chain(limits())
}

/// A chunked request with this trailer section, and the next request.
fn with_trailers(section: impl AsRef<[u8]>) -> Request {
    chunked("3\r\nabc\r\n0\r\n") + section.as_ref() + "\r\n" + get("/hello")
}

/// Field lines, as in a head.
fn sections() -> impl Iterator<Item = Case> {
    let valid = [
        "X-T: v\r\n",
        "X-T: v\r\nX-U: w\r\n",
        "X-T:\r\n",
        "X-T: \u{e9}\r\n",
        "X-T:\t v \t\r\n",
        &format!("{TCHARS}: v\r\n"),
        &"X-T: v\r\n".repeat(20),
    ];
    let malformed = [
        "garbage\r\n",
        "X-T : v\r\n",
        ": v\r\n",
        "X(T: v\r\n",
        "X\u{e9}: v\r\n",
        "X-T: a\0b\r\n",
        "X-T: a\x01b\r\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\n",
    ];
    under("trailers", "RFC 9112 §7.1.2").cases([
        must("trailers", each(valid, with_trailers)).open_after([echoed("abc"), hello()]),
        should("malformed-trailers", each(malformed, with_trailers)).refused(400),
        choice("folded-trailers", each(["X-T: a\r\n b\r\n", " X-T: v\r\n"], with_trailers))
            .refused(400),
        choice(
            "lf-in-trailers",
            each(["X-T: a\nX-U: b\r\n", "X-T: a\n", "X-T: a\r\n\n"], with_trailers),
        )
        .refused(400),
        choice("cr-in-trailers", each(["X-T: a\rb\r\n", "X-T: a\r\r\n"], with_trailers))
            .refused(400),
    ])
}

/// What would matter in a head means nothing here.
fn not_fields() -> impl Iterator<Item = Case> {
    let trailer = |line: &str| with_trailers(format!("{line}\r\n"));
    let both = || [echoed("abc"), hello()];
    under("trailers", "RFC 9110 §6.5.1").cases([
        must("content-length", trailer("Content-Length: 100")).open_after(both()),
        must("transfer-encoding", trailer("Transfer-Encoding: gzip")).open_after(both()),
        must("connection", trailer("Connection: close")).open_after(both()),
        must("host", each(["Host: other", "Host: a b"], trailer)).open_after(both()),
        must("expect", each(["Expect: 100-continue", "Expect: x"], trailer)).open_after(both()),
        must("content-type", trailer("Content-Type: text/x-trailer"))
            .open_after([echoed("abc").with("Content-Type", "application/octet-stream"), hello()]),
        must("content-type-besides-one-in-the-head", {
            trailer("Content-Type: text/x-trailer").field("Content-Type: text/x-head")
        })
        .open_after([echoed("abc").with("Content-Type", "text/x-head"), hello()]),
        must(
            "trailers-of-get",
            get("/hello").field("Transfer-Encoding: chunked") + "0\r\nX: y\r\n\r\n",
        )
        .open_after(hello()),
    ])
}

/// The bounds of a head.
fn limits() -> impl Iterator<Item = Case> {
    let lines = |count| [fields(count, "v"), b"\r\n".to_vec()].concat();
    let long = |len: usize| format!("X-T: {}\r\n", "v".repeat(len));
    under("trailers", "RFC 6585 §5").cases([
        choice("a-hundred", with_trailers(lines(100))).open_after([echoed("abc"), hello()]),
        choice("a-hundred-and-one", with_trailers(lines(101))).refused(431),
        choice("too-long", with_trailers(long(33_000))).refused(431),
        choice("without-end", chunked("0\r\n") + long(60).repeat(2_000)).refused(431),
    ])
}
