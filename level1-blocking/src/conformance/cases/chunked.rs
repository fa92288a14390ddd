//! The chunked coding: sizes, line ends, extensions.

use super::bytes::{CONTROLS, TCHARS, all_but, around};
use crate::conformance::{
    answer::{echoed, hello},
    case::{Case, choice, each, each_word, must, should, under},
    request::{Request, chunked, get, in_chunks},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    sizes()
        .chain(malformed_sizes())
        .chain(line_ends())
        .chain(extensions())
        .chain(malformed_extensions())
}

/// A request whose first chunk has this line, and a request that is answered only if the
/// body ends where it seems to.
fn with_line(line: impl AsRef<[u8]>) -> Request {
    chunked(line) + "\r\nabc\r\n0\r\n\r\n" + get("/hello")
}

/// Hexadecimal digits, in either case, with any number of zeros before them.
fn sizes() -> impl Iterator<Item = Case> {
    let of_size = |size: &str, len: usize| {
        chunked(format!("{size}\r\n{}\r\n0\r\n\r\n", "x".repeat(len))) + get("/hello")
    };
    let long = |len: usize| [echoed("x".repeat(len)), hello()];
    under("chunked", "RFC 9112 §7.1").cases([
        must("one-chunk", with_line("3")).open_after([echoed("abc"), hello()]),
        must("no-chunk-but-the-last", chunked("0\r\n\r\n") + get("/hello"))
            .open_after([echoed(""), hello()]),
        must("chunks-of-one-byte", chunked(in_chunks("abcdef", 1))).open_after(echoed("abcdef")),
        must("chunks-of-several-sizes", chunked("1\r\na\r\n4\r\nbcde\r\n2\r\nfg\r\n0\r\n\r\n"))
            .open_after(echoed("abcdefg")),
        must("a-digit-beyond-nine", each(["a", "A"], |size| of_size(size, 10)))
            .open_after(long(10)),
        must("two-digits-of-either-case", each(["1f", "1F"], |size| of_size(size, 31)))
            .open_after(long(31)),
        must("two-digits-of-both-cases", each(["aB", "Ab"], |size| of_size(size, 171)))
            .open_after(long(171)),
        must("zeros-before-a-size", each(["03", "000003", "0000000000000003"], with_line))
            .open_after([echoed("abc"), hello()]),
        must("zeros-as-the-last-size", chunked("3\r\nabc\r\n000\r\n\r\n"))
            .open_after(echoed("abc")),
        must(
            "content-that-looks-like-chunks",
            chunked("e\r\n3\r\nabc\r\n0\r\n\r\r\n\r\n0\r\n\r\n"),
        )
        .open_after(echoed("3\r\nabc\r\n0\r\n\r\r\n")),
        choice("zeros-without-end", each(["0".repeat(17) + "3", "0".repeat(200) + "3"], with_line))
            .refused(400),
    ])
}

/// Nothing else is a size, least of all one that some language's parser takes for one.
fn malformed_sizes() -> impl Iterator<Item = Case> {
    let malformed = [
        "", "g", "0x3", "-3", "-1", "-0", "+3", " 3", "3 ", "3\t", "3 3", "3.0", "\"3\"", "three",
        "\u{663}", "\u{ff13}",
    ];
    let last = |size: &str| chunked(format!("3\r\nabc\r\n{size}\r\n\r\n")) + get("/hello");
    let huge = "
        100000003 7fffffff 80000000 ffffffff 7fffffffffffffff 8000000000000000
        ffffffffffffffff fffffffffffffffd";
    let beyond = ["10000000000000000", "10000000000000003", &"f".repeat(33)];
    let not_hex = || all_but(b"0123456789abcdefABCDEF");
    under("chunked", "RFC 9112 §7.1").cases([
        should("a-malformed-size", each(malformed, with_line)).refused(400),
        should(
            "any-byte-before-a-size",
            each(not_hex(), |byte| with_line(around(b"", byte, b"3"))),
        )
        .refused(400),
        should(
            "any-byte-behind-a-size",
            each(not_hex(), |byte| with_line(around(b"3", byte, b""))),
        )
        .refused(400),
        should("any-byte-instead-of-a-size", each(not_hex(), |byte| with_line([byte])))
            .refused(400),
        should("a-malformed-last-size", each(["", "-0", "+0", "0x0", "0 ", " 0", "0x"], last))
            .refused(400),
        must("a-size-beyond-all-bounds", each_word(huge, with_line)).refused(413),
        must("a-size-beyond-64-bits", each(beyond, with_line)).refused(400),
        must("a-second-size-beyond-all-bounds", chunked("3\r\nabc\r\nffffffffffffffff\r\nabc"))
            .refused(413),
        must("sizes-that-wrap-around", chunked("3\r\nabc\r\nfffffffffffffffd\r\nabc")).refused(413),
    ])
}

/// CRLF ends a line, and a chunk; its size is the truth.
fn line_ends() -> impl Iterator<Item = Case> {
    let raw = |body: &str| chunked(body) + get("/hello");
    under("chunked", "RFC 9112 §7.1").cases([
        should("lf-after-a-size", raw("3\nabc\r\n0\r\n\r\n")).refused(400),
        should("lf-after-a-chunk", raw("3\r\nabc\n0\r\n\r\n")).refused(400),
        should("lf-after-the-last-size", raw("3\r\nabc\r\n0\n\r\n")).refused(400),
        should("lf-ends-the-body", raw("3\r\nabc\r\n0\r\n\n")).refused(400),
        should("lf-ends-all-lines", raw("3\nabc\n0\n\n")).refused(400),
        should("lf-and-cr", raw("3\n\rabc\r\n0\r\n\r\n")).refused(400),
        should("cr-after-a-size", raw("3\rabc\r\n0\r\n\r\n")).refused(400),
        should("cr-after-a-chunk", raw("3\r\nabc\r0\r\n\r\n")).refused(400),
        should("cr-before-crlf-after-a-size", raw("3\r\r\nabc\r\n0\r\n\r\n")).refused(400),
        should("cr-before-crlf-after-a-chunk", raw("3\r\nabc\r\r\n0\r\n\r\n")).refused(400),
        should("cr-before-crlf-after-the-last-size", raw("3\r\nabc\r\n0\r\r\n\r\n")).refused(400),
        should("cr-before-the-last-crlf", raw("3\r\nabc\r\n0\r\n\r\r\n")).refused(400),
        should("nothing-after-a-chunk", raw("3\r\nabc0\r\n\r\n")).refused(400),
        should("two-line-ends-after-a-size", raw("3\r\n\r\nabc\r\n0\r\n\r\n")).refused(400),
        should("two-line-ends-after-a-chunk", raw("3\r\nabc\r\n\r\n0\r\n\r\n")).refused(400),
        should("a-line-end-before-all", raw("\r\n3\r\nabc\r\n0\r\n\r\n")).refused(400),
        should("spaces-after-a-chunk", raw("3\r\nabc  \r\n0\r\n\r\n")).refused(400),
        should("a-chunk-that-is-longer", raw("3\r\nabcd\r\n0\r\n\r\n")).refused(400),
        should("a-chunk-that-is-shorter", each(["4", "5", "6"], with_line)).refused(400),
        should("no-chunks-at-all", raw("hello")).refused(400),
    ])
}

/// Understood by nobody, skipped by everybody.
fn extensions() -> impl Iterator<Item = Case> {
    let plain = [";a", ";a=b", ";a=b;c=d", ";a;b;c", ";a=3", &format!(";{TCHARS}={TCHARS}")];
    let quoted = r#";a="b" ;a="" ;a=";" ;a=",:{}" ;a="é" ;a="\"" ;a="\\" ;a="q\"q";b"#;
    let quoted_spaces = [";a=\"b c\"", ";a=\"\t\""];
    let spaced = [" ;a=b", "; a=b", " ; a = b", "\t;\ta\t=\tb", " ; a = \"b\" ; c"];
    let extended = |extension: &str| with_line(format!("3{extension}"));
    let answers = || [echoed("abc"), hello()];
    let grammar = under("chunked", "RFC 9112 §7.1.1").cases([
        must("extensions", each(plain, extended)).open_after(answers()),
        must("quoted-extensions", each_word(quoted, extended)).open_after(answers()),
        must("quoted-white-space", each(quoted_spaces, extended)).open_after(answers()),
        must("extensions-of-the-last-chunk", chunked("3\r\nabc\r\n0;a=b\r\n\r\n") + get("/hello"))
            .open_after(answers()),
        must(
            "extensions-of-all-chunks",
            chunked("1;a\r\na\r\n1;b=c\r\nb\r\n1;d=\"e\"\r\nc\r\n0;f\r\n\r\n"),
        )
        .open_after(echoed("abc")),
        should("an-extension-without-end", with_line(format!("3;{}", "a".repeat(100_000))))
            .refused(400),
        should("extensions-out-of-proportion", {
            chunked(format!("1;{}\r\nx\r\n", "a".repeat(200)).repeat(100) + "0\r\n\r\n")
        })
        .refused(400),
    ]);
    let space = under("chunked", "RFC 9110 §5.6.3").cases([must(
        "bad-white-space-in-extensions",
        each(spaced, extended),
    )
    .open_after(answers())]);
    grammar.chain(space)
}

/// A line end hidden in an extension is where two parsers part.
fn malformed_extensions() -> impl Iterator<Item = Case> {
    let malformed = r#"; ;; ;;a ;=b ;a= ;a="b ;a=b" ;a=b=c ;a; ;a="b"c ,a=b ;a="\ ;a="\""#;
    let spaced = [";a=b c", ";a b", " a", " a=b"];
    let line_ends =
        [";\n", ";a\n", ";a=b\n", ";a\nb", ";a=\"b\nc\"", ";a\rb", ";a=\"\r\"", ";a=b\r"];
    let extended = |extension: &str| with_line(format!("3{extension}"));
    under("chunked", "RFC 9112 §7.1.1").cases([
        choice("malformed-extensions", each_word(malformed, extended)).refused(400),
        choice("misplaced-white-space-in-extensions", each(spaced, extended)).refused(400),
        should("line-ends-in-extensions", each(line_ends, extended)).refused(400),
        should("lf-behind-an-extension", chunked("3;a=b\nabc\r\n0\r\n\r\n")).refused(400),
        should("lf-hides-a-chunk", chunked("3;\nxx\r\n4c\r\n0\r\n\r\n") + get("/hello"))
            .refused(400),
        choice(
            "a-control-byte-in-an-extension",
            each(CONTROLS, |byte| with_line(around(b"3;a", byte, b"b"))),
        )
        .refused(400),
        choice(
            "a-control-byte-in-quotes",
            each(CONTROLS, |byte| with_line(around(b"3;a=\"", byte, b"\""))),
        )
        .refused(400),
    ])
}
