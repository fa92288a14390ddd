//! The trap of every pool, and the way out: clients that do nothing must not keep workers.

use level1_blocking::conformance::{client::Client, process::Server};

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

/// Clients that keep their connection open after an answer.
fn idle_clients(server: &Server, count: usize) -> Vec<Client> {
    let connect = |_| {
        let mut client = server.connect();
        assert_eq!(client.get("/hello").status(), 200);
        client
    };
    (0..count).map(connect).collect()
}

#[test]
fn idle_clients_that_hold_their_workers_starve_the_others() {
    let flags = ["--workers", "2", "--idle-clients", "hold", "--idle-timeout", "300ms"];
    let server = Server::start(BINARY, &flags);
    let idle = idle_clients(&server, 2);
    let mut starved = server.connect();
    assert_eq!(starved.get("/hello").status(), 200, "in the end");
    let has_closed = idle.iter().any(Client::has_answer);
    assert!(has_closed, "it was answered before an idle client had been closed");
}

#[test]
fn idle_clients_that_yield_starve_nobody() {
    let server = Server::start(BINARY, &["--workers", "2"]);
    let mut idle = idle_clients(&server, 50);
    for _ in 0..3 {
        assert_eq!(server.connect().get("/hello").status(), 200);
        for client in &mut idle {
            assert!(!client.has_answer(), "an idle client was closed");
            assert_eq!(client.get("/hello").status(), 200);
        }
    }
}

#[test]
fn clients_that_are_slow_to_send_starve_nobody() {
    let server = Server::start(BINARY, &["--workers", "2"]);
    let slow = |start: &str, count: usize| -> Vec<Client> {
        let connect = |_| {
            let mut client = server.connect();
            client.send(start);
            client
        };
        (0..count).map(connect).collect()
    };
    let mut heads = slow("GET /hello HTTP/1.1\r\nHo", 20);
    let mut bodies = slow("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhel", 20);
    let silent = slow("", 20);
    assert_eq!(server.connect().get("/hello").status(), 200);
    assert!(!silent.iter().chain(&heads).chain(&bodies).any(Client::has_answer));
    for client in &mut heads {
        client.send("st: test\r\n\r\n");
        assert_eq!(client.receive().text(), "Hello, World!\n");
    }
    for client in &mut bodies {
        client.send("lo");
        assert_eq!(client.receive().text(), "hello");
    }
}

#[test]
fn a_client_that_never_stops_sending_leaves_the_others_their_turn() {
    let server = Server::start(BINARY, &["--workers", "1", "--log", "off"]);
    let mut busy = server.connect();
    // More than the buffers on the way hold, so that some of it is always left to do.
    let requests = "GET /hello HTTP/1.1\r\nHost: test\r\n\r\n".repeat(20_000);
    let (others, address) = (server.connect(), server.address());
    drop(others);
    std::thread::scope(|scope| {
        let endless = scope.spawn(move || {
            busy.send(&requests);
            busy
        });
        let mut other = Client::new(std::net::TcpStream::connect(address).expect("a connection"));
        assert_eq!(other.get("/hello").status(), 200);
        drop(server);
        drop(endless);
    });
}

#[test]
fn handlers_that_block_do_keep_the_workers() {
    let server = Server::start(BINARY, &["--workers", "2"]);
    let mut busy = [server.connect(), server.connect()];
    for client in &mut busy {
        client.send("GET /work?ms=400&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    // Both are being served when the one behind them is queued.
    let mut third = server.connect();
    third.send("GET /work?ms=0 HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(third.receive().status(), 200);
    assert!(busy.iter().any(Client::has_answer), "the third did not wait for a worker");
}
