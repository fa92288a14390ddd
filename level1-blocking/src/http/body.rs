//! What a response's body is made of. The core moves it; it neither opens nor reads files.

use std::{fs::File, sync::Arc};

use bytes::Bytes;

/// A response body.
#[derive(Debug)]
pub enum Body {
    /// Bytes in memory; also the empty body.
    Bytes(Bytes),
    /// A part of a file, which the driver moves from the file to the socket.
    File(FileRange),
    /// Pieces that the driver hands to `Connection::filled` as they become available; of
    /// this many bytes in all, if that is known.
    Stream(Option<u64>),
}

/// A part of an open file.
#[derive(Debug, Clone)]
pub struct FileRange {
    /// The file. Its own position is not used, so that many answers may share it.
    pub file: Arc<File>,
    /// Where the part begins.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

impl Body {
    /// Its length in bytes, if known.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::File(range) => Some(range.len),
            Self::Stream(len) => *len,
        }
    }

    /// Whether it is known to be empty.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Bytes(Bytes::new())
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

impl From<&'static [u8]> for Body {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Bytes(Bytes::from_static(bytes))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Bytes(text.into())
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<FileRange> for Body {
    fn from(range: FileRange) -> Self {
        Self::File(range)
    }
}
