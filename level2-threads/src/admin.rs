//! What operators and their programs ask a server about itself: `/metrics` for Prometheus,
//! `/healthz` and `/readyz` for whoever starts servers and sends clients to them.
//!
//! The admin service is a server of level 1: its loop, one client at a time, on an address
//! and a thread of its own. So it answers while the server it tells of is busy, and it has a
//! use for level 1's weakness, that one client stalls all others: nothing that scrapers do
//! takes more than one thread. Short timeouts keep that stall short.

use std::{io, sync::Arc, time::Duration};

use level1_blocking::{
    handler::{Admission, Handler, Request},
    http::{
        head::Head,
        limits::Limits,
        method::Method,
        response::{FieldLine, Response},
        status::Status,
        target::Form,
    },
    serve,
    session::Application,
    stop::{LONGEST_WAIT, Stop},
};
use socket2::Socket;

use crate::metrics::Metrics;

/// How long a client may take, for each of the things it can be slow at.
const PATIENCE: Duration = Duration::from_secs(2);

const ALLOW: FieldLine = FieldLine::from_static("Allow: GET, HEAD, OPTIONS");

/// Answers the clients of `listener` until the process ends.
///
/// # Errors
/// If the listening socket fails for good.
pub fn serve(listener: &Socket, metrics: &'static Metrics) -> io::Result<()> {
    // A socket that others poll does not block, and level 1 blocks in `accept`.
    listener.set_nonblocking(false)?;
    listener.set_read_timeout(Some(LONGEST_WAIT))?;
    listener.set_write_timeout(Some(LONGEST_WAIT))?;
    let limits = Limits {
        silent_timeout: Duration::from_secs(1),
        head_timeout: PATIENCE,
        body_timeout: PATIENCE,
        idle_timeout: Duration::ZERO,
        write_timeout: PATIENCE,
        linger_timeout: Duration::from_secs(1),
        ..Limits::default()
    };
    let application =
        Application { handler: Arc::new(Admin::new(metrics)), limits: Arc::new(limits) };
    // Nobody ever sets this flag: while the server drains, its figures are of interest most.
    serve::run(listener, &application, &Stop::new(Duration::ZERO))
}

/// The admin routes.
#[derive(Debug, Clone, Copy)]
pub struct Admin {
    metrics: &'static Metrics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    /// `OPTIONS *`.
    Server,
    Metrics,
    Health,
    Readiness,
}

impl Admin {
    /// Tells of the server that counts in `metrics`.
    pub const fn new(metrics: &'static Metrics) -> Self {
        Self { metrics }
    }
}

impl Handler for Admin {
    fn admit(&self, head: &Head<'_>) -> Admission {
        let method = head.method();
        match (Route::of(head), method) {
            (None, _) => Admission::Refuse(Response::text(Status::NOT_FOUND, "404 Not Found\n")),
            (Some(_), Method::Options) => Admission::Accept { body_len_max: 0 },
            (Some(route), Method::Get | Method::Head) if route != Route::Server => {
                Admission::Accept { body_len_max: 0 }
            }
            _ => Admission::Refuse(
                Response::text(Status::METHOD_NOT_ALLOWED, "405 Method Not Allowed\n").line(ALLOW),
            ),
        }
    }

    fn handle(&self, request: Request<'_>) -> Response {
        match (request.head.method(), Route::of(&request.head)) {
            (Method::Options, _) | (_, Some(Route::Server) | None) => {
                Response::new(Status::NO_CONTENT).line(ALLOW)
            }
            (_, Some(Route::Metrics)) => exposition(self.metrics),
            // Who answers lives.
            (_, Some(Route::Health)) => Response::text(Status::OK, "ok\n"),
            (_, Some(Route::Readiness)) => readiness(self.metrics.is_ready()),
        }
    }
}

impl Route {
    fn of(head: &Head<'_>) -> Option<Self> {
        let target = head.target();
        match (target.form(), &*target.decoded_path()) {
            (Form::Asterisk, _) => Some(Self::Server),
            (Form::Authority, _) => None,
            (_, b"/metrics") => Some(Self::Metrics),
            (_, b"/healthz") => Some(Self::Health),
            (_, b"/readyz") => Some(Self::Readiness),
            _ => None,
        }
    }
}

fn exposition(metrics: &'static Metrics) -> Response {
    const OPEN_METRICS: FieldLine = FieldLine::from_static(
        "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8",
    );
    Response::new(Status::OK).line(OPEN_METRICS).body(metrics.exposition())
}

fn readiness(is_ready: bool) -> Response {
    const SOON: FieldLine = FieldLine::from_static("Retry-After: 1");
    if is_ready {
        Response::text(Status::OK, "ready\n")
    } else {
        Response::text(Status::SERVICE_UNAVAILABLE, "not ready\n").line(SOON)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::{SocketAddr, TcpStream},
        thread,
    };

    use level1_blocking::listen::listen;

    use super::*;

    /// An admin service that serves as long as the tests run.
    fn start(metrics: &'static Metrics) -> SocketAddr {
        let listener = listen("127.0.0.1", 0, 16).expect("a free port");
        // As a server's acceptor would leave it.
        listener.set_nonblocking(true).expect("it is ours");
        let address = listener.local_addr().expect("bound").as_socket().expect("TCP");
        thread::spawn(move || serve(&listener, metrics));
        address
    }

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(5 * PATIENCE)).expect("not zero");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer in time, and the end");
        answer
    }

    /// Each row: method and target, further fields; status line; what else is in the answer.
    const CASES: [(&str, &str, &str, &str); 15] = [
        (
            "GET /metrics",
            "",
            "200 OK",
            "\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n",
        ),
        ("GET /metrics", "", "200 OK", "\nlevels_requests_total 0\n"),
        ("GET /metrics?x=y", "", "200 OK", "\n# EOF\n"),
        ("HEAD /metrics", "", "200 OK", "\r\nContent-Length: "),
        ("GET /healthz", "", "200 OK", "\r\n\r\nok\n"),
        ("HEAD /healthz", "", "200 OK", "\r\nContent-Length: 3\r\n"),
        ("GET /readyz", "", "503 Service Unavailable", "\r\nRetry-After: 1\r\n"),
        ("GET /readyz", "", "503 Service Unavailable", "\r\n\r\nnot ready\n"),
        ("GET /", "", "404 Not Found", ""),
        ("OPTIONS /metrics/", "", "404 Not Found", ""),
        ("OPTIONS /metrics", "", "204 No Content", "\r\nAllow: GET, HEAD, OPTIONS\r\n"),
        ("OPTIONS *", "", "204 No Content", "\r\nAllow: GET, HEAD, OPTIONS\r\n"),
        ("DELETE /healthz", "", "405 Method Not Allowed", "\r\nAllow: GET, HEAD, OPTIONS\r\n"),
        ("POST /readyz", "Content-Length: 1\r\n", "405 Method Not Allowed", ""),
        ("GET /metrics", "Content-Length: 1\r\n", "413 Content Too Large", ""),
    ];

    #[test]
    fn answers_each_route_and_nothing_else() {
        let address = start(Metrics::new().expect("memory"));
        for (line, fields, status, part) in CASES {
            let answer = ask(address, &format!("{line} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{line}: {answer}");
            assert!(answer.contains(part), "{line}: {answer}");
            let is_bodiless = line.starts_with("HEAD");
            assert_eq!(answer.ends_with("\r\n\r\n"), is_bodiless || status.starts_with("204"));
        }
    }

    #[test]
    fn is_ready_when_the_server_is() {
        let metrics = Metrics::new().expect("memory");
        let address = start(metrics);
        for (is_ready, status) in [(false, 503), (true, 200), (false, 503)] {
            metrics.set_ready(is_ready);
            let answer = ask(address, "GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
    }

    #[test]
    fn a_stuck_scraper_keeps_others_waiting_but_not_for_long() {
        let address = start(Metrics::new().expect("memory"));
        let silent = TcpStream::connect(address).expect("it listens");
        let mut slow = TcpStream::connect(address).expect("it listens");
        slow.write_all(b"GET /metrics HT").expect("sent");
        let answer = ask(address, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(answer.ends_with("ok\n"), "{answer}");
        drop((silent, slow));
    }
}
