//! What requests are made of, so that a fuzzer spends its time behind the first byte.

use bolero::TypeGenerator;

/// A part of a request, or of what only looks like one.
#[derive(Debug, Clone, TypeGenerator)]
pub(crate) enum Piece {
    Line {
        method: u8,
        target: u8,
        version: u8,
    },
    Host(u8),
    Length(u16),
    /// A body with its length before it.
    Sized(Vec<u8>),
    Chunked,
    /// A chunk whose size is wrong by so much.
    Chunk {
        data: Vec<u8>,
        lie: i8,
        extension: u8,
    },
    LastChunk,
    Known(u8),
    Field {
        name: Vec<u8>,
        value: Vec<u8>,
    },
    LineEnd,
    Raw(Vec<u8>),
    Byte(u8),
}

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "OPTIONS", "CONNECT", "PUT", "PROPFIND", "get", "G T"];
const TARGETS: [&str; 12] = [
    "/",
    "/hello",
    "/echo",
    "/missing",
    "*",
    "http://h/hello",
    "https://h/",
    "h:80",
    "/../a",
    "/%68ello?x",
    "/a b",
    "/style.css",
];
const VERSIONS: [&str; 6] = ["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1."];
const HOSTS: [&str; 6] = ["h", "[::1]:80", "a b", "", "h:99999", "127.0.0.1:8000"];
const EXTENSIONS: [&str; 6] = ["", ";a", ";a=b", ";a=\"\\\"\"", " ;", ";a=\"\n\""];
const KNOWN: [&str; 12] = [
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Connection: upgrade\r\nUpgrade: x\r\n",
    "Expect: 100-continue\r\n",
    "Expect: tea\r\n",
    "Content-Type: text/plain\r\n",
    "Content-Length: 5, 5\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    " folded\r\n",
    "X: y\n",
    "X: \r y\r\n",
];

impl Piece {
    /// As it is sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Line { method, target, version } => {
                let [method, target, version] =
                    [one(&METHODS, *method), one(&TARGETS, *target), one(&VERSIONS, *version)];
                format!("{method} {target} {version}\r\n").into()
            }
            Self::Host(host) => format!("Host: {}\r\n", one(&HOSTS, *host)).into(),
            Self::Length(len) => format!("Content-Length: {len}\r\n").into(),
            Self::Sized(body) => {
                let head = format!("Content-Length: {}\r\n\r\n", body.len());
                [head.as_bytes(), body].concat()
            }
            Self::Chunked => b"Transfer-Encoding: chunked\r\n\r\n".to_vec(),
            Self::Chunk { data, lie, extension } => {
                let size = data.len().saturating_add_signed((*lie / 64).into());
                let line = format!("{size:x}{}\r\n", one(&EXTENSIONS, *extension));
                [line.as_bytes(), data, b"\r\n"].concat()
            }
            Self::LastChunk => b"0\r\n\r\n".to_vec(),
            Self::Known(field) => one(&KNOWN, *field).into(),
            Self::Field { name, value } => [name, &b": "[..], value, b"\r\n"].concat(),
            Self::LineEnd => b"\r\n".to_vec(),
            Self::Raw(bytes) => bytes.clone(),
            Self::Byte(byte) => vec![*byte],
        }
    }
}

fn one(list: &[&'static str], at: u8) -> &'static str {
    list[usize::from(at) % list.len()]
}
