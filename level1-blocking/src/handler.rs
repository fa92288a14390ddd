//! What an application is to a server: two questions about each request.
//!
//! The server knows nothing of the application behind them. A handler here is plain code that
//! may block; from level 4 on it runs on a pool, by an adapter.

use std::panic::{self, AssertUnwindSafe};

use crate::http::{fields::Fields, head::Head, response::Response, status::Status};

/// An application. All threads of a server share it.
pub trait Handler: Send + Sync {
    /// Whether the request is wanted, judged by its head, before any of its body is read.
    fn admit(&self, head: &Head<'_>) -> Admission;

    /// The answer to a request that was admitted.
    fn handle(&self, request: Request<'_>) -> Response;
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Admission {
    /// It is read, and then handled.
    Accept {
        /// How long its body may be, in bytes; a longer one is answered 413.
        body_len_max: u64,
    },
    /// This is the answer. A body the client sends is not read.
    Refuse(Response),
}

/// A request that has come whole.
#[derive(Debug)]
pub struct Request<'a> {
    /// Its head.
    pub head: Head<'a>,
    /// Its body.
    pub body: Vec<u8>,
    /// What came after the body. These are not header fields, and not to be taken for them.
    pub trailers: Fields<'a>,
}

/// `handler.admit`, with a panic turned into 500.
#[inline]
pub fn admit(handler: &dyn Handler, head: &Head<'_>) -> Admission {
    let admitted = panic::catch_unwind(AssertUnwindSafe(|| match handler.admit(head) {
        Admission::Accept { body_len_max } => Ok(body_len_max),
        // Boxed, or every request that is admitted would carry the room for it through here.
        Admission::Refuse(response) => Err(Box::new(response)),
    }));
    match admitted {
        Ok(Ok(body_len_max)) => Admission::Accept { body_len_max },
        Ok(Err(response)) => Admission::Refuse(*response),
        Err(_) => Admission::Refuse(Response::new(Status::INTERNAL_SERVER_ERROR)),
    }
}

/// `handler.handle`, with a panic turned into 500: it costs one answer, never the server.
#[inline]
pub fn handle(handler: &dyn Handler, request: Request<'_>) -> Response {
    panic::catch_unwind(AssertUnwindSafe(|| handler.handle(request)))
        .unwrap_or_else(|_| Response::new(Status::INTERNAL_SERVER_ERROR))
}
