//! How connections end: by either side, in the middle of anything.

use crate::conformance::{
    answer::{echoed, hello, hello_head, not_allowed, status},
    case::{
        Case,
        Step::{AwaitAnswer, AwaitContinue, Finish, Vanish},
        choice, each, send, sent_and_finished, steps, under,
    },
    request::{chunked, echo, get, head, in_chunks, post, request, with_length},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    half_closed().chain(incomplete()).chain(lingering()).chain(vanishing())
}

/// A client that will send nothing more still reads.
fn half_closed() -> impl Iterator<Item = Case> {
    let large = "x".repeat(500_000);
    under("closing", "RFC 9112 §9.6").cases([
        choice("get-and-the-end", sent_and_finished(get("/hello"))).closed_after(hello()),
        choice("head-and-the-end", sent_and_finished(head("/hello"))).closed_after(hello_head()),
        choice(
            "a-request-in-1.0-and-the-end",
            sent_and_finished(get("/hello").version("HTTP/1.0")),
        )
        .closed_after(hello()),
        choice("post-and-the-end", sent_and_finished(post("abc"))).closed_after(echoed("abc")),
        choice("chunks-and-the-end", sent_and_finished(chunked(in_chunks("abc", 2))))
            .closed_after(echoed("abc")),
        choice("a-pipeline-and-the-end", sent_and_finished(get("/hello").times(100)))
            .closed_after(vec![hello(); 100]),
        choice("a-file-and-the-end", sent_and_finished(get("/style.css")))
            .closed_after(status(200)),
        choice("404-and-the-end", sent_and_finished(get("/nope"))).closed_after(status(404)),
        choice("a-large-body-and-the-end", sent_and_finished(post(&large)))
            .closed_after(echoed(&large)),
        choice("a-bad-request-and-the-end", sent_and_finished(get("/hello").without_host()))
            .refused(400),
        choice("an-answer-and-the-end", steps([send(get("/hello")), AwaitAnswer, Finish]))
            .closed_after(hello()),
        choice("nothing-and-the-end", steps([Finish])).closed_silently(),
    ])
}

/// A message that is cut short is not acted upon, and the client is told.
fn incomplete() -> impl Iterator<Item = Case> {
    let whole = get("/hello").bytes();
    let old = b"GET /hello HTTP/1.0\r\n\r\n";
    let body = echo().field("Content-Length: 10");
    let chunks = "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n";
    under("closing", "RFC 9112 §8").cases([
        choice(
            "every-part-of-a-head",
            each(1..whole.len(), |len| sent_and_finished(&whole[..len])),
        )
        .refused(400),
        choice(
            "every-part-of-a-head-in-1.0",
            each(1..old.len(), |len| sent_and_finished(&old[..len])),
        )
        .refused(400),
        choice(
            "every-part-of-a-body",
            each(0..10, |len| sent_and_finished(body.clone() + vec![b'x'; len])),
        )
        .refused(400),
        choice(
            "every-part-of-a-chunked-body",
            each(0..chunks.len(), |len| sent_and_finished(chunked(&chunks[..len]))),
        )
        .refused(400),
        choice("half-a-body-in-1.0", sent_and_finished(body.clone().version("HTTP/1.0") + "hello"))
            .refused(400),
        choice(
            "half-a-body-of-get",
            sent_and_finished(get("/hello").field("Content-Length: 9") + "hello"),
        )
        .refused(400),
        choice("half-a-large-body", {
            sent_and_finished(echo().field("Content-Length: 1000000") + vec![b'x'; 999_999])
        })
        .refused(400),
        choice("half-a-head-after-a-good-request", sent_and_finished(get("/hello") + &whole[..20]))
            .closed_after([hello(), status(400)]),
        choice(
            "half-a-body-after-a-good-request",
            sent_and_finished(get("/hello") + body + "hello"),
        )
        .closed_after([hello(), status(400)]),
        choice("an-empty-line-after-a-good-request", sent_and_finished(get("/hello") + "\r\n"))
            .closed_after(hello()),
    ])
}

/// Bytes that nobody will read are on their way when a request is refused. The server reads
/// on for a while before it closes: a reset would take the answer from the client.
fn lingering() -> impl Iterator<Item = Case> {
    const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
    let rest = || vec![b'x'; 200_000];
    let close = get("/hello").field("Connection: close");
    under("closing", "RFC 9112 §9.6").cases([
        choice("a-bad-request-and-more", get("/hello").field("X : y") + rest()).refused(400),
        choice("a-bad-request-line-and-more", Vec::from(get("/hello").version("x") + rest()))
            .refused(400),
        choice("both-lengths-and-more", post("").field("Transfer-Encoding: chunked") + rest())
            .refused(400),
        choice("a-bad-chunk-and-more", chunked("zz\r\n") + rest()).refused(400),
        choice("a-long-target-and-more", [b"GET /".to_vec(), rest()].concat()).refused(414),
        choice("a-long-head-and-more", get("/hello").field([b"X: ".to_vec(), rest()].concat()))
            .refused(431),
        choice("a-long-body-that-comes", echo().field("Content-Length: 5000000") + rest())
            .refused(413),
        choice("an-unknown-coding-and-more", echo().field("Transfer-Encoding: gzip") + rest())
            .refused(501),
        choice("an-unknown-version-and-more", get("/hello").version("HTTP/2.0") + rest())
            .refused(505),
        choice("an-unmet-expectation-and-more", get("/hello").field("Expect: x") + rest())
            .refused(417),
        choice("a-body-for-nothing", with_length(request("POST", "/nope"), rest())).refused(404),
        choice("a-body-for-another-method", with_length(request("POST", "/hello"), rest()))
            .closed_after(not_allowed(READABLE)),
        choice("close-and-a-thousand-requests", close + get("/hello").times(1_000))
            .closed_after(hello()),
        choice("1.0-and-a-thousand-requests", {
            get("/hello").version("HTTP/1.0") + get("/hello").times(1_000)
        })
        .closed_after(hello()),
    ])
}

/// A client that goes away at any byte costs the server nothing: the next one is served.
fn vanishing() -> impl Iterator<Item = Case> {
    let whole = get("/hello").bytes();
    let expecting = echo().field("Content-Length: 3").field("Expect: 100-continue");
    let then = |bytes: Vec<u8>| steps([send(bytes), Vanish, send(get("/hello"))]);
    under("closing", "RFC 9112 §9.5").cases([
        choice("a-client-that-says-nothing", steps([Vanish, send(get("/hello"))]))
            .open_after(hello()),
        choice(
            "a-client-that-leaves-in-a-head",
            each([1, 10, 30, whole.len() - 1], |len| then(whole[..len].to_vec())),
        )
        .open_after(hello()),
        choice("a-client-that-leaves-before-its-answer", then(whole.clone())).open_after(hello()),
        choice("a-client-that-leaves-before-its-answers", then(whole.repeat(500)))
            .open_after(hello()),
        choice("a-client-that-leaves-in-a-body", then(post("abc").cut_to(70))).open_after(hello()),
        choice("a-client-that-leaves-in-a-chunk", then(chunked("5\r\nhe").bytes()))
            .open_after(hello()),
        choice(
            "a-client-that-leaves-after-100",
            steps([send(expecting), AwaitContinue, Vanish, send(get("/hello"))]),
        )
        .open_after(hello()),
        choice("a-client-that-leaves-after-a-bad-request", then(vec![0; 5_000]))
            .open_after(hello()),
    ])
}
