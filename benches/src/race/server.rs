//! A contender's server as a child process, which never outlives the race.
//!
//! It is started in two steps. The race starts itself, to [`launch`]: that asks the kernel to
//! kill this process when its parent ends, moves it to the server's core, and then becomes the
//! server. Both settings survive that. So no server is left behind however the race ends, be
//! it by Ctrl-C, by a panic, or killed.

use std::{
    ffi::{OsStr, OsString},
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use rustix::process::{Signal, set_parent_process_death_signal};

use super::{
    binaries::Binaries,
    contender::{Contender, FLAGS},
    cores,
    process::ProcessTree,
};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands before the address where a server says that it listens.
const ANNOUNCEMENT: &str = "listening on http://";

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    child: Leashed,
    /// Where it listens.
    pub address: SocketAddr,
}

/// A child that ends with its owner.
#[derive(Debug)]
struct Leashed(Child);

impl Server {
    /// Starts this contender on a free port, and on this core if there is one.
    ///
    /// # Errors
    /// If it does not start, or does not say in time where it listens.
    pub fn start<Flag: AsRef<OsStr>>(
        binaries: &Binaries,
        contender: &Contender,
        core: Option<usize>,
        extra_flags: &[Flag],
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(&binaries.race);
        command.arg("launch");
        if let Some(core) = core {
            command.args(["--core", &core.to_string()]);
        }
        command.arg(binaries.of(contender.package)).args(FLAGS).args(contender.flags);
        command.args(extra_flags).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = Leashed(command.stderr(Stdio::piped()).spawn()?);
        let stderr = child.0.stderr.take().context("standard error is piped")?;
        let address = announced(stderr)?;
        Ok(Self { child, address })
    }

    /// Its process, and those it starts.
    pub fn processes(&self) -> ProcessTree {
        ProcessTree { root: self.child.0.id() }
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Becomes the server that `command` names, to end with the parent. Returns only if it cannot.
///
/// # Errors
/// Whenever it returns.
pub fn launch(core: Option<usize>, command: &[OsString]) -> anyhow::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if let Some(core) = core {
        cores::pin(core)?;
    }
    let (program, arguments) = command.split_first().context("no program to launch")?;
    let error = Command::new(program).args(arguments).exec();
    Err(anyhow!(error).context(format!("cannot run {}", program.display())))
}

/// The address that a server announces on its standard error; the rest of which a thread
/// reads, so that the server never blocks on it.
fn announced(stderr: ChildStderr) -> anyhow::Result<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let mut said = String::new();
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(line) => match line.split_once(ANNOUNCEMENT) {
                Some((_, address)) => return Ok(address.trim_end_matches('/').parse()?),
                None => said = said + " " + &line,
            },
            Err(RecvTimeoutError::Timeout) => bail!("the server does not listen; it said:{said}"),
            Err(RecvTimeoutError::Disconnected) => bail!("the server ended; it said:{said}"),
        }
    }
}
