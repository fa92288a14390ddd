//! A client that sends what it is told, byte for byte, and reads responses by the book.

use std::{
    io::{self, Read, Write},
    mem::MaybeUninit,
    net::Shutdown,
};

use socket2::Socket;

use super::process::PATIENCE;

/// One end of a connection to the server under test.
#[derive(Debug)]
pub struct Client {
    stream: Socket,
    received: Vec<u8>,
}

/// A response as a client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Status line and fields, without the blank line.
    pub head: String,
    /// The body, out of its chunks if it came in chunks.
    pub body: Vec<u8>,
}

impl Received {
    /// The status code.
    pub fn status(&self) -> u16 {
        let code = self.head.split(' ').nth(1).expect("a status line");
        code.parse().expect("a status code")
    }

    /// The value of the field with this name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// A client on a connected stream, over TCP or a Unix socket.
    pub fn new(stream: impl Into<Socket>) -> Self {
        let stream = stream.into();
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        // A Unix socket has no such option, and no such delay.
        let _ = stream.set_tcp_nodelay(true);
        Self { stream, received: Vec::new() }
    }

    /// Sends these bytes. A server that has closed already is noticed when reading.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Closes the sending half.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Sends a GET for `path` and reads the answer.
    pub fn get(&mut self, path: &str) -> Received {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n"));
        self.receive()
    }

    /// Reads one response to a request other than HEAD.
    pub fn receive(&mut self) -> Received {
        let head = self.receive_head();
        let response = Received { head, body: Vec::new() };
        let is_chunked = response.field("Transfer-Encoding") == Some("chunked");
        let body = match response.field("Content-Length") {
            Some(len) => self.take(len.parse().expect("a length")),
            None if is_chunked => self.receive_chunks(),
            None if matches!(response.status(), 100..200 | 204 | 304) => Vec::new(),
            None => self.read_to_end(),
        };
        Received { body, ..response }
    }

    /// Reads one response head.
    pub fn receive_head(&mut self) -> String {
        let mut head = self.take_through(b"\r\n\r\n");
        head.truncate(head.len() - 4);
        String::from_utf8(head).expect("a response head is text")
    }

    /// Reads until the server closes. A reset is a failure: it may have destroyed an answer.
    pub fn read_to_end(&mut self) -> Vec<u8> {
        self.stream.read_to_end(&mut self.received).expect("the server closes in order");
        std::mem::take(&mut self.received)
    }

    /// Whether there is something to read at this very moment: bytes, or the end.
    pub fn has_answer(&self) -> bool {
        self.stream.set_nonblocking(true).expect("an option");
        let peeked = self.stream.peek(&mut [MaybeUninit::uninit()]);
        self.stream.set_nonblocking(false).expect("an option");
        !matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    fn receive_chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let line = self.take_through(b"\r\n");
            let size = str::from_utf8(&line).expect("text").trim_end();
            match usize::from_str_radix(size, 16).expect("a chunk size") {
                0 => break,
                size => body.extend(self.take(size)),
            }
            assert_eq!(self.take(2), b"\r\n");
        }
        while self.take_through(b"\r\n") != b"\r\n" {}
        body
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        while self.received.len() < len {
            self.read_some();
        }
        self.received.drain(..len).collect()
    }

    fn take_through(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = memchr::memmem::find(&self.received, end) {
                return self.received.drain(..at + end.len()).collect();
            }
            self.read_some();
        }
    }

    fn read_some(&mut self) {
        let mut bytes = [0; 16 * 1024];
        let len = self.stream.read(&mut bytes).expect("the server answers in time");
        let so_far = String::from_utf8_lossy(&self.received);
        assert!(len > 0, "the server closed in the middle of {so_far:?}");
        self.received.extend_from_slice(&bytes[..len]);
    }
}
