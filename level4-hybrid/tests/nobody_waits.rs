//! The level's lesson: a handler that blocks keeps nobody waiting, until the pool is full.

use std::fs;

use level1_blocking::conformance::{
    client::Client,
    process::{Server, connect},
};

const BINARY: &str = env!("CARGO_BIN_EXE_level4-hybrid");

fn work(ms: u32, kind: &str) -> String {
    format!("GET /work?ms={ms}&kind={kind} HTTP/1.1\r\nHost: test\r\n\r\n")
}

#[test]
fn a_handler_that_blocks_keeps_nobody_waiting() {
    for sharing in ["none", "stealing"] {
        let server = Server::start(BINARY, &["--workers", "1", "--sharing", sharing]);
        for kind in ["sleep", "cpu", "file"] {
            let (mut slow, mut quick) = (server.connect(), server.connect());
            assert_eq!(slow.get("/hello").status(), 200);
            slow.send(work(1000, kind));
            for _ in 0..10 {
                assert_eq!(quick.get("/hello").text(), "Hello, World!\n");
                assert_eq!(quick.get("/style.css").status(), 200);
            }
            assert!(!slow.has_answer(), "{sharing}, {kind}: the quick ones waited");
            assert_eq!(slow.receive().text(), format!("1000 ms of {kind}\n"));
        }
    }
}

#[test]
fn what_the_pool_cannot_take_is_turned_away_at_once() {
    let flags = ["--workers", "1", "--blocking-threads", "1", "--blocking-queue", "1"];
    let server = Server::start(BINARY, &flags);
    let mut clients: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.get("/hello").status(), 200);
        client.send(work(500, "sleep"));
    }
    // One is at work and one waits; which clients they are depends on who was read first.
    let answers: Vec<_> = clients.iter_mut().map(Client::receive).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status() == 503).collect();
    assert!(matches!(refused.len(), 2 | 3), "{answers:?}");
    assert!(refused.iter().all(|answer| answer.field("Retry-After") == Some("1")));
    // A refusal costs the answer and not the connection.
    for client in &mut clients {
        assert_eq!(client.get("/hello").status(), 200);
    }
}

#[test]
fn the_pool_shows_in_the_metrics() {
    let server = Server::start(BINARY, &["--blocking-threads", "3", "--admin", "127.0.0.1:0"]);
    let line = server.diagnostic("metrics and health on http://");
    let (_, address) = line.split_once("http://").expect("just found");
    let admin = address.trim_end().trim_end_matches('/').parse().expect("an address");
    assert_eq!(server.connect().get("/work?ms=1").status(), 200);
    let figures = connect(admin).get("/metrics").text();
    for line in ["levels_pool_threads 3\n", "levels_queue_length 0\n"] {
        assert!(figures.contains(line), "{figures}");
    }
    assert!(figures.contains("levels_queue_wait_seconds_count 1\n"), "{figures}");
}

#[test]
fn all_workers_have_clients() {
    for sharing in ["none", "stealing"] {
        let server = Server::start(BINARY, &["--workers", "4", "--sharing", sharing]);
        let mut clients: Vec<Client> = (0..64).map(|_| server.connect()).collect();
        for client in &mut clients {
            assert_eq!(client.get("/hello").status(), 200);
        }
        let threads = fs::read_dir(format!("/proc/{}/task", server.id())).expect("Linux");
        let names =
            threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        let workers = names.filter(|name| name == "worker\n").count();
        assert!(matches!(workers, 4..=5), "{sharing}: {workers}");
    }
}
