//! The routes that all levels serve, so that a person changes only the binary's name.
//!
//! `/hello` is what benchmarks ask for, `/echo` gives a body back, `/work` takes time, and
//! everything else is a file of the site.

use std::{
    hash::{BuildHasher, RandomState},
    hint,
    io::{self, Read, Seek, Write},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    files::Site,
    handler::{Admission, Handler, Request},
    http::{
        framing::Framing,
        head::Head,
        method::Method,
        name::FieldName,
        response::{FieldLine, FieldValue, Response},
        status::Status,
        target::Form,
    },
    options::flags::Options,
    session::Application,
};

/// The demonstration application.
#[derive(Debug)]
pub struct Demo {
    /// The files it serves.
    pub site: Site,
    /// How long a request's body may be, in bytes.
    pub body_len_max: u64,
}

/// Where a request leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `OPTIONS *`.
    Server,
    /// `/hello`.
    Hello,
    /// `/echo`.
    Echo,
    /// `/work`.
    Work,
    /// Any other path.
    File,
}

impl Demo {
    /// This site, and bodies of up to `body_len_max` bytes.
    pub const fn new(site: Site, body_len_max: u64) -> Self {
        Self { site, body_len_max }
    }

    /// What these options describe.
    ///
    /// # Errors
    /// If the site's directory cannot be read.
    pub fn open(options: &Options) -> anyhow::Result<Self> {
        let site = match &options.root {
            Some(root) => Site::directory(root)
                .with_context(|| format!("cannot serve --root {}", root.display()))?,
            None => Site::Embedded,
        };
        Ok(Self::new(site, options.max_body.bytes()))
    }

    /// As an application, within the bounds that these options describe.
    ///
    /// # Errors
    /// If the site's directory cannot be read.
    pub fn application(options: &Options) -> anyhow::Result<Application> {
        let handler = Arc::new(Self::open(options)?);
        Ok(Application { handler, limits: Arc::new(options.limits()) })
    }
}

impl Handler for Demo {
    fn admit(&self, head: &Head<'_>) -> Admission {
        let (route, method) = (Route::of(head), head.method());
        let is_fine = route.allows(method) && (route != Route::File || self.may_have_file(head));
        if !is_fine && let Some(response) = self.refusal(route, head) {
            return Admission::Refuse(response);
        }
        Admission::Accept { body_len_max: self.body_len_max }
    }

    fn handle(&self, request: Request<'_>) -> Response {
        match (Route::of(&request.head), request.head.method()) {
            (Route::Hello, Method::Get | Method::Head) => {
                Response::text(Status::OK, "Hello, World!\n")
            }
            (route, _) => self.answer(route, request),
        }
    }
}

impl Demo {
    /// Every answer that takes longer than a greeting, which is to show what a server costs and
    /// not what its application does.
    #[inline(never)]
    fn answer(&self, route: Route, request: Request<'_>) -> Response {
        match (route, request.head.method()) {
            (Route::Server | Route::Hello, _) | (_, Method::Options) => {
                Response::new(Status::NO_CONTENT).line(route.allow())
            }
            (Route::Echo, _) => echo(&request.head).body(request.body),
            (Route::Work, _) => work(request.head.target().query().unwrap_or_default()),
            (Route::File, _) => self.site.respond(&request.head),
        }
    }

    /// A plain GET looks for its file once, when it is served; all others look here first.
    fn may_have_file(&self, head: &Head<'_>) -> bool {
        let is_plain =
            matches!(head.method(), Method::Get | Method::Head) && head.framing() == Framing::None;
        is_plain || self.site.has(head)
    }

    /// The answer to a request that can be refused by its head.
    #[inline(never)]
    fn refusal(&self, route: Route, head: &Head<'_>) -> Option<Response> {
        let method = head.method();
        if route == Route::File && !is_unknown(method) && !self.may_have_file(head) {
            return Some(self.site.respond(head));
        }
        route.refusal(method)
    }
}

impl Route {
    /// Where a head's target leads.
    #[inline]
    pub fn of(head: &Head<'_>) -> Self {
        let target = head.target();
        match target.form() {
            Form::Asterisk | Form::Authority => Self::Server,
            _ if target.is_at(b"/hello") => Self::Hello,
            _ if target.is_at(b"/echo") => Self::Echo,
            _ if target.is_at(b"/work") => Self::Work,
            _ => Self::File,
        }
    }

    /// The answer to a method that there is not, or that is not allowed here.
    pub fn refusal(self, method: Method<'_>) -> Option<Response> {
        if is_unknown(method) {
            return Some(Response::text(Status::NOT_IMPLEMENTED, "501 Not Implemented\n"));
        }
        (!self.allows(method)).then(|| {
            Response::text(Status::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n")
                .line(self.allow())
        })
    }

    const fn allows(self, method: Method<'_>) -> bool {
        match method {
            Method::Options => true,
            Method::Post => matches!(self, Self::Echo),
            Method::Get | Method::Head => matches!(self, Self::Hello | Self::Work | Self::File),
            _ => false,
        }
    }

    /// The methods it allows, as the Allow field lists them; for the whole server, all there are.
    pub const fn allow(self) -> FieldLine {
        match self {
            Self::Server => FieldLine::from_static("Allow: GET, HEAD, POST, OPTIONS"),
            Self::Echo => FieldLine::from_static("Allow: POST, OPTIONS"),
            Self::Hello | Self::Work | Self::File => {
                FieldLine::from_static("Allow: GET, HEAD, OPTIONS")
            }
        }
    }
}

/// RFC 9110 §9.1: a method that no resource here has is not implemented.
const fn is_unknown(method: Method<'_>) -> bool {
    matches!(method, Method::Other(_) | Method::Connect)
}

/// The answer that gives a body back, with the type it came with, but for the body.
pub fn echo(head: &Head<'_>) -> Response {
    const OCTETS: FieldLine = FieldLine::from_static("Content-Type: application/octet-stream");
    let sent = head.fields().get(&FieldName::CONTENT_TYPE);
    let media_type = sent.and_then(|value| FieldValue::new(value).ok());
    let media_type = media_type.map(|value| FieldLine::new(&FieldName::CONTENT_TYPE, &value));
    Response::new(Status::OK).line(media_type.unwrap_or(OCTETS))
}

/// `ms=N&kind=K`: blocks this thread for N milliseconds.
fn work(query: &str) -> Response {
    let (time, kind) = match parse_work(query) {
        Ok(parsed) => parsed,
        Err(reason) => return Response::text(Status::BAD_REQUEST, format!("{reason}\n")),
    };
    let started = Instant::now();
    let done = match kind {
        "cpu" => {
            burn(started, time);
            Ok(())
        }
        "file" => use_disk(started, time),
        _ => {
            thread::sleep(time); // This is the work: a handler that blocks.
            Ok(())
        }
    };
    match done {
        Ok(()) => Response::text(Status::OK, format!("{} ms of {kind}\n", time.as_millis())),
        Err(error) => {
            tracing::warn!(%error, "cannot use a temporary file");
            let status = match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Status::INSUFFICIENT_STORAGE
                }
                _ => Status::INTERNAL_SERVER_ERROR,
            };
            Response::text(status, format!("{status}\n"))
        }
    }
}

fn parse_work(query: &str) -> Result<(Duration, &str), &'static str> {
    let (mut ms, mut kind) = (None, "sleep");
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("ms", value)) => ms = value.parse().ok().filter(|ms| *ms <= 10_000),
            Some(("kind", value @ ("sleep" | "cpu" | "file"))) => kind = value,
            Some(("kind", _)) => return Err("kind: one of sleep, cpu, file"),
            _ => {}
        }
    }
    let ms =
        ms.ok_or("ms: a number of milliseconds, at most 10000, as in /work?ms=200&kind=sleep")?;
    Ok((Duration::from_millis(ms), kind))
}

fn burn(started: Instant, time: Duration) {
    let state = RandomState::new();
    let mut hash = 0;
    while started.elapsed() < time {
        for _ in 0..1000 {
            hash = hint::black_box(state.hash_one(hash));
        }
    }
}

fn use_disk(started: Instant, time: Duration) -> io::Result<()> {
    let mut page = [0; 4096];
    while started.elapsed() < time {
        let mut file = tempfile::tempfile()?;
        file.write_all(&page)?;
        file.sync_all()?;
        file.rewind()?;
        file.read_exact(&mut page)?;
    }
    Ok(())
}
