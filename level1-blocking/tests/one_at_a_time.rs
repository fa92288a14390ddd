//! The level's lesson, as a fact: while one client is served, another waits.

use std::io::Write as _;

use level1_blocking::conformance::process::Server;
use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level1-blocking");

#[test]
fn a_second_client_waits_for_the_first() {
    let server = Server::start(BINARY, &[]);
    let (mut slow, mut quick) = (server.connect(), server.connect());
    quick.send("GET /hello HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    slow.send("GET /work?ms=300&kind=sleep HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    // The second has been answered; so the first has been, in the order they connected.
    assert!(quick.receive().text().starts_with("Hello"));
    assert!(slow.has_answer(), "the quick client was served first");
    assert_eq!(slow.receive().text(), "300 ms of sleep\n");
}

#[test]
fn a_silent_client_delays_the_others_only_for_a_while() {
    let server = Server::start(BINARY, &["--silent-timeout", "50ms"]);
    let mut silent = server.connect();
    assert_eq!(server.connect().get("/hello").status(), 200);
    assert_eq!(silent.read_to_end(), b"", "closed without an answer");
}

#[test]
fn an_idle_client_is_closed_at_once_and_kept_on_demand() {
    let server = Server::start(BINARY, &[]);
    let mut idle = server.connect();
    assert_eq!(idle.get("/hello").status(), 200);
    assert_eq!(server.connect().get("/hello").status(), 200, "the idle one does not hold it up");
    assert_eq!(idle.read_to_end(), b"");

    let patient = Server::start(BINARY, &["--idle-timeout", "60s"]);
    let mut client = patient.connect();
    for _ in 0..3 {
        assert_eq!(client.get("/hello").status(), 200);
    }
}

#[test]
fn requests_that_have_come_are_all_answered() {
    let server = Server::start(BINARY, &[]);
    let answers = server.exchange(&b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n".repeat(500));
    assert_eq!(answers.matches("Hello, World!\n").count(), 500);
}

#[test]
fn a_slow_head_and_a_slow_body_are_answered_408() {
    let flags = ["--head-timeout", "100ms", "--body-timeout", "100ms"];
    let server = Server::start(BINARY, &flags);
    for request in
        ["GET /hello HT", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nabc"]
    {
        let mut client = server.connect();
        client.send(request);
        let answer = client.receive();
        assert_eq!(answer.status(), 408, "{request:?}");
        assert_eq!(answer.field("Connection"), Some("close"), "{request:?}");
    }
}

#[test]
fn a_client_that_vanishes_leaves_the_server_well() {
    let server = Server::start(BINARY, &[]);
    for request in
        ["", "GET /", "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9999\r\n\r\nabc"]
    {
        for _ in 0..20 {
            let mut stream = std::net::TcpStream::connect(server.address()).expect("a connection");
            stream.write_all(request.as_bytes()).expect("sent");
            // Closed with a reset, as by a client that is killed.
            socket2::SockRef::from(&stream)
                .set_linger(Some(std::time::Duration::ZERO))
                .expect("set");
        }
    }
    assert_eq!(server.connect().get("/hello").status(), 200);
}

#[test]
fn a_stop_still_answers_the_request_in_hand_and_those_in_the_queue() {
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
