//! Field names: tokens that compare without regard to case (RFC 9110 §5.1).
//!
//! The names that servers deal with daily have a number, found while a head is parsed by
//! one look-up in a perfect hash table made at compile time; from then on such a name is
//! compared by number. All others are compared as text.

use std::{borrow::Cow, fmt};

use super::grammar;

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
        matches!(self.number, CONNECTION | CONTENT_LENGTH | DATE | KEEP_ALIVE | TRANSFER_ENCODING)
    }

    pub(crate) const fn number(&self) -> u8 {
        self.number
    }
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

/// The number of a name, in whatever case it is written.
pub(crate) const fn number(name: &[u8]) -> u8 {
    let [first, .., last] = name else { return UNNUMBERED };
    let number = TABLE[slot(name.len(), *first, *last)];
    if NAMES[number as usize].as_bytes().eq_ignore_ascii_case(name) { number } else { UNNUMBERED }
}

/// The numbers by `slot`. Its parameters were chosen so that no two names share one, which
/// `table` asserts while it compiles.
const TABLE: [u8; 512] = table();

const fn slot(len: usize, first: u8, last: u8) -> usize {
    (len * 658 + (first | 0x20) as usize * 103 + (last | 0x20) as usize * 191) & 511
}

const fn table() -> [u8; 512] {
    assert!(NAMES.len() <= 64, "a name's number is a bit of a u64");
    let mut table = [UNNUMBERED; 512];
    let mut number = 1;
    while number < NAMES.len() {
        let name = NAMES[number].as_bytes();
        let slot = slot(name.len(), name[0], name[name.len() - 1]);
        assert!(table[slot] == UNNUMBERED, "two names share a slot: change the parameters");
        #[expect(clippy::cast_possible_truncation, reason = "at most 64 names")]
        let value = number as u8;
        table[slot] = value;
        number += 1;
    }
    table
}

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
    fn only_tokens_are_names() {
        for text in ["", " ", "a b", "a:", "a\r", "a\0", "ä", "a,b", "(a)"] {
            assert!(FieldName::new(text).is_err(), "{text:?}");
        }
    }
}
