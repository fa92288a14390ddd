//! HEAD, OPTIONS, TRACE, CONNECT, and methods that a resource does not have.

use crate::conformance::{
    answer::{hello, hello_head, not_allowed, status},
    case::{Case, choice, each, must, should, under},
    request::{echo, get, head, options, request},
};

const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
const POSTABLE: &[&str] = &["POST", "OPTIONS"];
const ALL: &[&str] = &["GET", "HEAD", "POST", "OPTIONS"];

pub(super) fn cases() -> impl Iterator<Item = Case> {
    heads().chain(options_answers()).chain(not_allowed_methods()).chain(trace_and_connect())
}

/// HEAD is GET without the body.
fn heads() -> impl Iterator<Item = Case> {
    let both = |target: &'static str| get(target) + head(target);
    let like = |code| [status(code), status(code).to_head().with_the_same_fields()];
    under("methods", "RFC 9110 §9.3.2").cases([
        should("head-of-hello-is-like-get", both("/hello")).open_after(like(200)),
        should("head-of-a-file-is-like-get", both("/style.css")).open_after(like(200)),
        should("head-of-nothing-is-like-get", both("/nope")).open_after(like(404)),
        should("head-of-work-is-like-get", both("/work?ms=0")).open_after(like(200)),
        must("head-has-no-body", head("/hello") + get("/hello"))
            .open_after([hello_head(), hello()]),
        must("head-of-a-file-has-no-body", head("/style.css") + get("/hello"))
            .open_after([status(200).to_head(), hello()]),
        must("head-of-the-root-has-no-body", head("/") + get("/hello"))
            .open_after([status(200).to_head(), hello()]),
        must("head-in-1.0-has-no-body", head("/hello").version("HTTP/1.0"))
            .closed_after(hello_head()),
        must("head-that-is-not-allowed-has-no-body", head("/echo"))
            .open_after(not_allowed(POSTABLE).to_head()),
        must("a-refused-head-has-no-body", head("/hello").field("X : y"))
            .closed_after(status(400).to_head()),
        must(
            "a-head-of-an-unknown-coding-has-no-body",
            head("/hello").field("Transfer-Encoding: x"),
        )
        .closed_after(status(501).to_head()),
        must(
            "a-head-that-is-too-long-has-no-body",
            head("/hello").field("X: ".to_owned() + &"y".repeat(40_000)),
        )
        .closed_after(status(431).to_head()),
        must("a-head-with-an-expectation-has-no-body", head("/hello").field("Expect: x"))
            .closed_after(status(417).to_head()),
    ])
}

/// OPTIONS tells what may be asked.
fn options_answers() -> impl Iterator<Item = Case> {
    let readable = ["/hello", "/work", "/style.css"];
    under("methods", "RFC 9110 §9.3.7").cases([
        should("options-of-what-is-read", each(readable, options))
            .open_after(status(204).allowing(READABLE)),
        should("options-of-what-is-posted", options("/echo"))
            .open_after(status(204).allowing(POSTABLE)),
        should("options-of-the-server", options("*")).open_after(status(204).allowing(ALL)),
        should("options-of-the-server-in-1.0", options("*").version("HTTP/1.0"))
            .closed_after(status(204).allowing(ALL)),
        choice("options-of-nothing", options("/nope")).open_after(status(404)),
        must("options-have-no-body", options("/hello") + get("/hello"))
            .open_after([status(204).body("").without("Content-Length"), hello()]),
        must("options-at-the-last-hop", options("*").field("Max-Forwards: 0"))
            .open_after(status(204).allowing(ALL)),
    ])
}

/// 405 names the methods that there are.
fn not_allowed_methods() -> impl Iterator<Item = Case> {
    let others = ["POST", "PUT", "DELETE", "PATCH", "TRACE"];
    let not_of_echo = ["GET", "PUT", "DELETE", "PATCH", "TRACE"];
    let refused = |target: &'static str| each(others, move |method| request(method, target));
    under("methods", "RFC 9110 §15.5.6").cases([
        must("405-of-hello", refused("/hello")).open_after(not_allowed(READABLE)),
        must("405-of-work", refused("/work")).open_after(not_allowed(READABLE)),
        must("405-of-a-file", refused("/style.css")).open_after(not_allowed(READABLE)),
        must("405-of-echo", each(not_of_echo, |method| request(method, "/echo")))
            .open_after(not_allowed(POSTABLE)),
        must("405-with-an-empty-body", request("PUT", "/hello").field("Content-Length: 0"))
            .open_after(not_allowed(READABLE)),
        choice("another-method-of-nothing", request("POST", "/nope")).open_after(status(404)),
        must("an-allowed-method", echo()).open_after(status(200)),
    ])
}

/// Methods for proxies and for finding faults, which give away what they are sent.
fn trace_and_connect() -> impl Iterator<Item = Case> {
    let trace = under("methods", "RFC 9110 §9.3.8").cases([
        choice("trace-echoes-nothing", request("TRACE", "/hello").field("X-Secret: hidden"))
            .open_after(not_allowed(READABLE).body("405 Method Not Allowed\n").without("X-Secret")),
        should("trace-of-the-server", request("TRACE", "*")).refused(400),
    ]);
    let connect = under("methods", "RFC 9110 §9.3.6").cases([choice(
        "connect-opens-no-tunnel",
        request("CONNECT", "localhost:80") + get("/hello"),
    )
    .open_after([status(501), hello()])]);
    trace.chain(connect)
}
