//! A level's binary as a child process that ends with its test.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

use super::client::Client;

/// How long a test waits for anything before it fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A server under test.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it said that it listens, in that order.
    listening_on: Vec<String>,
    diagnostics: Receiver<String>,
    access_log: Receiver<String>,
}

impl Server {
    /// Starts `binary` on a free port of the loopback interface, with these flags besides.
    pub fn start(binary: &str, flags: &[&str]) -> Self {
        Self::start_on(binary, "127.0.0.1:0", flags)
    }

    /// Starts `binary` on this address.
    pub fn start_on(binary: &str, address: &str, flags: &[&str]) -> Self {
        Self::start_with(binary, |command| {
            command.args(["--listen", address]).args(flags);
        })
    }

    /// Starts `binary` with the arguments, variables and descriptors that `configure` adds,
    /// and waits until it listens: on each value of `--listen`, on one address without any.
    pub fn start_with(binary: &str, configure: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(binary);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        configure(&mut command);
        let listens = command.get_args().filter(|argument| *argument == "--listen").count();
        let mut child = command.spawn().expect("the level's binary starts");
        let diagnostics = lines(child.stderr.take());
        let access_log = lines(child.stdout.take());
        // Made first, so that the child ends even if it never says where it listens.
        let mut server = Self { child, listening_on: Vec::new(), diagnostics, access_log };
        for _ in 0..listens.max(1) {
            server.listening_on.push(next_announced(&server.diagnostics));
        }
        server
    }

    /// Where it listens: `http://ADDRESS/` or `unix:PATH`, in the order it said so.
    pub fn listening_on(&self) -> &[String] {
        &self.listening_on
    }

    /// Where it listens over TCP: the first address it said.
    pub fn address(&self) -> SocketAddr {
        let address = self.listening_on.iter().find_map(|place| tcp_address(place));
        address.expect("the server listens over TCP")
    }

    /// `http://ADDRESS` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// A new connection to it.
    pub fn connect(&self) -> Client {
        connect(self.address())
    }

    /// Sends `request` on a new connection, then reads all that comes until the server closes.
    pub fn exchange(&self, request: &[u8]) -> String {
        let mut client = self.connect();
        client.send(request);
        client.finish();
        String::from_utf8_lossy(&client.read_to_end()).into_owned()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("the server is a child of ours");
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the server is a child of ours").is_none()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("the server is a child of ours")
    }

    /// The next line on standard error that holds `text`.
    pub fn diagnostic(&self, text: &str) -> String {
        next_line(&self.diagnostics, text)
    }

    /// The next line of the access log that holds `text`.
    pub fn logged(&self, text: &str) -> String {
        next_line(&self.access_log, text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `binary` to its end: its exit code and what it said on standard error.
pub fn run_to_end(binary: &str, flags: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(binary);
    let output = command.args(flags).stdin(Stdio::null()).output().expect("the binary starts");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A new connection over TCP.
pub fn connect(address: SocketAddr) -> Client {
    Client::new(TcpStream::connect(address).expect("the server accepts"))
}

/// A new connection over a Unix socket.
pub fn connect_unix(path: &Path) -> Client {
    Client::new(UnixStream::connect(path).expect("the server accepts"))
}

/// Reads a pipe to its end on a thread, so that a server never blocks on it. There is none
/// if the test made something else of it.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
    }
    receiver
}

/// What the server announces next: `... listening on http://ADDRESS/`, or `unix:PATH`.
fn next_announced(diagnostics: &Receiver<String>) -> String {
    let line = next_line(diagnostics, ANNOUNCEMENT);
    let (_, place) = line.split_once(ANNOUNCEMENT).expect("just found");
    // As JSON, a line goes on after the message.
    place.split('"').next().unwrap_or(place).to_owned()
}

/// What stands before an address in the diagnostics.
const ANNOUNCEMENT: &str = "listening on ";

fn tcp_address(place: &str) -> Option<SocketAddr> {
    let (_, address) = place.split_once("://")?;
    address.trim_end_matches('/').parse().ok()
}

fn next_line(lines: &Receiver<String>, text: &str) -> String {
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) if line.contains(text) => return line,
            Ok(_) => {}
            Err(error) => panic!("no line with {text:?}: {error}"),
        }
    }
}
