//! What the driver needs of a connection.
//!
//! A stream is tokio's reading and writing, and one thing more where it can be had: sending a
//! file from the page cache without a copy through this process. What wraps a socket, as TLS
//! does, leaves that out, and the driver reads and writes instead.

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::fd::AsFd,
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustix::fs::sendfile;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest},
    net::{TcpStream, UnixStream},
};

/// A connection's bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Sends up to `len` bytes of the file from `offset` on, and says how many; zero if the
    /// file has no more.
    ///
    /// # Errors
    /// `Unsupported` if this stream cannot; others if the connection is gone.
    fn poll_send_file(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _file: &File,
        _offset: u64,
        _len: usize,
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(ErrorKind::Unsupported.into()))
    }
}

impl Stream for TcpStream {
    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        file: &File,
        offset: u64,
        len: usize,
    ) -> Poll<io::Result<usize>> {
        let try_io = |send: &dyn Fn() -> _| self.try_io(Interest::WRITABLE, send);
        poll_send(|| self.poll_write_ready(context), try_io, &*self, (file, offset, len))
    }
}

impl Stream for UnixStream {
    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        file: &File,
        offset: u64,
        len: usize,
    ) -> Poll<io::Result<usize>> {
        let try_io = |send: &dyn Fn() -> _| self.try_io(Interest::WRITABLE, send);
        poll_send(|| self.poll_write_ready(context), try_io, &*self, (file, offset, len))
    }
}

/// What the runtime does for its own reads and writes: tries while the socket is said to be
/// ready, until it is not.
fn poll_send(
    mut poll_ready: impl FnMut() -> Poll<io::Result<()>>,
    try_io: impl Fn(&dyn Fn() -> io::Result<usize>) -> io::Result<usize>,
    socket: &impl AsFd,
    (file, offset, len): (&File, u64, usize),
) -> Poll<io::Result<usize>> {
    let send = || {
        let mut offset = offset;
        Ok(sendfile(socket, file, Some(&mut offset), len)?)
    };
    loop {
        ready!(poll_ready())?;
        match try_io(&send) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            outcome => return Poll::Ready(outcome),
        }
    }
}
