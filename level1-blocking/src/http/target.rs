//! The request target in its four forms (RFC 9112 §3.2), and what its path means.
//!
//! The target is held against RFC 3986 byte for byte and refused when it strays: a
//! character outside the grammar, or half a percent-encoding, is read in one way by a
//! proxy and in another by the server behind it. A path is percent-decoded once, here,
//! and nowhere else; dot segments are not removed but left to be refused (`files/path.rs`).

use std::borrow::Cow;

use super::{
    authority,
    error::Refusal,
    grammar::{self, PATH, QUERY, Span},
    method::Method,
};

/// Which of the four forms a target has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// `/path?query`: any request to an origin server (RFC 9112 §3.2.1).
    #[default]
    Origin,
    /// `http://host/path?query`: sent to a proxy, to be accepted by all (RFC 9112 §3.2.2).
    Absolute,
    /// `host:port`: CONNECT only (RFC 9112 §3.2.3).
    Authority,
    /// `*`: OPTIONS for the server as a whole (RFC 9112 §3.2.4).
    Asterisk,
}

/// The scheme of the URIs a connection serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    /// Over plain TCP or a Unix socket.
    #[default]
    Http,
    /// Over TLS.
    Https,
}

/// A valid request target.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    head: &'a [u8],
    index: &'a TargetIndex,
}

/// Where a target's parts lie in its head.
#[derive(Debug, Clone, Default)]
pub(crate) struct TargetIndex {
    form: Form,
    all: Span,
    authority: Span,
    path: Span,
    query: Option<Span>,
    /// Whether there is a percent-encoding in the path.
    is_encoded: bool,
}

impl<'a> Target<'a> {
    pub(crate) const fn new(head: &'a [u8], index: &'a TargetIndex) -> Self {
        Self { head, index }
    }

    /// Which form it has.
    pub const fn form(&self) -> Form {
        self.index.form
    }

    /// The target as it was sent.
    pub fn as_str(&self) -> &'a str {
        self.text(self.index.all)
    }

    /// `host[:port]` of the absolute and the authority form; else empty.
    pub fn authority(&self) -> &'a str {
        self.text(self.index.authority)
    }

    /// The path as it was sent, percent-encodings and all. An absolute form without a path
    /// means `/` (RFC 9110 §4.2.3); the authority and asterisk forms have none.
    pub fn path(&self) -> &'a str {
        grammar::ascii(self.path_bytes())
    }

    /// The path, percent-decoded once. Not necessarily UTF-8, and a decoded `%2F` looks like
    /// a separator here: for choosing a route, not for naming a file.
    pub fn decoded_path(&self) -> Cow<'a, [u8]> {
        let path = self.path_bytes();
        if self.index.is_encoded { percent_decode(path) } else { Cow::Borrowed(path) }
    }

    /// Whether its path, percent-decoded, is this one.
    #[inline]
    pub fn is_at(&self, path: &[u8]) -> bool {
        let own = self.path_bytes();
        if self.index.is_encoded { decodes_to(own, path) } else { own == path }
    }

    /// What follows the first `?`, as it was sent.
    pub fn query(&self) -> Option<&'a str> {
        self.index.query.map(|span| self.text(span))
    }

    fn path_bytes(&self) -> &'a [u8] {
        self.index.path.of(self.head)
    }

    fn text(&self, span: Span) -> &'a str {
        grammar::ascii(span.of(self.head))
    }
}

/// Decodes `%XX`; anything that is not a percent-encoding stands for itself.
#[inline(never)]
pub fn percent_decode(text: &[u8]) -> Cow<'_, [u8]> {
    let (plain, mut rest) = text.split_at(grammar::find(text, b'%'));
    if rest.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut decoded = plain.to_vec();
    while let [byte, tail @ ..] = rest {
        let encoded = match rest {
            [b'%', high, low, ..] => hex_value(*high).zip(hex_value(*low)),
            _ => None,
        };
        if let Some((high, low)) = encoded {
            decoded.push(high << 4 | low);
            rest = &rest[3..];
        } else {
            decoded.push(*byte);
            rest = tail;
        }
    }
    Cow::Owned(decoded)
}

/// Apart from `is_at`, so that a plain path is compared where it lies, and nothing else is done.
#[inline(never)]
fn decodes_to(text: &[u8], decoded: &[u8]) -> bool {
    *percent_decode(text) == *decoded
}

/// The value of a hexadecimal digit.
pub(crate) const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl TargetIndex {
    /// Reads the target that `text` begins with, `start` bytes into the line, and returns what
    /// follows it. One in origin form ends where its grammar does, others at the next space: it
    /// is for the caller to see that the version follows.
    #[inline]
    pub(crate) fn read<'t>(
        &mut self,
        text: &'t [u8],
        start: usize,
        method: Method<'_>,
        served: Scheme,
    ) -> Result<&'t [u8], Refusal> {
        if text.first() == Some(&b'/') && !matches!(method, Method::Connect) {
            return Ok(self.read_hierarchical(text, start));
        }
        let (text, rest) = text.split_at(grammar::find(text, b' '));
        *self = Self::other_form(text, start, method, served)?;
        Ok(rest)
    }

    /// Reads `text` as a target that is not in origin form. Apart from `read`, so that what
    /// nearly all targets need is small enough to be inlined.
    #[inline(never)]
    pub(crate) fn other_form(
        text: &[u8],
        start: usize,
        method: Method<'_>,
        served: Scheme,
    ) -> Result<Self, Refusal> {
        let all = Span::new(start, start + text.len());
        match (text, method) {
            (b"*", Method::Options) => Ok(Self { form: Form::Asterisk, all, ..Self::default() }),
            (_, Method::Connect) => Self::authority_form(text, all),
            _ => Self::absolute(text, all, start, method, served),
        }
    }

    /// What stands before the target and its space in the head it was read from.
    pub(crate) fn before<'h>(&self, head: &'h [u8]) -> &'h [u8] {
        head.get(..self.all.start().saturating_sub(1)).unwrap_or_default()
    }

    /// `path [ "?" query ]`, the path empty or beginning with a slash. Returns what follows.
    #[inline]
    fn read_hierarchical<'t>(&mut self, text: &'t [u8], start: usize) -> &'t [u8] {
        let (path_len, is_encoded) = grammar::encoded_len(text, PATH);
        let path = Span::new(start, start + path_len);
        *self = Self { form: Form::Origin, all: path, path, is_encoded, ..Self::default() };
        match &text[path_len..] {
            [b'?', query @ ..] => self.read_query(query),
            rest => rest,
        }
    }

    #[inline(never)]
    fn read_query<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        let (query, rest) = text.split_at(grammar::encoded_len(text, QUERY).0);
        let start = self.path.end() + 1;
        let end = start + query.len();
        self.query = Some(Span::new(start, end));
        self.all = Span::new(self.path.start(), end);
        rest
    }

    /// `host:port`, both parts required (RFC 9110 §9.3.6).
    fn authority_form(text: &[u8], all: Span) -> Result<Self, Refusal> {
        if authority::port(text).is_none_or(<[u8]>::is_empty) {
            return Err(Refusal::Target);
        }
        Ok(Self { form: Form::Authority, all, authority: all, ..Self::default() })
    }

    /// `scheme "://" authority path-abempty [ "?" query ]`, for the two schemes there are.
    fn absolute(
        text: &[u8],
        all: Span,
        start: usize,
        method: Method<'_>,
        served: Scheme,
    ) -> Result<Self, Refusal> {
        let scheme_len = memchr::memchr(b':', text).ok_or(Refusal::Target)?;
        let (scheme, rest) = text.split_at(scheme_len);
        let scheme = match scheme {
            _ if scheme.eq_ignore_ascii_case(b"http") => Scheme::Http,
            _ if scheme.eq_ignore_ascii_case(b"https") => Scheme::Https,
            _ => return Err(Refusal::Target),
        };
        let rest = rest.strip_prefix(b"://").ok_or(Refusal::Target)?;
        let authority_len = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(authority_len);
        authority::port(authority).ok_or(Refusal::Target)?;
        // An https resource is only served over a secured connection (RFC 9110 §7.4).
        if scheme == Scheme::Https && served == Scheme::Http {
            return Err(Refusal::Misdirected);
        }
        let authority_start = start + scheme_len + 3;
        let path_start = authority_start + authority_len;
        let mut parts = Self::default();
        if !parts.read_hierarchical(path, path_start).is_empty() {
            return Err(Refusal::Target);
        }
        let form = match method {
            // OPTIONS for a bare authority means the whole server (RFC 9112 §3.2.4).
            Method::Options if path.is_empty() => Form::Asterisk,
            _ => Form::Absolute,
        };
        if form == Form::Absolute && parts.path.is_empty() {
            // It means `/`, and there is one before the authority.
            parts.path = Span::new(authority_start - 1, authority_start);
        }
        Ok(Self { form, all, authority: Span::new(authority_start, path_start), ..parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Form, authority, path and query of a target, or why it is refused.
    fn parse(
        method: Method<'_>,
        text: &str,
    ) -> Result<(Form, String, String, Option<String>), Refusal> {
        let head = format!("{method} {text} HTTP/1.1\r\n");
        let start = method.as_str().len() + 1;
        let mut index = TargetIndex::default();
        let rest = index.read(&head.as_bytes()[start..], start, method, Scheme::Http)?;
        if rest != b" HTTP/1.1\r\n" {
            return Err(Refusal::Target);
        }
        let target = Target::new(head.as_bytes(), &index);
        assert_eq!(target.as_str(), text);
        assert_eq!(target.decoded_path(), percent_decode(target.path().as_bytes()));
        let query = target.query().map(str::to_owned);
        Ok((target.form(), target.authority().to_owned(), target.path().to_owned(), query))
    }

    #[test]
    fn valid_targets() {
        use Method::{Connect, Get, Options};
        for (method, text, form, authority, path, query) in [
            (Get, "/", Form::Origin, "", "/", None),
            (Get, "/a/b;c=1,2/@:!$&'()*+", Form::Origin, "", "/a/b;c=1,2/@:!$&'()*+", None),
            (Get, "//a//", Form::Origin, "", "//a//", None),
            (Get, "/%41%2f%00", Form::Origin, "", "/%41%2f%00", None),
            (Get, "/a?", Form::Origin, "", "/a", Some("")),
            (Get, "/a?b=/c?d%20", Form::Origin, "", "/a", Some("b=/c?d%20")),
            (Get, "http://h", Form::Absolute, "h", "/", None),
            (Get, "HTTP://h:80/a?b", Form::Absolute, "h:80", "/a", Some("b")),
            (Get, "http://h?b", Form::Absolute, "h", "/", Some("b")),
            (Get, "http://[::1]:8/", Form::Absolute, "[::1]:8", "/", None),
            (Connect, "h:443", Form::Authority, "h:443", "", None),
            (Connect, "[::1]:443", Form::Authority, "[::1]:443", "", None),
            (Options, "*", Form::Asterisk, "", "", None),
            (Options, "/a", Form::Origin, "", "/a", None),
            (Options, "http://h:80", Form::Asterisk, "h:80", "", None),
            (Options, "http://h:80/", Form::Absolute, "h:80", "/", None),
        ] {
            let expected = (form, authority.to_owned(), path.to_owned(), query.map(str::to_owned));
            assert_eq!(parse(method, text), Ok(expected), "{method} {text}");
        }
    }

    #[test]
    fn refused_targets() {
        use Method::{Connect, Get};
        let outside = [
            "\"", "<", ">", "\\", "^", "`", "{", "|", "}", "[", "]", "#", "%", "%4", "%4g",
            "\u{e9}",
        ];
        for text in outside {
            assert_eq!(parse(Get, &format!("/a{text}")), Err(Refusal::Target), "path {text}");
            assert_eq!(parse(Get, &format!("/?a{text}")), Err(Refusal::Target), "query {text}");
        }
        for (method, text) in [
            (Get, ""),
            (Get, "*"),
            (Get, "hello"),
            (Get, "?a"),
            (Get, "h:80"),
            (Get, "http:/a"),
            (Get, "http://"),
            (Get, "http:///a"),
            (Get, "http://u@h/"),
            (Get, "http://h:99999/"),
            (Get, "ftp://h/"),
            (Get, "http://h/ä"),
            (Connect, "/"),
            (Connect, "h"),
            (Connect, "h:"),
            (Connect, "http://h:80"),
        ] {
            assert_eq!(parse(method, text), Err(Refusal::Target), "{method} {text}");
        }
    }

    #[test]
    fn https_is_served_over_a_secured_connection_only() {
        for text in ["https://h/", "HTTPS://h:443/a?b"] {
            for (served, refusal) in
                [(Scheme::Http, Some(Refusal::Misdirected)), (Scheme::Https, None)]
            {
                let read = TargetIndex::default().read(text.as_bytes(), 4, Method::Get, served);
                assert_eq!(read.err(), refusal, "{text} over {served:?}");
            }
        }
    }

    #[test]
    fn paths_are_decoded_once() {
        for (text, decoded) in [
            ("/a", &b"/a"[..]),
            ("/%61%2F%2f", b"/a//"),
            ("/%2561", b"/%61"),
            ("/%00%ff", b"/\0\xff"),
            ("%", b"%"),
            ("%4", b"%4"),
            ("%zz%41", b"%zzA"),
        ] {
            assert_eq!(&*percent_decode(text.as_bytes()), decoded, "{text}");
        }
    }
}
