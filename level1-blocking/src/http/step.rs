//! What the core tells its driver: the closed set of things that can be due.
//!
//! A driver asks, does what it is told, and says what it did. The halves are independent:
//! while an event waits for a handler, bytes may be read and must be written.

use std::{fs::File, sync::Arc, time::Instant};

use super::{error::Refusal, fields::Fields, head::Head, status::Status};

/// Everything that is due at the moment.
#[derive(Debug)]
pub struct Due<'a> {
    /// Something has happened that the driver must answer.
    pub event: Option<Event<'a>>,
    /// The core wants bytes: read into `Connection::spare`, then `received`, or
    /// `peer_closed`.
    pub may_read: bool,
    /// The response wants pieces: `filled`, and at the end `finish`.
    pub may_fill: bool,
    /// Something is to be sent.
    pub must_write: Option<Write<'a>>,
    /// When `expire` must be called, unless something else happens first.
    pub deadline: Option<Instant>,
}

/// What has happened. It stays due until the call it names.
#[derive(Debug)]
pub enum Event<'a> {
    /// A request head: `accept` it, or refuse it by `respond`.
    Head(Head<'a>),
    /// A piece of the request's body: `consume` as much of it as was used.
    Body(&'a [u8]),
    /// The body has ended, with these trailer fields: `end_taken`, or `respond`. A request
    /// without a body ends as soon as it is accepted. The head is that of the request.
    BodyEnd(Head<'a>, Fields<'a>),
    /// The answer is complete, or as much of it as there will be: `next_request`.
    Answered(Exchange<'a>),
    /// The connection belongs to another protocol now. These bytes of it have already come.
    Upgraded(&'a [u8]),
    /// Close the socket. Nothing else will be due.
    Close(CloseReason),
}

/// What is to be sent.
#[derive(Debug)]
pub enum Write<'a> {
    /// These bytes, as many of them as possible; then `sent`.
    Bytes(&'a [u8]),
    /// `len` bytes of the file from `offset`, as many of them as possible; then
    /// `transferred`.
    File {
        /// The file; its own position is not used.
        file: &'a Arc<File>,
        /// Where to read.
        offset: u64,
        /// How many bytes, at least one.
        len: u64,
    },
    /// Nothing more: shut the sending half down; then `shut_down`.
    Shutdown,
}

/// A request and its answer, for the log and the metrics.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The request's head, unless it was refused before it was whole and valid.
    pub head: Option<Head<'a>>,
    /// The status of the answer.
    pub status: Status,
    /// Bytes of response body handed over, chunk framing not counted.
    pub body_len: u64,
    /// When the head was whole.
    pub began: Instant,
    /// Why the request was refused, if the core refused it.
    pub refusal: Option<Refusal>,
}

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum CloseReason {
    /// The answer said `Connection: close`, by the client's wish, the protocol's, or ours.
    #[error("not kept alive")]
    NotPersistent,
    /// The peer closed between two requests.
    #[error("closed by the peer")]
    PeerClosed,
    /// The peer reset the connection, or the socket failed.
    #[error("the peer vanished")]
    PeerVanished,
    /// The peer never sent a byte.
    #[error("silent peer")]
    Silent,
    /// No further request came in time.
    #[error("idle")]
    Idle,
    /// The request was refused.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The peer took nothing of a pending answer for too long.
    #[error("the peer stopped reading")]
    WriteStalled,
    /// The request's body was not wanted and too long to read over.
    #[error("the rest of the body was not wanted")]
    BodyUnwanted,
    /// The file being sent became shorter.
    #[error("the file shrank while it was sent")]
    FileShrank,
    /// The handler did not finish its answer.
    #[error("the answer was abandoned")]
    AnswerAbandoned,
    /// The server is stopping.
    #[error("stopping")]
    Draining,
}
