//! The level's lesson, and its defect: nobody waits for a slow client any more, and everybody
//! for a slow handler.

use level1_blocking::conformance::{client::Client, process::Server};

const BINARY: &str = env!("CARGO_BIN_EXE_level3-async");

const SLOW: &str = "GET /work?ms=500&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n";

#[test]
fn a_handler_that_blocks_freezes_everyone() {
    let server = Server::start(BINARY, &[]);
    let (mut slow, mut quick) = (server.connect(), server.connect());
    assert_eq!(slow.get("/hello").status(), 200);
    assert_eq!(quick.get("/hello").status(), 200, "both are inside");
    slow.send(SLOW);
    // Sent behind the other, and so it is read after it, or in the same round.
    quick.send("GET /work?ms=1 HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(quick.receive().status(), 200);
    assert!(slow.has_answer(), "the quick client was answered while the handler slept");
}

#[test]
fn with_more_loops_a_handler_freezes_only_its_own() {
    let server = Server::start(BINARY, &["--workers", "4"]);
    let mut slow = server.connect();
    assert_eq!(slow.get("/hello").status(), 200);
    slow.send(SLOW);
    // The kernel deals connections to the loops; one of so many meets another loop.
    let mut others: Vec<Client> = (0..32).map(|_| server.connect()).collect();
    for client in &mut others {
        client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    let is_served = |client: &Client| client.has_answer();
    while !others.iter().any(is_served) {
        assert!(!slow.has_answer(), "all loops waited for one handler");
    }
    assert_eq!(slow.receive().status(), 200);
    for client in &mut others {
        assert_eq!(client.receive().status(), 200);
    }
}

#[test]
fn slow_clients_cost_a_session_each_and_end_at_their_deadlines() {
    let flags = ["--head-timeout", "300ms", "--body-timeout", "300ms", "--silent-timeout", "300ms"];
    let server = Server::start(BINARY, &flags);
    let slow = |start: &str| -> Vec<Client> {
        let connect = |_| {
            let mut client = server.connect();
            client.send(start);
            client
        };
        (0..100).map(connect).collect()
    };
    let mut silent = slow("");
    let mut heads = slow("GET /hello HT");
    let mut bodies = slow("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\nabc");
    assert_eq!(server.connect().get("/hello").status(), 200);
    for client in heads.iter_mut().chain(&mut bodies) {
        let answer = client.receive();
        assert_eq!((answer.status(), answer.field("Connection")), (408, Some("close")));
    }
    for client in &mut silent {
        assert_eq!(client.read_to_end(), b"");
    }
}
