//! Byte classes of the grammars the core reads, as one table, and the scans that use it.
//!
//! Each class is a bit, so a byte is classified by one look-up. The names are those of
//! the RFCs' ABNF. Nothing here allocates, and nothing knows what it scans is for.

use std::num::NonZero;

use super::error::Refusal;

/// `tchar` (RFC 9110 §5.6.2).
pub(crate) const TCHAR: u8 = 1;
/// `pchar` without `%`, and `/`: what a path is made of (RFC 3986 §3.3).
pub(crate) const PATH: u8 = 1 << 1;
/// What a query is made of, without `%` (RFC 3986 §3.4).
pub(crate) const QUERY: u8 = 1 << 2;
/// `unreserved` and `sub-delims`: a registered name without `%` (RFC 3986 §3.2.2).
pub(crate) const REG_NAME: u8 = 1 << 3;
/// `qdtext` (RFC 9110 §5.6.4).
pub(crate) const QDTEXT: u8 = 1 << 4;

const CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    mark(&mut table, b"!#$%&'*+-.^_`|~", TCHAR);
    mark(&mut table, b"-._~!$&'()*+,;=:@/", PATH);
    mark(&mut table, b"-._~!$&'()*+,;=:@/?", QUERY);
    mark(&mut table, b"-._~!$&'()*+,;=", REG_NAME);
    mark(&mut table, b"\t ", QDTEXT);
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop stops at 256")]
        let value = byte as u8;
        if value.is_ascii_alphanumeric() {
            table[byte] |= TCHAR | PATH | QUERY | REG_NAME;
        }
        if matches!(value, b'!'..=b'~' | 0x80..) && !matches!(value, b'"' | b'\\') {
            table[byte] |= QDTEXT;
        }
        byte += 1;
    }
    table
}

const fn mark(table: &mut [u8; 256], bytes: &[u8], class: u8) {
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] |= class;
        at += 1;
    }
}

/// Where a part of a head lies, as offsets from the head's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The span of `start..end`. A head is never near 4 GiB: `Limits::head_len_max` is checked
    /// before this is called, and is at most a mebibyte.
    #[expect(clippy::cast_possible_truncation, reason = "bounded by head_len_max")]
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The offset of its first byte.
    pub(crate) const fn start(self) -> usize {
        self.start as usize
    }

    /// The offset behind its last byte.
    pub(crate) const fn end(self) -> usize {
        self.end as usize
    }

    /// Whether it holds no byte.
    pub(crate) const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes of this span in the head it was taken from.
    pub(crate) fn of(self, head: &[u8]) -> &[u8] {
        head.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// Whether `byte` is of one of the classes.
pub(crate) const fn is(byte: u8, classes: u8) -> bool {
    CLASSES[byte as usize] & classes != 0
}

/// How many leading bytes are of one of the classes.
#[inline]
pub(crate) fn run_len(bytes: &[u8], classes: u8) -> usize {
    bytes.iter().position(|&byte| !is(byte, classes)).unwrap_or(bytes.len())
}

/// Whether `bytes` is a `token` (RFC 9110 §5.6.2).
pub(crate) const fn is_token(bytes: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if !is(bytes[at], TCHAR) {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

/// How many leading bytes are of `class` or percent-encoded (RFC 3986 §2.1), and whether there
/// may be any of the latter.
#[inline]
pub(crate) fn encoded_len(bytes: &[u8], class: u8) -> (usize, bool) {
    let len = run_len(bytes, class);
    match &bytes[len..] {
        rest @ [b'%', ..] => (len + escaped_len(rest, class), true),
        _ => (len, false),
    }
}

/// `encoded_len` from the first `%` on.
#[inline(never)]
fn escaped_len(bytes: &[u8], class: u8) -> usize {
    let mut len = 0;
    while let [b'%', high, low, rest @ ..] = &bytes[len..] {
        if !(high.is_ascii_hexdigit() && low.is_ascii_hexdigit()) {
            break;
        }
        len += 3 + run_len(rest, class);
    }
    len
}

/// Whether `byte` may stand in a field value: VCHAR, obs-text, SP or HTAB (RFC 9110 §5.5).
pub(crate) const fn is_field_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// How many leading bytes may stand in a field value.
#[inline]
pub(crate) fn field_value_len(bytes: &[u8]) -> usize {
    let rest = skip_plain(bytes);
    bytes.len() - rest.len() + long_value_len(rest)
}

/// What follows the visible ASCII and the spaces that `bytes` begin with. It goes by the word, and
/// leaves what no longer fills one: so it is only a quick step towards `field_value_len`.
#[inline]
pub(crate) fn skip_plain(mut bytes: &[u8]) -> &[u8] {
    while let Some((word, rest)) = bytes.split_first_chunk() {
        if let Some(other) = first_not_plain(u64::from_le_bytes(*word)) {
            return &bytes[other.at()..];
        }
        bytes = rest;
    }
    bytes
}

/// `field_value_len` by the block; by the word only where a block holds a control byte, and
/// by the byte at a tab and at the end.
#[inline(never)]
fn long_value_len(bytes: &[u8]) -> usize {
    let mut len = 0;
    loop {
        len += blocks_len(&bytes[len..]);
        while let Some(word) = bytes[len..].first_chunk() {
            if let Some(control) = first_control(u64::from_le_bytes(*word)) {
                len += control.at();
                break;
            }
            len += 8;
        }
        match bytes.get(len) {
            Some(&byte) if is_field_byte(byte) => len += 1,
            _ => return len,
        }
    }
}

/// The length of the leading blocks without a control byte.
fn blocks_len(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<BLOCK_LEN>();
    // Without an early exit the compiler makes one vector comparison of a block.
    let is_plain = |block: &&[u8; BLOCK_LEN]| {
        block.iter().fold(true, |all, &byte| all & !byte.is_ascii_control())
    };
    blocks.iter().take_while(is_plain).count() * BLOCK_LEN
}

const BLOCK_LEN: usize = 16;

/// How the line that is being received ends, so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// Not yet.
    Open,
    /// With CR LF; the CR is at this offset.
    Crlf(usize),
    /// With a byte that can stand in no line.
    Broken(Refusal),
}

/// Looks for the end of a line that is received piece by piece. `looked_at` remembers how
/// far earlier calls have looked, so that each byte is looked at once.
pub(crate) fn line_end(bytes: &[u8], looked_at: &mut usize) -> LineEnd {
    *looked_at += field_value_len(&bytes[*looked_at..]);
    match &bytes[*looked_at..] {
        [] | [b'\r'] => LineEnd::Open,
        [b'\r', b'\n', ..] => LineEnd::Crlf(*looked_at),
        [b'\r', ..] => LineEnd::Broken(Refusal::BareCr),
        [b'\n', ..] => LineEnd::Broken(Refusal::BareLf),
        _ => LineEnd::Broken(Refusal::Control),
    }
}

/// Where the first `byte` is; `bytes.len()` if there is none.
pub(crate) fn find(bytes: &[u8], byte: u8) -> usize {
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk() {
        if let Some(found) = first_of(byte, u64::from_le_bytes(*word)) {
            return bytes.len() - rest.len() + found.at();
        }
        rest = tail;
    }
    let found = rest.iter().position(|&other| other == byte);
    bytes.len() - rest.len() + found.unwrap_or(rest.len())
}

/// The first byte of some kind in a word, whose bytes are in the order they came.
#[derive(Clone, Copy)]
pub(crate) struct First(NonZero<u64>);

impl First {
    /// The first byte whose high bit is set.
    #[inline]
    fn of_high(word: u64) -> Option<Self> {
        NonZero::new(word & HIGHS).map(Self)
    }

    /// Its place in the word.
    #[inline]
    pub(crate) const fn at(self) -> usize {
        self.0.trailing_zeros() as usize / 8
    }

    /// All bits of the word up to those of this byte.
    #[inline]
    pub(crate) const fn through(self) -> u64 {
        self.0.get() ^ (self.0.get() - 1)
    }
}

/// Where the first `byte` is in a word.
#[inline]
pub(crate) fn first_of(byte: u8, word: u64) -> Option<First> {
    let others = word ^ (ONES * u64::from(byte));
    First::of_high(others.wrapping_sub(ONES) & !others)
}

/// A word of bytes that are one, to make one of any byte by multiplication.
pub(crate) const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// The first byte of a word that is below 0x20 or is 0x7F. A subtraction sets the high bit of
/// such a byte; its borrow may set those of bytes above it, never of one below.
#[inline]
fn first_control(word: u64) -> Option<First> {
    let below_space = word.wrapping_sub(ONES * 0x20);
    let delete = (word ^ (ONES * 0x7F)).wrapping_sub(ONES);
    First::of_high((below_space | delete) & !word)
}

/// The first byte of a word that is neither visible ASCII nor a space. As above, what is carried
/// or borrowed changes only bytes behind it.
#[inline]
fn first_not_plain(word: u64) -> Option<First> {
    First::of_high(word.wrapping_sub(ONES * 0x20) | word.wrapping_add(ONES) | word)
}

/// `bytes` without the optional white space around it (RFC 9110 §5.6.3).
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    match bytes {
        [first, .., last] if !is_space(*first) && !is_space(*last) => bytes,
        _ => trim_end(trim_start(bytes)),
    }
}

/// `bytes` without the optional white space at its start.
pub(crate) const fn trim_start(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// `bytes` without the optional white space at its end.
pub(crate) fn trim_end(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// SP or HTAB.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Bytes that the grammar has already shown to be ASCII, as text.
pub(crate) fn ascii(bytes: &[u8]) -> &str {
    debug_assert!(bytes.is_ascii());
    str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_values_are_scanned_to_the_first_control_byte() {
        for len in 0..80 {
            for control in (0..=0x1F_u8).chain([0x7F]).filter(|&byte| byte != b'\t') {
                for fill in [b' ', b'\t', b'a', b'~', 0x80, 0xFF] {
                    let mut bytes = vec![fill; len];
                    assert_eq!(field_value_len(&bytes), len);
                    bytes.extend([control, b'x', control, b'y', b'z']);
                    assert_eq!(field_value_len(&bytes), len, "{control} after {len} of {fill}");
                }
            }
        }
    }

    #[test]
    fn tabs_are_stepped_over_wherever_they_stand() {
        for tab in 0..80 {
            let mut bytes = [b'a'; 81];
            (bytes[tab], bytes[80]) = (b'\t', b'\r');
            assert_eq!(field_value_len(&bytes), 80, "a tab at {tab}");
        }
    }

    #[test]
    fn a_byte_is_found_where_it_is_first() {
        for len in 0..40 {
            for fill in [b'9', b';', 0, 0xFF, b':' | 0x80] {
                let mut bytes = vec![fill; len];
                assert_eq!(find(&bytes, b':'), len);
                bytes.extend(b":;::x");
                assert_eq!(find(&bytes, b':'), len, "behind {len} of {fill}");
            }
        }
    }

    #[test]
    fn classes_are_those_of_the_grammars() {
        let members = |class| -> Vec<u8> { (0..=255).filter(|&byte| is(byte, class)).collect() };
        assert_eq!(members(TCHAR).len(), 26 * 2 + 10 + 15);
        assert_eq!(members(PATH).len(), 26 * 2 + 10 + 18);
        assert_eq!(members(QUERY).len(), 26 * 2 + 10 + 19);
        assert_eq!(members(REG_NAME).len(), 26 * 2 + 10 + 15);
        assert_eq!(members(QDTEXT).len(), 128 + 94 + 2 - 2);
    }

    #[test]
    fn percent_encoding_needs_two_digits() {
        for (text, len) in [
            ("", 0),
            ("/a%20b", 6),
            ("/a%20%2Fb c", 9),
            ("a%zz", 1),
            ("a%2", 1),
            ("a%", 1),
            ("a b", 1),
        ] {
            assert_eq!(encoded_len(text.as_bytes(), PATH).0, len, "{text}");
        }
    }
}
