//! `host[:port]`, the value of Host and the authority of a target (RFC 9110 §7.2,
//! RFC 3986 §3.2).
//!
//! User information is refused (RFC 9110 §4.2.4), and so is an empty host, which no http
//! URI may have (RFC 9110 §4.2.1). What the grammar leaves open is taken as it stands: no
//! name is looked up, and letters keep their case.

use std::net::Ipv6Addr;

use super::grammar::{self, REG_NAME};

/// The port of an authority in digits, empty if there is none; `None` if the authority is not
/// a valid one.
pub(crate) fn port(text: &[u8]) -> Option<&[u8]> {
    let host_len = match text {
        [b'[', literal @ ..] => ip_literal_len(literal)?,
        name => grammar::encoded_len(name, REG_NAME).0,
    };
    match &text[host_len..] {
        _ if host_len == 0 => None,
        port @ [] => Some(port),
        [b':', port @ ..] if is_port(port) => Some(port),
        _ => None,
    }
}

/// How long an IP literal is, brackets included, that begins before `text`.
#[inline(never)]
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

/// `*DIGIT`, a number of 16 bits.
#[inline]
fn is_port(digits: &[u8]) -> bool {
    // Four digits are never too many.
    digits.iter().all(u8::is_ascii_digit) && (digits.len() <= 4 || fits_16_bits(digits))
}

fn fits_16_bits(digits: &[u8]) -> bool {
    let number = digits.iter().fold(0_u32, |number, &digit| {
        number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
    });
    u16::try_from(number).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for (text, expected) in [
            ("example.com", Some("")),
            ("example.com:80", Some("80")),
            ("example.com:", Some("")),
            ("example.com:00080", Some("00080")),
            ("127.0.0.1:65535", Some("65535")),
            ("a_b.c-d.~e!$&'()*+;=", Some("")),
            ("%41%2e", Some("")),
            ("[::1]", Some("")),
            ("[2001:db8::1.2.3.4]:1", Some("1")),
            ("[v7f.a:b]", Some("")),
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
            assert_eq!(port(text.as_bytes()).map(grammar::ascii), expected, "{text}");
        }
    }
}
