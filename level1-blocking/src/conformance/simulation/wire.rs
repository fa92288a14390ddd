//! A connection, as the kernel between a client and a server sees it.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Read as _},
    mem,
};

/// What is under way in both directions.
#[derive(Debug, Default)]
pub struct Wire {
    /// Sent by the client, not read by the server yet.
    arrived: VecDeque<u8>,
    end: Option<End>,
    /// Sent by the server, not read by the client yet.
    sent: VecDeque<u8>,
    /// As much as `sent` may hold.
    sent_max: usize,
    /// The server found too little room, and is to be told when there is some.
    is_awaited: bool,
    is_shut_down: bool,
    news: News,
    /// System calls of the server.
    calls: u32,
}

/// What the server is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// Something can be read.
    pub readable: bool,
    /// Something can be written.
    pub writable: bool,
    /// The client has closed its sending half, or is gone.
    pub hung_up: bool,
}

/// How a client ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It sends no more, and goes on reading.
    Closed,
    /// It is gone.
    Reset,
}

/// The client's side.
impl Wire {
    /// One that keeps up to `sent_max` bytes for the client.
    pub fn new(sent_max: usize) -> Self {
        Self { sent_max, ..Self::default() }
    }

    /// The client sends.
    pub fn send(&mut self, bytes: &[u8]) {
        self.arrived.extend(bytes);
        self.news.readable = true;
    }

    /// The client sends no more.
    pub fn end(&mut self, end: End) {
        self.end = Some(end);
        self.news = News { readable: true, writable: self.news.writable, hung_up: true };
        if end == End::Reset {
            self.arrived.clear();
            self.news.writable = true;
        }
    }

    /// The client reads up to `len` bytes.
    pub fn receive(&mut self, len: usize, received: &mut Vec<u8>) {
        let len = len.min(self.sent.len());
        received.extend(self.sent.drain(..len));
        if len > 0 && mem::take(&mut self.is_awaited) {
            self.news.writable = true;
        }
    }

    /// The kernel tells something although nothing has happened, as it may.
    pub fn tell_nothing_new(&mut self) {
        (self.news.readable, self.news.writable) = (true, true);
    }

    /// Whether the server has shut its sending half down.
    pub const fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }
}

/// The server's side.
impl Wire {
    /// What there is to be told, once.
    pub fn take_news(&mut self) -> News {
        mem::take(&mut self.news)
    }

    /// How many system calls the server has made.
    pub const fn calls(&self) -> u32 {
        self.calls
    }

    /// Reads what has arrived.
    ///
    /// # Errors
    /// If nothing has, or the client is gone.
    pub fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.end == Some(End::Reset) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        match self.arrived.read(bytes)? {
            0 if self.end.is_none() => Err(ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }

    /// Takes as much as there is room for.
    ///
    /// # Errors
    /// If there is none, or the client is gone.
    ///
    /// # Panics
    /// If the server has said that it sends no more.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        assert!(!self.is_shut_down, "nothing is sent after the end");
        if self.end == Some(End::Reset) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let len = bytes.len().min(self.sent_max - self.sent.len());
        self.is_awaited |= len < bytes.len();
        self.sent.extend(&bytes[..len]);
        if len > 0 { Ok(len) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    /// The server sends no more.
    pub const fn shut_down(&mut self) {
        self.is_shut_down = true;
    }
}
