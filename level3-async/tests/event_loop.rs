//! The loop itself: who is let in and when, who has a turn and when, and how others reach it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use level1_blocking::{
    conformance::process::Server,
    handler::{Admission, Handler, Request},
    http::{head::Head, limits::Limits, response::Response, status::Status},
    options::listen::Supported,
    session::Application,
    stop::Stop,
};
use level2_threads::{capacity::Capacity, listeners, metrics::Metrics};
use level3_async::event_loop::{EventLoop, Remote};

const BINARY: &str = env!("CARGO_BIN_EXE_level3-async");

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// An application that says its name.
struct Named(&'static str);

impl Handler for Named {
    fn admit(&self, _: &Head<'_>) -> Admission {
        Admission::Accept { body_len_max: u64::MAX }
    }

    fn handle(&self, _: Request<'_>) -> Response {
        Response::text(Status::OK, self.0)
    }
}

fn application(name: &'static str) -> Application {
    Application { handler: Arc::new(Named(name)), limits: Arc::new(Limits::default()) }
}

/// A loop on a thread of its own, until it is dropped.
struct Running {
    address: SocketAddr,
    remote: Arc<Remote>,
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(places: usize, more: &[&str]) -> Self {
        let listens = ["127.0.0.1:0"].iter().chain(more);
        let listens: Result<Vec<_>, _> = listens.map(|text| Supported::PLAIN.parse(text)).collect();
        let listeners = listeners::bind("--listen", &listens.expect("addresses"), 100);
        let listeners = listeners.expect("free addresses");
        let address = listeners[0].socket.local_addr().ok().and_then(|address| address.as_socket());
        let shard = Metrics::new().expect("memory").shard();
        let stop = Arc::new(Stop::new(PATIENCE));
        let event_loop = EventLoop::new(listeners, application("first"), shard, Arc::clone(&stop));
        let event_loop = event_loop.expect("a loop");
        let remote = event_loop.remote();
        let waker = Arc::clone(&remote);
        let capacity = Arc::new(Capacity::new(places, move || waker.wake()));
        let thread = thread::spawn(move || event_loop.run(&capacity).expect("a loop that runs"));
        Self { address: address.expect("an address"), remote, stop, thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the loop listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.request();
        self.remote.wake();
        if let Some(thread) = self.thread.take() {
            let outcome = thread.join();
            assert!(outcome.is_ok() || thread::panicking(), "the loop ended well");
        }
    }
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n";

fn ask(stream: &mut (impl std::io::Read + std::io::Write)) -> String {
    stream.write_all(REQUEST).expect("a connection");
    answer(stream)
}

/// The body of the next answer.
fn answer(stream: &mut impl std::io::Read) -> String {
    let mut bytes = [0; 1000];
    let len = stream.read(&mut bytes).expect("an answer in time");
    let text = String::from_utf8_lossy(&bytes[..len]);
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a whole answer")
}

#[test]
fn whoever_comes_after_a_reload_meets_the_other_application() {
    let running = Running::start(10, &[]);
    let mut before = running.connect();
    assert_eq!(ask(&mut before), "first");
    running.remote.reload(application("second"));
    assert_eq!(ask(&mut running.connect()), "second");
    assert_eq!(ask(&mut before), "first");
}

#[test]
fn at_the_cap_clients_wait_until_somebody_leaves() {
    let running = Running::start(2, &[]);
    let (mut first, mut second, mut third) =
        (running.connect(), running.connect(), running.connect());
    third.write_all(REQUEST).expect("the kernel's queue takes it");
    for _ in 0..10 {
        assert_eq!(ask(&mut first), "first");
        assert_eq!(ask(&mut second), "first");
    }
    third.set_nonblocking(true).expect("a socket");
    assert!(third.read(&mut [0]).is_err(), "it is not served while two are");
    third.set_nonblocking(false).expect("a socket");
    drop(first);
    assert_eq!(answer(&mut third), "first");
}

#[test]
fn unix_sockets_are_served_beside_the_others() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("event_loop.sock");
    let running = Running::start(10, &[&format!("unix:{}", path.display())]);
    assert_eq!(ask(&mut UnixStream::connect(&path).expect("the loop listens")), "first");
    assert_eq!(ask(&mut running.connect()), "first");
    drop(running);
    assert!(!path.exists(), "a stop removes it");
}

#[test]
fn who_asks_without_end_does_not_keep_the_others_waiting() {
    let running = Running::start(10, &[]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            let greedy = running.connect();
            let mut sender = greedy.try_clone().expect("a descriptor");
            let is_over = &is_over;
            scope.spawn(move || {
                let requests = REQUEST.repeat(1000);
                while !is_over.load(Ordering::Relaxed) && sender.write_all(&requests).is_ok() {}
                let _ = sender.shutdown(std::net::Shutdown::Write);
            });
            scope.spawn(move || {
                let mut bytes = vec![0; 100_000];
                while matches!((&greedy).read(&mut bytes), Ok(1..)) {}
            });
        }
        let mut modest = running.connect();
        for _ in 0..200 {
            assert_eq!(ask(&mut modest), "first");
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn out_of_descriptors_it_serves_those_inside_and_recovers() {
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("few_descriptors.sh");
    fs::write(&script, format!("#!/bin/sh\nulimit -n 24; exec {BINARY} \"$@\"\n"))
        .and_then(|()| fs::set_permissions(&script, fs::Permissions::from_mode(0o755)))
        .expect("a script");
    let server = Server::start(&script.display().to_string(), &[]);
    let mut clients: Vec<_> = (0..40).map(|_| server.connect()).collect();
    server.diagnostic("cannot accept");
    assert_eq!(clients[0].get("/hello").status(), 200);
    let mut last = clients.pop().expect("forty");
    drop(clients);
    assert_eq!(last.get("/hello").status(), 200);
}

#[test]
fn what_is_logged_about_a_request_names_its_client() {
    let root = env!("CARGO_TARGET_TMPDIR");
    for (format, client) in
        [("combined", " client=127.0.0.1"), ("json", r#","client":"127.0.0.1"}"#)]
    {
        let server = Server::start(BINARY, &["--root", root, "--log", format]);
        server.exchange(b"GET /%2e%2e/secret HTTP/1.1\r\nHost: test\r\n\r\n");
        let line = server.diagnostic("path traversal refused");
        assert!(line.ends_with(client), "{line}");
    }
}
