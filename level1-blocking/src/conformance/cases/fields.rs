//! Field lines: names, values, line ends, folding.

use super::bytes::{CONTROLS, DELIMITERS, HIGH, TCHARS, around};
use crate::conformance::{
    answer::{echoed, hello},
    case::{Case, choice, each, must, should, under},
    request::{Request, chunked, echo, get, in_chunks, line, post},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    names().chain(space_before_colon()).chain(values()).chain(line_ends()).chain(folding())
}

fn with(line: impl AsRef<[u8]>) -> Request {
    get("/hello").field(line)
}

/// A name is a token, in any case, and a colon follows it at once.
fn names() -> impl Iterator<Item = Case> {
    let delimiters = DELIMITERS.into_iter().filter(|&byte| byte != b':');
    let no_field = ["garbage", "X-A v", "X-A=v", "GET /hello HTTP/1.1", "\"X-A\": v"];
    let case_insensitive = under("fields", "RFC 9110 §5.1").cases([
        must("host-in-any-case", get("/hello").host_line("hOsT: localhost")).open_after(hello()),
        must("content-length-in-any-case", echo().field("cOnTeNt-LeNgTh: 3") + "abc")
            .open_after(echoed("abc")),
        must(
            "transfer-encoding-in-any-case",
            echo().field("TRANSFER-encoding: chunked") + in_chunks("abc", 2),
        )
        .open_after(echoed("abc")),
        must("connection-in-any-case", with("CONNECTION: close")).closed_after(hello()),
        should("unknown-fields-are-ignored", with("X-A: b")).open_after(hello()),
        must("an-underscore-is-another-letter", post("abc").field("Transfer_Encoding: chunked"))
            .open_after(echoed("abc")),
    ]);
    let grammar = under("fields", "RFC 9110 §5.6.2").cases([
        must("a-name-of-all-characters-of-a-token", with(format!("{TCHARS}: v")))
            .open_after(hello()),
        should(
            "a-control-byte-in-a-name",
            each(CONTROLS, |byte| with(around(b"X", byte, b"A: v"))),
        )
        .refused(400),
        should(
            "a-control-byte-before-a-name",
            each(CONTROLS, |byte| with(around(b"", byte, b"X: v"))),
        )
        .refused(400),
        should(
            "a-control-byte-behind-a-name",
            each(CONTROLS, |byte| with(around(b"X", byte, b": v"))),
        )
        .refused(400),
        should("a-delimiter-in-a-name", each(delimiters, |byte| with(around(b"X", byte, b"A: v"))))
            .refused(400),
        should(
            "a-byte-beyond-ascii-in-a-name",
            each(HIGH, |byte| with(around(b"X", byte, b"A: v"))),
        )
        .refused(400),
        should("a-space-in-a-name", with("X A: v")).refused(400),
        should("an-empty-name", each([": v", ":"], with)).refused(400),
        should("no-colon", each(no_field, with)).refused(400),
        should("no-colon-in-the-first-line", line("GET /hello HTTP/1.1\r\ngarbage")).refused(400),
    ]);
    case_insensitive.chain(grammar)
}

/// A server that overlooks the space sees a field that a proxy did not, or the reverse.
fn space_before_colon() -> impl Iterator<Item = Case> {
    under("fields", "RFC 9112 §5.1").cases([
        must("a-space-before-the-colon", each(["X-A : v", "X-A   : v", " : v"], with)).refused(400),
        must("a-tab-before-the-colon", with("X-A\t: v")).refused(400),
        must("a-space-before-the-colon-of-host", get("/hello").host_line("Host : localhost"))
            .refused(400),
        must(
            "a-space-before-the-colon-of-content-length",
            echo().field("Content-Length : 3") + "abc",
        )
        .refused(400),
        must(
            "a-space-before-the-colon-of-transfer-encoding",
            post("0\r\n\r\n").field("Transfer-Encoding : chunked"),
        )
        .refused(400),
    ])
}

/// Visible characters, spaces, tabs, and bytes beyond ASCII that nobody need understand.
fn values() -> impl Iterator<Item = Case> {
    let odd = [
        "X-A:",
        "X-A: ",
        "X-A: \t \t",
        "X-A:v",
        "X-A:   v   ",
        "X-A:\t\tv\t\t",
        "X-A: a\tb",
        "X-A: a   b",
        "X-A: a:b::c",
        "X-A: \"a \\\" b\"",
        "X-A: \"a",
        "X-A: ()<>@,;:\\\"/[]?={}",
        "X-A: %00%0d%0a",
        "X-A: a\r\nX-A: b",
    ];
    let space = under("fields", "RFC 9112 §5").cases([
        must(
            "white-space-around-host",
            each(["Host:localhost", "Host: \t localhost \t"], |line| get("/hello").host_line(line)),
        )
        .open_after(hello()),
        must("white-space-around-content-length", echo().field("Content-Length: \t 3 \t") + "abc")
            .open_after(echoed("abc")),
        must("no-white-space-before-content-length", echo().field("Content-Length:3") + "abc")
            .open_after(echoed("abc")),
    ]);
    let grammar = under("fields", "RFC 9110 §5.5").cases([
        must("odd-but-valid-values", each(odd, with)).open_after(hello()),
        must("all-visible-characters", with((b' '..=b'~').fold(b"X-A: ".to_vec(), pushed)))
            .open_after(hello()),
        must("all-bytes-beyond-ascii", with((0x80..=0xFF).fold(b"X-A: ".to_vec(), pushed)))
            .open_after(hello()),
        choice("a-nul-in-a-value", with("X-A: a\0b")).refused(400),
        choice(
            "a-control-byte-in-a-value",
            each(CONTROLS, |byte| with(around(b"X-A: a", byte, b"b"))),
        )
        .refused(400),
        choice(
            "a-control-byte-before-a-value",
            each(CONTROLS, |byte| with(around(b"X-A:", byte, b"v"))),
        )
        .refused(400),
        choice(
            "a-control-byte-behind-a-value",
            each(CONTROLS, |byte| with(around(b"X-A: v", byte, b""))),
        )
        .refused(400),
    ]);
    space.chain(grammar)
}

fn pushed(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

/// Only CRLF ends a line, in a head's last lines as well.
fn line_ends() -> impl Iterator<Item = Case> {
    let ended = |end: &str| format!("GET /hello HTTP/1.1\r\nHost: localhost{end}");
    under("fields", "RFC 9112 §2.2").cases([
        choice("lf-ends-a-field", with("X-A: a\nX-B: b")).refused(400),
        choice("lf-ends-host", ended("\n\r\n")).refused(400),
        choice("lf-ends-the-head", ended("\r\n\n")).refused(400),
        choice("two-lf-end-the-head", ended("\n\n")).refused(400),
        choice("lf-before-crlf", ended("\n\r\n\r\n")).refused(400),
        choice("lf-hides-a-transfer-coding", post("abc").field("X: y\nTransfer-Encoding: chunked"))
            .refused(400),
        choice("cr-in-a-value", with("X-A: a\rX-B: b")).refused(400),
        choice("cr-before-crlf", ended("\r\r\n\r\n")).refused(400),
        choice("cr-before-the-blank-line", ended("\r\n\r\r\n")).refused(400),
        choice("cr-begins-a-line", ended("\r\n\rX: y\r\n\r\n")).refused(400),
        choice("cr-hides-a-transfer-coding", post("abc").field("X: y\rTransfer-Encoding: chunked"))
            .refused(400),
    ])
}

/// A line that begins with white space once went on with the line before it.
fn folding() -> impl Iterator<Item = Case> {
    let folded = [
        "X-A: a\r\n b",
        "X-A: a\r\n\tb",
        "X-A:\r\n b",
        "X-A: a\r\n ",
        "X-A: a\r\n\t",
        "X-A: a\r\n X-B: b",
        "X-A: a\r\n b\r\n c",
    ];
    let fold = under("fields", "RFC 9112 §5.2").cases([
        choice("folding", each(folded, with)).refused(400),
        choice(
            "folding-in-host",
            each(["Host:\r\n localhost", "Host: local\r\n host"], |line| {
                get("/hello").host_line(line)
            }),
        )
        .refused(400),
        choice("folding-in-content-length", echo().field("Content-Length:\r\n 3") + "abc")
            .refused(400),
        choice(
            "folding-in-transfer-encoding",
            echo().field("Transfer-Encoding:\r\n chunked") + "0\r\n\r\n",
        )
        .refused(400),
        choice("folding-behind-transfer-encoding", chunked("0\r\n\r\n").field(" , identity"))
            .refused(400),
        choice("folding-in-connection", with("Connection:\r\n close")).refused(400),
    ]);
    let first = under("fields", "RFC 9112 §2.2").cases([
        choice(
            "white-space-before-the-first-field",
            each([" ", "\t"], |space| line(format!("GET /hello HTTP/1.1\r\n{space}X-A: b"))),
        )
        .refused(400),
        must(
            "white-space-before-host",
            each([" ", "\t"], |space| get("/hello").host_line(format!("{space}Host: localhost"))),
        )
        .refused(400),
        choice("a-blank-line-before-the-first-field", line("GET /hello HTTP/1.1\r\n "))
            .refused(400),
        choice("white-space-hides-a-length", line("POST /echo HTTP/1.1\r\n Content-Length: 3"))
            .refused(400),
    ]);
    fold.chain(first)
}
