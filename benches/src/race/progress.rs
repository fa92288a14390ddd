//! How far the race is, and how long it will take, on the terminal.
//!
//! It is drawn between turns only: a bar that moved by itself would need a thread, which would
//! work on the generator's core.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{contender::Contender, effort::Effort, scenario::Scenario};

/// What a turn takes besides its loads: starting a server, looking at the conditions.
const AROUND_TURN: Duration = Duration::from_millis(100);

/// The bar, in milliseconds of planned time. Without a terminal nothing is drawn.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A race of these contenders through these scenarios.
    ///
    /// # Panics
    /// If the template is wrong, which every start would show.
    pub fn new(scenarios: &[&Scenario], contenders: &[&Contender], effort: &Effort) -> Self {
        let rounds = u32::try_from(effort.rounds).unwrap_or(u32::MAX);
        let planned = scenarios.iter().map(|scenario| {
            let takes_part = |one: &&&Contender| {
                (0..scenario.steps.len())
                    .any(|step| (scenario.absence)(one, step, effort).is_none())
            };
            let turns = contenders.iter().filter(takes_part).map(|_| rounds).sum::<u32>();
            cost((scenario.duration)(effort)) * turns
        });
        let style = "{elapsed:>4} {wide_bar} {eta:>4} left  {msg}";
        let style = ProgressStyle::with_template(style).expect("a template");
        let bar = ProgressBar::new(milliseconds(planned.sum())).with_style(style);
        Self { bar }
    }

    /// A turn more than planned will be taken, whose loads take so long.
    pub fn extend(&self, duration: Duration) {
        self.bar.inc_length(milliseconds(cost(duration)));
    }

    /// A turn begins.
    pub fn begin(&self, scenario: &str, round: usize, contender: &str) {
        self.bar.set_message(format!("{scenario}, round {}, {contender}", round + 1));
        self.bar.tick();
    }

    /// A turn ends whose loads take so long.
    pub fn finish(&self, duration: Duration) {
        self.bar.inc(milliseconds(cost(duration)));
    }

    /// Prints above the bar.
    pub fn print(&self, text: &str) {
        self.bar.suspend(|| println!("{text}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn cost(duration: Duration) -> Duration {
    duration + AROUND_TURN
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
