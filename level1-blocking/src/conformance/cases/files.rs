//! Files: what a path leads to, and that none leads out of the site.

use crate::conformance::{
    answer::{hello, status},
    case::{Case, choice, each, each_word, must, under},
    request::{get, head},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    found().chain(not_found()).chain(traversal()).chain(hidden())
}

/// A file is found by any spelling of its path, whatever the query.
fn found() -> impl Iterator<Item = Case> {
    let spelled =
        ["/style.css", "/style.css?v=1&x=/../y", "/%73tyle%2Ecss", "http://localhost/style.css"];
    under("files", "RFC 3986 §6.2.2").cases([
        must("any-spelling-of-a-path", each(spelled, |path| get(path) + get("/hello")))
            .open_after([status(200), hello()]),
        must("the-root-is-its-index", each(["/", "/?x=1"], get)).open_after(status(200)),
        must("a-file-in-1.0", get("/style.css").version("HTTP/1.0")).closed_after(status(200)),
    ])
}

/// What is not there is 404, of whatever kind it would have been.
fn not_found() -> impl Iterator<Item = Case> {
    let paths = "
        /nope /no/such/page.html /nope/ /style.css/ /style.css/index.html /STYLE.CSS /style
        /etc/passwd /proc/self/environ /dev/zero /Cargo.toml /src/main.rs /~root/
        /C:/Windows/win.ini //etc/passwd /// /style.css//";
    under("files", "RFC 9110 §15.5.5").cases([
        must("no-such-path", each_word(paths, get)).open_after(status(404)),
        must("no-such-path-of-head", each_word(paths, head)).open_after(status(404).to_head()),
        choice("a-name-beyond-any-file-system", get([b"/".to_vec(), vec![b'a'; 5_000]].concat()))
            .open_after(status(404)),
    ])
}

/// A client resolves dot segments before it sends (RFC 3986 §5.2.4): one that arrives was
/// written by hand.
fn traversal() -> impl Iterator<Item = Case> {
    let plain = "
        /.. /../ /../.. /../../../../etc/passwd /..//..//etc/passwd /./../etc/passwd
        /.//../etc/passwd /../style.css /hello/../hello";
    let inside = "/style.css/../../../etc/passwd /x/../../etc/passwd /x/..%2f../etc/passwd
        /index.html/..%2f..";
    let dots = "/%2e%2e /%2E%2E/%2E%2E/etc/passwd /.%2e/.%2e/etc/passwd /%2e./etc/passwd
        /%2e/%2e%2e/etc/passwd";
    let slashes = "
        /..%2f /..%2f..%2fetc%2fpasswd /..%2Fetc%2Fpasswd /%2e%2e%2fetc%2fpasswd
        /%2fetc%2fpasswd /%2Fetc/passwd /hello%2F /..%2fwww/style.css";
    let backslashes =
        ["/..%5c..%5cetc%5cpasswd", "/%2e%2e%5cetc/passwd", "/..%5C", "/c:%5cwindows"];
    let nuls =
        ["/..%00", "/%00", "/style.css%00", "/style.css%00.html", "/%00/etc/passwd", "/hello%00"];
    let raw = ["/..\\..\\etc\\passwd", "/\\..\\", "/..\\", "/..\u{c0}\u{af}"];
    let harmless = "
        /%252e%252e/etc/passwd /..%252f..%252fetc/passwd /%25252e%25252e/etc /%2573tyle.css
        /%c0%ae%c0%ae/etc/passwd /%e0%80%ae%e0%80%ae/etc /..;/..;/etc/passwd
        /....//etc/passwd /... /.;/etc";
    let absolute = ["http://localhost/../../etc/passwd", "http://localhost/%2e%2e/etc/passwd"];
    under("traversal", "RFC 3986 §7.3").cases([
        choice("dot-segments", each_word(plain, get)).open_after(status(403)),
        choice("dot-segments-of-head", each_word(plain, head)).open_after(status(403).to_head()),
        choice("dot-segments-behind-a-name", each_word(inside, get)).open_after(status(403)),
        choice("encoded-dots", each_word(dots, get)).open_after(status(403)),
        choice("encoded-slashes", each_word(slashes, get)).open_after(status(403)),
        choice("encoded-backslashes", each(backslashes, get)).open_after(status(403)),
        choice("encoded-nuls", each(nuls, get)).open_after(status(403)),
        choice("dot-segments-of-a-uri", each(absolute, get)).open_after(status(403)),
        choice("backslashes-and-raw-bytes", each(raw, get)).refused(400),
        choice("what-only-looks-like-it", each_word(harmless, get)).open_after(status(404)),
        must("dots-in-a-query", get("/hello?../../etc/passwd")).open_after(hello()),
    ])
}

/// Names that begin with a dot are kept to oneself.
fn hidden() -> impl Iterator<Item = Case> {
    let names = "
        /.git/config /.git /.env /.htaccess /x/.hidden /%2egit/config /%2eenv /. /./hello
        /.well-known/none";
    under("files", "RFC 3986 §7.5").cases([
        choice("hidden-names", each_word(names, get)).open_after(status(404)),
        choice("hidden-names-of-head", each_word(names, head)).open_after(status(404).to_head()),
    ])
}
