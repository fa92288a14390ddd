//! What happens to each kind of connection when the server is told to stop.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::mpsc,
    thread,
};

use level1_blocking::conformance::process::Server;
use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level1-blocking");

#[test]
fn a_signal_ends_an_unused_server_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(BINARY, &[]);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{signal:?}");
    }
}

#[test]
fn the_request_in_hand_and_those_in_the_queue_are_answered() {
    let mut server = Server::start(BINARY, &["--idle-timeout", "60s"]);
    let (mut busy, mut queued) = (server.connect(), server.connect());
    queued.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    busy.send("GET /work?ms=10&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(busy.receive().status(), 200, "it is being served");
    busy.send("GET /work?ms=200&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
    server.signal(Signal::TERM);
    for (client, text) in [(&mut busy, "200 ms of sleep\n"), (&mut queued, "Hello, World!\n")] {
        let answer = client.receive();
        assert_eq!((answer.status(), answer.text().as_str()), (200, text));
        assert_eq!(answer.field("Connection"), Some("close"));
        client.finish();
        assert_eq!(client.read_to_end(), b"");
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn an_idle_connection_is_closed_and_half_a_head_may_be_finished() {
    let mut server = Server::start(BINARY, &["--idle-timeout", "60s"]);
    let mut idle = server.connect();
    assert_eq!(idle.get("/hello").status(), 200);
    server.signal(Signal::TERM);
    assert_eq!(idle.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));

    let mut server = Server::start(BINARY, &[]);
    let mut half = server.connect();
    half.send("GET /work?ms=1 HTTP/1.1\r\nHost: test\r\n\r\nGET /hello HTTP/1.1\r\nHo");
    assert_eq!(half.receive().status(), 200, "the half behind it has come too");
    server.signal(Signal::TERM);
    half.send("st: test\r\n\r\n");
    assert_eq!(half.receive().text(), "Hello, World!\n");
    half.finish();
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut server = Server::start(BINARY, &["--idle-timeout", "60s"]);
        let mut client = server.connect();
        assert_eq!(client.get("/hello").status(), 200);
        client.send("GET /work?ms=10000&kind=cpu HTTP/1.1\r\nHost: test\r\n\r\n");
        // The first signal is noticed by nobody while the handler works; the second needs
        // nobody. Which of two equal signals at once is first does not matter.
        server.signal(signal);
        while server.is_running() {
            server.signal(signal);
        }
        assert_eq!(server.wait().code(), Some(code), "{signal:?}");
    }
}

#[test]
fn clients_who_keep_coming_do_not_keep_it_from_stopping() {
    const CLIENTS: usize = 20_000;
    let mut server = Server::start(BINARY, &["--log", "off", "--drain-timeout", "1h"]);
    let address = server.address();
    let (started, is_under_load) = mpsc::channel();
    let keep_coming = move || {
        (0..CLIENTS).position(|_| {
            let Ok(mut stream) = TcpStream::connect(address) else { return true };
            let request = b"GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
            let answer = stream.write_all(request).and_then(|()| stream.read(&mut [0; 1024]));
            let _ = started.send(());
            answer.is_err()
        })
    };
    let clients: Vec<_> = (0..4).map(|_| thread::spawn(keep_coming.clone())).collect();
    for _ in 0..100 {
        is_under_load.recv().expect("clients");
    }
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code(), Some(0));
    for client in clients {
        assert!(client.join().expect("a client").is_some(), "it stopped while they came");
    }
}
