//! What the driver needs of a connection, and a socket that has it.
//!
//! A stream is tokio's reading and writing, and two things more where they can be had: saying
//! that there is something to read before a buffer is lent for it, and sending a file from the
//! page cache without a copy through this process. What wraps a socket, as TLS does, may
//! leave both out.

use std::{
    fs::File,
    io::{self, ErrorKind},
    net::Shutdown,
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustix::{
    fs::sendfile,
    net::{RecvFlags, SendFlags, recv, send},
};
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::{TcpStream, UnixStream},
};

/// A connection's bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// Ready when a read may bring something.
    fn poll_readable(&self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

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

/// A socket that the runtime watches.
///
/// Its reading and writing is the runtime's, but for level 3's rule: a call that did less than
/// it could have has told that no more is possible for now.
#[derive(Debug)]
pub enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl Socket {
    /// Calls the kernel, as soon as the socket is ready. `asked` is how much the call would do
    /// if it could.
    fn poll_call(
        &self,
        interest: Interest,
        context: &mut Context<'_>,
        asked: usize,
        mut call: impl FnMut(BorrowedFd<'_>) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let mut done = None;
            let outcome = self.try_io(interest, || {
                let len = call(self.as_fd())?;
                done = Some(len);
                // The runtime goes by what it is told.
                if 0 < len && len < asked { Err(ErrorKind::WouldBlock.into()) } else { Ok(len) }
            });
            match (done, outcome) {
                (Some(len), _) => return Poll::Ready(Ok(len)),
                (None, Err(error)) if error.kind() == ErrorKind::WouldBlock => {
                    ready!(self.poll_ready(interest, context))?;
                }
                (None, Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                (None, outcome) => return Poll::Ready(outcome),
            }
        }
    }

    /// Calls, if the socket is ready. Should the call say `WouldBlock`, it is not, until it
    /// becomes so.
    fn try_io(
        &self,
        interest: Interest,
        call: impl FnOnce() -> io::Result<usize>,
    ) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.try_io(interest, call),
            Self::Unix(socket) => socket.try_io(interest, call),
        }
    }

    fn poll_ready(&self, interest: Interest, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(socket) if interest.is_readable() => socket.poll_read_ready(context),
            Self::Tcp(socket) => socket.poll_write_ready(context),
            Self::Unix(socket) if interest.is_readable() => socket.poll_read_ready(context),
            Self::Unix(socket) => socket.poll_write_ready(context),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(socket) => socket.as_fd(),
            Self::Unix(socket) => socket.as_fd(),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = buffer.initialize_unfilled();
        let len = ready!(self.poll_call(Interest::READABLE, context, room.len(), |socket| {
            Ok(recv(socket, &mut *room, RecvFlags::empty())?.0)
        }))?;
        buffer.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_call(Interest::WRITABLE, context, bytes.len(), |socket| {
            Ok(send(socket, bytes, SendFlags::NOSIGNAL)?)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self).shutdown(Shutdown::Write))
    }
}

impl Stream for Socket {
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<()> {
        // What is wrong with it, reading will tell.
        self.poll_ready(Interest::READABLE, context).map(drop)
    }

    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        file: &File,
        offset: u64,
        len: usize,
    ) -> Poll<io::Result<usize>> {
        // A short count may be the file's doing: only the next call can tell.
        self.poll_call(Interest::WRITABLE, context, 0, |socket| {
            Ok(sendfile(socket, file, Some(&mut { offset }), len)?)
        })
    }
}
