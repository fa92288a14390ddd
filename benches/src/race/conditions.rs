//! Whether a turn was measured under good conditions: the two cores as near as they have been,
//! and nobody else at work on them.

use std::{
    fs, process,
    time::{Duration, Instant},
};

use serde::Serialize;

use super::{cores::Placement, distance, process::ProcessTree};

/// Cores are near while a cache line's round trip is at most so many times the shortest.
const NEAR: f64 = 1.6;

/// Others may take so much of the two cores, in cores.
const FOREIGN_MAX: f64 = 0.06;

/// Linux counts a core's time in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// What a turn's conditions were.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Conditions {
    /// The longer of two round trips between the cores, before the turn and after, in
    /// nanoseconds; none if they were busy or are not ours to choose.
    pub distance: Option<f64>,
    /// How many cores others kept busy, of the two.
    pub foreign: f64,
}

/// Conditions while they are watched.
#[derive(Debug)]
pub struct Watch {
    cores: Option<(usize, usize)>,
    distance: Option<Duration>,
    start: Instant,
    busy: Duration,
    ours: Duration,
}

impl Watch {
    /// Watches from now on.
    pub fn start(placement: &Placement) -> Self {
        let cores = match placement {
            Placement::Apart { server, client } => Some((*server, *client)),
            Placement::Anywhere(_) => None,
        };
        Self {
            cores,
            distance: round_trip(cores),
            start: Instant::now(),
            busy: busy(cores),
            ours: ours(),
        }
    }

    /// The conditions since then. The servers that ran must still be there.
    pub fn stop(self) -> Conditions {
        let seconds = self.start.elapsed().as_secs_f64();
        let busy = busy(self.cores).saturating_sub(self.busy);
        let foreign = busy.saturating_sub(ours().saturating_sub(self.ours));
        let distance = self.distance.zip(round_trip(self.cores)).map(|(one, other)| one.max(other));
        Conditions {
            distance: distance.map(|distance| distance.as_secs_f64() * 1e9),
            foreign: foreign.as_secs_f64() / seconds,
        }
    }
}

impl Conditions {
    /// Whether they were good, where `nearest` is the shortest distance seen.
    pub fn are_good(&self, nearest: f64) -> bool {
        self.foreign <= FOREIGN_MAX && self.distance.is_some_and(|now| now <= NEAR * nearest)
    }
}

fn round_trip(cores: Option<(usize, usize)>) -> Option<Duration> {
    distance::round_trip(cores?.0)
}

/// How long the two cores have worked, for whomever.
fn busy(cores: Option<(usize, usize)>) -> Duration {
    let Some((one, other)) = cores else { return Duration::ZERO };
    let times = fs::read_to_string("/proc/stat").unwrap_or_default();
    [one, other].map(|core| TICK * ticks(&times, core)).iter().sum()
}

/// User, nice and system time, and that of interrupts: see `proc_stat(5)`.
fn ticks(times: &str, core: usize) -> u32 {
    let name = format!("cpu{core} ");
    let Some(line) = times.lines().find_map(|line| line.strip_prefix(&name)) else { return 0 };
    let fields: Vec<u32> = line.split(' ').map(|field| field.parse().unwrap_or(0)).collect();
    [0, 1, 2, 5, 6].into_iter().filter_map(|index| fields.get(index)).sum()
}

/// Processor time of the race and its servers.
fn ours() -> Duration {
    ProcessTree { root: process::id() }.processor_time()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cores_time_is_the_sum_of_what_is_no_idling() {
        let times = "cpu  9 9 9 9\ncpu0 1 2 4 1000 1000 8 16 1000 0 0\ncpu10 5 0 0 0\n";
        assert_eq!((ticks(times, 0), ticks(times, 10), ticks(times, 1)), (31, 5, 0));
    }

    #[test]
    fn far_cores_and_foreign_work_are_bad_conditions() {
        let good = Conditions { distance: Some(150.0), foreign: 0.05 };
        assert!(good.are_good(100.0));
        assert!(!good.are_good(90.0));
        assert!(!Conditions { foreign: 0.07, ..good }.are_good(100.0));
        assert!(!Conditions { distance: None, ..good }.are_good(100.0));
    }
}
