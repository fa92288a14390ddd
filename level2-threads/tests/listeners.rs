//! Where the server listens, what it is passed by a service manager, and what it tells it.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::net::{UnixDatagram, UnixListener},
    },
    process::Command,
};

use level1_blocking::conformance::{
    client::Client,
    process::{PATIENCE, Server, connect, connect_unix, run_to_end},
};
use rustix::process::Signal;

const BINARY: &str = env!("CARGO_BIN_EXE_level2-threads");

#[test]
fn it_listens_on_every_address_it_is_given() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let unix = format!("unix:{}", path.display());
    let server = listening(&["127.0.0.1:0", &unix, "[::1]:0"]);

    let [first, second, third] = server.listening_on() else { panic!("three addresses") };
    assert!(first.starts_with("http://127.0.0.1:"), "{first}");
    assert_eq!(second, &unix);
    assert!(third.starts_with("http://[::1]:"), "{third}");
    says_hello(connect(tcp_address(first)));
    says_hello(connect_unix(&path));
    says_hello(connect(tcp_address(third)));
}

#[test]
fn one_address_can_stand_for_both_kinds_of_clients() {
    let server = listening(&["[::]:0"]);
    let port = server.address().port();
    says_hello(connect((Ipv4Addr::LOCALHOST, port).into()));
    says_hello(connect((Ipv6Addr::LOCALHOST, port).into()));
}

#[test]
fn a_stale_socket_is_replaced_and_removed_at_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    drop(UnixListener::bind(&path).expect("a socket"));

    let mut server = listening(&[&format!("unix:{}", path.display())]);
    says_hello(connect_unix(&path));
    server.signal(Signal::TERM);
    assert!(server.wait().success());
    assert!(!path.exists());
}

#[test]
fn a_start_that_fails_says_what_to_do_and_exits_with_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let directory = tempfile::tempdir().expect("a directory");
    let unix = |name: &str| format!("unix:{}", directory.path().join(name).display());
    let [live, file, missing] = ["live", "file", "missing/socket"].map(unix);
    let _live = UnixListener::bind(directory.path().join("live")).expect("a socket");
    fs::write(directory.path().join("file"), "text").expect("a file");
    let long = format!("unix:/{}", "x".repeat(107));
    let free = "127.0.0.1:0";

    for (flags, words) in [
        (&["--listen", &taken][..], ["--listen", &taken, "another program is listening"]),
        (&["--listen", free, "--listen", &taken], ["--listen", &taken, "another program"]),
        (&["--listen", free, "--admin", &taken], ["--admin", &taken, "another program"]),
        (&["--listen", &live], ["--listen", &live, "another program is listening"]),
        (&["--listen", &file], ["--listen", &file, "no socket"]),
        (&["--listen", &missing], ["--listen", &missing, "create it"]),
        (&["--listen", &long], ["--listen", &long, "choose a shorter one"]),
        (&["--listen", "unix:"], ["--listen", "unix:", "names no socket"]),
        (&["--listen", "tls+127.0.0.1:0"], ["--listen", "tls+127.0.0.1:0", "level5-secure"]),
        (
            &["--listen", "[::]:1", "--listen", "[::1]:1"],
            ["--listen [::1]:1", "[::]:1 is given too", "leave one of the two out"],
        ),
    ] {
        let (code, message) = run_to_end(BINARY, flags);
        assert_eq!(code, Some(2), "{flags:?}: {message}");
        is_one_line_with(&message, &words);
    }
}

#[test]
fn passed_sockets_take_the_place_of_the_default_address() {
    // Two at once: only one of them could have the default address.
    for server in [(); 2].map(|()| activated(&["anything"], [listener().into(), nothing()], &[])) {
        says_hello(server.connect());
    }
}

#[test]
fn an_address_that_is_given_is_added_to_passed_sockets() {
    let passed = listener();
    let address = passed.local_addr().expect("an address");
    let flags = ["--listen", "127.0.0.1:0"];
    let server = activated(&["plain"], [passed.into(), nothing()], &flags);
    let other = server.diagnostic("listening on ");
    let (_, other) = other.split_once("listening on ").expect("just found");
    let both = [server.address(), tcp_address(other)];
    assert!(both.contains(&address), "{both:?}");
    for address in both {
        says_hello(connect(address));
    }
}

#[test]
fn a_passed_socket_named_admin_is_the_admin_address() {
    let sockets = [listener(), listener()];
    let [public, admin] = sockets.each_ref().map(|socket| socket.local_addr().expect("a port"));
    let server = activated(&["http", "admin"], sockets.map(Into::into), &[]);
    assert_eq!(server.address(), public);
    says_hello(connect(public));
    assert_eq!(connect(admin).get("/healthz").status(), 200);
    assert_eq!(connect(admin).get("/hello").status(), 404);
}

#[test]
fn who_waits_at_a_passed_socket_is_served_by_the_next_server() {
    for model in ["thread", "pool", "process"] {
        let passed = listener();
        let address = passed.local_addr().expect("an address");
        let start = || {
            let socket = passed.try_clone().expect("a descriptor").into();
            activated(&["plain"], [socket, nothing()], &["--model", model])
        };
        let mut server = start();
        says_hello(connect(address));
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), Some(0), "{model}");
        // More than a queue that was closed has room for.
        let connect = |_| TcpStream::connect_timeout(&address, PATIENCE).expect("a queue");
        let waiting: Vec<TcpStream> = (0..10).map(connect).collect();
        let _next = start();
        for client in waiting {
            says_hello(Client::new(client));
        }
    }
}

#[test]
fn what_is_passed_and_cannot_be_used_is_an_error() {
    for (name, words) in [
        ("http", ["descriptor 3 ('http')", "is not a listening stream socket", "ListenStream="]),
        ("a:b", ["LISTEN_FDS", "LISTEN_FDNAMES", "unset LISTEN_PID"]),
    ] {
        let mut command = Command::new("sh");
        pass(&mut command, &[name], [nothing(), nothing()], &[]);
        let output = command.output().expect("a shell");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        is_one_line_with(&message, &words);
    }
}

#[test]
fn the_service_manager_is_told_when_the_server_is_ready_and_when_it_stops() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("an option");
    let mut server = Server::start_with(BINARY, |command| {
        command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path);
    });

    is_told(&manager, "READY=1");
    says_hello(server.connect());
    server.signal(Signal::TERM);
    is_told(&manager, "STOPPING=1");
    assert!(server.wait().success());
}

#[test]
fn a_service_manager_that_is_gone_stops_nothing() {
    let server = Server::start_with(BINARY, |command| {
        command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", "/no/such/socket");
    });
    server.diagnostic("cannot tell the service manager");
    says_hello(server.connect());
}

/// A server on all these addresses.
fn listening(addresses: &[&str]) -> Server {
    Server::start_with(BINARY, |command| {
        command.args(addresses.iter().flat_map(|address| ["--listen", address]));
    })
}

/// A server that is passed as many of these descriptors as there are names.
fn activated(names: &[&str], passed: [OwnedFd; 2], flags: &[&str]) -> Server {
    Server::start_with("sh", |command| pass(command, names, passed, flags))
}

/// Has a shell become the server and pass it descriptors as a service manager does: from
/// number 3 on, announced to the process with this id. The shell gets them as its input and
/// output, the only ones that can be given to a child without `unsafe`.
fn pass(command: &mut Command, names: &[&str], passed: [OwnedFd; 2], flags: &[&str]) {
    const SCRIPT: &str = "exec 3<&0 4<&1 </dev/null >/dev/null; \
                          export LISTEN_PID=$$; exec \"$0\" \"$@\"";
    let [first, second] = passed;
    command.args(["-c", SCRIPT, BINARY]).args(flags).stdin(first).stdout(second);
    command.env("LISTEN_FDS", names.len().to_string()).env("LISTEN_FDNAMES", names.join(":"));
}

fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").expect("a port")
}

fn nothing() -> OwnedFd {
    File::open("/dev/null").expect("Linux has it").into()
}

/// The address in `http://ADDRESS/`.
fn tcp_address(url: &str) -> SocketAddr {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    address.parse().expect("an address")
}

fn says_hello(mut client: Client) {
    assert_eq!(client.get("/hello").text(), "Hello, World!\n");
}

fn is_one_line_with(message: &str, words: &[&str]) {
    assert!(message.starts_with("error: "), "{message}");
    for word in words {
        assert!(message.contains(word), "lacks {word:?}: {message}");
    }
    let is_usage = message.contains("For more information");
    assert!(is_usage || message.lines().count() == 1, "{message}");
}

/// Waits until the service manager is told this, whatever else it is told before.
fn is_told(manager: &UnixDatagram, news: &str) {
    let mut message = [0; 4096];
    loop {
        let len = manager.recv(&mut message).expect("a message in time");
        let message = String::from_utf8_lossy(&message[..len]);
        if message.lines().any(|line| line == news) {
            return;
        }
    }
}
