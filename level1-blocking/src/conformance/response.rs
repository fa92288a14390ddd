//! Responses, read by the book: what a client must be able to rely on in every one of them.
//!
//! As strict as the servers are with requests: CRLF and nothing else ends a line, a body has
//! one length, fields that may appear once do, and a final answer has a valid Date. Reading
//! has three outcomes: whole, partial, fault.

/// One response, interim or final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values, in the order they came.
    pub fields: Vec<(String, String)>,
    /// The body, out of its chunks if it came in chunks.
    pub body: Vec<u8>,
}

/// What is wrong with a response, or with a server's behaviour.
pub type Fault = String;

/// The bytes of `100 (Continue)`.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Fields of which a second one would be a contradiction.
const SINGLE: [&str; 8] = [
    "Allow",
    "Connection",
    "Content-Length",
    "Content-Type",
    "Date",
    "Last-Modified",
    "Location",
    "Transfer-Encoding",
];

impl Response {
    /// The value of the field with this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut named = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }

    /// Whether it is followed by another response to the same request (RFC 9110 §15.2).
    pub const fn is_interim(&self) -> bool {
        self.status < 200
    }

    /// Whether it is the last one on its connection, by its own words.
    pub fn says_close(&self) -> bool {
        self.field("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads the response that `bytes` begin with: the response and its length, or `None` if it
/// has not come whole. `is_to_head` is whether it answers HEAD.
///
/// # Errors
/// What is wrong with it.
pub fn read(bytes: &[u8], is_to_head: bool) -> Result<Option<(Response, usize)>, Fault> {
    let Some(head_len) = memchr::memmem::find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let response = read_head(&bytes[..head_len - 4])?;
    let rest = &bytes[head_len..];
    let body = match (body_len(&response)?, response.status) {
        (_, 100..200 | 204 | 304) => Some((Vec::new(), 0)),
        _ if is_to_head => Some((Vec::new(), 0)),
        (Some(len), _) => rest.get(..len).map(|body| (body.to_vec(), len)),
        (None, _) => read_chunks(rest)?,
    };
    Ok(body.map(|(body, len)| (Response { body, ..response }, head_len + len)))
}

/// The status line and the fields, without the blank line.
fn read_head(head: &[u8]) -> Result<Response, Fault> {
    let head = str::from_utf8(head).map_err(|_| "a head that is not text")?;
    let mut lines = head.split("\r\n");
    let status = read_status_line(lines.next().unwrap_or_default())?;
    let fields = lines.map(read_field).collect::<Result<Vec<_>, _>>()?;
    let response = Response { status, fields, body: Vec::new() };
    for name in SINGLE {
        let named = response.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        if named.count() > 1 {
            return Err(format!("{name} more than once"));
        }
    }
    match response.field("Date") {
        _ if response.is_interim() => {}
        None => return Err(format!("a {status} without Date")),
        Some(date) => {
            let read = httpdate::parse_http_date(date).map_err(|_| format!("Date: {date}"))?;
            if httpdate::fmt_http_date(read) != date {
                return Err(format!("a Date that is no IMF-fixdate: {date}"));
            }
        }
    }
    // RFC 9110 §15.5.6.
    if status == 405 && response.field("Allow").is_none() {
        return Err("a 405 without Allow".to_owned());
    }
    Ok(response)
}

/// `HTTP/1.1 SP 3DIGIT SP [ reason-phrase ]` (RFC 9112 §4).
fn read_status_line(line: &str) -> Result<u16, Fault> {
    let fault = || format!("the status line {line:?}");
    let (code, reason) =
        line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.split_once(' ')).ok_or_else(fault)?;
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_reason = reason.bytes().all(|byte| matches!(byte, b'\t' | b' '..=b'~'));
    let code = code.parse().ok().filter(|_| is_code && is_reason);
    code.filter(|code| (100..600).contains(code)).ok_or_else(fault)
}

/// `field-name ":" SP field-value`: one space, as all servers write it, and none at the end.
fn read_field(line: &str) -> Result<(String, String), Fault> {
    let fault = || format!("the field line {line:?}");
    let (name, value) = line.split_once(": ").ok_or_else(fault)?;
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    let is_value = value.bytes().all(|byte| matches!(byte, b' '..=b'~')) && value.trim() == value;
    if is_name && is_value { Ok((name.to_owned(), value.to_owned())) } else { Err(fault()) }
}

/// The body's length; `None` if it comes in chunks. Exactly one of the two must be said,
/// unless the status says that there is none (RFC 9112 §6.1, §6.2).
fn body_len(response: &Response) -> Result<Option<usize>, Fault> {
    let status = response.status;
    match (response.field("Content-Length"), response.field("Transfer-Encoding")) {
        (None, None) if matches!(status, 100..200 | 204 | 304) => Ok(Some(0)),
        (None, Some("chunked")) if !matches!(status, 100..200 | 204) => Ok(None),
        (Some(len), None) if !matches!(status, 100..200 | 204) => {
            let is_number = !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit());
            let len =
                len.parse().ok().filter(|_| is_number).ok_or(format!("the length {len:?}"))?;
            Ok(Some(len))
        }
        (len, coding) => Err(format!("a {status} with length {len:?} and coding {coding:?}")),
    }
}

/// The content of a chunked body without extensions, and the body's own length.
fn read_chunks(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Fault> {
    let (mut content, mut at) = (Vec::new(), 0);
    loop {
        let Some(line) = line(&bytes[at..])? else { return Ok(None) };
        let size = usize::from_str_radix(line, 16).map_err(|_| format!("the chunk {line:?}"))?;
        at += line.len() + 2;
        if size == 0 {
            break;
        }
        let Some(chunk) = bytes.get(at..at + size + 2) else { return Ok(None) };
        let data = chunk.strip_suffix(b"\r\n").ok_or("a chunk that does not end with CRLF")?;
        content.extend_from_slice(data);
        at += chunk.len();
    }
    loop {
        let Some(line) = line(&bytes[at..])? else { return Ok(None) };
        at += line.len() + 2;
        match line {
            "" => return Ok(Some((content, at))),
            trailer => read_field(trailer)?,
        };
    }
}

/// The next line, if its end has come.
fn line(bytes: &[u8]) -> Result<Option<&str>, Fault> {
    let Some(len) = memchr::memmem::find(bytes, b"\r\n") else { return Ok(None) };
    str::from_utf8(&bytes[..len]).map(Some).map_err(|_| "a line that is not text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

    fn check(text: &str, is_to_head: bool) -> Result<Option<(u16, String, usize)>, Fault> {
        let text = text.replace("DATE\r\n", DATE);
        let found = read(text.as_bytes(), is_to_head)?;
        Ok(found.map(|(response, len)| {
            let body = String::from_utf8_lossy(&response.body).into_owned();
            (response.status, body, text.len() - len)
        }))
    }

    #[test]
    fn whole_and_partial_responses() {
        let ok = |status, body: &str, left| Ok(Some((status, body.to_owned(), left)));
        let sized = "HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: 3\r\n\r\nabc";
        let chunked = "HTTP/1.1 200 OK\r\nDATE\r\nTransfer-Encoding: chunked\r\n\r\n\
                       2\r\nab\r\n1\r\nc\r\n0\r\nSum: 3\r\n\r\n";
        assert_eq!(check(sized, false), ok(200, "abc", 0));
        assert_eq!(check(sized, true), ok(200, "", 3));
        assert_eq!(check(&sized[..sized.len() - 1], false), Ok(None));
        assert_eq!(check(&format!("{sized}x"), false), ok(200, "abc", 1));
        assert_eq!(check(chunked, false), ok(200, "abc", 0));
        assert_eq!(check(&chunked[..chunked.len() - 1], false), Ok(None));
        assert_eq!(check("HTTP/1.1 100 Continue\r\n\r\n", false), ok(100, "", 0));
        assert_eq!(check("HTTP/1.1 204 No Content\r\nDATE\r\n\r\n", false), ok(204, "", 0));
        assert_eq!(check("HTTP/1.1 200 OK\r\n", false), Ok(None));
    }

    #[test]
    fn faulty_responses() {
        for text in [
            "HTTP/1.0 200 OK\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 20 OK\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDate: Sunday, 06-Nov-94 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: +1\r\n\r\na",
            "HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            "HTTP/1.1 200 OK\r\nDATE\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
            "HTTP/1.1 204 No Content\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 405 Method Not Allowed\r\nDATE\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\nA : b\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDATE\r\nA: b\nB: c\r\nContent-Length: 0\r\n\r\n",
        ] {
            assert!(check(text, false).is_err(), "{text:?}");
        }
    }
}
