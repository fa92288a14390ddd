//! The admin address: what the server counted, whether it lives, and whether it is ready.

use std::process::Command;

use level1_blocking::conformance::{
    client::Client,
    process::{Server, connect},
};
use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

const MODELS: [&str; 3] = ["thread", "pool", "process"];

/// A server, and a way to its admin address.
fn start(model: &str) -> (Server, impl Fn() -> Client) {
    let server = Server::start_with(BINARY, |command: &mut Command| {
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--model", model]);
    });
    let line = server.diagnostic("metrics and health on http://");
    let (_, address) = line.split_once("http://").expect("just found");
    let address = address.trim_end().trim_end_matches('/').parse().expect("an address");
    (server, move || connect(address))
}

fn value(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().expect("a number")
}

#[test]
fn every_request_is_counted_whoever_answers_it() {
    for model in MODELS {
        let (server, admin) = start(model);
        for _ in 0..20 {
            let mut client = server.connect();
            assert_eq!(client.get("/hello").status(), 200);
            assert_eq!(client.get("/missing").status(), 404);
        }
        let mut open = server.connect();
        assert_eq!(open.get("/hello").status(), 200);
        // The last of them may be about to be noticed as gone.
        let metrics = (0..1000)
            .map(|_| admin().get("/metrics").text())
            .find(|metrics| value(metrics, "levels_connections_open") == 1)
            .expect("the others have left");
        assert_eq!(value(&metrics, "levels_requests_total"), 41, "{model}");
        assert_eq!(value(&metrics, "levels_responses_total{class=\"2xx\"}"), 21, "{model}");
        assert_eq!(value(&metrics, "levels_responses_total{class=\"4xx\"}"), 20, "{model}");
        assert_eq!(value(&metrics, "levels_connections_opened_total"), 21, "{model}");
        assert_eq!(value(&metrics, "levels_handler_time_seconds_count"), 41, "{model}");
        assert!(metrics.ends_with("# EOF\n"), "{model}");
    }
}

#[test]
fn it_is_ready_until_it_drains_and_healthy_to_the_end() {
    for model in MODELS {
        let (mut server, admin) = start(model);
        assert_eq!(admin().get("/readyz").status(), 200, "{model}");
        assert_eq!(admin().get("/healthz").status(), 200, "{model}");
        let mut busy = server.connect();
        assert_eq!(busy.get("/hello").status(), 200, "it is being served");
        busy.send("GET /work?ms=700&kind=sleep HTTP/1.1\r\nHost: test\r\n\r\n");
        server.signal(Signal::TERM);
        let becomes_unready = (0..1000).any(|_| admin().get("/readyz").status() == 503);
        assert!(becomes_unready, "{model}");
        assert_eq!(admin().get("/healthz").status(), 200, "{model}");
        assert_eq!(busy.receive().status(), 200, "{model}");
        drop(busy);
        assert_eq!(server.wait().code(), Some(0), "{model}");
    }
}

#[test]
fn the_public_address_has_no_admin_routes_nor_the_other_way_round() {
    let (server, admin) = start("pool");
    assert_eq!(server.connect().get("/metrics").status(), 404);
    assert_eq!(admin().get("/hello").status(), 404);
}
