//! Requests as they are meant: valid, made of random pieces, and written as bytes.
//!
//! What a request says stands beside how it is written (white space around values, the case
//! of names, chunk sizes with leading zeros), so that a test can compare what comes out with
//! what was meant.

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{Index, select},
};

/// A valid request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: &'static str,
    pub(crate) fields: Vec<Line>,
    pub(crate) content: Content,
}

/// A field line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) value: Vec<u8>,
    /// The white space before and after the value.
    space: (&'static str, &'static str),
}

/// A request's body.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    None,
    Length(Vec<u8>),
    Chunked { chunks: Vec<Chunk>, last_extension: &'static str, trailers: Vec<Line> },
}

/// A chunk and how its line is written.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    data: Vec<u8>,
    extension: &'static str,
    zeros: usize,
    is_upper: bool,
}

impl Request {
    /// As it is sent, without its body.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut bytes =
            format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes();
        for line in &self.fields {
            line.write(&mut bytes);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// As it is sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        match &self.content {
            Content::None => {}
            Content::Length(body) => bytes.extend_from_slice(body),
            Content::Chunked { chunks, last_extension, trailers } => {
                for chunk in chunks {
                    chunk.write(&mut bytes);
                }
                bytes.extend_from_slice(format!("0{last_extension}\r\n").as_bytes());
                for line in trailers {
                    line.write(&mut bytes);
                }
                bytes.extend_from_slice(b"\r\n");
            }
        }
        bytes
    }

    /// The bytes of its body.
    pub(crate) fn body(&self) -> Vec<u8> {
        match &self.content {
            Content::None => Vec::new(),
            Content::Length(body) => body.clone(),
            Content::Chunked { chunks, .. } => {
                chunks.iter().flat_map(|chunk| chunk.data.clone()).collect()
            }
        }
    }

    /// The fields behind its body.
    pub(crate) fn trailers(&self) -> &[Line] {
        match &self.content {
            Content::Chunked { trailers, .. } => trailers,
            _ => &[],
        }
    }

    /// Whether another request may follow it (RFC 9112 §9.3).
    pub(crate) fn persists(&self) -> bool {
        let connection = self.fields.iter().find(|line| line.is_named("connection"));
        match connection.map(|line| line.value.to_ascii_lowercase()).as_deref() {
            Some(b"close") => false,
            Some(b"keep-alive") => true,
            _ => self.version != "HTTP/1.0",
        }
    }
}

impl Line {
    fn new(name: &str, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.to_owned(), value: value.into(), space: (" ", "") }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let (before, after) = self.space;
        for part in [self.name.as_bytes(), b":", before.as_bytes(), &self.value, after.as_bytes()] {
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(b"\r\n");
    }
}

impl Chunk {
    fn write(&self, bytes: &mut Vec<u8>) {
        let (len, zeros) = (self.data.len(), "0".repeat(self.zeros));
        let size = if self.is_upper { format!("{len:X}") } else { format!("{len:x}") };
        bytes.extend_from_slice(format!("{zeros}{size}{}\r\n", self.extension).as_bytes());
        bytes.extend_from_slice(&self.data);
        bytes.extend_from_slice(b"\r\n");
    }
}

/// Any valid request that is not CONNECT.
pub(crate) fn request() -> impl Strategy<Value = Request> {
    let parts = (line(), version(), vec(field(), 0..6), content(), host(), persistence());
    (parts, vec((any::<Index>(), any::<bool>()), 4)).prop_map(|(parts, places)| {
        let ((method, target), version, mut fields, content, host, connection) = parts;
        // HTTP/1.0 has no transfer codings.
        let content = match content {
            Content::Chunked { .. } if version == "HTTP/1.0" => Content::None,
            content => content,
        };
        let framing = match &content {
            Content::None => None,
            Content::Length(body) => Some(Line::new("Content-Length", body.len().to_string())),
            Content::Chunked { .. } => Some(Line::new("Transfer-Encoding", "chunked")),
        };
        let connection = connection.map(|value| Line::new("Connection", value));
        let own = [Some(Line::new("Host", host)), framing, connection];
        for (mut line, (place, is_lower)) in own.into_iter().flatten().zip(places) {
            if is_lower {
                line.name.make_ascii_lowercase();
            }
            fields.insert(place.index(fields.len() + 1), line);
        }
        Request { method, target, version, fields, content }
    })
}

/// One to four requests on a connection.
pub(crate) fn requests() -> impl Strategy<Value = Vec<Request>> {
    vec(request(), 1..4)
}

/// A method and a target that fit together.
fn line() -> impl Strategy<Value = (String, String)> {
    let method = prop_oneof![
        6 => select(&["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"][..])
            .prop_map(str::to_owned),
        1 => "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}",
    ];
    let path = "(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}){0,6}){1,3}";
    let query = "(\\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2}){0,10})?";
    let demo = select(&["/", "/hello", "/echo", "/style.css", "/missing", "/../x"][..]);
    let origin = prop_oneof![
        3 => (path, query).prop_map(|(path, query)| path + &query),
        2 => demo.prop_map(str::to_owned),
    ];
    let absolute = (select(&["http", "HTTP"][..]), host(), option::of((path, query))).prop_map(
        |(scheme, host, rest)| {
            let (path, query) = rest.unwrap_or_default();
            format!("{scheme}://{host}{path}{query}")
        },
    );
    prop_oneof![
        8 => (method, origin),
        2 => (select(&["GET", "POST", "OPTIONS"][..]).prop_map(str::to_owned), absolute),
        1 => Just(("OPTIONS".to_owned(), "*".to_owned())),
    ]
}

fn version() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just("HTTP/1.1"), 1 => Just("HTTP/1.0"), 1 => Just("HTTP/1.7")]
}

fn host() -> impl Strategy<Value = String> {
    let name = "[A-Za-z0-9._~!$&'()*+,;=-]{1,10}";
    let host = prop_oneof![
        4 => name,
        1 => select(&["[::1]", "127.0.0.1", "%41.b", "[v1.a:b]"][..]).prop_map(str::to_owned),
    ];
    (host, prop_oneof!["", ":[0-9]{0,4}"]).prop_map(|(host, port)| host + &port)
}

fn persistence() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![6 => Just(None), 2 => Just(Some("keep-alive")), 1 => Just(Some("close"))]
}

/// A field that does not frame the message.
pub(crate) fn field() -> impl Strategy<Value = Line> {
    let known =
        ["Accept", "cookie", "User-Agent", "X-Forwarded-For", "TE", "RANGE", "Content-Type"];
    let name = prop_oneof![
        select(known.to_vec()).prop_map(str::to_owned),
        "[Xx]-[!#$%&'*+.^_`|~0-9A-Za-z-]{0,20}",
    ];
    let space = || select(&["", " ", "\t", " \t  "][..]);
    (name, value(), (space(), space())).prop_map(|(name, value, space)| Line { name, value, space })
}

/// A field's value: visible characters, obs-text, white space between them.
pub(crate) fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![8 => 0x21..=0x7E_u8, 1 => 0x80..=0xFF_u8, 1 => Just(b' '), 1 => Just(b'\t')];
    let text = vec(byte, 0..24).prop_map(|bytes| bytes.trim_ascii().to_vec());
    prop_oneof![4 => text, 1 => "[a-z]{60,200}".prop_map(String::into_bytes)]
}

fn content() -> impl Strategy<Value = Content> {
    let extension = || {
        let extensions =
            ["", ";a", ";a=b", " ; a\t= \"q\\\"; x\"", ";a;b=c;d=\"\"", ";a=\" \\\\\u{e9}\""];
        prop_oneof![3 => Just(""), 1 => select(extensions.to_vec())]
    };
    let data =
        |len_min| prop_oneof![8 => vec(any::<u8>(), len_min..40), 1 => vec(any::<u8>(), 5000)];
    let chunk = (data(1), extension(), 0..3_usize, any::<bool>())
        .prop_map(|(data, extension, zeros, is_upper)| Chunk { data, extension, zeros, is_upper });
    let chunked = (vec(chunk, 0..4), extension(), vec(field(), 0..3)).prop_map(
        |(chunks, last_extension, trailers)| Content::Chunked { chunks, last_extension, trailers },
    );
    prop_oneof![2 => Just(Content::None), 2 => data(0).prop_map(Content::Length), 2 => chunked]
}
