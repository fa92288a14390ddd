//! Request methods (RFC 9110 §9). A method is a token and its case matters.

use std::fmt;

use super::grammar::{self, TCHAR};

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method<'a> {
    /// RFC 9110 §9.3.1.
    Get,
    /// RFC 9110 §9.3.2.
    Head,
    /// RFC 9110 §9.3.3.
    Post,
    /// RFC 9110 §9.3.4.
    Put,
    /// RFC 9110 §9.3.5.
    Delete,
    /// RFC 9110 §9.3.6.
    Connect,
    /// RFC 9110 §9.3.7.
    Options,
    /// RFC 9110 §9.3.8.
    Trace,
    /// RFC 5789.
    Patch,
    /// Any other token, such as PROPFIND.
    Other(&'a str),
}

impl<'a> Method<'a> {
    /// Reads the method that a request line begins with, and the space behind it.
    #[inline]
    pub(crate) fn read(line: &'a [u8]) -> Option<(Self, &'a [u8])> {
        match line.strip_prefix(b"GET ") {
            // Compared as one word.
            Some(rest) => Some((Self::Get, rest)),
            None => Self::read_token(line),
        }
    }

    #[inline(never)]
    fn read_token(line: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (token, rest) = line.split_at(grammar::run_len(line, TCHAR));
        let rest = rest.strip_prefix(b" ").filter(|_| !token.is_empty())?;
        Some((Self::from_token(token), rest))
    }

    /// The method that a valid token names.
    #[inline(never)]
    pub(crate) fn from_token(token: &'a [u8]) -> Self {
        match token {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"CONNECT" => Self::Connect,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            other => Self::Other(grammar::ascii(other)),
        }
    }

    /// The method without its token, if it is one that has a name here.
    pub(crate) const fn known(self) -> Option<Method<'static>> {
        Some(match self {
            Self::Get => Method::Get,
            Self::Head => Method::Head,
            Self::Post => Method::Post,
            Self::Put => Method::Put,
            Self::Delete => Method::Delete,
            Self::Connect => Method::Connect,
            Self::Options => Method::Options,
            Self::Trace => Method::Trace,
            Self::Patch => Method::Patch,
            Self::Other(_) => return None,
        })
    }

    /// The token as it stands in a request line.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
            Self::Other(token) => token,
        }
    }
}

impl fmt::Display for Method<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
