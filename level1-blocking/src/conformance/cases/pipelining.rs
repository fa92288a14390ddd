//! Pipelining: requests that come before the answers have left.

use crate::conformance::{
    answer::{Answer, echoed, hello, hello_head, not_allowed, status},
    case::{Case, Step, choice, must, send, should, steps, under},
    request::{chunked, get, head, in_chunks, options, post, request},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    order().chain(ends()).chain(refusals()).chain(halves())
}

/// Every answer, in the order of the requests.
fn order() -> impl Iterator<Item = Case> {
    const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
    let large = "abcdefgh".repeat(5_000);
    let numbered = |count: usize| (0..count).map(|number| format!("body {number}"));
    let posts = |count| numbered(count).flat_map(|body| post(body).bytes()).collect::<Vec<u8>>();
    let chunks = |count| {
        let requests = numbered(count).map(|body| chunked(in_chunks(body, 3)).bytes());
        requests.flatten().collect::<Vec<u8>>()
    };
    let echoes = |count| numbered(count).map(echoed).collect::<Vec<Answer>>();
    let between = |request| get("/hello") + request + get("/hello");
    under("pipelining", "RFC 9112 §9.3.2").cases([
        must("two", get("/hello").times(2)).open_after([hello(), hello()]),
        must("sixty-four", get("/hello").times(64)).open_after(vec![hello(); 64]),
        must("sixty-five", get("/hello").times(65)).open_after(vec![hello(); 65]),
        must("two-hundred", get("/hello").times(200)).open_after(vec![hello(); 200]),
        must("bodies-in-order", posts(50)).open_after(echoes(50)),
        must("chunked-bodies-in-order", chunks(20)).open_after(echoes(20)),
        must("head-among-gets", between(head("/hello"))).open_after([
            hello(),
            hello_head(),
            hello(),
        ]),
        must("many-heads", head("/hello").times(9)).open_after(vec![hello_head(); 9]),
        must("post-among-gets", between(post("abc"))).open_after([hello(), echoed("abc"), hello()]),
        must("empty-post-among-gets", between(post(""))).open_after([hello(), echoed(""), hello()]),
        must("chunks-among-gets", between(chunked(in_chunks("abc", 2)))).open_after([
            hello(),
            echoed("abc"),
            hello(),
        ]),
        must("trailers-among-gets", between(chunked("3\r\nabc\r\n0\r\nX: y\r\n\r\n")))
            .open_after([hello(), echoed("abc"), hello()]),
        must("404-among-gets", between(get("/nope"))).open_after([hello(), status(404), hello()]),
        must("404-of-head-among-gets", between(head("/nope"))).open_after([
            hello(),
            status(404).to_head(),
            hello(),
        ]),
        must("405-among-gets", between(request("DELETE", "/hello"))).open_after([
            hello(),
            not_allowed(READABLE),
            hello(),
        ]),
        must("501-among-gets", between(request("BREW", "/hello"))).open_after([
            hello(),
            status(501),
            hello(),
        ]),
        must("options-among-gets", between(options("*"))).open_after([
            hello(),
            status(204),
            hello(),
        ]),
        must("files-among-gets", between(get("/style.css") + get("/style.css"))).open_after([
            hello(),
            status(200),
            status(200),
            hello(),
        ]),
        must("work-among-gets", between(get("/work?ms=0"))).open_after([
            hello(),
            status(200),
            hello(),
        ]),
        must("a-large-body-among-gets", between(post(&large))).open_after([
            hello(),
            echoed(&large),
            hello(),
        ]),
    ])
}

/// The last answer is the last, whatever was sent behind its request.
fn ends() -> impl Iterator<Item = Case> {
    let closing = get("/hello").field("Connection: close");
    under("pipelining", "RFC 9112 §9.6").cases([
        must("nothing-after-close", get("/hello") + closing.clone() + get("/hello").times(3))
            .closed_after([hello(), hello()]),
        must("nothing-after-close-of-post", {
            get("/hello") + post("abc").field("Connection: close") + get("/hello")
        })
        .closed_after([hello(), echoed("abc")]),
        must("nothing-after-close-and-a-bad-one", closing + get("/hello").without_host())
            .closed_after(hello()),
        must(
            "nothing-after-1.0",
            get("/hello") + get("/hello").version("HTTP/1.0") + get("/hello"),
        )
        .closed_after([hello(), hello()]),
    ])
}

/// Good requests before a bad one are answered before it is refused.
fn refusals() -> impl Iterator<Item = Case> {
    let bad = get("/hello").field("X : y");
    let after = |request| get("/hello") + request + get("/hello");
    under("pipelining", "RFC 9112 §9.3.2").cases([
        must("good-good-bad", get("/hello") + get("/hello") + bad.clone() + get("/hello"))
            .closed_after([hello(), hello(), status(400)]),
        must("bad-good", bad.clone() + get("/hello")).refused(400),
        must("a-hundred-good-and-a-bad-one", {
            let good = get("/hello").times(99);
            get("/hello") + good + bad + get("/hello")
        })
        .closed_after([vec![hello(); 100], vec![status(400)]].concat()),
        must("good-and-one-without-host", after(get("/hello").without_host()))
            .closed_after([hello(), status(400)]),
        should("good-and-garbage", get("/hello") + "\0\x01\x02\r\n\r\n" + get("/hello"))
            .closed_after([hello(), status(400)]),
        choice(
            "good-and-both-lengths",
            after(post("0\r\n\r\n").field("Transfer-Encoding: chunked")),
        )
        .closed_after([hello(), status(400)]),
        should("good-and-a-bad-chunk", after(chunked("zz\r\n")))
            .closed_after([hello(), status(400)]),
        should("a-body-and-one-byte", post("abc") + "(" + get("/hello"))
            .closed_after([echoed("abc"), status(400)]),
        should(
            "a-body-that-is-longer-than-its-length",
            post("abc") + "def ghi jkl" + get("/hello"),
        )
        .closed_after([echoed("abc"), status(400)]),
    ])
}

/// An answer does not wait for what comes behind its request.
fn halves() -> impl Iterator<Item = Case> {
    use Step::AwaitAnswer;
    let (whole, body) = (get("/hello").bytes(), post("abcdef").bytes());
    let (start, rest) = whole.split_at(20);
    let (open_body, end) = body.split_at(body.len() - 3);
    under("pipelining", "RFC 9112 §9.3.2").cases([
        choice("a-request-and-half-a-request", {
            steps([send(get("/hello") + start), AwaitAnswer, send(rest)])
        })
        .open_after([hello(), hello()]),
        choice("three-requests-and-half-a-request", {
            let sent = [&whole.repeat(3), start].concat();
            steps([send(sent), AwaitAnswer, AwaitAnswer, AwaitAnswer, send(rest)])
        })
        .open_after(vec![hello(); 4]),
        choice("a-request-and-half-a-body", {
            steps([send(get("/hello") + open_body), AwaitAnswer, send([end, &whole].concat())])
        })
        .open_after([hello(), echoed("abcdef"), hello()]),
    ])
}
