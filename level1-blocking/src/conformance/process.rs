//! A level's binary as a child process that ends with its test.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
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
    address: SocketAddr,
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
        let mut command = Command::new(binary);
        command.args(["--listen", address]).args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the level's binary starts");
        let diagnostics = lines(child.stderr.take().expect("piped"));
        let access_log = lines(child.stdout.take().expect("piped"));
        // Made first, so that the child ends even if it never says where it listens.
        let address = SocketAddr::from(([0; 4], 0));
        let mut server = Self { child, address, diagnostics, access_log };
        server.address = listening_on(&server.diagnostics);
        server
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://ADDRESS` and this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A new connection to it.
    pub fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("the server accepts");
        Client::new(stream)
    }

    /// Sends `request` on a new connection, then reads all that comes until the server closes.
    pub fn exchange(&self, request: &[u8]) -> String {
        let mut client = self.connect();
        client.send(request);
        client.finish();
        String::from_utf8_lossy(&client.read_to_end()).into_owned()
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

/// Reads a pipe to its end on a thread, so that a server never blocks on it.
fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

fn listening_on(diagnostics: &Receiver<String>) -> SocketAddr {
    let line = next_line(diagnostics, "listening on http://");
    let (_, address) = line.split_once("http://").expect("just found");
    let end = address.find('/').expect("an URL");
    address[..end].parse().expect("an address")
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
