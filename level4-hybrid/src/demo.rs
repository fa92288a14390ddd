//! The routes of level 1, with nothing that blocks on a thread that serves the network.
//!
//! | request | where it is answered |
//! |---|---|
//! | `/hello`, `OPTIONS`, a file that is at hand | here, at once |
//! | `/work`, a file that is not | on the pool |
//! | `/echo` | here, piece by piece as it comes |

use std::{
    io, mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use level1_blocking::{
    demo::{self, Demo, Route},
    handler::{self, Admission, Handler as _},
    http::{
        fields::Fields,
        framing::Framing,
        head::{Head, OwnedHead},
        method::Method,
        response::Response,
        status::Status,
    },
    options::flags::Options,
};

use crate::{
    application::Application,
    blocking::{Blocking, Pool, busy, incomplete},
    body::{Incomplete, RequestBody},
    handler::{Answer, Handler, Piece, Reply, Request},
    hot_files::{HotFiles, LookedUp, NotLookedUp},
};

/// Bytes of an echo that are gathered before they are given back: as much as the levels below
/// take at most. So a client that reads only when it has sent all is served as it is there,
/// up to their bound; what goes on beyond it streams.
const GATHERED_LEN_MAX: u64 = 4 * 1024 * 1024;

/// The demonstration application.
#[derive(Debug)]
pub struct Hybrid {
    demo: Arc<Demo>,
    blocking: Blocking<Demo>,
    files: Arc<HotFiles>,
}

impl Hybrid {
    /// The same routes as `demo`, with `pool` for what blocks.
    pub fn new(demo: Demo, pool: &Arc<Pool>) -> Self {
        let files = Arc::new(HotFiles::new(demo.site.clone(), Arc::clone(pool)));
        let demo = Arc::new(demo);
        let blocking = Blocking::new(Arc::clone(&demo), Arc::clone(pool));
        Self { demo, blocking, files }
    }

    /// The application that these options describe.
    ///
    /// # Errors
    /// If the site's directory cannot be read.
    pub fn application(options: &Options, pool: &Arc<Pool>) -> anyhow::Result<Application> {
        let handler = Arc::new(Self::new(Demo::open(options)?, pool));
        Ok(Application { handler, limits: Arc::new(options.limits()) })
    }
}

impl Handler for Hybrid {
    fn admit(&self, head: &Head<'_>) -> Admission {
        let route = Route::of(head);
        match route.refusal(head.method()) {
            // Whether there is such a file must be looked up first; the body is not read.
            Some(refusal) if route == Route::File && refusal.status != Status::NOT_IMPLEMENTED => {
                Admission::Accept { body_len_max: u64::MAX }
            }
            Some(refusal) => Admission::Refuse(refusal),
            None => Admission::Accept { body_len_max: self.demo.body_len_max },
        }
    }

    fn handle(&self, request: Request<'_>) -> Answer {
        let method = request.head.method();
        let is_bodiless = request.head.framing() == Framing::None;
        match Route::of(&request.head) {
            Route::File => self.file(request),
            Route::Work if method != Method::Options => self.blocking.handle(request),
            Route::Echo if method != Method::Options => echo(request),
            _ if is_bodiless => plain(&self.demo, request.head, Vec::new()).into(),
            _ => {
                let (demo, head) = (Arc::clone(&self.demo), OwnedHead::from(request.head));
                Answer::later(async move {
                    match request.body.gather().await {
                        Ok((body, _)) => plain(&demo, head.head(), body).into(),
                        Err(Incomplete) => incomplete(),
                    }
                })
            }
        }
    }
}

/// What level 1 answers, for routes where it does not block.
fn plain(demo: &Demo, head: Head<'_>, body: Vec<u8>) -> Response {
    demo.handle(handler::Request { head, body, trailers: Fields::none() })
}

impl Hybrid {
    fn file(&self, request: Request<'_>) -> Answer {
        let Request { head, body, received, .. } = request;
        let is_bodiless = head.framing() == Framing::None;
        if is_bodiless
            && matches!(head.method(), Method::Get | Method::Head)
            && let Some(response) = self.files.at_hand(&head, received)
        {
            return response.into();
        }
        let (files, head) = (Arc::clone(&self.files), OwnedHead::from(head));
        Answer::later(async move {
            match files.look_up(head.clone(), received).await {
                Ok(found) => found_file(head, body, found).await,
                Err(NotLookedUp::Full(_)) => busy().into(),
                Err(NotLookedUp::Unfinished(_)) => {
                    Response::new(Status::INTERNAL_SERVER_ERROR).into()
                }
            }
        })
    }
}

/// The answer to a request for a path that was looked up.
async fn found_file(head: OwnedHead, body: RequestBody, found: LookedUp) -> Reply {
    let LookedUp { response, is_there } = found;
    if !is_there {
        return response.into();
    }
    let method = head.head().method();
    if let Some(refusal) = Route::File.refusal(method) {
        return refusal.into();
    }
    if body.gather().await.is_err() {
        return incomplete();
    }
    match method {
        Method::Options => Response::new(Status::NO_CONTENT).line(Route::File.allow()).into(),
        _ => response.into(),
    }
}

fn echo(request: Request<'_>) -> Answer {
    let response = demo::echo(&request.head);
    let framing = request.head.framing();
    let mut body = request.body;
    Answer::later(async move {
        let len = match framing {
            Framing::None => Some(0),
            Framing::Length(len) => Some(len),
            Framing::Chunked => None,
        };
        let gathered_len_max = if len.is_none_or(|len| len <= GATHERED_LEN_MAX) {
            GATHERED_LEN_MAX
        } else {
            // A piece is asked for all the same: an answer before that would refuse the body.
            0
        };
        let mut gathered = Vec::new();
        while gathered.is_empty() || gathered.len() as u64 <= gathered_len_max {
            match body.piece().await {
                Ok(Some(piece)) => gathered.extend_from_slice(&piece),
                Ok(None) => return response.body(gathered).into(),
                Err(Incomplete) => return incomplete(),
            }
        }
        Reply::streaming(response, len, Box::pin(Echo { gathered: gathered.into(), body }))
    })
}

/// What has been gathered, and then the rest as it comes.
struct Echo {
    gathered: Bytes,
    body: RequestBody,
}

impl futures_core::Stream for Echo {
    type Item = io::Result<Piece>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Piece>>> {
        if !self.gathered.is_empty() {
            return Poll::Ready(Some(Ok(Piece::Data(mem::take(&mut self.gathered)))));
        }
        Poll::Ready(match ready!(self.body.poll_piece(context)) {
            Ok(Some(piece)) => Some(Ok(Piece::Data(piece))),
            Ok(None) => None,
            Err(Incomplete) => Some(Err(io::Error::other(Incomplete))),
        })
    }
}
