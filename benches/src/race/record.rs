//! What one load on one server came to: a raw figure that is kept, and the rules by which it is
//! a result at all.

use std::{fmt, time::Duration};

use serde::Serialize;

use super::load::{
    arrivals::Gaps,
    tally::{Tally, as_f64},
};

/// More errors than this share, and a figure is about something else than the work.
const ERRORS_MAX: f64 = 0.001;

/// A generator that works more than this share of the time cannot keep its times, or may be
/// what limits the rate...
const GENERATOR_BUSY_MAX: f64 = 0.95;

/// ...unless the server of a closed loop works so much, too: then it is the server.
const SERVER_BUSY_MIN: f64 = 0.9;

/// An open loop's own lateness may be this share of the latency it reports, both at their 99th
/// percentile.
const LATENESS_MAX: f64 = 0.25;

/// How far observed concurrency may be from what Little's law says...
const LITTLE_TOLERANCE: f64 = 0.05;

/// ...besides what comes of noticing each request so many seconds late, which matters where
/// latencies are as short.
const LITTLE_NOTICE: f64 = 10e-6;

/// Which kind of load generator it was. Their figures are never mixed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Requests came when planned.
    Open {
        /// So many a second.
        arrivals: f64,
        /// So spread.
        gaps: Gaps,
    },
    /// Each of so many clients asked again when it was answered.
    Closed {
        /// At a time.
        clients: usize,
    },
}

/// What a generator knows of a load besides the answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Generator {
    /// Its connections.
    pub lanes: usize,
    /// The share of the time in which it had something to do.
    pub busy: f64,
    /// How late an open loop's generator itself was, at the 99th percentile, in microseconds.
    pub lateness: Option<f64>,
    /// Processor time that the server took meanwhile, in seconds.
    pub server_cpu: f64,
}

/// One load, as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// By which kind of generator.
    pub kind: Kind,
    /// And how that fared.
    pub generator: Generator,
    /// How long it took.
    pub seconds: f64,
    /// Requests that were answered as expected, to the byte.
    pub answered: u64,
    /// Requests that were not.
    pub failed: u64,
    /// Answered requests a second.
    pub rate: f64,
    /// Latencies of an exchange: from the planned arrival in an open loop, from the sending in a
    /// closed one.
    pub latency: Latency,
    /// Exchanges under way on average, as observed.
    pub concurrency: f64,
    /// What that should be by Little's law: their rate times their mean latency.
    pub concurrency_expected: f64,
}

/// Latencies in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Latency {
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

/// Why a record is no result.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// So many of so many requests failed.
    Errors(u64, u64),
    /// The generator of an open loop worked for this share of the time.
    Saturated(f64),
    /// The generator was late by so many microseconds.
    Late(f64),
    /// Requests were under way, and should have been.
    Little(f64, f64),
    /// It did not come to an end.
    Unfinished(String),
}

impl Latency {
    /// The latencies that a tally holds.
    pub fn of(tally: &Tally) -> Self {
        let at = |share| microseconds(tally.latency_at(share));
        let mean = microseconds(tally.latency_mean());
        Self { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1.0) }
    }
}

/// A length of time in microseconds.
pub fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl Record {
    /// The record of a tally whose exchanges are so many requests each.
    pub fn new(kind: Kind, tally: &Tally, batch: usize, generator: Generator) -> Self {
        let seconds = tally.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
        let exchanges_rate = as_f64(tally.answered) / seconds;
        let batch = batch as u64;
        let answered = tally.answered * batch;
        Self {
            kind,
            generator,
            seconds,
            answered,
            failed: (tally.failed + u64::from(tally.under_way())) * batch,
            rate: as_f64(answered) / seconds,
            latency: Latency::of(tally),
            concurrency: tally.concurrency(),
            concurrency_expected: exchanges_rate * tally.latency_mean().as_secs_f64(),
        }
    }

    /// Processor time of the server for each request, in microseconds.
    pub fn cpu_of_request(&self) -> f64 {
        self.generator.server_cpu * 1e6 / as_f64(self.answered.max(1))
    }

    /// Why this is no result, if it is none.
    pub fn problems(&self) -> Vec<Problem> {
        [self.errors(), self.saturation(), self.own_lateness(), self.little()]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The rate, if it is the server that limits it. A closed loop whose generator has no time
    /// left still tells what a request costs the server, but not how many it could serve.
    pub fn capacity(&self) -> Option<f64> {
        let Generator { busy, server_cpu, .. } = self.generator;
        let is_the_servers =
            busy <= GENERATOR_BUSY_MAX || server_cpu >= SERVER_BUSY_MIN * self.seconds;
        is_the_servers.then_some(self.rate)
    }

    fn errors(&self) -> Option<Problem> {
        let requests = self.answered + self.failed;
        let is_too_many = as_f64(self.failed) > ERRORS_MAX * as_f64(requests);
        (is_too_many || self.answered == 0).then_some(Problem::Errors(self.failed, requests))
    }

    fn saturation(&self) -> Option<Problem> {
        let busy = self.generator.busy;
        let is_open = matches!(self.kind, Kind::Open { .. });
        (is_open && busy > GENERATOR_BUSY_MAX).then_some(Problem::Saturated(busy))
    }

    fn own_lateness(&self) -> Option<Problem> {
        let late =
            self.generator.lateness.filter(|late| *late > LATENESS_MAX * self.latency.p99)?;
        Some(Problem::Late(late))
    }

    fn little(&self) -> Option<Problem> {
        let (observed, expected) = (self.concurrency, self.concurrency_expected);
        let tolerance = LITTLE_TOLERANCE * expected + LITTLE_NOTICE * self.rate;
        let is_off = (observed - expected).abs() > tolerance;
        is_off.then_some(Problem::Little(observed, expected))
    }
}

impl Problem {
    /// Whether it is the server's failing, which one round is enough to show. All others are
    /// the measurement's, and another round may do better.
    pub fn is_the_servers(&self) -> bool {
        matches!(self, Self::Errors(..) | Self::Unfinished(_))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errors(failed, requests) => write!(f, "{failed} of {requests} requests failed"),
            Self::Saturated(busy) => {
                write!(f, "the generator was saturated: busy {:.0} % of the time", busy * 100.0)
            }
            Self::Late(late) => write!(f, "the generator itself was {late:.0} µs late"),
            Self::Little(observed, expected) => {
                write!(f, "{observed:.2} requests were under way, Little's law says {expected:.2}")
            }
            Self::Unfinished(reason) => f.write_str(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            kind: Kind::Open { arrivals: 10_000.0, gaps: Gaps::Fixed },
            generator: Generator { lanes: 64, busy: 0.5, lateness: Some(10.0), server_cpu: 0.2 },
            seconds: 1.0,
            answered: 10_000,
            failed: 0,
            rate: 10_000.0,
            latency: Latency { mean: 100.0, p50: 90.0, p90: 150.0, p99: 200.0, max: 300.0 },
            concurrency: 1.0,
            concurrency_expected: 1.0,
        }
    }

    fn with(generator: Generator) -> Record {
        Record { generator, ..record() }
    }

    #[test]
    fn a_good_record_is_a_result() {
        assert_eq!(record().problems(), []);
        assert!((record().cpu_of_request() - 20.0).abs() < 1e-9);
    }

    #[test]
    fn a_tenth_of_a_percent_of_errors_is_the_most() {
        assert_eq!(Record { failed: 10, ..record() }.problems(), []);
        let failed = Record { failed: 11, ..record() };
        assert_eq!(failed.problems(), [Problem::Errors(11, 10_011)]);
        let nothing = Record { answered: 0, ..record() };
        assert_eq!(nothing.problems(), [Problem::Errors(0, 0)]);
    }

    #[test]
    fn a_busy_generator_is_saturated() {
        let busy = Generator { busy: 0.97, lateness: None, server_cpu: 0.5, lanes: 64 };
        assert_eq!(with(busy).problems(), [Problem::Saturated(0.97)]);
    }

    #[test]
    fn a_closed_loop_has_a_capacity_if_the_generator_has_time_left_or_the_server_has_none() {
        let capacity = |busy, server_cpu| {
            let generator = Generator { busy, lateness: None, server_cpu, lanes: 64 };
            let closed = Record { kind: Kind::Closed { clients: 64 }, ..with(generator) };
            assert_eq!(closed.problems(), []);
            closed.capacity()
        };
        assert_eq!(capacity(0.5, 0.5), Some(10_000.0));
        assert_eq!(capacity(0.97, 0.95), Some(10_000.0));
        assert_eq!(capacity(0.97, 0.5), None);
    }

    #[test]
    fn a_late_generator_measures_itself() {
        let late = |by| with(Generator { lateness: Some(by), ..record().generator });
        assert_eq!(late(49.0).problems(), []);
        assert_eq!(late(51.0).problems(), [Problem::Late(51.0)]);
    }

    #[test]
    fn littles_law_holds_within_five_percent_and_ten_microseconds() {
        // Ten thousand a second, each noticed 10 µs late, are a tenth of a request more.
        assert_eq!(Record { concurrency: 1.149, ..record() }.problems(), []);
        let lost = Record { concurrency: 0.8, ..record() };
        assert_eq!(lost.problems(), [Problem::Little(0.8, 1.0)]);
    }

    #[test]
    fn only_the_servers_own_failing_is_held_against_it_at_once() {
        assert!(Problem::Errors(1, 1).is_the_servers());
        assert!(Problem::Unfinished(String::new()).is_the_servers());
        assert!(!Problem::Late(1.0).is_the_servers());
        assert!(!Problem::Saturated(1.0).is_the_servers());
        assert!(!Problem::Little(1.0, 2.0).is_the_servers());
    }
}
