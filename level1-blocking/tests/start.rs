//! How the server starts and how it does not: each failure is one line that names the way out.

use std::{fs, net::TcpListener};

use level1_blocking::conformance::{
    client::Client,
    process::{PATIENCE, Server, run_to_end},
};

const BINARY: &str = env!("CARGO_BIN_EXE_level1-blocking");

#[test]
fn a_start_that_fails_says_what_to_do_and_exits_with_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "key = [").expect("a file");
    let file = file.display().to_string();
    let missing = folder.path().join("missing").display().to_string();
    for (flags, words) in [
        (&["--listen", &taken][..], &[&taken[..], "another program is listening", "--listen"][..]),
        (&["--listen", "192.0.2.1:8001"], &["192.0.2.1:8001", "127.0.0.1"]),
        (
            &["--listen", "no-such-host.invalid:80"],
            &["--listen no-such-host.invalid:80", "127.0.0.1:80"],
        ),
        (&["--listen", "127.0.0.1"], &["127.0.0.1", "has no port"]),
        (&["--listen", "tls+127.0.0.1:8443"], &["tls+127.0.0.1:8443", "level5-secure"]),
        (&["--root", &missing], &["--root", &missing, "existing directory"]),
        (&["--root", &file], &["--root", &file, "is a file"]),
        (&["--config", &missing], &[&missing]),
        (&["--config", &file], &[&file, "line 1"]),
        (&["--head-timeout", "10x"], &["10x", "--head-timeout", "10s"]),
        (&["--max-head", "1GiB"], &["1GiB", "--max-head", "1MiB"]),
        (&["--wrokers", "3"], &["--wrokers"]),
    ] {
        let (code, message) = run_to_end(BINARY, flags);
        assert_eq!(code, Some(2), "{flags:?}: {message}");
        assert!(message.starts_with("error: "), "{flags:?}: {message}");
        for word in words {
            assert!(message.contains(word), "{flags:?} lacks {word:?}: {message}");
        }
        let is_usage = message.contains("For more information");
        assert!(is_usage || message.lines().count() == 1, "{flags:?}: {message}");
    }
}

#[test]
fn it_listens_on_ipv6_and_on_names() {
    for address in ["[::1]:0", "localhost:0"] {
        let server = Server::start_on(BINARY, address, &[]);
        assert_eq!(server.connect().get("/hello").text(), "Hello, World!\n", "{address}");
    }
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut server = std::process::Command::new(BINARY)
        .args(["--listen", &port.to_string()])
        .stdout(full())
        .stderr(full())
        .spawn()
        .expect("the server starts");
    // Nothing can tell when it listens: ask until it does.
    let client = (0..2000).find_map(|_| {
        std::thread::yield_now();
        std::net::TcpStream::connect_timeout(&port, PATIENCE).ok()
    });
    let mut client = Client::new(client.expect("the server listens"));
    for _ in 0..3 {
        assert_eq!(client.get("/hello").text(), "Hello, World!\n");
    }
    server.kill().expect("a child of ours");
    server.wait().expect("a child of ours");
}
