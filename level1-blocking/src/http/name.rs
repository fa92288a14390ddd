//! Field names: tokens that compare without regard to case (RFC 9110 §5.1).
//!
//! The names that servers deal with daily have a number, found while a head is parsed by
//! one look-up in a perfect hash table made at compile time; from then on such a name is
//! compared by number. All others are compared as text.

use std::{borrow::Cow, fmt};

use super::grammar::{self, ONES, TCHAR};

/// The name of a field.
#[derive(Clone)]
pub struct FieldName {
    text: Cow<'static, str>,
    number: u8,
}

/// The text is not a token (RFC 9110 §5.1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a field name")]
pub struct InvalidFieldName(String);

/// What a name without a number has in place of one.
pub(crate) const UNNUMBERED: u8 = 0;

macro_rules! names {
    ($($constant:ident $text:literal)*) => {
        #[allow(clippy::upper_case_acronyms, reason = "spelled as the constants they number")]
        #[allow(non_camel_case_types, reason = "spelled as the constants they number")]
        #[repr(u8)]
        enum Number { Unnumbered, $($constant,)* }

        impl FieldName {
            $(#[doc = concat!("`", $text, "`.")]
            pub const $constant: Self =
                Self { text: Cow::Borrowed($text), number: Number::$constant as u8 };)*
        }

        const NAMES: &[&str] = &["", $($text,)*];
        const _: u8 = Number::Unnumbered as u8;
    };
}

// At most 63: `FieldTable` keeps one bit for each in a u64.
names! {
    ACCEPT "Accept"
    ACCEPT_ENCODING "Accept-Encoding"
    ACCEPT_LANGUAGE "Accept-Language"
    ACCEPT_RANGES "Accept-Ranges"
    ALLOW "Allow"
    AUTHORIZATION "Authorization"
    CACHE_CONTROL "Cache-Control"
    CONNECTION "Connection"
    CONTENT_DISPOSITION "Content-Disposition"
    CONTENT_ENCODING "Content-Encoding"
    CONTENT_LANGUAGE "Content-Language"
    CONTENT_LENGTH "Content-Length"
    CONTENT_RANGE "Content-Range"
    CONTENT_SECURITY_POLICY "Content-Security-Policy"
    CONTENT_TYPE "Content-Type"
    COOKIE "Cookie"
    DATE "Date"
    ETAG "ETag"
    EXPECT "Expect"
    FORWARDED "Forwarded"
    HOST "Host"
    IF_MATCH "If-Match"
    IF_MODIFIED_SINCE "If-Modified-Since"
    IF_NONE_MATCH "If-None-Match"
    IF_RANGE "If-Range"
    IF_UNMODIFIED_SINCE "If-Unmodified-Since"
    KEEP_ALIVE "Keep-Alive"
    LAST_MODIFIED "Last-Modified"
    LOCATION "Location"
    ORIGIN "Origin"
    RANGE "Range"
    REFERER "Referer"
    REFERRER_POLICY "Referrer-Policy"
    RETRY_AFTER "Retry-After"
    SEC_FETCH_SITE "Sec-Fetch-Site"
    SERVER "Server"
    SET_COOKIE "Set-Cookie"
    STRICT_TRANSPORT_SECURITY "Strict-Transport-Security"
    TE "TE"
    TRAILER "Trailer"
    TRANSFER_ENCODING "Transfer-Encoding"
    UPGRADE "Upgrade"
    USER_AGENT "User-Agent"
    VARY "Vary"
    VIA "Via"
    WWW_AUTHENTICATE "WWW-Authenticate"
    X_CONTENT_TYPE_OPTIONS "X-Content-Type-Options"
    X_FORWARDED_FOR "X-Forwarded-For"
    X_FORWARDED_HOST "X-Forwarded-Host"
    X_FORWARDED_PROTO "X-Forwarded-Proto"
    X_REQUEST_ID "X-Request-Id"
}

impl FieldName {
    /// The name with this text, for constants: text that is not a token does not compile.
    ///
    /// # Panics
    /// If `text` is not a token.
    pub const fn from_static(text: &'static str) -> Self {
        assert!(grammar::is_token(text.as_bytes()), "a field name is a token");
        Self { text: Cow::Borrowed(text), number: number(text.as_bytes()) }
    }

    /// The name with this text.
    ///
    /// # Errors
    /// If `text` is not a token.
    pub fn new(text: &str) -> Result<Self, InvalidFieldName> {
        if !grammar::is_token(text.as_bytes()) {
            return Err(InvalidFieldName(text.to_owned()));
        }
        Ok(Self { text: Cow::Owned(text.to_owned()), number: number(text.as_bytes()) })
    }

    /// The name as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether only the core may write this field: it decides on framing and persistence,
    /// and it knows the time.
    pub(crate) const fn is_of_the_core(&self) -> bool {
        is_of_the_core(self.number)
    }

    pub(crate) const fn number(&self) -> u8 {
        self.number
    }
}

/// `FieldName::is_of_the_core`, for a name that is still text.
///
/// # Panics
/// If `name` is not a token.
pub(crate) const fn core_writes(name: &str) -> bool {
    assert!(grammar::is_token(name.as_bytes()), "a field name is a token");
    is_of_the_core(number(name.as_bytes()))
}

const fn is_of_the_core(number: u8) -> bool {
    matches!(number, CONNECTION | CONTENT_LENGTH | DATE | KEEP_ALIVE | TRANSFER_ENCODING)
}

const CONNECTION: u8 = Number::CONNECTION as u8;
const CONTENT_LENGTH: u8 = Number::CONTENT_LENGTH as u8;
const DATE: u8 = Number::DATE as u8;
const KEEP_ALIVE: u8 = Number::KEEP_ALIVE as u8;
const TRANSFER_ENCODING: u8 = Number::TRANSFER_ENCODING as u8;

impl PartialEq for FieldName {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
            && (self.number != UNNUMBERED || self.text.eq_ignore_ascii_case(&other.text))
    }
}

impl Eq for FieldName {}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The number of the name that a field line begins with, and what follows its colon; `None`
/// if the line does not begin with a name and a colon.
#[inline]
pub(crate) fn read(line: &[u8]) -> Option<(u8, &[u8])> {
    let Some((key, rest)) = Key::of_line(line) else { return read_long(line) };
    match key.number() {
        // A name we know need not be looked at again to see that it is a token.
        Some(number) => Some((number, rest)),
        None => Some((UNNUMBERED, split(line)?.1)),
    }
}

#[inline(never)]
fn read_long(line: &[u8]) -> Option<(u8, &[u8])> {
    let (name, rest) = split(line)?;
    Some((number(name), rest))
}

/// The name that a line begins with, and what follows its colon.
#[inline(never)]
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = line.split_at(grammar::run_len(line, TCHAR));
    let rest = rest.strip_prefix(b":").filter(|_| !name.is_empty())?;
    Some((name, rest))
}

/// The number of a name, in whatever case it is written.
const fn number(name: &[u8]) -> u8 {
    match Key::of_name(name).number() {
        // Of a longer name, the key is not all.
        Some(number)
            if name.len() < Key::LEN
                || name.eq_ignore_ascii_case(NAMES[number as usize].as_bytes()) =>
        {
            number
        }
        _ => UNNUMBERED,
    }
}

/// The first sixteen bytes of a name and its colon as two words, with zeros behind them, so that
/// it is looked up and compared without a loop. The colon is what tells a name from one that is
/// followed by zeros.
#[derive(Clone, Copy)]
struct Key {
    first: u64,
    second: u64,
}

impl Key {
    const LEN: usize = 16;

    const fn of_name(name: &[u8]) -> Self {
        if let Some(bytes) = name.first_chunk() {
            return Self::of_bytes(*bytes);
        }
        let mut bytes = [0; Self::LEN];
        bytes[name.len()] = b':';
        let mut at = 0;
        while at < name.len() {
            bytes[at] = name[at];
            at += 1;
        }
        Self::of_bytes(bytes)
    }

    const fn of_bytes(bytes: [u8; Self::LEN]) -> Self {
        let bytes = u128::from_le_bytes(bytes);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        Self { first: bytes as u64, second: (bytes >> 64) as u64 }
    }

    /// The key of what stands before the first colon of a line, and what stands behind it; `None`
    /// if the key would not hold all of it.
    #[inline]
    fn of_line(line: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = line.split_first_chunk()?;
        let first = u64::from_le_bytes(*first);
        if let Some(colon) = grammar::first_of(b':', first) {
            let key = Self { first: first & colon.through(), second: 0 };
            return Some((key, &line[colon.at() + 1..]));
        }
        let second = u64::from_le_bytes(*rest.first_chunk()?);
        let colon = grammar::first_of(b':', second)?;
        Some((Self { first, second: second & colon.through() }, &rest[colon.at() + 1..]))
    }

    /// The number of the name, if it has one.
    #[inline]
    const fn number(self) -> Option<u8> {
        let number = TABLE[self.slot()];
        let Known { lower, case } = &KNOWN[number as usize];
        let is_known =
            self.first | case.first == lower.first && self.second | case.second == lower.second;
        if is_known { Some(number) } else { None }
    }

    /// Where the name stands in `TABLE`.
    const fn slot(self) -> usize {
        const CASE: u64 = ONES * 0x20;
        let lower = (self.first ^ self.second) | CASE;
        (lower.wrapping_mul(0x6b38_4309_9352_6f4d) >> 56) as usize
    }

    /// The bit 0x20 of each letter, which is its case. In the names we know, only letters
    /// have the bit 0x40.
    const fn case(self) -> Self {
        const LETTER: u64 = ONES * 0x40;
        Self { first: (self.first & LETTER) >> 1, second: (self.second & LETTER) >> 1 }
    }
}

/// A name with a number.
struct Known {
    /// Its key, in small letters.
    lower: Key,
    case: Key,
}

/// The names by number. No line has the key of the first, which stands for all others.
const KNOWN: [Known; NAMES.len()] = {
    const NONE: Key = Key { first: u64::MAX, second: u64::MAX };
    let mut known =
        [const { Known { lower: NONE, case: Key { first: 0, second: 0 } } }; NAMES.len()];
    let mut number = 1;
    while number < NAMES.len() {
        let key = Key::of_name(NAMES[number].as_bytes());
        let case = key.case();
        let lower = Key { first: key.first | case.first, second: key.second | case.second };
        known[number] = Known { lower, case };
        number += 1;
    }
    known
};

/// The numbers by `slot`, whose factor was chosen so that no two names share one.
const TABLE: [u8; 256] = {
    assert!(NAMES.len() <= 64, "a name's number is a bit of a u64");
    let mut table = [UNNUMBERED; 256];
    let mut number = 1;
    while number < NAMES.len() {
        let slot = KNOWN[number].lower.slot();
        assert!(table[slot] == UNNUMBERED, "two names share a slot: change the factor");
        #[expect(clippy::cast_possible_truncation, reason = "at most 64 names")]
        let value = number as u8;
        table[slot] = value;
        number += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case() {
        for name in NAMES.iter().skip(1) {
            let lower = FieldName::new(&name.to_lowercase()).expect("a token");
            let upper = FieldName::new(&name.to_uppercase()).expect("a token");
            assert_eq!(lower, upper);
            assert_ne!(lower.number(), UNNUMBERED);
        }
        let custom = FieldName::from_static("x-custom");
        assert_eq!(custom, FieldName::new("X-Custom").expect("a token"));
        assert_ne!(custom, FieldName::new("X-Custon").expect("a token"));
        assert_ne!(custom, FieldName::HOST);
    }

    #[test]
    fn a_name_with_any_byte_changed_is_another() {
        for (known, name) in NAMES.iter().enumerate().skip(1) {
            for at in 0..name.len() {
                for byte in (0..=255).filter(|&byte| byte != b':') {
                    let mut line = [name.as_bytes(), b": v\r\n\r\n"].concat();
                    line[at] = byte;
                    let is_same = line[..name.len()].eq_ignore_ascii_case(name.as_bytes());
                    let number = if is_same { known } else { 0 };
                    let is_token = grammar::run_len(&line, TCHAR) == name.len();
                    let found = read(&line).map(|(number, rest)| (number.into(), rest));
                    assert_eq!(found, is_token.then_some((number, &b" v\r\n\r\n"[..])));
                }
            }
        }
    }

    #[test]
    fn a_name_is_read_up_to_its_colon() {
        for (line, expected) in [
            ("", None),
            (":", None),
            (": 12345678", None),
            ("TE:", Some((2, true))),
            ("te", None),
            ("TE x: y", None),
            ("TE\0: 1234567890123456", None),
            ("\0TE: 1234567890123456", None),
            ("Host: 12345", Some((4, true))),
            ("Hos: 123456", Some((3, false))),
            ("Location: 12345678", Some((8, true))),
            ("Locatio\u{e9}: 12345678", None),
            ("Accept-Encoding:", Some((15, true))),
            ("X-Forwarded-Host: a", Some((16, true))),
            ("X-Forwarded-Hose: a", Some((16, false))),
            ("Transfer-Encoding: a", Some((17, true))),
            ("Transfer-Encodin: a", Some((16, false))),
            ("Strict-Transport-Security:", Some((25, true))),
            ("Strict-Transport-Securitx:", Some((25, false))),
            ("a-name-that-is-longer-than-any-we-know: x", Some((38, false))),
            ("Ac(cept: x", None),
        ] {
            let found = read(line.as_bytes());
            let found =
                found.map(|(number, rest)| (line.len() - rest.len() - 1, number != UNNUMBERED));
            assert_eq!(found, expected, "{line:?}");
        }
    }

    #[test]
    fn only_tokens_are_names() {
        for text in ["", " ", "a b", "a:", "a\r", "a\0", "ä", "a,b", "(a)"] {
            assert!(FieldName::new(text).is_err(), "{text:?}");
        }
    }
}
