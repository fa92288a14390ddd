//! The suite against a level's binary, over sockets: as a client meets it.
//!
//! Each case runs whole, byte by byte and in a few cuts, on connections of its own, one after
//! the other: a server that serves one client at a time passes too. Nothing sleeps; what must
//! come is waited for, and the end of the connection ends every wait.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    os::fd::AsFd,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};

use super::{
    case::Case,
    cut, harness,
    play::{self, Peer},
    process::{PATIENCE, Server},
    response::Fault,
    verdict,
};

/// A connection as a client holds it, never blocking: a socket, or what wraps one.
pub trait Stream: Read + Write + AsFd {
    /// Closes the sending half.
    ///
    /// # Errors
    /// If the connection is gone.
    fn finish(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// How a client connects: the one thing that differs between plain and secured connections.
pub type Connect = fn(SocketAddr) -> io::Result<Box<dyn Stream>>;

/// Connects without anything around the socket.
///
/// # Errors
/// If nobody listens.
pub fn plain(address: SocketAddr) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(Box::new(stream))
}

/// The suite as a test program, against `binary` with these flags. It is started when the
/// first case runs, and so never to list the cases.
pub fn main(binary: &'static str, flags: &'static [&'static str], connect: Connect) -> ExitCode {
    let server = Arc::new(Mutex::new(None));
    let address = move || {
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        server.get_or_insert_with(|| Server::start(binary, flags)).address()
    };
    harness::main(move |case| run(case, || connect(address())))
}

/// Runs one case with all cuts.
fn run(case: &Case, connect: impl Fn() -> io::Result<Box<dyn Stream>>) -> Result<(), Fault> {
    for script in &case.scripts {
        let len = play::len_of(script);
        for cuts in [vec![], cut::bytewise(len)].into_iter().chain(cut::scattered(len)) {
            let outcome = Client::new(&connect).and_then(|mut client| {
                let received = play::play(case, script, &cuts, &mut client)?;
                verdict::judge(case, script, &received, !cuts.is_empty())
            });
            outcome.map_err(|fault| format!("{fault}, {}", harness::describe(script, &cuts)))?;
        }
    }
    Ok(())
}

/// A client that reads whatever comes while it sends, so that two full buffers never wait for
/// one another.
struct Client<C> {
    connect: C,
    stream: Box<dyn Stream>,
    received: Vec<u8>,
    has_ended: bool,
}

impl<C: Fn() -> io::Result<Box<dyn Stream>>> Client<C> {
    fn new(connect: C) -> Result<Self, Fault> {
        let stream = connected(&connect)?;
        Ok(Self { connect, stream, received: Vec::new(), has_ended: false })
    }

    /// Reads what has come; false if nothing has.
    fn read(&mut self) -> Result<bool, Fault> {
        let mut bytes = [0; 16 * 1024];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.has_ended = true,
            Ok(len) => self.received.extend_from_slice(&bytes[..len]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let so_far = String::from_utf8_lossy(&self.received);
                return Err(format!("{error}, after {so_far:?}"));
            }
        }
        Ok(true)
    }

    /// Waits until the stream can do one of these.
    fn ready(&self, flags: PollFlags) -> Result<(), Fault> {
        let timeout = Timespec::try_from(PATIENCE).map_err(|error| error.to_string())?;
        let mut watched = [PollFd::new(&self.stream, flags)];
        match poll(&mut watched, Some(&timeout)) {
            Ok(0) => {
                let so_far = String::from_utf8_lossy(&self.received);
                Err(format!("nothing comes, and the connection does not end: {so_far:?}"))
            }
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl<C: Fn() -> io::Result<Box<dyn Stream>>> Peer for Client<C> {
    fn send(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.has_ended || !self.read()? {
                        let readable =
                            if self.has_ended { PollFlags::empty() } else { PollFlags::IN };
                        self.ready(PollFlags::OUT | readable)?;
                    }
                }
                // The server has closed. What it said before is still to be read.
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    fn finish(&mut self) {
        // A connection that is gone is noticed when reading.
        let _ = self.stream.finish();
    }

    fn vanish(&mut self) -> Result<(), Fault> {
        self.stream = connected(&self.connect)?;
        self.received.clear();
        self.has_ended = false;
        Ok(())
    }

    fn received(&self) -> &[u8] {
        &self.received
    }

    fn wait(&mut self) -> Result<bool, Fault> {
        while !self.has_ended && !self.read()? {
            self.ready(PollFlags::IN)?;
        }
        Ok(!self.has_ended)
    }
}

fn connected(connect: impl Fn() -> io::Result<Box<dyn Stream>>) -> Result<Box<dyn Stream>, Fault> {
    connect().map_err(|error| format!("no connection: {error}"))
}
