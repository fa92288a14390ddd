//! How much time a race takes for its figures.

use std::time::Duration;

use super::load::arrivals::Gaps;

/// The effort of one race.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How often each contender is measured.
    pub rounds: usize,
    /// How long each load lasts.
    pub slice: Duration,
    /// How long a closed loop runs before it counts.
    pub warm_up: Duration,
    /// How many clients a closed loop is tried with.
    pub clients: &'static [usize],
    /// Arrivals a second in an open loop: few enough for every level.
    pub arrivals: f64,
    /// How they are spread.
    pub gaps: Gaps,
    /// The most idle connections.
    pub idle_max: usize,
    /// What the timetables grow from.
    pub seed: u64,
}
