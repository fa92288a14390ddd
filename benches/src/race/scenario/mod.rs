//! What is done to the servers. Each scenario says before the run which level should lose, and
//! why; the picture shows whether it did.

pub mod hello;
pub mod slow;
pub mod idle;
pub mod pipelined;

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use super::{contender::Contender, effort::Effort, record::Record, track::Track};

/// All scenarios, in the order they run.
pub const SCENARIOS: [&Scenario; 4] =
    [&hello::SCENARIO, &slow::SCENARIO, &idle::SCENARIO, &pipelined::SCENARIO];

/// A way of loading a server.
#[derive(Debug, Serialize)]
pub struct Scenario {
    /// Its name, as `--scenario` knows it.
    pub name: &'static str,
    /// Its title in the report.
    pub title: &'static str,
    /// What is done.
    pub method: &'static str,
    /// Who should lose, and why, and who should not.
    pub prediction: &'static str,
    /// The contenders that should lose.
    pub losers: &'static [&'static str],
    /// Those that cure it.
    pub cures: &'static [&'static str],
    /// What is measured: the columns of the table.
    pub measures: &'static [Measure],
    /// What the picture shows.
    pub picture: Picture,
    /// What a contender's rows differ in, if it has several.
    pub step_title: &'static str,
    /// These rows.
    pub steps: &'static [&'static str],
    /// Why a contender cannot take part in a step.
    #[serde(skip)]
    pub absence: fn(&Contender, usize, &Effort) -> Option<&'static str>,
    /// How long a turn takes, about.
    #[serde(skip)]
    pub duration: fn(&Effort) -> Duration,
    /// Runs it on one contender; what has been measured before an error is kept.
    #[serde(skip)]
    pub run: fn(&Track<'_>, &mut Vec<Trial>) -> anyhow::Result<()>,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The figure's name in `report.json`.
    pub key: &'static str,
    /// The column's title.
    pub title: &'static str,
    /// Digits after the point.
    pub decimals: usize,
}

/// A picture of the medians.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Picture {
    /// A panel of bars for each of these measures.
    Bars(&'static [&'static str]),
    /// A line from the first of these measures to the last, on a logarithmic axis.
    Spans {
        /// What the line is, in words.
        title: &'static str,
        /// The measures.
        keys: &'static [&'static str],
    },
    /// This measure over the steps, on logarithmic axes.
    Lines(&'static str),
}

/// What one contender came to in one step of one round.
#[derive(Debug, Default, Clone)]
pub struct Trial {
    /// Which step.
    pub step: usize,
    /// A figure for each measure, but for a capacity that the generator did not reach.
    pub figures: BTreeMap<&'static str, f64>,
    /// The loads they were taken from.
    pub records: Vec<Record>,
}

impl Scenario {
    /// The measure with this key.
    ///
    /// # Panics
    /// If there is none, which a test excludes.
    pub fn measure(&self, key: &str) -> &Measure {
        self.measures.iter().find(|measure| measure.key == key).expect("a measure of the scenario")
    }
}

/// What every level answers `/hello` with.
const HELLO: &[u8] = b"Hello, World!\n";

/// Clients of a closed loop whose processor time is compared: enough that a server always has
/// something to do.
const CLIENTS: usize = 64;

fn milliseconds(microseconds: f64) -> f64 {
    microseconds / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::contender::CONTENDERS;

    #[test]
    fn whoever_is_predicted_about_takes_part() {
        for scenario in SCENARIOS {
            for name in scenario.losers.iter().chain(scenario.cures) {
                assert!(CONTENDERS.iter().any(|one| one.name == *name), "{name}");
            }
            assert!(!scenario.losers.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn pictures_show_what_is_measured() {
        for scenario in SCENARIOS {
            let keys = match scenario.picture {
                Picture::Bars(keys) | Picture::Spans { keys, .. } => keys,
                Picture::Lines(key) => &[key],
            };
            for key in keys {
                assert_eq!(scenario.measure(key).key, *key);
            }
        }
    }
}
