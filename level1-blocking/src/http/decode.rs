//! Where a request body's bytes lie among those that came: by length, or chunked
//! (RFC 9112 §6.2, §7.1).
//!
//! The decoder copies nothing. Asked for what is next, it says how many bytes of framing to
//! step over and how many bytes of content follow; the content stays where it is until the
//! driver has taken it. A chunk's line is held to the grammar, extensions included, which
//! are otherwise ignored.

use super::{
    error::Refusal,
    fields::FieldTable,
    framing::Framing,
    grammar::{self, LineEnd, QDTEXT, TCHAR},
    limits::Limits,
    target::hex_value,
};

/// How far a body has been read.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    /// Content that may still come.
    allowed: u64,
    extensions_len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes of content are left, and then the body ends.
    Length(u64),
    /// A chunk's line is next.
    ChunkLine,
    /// So many bytes of this chunk are left, and then its CRLF.
    ChunkData(u64),
    /// The last chunk has come; the trailer section is next.
    Trailers,
}

/// What is next in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// More bytes are needed to tell.
    Partial,
    /// So many bytes of content, at least one.
    Content(usize),
    /// The end, after a trailer section of so many bytes.
    End(usize),
}

impl Decoder {
    /// A decoder for a body of at most `len_max` bytes; `None` if there is no body.
    ///
    /// # Errors
    /// If the body's length is known to be more than that.
    pub(crate) fn new(framing: Framing, len_max: u64) -> Result<Option<Self>, Refusal> {
        let state = match framing {
            Framing::None => return Ok(None),
            Framing::Length(length) if length > len_max => return Err(Refusal::BodyTooLarge),
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkLine,
        };
        Ok(Some(Self { state, allowed: len_max, extensions_len: 0 }))
    }

    /// What `bytes`, the first that are not consumed yet, begin with: how many bytes of
    /// framing, to be consumed now, and what follows them.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        trailers: &mut FieldTable,
        limits: &Limits,
    ) -> Result<(usize, Next), Refusal> {
        let mut framing_len = 0;
        loop {
            let bytes = &bytes[framing_len..];
            let (step_len, state) = match self.state {
                State::Length(0) => return Ok((framing_len, Next::End(0))),
                State::Length(left) => return Ok((framing_len, content(bytes, left))),
                State::ChunkData(left) if left > 0 => {
                    return Ok((framing_len, content(bytes, left)));
                }
                State::ChunkData(_) => match bytes {
                    [b'\r', b'\n', ..] => (2, State::ChunkLine),
                    [] | [b'\r'] => return Ok((framing_len, Next::Partial)),
                    _ => return Err(Refusal::Chunked),
                },
                State::ChunkLine => match self.chunk_line(bytes, limits)? {
                    None => return Ok((framing_len, Next::Partial)),
                    Some((len, 0)) => {
                        trailers.restart(0);
                        (len, State::Trailers)
                    }
                    Some((len, size)) => {
                        self.allowed =
                            self.allowed.checked_sub(size).ok_or(Refusal::BodyTooLarge)?;
                        (len, State::ChunkData(size))
                    }
                },
                State::Trailers => {
                    let next = trailers.read(bytes, limits)?.map_or(Next::Partial, Next::End);
                    return Ok((framing_len, next));
                }
            };
            framing_len += step_len;
            self.state = state;
        }
    }

    /// So many bytes of content have been taken.
    pub(crate) fn taken(&mut self, len: usize) {
        if let State::Length(left) | State::ChunkData(left) = &mut self.state {
            *left = left.saturating_sub(len as u64);
        }
    }

    /// How many bytes of content are certain to be left.
    pub(crate) const fn left_min(&self) -> u64 {
        match self.state {
            State::Length(left) | State::ChunkData(left) => left,
            State::ChunkLine | State::Trailers => 0,
        }
    }

    /// `chunk-size [ chunk-ext ] CRLF`: the line's length and the size.
    fn chunk_line(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<Option<(usize, u64)>, Refusal> {
        if bytes.first().is_some_and(|byte| !byte.is_ascii_hexdigit()) {
            return Err(Refusal::Chunked);
        }
        let line = &bytes[..bytes.len().min(limits.chunk_line_len_max)];
        let len = match grammar::line_end(line, &mut 0) {
            LineEnd::Crlf(len) => len,
            LineEnd::Broken(refusal) => return Err(refusal),
            LineEnd::Open if line.len() < limits.chunk_line_len_max => return Ok(None),
            LineEnd::Open => return Err(Refusal::ChunkExtensions),
        };
        let (size, extensions) = chunk_size(&line[..len])?;
        check_extensions(extensions)?;
        self.extensions_len += extensions.len();
        if self.extensions_len > limits.chunk_extensions_len_max {
            return Err(Refusal::ChunkExtensions);
        }
        Ok(Some((len + 2, size)))
    }
}

/// What of `left` bytes of content has come.
fn content(bytes: &[u8], left: u64) -> Next {
    match usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()) {
        0 => Next::Partial,
        len => Next::Content(len),
    }
}

/// `1*HEXDIG`, and what stands behind it. Sixteen digits hold any 64-bit size.
fn chunk_size(line: &[u8]) -> Result<(u64, &[u8]), Refusal> {
    let digits_len = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits_len);
    if !(1..=16).contains(&digits_len) {
        return Err(Refusal::Chunked);
    }
    let size = digits.iter().filter_map(|&digit| hex_value(digit));
    Ok((size.fold(0, |size, digit| size << 4 | u64::from(digit)), extensions))
}

/// `*( BWS ";" BWS name [ BWS "=" BWS value ] )` (RFC 9112 §7.1.1).
fn check_extensions(mut rest: &[u8]) -> Result<(), Refusal> {
    while !rest.is_empty() {
        rest = skip_space(rest).strip_prefix(b";").ok_or(Refusal::Chunked)?;
        rest = skip_token(skip_space(rest))?;
        if let [b'=', value @ ..] = skip_space(rest) {
            rest = match skip_space(value) {
                [b'"', quoted @ ..] => skip_quoted(quoted)?,
                token => skip_token(token)?,
            };
        }
    }
    Ok(())
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().take_while(|&&byte| grammar::is_space(byte)).count();
    &bytes[len..]
}

fn skip_token(bytes: &[u8]) -> Result<&[u8], Refusal> {
    match grammar::run_len(bytes, TCHAR) {
        0 => Err(Refusal::Chunked),
        len => Ok(&bytes[len..]),
    }
}

/// The rest after a `quoted-string` whose first quote has been read (RFC 9110 §5.6.4).
fn skip_quoted(mut bytes: &[u8]) -> Result<&[u8], Refusal> {
    loop {
        bytes = &bytes[grammar::run_len(bytes, QDTEXT)..];
        bytes = match bytes {
            [b'"', rest @ ..] => return Ok(rest),
            [b'\\', byte, rest @ ..] if grammar::is_field_byte(*byte) => rest,
            _ => return Err(Refusal::Chunked),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Content, trailer length and what is left of `stream`, arriving in pieces that end at
    /// `cuts`; `Ok(None)` if the body does not end.
    type Decoded = Result<Option<(Vec<u8>, usize, Vec<u8>)>, Refusal>;

    fn decode(framing: Framing, stream: &[u8], cuts: &[usize]) -> Decoded {
        let limits = Limits { chunk_extensions_len_max: 40, head_len_max: 40, ..Limits::default() };
        let mut trailers = FieldTable::default();
        let mut decoder = Decoder::new(framing, 20)?.expect("a body");
        let (mut at, mut all) = (0, Vec::new());
        for &end in cuts.iter().chain([&stream.len()]) {
            loop {
                let (framing_len, next) = decoder.next(&stream[at..end], &mut trailers, &limits)?;
                at += framing_len;
                match next {
                    Next::Partial => break,
                    Next::Content(len) => {
                        all.extend_from_slice(&stream[at..at + len]);
                        decoder.taken(len);
                        at += len;
                    }
                    Next::End(len) => return Ok(Some((all, len, stream[at + len..].to_vec()))),
                }
            }
        }
        Ok(None)
    }

    fn check(framing: Framing, stream: &[u8], expected: &Decoded) {
        let bytewise: Vec<usize> = (0..stream.len()).collect();
        let text = String::from_utf8_lossy(stream);
        assert_eq!(&decode(framing, stream, &[]), expected, "whole: {text:?}");
        assert_eq!(&decode(framing, stream, &bytewise), expected, "byte by byte: {text:?}");
        for cut in bytewise {
            assert_eq!(&decode(framing, stream, &[cut]), expected, "cut at {cut}: {text:?}");
        }
    }

    #[test]
    fn bodies_by_length() {
        check(Framing::Length(3), b"abcd", &Ok(Some((b"abc".to_vec(), 0, b"d".to_vec()))));
        check(Framing::Length(3), b"ab", &Ok(None));
        check(Framing::Length(21), b"", &Err(Refusal::BodyTooLarge));
    }

    #[test]
    fn chunked_bodies() {
        for (stream, content, trailer_len, rest) in [
            ("0\r\n\r\nX", "", 2, "X"),
            ("3\r\nabc\r\n0\r\n\r\n", "abc", 2, ""),
            ("a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n", "01234567890123456789", 2, ""),
            ("00000000000003\r\na\r\n\r\n0\r\na: b\r\n\r\n", "a\r\n", 8, ""),
            ("1;a\r\nx\r\n0\r\n\r\n", "x", 2, ""),
            ("1 ;\ta = b ;c=\"d\\\";\te\"\r\nx\r\n0;z\r\n\r\n", "x", 2, ""),
            ("1;a=\"\u{e9}\"\r\nx\r\n0\r\n\r\n", "x", 2, ""),
        ] {
            let expected = (content.as_bytes().to_vec(), trailer_len, rest.as_bytes().to_vec());
            check(Framing::Chunked, stream.as_bytes(), &Ok(Some(expected)));
        }
    }

    #[test]
    fn refused_chunks() {
        for (stream, refusal) in [
            ("\r\n", Refusal::Chunked),
            ("x\r\n", Refusal::Chunked),
            (" 1\r\nx\r\n", Refusal::Chunked),
            ("-1\r\nx\r\n", Refusal::Chunked),
            ("0x1\r\nx\r\n", Refusal::Chunked),
            ("1 \r\nx\r\n", Refusal::Chunked),
            ("1,\r\nx\r\n", Refusal::Chunked),
            ("1;\r\nx\r\n", Refusal::Chunked),
            ("1;a=\r\nx\r\n", Refusal::Chunked),
            ("1;a b\r\nx\r\n", Refusal::Chunked),
            ("1;a=\"b\r\nx\r\n", Refusal::Chunked),
            ("1;a=\"b\\\r\nx\r\n", Refusal::Chunked),
            ("1\nx\r\n", Refusal::BareLf),
            ("1\rx", Refusal::BareCr),
            ("1;a\0\r\nx", Refusal::Control),
            ("1\r\nxy\r\n", Refusal::Chunked),
            ("1\r\nx\n0\r\n\r\n", Refusal::Chunked),
            ("1\r\nx\ry", Refusal::Chunked),
            ("00000000000000001\r\nx\r\n", Refusal::Chunked),
            ("ffffffffffffffff\r\n", Refusal::BodyTooLarge),
            ("15\r\n", Refusal::BodyTooLarge),
            ("14\r\n01234567890123456789\r\n1\r\n", Refusal::BodyTooLarge),
            ("0\r\n a: b\r\n\r\n", Refusal::LineFolding),
            ("0\r\na b\r\n\r\n", Refusal::SpaceBeforeColon),
            ("0\r\na: b\n\r\n", Refusal::BareLf),
            ("0\r\na: 0123456789012345678901234567890123456789\r\n\r\n", Refusal::HeadTooLarge),
            (
                "1;aaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n0;aaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n",
                Refusal::ChunkExtensions,
            ),
        ] {
            check(Framing::Chunked, stream.as_bytes(), &Err(refusal));
        }
        let endless = format!("1;{}", "a".repeat(300));
        check(Framing::Chunked, endless.as_bytes(), &Err(Refusal::ChunkExtensions));
    }
}
