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

/// The length and the number of the name that a field line begins with.
#[inline]
pub(crate) fn read(line: &[u8]) -> (usize, u8) {
    // Half of the names that come fit in a word with their colon.
    if let Some(word) = line.first_chunk()
        && let Some(len @ 1..) = grammar::find_in_word(*word, b':')
        && let number = number_of(Ends::of_word(*word, len), len)
        && number != UNNUMBERED
    {
        return (len, number);
    }
    read_long(line)
}

#[inline(never)]
fn read_long(line: &[u8]) -> (usize, u8) {
    let len = grammar::find(line, b':');
    match number(&line[..len]) {
        UNNUMBERED => (grammar::run_len(line, TCHAR), UNNUMBERED),
        // A name we know need not be looked at again to see that it is a token.
        number => (len, number),
    }
}

/// The number of a name, in whatever case it is written.
const fn number(name: &[u8]) -> u8 {
    let number = number_of(Ends::of(name), name.len());
    // Of a longer name, the ends are not all.
    let is_same = name.len() <= 16 || name.eq_ignore_ascii_case(NAMES[number as usize].as_bytes());
    if is_same { number } else { UNNUMBERED }
}

/// The number of the name that has these ends and this length.
const fn number_of(ends: Ends, len: usize) -> u8 {
    let number = TABLE[ends.slot()];
    let (known_len, known) = KNOWN[number as usize];
    if len == known_len && ends.is_same(known) { number } else { UNNUMBERED }
}

/// The first eight and the last eight bytes of a name as words, so that it is looked up and
/// compared without a loop. A shorter name is both, behind zeros.
#[derive(Clone, Copy)]
struct Ends {
    first: u64,
    last: u64,
}

impl Ends {
    const fn of(name: &[u8]) -> Self {
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            return Self { first: u64::from_le_bytes(*first), last: u64::from_le_bytes(*last) };
        }
        let mut word = 0;
        let mut at = 0;
        while at < name.len() {
            word = (word >> 8) | ((name[at] as u64) << 56);
            at += 1;
        }
        Self { first: word, last: word }
    }

    /// The same for the first `len` bytes of a word, one at least.
    const fn of_word(word: [u8; 8], len: usize) -> Self {
        let word = u64::from_le_bytes(word) << (64 - 8 * len);
        Self { first: word, last: word }
    }

    /// Where the name stands in `TABLE`.
    const fn slot(self) -> usize {
        const CASE: u64 = ONES * 0x20;
        let lower = (self.first | CASE).wrapping_add(self.last | CASE);
        (lower.wrapping_mul(0x05b6_e6e3_07d4_bedd) >> 55) as usize
    }

    const fn is_same(self, known: Self) -> bool {
        differences(self.first, known.first) | differences(self.last, known.last) == 0
    }
}

/// The bits in which two words of a name differ, but for the case of letters. In the names
/// we know, only letters have the bit 0x40.
const fn differences(word: u64, known: u64) -> u64 {
    (word ^ known) & !((known & (ONES * 0x40)) >> 1)
}

/// Length and ends of each name, by number.
const KNOWN: [(usize, Ends); NAMES.len()] = {
    let mut known = [(0, Ends { first: 0, last: 0 }); NAMES.len()];
    let mut number = 1;
    while number < NAMES.len() {
        let name = NAMES[number].as_bytes();
        known[number] = (name.len(), Ends::of(name));
        number += 1;
    }
    known
};

/// The numbers by `slot`, whose factor was chosen so that no two names share one.
const TABLE: [u8; 512] = {
    assert!(NAMES.len() <= 64, "a name's number is a bit of a u64");
    let mut table = [UNNUMBERED; 512];
    let mut number = 1;
    while number < NAMES.len() {
        let slot = KNOWN[number].1.slot();
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
                    let (len, found) = read(&line);
                    assert_eq!((len, found.into()), (grammar::run_len(&line, TCHAR), number));
                }
            }
        }
    }

    #[test]
    fn a_name_is_read_up_to_its_colon() {
        for (line, len, is_known) in [
            ("", 0, false),
            (":", 0, false),
            ("TE:", 2, true),
            ("te", 2, true),
            ("TE x: y", 2, false),
            ("Host: 12345", 4, true),
            ("Hos: 123456", 3, false),
            ("Accept-Encoding:", 15, true),
            ("Strict-Transport-Security:", 25, true),
            ("Strict-Transport-Securitx:", 25, false),
            ("a-name-that-is-longer-than-any-we-know: x", 38, false),
            ("Ac(cept: x", 2, false),
        ] {
            let (found_len, number) = read(line.as_bytes());
            assert_eq!((found_len, number != UNNUMBERED), (len, is_known), "{line:?}");
        }
    }

    #[test]
    fn only_tokens_are_names() {
        for text in ["", " ", "a b", "a:", "a\r", "a\0", "ä", "a,b", "(a)"] {
            assert!(FieldName::new(text).is_err(), "{text:?}");
        }
    }
}
