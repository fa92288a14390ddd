//! Socket activation: listening sockets that the service manager has opened and passes on
//! (`sd_listen_fds(3)`). They outlive the server, so no client is refused while it restarts.
//!
//! A socket unit names what it passes: `FileDescriptorName=` is `admin` for the admin
//! address, or a scheme (`plain`, `tls`, `redirect`); by any other name a socket speaks plain
//! HTTP. Whoever is passed a public socket does not listen on the default address besides;
//! an explicit `--listen` is added to what was passed.

use std::{
    io,
    os::fd::{FromRawFd, OwnedFd, RawFd},
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
};

use level1_blocking::{
    listen,
    options::{
        address::Address,
        listen::{Listen, ListenError, Scheme, Supported},
    },
};
use socket2::{Domain, SockAddr, Socket, Type};

use crate::listeners::Listener;

/// The sockets that were passed.
#[derive(Debug, Default)]
pub struct Activated {
    /// Those for everybody.
    pub public: Vec<Listener>,
    /// Those for the admin address.
    pub admin: Vec<Listener>,
}

/// Why passed sockets cannot be used; the message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The variables are not right, or the descriptors are not there.
    #[error(
        "cannot take the sockets that LISTEN_FDS announces; leave it to a socket unit to set, or unset LISTEN_PID"
    )]
    Announced(#[source] io::Error),
    /// Something else was passed.
    #[error(
        "descriptor {fd} ('{name}'), passed by the service manager, is not a listening stream socket; give its socket unit ListenStream= and Accept=no"
    )]
    NotListening {
        /// Which descriptor.
        fd: RawFd,
        /// Its name.
        name: String,
    },
    /// A socket that another level brings, by its name.
    #[error(
        "cannot use descriptor {fd}, passed by the service manager; give its socket unit another FileDescriptorName= than {name}"
    )]
    Unsupported {
        /// Which descriptor.
        fd: RawFd,
        /// Its name.
        name: String,
        /// What this level lacks.
        source: ListenError,
    },
    /// The system refuses a setting.
    #[error("cannot set up descriptor {fd} ('{name}'), passed by the service manager")]
    Io {
        /// Which descriptor.
        fd: RawFd,
        /// Its name.
        name: String,
        /// Why.
        source: io::Error,
    },
}

/// Takes the sockets that were passed: none, unless the service manager says so in this
/// process's environment. They can be taken once.
///
/// # Errors
/// If something was passed that this level cannot listen on.
pub fn activated(supported: Supported) -> Result<Activated, ActivationError> {
    static ARE_TAKEN: AtomicBool = AtomicBool::new(false);
    let mut activated = Activated::default();
    if ARE_TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(activated);
    }
    let announced = sd_notify::listen_fds_with_names().map_err(ActivationError::Announced)?;
    for (fd, name) in announced {
        activated.add(Passed { socket: own(fd), fd, name }, supported)?;
    }
    Ok(activated)
}

/// The name of a socket for the admin address.
const ADMIN: &str = "admin";

impl Activated {
    fn add(&mut self, passed: Passed, supported: Supported) -> Result<(), ActivationError> {
        let listeners = if passed.name == ADMIN { &mut self.admin } else { &mut self.public };
        listeners.push(passed.listener(supported)?);
        Ok(())
    }
}

/// The socket behind a descriptor that was passed.
#[expect(unsafe_code, reason = "what is passed from process to process is a bare number")]
fn own(fd: RawFd) -> Socket {
    // SAFETY: the service manager says in LISTEN_PID and LISTEN_FDS that it opened this
    // descriptor for this very process, which has opened nothing under that number itself;
    // it is open, for it was marked to be closed on exec just now; and it gets no second
    // owner, since the sockets are taken once.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    owned.into()
}

/// A descriptor that was passed, not looked at yet.
#[derive(Debug)]
struct Passed {
    socket: Socket,
    fd: RawFd,
    name: String,
}

impl Passed {
    fn listener(self, supported: Supported) -> Result<Listener, ActivationError> {
        let Self { socket, fd, name } = self;
        let Some(address) = listening_address(&socket) else {
            return Err(ActivationError::NotListening { fd, name });
        };
        let at = Listen { scheme: scheme(&name), address };
        match (supported.check(&at), set_up(&socket)) {
            (Err(source), _) => Err(ActivationError::Unsupported { fd, name, source }),
            (_, Err(source)) => Err(ActivationError::Io { fd, name, source }),
            (Ok(()), Ok(())) => Ok(Listener::passed(socket, at)),
        }
    }
}

/// Where a socket listens; none if it does not, or is no stream socket.
fn listening_address(socket: &Socket) -> Option<Address> {
    let is_stream = socket.r#type().ok()? == Type::STREAM;
    let is_listener = socket.is_listener().ok()?;
    let address = socket.local_addr().ok()?;
    if is_stream && is_listener { to_address(&address) } else { None }
}

fn to_address(address: &SockAddr) -> Option<Address> {
    if let Some(address) = address.as_socket() {
        return Some(address.into());
    }
    // A name that is no file's is written with an at sign, as `ss` and systemd do.
    let name = |name: &[u8]| PathBuf::from(format!("@{}", name.escape_ascii()));
    let path = address.as_pathname().map(Into::into);
    path.or_else(|| address.as_abstract_namespace().map(name)).map(Address::Unix)
}

/// What a socket with this name speaks.
fn scheme(name: &str) -> Scheme {
    name.parse().unwrap_or(Scheme::Plain)
}

/// Sets what our own listeners have.
fn set_up(socket: &Socket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    match socket.domain()? {
        Domain::UNIX => listen::limit_waits(socket),
        _ => listen::set_inherited(socket),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        error::Error as _,
        net::{TcpListener, TcpStream, UdpSocket},
        os::unix::net::UnixListener,
    };

    use super::*;

    const EVERYTHING: Supported = Supported { schemes: &Scheme::ALL, unix: true };

    #[test]
    fn a_name_says_what_a_socket_is_for() {
        let mut activated = Activated::default();
        for name in ["unknown", "tls", "admin", "redirect", "plain", "server.socket"] {
            activated.add(passed(tcp(), name), EVERYTHING).expect("a listening socket");
        }
        let schemes = |listeners: &[Listener]| {
            listeners.iter().map(|listener| listener.at.scheme).collect::<Vec<_>>()
        };
        let public = [Scheme::Plain, Scheme::Tls, Scheme::Redirect, Scheme::Plain, Scheme::Plain];
        assert_eq!(schemes(&activated.public), public);
        assert_eq!(schemes(&activated.admin), [Scheme::Plain]);
    }

    #[test]
    fn a_passed_socket_serves_like_our_own() {
        let socket = tcp();
        let address = socket.local_addr().expect("an address").as_socket().expect("an address");
        let listener = passed(socket, "").listener(Supported::PLAIN).expect("a listener");
        assert_eq!(listener.to_string(), format!("http://{address}/"));

        let nothing = listener.accept().expect_err("nobody waits");
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        let _client = TcpStream::connect(address).expect("somebody listens");
        let (connection, _) = listener.accept().expect("a client waits");
        assert!(connection.tcp_nodelay().expect("an option"));
        assert!(connection.write_timeout().expect("an option").is_some());
    }

    #[test]
    fn a_passed_socket_s_file_is_the_service_manager_s() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("socket");
        let socket = UnixListener::bind(&path).expect("a socket");
        let listener = passed(socket.into(), "").listener(Supported::PLAIN).expect("a listener");
        assert_eq!(listener.to_string(), format!("unix:{}", path.display()));
        listener.remove_file();
        assert!(path.exists());
    }

    #[test]
    fn what_cannot_be_listened_on_is_an_error_that_says_the_way_out() {
        let connected = || {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            TcpStream::connect(listener.local_addr().expect("an address")).expect("a queue").into()
        };
        let datagrams = || UdpSocket::bind("127.0.0.1:0").expect("a port").into();
        let file = || OwnedFd::from(tempfile::tempfile().expect("a file")).into();
        for (socket, name) in [(connected(), "a"), (datagrams(), "b"), (file(), "admin")] {
            let error = passed(socket, name).listener(Supported::PLAIN).expect_err("not listening");
            assert_eq!(
                error.to_string(),
                format!(
                    "descriptor 7 ('{name}'), passed by the service manager, is not a listening \
                     stream socket; give its socket unit ListenStream= and Accept=no"
                )
            );
        }

        let error = passed(tcp(), "tls").listener(Supported::PLAIN).expect_err("no TLS here");
        assert!(error.to_string().contains("another FileDescriptorName= than tls"), "{error}");
        let reason = error.source().expect("a reason").to_string();
        assert!(reason.contains("level5-secure"), "{reason}");
    }

    #[test]
    fn nothing_is_passed_by_default() {
        for _ in 0..2 {
            let activated = activated(Supported::PLAIN).expect("nothing");
            assert!(activated.public.is_empty() && activated.admin.is_empty());
        }
    }

    fn tcp() -> Socket {
        TcpListener::bind("127.0.0.1:0").expect("a port").into()
    }

    fn passed(socket: Socket, name: &str) -> Passed {
        Passed { socket, fd: 7, name: name.to_owned() }
    }
}
