//! The request target: its four forms, and the characters it is made of.

use super::bytes::{CONTROLS, HIGH, around};
use crate::conformance::{
    answer::{hello, status},
    case::{Case, choice, each, each_word, must, should, under},
    request::{get, head, line, options, request},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    origin_form()
        .chain(absolute_form())
        .chain(absolute_form_refused())
        .chain(asterisk_form())
        .chain(authority_form())
        .chain(other_forms())
        .chain(characters())
        .chain(percent_encodings())
}

/// `/path?query`. The path is the route's name, the query is not.
fn origin_form() -> impl Iterator<Item = Case> {
    under("target", "RFC 9112 §3.2.1").cases([
        must("origin-form", get("/hello")).open_after(hello()),
        must("with-a-query", get("/hello?x=1")).open_after(hello()),
        must("with-an-empty-query", get("/hello?")).open_after(hello()),
        must("with-more-question-marks", get("/hello???")).open_after(hello()),
        must("with-a-path-in-the-query", get("/hello?/../x")).open_after(hello()),
        must("with-a-url-in-the-query", get("/hello?u=http://x/y:80")).open_after(hello()),
        must("with-all-characters-of-a-query", get("/hello?-._~!$&'()*+,;=:@/?%41%ff"))
            .open_after(hello()),
        must("with-all-characters-of-a-path", get("/-._~!$&'()*+,;=:@")).open_after(status(404)),
        must("of-another-case", each(["/HELLO", "/Hello"], get)).open_after(status(404)),
        must("of-another-length", each(["/hell", "/hellox", "/hello/"], get))
            .open_after(status(404)),
        choice("with-a-parameter", get("/hello;a=b")).open_after(status(404)),
        choice("with-two-slashes", get("//hello")).open_after(status(404)),
    ])
}

/// A whole URI, as a client sends it to a proxy. Every server accepts it.
fn absolute_form() -> impl Iterator<Item = Case> {
    let form = under("target", "RFC 9112 §3.2.2").cases([
        must("absolute-form", get("http://localhost/hello")).open_after(hello()),
        must("absolute-form-with-a-port", get("http://localhost:8080/hello")).open_after(hello()),
        must("absolute-form-with-an-empty-port", get("http://localhost:/hello"))
            .open_after(hello()),
        must("absolute-form-with-a-query", get("http://localhost/hello?x=1")).open_after(hello()),
        must(
            "absolute-form-by-address",
            each(["127.0.0.1", "[::1]:80"], |host| get(format!("http://{host}/hello"))),
        )
        .open_after(hello()),
        must("absolute-form-of-another-case", get("HTTP://LOCALHOST/hello")).open_after(hello()),
        must("absolute-form-for-another-host-than-host", get("http://example.com/hello"))
            .open_after(hello()),
        must(
            "absolute-form-in-1.0",
            get("http://localhost/hello").version("HTTP/1.0").without_host(),
        )
        .closed_after(hello()),
        must("absolute-form-of-a-file", get("http://localhost/style.css")).open_after(status(200)),
        must("absolute-form-needs-host", get("http://localhost/hello").without_host()).refused(400),
        must("absolute-form-with-a-bad-host", get("http://localhost/hello").host("a b"))
            .refused(400),
    ]);
    let empty_path = under("target", "RFC 9110 §4.2.3").cases([
        must("no-path-is-the-root", each(["http://localhost", "http://localhost?x=1"], get))
            .open_after(status(200)),
        must("encoded-letters-are-letters", each(["/%68ello", "/hell%6F", "/hell%6f"], get))
            .open_after(hello()),
        must("all-letters-encoded", get("http://localhost/%68%65%6c%6c%6f")).open_after(hello()),
    ]);
    form.chain(empty_path)
}

/// URIs that no server can be meant by.
fn absolute_form_refused() -> impl Iterator<Item = Case> {
    let within = |authority: &str| get(format!("http://{authority}/hello"));
    let hosts = "[::1 ::1 [::g] [::1]x local%zzhost local<host a\\b höst";
    let ports =
        ["localhost:abc", "localhost:-1", "localhost:+80", "localhost:80:80", "localhost:8x"];
    let schemes = ["ftp://localhost/hello", "file:///hello", "urn:hello", "mailto:a@b", "ws://h/"];
    let malformed = "
        http:/hello http:hello http: ://localhost/hello 1http://localhost/hello
        ht_tp://localhost/hello http//localhost/hello";
    let empty_host = under("target", "RFC 9110 §4.2.1").cases([must(
        "an-empty-host",
        each(["http:///hello", "http://:80/hello", "http://", "http://?x"], get),
    )
    .refused(400)]);
    let userinfo = under("target", "RFC 9110 §4.2.4").cases([should(
        "a-user-in-the-authority",
        each(["user@localhost", "user:pw@localhost", "@localhost", "localhost@"], within),
    )
    .refused(400)]);
    let authority = under("target", "RFC 3986 §3.2").cases([
        should("a-malformed-host", each_word(hosts, within)).refused(400),
        should("a-malformed-port", each(ports, within)).refused(400),
        choice("a-port-beyond-16-bits", within("localhost:65536")).refused(400),
    ]);
    let scheme = under("target", "RFC 9110 §7.4").cases([
        choice("another-scheme", each(schemes, get)).refused(400),
        should("a-malformed-scheme", each_word(malformed, get)).refused(400),
    ]);
    empty_host.chain(userinfo).chain(authority).chain(scheme)
}

/// `*`, for OPTIONS of the server as a whole.
fn asterisk_form() -> impl Iterator<Item = Case> {
    const ALL: &[&str] = &["GET", "HEAD", "POST", "OPTIONS"];
    under("target", "RFC 9112 §3.2.4").cases([
        must("asterisk-form", options("*")).open_after(status(204).allowing(ALL)),
        must(
            "options-of-a-bare-authority",
            each(["http://localhost", "http://localhost:80"], options),
        )
        .open_after(status(204).allowing(ALL)),
        must("asterisk-form-needs-host", options("*").without_host()).refused(400),
        should("asterisk-form-of-get", get("*")).refused(400),
        should("asterisk-form-of-head", head("*")).closed_after(status(400).to_head()),
        should("asterisk-form-of-post", request("POST", "*")).refused(400),
        should("an-asterisk-and-more", each(["**", "*?x", "*/hello"], options)).refused(400),
        must("a-path-that-is-an-asterisk", options("/*")).open_after(status(404)),
    ])
}

/// `host:port`, for CONNECT.
fn authority_form() -> impl Iterator<Item = Case> {
    let connect = |target: &str| request("CONNECT", target);
    let form = under("target", "RFC 9112 §3.2.3").cases([
        choice("authority-form", each(["localhost:80", "127.0.0.1:1", "[::1]:443"], connect))
            .open_after(status(501)),
        should("connect-of-a-path", each(["/hello", "*", "http://localhost/"], connect))
            .refused(400),
        should("authority-form-of-get", each(["localhost:80", "127.0.0.1:80", "[::1]:80"], get))
            .refused(400),
    ]);
    let ports = under("target", "RFC 9110 §9.3.6").cases([must(
        "connect-without-a-valid-port",
        each(["localhost", "localhost:", ":80", "localhost:abc", "localhost:65536"], connect),
    )
    .refused(400)]);
    form.chain(ports)
}

/// What is none of the four forms.
fn other_forms() -> impl Iterator<Item = Case> {
    let targets =
        ["hello", "?x=1", "./hello", "../hello", ".", "%2Fhello", "\\hello", ";", "@", "#x"];
    under("target", "RFC 9112 §3.2").cases([
        should("none-of-the-forms", each(targets, get)).refused(400),
        should("a-fragment", each(["/hello#x", "/hello#", "http://localhost/#x"], get))
            .refused(400),
    ])
}

/// A byte outside the grammar is read in one way by a proxy and in another by a server.
fn characters() -> impl Iterator<Item = Case> {
    let in_path = |byte| get(around(b"/hel", byte, b"lo"));
    let in_query = |byte| get(around(b"/hello?a", byte, b"b"));
    let excluded = *br#""<>\^`{|}[]"#;
    under("target", "RFC 9112 §3.2").cases([
        should("a-control-byte-in-the-path", each(CONTROLS, in_path)).refused(400),
        should("a-control-byte-in-the-query", each(CONTROLS, in_query)).refused(400),
        should("a-tab-in-the-target", each(["/hel\tlo", "/hello?a\tb"], get)).refused(400),
        should("a-byte-beyond-ascii-in-the-path", each(HIGH, in_path)).refused(400),
        should("a-byte-beyond-ascii-in-the-query", each(HIGH, in_query)).refused(400),
        should("utf-8-in-the-path", get("/héllo")).refused(400),
        should("an-excluded-character-in-the-path", each(excluded, in_path)).refused(400),
        should("an-excluded-character-in-the-query", each(excluded, in_query)).refused(400),
        should("lf-in-the-target", line("GET /hel\nlo HTTP/1.1")).refused(400),
    ])
}

/// `%` and two hexadecimal digits, decoded once.
fn percent_encodings() -> impl Iterator<Item = Case> {
    let halves = "% %4 %zz %4g %g4 %%41 %u0041 %-1 %+1 %0x";
    let grammar = under("target", "RFC 3986 §2.1").cases([
        choice(
            "half-an-encoding-in-the-path",
            each_word(halves, |half| get(format!("/hello{half}"))),
        )
        .refused(400),
        choice(
            "half-an-encoding-in-the-query",
            each_word(halves, |half| get(format!("/hello?a={half}"))),
        )
        .refused(400),
        choice(
            "half-an-encoding-of-a-uri",
            each_word(halves, |half| get(format!("http://h/{half}"))),
        )
        .refused(400),
    ]);
    let meaning = under("target", "RFC 3986 §2.4").cases([
        must("an-encoding-of-another-case", get("/%48ello")).open_after(status(404)),
        must(
            "an-encoded-delimiter",
            each(["/hello%3Fx", "/hello%23x", "/hello%20", "/hello%25"], get),
        )
        .open_after(status(404)),
        must("encoded-twice", get("/%2568ello")).open_after(status(404)),
        must("an-encoded-line-end", get("/hello%0d%0aX-Injected:%20yes"))
            .open_after(status(404).without("X-Injected")),
        must("encoded-utf-8", get("/h%C3%A9llo")).open_after(status(404)),
        must("encoded-bytes-that-are-no-text", each(["/hello%ff", "/%c1%a8ello"], get))
            .open_after(status(404)),
    ]);
    grammar.chain(meaning)
}
