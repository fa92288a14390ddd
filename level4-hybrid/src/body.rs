//! A request's body on its way from the connection to the handler: one piece at a time.
//!
//! ```text
//! socket -> core -> Feed -> [ at most one piece ] -> RequestBody -> handler
//! ```
//!
//! The socket is read only when the handler has asked for more, so a body of any size takes
//! the memory of a piece or two, and a client that sends faster than the handler works is
//! held back by TCP. The handler may be anywhere: in the connection's own task, in another
//! one, on another thread.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use level1_blocking::http::fields::OwnedFields;

/// A request's body, as its handler has it. Dropping it says that no more of it is wanted.
#[derive(Debug)]
pub struct RequestBody {
    /// `None` for a request without a body.
    passage: Option<Arc<Passage>>,
}

/// The connection's end of it.
#[derive(Debug)]
pub(crate) struct Feed {
    passage: Arc<Passage>,
    /// The handler waits for a piece, as far as the connection has seen.
    is_awaited: bool,
}

/// The body did not come whole: the client has left, was too slow, or sent something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request's body is incomplete")]
pub struct Incomplete;

/// What both ends hold.
#[derive(Debug, Default)]
struct Passage {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What was handed over and is not taken yet.
    piece: Option<Bytes>,
    /// What there is behind that piece, once no more pieces come.
    end: Option<Result<OwnedFields, Incomplete>>,
    /// The handler asked while there was nothing, and waits.
    reader: Option<Waker>,
    /// The connection found that nothing was asked for, and waits.
    feeder: Option<Waker>,
}

/// The two ends of a body's way.
pub(crate) fn passage() -> (Feed, RequestBody) {
    let passage = Arc::new(Passage::default());
    let feed = Feed { passage: Arc::clone(&passage), is_awaited: false };
    (feed, RequestBody { passage: Some(passage) })
}

impl RequestBody {
    /// The body of a request that has none.
    pub const fn none() -> Self {
        Self { passage: None }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// If the body does not come whole.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Incomplete> {
        poll_fn(|context| self.poll_piece(context)).await
    }

    /// As `piece`, for those who poll.
    ///
    /// # Errors
    /// If the body does not come whole.
    pub fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Incomplete>> {
        let Some(passage) = &self.passage else { return Poll::Ready(Ok(None)) };
        let mut state = passage.state();
        if let Some(piece) = state.piece.take() {
            return Poll::Ready(Ok(Some(piece)));
        }
        match &state.end {
            Some(Ok(_)) => Poll::Ready(Ok(None)),
            Some(Err(incomplete)) => Poll::Ready(Err(*incomplete)),
            None => {
                state.reader = Some(context.waker().clone());
                wake(state.feeder.take(), context);
                Poll::Pending
            }
        }
    }

    /// All of the rest, and the trailer fields. The length that the handler admitted bounds it.
    ///
    /// # Errors
    /// If the body does not come whole.
    pub async fn gather(mut self) -> Result<(Vec<u8>, OwnedFields), Incomplete> {
        let mut gathered = Vec::new();
        while let Some(piece) = self.piece().await? {
            gathered.extend_from_slice(&piece);
        }
        Ok((gathered, self.trailers()))
    }

    /// What came behind the body, once its end was seen.
    pub fn trailers(&self) -> OwnedFields {
        let Some(passage) = &self.passage else { return OwnedFields::default() };
        match &passage.state().end {
            Some(Ok(trailers)) => trailers.clone(),
            _ => OwnedFields::default(),
        }
    }
}

impl Feed {
    /// Whether the handler has begun to wait for a piece since it was given the last one. If
    /// not, the connection is woken when it does.
    pub(crate) fn begins_to_be_awaited(&mut self, context: &mut Context<'_>) -> bool {
        if self.is_awaited {
            return false;
        }
        let mut state = self.passage.state();
        self.is_awaited = state.reader.is_some();
        if !self.is_awaited {
            state.feeder = Some(context.waker().clone());
        }
        self.is_awaited
    }

    /// Whether the handler waits for a piece.
    pub(crate) const fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    /// Hands a piece over, which the handler waits for.
    pub(crate) fn deliver(&mut self, piece: Bytes, context: &Context<'_>) {
        self.is_awaited = false;
        let mut state = self.passage.state();
        state.piece = Some(piece);
        wake(state.reader.take(), context);
    }

    /// The body has ended, whether the handler waits to know or not.
    pub(crate) fn end(self, trailers: OwnedFields, context: &Context<'_>) {
        let mut state = self.passage.state();
        state.end = Some(Ok(trailers));
        wake(state.reader.take(), context);
    }
}

/// The connection has nothing more to give.
impl Drop for Feed {
    fn drop(&mut self) {
        let mut state = self.passage.state();
        if state.end.is_none() {
            state.end = Some(Err(Incomplete));
            if let Some(reader) = state.reader.take() {
                reader.wake();
            }
        }
    }
}

impl Passage {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes whoever waits, unless that is the very task that is at work.
fn wake(waker: Option<Waker>, context: &Context<'_>) {
    if let Some(waker) = waker.filter(|waker| !waker.will_wake(context.waker())) {
        waker.wake();
    }
}
