//! The sockets a server listens on: any number of them, over TCP and in the file system.
//!
//! [`bind`] opens what `--listen` names. A name is listened on at all its addresses; `[::]`
//! takes IPv4 too, unless that has a listener of its own; two listeners for one address are
//! an error here, before the kernel calls the first of them "another program". [`share`]
//! gives each of several workers its own queue on the same address.
//!
//! A socket file outlives its server, so an orderly stop removes it, by [`Listener::remove_file`]
//! and never by dropping the listener: a forked child drops its copy, too.

// In reading order: the file of a Unix socket, what is asked for, and how it is opened.
mod unix_socket;

mod wanted;

use std::{fmt, io, net::SocketAddr};

use level1_blocking::{
    listen::{self, ListenError},
    options::{
        address::Address,
        listen::{Listen, Scheme},
    },
};
use socket2::{Domain, SockAddr, Socket};

use self::{
    unix_socket::{SocketFile, UnixSocketError},
    wanted::{Place, Wanted},
};

/// A socket that listens. It never blocks: whoever has several waits for all of them at once.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: Socket,
    /// What is spoken there, and where it really is: with the port that the kernel chose.
    pub at: Listen,
    maker: Maker,
}

/// Who made a listening socket, which decides what may be done with it.
#[derive(Debug, Clone, Copy)]
enum Maker {
    /// We did; it is a TCP port.
    Us,
    /// We did, and a file in the file system with it.
    UsWithFile(SocketFile),
    /// The service manager, who goes on to own it.
    ServiceManager,
}

impl Listener {
    /// A socket that the service manager has passed.
    pub(crate) const fn passed(socket: Socket, at: Listen) -> Self {
        Self { socket, at, maker: Maker::ServiceManager }
    }

    /// Accepts a connection, for a worker that blocks on it.
    ///
    /// # Errors
    /// If no connection waits, or the machine is out of descriptors or memory.
    pub fn accept(&self) -> io::Result<(Socket, SockAddr)> {
        let (connection, peer) = self.socket.accept()?;
        // Over TCP a connection inherits this from its listener, over a Unix socket it does not.
        if peer.domain() == Domain::UNIX {
            listen::limit_waits(&connection)?;
        }
        Ok((connection, peer))
    }

    /// Whether the queue ends with this server. The service manager's goes on, and must not be
    /// closed to newcomers: they wait there for the next server.
    pub const fn ends_with_server(&self) -> bool {
        !matches!(self.maker, Maker::ServiceManager)
    }

    /// Removes the file of a Unix socket: part of an orderly stop. A file that somebody else
    /// has put in its place meanwhile stays, and so does the service manager's.
    pub fn remove_file(&self) {
        if let (Maker::UsWithFile(file), Address::Unix(path)) = (&self.maker, &self.at.address)
            && let Err(error) = file.remove(path)
        {
            tracing::warn!(%error, path = %path.display(), "cannot remove the socket");
        }
    }

    /// The same listener for another worker: on TCP a socket of its own, between which the
    /// kernel divides the clients; elsewhere another descriptor of the same socket.
    fn for_another_worker(&self, backlog: u32) -> io::Result<Self> {
        let socket = match (&self.maker, self.socket.local_addr()?.as_socket()) {
            (Maker::Us, Some(address)) => {
                let only_v6 = address.is_ipv6() && self.socket.only_v6()?;
                self.socket.set_reuse_port(true)?;
                let shared = |socket: &Socket| {
                    socket.set_reuse_port(true)?;
                    configure(socket, address, only_v6)
                };
                listen::listen_on(address, backlog, shared).map_err(io::Error::other)?
            }
            _ => self.socket.try_clone()?,
        };
        Ok(Self { socket, at: self.at.clone(), maker: self.maker })
    }
}

/// As a client would write it: `http://127.0.0.1:8002/` or `unix:/run/server.sock`.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.at.address, self.at.scheme) {
            (Address::Unix(_), _) => self.at.fmt(f),
            (address, Scheme::Tls) => write!(f, "https://{address}/"),
            (address, Scheme::Plain | Scheme::Redirect) => write!(f, "http://{address}/"),
        }
    }
}

/// Why a server cannot listen: what was asked for. What is wrong with it is the source.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {flag} {listen}")]
pub struct BindError {
    flag: &'static str,
    listen: Listen,
    #[source]
    reason: Reason,
}

/// What is wrong with an address; the message says what to do about it.
#[derive(Debug, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Tcp(#[from] ListenError),
    #[error(transparent)]
    Unix(#[from] UnixSocketError),
    #[error("{0} is given too and covers it; leave one of the two out")]
    Covered(Listen),
}

/// Listens on all of `listens`, which the user gave with `flag`, or on none of them.
///
/// Nobody else can have a socket on these addresses: not even one that offers to share its
/// port keeps this from being an error.
///
/// # Errors
/// If one of them cannot be listened on.
pub fn bind(
    flag: &'static str,
    listens: &[Listen],
    backlog: u32,
) -> Result<Vec<Listener>, BindError> {
    let failed = |listen: &Listen, reason| BindError { flag, listen: listen.clone(), reason };
    let mut wanted = Vec::new();
    for listen in listens {
        let next = Wanted::new(listen).map_err(|error| failed(listen, error.into()))?;
        if let Some(other) = wanted.iter().find(|other| next.overlaps(other)) {
            return Err(failed(listen, Reason::Covered(other.listen.clone())));
        }
        wanted.push(next);
    }
    let mut listeners = Vec::new();
    for next in &wanted {
        match open(next, &wanted, backlog) {
            Ok(opened) => listeners.extend(opened),
            Err(reason) => {
                listeners.iter().for_each(Listener::remove_file);
                return Err(failed(next.listen, reason));
            }
        }
    }
    Ok(listeners)
}

/// The listeners of each of `workers` workers: the first gets those given, the others get
/// their own on the same addresses.
///
/// A port is shared only now that it is known to be ours alone.
///
/// # Errors
/// If the machine is out of descriptors or memory.
pub fn share(
    listeners: Vec<Listener>,
    backlog: u32,
    workers: usize,
) -> io::Result<Vec<Vec<Listener>>> {
    let another = |listener: &Listener| listener.for_another_worker(backlog);
    let others = (1..workers).map(|_| listeners.iter().map(another).collect());
    let others: Vec<Vec<Listener>> = others.collect::<io::Result<_>>()?;
    Ok([listeners].into_iter().chain(others).collect())
}

fn open(next: &Wanted, all: &[Wanted], backlog: u32) -> Result<Vec<Listener>, Reason> {
    let scheme = next.listen.scheme;
    match &next.place {
        Place::Unix(path) => {
            let (socket, file) = unix_socket::listen(path, backlog)?;
            let maker = Maker::UsWithFile(file);
            Ok(vec![Listener { socket, at: next.listen.clone(), maker }])
        }
        Place::Tcp(addresses) => Ok(open_tcp(scheme, addresses, all, backlog)?),
    }
}

/// Listens on all addresses of a name. Where the port is left to the kernel, the first one's
/// becomes that of all.
fn open_tcp(
    scheme: Scheme,
    addresses: &[SocketAddr],
    all: &[Wanted],
    backlog: u32,
) -> Result<Vec<Listener>, ListenError> {
    let mut listeners: Vec<Listener> = Vec::new();
    let mut not_ours = None;
    let mut port = None;
    for &(mut address) in addresses {
        address.set_port(port.unwrap_or(address.port()));
        let only_v6 = wanted::is_only_v6(address, all);
        match listen::listen_on(address, backlog, |socket| configure(socket, address, only_v6)) {
            Ok(socket) => {
                let address = bound_to(&socket).unwrap_or(address);
                port = Some(address.port());
                let at = Listen { scheme, address: address.into() };
                listeners.push(Listener { socket, at, maker: Maker::Us });
            }
            // A name may have addresses that the machine lacks: localhost where IPv6 is off.
            Err(error @ ListenError::NotOurs(_)) => not_ours = not_ours.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match not_ours {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

fn configure(socket: &Socket, address: SocketAddr, only_v6: bool) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        // Said either way, lest a setting of the machine decide (net.ipv6.bindv6only).
        socket.set_only_v6(only_v6)?;
    }
    Ok(())
}

fn bound_to(socket: &Socket) -> Option<SocketAddr> {
    socket.local_addr().ok()?.as_socket()
}

#[cfg(test)]
mod tests;
