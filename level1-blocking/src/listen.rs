//! The listening socket.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
};

use socket2::{Domain, Protocol, Socket, Type};

use crate::stop::LONGEST_WAIT;

/// Why a server cannot listen; the message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The host's name leads to no address.
    #[error(
        "cannot listen on {address}: the name '{host}' has no address here; give an IP address, such as --listen 127.0.0.1:{port}"
    )]
    NoAddress {
        /// As it was given.
        address: String,
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// Another program has the port.
    #[error(
        "cannot listen on {0}: another program is listening there; stop it, or choose another port with --listen, such as --listen 127.0.0.1:0 for any free one"
    )]
    InUse(SocketAddr),
    /// A port below 1024.
    #[error(
        "cannot listen on {0}: ports below 1024 need the capability CAP_NET_BIND_SERVICE; choose a higher port with --listen"
    )]
    NotPermitted(SocketAddr),
    /// An address of another machine.
    #[error(
        "cannot listen on {0}: this machine does not have that address; use 127.0.0.1 for this machine alone, 0.0.0.0 or [::] for all its addresses"
    )]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Io {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

/// A socket that listens on `host:port`, with up to `backlog` connections in its queue.
///
/// # Errors
/// If no address of the host can be listened on; the first one's error.
pub fn listen(host: &str, port: u16, backlog: u32) -> Result<Socket, ListenError> {
    let no_address = || ListenError::NoAddress {
        address: format!("{host}:{port}"),
        host: host.to_owned(),
        port,
    };
    let bare_host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = (bare_host, port).to_socket_addrs().map_err(|_| no_address())?;
    let mut first_error = None;
    for address in addresses {
        match listen_on(address, backlog) {
            Ok(socket) => return Ok(socket),
            Err(source) => first_error = first_error.or(Some(explain(address, source))),
        }
    }
    Err(first_error.unwrap_or_else(no_address))
}

fn listen_on(address: SocketAddr, backlog: u32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that is restarted need not wait for its old connections to be forgotten.
    socket.set_reuse_address(true)?;
    // Inherited by every connection: an answer's last segment must not wait for an
    // acknowledgement of the one before (RFC 896).
    socket.set_tcp_nodelay(true)?;
    // `accept` returns now and then, and at once when a signal comes; so does `write` on the
    // connections, which inherit this too.
    socket.set_read_timeout(Some(LONGEST_WAIT))?;
    socket.set_write_timeout(Some(LONGEST_WAIT))?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket)
}

fn explain(address: SocketAddr, source: io::Error) -> ListenError {
    match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse(address),
        io::ErrorKind::PermissionDenied => ListenError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => ListenError::NotOurs(address),
        _ => ListenError::Io { address, source },
    }
}
