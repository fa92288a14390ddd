//! Host: exactly one, and a valid `host[:port]`.

use super::bytes::{CONTROLS, around};
use crate::conformance::{
    answer::{hello, status},
    case::{Case, choice, each, each_word, must, under},
    request::{Request, get, head, post},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    how_many().chain(valid()).chain(malformed()).chain(addresses())
}

fn host(value: impl AsRef<[u8]>) -> Request {
    get("/hello").host(value)
}

/// One in HTTP/1.1, at most one in HTTP/1.0.
fn how_many() -> impl Iterator<Item = Case> {
    let again = |line: &str| get("/hello").field(line);
    under("host", "RFC 9112 §3.2").cases([
        must("missing", get("/hello").without_host()).refused(400),
        must("missing-among-other-fields", get("/hello").without_host().field("X-Host: localhost"))
            .refused(400),
        must("missing-in-1.2", get("/hello").without_host().version("HTTP/1.2")).refused(400),
        must("missing-with-a-body", post("abc").without_host()).refused(400),
        must("missing-of-head", head("/hello").without_host()).closed_after(status(400).to_head()),
        must("missing-in-1.0", get("/hello").without_host().version("HTTP/1.0"))
            .closed_after(hello()),
        must("twice-the-same", again("Host: localhost")).refused(400),
        must("twice-different", again("Host: other")).refused(400),
        must("twice-in-another-case", again("X-A: b\r\nHOST: localhost")).refused(400),
        must("twice-and-one-empty", again("Host:")).refused(400),
        must("twice-in-1.0", again("Host: localhost").version("HTTP/1.0")).refused(400),
        must("malformed-in-1.0", host("a b").version("HTTP/1.0")).refused(400),
        choice("empty", each(["Host:", "Host: \t "], |line| get("/hello").host_line(line)))
            .refused(400),
    ])
}

/// Names, addresses, ports: the grammar and no more; nothing is looked up.
fn valid() -> impl Iterator<Item = Case> {
    let names = "
        localhost LOCALHOST example.com www.example.co.uk:8080 localhost. a_b a-b a~b x 1
        xn--bcher-kva.example 127.0.0.1 127.0.0.1:8001";
    let ports = ["localhost:80", "localhost:", "localhost:1", "localhost:080", "localhost:65535"];
    let grammatical = "a%41b a,b a;b a!$&'()*+=b .. a..b 999.999.999.999 -";
    under("host", "RFC 3986 §3.2.2").cases([
        must("names", each_word(names, host)).open_after(hello()),
        must("ports", each(ports, host)).open_after(hello()),
        must("odd-but-grammatical-names", each_word(grammatical, host)).open_after(hello()),
        must("a-long-name", host("a".repeat(3_000))).open_after(hello()),
    ])
}

/// Everything else, as it is used to make two servers see two hosts.
fn malformed() -> impl Iterator<Item = Case> {
    let users = "user@localhost user:pw@localhost @localhost localhost@ a@b@c @";
    let ports = "
        localhost:abc localhost:80a localhost:0x50 localhost:-1 localhost:+80
        localhost:80:80 localhost::80 localhost:8.0 localhost:80, localhost:%38%30 [::1]:x
        [::1]:-1 [::1]::80 localhost:\u{b2}";
    let spaces =
        ["local host", "local\thost", "localhost :80", "localhost: 80", "[::1] :80", "[ ::1]"];
    let urls = "localhost/ /localhost / http://localhost //localhost localhost\\x localhost:80/x
        localhost? ? localhost#x #";
    let delimiters = "\"localhost\" <localhost> a^b a`b a|b a{b a}b a\\b";
    let percents = "a%zz a%4 a% a%%41 % %u0041";
    let syntax = under("host", "RFC 9110 §7.2").cases([
        must("with-a-user", each_word(users, host)).refused(400),
        must("with-a-malformed-port", each_word(ports, host)).refused(400),
        must("with-white-space", each(spaces, host)).refused(400),
        must("that-is-a-url", each_word(urls, host)).refused(400),
        must("with-a-delimiter", each_word(delimiters, host)).refused(400),
        must("with-half-an-encoding", each_word(percents, host)).refused(400),
        must("beyond-ascii", each(["höst", "\u{ff4c}ocalhost", "localhost\u{a0}"], host))
            .refused(400),
        must("with-a-control-byte", each(CONTROLS, |byte| host(around(b"local", byte, b"host"))))
            .refused(400),
        choice("with-a-port-beyond-16-bits", each(["localhost:65536", "[::1]:99999"], host))
            .refused(400),
    ]);
    let empty =
        under("host", "RFC 9110 §4.2.1")
            .cases([must("without-a-name", each([":", ":80"], host)).refused(400)]);
    syntax.chain(empty)
}

/// Addresses of IPv6 and later ones, in brackets.
fn addresses() -> impl Iterator<Item = Case> {
    let valid = "
        [::1] [::1]:80 [::1]: [::] [2001:db8::1] [2001:DB8::A]:443 [1:2:3:4:5:6:7:8] [1::]
        [1::8] [1:2:3:4:5:6:7::] [::2:3:4:5:6:7:8] [::ffff:127.0.0.1] [1:2:3:4:5:6:1.2.3.4]
        [0000:0000::0001]";
    let brackets = "
        [a a] a[b] [a] ] [ [] []:80 [localhost] [127.0.0.1] x[::1] [[::1]] [::1]] [::1 ::1]
        [::1]x [::1]80 [::1].com ::1 2001:db8::1";
    let groups = "
        [1:2:3:4:5:6:7] [1:2:3:4:5:6:7:8:9] [1] [1::2::3] [:::] [:::1] [1:2:3:4:5:6:7:8::]
        [:] [1:] [:1] [::1:] [12345::] [::g] [::-1]";
    let embedded = "
        [::256.1.1.1] [::1.2.3] [::1.2.3.4.5] [::01.2.3.4] [1.2.3.4::] [::1.2.3.a]
        [1:2:3:4:5:6:7:1.2.3.4]";
    let future = ["[v.abc]", "[v1.]", "[v1]", "[vg.abc]", "[v1.a@b]", "[v1.a b]", "[1.abc]"];
    under("host", "RFC 3986 §3.2.2").cases([
        must("ipv6-addresses", each_word(valid, host)).open_after(hello()),
        must("addresses-of-the-future", each(["[v1.abc]", "[vF.a:b]:80"], host))
            .open_after(hello()),
        must("misplaced-brackets", each_word(brackets, host)).refused(400),
        must("malformed-ipv6-addresses", each_word(groups, host)).refused(400),
        must("malformed-ipv4-addresses-in-ipv6", each_word(embedded, host)).refused(400),
        must("malformed-addresses-of-the-future", each(future, host)).refused(400),
        must("zones", each(["[::1%eth0]", "[fe80::1%]", "[::1%25eth0]"], host)).refused(400),
    ])
}
