//! The request line: its shape, what may stand around it, the version, the method.

use super::bytes::{CONTROLS, DELIMITERS, HIGH, TCHARS, around};
use crate::conformance::{
    answer::{echoed, hello, status},
    case::{Case, choice, each, each_word, must, sent_and_finished, should, under},
    request::{chunked, get, in_chunks, line, post, request},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    shape().chain(line_ends()).chain(empty_lines()).chain(versions()).chain(methods())
}

/// Single spaces between three parts. A recipient may be lenient with white space; then two
/// servers may take two targets from one line.
fn shape() -> impl Iterator<Item = Case> {
    under("request-line", "RFC 9112 §3").cases([
        must("three-parts", line("GET /hello HTTP/1.1")).open_after(hello()),
        choice("two-spaces-after-the-method", line("GET  /hello HTTP/1.1")).refused(400),
        choice("two-spaces-before-the-version", line("GET /hello  HTTP/1.1")).refused(400),
        choice("a-space-before-it", line(" GET /hello HTTP/1.1")).refused(400),
        choice("a-space-behind-it", line("GET /hello HTTP/1.1 ")).refused(400),
        choice("a-tab-before-it", line("\tGET /hello HTTP/1.1")).refused(400),
        choice("a-tab-behind-it", line("GET /hello HTTP/1.1\t")).refused(400),
        choice("a-tab-after-the-method", line("GET\t/hello HTTP/1.1")).refused(400),
        choice("a-tab-before-the-version", line("GET /hello\tHTTP/1.1")).refused(400),
        choice(
            "other-white-space",
            each([0x0B, 0x0C, 0x85, 0xA0], |byte| line(around(b"GET", byte, b"/hello HTTP/1.1"))),
        )
        .refused(400),
        should("a-space-in-the-target", line("GET /hel lo HTTP/1.1")).refused(400),
        should("a-space-in-the-query", line("GET /hello?a b HTTP/1.1")).refused(400),
        should("a-fourth-part", line("GET /hello HTTP/1.1 x")).refused(400),
        should("two-versions", line("GET /hello HTTP/1.1 HTTP/1.1")).refused(400),
        should("no-version", line("GET /hello")).refused(400),
        should("no-version-but-its-space", line("GET /hello ")).refused(400),
        should("a-method-alone", line("GET")).refused(400),
        should("no-target", line("GET HTTP/1.1")).refused(400),
        should("an-empty-target", line("GET  HTTP/1.1")).refused(400),
        should("no-method", line("/hello HTTP/1.1")).refused(400),
        should("an-empty-method", line(" /hello HTTP/1.1")).refused(400),
        should("the-version-first", line("HTTP/1.1 GET /hello")).refused(400),
        should("a-response", line("HTTP/1.1 200 OK")).refused(400),
        should("a-field", line("Host: localhost")).refused(400),
        should("one-letter", line("x")).refused(400),
        should("a-tls-hello", line(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")).refused(400),
        should("a-byte-order-mark-before-it", get("/hello").after("\u{feff}")).refused(400),
        should("a-nul-before-it", get("/hello").after("\0")).refused(400),
    ])
}

/// Only CRLF ends a line. LF alone may be taken for an end; CR alone for a space.
fn line_ends() -> impl Iterator<Item = Case> {
    let host = "Host: localhost\r\n\r\n";
    let only = |end: &str| format!("GET /hello HTTP/1.1\r\n{host}").replace("\r\n", end);
    under("request-line", "RFC 9112 §2.2").cases([
        choice("lf-ends-it", format!("GET /hello HTTP/1.1\n{host}")).refused(400),
        choice("lf-ends-all-lines", only("\n")).refused(400),
        choice("lf-before-crlf", format!("GET /hello HTTP/1.1\n\r\n{host}")).refused(400),
        choice("cr-ends-all-lines", sent_and_finished(only("\r"))).refused(400),
        choice("cr-after-the-method", line("GET\r/hello HTTP/1.1")).refused(400),
        choice("cr-in-the-target", line("GET /hel\rlo HTTP/1.1")).refused(400),
        choice("cr-in-the-version", line("GET /hello HTTP/1\r.1")).refused(400),
        choice("cr-before-crlf", line("GET /hello HTTP/1.1\r")).refused(400),
    ])
}

/// Old clients send a line too many after a body: one is skipped, and no more than one.
fn empty_lines() -> impl Iterator<Item = Case> {
    let late = get("/hello").after("\r\n");
    under("request-line", "RFC 9112 §2.2").cases([
        should("an-empty-line-before-it", late.clone()).open_after(hello()),
        should("an-empty-line-between-two", get("/hello") + late.clone())
            .open_after([hello(), hello()]),
        should("an-empty-line-after-a-body", post("abc") + late.clone())
            .open_after([echoed("abc"), hello()]),
        should("an-empty-line-after-chunks", chunked(in_chunks("abc", 2)) + late)
            .open_after([echoed("abc"), hello()]),
        choice("two-empty-lines-before-it", get("/hello").after("\r\n\r\n")).refused(400),
        choice("lf-before-it", get("/hello").after("\n")).refused(400),
        choice("a-blank-line-before-it", get("/hello").after(" \r\n")).refused(400),
        choice("cr-before-it", get("/hello").after("\r")).refused(400),
        choice("an-empty-line-and-the-end", sent_and_finished("\r\n")).closed_silently(),
    ])
}

/// The version is two digits. A later minor version is understood, another major one is not.
fn versions() -> impl Iterator<Item = Case> {
    let version = |version: &str| get("/hello").version(version);
    let malformed =
        "HTTP/1 HTTP/1. HTTP/.1 HTTP/ HTTP HTTP/1.10 HTTP/1.01 HTTP/01.1 HTTP/11 HTTP/11.1
        HTTP/1.1.1 HTTP/1,1 HTTP/1:1 HTTP/1.1x xHTTP/1.1 HTTPS/1.1 HTTP/-1.1 HTTP/+1.1 HTTP/1.+1
        HTTP\\1.1 HTTP/1.a HTTP/a.1 HTTP//1.1 HTTP/0x1.1 HTTP/1.1\0 HTTP/1.1; ICY/1.1 HTTP-1.1
        HTTP1.1 1.1 HTTP/2 HTTP/\u{b2}.1 \u{ff28}TTP/1.1";
    let shape = under("version", "RFC 9112 §2.3").cases([
        must("1.1", version("HTTP/1.1")).open_after(hello()),
        must("its-case-matters", each(["http/1.1", "Http/1.1", "HTTp/1.1"], version)).refused(400),
        should("malformed", each_word(malformed, version)).refused(400),
        should("a-space-within", each(["HTTP/ 1.1", "HTTP /1.1", "HTTP/1 .1"], version))
            .refused(400),
        choice("0.9-has-no-version", line("GET /hello")).refused(400),
    ]);
    let numbers = under("version", "RFC 9110 §2.5").cases([
        must("1.0", version("HTTP/1.0")).closed_after(hello()),
        should("later-minor-versions", each(["HTTP/1.2", "HTTP/1.9"], version)).open_after(hello()),
    ]);
    let others = under("version", "RFC 9110 §15.6.6").cases([
        should("2.0", version("HTTP/2.0")).refused(505),
        should("0.9", version("HTTP/0.9")).refused(505),
        should(
            "other-major-versions",
            each(["HTTP/3.0", "HTTP/9.9", "HTTP/0.0", "HTTP/2.1"], version),
        )
        .refused(505),
        should("an-http-2-preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .refused(505),
    ]);
    shape.chain(numbers).chain(others)
}

/// A method is a token whose case matters; one that nobody knows is no error of syntax.
fn methods() -> impl Iterator<Item = Case> {
    let method = |name: Vec<u8>| request(name, "/hello");
    let known = under("method", "RFC 9110 §9.1").cases([
        should("unknown", request("BREW", "/hello")).open_after(status(501)),
        should(
            "nearly-known",
            each(["GE", "GETT", "G", "OPTION", "POSTS", "GET-", "'GET'"], |name| {
                request(name, "/hello")
            }),
        )
        .open_after(status(501)),
        should("of-all-characters-of-a-token", request(TCHARS, "/hello")).open_after(status(501)),
        must(
            "its-case-matters",
            each(["get", "Get", "gET", "head", "post", "options"], |name| request(name, "/hello")),
        )
        .open_after(status(501)),
        choice("long", request("A".repeat(1_000), "/hello")).open_after(status(501)),
    ]);
    let bytes = under("method", "RFC 9112 §3.1").cases([
        should("a-delimiter-first", each(DELIMITERS, |byte| method(around(b"", byte, b"GET"))))
            .refused(400),
        should("a-delimiter-within", each(DELIMITERS, |byte| method(around(b"G", byte, b"T"))))
            .refused(400),
        should("a-delimiter-last", each(DELIMITERS, |byte| method(around(b"GET", byte, b""))))
            .refused(400),
        should("a-control-byte", each(CONTROLS, |byte| method(around(b"G", byte, b"T"))))
            .refused(400),
        should("a-byte-beyond-ascii", each(HIGH, |byte| method(around(b"G", byte, b"T"))))
            .refused(400),
    ]);
    known.chain(bytes)
}
