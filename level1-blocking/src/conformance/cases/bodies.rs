//! Bodies come through unchanged, of any length and of any bytes.

use std::ops::Range;

use crate::conformance::{
    answer::{echoed, hello},
    case::{Case, each, must, under},
    request::{chunked, get, in_chunks, post},
};

pub(super) fn cases() -> impl Iterator<Item = Case> {
    by_length().chain(by_chunks()).chain(contents())
}

/// Bytes without a pattern that a buffer's length could hide in.
fn bytes(len: usize) -> Vec<u8> {
    let mixed = |at: usize| at.wrapping_mul(2_654_435_761).to_be_bytes()[4];
    (0..len).map(mixed).collect()
}

/// Around the lengths at which buffers usually end.
fn by_length() -> impl Iterator<Item = Case> {
    let sent = |len: usize| post(bytes(len)) + get("/hello");
    let back = |len: usize| [echoed(bytes(len)), hello()];
    under("bodies", "RFC 9112 §6.2").cases([
        must("of-1-byte", sent(1)).open_after(back(1)),
        must("of-1023-bytes", sent(1_023)).open_after(back(1_023)),
        must("of-4096-bytes", sent(4_096)).open_after(back(4_096)),
        must("of-8193-bytes", sent(8_193)).open_after(back(8_193)),
        must("of-16384-bytes", sent(16_384)).open_after(back(16_384)),
        must("of-32769-bytes", sent(32_769)).open_after(back(32_769)),
        must("of-65536-bytes", sent(65_536)).open_after(back(65_536)),
        must("of-a-million-bytes", sent(1_000_000)).open_after(back(1_000_000)),
        must("two-large-ones", post(bytes(99_999)) + post(bytes(70_001)))
            .open_after([echoed(bytes(99_999)), echoed(bytes(70_001))]),
    ])
}

/// However they are cut into chunks.
fn by_chunks() -> impl Iterator<Item = Case> {
    let sizes = |len: usize, sizes: &'static [usize]| {
        each(sizes, move |&size| chunked(in_chunks(bytes(len), size)) + get("/hello"))
    };
    let back = |len: usize| [echoed(bytes(len)), hello()];
    under("bodies", "RFC 9112 §7.1").cases([
        must("of-300-bytes-in-chunks", sizes(300, &[1, 7, 255, 256, 300])).open_after(back(300)),
        must("of-5000-bytes-in-chunks", sizes(5_000, &[13, 1_000, 4_999])).open_after(back(5_000)),
        must("of-65537-bytes-in-chunks", sizes(65_537, &[4_096, 65_536])).open_after(back(65_537)),
        must("of-a-million-bytes-in-chunks", sizes(1_000_000, &[16_384, 1_000_000]))
            .open_after(back(1_000_000)),
    ])
}

/// Content is never read as protocol.
fn contents() -> impl Iterator<Item = Case> {
    let every_byte = || (0..=u8::MAX).cycle().take(700).collect::<Vec<u8>>();
    let (ends, nuls) = ("\r\n".repeat(300), "\0".repeat(3_000));
    let lengths: Range<usize> = 1..40;
    under("bodies", "RFC 9110 §6.4").cases([
        must("of-every-byte", post(every_byte()) + get("/hello"))
            .open_after([echoed(every_byte()), hello()]),
        must("of-every-byte-in-chunks", chunked(in_chunks(every_byte(), 10)) + get("/hello"))
            .open_after([echoed(every_byte()), hello()]),
        must("of-line-ends", post(&ends) + get("/hello")).open_after([echoed(&ends), hello()]),
        must("of-line-ends-in-chunks", chunked(in_chunks(&ends, 3)) + get("/hello"))
            .open_after([echoed(&ends), hello()]),
        must("of-nuls", post(&nuls) + get("/hello")).open_after([echoed(&nuls), hello()]),
        must(
            "of-every-short-length",
            lengths.clone().flat_map(|len| post(bytes(len)).bytes()).collect::<Vec<u8>>(),
        )
        .open_after(lengths.map(|len| echoed(bytes(len))).collect::<Vec<_>>()),
    ])
}
