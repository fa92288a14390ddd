//! What happens when more comes than the server can bear.

use level1_blocking::conformance::process::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

const SLOW: &str = "GET /work?ms=700&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n";

#[test]
fn a_full_queue_turns_new_clients_away_and_no_others() {
    let server = Server::start(BINARY, &["--workers", "1", "--queue", "1"]);
    let mut known = server.connect();
    assert_eq!(known.get("/hello").status(), 200);
    let mut busy = server.connect();
    assert_eq!(busy.get("/hello").status(), 200);
    busy.send(SLOW);
    // The one behind it may be queued, or be served first: either way the queue is full after
    // so many, and long before the slow one has been answered.
    let mut refused = 0;
    let mut clients: Vec<_> = (0..5).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send("GET /work?ms=1 HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    known.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
    while clients.iter().filter(|client| client.has_answer()).count() < 3 {
        assert!(!busy.has_answer(), "those for whom there is no room are told at once");
    }
    for client in &mut clients {
        let answer = client.receive();
        if answer.status() == 503 {
            assert_eq!(answer.field("Retry-After"), Some("1"));
            assert_eq!(answer.field("Connection"), Some("close"));
            client.finish();
            assert_eq!(client.read_to_end(), b"");
            refused += 1;
        } else {
            assert_eq!(answer.status(), 200);
        }
    }
    assert!(refused >= 3, "{refused} of 5 were turned away");
    assert_eq!(known.receive().status(), 200, "who was served before waits its turn");
    assert_eq!(busy.receive().status(), 200);
    assert_eq!(server.connect().get("/hello").status(), 200, "and it is over");
}
