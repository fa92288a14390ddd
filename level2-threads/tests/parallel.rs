//! Many clients at once, under every model: none waits for another, and each gets its own
//! answer.

use std::{net::TcpStream, thread};

use level1_blocking::conformance::{client::Client, process::Server};

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

const MODELS: [&str; 3] = ["thread", "pool", "process"];

fn start(model: &str, flags: &[&str]) -> Server {
    Server::start(BINARY, &[&["--model", model, "--log", "off"], flags].concat())
}

#[test]
fn two_clients_do_not_wait_for_one_another() {
    for model in MODELS {
        let server = start(model, &[]);
        let (mut slow, mut quick) = (server.connect(), server.connect());
        slow.send("GET /work?ms=1000&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
        quick.send("GET /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        assert_eq!(quick.receive().text(), "Hello, World!\n", "{model}");
        assert!(!slow.has_answer(), "{model}: the quick one was served first");
        assert_eq!(slow.receive().text(), "1000 ms of sleep\n", "{model}");
    }
}

#[test]
fn five_hundred_requests_at_once_are_all_answered() {
    const CLIENTS: usize = 500;
    for model in MODELS {
        let server = start(model, &[]);
        let address = server.address();
        let ask = |number: usize| {
            let mut client = Client::new(TcpStream::connect(address).expect("a connection"));
            for round in 0..3 {
                let body = format!("client {number}, round {round}");
                let len = body.len();
                client.send(format!(
                    "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {len}\r\n\r\n{body}"
                ));
                assert_eq!(client.receive().text(), body, "{model}");
            }
        };
        thread::scope(|scope| {
            for number in 0..CLIENTS {
                scope.spawn(move || ask(number));
            }
        });
    }
}

#[test]
fn two_thousand_connections_have_a_thread_each() {
    const CLIENTS: usize = 2000;
    let server = start("thread", &[]);
    let mut clients: Vec<Client> = (0..CLIENTS).map(|_| server.connect()).collect();
    for round in 0..2 {
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(format!(
                "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n{number:04}"
            ));
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.receive().text(), format!("{number:04}"), "round {round}");
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("Linux");
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:"));
    let threads: usize = threads.expect("a count").trim().parse().expect("a number");
    assert!(threads > CLIENTS, "{threads} threads");
}
