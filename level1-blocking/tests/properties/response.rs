//! A strict client: reads responses by RFC 9112 and takes nothing that is only tolerated.
//!
//! It shares no code with the server. What two clients could read in two ways is an error
//! here: both framings, a repeated or odd length, a field that has no business in the message.

/// A response as a client understands it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) framing: Framing,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, Vec<u8>)>,
}

/// How the client found the end of the body (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

/// What the client asked for, which decides how it reads the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) is_http_10: bool,
}

impl Received {
    /// The first response in `bytes`, and the bytes behind it.
    pub(crate) fn read<'a>(bytes: &'a [u8], asked: Asked<'_>) -> Result<(Self, &'a [u8]), String> {
        let (line, rest) = line(bytes)?;
        let (status, reason) = status_line(line)?;
        let (fields, rest) = section(rest)?;
        let mut received =
            Self { status, reason, fields, framing: Framing::None, body: vec![], trailers: vec![] };
        received.check_fields(asked)?;
        received.framing = received.framing_of_body(asked)?;
        let rest = match received.framing {
            Framing::None => rest,
            Framing::UntilClose => {
                received.body = rest.to_vec();
                b""
            }
            Framing::Length(len) => {
                let len = usize::try_from(len).map_err(|_| "a length beyond memory")?;
                let (body, rest) = rest.split_at_checked(len).ok_or("the body is cut short")?;
                received.body = body.to_vec();
                rest
            }
            Framing::Chunked => received.read_chunks(rest)?,
        };
        Ok((received, rest))
    }

    /// The value of the only field of this name.
    pub(crate) fn field(&self, name: &str) -> Result<Option<&[u8]>, String> {
        let mut values = self.fields.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_slice());
        if values.next().is_some() { Err(format!("{name} is repeated")) } else { Ok(value) }
    }

    /// Whether the server closes after it (RFC 9112 §9.3).
    pub(crate) fn closes(&self, asked: Asked<'_>) -> bool {
        match self.field("connection") {
            Ok(Some(b"close")) => true,
            Ok(Some(b"keep-alive" | b"upgrade")) => false,
            _ => asked.is_http_10,
        }
    }

    fn check_fields(&self, asked: Asked<'_>) -> Result<(), String> {
        if self.status != 100 && self.field("date")?.is_none() {
            return Err("no Date".into());
        }
        match (self.field("connection")?, self.status) {
            (None | Some(b"close"), _) | (Some(b"upgrade"), 101) => {}
            (Some(b"keep-alive"), _) if asked.is_http_10 => {}
            other => return Err(format!("an odd Connection: {other:?}")),
        }
        if self.field("keep-alive")?.is_some() { Err("Keep-Alive".into()) } else { Ok(()) }
    }

    /// RFC 9112 §6.3, and what RFC 9110 §8.6 and RFC 9112 §6.1 forbid a server to send.
    fn framing_of_body(&self, asked: Asked<'_>) -> Result<Framing, String> {
        let length = self.field("content-length")?.map(canonical_number).transpose()?;
        let is_chunked = match self.field("transfer-encoding")? {
            None => false,
            Some(b"chunked") if !asked.is_http_10 => true,
            Some(other) => return Err(format!("an odd Transfer-Encoding: {other:?}")),
        };
        let is_interim_or_204 = self.status < 200 || self.status == 204;
        match (length, is_chunked) {
            (Some(_), true) => Err("both framings".into()),
            (None, false) if is_interim_or_204 => Ok(Framing::None),
            _ if is_interim_or_204 => Err("framing of a body that cannot be".into()),
            _ if self.status == 304 || asked.method == "HEAD" => Ok(Framing::None),
            (None, true) => Ok(Framing::Chunked),
            (Some(length), false) => Ok(Framing::Length(length)),
            (None, false) if self.closes(asked) => Ok(Framing::UntilClose),
            (None, false) => Err("a body without an end".into()),
        }
    }

    fn read_chunks<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], String> {
        loop {
            let (size, rest) = line(bytes)?;
            let text = str::from_utf8(size).map_err(|_| "a size that is no text")?;
            let size = usize::from_str_radix(text, 16).map_err(|error| error.to_string())?;
            if text != format!("{size:x}") {
                return Err(format!("an odd chunk size: {text:?}"));
            }
            if size == 0 {
                let (trailers, rest) = section(rest)?;
                self.trailers = trailers;
                return Ok(rest);
            }
            let (data, rest) = rest.split_at_checked(size).ok_or("a chunk is cut short")?;
            self.body.extend_from_slice(data);
            bytes = rest.strip_prefix(b"\r\n").ok_or("a chunk without its CRLF")?;
        }
    }
}

/// A line without its CRLF, and what follows.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n").ok_or("a line has no end")?;
    let (line, rest) = (&bytes[..end], &bytes[end + 2..]);
    let is_valid = |byte: &u8| matches!(byte, b'\t' | 0x20..=0x7E | 0x80..);
    if line.iter().all(is_valid) { Ok((line, rest)) } else { Err(format!("control in {line:?}")) }
}

/// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4).
fn status_line(line: &[u8]) -> Result<(u16, String), String> {
    let text = str::from_utf8(line).map_err(|error| error.to_string())?;
    let parts = text.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split_once(' '));
    let (code, reason) = parts.ok_or_else(|| format!("no status line: {text:?}"))?;
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let code = code.parse().ok().filter(|code| is_code && (100..600).contains(code));
    Ok((code.ok_or_else(|| format!("no status code: {text:?}"))?, reason.to_owned()))
}

/// Names and values.
type Section = Vec<(String, Vec<u8>)>;

/// Field lines up to the blank line: `token ": " value`, no white space around the value.
fn section(mut bytes: &[u8]) -> Result<(Section, &[u8]), String> {
    let mut fields = Vec::new();
    loop {
        let (line, rest) = line(bytes)?;
        bytes = rest;
        if line.is_empty() {
            return Ok((fields, rest));
        }
        let odd = || format!("no field line: {:?}", String::from_utf8_lossy(line));
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(odd)?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        let is_token =
            |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
        let value = value.strip_prefix(b" ").ok_or_else(odd)?;
        if name.is_empty() || !name.iter().all(is_token) || value.trim_ascii() != value {
            return Err(odd());
        }
        fields.push((String::from_utf8_lossy(name).into_owned(), value.to_vec()));
    }
}

/// A decimal number as it is written shortest.
fn canonical_number(text: &[u8]) -> Result<u64, String> {
    let text = String::from_utf8_lossy(text);
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| format!("no length: {text:?}"))
}
