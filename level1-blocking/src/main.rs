//! The binary of level 1.

use std::{env, process::ExitCode};

use anyhow::Context as _;
use level1_blocking::{
    demo::Demo,
    listen, logging,
    options::{
        self,
        address::Address,
        flags::Options,
        level::Level,
        listen::{Listen, Supported},
    },
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

fn main() -> ExitCode {
    let loaded = match options::load::<Level1>(&LEVEL, env::args_os(), |name| env::var_os(name)) {
        Ok(loaded) => loaded,
        Err(error) => return error.report(),
    };
    if loaded.options.common.check {
        print!("{}", loaded.effective);
        return ExitCode::SUCCESS;
    }
    match run(&loaded.options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
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
