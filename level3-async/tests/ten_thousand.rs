//! What the level is for: ten thousand clients on one thread, most of them idle.

use std::{fs, io::Write as _, net::TcpStream};

use level1_blocking::conformance::process::Server;
use level2_threads::descriptors;

const BINARY: &str = env!("CARGO_BIN_EXE_level3-async");

const CLIENTS: u64 = 10_000;

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: test\r\n\r\n";

fn status(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("Linux");
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let digits = value.expect("a line").trim().split(' ').next().expect("a number");
    digits.parse().expect("a number")
}

#[test]
fn ten_thousand_idle_clients_keep_nobody_waiting() {
    // As many as the machine lets a process have; the server is another process.
    let count = CLIENTS.min(descriptors::raise_limit() - 512);
    let server = Server::start(BINARY, &["--log", "off"]);
    assert_eq!(server.connect().get("/hello").status(), 200, "the loop runs");
    let threads = status(&server, "Threads");
    let mut clients: Vec<TcpStream> = Vec::new();
    for _ in 0..count {
        let mut client = TcpStream::connect(server.address()).expect("it accepts");
        client.write_all(HELLO).expect("sent");
        clients.push(client);
    }
    for _ in 0..3 {
        assert_eq!(server.connect().get("/hello").text(), "Hello, World!\n");
    }
    assert_eq!(status(&server, "Threads"), threads, "a client has no thread");
    let mut answer = [0; 1024];
    for client in &mut clients {
        let len = std::io::Read::read(client, &mut answer).expect("an answer");
        assert!(answer[..len].ends_with(b"Hello, World!\n"));
    }
}
