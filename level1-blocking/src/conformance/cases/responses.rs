//! What every answer says of itself: length, type, version, and nothing of the request.
//!
//! That all have a Date, one length, and `Connection: close` if they are the last, is held in
//! every case of this suite.

use crate::conformance::{
    answer::{echoed, hello, status},
    case::{Case, choice, each, must, should, under},
    request::{get, post, request},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    lengths().chain(types()).chain(safe()).chain(preconditions()).chain(ranges_and_negotiation())
}

/// A known length is told.
fn lengths() -> impl Iterator<Item = Case> {
    let kilobyte = "x".repeat(1_000);
    under("responses", "RFC 9110 §8.6").cases([
        should("the-length-of-hello", get("/hello"))
            .open_after(hello().with("Content-Length", "14")),
        should("the-length-of-an-echo", post(&kilobyte))
            .open_after(echoed(&kilobyte).with("Content-Length", "1000")),
        should("the-length-of-an-empty-echo", post(""))
            .open_after(echoed("").with("Content-Length", "0")),
        should("the-length-of-an-answer-to-1.0", post("abc").version("HTTP/1.0"))
            .closed_after(echoed("abc").with("Content-Length", "3").without("Transfer-Encoding")),
        must("no-length-in-204", request("OPTIONS", "/hello"))
            .open_after(status(204).without("Content-Length").without("Transfer-Encoding")),
    ])
}

/// The media type is told, and is the one that the client sent.
fn types() -> impl Iterator<Item = Case> {
    let typed = |value: &str| post("{}").field(format!("Content-Type: {value}"));
    under("responses", "RFC 9110 §8.3").cases([
        should("the-type-of-hello", get("/hello")).open_after(hello()),
        should("the-type-of-a-page", get("/"))
            .open_after(status(200).with("Content-Type", "text/html; charset=utf-8")),
        should("the-type-of-a-style-sheet", get("/style.css"))
            .open_after(status(200).with("Content-Type", "text/css; charset=utf-8")),
        should("the-type-of-an-image", get("/favicon.svg"))
            .open_after(status(200).with("Content-Type", "image/svg+xml")),
        should("the-type-of-404", get("/nope"))
            .open_after(status(404).with("Content-Type", "text/html; charset=utf-8")),
        should("the-type-of-an-echo", typed("application/x-a+json; v=1"))
            .open_after(echoed("{}").with("Content-Type", "application/x-a+json; v=1")),
        should("the-type-of-an-echo-without-white-space-around-it", typed("\t text/x-a \t"))
            .open_after(echoed("{}").with("Content-Type", "text/x-a")),
        should("the-type-of-an-untyped-echo", post("{}"))
            .open_after(echoed("{}").with("Content-Type", "application/octet-stream")),
        should("the-type-of-a-refusal", get("/hello").field("X : y"))
            .closed_after(status(400).with("Content-Type", "text/plain; charset=utf-8")),
    ])
}

/// Nothing of the request turns up in an answer's head.
fn safe() -> impl Iterator<Item = Case> {
    under("responses", "RFC 9112 §11.1").cases([
        must("fields-are-not-reflected", get("/nope").field("X-Reflected: yes"))
            .open_after(status(404).without("X-Reflected")),
        must(
            "encoded-line-ends-stay-encoded",
            each(["/%0d%0aX-Split:%20yes", "/nope?%0d%0aX-Split:%20yes"], get),
        )
        .open_after(status(404).without("X-Split")),
        must("a-type-is-not-split", post("abc").field("Content-Type: a/b%0d%0aX-Split: yes"))
            .open_after(echoed("abc").without("X-Split")),
    ])
}

/// Conditions that are malformed, or that a server without validators cannot judge, count
/// for nothing.
fn preconditions() -> impl Iterator<Item = Case> {
    let dates = ["yesterday", "", "Mon, 99 Foo 2020 00:00:00 GMT", "0"];
    let conditional = |value: &str| get("/style.css").field(format!("If-Modified-Since: {value}"));
    let old = "Thu, 01 Jan 1970 00:00:00 GMT";
    let posted = post("abc").field(format!("If-Modified-Since: {old}"));
    under("responses", "RFC 9110 §13.1.3").cases([
        must("a-malformed-date", each(dates, conditional)).open_after(status(200)),
        must("an-old-date", conditional(old)).open_after(status(200)),
        must("a-date-for-post", posted).open_after(echoed("abc")),
        must("a-date-besides-a-tag", conditional("0").field("If-None-Match: \"x\""))
            .open_after(status(200)),
    ])
}

/// What a server does not do with a range or a preference it leaves undone.
fn ranges_and_negotiation() -> impl Iterator<Item = Case> {
    let ranges = under("responses", "RFC 9110 §14.2").cases([
        must("a-range-of-another-unit", get("/style.css").field("Range: lines=1-2"))
            .open_after(status(200)),
        must(
            "a-malformed-range",
            each(["bytes", "bytes=", "bytes=x-y", "bytes=2-1"], |range| {
                get("/style.css").field(format!("Range: {range}"))
            }),
        )
        .open_after(status(200)),
        must("a-range-of-post", post("abc").field("Range: bytes=0-0")).open_after(echoed("abc")),
    ]);
    let negotiation = under("responses", "RFC 9110 §12.1").cases([choice(
        "nothing-acceptable",
        get("/hello").field("Accept: application/x-none"),
    )
    .open_after(hello())]);
    ranges.chain(negotiation)
}
