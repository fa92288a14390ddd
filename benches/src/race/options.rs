//! What the race can be told on its command line.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, builder::PossibleValuesParser};

use super::{
    contender::{CONTENDERS, Contender},
    effort::Effort,
    load::arrivals::Gaps,
    scenario::{SCENARIOS, Scenario},
};

/// Measures all levels side by side: the same work, the same machine, in turns.
///
/// Prints a table for each scenario, and writes report.html and report.json.
#[derive(Debug, Parser)]
#[command(name = "race", version, args_conflicts_with_subcommands = true)]
pub struct Options {
    /// What to do instead of racing.
    #[command(subcommand)]
    pub internal: Option<Internal>,
    /// How to race.
    #[command(flatten)]
    pub race: RaceOptions,
}

/// What the race starts itself for.
#[derive(Debug, Subcommand)]
pub enum Internal {
    /// Becomes a server that ends with the process that started it.
    #[command(hide = true)]
    Launch {
        /// Where it runs.
        #[arg(long)]
        core: Option<usize>,
        /// The server and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

/// How to race.
#[derive(Debug, Args)]
pub struct RaceOptions {
    /// Only this scenario; repeatable.
    #[arg(long, value_name = "NAME", value_parser = scenario_names())]
    pub scenario: Vec<String>,

    /// Only this level, or this model of it (level2, level2-pool); repeatable.
    #[arg(long, value_name = "NAME", value_parser = contender_names())]
    pub level: Vec<String>,

    /// How often each is measured, 1 to 100.
    #[arg(long, value_name = "COUNT", default_value = "5")]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    pub rounds: u8,

    /// How long each load lasts, 0.05 to 60 seconds.
    #[arg(long, value_name = "SECONDS", default_value = "0.8", value_parser = seconds)]
    pub seconds: Duration,

    /// How the gaps between requests of an open loop are spread.
    #[arg(long, value_name = "GAPS", value_enum, default_value_t = Gaps::Poisson)]
    pub gaps: Gaps,

    /// What the timetables of open loops grow from.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub seed: u64,

    /// Whether it works at all, in seconds: one short round, few idle connections.
    #[arg(long, conflicts_with_all = ["rounds", "seconds"])]
    pub smoke: bool,

    /// Take the servers as they lie beside this program, instead of building them.
    #[arg(long)]
    pub no_build: bool,

    /// Where the reports go [default: race/ in cargo's target directory].
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
}

impl RaceOptions {
    /// Who runs.
    pub fn contenders(&self) -> Vec<&'static Contender> {
        let is_wanted = |contender: &&Contender| {
            self.level.is_empty() || self.level.iter().any(|name| contender.is_called(name))
        };
        CONTENDERS.iter().filter(is_wanted).collect()
    }

    /// Through what.
    pub fn scenarios(&self) -> Vec<&'static Scenario> {
        let is_wanted = |scenario: &&Scenario| {
            self.scenario.is_empty() || self.scenario.iter().any(|name| name == scenario.name)
        };
        SCENARIOS.into_iter().filter(is_wanted).collect()
    }

    /// With how much effort, where a process may open so many files.
    pub fn effort(&self, open_files: u64) -> Effort {
        let connections = usize::try_from(open_files.saturating_sub(RESERVED)).unwrap_or(0);
        let whole = Effort {
            rounds: self.rounds.into(),
            slice: self.seconds,
            warm_up: Duration::from_millis(200),
            clients: &[16, 64, 256],
            arrivals: 5000.0,
            gaps: self.gaps,
            idle_max: connections.min(10_000),
            seed: self.seed,
        };
        if !self.smoke {
            return whole;
        }
        Effort {
            rounds: 1,
            slice: Duration::from_millis(200),
            warm_up: Duration::from_millis(50),
            clients: &[64],
            arrivals: 500.0,
            idle_max: connections.min(1000),
            ..whole
        }
    }
}

/// Descriptors that are no idle connections: active ones, and what a server reserves.
const RESERVED: u64 = 1000;

fn scenario_names() -> PossibleValuesParser {
    SCENARIOS.iter().map(|scenario| scenario.name).collect::<Vec<_>>().into()
}

fn contender_names() -> PossibleValuesParser {
    let mut names = Vec::new();
    for name in CONTENDERS.iter().flat_map(|contender| [contender.level(), contender.name]) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into()
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write a number of seconds, such as 0.5")?;
    if !(0.05..=60.0).contains(&seconds) {
        return Err("write a number from 0.05 to 60".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}
