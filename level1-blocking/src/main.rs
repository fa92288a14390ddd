//! The binary of level 1.

use std::process::ExitCode;

use anyhow::Context as _;
use level1_blocking::{
    demo::Demo,
    listen, logging,
    options::{
        address::Address,
        flags::Options,
        level::Level,
        listen::{Listen, Supported},
    },
    program::{self, LevelOptions},
    serve,
    stop::Stop,
};

/// One client at a time: a silent or idle one would keep all others waiting.
const LEVEL: Level = Level {
    name: "level1-blocking",
    about: "An HTTP/1.1 server on one blocking thread: one client at a time",
    defaults: &[("listen", "127.0.0.1:8001"), ("silent-timeout", "1s"), ("idle-timeout", "0s")],
    secrets: &[],
};

#[derive(Debug, clap::Parser)]
#[command(version)]
struct Level1 {
    /// Address, as host:port or [v6]:port; port 0 is a free one.
    #[arg(long, value_name = "ADDR")]
    #[arg(value_parser = |text: &str| Supported::PLAIN_TCP.parse(text))]
    listen: Listen,

    #[command(flatten)]
    common: Options,
}

impl LevelOptions for Level1 {
    fn common(&self) -> &Options {
        &self.common
    }
}

fn main() -> ExitCode {
    program::main::<Level1>(&LEVEL, |options, _| run(options))
}

fn run(options: &Level1) -> anyhow::Result<()> {
    let common = &options.common;
    let application = Demo::application(common)?;
    let Address::Tcp { host, port } = &options.listen.address else {
        anyhow::bail!("this level listens on TCP only");
    };
    let listener = listen::listen(host, *port, common.backlog)
        .with_context(|| format!("cannot listen on --listen {}", options.listen))?;
    let stop = Stop::on_signals(application.limits.drain_timeout)
        .context("cannot watch for SIGTERM and SIGINT")?;
    logging::start(common.log);
    if let Some(address) = listener.local_addr()?.as_socket() {
        tracing::info!("listening on http://{address}/");
    }
    serve::run(&listener, &application, &stop).context("cannot accept connections")?;
    tracing::info!("stopped");
    Ok(())
}
