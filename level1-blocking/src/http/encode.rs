//! Responses as bytes: how the body is framed, the head, the chunks (RFC 9112 §4, §6, §7.1).

use super::{
    body::Body,
    clock::Clock,
    name::FieldName,
    response::{FieldLine, FieldValue, Response},
    status::Status,
    version::Version,
};

/// How a client will know where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseFraming {
    /// The status says that there is none.
    None,
    /// By its length.
    Length(u64),
    /// By its last chunk.
    Chunked,
    /// By the end of the connection.
    UntilClose,
}

/// What the Connection field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// Nothing: HTTP/1.1 persists.
    Default,
    /// `keep-alive`, for HTTP/1.0.
    KeepAlive,
    /// `close`.
    Close,
    /// `upgrade`, of a 101.
    Upgrade,
}

/// How a response's body is framed (RFC 9112 §6.3). What HEAD would have had is the same.
pub(crate) fn framing(version: Version, status: Status, body: &Body) -> ResponseFraming {
    match body.len() {
        _ if status.is_bodiless() => ResponseFraming::None,
        // RFC 9110 §15.3.6: a 205 has no content.
        _ if status == Status::RESET_CONTENT => ResponseFraming::Length(0),
        Some(len) => ResponseFraming::Length(len),
        None if version == Version::Http11 => ResponseFraming::Chunked,
        None => ResponseFraming::UntilClose,
    }
}

/// Writes a response head.
pub(crate) fn head(
    output: &mut Vec<u8>,
    response: &Response,
    framing: ResponseFraming,
    persistence: Persistence,
    clock: &Clock,
) {
    match (response.status, persistence, framing) {
        // Nearly all of them.
        (Status::OK, Persistence::Default, ResponseFraming::Length(len)) => {
            output.extend_from_slice(clock.ok_with_length());
            number_line(output, len);
        }
        (status, ..) => {
            status_line(output, status);
            output.extend_from_slice(clock.date_line());
            connection_line(output, persistence);
            framing_line(output, framing);
        }
    }
    for line in response.fields.iter().filter(|line| !line.is_of_the_core()) {
        output.extend_from_slice(line.as_bytes());
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b"\r\n");
}

/// Writes an interim `100 (Continue)`.
pub(crate) fn continue_(output: &mut Vec<u8>) {
    output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
}

/// Writes one chunk. An empty piece is none: it would end the body.
pub(crate) fn chunk(output: &mut Vec<u8>, piece: &[u8]) {
    if piece.is_empty() {
        return;
    }
    output.reserve(piece.len() + 20);
    chunk_size(output, piece.len());
    output.extend_from_slice(piece);
    output.extend_from_slice(b"\r\n");
}

/// Writes the last chunk and the trailer section.
pub(crate) fn last_chunk(output: &mut Vec<u8>, trailers: &[(FieldName, FieldValue)]) {
    output.extend_from_slice(b"0\r\n");
    for (name, value) in trailers.iter().filter(|(name, _)| !name.is_of_the_core()) {
        output.extend_from_slice(FieldLine::new(name, value).as_bytes());
        output.extend_from_slice(b"\r\n");
    }
    output.extend_from_slice(b"\r\n");
}

fn status_line(output: &mut Vec<u8>, status: Status) {
    if let Some(line) = status.line() {
        return output.extend_from_slice(line);
    }
    // RFC 9112 §4: the space stays when the reason phrase is empty.
    output.extend_from_slice(b"HTTP/1.1 ");
    output.extend_from_slice(itoa::Buffer::new().format(status.code()).as_bytes());
    output.extend_from_slice(b" \r\n");
}

fn connection_line(output: &mut Vec<u8>, persistence: Persistence) {
    match persistence {
        Persistence::Default => {}
        Persistence::KeepAlive => output.extend_from_slice(b"Connection: keep-alive\r\n"),
        Persistence::Close => output.extend_from_slice(b"Connection: close\r\n"),
        Persistence::Upgrade => output.extend_from_slice(b"Connection: upgrade\r\n"),
    }
}

fn framing_line(output: &mut Vec<u8>, framing: ResponseFraming) {
    match framing {
        ResponseFraming::None | ResponseFraming::UntilClose => {}
        ResponseFraming::Chunked => output.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        ResponseFraming::Length(len) => {
            output.extend_from_slice(b"Content-Length: ");
            number_line(output, len);
        }
    }
}

/// A number, and CRLF. Up to six digits are shifted into a word, the last one first, so that they
/// lie in it as they are read: the word is copied whole, which is a few instructions, and what is
/// too much of it taken back.
fn number_line(output: &mut Vec<u8>, number: u64) {
    if number >= 1_000_000 {
        output.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        return output.extend_from_slice(b"\r\n");
    }
    let mut word = u64::from(u16::from_le_bytes(*b"\r\n"));
    let (mut rest, mut len) = (number, 2);
    loop {
        word = word << 8 | (u64::from(b'0') + rest % 10);
        (rest, len) = (rest / 10, len + 1);
        if rest == 0 {
            break;
        }
    }
    let end = output.len() + len;
    output.extend_from_slice(&word.to_le_bytes());
    output.truncate(end);
}

fn chunk_size(output: &mut Vec<u8>, size: usize) {
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4);
    for digit in (0..digits).rev() {
        output.push(b"0123456789abcdef"[size >> (4 * digit) & 15]);
    }
    output.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::http::response::ResponseFields;

    #[test]
    fn bodies_are_framed_by_what_is_known_of_them() {
        use Version::{Http10, Http11};
        for (version, status, body, expected) in [
            (Http11, Status::OK, Body::from("abc"), ResponseFraming::Length(3)),
            (Http11, Status::OK, Body::default(), ResponseFraming::Length(0)),
            (Http11, Status::OK, Body::Stream(Some(7)), ResponseFraming::Length(7)),
            (Http11, Status::OK, Body::Stream(None), ResponseFraming::Chunked),
            (Http10, Status::OK, Body::Stream(None), ResponseFraming::UntilClose),
            (Http11, Status::NO_CONTENT, Body::from("abc"), ResponseFraming::None),
            (Http11, Status::NOT_MODIFIED, Body::Stream(None), ResponseFraming::None),
            (Http11, Status::SWITCHING_PROTOCOLS, Body::default(), ResponseFraming::None),
            (Http11, Status::RESET_CONTENT, Body::from("abc"), ResponseFraming::Length(0)),
        ] {
            assert_eq!(framing(version, status, &body), expected, "{version:?} {status} {body:?}");
        }
    }

    #[test]
    fn heads() {
        let epoch = SystemTime::UNIX_EPOCH;
        let clock = Clock::new(Instant::now(), epoch + Duration::from_secs(784_111_777));
        let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
        let text = |value| FieldValue::new(value).expect("valid");
        let fields: ResponseFields = [
            (FieldName::ALLOW, text("GET")),
            (FieldName::CONTENT_LENGTH, text("99")),
            (FieldName::from_static("transfer-encoding"), text("x")),
            (FieldName::CONNECTION, text("x")),
            (FieldName::DATE, text("x")),
            (FieldName::from_static("X-Own"), text("")),
        ]
        .into_iter()
        .map(|(name, value)| FieldLine::new(&name, &value))
        .collect();
        let unlisted = Status::new(299).expect("in range");
        for (status, framing, persistence, expected) in [
            (
                Status::OK,
                ResponseFraming::Length(12),
                Persistence::Default,
                format!(
                    "HTTP/1.1 200 OK\r\n{date}Content-Length: 12\r\nAllow: GET\r\nX-Own: \r\n\r\n"
                ),
            ),
            (
                unlisted,
                ResponseFraming::Chunked,
                Persistence::Close,
                format!(
                    "HTTP/1.1 299 \r\n{date}Connection: close\r\nTransfer-Encoding: chunked\r\nAllow: GET\r\nX-Own: \r\n\r\n"
                ),
            ),
        ] {
            let mut output = Vec::new();
            let response = Response { status, fields: fields.clone(), body: Body::default() };
            head(&mut output, &response, framing, persistence, &clock);
            assert_eq!(String::from_utf8_lossy(&output), expected);
        }
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, 10, 99, 12_345, 999_999, 1_000_000, 1_000_001, u64::MAX] {
            let mut output = b"x".to_vec();
            number_line(&mut output, number);
            assert_eq!(String::from_utf8_lossy(&output), format!("x{number}\r\n"));
        }
    }

    #[test]
    fn chunks() {
        let mut output = Vec::new();
        chunk(&mut output, b"");
        chunk(&mut output, b"abc");
        chunk(&mut output, &[b'x'; 255]);
        chunk(&mut output, &[b'y'; 4096]);
        last_chunk(&mut output, &[(FieldName::from_static("a"), FieldValue::from_static("b"))]);
        let (x, y) = ("x".repeat(255), "y".repeat(4096));
        let expected = format!("3\r\nabc\r\nff\r\n{x}\r\n1000\r\n{y}\r\n0\r\na: b\r\n\r\n");
        assert_eq!(String::from_utf8_lossy(&output), expected);
    }
}
