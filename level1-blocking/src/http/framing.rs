//! What the head says of the message and the connection: where the body ends, whether the
//! connection persists, what the client expects, whether it asks to switch protocols.
//!
//! Pure functions of the fields, with the RFC's own steps. What is ambiguous is refused: a
//! message that two servers could cut in two places is how requests are smuggled.

use super::{error::Refusal, fields::Fields, name::FieldName, version::Version};

/// How the end of a request's body is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// There is no body.
    #[default]
    None,
    /// It has this many bytes, at least one.
    Length(u64),
    /// It comes in chunks, the last one empty.
    Chunked,
}

/// What a client waits for before it sends a body (RFC 9110 §10.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expectation {
    /// For nothing.
    #[default]
    None,
    /// For `100 (Continue)`.
    Continue,
    /// For something else, which is answered 417.
    Unknown,
}

/// The message body length of a request, RFC 9112 §6.3. Items 1 and 2 of that list are about
/// responses and CONNECT's answer; the last about responses.
#[inline]
pub(crate) fn of_request(version: Version, fields: &Fields<'_>) -> Result<Framing, Refusal> {
    let has_length = fields.has(&FieldName::CONTENT_LENGTH);
    if fields.has(&FieldName::TRANSFER_ENCODING) {
        // Item 3: both fields. A proxy may have gone by the other one.
        if has_length {
            return Err(Refusal::BothLengths);
        }
        // §6.1: an HTTP/1.0 client cannot have meant it; a proxy in between did not.
        if version == Version::Http10 {
            return Err(Refusal::TransferCodingInHttp10);
        }
        // Item 4: chunked, once and last, is the only coding we decode.
        return transfer_coding(fields.all(&FieldName::TRANSFER_ENCODING));
    }
    // Item 7: neither field.
    if !has_length {
        return Ok(Framing::None);
    }
    let mut lengths = fields.all(&FieldName::CONTENT_LENGTH);
    match (lengths.next(), lengths.next()) {
        // Item 6.
        (Some(length), None) => content_length(length),
        // Item 5: a list of lengths might be repaired; we refuse it even if all are equal.
        _ => Err(Refusal::ContentLength),
    }
}

/// `Transfer-Encoding = #transfer-coding`, of which only `chunked` is implemented.
fn transfer_coding<'a>(values: impl Iterator<Item = &'a [u8]>) -> Result<Framing, Refusal> {
    let mut is_chunked = false;
    for coding in values.flat_map(|value| value.split(|&byte| byte == b',')) {
        let coding = super::grammar::trim(coding);
        if is_chunked || coding.is_empty() {
            return Err(Refusal::TransferCoding);
        }
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::UnknownTransferCoding);
        }
        is_chunked = true;
    }
    Ok(Framing::Chunked)
}

/// `Content-Length = 1*DIGIT` (RFC 9110 §8.6). A number beyond 64 bits is a valid one, of a
/// body that is too large.
fn content_length(value: &[u8]) -> Result<Framing, Refusal> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::ContentLength);
    }
    let length = value.iter().try_fold(0_u64, |length, &digit| {
        length.checked_mul(10)?.checked_add((digit - b'0').into())
    });
    match length.ok_or(Refusal::BodyTooLarge)? {
        0 => Ok(Framing::None),
        length => Ok(Framing::Length(length)),
    }
}

/// RFC 9110 §10.1.1. An HTTP/1.0 client does not know of expectations; one without a body
/// waits for nothing.
pub(crate) fn expectation(version: Version, framing: Framing, fields: &Fields<'_>) -> Expectation {
    if version == Version::Http10 || !fields.has(&FieldName::EXPECT) {
        return Expectation::None;
    }
    let mut members = fields.list(&FieldName::EXPECT).peekable();
    if members.peek().is_none() {
        return Expectation::None;
    }
    if !members.all(|member| member.eq_ignore_ascii_case(b"100-continue")) {
        return Expectation::Unknown;
    }
    if framing == Framing::None { Expectation::None } else { Expectation::Continue }
}

/// Whether the client wants the connection to stay open after the answer (RFC 9112 §9.3).
pub(crate) fn persists(version: Version, fields: &Fields<'_>) -> bool {
    let close = fields.has_token(&FieldName::CONNECTION, b"close");
    let keep_alive =
        version == Version::Http11 || fields.has_token(&FieldName::CONNECTION, b"keep-alive");
    keep_alive && !close
}

/// Whether the client offers to switch protocols (RFC 9110 §7.8; not in HTTP/1.0).
pub(crate) fn may_upgrade(version: Version, fields: &Fields<'_>) -> bool {
    version == Version::Http11
        && fields.get(&FieldName::UPGRADE).is_some()
        && fields.has_token(&FieldName::CONNECTION, b"upgrade")
}

#[cfg(test)]
mod tests {
    use super::{
        super::{fields::FieldTable, limits::Limits},
        *,
    };

    fn with_fields<T>(section: &str, ask: impl FnOnce(&Fields<'_>) -> T) -> T {
        let section = format!("{section}\r\n");
        let mut table = FieldTable::default();
        table.restart(0);
        table.read(section.as_bytes(), &Limits::default()).expect("valid").expect("whole");
        ask(&Fields::new(section.as_bytes(), &table))
    }

    #[test]
    fn body_lengths() {
        use Version::{Http10, Http11};
        for (version, section, expected) in [
            (Http11, "", Ok(Framing::None)),
            (Http11, "Content-Length: 0\r\n", Ok(Framing::None)),
            (Http11, "Content-Length: 0005\r\n", Ok(Framing::Length(5))),
            (Http10, "content-length:7\r\n", Ok(Framing::Length(7))),
            (Http11, "Content-Length: 18446744073709551615\r\n", Ok(Framing::Length(u64::MAX))),
            (Http11, "Content-Length: 18446744073709551616\r\n", Err(Refusal::BodyTooLarge)),
            (Http11, "Content-Length: 5\r\nContent-Length: 5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: 5, 5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: +5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: -5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: 5 5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: 0x5\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length: 5.0\r\n", Err(Refusal::ContentLength)),
            (Http11, "Content-Length:\r\n", Err(Refusal::ContentLength)),
            (Http11, "Transfer-Encoding: chunked\r\n", Ok(Framing::Chunked)),
            (Http11, "transfer-encoding:\tChUnKeD \r\n", Ok(Framing::Chunked)),
            (Http10, "Transfer-Encoding: chunked\r\n", Err(Refusal::TransferCodingInHttp10)),
            (Http11, "Transfer-Encoding: gzip\r\n", Err(Refusal::UnknownTransferCoding)),
            (Http11, "Transfer-Encoding: identity\r\n", Err(Refusal::UnknownTransferCoding)),
            (Http11, "Transfer-Encoding: gzip, chunked\r\n", Err(Refusal::UnknownTransferCoding)),
            (Http11, "Transfer-Encoding: xchunked\r\n", Err(Refusal::UnknownTransferCoding)),
            (Http11, "Transfer-Encoding: chunked;a=b\r\n", Err(Refusal::UnknownTransferCoding)),
            (Http11, "Transfer-Encoding: chunked, gzip\r\n", Err(Refusal::TransferCoding)),
            (Http11, "Transfer-Encoding: chunked, chunked\r\n", Err(Refusal::TransferCoding)),
            (
                Http11,
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                Err(Refusal::TransferCoding),
            ),
            (Http11, "Transfer-Encoding: chunked,\r\n", Err(Refusal::TransferCoding)),
            (Http11, "Transfer-Encoding:\r\n", Err(Refusal::TransferCoding)),
            (
                Http11,
                "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                Err(Refusal::BothLengths),
            ),
            (Http11, "Transfer-Encoding: x\r\nContent-Length: y\r\n", Err(Refusal::BothLengths)),
        ] {
            let found = with_fields(section, |fields| of_request(version, fields));
            assert_eq!(found, expected, "{version:?} {section:?}");
        }
    }

    #[test]
    fn persistence() {
        use Version::{Http10, Http11};
        for (version, section, expected) in [
            (Http11, "", true),
            (Http11, "Connection: close\r\n", false),
            (Http11, "Connection: x, CLOSE\r\n", false),
            (Http11, "Connection: x\r\nConnection: close\r\n", false),
            (Http11, "Connection: closed\r\n", true),
            (Http11, "Connection: keep-alive, close\r\n", false),
            (Http10, "", false),
            (Http10, "Connection: Keep-Alive\r\n", true),
            (Http10, "Connection: keep-alive, close\r\n", false),
        ] {
            let found = with_fields(section, |fields| persists(version, fields));
            assert_eq!(found, expected, "{version:?} {section:?}");
        }
    }

    #[test]
    fn expectations() {
        use Version::{Http10, Http11};
        for (version, framing, section, expected) in [
            (Http11, Framing::Chunked, "", Expectation::None),
            (Http11, Framing::Chunked, "Expect: 100-Continue\r\n", Expectation::Continue),
            (Http11, Framing::Length(1), "Expect: 100-continue\r\n", Expectation::Continue),
            (Http11, Framing::None, "Expect: 100-continue\r\n", Expectation::None),
            (Http11, Framing::None, "Expect: 200-ok\r\n", Expectation::Unknown),
            (Http11, Framing::Chunked, "Expect: 100-continue, x\r\n", Expectation::Unknown),
            (Http10, Framing::Length(1), "Expect: 100-continue\r\n", Expectation::None),
            (Http10, Framing::None, "Expect: x\r\n", Expectation::None),
        ] {
            let found = with_fields(section, |fields| expectation(version, framing, fields));
            assert_eq!(found, expected, "{version:?} {framing:?} {section:?}");
        }
    }
}
