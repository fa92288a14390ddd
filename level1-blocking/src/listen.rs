//! The listening socket.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};

use crate::stop::LONGEST_WAIT;

/// Why a server cannot listen; the message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The host's name leads to no address.
    #[error("the name '{host}' has no address here; give an IP address, such as 127.0.0.1:{port}")]
    NoAddress {
        /// The name.
        host: String,
        /// The port that was given with it.
        port: u16,
    },
    /// Another program has the port.
    #[error(
        "another program is listening on {0}; stop it, or choose another port, such as 0 for any free one"
    )]
    InUse(SocketAddr),
    /// A port below 1024.
    #[error(
        "{0} has a port below 1024, which needs the capability CAP_NET_BIND_SERVICE; choose a higher port"
    )]
    NotPermitted(SocketAddr),
    /// An address of another machine, or of a kind that this machine does not speak.
    #[error(
        "this machine does not have the address of {0}; use 127.0.0.1 for this machine alone, 0.0.0.0 or [::] for all its addresses"
    )]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("the system refuses {address}")]
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
    let mut first_error = None;
    for address in addresses(host, port)? {
        match listen_on(address, backlog, |_| Ok(())) {
            Ok(socket) => return Ok(socket),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| no_address(host, port)))
}

/// The addresses of a host: one, unless it is a name that has several.
///
/// # Errors
/// If it is a name that has none.
pub fn addresses(host: &str, port: u16) -> Result<Vec<SocketAddr>, ListenError> {
    let addresses = (host, port).to_socket_addrs().map_err(|_| no_address(host, port))?;
    Ok(addresses.collect())
}

/// A socket that listens on `address`, once `configure` has set what the caller needs besides.
///
/// # Errors
/// If the address cannot be listened on, or `configure` fails.
pub fn listen_on(
    address: SocketAddr,
    backlog: u32,
    configure: impl FnOnce(&Socket) -> io::Result<()>,
) -> Result<Socket, ListenError> {
    let listening = || {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A server that is restarted need not wait for its old connections to be forgotten.
        socket.set_reuse_address(true)?;
        set_inherited(&socket)?;
        configure(&socket)?;
        socket.bind(&address.into())?;
        start(&socket, backlog)?;
        Ok(socket)
    };
    listening().map_err(|source| explain(address, source))
}

/// Sets what every connection inherits from the TCP socket that accepts it.
///
/// # Errors
/// If the socket is none for TCP.
pub fn set_inherited(socket: &Socket) -> io::Result<()> {
    // An answer's last segment must not wait for an acknowledgement of the one before
    // (RFC 896).
    socket.set_tcp_nodelay(true)?;
    limit_waits(socket)
}

/// Has `read`, `write` and `accept` return now and then, and at once when a signal comes.
///
/// # Errors
/// If the descriptor is no socket.
pub fn limit_waits(socket: &Socket) -> io::Result<()> {
    socket.set_read_timeout(Some(LONGEST_WAIT))?;
    socket.set_write_timeout(Some(LONGEST_WAIT))
}

/// Listens on a socket that has its address.
///
/// # Errors
/// If another socket listens on that address.
pub fn start(socket: &Socket, backlog: u32) -> io::Result<()> {
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
}

fn no_address(host: &str, port: u16) -> ListenError {
    ListenError::NoAddress { host: host.to_owned(), port }
}

fn explain(address: SocketAddr, source: io::Error) -> ListenError {
    match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::InUse(address),
        io::ErrorKind::PermissionDenied => ListenError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => ListenError::NotOurs(address),
        // A machine without IPv6.
        _ if Errno::from_io_error(&source) == Some(Errno::AFNOSUPPORT) => {
            ListenError::NotOurs(address)
        }
        _ => ListenError::Io { address, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_the_way_out() {
        for (errno, words) in [
            (Errno::ADDRINUSE, ["another program is listening on [::1]:80", "another port"]),
            (Errno::ACCESS, ["[::1]:80", "CAP_NET_BIND_SERVICE"]),
            (Errno::ADDRNOTAVAIL, ["does not have the address of [::1]:80", "127.0.0.1"]),
            (Errno::AFNOSUPPORT, ["does not have the address of [::1]:80", "127.0.0.1"]),
            (Errno::NOBUFS, ["the system refuses", "[::1]:80"]),
        ] {
            let address = "[::1]:80".parse().expect("an address");
            let message = explain(address, errno.into()).to_string();
            for word in words {
                assert!(message.contains(word), "{message}");
            }
        }
    }
}
