//! Runs the race and writes its report: `cargo race --help`.

use std::process::ExitCode;

use anyhow::ensure;
use benches::race::{
    binaries::Binaries,
    contest::Contest,
    cores::Placement,
    effort::Effort,
    machine::Machine,
    options::{Internal, Options, RaceOptions},
    progress::Progress,
    report::{Chapter, Report, table::table},
    server,
};
use clap::Parser as _;
use level2_threads::descriptors;

fn main() -> ExitCode {
    let options = Options::parse();
    let result = match options.internal {
        Some(Internal::Launch { core, command }) => server::launch(core, &command),
        None => race(&options.race),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn race(options: &RaceOptions) -> anyhow::Result<()> {
    let (contenders, scenarios) = (options.contenders(), options.scenarios());
    let binaries = Binaries::beside_this()?;
    if !options.no_build {
        eprintln!("Building the servers.");
        binaries.build(contenders.iter().map(|contender| contender.package))?;
    }

    let effort = options.effort(descriptors::raise_limit());
    let placement = Placement::choose();
    let machine = Machine::this(placement.clone());
    eprintln!("{}, {}; {placement}.", machine.processor, machine.kernel);
    let progress = Progress::new(&scenarios, &contenders, &effort);
    let mut contest = Contest::new(&contenders, &binaries, &placement, effort);
    let mut chapters = Vec::new();
    for scenario in scenarios {
        let rows = contest.run(scenario, &progress);
        progress.print(&table(scenario, &rows));
        chapters.push(Chapter { scenario, rows });
    }
    drop(progress);

    let directory = options.output.clone().unwrap_or_else(|| binaries.reports());
    let setting = setting(binaries.profile(), &effort);
    let report = Report { machine, setting, chapters };
    report.write(&directory)?;
    println!("\n{}", report.conditions());
    println!("The report: {}", directory.join("report.html").display());
    let failures = report.failures();
    ensure!(failures.is_empty(), "servers failed; see there: {}", failures.join("; "));
    Ok(())
}

/// How the race was run, in a sentence or two.
fn setting(profile: &str, effort: &Effort) -> String {
    let Effort { rounds, slice, gaps, seed, .. } = effort;
    format!(
        "{rounds} rounds; each load lasts {} s; gaps of open loops: {gaps:?}, seed {seed}; \
         profile {profile}.",
        slice.as_secs_f64()
    )
}
