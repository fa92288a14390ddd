//! Where a request's body ends: Content-Length, Transfer-Encoding, and both of them at once,
//! which is how requests are smuggled past a proxy.

use super::bytes::{CONTROLS, all_but, around};
use crate::conformance::{
    answer::{echoed, hello, hello_head, not_allowed, status},
    case::{Case, choice, each, each_word, must, should, under},
    request::{echo, get, head, in_chunks, options, post, request, with_length},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    lengths()
        .chain(malformed_lengths())
        .chain(codings())
        .chain(other_codings())
        .chain(conflicts())
        .chain(bodies())
}

/// One decimal number.
fn lengths() -> impl Iterator<Item = Case> {
    let inner = get("/hello").bytes();
    let of_length = |value: &str| echo().field(format!("Content-Length: {value}")) + "abc";
    under("framing", "RFC 9112 §6.2").cases([
        must("a-length", post("abc")).open_after(echoed("abc")),
        must("a-length-of-zero", post("")).open_after(echoed("").with("Content-Length", "0")),
        must("a-body-and-the-next-request", post("abc") + get("/hello"))
            .open_after([echoed("abc"), hello()]),
        must("a-body-that-looks-like-a-request", post(&inner) + get("/hello"))
            .open_after([echoed(&inner), hello()]),
        must("a-body-that-looks-chunked", post("3\r\nabc\r\n0\r\n\r\n"))
            .open_after(echoed("3\r\nabc\r\n0\r\n\r\n")),
        must("a-length-in-1.0", post("abc").version("HTTP/1.0")).closed_after(echoed("abc")),
        must("leading-zeros", each(["03", "0000000003", &format!("{:0>60}", 3)], of_length))
            .open_after(echoed("abc")),
    ])
}

/// Anything else is no length, and where the body ends nobody knows.
fn malformed_lengths() -> impl Iterator<Item = Case> {
    let of_length = |value: &str| echo().field(format!("Content-Length: {value}")) + "abc";
    let malformed = [
        "", "+3", "-3", "-0", "three", "0x3", "3.0", "3e0", "3 3", "\"3\"", "3_0", "(3)", "3%00",
        "NaN", "\u{663}", "\u{ff13}", "\u{b2}",
    ];
    let lists = ["3,", ",3", "3,3", "3, 3", "3 , 3", "3,4"];
    let huge = "4294967299 9223372036854775807 9223372036854775808 18446744073709551615
        18446744073709551616 18446744073709551619 99999999999999999999999999";
    let other = || all_but(b"0123456789\t \r\n,");
    let again =
        |first: &str, second: &str| of_length(first).field(format!("Content-Length: {second}"));
    let steps = under("framing", "RFC 9112 §6.3").cases([
        must("no-length-is-no-body", echo()).open_after(echoed("")),
        must("a-malformed-length", each(malformed, of_length)).refused(400),
        must("a-malformed-length-of-get", get("/hello").field("Content-Length: x")).refused(400),
        must("a-malformed-length-in-1.0", of_length("+3").version("HTTP/1.0")).refused(400),
        must(
            "any-byte-before-a-length",
            each(other(), |byte| echo().field(around(b"Content-Length: ", byte, b"3")) + "abc"),
        )
        .refused(400),
        must(
            "any-byte-behind-a-length",
            each(other(), |byte| echo().field(around(b"Content-Length: 3", byte, b"")) + "abc"),
        )
        .refused(400),
        choice("a-list-of-lengths", each(lists, of_length)).refused(400),
        choice("the-same-length-twice", again("3", "3")).refused(400),
        must(
            "two-lengths",
            each([("3", "4"), ("0", "3"), ("3", "0"), ("3", "")], |(first, second)| {
                again(first, second)
            }),
        )
        .refused(400),
        must("two-lengths-of-get", get("/hello").field("Content-Length: 0\r\nContent-Length: 41"))
            .refused(400),
    ]);
    let overflow = under("framing", "RFC 9110 §8.6").cases([
        must("a-length-beyond-all-bounds", each_word(huge, of_length)).refused(413),
        must("a-length-of-a-thousand-digits", of_length(&"1".repeat(1_000))).refused(413),
    ]);
    steps.chain(overflow)
}

/// `chunked`, in any case.
fn codings() -> impl Iterator<Item = Case> {
    let coded =
        |value: &str| echo().field(format!("Transfer-Encoding: {value}")) + in_chunks("abc", 2);
    let names = under("framing", "RFC 9112 §7").cases([
        must("chunked", coded("chunked")).open_after(echoed("abc")),
        must("chunked-in-any-case", each(["Chunked", "CHUNKED", "cHuNkEd", " chunked\t"], coded))
            .open_after(echoed("abc")),
        must("chunked-and-the-next-request", coded("chunked") + get("/hello"))
            .open_after([echoed("abc"), hello()]),
    ]);
    let others = under("framing", "RFC 9110 §10.1.4").cases([
        must("te-says-nothing-of-the-request", post("abc").field("TE: chunked"))
            .open_after(echoed("abc")),
        must("chunked-with-te", coded("chunked").field("TE: trailers\r\nConnection: TE"))
            .open_after(echoed("abc")),
        must("chunked-with-trailer", coded("chunked").field("Trailer: X-T"))
            .open_after(echoed("abc")),
    ]);
    names.chain(others)
}

/// A coding that nobody knows, or one that only looks like `chunked`.
fn other_codings() -> impl Iterator<Item = Case> {
    let coded =
        |value: &str| echo().field(format!("Transfer-Encoding: {value}")) + in_chunks("abc", 3);
    let lines =
        |first: &str, second: &str| coded(first).field(format!("Transfer-Encoding: {second}"));
    let misspelled =
        "xchunked chunkedx chunke chunk chunked; chunked;q=1 \"chunked\" 'chunked' chunked:
        chunked=1 (chunked) chunked\\ chunked/1 trailers \u{a0}chunked chunked\u{a0} ch\u{fc}nked";
    let spaced = ["chunked chunked", "chun ked", "chunked; a=b", "x: chunked"];
    let known = "identity gzip deflate compress x-gzip foo";
    let other = || all_but(b"\t \r\n,").filter(|byte| !CONTROLS.contains(byte));
    under("framing", "RFC 9112 §6.1").cases([
        should("an-unknown-coding", each_word(known, coded)).refused(501),
        should(
            "an-unknown-coding-before-chunked",
            each(["gzip, chunked", "identity, chunked"], coded),
        )
        .refused(501),
        should("a-misspelled-coding", each_word(misspelled, coded)).refused(501),
        should("a-coding-with-white-space", each(spaced, coded)).refused(501),
        should(
            "any-byte-before-chunked",
            each(other(), |byte| {
                echo().field(around(b"Transfer-Encoding: ", byte, b"chunked")) + "0\r\n\r\n"
            }),
        )
        .refused(501),
        should(
            "any-byte-behind-chunked",
            each(other(), |byte| {
                echo().field(around(b"Transfer-Encoding: chunked", byte, b"")) + "0\r\n\r\n"
            }),
        )
        .refused(501),
        choice("chunked-twice", each(["chunked, chunked", "chunked,chunked"], coded)).refused(400),
        choice("chunked-twice-in-two-lines", lines("chunked", "chunked")).refused(400),
        must(
            "chunked-not-last",
            each(["chunked, gzip", "chunked, identity", "chunked, foo"], coded),
        )
        .refused(400),
        must("chunked-not-last-in-two-lines", lines("chunked", "identity")).refused(400),
        should("another-coding-in-a-line-before", lines("identity", "chunked")).refused(501),
        choice("an-empty-coding", each(["", ",", "chunked,", ",chunked", ", chunked ,"], coded))
            .refused(400),
        must("chunked-in-1.0", coded("chunked").version("HTTP/1.0")).refused(400),
        must("chunked-in-1.0-kept-alive", {
            coded("chunked").field("Connection: keep-alive").version("HTTP/1.0")
        })
        .refused(400),
        must("another-coding-in-1.0", coded("identity").version("HTTP/1.0")).refused(400),
    ])
}

/// Both fields: a proxy may have gone by the one, a server by the other.
fn conflicts() -> impl Iterator<Item = Case> {
    let both = |first: &str, second: &str| echo().field(first).field(second) + in_chunks("abc", 3);
    let (coding, inner) = ("Transfer-Encoding: chunked", get("/hello").after("0\r\n\r\n").bytes());
    let hidden = |line: &str| post("0\r\n\r\n").field(line);
    let steps = under("framing", "RFC 9112 §6.3").cases([
        choice("both-lengths", both("Content-Length: 3", coding)).refused(400),
        choice("both-lengths-the-other-way", both(coding, "Content-Length: 3")).refused(400),
        choice("both-lengths-and-they-agree", both(coding, "Content-Length: 13")).refused(400),
        choice("both-lengths-and-one-is-zero", both("Content-Length: 0", coding)).refused(400),
        must("both-lengths-and-one-is-malformed", both("Content-Length: x", coding)).refused(400),
        choice(
            "both-lengths-and-an-unknown-coding",
            both("Content-Length: 3", "Transfer-Encoding: foo"),
        )
        .refused(400),
        choice(
            "both-lengths-of-get",
            get("/hello").field("Content-Length: 5").field(coding) + "0\r\n\r\n",
        )
        .refused(400),
        choice("both-lengths-in-1.0", both("Content-Length: 3", coding).version("HTTP/1.0"))
            .refused(400),
        choice("a-request-smuggled-by-its-length", post(&inner).field(coding)).refused(400),
        choice("a-request-smuggled-by-its-chunks", {
            echo().field("Content-Length: 4").field(coding) + "29\r\n" + inner
        })
        .refused(400),
    ]);
    let names = under("framing", "RFC 9110 §5.6.2").cases([
        should(
            "a-coding-behind-a-broken-name",
            each(["\0", "\u{ff}"], |byte| hidden(&format!("Transfer-Encoding{byte}: chunked"))),
        )
        .refused(400),
        should("a-coding-without-a-colon", hidden("Transfer-Encoding chunked")).refused(400),
    ]);
    steps.chain(names)
}

/// Any request may have a body. It is taken, or the connection is closed; it is never the
/// next request.
fn bodies() -> impl Iterator<Item = Case> {
    const READABLE: &[&str] = &["GET", "HEAD", "OPTIONS"];
    let inner = get("/hello").bytes();
    let in_two_ways = |method, target| {
        let by_length = with_length(request(method, target), &inner);
        let by_chunks = request(method, target).field("Transfer-Encoding: chunked");
        each([by_length, by_chunks + in_chunks(&inner, 9)], |sent| sent)
    };
    let taken = under("framing", "RFC 9110 §9.3.1").cases([
        choice("a-body-of-get", in_two_ways("GET", "/hello")).open_after(hello()),
        choice("a-body-of-head", in_two_ways("HEAD", "/hello")).open_after(hello_head()),
        choice("a-body-of-options", in_two_ways("OPTIONS", "/hello"))
            .open_after(status(204).allowing(READABLE)),
        choice("a-body-of-options-of-all", with_length(options("*"), "abc") + head("/hello"))
            .open_after([status(204), hello_head()]),
    ]);
    let unwanted = with_length(request("POST", "/nope"), &inner);
    let swallowed = under("framing", "RFC 9112 §9.3").cases([
        must("a-body-of-delete", in_two_ways("DELETE", "/hello"))
            .closed_after(not_allowed(READABLE)),
        must("a-body-of-put", in_two_ways("PUT", "/style.css")).closed_after(not_allowed(READABLE)),
        must("a-body-of-trace", in_two_ways("TRACE", "/hello")).closed_after(not_allowed(READABLE)),
        must("a-body-of-an-unknown-method", in_two_ways("BREW", "/hello"))
            .closed_after(status(501)),
        must("a-body-for-another-method", in_two_ways("POST", "/hello"))
            .closed_after(not_allowed(READABLE)),
        must("a-body-for-nothing", in_two_ways("POST", "/nope")).closed_after(status(404)),
        must("a-body-for-nothing-between-others", get("/hello") + unwanted + get("/hello"))
            .closed_after([hello(), status(404)]),
    ]);
    taken.chain(swallowed)
}
