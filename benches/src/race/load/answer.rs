//! The answer every exchange is held to, byte for byte.
//!
//! It is learned from one exchange, which is checked by meaning: status, length, body. All
//! others must repeat it, except for the date. That costs a comparison of memory, so that no
//! answer need go unchecked at half a million a second.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    ops::Range,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use memchr::memmem;

/// How long the first answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a GET for one path is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    bytes: Vec<u8>,
    /// Where the value of the Date field stands.
    date: Range<usize>,
}

impl Answer {
    /// Sends `request` over a connection of its own. Its answer must be a 200 with `body`.
    ///
    /// # Errors
    /// If it is another, or none.
    pub fn learn(address: SocketAddr, request: &[u8], body: &[u8]) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        let mut piece = vec![0; 64 * 1024];
        while !is_complete(&bytes, body.len()) {
            let len = stream.read(&mut piece).context("no answer")?;
            ensure!(len > 0, "the answer ends early: {:?}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&piece[..len]);
        }
        Self::new(bytes, body)
    }

    /// This answer, which must be a 200 with `body`, and nothing more.
    ///
    /// # Errors
    /// If it is not.
    pub fn new(bytes: Vec<u8>, body: &[u8]) -> anyhow::Result<Self> {
        let head_len = memmem::find(&bytes, b"\r\n\r\n").context("no end of the head")?;
        let (head, rest) = bytes.split_at(head_len);
        let head = str::from_utf8(head).context("the head is not text")?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "not a 200: {head:?}");
        let len = field(head, "content-length").context("no Content-Length")?;
        ensure!(head[len] == body.len().to_string(), "another length than the body's: {head:?}");
        ensure!(&rest[4..] == body, "another body");
        let date = field(head, "date").unwrap_or(0..0);
        Ok(Self { bytes, date })
    }

    /// The answer's length, head and body.
    #[expect(clippy::len_without_is_empty, reason = "an answer is never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether `bytes` may stand at `position` of a stream of such answers.
    pub fn continues(&self, mut position: usize, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            position %= self.len();
            let len = bytes.len().min(self.len() - position);
            let (piece, rest) = bytes.split_at(len);
            if !self.has(position, piece) {
                return false;
            }
            position += len;
            bytes = rest;
        }
        true
    }

    /// Whether `piece` stands at `start` of the answer, whatever the date.
    fn has(&self, start: usize, piece: &[u8]) -> bool {
        let end = start + piece.len();
        [0..self.date.start, self.date.end..self.len()].into_iter().all(|checked| {
            let (from, to) = (checked.start.max(start), checked.end.min(end));
            from >= to || piece[from - start..to - start] == self.bytes[from..to]
        })
    }
}

/// Whether a head and `body_len` more bytes are there.
fn is_complete(bytes: &[u8], body_len: usize) -> bool {
    memmem::find(bytes, b"\r\n\r\n").is_some_and(|head_len| bytes.len() >= head_len + 4 + body_len)
}

/// Where the value of the field with this name, in lower case, stands in `head`.
fn field(head: &str, name: &str) -> Option<Range<usize>> {
    let mut line_start = 0;
    for line in head.split("\r\n") {
        if let Some((found, value)) = line.split_once(':')
            && found.eq_ignore_ascii_case(name)
        {
            let value_end = line_start + line.len();
            return Some(value_end - value.trim_start().len()..value_end);
        }
        line_start += line.len() + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Fri, 28 Nov 2025 16:08:56 GMT\r\n\
        Content-Length: 5\r\n\r\nhello";
    const LATER: &[u8] = b"HTTP/1.1 200 OK\r\nDate: Sat, 29 Nov 2025 00:00:01 GMT\r\n\
        Content-Length: 5\r\n\r\nhello";

    #[test]
    fn a_stream_of_answers_may_differ_in_the_date_only_however_it_is_cut() {
        let answer = Answer::new(ANSWER.to_vec(), b"hello").expect("an answer");
        let stream = [ANSWER, LATER, ANSWER].concat();
        for cut in 0..=stream.len() {
            let (first, second) = stream.split_at(cut);
            assert!(answer.continues(0, first) && answer.continues(cut, second), "{cut}");
        }
    }

    #[test]
    fn any_other_difference_is_noticed() {
        let answer = Answer::new(ANSWER.to_vec(), b"hello").expect("an answer");
        for at in (0..ANSWER.len()).filter(|at| !answer.date.contains(at)) {
            let mut stream = [ANSWER, ANSWER].concat();
            stream[ANSWER.len() + at] ^= 1;
            assert!(!answer.continues(0, &stream), "{at}");
        }
    }

    #[test]
    fn what_is_learned_is_checked_by_meaning() {
        let cases: [(&str, &[u8], &[u8]); 5] = [
            ("no head", b"HTTP/1.1 200 OK\r\n", b""),
            ("another status", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b""),
            ("no length", b"HTTP/1.1 200 OK\r\n\r\nhello", b"hello"),
            ("another length", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", b"hello"),
            ("another body", ANSWER, b"Hello"),
        ];
        for (name, bytes, body) in cases {
            assert!(Answer::new(bytes.to_vec(), body).is_err(), "{name}");
        }
    }
}
