//! Sets of bytes that the grammars exclude, and other parts of what several topics send.

/// Control bytes, without HTAB, CR and LF, which have meanings of their own.
pub(super) const CONTROLS: [u8; 30] = [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x0B, 0x0C, 0x0E, 0x0F, 0x10, 0x11, 0x12,
    0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F, 0x7F,
];

/// Visible characters that are no part of a token (RFC 9110 §5.6.2).
pub(super) const DELIMITERS: [u8; 17] = *br#""(),/:;<=>?@[\]{}"#;

/// All characters of a token.
pub(super) const TCHARS: &str =
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Some bytes beyond ASCII: the first, the last, and what begins or goes on in UTF-8.
pub(super) const HIGH: [u8; 11] =
    [0x80, 0x8D, 0xA0, 0xAD, 0xB2, 0xBF, 0xC3, 0xE9, 0xF0, 0xFE, 0xFF];

/// `before`, the byte, `after`.
pub(super) fn around(before: &[u8], byte: u8, after: &[u8]) -> Vec<u8> {
    [before, &[byte], after].concat()
}

/// All bytes that are not among these.
pub(super) fn all_but(excluded: &[u8]) -> impl Iterator<Item = u8> {
    (0..=u8::MAX).filter(move |byte| !excluded.contains(byte))
}

/// Field lines that differ in their numbers: `X-0: a`, `X-1: a` and so on.
pub(super) fn fields(count: usize, value: &str) -> Vec<u8> {
    let lines = (0..count).map(|number| format!("X-{number}: {value}\r\n"));
    let mut section = lines.collect::<String>();
    section.truncate(section.len().saturating_sub(2));
    section.into_bytes()
}
