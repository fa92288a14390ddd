//! What a stop does to a connection, in each of its states: one case a state, for every level.
//!
//! | connection | what happens to it |
//! |---|---|
//! | idle, or silent so far | closed |
//! | half a head, or half a body, has come | the rest may still come; then it is answered |
//! | in a handler | the answer is sent, with `Connection: close` |
//! | in a handler, with more requests behind it | all that have come are answered |
//! | being answered | the answer is finished |
//! | in the kernel's queue | accepted, and answered if its request has come |
//! | whatever else is left at the end of the drain | closed |

use std::{
    fs::File,
    io::{self, Read, Write},
    net::TcpStream,
    process::ExitCode,
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use libtest_mimic::{Arguments, Trial};
use rustix::process::Signal;

use super::process::Server;

/// A way to start a level: a name for it, the binary, and flags.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// What it is called in the test's name.
    pub name: &'static str,
    /// The level's binary.
    pub binary: &'static str,
    /// The flags that make it what it is.
    pub flags: &'static [&'static str],
}

impl Variant {
    fn start(&self, flags: &[&str]) -> Server {
        Server::start(self.binary, &[self.flags, flags].concat())
    }
}

/// The cases as a test program, for each variant.
pub fn main(variants: &[Variant]) -> ExitCode {
    let trials = variants.iter().flat_map(|variant| {
        CASES.iter().map(|(name, check)| {
            let variant = *variant;
            Trial::test(format!("{}/{name}", variant.name), move || {
                check(variant);
                Ok(())
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

type Check = fn(Variant);

const CASES: &[(&str, Check)] = &[
    ("an-unused-server-exits-with-0", unused),
    ("an-idle-connection-is-closed", idle),
    ("a-silent-connection-is-closed", silent),
    ("half-a-head-may-be-finished", half_a_head),
    ("half-a-body-may-be-finished", half_a_body),
    ("a-request-in-a-handler-is-answered", in_a_handler),
    ("requests-that-have-come-behind-it-are-answered-too", pipelined),
    ("an-answer-on-its-way-is-finished", being_answered),
    ("whoever-never-ends-is-closed-at-the-end", never_ending),
    ("a-second-signal-ends-it-at-once", second_signal),
    ("clients-who-keep-coming-are-answered-or-refused", under_load),
];

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";

fn unused(variant: Variant) {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = variant.start(&[]);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
    }
}

fn idle(variant: Variant) {
    let mut server = variant.start(&["--drain-timeout", "1h"]);
    let mut client = server.connect();
    assert_eq!(client.get("/hello").status(), 200);
    server.signal(Signal::TERM);
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn silent(variant: Variant) {
    let mut server = variant.start(&["--drain-timeout", "1h", "--silent-timeout", "1h"]);
    let mut client = server.connect();
    server.signal(Signal::TERM);
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn half_a_head(variant: Variant) {
    let mut server = variant.start(&[]);
    let mut client = server.connect();
    client.send(format!("{HELLO}GET /hello HTTP/1.1\r\nHo"));
    assert_eq!(client.receive().status(), 200, "the half behind it has come too");
    server.signal(Signal::TERM);
    client.send("st: test\r\n\r\n");
    // The server may learn of the stop a little later than of this; in the end it closes.
    assert_eq!(client.receive().text(), "Hello, World!\n");
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn half_a_body(variant: Variant) {
    let mut server = variant.start(&[]);
    let mut client = server.connect();
    let head = "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\n";
    client.send(format!("{HELLO}{head}hel"));
    assert_eq!(client.receive().status(), 200, "the half behind it has come too");
    server.signal(Signal::TERM);
    client.send("lo");
    assert_eq!(client.receive().text(), "hello");
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn in_a_handler(variant: Variant) {
    let mut server = variant.start(&[]);
    let mut client = server.connect();
    client.send(HELLO);
    assert_eq!(client.receive().status(), 200, "it is being served");
    client.send("GET /work?ms=300&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
    server.signal(Signal::TERM);
    let answer = client.receive();
    assert_eq!((answer.status(), answer.field("Connection")), (200, Some("close")));
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn pipelined(variant: Variant) {
    let mut server = variant.start(&[]);
    let mut client = server.connect();
    client.send(HELLO);
    assert_eq!(client.receive().status(), 200, "it is being served");
    let work = "GET /work?ms=300&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n";
    client.send(format!("{work}{}", HELLO.repeat(5)));
    server.signal(Signal::TERM);
    let closing = (0..6).map(|_| {
        let answer = client.receive();
        assert_eq!(answer.status(), 200);
        answer.field("Connection") == Some("close")
    });
    assert_eq!(closing.collect::<Vec<_>>(), [false, false, false, false, false, true]);
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}

fn being_answered(variant: Variant) {
    // More than the buffers on the way hold: the rest is unsent when the signal comes.
    const LEN: usize = 16 * 1024 * 1024;
    let root = tempfile::tempdir().expect("a folder");
    File::create(root.path().join("large"))
        .and_then(|file| file.set_len(LEN as u64))
        .expect("a large file");
    let mut server = variant.start(&["--root", &root.path().display().to_string()]);
    let mut client = server.connect();
    client.send("GET /large HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    let head = client.receive_head();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    server.signal(Signal::TERM);
    assert_eq!(client.read_to_end().len(), LEN);
    assert_eq!(server.wait().code(), Some(0));
}

fn never_ending(variant: Variant) {
    let mut server = variant.start(&["--drain-timeout", "300ms"]);
    let mut client = server.connect();
    client.send(format!("{HELLO}GET /hello HTTP/1.1\r\nHo"));
    assert_eq!(client.receive().status(), 200, "the half behind it has come too");
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
}

fn second_signal(variant: Variant) {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = variant.start(&[]);
        let mut client = server.connect();
        client.send(HELLO);
        assert_eq!(client.receive().status(), 200);
        client.send("GET /work?ms=10000&kind=cpu HTTP/1.1\r\nHost: test\r\n\r\n");
        // Which of two equal signals at once is first does not matter.
        server.signal(signal);
        while server.is_running() {
            server.signal(signal);
        }
        assert_eq!(server.wait().code(), Some(code), "{signal:?}");
    }
}

/// Whoever has sent a request before the stop is answered, however many come.
fn under_load(variant: Variant) {
    const CLIENTS: usize = 20_000;
    let mut server = variant.start(&["--log", "off", "--drain-timeout", "1h"]);
    let address = server.address();
    let is_told = AtomicBool::new(false);
    let (started, is_under_load) = mpsc::channel();
    let ask = |is_told: &AtomicBool| -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")?;
        let came_before = !is_told.load(Ordering::SeqCst);
        let mut answer = Vec::new();
        let outcome = stream.read_to_end(&mut answer);
        let is_answered = outcome.is_ok() && answer.ends_with(b"Hello, World!\n");
        assert!(is_answered || !came_before, "{outcome:?}: {}", answer.escape_ascii());
        if is_answered { Ok(()) } else { Err(io::ErrorKind::ConnectionReset.into()) }
    };
    thread::scope(|scope| {
        let keep_coming = || {
            (0..CLIENTS).any(|_| {
                let outcome = ask(&is_told);
                let _ = started.clone().send(());
                outcome.is_err()
            })
        };
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(keep_coming)).collect();
        for _ in 0..100 {
            is_under_load.recv().expect("clients");
        }
        is_told.store(true, Ordering::SeqCst);
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0));
        for client in clients {
            assert!(client.join().expect("a client"), "it stopped while they came");
        }
    });
}
