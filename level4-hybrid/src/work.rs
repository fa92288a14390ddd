//! What our own side of a connection is at, while the client waits or sends.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use bytes::Bytes;
use level1_blocking::http::{Connection, clock::Clock};

use crate::handler::{self, Piece, Pieces, Reply, Upgrade};

/// Bytes of a streamed answer that are taken into the output at a time.
const PIECE_LEN_MAX: usize = 64 * 1024;

/// What is done for the request at hand.
pub(crate) enum Work {
    /// Nothing, or nothing any more.
    None,
    /// A handler works on the answer, since then.
    Handling(Pin<Box<dyn Future<Output = Reply> + Send>>, Instant),
    /// A source has pieces of the answer to give; of the last one this is left.
    Filling(Pieces, Bytes),
    /// The connection is to be handed over.
    Upgrading(Upgrade),
}

/// What has come of it.
pub(crate) enum Progress {
    /// The handler has answered; it began to work then.
    Replied(Reply, Instant),
    /// The answer goes on, or has come to its end.
    Filled,
}

impl Work {
    /// Goes on, as far as there is room for what it makes.
    pub(crate) fn poll(
        &mut self,
        connection: &mut Connection,
        clock: &Clock,
        context: &mut Context<'_>,
    ) -> Poll<Progress> {
        match self {
            Self::None | Self::Upgrading(_) => Poll::Pending,
            Self::Handling(future, began) => {
                let began = *began;
                handler::poll_later(future, context).map(|reply| Progress::Replied(reply, began))
            }
            Self::Filling(pieces, rest) => {
                if !connection.may_fill() {
                    return Poll::Pending;
                }
                if rest.is_empty() {
                    ready!(poll_next_piece(pieces, rest, connection, clock, context));
                }
                let piece = rest.split_to(rest.len().min(PIECE_LEN_MAX));
                connection.filled(&piece, clock);
                Poll::Ready(Progress::Filled)
            }
        }
    }
}

/// Takes the source's next piece into `rest`, or its end to the connection.
fn poll_next_piece(
    pieces: &mut Pieces,
    rest: &mut Bytes,
    connection: &mut Connection,
    clock: &Clock,
    context: &mut Context<'_>,
) -> Poll<()> {
    match ready!(handler::poll_piece(pieces, context)) {
        Some(Ok(Piece::Data(data))) => *rest = data,
        Some(Ok(Piece::Trailers(trailers))) => connection.finish(&trailers, clock),
        None => connection.finish(&[], clock),
        Some(Err(error)) => {
            tracing::warn!(%error, "an answer is broken off");
            connection.abandon();
        }
    }
    Poll::Ready(())
}
