//! The protocol version of a request (RFC 9110 §2.5, RFC 9112 §2.3).

use super::error::Refusal;

/// The version a message is treated as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Version {
    /// HTTP/1.0: no transfer codings, no `100 (Continue)`, closed unless kept alive.
    Http10,
    /// HTTP/1.1, and any later minor version, which a recipient treats as the highest minor
    /// version it knows (RFC 9110 §2.5).
    #[default]
    Http11,
}

impl Version {
    /// Reads the end of a request line: a space, the version, and CRLF.
    #[inline]
    pub(crate) fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        match text.strip_prefix(b" HTTP/1.1\r\n") {
            // Compared as words.
            Some(rest) => Some((Self::Http11, rest)),
            None => Self::read_other(text),
        }
    }

    #[inline(never)]
    fn read_other(text: &[u8]) -> Option<(Self, &[u8])> {
        let (version, rest) = text.strip_prefix(b" ")?.split_at_checked(8)?;
        Some((Self::parse(version).ok()?, rest.strip_prefix(b"\r\n")?))
    }

    /// Reads the last part of a request line.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Refusal> {
        match text {
            b"HTTP/1.0" => Ok(Self::Http10),
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Ok(Self::Http11),
            [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
                Err(Refusal::UnsupportedVersion)
            }
            _ => Err(Refusal::Version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_one_digit_a_side() {
        for (text, expected) in [
            ("HTTP/1.1", Ok(Version::Http11)),
            ("HTTP/1.0", Ok(Version::Http10)),
            ("HTTP/1.2", Ok(Version::Http11)),
            ("HTTP/2.0", Err(Refusal::UnsupportedVersion)),
            ("HTTP/0.9", Err(Refusal::UnsupportedVersion)),
            ("http/1.1", Err(Refusal::Version)),
            ("HTTP/1.10", Err(Refusal::Version)),
            ("HTTP/01.1", Err(Refusal::Version)),
            ("HTTP/1", Err(Refusal::Version)),
            ("HTTP/1,1", Err(Refusal::Version)),
            ("", Err(Refusal::Version)),
        ] {
            assert_eq!(Version::parse(text.as_bytes()), expected, "{text}");
        }
    }
}
