//! Listeners as clients and users meet them.

use std::{
    error::Error as _,
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
};

use level1_blocking::stop::LONGEST_WAIT;

use super::*;

const FLAG: &str = "--listen";

#[test]
fn each_address_is_listened_on_and_knows_its_port() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let unix = format!("unix:{}", path.display());
    let listeners = bound(&["127.0.0.1:0", "[::1]:0", "tls+127.0.0.1:0", &unix]);

    let ports: Vec<u16> = listeners.iter().filter_map(port).collect();
    let [first, second, third] = ports[..] else { panic!("three ports: {listeners:?}") };
    let texts = listeners.iter().map(ToString::to_string).collect::<Vec<_>>();
    let expected = [
        format!("http://127.0.0.1:{first}/"),
        format!("http://[::1]:{second}/"),
        format!("https://127.0.0.1:{third}/"),
        unix,
    ];
    assert_eq!(texts, expected);
    assert_eq!(listeners[2].at.scheme, Scheme::Tls);
    for listener in &listeners {
        reach(listener);
    }

    listeners.iter().for_each(Listener::remove_file);
    assert!(!path.exists());
}

#[test]
fn a_connection_that_blocks_looks_up_now_and_then() {
    let directory = tempfile::tempdir().expect("a directory");
    let unix = format!("unix:{}", directory.path().join("socket").display());
    for listener in bound(&["127.0.0.1:0", &unix]) {
        let (_client, connection) = reach(&listener);
        assert_eq!(connection.read_timeout().expect("an option"), Some(LONGEST_WAIT));
        assert_eq!(connection.write_timeout().expect("an option"), Some(LONGEST_WAIT));
        let nonblocking = rustix::fs::fcntl_getfl(&connection).expect("flags");
        assert!(!nonblocking.contains(rustix::fs::OFlags::NONBLOCK));
    }
}

#[test]
fn the_unspecified_address_takes_both_kinds_of_clients() {
    let [listener] = &bound(&["[::]:0"])[..] else { panic!("one listener") };
    let port = port(listener).expect("a port");
    for client in
        [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), (Ipv6Addr::LOCALHOST, port).into()]
    {
        let _client = TcpStream::connect(client).expect("somebody listens");
        let (_, peer) = accepted(listener);
        let peer = peer.as_socket().expect("an address");
        assert_eq!(peer.ip().to_canonical(), client.ip());
    }
}

#[test]
fn the_unspecified_address_leaves_ipv4_to_a_listener_of_its_own() {
    for order in [[0, 1], [1, 0]] {
        // Another test may get the port between its choice and its use.
        let listeners = (0..100).find_map(|_| {
            let port = free_port();
            let listens = [format!("[::]:{port}"), format!("127.0.0.1:{port}")];
            bind(FLAG, &parsed(&order.map(|at| listens[at].as_str())), 16).ok()
        });
        let listeners = listeners.expect("both can be bound");
        for listener in &listeners {
            let is_v6 = address(listener).is_ipv6();
            let host = if is_v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
            let address = SocketAddr::new(host, port(listener).expect("a port"));
            let _client = TcpStream::connect(address).expect("somebody listens");
            accepted(listener);
        }
    }
}

#[test]
fn a_name_is_listened_on_at_all_addresses_that_the_machine_has() {
    let addresses = ["127.0.0.1:0", "192.0.2.1:0", "127.0.0.2:0"];
    let addresses = addresses.map(|text| text.parse().expect("an address"));
    let listeners = open_tcp(Scheme::Plain, &addresses, &[], 16).expect("two of them are ours");
    let [first, second] = &listeners[..] else { panic!("two listeners: {listeners:?}") };
    assert_eq!(port(first), port(second));
    reach(first);
    reach(second);

    let error = open_tcp(Scheme::Plain, &addresses[1..2], &[], 16).expect_err("not ours");
    assert!(matches!(error, ListenError::NotOurs(address) if address == addresses[1]));
}

#[test]
fn an_address_that_cannot_be_had_is_an_error_that_says_the_way_out() {
    // It offers to share its port, which we do not want.
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    Socket::from(taken.try_clone().expect("a copy")).set_reuse_port(true).expect("an option");
    let taken = taken.local_addr().expect("an address").to_string();
    let in_use = format!("another program is listening on {taken}; stop it");
    for (listens, listen, reason) in [
        (&[taken.as_str()][..], taken.as_str(), in_use.as_str()),
        (
            &["127.0.0.1:1", "127.0.0.1:1"],
            "127.0.0.1:1",
            "127.0.0.1:1 is given too and covers it; leave one of the two out",
        ),
        (&["[::]:1", "tls+[::1]:1"], "tls+[::1]:1", "[::]:1 is given too and covers it"),
        (&["localhost:1", "127.0.0.1:1"], "127.0.0.1:1", "localhost:1 is given too"),
        (&["unix:/a", "unix:/a"], "unix:/a", "unix:/a is given too"),
        (&["no-such-host.invalid:80"], "no-such-host.invalid:80", "an IP address, such as"),
        (&["192.0.2.1:80"], "192.0.2.1:80", "does not have the address of 192.0.2.1:80; use"),
        (&["unix:/no/such/a"], "unix:/no/such/a", "directory '/no/such' does not exist; create"),
    ] {
        let error = bind(FLAG, &parsed(listens), 16).expect_err("not to be had");
        assert_eq!(error.to_string(), format!("cannot listen on --listen {listen}"));
        let cause = error.source().expect("a reason").to_string();
        assert!(cause.contains(reason), "{cause}");
    }
}

#[test]
fn a_bind_that_fails_leaves_no_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let listens = [format!("unix:{}", path.display()), "192.0.2.1:80".to_owned()];
    assert!(bind(FLAG, &parsed(&listens.each_ref().map(String::as_str)), 16).is_err());
    assert!(!path.exists());
}

#[test]
fn workers_share_an_address() {
    let directory = tempfile::tempdir().expect("a directory");
    let unix = format!("unix:{}", directory.path().join("socket").display());
    let listeners = bound(&["127.0.0.1:0", "[::]:0", &unix]);
    let places: Vec<Listen> = listeners.iter().map(|listener| listener.at.clone()).collect();
    let workers = share(listeners, 64, 3).expect("three sets");
    assert_eq!(workers.len(), 3);
    for listeners in &workers {
        assert!(listeners.iter().map(|listener| &listener.at).eq(&places));
    }

    // The kernel chooses among the workers by the client's port. With 64 clients, one in
    // 10^10 runs of this test leaves a worker out.
    let clients: Vec<TcpStream> =
        (0..64).map(|_| TcpStream::connect(address(&workers[0][0])).expect("a queue")).collect();
    let taken: Vec<usize> = workers.iter().map(|listeners| waiting(&listeners[0])).collect();
    assert_eq!(taken.iter().sum::<usize>(), clients.len());
    assert!(!taken.contains(&0), "{taken:?}");

    // A Unix socket has one queue, whoever looks at it.
    let _client = connect_to(&places[2].address);
    accepted(&workers[2][2]);
    assert_eq!(waiting(&workers[0][2]), 0);
}

fn parsed(listens: &[&str]) -> Vec<Listen> {
    listens.iter().map(|text| text.parse().expect(text)).collect()
}

fn bound(listens: &[&str]) -> Vec<Listener> {
    bind(FLAG, &parsed(listens), 64).expect("they can be had")
}

fn port(listener: &Listener) -> Option<u16> {
    match listener.at.address {
        Address::Tcp { port, .. } => Some(port),
        Address::Unix(_) => None,
    }
}

fn address(listener: &Listener) -> SocketAddr {
    listener.at.address.to_string().parse().expect("an address")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A client's end and ours.
fn reach(listener: &Listener) -> (Socket, Socket) {
    let client = connect_to(&listener.at.address);
    let (connection, _) = accepted(listener);
    (client, connection)
}

fn connect_to(address: &Address) -> Socket {
    let connected = match address {
        Address::Unix(path) => UnixStream::connect::<&Path>(path).map(Socket::from),
        Address::Tcp { .. } => TcpStream::connect(address.to_string()).map(Socket::from),
    };
    connected.expect("somebody listens")
}

/// The connection that waits: the client has been told that it is connected, so it is there.
fn accepted(listener: &Listener) -> (Socket, SockAddr) {
    listener.accept().expect("a connection waits")
}

/// How many connections wait, none of which waits any longer.
fn waiting(listener: &Listener) -> usize {
    let accepted = std::iter::repeat_with(|| listener.accept());
    let waits = |accepted: &io::Result<_>| !matches!(accepted, Err(error) if error.kind() == ErrorKind::WouldBlock);
    accepted.take_while(waits).count()
}
