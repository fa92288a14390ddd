//! Requests as a case writes them: well formed until it says otherwise, and then exactly as
//! malformed as it says.
//!
//! Nothing is checked or escaped here. A request is its first line, a Host, more field lines,
//! and whatever follows the blank line; `+` appends to that, so that a pipeline is a sum.

use std::ops::Add;

/// What a client sends, from a request line on.
#[derive(Debug, Clone)]
#[must_use]
pub struct Request {
    preceded_by: Vec<u8>,
    method: Vec<u8>,
    target: Vec<u8>,
    version: Vec<u8>,
    host: Option<Vec<u8>>,
    fields: Vec<u8>,
    followed_by: Vec<u8>,
}

/// `METHOD TARGET HTTP/1.1` with a Host.
pub fn request(method: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Request {
    Request {
        preceded_by: Vec::new(),
        method: method.as_ref().to_vec(),
        target: target.as_ref().to_vec(),
        version: b"HTTP/1.1".to_vec(),
        host: Some(b"Host: localhost".to_vec()),
        fields: Vec::new(),
        followed_by: Vec::new(),
    }
}

/// A GET of `target`.
pub fn get(target: impl AsRef<[u8]>) -> Request {
    request("GET", target)
}

/// A HEAD of `target`.
pub fn head(target: impl AsRef<[u8]>) -> Request {
    request("HEAD", target)
}

/// An OPTIONS of `target`.
pub fn options(target: impl AsRef<[u8]>) -> Request {
    request("OPTIONS", target)
}

/// A POST to `/echo` that says nothing of its body.
pub fn echo() -> Request {
    request("POST", "/echo")
}

/// A POST of `body` to `/echo`, by its length.
pub fn post(body: impl AsRef<[u8]>) -> Request {
    with_length(echo(), body)
}

/// `request` with a body, by its length.
pub fn with_length(request: Request, body: impl AsRef<[u8]>) -> Request {
    let body = body.as_ref();
    request.field(format!("Content-Length: {}", body.len())) + body
}

/// A POST to `/echo` in the chunked coding; `body` comes with its chunk lines.
pub fn chunked(body: impl AsRef<[u8]>) -> Request {
    echo().field("Transfer-Encoding: chunked") + body.as_ref()
}

/// `body` in chunks of `size`, and the last chunk.
pub fn in_chunks(body: impl AsRef<[u8]>, size: usize) -> Vec<u8> {
    let mut coded = Vec::new();
    for chunk in body.as_ref().chunks(size) {
        coded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n\r\n");
    coded
}

/// This request line, word for word, and a Host.
pub fn line(line: impl AsRef<[u8]>) -> Vec<u8> {
    [line.as_ref(), b"\r\nHost: localhost\r\n\r\n"].concat()
}

impl Request {
    /// In another version, as `HTTP/1.0`.
    pub fn version(self, version: impl AsRef<[u8]>) -> Self {
        Self { version: version.as_ref().to_vec(), ..self }
    }

    /// For another host.
    pub fn host(self, value: impl AsRef<[u8]>) -> Self {
        self.host_line([b"Host: ", value.as_ref()].concat())
    }

    /// With this line in the place of the Host line.
    pub fn host_line(self, line: impl AsRef<[u8]>) -> Self {
        Self { host: Some(line.as_ref().to_vec()), ..self }
    }

    /// Without Host.
    pub fn without_host(self) -> Self {
        Self { host: None, ..self }
    }

    /// With one more field line.
    pub fn field(mut self, line: impl AsRef<[u8]>) -> Self {
        self.fields.extend_from_slice(line.as_ref());
        self.fields.extend_from_slice(b"\r\n");
        self
    }

    /// After these bytes.
    pub fn after(self, bytes: impl AsRef<[u8]>) -> Self {
        Self { preceded_by: bytes.as_ref().to_vec(), ..self }
    }

    /// As many times, one behind the other.
    pub fn times(self, count: usize) -> Vec<u8> {
        Vec::from(self).repeat(count)
    }

    /// Its bytes.
    pub fn bytes(self) -> Vec<u8> {
        self.into()
    }

    /// Its first `len` bytes.
    pub fn cut_to(self, len: usize) -> Vec<u8> {
        let mut bytes = self.bytes();
        bytes.truncate(len);
        bytes
    }
}

impl From<Request> for Vec<u8> {
    fn from(request: Request) -> Self {
        let mut bytes = request.preceded_by;
        let line = [request.method, request.target, request.version].join(&b' ');
        for line in [Some(line), request.host].into_iter().flatten() {
            bytes.extend(line);
            bytes.extend(b"\r\n");
        }
        bytes.extend(request.fields);
        bytes.extend(b"\r\n");
        bytes.extend(request.followed_by);
        bytes
    }
}

impl<B: Into<Vec<u8>>> Add<B> for Request {
    type Output = Self;

    fn add(mut self, bytes: B) -> Self {
        self.followed_by.extend(bytes.into());
        self
    }
}
