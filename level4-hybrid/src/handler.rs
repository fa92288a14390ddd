//! What an application is from this level on: its answer may come later, and in pieces.
//!
//! A handler is called when a request's head has come, on the thread that serves the network.
//! It must not wait there. What it knows at once it answers at once, without an allocation;
//! what takes time is a future, which the connection keeps; what blocks belongs on the pool
//! ([`Blocking`](crate::blocking::Blocking) takes it there).

use std::{
    fmt, io,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use level1_blocking::{
    access_log::Client,
    handler::Admission,
    http::{
        body::Body,
        head::Head,
        name::FieldName,
        response::{FieldValue, Response},
        status::Status,
    },
};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::RequestBody;

/// An application. All connections of a server share it.
pub trait Handler: Send + Sync {
    /// Whether the request is wanted, judged by its head alone, before any of its body is read.
    fn admit(&self, head: &Head<'_>) -> Admission;

    /// The answer to a request that was admitted.
    fn handle(&self, request: Request<'_>) -> Answer;
}

/// A request, as far as it has come.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its head.
    pub head: Head<'a>,
    /// Its body. An answer that is given before the body was asked for refuses it, and closes
    /// the connection.
    pub body: RequestBody,
    /// Who made it.
    pub client: Client,
    /// When its head was read.
    pub received: Instant,
}

// ANCHOR: answer
/// When there is a reply.
pub enum Answer {
    /// At once.
    Ready(Reply),
    /// When this is done. It is dropped if the client leaves before that.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}
// ANCHOR_END: answer

impl Answer {
    /// When `work` is done.
    pub fn later(work: impl Future<Output = Reply> + Send + 'static) -> Self {
        Self::Later(Box::pin(work))
    }
}

impl<R: Into<Reply>> From<R> for Answer {
    fn from(reply: R) -> Self {
        Self::Ready(reply.into())
    }
}

/// A response, and what follows it.
pub struct Reply {
    pub(crate) response: Response,
    pub(crate) rest: Rest,
}

/// What follows a response that does not carry its body itself.
pub(crate) enum Rest {
    Nothing,
    Pieces(Pieces),
    Upgrade(Upgrade),
}

/// A body's pieces, each asked for when there is room for it. An error leaves the body
/// unfinished, and the client sees that it is.
pub type Pieces = Pin<Box<dyn futures_core::Stream<Item = io::Result<Piece>> + Send>>;

/// A part of a response's body, or what ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The next bytes.
    Data(Bytes),
    /// Fields to send behind the body. They reach a client only in a chunked one.
    Trailers(Vec<(FieldName, FieldValue)>),
}

/// What takes a connection over, to speak another protocol.
pub type Upgrade = Box<dyn FnOnce(Upgraded) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A connection that speaks another protocol now.
pub struct Upgraded {
    /// The connection. It is closed when this is dropped.
    pub io: Box<dyn Duplex>,
    /// What has come behind the request already.
    pub received: Bytes,
}

/// Bytes in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Reply {
    /// A response whose body comes in pieces. `len` is how many bytes they are in all, if that
    /// is known: what goes beyond is not sent, what is missing breaks the connection off.
    pub fn streaming(mut response: Response, len: Option<u64>, pieces: Pieces) -> Self {
        response.body = Body::Stream(len);
        Self { response, rest: Rest::Pieces(pieces) }
    }

    /// A 101 that hands the connection to `upgrade`. The client must have offered the protocol;
    /// otherwise this becomes a 500.
    pub fn upgrading(protocol: &FieldValue, upgrade: Upgrade) -> Self {
        Self { response: Response::switching_to(protocol), rest: Rest::Upgrade(upgrade) }
    }
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self { response, rest: Rest::Nothing }
    }
}

/// `handler.admit`, with a panic turned into 500.
pub(crate) fn admit(handler: &dyn Handler, head: &Head<'_>) -> Admission {
    panic::catch_unwind(AssertUnwindSafe(|| handler.admit(head)))
        .unwrap_or_else(|_| Admission::Refuse(failed()))
}

/// `handler.handle`, with a panic turned into 500: it costs one answer, never the server.
pub(crate) fn handle(handler: &dyn Handler, request: Request<'_>) -> Answer {
    panic::catch_unwind(AssertUnwindSafe(|| handler.handle(request)))
        .unwrap_or_else(|_| failed().into())
}

/// Goes on with an answer that comes later; a panic is a 500 here, too.
pub(crate) fn poll_later(
    work: &mut Pin<Box<dyn Future<Output = Reply> + Send>>,
    context: &mut Context<'_>,
) -> Poll<Reply> {
    panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
        .unwrap_or_else(|_| Poll::Ready(failed().into()))
}

/// Asks for the next piece; a panic is an error, which breaks the answer off.
pub(crate) fn poll_piece(
    pieces: &mut Pieces,
    context: &mut Context<'_>,
) -> Poll<Option<io::Result<Piece>>> {
    panic::catch_unwind(AssertUnwindSafe(|| pieces.as_mut().poll_next(context)))
        .unwrap_or_else(|_| Poll::Ready(Some(Err(io::Error::other("the source panicked")))))
}

fn failed() -> Response {
    Response::new(Status::INTERNAL_SERVER_ERROR)
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(reply) => f.debug_tuple("Ready").field(reply).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("response", &self.response).finish_non_exhaustive()
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("received", &self.received).finish_non_exhaustive()
    }
}
