//! Expect: a client that holds its body back until it is told to go on.

use crate::conformance::{
    answer::{echoed, hello, not_allowed, status},
    case::{
        Case, Script,
        Step::{AwaitAnswer, AwaitContinue, Finish},
        choice, each, each_word, must, send, should, steps, under,
    },
    request::{Request, chunked, echo, get, in_chunks, post, request},
};

const EXPECT: &str = "Expect: 100-continue";

pub(super) fn cases() -> impl Iterator<Item = Case> {
    waiting().chain(not_waiting()).chain(other_expectations()).chain(early()).chain(late())
}

/// A head that promises three bytes.
fn holding() -> Request {
    echo().field("Content-Length: 3").field(EXPECT)
}

/// The client waits, is told to continue, and sends its body.
fn waited(head: Request, body: impl Into<Vec<u8>>) -> Script {
    steps([send(head), AwaitContinue, send(body)])
}

fn waiting() -> impl Iterator<Item = Case> {
    let spelled = ["expect: 100-CONTINUE", "Expect:\t100-continue ", "EXPECT: 100-Continue"];
    let in_chunks_head = echo().field("Transfer-Encoding: chunked").field(EXPECT);
    let twice = steps([
        send(holding()),
        AwaitContinue,
        send("abc"),
        AwaitAnswer,
        send(holding()),
        AwaitContinue,
        send("def"),
    ]);
    let dripping = steps([send(holding()), AwaitContinue, send("a"), send("b"), send("c")]);
    under("expect", "RFC 9110 §10.1.1").cases([
        must("a-body-by-length", waited(holding(), "abc")).open_after(echoed("abc")),
        must("a-body-in-chunks", waited(in_chunks_head, in_chunks("abc", 2)))
            .open_after(echoed("abc")),
        must("a-body-in-pieces", dripping).open_after(echoed("abc")),
        must(
            "in-any-spelling",
            each(spelled, |line| waited(echo().field("Content-Length: 3").field(line), "abc")),
        )
        .open_after(echoed("abc")),
        must("in-1.2", waited(holding().version("HTTP/1.2"), "abc")).open_after(echoed("abc")),
        must("twice-in-turn", twice).open_after([echoed("abc"), echoed("def")]),
        must("after-another-request", waited(get("/hello") + holding(), "abc"))
            .open_after([hello(), echoed("abc")]),
        must("and-another-request-after-it", waited(holding(), get("/hello").after("abc")))
            .open_after([echoed("abc"), hello()]),
        must("with-close", waited(holding().field("Connection: close"), "abc"))
            .closed_after(echoed("abc")),
        choice("repeated", waited(holding().field(EXPECT), "abc")).open_after(echoed("abc")),
        choice("for-a-body-that-is-not-used", {
            waited(get("/hello").field("Content-Length: 3").field(EXPECT), "abc")
        })
        .open_after(hello()),
    ])
}

/// A client that does not wait is not told to go on.
fn not_waiting() -> impl Iterator<Item = Case> {
    under("expect", "RFC 9110 §10.1.1").cases([
        choice("the-body-is-already-there", post("abc").field(EXPECT))
            .open_after(echoed("abc"))
            .may_continue_if_cut(),
        choice("the-chunks-are-already-there", chunked(in_chunks("abc", 2)).field(EXPECT))
            .open_after(echoed("abc"))
            .may_continue_if_cut(),
        choice("the-next-request-is-already-there", post("abc").field(EXPECT) + get("/hello"))
            .open_after([echoed("abc"), hello()])
            .may_continue_if_cut(),
        choice("without-a-body", get("/hello").field(EXPECT)).open_after(hello()),
        choice("with-an-empty-body", post("").field(EXPECT)).open_after(echoed("")),
        must("in-1.0", steps([send(holding().version("HTTP/1.0")), send("abc")]))
            .closed_after(echoed("abc")),
        choice(
            "empty",
            steps([send(echo().field("Content-Length: 3").field("Expect:")), send("abc")]),
        )
        .open_after(echoed("abc")),
    ])
}

/// What a server cannot do it says.
fn other_expectations() -> impl Iterator<Item = Case> {
    let others = "x 200-ok 100-continu 100-continuex 100 100-continue=x x=y 100-continue;q=1";
    let lists = ["100-continue, x", "x, 100-continue"];
    let expecting =
        |value: &str| echo().field("Content-Length: 3").field(format!("Expect: {value}"));
    let section = under("expect", "RFC 9110 §15.5.18").cases([
        choice("another-expectation", each_word(others, |value| expecting(value) + "abc"))
            .refused(417),
        choice("another-expectation-before-the-body", each_word(others, expecting)).refused(417),
        choice("another-expectation-in-a-list", each(lists, expecting)).refused(417),
        choice("another-expectation-in-a-second-line", holding().field("Expect: x")).refused(417),
        choice("another-expectation-without-a-body", get("/hello").field("Expect: x")).refused(417),
        choice(
            "another-expectation-wherever-it-leads",
            each(["/nope", "/hello", "/style.css"], |target| {
                request("POST", target).field("Content-Length: 3").field("Expect: x")
            }),
        )
        .refused(417),
        choice("another-expectation-after-a-good-request", get("/hello") + expecting("x"))
            .closed_after([hello(), status(417)]),
    ]);
    let old = under("expect", "RFC 9110 §10.1.1").cases([choice(
        "another-expectation-in-1.0",
        expecting("x").version("HTTP/1.0") + "abc",
    )
    .closed_after(echoed("abc"))]);
    section.chain(old)
}

/// A request that is refused by its head is refused before its body is asked for.
fn early() -> impl Iterator<Item = Case> {
    const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
    let expecting =
        |target: &str, framing: &str| request("POST", target).field(framing).field(EXPECT);
    let framings = ["Content-Length: 3", "Content-Length: 5000000", "Transfer-Encoding: chunked"];
    let too_long = ["Content-Length: 5000000", "Content-Length: 99999999999"];
    under("expect", "RFC 9110 §10.1.1").cases([
        must("404-at-once", each(framings, |framing| expecting("/nope", framing))).refused(404),
        must("405-at-once", each(framings, |framing| expecting("/hello", framing)))
            .closed_after(not_allowed(READABLE)),
        must("413-at-once", each(too_long, |framing| expecting("/echo", framing))).refused(413),
        must("400-at-once", expecting("/echo", "Content-Length: x")).refused(400),
        must("501-at-once", expecting("/echo", "Transfer-Encoding: gzip")).refused(501),
        must("a-refused-body-is-no-request", {
            expecting("/nope", "Content-Length: 41") + get("/hello").times(2)
        })
        .refused(404),
    ])
}

/// What goes wrong after it is refused like any other body.
fn late() -> impl Iterator<Item = Case> {
    let in_chunks_head = || echo().field("Transfer-Encoding: chunked").field(EXPECT);
    let cut_short = steps([send(holding()), AwaitContinue, send("ab"), Finish]);
    under("expect", "RFC 9110 §10.1.1").cases([
        should("a-bad-chunk-after-it", waited(in_chunks_head(), "zz\r\n")).refused(400),
        choice("a-chunk-that-is-too-long-after-it", waited(in_chunks_head(), "500000\r\n"))
            .refused(413),
        choice("half-a-body-after-it", cut_short).refused(400),
    ])
}
