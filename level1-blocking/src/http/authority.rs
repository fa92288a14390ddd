//! `host[:port]`, the value of Host and the authority of a target (RFC 9110 §7.2,
//! RFC 3986 §3.2).
//!
//! User information is refused (RFC 9110 §4.2.4), and so is an empty host, which no http
//! URI may have (RFC 9110 §4.2.1). What the grammar leaves open is taken as it stands: no
//! name is looked up, and letters keep their case.

use std::net::Ipv6Addr;

use super::grammar::{self, REG_NAME};

/// A valid authority, in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Authority<'a> {
    /// A registered name, an IPv4 address, or an IP literal with its brackets.
    pub(crate) host: &'a [u8],
    /// `None` when absent or empty.
    pub(crate) port: Option<u16>,
}

/// Reads an authority; `None` if it is not a valid one.
pub(crate) fn parse(text: &[u8]) -> Option<Authority<'_>> {
    let host_len = match text {
        [b'[', literal @ ..] => ip_literal_len(literal)?,
        name => grammar::encoded_len(name, REG_NAME),
    };
    let (host, port) = text.split_at(host_len);
    let port = match port {
        _ if host.is_empty() => return None,
        [] | [b':'] => None,
        [b':', digits @ ..] => Some(parse_port(digits)?),
        _ => return None,
    };
    Some(Authority { host, port })
}

/// How long an IP literal is, brackets included, that begins before `text`.
fn ip_literal_len(text: &[u8]) -> Option<usize> {
    let len = text.iter().position(|&byte| byte == b']')?;
    is_ip_literal(&text[..len]).then_some(len + 2)
}

/// `IPv6address / IPvFuture` (RFC 3986 §3.2.2). Zone identifiers are for a host's own use.
fn is_ip_literal(literal: &[u8]) -> bool {
    match literal {
        [b'v' | b'V', future @ ..] => {
            let version_len = future.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            match &future[version_len..] {
                [b'.', address @ ..] => {
                    let is_valid = |&byte: &u8| byte == b':' || grammar::is(byte, REG_NAME);
                    version_len > 0 && !address.is_empty() && address.iter().all(is_valid)
                }
                _ => false,
            }
        }
        address => str::from_utf8(address).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok()),
    }
}

fn parse_port(digits: &[u8]) -> Option<u16> {
    let port = digits.iter().try_fold(0_u32, |port, &byte| {
        let digit = byte.wrapping_sub(b'0');
        // A u32 has room for one digit more than a port has: one check a step is enough.
        (digit <= 9 && port <= 0xFFFF).then(|| port * 10 + u32::from(digit))
    });
    u16::try_from(port?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for (text, expected) in [
            ("example.com", Some(("example.com", None))),
            ("example.com:80", Some(("example.com", Some(80)))),
            ("example.com:", Some(("example.com", None))),
            ("example.com:00080", Some(("example.com", Some(80)))),
            ("127.0.0.1:65535", Some(("127.0.0.1", Some(65535)))),
            ("a_b.c-d.~e!$&'()*+;=", Some(("a_b.c-d.~e!$&'()*+;=", None))),
            ("%41%2e", Some(("%41%2e", None))),
            ("[::1]", Some(("[::1]", None))),
            ("[2001:db8::1.2.3.4]:1", Some(("[2001:db8::1.2.3.4]", Some(1)))),
            ("[v7f.a:b]", Some(("[v7f.a:b]", None))),
            ("", None),
            (":80", None),
            ("a:65536", None),
            ("a:8a", None),
            ("a:-1", None),
            ("a:+1", None),
            ("a:80:80", None),
            ("::1", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[]", None),
            ("[v.a]", None),
            ("[v1.]", None),
            ("[fe80::1%25eth0]", None),
            ("[1.2.3.4]", None),
            ("user@host", None),
            ("a b", None),
            ("a/b", None),
            ("a?b", None),
            ("a#b", None),
            ("a\\b", None),
            ("a%2", None),
            ("a%zz", None),
            ("ä", None),
            ("<a>", None),
        ] {
            let parsed =
                parse(text.as_bytes()).map(|found| (grammar::ascii(found.host), found.port));
            assert_eq!(parsed, expected, "{text}");
        }
    }
}
