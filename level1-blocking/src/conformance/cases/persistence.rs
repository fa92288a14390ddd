//! Persistence: when a connection outlives its answer, in HTTP/1.1 and in HTTP/1.0.

use crate::conformance::{
    answer::{echoed, hello, hello_head, not_allowed, status},
    case::{Case, Step, choice, each, must, send, should, steps, under},
    request::{Request, chunked, get, head, in_chunks, options, post, request},
};

const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];

pub(super) fn cases() -> impl Iterator<Item = Case> {
    by_default()
        .chain(closed_on_demand())
        .chain(other_options())
        .chain(http_10())
        .chain(http_10_kept())
}

/// In HTTP/1.1, after every answer that leaves the connection's state known.
fn by_default() -> impl Iterator<Item = Case> {
    use Step::AwaitAnswer;
    let in_turn = steps([
        send(get("/hello")),
        AwaitAnswer,
        send(post("abc")),
        AwaitAnswer,
        send(head("/hello")),
        AwaitAnswer,
        send(chunked(in_chunks("def", 1))),
        AwaitAnswer,
        send(get("/nope")),
        AwaitAnswer,
        send(options("*")),
        AwaitAnswer,
        send(request("DELETE", "/hello")),
        AwaitAnswer,
        send(get("/style.css")),
        AwaitAnswer,
        send(get("/hello")),
    ]);
    under("persistence", "RFC 9112 §9.3").cases([
        should("after-get", get("/hello")).open_after(hello()),
        should("after-head", head("/hello")).open_after(hello_head()),
        should("after-options", options("/hello")).open_after(status(204)),
        should("after-post", post("abc")).open_after(echoed("abc")),
        should("after-a-file", get("/style.css")).open_after(status(200)),
        should("after-404", get("/nope")).open_after(status(404)),
        should("after-405", request("DELETE", "/hello")).open_after(not_allowed(READABLE)),
        should("requests-in-turn", in_turn).open_after([
            hello(),
            echoed("abc"),
            hello_head(),
            echoed("def"),
            status(404),
            status(204),
            not_allowed(READABLE),
            status(200),
            hello(),
        ]),
    ])
}

/// After `close` nothing more is answered, whatever comes.
fn closed_on_demand() -> impl Iterator<Item = Case> {
    let closing = |request: Request| request.field("Connection: close") + get("/hello");
    let spelled = [
        "Connection: close",
        "Connection: Close",
        "Connection: CLOSE",
        "Connection: keep-alive, close",
        "Connection: close, keep-alive",
        "Connection: x,close",
        "Connection: x\t,\tclose\t",
        "Connection: ,, close,,",
        "Connection: x\r\nConnection: close",
        "Connection: close\r\nConnection: x",
        "Connection: keep-alive\r\nConnection: close",
        "Connection: close\r\nX: y\r\nConnection: keep-alive",
        "Connection: close\r\nKeep-Alive: timeout=9",
    ];
    under("persistence", "RFC 9112 §9.6").cases([
        must(
            "close-in-any-spelling",
            each(spelled, |line| get("/hello").field(line) + get("/hello")),
        )
        .closed_after(hello()),
        must("close-of-head", closing(head("/hello"))).closed_after(hello_head()),
        must("close-of-post", post("abc").field("Connection: close") + get("/hello"))
            .closed_after(echoed("abc")),
        must(
            "close-of-chunks",
            chunked(in_chunks("abc", 2)).field("Connection: close") + get("/hello"),
        )
        .closed_after(echoed("abc")),
        must("close-of-a-file", closing(get("/style.css"))).closed_after(status(200)),
        must("close-of-404", closing(get("/nope"))).closed_after(status(404)),
        must("close-of-405", closing(request("DELETE", "/hello")))
            .closed_after(not_allowed(READABLE)),
        must("close-of-options", closing(options("*"))).closed_after(status(204)),
    ])
}

/// Options that a server does not know, and fields that are not this one.
fn other_options() -> impl Iterator<Item = Case> {
    let others = [
        "Connection:",
        "Connection: keep-alive",
        "Connection: x",
        "Connection: closed",
        "Connection: xclose",
        "Connection: close-x",
        "Connection: Host",
        "X-Connection: close",
        "Proxy-Connection: close",
        "Connection: TE\r\nTE: trailers",
    ];
    let upgrades = [
        "Connection: upgrade\r\nUpgrade: x/1",
        "Connection: upgrade\r\nUpgrade: websocket",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    ];
    let options = under("persistence", "RFC 9110 §7.6.1").cases([
        should("other-options", each(others, |line| get("/hello").field(line))).open_after(hello()),
        must("an-option-that-names-a-length", post("abc").field("Connection: Content-Length"))
            .open_after(echoed("abc")),
    ]);
    let upgrade = under("persistence", "RFC 9110 §7.8").cases([must(
        "an-upgrade-may-be-ignored",
        each(upgrades, |line| get("/hello").field(line)),
    )
    .open_after(hello().without("Upgrade"))]);
    options.chain(upgrade)
}

/// HTTP/1.0 closes.
fn http_10() -> impl Iterator<Item = Case> {
    let old = |line: &str| get("/hello").version("HTTP/1.0").field(line) + get("/hello");
    let not_kept = ["Connection: close", "Connection: keep-alive, close", "Keep-Alive: timeout=5"];
    under("persistence", "RFC 9112 §9.3").cases([
        must("1.0-closes", get("/hello").version("HTTP/1.0") + get("/hello")).closed_after(hello()),
        must("1.0-without-any-field", "GET /hello HTTP/1.0\r\n\r\n").closed_after(hello()),
        must("1.0-closes-on-demand", each(not_kept, old)).closed_after(hello()),
        must("1.0-knows-no-proxy-connection", old("Proxy-Connection: keep-alive"))
            .closed_after(hello()),
        must("1.0-closes-after-head", head("/hello").version("HTTP/1.0"))
            .closed_after(hello_head()),
        must("1.0-closes-after-post", post("abc").version("HTTP/1.0") + get("/hello"))
            .closed_after(echoed("abc")),
        must("1.0-closes-after-404", get("/nope").version("HTTP/1.0")).closed_after(status(404)),
        must("1.0-closes-after-a-file", get("/style.css").version("HTTP/1.0"))
            .closed_after(status(200).without("Transfer-Encoding")),
    ])
}

/// Unless the client asks for more, and is told so.
fn http_10_kept() -> impl Iterator<Item = Case> {
    let kept = |request: Request| request.version("HTTP/1.0").field("Connection: keep-alive");
    let spelled = ["keep-alive", "Keep-Alive", "KEEP-ALIVE", "x, keep-alive"];
    under("persistence", "RFC 9112 §9.3").cases([
        choice(
            "1.0-kept-alive",
            each(spelled, |option| {
                get("/hello").version("HTTP/1.0").field(format!("Connection: {option}"))
            }),
        )
        .open_after(hello().with("Connection", "keep-alive")),
        choice("1.0-kept-alive-without-host", kept(get("/hello")).without_host())
            .open_after(hello().with("Connection", "keep-alive")),
        choice("1.0-kept-alive-after-head", kept(head("/hello")))
            .open_after(hello_head().with("Connection", "keep-alive")),
        choice("1.0-kept-alive-after-post", kept(post("abc")))
            .open_after(echoed("abc").with("Connection", "keep-alive")),
        choice("1.0-kept-alive-once", kept(get("/hello")) + get("/hello").version("HTTP/1.0"))
            .closed_after([hello().with("Connection", "keep-alive"), hello()]),
    ])
}
