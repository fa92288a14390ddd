//! Out of descriptors: accepting pauses, those inside are served, and it recovers.

use std::{net::TcpStream, process::Command};

use level1_blocking::conformance::{
    client::Client,
    process::{Server, connect},
};

use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

/// A server that may open so many files.
fn start(model: &str, open_files: u32, flags: &[&str]) -> Server {
    let limited = format!("ulimit -n {open_files}; exec \"$0\" \"$@\"");
    Server::start_with("sh", |command: &mut Command| {
        command.args(["-c", &limited, BINARY, "--listen", "127.0.0.1:0"]);
        command.args(["--model", model, "--log", "off"]).args(flags);
    })
}

/// Clock ticks that a process has used.
fn processor_time(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("Linux");
    let (_, fields) = stat.rsplit_once(") ").expect("a name");
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    ticks(11) + ticks(12)
}

#[test]
fn clients_wait_and_none_is_lost() {
    // In the process model the children have the descriptors.
    for model in ["thread", "pool"] {
        let server = start(model, 24, &[]);
        let mut inside = server.connect();
        assert_eq!(inside.get("/hello").status(), 200);
        let mut others: Vec<Client> = (0..60).map(|_| server.connect()).collect();
        server.diagnostic("cannot accept");
        let before = processor_time(server.id());
        for _ in 0..20 {
            assert_eq!(inside.get("/work?ms=50").status(), 200, "{model}");
        }
        let spent = processor_time(server.id()) - before;
        assert!(spent < 50, "{model}: {spent} ticks in a second of waiting");
        drop(inside);
        for client in others.iter_mut().rev().take(10) {
            client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        }
        others.drain(..50);
        for client in &mut others {
            assert_eq!(client.receive().text(), "Hello, World!\n", "{model}");
        }
    }
}

#[test]
fn a_cap_on_connections_keeps_the_others_waiting() {
    for model in ["thread", "pool", "process"] {
        let flags = ["--model", model, "--max-connections", "3", "--log", "off"];
        let server = Server::start(BINARY, &flags);
        let mut inside: Vec<Client> = (0..3).map(|_| server.connect()).collect();
        for client in &mut inside {
            assert_eq!(client.get("/hello").status(), 200, "{model}");
        }
        let mut outside = connect(server.address());
        outside.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        for client in &mut inside {
            assert_eq!(client.get("/hello").status(), 200, "{model}");
        }
        assert!(!outside.has_answer(), "{model}: let in beyond the cap");
        drop(inside.pop());
        assert_eq!(outside.receive().status(), 200, "{model}");
    }
}

#[test]
fn a_stop_at_the_cap_closes_the_idle_and_answers_the_others() {
    for model in ["thread", "pool", "process"] {
        let flags = ["--model", model, "--max-connections", "3", "--drain-timeout", "1h"];
        let mut server = Server::start(BINARY, &flags);
        let mut idle: Vec<Client> = (0..3).map(|_| server.connect()).collect();
        for client in &mut idle {
            assert_eq!(client.get("/hello").status(), 200, "{model}");
        }
        let mut queued: Vec<Client> = (0..4).map(|_| server.connect()).collect();
        for client in &mut queued {
            client.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
            client.finish();
        }
        server.signal(Signal::TERM);
        for client in &mut idle {
            assert_eq!(client.read_to_end(), b"", "{model}");
        }
        for client in &mut queued {
            assert_eq!(client.receive().text(), "Hello, World!\n", "{model}");
        }
        assert_eq!(server.wait().code(), Some(0), "{model}");
    }
}

#[test]
fn a_stop_without_descriptors_does_not_wait_for_the_idle() {
    let timeouts = ["--drain-timeout", "--silent-timeout", "--head-timeout"];
    let flags = timeouts.map(|flag| [flag, "1h"]).concat();
    let mut server = start("pool", 24, &flags);
    let mut inside = server.connect();
    assert_eq!(inside.get("/hello").status(), 200);
    let mut others: Vec<Client> = (0..20).map(|_| server.connect()).collect();
    server.diagnostic("cannot accept");
    server.signal(Signal::TERM);
    for client in others.iter_mut().chain([&mut inside]) {
        assert_eq!(client.read_to_end(), b"");
    }
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn many_short_connections_leave_nothing_behind() {
    for model in ["thread", "pool", "process"] {
        let server = Server::start(BINARY, &["--model", model, "--log", "off"]);
        let count = || {
            let fds = std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("Linux");
            fds.count()
        };
        assert_eq!(server.connect().get("/hello").status(), 200);
        let before = count();
        for _ in 0..300 {
            drop(TcpStream::connect(server.address()).expect("it listens"));
            assert_eq!(server.connect().get("/hello").status(), 200, "{model}");
        }
        // The last ones may be on their way out.
        let mut after = count();
        for _ in 0..1000 {
            if after <= before + 1 {
                break;
            }
            assert_eq!(server.connect().get("/hello").status(), 200);
            after = count();
        }
        assert!(after <= before + 2, "{model}: {before} descriptors became {after}");
    }
}
