//! The process model: what children may do to one another, and what is left of them.

use std::{
    fs,
    io::{BufRead, BufReader},
};

use level1_blocking::conformance::process::Server;
use rustix::process::{Pid, Signal, kill_process};

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

fn start() -> Server {
    Server::start(BINARY, &["--model", "process"])
}

/// Each child's number, and whether it is a zombie.
fn children(server: &Server) -> Vec<(i32, bool)> {
    let parent = format!("PPid:\t{}", server.id());
    let status_of = |entry: fs::DirEntry| {
        let id: i32 = entry.file_name().to_str()?.parse().ok()?;
        let status = BufReader::new(fs::File::open(entry.path().join("status")).ok()?);
        let lines: Vec<String> = status.lines().map_while(Result::ok).collect();
        let is_zombie = lines.iter().any(|line| line.starts_with("State:\tZ"));
        lines.contains(&parent).then_some((id, is_zombie))
    };
    let processes = fs::read_dir("/proc").expect("Linux").filter_map(Result::ok);
    processes.filter_map(status_of).collect()
}

#[test]
fn a_connection_has_a_process_and_leaves_no_zombie() {
    let server = start();
    let mut clients: Vec<_> = (0..10).map(|_| server.connect()).collect();
    for client in &mut clients {
        assert_eq!(client.get("/hello").status(), 200);
    }
    let serving = children(&server);
    assert_eq!(serving.len(), 10);
    assert!(!serving.iter().any(|(_, is_zombie)| *is_zombie));
    drop(clients);
    // Whoever comes later sees those before it gone, soon.
    let mut left = serving.len();
    for _ in 0..2000 {
        assert_eq!(server.connect().get("/hello").status(), 200);
        left = children(&server).iter().filter(|child| serving.contains(child)).count();
        if left == 0 {
            break;
        }
    }
    assert_eq!(left, 0, "children that have ended are still there");
    // The last who came are on their way out, too; nobody has to come for them to be reaped.
    let is_over = (0..1000).any(|_| children(&server).is_empty());
    assert!(is_over, "{:?}", children(&server));
}

#[test]
fn a_child_that_is_killed_takes_one_client_with_it() {
    let server = start();
    let mut victim = server.connect();
    assert_eq!(victim.get("/hello").status(), 200);
    let [(child, _)] = children(&server)[..] else { panic!("one client, one child") };
    let mut other = server.connect();
    assert_eq!(other.get("/hello").status(), 200);
    kill_process(Pid::from_raw(child).expect("a number"), Signal::KILL).expect("a child");
    assert_eq!(victim.read_to_end(), b"", "its connection ends with it");
    server.diagnostic("a child was killed");
    assert_eq!(other.get("/hello").status(), 200);
    assert_eq!(server.connect().get("/hello").status(), 200);
}

#[test]
fn children_do_not_outlive_their_parent() {
    let mut server = start();
    let mut client = server.connect();
    assert_eq!(client.get("/hello").status(), 200);
    server.signal(Signal::KILL);
    server.wait();
    assert_eq!(client.read_to_end(), b"", "the child has ended too");
}

#[test]
fn a_signal_to_all_processes_of_the_service_costs_no_answer() {
    let mut server = start();
    let mut client = server.connect();
    assert_eq!(client.get("/hello").status(), 200);
    let [(child, _)] = children(&server)[..] else { panic!("one client, one child") };
    client.send("GET /work?ms=500&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
    server.signal(Signal::TERM);
    while !client.has_answer() {
        let _ = kill_process(Pid::from_raw(child).expect("a number"), Signal::TERM);
    }
    assert_eq!(client.receive().text(), "500 ms of sleep\n");
    assert_eq!(client.read_to_end(), b"");
    assert_eq!(server.wait().code(), Some(0));
}
